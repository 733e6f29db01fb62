"""What the lines of a file have in common, found before they are read: keys, and whether all are objects.

Most of a table's paths lead nowhere in one file, since every application wraps answers in its own way. Knowing which
do makes reading it three times as fast; and where every line is known to be an object, none is checked again.

A sample of the lines tells it first, and each line is compared with the shapes in it while it is read: a file that
holds another shape is looked at as a whole, and read again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import duckdb

from ingest.files import InputFile
from ingest.json_paths import AS_TEXT, INSIDE, is_plain, spelt_out, usage_names
from ingest.source import Table
from ingest.sqltext import literal

SAMPLE = "select row_number() over () as record_number, line from sample_lines"
"""The lines that `look_at_sample` looked at last."""


@dataclass(frozen=True)
class LinesSeen:
    """What is known of every line.

    Attributes:
        keys: dotted path of an object ("" is the line) → the keys that occur in it, of the objects that were looked at.
        are_objects: every line is a JSON object, and none is blank.
        familiar: SQL of whether a line has a shape that was looked at, where that was a sample. It and the reading of
            lines raise InvalidInputException where a line is no JSON or blank.
    """

    keys: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    are_objects: bool = False
    familiar: str | None = None


def look_at_sample(con: duckdb.DuckDBPyConnection, table: Table, file: InputFile) -> LinesSeen | None:
    """Look at the records of a file that were kept when it was inspected; None where they are no objects."""
    lines = file.sample.lines or [json.dumps(record, ensure_ascii=False) for record in file.sample.records]
    con.execute("create or replace temp table sample_lines as select unnest(cast(? as varchar[])) as line", [lines])
    looked = _Looked(con, table, SAMPLE)
    if not looked.shapes or not all(is_object for *_, is_object in looked.shapes):
        return None
    hashes = ", ".join(f"{found}::ubigint" for _, found, _ in looked.shapes)
    familiar = " and not ".join([f"{looked.shape} in ({hashes})", *looked.never_texts])
    return LinesSeen(keys=looked.keys, familiar=familiar)


def look(con: duckdb.DuckDBPyConnection, table: Table, relation: str) -> LinesSeen:
    """Look at every line of a file, whose sample was looked at.

    Args:
        relation: SQL of the lines.
    """
    if table.each:
        return LinesSeen()
    looked = _Looked(con, table, relation)
    are_objects = bool(looked.shapes) and all(is_object for *_, is_object in looked.shapes)
    return LinesSeen(keys=looked.keys, are_objects=are_objects)


class _Looked:
    """The shapes of lines: the keys of the objects in them that a table reads.

    Attributes:
        keys: of the objects that were looked at; none of an object that no line has.
        shape: SQL of the hash of a line's shape.
        shapes: (keys, hash, whether such lines are objects).
        never_texts: SQL, each true of no line that was looked at, though its keys do not tell.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, table: Table, relation: str) -> None:
        usage = _usage_objects(table)
        holders = _holders(table, usage)
        objects = _in_sample(con, holders)
        keys = f"json_keys(line, [{', '.join(map(_json_path, objects))}])"
        self.shape = f"hash({keys})"
        self.never_texts: list[str] = []
        looked = f"select any_value({keys}), {self.shape}, bool_and(starts_with(line, '{{')) from ({relation})"
        try:
            self.shapes = con.execute(f"{looked} group by 2").fetchall()
        except duckdb.InvalidInputException:  # some line is no JSON
            rows = con.execute(f"{looked} where json_valid(line) group by 2").fetchall()
            self.shapes = [(found, shape, False) for found, shape, _ in rows]
        self.keys: dict[str, set[str]] = {one: set() for one in objects}
        for found, *_ in self.shapes:
            for one, in_it in zip(objects, found, strict=True):
                self.keys[one].update(in_it or ())
        for at, one in enumerate(objects):
            if one in usage and any(found[at] == [] for found, *_ in self.shapes):  # null, or written as a text
                is_text = f"coalesce(json_type(line, {_json_path(one)}), '') = 'VARCHAR'"
                if con.execute(f"select 1 from ({relation}) where json_valid(line) and {is_text} limit 1").fetchall():
                    self.keys[one].add(AS_TEXT)
                else:
                    self.never_texts.append(is_text)
        # an object that no record of the head has may come later, unless what would hold it has no such key
        self.keys |= {one: set() for one in _never(holders, self.keys)}


def _usage_objects(table: Table) -> dict[str, list[str]]:
    """Where an object may lie that counts use → the objects in it that a column reads."""
    return {
        place: [f"{place}.{outer}" for outer, inner in usage_names(table, place).items() if inner]
        for place in spelt_out(table, table.usage)
        if is_plain(place)
    }


def _holders(table: Table, usage: Mapping[str, Iterable[str]]) -> list[str]:
    """The objects that may hold an answer or count its use, and what holds them."""
    found = [""]
    for path in [root.partition(INSIDE)[0] for root in table.roots] + list(usage):
        steps = path.split(".") if path else []
        found += [".".join(steps[: depth + 1]) for depth in range(len(steps))]
    return list(dict.fromkeys([*found, *(one for inner in usage.values() for one in inner)]))


def _json_path(dotted: str) -> str:
    return literal("$" + "".join(f'."{step}"' for step in dotted.split(".") if step))


def _in_sample(con: duckdb.DuckDBPyConnection, holders: Sequence[str]) -> list[str]:
    """The objects that some line of the sample has, be they null there; the line itself always."""
    keys = f"json_keys(line, [{', '.join(map(_json_path, holders))}])"
    shapes = con.execute(f"select distinct {keys} from sample_lines where json_valid(line)").fetchall()
    keys_of = {one: {key for (shape,) in shapes for key in shape[at] or ()} for at, one in enumerate(holders)}
    found = [""]
    for one in holders:
        parent, _, key = one.rpartition(".")
        if one and parent in found and key in keys_of[parent]:
            found.append(one)
    return found


def _never(holders: Iterable[str], keys: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Objects that no line has, since what would hold them has no such key."""
    return [
        one
        for one in holders
        if one not in keys and one.rpartition(".")[2] not in keys.get(one.rpartition(".")[0], {one.rpartition(".")[2]})
    ]
