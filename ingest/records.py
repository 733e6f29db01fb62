"""How SQL reaches the records of one file, whatever its format: a relation, and the text of each field."""

import csv
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import cast

import duckdb
import pyarrow.parquet as pq
from duckdb.sqltypes import DuckDBPyType

from ingest import otlp, prometheus
from ingest.files import (
    CHUNK,
    MAX_DOCUMENT_BYTES,
    MAX_LINE_BYTES,
    InputFile,
    RefusedError,
    csv_record_count,
    open_bytes,
    open_text,
)
from ingest.lines import Lines
from ingest.sqltext import literal, name

WRITTEN_JUST_NOW_NS = 60 * 10**9
"""A file that changed within the last minute may be growing: what is read is a copy of what was hashed."""
BLANK = "coalesce(trim(line, ' ' || chr(9) || chr(10) || chr(13)), '') = ''"
"""SQL: a line, which may have its line end, holds nothing."""
NESTED = ("STRUCT", "MAP", "[]")


@dataclass(frozen=True)
class Records:
    """The records of one file.

    Attributes:
        relation: SQL that yields record_number and `line` (JSON, one a line) or the fields (tabular).
        texts: for tabular files, the SQL of each field's text by lower-case header; empty for JSON lines.
        fields: header as the file writes it and the SQL of its text, for each field of a tabular file.
        floats: headers whose values the file itself stores as doubles.
        torn: rows that the CSV reader could not split into fields, as (line, header, message).
    """

    relation: str
    texts: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()
    floats: frozenset[str] = frozenset()
    torn: tuple[tuple[int, str, str], ...] = ()

    @property
    def is_tabular(self) -> bool:
        """Whether fields have headers, rather than paths in a JSON line."""
        return bool(self.texts)

    def text(self, path: str) -> str | None:
        """SQL of the text below a header of a tabular file; None where it has no such header.

        A path that ends in `*` is all headers that begin so: an object of their values, by what follows in the header.

        Raises:
            RefusedError: several headers differ in case only.
        """
        if path.endswith("*"):
            return self._object(path[:-1].lower())
        if sum(header.lower() == path.lower() for header, _ in self.fields) > 1:
            raise RefusedError(f"the header names {path.lower()} more than once", "rename one of the columns")
        header = self._header(path)
        return None if header is None else self.texts[header]

    def headers(self, path: str) -> set[str]:
        """The headers, as the file writes them, that `text` reads for a path."""
        if path.endswith("*"):
            return {header for header, _ in self.fields if header.lower().startswith(path[:-1].lower())}
        found = self._header(path)
        return {header for header, _ in self.fields if header.lower() == found}

    def _header(self, path: str) -> str | None:
        """The lower-case header that holds what a path names."""
        # a localised export writes it in brackets: `Ressourcengruppe (ResourceGroup)`
        localised = (header for header in self.texts if header.endswith(f"({path.lower()})"))
        return next((header for header in (path.lower(), *localised) if header in self.texts), None)

    def _object(self, prefix: str) -> str | None:
        pairs = ", ".join(
            f"struct_pack(key := {literal(header[len(prefix) :])}, value := nullif(trim({text}), ''))"
            for header, text in self.fields
            if header.lower().startswith(prefix)
        )
        told = f"list_filter([{pairs}], lambda pair: pair.value is not null)"
        return f"nullif(cast(to_json(map_from_entries({told})) as varchar), '{{}}')" if pairs else None


@contextmanager
def readable(con: duckdb.DuckDBPyConnection, file: InputFile) -> Iterator[Records]:
    """The records of a file, as long as the context lasts.

    Raises:
        RefusedError: a CSV header that names a column twice, or a message of OTLP that is too long for a line.
    """
    if file.format == "jsonl":
        with _private(file) as path:
            opened = replace(file, local=path, compression="none" if file.not_utf8 else file.compression)
            yield _json_document(opened) if file.is_document else _json_lines(con, opened)
    elif file.format == "otlp":
        with _private(file) as path:
            yield _messages(con, replace(file, local=path))
    elif file.format == "prometheus":
        with _private(file) as path:
            yield _scrape(con, replace(file, local=path))
    elif file.format == "csv":
        with _private(file) as path:
            yield _csv(con, file, path)
    else:
        with _private(file) as path:
            yield _parquet(con, path)


def count_agrees(con: duckdb.DuckDBPyConnection, file: InputFile, records: Records, delivered: int) -> int:
    """The number of records by the byte pass, which must be what the reader delivered.

    A reader that loses rows does so silently, so this is checked for every file.

    Raises:
        RefusedError: they differ.
    """
    expected = file.line_count
    if file.format == "csv":
        expected = file.line_count - 1
        if delivered != expected:  # quoted fields may hold line ends: let another parser count
            expected = csv_record_count(file)
    elif file.format in {"jsonl", "prometheus"} and delivered != expected:
        blank = f"select count(*) from ({records.relation}) where {BLANK}"
        expected -= con.sql(blank).fetchall()[0][0]
    if delivered != expected:
        raise RefusedError(
            f"{expected:,} records were counted but {delivered:,} read",
            "this is a fault of ours: please report it with the file",
        )
    return expected


def _json_lines(con: duckdb.DuckDBPyConnection, file: InputFile) -> Records:
    con.register("input_lines", Lines(file))
    return Records("select record_number, line from input_lines")


def _scrape(con: duckdb.DuckDBPyConnection, file: InputFile) -> Records:
    samples = prometheus.as_json(_json_lines(con, file).relation, file.modified_ns // 10**6)
    con.execute(f"create or replace temp table scrape_lines as {samples}")  # read several times
    return Records("select record_number, line from scrape_lines")


def _json_document(file: InputFile) -> Records:
    """The elements of the document's array, or the document; numbers stay the text that they are."""
    return Records(
        f"""
        select row_number() over () as record_number, json as line
        from read_json_objects(
            {literal(str(file.local))}, format = 'auto', maximum_object_size = {2 * MAX_DOCUMENT_BYTES},
            compression = '{file.compression}'
        )
        """
    )


def _messages(con: duckdb.DuckDBPyConnection, file: InputFile) -> Records:
    """Messages as JSON lines, written beside the private file: they may hold prompts, and stay out of the warehouse."""
    lines = file.local.with_name("lines")
    with open_bytes(file) as framed, lines.open("wb") as out:
        for number, payload in enumerate(otlp.payloads(iter(lambda: framed.read(CHUNK), b"")), 1):
            line = otlp.line(payload)
            if len(line) > MAX_LINE_BYTES:
                raise RefusedError(
                    f"message {number:,} is longer than {MAX_LINE_BYTES >> 20} MiB as JSON",
                    "let the collector's batch processor make smaller ones",
                )
            out.write(line + b"\n")
    return _json_lines(con, replace(file, local=lines, compression="none"))


def _csv(con: duckdb.DuckDBPyConnection, file: InputFile, path: Path) -> Records:
    with open_text(file) as lines:
        headers = [header.strip() for header in next(csv.reader(lines))]
    # headers that differ in case only are no matter where none of them is read: tags of a cloud may be such
    if twice := sorted({header for header in headers if headers.count(header) > 1}):
        raise RefusedError(f"the header names {', '.join(twice)} more than once", "rename one of the columns")
    # Columns are declared by position and matched by header here: DuckDB ignores the header where columns are declared.
    columns = ", ".join(f"'c{number}': 'varchar'" for number in range(len(headers)))
    for table in ("csv_records", "reject_scans", "reject_errors"):
        con.execute(f"drop table if exists {table}")
    con.execute(
        f"""
        create temp table csv_records as
        select row_number() over () as record_number, *
        from read_csv(
            {literal(str(path))}, columns = {{{columns}}}, delim = ',', quote = '"', escape = '"', header = false,
            skip = 1, auto_detect = false, nullstr = '', store_rejects = true, compression = '{file.compression}',
            max_line_size = {2 * MAX_LINE_BYTES}
        )
        """
    )
    torn = con.sql(
        "select line, any_value(column_name), any_value(error_message) from reject_errors group by line order by line"
    ).fetchall()
    return Records(
        relation="select * from csv_records",
        texts={header.lower(): f"c{number}" for number, header in enumerate(headers)},
        fields=tuple((header, f"c{number}") for number, header in enumerate(headers)),
        torn=tuple((line, headers[int(column[1:])] if column else "", message) for line, column, message in torn),
    )


def _parquet(con: duckdb.DuckDBPyConnection, path: Path) -> Records:
    scan = f"read_parquet({literal(str(path))})"
    read = con.sql(f"select * from {scan}")
    headers = pq.read_schema(path).names  # DuckDB gives the second of two names that differ in case only another one
    found = [
        field
        for header, column, kind in zip(headers, read.columns, read.types, strict=True)
        for field in _fields(header, name(column), kind)
    ]
    fields = tuple(
        (path, f"cast({f'to_json({value})' if _is_nested(kind) else value} as varchar)") for path, value, kind in found
    )
    return Records(
        relation=f"select row_number() over () as record_number, * from {scan}",
        texts={path.lower(): text for path, text in fields},
        fields=fields,
        floats=frozenset(path.lower() for path, _, kind in found if kind in {"DOUBLE", "FLOAT"}),
    )


def _fields(path: str, value: str, kind: DuckDBPyType) -> Iterator[tuple[str, str, str]]:
    """A column, and the fields of a struct by their dotted paths: (path, SQL of the value, type)."""
    yield path, value, str(kind)
    if kind.id == "struct":
        for field, inner in cast("list[tuple[str, DuckDBPyType]]", kind.children):
            yield from _fields(f"{path}.{field}", f"{value}.{name(field)}", inner)


def _is_nested(kind: str) -> bool:
    return any(mark in kind for mark in NESTED)


@contextmanager
def _private(file: InputFile) -> Iterator[Path]:
    """The bytes that the byte pass saw, under a name of ours.

    A link, since DuckDB takes `[`, `*` and `?` in a name for a pattern and would read other files. A copy of just the
    bytes that were hashed, where the file has grown since. A copy in which DuckDB's reader does not stumble, where
    lines are not UTF-8.
    """
    folder = Path(mkdtemp(prefix="unitcost-"))
    try:
        private = folder / "input"
        if file.not_utf8:
            with open_text(file) as lines, private.open("w", encoding="utf-8", newline="") as out:
                shutil.copyfileobj(lines, out)
        elif file.local.stat().st_size != file.size or time.time_ns() - file.modified_ns < WRITTEN_JUST_NOW_NS:
            with file.local.open("rb") as grown, private.open("wb") as out:
                left = file.size
                while left and (chunk := grown.read(min(left, CHUNK))):
                    out.write(chunk)
                    left -= len(chunk)
        else:
            private.symlink_to(file.local)
        yield private
    finally:
        shutil.rmtree(folder)
