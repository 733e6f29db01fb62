"""What somebody says of an anomaly: a file of its own in the home, which the next run loads like any other input.

The verdict says itself which series it is of and how many times as high as usual that was: `expected` and `false`
raise its limit two standard deviations above that, from the day after, of a drift that of drifting. `acknowledged`
moves none, and takes an earlier verdict back.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from app import builds, effects, marts
from app.marts.warehouse import Warehouse
from ingest import disk
from ingest.paths import FEEDBACK

MOST_LETTERS = 2000


class Verdict(StrEnum):
    """What may be said of an anomaly."""

    EXPECTED = "expected"
    FALSE = "false"
    ACKNOWLEDGED = "acknowledged"


class FeedbackError(Exception):
    """The verdict was not kept; the message says why."""


def record(home: Path, anomaly_id: str, verdict: Verdict, note: str | None = None, by: str | None = None) -> Path:
    """Keep what somebody says of an anomaly of the served build. The next run takes it up.

    Args:
        note: why, in the person's words.
        by: who says it.

    Returns:
        The file that holds it, of mode 600.

    Raises:
        FeedbackError: there is no such anomaly, or the note is longer than MOST_LETTERS.
        NoBuildError: nothing was built yet.
        MartError: the build cannot be read.
        OSError: the disk refused; nothing was kept.
    """
    if len(note or "") > MOST_LETTERS:
        raise FeedbackError(f"the note is longer than {MOST_LETTERS:,} letters")
    with closing(Warehouse(builds.current(home).path)) as warehouse:
        found = marts.drivers.every_anomaly(warehouse).filter(pl.col("anomaly_id") == anomaly_id)
        if found.is_empty():
            raise FeedbackError(f"there is no anomaly {anomaly_id} in the served build: see the mart cost_anomalies")
        anomaly = found.row(0, named=True)
        baselines = marts.drivers.driver_baselines(
            warehouse, anomaly["feature_id"], anomaly["workload"], anomaly["started_date"], anomaly["last_date"]
        )
    now = datetime.now(UTC)
    feedback_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}"
    said = {
        "feedback_id": feedback_id,
        "anomaly_id": anomaly_id,
        "verdict": verdict.value,
        "given_at": now.isoformat(),
        "given_by": by,
        "note": note,
        **{name: anomaly[name] for name in ("kind", "feature_id", "workload", "causes")},
        "last_date": str(anomaly["last_date"]),
    }
    drivers = [{"driver": driver, "times_usual": f"{times:.6f}"} for driver, times in _judged(anomaly, baselines)]
    lines = [json.dumps({**said, **driver}) + "\n" for driver in drivers or [{}]]
    path = home / FEEDBACK / f"{feedback_id}.jsonl"
    disk.write(path, "".join(lines).encode())
    return path


def _judged(anomaly: Mapping[str, Any], baselines: pl.DataFrame) -> list[tuple[str, float]]:
    """Drivers beyond their limits, and how many times as high as usual they were; of a drift as four weeks before."""
    if anomaly["kind"] == "drift":  # no day of it need be beyond the limits
        cause = anomaly["cause"]
        return [(effects.DRIVER_OF.get(cause, cause), anomaly["times_before"])]
    return (
        baselines.filter(pl.col("deviation_sigmas") > pl.col("limit_sigmas"))
        .group_by("driver", maintain_order=True)
        .agg((pl.col("actual") / pl.col("expected")).max())
        .rows()
    )
