"""The raw layer: every declared table as a view over its active landing files, the same names on every engine.

A table without a file is an empty view, so that everything builds before the first export arrives.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest.landing import empty_sql
from ingest.prices import MODEL_MATCHES, MODEL_PRICES
from ingest.source import Source

REFERENCES: Mapping[str, pa.Schema] = {"prices__model_prices": MODEL_PRICES, "prices__model_matches": MODEL_MATCHES}
"""Raw tables that we write ourselves, with their schemas."""


def create_views(
    con: duckdb.DuckDBPyConnection, sources: Iterable[Source], files: list[dict[str, Any]], home: Path
) -> None:
    """Create the schema `raw` in a build: one view per raw table, and `landing_files`.

    `raw.landing_files` says for each file what it is to this build: `same` as in the build that it was copied from,
    `new`, or `gone`. The incremental models rebuild the days of the files that are not `same`.
    """
    con.execute("create schema if not exists raw")
    for name, empty in _empty_tables(sources).items():
        paths = [str((home / file["path"]).resolve()) for file in files if file["table_name"] == name]
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        partitioned = name not in REFERENCES
        hive = ", hive_partitioning = true, hive_types = {'usage_date': 'date'}" if partitioned else ""
        select = f"select * from read_parquet([{listed}], union_by_name = true{hive})" if paths else empty
        con.execute(f'create or replace view raw."{name}" as {select}')
    _landing_files(con, files)


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


def _empty_tables(sources: Iterable[Source]) -> dict[str, str]:
    tables = {source.raw_name(table): empty_sql(table) for source in sources for table in source.tables}
    for name, schema in REFERENCES.items():
        columns = ", ".join(f"cast(null as {_sql_type(field.type)}) as {field.name}" for field in schema)
        tables[name] = f"select {columns} where false"
    return tables


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return {pa.string(): "varchar", pa.int64(): "bigint", pa.date32(): "date"}[kind]
