"""The prices of one model over time, and the rows of the book that its calls are rated by."""

from collections.abc import Callable, Mapping
from datetime import date

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, filters, panels, price_words, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md

_SERIES = (
    "price_source", "service_tier", "usage_kind", "per_units", "tier_start_tokens", "daily_from_second",
    "daily_to_second",
)  # fmt: skip
_ANY, _ABOVE, _NOT_USED = "solid", "dash", "dot"
_NO_LIMIT = 2**62
"""Above this many tokens nobody counts."""
_FIRST = ("input_tokens", "output_tokens")
"""The kinds that a reader looks for, before the others by name."""
_CHANGED = {
    "override_line_number": Column("Override line", "count", help="Of seeds/price_overrides.csv."),
    "uplift_factor": Column("Uplift", "quantity", help="What the region adds."),
}
"""What makes a price another one than the list price."""


def history(view: View, knowledge: Callable[[], date | None], today: date) -> None:
    """Draw the steps of one model's prices.

    Args:
        knowledge: draws the day whose knowledge is asked for.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=320):
            model = _model(view)
        with st.container(width=150):
            known_on = knowledge()
        tiers = st.container(width=150)
    if known_on is None:
        return
    if model is None:
        st.info(
            "Choose a model to see its prices over time. The models that calls were rated by are offered first.",
            icon=":material/show_chart:",
        )
        return
    prices = data.read(view.path, marts.prices.model_price_history, *model, known_on)
    if prices.is_empty():
        st.info(
            f"No source states a price of {md('/'.join(model))}: what it costs is in the price overrides.",
            icon=":material/edit_note:",
        )
    else:
        with tiers:
            tier = _tier(prices)
        filters.say(f"model: {'/'.join(model)}; as known on {known_on}; tier: {tier}")
        _steps(view, prices.filter(pl.col("service_tier") == tier), today)
    filters.say(f"model: {'/'.join(model)}")
    _rated_by(view, model)


def _model(view: View) -> tuple[str, str] | None:
    # those that calls are rated by come first
    models = pl.concat(
        [data.read(view.path, marts.prices.rated_models), data.read(view.path, marts.prices.priced_models)]
    ).unique("name", maintain_order=True)
    offered = {name: (provider, model) for name, provider, model in models.iter_rows()}
    chosen = st.selectbox(
        "Model",
        list(offered),
        index=None,
        key="price_model",
        bind="query-params",
        placeholder="Choose a model",
    )
    return offered[chosen] if chosen else None


def _tier(prices: pl.DataFrame) -> str:
    tiers = prices["service_tier"].unique().sort().to_list()
    first = "standard" if "standard" in tiers else tiers[0]
    if st.session_state.get("tier") not in {None, *tiers}:  # of another model
        st.session_state.pop("tier")
    tier: str = st.selectbox("Tier", tiers, index=tiers.index(first), key="tier", bind="query-params")
    return tier


def _steps(view: View, prices: pl.DataFrame, today: date) -> None:
    used = "genai-prices" if "genai-prices" in prices["price_source"] else prices["price_source"][0]
    steps = metrics.stretches(prices, _SERIES).sort(
        pl.col("price_source") != used, ~pl.col("usage_kind").is_in(_FIRST), "usage_kind", *_SERIES, "valid_from_date"
    )
    series = [_series(row, used) for row in steps.iter_rows(named=True)]
    dashes = [
        _NOT_USED if row["price_source"] != used else _ABOVE if row["tier_start_tokens"] > 0 else _ANY
        for row in steps.iter_rows(named=True)
    ]
    steps = steps.with_columns(
        pl.Series("series", series, dtype=pl.String),
        pl.Series("dash", dashes, dtype=pl.String),
        pl.Series("per", [price_words.per(*row) for row in steps.select("per_units", "usage_kind").iter_rows()]),
    )
    buys = steps["per"].mode().sort()[0]  # one axis has one unit: the others are in the table
    drawn = steps.filter(pl.col("per") == buys)
    undrawn = steps.filter(pl.col("per") != buys)["series"].unique(maintain_order=True)
    announced = _announced(steps, today)
    meaning = {_ABOVE: "Dashed: for calls with a larger input.", _NOT_USED: "Dotted: another source, not used."}
    note = " ".join(said for dash, said in meaning.items() if dash in dashes)
    if len(undrawn):
        note += f" Not drawn, since it is not per {buys}: {', '.join(undrawn)}."
    with panels.card("List prices over time") as head:
        if announced:
            st.markdown(" ".join(announced))
        panels.chart(
            head,
            charts.prices.steps(drawn, view.palette, today, buys=buys),
            alt="List prices by kind over time. " + " ".join(announced),
            key="price_steps",
            table=steps.with_columns(
                pl.col("valid_from_date").map_elements(price_words.since, return_dtype=pl.String),
                pl.col("valid_to_date").map_elements(price_words.until, return_dtype=pl.String),
            ),
            columns={
                "series": Column("Kind"),
                "price_usd": Column("Price", "price"),
                "per": Column("Per"),
                "valid_from_date": Column("Valid from"),
                "valid_to_date": Column("Valid to"),
                "price_source": Column("Source"),
            },
            note=note.strip() or None,
        )


def _series(row: dict[str, object], used: object) -> str:
    said = price_words.kind(str(row["usage_kind"]))
    if int(str(row["tier_start_tokens"])) > 0:
        said += f", {price_words.context(int(str(row['tier_start_tokens'])))}"
    if hours := price_words.hours(int(str(row["daily_from_second"])), int(str(row["daily_to_second"]))):
        said += f", {hours}"
    return said if row["price_source"] == used else f"{said} ({row['price_source']})"


def _announced(steps: pl.DataFrame, today: date) -> list[str]:
    """What will change, a sentence a day, as Markdown."""
    said = []
    coming = steps.filter(pl.col("valid_from_date") > today)
    for day in coming["valid_from_date"].unique().sort():
        changes = []
        for row in coming.filter(pl.col("valid_from_date") == day).iter_rows(named=True):
            before = steps.filter((pl.col("series") == row["series"]) & (pl.col("valid_to_date") == day))["price_usd"]
            was = f"{theme.price(before[0])} → " if len(before) else ""
            changes.append(f"{row['series']} {was}{theme.price(row['price_usd'])} per {row['per']}")
        said.append(f"From **{theme.day(day)}**: {md(', '.join(changes))}.")
    return said


def _rated_by(view: View, model: tuple[str, str]) -> None:
    rows = data.read(view.path, marts.prices.model_price_book, *model)
    if rows.is_empty():
        return
    rows = rows.with_columns(
        pl.col("valid_from_date").map_elements(price_words.since, return_dtype=pl.String),
        pl.col("valid_to_date").map_elements(price_words.until, return_dtype=pl.String),
        pl.struct("above_tokens", "up_to_tokens").map_elements(_between, return_dtype=pl.String).alias("context"),
    )
    prices = {
        name: Column(_heading(name), "price") for name in rows.columns if name.endswith(("_million_usd", "_price_usd"))
    }
    panels.table(
        "What calls are rated by",
        rows,
        {
            "service_tier": Column("Tier"),
            "valid_from_date": Column("Valid from", help="The first UTC day."),
            "valid_to_date": Column("Valid to", help="The UTC day after the last one."),
            "context": Column("Input tokens", help="The size of a call's input for which the row holds."),
            "price_state": Column("State"),
            **_telling(rows, prices),
            **{name: column for name, column in _CHANGED.items() if rows[name].null_count() < len(rows)},
            "price_source": Column("Source"),
            "price_rule": Column("Rule"),
            "price_id": Column("Price id", help="What a call names as its price."),
        },
        alt="The rows of the price book that calls of the model are rated by, with their prices and ids.",
        key="rated_by",
        note="What we pay, with contracts and uplifts on it: tokens for a million, all else for one. Kinds that cost"
        " what another one costs share its column.",
    )


def _heading(column: str) -> str:
    kind, _, _ = column.removesuffix("_usd").rpartition("_per_million" if "_per_million" in column else "_price")
    return price_words.kind(kind)


def _telling(rows: pl.DataFrame, prices: Mapping[str, Column]) -> dict[str, Column]:
    """The columns of prices that say what no column before them says; the others share the column of that one."""
    same: dict[str, list[str]] = {}
    for name in prices:
        if rows[name].null_count() < len(rows):
            first = next((other for other in same if rows[name].eq_missing(rows[other]).all()), name)
            same.setdefault(first, []).append(prices[name].label)
    return {
        first: Column(prices[first].label, "price", help=f"Also {', '.join(others)}." if others else None)
        for first, (_, *others) in same.items()
    }


def _between(row: dict[str, int]) -> str:
    above, up_to = row["above_tokens"], row["up_to_tokens"]
    if above < 0:
        return "any" if up_to >= _NO_LIMIT else f"up to {up_to:,}"
    return f"above {above:,}" + ("" if up_to >= _NO_LIMIT else f" up to {up_to:,}")
