"""Savings: what could cost less, how much less, on what evidence, and what to leave as it is."""

from datetime import date
from decimal import Decimal

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, filters, panels, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md

STRATEGIES = {
    "backpressure": "Fewer retries",
    "semantic_cache": "Cache of answers",
    "context_window": "Shorter history",
    "over_retrieval": "Less retrieved context",
    "compression": "Compressed prompts",
    "verbose_reasoning": "Shorter reasoning",
    "routing": "Cheaper model",
    "prompt_caching": "Prompt caching",
    "batch": "Batch",
    "idle_capacity": "Fewer idle machines",
    "quantisation": "Lower precision",
}
UNKNOWN_REASONS = {
    "not_in_cost": "A call not made is in no cost",
    "of_machines": "No whole month of its machines yet",
    "no_history": "Too little before it",
}
SHOWN = 15  # bars
_PLACEMENTS = {"everything": "all of a prompt", "repeated": "what prompts share", "(none)": ""}

view = filters.current()
st.title("Savings", anchor=False)
st.caption(
    f"What calls and machines of a month would have cost less, in {theme.reporting_currency()}, whatever the filters in"
    " the sidebar."
)
found = data.read(view.path, marts.savings.savings_opportunities)
if found.is_empty():
    st.info("Nothing to save was found.", icon=":material/savings:")
    st.stop()


def asked() -> date:
    """Draw the choice of a month."""
    months = found["month"].unique().sort(descending=True).to_list()
    with st.container(width=180):
        month: date = st.selectbox(
            "Month", months, format_func=lambda day: f"{day:%B %Y}", key="savings_month", bind="query-params"
        )
    filters.say(f"month: {month:%Y-%m}")
    return month


def total(frame: pl.DataFrame, column: str) -> Decimal:
    """The sum of a column of money."""
    return sum(frame[column], Decimal(0))


def undecided(frame: pl.DataFrame) -> pl.DataFrame:
    """What is neither done nor rejected."""
    return frame.filter(~pl.col("state").is_in(["done", "rejected"]))


def summary(shown: pl.DataFrame, month: date) -> None:
    """Draw what it comes to."""
    actions = data.read(view.path, marts.savings.realised_savings).filter(pl.col("month") == month)
    left = undecided(shown)
    alone, together = total(left, "expected_saving_usd"), total(left, "stacked_saving_usd")
    unproven = total(left.filter(pl.col("confidence") == "none"), "potential_usd")
    done = total(shown.filter(pl.col("state") == "done"), "stacked_saving_usd")
    panels.tiles(
        [
            Tile(
                "Together",
                theme.money(together),
                help="What is neither done nor rejected, each on what those before it left: nothing counts twice.",
            ),
            Tile("One by one", theme.money(alone), help="Each as if it were the only one: they overlap."),
            Tile("Without evidence", theme.money(unproven), help="What nobody has measured: nothing of it is claimed."),
            Tile(
                "Realised",
                theme.money(metrics.total(actions, "realised_usd")),
                help="What of it was saved in the month, where the action caused it.",
            ),
            Tile(
                "Called done", theme.money(done), help="What seeds/savings_register.csv says is done, and still found."
            ),
        ]
    )


def opportunities(shown: pl.DataFrame) -> None:
    """Draw what could be saved, with its range, and all that is known of it."""
    claimed = shown.filter(pl.col("high_saving_usd") > 0).sort("expected_saving_usd", descending=True).head(SHOWN)
    if not claimed.is_empty():
        (largest, *_) = claimed.iter_rows(named=True)
        st.markdown(
            f"Most: **{md(largest['action'])}** in **{md(largest['feature_id'])}**,"
            f" **{md(theme.money(largest['expected_saving_usd']))}** in {largest['month']:%B %Y}"
            f" ({md(theme.money(largest['low_saving_usd']))} to {md(theme.money(largest['high_saving_usd']))})."
        )
        with panels.card("What could be saved") as head:
            panels.chart(
                head,
                charts.savings.ranges(claimed, view.palette),
                alt="Expected savings by feature and strategy, with their low and high cases.",
                key="savings_ranges",
                table=claimed,
                columns={
                    "name": Column("Saving"),
                    "low_saving_usd": Column("Low", "money"),
                    "expected_saving_usd": Column("Expected", "money"),
                    "high_saving_usd": Column("High", "money"),
                },
                note="Each by itself. The line is from the low case to the high one.",
            )
        with panels.card("Effort against saving") as head:
            panels.chart(
                head,
                charts.savings.efforts(claimed, view.palette),
                alt="Expected savings by the effort that they take and how sure they are.",
                key="savings_efforts",
                table=claimed,
                columns={
                    "name": Column("Saving"),
                    "effort": Column("Effort"),
                    "confidence": Column("Confidence"),
                    "expected_saving_usd": Column("Expected", "money"),
                },
                note="High up on the left comes first.",
            )
    panels.table(
        "Opportunities",
        shown,
        {
            "feature_id": Column("Feature"),
            "action": Column("What"),
            "stacked_saving_usd": Column("Together", "money"),
            "expected_saving_usd": Column("By itself", "money"),
            "low_saving_usd": Column("Low", "money"),
            "high_saving_usd": Column("High", "money"),
            "potential_usd": Column("Potential", "money"),
            "affected_cost_usd": Column("Cost it is about", "money"),
            "confidence": Column("Confidence"),
            "effort": Column("Effort"),
            "state": Column("State"),
            "owner_id": Column("Owner"),
            "evidence": Column("Evidence"),
            "assumption": Column("Assumption"),
            "assumption_source": Column("Source"),
            "assumption_date": Column("Stated on", "day"),
            "proof_query": Column("Query"),
        },
        alt="Savings by feature and strategy with evidence, assumption, confidence, effort, state and owner.",
        key="opportunities",
        note="The query returns the rows that a figure is from: unitcost sql. States and owners:"
        " seeds/savings_register.csv; assumptions: seeds/savings_assumptions.csv.",
    )


def realised() -> None:
    """Draw what was done beside what could be, and what each action saved."""
    actions = data.read(view.path, marts.savings.realised_savings)
    if actions.is_empty():
        return
    left = undecided(found).group_by("month").agg(pl.col("stacked_saving_usd").sum().alias("left_usd"))
    months = (
        pl.concat([actions.select("month"), found.select("month")])
        .unique()
        .join(actions.group_by("month").agg(pl.col("realised_usd").sum()), on="month", how="left")
        .join(left, on="month", how="left")
        .with_columns(pl.col("realised_usd", "left_usd").fill_null(0))
        .sort("month")
    )
    with panels.card("Captured against potential") as head:
        panels.chart(
            head,
            charts.savings.captured(months, view.palette),
            alt="What was saved and what could still be, by month.",
            key="captured",
            table=months,
            columns={
                "month": Column("Month", "day"),
                "realised_usd": Column("Realised", "money"),
                "left_usd": Column("Could be saved", "money"),
            },
            note="Could be saved: what is neither done nor rejected, after overlap.",
        )
    panels.table(
        "Realised",
        actions.with_columns(pl.col("strategy").replace(STRATEGIES), pl.col("unknown_reason").replace(UNKNOWN_REASONS)),
        {
            "feature_id": Column("Feature"),
            "strategy": Column("What"),
            "done_date": Column("Done", "day"),
            "month": Column("Month", "day"),
            "realised_usd": Column("Realised", "money", help="What was saved, where the action caused it; else 0."),
            "promised_low_usd": Column("Promised, low", "money"),
            "promised_expected_usd": Column("Promised", "money", help="The month before it was done, at this volume."),
            "promised_high_usd": Column("Promised, high", "money"),
            "saved_usd": Column("Saved", "money", help="What the effects that the strategy works by took off."),
            "usual_usd": Column("Moves anyway", "money", help="What the same moved before it was done."),
            "explained_share": Column("Of the difference", "percent", help="Saved ÷ all that cost differs by."),
            "counterfactual_cost_usd": Column("Without it", "money"),
            "actual_cost_usd": Column("Cost", "money"),
            "unknown_reason": Column("Not known because"),
        },
        alt="What each saving that is done has saved, by month, beside what was promised.",
        key="realised",
        note="As many first calls at what they cost in the four weeks before it was done, beside the month; of machines"
        " as many tokens, or days, at what they cost in the month before, and no more than the rent fell by. It counts"
        " where it is more than moves anyway, before.",
    )


def caching(month: date) -> None:
    """Draw every way of caching beside what is done, and what the caches in use did."""
    ways = data.read(view.path, marts.savings.prompt_caching, month)
    if not ways.is_empty():
        panels.table(
            "Prompt caching, replayed",
            ways.with_columns(
                pl.col("placement").replace(_PLACEMENTS),
                pl.when("is_best").then(pl.lit("best")).otherwise(pl.lit("")).alias("verdict"),
                pl.when("is_estimated").then(pl.lit("conversations")).otherwise(pl.lit("fingerprints")).alias("basis"),
            ),
            {
                "feature_id": Column("Feature"),
                "model_id": Column("Model"),
                "policy_id": Column("Lifetime"),
                "placement": Column("Written"),
                "verdict": Column("Verdict", help="None where what is done costs less than all."),
                "actual_cost_usd": Column("Input cost", "money"),
                "policy_cost_usd": Column("Would have cost", "money"),
                "saving_usd": Column("Saving", "money"),
                "hit_share": Column("Read", "percent"),
                "break_even_share": Column("Breaks even at", "percent"),
                "request_count": Column("Calls", "count"),
                "basis": Column("Replayed by"),
            },
            alt="Ways of caching by feature and model: what the input would have cost in each.",
            key="prompt_caching",
            note="A negative saving says: do not. Estimates by conversations miss what conversations share.",
        )
    on = data.read(view.path, marts.savings.prompt_caching_on, month)
    if not on.is_empty():
        panels.table(
            "Prompt caching that is on",
            on,
            {
                "feature_id": Column("Feature"),
                "model_id": Column("Model"),
                "hit_share": Column("Read", "percent"),
                "read_discount_usd": Column("Reading saved", "money"),
                "write_premium_usd": Column("Writing cost more", "money"),
                "net_saving_usd": Column("Left", "money"),
            },
            alt="What caches in use saved and cost, by feature and model.",
            key="prompt_caching_on",
            note="As logged, at the price of each call.",
        )


def precisions(month: date) -> None:
    """Draw what a million tokens cost on machines of one's own, and would at a lower precision."""
    found = data.read(view.path, marts.savings.quantisation, month)
    if found.is_empty():
        return
    panels.table(
        "Machines of your own at a lower precision",
        found.with_columns(pl.when("is_best").then(pl.lit("best")).otherwise(pl.lit("")).alias("verdict")),
        {
            "model_id": Column("Model"),
            "pool_id": Column("Pool"),
            "gpu_model": Column("GPU"),
            "gpu_count": Column("GPUs", "count", help="Of the pool; empty where nobody counts them."),
            "from_precision": Column("Runs in"),
            "to_precision": Column("Could run in"),
            "verdict": Column("Verdict"),
            "cost_per_million_tokens_usd": Column("Per million tokens", "money", help="With what stands idle."),
            "expected_cost_per_million_tokens_usd": Column("Then", "money", help="The expected case."),
            "high_cost_per_million_tokens_usd": Column("Then, at best", "money"),
            "expected_spared_gpu_count": Column("GPUs fewer", "count"),
            "low_saving_usd": Column("Low", "money"),
            "expected_saving_usd": Column("Saving", "money"),
            "high_saving_usd": Column("High", "money"),
            "serving_mode": Column("Served"),
            "quality_note": Column("Answers, as published"),
            "source": Column("Source"),
            "stated_at": Column("Stated on", "day"),
        },
        alt="What a million tokens cost by model, GPU and precision, before and after, with whole GPUs spared.",
        key="quantisation",
        note="Only whole GPUs are spared, so that one alone saves nothing. How many times the throughput a precision"
        " has: seeds/quantisation_multipliers.csv.",
    )


month = asked()
named = found.filter(pl.col("month") == month).with_columns(
    pl.col("strategy").replace(STRATEGIES).alias("action"),
    pl.concat_str("feature_id", pl.lit(": "), pl.col("strategy").replace(STRATEGIES)).alias("name"),
)
summary(named, month)
opportunities(named)
realised()
caching(month)
precisions(month)
