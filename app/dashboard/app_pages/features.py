"""Features: which of them pay for themselves."""

import polars as pl
import streamlit as st

from app import metrics
from app.dashboard import breakdown, charts, figures, filters, panels, rag, revenue_methods, states, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.marts.scope import UNATTRIBUTED

ROWS = 300
MONEY = {
    "feature_id": Column("Feature", help="Click a name to look into the feature."),
    "revenue_usd": Column("Revenue", "money"),
    "cogs_usd": Column("Cost", "money", help="AI cost of the calls and their share of shared cost."),
    "gross_profit_usd": Column("Gross profit", "money"),
    "gross_margin": Column("Margin", "percent"),
}

view = filters.current()
panels.title(view, "Features")

members = figures.members(view, "feature")
if members.is_empty():
    states.empty(view)
    st.stop()

known = members.filter(pl.col("gross_margin").is_not_null())
paying = len(known.filter(pl.col("gross_margin") >= 0))


def untagged() -> Tile:
    """Cost that no feature answers for."""
    cost = metrics.total(members.filter(pl.col("feature_id") == UNATTRIBUTED), "cost_usd") or 0
    share = metrics.ratio(cost, metrics.total(members, "cost_usd"))
    return Tile(
        "Without a feature",
        theme.money(cost),
        note=f"{theme.percent(share)} of cost",
        help="AI cost of requests that name no feature.",
    )


def scatter() -> None:
    """Draw revenue against cost."""
    drawn = members.filter((pl.col("revenue_usd") > 0) & (pl.col("cogs_usd") > 0))
    left_out = len(members) - len(drawn)
    with panels.card("Revenue against cost") as head:
        panels.chart(
            head,
            charts.margin.revenue_against_cost(drawn, "feature_id", view.palette),
            alt=f"Revenue against AI cost: {paying} of {len(known)} features lie below the break-even line.",
            key="feature_scatter",
            table=members,
            columns=MONEY,
            note="Above the line a feature costs more than it earns. Click a mark to look into it."
            + (f" {left_out} without revenue or cost cannot be drawn on these axes." if left_out else ""),
            on_pick=filters.opens("feature"),
        )


def margins() -> None:
    """Draw gross margin by feature."""
    with panels.card("Gross margin by feature") as head:
        panels.chart(
            head,
            charts.margin.bars(members, "feature_id", view.palette),
            alt=f"Gross margin by feature: {paying} of {len(known)} are above zero.",
            key="feature_margins",
            table=members,
            columns=MONEY,
            note="Method: a customer's revenue is spread to features by their share of that customer's cost,"
            " unless a seed says otherwise.",
            on_pick=filters.opens("feature"),
        )


if len(known):
    worst = known.sort("gross_margin", "feature_id").row(0, named=True)
    count = f"**{paying} of {len(known)}** features earn more than they cost. The lowest margin is that of"
    st.markdown(
        f"{count if len(known) > 1 else 'Gross margin of'} **{md(worst['feature_id'])}**:"
        f" **{theme.percent(worst['gross_margin'])}** on {md(theme.money(worst['revenue_usd']))} of revenue."
    )
panels.blindness(view)
panels.tiles(
    [
        figures.ai_cost(view),
        figures.revenue(view),
        figures.gross_profit(view),
        figures.gross_margin(view),
        untagged(),
    ]
)
if not view.margin_blind_to:
    left, right = st.columns(2)
    with left:
        scatter()
    with right:
        if len(members) > 1:
            margins()
        else:
            breakdown.cost_by(view, "customer")
panels.table(
    "All features",
    metrics.top_and_others(members, "feature_id", "cost_usd", ROWS).join(
        figures.trends(view, "feature"), on="feature_id", how="left", maintain_order="left"
    ),
    panels.known(
        view,
        {
            "feature_id": MONEY["feature_id"],
            "revenue_usd": MONEY["revenue_usd"],
            "cost_usd": Column("AI cost", "money", help="Of the calls."),
            "shared_cost_usd": Column(
                "Shared cost", "money", help="Its share of plans, machines and services that no call is billed for."
            ),
            "gross_profit_usd": MONEY["gross_profit_usd"],
            "gross_margin": MONEY["gross_margin"],
            "conversation_count": Column("Conversations", "count", help="Counted at the feature where they began."),
            "cost_per_conversation_usd": Column(
                "Per conversation", "money", help="AI cost of a conversation, on average."
            ),
            "request_count": Column("Requests", "count"),
            "trend": Column(f"Cost by {view.grain}", "trend"),
        },
    ),
    alt="Every feature with revenue, cost, margin, conversations and requests.",
    key="features",
    note="The most expensive first. Click a name to look into the feature.",
    on_pick=filters.opens("feature"),
)
revenue_methods.show(view)
rag.show(view)
panels.onward(view, "feature")
