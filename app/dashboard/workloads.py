"""Training, evaluation, experiments and development beside production, and which of them serve customers."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, panels, periods, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.marts.usage import WORKLOADS


def show(view: View) -> None:
    """Draw the cost of what is no production over time, and list what of it serves who pays."""
    if WORKLOADS.unknown(view.now):
        return
    found = data.read(view.path, marts.usage.workloads, view.now, view.grain)
    if found.is_empty():
        return
    trend(view, found)
    serving = data.read(view.path, marts.usage.serving_experiments, view.now)
    if len(serving):
        flagged(serving)


def trend(view: View, found: pl.DataFrame) -> None:
    """Draw each workload by day, week or month."""
    names = found.group_by("workload").agg(pl.col("cost_usd").sum()).sort("cost_usd", descending=True)
    order = names["workload"].to_list()
    with panels.card(f"Beside production: {', '.join(order)}") as head:
        panels.chart(
            head,
            charts.cost.over_time(
                found,
                "workload",
                theme.colours(view.palette, order, order),
                view.palette,
                margin=None,
                grain=view.grain,
                is_open=lambda start: periods.is_open(start, view.grain, (view.full.start, view.full.end)),
            ),
            alt=f"Cost of training, evaluation, experiments and development by {view.grain}:"
            f" {theme.money(metrics.total(found, 'cost_usd'))} in all.",
            key="workloads",
            table=found,
            columns={
                "period": Column(view.grain.capitalize(), "day"),
                "workload": Column("Workload"),
                "request_count": Column("Requests", "count"),
                "request_cost_usd": Column("Of calls", "money"),
                "shared_cost_usd": Column("Shared cost", "money"),
                "charged_cost_usd": Column("Charged", "money", help="What providers charge for training by itself."),
                "cost_usd": Column("Together", "money"),
            },
            note="In no unit cost and no margin. Rules are lines of seeds/workload_rules.csv.",
        )


def flagged(serving: pl.DataFrame) -> None:
    """Warn of experiments that serve who pays."""
    cost = metrics.total(serving, "cost_usd")
    st.warning(
        f"Calls that are no production served customers that pay, for {theme.markdown(theme.money(cost))}: their"
        " cost is in no margin.",
        icon=":material/science:",
    )
    panels.table(
        "No production, yet serving customers",
        serving,
        {
            "customer_id": Column("Customer"),
            "feature_id": Column("Feature"),
            "workload": Column("Workload"),
            "environment": Column("Environment"),
            "request_count": Column("Requests", "count"),
            "cost_usd": Column("Cost", "money"),
        },
        alt="Calls that are no production and name a customer that pays, with their cost.",
        key="serving",
        note="Either the environment is named wrongly, or a rule of seeds/workload_rules.csv takes too much.",
    )
