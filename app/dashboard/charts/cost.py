"""What things cost: over time, member by member, and step by step."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.charts.base import LOWER, MONEY, UPPER, blank, floats, member_names
from app.dashboard.theme import Palette
from app.marts.scope import Grain

_GRAIN_DAYS: Mapping[Grain, int] = {"day": 1, "week": 7, "month": 30}
_DAY_MS = 86_400_000


def over_time(
    cost: pl.DataFrame,
    by: str,
    colours: Mapping[str, str],
    palette: Palette,
    *,
    margin: pl.DataFrame | None,
    grain: Grain,
    is_open: Callable[[date], bool],
) -> go.Figure:
    """Stacked bars of `cost_usd` per `period` and member of `by`; below, on an axis of its own, `gross_margin`.

    A bar is as wide as its `grain`, however few of them there are.
    """
    figure = blank(palette, 420 if margin is not None else 330)
    for member, colour in colours.items():
        rows = cost.filter(pl.col(by) == member)
        starts = rows["period"].to_list()
        figure.add_bar(
            x=starts,
            y=floats(rows, "cost_usd"),
            name=theme.markup(member),
            width=_GRAIN_DAYS[grain] * _DAY_MS * 0.85,
            marker={"color": colour, "pattern": {"shape": ["/" if is_open(start) else "" for start in starts]}},
            hovertemplate="%{y:$,.2f}",
        )
    figure.update_layout(barmode="stack", hovermode="x unified")
    figure.update_yaxes(tickformat=MONEY, rangemode="tozero", title="AI cost")
    if margin is not None:
        known = margin.filter(pl.col("gross_margin").is_not_null())
        figure.add_scatter(
            x=known["period"].to_list(),
            y=known["gross_margin"].to_list(),
            yaxis="y2",
            name="Gross margin",
            showlegend=False,
            mode="lines+markers",
            line={"color": palette.text, "width": 2},
            marker={"size": 4},
            hovertemplate="%{y:.1%}",
        )
        below = {"domain": LOWER, "anchor": "x", "tickformat": ".0%", "title": "Gross margin", "nticks": 4}
        figure.update_layout(yaxis={"domain": UPPER}, yaxis2=below, xaxis={"anchor": "y2"})
        figure.update_yaxes(gridcolor=palette.grid, zerolinecolor=palette.bad, zeroline=True, selector={"nticks": 4})
    return figure


def bars(
    frame: pl.DataFrame,
    on: str,
    palette: Palette,
    *,
    labels: Sequence[str],
    fills: Sequence[str],
    cost: str = "cost_usd",
) -> go.Figure:
    """Horizontal bars of a column of cost, the first row on top, each with its own label."""
    figure = blank(palette, 80 + 32 * len(frame))
    costs = floats(frame, cost)
    figure.add_bar(
        x=costs,
        y=member_names(frame, on),
        customdata=frame[on].to_list(),
        orientation="h",
        text=list(labels),
        textposition="outside",
        cliponaxis=False,
        marker={"color": list(fills)},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    known = [one or 0.0 for one in costs]
    least, most = min([0.0, *known]), max([0.0, *known])
    figure.update_layout(showlegend=False, margin={"t": 8})
    figure.update_xaxes(tickformat=MONEY, range=[least * 1.6, most * 1.6 or 1], nticks=5)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return figure


def bridge(frame: pl.DataFrame, palette: Palette, *, up_is_bad: bool = True) -> go.Figure:
    """From a first amount to a last one, step by step: `name`, `amount_usd`; the last is the sum of those before it."""
    rising, falling = (palette.bad, palette.good) if up_is_bad else (palette.good, palette.bad)
    figure = blank(palette, 400)
    last = len(frame) - 1
    figure.add_waterfall(
        x=member_names(frame, "name"),
        y=floats(frame, "amount_usd"),
        measure=["absolute", *["relative"] * (last - 1), "total"],
        text=[theme.money(amount) for amount in frame["amount_usd"]],
        textposition="outside",
        cliponaxis=False,
        connector={"line": {"color": palette.line, "width": 1}},
        increasing={"marker": {"color": rising}},
        decreasing={"marker": {"color": falling}},
        totals={"marker": {"color": palette.other}},
        hovertemplate="%{x}: %{text}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    figure.update_yaxes(tickformat=MONEY, rangemode="tozero")
    return figure
