"""A table as a file: CSV, Excel or Parquet. One writer for the command line and the dashboard.

Money is exact in each: decimals with all digits in CSV, decimals as they are in Parquet, and see `app.workbook`. Times
are UTC, in CSV as ISO 8601 with a Z. In CSV, text that a spreadsheet would run begins with an apostrophe (CWE-1236, as
OWASP advises); a negative number is no text.
"""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import BinaryIO

import polars as pl
import pyarrow.parquet as pq

from app import workbook
from app.rows import Rows
from app.workbook import About

_RUN_BY_SPREADSHEETS = r"^[=+\-@\t\r\n\x00]"
_TIME = "%Y-%m-%dT%H:%M:%S%.fZ"


class Format(StrEnum):
    """What a table can be written as: the suffix of the file."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


MIME = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PARQUET: "application/vnd.apache.parquet",
}


def write(target: BinaryIO, name: str, rows: Rows, about: About, into: Format) -> None:
    """Write a table.

    Args:
        name: of the sheet with the table.
        about: a sheet of its own in Excel, the metadata `unitcost` (JSON) in Parquet; CSV has no place for it.

    Raises:
        WorkbookError: it does not fit into Excel.
        OSError: the target cannot be written.
    """
    match into:
        case Format.CSV:
            _csv(target, rows)
        case Format.XLSX:
            workbook.write(target, about, {name: rows})
        case Format.PARQUET:
            _parquet(target, rows, about)


def _csv(target: BinaryIO, rows: Rows) -> None:
    pl.DataFrame(schema=rows.schema).write_csv(target)
    for batch in rows.batches():
        batch.with_columns(_disarmed(rows.schema)).write_csv(
            target, include_header=False, datetime_format=_TIME, float_scientific=False
        )


def _disarmed(schema: pl.Schema) -> Iterator[pl.Expr]:
    for name, dtype in schema.items():
        column = pl.col(name)
        if dtype in (pl.String, pl.Categorical, pl.Enum):
            column = column.cast(pl.String)
            yield pl.when(column.str.contains(_RUN_BY_SPREADSHEETS)).then("'" + column).otherwise(column).alias(name)
        elif isinstance(dtype, pl.Datetime) and dtype.time_zone:
            yield column.dt.convert_time_zone("UTC")


def _parquet(target: BinaryIO, rows: Rows, about: About) -> None:
    told = json.dumps({"title": about.title, **about.facts}, ensure_ascii=False)
    level = pl.CompatLevel.oldest()
    schema = pl.DataFrame(schema=rows.schema).to_arrow(compat_level=level).schema.with_metadata({"unitcost": told})
    with pq.ParquetWriter(target, schema, compression="zstd") as file:
        for batch in rows.batches():
            file.write_table(batch.to_arrow(compat_level=level).cast(schema))
