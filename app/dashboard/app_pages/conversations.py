"""Conversations: which of them are expensive. With `?conversation=` one of them, call by call."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, conversation, data, figures, filters, panels, states, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.marts.conversations import COST_STEPS

ROWS = 200

view = filters.current()
top, corner = st.columns([3, 1], vertical_alignment="bottom")
with corner:
    asked = conversation.search()
if asked:
    with top:
        conversation.back()
    conversation.show(view, asked)
    st.stop()
with top:
    panels.title(view, "Conversations")

dearest = data.read(view.path, marts.conversations.dearest_conversations, view.now, ROWS)
if dearest.is_empty():
    states.empty(view, "conversation")
    st.stop()
number = metrics.count(data.read(view.path, marts.conversations.totals, view.now), "conversation_count")
quantiles = data.read(view.path, marts.conversations.cost_quantiles, view.now).row(0, named=True)
p50, p95, p99 = (quantiles[f"p{share}_usd"] for share in (50, 95, 99))


def without_id() -> Tile:
    """Requests that belong to no conversation."""
    hidden_by = [name for name in view.now.members if name != "customer"]
    rest = data.read(view.path, marts.conversations.without_conversation, view.now.customer)
    return Tile(
        "Without an id",
        theme.UNKNOWN if hidden_by else theme.money(metrics.total(rest, "cost_usd") or 0),
        note=f"not by {' or '.join(hidden_by)}" if hidden_by else "of all days",
        help=f"{metrics.count(rest, 'request_count'):,} requests carry no conversation id. They are in no other figure"
        " of this page, and the warehouse keeps them undated, so this one is of all days.",
    )


def turns() -> None:
    """Draw cost against the number of turns."""
    lengths = data.read(view.path, marts.conversations.cost_by_turns, view.now)
    with panels.card("Turns against cost") as head:
        panels.chart(
            head,
            charts.conversations.by_turns(lengths, dearest, view.palette),
            alt="Cost of conversations by number of turns: median, middle half, and the most expensive ones.",
            key="turns",
            table=lengths,
            columns={
                "turn_count": Column("Turns", "count"),
                "conversation_count": Column("Conversations", "count"),
                "p25_usd": Column("A quarter costs less than", "money"),
                "p50_usd": Column("Median", "money"),
                "p75_usd": Column("A quarter costs more than", "money"),
            },
            note="Click a mark to follow the conversation.",
            on_pick=conversation.open_by_id,
        )


def sizes() -> None:
    """Draw how many conversations cost how much."""
    steps = data.read(view.path, marts.conversations.cost_histogram, view.now).with_columns(
        (10 ** (pl.col("step") / COST_STEPS)).alias("from_usd")
    )
    lines = {"median": p50, "95th percentile": p95, "99th": p99}
    with panels.card("How many cost how much") as head:
        panels.chart(
            head,
            charts.conversations.histogram(
                steps, {name: float(cost) for name, cost in lines.items() if cost}, view.palette
            ),
            alt=f"Conversations by cost: median {theme.money(p50)}, 95th percentile {theme.money(p95)}.",
            key="sizes",
            table=steps,
            columns={
                "from_usd": Column("Cost from", "money"),
                "conversation_count": Column("Conversations", "count"),
                "cost_usd": Column("Cost in all", "money"),
            },
            note="Conversations that are free or have no price are not drawn.",
        )


if p50 is not None:
    st.markdown(
        f"Half of **{number:,}** conversations cost less than **{md(theme.money(p50))}**;"
        f" one in a hundred costs **{md(theme.money(p99))}** or more."
        if number > 1
        else f"One conversation, it cost **{md(theme.money(p50))}**."
    )
if view.conversations_blind_to:
    names = " and ".join(view.conversations_blind_to)
    st.info(
        f"Conversations are not recorded by {names}: this page shows those of every {names}.", icon=":material/info:"
    )
panels.models_note(view)
panels.tiles(
    [
        figures.conversations(view, of_all=True),
        figures.cost_per_conversation(view, of_all=True),
        Tile("Median", theme.money(p50), help="Half of the conversations cost less."),
        Tile("95th percentile", theme.money(p95), help="One conversation in twenty costs more."),
        without_id(),
    ]
)
left, right = st.columns(2)
with left:
    turns()
with right:
    sizes()
panels.table(
    "The most expensive conversations",
    dearest.with_columns(pl.sum_horizontal(*charts.conversations.TOKENS).alias("tokens")),
    {
        "conversation_id": Column("Conversation", width=185, help="Click an id to follow the conversation."),
        "started_at": Column("Started (UTC)", "at"),
        "customer_id": Column("Customer"),
        "feature_id": Column("Feature"),
        "cost_usd": Column("Cost", "money"),
        "turn_count": Column("Turns", "count"),
        "request_count": Column("Calls", "count"),
        "retry_count": Column("Retries", "count"),
        "tokens": Column("Tokens", "count"),
        "model_ids": Column("Models"),
        "unpriced_request_count": Column("Unpriced", "count", help="Calls without a price: not in the cost."),
    },
    alt="The most expensive conversations with customer, feature, turns, tokens and cost.",
    key="dearest",
    note=f"The {len(dearest):,} most expensive of {number:,}, by the day they started. Click an id to follow one.",
    on_pick=conversation.open_by_id,
)
