"""Plans and segments: what they earn and cost on the days that customers were in them, and the price that would do."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import data, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column, Columns

TARGET = 60
"""Per cent of revenue that software with AI inside is often asked to leave."""
MARGIN: Columns = {
    "margin_class": Column("Class", "class"),
    "customer_count": Column("Customers", "count"),
    "revenue_usd": Column("Revenue", "money"),
    "cogs_usd": Column("Cost", "money", help="AI cost of the calls and their share of shared cost."),
    "gross_profit_usd": Column("Gross profit", "money"),
    "gross_margin": Column("Margin", "percent"),
}


def show(view: View) -> None:
    """List plans and segments with margin, and by how much a plan's price would have to change to leave a margin."""
    if view.margin_blind_to:
        return
    by_plan = data.read(view.path, marts.margin.margin_by, "plan_id", view.now)
    by_segment = data.read(view.path, marts.margin.margin_by, "segment_id", view.now)
    if not by_plan["plan_id"].is_in(["(unattributed)"]).all():
        plans(by_plan)
    if by_segment["segment_id"].is_in(["(none)"]).all():
        st.caption("No customer has a segment on these days: seeds/customer_plans.csv says which customers have one.")
    else:
        segments(by_segment)


def plans(found: pl.DataFrame) -> None:
    """List plans, and the price that would do."""
    with st.container(width=260):
        target = st.number_input(
            "Target margin, %", min_value=0, max_value=99, value=TARGET, key="target_margin", bind="query-params"
        )
    panels.table(
        "Plans",
        metrics.with_break_even(metrics.with_margin(found), target),
        {
            "plan_id": Column("Plan"),
            **MARGIN,
            "break_even_revenue_usd": Column("Revenue for the target", "money", help="Cost ÷ (1 − target margin)."),
            "price_change": Column("Price change for it", "percent", help="If as many stayed and used as much."),
        },
        alt="Plans with revenue, cost and margin, and the price change that would leave the target margin.",
        key="plans",
        note="Cost meets the plan that its customer was on that day: by revenue lines, or seeds/customer_plans.csv.",
    )


def segments(found: pl.DataFrame) -> None:
    """List segments."""
    panels.table(
        "Segments",
        metrics.with_margin(found),
        {"segment_id": Column("Segment"), **MARGIN},
        alt="Segments with revenue, cost and margin.",
        key="segments",
        note="Cost meets the segment that its customer was in that day, by seeds/customer_plans.csv; (none): no line.",
    )
