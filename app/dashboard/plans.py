"""Plans: what they earn and cost on the days that customers were on them, and the price that would do."""

import streamlit as st

from app import metrics
from app.dashboard import data, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column

TARGET = 60
"""Per cent of revenue that software with AI inside is often asked to leave."""


def show(view: View) -> None:
    """List plans with margin, and by how much their price would have to change to leave a margin."""
    if view.margin_blind_to:
        return
    found = data.margin_by_plan(view.path, view.now)
    if found["plan_id"].is_in(["(unattributed)"]).all():
        return
    with st.container(width=260):
        target = st.number_input(
            "Target margin, %", min_value=0, max_value=99, value=TARGET, key="target_margin", bind="query-params"
        )
    panels.table(
        "Plans",
        metrics.with_break_even(metrics.with_margin(found), target),
        {
            "plan_id": Column("Plan"),
            "margin_class": Column("Class", "class"),
            "customer_count": Column("Customers", "count"),
            "revenue_usd": Column("Revenue", "money"),
            "cogs_usd": Column("Cost", "money", help="AI cost of the calls and their share of shared cost."),
            "gross_profit_usd": Column("Gross profit", "money"),
            "gross_margin": Column("Margin", "percent"),
            "break_even_revenue_usd": Column("Revenue for the target", "money", help="Cost ÷ (1 − target margin)."),
            "price_change": Column("Price change for it", "percent", help="If as many stayed and used as much."),
        },
        alt="Plans with revenue, cost and margin, and the price change that would leave the target margin.",
        key="plans",
        note="Cost meets the plan that its customer was on that day: by revenue lines, or seeds/customer_plans.csv.",
    )
