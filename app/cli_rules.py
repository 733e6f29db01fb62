"""`unitcost rules diff`: what changed attribution rules would move, before they are built."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table as RichTable

from app import pipeline, rules_diff
from app.console import err, out
from app.currency import symbol
from app.settings import Settings

rules = typer.Typer(no_args_is_help=True, help="Attribution rules.")


@rules.callback()
def _rules() -> None:
    """Keeps `diff` a word of its own while it is the only one."""


@rules.command()
def diff(
    file: Annotated[
        Path | None,
        typer.Argument(help="Other rules; seeds/attribution_rules.csv as it is now where none are named."),
    ] = None,
) -> None:
    """Show whose calls and charges would become whose, and what they cost. Nothing is written."""
    if file is not None and not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    settings = Settings()
    with pipeline.writer(settings), err.status("attributing anew") as shown:
        found = rules_diff.diff(settings, file, progress=lambda what, *_: shown.update(what))
    _show(found, symbol(settings.reporting_currency))


def _show(found: rules_diff.Diff, unit: str) -> None:
    if found.moves:
        table = RichTable(box=None, pad_edge=False)
        for name in ("what", "from", "to", "calls", "charges", "cost"):
            table.add_column(name, justify="right" if name in {"calls", "charges", "cost"} else "left")
        for move in found.moves:
            table.add_row(
                rules_diff.DIMENSIONS[move.dimension], escape(move.before), escape(move.after),
                f"{move.request_count:,}", f"{move.charge_count:,}", f"{unit}{move.cost_usd:,.6f}",
            )  # fmt: skip
        out.print(table)
        for dimension, word in rules_diff.DIMENSIONS.items():
            moved = [move for move in found.moves if move.dimension == dimension]
            if moved:
                cost = sum((move.cost_usd for move in moved), Decimal(0))
                calls = sum(move.request_count for move in moved)
                charges = sum(move.charge_count for move in moved)
                what = f"{calls:,} calls" + (f", {charges:,} charges" if charges else "")
                out.print(f"another {word}: {what}, {unit}{cost:,.6f}", markup=False)
    else:
        out.print("no call or charge would move")
    if found.unbuilt_count:
        out.print(f"{found.unbuilt_count:,} calls have landed that are not built yet: they are not in it", markup=False)
