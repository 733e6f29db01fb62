"""Close a month: what stands in its way, and the line of `seeds/closed_periods.csv` that closes it.

From the next build on, the month is rated from the price book as it was at the close; nothing that is learned later
moves it but `unitcost rerate`. To open it again, delete its line by hand.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from app import builds, marts, pipeline
from app.marts.warehouse import Warehouse
from app.settings import PROJECT_DIR, Settings
from ingest.prices import closed_periods
from ingest.prices.tables import PriceBookError


class CloseError(Exception):
    """The month cannot be closed: what stands in its way, and what to do."""


PROBLEMS = (CloseError, builds.NoBuildError, pipeline.LockedError, OSError)
"""What `close` raises, for those who show it."""


@dataclass(frozen=True)
class Obstacle:
    """What keeps a bill of a month from being final. `amount` is in the reporting currency; None: there is no bill."""

    bill: str
    what: str
    amount: Decimal | None = None


_AMOUNTS = {
    "unexplained_variance_usd": "that nothing explains",
    "unclassified_cost_usd": "on lines that no charge rule knows",
    "estimated_cost_usd": "of calls still estimated",
}


def obstacles(checklist: pl.DataFrame, month: date) -> list[Obstacle]:
    """What stands in the way of a month's close, by the mart `close_checklist` of one build."""
    bills = list(checklist.filter(pl.col("month") == month).iter_rows(named=True))
    if not bills:
        return [Obstacle("every provider", "no bill and no call")]
    return [found for bill in bills for found in _of_bill(bill)]


def _of_bill(bill: dict[str, Any]) -> list[Obstacle]:
    name = f"{bill['provider_id']} · {bill['billing_account_id']}"
    missing = [] if bill["has_bill"] else [Obstacle(name, "no bill")]
    amounts = [Obstacle(name, what, bill[column]) for column, what in _AMOUNTS.items() if bill[column]]
    return [*missing, *amounts]


def closed_months() -> dict[date, datetime]:
    """The months that are closed from the next build on, and since when (UTC).

    Raises:
        CloseError: the file of closed months is not there, or a line of it cannot be meant.
    """
    try:
        return {one.month: one.closed_at for one in closed_periods.read(_path())}
    except (PriceBookError, OSError) as error:
        raise CloseError(str(error)) from error


def close(settings: Settings, month: date, *, note: str | None = None, anyway: bool = False) -> datetime:
    """Close a month as the served build has it; return since when it is closed (UTC).

    That is the time of the build: the prices that are frozen are those of the figures that were looked at, whatever the
    price book learned since; and a bill that changed since counts as restated after the close.

    Args:
        month: its first day.
        note: kept in the line; else the build that was looked at.
        anyway: also where something stands in the way.

    Raises:
        CloseError: the month is not over, or closed already; something stands in its way; the file cannot be written.
        NoBuildError: nothing was built yet.
        LockedError: another run is going on, which would miss the line.
    """
    with pipeline.writer(settings):
        build = builds.current(settings.home)
        built_at = build.built_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        if month in (closed := closed_months()):
            raise CloseError(f"{month:%Y-%m} is closed already, since {closed[month]} UTC: see {_path()}")
        _refuse_unfinished(month, built_at)
        if not anyway:
            _refuse_unready(month, build)
        try:
            closed_periods.append(
                _path(), closed_periods.ClosedPeriod(month, built_at), note or f"build {build.build_id}"
            )
        except OSError as error:
            raise CloseError(f"{_path()} cannot be written ({error.strerror}): nothing was closed") from error
        return built_at


def first_day_after(month: date) -> date:
    """From when on a month can be closed: the UTC day after it."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _refuse_unfinished(month: date, built_at: datetime) -> None:
    end = first_day_after(month)
    if datetime.now(UTC).date() < end:
        raise CloseError(f"{month:%Y-%m} is not over: it can be closed from {end} on")
    if built_at.date() < end:
        raise CloseError(f"the last build, of {built_at} UTC, is older than the end of {month:%Y-%m}: build first")


def _refuse_unready(month: date, build: builds.Build) -> None:
    with closing(Warehouse(build.path)) as warehouse:
        standing = obstacles(marts.control.close_checklist(warehouse), month)
    if standing:
        currency = build.facts.get("reporting_currency", "USD")
        said = "; ".join(_said(one, currency) for one in standing)
        raise CloseError(f"{month:%Y-%m} is not ready to close: {said} (--anyway closes it all the same)")


def _said(one: Obstacle, currency: str) -> str:
    amount = "" if one.amount is None else f"{one.amount.normalize():,f} {currency} "
    return f"{one.bill}: {amount}{one.what}"


def _path() -> Path:
    return PROJECT_DIR / "seeds" / "closed_periods.csv"
