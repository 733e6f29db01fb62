"""An invoice that Lago or OpenMeter hands on to Stripe counts once, where an id says that it is the same."""

import csv
import json
from decimal import Decimal

import pytest

from tests.models import test_lago as lago
from tests.models import test_openmeter as openmeter
from tests.models import test_stripe as stripe
from tests.models.conftest import Companies, Company

MODELS = "+fct_revenue +revenue_sources"

D = Decimal
INVOICES = [
    # OpenMeter tells Stripe its id, and keeps Stripe's; either will do
    stripe.invoice("in_told", stripe.line("a", 1_000), metadata={"om_invoice_id": "om-told"}),
    stripe.invoice("in_kept", stripe.line("b", 2_000), stripe.line("b2", 500)),
    # of an invoice that is loaded from Stripe alone
    stripe.invoice("in_alone", stripe.line("c", 4_000), metadata={"om_invoice_id": "om-not-loaded"}),
    # of the same amount on the same days, and of no id
    stripe.invoice("in_alike", stripe.line("d", 1_000)),
]
NOTES = [stripe.credit_note("cn_1", "in_told", stripe.credited("e", 300, "a"))]
PAYMENTS = [
    {
        "balance_transaction_id": number, "created_utc": "2026-10-03 10:00:00", "currency": "usd", "gross": gross,
        "reporting_category": "charge", "payment_metadata[lago_invoice_id]": invoice,
    }
    for number, gross, invoice in (("txn_1", "12.50", "inv-1"), ("txn_2", "80.00", ""))
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("two_systems")
    files: dict[str, object] = {
        "invoices.json": stripe.page("/v1/invoices", *INVOICES),
        "notes.json": stripe.page("/v1/credit_notes", *NOTES),
        "fees.json": {"fees": [lago.fee("fee-1")], "meta": {"current_page": 1}},
        "openmeter.json": openmeter.page(
            openmeter.invoice("om-told", "10", openmeter.line("x", "10")),
            openmeter.invoice("om-kept", "25", openmeter.line("y", "25"), externalIds={"invoicing": "in_kept"}),
        ),
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2))
    with (folder / "balance.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(PAYMENTS[0]))
        writer.writeheader()
        writer.writerows(PAYMENTS)
    made = company("two-systems", select=MODELS)
    made.load(*((folder / name, None) for name in [*files, "balance.csv"]))
    return made


def test_an_invoice_of_two_systems_is_revenue_once(loaded: Company) -> None:
    assert loaded.rows("select source_id, sum(revenue_usd) from fct_revenue group by 1 order by 1") == [
        ("lago", D("12.5")),
        ("openmeter", D(35)),
        ("stripe", D(130)),  # $40 that OpenMeter's file has not, $10 that is alike, and a payment of $80
    ]


def test_what_another_system_counts_is_told(loaded: Company) -> None:
    assert loaded.rows(
        "select source_id, counted_by, is_counted, sum(line_count), sum(revenue_usd) from revenue_sources "
        "group by 1, 2, 3 order by 1, 2"
    ) == [
        ("lago", "lago", True, 1, D("12.5")),
        ("openmeter", "openmeter", True, 2, D(35)),
        ("stripe", "lago", False, 1, D("12.5")),
        ("stripe", "openmeter", False, 4, D(32)),  # $10, $25, less the $3 that were credited
        ("stripe", "stripe", True, 3, D(130)),
    ]
