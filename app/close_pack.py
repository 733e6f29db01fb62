"""The close of a month as an Excel workbook: what a finance team files."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import polars as pl
from xlsxwriter import Workbook

MONEY_FORMAT = "#,##0.00;[Red]-#,##0.00"


def workbook(month: date, about: dict[str, str], sheets: dict[str, pl.DataFrame]) -> bytes:
    """An `.xlsx` of frames, a sheet each, behind a sheet that says what they are.

    Amounts are numbers, of which Excel keeps 15 digits; beside the tie-out on the first sheet they stand in full.

    Args:
        about: what the first sheet says, line by line.
        sheets: name → frame, in their order.
    """
    file = BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        said = pl.DataFrame({"What": list(about), "Is": list(about.values())})
        said.write_excel(book, "About", autofit=True)
        for name, frame in sheets.items():
            frame.write_excel(
                book,
                name,
                dtype_formats={pl.Decimal: MONEY_FORMAT},
                autofit=True,
                freeze_panes=(1, 0),
            )
        book.set_properties({"title": f"Close of {month:%Y-%m}"})
    return file.getvalue()


def exact(amount: Decimal | None) -> str:
    """An amount with all of its digits."""
    return "unknown" if amount is None else f"{amount.normalize():f}"
