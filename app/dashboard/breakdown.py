"""Cost of one dimension, over time and as bars with the margin that each member leaves."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, figures, filters, panels, periods, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.marts.scope import Dimension

BARS = 8
KEPT = 7  # members with a colour of their own; the rest is one grey


def over_time(
    view: View,
    head: st.delta_generator.DeltaGenerator,
    by: Dimension,
    *,
    margin: pl.DataFrame | None = None,
    headline: str,
    key: str,
) -> None:
    """Draw cost by day, week or month in a card, stacked by the members of a dimension.

    Args:
        head: of the card.
        margin: by period, drawn below.
        headline: the takeaway, for those who do not see the figure.
    """
    on = f"{by}_id"
    ordered = data.read(view.path, marts.usage.totals, view.now, by=(by,)).sort(
        "cost_usd", on, descending=[True, False], nulls_last=True
    )
    shown = ordered[on].to_list()[:KEPT]
    cost = metrics.folded(data.read(view.path, marts.usage.totals, view.now, by=(by,), grain=view.grain), on, shown)
    names = shown + (["Other"] if len(ordered) > KEPT else [])
    panels.chart(
        head,
        charts.cost.over_time(
            cost,
            on,
            theme.colours(view.palette, data.read(view.path, marts.usage.ranked, by), names),
            view.palette,
            margin=margin,
            grain=view.grain,
            is_open=lambda start: periods.is_open(start, view.grain, (view.full.start, view.full.end)),
        ),
        alt=f"AI cost by {view.grain} and {by}. {headline}",
        key=key,
        table=cost,
        columns={
            "period": Column(view.grain.capitalize(), "day"),
            on: Column(by.capitalize()),
            "cost_usd": Column("AI cost", "money"),
        },
    )


def cost_by(view: View, dimension: Dimension) -> None:
    """Draw a card with the most expensive features or customers of a view; a click opens the page of that dimension."""
    on, blind = f"{dimension}_id", bool(view.margin_blind_to)
    members = figures.members(view, dimension).filter(pl.col("request_count") > 0)
    ranking = metrics.top_and_others(members, on, "cost_usd", BARS)
    labels = [
        theme.money(cost) + (f" · {theme.percent(margin)}" if margin is not None else "")
        for cost, margin in ranking.select("cost_usd", "gross_margin").iter_rows()
    ]
    plain = view.palette.good if blind else view.palette.other
    fills = [theme.margin_colour(view.palette, kind) if kind else plain for kind in ranking["margin_class"]]
    first = f" The first is {ranking[on][0]} with {labels[0]}." if len(ranking) else ""
    legend = "" if blind else "Blue earns at least twice its cost, amber less, vermilion loses money. "
    with panels.card(f"{dimension.capitalize()}s by cost" + ("" if blind else ", with margin")) as head:
        panels.chart(
            head,
            charts.cost.bars(ranking, on, view.palette, labels=labels, fills=fills),
            alt=f"{dimension.capitalize()}s by cost.{first}",
            key=f"cost_by_{dimension}",
            table=ranking,
            columns=panels.known(
                view,
                {
                    on: Column(dimension.capitalize()),
                    "cost_usd": Column("AI cost", "money"),
                    "gross_margin": Column("Margin", "percent"),
                },
            ),
            note=f"{legend}Click a bar to look into it.",
            on_pick=filters.opens(dimension, f"app_pages/{dimension}s.py"),
        )
