"""Revenue beside cost: margin by feature, customer and plan."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

import polars as pl

from app.marts.scope import Dimension, Grain, Mart, Scope, totals_of
from app.marts.warehouse import Warehouse, summed

PlanColumn = Literal["plan_id", "segment_id"]

MARGIN = Mart(
    name="gross_margin_daily",
    day="usage_date",
    keys={"feature": "feature_id", "customer": "customer_id"},
    sums=("revenue_usd", "cogs_usd", "shared_cost_usd", "gross_profit_usd"),
)


def totals(
    warehouse: Warehouse, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None
) -> pl.DataFrame:
    """Sums of `gross_margin_daily`, see `totals_of`."""
    return totals_of(warehouse, MARGIN, scope, by, grain)


def margin_by(warehouse: Warehouse, column: PlanColumn, scope: Scope) -> pl.DataFrame:
    """Sums of `gross_margin_daily` by plan_id or segment_id, and customer_count, the one that earns most first."""
    where, bound = MARGIN.where(scope)
    sums = ", ".join(map(summed, MARGIN.sums))
    return warehouse.read(
        f"select {column}, cast(count(distinct customer_id) as bigint) as customer_count, {sums}"
        f" from marts.gross_margin_daily where {where} group by 1 order by revenue_usd desc, {column}",
        bound,
    )


def plan_margins(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """`plan_margins` of the months of the scope, the newest first, the plan that costs most first."""
    return warehouse.read(
        "select * from marts.plan_margins where month between date_trunc('month', $start) and $end"
        " order by month desc, cost_usd desc, plan_id",
        {"start": scope.start, "end": scope.end},
    )


def plan_limits(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`plan_limits` of a month, plan by plan, the lowest limit first."""
    return warehouse.read(
        "select * from marts.plan_limits where month = $month order by plan_id, limit_usd, limit_name",
        {"month": month},
    )


def revenue_methods(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """`revenue_by_method` summed over the months of the scope, by method and feature, with gross_margin."""
    sums = ", ".join(summed(name) for name in ("revenue_usd", "cogs_usd", "gross_profit_usd"))
    return warehouse.read(
        "select *, case when revenue_usd > 0"
        " then cast(gross_profit_usd as double) / cast(revenue_usd as double) end as gross_margin from ("
        f"select revenue_method, feature_id, bool_and(is_chosen) as is_chosen, {sums} from marts.revenue_by_method"
        " where month between date_trunc('month', $start) and $end"
        " and (len($feature) = 0 or feature_id = any($feature)) group by 1, 2) order by 1, 2",
        {"start": scope.start, "end": scope.end, "feature": list(scope.feature)},
    )


def revenue_sources(warehouse: Warehouse) -> pl.DataFrame:
    """`revenue_sources`, the newest month first."""
    return warehouse.read("select * from marts.revenue_sources order by month desc, source_id, counted_by")


def return_on_spend(warehouse: Warehouse) -> pl.DataFrame:
    """`return_on_spend`, the newest month first."""
    return warehouse.read("select * from marts.return_on_spend order by month desc")


def customer_cohorts(warehouse: Warehouse) -> pl.DataFrame:
    """`customer_cohorts`, the oldest first."""
    return warehouse.read("select * from marts.customer_cohorts order by cohort_month, month_number")
