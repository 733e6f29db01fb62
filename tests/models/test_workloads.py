"""Training, evaluation, experiments and development beside production: in no unit cost and no margin, in every sum."""

from pathlib import Path
from typing import Any

import pytest

from tests.models import test_allocation as pools
from tests.models.conftest import Companies, Company, write_calls
from tests.models.reconciled import MILLION, line, write_bill

OVERRIDES = [
    {
        "effect": "contract_price", "provider_id": "acme", "model_id": "small", "usage_kind": "input_tokens",
        "price": "2", "per_units": MILLION, "currency": "USD",
    }
]  # fmt: skip


def call(number: int, customer: str | None, environment: str | None, **more: Any) -> dict[str, Any]:
    """A call of $2."""
    named = {"customer_id": customer, "environment": environment}
    return {
        "request_id": f"call-{number}",
        "provider_id": "acme",
        "model_id": "small",
        "requested_at": f"2026-10-{number:02}T12:00:00Z",
        "feature_id": "chat",
        "operation": "chat",
        "conversation_id": f"c-{number}",
        "uncached_input_tokens": MILLION,
        **{name: value for name, value in named.items() if value is not None},
        **more,
    }


CALLS = [
    call(1, "ann", "production"),
    call(2, "ann", None),  # who names no environment serves customers
    call(3, None, "Eval-nightly"),
    call(4, "ann", "staging", conversation_id="c-1"),  # goes on with a conversation of production
    call(5, "ann", "experiment-7"),
    call(6, None, "fine-tuning"),
    call(7, None, "production", feature_id="evals"),
    call(8, "bob", "dev"),  # pays nothing
]


def revenue(path: Path) -> tuple[Path, None]:
    path.write_text(
        "customer_id,period_start,period_end,amount,currency,feature,plan\nann,2026-10-01,2026-11-01,31,USD,chat,pro\n"
    )
    return path, None


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("workloads")
    made = company("workloads", overrides=OVERRIDES)
    training = line("", 9, "", None, "50", ChargeDescription="Fine-tuning hours", SkuMeter="")
    made.load(
        (write_calls(folder / "calls.jsonl", CALLS), "canonical"),
        write_bill(folder / "bill.csv", [training]),
        revenue(folder / "revenue.csv"),
    )
    return made


def test_each_call_is_of_the_first_rule_that_fits_else_production(loaded: Company) -> None:
    sums = ", ".join(f"sum({name})" for name in ("request_count", "request_cost_usd", "charged_cost_usd", "cost_usd"))
    assert loaded.rows(f"select workload, {sums} from cost_by_workload group by 1 order by 1") == [
        ("development", 2, 4, 0, 4),
        ("evaluation", 2, 4, 0, 4),
        ("experiment", 1, 2, 0, 2),
        ("production", 2, 4, 0, 4),
        ("training", 1, 2, 50, 52),
    ]


def test_unit_costs_and_margins_are_of_production(loaded: Company) -> None:
    assert loaded.rows("select feature_id, request_count, cost_usd, conversation_count from cost_per_feature") == [
        ("chat", 2, 4, 2)
    ]
    assert loaded.rows("select customer_id, cost_usd from cost_per_customer") == [("ann", 4)]
    assert loaded.rows("select sum(revenue_usd), sum(cogs_usd) from gross_margin where dimension = 'customer'") == [
        (31, 4)
    ]
    assert loaded.rows("select sum(cost_usd) from fct_usage_hourly") == [(16,)]


def test_a_conversation_with_a_call_of_production_is_one_of_production(loaded: Company) -> None:
    rows = loaded.rows("select conversation_id, cost_usd from cost_per_conversation where is_production order by 1")
    assert rows == [("c-1", 4), ("c-2", 2)]


def test_an_experiment_that_serves_who_pays_is_flagged(loaded: Company) -> None:
    rows = loaded.rows(
        "select workload, customer_id, cost_usd from cost_by_workload where is_serving_customers order by 1"
    )
    assert rows == [("development", "ann", 2), ("experiment", "ann", 2)]


def test_training_that_a_pool_takes_is_counted_once(company: Companies, tmp_path: Path) -> None:
    made = company("pooled", overrides=OVERRIDES, select="+cost_by_workload")
    pools.with_rules(made, [pools.rule(1, "fine-tuning", "requests")])
    training = line("", 8, "", None, "50", ChargeDescription="Fine-tuning hours", SkuMeter="")
    made.load(
        (write_calls(tmp_path / "calls.jsonl", CALLS), "canonical"), write_bill(tmp_path / "bill.csv", [training])
    )
    parts = ", ".join(f"sum({name}_cost_usd)" for name in ("request", "shared", "charged"))
    assert made.rows(f"select {parts}, sum(cost_usd) from cost_by_workload") == [(16, 50, 0, 66)]
