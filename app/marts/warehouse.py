"""One published build, open read-only, and how its columns are summed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl


class MartError(Exception):
    """A mart could not be read; the cause is DuckDB's own message."""


CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}
"""How a build is opened. DuckDB refuses a second connection of one process to a file with other settings."""

MONEY = "decimal(38, 12)"
"""What a sum of money is cast to: DuckDB's own sum of `decimal(38, 12)`, said aloud."""


class Warehouse:
    """One published build, open read-only. A rebuilt warehouse is another file, so another `Warehouse`."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            MartError: the file is missing, or not a DuckDB file that this version reads.
        """
        try:
            self._connection = duckdb.connect(str(path), read_only=True, config=CONFIG)
        except duckdb.Error as error:
            raise MartError(f"{path.name} cannot be opened: {error}") from error

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def read(self, query: str, bound: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of a query.

        Raises:
            MartError: DuckDB could not answer.
        """
        # A cursor per call: sessions read at the same time, and a half-read result refuses other work.
        cursor = self._connection.cursor()
        try:
            found: pl.DataFrame = cursor.sql(query, params=dict(bound or {})).pl()
        except duckdb.Error as error:
            raise MartError(str(error)) from error
        finally:
            cursor.close()
        return found


def summed(declared: str) -> str:
    """SQL of the sum of `name` or `expression as name`: money, null where nothing is known, or a count."""
    expression, _, name = declared.rpartition(" as ")
    kind = MONEY if name.endswith("_usd") else "bigint"
    total = f"sum({expression or name})" if kind == MONEY else f"coalesce(sum({expression or name}), 0)"
    return f"cast({total} as {kind}) as {name}"


def places(keys: Sequence[str]) -> str:
    """The first columns of a query, as many as there are keys, as `group by` and `order by` name them."""
    return ", ".join(str(place) for place in range(1, len(keys) + 1))
