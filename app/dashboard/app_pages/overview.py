"""Overview: whether we make money on AI, and what moved."""

from typing import Literal

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import breakdown, data, figures, filters, panels, states, theme, workloads
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md

LOWEST = 5

view = filters.current()
panels.title(view, "Overview")

features = data.read(view.path, marts.usage.totals, view.now, by=("feature",))
if features.is_empty():
    states.empty(view)
    st.stop()


def headline() -> str:
    """Say what to take away, as Markdown."""
    said = f"AI cost was **{md(theme.money(metrics.total(features, 'cost_usd')))}**"
    if view.before:
        full = data.read(view.path, marts.usage.totals, view.full, by=("feature",))
        earlier = data.read(view.path, marts.usage.totals, view.before, by=("feature",))
        moved = metrics.change(metrics.total(full, "cost_usd"), metrics.total(earlier, "cost_usd"))
        if moved and moved.relative and moved.absolute:
            way, size = ("up" if moved.absolute > 0 else "down"), theme.percent(abs(moved.relative))
            said += f", {way} **{md(theme.money(abs(moved.absolute)))}** ({size}) on the {view.full.days} days before"
            mover = metrics.largest_mover(full, earlier, "feature_id")
            if mover and len(features) > 1:
                said += f"; {md(mover[0])} moved most ({md(theme.signed_money(mover[1]))})"
    margin = None if view.margin_blind_to else figures.margin_of(data.read(view.path, marts.margin.totals, view.now))
    return said + (f". Gross margin was **{theme.percent(margin)}**." if margin is not None else ".")


def cost_over_time() -> None:
    """Draw cost by day and what stacks it, with margin below."""
    with panels.card("AI cost over time" + ("" if view.margin_blind_to else ", with gross margin")) as head:
        stack = head.segmented_control(
            "Stack by", ["Provider", "Feature"], default="Provider", required=True, key="by", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        by: Literal["provider", "feature"] = "feature" if stack == "Feature" else "provider"
        margin = None
        if not view.margin_blind_to:
            margin = metrics.with_margin(data.read(view.path, marts.margin.totals, view.now, grain=view.grain))
        breakdown.over_time(view, head, by, margin=margin, headline=headline(), key="cost_over_time")


def lowest_margins() -> None:
    """List the customers that leave least."""
    customers = metrics.with_margin(data.read(view.path, marts.margin.totals, view.now, by=("customer",)))
    unpaid = customers.filter(pl.col("gross_margin").is_null())
    panels.table(
        "Customers with the lowest margin",
        customers.filter(pl.col("gross_margin").is_not_null()).sort("gross_margin", "customer_id").head(LOWEST),
        {
            "customer_id": Column("Customer", help="Click a name to look into the customer."),
            "revenue_usd": Column("Revenue", "money"),
            "cogs_usd": Column("AI cost", "money"),
            "gross_margin": Column("Margin", "percent"),
        },
        alt=f"The {LOWEST} customers with the lowest gross margin.",
        key="lowest_margin",
        note=f"{len(unpaid)} more have no revenue and cost {md(theme.money(metrics.total(unpaid, 'cogs_usd')))}."
        if len(unpaid)
        else "Every customer has revenue.",
        on_pick=filters.opens("customer", "app_pages/customers.py"),
    )


st.markdown(headline())
panels.blindness(view)
panels.tiles(
    [
        figures.ai_cost(view, trend=True),
        figures.gross_margin(view, trend=True),
        figures.cost_per_conversation(view, trend=True),
        figures.conversations(view, trend=True),
        figures.unpriced(view, trend=True),
    ]
)
cost_over_time()
if view.margin_blind_to:
    breakdown.cost_by(view, "feature")
else:
    left, right = st.columns(2)
    with left:
        breakdown.cost_by(view, "feature")
    with right:
        lowest_margins()
workloads.show(view)
