"""Why cost changed, and what is out of the ordinary."""

from datetime import date
from typing import Any

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.charts.base import MONEY, blank, floats, member_names
from app.dashboard.theme import Palette

_FULL = 1.0
"""A change of so much (twice the cost, or none left) has the full colour."""


def icicle(frame: pl.DataFrame, palette: Palette, *, whole: str) -> go.Figure:
    """Features, and models in them, as wide as what they cost, coloured by how much more or less that is than before.

    Args:
        frame: feature_id, model_id, before_usd, after_usd; of what costs nothing after there is no width.
        whole: the name of everything.
    """
    figure = blank(palette, 420)
    features = frame.group_by("feature_id", maintain_order=True).agg(pl.col("before_usd", "after_usd").sum())
    parts = frame.select("feature_id", "model_id", "before_usd", "after_usd")
    rows: list[tuple[str, str, str, Any, Any]] = [
        ("", "", whole, frame["before_usd"].sum(), frame["after_usd"].sum()),
        *((f"/{name}", "", name, before, after) for name, before, after in features.iter_rows()),
        *(
            (f"/{feature}/{model}", f"/{feature}", model, before, after)
            for feature, model, before, after in parts.iter_rows()
        ),
    ]
    rows = [row for row in rows if row[-1] > 0]
    moved = [float((after - before) / before) if before else _FULL for *_, before, after in rows]
    figure.add_icicle(
        ids=[place or "all" for place, *_ in rows],
        labels=[theme.markup(name) for _, _, name, _, _ in rows],
        parents=["" if not place else within or "all" for place, within, *_ in rows],
        values=[float(after) for *_, after in rows],
        branchvalues="total",
        tiling={"orientation": "v"},
        marker={
            "colors": moved,
            "colorscale": [[0, palette.good], [0.5, palette.grid], [1, palette.bad]],
            "cmin": -_FULL,
            "cmax": _FULL,
        },
        text=[f"{theme.money(after)} · {theme.signed_money(after - before)}" for *_, before, after in rows],
        textinfo="label+text",
        hovertemplate="%{label}: %{text}<extra></extra>",
    )
    return figure


def cost_by_hour(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Day by day and hour by hour: usage_date, hour, cost_usd."""
    figure = blank(palette, 420)
    days = sorted(set(frame["usage_date"]))
    rows = frame.select("usage_date", "hour", "cost_usd").iter_rows()
    cells = {(day, hour): float(cost or 0) for day, hour, cost in rows}
    figure.add_heatmap(
        x=[theme.day(day) for day in days],
        y=list(range(24)),
        z=[[cells.get((day, hour), 0.0) for day in days] for hour in range(24)],
        colorscale=[[0, palette.grid], [1, palette.good]],
        showscale=False,
        xgap=1,
        ygap=1,
        hovertemplate=f"%{{x}}, %{{y}}:00 UTC: {theme.symbol()}%{{z:,.2f}}<extra></extra>",
    )
    figure.update_yaxes(tickvals=[0, 6, 12, 18], ticktext=["0:00", "6:00", "12:00", "18:00"], autorange="reversed")
    figure.update_xaxes(type="category", nticks=12)
    return figure


def movers(frame: pl.DataFrame, on: str, palette: Palette) -> go.Figure:
    """Bars of moved_usd, the largest first; a click carries the member."""
    figure = blank(palette, 60 + 34 * max(len(frame), 3))
    moved = floats(frame, "moved_usd")
    figure.add_bar(
        y=member_names(frame, on),
        x=moved,
        orientation="h",
        marker={"color": [palette.bad if (amount or 0) > 0 else palette.good for amount in moved]},
        text=[theme.signed_money(amount) for amount in frame["moved_usd"]],
        textposition="outside",
        cliponaxis=False,
        customdata=frame[on].to_list(),
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    low, high = (pick([0.0, *(amount or 0 for amount in moved)]) for pick in (min, max))
    room = 0.3 * (high - low)  # for what is written beside the longest bars
    figure.update_layout(showlegend=False, bargap=0.35)
    figure.update_xaxes(range=[low - room if low else 0, high + room])
    figure.update_xaxes(tickformat=MONEY, nticks=5, zeroline=True, zerolinecolor=palette.line)
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def band(frame: pl.DataFrame, palette: Palette, *, start: date, end: date, title: str) -> go.Figure:
    """A driver and what is usual for it: usage_date, actual, expected, lower_limit, upper_limit.

    Args:
        start: first day of the anomaly, whose days are marked to `end`.
    """
    figure = blank(palette, 300)
    days = frame["usage_date"].to_list()
    for column, fill in (("lower_limit", None), ("upper_limit", "tonexty")):
        figure.add_scatter(
            x=days, y=floats(frame, column), mode="lines", line={"width": 0}, fill=fill, showlegend=False,
            fillcolor="rgba(128, 132, 149, 0.18)", hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=days, y=floats(frame, "expected"), mode="lines", name="Usual", line={"color": palette.line, "dash": "dot"}
    )
    figure.add_scatter(x=days, y=floats(frame, "actual"), mode="lines+markers", name=title,
                       line={"color": palette.good}, marker={"size": 4})  # fmt: skip
    out = frame.filter(pl.col("usage_date").is_between(start, end))
    figure.add_scatter(
        x=out["usage_date"].to_list(), y=floats(out, "actual"), mode="markers", name="Anomaly",
        marker={"size": 9, "color": palette.bad},
    )  # fmt: skip
    figure.update_layout(hovermode="x unified")
    figure.update_yaxes(tickformat=".4~g", rangemode="tozero")
    return figure
