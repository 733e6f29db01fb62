"""What changed: why cost moved, in dollars that add up."""

from decimal import Decimal

import polars as pl
import streamlit as st

from app import effects, marts, metrics
from app.dashboard import charts, data, filters, panels, states, theme
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.marts.drivers import CHANGE_KEYS
from app.marts.scope import Dimension

MOVERS = 10
BY: dict[Dimension, str] = {"feature": "Feature", "customer": "Customer", "model": "Model", "provider": "Provider"}
INSIDE: tuple[Dimension, ...] = ("feature", "model")
GROUPS: tuple[tuple[Dimension, ...], ...] = ((), *((one,) for one in BY), INSIDE)
"""All that the page tells changes by: asked at once, since nearly all of the work is the same."""

view = filters.current()
panels.title(view, "What changed")
if view.before is None:
    st.info(
        f"{view.why_no_before or 'Turn on the comparison with the prior period'}: a change has two periods.",
        icon=":material/compare_arrows:",
    )
    st.stop()
then = view.before
told_by = dict(zip(GROUPS, data.read(view.path, marts.drivers.cost_changes, view.full, then, GROUPS), strict=True))
sums = told_by[()].row(0, named=True)
if not sums["before_usd"] and not sums["after_usd"]:
    states.empty(view)
    st.stop()

before: Decimal = sums["before_usd"] or Decimal(0)
after: Decimal = sums["after_usd"] or Decimal(0)
# doubles leave less than a billionth: it goes where it is seen least
told = {name: sums[effects.column(name)] or Decimal(0) for name in effects.WORDS}
largest = max(told, key=lambda name: abs(told[name]))
told[largest] += sums["rounding_usd"] or Decimal(0)


def headline() -> str:
    """Say what to take away, as Markdown."""
    moved = after - before
    if not moved:
        return f"Cost stayed at **{md(theme.money(after))}**."
    prices = sum((told[name] for name in effects.PRICES), Decimal(0))
    reasons = sorted((name for name in told if told[name] * moved > 0), key=lambda name: -abs(told[name]))[:3]
    why = ", ".join(f"{effects.WORDS[name].lower()} {md(theme.signed_money(told[name]))}" for name in reasons)
    change = metrics.change(after, before)
    share = f" ({theme.signed_percent(change.relative)})" if change and change.relative is not None else ""
    if prices < 0 < moved and -prices >= abs(moved) / 100:
        return (
            f"**Prices fell, spend rose**: cheaper prices took off {md(theme.money(-prices))}, and still cost went from"
            f" {md(theme.money(before))} to **{md(theme.money(after))}**{share}: {why}."
        )
    way = "up" if moved > 0 else "down"
    return f"Cost went **{way} {md(theme.money(abs(moved)))}**{share} to {md(theme.money(after))}: {why}."


def waterfall() -> None:
    """Draw the way from the cost before to the cost after."""
    least = max(abs(after - before) / 100, after / 500)
    steps = [(effects.WORDS[name], amount) for name, amount in told.items() if abs(amount) >= least]
    rest = after - before - sum((amount for _, amount in steps), Decimal(0))
    rows = [("Before", before), *steps, *([("Smaller effects", rest)] if rest else []), ("After", after)]
    frame = pl.DataFrame(rows, schema={"name": pl.String, "amount_usd": pl.Decimal(38, 12)}, orient="row")
    with panels.card("From then to now") as head:
        panels.chart(
            head,
            charts.cost.bridge(frame, view.palette),
            alt=f"The way from {theme.money(before)} to {theme.money(after)}.",
            key="waterfall",
            table=frame,
            columns={"name": Column("Effect"), "amount_usd": Column("Amount", "money")},
            note=f"{theme.span(then.start, then.end)} beside {theme.span(view.full.start, view.full.end)}."
            " Effects of calls by the logarithmic mean Divisia index of every model in every feature of every"
            " customer: they leave no remainder.",
        )


def members() -> pl.DataFrame:
    """What moved, by the dimension that is chosen; the largest first."""
    return (
        told_by[(by,)]
        .with_columns(
            (pl.col("after_usd") - pl.col("before_usd")).alias("moved_usd"),
            pl.concat_list([pl.col(effects.column(name)).abs() for name in effects.WORDS])
            .list.arg_max()
            .alias("cause"),
        )
        .with_columns(
            metrics.quotient("moved_usd", "before_usd", "moved_share"),
            pl.col("cause").map_elements(list(effects.WORDS.values()).__getitem__, return_dtype=pl.String),
        )
        .sort(pl.col("moved_usd").abs(), CHANGE_KEYS[by], descending=[True, False])
    )


st.markdown(headline())
if view.now.environment:
    st.caption("Changes are told by workload, not by environment: that filter leaves them as they are.")
waterfall()
by: Dimension = st.segmented_control(
    "By", list(BY), format_func=BY.__getitem__, default="feature", required=True, key="changes_by", bind="query-params"
)
on = CHANGE_KEYS[by]
moved = members()
left, right = st.columns(2)
with left, panels.card("Biggest movers") as head:
    shown = moved.head(MOVERS)
    panels.chart(
        head,
        charts.changes.movers(shown, on, view.palette),
        alt=f"{BY[by]}s whose cost moved most.",
        key="movers",
        table=shown,
        columns={on: Column(BY[by]), "moved_usd": Column("Change", "money")},
        note="Click a bar to look into it.",
        on_pick=filters.opens(by, f"app_pages/{by}s.py" if by in {"feature", "customer"} else None),
    )
with right, panels.card("Where the money is, and what moved") as head:
    parts = told_by[INSIDE]
    panels.chart(
        head,
        charts.changes.icicle(parts, view.palette, whole="All cost"),
        alt="Features and their models by cost, coloured by change.",
        key="icicle",
        table=parts,
        columns={
            "feature_id": Column("Feature"), "model_id": Column("Model"),
            "before_usd": Column("Before", "money"), "after_usd": Column("After", "money"),
        },
        note="As wide as the cost; vermilion costs more than before, blue less.",
    )  # fmt: skip
panels.table(
    f"{BY[by]}s",
    moved,
    {
        on: Column(BY[by]),
        "before_usd": Column("Before", "money"),
        "after_usd": Column("After", "money"),
        "moved_usd": Column("Change", "money"),
        "moved_share": Column("Change, share", "percent"),
        "cause": Column("Most of it"),
        **{effects.column(name): Column(word, "money") for name, word in effects.WORDS.items() if told[name]},
    },
    alt=f"{BY[by]}s with cost before and after, and why it changed.",
    key="changes",
    note="The columns of a row sum to its change, those of all rows to the waterfall.",
    on_pick=filters.opens(by, f"app_pages/{by}s.py" if by in {"feature", "customer"} else None),
)
with panels.card("Cost by day and hour") as head:
    hours = data.read(view.path, marts.usage.cost_by_hour, view.now)
    panels.chart(
        head,
        charts.changes.cost_by_hour(hours, view.palette),
        alt="Cost of calls by day and hour of the day, UTC.",
        key="by_hour",
        table=hours,
        columns={
            "usage_date": Column("Day", "day"), "hour": Column("Hour", "count"), "cost_usd": Column("AI cost", "money"),
        },
        note="Calls only, hours in UTC.",
    )  # fmt: skip
