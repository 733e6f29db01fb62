"""Faults planted in the models of reconciliation, rating and marts are caught by the shipped dbt tests."""

import pytest

from app.dbt_build import BuildError
from tests.models.conftest import Companies, Company, write_calls
from tests.models.reconciled import MILLION, OVERRIDES, call, line, month, october, write_bill

RECONCILIATION = "intermediate/reconciliation"
TIED, PARTS = "assert_every_invoice_is_tied", "assert_differences_are_their_parts"

FAULTS = {
    "a join of calls with the bill fans out": (
        f"{RECONCILIATION}/int_requests_reconciled.sql",
        "        and calls.billing_date = factors.billing_date",
        "",
        "assert_remainders_are_rounding|assert_costs_are_conserved|unique_together_fct_requests",
    ),
    "credits are dropped": (
        f"{RECONCILIATION}/int_billed_lines.sql",
        "\nleft join kinds on dated.usage_kind = kinds.usage_kind",
        "\nleft join kinds on dated.usage_kind = kinds.usage_kind\nwhere dated.charge_category <> 'Credit'",
        TIED,
    ),
    "money passes through a float": (
        "marts/control/reconciliation.sql",
        "'cast(@ as decimal(38, 12)) as @'",
        "'cast(cast(@ as float) as decimal(38, 12)) as @'",
        f"{TIED}|{PARTS}",
    ),
    "use is billed twice": (
        f"{RECONCILIATION}/int_billed_use.sql",
        "\nfrom spans\n",
        "\nfrom (select * from spans union all select * from spans) as spans\n",
        TIED,
    ),
    "what rounding leaves over is lost": (
        f"{RECONCILIATION}/int_invoice_remainders.sql",
        "where size_rank = 1 and",
        "where false and",
        TIED,
    ),
    "a part of the difference is left out": (
        "marts/control/reconciliation.sql",
        "cast(@_usd as decimal(38, 12)) as @_variance_usd",
        "cast(tier_usd * 0 as decimal(38, 12)) as @_variance_usd",
        PARTS,
    ),
    "what is unattributed has the wrong sign": (
        "marts/control/reconciliation.sql",
        "sum(effective_cost_usd) as unattributed_cost_usd",
        "-sum(effective_cost_usd) as unattributed_cost_usd",
        TIED,
    ),
    "calls get twice what is due": (
        f"{RECONCILIATION}/int_cells_reconciled.sql",
        "else due_usd end as due_usd",
        "else 2 * due_usd end as due_usd",
        "assert_remainders_are_rounding",
    ),
    "hours forget what is invoiced": (
        "marts/core/fct_usage_hourly.sql",
        "sum(invoiced_cost_usd), 0)",
        "sum(invoiced_cost_usd) * 0, 0)",
        TIED,
    ),
    "a model has two names": (
        f"{RECONCILIATION}/int_model_keys.sql",
        "where rule_rank = 1",
        "",
        "unique_together_int_model_keys",
    ),
    "a step of the bridge is left out": (
        "marts/control/reconciliation_bridge.sql",
        "'quantity', 'price', 'tier'",
        "'quantity', 'tier'",
        "assert_bridges_lead_to_the_bill",
    ),
    "effective cost is doubled": (
        "marts/core/fct_charges.sql",
        "    charges.effective_cost,\n",
        "    cast(2 * charges.effective_cost as decimal(38, 12)) as effective_cost,\n",
        "assert_the_bill_is_whole",
    ),
    "a correction is taken twice": (
        "marts/control/billed_and_corrected.sql",
        "        0 as billed,\n",
        "        billed_cost as billed,\n",
        "assert_corrections_move_no_money",
    ),
    "calls without a conversation are left out": (
        "marts/unit_economics/cost_per_conversation.sql",
        "\nfrom usage\ngroup by 1, 2\n",
        "\nfrom usage\nwhere conversation_id <> '(unattributed)'\ngroup by 1, 2\n",
        "assert_costs_are_conserved",
    ),
    "customers who pay nothing are left out": (
        "intermediate/int_margin_daily.sql",
        "full join",
        "inner join",
        "assert_costs_are_conserved|assert_revenue_is_conserved",
    ),
    "features cost double": (
        "marts/unit_economics/cost_per_feature.sql",
        "cast(cost_usd as decimal(38, 12)) as cost_usd,",
        "cast(2 * cost_usd as decimal(38, 12)) as cost_usd,",
        "assert_costs_are_conserved",
    ),
    "a price is there twice": (
        "intermediate/prices/int_rate_card.sql",
        "\nfrom priced\n",
        "\nfrom (select * from priced union all select * from priced) as priced\n",
        "unique",
    ),
    "tokens from the cache are counted twice": (
        "marts/core/fct_usage_hourly.sql",
        "cast(sum(cache_read_tokens) as bigint)",
        "cast(sum(cache_read_tokens + output_tokens) as bigint)",
        "assert_tokens_are_counted_once",
    ),
    "a day is not rated": (
        f"{RECONCILIATION}/int_usage_rated_daily.sql",
        "group by 1, 2, 3, 4, 5, 6, 7, 8",
        "group by 1, 2, 3, 4, 5, 6, 7, 8\nhaving calls.usage_date <> date '2026-10-11'",
        "assert_every_day_is_built",
    ),
    "what no call takes of a pool is lost": (
        "marts/core/allocated_costs.sql",
        "where half = 'idle' or share_sum = 0",
        "where half = 'idle'",
        "assert_pools_are_spread_whole",
    ),
    "calls move to another day": (
        "marts/core/fct_usage_hourly.sql",
        "    date_trunc('hour', requested_at) as usage_hour_at,",
        "    date_trunc('hour', requested_at + interval 14 hour) as usage_hour_at,",
        "assert_hours_are_of_their_day",
    ),
}


@pytest.fixture(scope="module")
def faultless(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made, folder = company("faultless", overrides=OVERRIDES), tmp_path_factory.mktemp("faultless")
    bill = [
        *october(),
        # of three calls that cost the same: something is left over
        line("clean", 14, "Input", 3 * MILLION, "7.10"),
        line("clean", 9, "Input", 100, "0.0003", ChargeClass="Correction", InvoiceId="INV-2",
             BillingPeriodStart="2026-11-01T00:00:00Z", BillingPeriodEnd="2026-12-01T00:00:00Z"),
    ]  # fmt: skip
    calls = [
        *month(),
        *(
            call(number, "clean", 14, uncached_input_tokens=MILLION) | {"conversation_id": "talk" if number else None}
            for number in range(3)
        ),
    ]
    made.load((write_calls(folder / "calls.jsonl", calls), "canonical"), write_bill(folder / "bill.csv", bill))
    return made


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_of_the_close_is_found(fault: str, faultless: Company) -> None:
    with pytest.raises(BuildError, match=FAULTS[fault][-1]):
        faultless.build_with(*FAULTS[fault])
