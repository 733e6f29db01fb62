"""The imaginary company at full size, from the command that the README names to the figures."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from app import builds

UNITCOST = str(Path(sys.executable).parent / "unitcost")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    home = tmp_path_factory.mktemp("full") / "warehouse"
    done = subprocess.run(
        [UNITCOST, "demo", "--exit", "--no-browser", "--as-of", "2026-11-24"],
        env={**os.environ, "UNITCOST_HOME": str(home)},
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


def test_the_bill_is_the_logs_but_for_the_planted_difference(demo: duckdb.DuckDBPyConnection) -> None:
    """Token lines of October's bills against the calls: gpt-4o-mini's output of the 15th is billed 2 % too high."""
    difference = demo.sql(
        """
        with billed as (
            select provider_id, usage_date, sum(billed_cost) as cost
            from fct_charges where charge_category = 'Usage' group by all
        ),
        rated as (select provider_id, usage_date, sum(contracted_cost_usd) as cost from fct_usage_hourly group by all)
        select provider_id, usage_date::varchar, billed.cost - rated.cost as excess
        from billed inner join rated using (provider_id, usage_date)
        where billed.cost <> rated.cost
        """
    ).fetchall()
    ((provider, day, excess),) = difference
    assert (provider, day) == ("openai", "2026-10-15")
    ((output,),) = demo.sql(
        "select sum(output_cost_usd) from fct_usage_hourly "
        "where model_id like 'gpt-4o-mini-%' and usage_date = date '2026-10-15'"
    ).fetchall()
    assert abs(excess / output - Decimal("0.02")) < Decimal("0.0001")
    # the reconciliation finds it, and nothing else; the calls of that day cost it, and all calls what was billed
    ((model, component, on, found, quantity),) = demo.sql(
        "select model_id, component, billing_date::varchar, difference_usd, quantity_variance_usd from reconciliation "
        "where charge_kind = 'use' and difference_usd <> 0"
    ).fetchall()
    assert (model, component, on, found) == ("gpt-4o-mini", "output", "2026-10-15", excess)
    assert abs(quantity - excess) < Decimal("0.000000001")
    assert demo.sql(
        "select sum(cost_usd) - sum(contracted_cost_usd), count(distinct is_invoiced) filter (where cost_usd > 0) "
        "from fct_requests"
    ).fetchall() == [(excess, 1)]
