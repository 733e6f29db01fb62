"""Data health: what the bills are for, and which of their lines no rule knows."""

import polars as pl
import streamlit as st

from app.dashboard import data, filters, panels, theme
from app.dashboard.tables import Column

ROWS = 500
KINDS = {
    "inference": "Inference",
    "training": "Training and fine-tuning",
    "embedding": "Embedding",
    "vector_search": "Vector search",
    "gpu_capacity": "GPU capacity",
    "provisioned_throughput": "Provisioned throughput",
    "storage": "Storage",
    "observability": "Observability",
    "tax": "Tax",
    "credit": "Credit",
    "refund": "Refund",
    "other": "Other",
    "unclassified": "Unclassified",
}

view = filters.current()
st.title("Data health", anchor=False)
st.caption(
    f"All bills, in {theme.reporting_currency()}, by the UTC month in which a line's charge period begins, whatever the"
    " filters in the sidebar."
)


def kinds(charges: pl.DataFrame) -> None:
    """List what the bills are for."""
    panels.table(
        "What the bills are for",
        charges.with_columns(pl.col("charge_kind").replace(KINDS)),
        {
            "month": Column("Month", "day"),
            "charge_kind": Column("Kind"),
            "charge_count": Column("Lines", "count"),
            "billed_cost_usd": Column("Billed", "money", help="What the invoices say."),
            "effective_cost_usd": Column("Effective", "money", help="What was paid in advance is spread over its use."),
        },
        alt="Billing lines by month and kind, with their billed and effective cost.",
        key="kinds",
        note="By the first rule of seeds/charge_rules.csv that fits a line.",
    )


def unclassified(charges: pl.DataFrame) -> None:
    """List the lines that no rule knows, or say that there are none."""
    if charges.is_empty():
        st.success("A rule knows every billing line.", icon=":material/check_circle:")
        return
    found = charges["found_count"][0]
    panels.table(
        "Lines that no rule knows",
        charges,
        {
            "provider_id": Column("Provider"),
            "service_name": Column("Service"),
            "meter": Column("Meter", help="The meter, else the description of the line."),
            "charge_count": Column("Lines", "count"),
            "billed_cost_usd": Column("Billed", "money"),
            "first_month": Column("First month", "day"),
            "last_month": Column("Last month", "day"),
        },
        alt="Billing lines of no known kind by provider, service and meter, with their billed cost.",
        key="unclassified",
        note=(f"The first {ROWS:,} of {found:,} lines. " if found > ROWS else "")
        + "Their money is in every total of the bill. A line of seeds/charge_rules.csv says what they are for.",
    )


months = data.charge_kinds(view.path)
if months.is_empty():
    st.info(
        "No bill is loaded. `unitcost ingest` takes the exports of providers and clouds, and bills in FOCUS columns.",
        title="No bills yet",
        icon=":material/receipt_long:",
    )
else:
    unclassified(data.unclassified_charges(view.path, ROWS))
    kinds(months)
