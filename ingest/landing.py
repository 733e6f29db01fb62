"""Records become immutable Parquet, or a line in the quarantine that says why not.

One SQL statement a file, written from the table's declaration: text → typed → judged. Only declared columns are read,
so prompts and answers never land. Landing files are named by the SHA-256 of their bytes.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import unquote

import duckdb

from ingest.files import InputFile, RefusedError, csv_record_count, open_text
from ingest.source import LINEAGE, SQL_TYPES, Column, Source, Table, Type

NOT_OURS = -1
GOOD = 0
NOT_JSON = 1
NOT_UTF8 = 2
FIRST_RULE = 3


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
    """One reason why records of a file did not land."""

    record_number: int
    column: str
    rule: str
    fix: str
    value: str | None


@dataclass(frozen=True)
class Landed:
    """What became of one file in one table: record_count = landed_count + rejected_count + other_count, always."""

    files: tuple[LandingFile, ...]
    record_count: int
    landed_count: int
    rejected_count: int
    other_count: int
    rejects: tuple[Reject, ...]
    models: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class _Rule:
    column: str
    text: str
    broken: str
    rule: str
    fix: str


def connect(*, scratch: Path, threads: int | None = None, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB for reading inputs: UTC, no extension is ever downloaded, spills below `scratch`."""
    con = duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "temp_directory": str(scratch)}
    )
    con.execute("set timezone = 'UTC'")
    if threads:
        con.execute(f"set threads = {threads}")
    if memory_limit:
        con.execute("set memory_limit = ?", [memory_limit])
    return con


def land(
    con: duckdb.DuckDBPyConnection, file: InputFile, source: Source, table: Table, *, home: Path, now: datetime | None = None
) -> Landed:
    """Land one file in one table.

    Args:
        home: the warehouse folder; files go below `landing/` and `quarantine/`.
        now: what counts as the present, for refusing times in the future.

    Raises:
        RefusedError: the file lacks a required column, or states a whole (a bill) and a record of it is broken.
    """
    now = now or datetime.now(UTC)
    with _readable(con, file) as records:
        rules = _rules(table, records, now)
        judged = _judged_sql(table, records, rules, file)
        raw_name = source.raw_name(table)
        folder = home / "landing" / raw_name
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(mkdtemp(prefix=".new-", dir=folder))
        try:
            landed_count = _copy_good(con, table, judged, scratch)
            total = records.count if records.count is not None else _count(con, records)
            counts = {GOOD: landed_count}
            if landed_count != total:
                counts = dict(con.sql(f"select outcome, count(*) from ({judged}) group by 1").fetchall())
            _agree(file, records, counts, con)
            rejected_count = sum(count for outcome, count in counts.items() if outcome > GOOD) + len(records.torn)
            rejects = _quarantine(con, judged, rules, records, home / "quarantine" / source.name, file) if rejected_count else ()
            if rejected_count and table.replaces:
                first = rejects[0]
                raise RefusedError(
                    f"{rejected_count:,} of {total:,} records are broken, first in line {first.record_number}, column "
                    f"{first.column}: {first.rule}",
                    f"{first.fix}; a file that states a whole period lands whole or not at all",
                )
            files = tuple(_keep(con, scratch, folder))
            return Landed(
                files=files,
                record_count=sum(counts.values()) + len(records.torn),
                landed_count=counts.get(GOOD, 0),
                rejected_count=rejected_count,
                other_count=counts.get(NOT_OURS, 0),
                rejects=rejects,
                models=_models(con, table, files),
            )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@dataclass(frozen=True)
class _Records:
    """How SQL reaches the records of one file.

    Attributes:
        relation: SQL that yields record_number and the fields.
        texts: the SQL of each field's text, by lower-case path.
        floats: paths that the file itself stores as a double.
        count: records by the byte pass, where lines are records.
        torn: rows that the CSV reader could not split into fields, as (line, column, message).
    """

    relation: str
    texts: dict[str, str]
    floats: frozenset[str] = frozenset()
    count: int | None = None
    torn: tuple[tuple[int, str, str], ...] = ()


@contextmanager
def _readable(con: duckdb.DuckDBPyConnection, file: InputFile) -> Iterator[_Records]:
    if file.format == "jsonl":
        with _utf8_copy(file) as path:
            yield _Records(
                relation=f"""
                    select row_number() over () as record_number, line
                    from read_csv({_text(str(path))}, columns = {{'line': 'varchar'}}, delim = chr(1), quote = '', escape = '',
                        header = false, auto_detect = false, strict_mode = false, max_line_size = {2 * (16 << 20)},
                        compression = '{file.compression if path == file.path else "none"}')
                """,
                texts={},
                count=file.line_count,
            )
    elif file.format == "csv":
        yield _csv(con, file)
    else:
        described = con.sql(f"describe select * from read_parquet({_text(str(file.path))})").fetchall()
        nested = ("STRUCT", "MAP", "[]")
        yield _Records(
            relation=f"select row_number() over () as record_number, * from read_parquet({_text(str(file.path))})",
            texts={
                name.lower(): f"cast({'to_json(' + _name(name) + ')' if any(n in kind for n in nested) else _name(name)} as varchar)"
                for name, kind, *_ in described
            },
            floats=frozenset(name.lower() for name, kind, *_ in described if kind in {"DOUBLE", "FLOAT"}),
            count=file.line_count,
        )


def _csv(con: duckdb.DuckDBPyConnection, file: InputFile) -> _Records:
    import csv  # noqa: PLC0415 - the header line alone is read in Python

    with open_text(file) as lines:
        headers = [header.strip() for header in next(csv.reader(lines))]
    folded = [header.lower() for header in headers]
    if twice := sorted({header for header in folded if folded.count(header) > 1}):
        raise RefusedError(f"the header names {', '.join(twice)} more than once", "rename one of the columns")
    columns = ", ".join(f"{_text(f'c{number}')}: 'varchar'" for number in range(len(headers)))
    con.execute("drop table if exists csv_records; drop table if exists reject_scans; drop table if exists reject_errors")
    con.execute(
        f"""
        create temp table csv_records as
        select row_number() over () as record_number, *
        from read_csv({_text(str(file.path))}, columns = {{{columns}}}, delim = ',', quote = '"', escape = '"', header = false,
            skip = 1, auto_detect = false, max_line_size = {2 * (16 << 20)}, compression = '{file.compression}',
            nullstr = '', store_rejects = true)
        """
    )
    torn = con.sql(
        "select line, any_value(column_name), any_value(error_message) from reject_errors group by line order by line"
    ).fetchall()
    return _Records(
        relation="select * from csv_records",
        texts={header: _name(f"c{number}") for number, header in enumerate(folded)},
        torn=tuple(
            (line, headers[int(column[1:])] if column and column[1:].isdigit() else "", message) for line, column, message in torn
        ),
    )


@contextmanager
def _utf8_copy(file: InputFile) -> Iterator[Path]:
    """The file itself, or, where lines of it are not UTF-8, a copy that DuckDB's reader does not stumble over."""
    if not file.not_utf8:
        yield file.path
        return
    folder = Path(mkdtemp(prefix="unitcost-"))
    try:
        copy = folder / "utf8.jsonl"
        with open_text(file) as lines, copy.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(lines, out)
        yield copy
    finally:
        shutil.rmtree(folder)


def _structure(table: Table) -> str:
    """The shape that `json_transform` cuts out of a record: declared paths only, every leaf as text."""
    tree: dict[str, Any] = {}
    for column in table.columns:
        for path in _paths(table, column):
            *parents, leaf = path.split(".")
            node = tree
            for step in parents:
                node = node.setdefault(step, {})
            node.setdefault(leaf, "VARCHAR")
    return json.dumps(tree)


def _paths(table: Table, column: Column) -> list[str]:
    paths = []
    for path in column.paths:
        if path.startswith("*."):
            paths += [f"{root}.{path[2:]}" if root else path[2:] for root in table.roots]
        else:
            paths.append(path)
    return paths


def _raw_text(table: Table, column: Column, records: _Records) -> str:
    """SQL of the text of a column's value, before any reading of it."""
    if column.constant is not None:
        return _text(column.constant)
    if records.texts:
        found = [records.texts[path.lower()] for path in column.paths if path.lower() in records.texts]
        if not found and column.required:
            raise RefusedError(
                f"the required column {column.paths[0]} is missing", "export it with that column, or rename the one that holds it"
            )
        nulls = ", ".join(_text(null) for null in table.nulls)
        texts = [f"case when trim({text}) not in ({nulls}) then trim({text}) end" for text in found]
    else:
        texts = [f"r.{'.'.join(_name(step) for step in path.split('.'))}" for path in _paths(table, column)]
    text = f"coalesce({', '.join(texts)})" if len(texts) > 1 else texts[0] if texts else "cast(null as varchar)"
    if not records.texts:
        text = f"nullif(trim({text}), '')"
    return text


def _typed(column: Column, text: str, *, is_float: bool) -> str:
    match column.type:
        case Type.INTEGER:
            return f"try_cast({text} as bigint)"
        case Type.MONEY if not is_float:
            return f"try_cast({text} as decimal(38, 12))"
        case Type.MONEY | Type.FLOAT_MONEY:
            return f"try_cast({text} as decimal(38, 12))"
        case Type.QUANTITY:
            return f"try_cast({text} as decimal(38, 18))"
        case Type.DATE:
            return f"case when length({text}) = 10 then try_cast({text} as date) end"
        case Type.BOOLEAN:
            return f"try_cast({text} as boolean)"
        case Type.TIMESTAMP:
            return _time(text, column)
        case _:
            return text


def _time(text: str, column: Column) -> str:
    """UTC from ISO 8601, an HTTP date, or an epoch whose unit shows in its size."""
    has_offset = (
        f"(right({text}, 1) in ('Z', 'z') or (length({text}) > 19 and (substr({text}, -6, 1) in ('+', '-') "
        f"or substr({text}, -5, 1) in ('+', '-') or substr({text}, -3, 1) in ('+', '-'))))"
    )
    iso = f"cast(try_cast({text} as timestamptz) as timestamp)"
    if column.zone is None:
        iso = f"case when {has_offset} then {iso} end"
    number = f"try_cast({text} as decimal(38, 6))"
    return f"""case
        when substr({text}, 5, 1) = '-' then {iso}
        when right({text}, 4) = ' GMT' then try_strptime({text}, '%a, %d %b %Y %H:%M:%S GMT')
        else make_timestamp(cast(case
            when {number} < 1e11 then {number} * 1000000
            when {number} < 1e14 then {number} * 1000
            when {number} < 1e17 then {number}
            else {number} / 1000 end as bigint))
    end"""


def _rules(table: Table, records: _Records, now: datetime) -> list[_Rule]:
    rules = []
    for column in table.columns:
        if column.constant is not None:
            continue
        text, value = _name(f"{column.name}__text"), _name(column.name)
        is_float = any(path.lower() in records.floats for path in column.paths)

        def rule(broken: str, says: str, fix: str, name: str = column.name, text: str = text) -> None:
            rules.append(_Rule(name, text, broken, says, fix))

        if column.required:
            rule(f"{text} is null", "is missing", "every record needs it")
        if column.identifier:
            rule(
                f"length({text}) > 256 or regexp_matches({text}, '[[:cntrl:]]')",
                "is no identifier",
                "at most 256 characters, no control characters",
            )
        match column.type:
            case Type.INTEGER:
                rule(
                    f"{text} is not null and ({value} is null or contains({text}, '_') or (contains({text}, '.') "
                    f"and try_cast({text} as decimal(38, 6)) <> {value}))",
                    "is no whole number",
                    "write digits only",
                )
            case Type.MONEY | Type.FLOAT_MONEY | Type.QUANTITY:
                rule(
                    f"{text} is not null and ({value} is null or contains({text}, '_'))",
                    "is no number",
                    "write a decimal with a point, without thousands separators or currency signs",
                )
                if column.type is Type.MONEY and not is_float:
                    rule(
                        f"try_cast({text} as decimal(38, 18)) <> {value}",
                        "has more than 12 decimals",
                        "money is kept to 12 decimals and never rounded in silence",
                    )
            case Type.TIMESTAMP:
                needs = "" if column.zone else ", with Z or an offset from UTC"
                rule(
                    f"{text} is not null and {value} is null",
                    "is no time" + needs,
                    "write ISO 8601" + (needs or " (UTC)") + ", or an epoch",
                )
            case Type.DATE:
                rule(f"{text} is not null and {value} is null", "is no date", "write YYYY-MM-DD")
            case Type.BOOLEAN:
                rule(f"{text} is not null and {value} is null", "is neither true nor false", "write true or false")
        if column.minimum is not None:
            rule(f"{value} < {column.minimum}", f"is below {column.minimum}", "such a value cannot have been used or billed")
        if column.name == table.date:
            latest = now + timedelta(minutes=5) if table.shape == "requests" else now + timedelta(days=3660)
            rule(
                f"{value} not between timestamp '2015-01-01' and timestamp '{latest:%Y-%m-%d %H:%M:%S}'",
                "lies before 2015 or in the future",
                "check the clock and the unit of the epoch",
            )
    return rules


def _judged_sql(table: Table, records: _Records, rules: list[_Rule], file: InputFile) -> str:
    is_float = {c.name: any(path.lower() in records.floats for path in c.paths) for c in table.columns}
    text_columns = ",\n".join(
        f"{_raw_text(table, column, records)} as {_name(f'{column.name}__text')}" for column in table.columns
    )
    typed_columns = ",\n".join(
        f"{_typed(column, _name(f'{column.name}__text'), is_float=is_float[column.name])} as {_name(column.name)}"
        for column in table.columns
    )
    carried_columns = ", ".join(
        f"last_value(case when {column.carried} then {_name(column.name)} end ignore nulls) over (order by record_number) "
        f"as {_name(column.name)}"
        for column in table.columns
        if column.carried
    )
    outcomes = "\n".join(f"when {rule.broken} then {number}" for number, rule in enumerate(rules, FIRST_RULE))
    if records.texts:
        parsed, line, not_json, not_utf8 = records.relation, "", "false", "false"
    else:
        parsed = f"""
            select record_number, line,
                case when json_valid(line) then json_transform(line, {_text(_structure(table))}) end as r
            from ({records.relation})
            where trim(line) <> ''
        """
        line, not_json = "r, line, ", "r is null"
        not_utf8 = f"record_number in ({', '.join(map(str, file.not_utf8))})" if file.not_utf8 else "false"
    return f"""
        with parsed as ({parsed}),
        texts as (select record_number, {line} {text_columns} from parsed),
        typed as (select *, {typed_columns} from texts),
        carried as (select * {'replace (' + carried_columns + ')' if carried_columns else ''} from typed)
        select *,
            {_text(file.input_id)} as input_id,
            {_record_hash(table, has_line=bool(line))} as record_hash,
            case
                when {not_utf8} then {NOT_UTF8}
                when {not_json} then {NOT_JSON}
                when not coalesce({table.where}, false) then {NOT_OURS}
                {outcomes}
                else {GOOD}
            end as outcome
        from carried
    """


def _record_hash(table: Table, *, has_line: bool) -> str:
    """A request without an identity of its own is told apart by its line: written twice, it is the same call."""
    if table.shape != "requests" or not has_line:
        return "cast(null as varchar)"
    if not table.identity:
        return "md5(line)"
    return f"case when coalesce({', '.join(map(_name, table.identity))}) is null then md5(line) end"


def _copy_good(con: duckdb.DuckDBPyConnection, table: Table, judged: str, scratch: Path) -> int:
    columns = [_name(column.name) for column in (*table.landed_columns(), *LINEAGE)]
    scope = " || '|' || ".join(f"cast({_name(name)} as varchar)" for name in table.replaces)
    row = con.sql(
        f"""
        copy (
            select {', '.join(columns)}, cast({_name(table.date)} as date) as usage_date
                {', ' + scope + ' as scope' if scope else ''}
            from ({judged})
            where outcome = {GOOD}
        ) to {_text(str(scratch))} (
            format parquet, compression zstd, partition_by (usage_date{', scope' if scope else ''}), overwrite_or_ignore
        )
        """
    )
    del row
    return _rows_below(con, scratch)


def _rows_below(con: duckdb.DuckDBPyConnection, folder: Path) -> int:
    if not any(folder.rglob("*.parquet")):
        return 0
    pattern = _text(str(folder / "**" / "*.parquet"))
    (count,) = con.sql(f"select sum(num_rows) from parquet_file_metadata({pattern})").fetchall()[0]
    return int(count)


def _count(con: duckdb.DuckDBPyConnection, records: _Records) -> int:
    (count,) = con.sql(f"select count(*) from ({records.relation})").fetchall()[0]
    return int(count)


def _agree(file: InputFile, records: _Records, counts: dict[int, int], con: duckdb.DuckDBPyConnection) -> None:
    """What the reader delivered must be what the byte pass counted: a reader that loses rows does so silently."""
    delivered = sum(counts.values()) + len(records.torn)
    expected = records.count
    if file.format == "jsonl" and delivered != expected:
        blank = con.sql(f"select count(*) from ({records.relation}) where coalesce(trim(line), '') = ''").fetchall()[0][0]
        delivered += blank
    elif file.format == "csv":
        expected = file.line_count - 1
        if delivered != expected:
            expected = csv_record_count(file)
    if delivered != expected:
        raise RefusedError(
            f"{expected:,} records were counted but {delivered:,} read", "this is a fault of ours: please report it with the file"
        )


def _quarantine(
    con: duckdb.DuckDBPyConnection, judged: str, rules: list[_Rule], records: _Records, folder: Path, file: InputFile
) -> tuple[Reject, ...]:
    """Write every reject to `quarantine/<source>/<sha256>.parquet`; return the first hundred."""
    reasons = [
        (NOT_JSON, "", "is no JSON object", "write one JSON object a line", "null"),
        (NOT_UTF8, "", "is not UTF-8", "write UTF-8", "null"),
        *((n, r.column, r.rule, r.fix, r.text) for n, r in enumerate(rules, FIRST_RULE)),
    ]
    values = ", ".join(f"({n}, {_text(column)}, {_text(rule)}, {_text(fix)})" for n, column, rule, fix, _ in reasons)
    shown = "\n".join(f"when {n} then left({text}, 80)" for n, *_, text in reasons)
    torn = "".join(
        f" union all select {line}, {_text(column)}, {_text('cannot be split into fields: ' + message)}, "
        "'quote fields that hold commas or quotes, double the quotes inside', null"
        for line, column, message in records.torn
    )
    offset = 1 if file.format == "csv" else 0  # a person counts the header line too
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file.sha256}.parquet"
    new = path.with_suffix(".new")
    con.execute(
        f"""
        copy (
            select {_text(file.input_id)} as input_id, {_text(str(file.path))} as path, rejected.*
            from (
                select record_number + {offset} as record_number, column_name, rule, fix, case outcome {shown} end as value
                from ({judged})
                inner join (values {values}) as reasons (outcome, column_name, rule, fix) using (outcome)
                {torn}
            ) as rejected
            order by record_number
        ) to {_text(str(new))} (format parquet, compression zstd)
        """
    )
    new.replace(path)
    rows = con.sql(
        f"select record_number, column_name, rule, fix, value from read_parquet({_text(str(path))}) order by 1 limit 100"
    ).fetchall()
    return tuple(Reject(*row) for row in rows)


def _keep(con: duckdb.DuckDBPyConnection, scratch: Path, folder: Path) -> Iterator[LandingFile]:
    """Move new Parquet files to their final, content-addressed names."""
    for path in sorted(scratch.rglob("*.parquet")):
        keys = dict(part.split("=", 1) for part in path.relative_to(scratch).parts[:-1])
        (rows,) = con.sql(f"select num_rows from parquet_file_metadata({_text(str(path))})").fetchall()[0]
        sha256 = keep_file(path, folder / f"usage_date={keys['usage_date']}")
        yield LandingFile(
            path=folder / f"usage_date={keys['usage_date']}" / f"{sha256}.parquet",
            sha256=sha256,
            usage_date=date.fromisoformat(keys["usage_date"]),
            scope=unquote(keys["scope"]) if "scope" in keys else None,
            row_count=int(rows),
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


def _models(con: duckdb.DuckDBPyConnection, table: Table, files: tuple[LandingFile, ...]) -> frozenset[tuple[str, str]]:
    """The distinct (provider, model) of landed requests, for the price book to resolve once."""
    if table.shape != "requests" or not files:
        return frozenset()
    paths = ", ".join(_text(str(file.path)) for file in files)
    rows = con.sql(
        f"select distinct coalesce(provider, ''), model from read_parquet([{paths}]) where model is not null"
    ).fetchall()
    return frozenset(rows)


def empty_sql(table: Table) -> str:
    """SQL of a raw table with no row: the same columns as its landing files."""
    columns = [
        f"cast(null as {SQL_TYPES[column.type]}) as {_name(column.name)}" for column in (*table.landed_columns(), *LINEAGE)
    ]
    return f"select {', '.join(columns)}, cast(null as date) as usage_date where false"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
