"""Anomalies: what cost more than usual, why, where, and how sure that is."""

from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from app import effects, marts
from app.dashboard import charts, data, downloads, filters, panels, tables, theme, verdicts
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md

PLACES = {
    "customer_id": "customer", "model_id": "model", "region_id": "region", "api_key_id": "API key",
    "prompt_version": "prompt version",
}  # fmt: skip
CHANGES = {
    "deployment_id": ("Deployment", "deployed_date"),
    "new_prompt_version": ("Prompt version", "prompt_changed_date"),
}
_BEFORE, _AFTER = timedelta(days=60), timedelta(days=14)  # of a driver, drawn around an anomaly

view = filters.current()
panels.title(view, "Anomalies")
asked = st.query_params.get("anomaly")
found = data.read(view.path, marts.drivers.anomalies, view.now, asked)


def budgets() -> None:
    """List what may be spent in the months of the period, what is, and what will be."""
    listed = data.read(view.path, marts.control.budget_status, view.now.start, view.now.end)
    if listed.is_empty():
        st.caption("No budget is set for these months: lines of `seeds/budgets.csv` set some.")
        return
    panels.table(
        "Budgets",
        listed.with_columns(
            pl.concat_str("dimension", "member_id", separator=" ").alias("of"),
            pl.col("status").replace(effects.BUDGETS),
            pl.col("month").dt.strftime("%b %Y"),
        ),
        {
            "budget_id": Column("Budget"),
            "of": Column("Of"),
            "month": Column("Month"),
            "status": Column("State"),
            "amount_usd": Column("Amount", "money"),
            "spent_usd": Column("Spent", "money"),
            "used_share": Column("Used", "percent"),
            "expected_usd": Column("By its end", "money", help="At the rate of the last week."),
            "used_up_date": Column("Used up", "day", help="Is, or will be at the rate of the last week."),
            "unpriced_request_count": Column("Unpriced", "count", help="Calls whose cost nobody knows: not in it."),
            "owner_id": Column("Owner"),
        },
        alt="Budgets of the months with what is spent, and what will be at the rate of the last week.",
        key="budgets",
        note="A budget counts every workload, and shared cost: filters do not narrow it. The rate is the mean of seven"
        " days, each at most twice what was usual.",
    )


if found.is_empty():
    st.info(
        f"Nothing out of the usual in {theme.span(view.now.start, view.now.end)}. A feature is watched from its eighth"
        " day on, with narrower limits after four weeks.",
        icon=":material/check_circle:",
    )
    budgets()
    st.stop()


def words(cause: str) -> str:
    """The cause as a person reads it."""
    return effects.WORDS.get(cause) or effects.BUDGETS.get(cause) or effects.KINDS.get(cause, cause)


def place(row: dict[str, Any]) -> str:
    """Where it is, as plain text."""
    named = [f"{word} {row[column]}" for column, word in PLACES.items() if row[column] is not None]
    return ", ".join(named) or "everywhere"


def one(row: dict[str, Any]) -> None:
    """Draw one anomaly: what is usual, what was, and what that cost."""
    until = "so far" if row["is_open"] else f"until {theme.day(row['last_date'])}"
    since = f"since {theme.day(row['started_date'])}, {until}"
    with panels.card(f"{effects.KINDS.get(row['kind'], row['kind'])}: {theme.plain(row['feature_id'])}") as head:
        beyond = (
            f" in **{md(row['feature_id'])}** ({md(place(row))}), {since}:"
            f" **{md(theme.money(row['excess_usd']))}** beyond the expected {md(theme.money(row['expected_usd']))}."
        )
        st.markdown(
            # the words of a budget say all
            f"**{md(words(row['cause']))}**{f', {since}.' if row['kind'] == 'budget' else beyond}"
            + (f" {md(row['detail'])}." if row["detail"] else "")
            + (f" Owner: {md(row['owner_id'])}." if row["owner_id"] else "")
            + "".join(
                f" {word} {md(row[name])} was first called on {theme.day(row[since])}."
                for name, (word, since) in CHANGES.items()
                if row[name]
            )
        )
        verdicts.ask(row["anomaly_id"], row["feedback"])
        if row["is_low_history"]:
            st.caption(f"Only {row['history_days']} days of history: the limits are wider, the figure is less sure.")
        causes = data.read(view.path, marts.drivers.anomaly_effects, row["anomaly_id"])
        if causes.is_empty():
            return
        drivers(head, row)
        listed = causes.with_columns(pl.col("effect").map_elements(words, return_dtype=pl.String).alias("name"))
        columns = {
            "name": Column("Effect"),
            "effect_usd": Column("Cost", "money"),
            "is_unusual": Column("Unusual", help="Beyond its limits, or three quarters there beside one that is."),
        }
        with st.container(horizontal=True):
            downloads.offer("Why it cost more", listed, columns, "anomaly_effects")
        tables.show(
            listed,
            columns,
            alt="Effects on cost, the largest first; they sum to what the anomaly cost.",
            key="anomaly_effects",
        )
        st.caption(f"They sum to {md(theme.money(causes['effect_usd'].sum()))}. Anomaly {row['anomaly_id']}.")


def drivers(head: st.delta_generator.DeltaGenerator, row: dict[str, Any]) -> None:
    """Draw the driver beyond its limits, beside what is usual for it."""
    history = data.read(
        view.path,
        marts.drivers.driver_baselines,
        row["feature_id"],
        row["workload"],
        row["started_date"] - _BEFORE,
        row["last_date"] + _AFTER,
    )
    offered = [name for name in effects.DRIVERS if name in set(history["driver"])]
    usual = effects.DRIVER_OF.get(row["cause"], row["cause"])
    chosen = st.selectbox(
        "Driver", offered, index=offered.index(usual) if usual in offered else 0,
        format_func=effects.DRIVERS.__getitem__, key=f"driver_{row['anomaly_id']}", label_visibility="collapsed",
    )  # fmt: skip
    shown, title = history.filter(pl.col("driver") == chosen), effects.DRIVERS[chosen]
    panels.chart(
        head,
        charts.changes.band(shown, view.palette, start=row["started_date"], end=row["last_date"], title=title),
        alt=f"{title} of {theme.plain(row['feature_id'])} beside what is usual.",
        key="band",
        table=shown,
        columns={
            "usage_date": Column("Day", "day"), "actual": Column("Was", "quantity"),
            "expected": Column("Usual", "quantity"), "lower_limit": Column("From", "quantity"),
            "upper_limit": Column("To", "quantity"),
        },
    )  # fmt: skip


def pick(anomaly_id: str) -> None:
    """Look into another: its id stays in the URL, where alerts link to."""
    st.query_params["anomaly"] = anomaly_id


# a drift and a new model may lie in the days of a driver beyond its limits: together they would count twice
excess = found.filter(pl.col("kind") == "drivers")["excess_usd"].sum()
st.markdown(
    f"**{len(found)}** anomalies, **{found['is_open'].sum()}** of them open. Days of drivers beyond their limits cost"
    f" **{md(theme.money(excess))}** more than expected."
)
rows = {row["anomaly_id"]: row for row in found.iter_rows(named=True)}
chosen = st.selectbox(
    "Anomaly",
    list(rows),
    index=list(rows).index(asked) if asked in rows else 0,
    format_func=lambda name: (
        f"{theme.day(rows[name]['started_date'])}: {words(rows[name]['cause'])} in {rows[name]['feature_id']}"
        f" ({theme.money(rows[name]['excess_usd'])})"
    ),
)
one(rows[chosen])
panels.table(
    "All anomalies",
    found.with_columns(
        pl.Series("place", [place(row) for row in rows.values()], dtype=pl.String),
        pl.col("cause").map_elements(words, return_dtype=pl.String).alias("why"),
        pl.col("kind").replace(effects.KINDS).alias("what"),
        pl.when("is_open").then(pl.lit("open")).otherwise(pl.lit("over")).alias("state"),
    ),
    {
        "anomaly_id": Column("Anomaly", help="Click one to look into it.", width=120),
        "started_date": Column("Since", "day"),
        "last_date": Column("Until", "day"),
        "state": Column("State"),
        "what": Column("What"),
        "feature_id": Column("Feature"),
        "why": Column("Cause"),
        "place": Column("Where"),
        "excess_usd": Column("Beyond expected", "money"),
        "expected_usd": Column("Expected", "money"),
        "actual_usd": Column("Cost", "money"),
        "deployment_id": Column("Deployed", help="The newest deployment of the week before; it need not be why."),
        "new_prompt_version": Column(
            "New prompt", help="The newest prompt version of that day or the two before; it need not be why."
        ),
        "owner_id": Column("Owner"),
    },
    alt="Anomalies of the period with cause, place and what they cost beyond what was expected.",
    key="anomalies",
    note="Drivers are watched, not the bill: volume against weekdays like it, everything else against four weeks.",
    on_pick=pick,
)
budgets()
