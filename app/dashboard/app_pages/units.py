"""Units: what one conversation, document or ticket costs, and whether its price covers it."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, filters, panels, theme, turns, unit_margins
from app.dashboard.panels import Tile
from app.dashboard.tables import Column

DIMENSIONS = {"feature": "Feature", "customer": "Customer", "plan": "Plan"}
PARTS = {
    "uncached_input": "Input",
    "cached_input": "Cached input",
    "output": "Output",
    "retry": "Retries",
    "embedding": "Embedding",
    "retrieval": "Retrieval",
    "rerank": "Reranking",
    "tool": "Tools",
    "other": "Other",
    "invoice": "Invoice",
    "shared": "Shared",
}
ROWS = 300

view = filters.current()
st.title("Units", anchor=False)
st.caption(f"Whole months of production, in {theme.reporting_currency()}, whatever the filters in the sidebar.")


def asked(units: pl.DataFrame) -> tuple[date, str]:
    """Draw the choice of a month and a unit."""
    months = units["month"].unique().sort(descending=True).to_list()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=180):
            month: date = st.selectbox(
                "Month", months, format_func=lambda day: f"{day:%B %Y}", key="units_month", bind="query-params"
            )
        names = units.filter(pl.col("month") == month)["unit_id"].to_list()
        with st.container(width=320):
            unit: str = st.selectbox("Unit", names, key="unit", bind="query-params")
    filters.say(f"month: {month:%Y-%m}; unit: {unit}")
    return month, unit


def summary(one: dict[str, Any]) -> None:
    """Draw the figures of a unit in a month."""
    price = one["price_usd"]
    panels.tiles(
        [
            Tile("Units", theme.count(one["unit_count"])),
            Tile("Cost of one", _money(one["cost_per_unit_usd"]), help="Of its calls, on average."),
            Tile(
                "With shared cost",
                _money(one["fully_loaded_cost_per_unit_usd"]),
                help="And its share of machines, plans and services that no call is billed for.",
            ),
            Tile("Median", _money(one["median_cost_usd"]), help="Half of them cost no more."),
            Tile("95 of 100 within", _money(one["p95_cost_usd"])),
            Tile("Cost of a success", _money(one["cost_per_successful_unit_usd"]), help="Failures are paid, too."),
            Tile("Price of one", _money(price), help="seeds/units.csv says what is charged."),
            Tile(
                "Break-even price",
                _money(one["break_even_price_usd"]),
                note=f"leaves {theme.percent(float(one['target_margin']))}",
                help="The price of one that leaves the target margin, shared cost included.",
            ),
        ]
    )
    if one["is_small_sample"]:
        st.info(f"Of {one['sample_size']:,} only: one more may move these figures.", icon=":material/info:")


def _money(value: Decimal | None) -> str:
    return theme.UNKNOWN if value is None else theme.money(value)


def anatomy(one: dict[str, Any]) -> None:
    """Draw what the cost of one is made of."""
    rows = [
        {"part": label, "cost_usd": one[f"{name}_cost_usd"], "per_unit_usd": metrics.unit_cost(cost, units)}
        for name, label in PARTS.items()
        if (cost := one[f"{name}_cost_usd"]) and (units := one["unit_count"])
    ]
    if not rows:
        return
    parts = pl.DataFrame(rows, infer_schema_length=None)
    with panels.card("What one is made of") as head:
        panels.chart(
            head,
            charts.cost.bars(
                parts,
                "part",
                view.palette,
                labels=[theme.money(cost) for cost in parts["per_unit_usd"]],
                fills=[view.palette.categories[0]] * len(parts),
                cost="per_unit_usd",
            ),
            alt=f"The cost of one {one['unit_id']} by part; {rows[0]['part']} is"
            f" {_money(rows[0]['per_unit_usd'])} of it.",
            key="unit_parts",
            table=parts,
            columns={
                "part": Column("Part"),
                "per_unit_usd": Column("Of one", "money"),
                "cost_usd": Column("Of all", "money"),
            },
            note="Retries are a part of their own, whatever they are made of. Invoice is what the bill adds or takes.",
        )


def members(month: date, unit: str) -> None:
    """List the unit by feature, customer or plan."""
    by = st.segmented_control(
        "By", list(DIMENSIONS), format_func=DIMENSIONS.__getitem__, default="feature", required=True, key="units_by"
    )
    found = data.read(view.path, marts.units.unit_members, unit, by, month, ROWS)
    panels.table(
        f"{unit.capitalize()} by {by}",
        found,
        {
            "id": Column(DIMENSIONS[by]),
            "unit_count": Column("Units", "count"),
            "cost_usd": Column("Cost", "money"),
            "cost_per_unit_usd": Column("Of one", "money"),
            "median_cost_usd": Column("Median", "money"),
            "p95_cost_usd": Column("95 of 100 within", "money"),
            "shared_cost_usd": Column("Shared cost", "money"),
            "fully_loaded_cost_per_unit_usd": Column("Of one, with it", "money"),
            "success_share": Column("Succeeded", "percent", help="Where the outcome is known."),
            "cost_per_successful_unit_usd": Column("Of a success", "money"),
            "margin_at_price": Column("Margin at its price", "percent"),
            "break_even_price_usd": Column("Break-even price", "money"),
        },
        alt=f"Cost of {unit} by {by}, the most expensive in all first.",
        key="units_members",
        note="A unit is of the feature of its first call. Units are lines of seeds/units.csv.",
    )


def returns() -> None:
    """List what AI cost and returned, month by month."""
    months = data.read(view.path, marts.margin.return_on_spend)
    panels.table(
        "Return on AI spend",
        months.with_columns(pl.col("unit_cost_elasticity").round(2)),  # for a reader
        {
            "month": Column("Month", "day"),
            "revenue_usd": Column("Revenue", "money"),
            "cogs_usd": Column("Cost", "money", help="AI cost of goods sold: calls and shared cost, of production."),
            "cost_share_of_revenue": Column("Of revenue", "percent"),
            "gross_profit_usd": Column("Gross profit", "money"),
            "return_on_cogs": Column("Return", "percent", help="Gross profit ÷ cost."),
            "explained_share": Column(
                "Explained", "percent", help="Of the cost, what is of customers and features that earn something."
            ),
            "other_cost_usd": Column("Beside it", "money", help="Training, evaluation, experiments and development."),
            "unit_count_change": Column("More conversations", "percent"),
            "unit_cost_change": Column("Dearer each", "percent"),
            "unit_cost_elasticity": Column(
                "Elasticity", "quantity", help="The last ÷ the one before it: below 0 more use makes each one cheaper."
            ),
        },
        alt="Cost and revenue of AI by month, and the share of the spend that has a value beside it.",
        key="returns",
        note="Whole months; the newest may not be over.",
    )


found = data.read(view.path, marts.units.units)
if found.is_empty():
    st.info(
        "No call made a unit yet. seeds/units.csv says what makes one; `unitcost ingest` takes events of units.",
        title="No units",
        icon=":material/category:",
    )
    st.stop()
month, unit = asked(found)
row = found.row(by_predicate=(pl.col("month") == month) & (pl.col("unit_id") == unit), named=True)
summary(row)
anatomy(row)
members(month, unit)
unit_margins.show(view, month)
turns.show(view, month)
returns()
