"""Margin by unit: what each unit earned and cost, and what of the company is of none."""

from datetime import date

import polars as pl

from app import marts
from app.dashboard import data, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column

REASONS = {
    "no_unit_price": "No price of its own, and no feature that only it names; or the rest of such",
    "no_price": "No call has a price",
    "no_revenue": "No revenue",
    "negative_revenue": "Units would have earned more than was recognised",
}


def show(view: View, month: date) -> None:
    """List the units of a month with revenue, cost and margin; together they are the company."""
    found = data.read(view.path, marts.units.unit_margins, month)
    panels.table(
        "Margin by unit",
        found.with_columns(pl.col("unknown_reason").replace(REASONS)),
        {
            "id": Column("Unit"),
            "margin_class": Column("Class", "class"),
            "revenue_usd": Column("Revenue", "money", help="Its price for each, or what the feature earns that it is."),
            "cogs_usd": Column("Cost", "money", help="AI cost of the calls that are its own, and shared cost."),
            "shared_cost_usd": Column("Shared cost", "money"),
            "gross_profit_usd": Column("Gross profit", "money"),
            "gross_margin": Column("Margin", "percent"),
            "unknown_reason": Column("Why it is not known"),
        },
        alt="Units with revenue, cost and margin; with what is of no unit they sum to the company.",
        key="unit_margins",
        note="A call that makes several units is of the one that says most of it here, so that all of them sum to the"
        " company. (unassigned) is what is of no unit, and revenue beyond what units are charged.",
    )
