"""Features: which of them pay for themselves?"""

import polars as pl
import streamlit as st

from app import metrics
from app.dashboard import charts, figures, filters, panels, states, theme
from app.dashboard.panels import Column, Tile
from app.dashboard.theme import markdown as md
from app.marts import UNATTRIBUTED

ROWS = 300

view = filters.current()
panels.title(view, "Features")

members = figures.members(view, "feature")
if members.is_empty():
    states.empty(view)
    st.stop()

known = members.filter(pl.col("gross_margin").is_not_null())
paying = len(known.filter(pl.col("gross_margin") >= 0))
untagged = metrics.total(members.filter(pl.col("feature_id") == UNATTRIBUTED), "cost_usd")
share = metrics.ratio(untagged or 0, metrics.total(members, "cost_usd"))

if len(known):
    worst = known.sort("gross_margin", "feature_id").row(0, named=True)
    st.markdown(
        f"**{paying} of {len(known)}** features earn more than they cost. The lowest margin is that of"
        f" **{md(worst['feature_id'])}**: {md(theme.percent(worst['gross_margin']))} on"
        f" {md(theme.money(worst['revenue_usd']))} of revenue."
    )
panels.blindness(view)
panels.tiles(
    [
        figures.ai_cost(view),
        figures.revenue(view),
        figures.gross_profit(view),
        figures.gross_margin(view),
        Tile(
            "Cost without a feature",
            theme.money(untagged or 0),
            note=f"{theme.percent(share)} of AI cost",
            help="Requests that name no feature and match no attribution rule.",
        ),
    ]
)

MONEY = {
    "feature_id": Column("Feature", help="Click a name to look into the feature."),
    "revenue_usd": Column("Revenue", "money"),
    "cogs_usd": Column("AI cost", "money"),
    "gross_profit_usd": Column("Gross profit", "money"),
    "gross_margin": Column("Margin", "percent"),
}
if not view.margin_blind_to:
    drawn = members.filter(pl.col("revenue_usd").is_not_null() | pl.col("cogs_usd").is_not_null())
    left, right = st.columns(2)
    with left:
        panels.chart(
            "Revenue against cost",
            charts.revenue_against_cost(drawn, "feature_id", view.palette, log=False),
            alt=f"Revenue against cost: {paying} of {len(known)} features lie below the break-even line.",
            key="feature_scatter",
            table=drawn,
            columns=MONEY,
            note="Above the line a feature costs more than it earns. Click a mark to look into the feature.",
            on_pick=filters.opens("feature"),
        )
    with right:
        panels.chart(
            "Gross margin by feature",
            charts.margin_bars(members, "feature_id", view.palette),
            alt=f"Gross margin by feature: {paying} of {len(known)} are above zero.",
            key="feature_margins",
            table=drawn,
            columns=MONEY,
            on_pick=filters.opens("feature"),
        )
    st.caption(
        "Method: revenue is spread to features by their share of each customer's cost, unless a seed says otherwise."
    )

listed = metrics.top_and_others(members, "feature_id", "cost_usd", ROWS)
panels.table(
    "All features",
    listed.join(figures.trends(view, "feature"), on="feature_id", how="left", maintain_order="left"),
    {
        "feature_id": MONEY["feature_id"],
        "revenue_usd": MONEY["revenue_usd"],
        "cost_usd": Column("AI cost", "money"),
        "gross_profit_usd": MONEY["gross_profit_usd"],
        "gross_margin": MONEY["gross_margin"],
        "conversation_count": Column("Conversations", "count"),
        "cost_per_conversation_usd": Column("Cost per conversation", "money"),
        "request_count": Column("Requests", "count"),
        "trend": Column(f"Cost by {view.grain}", "trend"),
    },
    alt="Every feature with revenue, cost, margin, conversations and requests.",
    key="features",
    on_pick=filters.opens("feature"),
)
if len(view.now.feature) == 1:
    st.page_link(
        "app_pages/conversations.py",
        label=f"The conversations of {md(view.now.feature[0])}",
        icon=":material/forum:",
    )
