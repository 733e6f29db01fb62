"""Fixtures that more than one room of tests uses."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb
import pytest

from ingest.files import inspect
from ingest.landing import Landed, connect, empty_sql, land
from ingest.source import Source, Table
from ingest.sources import discover

SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


def landed_rows(table: Table, files: Iterable[Path | str]) -> str:
    """SQL of landed rows with all columns of the table, as the raw views have them: a file has those with values."""
    listed = [str(file) for file in files]
    return f"({empty_sql(table)} union all by name from read_parquet({listed}, union_by_name = true))"


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
