"""What came in, how current it is, and what was not taken; what the tests of the build said."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import data, filters, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column

_ROWS = 500
_SHAPES = {
    "requests": "Calls",
    "charges": "Bill lines",
    "invoices": "Invoices",
    "billing_periods": "Billing periods",
    "provider_usage": "Usage reports",
    "revenue": "Revenue",
    "rates": "Exchange rates",
    "capacity": "Capacity",
}
_CHANGES = {"new": "New", "gone": "Gone"}
_STATES = {"landed": "The record", "refused": "The whole file"}


def freshness(view: View) -> None:
    """List how current each source is."""
    today = pl.lit(filters.today())
    panels.table(
        "Freshness",
        data.read(view.path, marts.health.data_freshness).with_columns(
            pl.col("shape").replace(_SHAPES),
            (today - pl.col("last_record_date")).dt.total_days().clip(lower_bound=0).alias("days_since"),
        ),
        {
            "shape": Column("What"),
            "source_id": Column("Source"),
            "last_record_date": Column("Newest record", "day", help="The UTC day that it is of."),
            "days_since": Column("Days since", "count"),
            "last_landed_at": Column("Last file landed (UTC)", "at"),
            "input_count": Column("Files", "count"),
            "row_count": Column("Rows", "count", help="As they landed; calls that are told twice count once later."),
            "rejected_count": Column("Not taken", "count", help="Records."),
            "refused_input_count": Column("Files refused", "count"),
        },
        alt="Each source with the day of its newest record, when its last file landed, and what was not taken.",
        key="freshness",
        note="As of the build that is shown. Revenue is recognised by the day, so that a subscription reaches ahead.",
    )


def counted_once(view: View) -> None:
    """List invoices that two sources have, where there are any."""
    found = data.read(view.path, marts.margin.revenue_sources)
    if found["is_counted"].all():
        return
    panels.table(
        "Revenue by source",
        found,
        {
            "month": Column("Month", "day"),
            "source_id": Column("Source"),
            "counted_by": Column("Counted by"),
            "invoice_count": Column("Invoices", "count"),
            "line_count": Column("Lines", "count"),
            "revenue_usd": Column("Revenue", "money"),
        },
        alt="Revenue of each source by month, and which other source counts it where both have the invoice.",
        key="revenue_sources",
        note="An invoice that two sources have, by its id, counts once: what another source counts is in no figure.",
    )


def rejected(view: View) -> None:
    """List what was not taken, with the reason, or say that everything was."""
    records = data.read(view.path, marts.health.rejected_records, _ROWS)
    if records.is_empty():
        st.success("Every record of every file was taken.", icon=":material/check_circle:")
        return
    found = records["found_count"][0]
    panels.table(
        "Not taken",
        records.with_columns(
            pl.col("state").replace(_STATES), pl.col("rule").fill_null("the quarantine does not tell any more")
        ),
        {
            "path": Column("File"),
            "source_id": Column("Source"),
            "state": Column("Left out"),
            "rejected_count": Column("Records", "count"),
            "first_record_number": Column("First in line", "count"),
            "column_name": Column("Column"),
            "rule": Column("Reason"),
            "fix": Column("What to do"),
            "landed_at": Column("Read (UTC)", "at"),
        },
        alt="Files with records that were not taken: how many, for what reason, and what to do.",
        key="rejected",
        note=(f"The first {_ROWS:,} of {found:,} lines. " if found > _ROWS else "")
        + "In no figure. Each record is a line of `quarantine/` in the warehouse folder; a file that is put right is"
        " loaded by `unitcost ingest`.",
    )


def columns(view: View) -> None:
    """List columns that exports got or lost, where there are any."""
    changes = data.read(view.path, marts.health.column_changes, _ROWS)
    if changes.is_empty():
        return
    found = changes["found_count"][0]
    panels.table(
        "Columns that came or went",
        changes.with_columns(
            pl.col("change").replace(_CHANGES),
            pl.when("is_read").then(pl.lit("Yes")).otherwise(pl.lit("No")).alias("is_read"),
        ),
        {
            "source_id": Column("Source"),
            "column_name": Column("Column"),
            "change": Column("What happened"),
            "is_read": Column("Read", help="Whether any figure here comes from it."),
            "first_landed_at": Column("First landed (UTC)", "at"),
            "last_landed_at": Column("Last landed (UTC)", "at"),
            "input_count": Column("Files", "count"),
            "path": Column("File", help="The first that had a new one, the last that had one that is gone."),
        },
        alt="Columns of exports that the first files did not have, or the newest do not have any more.",
        key="columns",
        note=(f"The first {_ROWS:,} of {found:,} columns. " if found > _ROWS else "")
        + "Bills and tables; a new column that nobody reads is in no figure, and one that is gone is unknown there.",
    )


def tests(view: View) -> None:
    """List what the tests of the build said."""
    results = data.read(view.path, marts.health.build_tests)
    if results.is_empty():
        st.info("No test ran in this build.", icon=":material/rule:")
        return
    panels.table(
        "Tests of the build",
        results.with_columns(pl.col("status").replace({"pass": "Passed", "warn": "Warned"})),
        {
            "test_name": Column("Test"),
            "status": Column("Said"),
            "row_count": Column("Rows", "count", help="Rows that must not be, and are."),
            "seconds": Column("Seconds", "quantity"),
            "tested_name": Column("Of", help="The model, or the file of a test that is of several."),
        },
        alt="Tests of the build with what each said, how many rows it found and how long it took.",
        key="tests",
        note="A test that fails keeps a build from being published: what is shown here passed, or only warns.",
    )


def not_taken(view: View) -> tuple[int, int]:
    """How many records were not taken, and how many files were refused."""
    sources = data.read(view.path, marts.health.data_freshness)
    return metrics.count(sources, "rejected_count"), metrics.count(sources, "refused_input_count")
