"""Rated calls against the bill: one planted difference of every class in one month, each sized by hand."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import Companies, Company, write_calls

MODELS = ("clean", "more", "dearer", "batched", "shifted", "rounded", "untold", "unknown")
PRICES = {"input_tokens": "2", "output_tokens": "10"}  # dollars a million
PARTS = ("coverage", "quantity", "price", "tier", "timing", "credit", "non_token", "rounding", "unexplained")
MILLION = 1_000_000

OVERRIDES = [
    {
        "effect": "contract_price",
        "provider_id": "acme",
        "model_id": f"{model}-2026-01-01",
        "usage_kind": kind,
        "price": price,
        "per_units": MILLION,
        "currency": "USD",
    }
    for model in MODELS
    if model != "unknown"
    for kind, price in PRICES.items()
]


def call(number: int, model: str, day: int, **tokens: int) -> dict[str, Any]:
    return {
        "request_id": f"call-{model}-{day:02}-{number}",
        "provider_id": "acme",
        "model_id": f"{model}-2026-01-01",
        "requested_at": f"2026-10-{day:02}T12:00:00Z",
        "customer_id": f"customer-{number % 3}",
        "feature_id": "chat",
        "operation": "chat",
        **tokens,
    }


def line(model: str, day: int, kind: str, tokens: int | None, cost: str, **more: str) -> dict[str, str]:
    """A line of a FOCUS bill: the model and what was counted stand in its words."""
    start = date(2026, 10, day)
    return {
        "BillingAccountId": "org-1",
        "InvoiceId": "INV-1",
        "ProviderName": "Acme",
        "InvoiceIssuerName": "Acme",
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
        "BillingPeriodEnd": "2026-11-01T00:00:00Z",
        "ChargePeriodStart": f"{start}T00:00:00Z",
        "ChargePeriodEnd": f"{start + timedelta(days=1)}T00:00:00Z",
        "ChargeCategory": "Usage",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Acme API",
        "ChargeDescription": f"{model}, {kind} Tokens",
        "SkuMeter": f"{kind} Tokens",
        "ConsumedQuantity": "" if tokens is None else str(tokens),
        "ConsumedUnit": "" if tokens is None else "Tokens",
        "BilledCost": cost,
        "EffectiveCost": cost,
        **more,
    }


def write_bill(path: Path, lines: Iterable[Mapping[str, str]]) -> tuple[Path, str]:
    rows = list(lines)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path, "focus"


def month(number: int = 0) -> list[dict[str, Any]]:
    """The calls of October: three a day and model on the days 10 to 13."""
    return [
        call(
            3 * number + n,
            model,
            day,
            uncached_input_tokens=1_002_000 if (model, day, n) == ("rounded", 10, 0) else MILLION,
            output_tokens=100_000,
        )
        for model in MODELS
        for day in range(10, 14)
        for n in range(3)
    ]


def october() -> list[dict[str, str]]:
    """The bill: three million input tokens ($6) and 300,000 output tokens ($3) a day and model, and what is planted."""
    lines = []
    for day in range(10, 14):
        for model in ("clean", "more", "dearer", "batched", "shifted"):
            lines += [
                line(model, day, "Input", 3 * MILLION, "6"),
                line(model, day, "Output", 300_000, "3"),
            ]
        lines.append(line("rounded", day, "Input", 3 * MILLION, "6"))
        lines.append(line("rounded", day, "Output", 300_000, "3"))
        lines.append(line("untold", day, "Input", None, "6"))
        lines.append(line("untold", day, "Output", None, "3"))
        lines.append(line("unknown", day, "Input", 3 * MILLION, "9"))
        lines.append(line("unknown", day, "Output", 300_000, "4.50"))
    planted = {
        # 1 % more output tokens than were logged, at the same price
        ("more", 11, "Output"): [line("more", 11, "Output", 303_000, "3.03")],
        # the same tokens, a fifth dearer
        ("dearer", 12, "Input"): [line("dearer", 12, "Input", 3 * MILLION, "7.20")],
        # half of it went through batch, at half the price, and no log says so
        ("batched", 11, "Input"): [
            line("batched", 11, "Input", 1_500_000, "3"),
            line("batched", 11, "Batch Input", 1_500_000, "1.50"),
        ],
        # a million tokens of the 11th are on the 12th
        ("shifted", 11, "Input"): [line("shifted", 11, "Input", 2 * MILLION, "4")],
        ("shifted", 12, "Input"): [line("shifted", 12, "Input", 4 * MILLION, "8")],
        # $6.004, in whole cents
        ("rounded", 10, "Input"): [line("rounded", 10, "Input", 3_002_000, "6")],
        # dearer, and how much of it was used the bill does not say
        ("untold", 13, "Output"): [line("untold", 13, "Output", None, "3.50")],
    }
    kept = []
    for one in lines:
        model, kind = one["ChargeDescription"].removesuffix(" Tokens").split(", ")
        kept += planted.pop((model, int(one["ChargePeriodStart"][8:10]), kind), [one])
    assert not planted
    return [
        *kept,
        line("shadow", 12, "Input", 3_500_000, "7"),
        line("", 1, "", None, "-5", ChargeCategory="Credit", ChargeDescription="Promotional credit", SkuMeter=""),
        line("", 1, "", None, "25", ChargeCategory="Purchase", ChargeDescription="Support plan", SkuMeter=""),
    ]


@pytest.fixture(scope="module")
def closed(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("close")
    made = company("reconciliation", overrides=OVERRIDES)
    made.load((write_calls(folder / "calls.jsonl", month()), "canonical"), write_bill(folder / "bill.csv", october()))
    return made


def parts_of(made: Company, where: str) -> dict[str, Decimal]:
    """The parts of the differences that are not nothing."""
    sums = ", ".join(f"sum({part}_variance_usd)" for part in PARTS)
    (row,) = made.rows(f"select {sums} from reconciliation where {where}")
    return {part: value for part, value in zip(PARTS, row, strict=True) if value}


@pytest.mark.parametrize(
    ("model", "part", "amount"),
    [
        ("shadow", "coverage", "7"),
        ("more", "quantity", "0.03"),
        ("dearer", "price", "1.20"),
        ("batched", "tier", "-1.50"),
        ("untold", "unexplained", "0.50"),
        ("unknown", "price", "54"),
        ("rounded", "rounding", "-0.004"),
    ],
)
def test_a_planted_difference_is_found_sized_and_named(closed: Company, model: str, part: str, amount: str) -> None:
    assert parts_of(closed, f"model_id = '{model}'") == {part: Decimal(amount)}


def test_what_agrees_has_no_difference(closed: Company) -> None:
    assert parts_of(closed, "model_id = 'clean'") == {}


def test_a_day_that_has_what_its_neighbour_lacks_is_timing_and_nets_to_nothing(closed: Company) -> None:
    rows = closed.rows(
        "select cast(billing_date as varchar), timing_variance_usd, quantity_variance_usd, requests_cost_usd "
        "from reconciliation where model_id = 'shifted' and component = 'input' order by 1"
    )
    assert rows == [
        ("2026-10-10", 0, 0, 6), ("2026-10-11", -2, 0, 6), ("2026-10-12", 2, 0, 6), ("2026-10-13", 0, 0, 6),
    ]  # fmt: skip


def test_credits_and_what_is_no_use_stay_unattributed(closed: Company) -> None:
    rows = closed.rows(
        "select charge_kind, credit_variance_usd, non_token_variance_usd, unattributed_cost_usd from reconciliation "
        "where reconciliation_status = 'not_by_call' order by 1"
    )
    assert rows == [("credit", -5, 0, -5), ("other", 0, 25, 25)]


def test_the_bridge_leads_from_the_rated_cost_to_the_bill(closed: Company) -> None:
    steps = dict(closed.rows("select step, amount_usd from reconciliation_bridge"))
    # seven models with a price, four days, $9 each
    assert steps["rated_cost"] == 7 * 4 * 9 + Decimal("0.004")
    assert (
        steps["billed_cost"]
        == 7 * 4 * 9 + 7 + Decimal("0.03") + Decimal("1.20") - Decimal("1.50") + Decimal("0.50") + 54 - 5 + 25
    )
    assert sum(steps[part] for part in PARTS) == steps["billed_cost"] - steps["rated_cost"]


def test_calls_and_what_is_unattributed_are_the_invoice(closed: Company) -> None:
    ((called,),) = closed.rows("select sum(cost_usd) from fct_requests")
    ((unattributed,),) = closed.rows("select sum(unattributed_cost_usd) from reconciliation")
    ((billed,),) = closed.rows("select sum(effective_cost) from fct_charges")
    assert called + unattributed == billed
    assert unattributed == 7 - 5 + 25
    assert closed.rows("select distinct is_invoiced from fct_requests") == [(True,)]


def test_a_call_costs_its_share_of_the_bill(closed: Company) -> None:
    rows = closed.rows(
        "select contracted_cost_usd, cost_usd, count(*) from fct_requests "
        "where model_id like 'dearer%' and usage_date = '2026-10-12' group by all"
    )
    assert rows == [(Decimal(3), Decimal("3.40"), 3)]  # $2 + $1, and $7.20 / 3 + $1 by the bill


def test_calls_of_a_model_without_a_price_cost_what_the_bill_says(closed: Company) -> None:
    rows = closed.rows(
        "select price_status, contracted_cost_usd, cost_usd, is_invoiced from fct_requests "
        "where model_id like 'unknown%' group by all"
    )
    assert rows == [("unknown_model", None, Decimal("4.50"), True)]
