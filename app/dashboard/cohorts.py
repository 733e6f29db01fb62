"""Cohorts: what customers leave, by the month in which they began."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import charts, data, panels, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column


def show(view: View) -> None:
    """Draw margin by first month and months since; the mart knows no member, so that any filter hides it."""
    if view.now.members:
        return
    found = data.read(view.path, marts.margin.customer_cohorts)
    if found.is_empty():
        st.info(
            "No call and no revenue line names a customer: without one there are no cohorts.",
            icon=":material/group_off:",
        )
        return
    if found["gross_margin"].is_null().all():
        st.info("No cohort has revenue: `unitcost ingest` takes it.", icon=":material/payments:")
    with panels.card("Cohorts") as head:
        panels.chart(
            head,
            charts.margin.cohorts(found, view.palette),
            alt=f"Gross margin of customers by the month in which they began: {theme.percent(_newest(found))} is left"
            " in the newest month.",
            key="cohorts",
            table=found,
            columns={
                "cohort_month": Column("Began", "day"),
                "month": Column("Month", "day"),
                "month_number": Column("Months since", "count"),
                "customer_count": Column("Customers", "count"),
                "paying_customer_count": Column("Paying", "count"),
                "revenue_usd": Column("Revenue", "money"),
                "cogs_usd": Column("Cost", "money"),
                "gross_profit_usd": Column("Gross profit", "money"),
                "gross_margin": Column("Margin", "percent"),
            },
            note="Gross margin, whole months, whatever the period. A customer begins with its first call or revenue;"
            " an empty cell had no revenue, or nobody was there.",
        )


def _newest(found: pl.DataFrame) -> float | None:
    newest = found.filter(pl.col("month") == found["month"].max())
    return metrics.gross_margin(metrics.total(newest, "revenue_usd"), metrics.total(newest, "gross_profit_usd"))
