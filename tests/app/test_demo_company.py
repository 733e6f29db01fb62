"""The imaginary company at full size, from the README's first command, as a new user gives it, to the figures."""

import os
import re
import subprocess
import sys
from decimal import Decimal

import duckdb
import pytest

from app import builds
from app.settings import PROJECT_DIR
from ingest.demo import company


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    home = tmp_path_factory.mktemp("full") / "warehouse"
    done = subprocess.run(
        ["make", "demo", f"VENV={sys.prefix}", "DEMO_ARGS=--no-browser --exit --as-of 2026-11-24"],
        env={**os.environ, "UNITCOST_HOME": str(home)},
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return duckdb.connect(str(builds.current(home).path), read_only=True)


def test_the_support_assistant_costs_five_thousand_dollars(demo: duckdb.DuckDBPyConnection) -> None:
    """50,000 conversations × 10 turns × $0.01 a turn = $5,000.00."""
    support = "feature_id = 'support_assistant'"
    assert demo.sql(
        f"select conversation_count, cost_usd, cost_per_conversation_usd from cost_per_feature "
        f"where {support} and month = date '2026-10-01'"
    ).fetchall() == [(50_000, Decimal("5000.00"), Decimal("0.10"))]
    october = f"{support} and usage_date between date '2026-10-01' and date '2026-10-31'"
    assert demo.sql(f"select count(*), min(cost_usd), max(cost_usd) from fct_requests where {october}").fetchall() == [
        (500_000, Decimal("0.01"), Decimal("0.01"))
    ]
    assert demo.sql(
        f"select min(turn_count), max(turn_count) from cost_per_conversation "
        f"where {support} and started_date between date '2026-10-01' and date '2026-10-31'"
    ).fetchall() == [(10, 10)]


def test_it_is_about_a_million_calls_over_ninety_days(demo: duckdb.DuckDBPyConnection) -> None:
    ((calls, days),) = demo.sql("select count(*), count(distinct usage_date) from fct_requests").fetchall()
    assert 950_000 < calls < 1_100_000
    assert days == 90


def test_customers_range_from_very_profitable_to_under_water(demo: duckdb.DuckDBPyConnection) -> None:
    classes = dict(
        demo.sql(
            "select margin_class, count(*) from gross_margin "
            "where dimension = 'customer' and month = date '2026-10-01' group by 1"
        ).fetchall()
    )
    assert classes["under_water"] >= 5
    assert classes["profitable"] > 80
    assert classes["no_revenue"] > 10
    ((best, worst),) = demo.sql(
        "select max(gross_margin), min(gross_margin) from gross_margin where month = date '2026-10-01'"
    ).fetchall()
    assert best > 0.95
    assert worst < -1


def test_what_the_gateway_recorded_is_what_we_rate(demo: duckdb.DuckDBPyConnection) -> None:
    """LiteLLM's spend column against our rating, for every call: cache writes of two lifetimes, long contexts."""
    assert demo.sql(
        "select count(*) > 20000, sum(case when contracted_cost_usd = reported_cost_usd then 0 else 1 end) "
        "from fct_requests where source_id = 'litellm'"
    ).fetchall() == [(True, 0)]


def test_untagged_unpriced_retried_and_repeated_calls_are_all_visible(demo: duckdb.DuckDBPyConnection) -> None:
    assert demo.sql("select count(*) > 1000 from fct_requests where customer_id = '(unattributed)'").fetchall() == [
        (True,)
    ]
    assert demo.sql("select distinct model_id, price_status from unpriced_requests").fetchall() == [
        ("acme-ft-7b-instruct", "unknown_model")
    ]
    assert demo.sql("select sum(retry_count) > 500 from fct_usage_hourly").fetchall() == [(True,)]
    assert demo.sql("select sum(duplicate_count) from input_balance").fetchall() == [(25,)]


def test_each_planted_difference_of_the_bill_is_found_sized_and_put_in_its_class(
    demo: duckdb.DuckDBPyConnection,
) -> None:
    """One of every class in OpenAI's bill of October, against what the demo says that it planted."""

    def logged(what: str) -> Decimal:
        """What the calls of a planted line cost, by the price table of the demo."""
        model, kind, day = company.PLANTED[what]
        column = {"input": "uncached_input_tokens", "cache_read": "cache_read_tokens", "output": "output_tokens"}[kind]
        ((tokens,),) = demo.sql(
            f"select coalesce(sum({column}), 0) from fct_usage_hourly "
            f"where model_id = '{model}' and usage_date = date '2026-10-{day:02}'"
        ).fetchall()
        return Decimal(tokens) / 1_000_000 * company.PRICES.get(model, {kind: Decimal(0)})[kind]

    late = Decimal(company.LATE_TOKENS) / 1_000_000 * company.PRICES[company.GPT_5]["input"]
    expected = {
        "coverage": Decimal(company.SHADOW_TOKENS) / 1_000_000 * company.SHADOW_PRICE,
        "quantity": logged("quantity") * (company.OVERBILLED_BY - 1),
        "price": logged("price") * (company.DEARER_BY - 1),
        "tier": -logged("tier") / company.BATCHED_SHARE / 2,
        "timing": -late,
        "rounding": round(logged("rounding"), 2) - logged("rounding"),
        "unexplained": logged("unexplained") * (company.UNTOLD_BY - 1),
    }
    parts = ", ".join(f"{what}_variance_usd" for what in expected)
    rows = demo.sql(
        f"select model_id, component, day(billing_date), {parts} from reconciliation "
        "where charge_kind = 'use' and (difference_usd <> 0 or timing_variance_usd <> 0)"
    ).fetchall()
    found = {tuple(row[:3]): dict(zip(expected, row[3:], strict=True)) for row in rows}
    assert len(found) == len(rows) == len(expected) + 1  # what came late is on two days
    for what, (model, kind, day) in company.PLANTED.items():
        cell = found[re.sub(r"-20\d\d-\d\d-\d\d$", "", model), kind, day]
        assert abs(cell[what] - expected[what]) < Decimal("0.0001"), what
        assert all(abs(value) < Decimal("0.000001") for name, value in cell.items() if name != what), what
    beside = demo.sql(
        "select sum(credit_variance_usd), sum(non_token_variance_usd) from reconciliation "
        "where billing_month = date '2026-10-01'"
    ).fetchall()
    plans = sum(company.SUPPORT_PLAN_USD.values()) * (1 + company.TAX_ON_SUPPORT_PLAN)
    assert beside == [(2 * company.PROMOTIONAL_CREDIT_USD, plans)]
    # the calls cost what was billed for them
    ((moved, states),) = demo.sql(
        "select sum(cost_usd) - sum(contracted_cost_usd), count(distinct is_invoiced) filter (where cost_usd > 0) "
        "from fct_requests"
    ).fetchall()
    of_calls = demo.sql(
        "select sum(difference_usd - coverage_variance_usd) from reconciliation where charge_kind = 'use'"
    )
    assert [(moved,)] == of_calls.fetchall()
    assert states == 1
