"""Data health: whether the figures can be believed: what they leave out, how current they are, what the tests said."""

from datetime import date

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import attribution, data, filters, health_intake, panels, price_checks, states, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.marts.scope import Scope

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
    f"Everything in the build of {theme.moment(view.build.built_at)}, in {theme.reporting_currency()}, whatever the"
    " filters in the sidebar."
)


def summary() -> None:
    """Draw the figures of the page."""
    checklist = data.read(view.path, marts.control.close_checklist)
    tests = data.read(view.path, marts.health.build_tests)
    rejected, refused = health_intake.not_taken(view)
    warned = tests["status"].to_list().count("warn")
    unclassified_usd = metrics.total(
        data.read(view.path, marts.control.charge_kinds).filter(pl.col("charge_kind") == "unclassified"),
        "billed_cost_usd",
    )
    panels.tiles(
        [
            _priced(),
            Tile(
                "Attribution coverage",
                theme.percent(_coverage(checklist)),
                help="Of the use that was billed, what falls to calls that were logged.",
            ),
            Tile("Unclassified", theme.money(unclassified_usd or 0), help="Billed on lines that no charge rule knows."),
            _newest("Newest call", "requests"),
            _newest("Newest bill line", "charges"),
            Tile(
                "Records not taken",
                theme.count(rejected),
                f"{refused:,} {'file' if refused == 1 else 'files'} refused" if refused else None,
                good=False if refused else None,
                help="In the quarantine, with the reason; they are in no figure.",
            ),
            Tile(
                "Tests passed",
                theme.count(len(tests) - warned),
                f"{warned:,} warned" if warned else None,
                good=False if warned else None,
                help="Of the build that is shown. A test that fails keeps a build from being published.",
            ),
        ]
    )


def _priced() -> Tile:
    bounds = data.read(view.path, marts.usage.bounds)
    days = Scope(bounds.first_day or view.newest, bounds.last_day or view.newest, is_production_only=False)
    sums = data.read(view.path, marts.usage.totals, days)
    calls, missing = metrics.count(sums, "request_count"), metrics.count(sums, "unpriced_request_count")
    return Tile(
        "Priced calls",
        theme.percent(metrics.ratio(calls - missing, calls)),
        f"{theme.count(missing)} without a price" if missing else None,
        good=False if missing else None,
        help="Of the calls of all days, those whose cost is known.",
    )


def _newest(label: str, shape: str) -> Tile:
    freshness = data.read(view.path, marts.health.data_freshness)
    newest = freshness.filter(pl.col("shape") == shape)["last_record_date"].max()
    if not isinstance(newest, date):
        return Tile(label, theme.UNKNOWN)
    age = max((filters.today() - newest).days, 0)
    return Tile(
        label,
        theme.day(newest),
        f"{age:,} {'day' if age == 1 else 'days'} ago",
        good=False if age > states.STALE_AFTER_DAYS else None,
    )


def _coverage(bills: pl.DataFrame) -> float | None:
    return metrics.ratio(metrics.total(bills, "requests_cost_usd") or 0, metrics.total(bills, "billed_use_usd"))


def coverage() -> None:
    """List what of each provider's bills falls to calls."""
    bills = data.read(view.path, marts.control.close_checklist).filter("has_bill")
    if bills.is_empty():
        return  # the tile says n/a, and the end of the page that no bill is loaded
    rows = [
        {
            "provider_id": provider,
            **{
                name: metrics.total(of_provider, name)
                for name in ("billed_use_usd", "requests_cost_usd", "coverage_variance_usd")
            },
            "coverage_share": _coverage(of_provider),
            "unbilled_usd": metrics.total(of_provider, "estimated_cost_usd"),
        }
        for (provider,), of_provider in sorted(bills.group_by("provider_id"))
    ]
    panels.table(
        "Coverage by provider",
        pl.DataFrame(rows, infer_schema_length=None),
        {
            "provider_id": Column("Provider"),
            "coverage_share": Column("Covered by logs", "percent"),
            "billed_use_usd": Column("Billed use", "money", help="Without storage, tax, credits and the like."),
            "requests_cost_usd": Column("Of calls", "money"),
            "coverage_variance_usd": Column("Not logged", "money", help="Use that no call was logged for."),
            "unbilled_usd": Column("Still estimated", "money", help="Calls that are on no bill."),
        },
        alt="Each provider with its billed use, and what of it falls to calls.",
        key="coverage",
        note="All months together; each month's is on the page Close & reconcile.",
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
        note="By the UTC month in which a line's charge period begins, and the first rule of seeds/charge_rules.csv"
        " that fits the line.",
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


months = data.read(view.path, marts.control.charge_kinds)
summary()
health_intake.freshness(view)
coverage()
attribution.show(view)
price_checks.unpriced(view)
if not months.is_empty():
    unclassified(data.read(view.path, marts.control.unclassified_charges, ROWS))
price_checks.unread(view)
health_intake.counted_once(view)
health_intake.rejected(view)
health_intake.columns(view)
health_intake.tests(view)
if months.is_empty():
    st.info(
        "No bill is loaded. `unitcost ingest` takes the exports of providers and clouds, and bills in FOCUS columns.",
        title="No bills yet",
        icon=":material/receipt_long:",
    )
else:
    kinds(months)
