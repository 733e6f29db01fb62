"""Customers: whom do we subsidise?"""

import polars as pl
import streamlit as st

from app import metrics
from app.dashboard import charts, data, figures, filters, panels, states, theme
from app.dashboard.panels import Column, Tile
from app.dashboard.theme import markdown as md

ROWS = 300
DRAWN = 2000

view = filters.current()
panels.title(view, "Customers")

members = figures.members(view, "customer").join(
    data.customers(view.path), on="customer_id", how="left", maintain_order="left"
)
if members.is_empty():
    states.empty(view)
    st.stop()

losing = members.filter(pl.col("margin_class") == "under_water")
unpaid = members.filter(pl.col("gross_margin").is_null())
if not view.margin_blind_to:
    lost = -(metrics.total(losing, "gross_profit_usd") or 0)
    st.markdown(
        (f"**{len(losing)} of {len(members)}** customers cost more than they pay: {md(theme.money(lost))} in all. ")
        if len(losing)
        else "No customer with revenue costs more than it pays. "
        + (
            f"**{len(unpaid)}** without revenue cost {md(theme.money(metrics.total(unpaid, 'cogs_usd') or 0))}."
            if len(unpaid)
            else ""
        )
    )
panels.blindness(view)
revenue_at_loss = metrics.ratio(metrics.total(losing, "revenue_usd") or 0, metrics.total(members, "revenue_usd"))
panels.tiles(
    [
        figures.ai_cost(view),
        figures.revenue(view),
        figures.gross_margin(view),
        Tile(
            "Customers under water",
            theme.UNKNOWN if view.margin_blind_to else f"{len(losing)} of {len(members)}",
            note=f"{theme.percent(revenue_at_loss)} of revenue" if not view.margin_blind_to else None,
            help="Customers with revenue whose AI cost is higher than that revenue.",
        ),
        Tile(
            "Cost without revenue",
            theme.UNKNOWN if view.margin_blind_to else theme.money(metrics.total(unpaid, "cogs_usd") or 0),
            note=f"{len(unpaid)} customers" if not view.margin_blind_to else None,
            help="AI cost of customers who paid nothing or whose revenue is not mapped; their margin is n/a, not −100%.",
        ),
    ]
)

MONEY = {
    "customer_id": Column("Customer", help="Click a name to look into the customer."),
    "plan_id": Column("Plan"),
    "margin_class": Column("Class", "class"),
    "revenue_usd": Column("Revenue", "money"),
    "cogs_usd": Column("AI cost", "money"),
    "gross_profit_usd": Column("Gross profit", "money"),
    "gross_margin": Column("Margin", "percent"),
}
if not view.margin_blind_to:
    drawn = members.filter((pl.col("revenue_usd") > 0) & (pl.col("cogs_usd") > 0)).head(DRAWN)
    whales = metrics.whale_curve(members)
    left, right = st.columns(2)
    with left:
        panels.chart(
            "Revenue against cost",
            charts.revenue_against_cost(drawn, "customer_id", view.palette, log=True),
            alt=f"Revenue against cost, both logarithmic: {len(losing)} customers lie above the break-even line.",
            key="customer_scatter",
            table=drawn,
            columns=MONEY,
            note=f"{len(members) - len(drawn)} customers without revenue or cost have no place on logarithmic axes."
            " Click a mark to look into the customer.",
            on_pick=filters.opens("customer"),
        )
    with right:
        panels.chart(
            "Who makes the profit, who takes it",
            charts.whale_curve(whales, view.palette),
            alt="Gross profit added up over customers, from the most to the least profitable.",
            key="whale",
            table=whales,
            columns={**MONEY, "cumulative_usd": Column("Added up", "money")},
            note="The curve falls where customers cost more than they pay; the dotted line is the profit that is left.",
            on_pick=filters.opens("customer"),
        )

panels.table(
    "All customers",
    metrics.top_and_others(members, "customer_id", "cost_usd", ROWS),
    {
        **{name: column for name, column in MONEY.items() if name != "cogs_usd"},
        "cost_usd": Column("AI cost", "money"),
        "conversation_count": Column("Conversations", "count"),
        "cost_per_conversation_usd": Column("Cost per conversation", "money"),
        "request_count": Column("Requests", "count"),
    },
    alt="Every customer with plan, margin class, revenue, cost, margin, conversations and requests.",
    key="customers",
    on_pick=filters.opens("customer"),
)
if len(view.now.customer) == 1:
    st.page_link(
        "app_pages/conversations.py",
        label=f"The conversations of {md(view.now.customer[0])}",
        icon=":material/forum:",
    )
