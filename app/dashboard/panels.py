"""The parts that every page is made of: tiles, a chart with its data, a table with its download."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import polars as pl
import streamlit as st

from app import metrics
from app.dashboard import data, filters, theme
from app.dashboard.filters import View

Kind = Literal["text", "money", "count", "percent", "day", "at", "milliseconds", "trend", "class"]
_CHART_CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
}
_ROW_HEIGHT = 35
_FEW_ROWS = 15


@dataclass(frozen=True)
class Tile:
    """One figure: `change` in words with its sign, `good` whether that is welcome (None: neither)."""

    label: str
    value: str
    change: str | None = None
    good: bool | None = None
    note: str | None = None
    help: str | None = None
    trend: Sequence[float] | None = None


@dataclass(frozen=True)
class Column:
    """How a column of a frame is shown."""

    label: str
    kind: Kind = "text"
    help: str | None = None


def title(view: View, name: str) -> None:
    """The head of a page: what it is, whether cost is estimated, which days and members it shows."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(name, anchor=False, width="content")
        _cost_badge(view)
    st.caption(" · ".join(_asked(view)))


def blindness(view: View) -> None:
    """Say which filters revenue and conversations cannot obey, and offer to drop them."""
    for what, dimensions in (
        ("Revenue and margin are", view.margin_blind_to),
        ("Conversations are", view.conversations_blind_to),
    ):
        if dimensions:
            names = " and ".join(dimensions)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.info(
                    f"{what} not recorded by {names}, so they are left out under this filter.", icon=":material/info:"
                )
                st.button(f"Clear {names}", on_click=filters.clear, args=dimensions, key=f"clear_{names}")
    models_note(view)


def models_note(view: View) -> None:
    """Say what a provider or model means for a conversation, which may use several."""
    if view.now.answered_by:
        st.caption("A conversation counts when a chosen model answered in it, with its whole cost.")


def tiles(shown: Sequence[Tile]) -> None:
    """A row of figures that wraps where the page is narrow."""
    with st.grid(len(shown), min_column_width=168):
        for tile in shown:
            st.metric(
                tile.label,
                theme.markdown(tile.value),
                0 if tile.change and not any(digit in tile.change for digit in "123456789") else tile.change,
                delta_color={True: "blue", False: "orange", None: "gray"}[tile.good],
                delta_arrow="auto" if tile.change else "off",
                delta_description=tile.note,
                help=tile.help,
                chart_data=list(tile.trend) if tile.trend and len(tile.trend) > 1 else None,
                border=True,
                height="stretch",
            )


def chart(
    title: str,
    figure: go.Figure,
    *,
    alt: str,
    key: str,
    table: pl.DataFrame,
    columns: Mapping[str, Column],
    note: str | None = None,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """A figure under its title, the same figures as a table on demand, and what a click on a mark does.

    Args:
        alt: the takeaway in a sentence, for those who do not see the figure.
        on_pick: called with the `customdata` of the mark that was clicked.
    """

    def picked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if on_pick and points and points[0].get("customdata"):
            member = points[0]["customdata"]
            on_pick(member[0] if isinstance(member, list) else member)

    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(title, anchor=False, width="content")
            with st.popover(
                "Data", type="tertiary", icon=":material/table:", on_change="rerun", key=f"{key}_data"
            ) as data:
                if data.open:
                    _dataframe(table, columns, alt=f"The data of: {title}")
                    _download(table, columns, key)
        st.plotly_chart(
            figure,
            key=key,
            alt=alt,
            config=_CHART_CONFIG,
            on_select=picked if on_pick else "ignore",
            selection_mode="points",
        )
        if note:
            st.caption(note)


def table(
    title: str,
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    *,
    alt: str,
    key: str,
    note: str | None = None,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    """A table under its title with a CSV download.

    Args:
        on_pick: makes the first column clickable; called with the value that was clicked.
    """
    with st.container(border=True):
        st.subheader(title, anchor=False)
        _dataframe(frame, columns, alt=alt, key=key, on_pick=on_pick)
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(note or f"{len(frame):,} rows")
            _download(frame, columns, key)


def csv(frame: pl.DataFrame, columns: Mapping[str, Column]) -> str:
    """The columns as CSV, money unrounded, with text that a spreadsheet would run made harmless by a leading apostrophe."""
    lists = [name for name in columns if frame.schema[name].is_nested()]
    shown = frame.select(name for name in columns if name not in lists)
    text = [name for name, kind in shown.schema.items() if kind == pl.String]
    return shown.with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r\n]"))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in text
    ).write_csv()


def _asked(view: View) -> list[str]:
    asked = [theme.span(view.now.start, view.now.end)]
    if view.before:
        asked.append(f"compared with {theme.span(view.before.start, view.before.end)}")
    if view.running and view.now.end == view.running:
        asked.append(f"{theme.day(view.running)} is not over yet: hatched, and left out of changes")
    if view.why_no_before:
        asked.append(view.why_no_before)
    asked += [f"{name}: {theme.markdown(', '.join(chosen))}" for name, chosen in view.now.members.items()]
    return [*asked, "US dollars, days in UTC"]


def _cost_badge(view: View) -> None:
    cost = data.usage(view.path, view.now)
    whole, invoiced = metrics.total(cost, "cost_usd"), metrics.total(cost, "invoiced_cost_usd")
    share = metrics.ratio(invoiced or 0, whole)
    if share == 1:
        st.badge("Invoiced", icon=":material/receipt_long:", help="All of this cost is reconciled to invoices.")
    elif share is not None:
        st.badge(
            f"Estimated, {theme.percent(share)} invoiced" if share else "Estimated",
            icon=":material/calculate:",
            color="gray",
            help="Usage at the best known price. It becomes invoiced when the bill is in and reconciled.",
        )


def _dataframe(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    *,
    alt: str,
    key: str | None = None,
    on_pick: Callable[[str], None] | None = None,
) -> None:
    def picked() -> None:
        if on_pick:
            on_pick(frame[next(iter(columns))][st.session_state[f"{key}_pick"]["row"]])

    config: dict[str, Any] = {name: _config(column) for name, column in columns.items()}
    if on_pick:
        first = next(iter(columns))
        config[first] = st.column_config.ButtonColumn(
            columns[first].label, type="tertiary", alignment="left", pinned=True, key=f"{key}_pick", on_click=picked,
            help=columns[first].help,
        )  # fmt: skip
    st.dataframe(
        _styled(frame, columns),
        hide_index=True,
        column_config=config,
        placeholder=theme.UNKNOWN,
        height=_ROW_HEIGHT * (min(len(frame), _FEW_ROWS) + 1) + 3,
        alt=theme.plain(alt),
        key=key,
    )


def _download(frame: pl.DataFrame, columns: Mapping[str, Column], key: str) -> None:
    st.download_button(
        "CSV",
        data=lambda: csv(frame, columns),
        file_name=f"unitcost-{key}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"{key}_csv",
    )


_FORMATS: Mapping[Kind, Callable[[Any], str]] = {
    "money": theme.money,
    "count": lambda value: theme.count(int(value)),
    "percent": theme.percent,
    "milliseconds": lambda value: f"{int(value):,} ms",
    "class": lambda value: theme.MARGIN_CLASSES.get(value, value),
}


def _styled(frame: pl.DataFrame, columns: Mapping[str, Column]) -> Any:
    """The frame for `st.dataframe`: numbers stay numbers, so that they sort, and are written as `theme` writes them."""
    shown = frame.select(list(columns)).with_columns(pl.selectors.decimal().cast(pl.Float64)).to_pandas()
    formats: Any = {name: _FORMATS[column.kind] for name, column in columns.items() if column.kind in _FORMATS}
    styled = shown.style.format({name: _or_unknown(form) for name, form in formats.items()})
    signed = [name for name, column in columns.items() if column.kind == "percent"]
    return styled.map(lambda value: "color: #D55E00" if not pd.isna(value) and value < 0 else "", subset=signed)


def _or_unknown(form: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: theme.UNKNOWN if value is None or pd.isna(value) else form(value)


def _config(column: Column) -> Any:
    if column.kind == "trend":
        return st.column_config.LineChartColumn(column.label, help=column.help, y_min=0)
    if column.kind == "at":
        return st.column_config.DatetimeColumn(column.label, help=column.help, format="YYYY-MM-DD HH:mm")
    if column.kind == "day":
        return st.column_config.DateColumn(column.label, help=column.help, format="YYYY-MM-DD")
    numeric = column.kind in ("money", "count", "percent", "milliseconds")
    return st.column_config.Column(column.label, help=column.help, alignment="right" if numeric else "left")
