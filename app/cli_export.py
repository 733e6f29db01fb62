"""`unitcost export`: the rated requests as a FOCUS bill, and any mart as a file."""

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app import builds, focus_export, mart_export
from app.console import out
from app.mart_export import Asked
from app.settings import Settings
from app.table_files import Format


class Version(StrEnum):
    """The FOCUS versions that are written."""

    V1_0 = "1.0"
    V1_2 = "1.2"


export = typer.Typer(no_args_is_help=True, help="Figures for other tools.")


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


@export.command()
def mart(
    name: Annotated[str, typer.Argument(help="The mart, e.g. cost_per_customer.", metavar="MART")],
    target: Annotated[
        Path | None, typer.Option("--to", help="The file to write; MART.csv here by default.", metavar="FILE")
    ] = None,
    into: Annotated[Format | None, typer.Option("--format", help="By the file's suffix where not given.")] = None,
    month: Annotated[
        list[datetime] | None, typer.Option(formats=["%Y-%m"], help="Only this UTC month; may be repeated.")
    ] = None,
    provider: Annotated[list[str] | None, typer.Option(help="Only this provider; may be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this model; may be repeated.")] = None,
    feature: Annotated[list[str] | None, typer.Option(help="Only this feature; may be repeated.")] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Only this customer; may be repeated.")] = None,
    environment: Annotated[list[str] | None, typer.Option(help="Only this environment; may be repeated.")] = None,
) -> None:
    """Write a mart of the served build as CSV, Excel or Parquet, money digit for digit."""
    suffixes = {f".{one}": one for one in Format}
    into = into or (suffixes.get(target.suffix.lower()) if target else Format.CSV)
    if into is None:
        raise typer.BadParameter(f"{target} ends in none of {', '.join(suffixes)}: name it with --format")
    target = target or Path(f"{name}.{into}")
    if not target.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {target.parent}")
    chosen = {
        "provider": provider,
        "model": model,
        "feature": feature,
        "customer": customer,
        "environment": environment,
    }
    asked = Asked(
        tuple(one.date() for one in month or ()),
        {dimension: tuple(members) for dimension, members in chosen.items() if members},
    )
    settings = Settings()
    count = mart_export.write(
        builds.current(settings.home), name, asked, target, into, memory_limit=settings.memory_limit
    )
    out.print(f"{count:,} rows of {name} in {target}", markup=False)
