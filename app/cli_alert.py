"""`unitcost alert`: tell the channels of unitcost.toml of anomalies."""

from typing import Annotated

import typer

from app.alerts import telling
from app.alerts.telling import Outcome, Report
from app.console import err, out
from app.settings import Settings

FAILED = 1


def command(
    *, dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")] = False
) -> None:
    """Tell the channels of unitcost.toml what is new of anomalies of the served build.

    One message when an anomaly begins, one when it costs half as much again, goes on for another day or has another
    cause, one when it is over. What a channel does not take, the next run tells it.
    """
    told = telling.tell(Settings(), dry_run=dry_run)
    if dry_run:
        for outcome in told.outcomes:
            for _, message in outcome.waiting:
                out.print(f"to {outcome.channel}: {message.title}\n{message.body}\n", markup=False)
    report(told, is_dry=dry_run)
    if any(outcome.problem for outcome in told.outcomes):
        raise typer.Exit(FAILED)


def report(told: Report, *, is_dry: bool = False) -> None:
    """Say what became of each channel's messages."""
    for outcome in told.outcomes:
        if outcome.problem:
            err.print(
                f"error: {outcome.channel} was not told of {_count(len(outcome.waiting))}: {outcome.problem}; "
                "the next run tells it",
                markup=False,
            )
        out.print(f"{outcome.channel}: {_said(outcome, is_dry=is_dry)}", markup=False)
    if told.unheard:
        owners = ", ".join(sorted(owner or "nobody" for owner in told.unheard))
        err.print(f"no channel is told of open anomalies of: {owners}", markup=False)


def _said(outcome: Outcome, *, is_dry: bool) -> str:
    kinds = [one.news.value for one, _ in outcome.sent]
    sent = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted({*kinds}))
    waiting = _count(len(outcome.waiting))
    if outcome.is_quiet:
        return f"{waiting} until the end of its quiet hours"
    if is_dry:
        return f"{waiting} to be told"
    return sent or ("nothing new" if not outcome.waiting else f"{waiting} waiting")


def _count(number: int) -> str:
    return f"{number:,} {'message' if number == 1 else 'messages'}"
