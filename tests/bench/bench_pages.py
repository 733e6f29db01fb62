"""How long the server takes for each page of the dashboard: of a build it has not read yet, and once more.

Every page is run as Streamlit's server runs it, in this process: one cache of compiled scripts, the filters at their
defaults, 20 reruns of each. The browser's part is not in it. Run it as `make bench-pages`; `--home` names the warehouse
(`unitcost demo --exit` makes one).
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import streamlit as st
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from app import dashboard
from app.dashboard import data

RERUNS = 20
COLD, CACHED_P95 = 0.6, 0.1
"""Seconds wanted at ten million calls."""
PAGES = sorted(page.stem for page in (dashboard.MAIN.parent / "app_pages").glob("*.py"))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of each script run, which a test of an app would wait for by polling, and compile anew."""
    seconds: list[float] = []
    run: Any = ScriptRunner._run_script
    scripts = ScriptCache()

    def run_timed(runner: ScriptRunner, *told: Any) -> None:
        started = time.perf_counter()
        run(runner, *told)
        seconds.append(time.perf_counter() - started)

    with (
        patch.object(ScriptRunner, "_run_script", run_timed),
        patch.object(app_test, "ScriptCache", lambda: scripts),
        patch.object(local_script_runner, "ScriptCache", lambda: scripts),
    ):
        yield seconds


def measure(page: str, seconds: list[float]) -> tuple[float, float, float]:
    """Seconds of a page with nothing cached, and the median and 95th percentile of its reruns."""
    data.answer.cache_clear()
    st.cache_resource.clear()
    seconds.clear()
    app = AppTest.from_file(str(dashboard.MAIN), default_timeout=120).switch_page(f"app_pages/{page}.py")
    for _ in range(1 + RERUNS):
        app.run()
        if app.exception:
            raise SystemExit(f"{page}: {app.exception[0].message}")
    cold, *again = seconds
    return cold, statistics.median(again), statistics.quantiles(again, n=20)[-1]


def main() -> None:
    """A line for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("UNITCOST_HOME", Path.home() / ".unitcost")))
    os.environ["UNITCOST_HOME"] = str(parser.parse_args().home)
    with timed() as seconds:
        measure(PAGES[0], seconds)  # a server that runs has imported what it needs
        say(
            f"{'page':14} {'cold s':>7} {'again ms':>9} {'p95 ms':>7}   wanted {COLD} s, p95 {1000 * CACHED_P95:.0f} ms"
        )
        for page in PAGES:
            cold, again, p95 = measure(page, seconds)
            missed = " missed" if cold > COLD or p95 > CACHED_P95 else ""
            say(f"{page:14} {cold:7.2f} {1000 * again:9.0f} {1000 * p95:7.0f}{missed}")


if __name__ == "__main__":
    main()
