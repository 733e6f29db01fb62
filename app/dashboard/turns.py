"""Turns: what each answer of a conversation costs, and how much of it is the context that is sent again."""

from datetime import date

import polars as pl
import streamlit as st

from app import marts
from app.dashboard import charts, data, filters, panels, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column

PARTS = {
    "uncached_input_cost_per_turn_usd": "Input, not cached",
    "cached_input_cost_per_turn_usd": "Input, cached",
    "output_cost_per_turn_usd": "Output",
    "other_cost_per_turn_usd": "Other",
}


def show(view: View, month: date) -> None:
    """Draw what the first, second, third answer costs, of the feature that is chosen."""
    found = data.read(view.path, marts.conversations.cost_by_turn, month)
    if found.is_empty():
        st.info(
            f"No conversation of production began in {month:%B %Y}: turns are told by calls with a conversation id.",
            icon=":material/forum:",
        )
        return
    with st.container(width=320):
        feature = st.selectbox(
            "Feature of the conversations",
            found["feature_id"].unique(maintain_order=True).to_list(),
            key="turns_feature",
            bind="query-params",
        )
    said = filters.said()
    filters.say(f"month: {month:%Y-%m}; feature: {feature}")
    drawn(view, named(found.filter(pl.col("feature_id") == feature)), feature)
    filters.say(said)


def named(turns: pl.DataFrame) -> pl.DataFrame:
    """Turns with the words that stand for them: `turn`."""
    number = pl.col("turn_number").cast(pl.String)
    return turns.with_columns(
        pl.when(pl.col("turn_number") == 0)
        .then(pl.lit("no answer"))
        .when("has_later_turns")
        .then(number + "+")
        .otherwise(number)
        .alias("turn")
    )


def drawn(view: View, turns: pl.DataFrame, feature: str) -> None:
    """Draw the turns of a feature as bars, and list them."""
    answered = turns.filter(pl.col("turn_number") > 0)
    if len(answered):
        last = answered.row(-1, named=True)
        with panels.card("Cost of the turn") as head:
            panels.chart(
                head,
                charts.conversations.turns(answered, PARTS, view.palette),
                alt=f"Cost of each turn of {feature}: the first {theme.money(answered['cost_per_turn_usd'][0])},"
                f" turn {last['turn']} {theme.money(last['cost_per_turn_usd'])}.",
                key="turn_parts",
                table=answered,
                columns={
                    "turn": Column("Turn"),
                    "cost_per_turn_usd": Column("Of one turn", "money"),
                    **{name: Column(label, "money") for name, label in PARTS.items()},
                },
                note="A turn is all that it took to get an answer: failed attempts and retrieval are of it, too.",
            )
    panels.table(
        "Turns",
        turns.with_columns(pl.col("input_growth").round(2)),  # for a reader
        {
            "turn": Column("Turn"),
            "conversation_count": Column("Conversations", "count", help="That got so far."),
            "request_count": Column("Calls", "count"),
            "cost_usd": Column("Cost", "money"),
            "cost_per_turn_usd": Column("Of one turn", "money"),
            "median_cost_usd": Column("Median", "money"),
            "input_tokens_per_turn": Column("Input tokens of one", "count"),
            "input_growth": Column(
                "× the first", "quantity", help="Input of the turn ÷ input of the first of the same conversations."
            ),
            "cost_so_far_per_conversation_usd": Column(
                "Conversation so far", "money", help="Of the conversations that got so far, up to this turn."
            ),
            "unpriced_request_count": Column("Unpriced", "count", help="Calls without a price: not in the cost."),
        },
        alt=f"Turns of conversations of {feature}, with cost, input and what a conversation cost so far.",
        key="turns",
        note="Of the conversations that began in the month, to their end. The last class holds all later turns.",
    )
