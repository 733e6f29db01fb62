"""The sample of every source of bills, with single values of it changed."""

import copy
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ingest.judging import BILLED
from ingest.source import Column, Source, Table
from ingest.sources import discover

BILLS = [
    (source, table)
    for source in discover().values()
    for table in source.tables
    if table.shape in BILLED and "prometheus" not in table.formats  # a scrape measures, and bills nothing
]
NAMES = [source.raw_name(table) for source, table in BILLS]
Change = tuple[Column, str | None]
"""A column and what is written there; None: its header or key is gone."""


def sample(source: Source, table: Table) -> Path:
    """What the source looks like."""
    (path,) = (Path(__file__).parent / "sources" / source.name).glob(f"{table.shape}.*")
    return path


def written(column: Column) -> bool:
    """Whether a file holds the value, so that a text can be written in its place."""
    return bool(column.paths) and not any((column.constant, column.pattern, column.template))


def with_changes(source: Source, table: Table, changes: Iterable[Change]) -> str:
    """The sample, and its first record once more for each change."""
    text = sample(source, table).read_text()
    if sample(source, table).suffix == ".csv":
        return _csv_with(text, changes)
    lines = [json.loads(line) for line in text.splitlines()]
    if not table.each:
        more = [copy.deepcopy(lines[0]) for _ in changes]
        for record, (column, value) in zip(more, changes, strict=True):
            _put([record], column, value)
        return _json([*lines, *more])
    for column, value in changes:
        _put_copy(lines[0], table, column, value)
    return _json(lines)


def reordered(source: Source, table: Table) -> str:
    """The sample with its columns the other way round."""
    text = sample(source, table).read_text()
    if sample(source, table).suffix == ".csv":
        return _csv([row[::-1] for row in csv.reader(StringIO(text))])
    return _json(_reversed(json.loads(line)) for line in text.splitlines())


def without(source: Source, table: Table, *columns: Column) -> str:
    """The sample without these columns."""
    text = sample(source, table).read_text()
    paths = {path.lower() for column in columns for path in column.paths}
    if sample(source, table).suffix == ".csv":
        header, *rows = list(csv.reader(StringIO(text)))
        kept = [number for number, name in enumerate(header) if name.lower() not in paths]
        return _csv([row[number] for number in kept] for row in (header, *rows))
    lines = [json.loads(line) for line in text.splitlines()]
    for found in (found for line in lines for found in _records([line], table.each)):
        for column in columns:
            _put(found, column, None)
    return _json(lines)


def _csv_with(text: str, changes: Iterable[Change]) -> str:
    header, *rows = list(csv.reader(StringIO(text)))
    first = list(rows[0])
    for column, value in changes:
        rows.append([*first, *[""] * (len(header) - len(first))])
        _put_cell(header, rows, rows[-1], column, value)
    return _csv([header, *(row + [""] * (len(header) - len(row)) for row in rows)])


def _put_cell(header: list[str], rows: list[list[str]], row: list[str], column: Column, value: str | None) -> None:
    paths = [path.lower() for path in column.paths]
    places = [number for path in paths for number, name in enumerate(header) if name.lower() == path]
    if not places:
        places = [len(header)]
        header.append(column.paths[0])
        for other in rows:
            other.append("")
    for place in places:
        row[place] = ""
    row[places[0]] = value or ""


def _records(found: list[Any], each: Sequence[tuple[str, ...]]) -> Iterator[list[Any]]:
    """The records in a line, each after what it lies in."""
    if not each:
        yield found
        return
    inner = _inner(found[-1], each[0])
    for value in inner.values() if isinstance(inner, dict) else inner:
        yield from _records([*found, value], each[1:])


def _inner(value: Any, names: tuple[str, ...]) -> Any:
    return value if names == ("*",) else value[next(name for name in names if name in value)]


def _put_copy(line: Any, table: Table, column: Column, value: str | None) -> None:
    """Add a copy of the first record, changed; of its bucket, where the value is the bucket's."""
    first = next(_records([line], table.each))
    depth = len(first) - 1 - max(path.count("../") for path in column.paths)
    made = copy.deepcopy(first[depth])
    if depth < len(first) - 1:  # a bucket, of one record
        del _inner(made, table.each[depth])[1:]
    inner = _inner(first[depth - 1], table.each[depth - 1])
    if isinstance(inner, dict):
        inner[f"copy {len(inner)}"] = made
    else:
        inner.append(made)
    _put(next(_records([*first[:depth], made], table.each[depth:])), column, value)


def _put(found: list[Any], column: Column, value: str | None) -> None:
    """Write at the first path of a column that the record has, and take what the others hold."""
    held = [path for path in column.paths if _get(found, path) is not None]
    for path in held:
        _set(found, path, None)
    if value is not None:
        _set(found, (held or [path for path in column.paths if "*" not in path])[0], value)


def _place(found: list[Any], path: str) -> tuple[Any, list[str]]:
    up = path.count("../")
    return found[len(found) - 1 - up], path.removeprefix("../" * up).split(".")


def _get(found: list[Any], path: str) -> Any:
    value, steps = _place(found, path)
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _set(found: list[Any], path: str, value: str | None) -> None:
    holder, (*steps, last) = _place(found, path)
    for step in steps:
        if not isinstance(holder.get(step), dict):
            holder[step] = {}
        holder = holder[step]
    if value is None:
        holder.pop(last, None)
    else:
        holder[last] = value


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(one) for one in value] if isinstance(value, list) else value


def _csv(rows: Iterable[list[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _json(lines: Iterable[Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)
