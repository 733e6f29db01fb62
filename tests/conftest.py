"""Fixtures that more than one room of tests uses."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import msgpack
import pytest
from jinja2 import Environment

from app import dbt_build
from app.settings import Settings
from ingest.files import inspect
from ingest.landing import Landed, connect, empty_sql, land
from ingest.prices import litellm
from ingest.source import Source, Table
from ingest.sources import discover

DBT_LOOKS_AT = "DBT_PARTIAL_PARSE_FILE_PATH"
MEMORY = "UNITCOST_BUILD_MEMORY"
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


def landed_rows(table: Table, files: Iterable[Path | str]) -> str:
    """SQL of landed rows with all columns of the table, as the raw views have them: a file has those with values."""
    listed = [str(file) for file in files]
    return f"({empty_sql(table)} union all by name from read_parquet({listed}, union_by_name = true))"


@pytest.fixture(scope="session", autouse=True)
def dbt_parses_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new home starts with what dbt parsed in the last one: dbt parses the files that differ alone, in 0.7 s for 4.

    It compares the bytes of every file, as it does in the second build of a home; only where projects lie is rewritten.
    Commands of their own process find it in the file that this yields, whichever of pytest's processes wrote it.
    """
    run, parsed = dbt_build.run, {}
    mine = tmp_path_factory.getbasetemp()
    shared = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "partial_parse.msgpack"

    def run_parsed(engine: str, home: Path, sources: dict[str, Source], *told: Any, **more: Any) -> Any:
        from dbt.contracts.graph.nodes import ParsedNode  # noqa: PLC0415 - three seconds of imports

        project = str(dbt_build.PROJECT_DIR)
        # for another memory dbt parses everything anew
        of = repr((engine, dbt_build.staged(sources), more["reporting_currency"], os.environ.get(MEMORY)))
        kept = home / "dbt" / engine / "partial_parse.msgpack"
        if of in parsed and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(_moved(parsed[of], project))
            kept.with_name("project").write_text(project)
        # the SQL of a node, in two files that no test reads
        unwritten = patch.object(ParsedNode, "write_node", lambda *_, **__: "")
        with patch.dict(os.environ), unwritten:
            os.environ.pop(DBT_LOOKS_AT, None)
            try:
                return run(engine, home, sources, *told, **more)
            finally:
                if kept.exists():
                    parsed.setdefault(of, kept.read_bytes())
                    if of == usual and not shared.exists():
                        share_parsed(_moved(parsed[of], usual_project), shared)

    usual = repr(("duckdb", dbt_build.staged(discover()), "USD", Settings(inputs=()).memory_limit))
    usual_project = str(dbt_build.PROJECT_DIR)
    with patch.object(dbt_build, "run", run_parsed), patch.dict(os.environ):
        yield shared


def share_parsed(parsed: bytes, shared: Path) -> None:
    """Give what dbt parsed of this project to all commands that come, whole."""
    part = shared.with_name(f"{os.getpid()}-{shared.name}")
    part.write_bytes(parsed)
    part.replace(shared)


@pytest.fixture(autouse=True)
def commands_find_what_dbt_parsed(dbt_parses_once: Path) -> None:
    """From here on, also for what modules set up; dbt wants no file that is not there."""
    if dbt_parses_once.exists():
        os.environ[DBT_LOOKS_AT] = str(dbt_parses_once)


@pytest.fixture(scope="session", autouse=True)
def a_template_is_compiled_once() -> Iterator[None]:
    """dbt compiles the same thousand templates in every build, which is a tenth of a small one."""
    compiled: dict[Any, Any] = {}
    compile_template = Environment.compile

    def compile_once(environment: Environment, source: Any, *told: Any, **more: Any) -> Any:
        of = (type(environment), *sorted(environment.extensions), source, told, *more.items())
        if of not in compiled:
            compiled[of] = compile_template(environment, source, *told, **more)
        return compiled[of]

    with patch.object(Environment, "compile", compile_once):
        yield


@pytest.fixture(scope="session", autouse=True)
def litellms_map_is_read_once() -> Iterator[None]:
    """Every new home learns the same installed map of prices, of 20,000 rows."""
    with patch.object(litellm, "rows", cache(litellm.rows)):
        yield


def _moved(parsed: bytes, project: str) -> bytes:
    def moved(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: moved(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [moved(inner) for inner in value]
        is_ours = name in {"project_root", "root_path"} and value and "site-packages" not in value
        return project if is_ours else value

    return bytes(msgpack.packb(moved(msgpack.unpackb(parsed, strict_map_key=False))))


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection that reads inputs."""
    connection = connect(scratch=tmp_path / "scratch")
    yield connection
    connection.close()


@pytest.fixture
def sources() -> dict[str, Source]:
    return discover()


@pytest.fixture
def shared_data() -> Path:
    """Real public data beside the checkout; it is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def landed(con: duckdb.DuckDBPyConnection, sources: dict[str, Source], tmp_path: Path) -> Callable[[Path, str], Landed]:
    """Land a file in the first table of a source, below tmp_path / "home"."""

    def do(path: Path, source: str) -> Landed:
        return land(con, inspect(path), sources[source], sources[source].tables[0], home=tmp_path / "home")

    return do
