"""Cost of one dimension as bars, with the margin that each member leaves: on the Overview, and below one member."""

import polars as pl

from app import metrics
from app.dashboard import charts, figures, filters, panels, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.marts import Dimension

BARS = 8


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
            charts.cost_bars(ranking, on, view.palette, labels=labels, fills=fills),
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
