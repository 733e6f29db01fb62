"""Rate closed months anew: what would change is built and shown before anything is published.

A closed month keeps the prices of its close. A rerate is the one way to move it: it names the days and as of when the
price book is to be read, it is kept in the book, and so is what it changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from app import builds, pipeline
from app.dbt_build import Progress
from app.settings import PROJECT_DIR, Settings
from ingest.ledger import Ledger
from ingest.prices import book, closed_periods
from ingest.sqltext import literal


class RerateError(Exception):
    """There is nothing to rate anew: what, and what to do."""


@dataclass(frozen=True)
class Change:
    """What a rerate would do to a month of one model: cost before and after, None where nothing had a price."""

    month: date
    provider_id: str
    model_id: str
    request_count: int
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal:
        """After less before; no price counts as nothing."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True)
class Proposal:
    """A rerate that is built, tested and not published."""

    rerate: dict[str, Any]
    """A row of `ingest.prices.tables.RERATES`."""
    rows: list[dict[str, Any]]
    """Rows of `ingest.prices.tables.RERATE_CHANGES`."""
    candidate: Path = field(repr=False)

    def by_model(self) -> list[Change]:
        """The changes by month and model, the largest first."""
        groups: dict[tuple[date, str, str], list[dict[str, Any]]] = {}
        for row in self.rows:
            key = (row["usage_date"].replace(day=1), row["provider_id"], row["model_id"])
            groups.setdefault(key, []).append(row)
        changes = [
            Change(
                *key,
                sum(row["request_count"] for row in rows),
                _sum(rows, "cost_before_usd"),
                _sum(rows, "cost_after_usd"),
            )
            for key, rows in groups.items()
        ]
        return sorted(changes, key=lambda one: abs(one.change), reverse=True)


@contextmanager
def proposed(
    settings: Settings,
    first: date,
    end: date,
    *,
    known_at: datetime | None = None,
    progress: Progress = lambda *_: None,
) -> Iterator[Proposal]:
    """Build what the days from `first` to before `end` cost by the book as of `known_at` (UTC; None: now).

    Call inside `pipeline.writer`. What is not accepted is thrown away.

    Raises:
        RerateError: no month in these days is closed, or something is not built yet.
        PriceBookError: the closed months, the overrides, the rules or LiteLLM's map cannot be read.
        dbt_build.BuildError: a model or test failed.
    """
    if not any(first <= day < end for day in _closed_days(first, end)):
        raise RerateError(
            f"no month from {first} to before {end} is closed in seeds/closed_periods.csv: "
            "open months are rated from the newest price book by every `unitcost build`"
        )
    files = pipeline.known_files(settings)
    if not pipeline.is_built(settings, files):
        raise RerateError(
            "there are files, prices or rules that are not built yet: run `unitcost build` first, "
            "so that the rerate's own change can be seen"
        )
    now = datetime.now(UTC).replace(tzinfo=None)
    rerate = {
        "rerate_id": f"{now:%Y%m%dT%H%M%SZ}",
        "from_date": first,
        "to_date": end,
        "known_at": known_at or now,
        "ran_at": now,
    }
    landed = book.write(settings.home, "prices__rerates", [rerate])
    try:
        tried = {
            "table_name": "prices__rerates",
            "path": str(landed.path.relative_to(settings.home)),
            "sha256": landed.sha256,
            "usage_date": landed.usage_date,
            "row_count": landed.row_count,
            "input_id": landed.sha256[:16],
            "load_number": 0,
        }
        candidate = pipeline.build_candidate(settings, [*files, tried], progress=progress)
        try:
            yield Proposal(rerate, _changes(builds.current(settings.home).path, candidate, rerate), candidate)
        finally:
            candidate.unlink(missing_ok=True)
    finally:
        with Ledger(settings.home) as ledger:
            if not any(file["sha256"] == landed.sha256 for file in ledger.active_files()):
                landed.path.unlink(missing_ok=True)


def accept(settings: Settings, proposal: Proposal) -> builds.Build:
    """Keep the rerate and its changes in the price book, and publish the candidate."""
    with Ledger(settings.home) as ledger:
        book.append_rerate(ledger, settings.home, proposal.rerate, proposal.rows)
        files = ledger.active_files()
    pipeline.build_models(
        settings, proposal.candidate, files, select="stg_prices__rerates stg_prices__rerate_changes rerate_changes"
    )
    return pipeline.publish(settings, proposal.candidate, files)


def _changes(before: Path, after: Path, rerate: dict[str, Any]) -> list[dict[str, Any]]:
    """Calls of the rerated days whose cost differs between two builds, summed by what people ask for."""
    con = duckdb.connect()
    try:
        for name, path in (("before", before), ("after", after)):
            con.execute(f"attach {literal(str(path))} as {name}_build (read_only)")
        cursor = con.execute(
            """
            select
                after.usage_date, after.provider_id, after.model_id, after.feature_id, after.customer_id,
                count(*) as request_count,
                sum(before.cost_usd) as cost_before_usd,
                sum(after.cost_usd) as cost_after_usd
            from after_build.marts.fct_requests as after
            inner join before_build.marts.fct_requests as before
                on after.source_id = before.source_id and after.request_id = before.request_id
            where
                after.usage_date >= $from_date and after.usage_date < $to_date
                and before.usage_date >= $from_date and before.usage_date < $to_date
                and after.cost_usd is distinct from before.cost_usd
            group by all
            order by all
            """,
            {"from_date": rerate["from_date"], "to_date": rerate["to_date"]},
        )
        names = [column[0] for column in cursor.description or ()]
        return [{"rerate_id": rerate["rerate_id"], **dict(zip(names, row, strict=True))} for row in cursor.fetchall()]
    finally:
        con.close()


def _closed_days(first: date, end: date) -> Iterator[date]:
    """For each closed month that reaches into the days, the first of them."""
    for period in closed_periods.read(PROJECT_DIR / "seeds" / "closed_periods.csv"):
        month = period.month
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        if month < end and following > first:
            yield max(month, first)


def _sum(rows: list[dict[str, Any]], name: str) -> Decimal | None:
    values = [row[name] for row in rows if row[name] is not None]
    return sum(values, Decimal(0)) if values else None
