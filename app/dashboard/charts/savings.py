"""What could be saved, and what was."""

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.charts.base import MONEY, blank, floats, member_names
from app.dashboard.theme import Palette

_CONFIDENCE_SYMBOLS = {"high": "circle", "medium": "diamond", "low": "circle-open", "none": "x"}
_EFFORTS = ["low", "medium", "high"]
_NAMED = 3
"""Points with a name beside them."""


def ranges(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Bars of what is expected, each with its range: name, low_saving_usd, expected_saving_usd, high_saving_usd."""
    figure = blank(palette, 60 + 34 * max(len(frame), 3))
    low, expected, high = (
        [amount or 0.0 for amount in floats(frame, f"{case}_saving_usd")] for case in ("low", "expected", "high")
    )
    figure.add_bar(
        y=member_names(frame, "name"),
        x=expected,
        orientation="h",
        marker={"color": palette.good},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [most - likely for most, likely in zip(high, expected, strict=True)],
            "arrayminus": [likely - least for likely, least in zip(expected, low, strict=True)],
            "color": palette.line,
        },
        hovertemplate="%{y}: %{text}<extra></extra>",
        text=[
            f"{theme.money(likely)} ({theme.money(least)} to {theme.money(most)})"
            for least, likely, most in frame.select(
                "low_saving_usd", "expected_saving_usd", "high_saving_usd"
            ).iter_rows()
        ],
        textposition="none",
    )
    figure.update_layout(showlegend=False, bargap=0.35)
    figure.update_xaxes(tickformat=MONEY, nticks=5, rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def efforts(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Savings by the effort that they take, the largest three by name: name, effort, confidence, expected_saving_usd.

    The axis of money is logarithmic: what is not expected to save anything has no place on it.
    """
    figure = blank(palette, 320)
    shown = frame.filter(pl.col("expected_saving_usd") > 0).sort("expected_saving_usd", descending=True)
    colours = {"high": palette.good, "medium": palette.line}
    for confidence in sorted(set(shown["confidence"]), key=list(_CONFIDENCE_SYMBOLS).index):
        part = shown.with_row_index("rank").filter(pl.col("confidence") == confidence)
        names = member_names(part, "name")
        figure.add_scatter(
            x=part["effort"].to_list(),
            y=floats(part, "expected_saving_usd"),
            mode="markers+text",
            name=f"Confidence: {confidence}",
            marker={
                "color": colours.get(confidence, palette.other),
                "symbol": _CONFIDENCE_SYMBOLS[confidence],
                "size": 12,
            },
            text=[name if rank < _NAMED else "" for name, rank in zip(names, part["rank"], strict=True)],
            textposition="middle right",
            hovertext=[
                f"{name}: {theme.money(amount)}"
                for name, amount in zip(names, part["expected_saving_usd"], strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=_EFFORTS, range=[-0.5, len(_EFFORTS) - 0.5]
    )
    figure.update_yaxes(type="log", tickformat=MONEY)
    return figure


def captured(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Bars by month of what was saved, and on it of what could be: month, realised_usd, left_usd."""
    figure = blank(palette, 300)
    months = [f"{month:%b %Y}" for month in frame["month"]]
    for column, name, colour in (
        ("realised_usd", "Realised", palette.good),
        ("left_usd", "Could be saved", palette.other),
    ):
        figure.add_bar(
            x=months,
            y=floats(frame, column),
            name=name,
            marker={"color": colour},
            hovertext=[theme.money(amount) for amount in frame[column]],
            hovertemplate="%{hovertext}",
        )
    figure.update_layout(barmode="relative", bargap=0.4, hovermode="x unified")
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickformat=MONEY, zeroline=True, zerolinecolor=palette.line)
    return figure
