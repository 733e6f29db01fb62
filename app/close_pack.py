"""The close of a month as an Excel workbook: what a finance team files."""

from datetime import date
from io import BytesIO

import polars as pl

from app import workbook
from app.rows import of_frame


def written(month: date, about: dict[str, str], sheets: dict[str, pl.DataFrame]) -> bytes:
    """An `.xlsx` of frames, a sheet each, behind a sheet that says what they are.

    Args:
        about: what the first sheet says, line by line.
        sheets: name → frame, in their order.

    Raises:
        WorkbookError: a frame does not fit into a sheet.
    """
    file = BytesIO()
    tables = {name: of_frame(frame) for name, frame in sheets.items()}
    workbook.write(file, workbook.About(f"Close of {month:%Y-%m}", about), tables)
    return file.getvalue()
