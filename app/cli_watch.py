"""`unitcost watch`: ingest, build, alert, in a loop."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app import cli_alert, watch
from app.console import err, out
from app.settings import Settings
from app.watch import Round
from ingest.outcomes import totals


def command(
    every: Annotated[
        float, typer.Option(min=1, help="Seconds from the start of one round to that of the next.", metavar="SECONDS")
    ] = 10,
) -> None:
    """Load what unitcost.toml lists and what was received, build where something landed, tell the channels; again.

    SIGTERM and Ctrl-C end it after the round; a round that fails is told, and the next one comes.
    """
    settings = Settings()
    if (settings.home / "demo").exists():
        raise typer.BadParameter(f"{settings.home} holds the demo company; set UNITCOST_HOME to another folder")
    if not settings.channels:
        err.print("unitcost.toml lists no [[channels]]: nobody is told of anomalies", markup=False)
    out.print(f"watching every {every:g} s; Ctrl-C ends it after the round", markup=False)
    said = _Said()
    watch.until_signalled(
        lambda stop: watch.loop(settings, every=every, stop=stop, on_round=said.round, on_error=said.error)
    )
    out.print("stopped")


class _Said:
    """What was said last: what stays wrong is said once."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self.told: tuple[object, ...] = ()

    def round(self, one: Round) -> None:
        if one.problems != self.problems:
            for problem in one.problems:
                err.print(problem, markup=False)
            self.problems = one.problems
        if one.result.build is not None:
            landed, rejected, _ = totals(one.outcomes)
            out.print(
                f"{_clock()} {landed:,} records landed, {rejected:,} rejected ({one.ingest_seconds:.1f} s); anomalies "
                f"told ({one.first_seconds:.1f} s); published {one.result.build.build_id} ({one.build_seconds:.1f} s)",
                markup=False,
            )
        if one.told_first is not None and any(told.sent for told in one.told_first.outcomes):
            cli_alert.report(one.told_first)
        if one.told is not None:
            state = tuple((told.problem, told.is_quiet, len(told.waiting)) for told in one.told.outcomes)
            if any(told.sent for told in one.told.outcomes) or (state, one.told.unheard) != self.told:
                cli_alert.report(one.told)
            self.told = (state, one.told.unheard)

    def error(self, error: Exception) -> None:
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        if (problem,) != self.problems:
            err.print(f"error: {_clock()} {problem}", markup=False)
        self.problems = (problem,)


def _clock() -> str:
    return f"{datetime.now(UTC):%H:%M:%S}"
