"""What Lago invoices: fees and credit notes, JSON as its API gives them.

    {"fees": [{"lago_id": "…", "external_customer_id": "northwind", "item": {"type": "charge", "code": "tokens", …},
        "amount_cents": 1250, "amount_currency": "EUR", "precise_amount": "12.4986",
        "from_date": "2026-10-01T00:00:00Z", "to_date": "2026-10-31T23:59:59Z", …}], "meta": {"current_page": 1, …}}

Pages of `/api/v1/fees` and `/api/v1/credit_notes`, one invoice with its fees (`{"invoice": {…}}`), or fees and credit
notes one a line. Amounts are without tax, in the currency's smallest unit; `precise_amount` in whole units, before
coupons. `to_date` is the last moment of the period, UTC. Schema: getlago/lago-openapi `FeeObject`, `CreditNoteObject`,
`CreditNoteItemObject`; lago-api `V1::FeeSerializer`.

The fees of a draft are made anew, under other ids, until the invoice is final: read those of final invoices. What buys
credits of a wallet is left out, since the fees that they pay are stated whole. So is what a partner bills through us
(`self_billed`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.source import Check, Column, Sample, Source, Table, Type

LISTS = ("fees", "credit_notes")
UNTOLD = "timestamp '2015-01-01'"


def _objects(record: Mapping[str, Any]) -> Iterator[Any]:
    invoice = record.get("invoice")
    for holder in (record, invoice if isinstance(invoice, dict) else {}):
        for name in LISTS:
            found = holder.get(name)
            yield from found if isinstance(found, list) else ()
    yield record


def _recognises(sample: Sample) -> bool:
    return any(
        isinstance(one, dict)
        and "lago_id" in one
        and ({"item", "amount_cents", "amount_currency"} <= one.keys() or "credit_amount_cents" in one)
        for record in sample.records
        for one in _objects(record)
    )


def _time(name: str, *paths: str, otherwise: str | None = None) -> Column:
    return Column(name, Type.TIMESTAMP, paths, zone="UTC", otherwise=otherwise)


def _money(name: str, *paths: str, kind: Type = Type.MONEY) -> Column:
    return Column(name, kind, paths, maximum=10**12)


def _of_fee(*names: str) -> tuple[str, ...]:
    """Where a fee has a field, or the fee that an item of a credit note is of."""
    return (*names, *(f"fee.{one}" for one in names))


SOURCE = Source(
    name="lago",
    about="Lago's fees and credit notes, pages of the API, JSON",
    tables=(
        Table(
            shape="revenue",
            formats=("jsonl",),
            date="created_at",
            recognises=_recognises,
            each=(("fees", "credit_notes", "invoice.fees", ""), ("items", "")),
            where="kind is not null and coalesce(item_type, '') <> 'credit' and not coalesce(is_self_billed, false)",
            has_other_records=True,
            checks=(
                Check("document_id", "document_id is null", "is missing", "an estimate is no fee: leave it out"),
                Check(
                    "amount_cents",
                    "kind = 'fee' and coalesce(amount_cents, precise_amount) is null",
                    "is missing",
                    "every fee needs it",
                ),
                Check("created_at", f"created_at = {UNTOLD}", "is missing", "every fee and every note needs it"),
                Check(
                    "to_date",
                    "from_date < timestamp '2015-01-01' or to_date > timestamp '2049-12-30'",
                    "makes no period between 2015 and 2049",
                    "check the dates of the fee",
                ),
            ),
            columns=(
                Column(
                    "kind",
                    otherwise="case when net_total_cents is not null then 'credit_note'"
                    " when item_type is not null then 'fee' end",
                ),
                Column("document_id", paths=("../lago_id",), identifier=True),
                Column("line_id", paths=("lago_id",), identifier=True),
                Column("invoice_id", paths=("../lago_invoice_id", "../../invoice.lago_id")),
                Column("item_type", paths=_of_fee("item.type")),
                Column("item_code", paths=_of_fee("item.code")),
                Column("feature_id", paths=_of_fee("item.grouped_by.feature", "item.grouped_by.feature_id")),
                Column(
                    "external_customer_id",
                    paths=(*_of_fee("external_customer_id"), "../customer.external_id"),
                    identifier=True,
                ),
                Column("lago_customer_id", paths=(*_of_fee("lago_customer_id"), "../customer.lago_id")),
                Column("currency", Type.CURRENCY, ("amount_currency", "../currency"), required=True),
                # a double, or its text
                _money("precise_amount", "precise_amount", kind=Type.FLOAT_MONEY),
                _money("amount_cents", "amount_cents"),
                _money("coupons_cents", "precise_coupons_amount_cents", kind=Type.FLOAT_MONEY),
                _money("net_total_cents", "../sub_total_excluding_taxes_amount_cents"),
                _money("refund_cents", "../refund_amount_cents"),
                Column("payment_status", paths=("payment_status",)),
                Column("credit_status", paths=("../credit_status",)),
                Column("invoice_status", paths=("../../invoice.status",)),
                Column("is_self_billed", Type.BOOLEAN, ("../self_billed",), landed=False),
                _time("from_date", *_of_fee("from_date")),
                _time("to_date", *_of_fee("to_date")),
                _time("created_at", "../created_at", otherwise=UNTOLD),
                _time("issuing_date", "../issuing_date"),
                _time("succeeded_at", "../succeeded_at"),
                _time("failed_at", "../failed_at"),
                _time("refunded_at", "../refunded_at"),
                _time("updated_at", "../updated_at"),
            ),
        ),
    ),
)
