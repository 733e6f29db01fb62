"""A frame as a table: numbers written as `theme` writes them, a first column to click."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
import streamlit as st

from app.dashboard import theme

Kind = Literal[
    "text",
    "money",
    "us_dollars",
    "price",
    "quantity",
    "count",
    "percent",
    "day",
    "at",
    "milliseconds",
    "trend",
    "class",
]
Pick = Callable[[str], None]
"""What a click on a member does."""

_FORMATS: Mapping[Kind, Callable[[Any], str]] = {
    "money": theme.money,
    "us_dollars": theme.us_dollars,
    "price": theme.price,
    "quantity": theme.quantity,
    "count": lambda value: theme.count(int(value)),
    "percent": theme.percent,
    "milliseconds": lambda value: f"{int(value):,} ms",
    "class": lambda value: theme.MARGIN_CLASSES.get(value, value),
}
_FEW_ROWS = 15
_TALL = 520
"""Pixels of a table with more rows: it scrolls."""


@dataclass(frozen=True)
class Column:
    """How a column of a frame is shown."""

    label: str
    kind: Kind = "text"
    help: str | None = None
    width: int = 135
    """Pixels of a first column that can be clicked; the others take what their content needs."""


Columns = Mapping[str, Column]


def show(frame: pl.DataFrame, columns: Columns, *, alt: str, key: str, on_pick: Pick | None = None) -> None:
    """Draw the columns of a frame that are named, in that order; with `on_pick` the first can be clicked."""
    first = next(iter(columns))

    def picked() -> None:
        if on_pick:
            on_pick(frame[first][st.session_state[f"{key}_pick"]["row"]])

    config: dict[str, Any] = {name: _config(column) for name, column in columns.items()}
    if on_pick:
        config[first] = st.column_config.ButtonColumn(
            columns[first].label,
            help=columns[first].help,
            type="tertiary",
            alignment="left",
            pinned=True,
            width=columns[first].width,
            key=f"{key}_pick",
            on_click=picked,
        )
    st.dataframe(
        _styled(frame, columns),
        hide_index=True,
        column_config=config,
        placeholder=theme.UNKNOWN,
        height="content" if len(frame) <= _FEW_ROWS else _TALL,
        alt=theme.plain(alt),
        key=key,
    )


def _styled(frame: pl.DataFrame, columns: Columns) -> Any:
    """The frame for `st.dataframe`: a number stays a number, so that it sorts, and carries the text to show."""
    shown = frame.select(list(columns)).with_columns(pl.selectors.decimal().cast(pl.Float64)).to_pandas()
    formats = {name: _known(_FORMATS[column.kind]) for name, column in columns.items() if column.kind in _FORMATS}
    shares = [name for name, column in columns.items() if column.kind == "percent"]
    return shown.style.format(formats).map(_negative, subset=shares)


def _known(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: theme.UNKNOWN if _is_missing(value) else write(value)


def _negative(share: Any) -> str:
    return f"color: {theme.LIGHT.bad}" if not _is_missing(share) and share < 0 else ""


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _config(column: Column) -> Any:
    match column.kind:
        case "trend":
            return st.column_config.LineChartColumn(column.label, help=column.help, y_min=0)
        case "at":
            return st.column_config.DatetimeColumn(column.label, help=column.help, format="YYYY-MM-DD HH:mm")
        case "day":
            return st.column_config.DateColumn(column.label, help=column.help, format="YYYY-MM-DD")
        case "text" | "class":
            return st.column_config.Column(column.label, help=column.help)
        case _:
            return st.column_config.Column(column.label, help=column.help, alignment="right")
