"""Overview: are we making money on AI, and what moved?"""

import polars as pl
import streamlit as st

from app import metrics
from app.dashboard import charts, data, figures, filters, panels, periods, states, theme
from app.dashboard.panels import Column
from app.dashboard.theme import markdown as md
from app.marts import Dimension

KEPT = 7
"""Members with a colour of their own; the rest is one grey."""
BARS = 10
LOWEST = 5

view = filters.current()
panels.title(view, "Overview")

features = data.usage(view.path, view.now, by=("feature",))
if features.is_empty():
    states.empty(view)
    st.stop()


def headline() -> str:
    """What to take away, as Markdown."""
    said = f"AI cost was **{md(theme.money(metrics.total(features, 'cost_usd')))}**"
    if view.before:
        full = data.usage(view.path, view.full, by=("feature",))
        earlier = data.usage(view.path, view.before, by=("feature",))
        moved = metrics.change(metrics.total(full, "cost_usd"), metrics.total(earlier, "cost_usd"))
        if moved and moved.relative and moved.absolute:
            way, size = ("up" if moved.absolute > 0 else "down"), theme.percent(abs(moved.relative))
            said += (
                f", {way} **{md(theme.money(abs(moved.absolute)))}** ({md(size)}) on the {view.full.days} days before"
            )
            mover = metrics.largest_mover(full, earlier, "feature_id")
            if mover:
                said += f"; {md(mover[0])} moved most, by {md(theme.signed_money(mover[1]))}"
    margin = None if view.margin_blind_to else figures.margin_of(data.margin(view.path, view.now))
    return said + (f". Gross margin was **{md(theme.percent(margin))}**." if margin is not None else ".")


st.markdown(headline())
panels.blindness(view)
panels.tiles(
    [
        figures.ai_cost(view),
        figures.gross_margin(view),
        figures.cost_per_conversation(view),
        figures.conversations(view),
        figures.unpriced(view),
    ]
)

# --- cost and margin over time ----------------------------------------------------------------------------------------
by: Dimension = st.segmented_control(
    "Stack cost by", ["provider", "feature"], default="provider", required=True, key="by", bind="query-params"
)
members = data.usage(view.path, view.now, by=(by,))
shown = members.sort("cost_usd", descending=True, nulls_last=True)[f"{by}_id"].to_list()
kept = shown[:KEPT]
over_time = metrics.folded(data.usage(view.path, view.now, by=(by,), grain=view.grain), f"{by}_id", kept)
margin_over_time = None
if not view.margin_blind_to:
    margin_over_time = metrics.with_margin(data.margin(view.path, view.now, grain=view.grain))
panels.chart(
    f"AI cost by {view.grain} and {by}" + (", with gross margin" if margin_over_time is not None else ""),
    charts.cost_over_time(
        over_time,
        f"{by}_id",
        theme.colours(view.palette, data.ranked(view.path, by), [*kept, *(["Other"] if len(shown) > KEPT else [])]),
        margin_over_time,
        lambda start: periods.is_open(start, view.grain, (view.full.start, view.full.end)),
        view.palette,
    ),
    alt=f"AI cost by {view.grain}: {headline()}",
    key="cost_over_time",
    table=over_time,
    columns={
        "period": Column("From", "day"),
        f"{by}_id": Column(by.capitalize()),
        "cost_usd": Column("AI cost", "money"),
    },
)

# --- features, and the customers with the lowest margin ---------------------------------------------------------------
margins = pl.DataFrame(schema={"feature_id": pl.String, "gross_margin": pl.Float64, "margin_class": pl.String})
if not view.margin_blind_to:
    margins = metrics.with_margin(data.margin(view.path, view.now, by=("feature",)))
ranking = metrics.top_and_others(
    metrics.beside("feature_id", features, margins.select("feature_id", "gross_margin", "margin_class")).filter(
        pl.col("request_count") > 0
    ),
    "feature_id",
    "cost_usd",
    BARS,
)
left, right = st.columns(2)
with left:
    panels.chart(
        "Features by cost",
        charts.bars(
            ranking,
            "feature_id",
            "cost_usd",
            [
                f"{theme.money(cost)} · {theme.percent(margin)} margin" if margin is not None else theme.money(cost)
                for cost, margin in ranking.select("cost_usd", "gross_margin").iter_rows()
            ],
            [theme.margin_colour(view.palette, kind or "") for kind in ranking["margin_class"]],
            view.palette,
        ),
        alt=f"Features by cost, the largest is {ranking['feature_id'][0]}.",
        key="features_by_cost",
        table=ranking,
        columns={
            "feature_id": Column("Feature"),
            "cost_usd": Column("AI cost", "money"),
            "gross_margin": Column("Gross margin", "percent"),
        },
        note="Click a bar to look into the feature.",
        on_pick=filters.opens("feature", "app_pages/features.py"),
    )
with right:
    if view.margin_blind_to:
        st.info("The customers with the lowest margin are known without those filters only.", icon=":material/info:")
    else:
        customers = metrics.with_margin(data.margin(view.path, view.now, by=("customer",)))
        lowest = customers.filter(pl.col("gross_margin").is_not_null()).sort("gross_margin", "customer_id").head(LOWEST)
        unpaid = customers.filter(pl.col("gross_margin").is_null())
        panels.table(
            "Customers with the lowest margin",
            lowest,
            {
                "customer_id": Column("Customer", help="Click a name to look into the customer."),
                "revenue_usd": Column("Revenue", "money"),
                "cogs_usd": Column("AI cost", "money"),
                "gross_margin": Column("Margin", "percent"),
            },
            alt="The five customers with the lowest gross margin.",
            key="lowest_margin",
            note=f"{len(unpaid)} more without revenue cost {md(theme.money(metrics.total(unpaid, 'cogs_usd') or 0))}."
            if len(unpaid)
            else "Every customer has revenue.",
            on_pick=filters.opens("customer", "app_pages/customers.py"),
        )
