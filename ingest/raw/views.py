"""The raw layer in a build of DuckDB: every declared table as a view over its active landing files.

A table without a file is an empty view, so that everything builds before the first export arrives.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest.landing import empty_sql
from ingest.raw.tables import ACCOUNTS, FILES, NO_ACCOUNTS, REFERENCES, Accounts, sql_type
from ingest.source import Source
from ingest.sqltext import literal
from ingest.sqltext import name as quoted

COMMON_SCHEMAS = 4
"""So many of the schemas that most files of a table have are read apart; whatever has another is read together."""


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


def _landing_files(con: duckdb.DuckDBPyConnection, files: list[dict[str, Any]]) -> None:
    declared = ", ".join(f"{field.name} {sql_type(field.type)}" for field in FILES)
    con.execute(f"create table if not exists raw.landing_files ({declared}, change varchar)")
    con.execute("create temp table before as from raw.landing_files where change <> 'gone'")
    now = pa.table({name: [file[name] for file in files] for name in FILES.names}, schema=FILES)
    con.register("active", now)
    known = ", ".join(f"coalesce(active.{name}, before.{name}) as {name}" for name in FILES.names)
    con.execute(
        f"""
        create or replace table raw.landing_files as
        select
            {known},
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
        columns = ", ".join(f"cast(null as {sql_type(field.type)}) as {field.name}" for field in schema)
        tables[name] = f"select {columns} where false"
    return tables
