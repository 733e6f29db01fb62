"""`unitcost evidence`: what scores prove of a cheaper model."""

from pathlib import Path
from typing import Annotated

import typer

from app import evidence
from app.console import out


def command(
    scores: Annotated[
        Path,
        typer.Argument(
            help=f"CSV of pairs of scores, 0 to 1: {', '.join((*evidence.CLASS, *evidence.SCORES))}.", exists=True
        ),
    ],
    confidence: Annotated[
        float, typer.Option(help="How often a bound lies below the truth.", min=0.5, max=0.999)
    ] = 0.95,
) -> None:
    """Print, as CSV, the lower bounds of quality that seeds/model_tiers.csv asks for."""
    found = evidence.lower_bounds(evidence.read(scores), confidence=confidence)
    out.print(found.write_csv().rstrip(), markup=False, highlight=False, soft_wrap=True)
