"""Conversations by size and length, and the calls of one."""

from collections.abc import Mapping
from math import log10
from typing import Any

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.charts.base import LOWER, MONEY, UPPER, blank, faint, floats
from app.dashboard.theme import Palette
from app.marts.conversations import COST_STEPS

TOKENS = {
    "uncached_input_tokens": "Input, not cached",
    "cache_read_tokens": "Input, read from cache",
    "cache_write_tokens": "Input, written to cache",
    "output_tokens": "Output",
}
_FEW = 5
"""Fewer conversations than this have no median worth a line."""


def by_turns(lengths: pl.DataFrame, dearest: pl.DataFrame, palette: Palette) -> go.Figure:
    """Cost of conversations by their number of turns: the middle half as a band, the median, the dearest as marks."""
    figure = blank(palette, 380)
    usual = lengths.filter(pl.col("conversation_count") >= _FEW)
    turns = usual["turn_count"].to_list()
    quiet: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=turns, y=floats(usual, "p75_usd"), showlegend=False, **quiet)
    band = {"name": "Middle half", "fill": "tonexty", "fillcolor": faint(palette.good)}
    figure.add_scatter(x=turns, y=floats(usual, "p25_usd"), **band, **quiet)
    figure.add_scatter(
        x=turns,
        y=floats(usual, "p50_usd"),
        mode="lines",
        name="Median",
        line={"color": palette.good, "width": 2.5},
        hovertext=[theme.money(cost) for cost in usual["p50_usd"]],
        hovertemplate="%{x} turns, median %{hovertext}<extra></extra>",
    )
    named = dearest.filter(pl.col("turn_count").is_not_null() & pl.col("cost_usd").is_not_null())
    figure.add_scatter(
        x=named["turn_count"].to_list(),
        y=floats(named, "cost_usd"),
        customdata=named["conversation_id"].to_list(),
        mode="markers",
        name="The most expensive",
        marker={"color": palette.bad, "size": 7, "opacity": 0.7},
        hovertext=[
            f"<b>{theme.markup(name)}</b><br>{theme.markup(customer)}<br>{turn_count} turns, {theme.money(cost)}"
            for name, customer, turn_count, cost in named.select(
                "conversation_id", "customer_id", "turn_count", "cost_usd"
            ).iter_rows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_xaxes(title="Turns", rangemode="tozero")
    figure.update_yaxes(title="Cost of a conversation", tickformat=MONEY, rangemode="tozero")
    return figure


def turns(frame: pl.DataFrame, parts: Mapping[str, str], palette: Palette) -> go.Figure:
    """Stacked bars of what one turn costs, `turn` by turn.

    Args:
        parts: column of money of one turn → what it is called.
    """
    figure = blank(palette, 380)
    for (column, name), colour in zip(parts.items(), palette.categories, strict=False):
        figure.add_bar(
            x=frame["turn"].to_list(),
            y=floats(frame, column),
            name=name,
            marker={"color": colour},
            hovertext=[theme.money(cost) for cost in frame[column]],
            hovertemplate="%{hovertext}",
        )
    figure.update_layout(barmode="stack", bargap=0.15, hovermode="x unified")
    figure.update_xaxes(title="Turn", type="category")
    figure.update_yaxes(title="Cost of the turn", tickformat=MONEY, rangemode="tozero")
    return figure


def histogram(frame: pl.DataFrame, quantiles: Mapping[str, float], palette: Palette) -> go.Figure:
    """How many conversations cost how much, in equal steps of a power of ten, with lines at the quantiles."""
    figure = blank(palette, 380)
    figure.add_bar(
        x=(frame["step"] + 0.5).to_list(),
        y=frame["conversation_count"].to_list(),
        width=0.94,
        marker={"color": palette.good},
        hovertext=[
            f"{conversations:,} conversations<br>from {theme.money(_size(step))} to {theme.money(_size(step + 1))}"
            f"<br>{theme.money(cost)} in all"
            for step, conversations, cost in frame.select("step", "conversation_count", "cost_usd").iter_rows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    steps = frame["step"].to_list() or [0]
    for place, (name, cost) in enumerate(quantiles.items()):
        at = log10(cost) * COST_STEPS
        figure.add_vline(x=at, line={"color": palette.text, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=at,
            y=1.14 - 0.07 * place,
            yref="paper",
            yanchor="bottom",
            text=f"{name} {theme.money(cost)}",
            showarrow=False,
            xanchor="left" if at < (steps[0] + steps[-1]) / 2 else "right",
            font={"size": 11},
        )
    powers = range(steps[0] // COST_STEPS, steps[-1] // COST_STEPS + 2)
    figure.update_layout(showlegend=False, margin={"t": 76})
    figure.update_xaxes(
        title="Cost of a conversation",
        tickvals=[power * COST_STEPS for power in powers],
        ticktext=[f"{theme.symbol()}{10.0**power:,.{max(0, -power)}f}" for power in powers],
    )
    figure.update_yaxes(title="Conversations", rangemode="tozero")
    return figure


def calls(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Tokens of each model call by class, and below, on an axis of its own, the cost added up so far."""
    figure = blank(palette, 440)
    retried = ["/" if attempt > 1 else "" for attempt in frame["attempt_number"]]
    for (column, name), colour in zip(TOKENS.items(), palette.categories, strict=False):
        figure.add_bar(
            x=frame["call"].to_list(),
            y=frame[column].to_list(),
            customdata=frame["call"].to_list(),
            name=name,
            marker={"color": colour, "pattern": {"shape": retried}},
            hovertemplate="%{y:,}",
        )
    figure.add_scatter(
        x=frame["call"].to_list(),
        y=frame["cost_usd"].fill_null(0).cast(pl.Float64).cum_sum().to_list(),
        yaxis="y2",
        name="Cost so far",
        showlegend=False,
        mode="lines+markers",
        line={"color": palette.text, "width": 2, "shape": "hv"},
        marker={"size": 4},
        hovertemplate="%{y:$,.4f}",
    )
    below = {"domain": LOWER, "anchor": "x", "tickformat": MONEY, "title": "Cost so far", "rangemode": "tozero"}
    figure.update_layout(
        barmode="stack",
        bargap=0.15,
        hovermode="x unified",
        yaxis={"domain": UPPER, "title": "Tokens"},
        yaxis2={**below, "nticks": 4, "gridcolor": palette.grid},
        xaxis={"anchor": "y2", "title": "Call", "tickformat": "d"},
    )
    return figure


def _size(step: int) -> float:
    """Money at the lower edge of a step of the histogram."""
    return float(10 ** (step / COST_STEPS))
