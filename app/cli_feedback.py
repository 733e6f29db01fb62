"""`unitcost feedback`: what somebody says of an anomaly."""

import getpass
from typing import Annotated

import typer

from app import feedback
from app.console import out
from app.settings import Settings


def command(
    anomaly_id: Annotated[str, typer.Argument(help="As the alert and the mart cost_anomalies say it.")],
    verdict: Annotated[
        feedback.Verdict,
        typer.Argument(
            help="expected: it was meant to be; false: it was nothing; both raise the limits of what deviated to two "
            "standard deviations beyond it. acknowledged: somebody is at it, no more updates."
        ),
    ],
    note: Annotated[str | None, typer.Option(help="Kept beside it: why.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so.", show_default="who is logged in")] = None,
) -> None:
    """Say what an anomaly was; the next run takes it up. What is said last of an anomaly counts."""
    feedback.record(Settings().home, anomaly_id, verdict, note, by or getpass.getuser())
    out.print(f"{anomaly_id} is {verdict.value}, from the next run on", markup=False)
