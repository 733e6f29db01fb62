"""What the lines of a file have in common, found in one pass before they are read: keys, and whether all are objects.

Most of a table's paths lead nowhere in one file, since every application wraps answers in its own way. Knowing which
do makes reading it three times as fast; and where every line is known to be an object, none is checked again.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import duckdb

from ingest.files import InputFile
from ingest.json_paths import AS_TEXT, INSIDE, is_plain, spelt_out, usage_names
from ingest.source import Table, first_present
from ingest.sqltext import literal


@dataclass(frozen=True)
class LinesSeen:
    """What is known of every line.

    Attributes:
        keys: dotted path of an object ("" is the line) → the keys that occur in it, of the objects that were looked at.
        are_objects: every line is a JSON object, and none is blank.
    """

    keys: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    are_objects: bool = False


def look(con: duckdb.DuckDBPyConnection, table: Table, file: InputFile, relation: str) -> LinesSeen:
    """Look at every line of a file.

    Args:
        relation: SQL of the lines.
    """
    if table.each:
        return LinesSeen()
    usage = _usage_objects(table)
    holders = _holders(table, usage)
    objects = [one for one in holders if not one or _is_in_head(file, one)]
    looked = (
        f"select distinct json_keys(line, [{', '.join(map(_json_path, objects))}]), starts_with(line, '{{') "
        f"from ({relation})"
    )
    try:
        rows = con.sql(looked).fetchall()
    except duckdb.InvalidInputException:  # some line is no JSON
        rows = [(keys, False) for keys, _ in con.sql(f"{looked} where json_valid(line)").fetchall()]
    keys: dict[str, set[str]] = {one: set() for one in objects}
    for found, _ in rows:
        for one, in_it in zip(objects, found, strict=True):
            keys[one].update(in_it or ())
    without_keys = [one for at, one in enumerate(objects) if one in usage and any(found[at] == [] for found, _ in rows)]
    for one in without_keys:  # null, or an object that is written as a text
        written = f"from ({relation}) where json_valid(line) and json_type(line, {_json_path(one)}) = 'VARCHAR'"
        if con.sql(f"select 1 {written} limit 1").fetchall():
            keys[one].add(AS_TEXT)
    # an object that no record of the head has may come later
    return LinesSeen(
        keys={**keys, **{one: set() for one in _never(holders, keys)}},
        are_objects=bool(rows) and all(is_object for _, is_object in rows),
    )


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


def _is_in_head(file: InputFile, path: str) -> bool:
    """Whether a record of the file's head has something there."""
    return any(first_present(record, path) is not None for record in file.sample.records)


def _never(holders: Iterable[str], keys: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Objects that no line has, since what would hold them has no such key."""
    return [
        one
        for one in holders
        if one not in keys and one.rpartition(".")[2] not in keys.get(one.rpartition(".")[0], {one.rpartition(".")[2]})
    ]
