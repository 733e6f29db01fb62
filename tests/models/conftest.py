"""Warehouses with known companies in them: real inputs, the real pipeline, a project that a test may edit."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest

from app import builds, dbt_build, pipeline
from app.settings import PROJECT_DIR, Settings
from ingest import reader
from ingest.landing import land
from ingest.ledger import Ledger
from ingest.prices import book, learning
from ingest.source import Column, Source, Table, Type
from ingest.sources import discover
from tests.models.oracle import Case, random_cases

UNTOLD = {
    "reported_cost_usd", "smallest_context_size", "largest_context_size", "latency_ms", "time_to_first_token_ms",
    "retrieved_chunk_count", "used_chunk_count", "retrieved_context_tokens",
}  # fmt: skip
"""Numbers of a call that are NULL, not 0, where nobody tells them."""


CALL_MODELS = "+fct_requests +int_requests_absorbed"
"""What a test of calls builds: a third of all models. The next build asks for the second."""
CHARGE_MODELS = "+fct_charges"
"""What a test of bills builds: a tenth of all."""


@dataclass
class Warehouse:
    """A home that inputs are loaded into, and its marts."""

    settings: Settings
    select: str | None = field(default=None, kw_only=True)
    """Which models and tests of them a load builds, in dbt's words; None: all."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The pipeline builds what is selected. A build in part is published, too; `status` tells nothing of it."""
        with ExitStack() as stack:
            if self.select:
                built = partial(pipeline.build_models, select=self.select)
                stack.enter_context(patch.object(pipeline, "build_models", built))
                stack.enter_context(patch.object(pipeline, "_finish", lambda _: {"facts": {}}))
            yield

    @property
    def home(self) -> Path:
        return self.settings.home

    def load(self, *inputs: tuple[Path, str | None], full: bool = False) -> pipeline.BuildResult:
        """Ingest and build, as `unitcost run` does."""
        with self.at_work(), pipeline.writer(self.settings):
            pipeline.ingest(self.settings, [(str(path), source) for path, source in inputs])
            return pipeline.build(self.settings, full=full)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the published build."""
        con = duckdb.connect(str(builds.current(self.home).path), read_only=True)
        try:
            con.execute("set schema = 'marts'")
            return con.sql(query).fetchall()
        finally:
            con.close()


WRITTEN = re.compile(r'(?:create or replace table|insert into) \S*"(\w+)"\s+(?:as|by name) \(')


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that builds write, one for each statement."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper  # noqa: PLC0415 - three seconds of imports

    names: list[str] = []
    execute = DuckDBCursorWrapper.execute

    def told(cursor: Any, sql: str, *more: Any) -> Any:
        names.extend(WRITTEN.findall(sql))
        return execute(cursor, sql, *more)

    monkeypatch.setattr(DuckDBCursorWrapper, "execute", told)
    return names


Warehouses = Callable[..., Warehouse]


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouses:
    """A new empty warehouse by name; see `Warehouse`."""
    return lambda name, **more: Warehouse(Settings(home=tmp_path_factory.mktemp(name), inputs=()), **more)


# ---------------------------------------------------------------------------------------------------------- canonical

WORDS = (
    "response_id", "prompt_fingerprint", "prefix_fingerprints", "prompt_similarity",
    "requested_model", "customer_id", "feature_id", "conversation_id", "user_id", "project_id", "api_key_id",
    "billing_account_id", "deployment_id", "environment", "team_id", "tags", "trace_id", "prompt_version", "release_id",
    "operation", "region_id", "service_tier",
    "status", "error_code", "retry_of",
)  # fmt: skip
COUNTS = (
    "attempt_number", "uncached_input_tokens", "cache_read_tokens", "cache_read_audio_tokens",
    "cache_read_image_tokens", "cache_write_5m_tokens", "cache_write_30m_tokens", "cache_write_1h_tokens",
    "cache_write_12h_tokens", "cache_write_unknown_tokens", "input_audio_tokens", "input_image_tokens",
    "input_video_tokens", "output_tokens", "output_audio_tokens", "output_image_tokens", "output_video_tokens",
    "citation_tokens", "reasoning_tokens", "web_search_count", "image_count", "character_count", "page_count",
    "annotated_page_count", "message_count", "rerank_search_count", "storage_search_count", "code_execution_count",
    "latency_ms", "time_to_first_token_ms", "retrieved_chunk_count", "used_chunk_count", "retrieved_context_tokens",
)  # fmt: skip
QUANTITIES = ("audio_seconds", "cache_storage_token_hours")
FLAGS = ("is_batch", "has_usage")

CANONICAL = Source(
    name="canonical",
    about="calls in the canonical shape: only of these tests",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("request_id",),
            recognises=lambda sample: any("canonical" in record for record in sample.records),
            columns=(
                Column("request_id", paths=("request_id",), required=True, identifier=True),
                Column("provider", paths=("provider_id",)),
                Column("model", paths=("model_id",)),
                Column("requested_at", Type.TIMESTAMP, ("requested_at",), required=True),
                *(Column(name, paths=(name,)) for name in WORDS),
                *(Column(name, Type.INTEGER, (name,), minimum=0) for name in COUNTS),
                *(Column(name, Type.QUANTITY, (name,), minimum=0) for name in QUANTITIES),
                *(Column(name, Type.BOOLEAN, (name,)) for name in FLAGS),
            ),
        ),
    ),
)
"""Reaches the rating for any provider and any kind of usage, by the recipe of every other source."""

_STAGED = ", ".join((*WORDS, *COUNTS, *QUANTITIES, *FLAGS, "requested_at", "usage_date", "input_id", "record_number"))
_STAGING = {
    "stg_canonical__requests.sql": (
        "select request_id, 'canonical' as source_id, provider as provider_id, model as model_id, "
        f"{_STAGED} from {{{{ source('canonical', 'requests') }}}}\n"
    ),
    "_canonical.yml": (
        "version: 2\nsources:\n  - name: canonical\n    schema: raw\n    tables:\n"
        "      - name: requests\n        identifier: canonical__requests\n"
        "models:\n  - name: stg_canonical__requests\n"
    ),
}

AFTER_EVERY_CALL = datetime(2028, 6, 1, tzinfo=UTC)
"""What counts as the present where calls land: prices of next year are tested this year."""

Call = Mapping[str, Any]


def write_calls(path: Path, calls: Iterable[Call]) -> Path:
    """Calls of the canonical shape as a file that lands."""
    lines = (json.dumps({"canonical": True, "has_usage": True, "status": "ok", **call}, default=str) for call in calls)
    path.write_text("\n".join(lines) + "\n")
    return path


# ------------------------------------------------------------------------------------------------------------ company

OVERRIDE_COLUMNS = (
    "effect", "provider_id", "model_id", "billing_account_id", "project_id", "api_key_id", "deployment_id",
    "service_tier", "usage_kind", "price", "per_units", "currency", "discount_percent", "valid_from_date",
    "valid_to_date", "note",
)  # fmt: skip


@dataclass
class Company(Warehouse):
    """A warehouse built by a copy of the project, whose seeds are this company's own."""

    project: Path = field(kw_only=True)
    learns: bool = True
    """Whether a build learns the installed catalogue; where not, the test says what the book knows."""

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The pipeline reads the copy, knows the canonical source and takes calls of next year."""
        with super().at_work(), ExitStack() as stack:
            for module in (pipeline, dbt_build):
                stack.enter_context(patch.object(module, "PROJECT_DIR", self.project))
            sources = {**discover(), CANONICAL.name: CANONICAL}
            stack.enter_context(patch.object(pipeline, "discover", lambda: sources))
            stack.enter_context(patch.object(reader, "land", partial(land, now=AFTER_EVERY_CALL)))
            if not self.learns:
                stack.enter_context(patch.object(learning, "learn_all", lambda *_: None))
            yield

    def seed(self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
        """Replace a seed."""
        with (self.project / "seeds" / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)

    def reword(self, model: str, good: str, bad: str) -> None:
        """Replace words of a model, a file below models/."""
        file = self.project / "models" / model
        text = file.read_text()
        assert good in text
        file.write_text(text.replace(good, bad))

    def build_with(self, model: str, good: str, bad: str, found_by: str) -> None:
        """Build a model in other words in a copy of the build: it, tests that it may fail, and what lies between.

        Args:
            model: its file below models/.
            found_by: names of tests, `|` between them.

        Raises:
            BuildError: a test found something; the message names it.
        """
        file = self.project / "models" / model
        text = file.read_text()
        select = " ".join(f"{file.stem}+,+{name}*" for name in found_by.split("|"))
        candidate = self.home / "builds" / pipeline.CANDIDATE
        pipeline._copy(builds.current(self.home).path, candidate)
        self.reword(model, good, bad)
        try:
            with self.at_work(), pipeline.writer(self.settings):
                files = pipeline.known_files(self.settings)
                pipeline.build_models(self.settings, candidate, files, full=True, select=select)
        finally:
            candidate.unlink()
            file.write_text(text)

    def close(self, *periods: tuple[str, str]) -> None:
        """State which months are closed: (month as 2026-01-01, closed at)."""
        rows = [{"month": month, "closed_at": at, "note": ""} for month, at in periods]
        self.seed("closed_periods", ("month", "closed_at", "note"), rows)

    def know(self, rows: Sequence[Mapping[str, Any]], at: datetime, *, price_source: str = "genai-prices") -> None:
        """The book learns what a source of list prices says at a time: rows of MODEL_PRICES."""
        with pipeline.writer(self.settings), Ledger(self.home) as ledger:
            said = [dict(row) for row in rows]
            book.learn(ledger, self.home, learning.PRICES, price_source, said, source_version="test", learned_at=at)

    def match(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The book learns what names mean: rows of MODEL_MATCHES."""
        with pipeline.writer(self.settings), Ledger(self.home) as ledger:
            ledger.append({learning.MATCHES: book.write(self.home, learning.MATCHES, [dict(row) for row in rows])})

    def duckdb_threads(self, count: int) -> None:
        """With how many threads DuckDB builds."""
        profiles = self.project / "profiles.yml"
        text = profiles.read_text()
        assert text.count("        TimeZone: UTC\n") == 1
        profiles.write_text(
            text.replace("        TimeZone: UTC\n", f"        TimeZone: UTC\n        threads: {count}\n")
        )


Companies = Callable[..., Company]


def new_company(
    root: Path,
    *,
    overrides: Iterable[Mapping[str, object]] = (),
    exchange_rates: Iterable[tuple[str, str, str]] = (),
    closed: Iterable[tuple[str, str]] = (),
    learns: bool = True,
    litellm_map: Mapping[str, Any] | None = None,
    select: str | None = None,
) -> Company:
    """A company in an empty folder.

    Args:
        root: where its project and its home go.
        overrides: lines of seeds/price_overrides.csv.
        exchange_rates: (currency, from when, US dollars for one unit).
        closed: see `Company.close`.
        learns: see `Company`.
        litellm_map: the second source of list prices.
        select: see `Warehouse`.
    """
    project = root / "project"
    shutil.copytree(PROJECT_DIR / "tests" / "models", project / "tests" / "models")
    for folder in ("macros", "models", "seeds"):
        shutil.copytree(PROJECT_DIR / folder, project / folder)
    for file in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_DIR / file, project / file)
    staging = project / "models" / "staging" / CANONICAL.name
    staging.mkdir()
    for file, text in _STAGING.items():
        (staging / file).write_text(text)
    named = root / "litellm.json" if litellm_map is not None else None
    if named:
        named.write_text(json.dumps(litellm_map))
    settings = Settings(
        home=root / "home",
        inputs=(),
        price_overrides=project / "seeds" / "price_overrides.csv",
        litellm_prices=named,
    )
    made = Company(settings, project=project, learns=learns, select=select)
    made.seed("price_overrides", OVERRIDE_COLUMNS, overrides)
    rates = [
        {"currency": currency, "valid_from_date": day, "usd_per_unit": rate, "rate_source": "contract"}
        for currency, day, rate in exchange_rates
    ]
    made.seed("exchange_rates", ("currency", "valid_from_date", "usd_per_unit", "rate_source"), rates)
    made.close(*closed)
    return made


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Companies:
    """A new company by name; see `new_company`."""
    return lambda name, **more: new_company(tmp_path_factory.mktemp(name), **more)


# -------------------------------------------------------------------------------------------------------------- rating


class Rating:
    """The models of the rating, as dbt made them in a build, over calls that a test gives without loading them."""

    def __init__(self, build: Path, folder: Path) -> None:
        copy = shutil.copy(build, folder / "rating.duckdb")
        copy.chmod(0o600)
        self.con = duckdb.connect(str(copy))
        self.con.execute("set timezone = 'UTC'")
        described = self.con.execute("describe intermediate.int_requests_attributed").fetchall()
        self.types = {name: kind for name, kind, *_ in described}
        self.con.execute("drop view intermediate.int_requests_attributed")

    def rate(self, calls: Sequence[Call], *, threads: int | None = None) -> list[dict[str, Any]]:
        """What each call of the canonical shape costs, in the order of the calls; `requested_at` in UTC."""
        if threads:
            self.con.execute(f"set threads = {threads}")
        names = sorted({name for call in calls for name in call} & self.types.keys())
        text = pa.table({name: [_text(call.get(name)) for call in calls] for name in names})
        self.con.register("calls", text)
        columns = ", ".join(f"{self._value(name, kind, names)} as {name}" for name, kind in self.types.items())
        self.con.execute(f"create or replace table intermediate.int_requests_attributed as select {columns} from calls")
        self.con.unregister("calls")
        rated = self.con.execute("select * from intermediate.int_requests_converted")
        rows = [
            dict(zip([column[0] for column in rated.description or ()], row, strict=True)) for row in rated.fetchall()
        ]
        by_id = {row["request_id"]: row for row in rows}
        assert len(rows) == len(by_id) == len(calls)
        return [by_id[call["request_id"]] for call in calls]

    @staticmethod
    def _value(name: str, kind: str, given: Sequence[str]) -> str:
        known = f"cast({name} as {kind})" if name in given else f"cast(null as {kind})"
        is_number = kind in {"BIGINT", "INTEGER"} or kind.startswith("DECIMAL")
        otherwise = {
            "usage_date": "cast(cast(requested_at as timestamp) as date)",
            "status": "'ok'",
            "service_tier": "'standard'",
            "has_usage": "true",
            "is_batch": "false",
        }.get(name, "0" if is_number and name not in UNTOLD else "null")
        return f"coalesce({known}, {otherwise})"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@pytest.fixture(scope="session")
def rating(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Company], Rating]:
    """The rating of a company that was built."""
    return lambda company: Rating(builds.current(company.home).path, tmp_path_factory.mktemp("rating"))


# ----------------------------------------------------------------------------------------------------- whole catalogue


@dataclass
class WholeCatalogue:
    """Random calls over the whole catalogue, loaded from one file, and the company that they are rated in."""

    cases: list[Case]
    company: Company
    calls: list[Call]


@pytest.fixture(scope="session")
def whole_catalogue(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> WholeCatalogue:
    cases = random_cases(20_000, seed=20261124)
    loaded = company("catalogue")
    calls = [case.logged(number) for number, case in enumerate(cases)]
    loaded.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", calls), "canonical"))
    return WholeCatalogue(cases, loaded, calls)
