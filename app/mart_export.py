"""A mart of the served build as a file: all of it, or the rows of a month or of members; streamed, not held."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from app import provenance, table_files
from app.builds import Build
from app.rows import Rows
from app.settings import PROJECT_DIR
from app.table_files import Format
from app.workbook import About
from ingest import disk

_MONTHS = ("month", "billing_month", "usage_date", "started_date", "billing_period_start_at", "period_start_at")
"""What a month is asked of: the first of them that a mart has."""
_MEMBERS = {
    "provider": "provider_id",
    "model": "model_id",
    "feature": "feature_id",
    "customer": "customer_id",
    "environment": "environment",
}
_IN_US_DOLLARS = frozenset({"cost_lines", "focus_usage", "price_book", "price_history"})
_ORDERED_ROWS = 1_000_000
"""A longer mart comes as it lies in the build: to put it in order is to hold it."""
_BATCH = 122_880
"""Rows of a batch: a row group of DuckDB."""


class ExportError(Exception):
    """A mart cannot be exported as it was asked; the message says what there is."""


@dataclass(frozen=True)
class Asked:
    """Which rows: those of any of the months, by their first days, and of any of the members of each dimension."""

    months: tuple[date, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """In words."""
        parts = [f"month: {', '.join(f'{month:%Y-%m}' for month in self.months)}"] if self.months else []
        parts += [f"{name}: {', '.join(chosen)}" for name, chosen in self.members.items() if chosen]
        return "; ".join(parts) or "none: the whole mart"


def write(build: Build, mart: str, asked: Asked, target: Path, into: Format, *, memory_limit: str) -> int:
    """Write a mart as a file, in one piece, a short one by its key; returns how many rows.

    Args:
        memory_limit: what DuckDB may use to put the rows in order; what is more goes to disk.

    Raises:
        ExportError: the build has no such mart, or the mart not the columns that are asked.
        WorkbookError: it does not fit into Excel.
        OSError: the target cannot be written.
        duckdb.Error: the build cannot be read.
    """
    with _opened(build.path, memory_limit) as con:
        columns = _columns(con, mart)
        where, bound = _where(mart, columns, asked)
        described = _described(mart)
        meanings = {one["name"]: " ".join(one["description"].split()) for one in described.get("columns", ())}
        facts = {
            "Mart": mart,
            "Grain": _grain(mart),
            "Description": " ".join(described.get("description", "").split()),
            "Filters": asked.said,
            "Cost basis": provenance.basis(columns),
            "Currency": "USD" if mart in _IN_US_DOLLARS else _currency(build),
            "Times": "UTC",
            **provenance.of_build(build),
        }
        about = About(
            f"{mart} of {build.build_id}",
            {what: said for what, said in facts.items() if said},
            {name: meanings.get(name, "") for name in columns},
        )
        query = f"select * from marts.{mart} where {where}"
        ((count,),) = con.execute(f"select count(*) from ({query})", bound).fetchall()
        key = [name for name in described.get("config", {}).get("meta", {}).get("key", ()) if name in columns]
        if key and count <= _ORDERED_ROWS:
            query += f" order by {', '.join(key)}"

        def fill(part: Path) -> None:
            try:
                with part.open("wb") as file:
                    table_files.write(file, mart, _rows(con, query, bound, count), about, into)
            except BaseException:
                part.unlink(missing_ok=True)
                raise

        disk.place(target, fill)
    return int(count)


def _currency(build: Build) -> str:
    code = provenance.reporting_currency(build)
    return code if code == "USD" else f"{code}; prices are in US dollars"


@contextmanager
def _opened(path: Path, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="unitcost-") as scratch:
        con = duckdb.connect(
            str(path), read_only=True, config={"memory_limit": memory_limit, "temp_directory": scratch}
        )
        try:
            con.execute("set timezone = 'UTC'")
            yield con
        finally:
            con.close()


def _columns(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    found = con.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
        " order by table_name, ordinal_position"
    ).fetchall()
    columns = [column for name, column in found if name == mart]
    if not columns:
        marts = sorted({name for name, _ in found})
        close = get_close_matches(mart, marts, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(marts)}"
        raise ExportError(f"the build has no mart {mart}; {hint}")
    return columns


def _where(mart: str, columns: list[str], asked: Asked) -> tuple[str, dict[str, Any]]:
    """The condition, and what to bind."""
    clauses, bound = ["true"], dict[str, Any]()
    if asked.months:
        day = next((name for name in _MONTHS if name in columns), None)
        if day is None:
            raise ExportError(f"{mart} has no month: its columns are {', '.join(columns)}")
        # as ranges, by which DuckDB leaves out what it need not read
        ranges = [f"{day} >= $first_{number} and {day} < $end_{number}" for number in range(len(asked.months))]
        clauses.append(f"(({') or ('.join(ranges)}))")
        for number, month in enumerate(asked.months):
            bound |= {f"first_{number}": month, f"end_{number}": (month + timedelta(days=31)).replace(day=1)}
    for name, chosen in asked.members.items():
        if not chosen:
            continue
        if _MEMBERS[name] in columns:
            clauses.append(f"{_MEMBERS[name]} = any(${name})")
        elif {"dimension", "id"} <= set(columns) and name in ("customer", "feature"):
            clauses.append(f"dimension = '{name}' and id = any(${name})")
        else:
            raise ExportError(f"{mart} does not know a {name}: its columns are {', '.join(columns)}")
        bound[name] = list(chosen)
    return " and ".join(clauses), bound


def _rows(con: duckdb.DuckDBPyConnection, query: str, bound: dict[str, Any], count: int) -> Rows:
    def batches() -> Iterator[pl.DataFrame]:
        cursor = con.cursor()
        try:
            for batch in cursor.sql(query, params=bound).to_arrow_reader(_BATCH):
                yield pl.DataFrame(pl.from_arrow(batch))
        finally:
            cursor.close()

    return Rows(con.sql(f"{query} limit 0", params=bound).pl().schema, count, batches)


def _described(mart: str) -> dict[str, Any]:
    """What the model says of itself; nothing of a table that dbt does not know."""
    path = next((PROJECT_DIR / "models" / "marts").glob(f"*/{mart}.yml"), None)
    if path is None:
        return {}
    models = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return next((model for model in models if model["name"] == mart), {})


def _grain(mart: str) -> str:
    path = next((PROJECT_DIR / "models" / "marts").glob(f"*/{mart}.sql"), None)
    first = path.read_text(encoding="utf-8").partition("\n")[0] if path else ""
    return first.removeprefix("-- grain: ")
