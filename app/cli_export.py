"""`unitcost export`: the rated requests in a format that other tools take."""

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app import builds, focus_export
from app.console import out
from app.settings import Settings


class Version(StrEnum):
    """The FOCUS versions that are written."""

    V1_0 = "1.0"
    V1_2 = "1.2"


export = typer.Typer(no_args_is_help=True, help="Rated requests for other tools.")


@export.command()
def focus(
    target: Annotated[Path, typer.Argument(help="The file to write: CSV, or Parquet where it ends in .parquet.")],
    version: Annotated[Version, typer.Option(help="Of the FOCUS specification.")] = Version.V1_2,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First UTC day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last UTC day, included.")] = None,
) -> None:
    """Write rated requests as rows of a FOCUS bill, in US dollars: any FinOps tool takes them."""
    days = (first.date() if first else date.min, last.date() if last else date.max)
    if days[1] < days[0]:
        raise typer.BadParameter(f"--to {days[1]} is before --from {days[0]}")
    if not target.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {target.parent}")
    done = focus_export.write(builds.current(Settings().home).path, target, version.value, *days)
    out.print(f"{done.rows:,} rows of FOCUS {version} in {target}: ${done.effective_cost:,.2f}", markup=False)
    if done.unpriced_calls:
        out.print(
            f"{done.unpriced_calls:,} calls without a price are not in it: FOCUS has no unknown cost", markup=False
        )
