"""Good records become immutable Parquet; the others a line in the quarantine that says why.

Landing files are named by the SHA-256 of their bytes. Prompts and answers never land: only declared columns are read.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from ingest import fingerprints, lines_seen, unknown_usage
from ingest.files import InputFile, RefusedError
from ingest.judging import GOOD, NOT_OURS, Judged, judge
from ingest.records import Records, count_agrees, readable
from ingest.source import LINEAGE, SQL_TYPES, Source, Table
from ingest.sqltext import literal, name

SHOWN_REJECTS = 100
BUFFERED_ROWS = 122_880
"""Rows of a day that wait to be written, in each thread: one row group, so that memory does not grow with the file."""


@dataclass(frozen=True)
class LandingFile:
    """One immutable Parquet file: rows of one raw table, one day, and one replaceable scope where the table has one."""

    path: Path
    sha256: str
    usage_date: date
    scope: str | None
    row_count: int


@dataclass(frozen=True)
class Reject:
    """Why one record of a file did not land."""

    record_number: int
    column: str
    rule: str
    fix: str
    value: str | None


@dataclass(frozen=True)
class Landed:
    """What became of one file in one table: record_count = landed_count + rejected_count + other_count, always.

    Attributes:
        other_count: records that are not ours by the table's `where`.
        rejects: the first hundred; all of them are in `quarantine/<source>/<sha256>.parquet`.
        models: the distinct (provider, model) of landed requests, for the price book to resolve once.
    """

    files: tuple[LandingFile, ...]
    record_count: int
    landed_count: int
    rejected_count: int
    other_count: int
    rejects: tuple[Reject, ...]
    models: frozenset[tuple[str, str]]


def connect(*, scratch: Path, threads: int | None = None, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB for reading inputs: UTC, no extension is ever downloaded, spills below `scratch`."""
    con = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(scratch),
        }
    )
    con.execute("set timezone = 'UTC'")
    con.execute("set preserve_insertion_order = false")  # rows are numbered: their order in a file says nothing
    con.execute(f"set partitioned_write_flush_threshold = {BUFFERED_ROWS}")
    if threads:
        con.execute(f"set threads = {threads}")
    if memory_limit:
        con.execute("set memory_limit = ?", [memory_limit])
    return con


def land(
    con: duckdb.DuckDBPyConnection,
    file: InputFile,
    source: Source,
    table: Table,
    *,
    home: Path,
    now: datetime | None = None,
) -> Landed:
    """Land one file in one table.

    Args:
        home: the warehouse folder; files go below `landing/` and `quarantine/`.
        now: what counts as the present, for refusing times in the future.

    Raises:
        RefusedError: the file lacks a required column, or states a whole (a bill) and a record of it is broken.
    """
    folder = home / "landing" / source.raw_name(table)
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix=".new-", dir=folder))
    try:
        if table.prompt:
            fingerprints.prepare(con, home)
        if table.usage:
            unknown_usage.prepare(con)
        with readable(con, file) as records:
            seen = None if records.is_tabular else lines_seen.look(con, table, file, records.relation)
            judged = judge(table, file, records, now=now or datetime.now(UTC), seen=seen)
            counts = {GOOD: _write_good(con, table, judged, scratch)}
            lines = record_count = counts[GOOD]
            if table.each or record_count != file.line_count:
                counts, lines = _counts(con, judged)
                record_count = sum(counts.values()) + len(records.torn)
            count_agrees(con, file, records, lines + len(records.torn))
            rejected_count = sum(count for outcome, count in counts.items() if outcome > GOOD) + len(records.torn)
            rejects = _quarantine(con, judged, records, home, source, file) if rejected_count else ()
        if rejects and table.replaces:
            first = rejects[0]
            raise RefusedError(
                f"{rejected_count:,} of {record_count:,} records are broken, first in line {first.record_number}: "
                f"{first.column} {first.rule}",
                f"{first.fix}; a file that states a whole period lands whole or not at all",
            )
        files = tuple(_keep(con, table, scratch, folder))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Landed(
        files=files,
        record_count=record_count,
        landed_count=counts.get(GOOD, 0),
        rejected_count=rejected_count,
        other_count=counts.get(NOT_OURS, 0),
        rejects=rejects,
        models=_models(con, table, files),
    )


def keep_file(path: Path, folder: Path) -> str:
    """Make a finished Parquet file immutable under its own SHA-256 in `folder`; return the hash."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    folder.mkdir(parents=True, exist_ok=True)
    path.chmod(0o444)
    path.replace(folder / f"{sha256}.parquet")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return sha256


def empty_sql(table: Table) -> str:
    """SQL of a raw table with no row: the same columns as its landing files."""
    columns = ", ".join(
        f"cast(null as {SQL_TYPES[column.type]}) as {name(column.name)}"
        for column in (*table.landed_columns(), *LINEAGE)
    )
    return f"select {columns}, cast(null as date) as usage_date where false"


def _write_good(con: duckdb.DuckDBPyConnection, table: Table, judged: Judged, scratch: Path) -> int:
    columns = ", ".join(name(column.name) for column in (*table.landed_columns(), *LINEAGE))
    scope = f", md5({_scope_sql(table)}) as scope" if table.replaces else ""
    con.execute(
        f"""
        copy (
            select {columns}, cast({name(table.date)} as date) as usage_date {scope}
            from ({judged.relation})
            where outcome = {GOOD}
        ) to {literal(str(scratch))} (
            format parquet, compression zstd, overwrite_or_ignore,
            partition_by (usage_date {", scope" if scope else ""})
        )
        """
    )
    return sum(_row_count(con, path) for path in scratch.rglob("*.parquet"))


def _counts(con: duckdb.DuckDBPyConnection, judged: Judged) -> tuple[dict[int, int], int]:
    """Records by outcome, and how many lines or rows they came from."""
    rows = con.sql(
        f"""
        select outcome, count(*), count(distinct line_number), grouping(outcome)
        from ({judged.relation})
        group by grouping sets ((outcome), ())
        """
    ).fetchall()
    by_outcome = {outcome: count for outcome, count, _, is_total in rows if not is_total}
    return by_outcome, next(lines for _, _, lines, is_total in rows if is_total)


def _row_count(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    (count,) = con.sql(f"select num_rows from parquet_file_metadata({literal(str(path))})").fetchall()[0]
    return int(count)


def _quarantine(
    con: duckdb.DuckDBPyConnection, judged: Judged, records: Records, home: Path, source: Source, file: InputFile
) -> tuple[Reject, ...]:
    """Write every reject to `quarantine/<source>/<sha256>.parquet`; return the first ones."""
    reasons = ", ".join(
        f"({number}, {literal(rule.column)}, {literal(rule.says)}, {literal(rule.fix)})"
        for number, rule in judged.rules.items()
    )
    values = " ".join(
        f"when {number} then left({name(f'{rule.column}__text')}, 80)"
        for number, rule in judged.rules.items()
        if rule.column
    )
    torn = "".join(
        f" union all select {line}, {literal(header)}, {literal(f'cannot be split into fields: {message}')}, "
        "'quote fields that hold commas or quotes, and double the quotes inside', null"
        for line, header, message in records.torn
    )
    header_lines = 1 if file.format == "csv" else 0  # a person who opens the file counts the header too
    path = home / "quarantine" / source.name / f"{file.sha256}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    con.execute(
        f"""
        copy (
            select {literal(file.input_id)} as input_id, {literal(str(file.path))} as path, rejected.*
            from (
                select
                    line_number + {header_lines} as record_number, column_name, rule, fix,
                    case outcome {values} end as value
                from ({judged.relation})
                inner join (values {reasons}) as reasons (outcome, column_name, rule, fix) using (outcome)
                {torn}
            ) as rejected
            order by record_number
        ) to {literal(str(new))} (format parquet, compression zstd)
        """
    )
    new.replace(path)
    rows = con.sql(
        f"select record_number, column_name, rule, fix, value from read_parquet({literal(str(path))}) "
        f"order by record_number limit {SHOWN_REJECTS}"
    ).fetchall()
    return tuple(Reject(*row) for row in rows)


def _scope_sql(table: Table) -> str:
    """What a newer file replaces, as one text; the unit separator stands in no value of a bill, as `|` might."""
    return " || chr(31) || ".join(f"cast({name(column)} as varchar)" for column in table.replaces)


def _keep(con: duckdb.DuckDBPyConnection, table: Table, scratch: Path, folder: Path) -> Iterator[LandingFile]:
    """Move new Parquet files to their final, content-addressed names."""
    for path in sorted(scratch.rglob("*.parquet")):
        keys = dict(part.split("=", 1) for part in path.relative_to(scratch).parts[:-1])
        row_count = _row_count(con, path)
        scope = None
        if table.replaces:
            first = f"select {_scope_sql(table)} from read_parquet({literal(str(path))}) limit 1"
            ((scope,),) = con.sql(first).fetchall()
        day_folder = folder / f"usage_date={keys['usage_date']}"
        sha256 = keep_file(path, day_folder)
        yield LandingFile(
            path=day_folder / f"{sha256}.parquet",
            sha256=sha256,
            usage_date=date.fromisoformat(keys["usage_date"]),
            scope=scope,
            row_count=row_count,
        )


def _models(con: duckdb.DuckDBPyConnection, table: Table, files: tuple[LandingFile, ...]) -> frozenset[tuple[str, str]]:
    if table.shape != "requests" or not files:
        return frozenset()
    paths = ", ".join(literal(str(file.path)) for file in files)
    rows = con.sql(
        f"select distinct coalesce(provider, ''), model from read_parquet([{paths}]) where model is not null"
    ).fetchall()
    return frozenset(rows)
