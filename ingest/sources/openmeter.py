"""What OpenMeter invoices, JSON as its billing API gives it, and the events that it meters.

    {"totalCount": 1, "page": 1, "pageSize": 100, "items": [{"id": "01K…", "type": "standard", "status": "paid",
        "currency": "USD", "customer": {"key": "northwind", …}, "totals": {"total": "119.00", "taxesTotal": "19.00", …},
        "lines": [{"id": "01K…", "featureKey": "search", "period": {"from": "2026-10-01T00:00:00Z", "to": …},
            "totals": {"total": "119.00", "taxesTotal": "19.00", …}}], …}]}

Pages of `/api/v1/billing/invoices?expand=lines`, or invoices one a line. Amounts are in whole units, times UTC, the end
of a period is not in it. An invoice without its lines is a row, too. Schema: openmeter (1.0.0b236) `Invoice`,
`InvoiceLine`, `InvoiceTotals`.

    {"specversion": "1.0", "id": "5c10…", "source": "my-app", "type": "document", "subject": "northwind",
        "time": "2026-10-07T13:46:57Z", "data": {"quantity": 3, "feature": "import", "trace_id": "…"}}

Events are CloudEvents: a unit each of the kind that `type` names, for the customer `subject`, as many as
`data.quantity` says, else one. Sent ones, one a line or in an array, and pages of `/api/v1/events` and of
`/api/v2/events`, where an event that OpenMeter refused is left out. The same `source` and `id` are one event.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.source import Check, Column, Sample, Source, Table, Type
from ingest.unit_outcomes import OUTCOMES


def _invoices(record: Mapping[str, Any]) -> Iterator[Any]:
    items = record.get("items")
    yield from items if isinstance(items, list) else (record,)


def _recognises(sample: Sample) -> bool:
    return any(
        isinstance(one, dict)
        and {"currency", "status", "customer"} <= one.keys()
        and isinstance(one.get("totals"), dict)
        and "taxesTotal" in one["totals"]
        for record in sample.records
        for one in _invoices(record)
    )


def _events(record: Mapping[str, Any]) -> Iterator[Any]:
    for one in _invoices(record):
        yield one["event"] if isinstance(one, dict) and isinstance(one.get("event"), dict) else one


def _is_events(sample: Sample) -> bool:
    return any(
        isinstance(one, dict) and {"specversion", "id", "source", "type", "subject"} <= one.keys()
        for record in sample.records
        for one in _events(record)
    )


def _time(name: str, *paths: str) -> Column:
    return Column(name, Type.TIMESTAMP, paths, zone="UTC")


def _money(name: str, path: str) -> Column:
    return Column(name, Type.MONEY, (path,), maximum=10**11)


_EVENTS = Table(
    shape="units",
    formats=("jsonl",),
    date="occurred_at",
    recognises=_is_events,
    each=(("items", ""),),
    where="spec_version is not null and unit_id is not null and validation_error is null",
    has_other_records=True,
    columns=(
        Column("spec_version", paths=("event.specversion", "specversion"), landed=False),
        Column("validation_error", paths=("validationError",), landed=False),
        Column("unit_id", paths=("event.type", "type"), required=True, identifier=True),
        Column("event_source", paths=("event.source", "source"), required=True, identifier=True),
        Column("event_id", paths=("event.id", "id"), required=True, identifier=True),
        # an event without a time happened when it was taken
        Column(
            "occurred_at", Type.TIMESTAMP, ("event.time", "time", "ingestedAt", "storedAt"), required=True, zone="UTC"
        ),
        Column("subject", paths=("event.subject", "subject"), identifier=True),
        Column("customer_id", paths=("event.data.customer_id", "data.customer_id"), identifier=True),
        Column(
            "feature_id",
            paths=tuple(f"{one}.{name}" for one in ("event.data", "data") for name in ("feature", "feature_id")),
        ),
        Column("conversation_id", paths=("event.data.conversation_id", "data.conversation_id"), identifier=True),
        Column("trace_id", paths=("event.data.trace_id", "data.trace_id"), identifier=True),
        Column("quantity", Type.INTEGER, ("event.data.quantity", "data.quantity"), minimum=0, maximum=10**9),
        Column("unit_outcome", paths=("event.data.outcome", "data.outcome"), words=OUTCOMES),
    ),
)

SOURCE = Source(
    name="openmeter",
    about="OpenMeter's billing invoices, pages of the API, and events, JSON",
    tables=(
        Table(
            shape="revenue",
            formats=("jsonl",),
            date="created_at",
            recognises=_recognises,
            each=(("items", ""), ("lines", "")),
            where="total is not null and status is not null",
            has_other_records=True,
            checks=(
                Check("total_tax", "total_tax is null", "is missing", "every invoice tells its taxesTotal"),
                Check("line_total", "is_invoice_line and line_total is null", "is missing", "every line needs it"),
                Check(
                    "period_to",
                    "period_from < timestamp '2015-01-01' or period_to > timestamp '2049-12-31'",
                    "makes no period between 2015 and 2049",
                    "check the dates of the line",
                ),
            ),
            columns=(
                Column("document_id", paths=("../id",), required=True, identifier=True),
                Column("line_id", paths=("id",), identifier=True),
                # an invoice without lines stands for itself, and is no line
                Column("is_invoice_line", Type.BOOLEAN, otherwise="coalesce(line_id <> document_id, false)"),
                Column("kind", paths=("../type",), otherwise="'standard'"),
                Column("status", paths=("../status",)),
                # as Stripe calls it, where it was handed on
                Column("external_invoice_id", paths=("../externalIds.invoicing",)),
                Column("customer_key", paths=("../metadata.customer_id", "../customer.key"), identifier=True),
                Column("subject_key", otherwise="json_extract_string(subject_keys, '$[0]')"),
                Column("subject_keys", Type.JSON, ("../customer.usageAttribution.subjectKeys",), landed=False),
                Column("customer_id", paths=("../customer.id",), identifier=True),
                Column("plan_id", paths=("metadata.plan", "../metadata.plan")),
                Column("feature_id", paths=("metadata.feature", "featureKey", "rateCard.featureKey")),
                Column("currency", Type.CURRENCY, ("../currency",), required=True),
                # with tax; `taxesTotal` is all of it, be it within the price or on top
                _money("total", "../totals.total"),
                _money("total_tax", "../totals.taxesTotal"),
                _money("line_total", "totals.total"),
                _money("line_tax", "totals.taxesTotal"),
                _time("period_from", "period.from", "../period.from"),
                _time("period_to", "period.to", "../period.to"),
                Column("created_at", Type.TIMESTAMP, ("../createdAt",), required=True, zone="UTC"),
                _time("updated_at", "../updatedAt"),
                _time("issued_at", "../issuedAt"),
                _time("deleted_at", "../deletedAt"),
                _time("line_deleted_at", "deletedAt"),
            ),
        ),
        _EVENTS,
    ),
)
