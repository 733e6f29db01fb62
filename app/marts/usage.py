"""Usage by the hour, and who and what there is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from app.marts.drivers import CHANGE_KEYS
from app.marts.scope import Dimension, Grain, Mart, Scope, totals_of
from app.marts.warehouse import Warehouse, summed

CALLED: Mapping[str, str] = {**CHANGE_KEYS, "environment": "environment"}

USAGE = Mart(
    name="fct_usage_hourly",
    day="usage_date",
    keys={**CALLED, "team": "team_id", "operation": "operation"},
    sums=(
        "uncached_input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "request_count",
        "retry_count",
        "error_count",
        "unpriced_request_count",
        "cost_usd",
        "invoiced_cost_usd",
    ),
    production="workload = 'production'",
)

WORKLOADS = Mart(
    name="cost_by_workload",
    day="usage_date",
    keys={
        "provider": "provider_id",
        "feature": "feature_id",
        "customer": "customer_id",
        "environment": "environment",
    },
    sums=("request_count", "request_cost_usd", "shared_cost_usd", "charged_cost_usd", "cost_usd"),
)


@dataclass(frozen=True)
class Bounds:
    """How far the data reaches. All None in a warehouse without usage."""

    first_day: date | None
    last_day: date | None
    last_hour_at: datetime | None


def totals(
    warehouse: Warehouse, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None
) -> pl.DataFrame:
    """Sums of `fct_usage_hourly`, see `totals_of`."""
    return totals_of(warehouse, USAGE, scope, by, grain)


def bounds(warehouse: Warehouse) -> Bounds:
    """First and last day of usage, and the hour that the newest usage is from."""
    found = warehouse.read(
        "select min(usage_date) as first_day, max(usage_date) as last_day, max(usage_hour_at) as last_hour_at"
        " from marts.fct_usage_hourly"
    )
    return Bounds(**found.row(0, named=True))


def models(warehouse: Warehouse) -> pl.DataFrame:
    """provider_id, model_id: every model that was ever used."""
    return warehouse.read("select distinct provider_id, model_id from marts.dim_models order by provider_id, model_id")


def customers(warehouse: Warehouse) -> pl.DataFrame:
    """customer_id, plan_id."""
    return warehouse.read("select customer_id, plan_id from marts.dim_customers order by customer_id")


def features(warehouse: Warehouse) -> tuple[str, ...]:
    """Every feature."""
    return _column(warehouse, "select feature_id from marts.dim_features order by feature_id")


def environments(warehouse: Warehouse) -> tuple[str, ...]:
    """Every environment: no dimension holds them, so they are read off the facts."""
    return _column(warehouse, "select distinct environment from marts.fct_usage_hourly order by environment")


def ranked(warehouse: Warehouse, dimension: Dimension) -> tuple[str, ...]:
    """The members of a dimension, the most expensive of all time first, so that each keeps its colour."""
    return _column(
        warehouse,
        f"select {USAGE.keys[dimension]} from marts.{USAGE.name} group by 1 order by sum(cost_usd) desc nulls last, 1",
    )


def cost_by_hour(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """usage_date, hour (0 to 23, UTC), cost_usd, request_count."""
    where, bound = USAGE.where(scope)
    return warehouse.read(
        f"select usage_date, extract(hour from usage_hour_at) as hour, {summed('cost_usd')}, {summed('request_count')}"
        f" from marts.fct_usage_hourly where {where} group by 1, 2 order by 1, 2",
        bound,
    )


def workloads(warehouse: Warehouse, scope: Scope, grain: Grain) -> pl.DataFrame:
    """`cost_by_workload` without production: workload, period, and the mart's sums."""
    where, bound = WORKLOADS.where(scope)
    return warehouse.read(
        f"select workload, cast(date_trunc('{grain}', usage_date) as date) as period,"
        f" {', '.join(map(summed, WORKLOADS.sums))} from marts.cost_by_workload"
        f" where {where} and workload <> 'production' and workload not like '(%' group by 1, 2 order by 1, 2",
        bound,
    )


def serving_experiments(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """`cost_by_workload` of calls that are no production and name a customer that pays, the dearest first."""
    where, bound = WORKLOADS.where(scope)
    return warehouse.read(
        f"select workload, environment, feature_id, customer_id, {', '.join(map(summed, WORKLOADS.sums))}"
        f" from marts.cost_by_workload where {where} and is_serving_customers group by 1, 2, 3, 4"
        " order by cost_usd desc, 1, 2, 3, 4",
        bound,
    )


def _column(warehouse: Warehouse, query: str) -> tuple[str, ...]:
    return tuple(warehouse.read(query).to_series())
