"""Close & reconcile: what the calls of a month cost beside its bill, and what the difference is."""

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from app import close_pack, marts, metrics, workbook
from app.dashboard import charts, data, filters, panels, period_close, shared_cost, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.marts.control import Bill

if TYPE_CHECKING:
    from datetime import date

ROWS = 500
EVERY_BILL = "All bills"
STEPS = {
    "rated_cost": "Rated",
    "coverage": "Not logged",
    "quantity": "Quantity",
    "price": "Price",
    "tier": "Tier or batch",
    "timing": "Timing",
    "credit": "Credits and discounts",
    "non_token": "No use of calls",
    "rounding": "Rounding",
    "unexplained": "Unexplained",
    "billed_cost": "Billed",
}
STATES = {
    "reconciled": "Reconciled",
    "no_requests": "Billed, not logged",
    "no_charges": "Logged, no line that day",
    "not_by_call": "No use of calls",
    "not_billed_yet": "Not billed yet",
    "not_on_the_bill": "Not on the bill",
    "no_bill": "No bill",
}

view = filters.current()
st.title("Close & reconcile", anchor=False)


def asked(checklist: pl.DataFrame) -> tuple[Bill, pl.DataFrame]:
    """Draw the choice of a month and a bill; the bill and its lines of the checklist."""
    months = checklist["month"].unique().sort(descending=True).to_list()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=180):
            month: date = st.selectbox(
                "Month", months, format_func=lambda day: f"{day:%B %Y}", key="close_month", bind="query-params"
            )
        of_month = checklist.filter(pl.col("month") == month)
        names = [f"{one['provider_id']} · {one['billing_account_id']}" for one in of_month.iter_rows(named=True)]
        with st.container(width=320):
            chosen = st.selectbox("Bill", [EVERY_BILL, *names], key="close_bill", bind="query-params")
    filters.say(f"month: {month:%Y-%m}; bill: {chosen}")
    if chosen not in names:
        return Bill(month), of_month
    one = of_month.row(names.index(chosen), named=True)
    return Bill(month, one["provider_id"], one["billing_account_id"]), of_month[names.index(chosen)]


def summary(lines: pl.DataFrame) -> None:
    """Draw the figures of the close."""
    billed, requests = metrics.total(lines, "billed_cost_usd"), metrics.total(lines, "requests_cost_usd")
    unattributed, estimated = (metrics.total(lines, name) for name in ("unattributed_cost_usd", "estimated_cost_usd"))
    panels.tiles(
        [
            Tile("Billed", theme.money(billed), help="Effective cost of every line, tax and credits included."),
            Tile("Of calls", theme.money(requests), help="What of it falls to calls that were logged, call by call."),
            Tile(
                "Unattributed", theme.money(unattributed), help="What no call is told to have cost. Both are the bill."
            ),
            Tile(
                "Unexplained",
                theme.money(metrics.total(lines, "unexplained_variance_usd")),
                help="Differences that nothing explains, without their signs.",
            ),
            Tile("Still estimated", theme.money(estimated), help="Rated cost of calls that are on no bill."),
        ]
    )


def checks(lines: pl.DataFrame) -> None:
    """List what stands between each bill and its close."""
    panels.table(
        "Checklist",
        lines.with_columns(
            pl.when(~pl.col("has_bill"))
            .then(pl.lit("no bill yet"))
            .when(pl.col("has_open_invoice"))
            .then(pl.lit("open, may change"))
            .otherwise(pl.lit("invoiced"))
            .alias("bill_state"),
            pl.when(pl.col("is_restated_after_close"))
            .then(pl.lit("restated after its close"))
            .when(pl.col("closed_at").is_not_null())
            .then(pl.lit("closed"))
            .otherwise(pl.lit("open"))
            .alias("period_state"),
        ),
        {
            "provider_id": Column("Provider"),
            "billing_account_id": Column("Account"),
            "bill_state": Column("Bill", help="An invoice has a number; a bill without one may still change."),
            "billed_through_date": Column("Billed through", "day"),
            "billed_cost_usd": Column("Billed", "money"),
            "coverage_share": Column("Covered by logs", "percent", help="Of the billed use, what falls to calls."),
            "coverage_variance_usd": Column("Not logged", "money", help="Use that no call was logged for."),
            "unexplained_variance_usd": Column("Unexplained", "money"),
            "unclassified_cost_usd": Column("Unclassified", "money", help="Lines that no charge rule knows."),
            "estimated_cost_usd": Column("Still estimated", "money"),
            "restatement_count": Column("Restated", "count", help="How often a newer bill took its place."),
            "period_state": Column("Period", help="Closed months are in seeds/closed_periods.csv."),
        },
        alt="What stands between each bill and its close, with its money.",
        key="checklist",
        note="A month is closed by a line of seeds/closed_periods.csv: its prices are frozen from then on. All bills of"
        " a month are closed together.",
    )


def bridge(bill: Bill) -> pl.DataFrame:
    """Draw the way from what calls were rated at to what was billed."""
    steps = data.read(view.path, marts.control.bridge, bill).with_columns(
        pl.col("step").replace_strict(STEPS).alias("name")
    )
    if steps.is_empty():
        st.info("No bill of this month is loaded.", icon=":material/receipt_long:")
        return steps
    with panels.card("From the price book to the bill") as head:
        rated, billed = steps["amount_usd"][0], steps["amount_usd"][-1]
        panels.chart(
            head,
            charts.cost.bridge(
                steps.filter((pl.col("amount_usd") != 0) | ~pl.col("step_number").is_between(2, 10)), view.palette
            ),
            alt=f"Calls were rated at {theme.money(rated)}, and {theme.money(billed)} was billed.",
            key="bridge",
            table=steps,
            columns={"name": Column("Step"), "amount_usd": Column("Amount", "money")},
            note="The steps sum to the bill to the last digit.",
        )
    return steps


def cells(bill: Bill) -> None:
    """List what differs most, with the reason."""
    found = data.read(view.path, marts.control.reconciliation, bill, ROWS)
    if found.is_empty():
        st.success("Every line agrees with the calls on it.", icon=":material/check_circle:")
        return
    variances = [f"{step}_variance_usd" for step in list(STEPS)[1:-1]]
    largest = pl.concat_list(pl.col(name).abs() for name in variances)
    shown = found.with_columns(
        pl.when(pl.sum_horizontal(pl.col(name).abs() for name in variances) == 0)
        .then(pl.lit(""))
        .otherwise(largest.list.arg_max().replace_strict(dict(enumerate(list(STEPS.values())[1:-1])), default=""))
        .alias("reason"),
        pl.col("reconciliation_status").replace(STATES).alias("state"),
        pl.coalesce("model_id", "sku_meter").alias("what"),
    )
    count = found["found_count"][0] if len(found) else 0
    panels.table(
        "What differs",
        shown,
        {
            "what": Column("Model or meter"),
            "component": Column("Kind"),
            "billing_date": Column("Day", "day", help="In the provider's billing calendar; of a month its first."),
            "state": Column("State"),
            "reason": Column("Reason", help="The largest part of the difference."),
            "rated_cost_usd": Column("Rated", "money"),
            "billed_cost_usd": Column("Billed", "money"),
            "difference_usd": Column("Difference", "money"),
            "rated_quantity": Column("Logged", "quantity", help="Tokens, or uses of tools."),
            "billed_quantity": Column("Billed quantity", "quantity"),
            "unattributed_cost_usd": Column("Unattributed", "money"),
            "estimated_cost_usd": Column("Still estimated", "money"),
            "provider_id": Column("Provider"),
            "billing_account_id": Column("Account"),
            "project_id": Column("Project"),
            "invoice_id": Column("Invoice"),
        },
        alt="Rated beside billed cost by model, kind and day, what differs most first, with the reason.",
        key="cells",
        note=(f"The first {ROWS:,} of {count:,} rows, by difference. " if count > ROWS else "")
        + 'All of them: `unitcost sql "select * from reconciliation"`.',
    )


def pack(bill: Bill, lines: pl.DataFrame, steps: pl.DataFrame) -> None:
    """Offer the close as a workbook."""

    def written() -> bytes:
        differing = data.read(view.path, marts.control.reconciliation, bill, 100_000)
        found = differing["found_count"][0] if len(differing) else 0
        about = {
            "Month": f"{bill.month:%Y-%m}",
            "Bill": " · ".join(filter(None, (bill.provider_id, bill.billing_account_id))) or EVERY_BILL,
            "Currency": theme.reporting_currency(),
            "Build": view.path.rpartition("/")[2].removesuffix(".duckdb"),
            "Basis": "Effective cost of the bill; calls at the price book, then by the bill",
            "Rows that differ": f"{len(differing):,} of {found:,}; what agrees is left out",
            "Billed": workbook.exact(metrics.total(lines, "billed_cost_usd")),
            "Of calls": workbook.exact(metrics.total(lines, "requests_cost_usd")),
            "Unattributed": workbook.exact(metrics.total(lines, "unattributed_cost_usd")),
        }
        restated = data.read(view.path, marts.control.restatements).filter(
            pl.col("billing_period_start_at").dt.month_start().cast(pl.Date) == bill.month
        )
        return close_pack.written(
            bill.month,
            about,
            {
                "Checklist": lines,
                "Bridge": steps,
                "Reconciliation": differing.drop("found_count"),
                "Restatements": restated,
                "Shared cost": data.read(view.path, marts.control.allocation_pools, bill.month),
            },
        )

    st.download_button(
        "Excel",
        data=written,
        file_name=f"unitcost-close-{bill.month:%Y-%m}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        icon=":material/download:",
        on_click="ignore",
        key="close_pack",
    )


checklist = data.read(view.path, marts.control.close_checklist)
st.caption(
    f"Bills and the calls on them, in {theme.reporting_currency()}, by month of the provider's billing calendar,"
    " whatever the filters in the sidebar."
)
if checklist.is_empty():
    st.info(
        "Neither bills nor calls are loaded. `unitcost ingest` takes both.",
        title="Nothing to close yet",
        icon=":material/receipt_long:",
    )
else:
    question, chosen_lines = asked(checklist)
    period_close.state(checklist, question.month)
    for late in chosen_lines.filter("is_restated_after_close").iter_rows(named=True):
        st.warning(
            f"The bill of {theme.markdown(late['provider_id'])} · {theme.markdown(late['billing_account_id'])} was"
            f" restated on {theme.moment(late['last_restated_at'])}, after this month was closed.",
            icon=":material/warning:",
        )
    summary(chosen_lines)
    bridge_steps = bridge(question)
    checks(chosen_lines)
    cells(question)
    shared_cost.show(view, question.month)
    pack(question, chosen_lines, bridge_steps)
