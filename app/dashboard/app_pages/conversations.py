"""Conversations: which of them are expensive, and why? With `?conversation=` one of them, call by call."""

import polars as pl
import streamlit as st

from app import metrics
from app.dashboard import charts, conversation, data, figures, filters, panels, states, theme
from app.dashboard.panels import Column, Tile
from app.dashboard.theme import markdown as md

ROWS = 200

view = filters.current()
asked = conversation.search()
if asked:
    conversation.show(view, asked)
    st.stop()

panels.title(view, "Conversations")
totals = data.conversations(view.path, view.now)
dearest = data.dearest_conversations(view.path, view.now, ROWS)
if dearest.is_empty():
    states.empty(view, "conversation")
    st.stop()

number = metrics.count(totals, "conversation_count")
p50, p95, p99 = data.cost_quantiles(view.path, view.now).row(0)
if p50 is not None:
    st.markdown(
        f"Half of **{number:,}** conversations cost less than **{md(theme.money(p50))}**;"
        f" one in a hundred costs **{md(theme.money(p99))}** or more."
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
        Tile("Median cost", theme.money(p50), help="Half of the conversations cost less."),
        Tile("95th percentile", theme.money(p95), help="One conversation in twenty costs more."),
        Tile(
            "Cost without a conversation",
            theme.money(metrics.total(totals, "other_cost_usd") or 0),
            note=f"{metrics.count(totals, 'other_request_count'):,} requests",
            help="Requests that carry no conversation id. They are in no figure per conversation.",
        ),
    ]
)

lengths = data.cost_by_turns(view.path, view.now)
sizes = data.cost_histogram(view.path, view.now)
left, right = st.columns(2)
with left:
    panels.chart(
        "Turns against cost",
        charts.cost_by_turns(lengths, dearest, view.palette),
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
with right:
    panels.chart(
        "How many cost how much",
        charts.cost_histogram(sizes, {"median": p50, "95th": p95, "99th": p99}, view.palette),
        alt=f"Conversations by cost: median {theme.money(p50)}, 95th percentile {theme.money(p95)}.",
        key="sizes",
        table=sizes.with_columns((10 ** (pl.col("step") / 5)).alias("from_usd")),
        columns={
            "from_usd": Column("Cost from", "money"),
            "conversation_count": Column("Conversations", "count"),
            "cost_usd": Column("Cost in all", "money"),
        },
    )

tokens = pl.sum_horizontal(*charts.TOKENS)
panels.table(
    "The most expensive conversations",
    dearest.with_columns(tokens.alias("tokens")),
    {
        "conversation_id": Column("Conversation", help="Click an id to follow the conversation."),
        "started_at": Column("Started (UTC)", "at"),
        "customer_id": Column("Customer"),
        "feature_id": Column("Feature"),
        "cost_usd": Column("Cost", "money"),
        "turn_count": Column("Turns", "count"),
        "request_count": Column("Calls", "count"),
        "retry_count": Column("Retries", "count"),
        "tokens": Column("Tokens", "count"),
        "model_ids": Column("Models"),
        "unpriced_request_count": Column("Without a price", "count"),
    },
    alt="The most expensive conversations with customer, feature, turns, tokens and cost.",
    key="dearest",
    note=f"The {len(dearest):,} most expensive of {number:,}, by the day they started."
    if number > ROWS
    else "All of them, by the day they started.",
    on_pick=conversation.open_by_id,
)
