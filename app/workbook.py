"""Excel workbooks: a sheet that says what they are, then tables, row by row, of any length that a sheet takes.

Excel keeps 15 significant digits of a number. A number that has more is a number still, of 15 digits, so that formulas
add it up; its column then has a twin at the right end, `…_exact`, with every digit as text. Text is always text: no
name becomes a formula, a link or markup.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Context, Decimal, localcontext
from math import isfinite
from typing import Any, BinaryIO

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.rows import Rows

MONEY_FORMAT = "#,##0.00##########;[Red]-#,##0.00##########"
"""Two decimals, and up to twelve where there are as many."""
DIGITS = 15
"""Significant digits of a number that Excel keeps."""
MAX_ROWS = 1_048_575
"""Rows of a sheet below its header."""
_MAX_TEXT = 32_767
_FIRST_YEAR = 1900
"""Before it Excel knows no days: they are text."""
_WIDEST = 60
_ROUNDED = Context(prec=DIGITS)
_ALL_DIGITS = 100
"""More than any sum of decimals of 38 digits has."""
_NOT_ADDED_UP = re.compile(r"price|_per_|^p\d\d_")
_IS_MONEY = re.compile(r"_usd$|cost|amount|price")
_TWIN = "_exact"
_Put = Callable[[int, int, Any], None]


class WorkbookError(Exception):
    """A table does not fit into Excel; the message says why, and what to do."""


@dataclass
class _Column:
    """What is known of a column once all rows were looked at."""

    width: int
    is_long: bool = False
    """Whether a number has more digits than Excel keeps."""
    is_added_up: bool = False
    total: Decimal | None = None
    """The exact sum of what is known of it, where it is added up; None where nothing is."""
    unknown_count: int = 0


@dataclass
class _Formats:
    head: Format
    money: Format
    day: Format
    moment: Format
    wrapped: Format
    plain: Format


@dataclass(frozen=True)
class About:
    """What the first sheet says."""

    title: str
    facts: Mapping[str, str]
    """Line by line: what, and what it is."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """Column → what it means; named below the facts, with the sums of money, where there are any."""


def write(target: BinaryIO, about: About, sheets: Mapping[str, Rows]) -> None:
    """Write a workbook: the sheet About, then a sheet for each table.

    Rows are read twice: before a line is written it must be known how many there are and which numbers are too long.

    Raises:
        WorkbookError: a table has more rows, or a text more letters, than Excel takes.
    """
    for name, rows in sheets.items():
        if rows.count > MAX_ROWS:
            raise WorkbookError(
                f"{name} has {rows.count:,} rows, a sheet of Excel holds {MAX_ROWS:,}: take Parquet or CSV, or filter"
            )
    found = {name: _looked_at(rows) for name, rows in sheets.items()}
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(target, options) as book:
        book.set_properties({"title": about.title})
        formats = _Formats(
            head=book.add_format({"bold": True}),
            money=book.add_format({"num_format": MONEY_FORMAT}),
            day=book.add_format({"num_format": "yyyy-mm-dd"}),
            moment=book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            wrapped=book.add_format({"text_wrap": True, "valign": "top"}),
            plain=book.add_format(),
        )
        _write_about(_Cells(book.add_worksheet("About"), formats), about, sheets, found)
        for name, rows in sheets.items():
            _write_rows(_Cells(book.add_worksheet(sheet_name(name)), formats), rows, found[name])


def sheet_name(name: str) -> str:
    """A name that Excel takes for a sheet."""
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31]


def exact(amount: Decimal | None) -> str:
    """An amount with all of its digits."""
    return "unknown" if amount is None else f"{amount.normalize(Context(prec=_ALL_DIGITS)):f}"


def _looked_at(rows: Rows) -> dict[str, _Column]:
    found = {column: _Column(width=len(column) + 2) for column in rows.schema}
    numbers = [column for column, dtype in rows.schema.items() if dtype.is_decimal() or dtype.is_integer()]
    texts = [column for column, dtype in rows.schema.items() if dtype == pl.String]
    for column, dtype in rows.schema.items():
        if dtype.is_temporal():
            found[column].width = max(found[column].width, 19 if dtype == pl.Datetime else 11)
        found[column].is_added_up = dtype.is_decimal() and column.endswith("_usd") and not _NOT_ADDED_UP.search(column)
    for batch in rows.batches():
        lengths = batch.select(
            [_digits(column).max().alias(column) for column in numbers]
            + [pl.col(column).str.len_chars().max().alias(column) for column in texts]
        )
        for column in (*numbers, *texts) if len(batch) else ():
            known = found[column]
            known.width = min(max(known.width, (lengths[column][0] or 0) + 2), _WIDEST)
            known.is_long |= column in numbers and (lengths[column][0] or 0) > DIGITS
            if known.is_added_up:
                amounts = batch[column].drop_nulls().to_list()
                known.unknown_count += len(batch) - len(amounts)
                with localcontext(prec=_ALL_DIGITS):
                    known.total = sum(amounts, known.total or Decimal(0)) if amounts else known.total
    return found


def _digits(column: str) -> pl.Expr:
    """How many significant digits a number has."""
    return pl.col(column).cast(pl.String).str.replace(".", "", literal=True).str.strip_chars("-0").str.len_chars()


def _write_about(
    cells: "_Cells", about: About, sheets: Mapping[str, Rows], found: Mapping[str, Mapping[str, _Column]]
) -> None:
    cells.sheet.set_column(0, 0, 28)
    cells.sheet.set_column(1, 1, 100)
    lines: list[tuple[str, str]] = [("What", "Is"), *about.facts.items()]
    heads = {0}
    twins = [f"{name}{_TWIN}" for one in found.values() for name, column in one.items() if column.is_long]
    if twins:
        names = ", ".join(dict.fromkeys(twins))
        lines.append(("Long numbers", f"Excel keeps {DIGITS} digits of a number. All digits, as text: {names}"))
    if about.meanings:
        ((table, one),) = found.items()
        count = sheets[table].count
        lines.insert(1, ("Rows", f"{count:,}"))
        totals = {name: _total(column, count) for name, column in one.items() if column.is_added_up}
        if totals:
            heads.add(len(lines) + 1)
            lines += [("", ""), ("Sum of", "Exactly"), *totals.items()]
        heads.add(len(lines) + 1)
        lines += [("", ""), ("Column", "Means"), *about.meanings.items()]
    for number, line in enumerate(lines):
        for place, said in enumerate(line):
            cells.text(number, place, said, cells.formats.head if number in heads else cells.formats.wrapped)


def _total(column: _Column, count: int) -> str:
    said = exact(column.total if column.unknown_count else column.total or Decimal(0))
    return f"{said}, without {column.unknown_count:,} of {count:,} rows" if column.unknown_count else said


def _write_rows(cells: "_Cells", rows: Rows, found: Mapping[str, _Column]) -> None:
    names = list(rows.schema)
    twins = [number for number, name in enumerate(names) if found[name].is_long]
    _write_head(cells, names, [names[twin] for twin in twins], found, rows.count)
    puts = [cells.put(name, dtype) for name, dtype in rows.schema.items()]
    line = 0
    for batch in rows.batches():
        for row in batch.iter_rows():
            line += 1
            for number, value in enumerate(row):
                if value is not None:
                    puts[number](line, number, value)
            for place, twin in enumerate(twins, len(names)):
                if row[twin] is not None:
                    cells.text(line, place, f"{Decimal(row[twin]):f}")


def _write_head(cells: "_Cells", names: list[str], twins: list[str], found: Mapping[str, _Column], count: int) -> None:
    for number, name in enumerate(names):
        cells.sheet.set_column(number, number, found[name].width)
    for number, name in enumerate(twins, len(names)):
        cells.sheet.set_column(number, number, found[name].width)
    cells.sheet.freeze_panes(1, 0)
    if names:
        cells.sheet.autofilter(0, 0, count, len(names) + len(twins) - 1)
    for number, name in enumerate([*names, *(f"{name}{_TWIN}" for name in twins)]):
        cells.text(0, number, name, cells.formats.head)


class _Cells:
    """Writes the cells of a sheet; rows from the top, since what is above is already on disk."""

    def __init__(self, sheet: Worksheet, formats: _Formats) -> None:
        self.sheet, self.formats = sheet, formats

    def put(self, name: str, dtype: pl.DataType) -> _Put:
        """What writes a value of a column."""
        if dtype.is_decimal():
            return self.money if _IS_MONEY.search(name) else self.number
        if dtype.is_integer():
            return self.number
        if dtype.is_float():
            return self.share
        others: dict[type[pl.DataType], _Put] = {
            pl.String: self.text,
            pl.Boolean: self.yes_or_no,
            pl.Date: self.day,
            pl.Datetime: self.moment,
        }
        return others.get(dtype.base_type(), self.other)

    def text(self, row: int, column: int, value: str, style: Format | None = None) -> None:
        if value.startswith("<r>") and value.endswith("</r>"):
            # XlsxWriter takes such a text for markup that it made itself; of two parts it makes it, escaped
            styles = [style] if style else []
            self.sheet.write_rich_string(row, column, value[:1], self.formats.plain, value[1:], *styles)
        elif self.sheet.write_string(row, column, value, style):
            raise WorkbookError(
                f"a text of row {row:,} has {len(value):,} letters, a cell of Excel holds {_MAX_TEXT:,}:"
                " take Parquet or CSV"
            )

    def number(self, row: int, column: int, value: Decimal | int, style: Format | None = None) -> None:
        # as a decimal, which is written digit for digit, not as the float next to it
        self.sheet.write_number(row, column, _ROUNDED.create_decimal(value), style)

    def money(self, row: int, column: int, value: Decimal) -> None:
        self.number(row, column, value, self.formats.money)

    def share(self, row: int, column: int, value: float) -> None:
        if isfinite(value):
            self.sheet.write_number(row, column, value)
        else:
            self.text(row, column, str(value))

    def yes_or_no(self, row: int, column: int, value: bool) -> None:
        self.sheet.write_boolean(row, column, value)

    def day(self, row: int, column: int, value: date) -> None:
        if value.year < _FIRST_YEAR:
            self.text(row, column, value.isoformat())
        else:
            self.sheet.write_datetime(row, column, value, self.formats.day)

    def moment(self, row: int, column: int, value: datetime) -> None:
        in_utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        if in_utc.year < _FIRST_YEAR:
            self.text(row, column, in_utc.isoformat())
        else:
            self.sheet.write_datetime(row, column, in_utc, self.formats.moment)

    def other(self, row: int, column: int, value: Any) -> None:
        self.text(row, column, str(value))
