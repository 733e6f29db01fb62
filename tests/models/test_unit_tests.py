"""The dbt unit tests of rating and margin, on a build."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from app import builds, dbt_build
from app.settings import PROJECT_DIR
from ingest.sources import discover
from tests.models.conftest import Warehouse


def test_rating_and_margin_unit_tests_pass(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - three seconds of imports

    empty = warehouse("empty")
    empty.load()
    copy = tmp_path / "build.duckdb"
    shutil.copy(builds.current(empty.home).path, copy)
    copy.chmod(0o600)
    os.environ["UNITCOST_BUILD"] = str(copy)
    try:
        result = dbtRunner().invoke(
            [
                "test", "--select", "test_type:unit", "--project-dir", str(PROJECT_DIR), "--profiles-dir",
                str(PROJECT_DIR), "--target-path", str(tmp_path), "--log-path", str(tmp_path), "--log-level", "none",
                "--vars", json.dumps({"staged": dbt_build.staged(discover())}),
            ]
        )  # fmt: skip
    finally:
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
            DuckDBConnectionManager._ENV = None
    assert result.exception is None, result.exception
    runs = {run.node.name: (run.status, run.message) for run in result.result.results}
    assert len(runs) == 9
    failed = {name: message for name, (status, message) in runs.items() if status != "pass"}
    assert not failed, "\n".join(f"{name}: {message}" for name, message in failed.items())
