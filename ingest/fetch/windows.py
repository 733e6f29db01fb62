"""The windows of time that a report is asked for, and which of them are due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ingest.fetch.api import Report

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """A calendar month or day in UTC, as far as it is complete.

    Attributes:
        name: `2026-10` or `2026-10-07`.
        first: its first day.
        end: the day after its last complete one.
        whole_end: the day after its last one, which may be still to come.
    """

    name: str
    first: date
    end: date
    whole_end: date

    def settles_at(self, refetch_days: int) -> datetime:
        """When the provider restates it no more."""
        return datetime.combine(self.whole_end, time(), UTC) + timedelta(days=refetch_days)


@dataclass(frozen=True)
class Done:
    """A window whose pages are all on disk.

    Attributes:
        end: the day after the last one in them.
        asked_at: when the first of them was asked for.
        run: the run that fetched it.
        times: how often it was fetched.
        pages: how many pages, by folder.
    """

    end: date
    asked_at: datetime
    run: str
    times: int
    pages: dict[str, int]


def windows(report: Report, first: date, last: date, today: date) -> Iterator[Window]:
    """The windows that hold the days from `first` to `last`, oldest first, without days that are not complete.

    A window is asked for whole, also where only some of its days are wanted: its pages take the place of those that are
    there, and must not hold less.
    """
    if report.oldest_days is not None:
        first = max(first, today - timedelta(days=report.oldest_days))
    day = first.replace(day=1) if report.window == "month" else first
    while day <= last and day < today:
        after = (day.replace(day=28) + 4 * DAY).replace(day=1) if report.window == "month" else day + DAY
        name = f"{day:%Y-%m}" if report.window == "month" else str(day)
        yield Window(name, day, min(after, today), after)
        day = after
