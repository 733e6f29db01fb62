"""Where values lie in a line of JSON: what is cut out of it, and the SQL of each path.

| path | means |
|---|---|
| `usage.cost` | a field of a field |
| `attributes[server.address]` | the value of a key in a list of keys and values, as OpenTelemetry writes them |
| `attributes[gen_ai.usage.*]` | of such a list all keys that begin so; of a prompt the numbered ones, as one text |
| `choices.0.usage` | `0` is the first of a list, `1` the next |
| `response_payload[-1]` | the last of a list of texts |
| `full_response>usage.cost` | what follows `>` lies in a JSON object that may be written as a text |
| `../trace.userId` | where records are the elements of an array (`Table.each`): in what holds the element |
"""

import json
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from ingest.source import ELEMENTS, Table
from ingest.sqltext import literal, name
from ingest.unknown_usage import by_object

UP, INSIDE, LAST, FAMILY = "../", ">", "-1", "*]"
VALUES = "*"
"""Stands among the arrays of `Table.each` for the values of an object, whose keys are names of them."""
TEXT = "VARCHAR"
AS_TEXT = ""
"""Stands among the keys of an object that some line has as a text."""
_STEP = re.compile(r"[^.\[\]]+(?:\[[^\]]*\])?")
_KINDS = ("string", "int", "double", "bool")
_KEY_VALUES = [{"key": TEXT, "value": {f"{kind}{end}": TEXT for kind in _KINDS for end in ("Value", "_value")}}]
"""OTLP's list of attributes; its JSON is camel case, and some exporters write snake case."""

Tree = dict[str, Any]
_same_in_every_file = lru_cache(maxsize=4096)
"""What a declaration says of one file it says of the next."""


class JsonPaths:
    """The paths of a table as SQL over a relation of line_number, line and r, what `structure` cuts out of the line.

    Args:
        present: what `lines_seen` found in the file: paths that lead elsewhere hold nothing there, and cost nothing.
    """

    def __init__(self, table: Table, present: Mapping[str, AbstractSet[str]] | None = None) -> None:
        self._each = table.each
        self._present = present or {}
        places = [[path for path in spelt_out(table, [one]) if self.has(path)] for one in table.usage]
        self._objects = [spelt for spelt in places if not all(self._is_known(table, path) for path in spelt)]
        self._usage = [path for spelt in self._objects for path in spelt]
        declared = (*(path for column in table.columns for path in column.paths), *table.prompt, *self._usage)
        self._paths = list(dict.fromkeys(path for path in spelt_out(table, declared) if self.has(path)))
        located = [self._place(self._parted(path)[0]) for path in self._paths]
        self._lists = _numbered("keys", (found for found, key in located if key not in {None, LAST}))
        """SQL of a list of keys and values → the column that has its keys."""
        self._texts = _numbered("text", (holder for holder, inside in map(self._parted, self._paths) if inside))
        """Path of a JSON text → the column that has what is cut out of it."""

    @property
    def structure(self) -> str:
        """The shape for `json_transform`: declared paths only, every leaf as text."""
        return json.dumps(_with_lists(self._level(0)))

    @property
    def element(self) -> str:
        """SQL of the record."""
        return _element(len(self._each))

    def has(self, path: str) -> bool:
        """Whether any line of the file may have a value there."""
        steps = [step for step, *_ in _split(path.partition(INSIDE)[0])]
        return all(step in self._present.get(".".join(steps[:depth]), {step}) for depth, step in enumerate(steps))

    def _is_known(self, table: Table, place: str) -> bool:
        """Whether every usage object there is an object, all of whose names are declared."""
        names = usage_names(table, place)
        return self._present.get(place, {AS_TEXT}) <= names.keys() and all(
            self._present.get(f"{place}.{outer}", {AS_TEXT}) <= inner
            for outer, inner in names.items()
            if inner and outer in self._present[place]
        )

    def value(self, path: str) -> str:
        """SQL of the text at a path, over `records`."""
        holder, inside = self._parted(path)
        if inside:
            return self._texts[holder] + "".join(map(_field, inside.split(".")))
        found, key = self._place(path)
        if key is None:
            return found
        if key == LAST:
            return f"{found}[-1]"
        keys = self._lists[found]
        if key.endswith("*"):
            return f"attribute_texts({keys}, {keys}_values, {literal(key[:-1])})"
        return f"{keys}_values[list_position({keys}, {literal(key)})]"

    def count(self, path: str, counted: str) -> str:
        """SQL of how many elements lie at a path, as `Column.counted` says; over `records`."""
        _, key = self._place(path) if not self._parted(path)[1] else ("", None)
        if key is None or not key.endswith("*"):
            return element_count(self.value(path), counted)
        keys, begin = self._lists[self._place(path)[0]], key[:-1]
        number = literal(f"^{re.escape(begin)}([0-9]+)")
        numbers = f"list_transform({keys}, lambda key: regexp_extract(key, {number}, 1))"
        different = f"len(list_distinct(list_filter({numbers}, lambda number: number <> '')))"
        return f"cast(nullif({different}, 0) as varchar)"

    def records(self, parsed: str) -> str:
        """SQL of one row per record: an element of the arrays, or the line; a line without any yields one NULL."""
        relation = f"select *, line_number as record_number from ({parsed})"
        for level, names in enumerate(self._each):
            relation = f"""
                select *, unnest(case when len(elements) > 0 then elements else [null] end) as {_element(level + 1)}
                from (select * exclude (record_number), {self._elements(level, names)} as elements from ({relation}))
            """
            relation = f"select * exclude (elements), row_number() over () as record_number from ({relation})"
        for found, keys in self._lists.items():
            relation = f"select *, {_keys(found)} as {keys}, {_values(found)} as {keys}_values from ({relation})"
        if self._texts:
            parsed_texts = ", ".join(f"{self._parsed(path)} as {column}" for path, column in self._texts.items())
            relation = f"select *, {parsed_texts} from ({relation})"
        return relation

    def usage_objects(self) -> list[list[str]]:
        """For each of the table's usage objects the SQL of its text under each root."""
        return [[self.value(path) for path in places] for places in self._objects if not places[0].endswith(FAMILY)]

    def usage_attributes(self) -> list[tuple[str, str, str]]:
        """Where attributes count use: SQL of all keys and of all values there, and how the keys of use begin."""
        families = [self._place(path) for places in self._objects for path in places if path.endswith(FAMILY)]
        return [(self._lists[found], f"{self._lists[found]}_values", str(key)[:-1]) for found, key in families]

    def known_usage(self) -> set[str]:
        """What is read inside of the usage objects: dotted names, and keys of attributes that count use."""
        parted = list(map(self._parted, self._paths))
        begin = tuple(begin for _, _, begin in self.usage_attributes())
        keys = {key for key in (self._place(holder)[1] for holder, _ in parted) if key and key.startswith(begin)}
        return {inside for holder, inside in parted if holder in self._usage and inside} | keys

    def _parted(self, path: str) -> tuple[str, str]:
        """A path as that of the JSON text that holds it, and its path in there."""
        for place in self._usage:
            if path.startswith(f"{place}."):
                return place, path.removeprefix(f"{place}.")
        holder, _, inside = path.partition(INSIDE)
        return holder, inside

    def _parsed(self, holder: str) -> str:
        """SQL of what is cut out of a JSON text."""
        text, structure = self.value(holder), literal(json.dumps(_with_lists(self._inside(holder))))
        return f"json_transform(case when json_valid({text}) then {text} end, {structure})"

    def _place(self, path: str) -> tuple[str, str | None]:
        """SQL of what lies at a path, and the key in it where it is a list."""
        level, steps = self._steps(path)
        return _element(level) + "".join(_field(step) for step, _ in steps), steps[-1][1]

    def _steps(self, path: str) -> tuple[int, tuple[tuple[str, str | None], ...]]:
        up = path.count(UP)
        return len(self._each) - up, _split(path[up * len(UP) :])

    def _level(self, level: int) -> Any:
        """The shape of what holds a level: a tree, or the type of an object of any keys."""
        tree: Tree = {}
        for path in self._paths:
            at, steps = self._steps(self._parted(path)[0])
            if at == level:
                leaf = {None: TEXT, LAST: [TEXT]}.get(steps[-1][1], _KEY_VALUES)
                _plant(tree, [step for step, _ in steps], leaf)
        if level < len(self._each):
            elements = self._level(level + 1)
            if VALUES in self._each[level]:
                return f"MAP({TEXT}, {_sql_type(_with_lists(elements))})"
            for array in self._each[level]:
                if array:
                    _plant(tree, array.split("."), [elements])
                else:
                    _merge(tree, elements)
        return tree

    def _inside(self, holder: str) -> Tree:
        tree: Tree = {}
        for path in self._paths:
            before, inside = self._parted(path)
            if inside and before == holder:
                _plant(tree, inside.split("."), TEXT)
        return tree

    def _elements(self, level: int, names: tuple[str, ...]) -> str:
        """SQL of the list that the records of a level come from: the first of the arrays that is there."""
        holder = _element(level)
        return f"coalesce({', '.join(self._array(level, array, holder) for array in names)})"

    def _array(self, level: int, array: str, holder: str) -> str:
        if array == VALUES:
            return f"map_values({holder})"
        if array:
            return ".".join([holder, *map(name, array.split("."))])
        return f"case when {holder} is not null then [{_packed(self._level(level + 1), holder)}] end"


def spelt_out(table: Table, declared: Iterable[str]) -> tuple[str, ...]:
    """Paths with those that begin with `*.` under each of the table's roots."""
    return _spelt_out(table.roots, tuple(declared))


def usage_names(table: Table, place: str) -> Mapping[str, AbstractSet[str]]:
    """What is declared inside of a usage object: name → the names in it, where it is an object itself."""
    declared = spelt_out(table, (path for column in table.columns for path in column.paths))
    return _usage_names(declared, table.known_usage, place)


@_same_in_every_file
def _spelt_out(roots: tuple[str, ...], declared: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        spelt
        for path in declared
        for spelt in (
            (f"{root}.{path[2:]}".replace(f"{INSIDE}.", INSIDE).removeprefix(".") for root in roots)
            if path.startswith("*.")
            else (path,)
        )
    )


@_same_in_every_file
def _usage_names(declared: tuple[str, ...], known: tuple[str, ...], place: str) -> Mapping[str, AbstractSet[str]]:
    below = [path.removeprefix(f"{place}.") for path in declared if path.startswith(f"{place}.")]
    return by_object([*below, *known])


def element_count(text: str, counted: str) -> str:
    """SQL of what `Column.counted` says of the list of a JSON text; NULL where it is no list."""
    is_list = f"left(ltrim({text}), 1) = '[' and json_valid({text})"
    found = f"json_extract({text}, {literal(counted)})"
    if counted != ELEMENTS:
        found = f"list_distinct({found})"
    return f"case when {is_list} then cast(len({found}) as varchar) end"


def is_plain(path: str) -> bool:
    """Whether a path is only a field of a field."""
    steps = _split(path)
    return UP not in path and INSIDE not in path and all(key is None and not step.isdigit() for step, key in steps)


@_same_in_every_file
def _split(path: str) -> tuple[tuple[str, str | None], ...]:
    """The steps of a path, each with the key in its brackets."""
    steps = [step.removesuffix("]").partition("[") for step in _STEP.findall(path)]
    return tuple((step, key if bracket else None) for step, bracket, key in steps)


def _numbered(prefix: str, things: Iterable[str]) -> dict[str, str]:
    return {thing: f"{prefix}_{number}" for number, thing in enumerate(dict.fromkeys(things))}


def _element(level: int) -> str:
    return f"e{level}" if level else "r"


def _field(step: str) -> str:
    return f"[{int(step) + 1}]" if step.isdigit() else f".{name(step)}"


def _with_lists(tree: Any) -> Any:
    """A part of the shape, with a list where a path has a place in one."""
    if isinstance(tree, list):
        return [_with_lists(element) for element in tree]
    if not isinstance(tree, dict):
        return tree
    made = {step: _with_lists(below) for step, below in tree.items()}
    if not made or not all(step.isdigit() for step in made):
        return made
    first, *others = made.values()
    for other in others:
        if isinstance(other, dict):
            _merge(first, other)
    return [first]


def _sql_type(shape: Any) -> str:
    """A part of the shape as the type that `json_transform` makes of it."""
    if isinstance(shape, list):
        return f"{_sql_type(shape[0])}[]"
    if isinstance(shape, dict):
        return f"STRUCT({', '.join(f'{name(step)} {_sql_type(below)}' for step, below in shape.items())})"
    return str(shape)


def _plant(tree: Tree, steps: list[str], leaf: object) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
    tree.setdefault(steps[-1], leaf)


def _merge(tree: Tree, other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict):
            _merge(tree.setdefault(key, {}), value)
        else:
            tree.setdefault(key, value)


def _packed(tree: Tree, holder: str) -> str:
    """The same values of what holds them, as an element."""
    fields = ", ".join(
        f"{name(key)} := "
        + (_packed(value, f"{holder}.{name(key)}") if isinstance(value, dict) else f"{holder}.{name(key)}")
        for key, value in tree.items()
    )
    return f"struct_pack({fields})"


def _keys(found: str) -> str:
    return f"list_transform({found}, lambda entry: entry.key)"


def _values(found: str) -> str:
    values = ", ".join(f"entry.value.{value}" for value in _KEY_VALUES[0]["value"])
    return f"list_transform({found}, lambda entry: coalesce({values}))"
