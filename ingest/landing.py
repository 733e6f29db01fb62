"""Good records become immutable Parquet; the others a line in the quarantine that says why.

Landing files are named by the SHA-256 of their bytes. Prompts and answers never land: only declared columns are read.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest import columns_seen, disk, fingerprints, lines_seen, unknown_usage
from ingest.files import InputFile, RefusedError
from ingest.json_paths import JsonPaths, spelt_out
from ingest.judging import GOOD, NOT_JSON, NOT_OURS, Judged, judge
from ingest.lines_seen import LinesSeen
from ingest.quarantine import Reject, set_aside
from ingest.records import Records, count_agrees, readable
from ingest.source import LINEAGE, SQL_TYPES, Source, Table
from ingest.sqltext import literal, name

BUFFERED_ROWS = 122_880
"""Rows of a day that wait to be written, in each thread: one row group, so that memory does not grow with the file."""
_PARQUET = "format parquet, parquet_version v2, compression zstd, compression_level 1, dictionary_size_limit 10000"
"""Ids of calls and conversations have no dictionary: looking for one in all of a row group is a fifth of the work.
Of ids by chance level 1 of zstd makes less than level 3, and in less time."""


@dataclass(frozen=True)
class LandingFile:
    """One immutable Parquet file: rows of one raw table, one day, and one replaceable scope where the table has one."""

    path: Path
    sha256: str
    usage_date: date
    scope: str | None
    row_count: int


@dataclass(frozen=True)
class Landed:
    """What became of one file in one table: record_count = landed_count + rejected_count + other_count, always.

    Attributes:
        other_count: records that are not ours by the table's `where`.
        rejects: the first hundred; all of them are in `quarantine/<source>/<sha256>.parquet`.
        models: the distinct (provider, model) of landed requests, for the price book to resolve once.
        columns: what the records of a bill or a table are made of, and whether anything here reads it; see
            `ingest/columns_seen.py`.
    """

    files: tuple[LandingFile, ...]
    record_count: int
    landed_count: int
    rejected_count: int
    other_count: int
    rejects: tuple[Reject, ...]
    models: frozenset[tuple[str, str]]
    columns: Mapping[str, bool]


def connect(*, scratch: Path, threads: int | None = None, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB for reading inputs: UTC, no extension is ever downloaded, spills below `scratch`."""
    con = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(scratch),
        }
    )
    if threads:
        con.execute(f"set threads = {threads}")
    if memory_limit:
        con.execute("set memory_limit = ?", [memory_limit])
    return _set_up(con)


def beside(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection for another thread, with the same memory and the same workers."""
    return _set_up(con.cursor())


def _set_up(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("set timezone = 'UTC'")
    con.execute("set preserve_insertion_order = false")  # rows are numbered: their order in a file says nothing
    con.execute(f"set partitioned_write_flush_threshold = {BUFFERED_ROWS}")
    unknown_usage.prepare(con)
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
        with readable(con, file) as records:
            written = _write(con, table, file, records, scratch, now or datetime.now(UTC))
            count_agrees(con, file, records, written.line_count + len(records.torn))
            counts, record_count = written.counts, sum(written.counts.values()) + len(records.torn)
            rejected_count = sum(count for outcome, count in counts.items() if outcome > GOOD) + len(records.torn)
            rejects = set_aside(con, written.judged, records, home, source, file) if rejected_count else ()
            columns = columns_seen.look(con, table, records)
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
        models=_models(con, table, files, written.judged.absent),
        columns=columns,
    )


def keep_file(path: Path, folder: Path) -> str:
    """Make a finished Parquet file immutable under its own SHA-256 in `folder`; return the hash."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    folder.mkdir(parents=True, exist_ok=True)
    path.chmod(0o444)
    path.replace(folder / f"{sha256}.parquet")
    disk.sync(folder)
    return sha256


def keep_rows(home: Path, table_name: str, rows: pa.Table, day: date) -> LandingFile:
    """Rows of a raw table that we write ourselves as one immutable Parquet file; the ledger makes it count."""
    folder = home / "landing" / table_name
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".new-", suffix=".parquet", delete=False) as file:
        pq.write_table(rows, file, compression="zstd")
    sha256 = keep_file(Path(file.name), folder)
    return LandingFile(folder / f"{sha256}.parquet", sha256, day, None, rows.num_rows)


def scope_sql(table: Table) -> str:
    """What a newer file replaces, as one text; the unit separator stands in no value of a bill, as `|` might.

    A value that a file does not tell is the same as in another file that does not tell it.
    """
    return " || chr(31) || ".join(f"coalesce(cast({name(column)} as varchar), '')" for column in table.replaces)


def empty_sql(table: Table) -> str:
    """SQL of a raw table with no row: the same columns as its landing files."""
    columns = ", ".join(
        f"cast(null as {SQL_TYPES[column.type]}) as {name(column.name)}"
        for column in (*table.landed_columns(), *LINEAGE)
    )
    return f"select {columns}, cast(null as date) as usage_date where false"


@dataclass(frozen=True)
class _Written:
    """The good rows of a file are in Parquet.

    Attributes:
        counts: records by outcome.
        line_count: lines or rows that they came from.
    """

    judged: Judged
    counts: Mapping[int, int]
    line_count: int


def _write(
    con: duckdb.DuckDBPyConnection, table: Table, file: InputFile, records: Records, scratch: Path, now: datetime
) -> _Written:
    """Write the good rows below `scratch`: as a sample of the lines lets expect them, else by a look at all of them."""
    if not records.is_tabular and not table.each and (seen := lines_seen.look_at_sample(con, table, file)):
        judged = judge(table, file, records, now=now, seen=seen)
        try:
            written = _write_judged(con, table, file, judged, scratch, _only_day(con, table, file, seen))
        except duckdb.InvalidInputException:  # some line is no JSON
            written = None
        if written and not written.counts.get(NOT_JSON):
            return written
        shutil.rmtree(scratch)
        scratch.mkdir()
    seen = None if records.is_tabular else lines_seen.look(con, table, records.relation)
    return _write_judged(con, table, file, judge(table, file, records, now=now, seen=seen), scratch, None)


def _only_day(con: duckdb.DuckDBPyConnection, table: Table, file: InputFile, seen: LinesSeen) -> date | None:
    """The day of all records of a sample, be they good or not: to judge them would take as long as to read many."""
    (column,) = (column for column in table.columns if column.name == table.date)
    only = replace(table, columns=(column,), identity=(), prompt=(), usage=(), where="true", checks=())
    paths = JsonPaths(only, seen.keys)
    if table.replaces or column.carried or column.otherwise or not any(map(paths.has, spelt_out(table, column.paths))):
        return None
    dated = judge(only, file, Records(lines_seen.SAMPLE), now=datetime.now(UTC), seen=seen).relation
    day = f"cast({name(column.name)} as date)"
    found = con.execute(f"select distinct {day} from ({dated}) where {day} is not null limit 2").fetchall()
    return found[0][0] if len(found) == 1 else None


def _write_judged(
    con: duckdb.DuckDBPyConnection, table: Table, file: InputFile, judged: Judged, scratch: Path, day: date | None
) -> _Written:
    """Write the good rows, a folder for each day.

    Args:
        day: the one of most rows, where it is known: they are written as one file, at half the work of telling days
            apart.
    """
    rows = _good(table, judged)
    if day:
        one = scratch / f"usage_date={day}" / "rows.parquet"
        one.parent.mkdir()
        its = f"select * exclude (usage_date) from ({rows}) where usage_date = '{day}'"
        con.execute(f"copy ({its}) to {literal(str(one))} ({_PARQUET})")
        good = _row_count(con, one)
        if good == file.line_count:
            return _Written(judged, {GOOD: good}, good)
        if not good:
            one.unlink()
        counts, lines = _counts(con, judged)
        if counts.get(GOOD, 0) > good:
            _write_by_day(con, table, f"select * from ({rows}) where usage_date <> '{day}'", scratch)
        return _Written(judged, counts, lines)
    _write_by_day(con, table, rows, scratch)
    good = sum(_row_count(con, path) for path in scratch.rglob("*.parquet"))
    if good == file.line_count - (file.format == "csv") and not table.each:  # the header is a line, too
        return _Written(judged, {GOOD: good}, good)
    return _Written(judged, *_counts(con, judged))


def _write_by_day(con: duckdb.DuckDBPyConnection, table: Table, rows: str, scratch: Path) -> None:
    scope = ", scope" if table.replaces else ""
    con.execute(
        f"copy ({rows}) to {literal(str(scratch))} ({_PARQUET}, overwrite_or_ignore, partition_by (usage_date {scope}))"
    )


def _good(table: Table, judged: Judged) -> str:
    """SQL of the good rows. A column that no record has is left out: it costs as much as one that is full of values."""
    told = (column.name for column in (*table.landed_columns(), *LINEAGE) if column.name not in judged.absent)
    scope = f", md5({scope_sql(table)}) as scope" if table.replaces else ""
    return (
        f"select {', '.join(map(name, told))}, cast({name(table.date)} as date) as usage_date {scope} "
        f"from ({judged.relation}) where outcome = {GOOD}"
    )


def _counts(con: duckdb.DuckDBPyConnection, judged: Judged) -> tuple[dict[int, int], int]:
    """Records by outcome, and how many lines or rows they came from."""
    # `sql` would plan it twice, which takes longer than the rows of most files
    rows = con.execute(
        f"""
        select outcome, count(*), count(distinct line_number), grouping(outcome)
        from ({judged.relation})
        group by grouping sets ((outcome), ())
        """
    ).fetchall()
    by_outcome = {outcome: count for outcome, count, _, is_total in rows if not is_total}
    return by_outcome, next(lines for _, _, lines, is_total in rows if is_total)


def _row_count(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    (count,) = con.execute(f"select num_rows from parquet_file_metadata({literal(str(path))})").fetchall()[0]
    return int(count)


def _keep(con: duckdb.DuckDBPyConnection, table: Table, scratch: Path, folder: Path) -> Iterator[LandingFile]:
    """Move new Parquet files to their final, content-addressed names."""
    for path in sorted(scratch.rglob("*.parquet")):
        keys = dict(part.split("=", 1) for part in path.relative_to(scratch).parts[:-1])
        row_count = _row_count(con, path)
        scope = None
        if table.replaces:
            # a column that no record has is not in the file, and usage_date is in its path
            rows = f"from read_parquet({literal(str(path))}, hive_partitioning = true)"
            first = f"select {scope_sql(table)} from ({empty_sql(table)} union all by name {rows}) limit 1"
            ((scope,),) = con.execute(first).fetchall()
        day_folder = folder / f"usage_date={keys['usage_date']}"
        sha256 = keep_file(path, day_folder)
        yield LandingFile(
            path=day_folder / f"{sha256}.parquet",
            sha256=sha256,
            usage_date=date.fromisoformat(keys["usage_date"]),
            scope=scope,
            row_count=row_count,
        )


def _models(
    con: duckdb.DuckDBPyConnection, table: Table, files: tuple[LandingFile, ...], absent: AbstractSet[str]
) -> frozenset[tuple[str, str]]:
    if table.shape != "requests" or not files or "model" in absent:
        return frozenset()
    paths = ", ".join(literal(str(file.path)) for file in files)
    provider = "''" if "provider" in absent else "coalesce(provider, '')"
    rows = con.execute(
        f"select distinct {provider}, model from read_parquet([{paths}]) where model is not null"
    ).fetchall()
    return frozenset(rows)
