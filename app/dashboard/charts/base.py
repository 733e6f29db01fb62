"""What all charts share: the house's look, money on axes, columns for Plotly."""

from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.theme import Palette

MONEY = "$,~f"
"""Ticks of money, no idle zeros. To Plotly `$` is the symbol of the locale, which `panels.chart` sets."""
UPPER, LOWER = [0.36, 1], [0, 0.24]
"""Where two panels stand above each other on one time axis."""


def blank(palette: Palette, height: int) -> go.Figure:
    """A figure without marks, in the house's look."""
    axis = {"automargin": True, "separatethousands": True}
    return go.Figure(  # at once: each `update_layout` and `update_xaxes` goes through all that a layout may hold
        layout={
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"},
            "hoverlabel": {"align": "left"},
            "dragmode": False,
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "gridcolor": palette.grid, "zeroline": False},
        }
    )


def powers(low: float, high: float) -> dict[str, list[Any]]:
    """Ticks of a logarithmic axis of money, with 2 and 5 between where few powers of ten are."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    between = (1, 2, 5) if log10(high / low) < 2.5 else (1,)  # noqa: PLR2004 - powers of ten
    ticks = [part * 10.0**power for power in powers for part in between]
    return {
        "tickvals": ticks,
        "ticktext": [f"{theme.symbol()}{tick:,.{max(0, -floor(log10(tick)))}f}" for tick in ticks],
    }


def floats(frame: pl.DataFrame, column: str) -> list[float | None]:
    """A column of numbers for Plotly."""
    return frame[column].cast(pl.Float64).to_list()


def member_names(frame: pl.DataFrame, column: str) -> list[str]:
    """A column of names for Plotly, which reads markup."""
    return [theme.markup(name) for name in frame[column]]


def faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.16)"
