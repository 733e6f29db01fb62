"""Where the price book says nothing, where it says two things, and where people said something else."""

from typing import Any

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import data, panels, price_words, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md

_ROWS = 500
_REASONS = {"unknown_model": "Unknown model", "no_price": "No price", "usage_missing": "Usage missing"}


def gaps(view: View) -> None:
    """List the calls without a price, and the counts that nothing reads."""
    unpriced(view)
    unread(view)


def unread(view: View) -> None:
    """List the counts of the providers that nothing reads."""
    counts = data.read(view.path, marts.health.unknown_usage, _ROWS)
    if counts.is_empty():
        st.success("Every count in the providers' usage objects is read.", icon=":material/check_circle:")
        return
    found = counts["found_count"][0]
    panels.table(
        "Usage that we do not read",
        counts.with_columns(
            pl.col("quantity").map_elements(theme.quantity, return_dtype=pl.String),
        ),
        {
            "source_id": Column("Source"),
            "provider_id": Column("Provider"),
            "model_id": Column("Model"),
            "usage_name": Column("Count", help="Its name in the provider's usage object."),
            "request_count": Column("Calls", "count"),
            "quantity": Column("Sum"),
            "first_usage_date": Column("First", "day"),
            "last_usage_date": Column("Last", "day"),
        },
        alt="Counts in the providers' usage objects that nothing reads, by model and name.",
        key="unread",
        note=(f"The first {_ROWS:,} of {found:,} lines. " if found > _ROWS else "")
        + "In no figure. A new kind of usage shows here first: where it is billed, its price is missing from the cost.",
    )


def unpriced(view: View) -> None:
    """List the calls without a price, with what to do."""
    calls = data.read(view.path, marts.prices.unpriced, _ROWS)
    if calls.is_empty():
        st.success("Every call that used something has a price.", icon=":material/check_circle:")
        return
    number = calls["all_request_count"][0]
    st.markdown(
        f"**{number:,} {'call has' if number == 1 else 'calls have'} no price** and {'is' if number == 1 else 'are'} in"
        " no cost figure. What such calls may cost is a range: what similar models of the provider, the cheapest and"
        " the dearest, would take for the same tokens. It is no price and in no total."
    )
    for reason in (name for name in _REASONS if name in calls["price_status"]):
        st.markdown(f"- **{_REASONS[reason]}:** {price_words.REMEDIES[reason]}")
    found = calls["found_count"][0]
    panels.table(
        "Calls without a price",
        calls.with_columns(pl.col("price_status").replace(_REASONS)),
        {
            "month": Column("Month", "day"),
            "provider_id": Column("Provider"),
            "model_id": Column("Model"),
            "price_status": Column("Reason"),
            "request_count": Column("Calls", "count"),
            "total_tokens": Column("Tokens", "count"),
            "at_risk_low_usd": Column("At risk, low", "us_dollars", help="On the cheapest similar model."),
            "at_risk_high_usd": Column("At risk, high", "us_dollars", help="On the dearest similar model."),
            "similar_model_count": Column("Similar models", "count"),
        },
        alt="Calls without a price by month, model and reason, with the range of what they may cost.",
        key="gaps",
        note=(f"The first {_ROWS:,} of {found:,} lines. " if found > _ROWS else "")
        + "In US dollars, the newest month first. Similar: the same first word of the name, else any of the provider.",
    )


def conflicts(view: View) -> None:
    """List where two sources state different prices."""
    disputed = data.read(view.path, marts.prices.price_conflicts)
    if disputed.is_empty():
        st.success(
            "No two sources state different prices for a model that was called. A second source is LiteLLM's map:"
            " name its file as `litellm_prices` in `unitcost.toml`.",
            icon=":material/check_circle:",
        )
        return
    shown = disputed.with_columns(
        pl.col("usage_kind").map_elements(price_words.kind, return_dtype=pl.String).alias("kind"),
        _worded("used_unit_price_usd"),
        _worded("other_unit_price_usd"),
        pl.col("price_ratio").map_elements(lambda ratio: f"×{ratio:,.2f}", return_dtype=pl.String),
    )
    number = f"{len(disputed):,} {'price' if len(disputed) == 1 else 'prices'}"
    st.markdown(
        f"Two sources differ on **{number}** of models that were called, as of"
        f" {theme.day(disputed['as_of_date'][0])}. The first source is used, never a mean."
    )
    panels.table(
        "Conflicts",
        shown,
        {
            "provider_id": Column("Provider"),
            "model_id": Column("Model"),
            "kind": Column("Kind"),
            "used_price_source": Column("Used source"),
            "used_unit_price_usd": Column("Used price"),
            "other_price_source": Column("Other source"),
            "other_unit_price_usd": Column("Other price"),
            "price_ratio": Column("Other ÷ used"),
            "quantity_30d": Column("Used in 30 days", "count"),
            "impact_30d_usd": Column(
                "Effect on 30 days", "us_dollars", help="What the last 30 days would cost more by the other price."
            ),
        },
        alt="Prices on which two sources differ, with their ratio and the effect on the last 30 days.",
        key="conflicts",
        note="In US dollars, the largest effect first. Where the used one is wrong, say so with a `list_price` line in"
        " `seeds/price_overrides.csv`.",
    )


def _worded(name: str) -> pl.Expr:
    """The price of one as a reader knows it."""

    def said(row: dict[str, Any]) -> str:
        return price_words.unit_price(row[name], tokens=row["usage_kind"].endswith("_tokens"))

    return pl.struct(name, "usage_kind").map_elements(said, return_dtype=pl.String).alias(name)


def overrides(view: View) -> None:
    """List what people said about prices, and what rerates changed."""
    lines = data.read(view.path, marts.prices.price_overrides)
    if lines.is_empty():
        st.info(
            "No line in `seeds/price_overrides.csv`: calls are rated at list prices. Contracts, discounts, own models,"
            " free and self-hosted use are said there, one line each.",
            title="No overrides",
            icon=":material/edit_note:",
        )
    else:
        _lines(lines)
    changes = data.read(view.path, marts.prices.rerates)
    if changes.is_empty():
        st.info(
            "Closed months keep the prices that they were closed with. `unitcost rerate` rates one again, and what it"
            " changed is listed here.",
            title="No rerates",
            icon=":material/history:",
        )
    else:
        _rerates(changes)


def _lines(lines: pl.DataFrame) -> None:
    rows = list(lines.iter_rows(named=True))
    panels.table(
        "Price overrides",
        lines.with_columns(
            pl.Series("says", [price_words.effect(row) for row in rows], dtype=pl.String),
            pl.Series("scope", [price_words.scope(row) for row in rows], dtype=pl.String),
            pl.Series("since", [price_words.since(row["valid_from_date"]) for row in rows], dtype=pl.String),
            pl.Series("until", [price_words.until(row["valid_to_date"]) for row in rows], dtype=pl.String),
        ),
        {
            "line_number": Column("Line", "count", help="Of seeds/price_overrides.csv."),
            "says": Column("Says"),
            "scope": Column("For"),
            "since": Column("Valid from", help="The first UTC day."),
            "until": Column("Valid to", help="The UTC day after the last one."),
            "learned_at": Column("Known since (UTC)", "at"),
            "note": Column("Note"),
        },
        alt="Lines of the price overrides: what they say, for whom, and when.",
        key="overrides",
        note="Of the lines that fit a call the most specific holds: deployment, then key, project, account, model,"
        " provider.",
    )


def _rerates(changes: pl.DataFrame) -> None:
    moved = metrics.total(changes, "change_usd")
    panels.table(
        "Rerates",
        changes,
        {
            "rerate_id": Column("Rerate"),
            "ran_at": Column("Ran (UTC)", "at"),
            "known_at": Column("By the book of (UTC)", "at"),
            "month": Column("Month", "day"),
            "request_count": Column("Calls", "count"),
            "cost_before_usd": Column("Before", "money"),
            "cost_after_usd": Column("After", "money"),
            "change_usd": Column("Change", "money"),
        },
        alt="What each rerate changed, by month: cost before, after, and the change.",
        key="rerates",
        note=md(f"All rerates together moved {theme.signed_money(moved or 0)} in {theme.reporting_currency()}."),
    )
