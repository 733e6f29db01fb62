"""Models: what the machine room uses, and what a million tokens cost there."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import breakdown, data, figures, filters, panels, states, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.marts.scope import Dimension

ROWS = 300
BY: dict[Dimension, str] = {
    "model": "Model",
    "provider": "Provider",
    "operation": "Operation",
    "team": "Team",
    "environment": "Environment",
}

view = filters.current()
panels.title(view, "Models")

sums = data.read(view.path, marts.usage.totals, view.now)
calls = metrics.count(sums, "request_count")
if not calls:
    states.empty(view)
    st.stop()


def headline() -> str:
    """Say what to take away, as Markdown."""
    models = data.read(view.path, marts.usage.totals, view.now, by=("model",)).sort(
        "cost_usd", descending=True, nulls_last=True
    )
    cost = metrics.total(models, "cost_usd")
    if cost is None:
        return "No call of these days has a price."
    first = models.row(0, named=True)
    share = theme.percent(metrics.ratio(first["cost_usd"], cost))
    return f"**{md(first['model_id'])}** takes **{share}** of {md(theme.money(cost))}, of {len(models):,} models."


def tokens(frame: pl.DataFrame) -> pl.DataFrame:
    """Add what follows from tokens to sums of usage."""
    read = pl.col("uncached_input_tokens") + pl.col("cache_read_tokens") + pl.col("cache_write_tokens")
    return frame.with_columns(
        read.alias("input_tokens"), (read + pl.col("output_tokens")).alias("tokens")
    ).with_columns(
        metrics.quotient("cache_read_tokens", "input_tokens", "cached_share"),
        metrics.quotient("retry_count", "request_count", "retry_share"),
        metrics.quotient("error_count", "request_count", "error_share"),
        (metrics.quotient("cost_usd", "tokens", "per_million_usd") * 1_000_000),
    )


def summary() -> None:
    """Draw the figures of the page."""
    (row,) = tokens(sums).iter_rows(named=True)
    panels.tiles(
        [
            figures.ai_cost(view),
            Tile("Requests", theme.count(calls)),
            Tile("Tokens", theme.count(row["tokens"]), help="Read, cached or not, and written."),
            Tile(
                "Per million tokens",
                theme.UNKNOWN if row["per_million_usd"] is None else theme.money(row["per_million_usd"]),
                help="Cost ÷ all tokens.",
            ),
            Tile("Cached", theme.percent(row["cached_share"]), help="Of the tokens read, those that a cache answered."),
            Tile("Retries", theme.percent(row["retry_share"]), help="Attempts after the first, of all requests."),
            figures.unpriced(view),
        ]
    )


def members() -> None:
    """List models, or what else calls are told apart by."""
    by: Dimension = st.segmented_control(
        "By", list(BY), format_func=BY.__getitem__, default="model", required=True, key="models_by"
    )
    found = data.read(view.path, marts.usage.totals, view.now, by=(by,))
    on = f"{by}_id" if f"{by}_id" in found.columns else by
    panels.table(
        f"{BY[by]}s",
        tokens(metrics.top_and_others(found, on, "cost_usd", ROWS)),
        {
            on: Column(BY[by]),
            "cost_usd": Column("AI cost", "money"),
            "request_count": Column("Requests", "count"),
            "input_tokens": Column("Tokens read", "count"),
            "cached_share": Column("Cached", "percent"),
            "output_tokens": Column("Tokens written", "count"),
            "per_million_usd": Column("Per million tokens", "money"),
            "retry_share": Column("Retries", "percent"),
            "error_share": Column("Errors", "percent"),
            "unpriced_request_count": Column("Unpriced", "count"),
        },
        alt=f"Cost, requests and tokens by {by}, the most expensive first.",
        key="models",
        note="The same calls as on Features and Customers, told apart by what serves them: the totals are the same.",
    )


st.markdown(headline())
summary()
with panels.card("AI cost by model") as head:
    breakdown.over_time(view, head, "model", headline=headline(), key="model_cost")
members()
