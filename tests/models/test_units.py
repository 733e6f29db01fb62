"""What one unit costs, of which parts, and at what price it would pay; worked out by hand."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import Companies, Company, write_calls
from tests.models.test_attribution import MILLION, with_rules

D = Decimal
UNITS = ("unit_id", "counted_by", "feature_id", "operation", "price_usd", "target_margin", "reason")
PRICES = [
    {
        "effect": "contract_price", "provider_id": "acme", "model_id": "small", "usage_kind": kind, "price": price,
        "per_units": MILLION, "currency": "USD",
    }
    for kind, price in (("input_tokens", "1"), ("output_tokens", "2"), ("cache_read_tokens", "0.1"))
]  # fmt: skip


def call(number: int, day: int, customer: str, millions: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "request_id": f"call-{number}",
        "provider_id": "acme",
        "model_id": "small",
        "requested_at": f"2026-10-{day:02}T12:{number:02}:00Z",
        "customer_id": customer,
        "feature_id": "chat",
        "uncached_input_tokens": int(D(millions) * MILLION),
        "operation": "chat",
        **more,
    }


CALLS = [
    # a conversation of two turns, the second after a failed attempt; its context is read from the cache
    call(1, 5, "ann", conversation_id="c-1", output_tokens=MILLION),
    call(2, 6, "ann", "0.5", conversation_id="c-1", status="error"),
    call(
        3, 6, "ann", "0.5", conversation_id="c-1", retry_of="call-2", attempt_number=2, cache_read_tokens=MILLION,
    ),
    call(4, 7, "ann", "2", conversation_id="c-2"),
    call(5, 8, "bob", "9", conversation_id="c-3"),
    # of no conversation, and so of no unit
    call(6, 8, "bob", "0.5"),
    # an answer from documents: three steps of one trace
    call(10, 9, "ann", "0.1", feature_id="search", trace_id="t-1", operation="embeddings"),
    call(11, 9, "ann", "0.2", feature_id="search", trace_id="t-1", operation="rerank"),
    call(12, 9, "ann", "3", feature_id="search", trace_id="t-1"),
    # documents: three in one trace, two that say nothing of their calls
    call(20, 10, "ann", "6", feature_id="import", trace_id="t-9"),
    call(21, 11, "ann", "8", feature_id="import"),
    # a call that a rule says is part of a report
    call(30, 12, "bob", "4", feature_id="other", api_key_id="key-report", user_id="u-1"),
    call(31, 12, "bob", "5", feature_id="other", user_id="u-2"),
]  # fmt: skip
EVENTS = """unit,event_id,occurred_at,customer_id,feature,conversation_id,trace_id,quantity,outcome
document,d-1,2026-10-10T13:00:00Z,ann,import,,t-9,3,success
document,d-1,2026-10-10T13:00:00Z,ann,import,,t-9,3,success
document,d-2,2026-10-11T13:00:00Z,ann,import,,,2,failure
document,d-3,2026-10-12T13:00:00Z,cee,import,,,1,success
conversation,e-1,2026-10-06T13:00:00Z,ann,chat,c-1,,,success
conversation,e-2,2026-10-07T13:00:00Z,ann,chat,c-2,,,failure
none-such,e-3,2026-10-07T13:00:00Z,ann,chat,c-2,,,success
"""
REVENUE = """customer_id,period_start,period_end,amount,currency,feature
ann,2026-10-01,2026-11-01,31,USD,search
bob,2026-10-01,2026-11-01,62,USD,
"""


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder: Path = tmp_path_factory.mktemp("units")
    made = with_rules(
        company("units", overrides=PRICES), [{"rule_number": 1, "api_key_id": "key-report", "set_unit_id": "report"}]
    )
    units = [
        ("conversation", "conversation", "chat", "*", "10", "0.6"),
        ("answer", "trace", "search", "*", "0", "0.5"),
        ("document", "event", "import", "*", "2", "0.5"),
        ("report", "request", "-", "-", "0", "0"),
        ("active_user", "user", "*", "*", "0", "0"),
        ("never", "request", "no-such-feature", "*", "0", "0"),
    ]
    made.seed("units", UNITS, [dict(zip(UNITS, (*unit, "of this test"), strict=True)) for unit in units])
    (folder / "units.csv").write_text(EVENTS)
    (folder / "revenue.csv").write_text(REVENUE)
    made.load(
        *((folder / name, None) for name in ("units.csv", "revenue.csv")),
        (write_calls(folder / "calls.jsonl", CALLS), "canonical"),
    )
    return made


def company_wide(loaded: Company, columns: str) -> dict[str, tuple[Any, ...]]:
    rows = loaded.rows(f"select unit_id, {columns} from cost_per_unit where dimension = 'company'")
    return {row[0]: row[1:] for row in rows}


def test_units_are_counted_and_cost_what_their_calls_cost(loaded: Company) -> None:
    assert company_wide(loaded, "unit_count, cost_usd, cost_per_unit_usd, sample_size, is_small_sample") == {
        "conversation": (3, D("15.1"), D("5.033333333333"), 3, True),
        "answer": (1, D("3.3"), D("3.3"), 1, True),
        # three of one trace, two that are told without a trace, and one that no call was made for
        "document": (6, D(14), D("2.333333333333"), 1, True),
        "report": (1, D(4), D(4), 1, True),
        "active_user": (2, D(9), D("4.5"), 2, True),
    }


def test_a_conversation_is_made_of_parts(loaded: Company) -> None:
    parts = "uncached_input_cost_usd, cached_input_cost_usd, output_cost_usd, retry_cost_usd, turn_count, request_count"
    ((row),) = loaded.rows(
        f"select {parts} from cost_per_unit where unit_id = 'conversation' and dimension = 'customer' and id = 'ann'"
    )
    assert row == (D("3.5"), D(0), D(2), D("0.6"), 3, 4)
    assert company_wide(loaded, "embedding_cost_usd, rerank_cost_usd, uncached_input_cost_usd")["answer"] == (
        D("0.1"), D("0.2"), D(3),
    )  # fmt: skip


def test_the_median_and_the_dearest_are_of_conversations(loaded: Company) -> None:
    assert company_wide(loaded, "median_cost_usd, p95_cost_usd")["conversation"] == (D("4.1"), D(9))


def test_a_successful_unit_bears_the_cost_of_those_that_failed(loaded: Company) -> None:
    found = company_wide(loaded, "known_outcome_count, success_count, success_share, cost_per_successful_unit_usd")
    assert found["conversation"] == (2, 1, 0.5, D("6.1"))
    assert found["document"] == (6, 4, pytest.approx(4 / 6), D("3.5"))
    assert found["answer"] == (0, 0, None, None)


def test_a_price_is_set_beside_the_cost_and_the_price_that_would_do(loaded: Company) -> None:
    found = company_wide(loaded, "price_usd, margin_at_price, break_even_price_usd")
    assert found["conversation"] == (D(10), pytest.approx(1 - 5.0333333333 / 10), D("12.583333333333"))
    assert found["document"] == (D(2), pytest.approx(1 - 2.3333333333 / 2), D("4.666666666666"))
    assert found["answer"] == (None, None, D("6.6"))


def test_units_of_a_day_sum_to_those_of_the_month(loaded: Company) -> None:
    daily = loaded.rows("select unit_id, sum(unit_count), sum(cost_usd) from cost_per_unit_daily group by 1 order by 1")
    assert daily == loaded.rows(
        "select unit_id, unit_count, cost_usd from cost_per_unit where dimension = 'company' order by 1"
    )
    assert loaded.rows(
        "select usage_date::text, feature_id, customer_id, unit_count from cost_per_unit_daily "
        "where unit_id = 'document' order by 1"
    ) == [("2026-10-10", "import", "ann", 3), ("2026-10-11", "import", "ann", 2), ("2026-10-12", "import", "cee", 1)]


def test_the_margin_of_a_unit_is_its_price_or_what_the_feature_earns_that_only_it_names(loaded: Company) -> None:
    # of what makes two units the cost is that of the one that says more of it: active users bear only the last call
    assert loaded.rows(
        "select id, revenue_split_by, revenue_usd, cogs_usd, gross_profit_usd, unknown_reason, margin_class "
        "from gross_margin where dimension = 'unit' order by id"
    ) == [
        # with what the two units earned of which nobody knows
        ("(unassigned)", "unknown", D(20), D("0.5"), D("19.5"), "no_unit_price", "unknown"),
        ("active_user", None, None, D(5), None, "no_unit_price", "unknown"),
        ("answer", "named", D(31), D("3.3"), D("27.7"), None, "profitable"),
        ("conversation", "price", D(30), D("15.1"), D("14.9"), None, "thin"),
        ("document", "price", D(12), D(14), D(-2), None, "under_water"),
        ("report", None, None, D(4), None, "no_unit_price", "unknown"),
    ]
    assert loaded.rows(
        "select dimension, sum(revenue_usd), sum(cogs_usd), sum(coalesce(gross_profit_usd, -cogs_usd)) "
        "from gross_margin where dimension in ('company', 'unit') group by 1 order by 1"
    ) == [("company", D(93), D("41.9"), D("51.1")), ("unit", D(93), D("41.9"), D("51.1"))]
    # half a dollar of the cost is of no unit
    assert loaded.rows("select distinct attributed_share from gross_margin where dimension = 'unit'") == [
        (pytest.approx(41.4 / 41.9),)
    ]


def test_what_units_earn_and_cost_alone_is_there_day_by_day(loaded: Company) -> None:
    daily = loaded.rows(
        "select unit_id, sum(revenue_usd), sum(own_cost_usd), sum(contribution_usd) from cost_per_unit_daily"
        " group by 1 order by 1"
    )
    assert daily == [
        ("active_user", None, D(5), None),
        ("answer", None, D("3.3"), None),
        ("conversation", D(30), D("15.1"), D("14.9")),
        ("document", D(12), D(14), D(-2)),
        ("report", None, D(4), None),
    ]


def test_calls_and_events_that_come_later_are_counted_as_in_one_build(loaded: Company, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(
        "unit,event_id,occurred_at,customer_id,feature,trace_id,outcome\n"
        "document,d-9,2026-11-02T13:00:00Z,bob,import,t-20,success\n"
    )
    more = [call(40, 20, "ann", "7", conversation_id="c-2"), call(41, 20, "bob", "1", feature_id="import")]
    november = [
        {**call(42, 2, "bob", "3", feature_id="import", trace_id="t-20"), "requested_at": "2026-11-02T12:00:00Z"},
        {**call(43, 2, "bob", "4", conversation_id="c-9"), "requested_at": "2026-11-02T12:00:00Z"},
    ]
    queries = [f"select * from {mart} order by all" for mart in ("cost_per_unit", "cost_per_unit_daily")]
    (tmp_path / "plan.csv").write_text(
        "customer_id,period_start,period_end,amount,currency,plan\nann,2026-10-01,2026-10-15,310,USD,free\n"
    )
    late = [(write_calls(tmp_path / "more.jsonl", more + november), "canonical"), (tmp_path / "more.csv", None)]
    for inputs in (late, [(tmp_path / "plan.csv", None)]):  # half of a month that is over has a plan
        assert not loaded.load(*inputs).is_full
    incremental = [loaded.rows(query) for query in queries]
    loaded.load(full=True)
    assert [loaded.rows(query) for query in queries] == incremental
    plans_of_ann = "select distinct plan_id from cost_per_unit_daily where customer_id = 'ann' order by 1"
    assert loaded.rows(plans_of_ann) == [("free",)]
    assert loaded.rows(
        "select unit_count, cost_usd from cost_per_unit where unit_id = 'document' and dimension = 'company' "
        "order by month"
    ) == [(6, D(15)), (1, D(3))]
    # three conversations of 22.10 together, then one of 4: two thirds fewer, each cheaper by 46 per cent
    assert loaded.rows(
        "select unit_count_change, unit_cost_change, unit_cost_elasticity from return_on_spend order by month"
    ) == [
        (None, None, None),
        (pytest.approx(-2 / 3), pytest.approx(12 / 22.1 - 1), pytest.approx((12 / 22.1 - 1) / (-2 / 3))),
    ]
