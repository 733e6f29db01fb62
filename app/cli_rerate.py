"""`unitcost rerate`: what a closed month would cost by a later price book, shown before it is written."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table as RichTable

from app import pipeline, rerate
from app.console import err, out
from app.currency import symbol
from app.settings import Settings


def command(
    first: Annotated[str, typer.Option("--from", help="First day or month: 2026-09-01, 2026-09.", metavar="DAY")],
    last: Annotated[str, typer.Option("--to", help="Last day or month, included.", metavar="DAY")],
    known_at: Annotated[
        datetime | None, typer.Option(help="Read the price book as it was then (UTC); now where it is not said.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Rate closed months by a later price book: show what changes, then write it and keep the difference."""
    settings = Settings()
    start, end = _first_day(first), _day_after(last)
    if end <= start:
        raise typer.BadParameter(f"--to {last} is before --from {first}")
    with (
        pipeline.writer(settings),
        err.status("building what it would cost") as shown,
        rerate.proposed(
            settings, start, end, known_at=known_at, progress=lambda what, *_: shown.update(what)
        ) as proposal,
    ):
        shown.stop()
        _show(proposal, symbol(settings.reporting_currency))
        if not proposal.rows:
            out.print("nothing changes, and nothing was written")
            return
        if not (yes or typer.confirm("Write it?")):
            out.print("nothing was written")
            return
        published = rerate.accept(settings, proposal)
    out.print(f"published {published.build_id}; the difference is kept in rerate_changes", markup=False)


def _show(proposal: rerate.Proposal, unit: str) -> None:
    def money(value: Decimal | None) -> str:
        return "no price" if value is None else f"{'-' if value < 0 else ''}{unit}{abs(value):,.6f}"

    table = RichTable(box=None, pad_edge=False)
    for name in ("month", "provider", "model", "calls", "before", "after", "change"):
        table.add_column(name, justify="right" if name in {"calls", "before", "after", "change"} else "left")
    total = Decimal(0)
    for one in proposal.by_model():
        total += one.change
        table.add_row(
            f"{one.month:%Y-%m}", escape(one.provider_id), escape(one.model_id), f"{one.request_count:,}",
            money(one.before), money(one.after), money(one.change),
        )  # fmt: skip
    if proposal.rows:
        out.print(table)
        out.print(f"{len(proposal.rows):,} sums of a day, model, feature and customer change, by {money(total)} in all")


def _first_day(text: str) -> date:
    return _parsed(text)[0]


def _day_after(text: str) -> date:
    return _parsed(text)[1]


def _parsed(text: str) -> tuple[date, date]:
    """The day or month as its first day and the day after it."""
    try:
        if len(text) == len("2026-09"):
            month = date.fromisoformat(f"{text}-01")
            return month, date(month.year + month.month // 12, month.month % 12 + 1, 1)
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no day and no month: write 2026-09-01 or 2026-09") from error
    return day, date.fromordinal(day.toordinal() + 1)
