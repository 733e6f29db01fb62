"""What OpenMeter's invoices mean as revenue: figures worked out by hand, read through the whole pipeline."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.landing import land
from ingest.sources import discover
from tests.models.conftest import Warehouse

MODELS = "+fct_revenue +int_unit_events"

OCTOBER, NOVEMBER, DECEMBER = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)
IN_OCTOBER = {"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}


def totals(total: str, tax: str = "0") -> dict[str, str]:
    return {"amount": total, "taxesTotal": tax, "total": total}


def line(line_id: str, total: str, tax: str = "0", **more: Any) -> dict[str, Any]:
    return {"id": line_id, "currency": "USD", "period": IN_OCTOBER, "totals": totals(total, tax), **more}


def invoice(invoice_id: str, total: str, *lines: dict[str, Any], tax: str = "0", **more: Any) -> dict[str, Any]:
    return {
        "id": invoice_id,
        "type": "standard",
        "status": "issued",
        "currency": "USD",
        "createdAt": "2026-11-01T00:10:00Z",
        "updatedAt": "2026-11-02T08:00:00Z",
        "customer": {
            "id": "01K0CUSTOMER",
            "key": "northwind",
            "usageAttribution": {"subjectKeys": ["northwind-prod", "northwind-test"]},
        },
        "period": IN_OCTOBER,
        "totals": totals(total, tax),
        **({"lines": list(lines)} if lines else {}),
        **more,
    }


FIRST = [
    invoice(
        "sold",
        "178.50",
        line("search", "119.00", "19.00", featureKey="search"),
        line(
            "seats",
            "59.50",
            "9.50",
            period={"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"},
            metadata={"plan": "growth"},
        ),
        line("dropped", "77.00", deletedAt="2026-11-01T01:00:00Z"),
        tax="28.50",
    ),
    invoice("unexpanded", "40.00", customer={"id": "01K0OTHER", "usageAttribution": {"subjectKeys": ["globex"]}}),
    invoice("returned", "10.00", line("back", "10.00"), type="credit_note", customer={"id": "01K0OTHER"}),
    *(invoice(status, "5.00", line(f"of_{status}", "5.00"), status=status) for status in ("gathering", "draft")),
    *(invoice(status, "5.00", line(f"of_{status}", "5.00"), status=status) for status in ("uncollectible", "voided")),
    invoice("deleted", "5.00", line("of_deleted", "5.00"), deletedAt="2026-11-03T00:00:00Z"),
    invoice("given_up", "6.00", line("given_up_later", "6.00")),
]
AGAIN = [
    invoice("given_up", "6.00", line("given_up_later", "6.00"), status="voided", updatedAt="2026-11-09T00:00:00Z"),
    # as it was before it was issued, loaded late
    invoice("sold", "1.00", line("search", "1.00"), status="draft", updatedAt="2026-11-01T00:10:00Z"),
]


def page(*invoices: dict[str, Any]) -> dict[str, Any]:
    return {"totalCount": len(invoices), "page": 1, "pageSize": 100, "items": list(invoices)}


@pytest.fixture(scope="module")
def billed(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("openmeter")
    (folder / "first.json").write_text(json.dumps(page(*FIRST), indent=2))
    (folder / "again.json").write_text(json.dumps(page(*AGAIN), indent=2))
    sold = warehouse("openmeter", select=MODELS)
    sold.load((folder / "first.json", None), (folder / "again.json", None))
    return sold


def test_what_is_billed_is_the_line_without_tax_by_the_newest_state_of_its_invoice(billed: Warehouse) -> None:
    rows = billed.rows("""
        select
            case when revenue.record_number < 0 then 'rest of ' || raw.document_id else raw.line_id end,
            revenue.customer_id, revenue.plan_id, revenue.feature_id, revenue.amount, revenue.currency,
            service_start_date, service_end_date
        from intermediate.int_revenue_converted as revenue
        inner join raw.openmeter__revenue as raw
            on revenue.input_id = raw.input_id and abs(revenue.record_number) = raw.record_number
    """)
    assert {row[0]: row[1:] for row in rows} == {
        "search": ("northwind", None, "search", Decimal(100), "USD", OCTOBER, NOVEMBER),
        "seats": ("northwind", "growth", None, Decimal(50), "USD", NOVEMBER, DECEMBER),
        "rest of unexpanded": ("globex", None, None, Decimal(40), "USD", OCTOBER, NOVEMBER),
        "back": ("01K0OTHER", None, None, Decimal(-10), "USD", OCTOBER, NOVEMBER),
    }
    assert len(rows) == 4


def test_an_event_is_no_invoice_and_a_line_without_totals_is_rejected(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    event = {"id": "1", "source": "app", "specversion": "1.0", "type": "tokens", "subject": "northwind", "data": {}}
    path = tmp_path / "mixed.jsonl"
    broken = [event, invoice("1", "5", line("1a", "5") | {"totals": None}), invoice("2", "5", totals={"total": "5"})]
    path.write_text("".join(json.dumps(one) + "\n" for one in broken))
    source = discover()["openmeter"]
    result = land(con, inspect(path), source, source.tables[0], home=tmp_path)
    assert (result.landed_count, result.other_count) == (0, 1)
    assert [(reject.column, reject.rule) for reject in result.rejects] == [
        ("line_total", "is missing"),
        ("total_tax", "is missing"),
    ]


def test_an_event_is_a_unit_of_its_subject_and_counts_once_by_source_and_id(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    def event(event_id: str, source: str = "app", **more: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0", "id": event_id, "source": source, "type": "document", "subject": "northwind",
            "time": "2026-10-05T08:00:00Z", "data": {}, **more,
        }  # fmt: skip

    sent = [
        event("1", data={"quantity": 3, "trace_id": "t-1", "outcome": "failed"}),
        event("1"),  # sent again: the same source and id
        event("1", source="other app", data={"customer_id": "globex", "feature": "import"}),
        event("2", type="ticket", time=None, subject="fabrikam"),
    ]
    listed = [
        {"event": sent[0], "ingestedAt": "2026-10-05T08:00:01Z"},
        {"event": event("3"), "ingestedAt": "2026-10-05T08:00:01Z", "validationError": "no meter takes it"},
        {"event": sent[3], "ingestedAt": "2026-10-06T00:00:00Z"},
    ]
    (tmp_path / "sent.jsonl").write_text("".join(json.dumps(one) + "\n" for one in sent[:3]))
    (tmp_path / "listed.json").write_text(json.dumps({"items": listed, "nextCursor": ""}))
    made = warehouse("openmeter_events", select=MODELS)
    made.load((tmp_path / "sent.jsonl", None), (tmp_path / "listed.json", None))
    assert made.rows("""
        select unit_id, linked_by, link_id, customer_id, feature_id, first_date, unit_count, known_outcome_count
        from intermediate.int_unit_events order by all
    """) == [
        ("document", "none", "(unlinked)", "globex", "import", date(2026, 10, 5), 1, 0),
        ("document", "trace", "t-1", "northwind", "(unattributed)", date(2026, 10, 5), 3, 3),
        ("ticket", "none", "(unlinked)", "fabrikam", "(unattributed)", date(2026, 10, 6), 1, 0),
    ]
