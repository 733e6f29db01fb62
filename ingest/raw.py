"""The raw layer: every declared table as a view over its active landing files, the same names on every engine.

A table without a file is an empty view, so that everything builds before the first export arrives.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from ingest import restatements
from ingest.landing import empty_sql
from ingest.prices.tables import TABLES
from ingest.source import LINEAGE, SQL_TYPES, Source
from ingest.sqltext import literal
from ingest.sqltext import name as quoted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REFERENCES: Mapping[str, pa.Schema] = {**TABLES, restatements.TABLE_NAME: restatements.RESTATEMENTS}
"""Raw tables that we write ourselves, with their schemas."""


INTAKE = pa.schema(
    [
        ("input_id", pa.string()),
        ("table_name", pa.string()),
        ("source_id", pa.string()),
        ("path", pa.string()),
        ("state", pa.string()),
        ("landed_at", pa.timestamp("us")),
        ("column_name", pa.string()),
        ("rule", pa.string()),
        ("fix", pa.string()),
        ("rejected_count", pa.int64()),
        ("first_record_number", pa.int64()),
    ]
)
"""`raw.landing_inputs`: one row per input, raw table and reason for which its records were not taken."""

COLUMNS = pa.schema(
    [
        ("source_id", pa.string()),
        ("table_name", pa.string()),
        ("column_name", pa.string()),
        ("is_read", pa.bool_()),
        ("input_count", pa.int64()),
        ("first_landed_at", pa.timestamp("us")),
        ("last_landed_at", pa.timestamp("us")),
        ("first_path", pa.string()),
        ("last_path", pa.string()),
    ]
)
"""`raw.landing_columns`: one row per source, raw table and column of its files (`ingest/columns_seen.py`)."""
ACCOUNTS: Mapping[str, pa.Schema] = {"landing_inputs": INTAKE, "landing_columns": COLUMNS}
"""Raw tables that the ledger writes (`Ledger.accounts`), with their schemas."""
Accounts = Mapping[str, Sequence[Mapping[str, Any]]]
NO_ACCOUNTS: Accounts = dict.fromkeys(ACCOUNTS, ())


def create_views(
    con: duckdb.DuckDBPyConnection,
    sources: Iterable[Source],
    files: list[dict[str, Any]],
    home: Path,
    accounts: Accounts = NO_ACCOUNTS,
) -> None:
    """Create the schema `raw` in a build: one view per raw table, `landing_files` and `ACCOUNTS`.

    `raw.landing_files` says for each file what it is to this build: `same` as in the build that it was copied from,
    `new`, or `gone`. The incremental models rebuild the days of the files that are not `same`.

    Args:
        accounts: the ledger's: rows of `ACCOUNTS`.
    """
    con.execute("create schema if not exists raw")
    for name, empty in _empty_tables(sources).items():
        active = [file for file in files if file["table_name"] == name]
        select = _landed(con, active, home, empty, partitioned=name not in REFERENCES) if active else empty
        con.execute(f'create or replace view raw."{name}" as {select}')
    _landing_files(con, files)
    for name, schema in ACCOUNTS.items():
        rows = [*map(dict, accounts[name])]
        con.register("account", pa.Table.from_pylist(rows, schema=schema))
        con.execute(f"create or replace table raw.{name} as from account")
        con.unregister("account")


def landed_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The raw tables that had files when a build was made."""
    rows = con.execute("select distinct table_name from raw.landing_files where change <> 'gone'").fetchall()
    return {table_name for (table_name,) in rows}


def create_spark_views(
    spark: "SparkSession",
    sources: Iterable[Source],
    files: list[dict[str, Any]],
    home: Path,
    accounts: Accounts = NO_ACCOUNTS,
) -> None:
    """Create the schema `raw` on Spark, and the empty schemas that dbt fills, in the session's catalog.

    The views have the names, columns and types of `create_views`. Spark lists folders, not files: a table in the schema
    `landing` declares each folder, and the view keeps the active files of it by name, which skips the others unread.
    Spark's Parquet tables cannot lose single days, so a build there is always whole: every file is `new`.

    Args:
        spark: its time zone is set to UTC, in which the landing files hold their timestamps.
        files: the ledger's active landing files; paths relative to `home`, which every executor must see.
        accounts: the ledger's: rows of `ACCOUNTS`.

    Raises:
        FileNotFoundError: an active file is gone; Spark itself would show its rows as never landed.
    """
    for file in files:
        (home / file["path"]).stat()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    for schema in ("landing", "raw", "staging", "intermediate", "marts", "seeds"):
        spark.sql(f"create database if not exists {schema}")
    for name, columns in _spark_columns(sources).items():
        active = [file for file in files if file["table_name"] == name]
        spark.sql(f"drop table if exists landing.{name}")  # its files stay: a table with a location is external
        for statement in _spark_table(name, columns, active, home):
            spark.sql(statement)
    rows = [(*(file[field.name] for field in _FILES), "new") for file in files]
    landing_files = spark.createDataFrame(rows, _SPARK_FILES)
    landing_files.write.mode("overwrite").saveAsTable("raw.landing_files", format="parquet")
    for name, schema in ACCOUNTS.items():
        declared = ", ".join(f"{field.name} {_in_spark(_sql_type(field.type))}" for field in schema)
        taken = [tuple(_zoned(row[field]) for field in schema.names) for row in accounts[name]]
        account = spark.createDataFrame(taken, declared)
        account.write.mode("overwrite").saveAsTable(f"raw.{name}", format="parquet")


def _zoned(value: Any) -> Any:
    """A time without a zone would be read in that of the machine."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _spark_table(name: str, columns: Mapping[str, str], active: list[dict[str, Any]], home: Path) -> Iterator[str]:
    """The statements that declare the folder of a raw table and the view over its active files."""
    if not active:
        empty = ", ".join(f"cast(null as {kind}) as `{column}`" for column, kind in columns.items())
        yield f"create or replace view raw.{name} as select {empty} where false"
        return
    declared = ", ".join(f"`{column}` {kind}" for column, kind in columns.items())
    partitioned = "" if name in REFERENCES else "partitioned by (usage_date)"
    folder = _spark_literal(str((home / "landing" / name).resolve()))
    yield f"create table landing.{name} ({declared}) using parquet {partitioned} location {folder}"
    if partitioned:
        days = sorted({str(file["usage_date"]) for file in active})
        yield f"alter table landing.{name} add " + " ".join(f"partition (usage_date = '{day}')" for day in days)
    selected = ", ".join(f"`{column}`" for column in columns)
    names = ", ".join(_spark_literal(Path(file["path"]).name) for file in active)
    yield (
        f"create or replace view raw.{name} as select {selected} from landing.{name} "
        f"where _metadata.file_name in ({names})"
    )


def _landing_files(con: duckdb.DuckDBPyConnection, files: list[dict[str, Any]]) -> None:
    con.execute(
        "create table if not exists raw.landing_files (table_name varchar, sha256 varchar, usage_date date, "
        "row_count bigint, input_id varchar, load_number bigint, change varchar)"
    )
    con.execute("create temp table before as from raw.landing_files where change <> 'gone'")
    columns = ("table_name", "sha256", "usage_date", "row_count", "input_id", "load_number")
    now = pa.table({name: [file[name] for file in files] for name in columns}, schema=_FILES)
    con.register("active", now)
    con.execute(
        """
        create or replace table raw.landing_files as
        select
            coalesce(active.table_name, before.table_name) as table_name,
            coalesce(active.sha256, before.sha256) as sha256,
            coalesce(active.usage_date, before.usage_date) as usage_date,
            coalesce(active.row_count, before.row_count) as row_count,
            coalesce(active.input_id, before.input_id) as input_id,
            coalesce(active.load_number, before.load_number) as load_number,
            case when before.sha256 is null then 'new' when active.sha256 is null then 'gone' else 'same' end as change
        from active
        full join before
            on active.table_name = before.table_name
            and active.sha256 = before.sha256
            and active.input_id = before.input_id
        """
    )
    con.unregister("active")
    con.execute("drop table before")


_FILES = pa.schema(
    [
        ("table_name", pa.string()),
        ("sha256", pa.string()),
        ("usage_date", pa.date32()),
        ("row_count", pa.int64()),
        ("input_id", pa.string()),
        ("load_number", pa.int64()),
    ]
)
_SPARK_FILES = (
    "table_name string, sha256 string, usage_date date, row_count bigint, input_id string, load_number bigint, "
    "change string"
)


COMMON_SCHEMAS = 4
"""So many of the schemas that most files of a table have are read apart; whatever has another is read together."""


def _landed(
    con: duckdb.DuckDBPyConnection, active: list[dict[str, Any]], home: Path, declared: str, *, partitioned: bool
) -> str:
    """SQL of the rows of landing files, in the declared columns.

    A column that no record of an input has is not in its file. To read files of different columns by name DuckDB opens
    all of them whenever it plans, if it is to read one day: a fifth of a millisecond each. Of files with the same
    columns it opens the first, and takes the others to be as large.
    """
    row_counts = {str((home / file["path"]).resolve()): file["row_count"] for file in active}
    groups = con.execute(
        f"""
        with schemas as (
            select
                file_name,
                list((name, type, converted_type, cast(logical_type as varchar)) order by name) as columns
            from parquet_schema(?)
            group by 1
        ),
        ranked as (
            select
                columns,
                least(row_number() over (order by count(*) desc, min(file_name)), {COMMON_SCHEMAS} + 1) as rank
            from schemas
            group by 1
        )
        select list(file_name) from schemas inner join ranked using (columns) group by rank order by rank
        """,
        [[*row_counts]],
    ).fetchall()
    hive = ", hive_partitioning = true, hive_types = {'usage_date': 'date'}" if partitioned else ""
    selects = []
    for number, (paths,) in enumerate(groups):
        listed = ", ".join(map(literal, sorted(paths, key=lambda path: (-row_counts[path], path))))
        by_name = ", union_by_name = true" if number == COMMON_SCHEMAS else ""
        landed = f"from read_parquet([{listed}]{by_name}{hive})"
        selects.append(f"select {_columns(con, landed, declared)} {landed}")
    return " union all ".join(selects)


def _columns(con: duckdb.DuckDBPyConnection, landed: str, declared: str) -> str:
    """The declared columns in their order; those that no file has are empty: no input had them, or they came later."""
    there = {name for name, *_ in con.execute(f"describe {landed}").fetchall()}
    return ", ".join(
        quoted(name) if name in there else f"cast(null as {kind}) as {quoted(name)}"
        for name, kind, *_ in con.execute(f"describe {declared}").fetchall()
    )


def _empty_tables(sources: Iterable[Source]) -> dict[str, str]:
    tables = {source.raw_name(table): empty_sql(table) for source in sources for table in source.tables}
    for name, schema in REFERENCES.items():
        columns = ", ".join(f"cast(null as {_sql_type(field.type)}) as {field.name}" for field in schema)
        tables[name] = f"select {columns} where false"
    return tables


def _spark_columns(sources: Iterable[Source]) -> dict[str, dict[str, str]]:
    """Raw table → column → type, in Spark's words; the partition column last, where Spark puts it."""
    tables = {
        source.raw_name(table): {
            **{column.name: SQL_TYPES[column.type] for column in (*table.landed_columns(), *LINEAGE)},
            "usage_date": "date",
        }
        for source in sources
        for table in source.tables
    }
    for name, schema in REFERENCES.items():
        tables[name] = {field.name: _sql_type(field.type) for field in schema}
    return {name: {column: _in_spark(kind) for column, kind in columns.items()} for name, columns in tables.items()}


def _in_spark(kind: str) -> str:
    return "string" if kind == "varchar" else kind


def _spark_literal(value: str) -> str:
    """A text as an SQL literal of Spark, which reads backslashes, and two quotes in a row as none."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    words = {
        pa.string(): "varchar",
        pa.bool_(): "boolean",
        pa.int64(): "bigint",
        pa.date32(): "date",
        pa.timestamp("us"): "timestamp",
    }
    return words[kind]
