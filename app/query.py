"""Ad-hoc SQL over a published build: one SELECT, read-only, without a way to files or settings."""

from pathlib import Path
from typing import Any

import duckdb


class QueryError(Exception):
    """The statement was refused or failed; the message is for the person who wrote it."""


def run(path: Path, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SELECT; return column names and rows, money as Decimal.

    Raises:
        QueryError: not one SELECT, or DuckDB refused it.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise QueryError(_first_line(error)) from error
    if len(statements) != 1 or statements[0].type not in {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}:
        raise QueryError("one SELECT at a time, nothing that writes or sets")
    con = duckdb.connect(
        str(path),
        read_only=True,
        config={
            "enable_external_access": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        },
    )
    try:
        # Read-only alone leaves the build's own file open to read_blob and COPY (measured on DuckDB 2.0).
        con.execute("set timezone = 'UTC'")
        con.execute("set disabled_filesystems = 'LocalFileSystem'")
        con.execute("set lock_configuration = true")
        cursor = con.execute(query)
        return [column[0] for column in cursor.description or ()], cursor.fetchall()
    except duckdb.Error as error:
        raise QueryError(_first_line(error)) from error
    finally:
        con.close()


def _first_line(error: duckdb.Error) -> str:
    return " ".join(str(error).split())
