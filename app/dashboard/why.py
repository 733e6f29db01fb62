"""Why a call, and a whole conversation, costs what it costs: quantity × price = amount, kind by kind."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from app import marts
from app.dashboard import data, downloads, panels, price_words, tables, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md

_KEY = "call"


def choose(call: str) -> None:
    """Explain another call. Only in a callback."""
    st.session_state[_KEY] = int(call)


def forget() -> None:
    """Explain the dearest call again. Only before the field is drawn: in a callback."""
    st.session_state.pop(_KEY, None)


def cards(view: View, calls: pl.DataFrame, row: dict[str, Any], days: tuple[date, date]) -> None:
    """Draw both explanations.

    Args:
        calls: of the conversation, numbered in `call`.
        row: the conversation, as `cost_per_conversation` has it.
    """
    with panels.card("Why this cost") as head:
        _call(view, head, calls, row, days)
    with panels.card("Why the whole conversation") as head:
        _conversation(view, head, row, days)


def _call(
    view: View,
    head: st.delta_generator.DeltaGenerator,
    calls: pl.DataFrame,
    row: dict[str, Any],
    days: tuple[date, date],
) -> None:
    call = _chosen(head, calls)
    lines = data.read(
        view.path,
        marts.calls.cost_lines,
        row["customer_id"],
        row["conversation_id"],
        days,
        (call["source_id"], call["request_id"]),
    )
    known = call["cost_usd"] is not None and not lines.is_empty()
    if known:
        st.markdown(f"**{md(price_words.formula(lines.iter_rows(named=True)))}**")
    if reason := price_words.STATES.get(call["price_status"]):
        st.info(reason, icon=":material/info:")
    if not lines.is_empty():
        with head:
            downloads.offer("Why this cost", _worded(lines), _columns(lines, several=False), "cost_lines")
        _table(lines, key="cost_lines")
    if known:
        st.caption(_ties_up(call, sum(lines["amount_usd"], Decimal(0))))
    if call["price_id"]:
        _link(view, call["price_id"])


def _chosen(head: st.delta_generator.DeltaGenerator, calls: pl.DataFrame) -> dict[str, Any]:
    """The call that a person picked, at first the dearest one."""
    last = len(calls)
    if not 1 <= (st.session_state.get(_KEY) or 1) <= last:  # of another conversation
        forget()
    dearest = calls.sort("cost_usd", descending=True, nulls_last=True)["call"][0]
    with head:
        st.markdown("Call", width="content")
        number = st.number_input(
            "Call",
            min_value=1,
            max_value=last,
            value=None,
            placeholder=f"{dearest}, the dearest",
            key=_KEY,
            bind="query-params",
            label_visibility="collapsed",
            width=190,
        )
    return calls.row((number or dearest) - 1, named=True)


def _ties_up(call: dict[str, Any], in_dollars: Decimal) -> str:
    """How the sum of the lines, in US dollars, becomes the cost of the call."""
    said = "The lines add up to the cost of the call."
    if call["exchange_rate"] is not None:
        said = (
            f"{theme.price(in_dollars)} × {call['exchange_rate'].normalize():f} {theme.reporting_currency()} for a US"
            f" dollar ({call['exchange_rate_date']}, {call['exchange_rate_source']})"
            f" = {theme.money(call['contracted_cost_usd'])}."
        )
    if call["cost_usd"] != call["contracted_cost_usd"]:
        said += f" The invoice makes it {theme.money(call['cost_usd'])}."
    return md(said)


def _conversation(
    view: View, head: st.delta_generator.DeltaGenerator, row: dict[str, Any], days: tuple[date, date]
) -> None:
    lines = data.read(view.path, marts.calls.conversation_lines, row["customer_id"], row["conversation_id"], days)
    if lines.is_empty():
        st.info("None of its calls says what it used, so there is nothing to multiply.", icon=":material/info:")
        return
    priced = sum(lines["amount_usd"].drop_nulls(), Decimal(0))
    said = f"The calls of the conversation by kind and price: **{md(theme.price(priced))}** in all"
    if unknown := lines["amount_usd"].null_count():
        said += f", without the {unknown:,} lines of calls whose cost is not known"
    with head:
        downloads.offer(
            "Why the whole conversation", _worded(lines), _columns(lines, several=True), "conversation_lines"
        )
    st.markdown(said + ".")
    _table(lines, key="conversation_lines", several=True)
    rates = "" if theme.reporting_currency() == "USD" else f", in {theme.reporting_currency()} at the rates of its days"
    st.caption(md(f"The conversation costs {theme.money(row['cost_usd'])}{rates}. Each price id is a row of the book."))


def _table(lines: pl.DataFrame, *, key: str, several: bool = False) -> None:
    tables.show(
        _worded(lines),
        _columns(lines, several=several),
        alt="Quantity, price and amount of each kind that was used, in US dollars.",
        key=f"{key}_table",
    )


def _worded(lines: pl.DataFrame) -> pl.DataFrame:
    def prices(name: str) -> pl.Series:
        return pl.Series(
            name,
            [
                price_words.unit_price(price, tokens=unit == "tokens")
                for price, unit in lines.select(name, "unit").iter_rows()
            ],
            dtype=pl.String,
        )

    return lines.with_columns(
        pl.col("usage_kind").map_elements(price_words.kind, return_dtype=pl.String),
        prices("list_unit_price_usd"),
        prices("unit_price_usd"),
    )


def _columns(lines: pl.DataFrame, *, several: bool) -> dict[str, Column]:
    columns = {
        "usage_kind": Column("Kind"),
        "quantity": Column("Quantity", "quantity"),
        "list_unit_price_usd": Column("List price", help="What it would cost without the contract."),
        "unit_price_usd": Column("Price"),
        "amount_usd": Column("Amount", "price"),
    }
    if lines["list_unit_price_usd"].eq_missing(lines["unit_price_usd"]).all():
        del columns["list_unit_price_usd"]
    if several:
        columns["price_id"] = Column("Price id", help="The row of the price book, on the page Prices.")
    return columns


def _link(view: View, price_id: str) -> None:
    found = data.read(view.path, marts.calls.price_row, price_id)
    st.caption(f"Price row {md(price_id)}")
    if not found.is_empty() and found["model_id"][0]:
        model = f"{found['provider_id'][0]}/{found['model_id'][0]}"
        st.page_link(
            "app_pages/prices.py",
            label=f"{md(model)} in the price book",
            icon=":material/sell:",
            query_params={"section": "History", "price_model": model},
        )
