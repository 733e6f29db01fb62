"""The same on Apache Spark: names, columns and types are those of the views in a build of DuckDB."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingest.raw.tables import ACCOUNTS, FILES, NO_ACCOUNTS, REFERENCES, Accounts, sql_type
from ingest.source import LINEAGE, SQL_TYPES, Source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def create_views(
    spark: "SparkSession",
    sources: Iterable[Source],
    files: list[dict[str, Any]],
    home: Path,
    accounts: Accounts = NO_ACCOUNTS,
) -> None:
    """Create the schema `raw` on Spark, and the empty schemas that dbt fills, in the session's catalog.

    Spark lists folders, not files: a table in the schema `landing` declares each folder, and the view keeps the active
    files of it by name, which skips the others unread. Spark's Parquet tables cannot lose single days, so a build there
    is always whole: every file is `new`.

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
    rows = [(*(file[field.name] for field in FILES), "new") for file in files]
    landing_files = spark.createDataFrame(rows, f"{_declared(FILES)}, change string")
    landing_files.write.mode("overwrite").saveAsTable("raw.landing_files", format="parquet")
    for name, schema in ACCOUNTS.items():
        taken = [tuple(_zoned(row[field]) for field in schema.names) for row in accounts[name]]
        account = spark.createDataFrame(taken, _declared(schema))
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
        tables[name] = {field.name: sql_type(field.type) for field in schema}
    return {name: {column: _in_spark(kind) for column, kind in columns.items()} for name, columns in tables.items()}


def _declared(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {_in_spark(sql_type(field.type))}" for field in schema)


def _in_spark(kind: str) -> str:
    return "string" if kind == "varchar" else kind


def _spark_literal(value: str) -> str:
    """A text as an SQL literal of Spark, which reads backslashes, and two quotes in a row as none."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
