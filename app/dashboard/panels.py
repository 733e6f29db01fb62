"""The parts that every page is made of: its head, tiles, a chart with its data, a table with its download."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import data, downloads, filters, tables, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column, Columns, Pick
from app.marts.scope import Dimension

_CHART_CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,  # a chart holds customer names and cost
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
}
_OF_MARGIN = ("margin_class", "revenue_usd", "cogs_usd", "shared_cost_usd", "gross_profit_usd", "gross_margin")
_OF_CONVERSATIONS = ("conversation_count", "cost_per_conversation_usd")
_ARROWS: dict[str, Literal["up", "down"]] = {"+": "up", "×": "up", "−": "down"}
_DELTA: dict[bool | None, Literal["blue", "orange", "gray"]] = {True: "blue", False: "orange", None: "gray"}


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


def title(view: View, name: str) -> None:
    """Draw the head of a page: what it is, whether cost is estimated, which days and members it shows."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(name, anchor=False, width="content")
        _cost_badge(view)
    asked = _asked(view)
    st.caption(" · ".join([*asked, f"{theme.reporting_currency()}, days in UTC"]))
    which = "production only" if view.now.is_production_only else "with training and experiments"
    filters.say(theme.plain("; ".join([*asked, which])))


def blindness(view: View) -> None:
    """Say which filters revenue and conversations cannot obey, and offer to drop them."""
    neither = view.conversations_blind_to
    for what, dimensions in (
        ("Revenue and margin are", tuple(name for name in view.margin_blind_to if name not in neither)),
        ("Revenue, margin and conversations are", neither),
    ):
        if dimensions:
            names = " and ".join(dimensions)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.info(
                    f"{what} not recorded by {names}: left out under this filter.",
                    icon=":material/info:",
                    width="stretch",
                )
                st.button(f"Clear {names}", on_click=filters.clear, args=dimensions, key=f"clear {what}")
    models_note(view)


def models_note(view: View) -> None:
    """Say what a provider or model means for a conversation, which may use several."""
    if view.now.answered_by:
        st.caption("A conversation counts when a chosen model answered in it, with its whole cost.")


def tiles(shown: Sequence[Tile]) -> None:
    """Draw a row of figures that wraps where the page is narrow."""
    with st.grid(len(shown), min_column_width=150):
        for tile in shown:
            st.metric(
                tile.label,
                theme.markdown(tile.value),
                tile.change,
                delta_color=_DELTA[tile.good],
                delta_arrow=_ARROWS.get((tile.change or " ")[0], "off"),
                delta_description=tile.note,
                help=tile.help,
                chart_data=list(tile.trend) if tile.trend and len(tile.trend) > 1 else None,
                border=True,
                height="stretch",
            )


@contextmanager
def card(heading: str) -> Iterator[st.delta_generator.DeltaGenerator]:
    """A bordered part of a page under its heading; yields the right end of the heading's row."""
    with st.container(border=True, height="stretch"):
        head = st.container(horizontal=True, vertical_alignment="center")
        head.subheader(heading, anchor=False)
        yield head


def chart(
    head: st.delta_generator.DeltaGenerator,
    figure: go.Figure,
    *,
    alt: str,
    key: str,
    table: pl.DataFrame,
    columns: Columns,
    note: str | None = None,
    on_pick: Pick | None = None,
) -> None:
    """Draw a figure in a card, with the same figures as a table on demand in its head.

    Args:
        alt: the takeaway in a sentence, for those who do not see the figure.
        on_pick: called with the `customdata` of the mark that was clicked.
    """

    def picked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if on_pick and points and points[0].get("customdata"):
            member = points[0]["customdata"]
            on_pick(member[0] if isinstance(member, list) else member)

    popover = head.popover("Data", type="tertiary", icon=":material/table:", on_change="rerun", key=f"{key}_data")
    if popover.open:
        with popover, st.container(width=480):
            tables.show(table, columns, alt=f"The figures behind the chart. {alt}", key=f"{key}_table")
            downloads.buttons(theme.plain(alt), table, columns, key)
    st.plotly_chart(
        figure,
        key=key,
        alt=theme.plain(alt),
        config={**_CHART_CONFIG, **_locale()},
        on_select=picked if on_pick else "ignore",
        selection_mode="points",
    )
    if note:
        st.caption(note)


def _locale() -> dict[str, Any]:
    """For Plotly, whose number format `$` writes the currency of the locale."""
    return {"locale": "unitcost", "locales": {"unitcost": {"format": {"currency": [theme.symbol(), ""]}}}}


def table(
    heading: str,
    frame: pl.DataFrame,
    columns: Columns,
    *,
    alt: str,
    key: str,
    note: str,
    on_pick: Pick | None = None,
) -> None:
    """Draw a card with a table and its download."""
    with card(heading) as head:
        with head:
            downloads.offer(heading, frame, columns, key)
        tables.show(frame, columns, alt=alt, key=key, on_pick=on_pick)
        st.caption(note)


def known(view: View, columns: Columns) -> dict[str, Column]:
    """The columns without those that the filters keep from being known."""
    blind = [name for name in _OF_MARGIN if view.margin_blind_to]
    blind += [name for name in _OF_CONVERSATIONS if view.conversations_blind_to]
    return {name: column for name, column in columns.items() if name not in blind}


def onward(view: View, dimension: Dimension) -> None:
    """Offer the conversations of the one member that a page is narrowed to."""
    chosen = view.now.members.get(dimension, ())
    if len(chosen) == 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "app_pages/conversations.py",
                label=f"Conversations of {theme.markdown(chosen[0])}",
                icon=":material/forum:",
            )
            st.button(
                f"All {dimension}s",
                on_click=filters.clear,
                args=(dimension,),
                icon=":material/arrow_back:",
                type="tertiary",
            )


def _asked(view: View) -> list[str]:
    asked = [theme.span(view.now.start, view.now.end)]
    if view.before:
        asked.append(f"compared with {theme.span(view.before.start, view.before.end)}")
    if view.why_no_before:
        asked.append(view.why_no_before)
    if view.running and view.now.end == view.running:
        asked.append(f"{theme.day(view.running)} is not over yet: hatched, and left out of changes")
    return asked + [f"{name}: {theme.markdown(', '.join(chosen))}" for name, chosen in view.now.members.items()]


def _cost_badge(view: View) -> None:
    cost = data.read(view.path, marts.usage.totals, view.now)
    share = metrics.ratio(metrics.total(cost, "invoiced_cost_usd") or 0, metrics.total(cost, "cost_usd"))
    if share == 1:
        st.badge("Invoiced", icon=":material/receipt_long:", help="All of this cost is reconciled to invoices.")
    elif share is not None:
        st.badge(
            f"Estimated, {theme.percent(share)} invoiced" if share else "Estimated",
            icon=":material/calculate:",
            color="gray",
            help="Usage at the best known price. It becomes invoiced when the bill is in and reconciled.",
        )
