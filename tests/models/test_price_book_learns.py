"""Two years of real price changes, learned as they came: what a month was closed at never moves, the rest follows.

The history is Langfuse's model price file, every commit of it; it says what a price is, not since when. Beside it two
models of our own: one whose change is planned and comes, one whose change is planned and called off.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingest.prices.tables import BEGINNING, END
from tests.conftest import SHARED_DATA
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

MODELS = f"{CALL_MODELS} +price_history"

HISTORY = SHARED_DATA / "price_history" / "langfuse_price_changes.csv"
KINDS = {"input": "input_tokens", "output": "output_tokens", "input_cached_tokens": "cache_read_tokens"}
USED = {"uncached_input_tokens": 1_000_003, "cache_read_tokens": 70_001, "output_tokens": 501}

MONTHS = [date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)][10:32]
"""2024-11 to 2026-08: a call of every model on the 15th of each."""

LEFT_OPEN = {date(2025, 3, 1), date(2025, 9, 1), date(2026, 2, 1), *MONTHS[-3:]}
STAGES = (6, 11, 16, 21)
"""After how many of the 21 things learned there is a rebuild."""

PLANNED, CALLED_OFF, CHANGE, CALLED_OFF_AT = (
    "planned",
    "called-off",
    date(2026, 6, 1),
    datetime.fromisoformat("2026-03-20"),
)
"""The catalogue said from the beginning that both cost 1 until the change and 3 from it, a million tokens."""

Prices = Mapping[tuple[str, str], Decimal]
"""(model, usage kind) → dollars for one token."""


@cache
def changes() -> list[tuple[datetime, str, str, Decimal | None]]:
    """(committed at, model, usage kind, new price; None: removed) in the order of the file."""
    with HISTORY.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tier"] == "Standard" and row["usage_type"] in KINDS]
    for row in rows:
        row["model"] = row["model"].strip()  # as names are read everywhere
    owner = {row["model"]: row["model_id"] for row in reversed(rows)}  # one name twice: the first one's
    return [
        (
            datetime.fromisoformat(row["committed_at"]).astimezone(UTC).replace(tzinfo=None),
            row["model"],
            KINDS[row["usage_type"]],
            None if row["kind"] == "removed" else Decimal(row["new"]),
        )
        for row in rows
        if row["model_id"] == owner[row["model"]]
    ]


def as_of(at: datetime) -> Prices:
    """What the file said at a time."""
    prices: dict[tuple[str, str], Decimal] = {}
    for committed_at, model, kind, new in changes():
        if committed_at <= at:
            prices.pop((model, kind), None)
            if new is not None:
                prices[model, kind] = new
    return prices


@cache
def learned() -> list[datetime]:
    """When the book looked: after the last commit of each month with commits."""
    last = {(at.year, at.month): at for at, *_ in sorted(changes(), key=lambda change: change[0])}
    return sorted(last.values())


def stated(at: datetime, prices: Prices) -> Iterator[dict[str, Any]]:
    """A snapshot: rows of MODEL_PRICES."""

    def row(model: str, kind: str, price: Decimal, start: date = BEGINNING, end: date = END) -> dict[str, Any]:
        return {
            "provider_id": "langfuse", "model_id": model, "service_tier": "standard", "usage_kind": kind,
            "tier_start_tokens": 0, "price_usd": price * 1_000_000, "per_units": 1_000_000, "unit_price_usd": price,
            "price_rule": "catalogue", "valid_from_date": start, "valid_to_date": end,
            "daily_from_second": 0, "daily_to_second": 86_400,
        }  # fmt: skip

    for (model, kind), price in prices.items():
        yield row(model, kind, price)
    one, three = Decimal("0.000001"), Decimal("0.000003")
    for model in (PLANNED, CALLED_OFF):
        for kind in KINDS.values():
            if model == CALLED_OFF and at > CALLED_OFF_AT:
                yield row(model, kind, one)
            else:
                yield row(model, kind, one, end=CHANGE)
                yield row(model, kind, three, start=CHANGE)


def closed_at(month: date) -> datetime:
    """On the fifth of the next month; the oldest months late, and one before the book knew anything."""
    late = {MONTHS[0]: 10, MONTHS[1]: 95}
    if month == MONTHS[2]:
        return datetime.fromisoformat("2024-10-01")  # nothing was known yet: the oldest snapshot is the truth
    return datetime.combine((month + timedelta(days=31)).replace(day=1), datetime.min.time()) + timedelta(
        days=late.get(month, 5) - 1, hours=12
    )


@dataclass
class Stage:
    """What a rebuild gave, with what was learned and closed by then."""

    known: list[datetime]
    closed: set[date]
    costs: dict[tuple[str, date], tuple[Decimal | None, str]] = field(default_factory=dict)

    def expected(self, model: str, month: date) -> tuple[Decimal | None, str]:
        """By the file alone, as it was when the month was closed, or as it is."""
        looked = [at for at in self.known if month not in self.closed or at <= closed_at(month)]
        at = looked[-1] if looked else self.known[0]
        if model in {PLANNED, CALLED_OFF}:
            rises = month >= CHANGE and not (model == CALLED_OFF and at > CALLED_OFF_AT)
            prices: Prices = {(model, kind): Decimal("0.000003" if rises else "0.000001") for kind in KINDS.values()}
        else:
            prices = as_of(at)
        if first_known(model) > at:
            return None, "unknown_model"
        read = prices.get((model, "cache_read_tokens"), prices.get((model, "input_tokens")))
        units = [prices.get((model, "input_tokens")), read, prices.get((model, "output_tokens"))]
        if None in units:
            return None, "no_price"
        parts = [
            (Decimal(count) * unit).quantize(Decimal("1e-12"), ROUND_HALF_UP)
            for count, unit in zip(USED.values(), units, strict=True)
            if unit is not None
        ]
        return sum(parts, Decimal()), "free" if not any(units) else "priced"


@cache
def first_known(model: str) -> datetime:
    """When the book looked first after the model had come up."""
    if model in {PLANNED, CALLED_OFF}:
        return learned()[0]
    came = min(at for at, name, _, new in changes() if name == model and new is not None)
    return next(at for at in learned() if at >= came)


def models() -> list[str]:
    return [*sorted({model for _, model, _, _ in changes()}), PLANNED, CALLED_OFF]


def matches() -> Iterator[dict[str, Any]]:
    """A model resolves when it is known first; until then its name meant nothing."""
    for model in models():
        name = {"provider_id": "langfuse", "model_name": model}
        meaning = {"price_source": "genai-prices", "price_provider_id": "langfuse", "price_model_id": model}
        known_at = first_known(model)
        if known_at > learned()[0]:
            yield {**name, "learned_at": learned()[0], "matched_by": "none"}
        yield {**name, "learned_at": known_at, "matched_by": "genai-prices", **meaning}


@pytest.fixture(scope="module")
def history(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, list[Stage]]:
    if not HISTORY.is_file():
        pytest.skip(f"the history of prices is not at {HISTORY}")
    assert len(learned()) == STAGES[-1]
    book = company("history", select=MODELS, learns=False)
    calls = [
        {
            "request_id": f"{month}/{model}",
            "provider_id": "langfuse",
            "model_id": model,
            "requested_at": f"{month.replace(day=15)}T12:00:00Z",
            **USED,
        }
        for month in MONTHS
        for model in models()
    ]
    path = write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", calls)
    stages, done = [], 0
    unmatched = list(matches())
    for upto in STAGES:
        for at in learned()[done:upto]:
            book.know(list(stated(at, as_of(at))), at)
            book.match([row for row in unmatched if row["learned_at"] == at])
        done = upto
        now = learned()[upto - 1]
        closed = {month for month in MONTHS if month not in LEFT_OPEN and closed_at(month) <= now}
        book.close(*((str(month), str(closed_at(month))) for month in sorted(closed)))
        book.load((path, "canonical"))
        rows = book.rows("select request_id, cost_usd, price_status from fct_requests")
        costs = {}
        for request_id, cost, status in rows:
            month, _, model = request_id.partition("/")
            costs[model, date.fromisoformat(month)] = (cost, status)
        stages.append(Stage(learned()[:upto], closed, costs))
    return book, stages


@pytest.fixture(scope="module")
def stages(history: tuple[Company, list[Stage]]) -> list[Stage]:
    return history[1]


def test_every_rebuild_bills_a_closed_month_as_of_its_close_and_an_open_one_as_of_now(stages: list[Stage]) -> None:
    for stage in stages:
        expected = {(model, month): stage.expected(model, month) for month in MONTHS for model in models()}
        wrong = [(key, stage.costs[key], cost) for key, cost in expected.items() if stage.costs[key] != cost]
        assert not wrong, f"{len(wrong)} of {len(expected)} after {len(stage.known)}: {wrong[:5]}"
        assert len(stage.costs) == len(expected)


def test_a_closed_month_never_moves_though_open_ones_do(stages: list[Stage]) -> None:
    moved = 0
    for before, after in pairwise(stages):
        assert before.closed <= after.closed
        for (model, month), cost in before.costs.items():
            if month in before.closed:
                assert after.costs[model, month] == cost
            else:
                moved += after.costs[model, month] != cost
    assert moved > 100, "a history in which nothing moves shows nothing"


def test_a_model_learned_after_the_close_stays_unpriced_there_and_is_priced_where_open(stages: list[Stage]) -> None:
    last = stages[-1]
    late = [
        (model, month)
        for model in models()
        for month in last.closed
        if month != MONTHS[2] and first_known(model) > closed_at(month)
    ]
    assert len(late) > 100
    assert {last.costs[key] for key in late} == {(None, "unknown_model")}
    reopened = {last.costs[model, month][1] for model, _ in late for month in LEFT_OPEN}
    assert "priced" in reopened


def test_a_planned_change_comes_on_its_day_and_a_called_off_one_never(stages: list[Stage]) -> None:
    last = stages[-1]
    tokens = sum(USED.values())
    before, after = (Decimal(price) * tokens / 1_000_000 for price in (1, 3))
    assert last.costs[PLANNED, date(2026, 5, 1)] == (before, "priced")
    assert last.costs[PLANNED, date(2026, 6, 1)] == (after, "priced")
    assert {last.costs[CALLED_OFF, month] for month in MONTHS} == {(before, "priced")}
    # while it was planned, it was what these months were expected to cost
    assert stages[0].costs[CALLED_OFF, date(2026, 6, 1)] == (after, "priced")


def test_a_name_that_is_understood_later_is_priced_by_the_next_build(company: Companies, tmp_path: Path) -> None:
    """The catalogue learned an alias and no price: old calls and new ones of an open month have the price."""
    book = company("alias", select=MODELS, learns=False)
    at = learned()[0]
    name = {"provider_id": "langfuse", "model_name": "alias"}
    meaning = {"price_source": "genai-prices", "price_provider_id": "langfuse", "price_model_id": PLANNED}
    call = {"provider_id": "langfuse", "model_id": "alias", **USED}
    book.know(list(stated(at, {})), at)
    book.match([{**name, "learned_at": at, "matched_by": "none"}])
    one = write_calls(tmp_path / "1.jsonl", [{"request_id": "1", "requested_at": "2026-02-01T00:00:00Z", **call}])
    book.load((one, "canonical"))
    assert book.rows("select price_status from fct_requests") == [("unknown_model",)]
    book.match([{**name, "learned_at": at + timedelta(days=1), "matched_by": "genai-prices", **meaning}])
    two = write_calls(tmp_path / "2.jsonl", [{"request_id": "2", "requested_at": "2026-02-02T00:00:00Z", **call}])
    book.load((two, "canonical"))
    cost = Decimal(sum(USED.values())) / 1_000_000
    assert book.rows("select request_id, cost_usd from fct_requests order by 1") == [("1", cost), ("2", cost)]
