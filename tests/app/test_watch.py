"""`unitcost watch` from a line of a log to a message, and what a verdict does to the next alarm."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from app import builds
from tests.app.mailbox import webhook

FIRST = date(2026, 9, 1)
USUAL = 96
COMMAND = [sys.executable, "-c", "from app.cli import main; main()"]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def write(path: Path, counts: Mapping[date, int]) -> None:
    """A log of calls that are alike, so many a day, spread over its hours; some more or less, as days are."""
    part = path.with_suffix(".part")
    with part.open("w") as log:
        for when, count in counts.items():
            for number in range(count):
                at = datetime(when.year, when.month, when.day, tzinfo=UTC) + timedelta(minutes=1439 * number // count)
                log.write(json.dumps(_call(f"{when}-{number}", at)) + "\n")
    part.rename(path)


def _call(name: str, at: datetime) -> dict[str, object]:
    usage = {"prompt_tokens": 8000, "completion_tokens": 4000, "total_tokens": 12000}
    return {
        "timestamp": at.isoformat(),
        "request_id": f"req-{name}",
        "metadata": {"customer_id": "northwind", "feature": "reports", "environment": "production"},
        "response": {
            "id": f"chatcmpl-{name}",
            "object": "chat.completion",
            "model": "gpt-5-2025-08-07",
            "usage": usage,
        },
    }


def usual(numbers: Iterable[int]) -> dict[date, int]:
    return {day(number): USUAL + (number * 7) % 5 for number in numbers}


def eventually(what: Callable[[], object], process: subprocess.Popen[str], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def test_from_a_line_of_a_log_to_a_message_and_a_verdict_that_raises_the_limit(tmp_path: Path) -> None:
    home, logs = tmp_path / "home", tmp_path / "logs"
    home.mkdir()
    logs.mkdir()
    (tmp_path / "unitcost.toml").write_text(
        f'[[inputs]]\npath = "{logs}/*.jsonl"\n[[channels]]\nname = "ops"\nurl_env = "OPS_URL"\n'
    )
    write(logs / "1.jsonl", {**usual(range(50)), day(50): 2 * USUAL})
    (home / "builds" / ".building.tmp").mkdir(parents=True)  # a killed build that went to disk leaves one
    left = home / ".scratch-watch-of-a-killed-one"
    left.mkdir()
    lock = (home / "run.lock").open("a+")
    fcntl.flock(lock, fcntl.LOCK_EX)
    with webhook() as box:
        environment = {
            **os.environ, "UNITCOST_HOME": str(home), "COLUMNS": "500", "OPS_URL": f"json://127.0.0.1:{box.port}/"
        }  # fmt: skip
        watching = subprocess.Popen(
            [*COMMAND, "watch", "--every", "1"],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            time.sleep(5)  # a round that fails, for another run has the lock
            lock.close()
            eventually(lambda: box.received, watching)
            assert box.titles[0].startswith("reports cost $")
            assert box.titles[0].endswith("more than usual: requests")
            anomaly_id = box.received[0]["message"].splitlines()[-1].split()[1].rstrip(",")
            said = subprocess.run(
                [*COMMAND, "feedback", anomaly_id, "false", "--note", "a load test", "--by", "ana"],
                cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (said.returncode, said.stdout) == (0, f"{anomaly_id} is false, from the next run on\n"), said.stderr
            eventually(lambda: len(box.received) > 1, watching)
            assert box.titles[1].startswith("Over: reports")
            assert "somebody said that it is false" in box.received[1]["message"]
            # as high as before, and, later, higher
            write(logs / "2.jsonl", {**usual(range(51, 70)), day(60): 2 * USUAL - 3, day(69): 6 * USUAL})
            eventually(lambda: len(box.received) > 2, watching)
        finally:
            watching.send_signal(signal.SIGTERM)
            output, errors = watching.communicate(timeout=120)
    assert watching.returncode == 0, errors
    assert not left.exists()
    assert output.endswith("stopped\n")
    assert "is locked by" in errors
    assert "Traceback" not in errors
    assert len(box.received) == 3
    assert f"on {day(69)}" in box.received[2]["message"]
    limits = rows(
        home,
        "select usage_date, deviation_sigmas, limit_sigmas from marts.driver_baselines where driver = 'volume'"
        f" and usage_date in ('{day(50)}', '{day(60)}', '{day(69)}') order by 1",
    )
    (_, judged, limit), (_, as_high, raised), (_, higher, still_raised) = limits
    assert limit < judged
    assert limit < as_high <= raised  # an anomaly, but for the verdict
    assert raised <= as_high + 4
    assert still_raised < higher
    assert rows(home, "select anomaly_id, feedback from marts.cost_anomalies where started_date < '2026-11-01'") == [
        (anomaly_id, "false")
    ]


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    con = duckdb.connect(str(builds.current(home).path), read_only=True)
    try:
        return con.sql(query).fetchall()
    finally:
        con.close()
