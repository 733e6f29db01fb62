"""What holds for the cost of every call, whatever it used, whoever computes it and in which order."""

import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models.conftest import CALL_MODELS, Companies, Company, Rating, WholeCatalogue, write_calls
from tests.models.oracle import LEAVES

MODELS = f"{CALL_MODELS} +cost_lines"

COMPONENTS = ("input", "cache_read", "cache_write", "output", "tool", "other")
COSTS = tuple(f"{component}_cost_usd" for component in COMPONENTS)
ALONE = tuple(leaf for leaf in LEAVES if leaf != "reasoning_tokens")
"""Counts that stand for themselves; reasoning is a part of the output."""

SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
Call = Mapping[str, Any]


@pytest.fixture(scope="module")
def rates(whole_catalogue: WholeCatalogue, rating: Callable[[Company], Rating]) -> Rating:
    return rating(whole_catalogue.company)


def plain(call: Call, number: object, counts: Mapping[str, object]) -> Call:
    """A call of the same model, time and tier that used other things."""
    kept = {name: call[name] for name in ("provider_id", "model_id", "service_tier") if call[name] is not None}
    tier = "standard" if kept.get("service_tier") == "default" else kept.get("service_tier", "standard")
    at = call["requested_at"].removesuffix("+00:00")
    return {**kept, "service_tier": tier, "requested_at": at, "request_id": str(number), **counts}


counts = st.integers(0, 400_000) | st.integers(0, 300)
increases = st.lists(
    st.tuples(st.integers(0, 19_999), st.sampled_from(ALONE), st.integers(0, 60_000)), min_size=300, max_size=300
)


@SETTINGS
@given(increases)
def test_more_of_anything_within_a_tier_never_costs_less(
    rates: Rating, whole_catalogue: WholeCatalogue, drawn: list[tuple[int, str, int]]
) -> None:
    pairs = []
    for number, (index, leaf, more) in enumerate(drawn):
        call = whole_catalogue.calls[index]
        used = {name: Decimal(call[name]) for name in LEAVES if name in call}
        pairs.append(plain(call, f"less-{number}", used))
        pairs.append(plain(call, f"more-{number}", {**used, leaf: used.get(leaf, Decimal()) + more}))
    rated = rates.rate(pairs)
    same_tier = [
        (less, more)
        for less, more in zip(rated[::2], rated[1::2], strict=True)
        if less["price_id"] == more["price_id"] and more["contracted_cost_usd"] is not None
    ]
    assert len(same_tier) > len(drawn) // 5
    assert [pair for pair in same_tier if pair[0]["contracted_cost_usd"] > pair[1]["contracted_cost_usd"]] == []


@SETTINGS
@given(
    st.lists(
        st.tuples(st.integers(0, 19_999), st.dictionaries(st.sampled_from(ALONE), counts, min_size=2, max_size=6)),
        min_size=60,
        max_size=60,
    )
)
def test_a_call_costs_the_sum_of_what_each_of_its_kinds_would_cost_alone(
    rates: Rating, whole_catalogue: WholeCatalogue, drawn: list[tuple[int, dict[str, int]]]
) -> None:
    calls = []
    for number, (index, used) in enumerate(drawn):
        call = whole_catalogue.calls[index]
        calls.append(plain(call, f"{number}|all", used))
        calls.append(plain(call, f"{number}|none", {}))
        calls += [plain(call, f"{number}|{leaf}", {leaf: count}) for leaf, count in used.items()]
    rated = {row["request_id"]: row for row in rates.rate(calls)}
    compared = 0
    for number, (_, used) in enumerate(drawn):
        whole, nothing = rated[f"{number}|all"], rated[f"{number}|none"]
        parts = [rated[f"{number}|{leaf}"] for leaf in used]
        if whole["contracted_cost_usd"] is None:
            # what a part lacks, the whole lacks
            assert any(part["contracted_cost_usd"] is None for part in parts)
        elif all(part["price_id"] == whole["price_id"] for part in parts):
            compared += 1
            request = nothing["contracted_cost_usd"]
            expected = sum((part["contracted_cost_usd"] - request for part in parts), request)
            assert whole["contracted_cost_usd"] == expected, (whole, parts)
    assert compared


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_costs_do_not_depend_on_the_order_of_the_calls_or_on_threads(
    rates: Rating, whole_catalogue: WholeCatalogue, threads: int
) -> None:
    calls = [
        plain(call, call["request_id"], {name: call[name] for name in LEAVES if name in call})
        for call in whole_catalogue.calls
    ]
    order = random.Random(threads).sample(range(len(calls)), len(calls))  # noqa: S311 - an order, not a secret
    rated = rates.rate([calls[index] for index in order], threads=threads)
    published = {
        request_id: tuple(costs)
        for request_id, *costs in whole_catalogue.company.rows(
            f"select request_id, price_id, price_status, {', '.join(COSTS)}, list_cost_usd from fct_requests"
        )
    }
    columns = ("price_id", "price_status", *COSTS, "list_cost_usd")
    assert {row["request_id"]: tuple(row[name] for name in columns) for row in rated} == published


def test_the_components_of_every_call_and_its_lines_sum_to_its_cost(whole_catalogue: WholeCatalogue) -> None:
    rows = whole_catalogue.company.rows(
        f"""
        with lines as (
            select request_id, sum(amount_usd) as amount_usd, count(*) - count(amount_usd) as unpriced
            from marts.cost_lines group by 1
        )
        select contracted_cost_usd, {" + ".join(COSTS)}, coalesce(amount_usd, 0), coalesce(unpriced, 0)
        from fct_requests left join lines using (request_id)
        """
    )
    assert len(rows) == len(whole_catalogue.cases)
    assert [row for row in rows if row[0] is not None and not row[0] == row[1] == row[2]] == []
    # a call has no cost where, and only where, some line of it has no price
    assert [row for row in rows if (row[0] is None) != (row[3] > 0)] == []
    assert [row for row in rows if row[0] is None and row[1] is not None] == []


def test_files_split_and_shuffled_cost_what_the_whole_costs(
    whole_catalogue: WholeCatalogue, company: Companies, tmp_path: Path
) -> None:
    calls = [call for call in whole_catalogue.calls if "2026-10-10" < call["requested_at"] < "2026-10-20"]
    assert len(calls) > 1_000
    shuffled = random.Random(5).sample(calls, len(calls))  # noqa: S311 - an order, not a secret
    files = [write_calls(tmp_path / f"part{part}.jsonl", shuffled[part::5]) for part in range(5)]
    split = company("split", select=MODELS)
    split.duckdb_threads(1)
    split.load(*((file, "canonical") for file in files[:2]))
    split.load(*((file, "canonical") for file in files[2:]))
    days = "where requested_at > timestamp '2026-10-10' and requested_at < timestamp '2026-10-20'"
    query = f"select request_id, price_status, {', '.join(COSTS)}, list_cost_usd, cost_usd from fct_requests"
    parts, whole = split.rows(query), whole_catalogue.company.rows(f"{query} {days}")
    assert len(parts) == len(calls)
    assert sorted(parts) == sorted(whole)
    total = "select sum(cost_usd), count(cost_usd), count(*) from fct_requests"
    assert split.rows(total) == whole_catalogue.company.rows(f"{total} {days}")
