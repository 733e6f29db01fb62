"""A month of calls, and its bill with one planted difference of every class, each sized by hand."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.settings import PROJECT_DIR
from tests.models.conftest import Company

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


ANY_RULE = {
    "stage": 3, "charge_kind": "*", "charge_provider_id": "*", "billing_account_id": "*", "driver": "tokens",
    "to_pool_id": "-", "to_provider_id": "*", "to_model_id": "*", "to_deployment_id": "*", "to_feature_id": "*",
    "to_operation": "*", "to_environment": "*", "idle": "apart", "measured_by": "-", "daily_capacity": 0,
    "valid_from_date": "2026-01-01", "valid_to_date": "2027-01-01", "reason": "of this test",
}  # fmt: skip
"""What a rule of allocation says where a test says nothing else."""


def allocate(home: Company, rules: Iterable[Mapping[str, object]]) -> None:
    """Spread charges by these rules, with the columns of the shipped seed, and by no others."""
    with (PROJECT_DIR / "seeds" / "allocation_rules.csv").open() as file:
        home.seed("allocation_rules", next(csv.reader(file)), rules)


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
