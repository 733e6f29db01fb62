"""`unitcost close`: freeze the prices of a month, where nothing stands in the way."""

import re
from datetime import date
from typing import Annotated

import typer

from app import period_lock
from app.console import out
from app.settings import Settings


def command(
    month: Annotated[str, typer.Argument(help="The month: 2026-10.", metavar="MONTH")],
    note: Annotated[str | None, typer.Option(help="Kept beside it: who closed it, and why.")] = None,
    *,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also where something stands in the way.")] = False,
) -> None:
    """Close a month: its prices are frozen from the next build on.

    Refused where the served build has no bill of it, or one with differences that nothing explains, lines that no
    charge rule knows, or calls still estimated. To open it again, delete its line of seeds/closed_periods.csv.
    """
    first = _month(month)
    since = period_lock.close(Settings(), first, note=note, anyway=anyway)
    out.print(
        f"{first:%Y-%m} is closed as of {since} UTC, when its figures were built; run `unitcost build`", markup=False
    )


def _month(text: str) -> date:
    if not re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])", text):
        raise typer.BadParameter(f"{text} is no month: write 2026-10")
    return date.fromisoformat(f"{text}-01")
