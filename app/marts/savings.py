"""What could be saved, what was, and what a scenario is priced from."""

from datetime import date

import polars as pl

from app import scenario
from app.marts.scope import Mart, Scope
from app.marts.usage import CALLED
from app.marts.warehouse import Warehouse, places, summed

SCENARIO = Mart(
    name="scenario_base",
    day="usage_date",
    keys=CALLED,
    sums=(
        "request_count",
        "unpriced_request_count",
        "uncached_input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        *(f"output_over_{cap}_tokens" for cap in scenario.CAPS),
        "input_cost_usd",
        "cache_read_cost_usd",
        "cache_write_cost_usd",
        "output_cost_usd",
        "contracted_cost_usd",
        "cost_usd",
    ),
    production="workload = 'production'",
)

_SCENARIO_KEYS = (
    "feature_id",
    "provider_id",
    "model_id",
    "candidate_model_id",
    "is_evidenced",
    "is_in_batch",
    # prices are summed by, not over: a row is of one list
    *(
        f"{place}{kind}_price_usd"
        for place in ("", "batch_", "candidate_", "candidate_batch_")
        for kind in scenario.KINDS
    ),
)


def savings_opportunities(warehouse: Warehouse) -> pl.DataFrame:
    """`savings_opportunities` of every month, the newest and the largest first."""
    return warehouse.read(
        "select * from marts.savings_opportunities"
        " order by month desc, stacked_saving_usd desc, expected_saving_usd desc, high_saving_usd desc,"
        " potential_usd desc, feature_id, strategy, evidence_kind",
        {},
    )


def realised_savings(warehouse: Warehouse) -> pl.DataFrame:
    """`realised_savings`, the newest month and the largest saving first."""
    return warehouse.read(
        "select * from marts.realised_savings"
        " order by month desc, realised_usd desc nulls last, feature_id, strategy, done_date"
    )


def prompt_caching(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`prompt_caching` of a month: features by what their input costs, ways from the cheapest."""
    return warehouse.read(
        "select * from marts.prompt_caching where month = $month"
        " order by actual_cost_usd desc, feature_id, provider_id, model_id, policy_cost_usd, policy_id, placement",
        {"month": month},
    )


def prompt_caching_on(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`prompt_caching_on` of a month, what saves least first."""
    return warehouse.read(
        "select * from marts.prompt_caching_on where month = $month"
        " order by net_saving_usd, feature_id, provider_id, model_id",
        {"month": month},
    )


def quantisation(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`quantisation` of a month: models by what they cost, the precision that saves most first."""
    return warehouse.read(
        "select * from marts.quantisation where month = $month"
        " order by allocated_cost_usd desc, rule_number, provider_id, model_id, is_best desc,"
        " expected_saving_usd desc, to_precision",
        {"month": month},
    )


def scenario_base(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """`scenario_base` summed by feature, model and what its tokens list, the most expensive first."""
    where, bound = SCENARIO.where(scope)
    sums = ", ".join(map(summed, SCENARIO.sums))
    return warehouse.read(
        f"select {', '.join(_SCENARIO_KEYS)}, {sums} from marts.{SCENARIO.name} where {where}"
        f" group by {places(_SCENARIO_KEYS)} order by cost_usd desc nulls last, {places(_SCENARIO_KEYS)}",
        bound,
    )
