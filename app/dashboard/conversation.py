"""One conversation, call by call: the drill-down of the Conversations page, under `?conversation=`."""

from dataclasses import replace
from typing import Any

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, filters, panels, theme, why
from app.dashboard.filters import View
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.marts.scope import UNATTRIBUTED

CALLS = 500
"""A longer conversation is cut: more bars could not be told apart."""


def search() -> str:
    """Draw the field that opens a conversation by its id, bound to the URL; returns the id that is open, or ""."""
    asked = st.text_input(
        "Open a conversation by its id",
        key="conversation",
        bind="query-params",
        type="search",
        placeholder="Conversation id",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    return (asked or "").strip()


def open_by_id(conversation_id: str) -> None:
    """Show one conversation. Only in a callback."""
    st.session_state["conversation"] = conversation_id
    why.forget()


def back() -> None:
    """Offer the way back to the list; the filters stay as they are."""
    st.button("All conversations", on_click=_close, icon=":material/arrow_back:", key="back")


def _close() -> None:
    st.session_state["conversation"] = ""
    why.forget()


def show(view: View, conversation_id: str) -> None:
    """Draw the conversation, whole, whatever the filters are."""
    if conversation_id == UNATTRIBUTED:
        st.info(
            "These requests carry no conversation id, so they are no conversation that could be followed. Log the id as"
            " `conversation_id`, or map another column to it, and they will be.",
            title="Requests without a conversation",
            icon=":material/link_off:",
        )
        return
    rows = data.read(view.path, marts.conversations.conversation, conversation_id)
    if rows.is_empty():
        st.info(f"No conversation {md(conversation_id)} in this warehouse.", icon=":material/search_off:")
        return
    customers = rows["customer_id"].to_list()
    customer = customers[0]
    if len(customers) > 1:
        customer = st.segmented_control(
            "Several customers use this id",
            customers,
            default=customers[0],
            required=True,
            key="of",
            bind="query-params",
        )
    row = rows.row(customers.index(customer), named=True)
    days = (row["started_at"].date(), row["ended_at"].date())
    calls = data.read(view.path, marts.calls.calls, customer, conversation_id, days, CALLS)
    _head(view, row)
    if calls.is_empty():
        st.info("Its requests are no longer in `fct_requests`.", icon=":material/inventory_2:")
        return
    _drawn(view, calls, row)
    why.cards(view, calls, row, days)
    _listed(calls, row)


def _head(view: View, row: dict[str, Any]) -> None:
    st.title(md(f"Conversation {row['conversation_id']}"), anchor=False)
    st.caption(
        f"Customer {md(row['customer_id'])} · feature {md(row['feature_id'])} · {theme.moment(row['started_at'])}"
        f" · {md(row['model_ids'])} · shown whole, whatever the filters"
    )
    filters.say(f"conversation {row['conversation_id']} of customer {row['customer_id']}, whole")
    alike = data.read(view.path, marts.conversations.cost_quantiles, replace(view.now, feature=(row["feature_id"],)))[
        "p50_usd"
    ][0]
    times = metrics.ratio(row["cost_usd"], alike)
    said = f"It cost **{md(theme.money(row['cost_usd']))}**"
    if times is not None:
        said += f", **{times:.1f} times** the median conversation of {md(row['feature_id'])} in the period"
    if row["unpriced_request_count"]:
        said += f"; {row['unpriced_request_count']} of its requests have no price and are not in that figure"
    st.markdown(said + ".")
    inputs = row["uncached_input_tokens"] + row["cache_read_tokens"] + row["cache_write_tokens"]
    panels.tiles(
        [
            Tile("Cost", theme.money(row["cost_usd"]), note="invoiced" if row["is_invoiced"] else "estimated"),
            Tile("Cost per turn", theme.money(metrics.unit_cost(row["cost_usd"], row["turn_count"]))),
            Tile("Turns", theme.count(row["turn_count"]), note=f"in {row['request_count']:,} calls"),
            Tile("Retries", theme.count(row["retry_count"]), note=f"{row['error_count']:,} calls failed"),
            Tile(
                "Tokens",
                theme.count(inputs + row["output_tokens"]),
                note=f"{theme.percent(metrics.ratio(row['cache_read_tokens'], inputs))} of input cached",
            ),
        ]
    )


def _cut(row: dict[str, Any]) -> str:
    """Which calls are not shown."""
    if row["request_count"] <= CALLS:
        return ""
    return f" Only the first {CALLS} of {row['request_count']:,} calls are shown."


def _drawn(view: View, calls: pl.DataFrame, row: dict[str, Any]) -> None:
    with panels.card("Tokens and cost, call by call") as head:
        panels.chart(
            head,
            charts.conversations.calls(calls, view.palette),
            alt=f"Tokens of {len(calls)} calls by class; their cost adds up to {theme.money(row['cost_usd'])}.",
            key="calls",
            table=calls,
            columns={
                "call": Column("Call", "count"),
                **{name: Column(label, "count") for name, label in charts.conversations.TOKENS.items()},
                "cost_usd": Column("Cost", "money"),
            },
            note="Hatched calls repeat one that failed. Click a call to see why it costs what it costs." + _cut(row),
            on_pick=why.choose,
        )


def _listed(calls: pl.DataFrame, row: dict[str, Any]) -> None:
    columns = {
        "call": Column("Call", "count"),
        "requested_at": Column("At (UTC)", "at"),
        "model_id": Column("Model"),
        "status": Column("Status"),
        "cost_usd": Column("Cost", "money"),
        "attempt_number": Column("Attempt", "count"),
        **{name: Column(label, "count") for name, label in charts.conversations.TOKENS.items()},
        "input_cost_usd": Column("Input cost", "money"),
        "cache_read_cost_usd": Column("Cache read cost", "money"),
        "cache_write_cost_usd": Column("Cache write cost", "money"),
        "output_cost_usd": Column("Output cost", "money"),
        "tool_cost_usd": Column("Tool cost", "money"),
        "other_cost_usd": Column("Other cost", "money"),
        "price_status": Column("Price"),
        "latency_ms": Column("Latency", "milliseconds"),
        "request_id": Column("Request"),
    }
    panels.table(
        "Calls",
        calls,
        columns,
        alt="Every call of the conversation with its tokens, model and cost components.",
        key="conversation_calls",
        note="The parts of a cost add up to it. Prompts and answers are not stored." + _cut(row),
    )
