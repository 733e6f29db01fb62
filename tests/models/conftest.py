"""A warehouse with a known company in it, built once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app import builds, pipeline
from app.settings import Settings


@dataclass
class Warehouse:
    """A home that inputs are loaded into, and its marts."""

    settings: Settings

    @property
    def home(self) -> Path:
        return self.settings.home

    def load(self, *inputs: tuple[Path, str | None], full: bool = False) -> pipeline.BuildResult:
        """Ingest and build, as `unitcost run` does."""
        with pipeline.writer(self.settings):
            pipeline.ingest(self.settings, [(str(path), source) for path, source in inputs])
            return pipeline.build(self.settings, full=full)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the published build."""
        con = duckdb.connect(str(builds.current(self.home).path), read_only=True)
        try:
            return con.sql(query).fetchall()
        finally:
            con.close()


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Warehouse]:
    """A new empty warehouse by name."""
    return lambda name: Warehouse(Settings(home=tmp_path_factory.mktemp(name), inputs=()))
