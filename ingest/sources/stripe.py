"""What Stripe invoices: API objects, JSON, and the CSV of its reports and its dashboard.

    {"object": "list", "url": "/v1/invoices", "data": [{"object": "invoice", "id": "in_1", "customer": "cus_042",
        "currency": "usd", "status": "paid", "total_excluding_tax": 12500, "lines": {"object": "list", "data": [
            {"object": "line_item", "id": "il_1", "amount": 10000, "period": {"start": 1790812800, "end": …}, …}]}}]}

Pages as `unitcost fetch stripe` writes them, single objects, or one a line: invoices, credit notes, the further lines
of both (`/v1/invoices/{id}/lines`), and subscriptions, whose prices have the names of plans. A row is a line; an
invoice without lines is a row, too. Amounts are in the currency's smallest unit, times UTC. Schema: stripe (16.1), and
the fields that were before API 2025-03-31.

CSV: `balance_change_from_activity.itemized` and the dashboard's export of invoices. Amounts are in whole units.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ingest.source import Check, Column, Sample, Source, Table, Type

OBJECTS = ("invoice", "line_item", "credit_note", "credit_note_line_item", "subscription")
LISTS = ("/v1/invoices", "/v1/credit_notes", "/v1/subscriptions")
MOVES_REVENUE = (
    *("charge", "charge_failure", "refund", "refund_failure", "partial_capture_reversal"),
    *("dispute", "dispute_reversal"),
)
"""Reporting categories of the balance that a customer pays or gets back; the others are fees, payouts and transfers."""
BALANCE = frozenset({"balance_transaction_id", "reporting_category", "gross", "currency"})
DASHBOARD = frozenset({"id", "customer", "currency", "status", "total", "date (utc)"})
CREATED = ("created_utc", "date (utc)", "created")
UNDATED = "timestamp '2015-01-01'"
"""The partition of lines that have no time of their own."""
PRICES = ("pricing.price_details.price>", "price>", "plan>")
"""Where a line has its price, if that is expanded: since 2025-03-31, before, and before prices were."""
SUBSCRIPTION = (
    *("parent.subscription_item_details.subscription", "parent.invoice_item_details.subscription"),
    *("subscription>id", "subscription", "../parent.subscription_details.subscription>id"),
    *("../parent.subscription_details.subscription", "../subscription>id", "../subscription", "subscription_id"),
)


def _report(headers: frozenset[str]) -> str | None:
    if headers >= BALANCE:
        return "payment"
    return "invoice_summary" if headers >= DASHBOARD else None


def _objects(record: Mapping[str, Any]) -> Iterator[Any]:
    data = record.get("data")
    yield from data if isinstance(data, list) else (record,)


def _recognises(sample: Sample) -> bool:
    if _report(sample.headers):
        return True
    return any(
        (record.get("object") == "list" and str(record.get("url")).startswith(LISTS))
        or any(
            isinstance(one, dict) and one.get("object") in OBJECTS and ("livemode" in one or "currency" in one)
            for one in _objects(record)
        )
        for record in sample.records
    )


def _amounts(lists: str) -> str:
    """SQL of the sum of `amount` in a JSON list, NULL where the list is empty."""
    return f"list_sum(try_cast(json_extract({lists}, '$[*].amount') as bigint[]))"


def _inclusive(taxes: str) -> str:
    """SQL of the taxes in a JSON list that are a part of the amount."""
    is_part = "coalesce(tax ->> 'tax_behavior', '') = 'inclusive' or coalesce(tax ->> 'inclusive', '') = 'true'"
    part = f"list_filter(json_extract({taxes}, '$[*]'), lambda tax: {is_part})"
    return f"list_sum(list_transform({part}, lambda tax: try_cast(tax ->> 'amount' as bigint)))"


def _money(name: str, *paths: str, otherwise: str | None = None) -> Column:
    return Column(name, Type.MONEY, paths, maximum=10**12, otherwise=otherwise)


def _time(name: str, *paths: str, otherwise: str | None = None) -> Column:
    return Column(name, Type.TIMESTAMP, paths, zone="UTC", otherwise=otherwise)


_DOCUMENT = """
    case
        when report is not null then concat_ws(' ', report, balance_transaction_id, holder_id)
        when kind = 'line_item' then coalesce(invoice_id, page_of)
        when kind = 'credit_note_line_item' then page_of
        else holder_id
    end"""
"""What a record is a part of."""

_UNTAXED = "total - coalesce(taxed_on_top + coalesce(taxed_within, 0), tax, 0)"

_CHECKS = (
    Check("status", "kind in ('invoice', 'credit_note') and status is null", "is missing", "fetch the object again"),
    Check(
        "currency",
        "(kind in ('invoice', 'credit_note') or report is not null) and currency is null",
        "is missing",
        "every amount needs it",
    ),
    Check(
        "amount",
        "line_object in ('line_item', 'credit_note_line_item') and amount is null",
        "is missing",
        "every line needs it",
    ),
    Check(
        "invoice_id",
        "kind = 'line_item' and coalesce(invoice_id, page_of) is null",
        "is missing",
        "keep the page of /v1/invoices/{id}/lines as it came: its url names the invoice",
    ),
    Check(
        "page_of",
        "kind = 'credit_note_line_item' and page_of is null",
        "is missing: the line names no credit note",
        "keep the page of /v1/credit_notes/{id}/lines as it came: its url names the credit note",
    ),
    Check(
        "total",
        "(kind in ('invoice', 'credit_note') or report is not null) and total_excluding_tax is null",
        "is missing",
        "fetch the object again, or export the column Total",
    ),
    Check(
        "created",
        f"(kind in ('invoice', 'credit_note') or report is not null) and created = {UNDATED}",
        "is missing",
        "fetch the object again",
    ),
    Check(
        "period_end",
        "period_start < timestamp '2015-01-01' or period_end > timestamp '2049-12-31'",
        "makes no period between 2015 and 2049",
        "check the dates of the line",
    ),
)

SOURCE = Source(
    name="stripe",
    about="Stripe's invoices, credit notes and subscriptions, pages of the API, and its reports' and dashboard's CSV",
    tables=(
        Table(
            shape="revenue",
            also=("plans",),
            formats=("jsonl", "csv"),
            date="created",
            recognises=_recognises,
            each=(("data", ""), ("lines.data", "items.data", "")),
            where=f"coalesce(livemode, true) and (kind in {OBJECTS} or report = 'invoice_summary'"
            f" or report = 'payment' and reporting_category in {MOVES_REVENUE})",
            has_other_records=True,
            checks=_CHECKS,
            columns=(
                # what holds the record: an invoice its lines, a line of a further page itself
                Column("kind", paths=("../object",), otherwise="report"),
                Column("line_object", paths=("object",)),
                Column("report", of_headers=_report),
                Column("document_id", otherwise=_DOCUMENT),
                Column("livemode", Type.BOOLEAN, ("../livemode", "livemode"), landed=False),
                Column("holder_id", paths=("../id", "id"), identifier=True),
                Column("line_id", paths=("id",), identifier=True),
                Column("page_of", paths=("../../url",), pattern="/v1/(?:invoices|credit_notes)/([^/?]+)/lines"),
                Column("invoice_id", paths=("../invoice>id", "../invoice", "invoice", "invoice_id")),
                Column("invoice_line_id", paths=("invoice_line_item",)),
                Column("balance_transaction_id", paths=("balance_transaction_id",)),
                Column("reporting_category", paths=("reporting_category",)),
                # the same invoice, as who handed it on calls it: OpenMeter on invoices, Lago on payments
                Column(
                    "origin_invoice_id",
                    paths=(
                        *("../metadata.om_invoice_id", "../metadata.lago_invoice_id"),
                        *("om_invoice_id (metadata)", "lago_invoice_id (metadata)"),
                        *("payment_metadata[om_invoice_id]", "payment_metadata[lago_invoice_id]"),
                        "payment_metadata[lago_payable_id]",
                    ),
                ),
                Column("status", paths=("../status", "status")),
                Column("customer", paths=("../customer>id", "../customer", "customer", "customer_id")),
                Column("line_customer_id", paths=("metadata.customer_id",)),
                Column(
                    "holder_customer_id",
                    paths=(
                        "../metadata.customer_id",
                        "../parent.subscription_details.metadata.customer_id",
                        "../subscription_details.metadata.customer_id",
                        *("customer_id (metadata)", "payment_metadata[customer_id]"),
                    ),
                ),
                Column("subscription_id", paths=SUBSCRIPTION),
                Column("price_id", paths=(PRICES[0] + "id", PRICES[0][:-1], "price>id", "plan>id")),
                Column("plan_name", paths=(*(f"{one}nickname" for one in PRICES), *(f"{p}lookup_key" for p in PRICES))),
                Column(
                    "feature_id",
                    paths=(
                        "metadata.feature",
                        "metadata.feature_id",
                        "feature (metadata)",
                        "payment_metadata[feature]",
                    ),
                ),
                Column("price_feature_id", paths=tuple(f"{one}metadata.feature" for one in PRICES)),
                # in the smallest unit of the currency; of a CSV in whole ones
                Column("currency", Type.CURRENCY, ("../currency", "currency")),
                _money("amount", "amount"),
                _money(
                    "discount_amount",
                    otherwise=f"coalesce({_amounts('pretax_credit_amounts')}, {_amounts('discount_amounts')},"
                    " line_discount)",
                ),
                _money("inclusive_tax_amount", otherwise=_inclusive("taxes")),
                _money("total_excluding_tax", "../total_excluding_tax", otherwise=_UNTAXED),
                *(
                    replace(column, landed=False)
                    for column in (
                        _money("total", "../total", "total", "gross"),
                        _money("tax", "../tax", "tax"),
                        _money("taxed_on_top", "exclusive tax amount"),
                        _money("taxed_within", "inclusive tax amount"),
                    )
                ),
                Column("line_discount", Type.INTEGER, ("discount_amount",), landed=False),
                Column("discount_amounts", Type.JSON, ("discount_amounts",), landed=False),
                Column("pretax_credit_amounts", Type.JSON, ("pretax_credit_amounts",), landed=False),
                Column("taxes", Type.JSON, ("taxes", "tax_amounts"), landed=False),
                _time(
                    "created", "../created", "created", "created_utc", "date (utc)", "period.start", otherwise=UNDATED
                ),
                # of an item of a subscription: what orders the items, and since when it is what it is
                _money("unit_amount", "price>unit_amount", "plan>amount"),
                _time("item_period_start", "current_period_start", "../current_period_start"),
                _time("start_date", "../start_date"),
                _time("ended_at", "../ended_at"),
                _time("effective_at", "../effective_at"),
                _time("finalized_at", "../status_transitions.finalized_at", "finalized at (utc)"),
                _time("paid_at", "../status_transitions.paid_at", "paid at (utc)"),
                _time(
                    "uncollectible_at",
                    "../status_transitions.marked_uncollectible_at",
                    "marked uncollectible at (utc)",
                ),
                _time("voided_at", "../status_transitions.voided_at", "../voided_at", "voided at (utc)"),
                _time("period_start", "period.start", "minimum line item period start (utc)"),
                _time("period_end", "period.end", "maximum line item period end (utc)"),
            ),
        ),
    ),
)
