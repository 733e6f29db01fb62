"""Prices over time."""

from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.charts.base import blank
from app.dashboard.price_words import BEGINNING, END
from app.dashboard.theme import Palette


def steps(frame: pl.DataFrame, palette: Palette, today: date, *, buys: str) -> go.Figure:
    """Steps of `price_usd` over time: a line per `series`, a colour per `usage_kind`, dashes as `dash` says.

    What holds from the beginning or without an end runs to the edge; what is right of the line at `today` is announced.

    Args:
        buys: what a price buys, for the title of the axis.
    """
    figure = blank(palette, 400)
    ends = [*frame["valid_from_date"], *frame["valid_to_date"]]
    changes = [day for day in ends if BEGINNING < day < END]
    first, last = min([*changes, today - timedelta(days=365)]), max([*changes, today])
    margin = max(timedelta(days=45), (last - first) / 12)
    left, right = first - margin, last + margin
    kinds = frame["usage_kind"].unique(maintain_order=True).to_list()
    for series in frame["series"].unique(maintain_order=True):
        rows = frame.filter(pl.col("series") == series)
        xs: list[date] = []
        ys: list[float | None] = []
        for start, end, cost in rows.select("valid_from_date", "valid_to_date", "price_usd").iter_rows():
            if xs and xs[-1] != max(start, left):  # nothing held in between
                xs, ys = [*xs, xs[-1]], [*ys, None]
            xs, ys = [*xs, max(start, left), min(end, right)], [*ys, float(cost), float(cost)]
        place = kinds.index(rows["usage_kind"][0])
        figure.add_scatter(
            x=xs,
            y=ys,
            name=theme.markup(series),
            mode="lines",
            zorder=-place,  # of kinds at one price the first is seen
            line={
                "shape": "hv",
                "width": 2.5,
                "dash": rows["dash"][0],
                "color": palette.categories[place % len(palette.categories)],
            },
            hovertext=[theme.price(cost) for cost in ys],
            hovertemplate="%{hovertext}",
        )
    figure.add_vline(x=today.isoformat(), line={"color": palette.line, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=today.isoformat(),
        y=1,
        yref="paper",
        yanchor="bottom",
        text="today",
        showarrow=False,
        font={"size": 11},
    )
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(range=[left, right])
    # a dollar whatever the locale of the chart calls one: prices are in US dollars
    figure.update_yaxes(title=f"Price per {buys}", tickprefix=theme.price(0)[0], tickformat=",~f", rangemode="tozero")
    return figure
