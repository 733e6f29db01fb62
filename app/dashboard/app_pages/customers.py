"""Customers: whom we subsidise."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import (
    breakdown,
    charts,
    cohorts,
    data,
    figures,
    filters,
    panels,
    plan_prices,
    plans,
    states,
    theme,
)
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.marts.scope import UNATTRIBUTED

ROWS = 300
DRAWN = 1000
MONEY = {
    "customer_id": Column("Customer", help="Click a name to look into the customer."),
    "plan_id": Column("Plan"),
    "margin_class": Column("Class", "class"),
    "revenue_usd": Column("Revenue", "money"),
    "cogs_usd": Column("Cost", "money", help="AI cost of the calls and their share of shared cost."),
    "gross_profit_usd": Column("Gross profit", "money"),
    "gross_margin": Column("Margin", "percent"),
}

view = filters.current()
panels.title(view, "Customers")

newest_plans = data.read(view.path, marts.usage.customers).with_columns(pl.col("plan_id").replace(UNATTRIBUTED, None))
members = figures.members(view, "customer").join(newest_plans, on="customer_id", how="left", maintain_order="left")
if members.is_empty():
    states.empty(view)
    st.stop()

losing = members.filter(pl.col("margin_class") == "under_water")
unpaid = members.filter(pl.col("margin_class") == "no_revenue")


def headline() -> str:
    """Say what to take away, as Markdown."""
    lost, given = metrics.total(losing, "gross_profit_usd"), metrics.total(unpaid, "cogs_usd")
    if len(members) == 1:
        kind = theme.MARGIN_CLASSES.get(members["margin_class"][0] or "", theme.UNKNOWN).lower()
        return f"**{md(members['customer_id'][0])}** is on plan {md(members['plan_id'][0] or theme.UNKNOWN)}: {kind}."
    said = "No customer with revenue costs more than it pays"
    if lost is not None:
        verb = "costs more than it pays" if len(losing) == 1 else "cost more than they pay"
        said = f"**{len(losing)}** of {len(members):,} customers {verb}, **{md(theme.money(-lost))}** in all"
    if given is not None:
        said += f"; {len(unpaid):,} without revenue cost **{md(theme.money(given))}**"
    return said + "."


def losses() -> list[Tile]:
    """Customers that pay too little, and those that pay nothing."""
    if view.margin_blind_to:
        note = f"not by {' or '.join(view.margin_blind_to)}"
        return [Tile(label, theme.UNKNOWN, note=note) for label in ("Under water", "Without revenue")]
    share = metrics.ratio(metrics.total(losing, "revenue_usd") or 0, metrics.total(members, "revenue_usd"))
    return [
        Tile(
            "Under water",
            theme.count(len(losing)),
            note=f"{theme.percent(share)} of revenue",
            help="Customers with revenue whose AI cost is higher than that revenue.",
        ),
        Tile(
            "Without revenue",
            theme.money(metrics.total(unpaid, "cogs_usd") or 0),
            note=f"{len(unpaid):,} customers",
            help="AI cost of customers with no revenue in these days. Their margin is n/a, not −100%.",
        ),
    ]


def scatter() -> None:
    """Draw revenue against cost."""
    drawn = members.filter((pl.col("revenue_usd") > 0) & (pl.col("cogs_usd") > 0)).head(DRAWN)
    left_out = len(members) - len(drawn)
    with panels.card("Revenue against cost") as head:
        panels.chart(
            head,
            charts.margin.revenue_against_cost(drawn, "customer_id", view.palette),
            alt=f"Revenue against AI cost: {len(losing)} customers lie above the break-even line.",
            key="customer_scatter",
            table=members,
            columns=MONEY,
            note="Above the line a customer costs more than it pays. Click a mark to look into it."
            + (f" {left_out:,} without revenue or cost cannot be drawn on these axes." if left_out else ""),
            on_pick=filters.opens("customer"),
        )


def whales() -> None:
    """Draw who makes the profit and who takes it."""
    curve = metrics.whale_curve(members)
    with panels.card("Who makes the profit, who takes it") as head:
        panels.chart(
            head,
            charts.margin.whale_curve(curve, view.palette),
            alt=f"Gross profit added up from the best customer to the worst. {headline()}",
            key="whale",
            table=curve,
            columns={**MONEY, "cumulative_usd": Column("Added up", "money")},
            note="The curve falls where customers cost more than they pay. The dotted line is the profit that is left.",
            on_pick=filters.opens("customer"),
        )


if not view.margin_blind_to:
    st.markdown(headline())
panels.blindness(view)
panels.tiles([figures.ai_cost(view), figures.revenue(view), figures.gross_margin(view), *losses()])
if not view.margin_blind_to:
    left, right = st.columns(2)
    with left:
        scatter()
    with right:
        if len(members) > 1:
            whales()
        else:
            breakdown.cost_by(view, "feature")
panels.table(
    "All customers",
    metrics.top_and_others(members, "customer_id", "cost_usd", ROWS),
    panels.known(
        view,
        {
            **{name: MONEY[name] for name in ("customer_id", "plan_id", "margin_class", "revenue_usd")},
            "cost_usd": Column("AI cost", "money", help="Of the calls."),
            "shared_cost_usd": Column(
                "Shared cost", "money", help="Its share of plans, machines and services that no call is billed for."
            ),
            "gross_profit_usd": MONEY["gross_profit_usd"],
            "gross_margin": MONEY["gross_margin"],
            "conversation_count": Column("Conversations", "count"),
            "cost_per_conversation_usd": Column(
                "Per conversation", "money", help="AI cost of a conversation, on average."
            ),
            "request_count": Column("Requests", "count"),
        },
    ),
    alt="Every customer with plan, margin class, revenue, cost, margin, conversations and requests.",
    key="customers",
    note="The most expensive first. Click a name to look into the customer.",
    on_pick=filters.opens("customer"),
)
plans.show(view)
plan_prices.show(view)
cohorts.show(view)
panels.onward(view, "customer")
