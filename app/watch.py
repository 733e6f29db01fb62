"""The loop of `unitcost watch`: land what is new, build it where there is any, tell the channels; again and again."""

import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app import pipeline, received
from app.alerts import telling
from app.alerts.telling import Report
from app.pipeline import BuildResult
from app.settings import Settings
from ingest.outcomes import Outcome
from ingest.paths import RECEIVED

WATCHED = "+cost_anomalies +cost_anomaly_effects"
"""The models that alerts are told from, and what is below them: some half of a build, and a small part of its work."""
SCRATCH = ".scratch-watch-"


@dataclass(frozen=True)
class Round:
    """What a round did, and how many seconds each part of it took.

    Attributes:
        told_first: what was told as soon as anomalies were known, before the build went on; None where there is no
            channel, nothing is new, or all of it is built anew.
        told: what was told of the build; None where there is no channel.
    """

    outcomes: list[Outcome]
    result: BuildResult
    told_first: Report | None
    told: Report | None
    ingest_seconds: float
    first_seconds: float
    build_seconds: float

    @property
    def problems(self) -> tuple[str, ...]:
        """What was refused: the same until somebody does something about it."""
        return tuple(f"refused {one.path}: {one.problem}" for one in self.outcomes if one.state == "refused")


def one_round(settings: Settings) -> Round:
    """Go the way once: what is known of anomalies is told before the rest is built.

    The lock is held while files land and models are built, not while channels are told.

    Raises:
        LockedError: another run is going on.
        BuildError: the last build stays.
    """
    started = time.monotonic()
    received.ask(settings.home / RECEIVED)
    with TemporaryDirectory(dir=settings.home, prefix=SCRATCH) as folder:
        with pipeline.writer(settings):
            outcomes = pipeline.ingest_listed(settings)
            landed = time.monotonic()
            part = pipeline.build_in_part(settings, Path(folder), WATCHED) if settings.channels else None
        told_first = telling.tell(settings, built=part) if part else None
    first = time.monotonic()
    with pipeline.writer(settings):
        result = pipeline.build(settings)
    built = time.monotonic()
    told = telling.tell(settings) if settings.channels else None
    return Round(outcomes, result, told_first, told, landed - started, first - landed, built - first)


def loop(
    settings: Settings,
    *,
    every: float,
    stop: threading.Event,
    on_round: Callable[[Round], None],
    on_error: Callable[[Exception], None],
) -> None:
    """Go round until `stop` is set; a round that has begun is finished. One that fails is told, and the next one comes.

    Args:
        every: seconds from the start of a round to that of the next one; one that takes longer is followed at once.
    """
    for left in settings.home.glob(f"{SCRATCH}*"):  # of a watch that was killed: as large as a build
        shutil.rmtree(left)
    while not stop.is_set():
        started = time.monotonic()
        try:
            on_round(one_round(settings))
        except Exception as error:  # noqa: BLE001 - whatever it is, the next round may do without it; it is told
            on_error(error)
        stop.wait(max(0.0, every - (time.monotonic() - started)))


def until_signalled(run: Callable[[threading.Event], None]) -> None:
    """Run a loop until SIGTERM or SIGINT; a second signal ends it at once."""
    stop = threading.Event()

    def on_signal(number: int, _: object) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    before = {name: signal.signal(name, on_signal) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        run(stop)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
