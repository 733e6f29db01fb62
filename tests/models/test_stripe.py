"""What Stripe's objects and exports mean as revenue: figures worked out by hand, read through the whole pipeline."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.landing import Landed, land
from ingest.sources import discover
from tests.models.conftest import Companies, Company

MODELS = "+fct_revenue +dim_customer_plans"

Row = tuple[str, str | None, str | None, Decimal, str, date, date]
"""customer, plan, feature, amount, currency, first day, day after the last."""
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def at(day: int, hour: int = 0, month: int = 10) -> int:
    return int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp())


def days(first: int, end: int, month: int = 10, end_month: int | None = None) -> tuple[date, date]:
    return date(2026, month, first), date(2026, end_month or month, end)


def line(line_id: str, amount: int, start: int = at(1), end: int = at(1, month=11), **more: Any) -> dict[str, Any]:
    """A line as the API gives it since 2025-03-31."""
    return {
        "id": line_id,
        "object": "line_item",
        "livemode": True,
        "amount": amount,
        "currency": "usd",
        "discount_amounts": [],
        "pretax_credit_amounts": [],
        "metadata": {},
        "period": {"start": start, "end": end},
        "pricing": {"type": "price_details", "price_details": {"price": "price_seat", "product": "prod_1"}},
        "taxes": [],
        **more,
    }


def invoice(invoice_id: str, *lines: dict[str, Any], has_more: bool = False, **more: Any) -> dict[str, Any]:
    total = sum(one["amount"] for one in lines)
    return {
        "id": invoice_id,
        "object": "invoice",
        "livemode": True,
        "customer": "cus_1",
        "currency": "usd",
        "status": "paid",
        "created": at(1),
        "total": total,
        "total_excluding_tax": total,
        "status_transitions": {"finalized_at": at(1, 1), "paid_at": at(1, 2)},
        "metadata": {},
        "lines": {
            "object": "list",
            "has_more": has_more,
            "data": list(lines),
            "url": f"/v1/invoices/{invoice_id}/lines",
        },
        **more,
    }


def credit_note(note_id: str, invoice_id: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    total = sum(one["amount"] for one in lines)
    return {
        "id": note_id,
        "object": "credit_note",
        "livemode": True,
        "customer": "cus_1",
        "currency": "usd",
        "status": "issued",
        "invoice": invoice_id,
        "created": at(20),
        "effective_at": at(21),
        "amount": total,
        "total": total,
        "total_excluding_tax": total,
        "voided_at": None,
        "lines": {"object": "list", "has_more": False, "data": list(lines), "url": f"/v1/credit_notes/{note_id}/lines"},
        **more,
    }


def credited(line_id: str, amount: int, invoice_line: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": line_id,
        "object": "credit_note_line_item",
        "livemode": True,
        "amount": amount,
        "discount_amount": 0,
        "discount_amounts": [],
        "taxes": [],
        "type": "invoice_line_item" if invoice_line else "custom_line_item",
        **({"invoice_line_item": invoice_line} if invoice_line else {}),
        **more,
    }


def page(url: str, *data: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "url": url, "has_more": False, "data": list(data)}


INVOICES = page(
    "/v1/invoices",
    invoice(
        "in_net",
        # 120 less 20 of a coupon less 5 of a prepaid credit, tax of 19 % on top
        line(
            "il_seats",
            12_000,
            discount_amounts=[{"amount": 2000, "discount": "di_1"}],
            pretax_credit_amounts=[
                {"amount": 2000, "discount": "di_1", "type": "discount"},
                {"amount": 500, "credit_balance_transaction": "cbtxn_1", "type": "credit_balance_transaction"},
            ],
            taxes=[{"amount": 1805, "tax_behavior": "exclusive"}],
            metadata={"feature": "search"},
        ),
        # used in September, billed in October; the line names another customer
        line("il_tokens", 2_500, at(1, month=9), at(1), metadata={"customer_id": "subsidiary"}),
        total=14_280,
        total_excluding_tax=12_000,
        metadata={"customer_id": "northwind"},
    ),
    invoice(
        "in_inclusive",
        line("il_inclusive", 11_900, taxes=[{"amount": 1_900, "tax_behavior": "inclusive", "taxable_amount": 10_000}]),
        total_excluding_tax=10_000,
        parent={"subscription_details": {"subscription": "sub_1", "metadata": {}}},
    ),
    # as the API was before 2025-03-31, with an object where it has an id now
    invoice(
        "in_old",
        {
            **line("il_old", 5_950),
            "pricing": None,
            "price": {"id": "price_old", "nickname": None, "lookup_key": "starter", "metadata": {"feature": "chat"}},
            "taxes": None,
            "tax_amounts": [{"amount": 950, "inclusive": True}],
        },
        customer={"id": "cus_old", "object": "customer"},
        tax=950,
        total_excluding_tax=None,
        subscription="sub_2",
    ),
    invoice("in_yen", line("il_yen", 5_000), currency="jpy"),
    invoice("in_dinar", line("il_dinar", 12_500), currency="kwd"),
    invoice("in_krona", line("il_krona", 500), currency="isk"),
    *(
        invoice(f"in_{status}", line(f"il_{status}", 7_700), status=status)
        for status in ("draft", "void", "uncollectible")
    ),
    invoice("in_trial", line("il_trial", 0, at(5), at(19))),
    invoice(
        "in_change",
        line("il_back", -3_000, at(16, 13), at(1, month=11)),
        line("il_forth", 9_000, at(16, 13), at(1, month=11)),
    ),
    invoice("in_test", line("il_test", 9_900, livemode=False), livemode=False),
    invoice("in_moment", line("il_moment", 100, at(9, 13), at(9, 13)), line("il_hours", 200, at(9, 8), at(9, 20))),
    invoice("in_bare", total=1_000, total_excluding_tax=1_000, effective_at=at(8)),
    invoice("in_long", line("il_first", 4_000), has_more=True, total=10_000, total_excluding_tax=10_000),
    invoice("in_given_up", line("il_given_up", 6_600), status="open", status_transitions={"finalized_at": at(1, 1)}),
)
EXPECTED = {
    "il_seats": ("northwind", "growth", "search", Decimal(95), "USD", OCTOBER, NOVEMBER),
    "il_tokens": ("subsidiary", "growth", None, Decimal(25), "USD", date(2026, 9, 1), OCTOBER),
    "il_inclusive": ("subscriber", "growth", None, Decimal(100), "USD", OCTOBER, NOVEMBER),
    "il_old": ("cus_old", "starter", "chat", Decimal(50), "USD", OCTOBER, NOVEMBER),
    "il_yen": ("cus_1", "growth", None, Decimal(5000), "JPY", OCTOBER, NOVEMBER),
    "il_dinar": ("cus_1", "growth", None, Decimal("12.5"), "KWD", OCTOBER, NOVEMBER),
    "il_krona": ("cus_1", "growth", None, Decimal(5), "ISK", OCTOBER, NOVEMBER),
    "il_trial": ("cus_1", "growth", None, Decimal(0), "USD", *days(5, 19)),
    "il_back": ("cus_1", "growth", None, Decimal(-30), "USD", *days(16, 1, end_month=11)),
    "il_forth": ("cus_1", "growth", None, Decimal(90), "USD", *days(16, 1, end_month=11)),
    "il_moment": ("cus_1", "growth", None, Decimal(1), "USD", *days(9, 10)),
    "il_hours": ("cus_1", "growth", None, Decimal(2), "USD", *days(9, 10)),
    "rest of in_bare": ("cus_1", None, None, Decimal(10), "USD", *days(8, 9)),
    "il_first": ("cus_1", "growth", None, Decimal(40), "USD", OCTOBER, NOVEMBER),
}
OPEN = {
    "rest of in_long": ("cus_1", None, None, Decimal(60), "USD", OCTOBER, NOVEMBER),
    "il_given_up": ("cus_1", "growth", None, Decimal(66), "USD", OCTOBER, NOVEMBER),
}
"""What is so until more is known."""
NOTES = page(
    "/v1/credit_notes",
    credit_note("cn_line", "in_net", credited("cnli_line", 1_000, "il_seats")),
    credit_note("cn_other", "in_net", credited("cnli_other", 300), memo="goodwill"),
    credit_note("cn_void", "in_net", credited("cnli_void", 4_000, "il_seats"), status="void", voided_at=at(22)),
    credit_note("cn_of_void", "in_void", credited("cnli_of_void", 7_700, "il_void")),
    credit_note("cn_alone", "in_before_we_began", credited("cnli_alone", 800, "il_before_we_began")),
    credit_note(
        "cn_long", "in_change", credited("cnli_long", 1_000, "il_forth"), total=1_500, total_excluding_tax=1_500
    ),
)
CREDITED = {
    "cnli_line": ("northwind", "growth", "search", Decimal(-10), "USD", OCTOBER, NOVEMBER),
    "cnli_other": ("northwind", None, None, Decimal(-3), "USD", *days(21, 22)),
    "cnli_alone": ("cus_1", None, None, Decimal(-8), "USD", *days(21, 22)),
    "cnli_long": ("cus_1", "growth", None, Decimal(-10), "USD", *days(16, 1, end_month=11)),
}
OPEN_CREDIT = {"rest of cn_long": ("cus_1", None, None, Decimal(-5), "USD", *days(21, 22))}
SUBSCRIPTION = {
    "id": "sub_1",
    "object": "subscription",
    "livemode": True,
    "customer": "cus_1",
    "currency": "usd",
    "status": "active",
    "created": at(1, month=9),
    "metadata": {"customer_id": "subscriber"},
    "items": {
        "object": "list",
        "data": [{"id": "si_1", "object": "subscription_item", "price": {"id": "price_seat", "nickname": "growth"}}],
    },
}


@dataclass
class Billed:
    company: Company
    folder: Path

    def load(self, **pages: dict[str, Any] | str) -> None:
        """Load pages, indented as a person keeps them, or texts of a CSV."""
        paths = []
        for name, content in pages.items():
            path = self.folder / f"{name}.{'csv' if isinstance(content, str) else 'json'}"
            path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
            paths.append((path, None))
        self.company.load(*paths)

    def rows(self) -> dict[str, Row]:
        """Revenue rows by the line that they are of."""
        found = self.company.rows("""
            select
                case when revenue.record_number < 0 or raw.line_id is null
                    then 'rest of ' || raw.document_id else raw.line_id end,
                revenue.customer_id, plan_id, revenue.feature_id, revenue.amount, revenue.currency,
                service_start_date, service_end_date
            from intermediate.int_revenue_converted as revenue
            inner join raw.stripe__revenue as raw
                on revenue.input_id = raw.input_id and abs(revenue.record_number) = raw.record_number
        """)
        rows = {str(row[0]): row[1:] for row in found}
        assert len(rows) == len(found)
        return rows


@pytest.fixture(scope="module")
def billed(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Billed:
    sold = company("stripe", select=MODELS)
    rates = [
        {"currency": currency, "valid_from_date": "2026-01-01", "usd_per_unit": rate, "rate_source": "by hand"}
        for currency, rate in (("JPY", "0.01"), ("KWD", "3"), ("ISK", "0.01"))
    ]
    sold.seed("exchange_rates", ("currency", "valid_from_date", "usd_per_unit", "rate_source"), rates)
    billed = Billed(sold, tmp_path_factory.mktemp("stripe"))
    billed.load(invoices=INVOICES, notes=NOTES, subscription=SUBSCRIPTION)
    return billed


@pytest.fixture(scope="module")
def later(billed: Billed) -> tuple[dict[str, Row], dict[str, Row]]:
    """What is billed, and what is billed when further pages, a newer state, an old file and both exports are in."""
    before = billed.rows()
    balance = (
        "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,customer_id,invoice_id,"
        "payment_metadata[customer_id],payment_metadata[feature]\n"
        "txn_1,2026-10-07 13:46:57,usd,41.25,1.50,39.75,charge,cus_7,,globex,search\n"
        "txn_2,2026-10-08 09:00:00,usd,-1.25,0.00,-1.25,refund,cus_7,,globex,\n"
        "txn_3,2026-10-08 09:00:00,usd,142.80,4.00,138.80,charge,cus_1,in_net,,\n"
        "txn_4,2026-10-08 09:00:00,usd,23.80,1.00,22.80,charge,cus_8,in_exported,,\n"
        "txn_5,2026-10-09 09:00:00,usd,-500.00,0.00,-500.00,payout,,,,\n"
    )
    exported = (
        "id,Customer,Currency,Status,Date (UTC),Subtotal,Tax,Total,Finalized At (UTC),"
        "Minimum Line Item Period Start (UTC),Maximum Line Item Period End (UTC)\n"
        "in_exported,cus_8,usd,paid,2026-10-01 00:00,20.00,3.80,23.80,2026-10-01 01:00,"
        "2026-10-01 00:00,2026-11-01 00:00\n"
        "in_exported_void,cus_8,usd,void,2026-10-01 00:00,9.00,0.00,9.00,,,\n"
        "in_net,cus_1,usd,paid,2026-10-01 00:00,145.00,22.80,142.80,2026-10-01 01:00,,\n"
    )
    given_up = invoice(
        "in_given_up",
        line("il_given_up", 6_600),
        status="uncollectible",
        status_transitions={"finalized_at": at(1, 1), "marked_uncollectible_at": at(30)},
    )
    draft = invoice("in_net", line("il_dropped", 99_900), line("il_seats", 1), status="draft", status_transitions={})
    billed.load(
        lines=page("/v1/invoices/in_long/lines?limit=100", line("il_second", 6_000), line("il_first", 4_000)),
        credit_lines=page("/v1/credit_notes/cn_long/lines", credited("cnli_rest", 500, "il_back")),
        again=page("/v1/invoices", given_up, draft),
        balance=balance,
        # the same months asked for with another end: the row is in both
        balance_again=balance[: balance.index("txn_3")] + "txn_6,2026-10-31 09:00:00,eur,-1.00,0,-1,payout,,,,\n",
        exported=exported,
        # an older export, with other columns, loaded last
        exported_before=(
            "id,Customer,Currency,Status,Date (UTC),Total\n"
            "in_exported,cus_8,usd,open,2026-10-01 00:00,23.80\n"
            "in_exported_void,cus_8,usd,open,2026-10-01 00:00,9.00\n"
        ),
    )
    return before, billed.rows()


def test_what_is_billed_is_the_line_net_of_discounts_and_tax_less_what_is_credited(
    later: tuple[dict[str, Row], dict[str, Row]],
) -> None:
    before, _ = later
    assert before == EXPECTED | OPEN | CREDITED | OPEN_CREDIT


def test_pages_that_come_later_take_the_place_of_the_rest_and_the_newest_state_counts(
    later: tuple[dict[str, Row], dict[str, Row]],
) -> None:
    _, after = later
    assert {
        line_id: row for line_id, row in after.items() if "payment" not in line_id and "summary" not in line_id
    } == {
        **EXPECTED,
        **CREDITED,
        "il_second": ("cus_1", "growth", None, Decimal(60), "USD", OCTOBER, NOVEMBER),
        "cnli_rest": ("cus_1", "growth", None, Decimal(-5), "USD", *days(16, 1, end_month=11)),
    }


def test_exports_tell_what_the_api_does_not_and_nothing_twice(later: tuple[dict[str, Row], dict[str, Row]]) -> None:
    _, after = later
    assert {line_id: row for line_id, row in after.items() if "payment" in line_id or "summary" in line_id} == {
        "rest of payment txn_1": ("globex", None, "search", Decimal("41.25"), "USD", *days(7, 8)),
        "rest of payment txn_2": ("globex", None, None, Decimal("-1.25"), "USD", *days(8, 9)),
        "rest of invoice_summary in_exported": ("cus_8", None, None, Decimal(20), "USD", OCTOBER, NOVEMBER),
    }


def landed(con: duckdb.DuckDBPyConnection, tmp_path: Path, *objects: dict[str, Any]) -> Landed:
    path = tmp_path / "stripe.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    source = discover()["stripe"]
    return land(con, inspect(path), source, source.tables[0], home=tmp_path)


def test_what_cannot_be_placed_or_priced_is_rejected_and_says_why(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    stray = line("il_1", 100)
    broken = [
        credited("cnli_1", 100),
        stray,
        invoice("in_1", stray, status=None),
        invoice("in_2", stray, currency=None) | {"lines": {"data": [stray | {"currency": None}]}},
        invoice("in_3", stray, total=None, total_excluding_tax=None),
        invoice("in_4", stray) | {"lines": {"data": [stray | {"amount": None}]}},
        invoice("in_5", created=None),
        invoice("in_6", line("il_2", 100, at(1), at(1) + 10**9)),
        invoice("in_7", stray, currency="dollars"),
        invoice("in_8", line("il_3", 100, taxes=[]), livemode=False),
    ]
    result = landed(con, tmp_path, *broken)
    assert (result.landed_count, result.other_count) == (0, 1)
    assert [(reject.column, reject.rule) for reject in sorted(result.rejects, key=lambda one: one.record_number)] == [
        ("page_of", "is missing: the line names no credit note"),
        ("invoice_id", "is missing"),
        ("status", "is missing"),
        ("currency", "is missing"),
        ("total", "is missing"),
        ("amount", "is missing"),
        ("created", "is missing"),
        ("period_end", "makes no period between 2015 and 2049"),
        ("currency", "is no currency"),
    ]


def test_a_list_of_stripes_without_an_invoice_is_known_as_such(tmp_path: Path) -> None:
    empty = tmp_path / "2026-10.0001.json"
    empty.write_text(json.dumps(page("/v1/invoices")))
    sources = [
        source.name
        for source in discover().values()
        for table in source.tables
        if table.recognises(inspect(empty).sample)
    ]
    assert sources == ["stripe"]


def subscription(name: str, customer: str, *items: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {
        **SUBSCRIPTION,
        "id": name,
        "metadata": {"customer_id": customer},
        "created": at(1),
        "start_date": at(1),
        "ended_at": None,
        "items": {
            "object": "list",
            "data": [
                {
                    "id": f"{name} {plan}", "object": "subscription_item", "quantity": 1,
                    "current_period_start": more.get("begun", at(1)),
                    "price": {"id": f"price_{plan}", "nickname": plan, "unit_amount": amount},
                }
                for plan, amount in items
            ],
        },
        **more,
    }  # fmt: skip


def test_a_subscription_tells_the_plan_where_neither_the_seed_nor_an_invoice_does(
    company: Companies, tmp_path: Path
) -> None:
    made = company("subscribed", select=MODELS)
    columns = ("customer_id", "plan_id", "segment_id", "valid_from_date", "valid_to_date", "reason")
    stated = ("stated", "enterprise", "(none)", "2026-10-01", "2100-01-01", "by hand")
    made.seed("customer_plans", columns, [dict(zip(columns, stated, strict=True))])
    paid = line("il", 900, at(11), at(21), pricing=None, price={"id": "price_pro", "nickname": "pro"})
    subscriptions = [
        # of two items the dearer is the plan; invoiced from the eleventh to the twentieth under another name
        subscription("sub_paid", "paying", ("basic", 100), ("plus", 300)),
        subscription("sub_trial", "trying", ("trial", 0), status="canceled", ended_at=at(5, 12)),
        subscription("sub_never", "never", ("trial", 0), status="incomplete_expired"),
        subscription("sub_stated", "stated", ("basic", 100)),
        # read again after a change of plan
        subscription("sub_moved", "moved", ("basic", 100)),
        subscription("sub_moved", "moved", ("plus", 300), begun=at(20)),
    ]
    pages = {
        "invoices": page("/v1/invoices", invoice("in_1", paid, metadata={"customer_id": "paying"})),
        "subscriptions": page("/v1/subscriptions", *subscriptions[:5]),
        "later": page("/v1/subscriptions", subscriptions[5]),
    }
    Billed(made, tmp_path).load(**pages)
    assert made.rows(
        "select customer_id, plan_id, valid_from_date, valid_to_date, told_by from dim_customer_plans order by 1, 3"
    ) == [
        ("moved", "plus", *days(1, 21), "subscription"),
        ("paying", "plus", *days(1, 11), "subscription"),
        ("paying", "pro", *days(11, 21), "revenue"),
        ("stated", "enterprise", date(2026, 10, 1), date(2100, 1, 1), "stated"),
        ("trying", "trial", *days(1, 6), "subscription"),
    ]
