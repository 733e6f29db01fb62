"""Why cost changed, and what was out of the ordinary."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from app import effects
from app.marts.scope import Dimension, Scope
from app.marts.warehouse import Warehouse, places, summed

CHANGE_KEYS: Mapping[str, str] = {
    "provider": "provider_id",
    "model": "model_id",
    "feature": "feature_id",
    "customer": "customer_id",
}
"""Dimension → the column of `cost_change_between`; of environments it knows what is production."""


def cost_changes(
    warehouse: Warehouse, after: Scope, before: Scope, by: Sequence[Sequence[Dimension]]
) -> tuple[pl.DataFrame, ...]:
    """What cost before and after, and why: the function `cost_change_between`, asked once and summed by each of `by`.

    Columns of each frame: the keys of its dimensions, before_usd, after_usd, an effect a column (`app.effects`),
    rounding_usd.
    """
    keys, sets = list(CHANGE_KEYS.values()), [[CHANGE_KEYS[dimension] for dimension in one] for one in by]
    members = {name: chosen for name, chosen in after.members.items() if name in CHANGE_KEYS}
    clauses = [f"{name}_id = any(${name})" for name in members]
    if after.is_production_only:
        # what stands idle and is unused is of no workload
        clauses.append("(workload = 'production' or workload like '(%)')")
    sums = ["before_usd", "after_usd", *map(effects.column, effects.WORDS), "rounding_usd"]
    groups = [f"({', '.join(one)})" for one in sets]
    found = warehouse.read(
        f"select {', '.join([*keys, *map(summed, sums)])}, grouping({', '.join(keys)}) as summed_over"
        " from marts.cost_change_between($before_from, $before_to, $after_from, $after_to)"
        + (f" where {' and '.join(clauses)}" if clauses else "")
        + f" group by grouping sets ({', '.join(groups)}) order by {places(keys)}",
        {
            "before_from": before.start,
            "before_to": before.end,
            "after_from": after.start,
            "after_to": after.end,
            **{name: list(chosen) for name, chosen in members.items()},
        },
    )
    # a bit for each key, the first the highest: set where the key is summed over
    masks = [int("".join("01"[key not in one] for key in keys), 2) for one in sets]
    return tuple(
        found.filter(pl.col("summed_over") == mask).select([*one, *sums]) for mask, one in zip(masks, sets, strict=True)
    )


def anomalies(warehouse: Warehouse, scope: Scope, asked: str | None = None) -> pl.DataFrame:
    """`cost_anomalies` with a day in the scope, and the one that is asked for; what is open first."""
    return warehouse.read(
        "select * from marts.cost_anomalies where anomaly_id = $asked"
        " or (last_date >= $start and started_date <= $end"
        " and (len($feature) = 0 or feature_id = any($feature))"
        " and (len($customer) = 0 or customer_id is null or customer_id = any($customer)))"
        " order by is_open desc, started_date desc, excess_usd desc, anomaly_id",
        {
            "asked": asked,
            "start": scope.start,
            "end": scope.end,
            "feature": list(scope.feature),
            "customer": list(scope.customer),
        },
    )


def every_anomaly(warehouse: Warehouse) -> pl.DataFrame:
    """`cost_anomalies`, what costs most first."""
    return warehouse.read("select * from marts.cost_anomalies order by excess_usd desc, anomaly_id")


def anomaly_effects(warehouse: Warehouse, anomaly_id: str) -> pl.DataFrame:
    """`cost_anomaly_effects` of one anomaly, the largest first."""
    return warehouse.read(
        "select * from marts.cost_anomaly_effects where anomaly_id = $id order by abs(effect_usd) desc, effect",
        {"id": anomaly_id},
    )


def effects_of_anomalies(warehouse: Warehouse) -> pl.DataFrame:
    """anomaly_id, effect, effect_usd: of each anomaly of drivers what explains it, the largest first."""
    return warehouse.read(
        "select anomaly_id, effect, effect_usd from marts.cost_anomaly_effects"
        " order by anomaly_id, effect_usd desc, effect"
    )


def driver_baselines(warehouse: Warehouse, feature_id: str, workload: str, start: date, end: date) -> pl.DataFrame:
    """`driver_baselines` of a feature in order of days."""
    return warehouse.read(
        "select * from marts.driver_baselines where feature_id = $feature and workload = $workload"
        " and usage_date between $start and $end order by driver, usage_date",
        {"feature": feature_id, "workload": workload, "start": start, "end": end},
    )
