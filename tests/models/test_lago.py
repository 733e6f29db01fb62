"""What Lago's fees and credit notes mean as revenue: figures worked out by hand, read through the whole pipeline."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.landing import land
from ingest.sources import discover
from tests.models.conftest import Companies, Company

MODELS = "+fct_revenue"

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def fee(fee_id: str, **more: Any) -> dict[str, Any]:
    """A fee of usage in October, 12.50 dollars."""
    return {
        "lago_id": fee_id,
        "lago_invoice_id": "inv-1",
        "lago_customer_id": "c-1",
        "external_customer_id": "northwind",
        "item": {"type": "charge", "code": "tokens", "grouped_by": {}},
        "amount_cents": 1_250,
        "amount_currency": "USD",
        "taxes_amount_cents": 238,
        "payment_status": "pending",
        "created_at": "2026-11-01T00:05:00Z",
        "succeeded_at": None,
        "failed_at": None,
        "refunded_at": None,
        "from_date": "2026-10-01T00:00:00Z",
        "to_date": "2026-10-31T23:59:59Z",
        **more,
    }


def note(note_id: str, *items: dict[str, Any], net_cents: int, **more: Any) -> dict[str, Any]:
    return {
        "lago_id": note_id,
        "currency": "USD",
        "issuing_date": "2026-11-05",
        "created_at": "2026-11-05T10:00:00Z",
        "updated_at": "2026-11-05T10:00:00Z",
        "credit_status": "available",
        "sub_total_excluding_taxes_amount_cents": net_cents,
        "credit_amount_cents": net_cents,
        "refund_amount_cents": 0,
        "items": list(items),
        **more,
    }


def item(item_id: str, amount_cents: int, of: dict[str, Any]) -> dict[str, Any]:
    return {"lago_id": item_id, "amount_cents": amount_cents, "amount_currency": "USD", "fee": of}


SEARCH = fee("exact", item={"type": "charge", "code": "tokens", "grouped_by": {"feature": "search"}})
FEES = [
    # the exact amount counts, as a number or a text, less the coupon's 50.5 cents
    {**SEARCH, "precise_amount": 12.4986, "precise_coupons_amount_cents": "50.5"},
    fee("rounded", item={"type": "subscription", "code": "growth"}, external_customer_id=None),
    fee("yen", amount_currency="JPY", precise_coupons_amount_cents="250.0"),
    fee("dinar", amount_currency="KWD"),
    fee("failed", payment_status="failed", failed_at="2026-11-02T00:00:00Z"),
    fee("refunded", payment_status="refunded", refunded_at="2026-11-02T00:00:00Z"),
    fee("wallet", item={"type": "credit", "code": "credit"}),
    fee("partner", self_billed=True),
    fee("add_on", item={"type": "add_on", "code": "setup"}, from_date=None, to_date=None),
    # a customer in Paris, whose October ends an hour earlier
    fee("paris", from_date="2026-09-30T22:00:00Z", to_date="2026-10-31T22:59:59Z"),
    fee("retried", payment_status="failed", failed_at="2026-11-02T00:00:00Z"),
    fee("retried", payment_status="succeeded", failed_at="2026-11-02T00:00:00Z", succeeded_at="2026-11-03T00:00:00Z"),
]
NOTES = [
    note("note", item("item", 400, SEARCH), net_cents=350),  # 50 cents of it were a coupon
    note("unused", item("unused_item", 400, SEARCH), net_cents=400, credit_status="voided"),
]
DRAFT = {"invoice": {"lago_id": "inv-2", "status": "draft", "fees": [fee("of_draft"), fee("made_final")]}}
FINAL = {"invoice": {"lago_id": "inv-2", "status": "finalized", "fees": [fee("made_final"), fee("given_up")]}}
VOIDED = {"invoice": {"lago_id": "inv-2", "status": "voided", "fees": [fee("given_up")]}}


@pytest.fixture(scope="module")
def billed(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    sold = company("lago", select=MODELS)
    rates = [
        {"currency": currency, "valid_from_date": "2026-01-01", "usd_per_unit": rate, "rate_source": "by hand"}
        for currency, rate in (("JPY", "0.01"), ("KWD", "3"))
    ]
    sold.seed("exchange_rates", ("currency", "valid_from_date", "usd_per_unit", "rate_source"), rates)
    folder = tmp_path_factory.mktemp("lago")
    pages = {
        "fees": {"fees": FEES, "meta": {"current_page": 1, "next_page": None, "total_pages": 1}},
        "notes": {"credit_notes": NOTES, "meta": {"current_page": 1, "next_page": None, "total_pages": 1}},
        "voided": VOIDED,
        "draft": DRAFT,
        "final": FINAL,
    }
    for name, page in pages.items():
        (folder / f"{name}.json").write_text(json.dumps(page, indent=2))
    sold.load(*((folder / f"{name}.json", None) for name in pages))
    return sold


def test_what_is_billed_is_the_exact_fee_less_coupons_over_its_period_less_what_is_credited(billed: Company) -> None:
    rows = billed.rows("""
        select
            case when revenue.record_number < 0 then 'rest of ' || raw.document_id else raw.line_id end,
            revenue.customer_id, plan_id, revenue.feature_id, revenue.amount, revenue.currency, service_start_date,
            service_end_date
        from intermediate.int_revenue_converted as revenue
        inner join raw.lago__revenue as raw
            on revenue.input_id = raw.input_id and abs(revenue.record_number) = raw.record_number
    """)
    ours = ("northwind", None, "tokens")
    assert {row[0]: row[1:] for row in rows} == {
        "exact": ("northwind", None, "search", Decimal("11.9936"), "USD", OCTOBER, NOVEMBER),
        "rounded": ("c-1", "growth", None, Decimal("12.5"), "USD", OCTOBER, NOVEMBER),
        "yen": (*ours, Decimal(1000), "JPY", OCTOBER, NOVEMBER),
        "dinar": (*ours, Decimal("1.25"), "KWD", OCTOBER, NOVEMBER),
        "add_on": ("northwind", None, "setup", Decimal("12.5"), "USD", NOVEMBER, date(2026, 11, 2)),
        "paris": (*ours, Decimal("12.5"), "USD", date(2026, 9, 30), date(2026, 10, 31)),
        "retried": (*ours, Decimal("12.5"), "USD", OCTOBER, NOVEMBER),
        "item": ("northwind", None, "search", Decimal(-4), "USD", OCTOBER, NOVEMBER),
        "rest of note": ("northwind", None, None, Decimal("0.5"), "USD", OCTOBER, NOVEMBER),
        "made_final": (*ours, Decimal("12.5"), "USD", OCTOBER, NOVEMBER),
    }
    assert len(rows) == len({row[0] for row in rows})


def test_fees_without_money_time_or_identity_are_rejected_and_purchases_of_credits_are_not_ours(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "fees.jsonl"
    broken = [
        fee("wallet", item={"type": "credit", "code": "credit"}),
        fee("1", amount_cents=None),
        fee("2", created_at=None),
        {**fee("3"), "lago_id": None},
        fee("4", to_date="2226-10-31T23:59:59Z"),
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in broken))
    source = discover()["lago"]
    result = land(con, inspect(path), source, source.tables[0], home=tmp_path)
    assert (result.landed_count, result.other_count) == (0, 1)
    assert {(reject.column, reject.rule) for reject in result.rejects} == {
        ("amount_cents", "is missing"),
        ("created_at", "is missing"),
        ("document_id", "is missing"),
        ("to_date", "makes no period between 2015 and 2049"),
    }
