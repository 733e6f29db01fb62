"""Prices: what the book says as of any day, how it came to say so, and where it says nothing or two things."""

from collections.abc import Callable
from datetime import date

import polars as pl
import streamlit as st

from app import marts
from app.dashboard import data, filters, panels, price_checks, price_words, theme
from app.dashboard.price_history import history
from app.dashboard.tables import Column
from app.marts.prices import Book

ROWS = 1000

view = filters.current()
st.title("Prices", anchor=False)
st.caption("The whole price book, in US dollars, days in UTC, whatever the filters in the sidebar.")
today = filters.today()


def knowledge() -> date | None:
    """Draw since when and until when a person wants to know; None where nothing was learned yet."""
    known = data.read(view.path, marts.prices.price_knowledge).row(0, named=True)
    if known["first_known_at"] is None:
        st.info(
            "The price book is empty. Every `unitcost build` fills it from the catalogue that is installed;"
            " `unitcost prices update` fetches a newer one.",
            title="No prices yet",
            icon=":material/sell:",
        )
        return None
    first = known["first_known_at"].date()
    day: date = st.date_input(
        "As known on",
        value=max(today, first),
        min_value=first,
        max_value=max(today, first),
        key="known_on",
        bind="query-params",
        format="YYYY-MM-DD",
        help=f"What the book said at the end of that day. It began on {theme.day(first)} and last learned something on"
        f" {theme.day(known['last_known_at'].date())}.",
    )
    return day


def asked() -> Book | None:
    """Draw what a person can ask the book."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=150):
            valid_on = st.date_input(
                "Valid on",
                value=view.newest,
                min_value=price_words.BEGINNING,
                max_value=price_words.END,
                key="valid_on",
                bind="query-params",
                format="YYYY-MM-DD",
                help="The day of a call. At first the newest day with calls.",
            )
        with st.container(width=150):
            known_on = knowledge()
        with st.container(width=260):
            find = st.text_input("Model", key="find", bind="query-params", type="search", placeholder="Part of a name")
        with st.container(width=260):
            provider = st.multiselect(
                "Provider of the price",
                data.read(view.path, marts.prices.priced_models)["provider_id"].unique().sort().to_list(),
                key="price_provider",
                bind="query-params",
                placeholder="All",
            )
        everything = st.toggle(
            "Whole catalogue",
            key="catalogue",
            bind="query-params",
            help="Also the models that no call was ever rated by.",
        )
    if known_on is None:
        return None
    which = [f"valid on {valid_on}", f"as known on {known_on}"]
    which += [f"provider: {', '.join(provider)}"] if provider else []
    which += [f"model: {find.strip()}"] if find and find.strip() else []
    filters.say("; ".join([*which, "whole catalogue" if everything else "models that calls were rated by"]))
    return Book(valid_on, known_on, tuple(provider), (find or "").strip(), rated_only=not everything)


def book() -> None:
    """List the prices that held on a day, as they were known on another."""
    question = asked()
    if question is None:
        return
    prices = data.read(view.path, marts.prices.price_list, question, ROWS)
    if prices.is_empty():
        st.info(
            f"The book of {theme.day(question.known_on)} has no such price on {theme.day(question.valid_on)}."
            + (" Models that no call was rated by are in the whole catalogue." if question.rated_only else ""),
            icon=":material/search_off:",
        )
        return
    found = prices["found_count"][0]
    cut = ""
    if found > len(prices):
        cut = f"The first {len(prices):,} of {found:,} prices: search for a model to see the others."
    shown = prices.with_columns(
        pl.col("usage_kind").map_elements(price_words.kind, return_dtype=pl.String).alias("kind"),
        _said("per_units", "usage_kind", to="per", by=price_words.per),
        _said("tier_start_tokens", to="context", by=price_words.context),
        _said("daily_from_second", "daily_to_second", to="hours", by=price_words.hours),
        _said("valid_from_date", to="since", by=price_words.since),
        _said("valid_to_date", to="until", by=price_words.until),
    )
    columns = {
        "provider_id": Column("Provider"),
        "model_id": Column("Model"),
        "service_tier": Column("Tier"),
        "kind": Column("Kind"),
        "context": Column("Input tokens", help="The size of a call's input from which the price holds."),
        "hours": Column("Hours", help="Of the UTC day, where the price depends on them."),
        "price_usd": Column("Price", "price"),
        "per": Column("Per"),
        "since": Column("Valid from", help="The first UTC day."),
        "until": Column("Valid to", help="The UTC day after the last one."),
        "price_source": Column("Source"),
        "price_rule": Column("Rule", help="price_variant_rules: a line of that seed dates the tier back."),
        "known_from_at": Column("Known since (UTC)", "at"),
    }
    if (shown["hours"] == "").all():
        del columns["hours"]
    panels.table(
        f"{found:,} list prices on {theme.day(question.valid_on)}",
        shown,
        columns,
        alt="List prices by provider, model, tier and kind, with the days that they hold and their source.",
        key="book",
        note=cut or "List prices. What contracts change is under Overrides; what calls are rated by, under History.",
    )


def _said(*names: str, to: str, by: Callable[..., str]) -> pl.Expr:
    return (
        pl.struct(names).map_elements(lambda row: by(*(row[name] for name in names)), return_dtype=pl.String).alias(to)
    )


SECTIONS: dict[str, Callable[[], None]] = {
    "Book": book,
    "History": lambda: history(view, knowledge, today),
    "Gaps": lambda: price_checks.gaps(view),
    "Conflicts": lambda: price_checks.conflicts(view),
    "Overrides": lambda: price_checks.overrides(view),
}
for section, tab in zip(SECTIONS.values(), st.tabs(list(SECTIONS), key="section", bind="query-params"), strict=True):
    if tab.open:
        with tab:
            section()
