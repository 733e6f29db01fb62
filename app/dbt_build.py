"""dbt, run in this process over one build file: the models, then their tests as the gate."""

import gc
import json
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.dbt_overhead import lean_dbt
from app.settings import PROJECT_DIR
from ingest.source import SHAPES, Shape, Source


class BuildError(Exception):
    """dbt did not finish, or a test failed: the build was thrown away and the last one stays."""


@dataclass(frozen=True)
class TestResult:
    """What one test of a build said: a row of the mart `build_tests`.

    Attributes:
        tested_name: the model or seed that it is of; where it is of several, its own file.
        status: `pass`, or `warn`: what it found does not keep a build from being published.
        row_count: rows that must not be, and are.
    """

    __test__ = False  # pytest: no test of ours

    test_name: str
    tested_name: str
    status: str
    row_count: int
    seconds: Decimal


_WRITTEN = ("table", "incremental", "test")
"""How dbt materialises what new rows change."""
Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps are done, and how many there are (0: not known)."""


def staged(sources: dict[str, Source]) -> dict[Shape, list[str]]:
    """Which sources have a staging model of each shape: what the var `staged` of the dbt project holds."""
    return {
        shape: [
            name
            for name in sources
            if (PROJECT_DIR / "models" / "staging" / name / f"stg_{name}__{shape}.sql").exists()
        ]
        for shape in SHAPES
    }


def without_files(sources: dict[str, Source], landed: Collection[str]) -> list[str]:
    """The staging models whose raw table has no file, in dbt's words: nobody needs them, and each takes time to plan.

    Args:
        landed: the raw tables that have files.
    """
    words = []
    shapes = staged(sources)
    for name, source in sources.items():
        mine = [shape for shape, names in shapes.items() if name in names]
        empty = [shape for shape in mine if source.raw_names(shape).isdisjoint(landed)]
        # dbt compares each word with every node: of a source without any file the folder is enough
        words += [f"staging.{name}"] if empty and empty == mine else [f"stg_{name}__{shape}" for shape in empty]
    return words


def build(
    target: Path,
    home: Path,
    sources: dict[str, Source],
    progress: Progress,
    *,
    landed: Collection[str],
    memory_limit: str,
    reporting_currency: str,
    full: bool,
    keeps_views: bool = False,
    select: str | None = None,
    project_dir: Path | None = None,
) -> list[TestResult]:
    """Build every model into `target` and run every test that gates a publish; nothing is open afterwards.

    Args:
        target: the DuckDB file; its schema `raw` is there.
        landed: the raw tables that have files.
        memory_limit: as DuckDB's setting.
        reporting_currency: ISO 4217 code of the currency that `*_usd` columns are in.
        full: build incremental models anew.
        keeps_views: the target has the views and seeds of this very project already.
        select: which models, in dbt's words; None: all.
        project_dir: a project with other seeds, where its artefacts go, too; None: this one.

    Returns:
        What the tests said, by name.

    Raises:
        BuildError: a model or test failed; the message names it.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - three seconds of imports

    os.environ["UNITCOST_BUILD"], os.environ["UNITCOST_BUILD_MEMORY"] = str(target.resolve()), memory_limit
    # dbt makes millions of objects that live as long as it does: the collector, which finds nothing to free among them,
    # is a third of the time in which a project is read (not so on Spark, whose JVM waits for what Python drops)
    gc.disable()
    try:
        return run(
            "duckdb",
            home,
            sources,
            progress,
            landed=landed,
            reporting_currency=reporting_currency,
            full=full,
            keeps_views=keeps_views,
            select=select,
            project_dir=project_dir,
        )
    finally:
        gc.enable()
        if DuckDBConnectionManager._ENV is not None:  # noqa: SLF001 - dbt-duckdb keeps the file open for the process
            DuckDBConnectionManager._ENV.close()  # noqa: SLF001
            DuckDBConnectionManager._ENV = None  # noqa: SLF001


def run(
    engine: str,
    home: Path,
    sources: dict[str, Source],
    progress: Progress = lambda *_: None,
    *,
    landed: Collection[str],
    reporting_currency: str,
    full: bool,
    keeps_views: bool = False,
    select: str | None = None,
    project_dir: Path | None = None,
) -> list[TestResult]:
    """`dbt build` on one engine of profiles.yml, artefacts below `home/dbt/`.

    Args:
        keeps_views: the target has the views and seeds of this very project already.
        select: which models, in dbt's words; None: all.
        project_dir: a project with other seeds, where its artefacts go, too; None: this one.

    Returns:
        What the tests said, by name.

    Raises:
        BuildError: a model or test failed; the message names it.
    """
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - three seconds of imports

    done = total = 0

    def on_event(event: Any) -> None:
        nonlocal done, total
        if event.info.name in {"LogModelResult", "LogTestResult", "LogSeedResult"}:
            names = {field.name for field in event.data.DESCRIPTOR.fields}
            done, total = max(done, event.data.index), event.data.total if "total" in names else event.data.num_models
            progress(f"dbt: {event.data.node_info.node_name}", done, total)

    selected = [select] if select else []
    if keeps_views:  # each view is a thirtieth of a second, each seed more
        terms = select.split() if select else [""]
        selected = [f"{term},config.materialized:{kind}".lstrip(",") for term in terms for kind in _WRITTEN]
    project, artefacts = str(project_dir or PROJECT_DIR), ((project_dir or home) / "dbt").resolve()
    _forget_where_it_lay(artefacts / engine, project)
    arguments = [
        "build",
        "--project-dir", project,
        "--profiles-dir", project,
        "--target", engine,
        "--target-path", str(artefacts / engine),
        "--log-path", str(artefacts / "logs"),
        "--vars", json.dumps({"staged": staged(sources), "reporting_currency": reporting_currency}),
        "--exclude", "test_type:unit", *without_files(sources, landed),
        "--log-level", "none",
        "--no-write-json",
        "--no-use-colors",
        "--use-fast-test-edges",  # the same order of models and tests, found in a third of the time
        *(["--full-refresh"] if full else []),
        # of the tests those whose models are there
        *(["--select", *selected] if selected else []),
        *(["--indirect-selection", "buildable"] if select else []),
    ]  # fmt: skip
    progress("dbt: starting", 0, 0)
    with lean_dbt():
        result = dbtRunner(callbacks=[on_event]).invoke(arguments)
    if not result.success:
        raise BuildError(_why(result))
    ran: Iterable[Any] = getattr(result.result, "results", ())
    tests = [run for run in ran if run.node.resource_type == "test" and run.status != "skipped"]
    return sorted(map(_tested, tests), key=lambda test: test.test_name)


def _forget_where_it_lay(artefacts: Path, project: str) -> None:
    """A project that was moved is parsed anew: dbt reads seeds from where they lay when it parsed them."""
    parsed, parsed_project = artefacts / "partial_parse.msgpack", artefacts / "project"
    if not parsed_project.exists() or parsed_project.read_text() != project:
        parsed.unlink(missing_ok=True)
        artefacts.mkdir(parents=True, exist_ok=True)
        parsed_project.write_text(project)


def _tested(run: Any) -> TestResult:
    attached = getattr(run.node, "attached_node", None)
    return TestResult(
        run.node.name,
        attached.rsplit(".", 1)[-1] if attached else run.node.original_file_path,
        str(run.status),
        run.failures or 0,
        Decimal(str(round(run.execution_time, 3))),
    )


def _why(result: Any) -> str:
    if result.exception is not None:
        return f"dbt stopped: {result.exception}"
    failed = [run for run in getattr(result.result, "results", []) if run.status in {"error", "fail"}]
    if not failed:
        return "dbt stopped without a result"
    return "; ".join(_failure(run) for run in failed)


def _failure(run: Any) -> str:
    if run.status == "fail":
        return (
            f"test {run.node.name} found {run.failures:,} rows that must not be, so nothing was published; "
            f"what it looks for is in {run.node.original_file_path}"
        )
    return f"{run.node.resource_type} {run.node.name}: {' '.join(str(run.message).split())}"
