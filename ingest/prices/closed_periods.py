"""Months whose books are closed: `seeds/closed_periods.csv`, read, checked, and written a line at a time."""

import csv
import io
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from ingest import disk
from ingest.prices import csv_lines
from ingest.prices.tables import PriceBookError

COLUMNS = ("month", "closed_at", "note")

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(rf"{_DAY.pattern}([T ]\d{{2}}:\d{{2}}:\d{{2}}(\.\d{{1,6}})?(Z|[+-]\d{{2}}:\d{{2}})?)?")
"""ISO 8601 as far as dbt's seed reads it, too."""


@dataclass(frozen=True)
class ClosedPeriod:
    """A month by its first day, and the time (UTC) as of which the price book holds for it."""

    month: date
    closed_at: datetime


def read(path: Path) -> list[ClosedPeriod]:
    """The closed months of the file, as they stand in it.

    Raises:
        PriceBookError: a line cannot be meant, or closes a month again; it names the line.
        OSError: the file is not there.
    """
    lines: dict[date, int] = {}
    periods = []
    for number, record in csv_lines.read(path, COLUMNS):
        try:
            period = ClosedPeriod(_month(record["month"]), _time(record["closed_at"]))
        except ValueError as error:
            raise PriceBookError(f"{path} line {number}: {error}") from error
        if period.month in lines:
            raise PriceBookError(
                f"{path} line {number}: {period.month} is closed by line {lines[period.month]} already"
            )
        lines[period.month] = number
        periods.append(period)
    return periods


def append(path: Path, period: ClosedPeriod, note: str) -> None:
    """Close a month: one more line at the end of the file, which is replaced as a whole or not at all.

    The other lines stay byte for byte. There is no way back but to delete the line: FOCUS has a period that is `Closed`
    stay so.

    Args:
        period: of a month that the file does not hold.
        note: why, by whom; on Spark a seed needs a value somewhere in each column, and takes no apostrophe.

    Raises:
        OSError: the file is not there, or cannot be written; it is as it was.
    """
    before = path.read_bytes()
    header = next(csv.reader([before.decode("utf-8-sig").partition("\n")[0].rstrip("\r")]))
    ending = "\r\n" if b"\r\n" in before else "\n"
    line = io.StringIO()
    csv.DictWriter(line, header, lineterminator=ending).writerow(
        {
            "month": f"{period.month:%Y-%m-%d}",
            "closed_at": f"{period.closed_at:%Y-%m-%dT%H:%M:%SZ}",
            "note": " ".join(note.split()).replace("'", "’"),
        }
    )
    if not before.endswith(b"\n"):
        before += ending.encode()

    def fill(new: Path) -> None:
        new.write_bytes(before + line.getvalue().encode())
        shutil.copymode(path, new)

    disk.place(path, fill)


def _month(text: str | None) -> date:
    problem = f"month {text or '(blank)'} is no first day of a month like 2026-09-01"
    if text is None or not _DAY.fullmatch(text):
        raise ValueError(problem)
    try:
        month = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(problem) from error
    if month.day != 1:
        raise ValueError(problem)
    return month


def _time(text: str | None) -> datetime:
    problem = f"closed_at {text or '(blank)'} is no time like 2026-10-03T00:00:00Z"
    if text is None or not _TIME.fullmatch(text):
        raise ValueError(problem)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(problem) from error
    if at.utcoffset():
        # the seed is loaded as a timestamp without a zone, for which DuckDB passes over the offset
        raise ValueError(f"closed_at {text} is {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} in UTC: write it so")
    return at.replace(tzinfo=None)
