"""The other side of the traffic: what providers bill (FOCUS 1.2), and what customers pay."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import polars as pl

from ingest.demo import company as co
from ingest.demo.chance import Window

Row = dict[str, str]

BILLERS = {"openai": ("openai",), "anthropic": ("anthropic", "litellm")}  # provider → the logs with its traffic
_NAMES = {"openai": "OpenAI", "anthropic": "Anthropic"}
_METERS = {
    "input": "Input Tokens",
    "cache_read": "Cached Input Tokens",
    "cache_write_5m": "Cache Write Tokens (5 minutes)",
    "cache_write_1h": "Cache Write Tokens (1 hour)",
    "output": "Output Tokens",
}
_MILLION = Decimal(1_000_000)
_CENT = Decimal("0.01")

_FOCUS_1_2 = (
    "BillingAccountId BillingAccountName BillingAccountType SubAccountId SubAccountName SubAccountType InvoiceId "
    "InvoiceIssuerName ProviderName PublisherName BillingCurrency PricingCurrency BillingPeriodStart BillingPeriodEnd "
    "ChargePeriodStart ChargePeriodEnd ChargeCategory ChargeClass ChargeDescription ChargeFrequency BilledCost "
    "EffectiveCost ListCost ContractedCost ListUnitPrice ContractedUnitPrice PricingCategory PricingQuantity "
    "PricingUnit ConsumedQuantity ConsumedUnit ServiceCategory ServiceSubcategory ServiceName SkuId SkuPriceId "
    "SkuMeter SkuPriceDetails RegionId RegionName ResourceId ResourceName ResourceType CommitmentDiscountCategory "
    "CommitmentDiscountId CommitmentDiscountName CommitmentDiscountStatus CommitmentDiscountType Tags"
)
FOCUS_COLUMNS = tuple(_FOCUS_1_2.split())
REVENUE_COLUMNS = ("customer_id", "period_start", "period_end", "amount", "currency", "plan", "feature")


def usage_by_day(calls: pl.DataFrame) -> pl.DataFrame:
    """Sum tokens per log, day, model and context tier, as providers meter them. A model without a price has no bill."""
    return (
        calls.filter(pl.col("model").is_in(list(co.PRICES)))
        .group_by("log", "month", "date", "model", "is_long")
        .agg(pl.col(co.TOKEN_KINDS).sum())
        .sort("log", "date", "model", "is_long")
    )


def bill(provider: str, month: date, usage: pl.DataFrame, window: Window, scale: float) -> Iterator[Row]:
    """Bill a month in FOCUS 1.2: usage by day, model and meter; then the support plan, its tax, and a credit."""
    invoice = {
        "BillingAccountId": f"{provider}-org-4711",
        "BillingAccountName": "Imaginary Company Inc.",
        "BillingAccountType": "Organization",
        "SubAccountId": "proj-production",
        "SubAccountName": "production",
        "SubAccountType": "Project",
        # The running month has no invoice yet.
        "InvoiceId": f"{provider.upper()}-{month:%Y-%m}" if month < window.running_month else "",
        "InvoiceIssuerName": _NAMES[provider],
        "ProviderName": _NAMES[provider],
        "PublisherName": _NAMES[provider],
        "BillingCurrency": "USD",
        "PricingCurrency": "USD",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": f"{_NAMES[provider]} API",
        **_period("Billing", month, _next(month)),
    }
    of_month = usage.filter(pl.col("log").is_in(BILLERS[provider]) & (pl.col("month") == month))
    for day in of_month.iter_rows(named=True):
        prices = (co.LONG_CONTEXT_PRICES if day["is_long"] else co.PRICES)[day["model"]]
        for kind in co.TOKEN_KINDS:
            if day[kind]:
                line = partial(_usage, day["date"], day["model"], kind, is_long=day["is_long"])
                what = planted(day["model"], kind, day["date"], window)
                billed = _as_billed(what, line, day[kind], prices[kind], scale)
                yield from (invoice | row for row in billed)
    if (provider, month) == ("openai", window.full_month):
        model, kind, number = co.PLANTED["coverage"]
        tokens = int(co.SHADOW_TOKENS * scale)
        yield invoice | _usage(month.replace(day=number), model, kind, tokens, co.SHADOW_PRICE, is_long=False)
    yield from (invoice | row for row in _beside_usage(provider, month, window, scale))


def planted(model: str, kind: str, day: date, window: Window) -> str | None:
    """Name the class of the difference that a line of the bill has; "late" is the other side of "timing"."""
    if day.replace(day=1) != window.full_month:
        return None
    found = {(of, kind, number): what for what, (of, kind, number) in co.PLANTED.items()}
    model_late, kind_late, number_late = co.PLANTED["timing"]
    found[model_late, kind_late, number_late + 1] = "late"
    return found.get((model, kind, day.day))


def _as_billed(
    what: str | None, line: Callable[[int, Decimal], Row], tokens: int, price: Decimal, scale: float
) -> Iterator[Row]:
    """Bill tokens of a day, model and kind: by one line, or as the difference has it."""
    late, cost = int(co.LATE_TOKENS * scale), tokens / _MILLION * price
    match what:
        case "quantity":
            yield line(int(tokens * co.OVERBILLED_BY), price)
        case "price":
            yield line(tokens, price * co.DEARER_BY)
        case "tier":
            batched = tokens // co.BATCHED_SHARE
            yield line(tokens - batched, price)
            batch = line(batched, price / 2)
            yield batch | {
                "ChargeDescription": batch["ChargeDescription"].replace(", ", ", Batch "),
                "SkuMeter": f"Batch {batch['SkuMeter']}",
                "SkuPriceId": f"{batch['SkuPriceId']}/batch",
            }
        case "timing":
            yield line(tokens - late, price)
        case "late":
            yield line(tokens + late, price)
        case "rounding":
            yield line(tokens, price) | _costs(cost.quantize(_CENT))
        case "unexplained":
            yield line(tokens, price) | {"ConsumedQuantity": "", "ConsumedUnit": ""} | _costs(cost * co.UNTOLD_BY)
        case _:
            yield line(tokens, price)


def _usage(day: date, model: str, kind: str, tokens: int, price: Decimal, *, is_long: bool) -> Row:
    tier = "long-context" if is_long else "standard"
    details = {"x_Model": model, "x_TokenKind": kind, "x_ContextTier": tier}
    return {
        "ChargeCategory": "Usage",
        "ChargeDescription": f"{model}, {_METERS[kind]}" + (", over 200k input" if is_long else ""),
        "ChargeFrequency": "Usage-Based",
        "PricingCategory": "Standard",
        "PricingQuantity": _plain(tokens / _MILLION),
        "PricingUnit": "1000000 Tokens",
        "ConsumedQuantity": str(tokens),
        "ConsumedUnit": "Tokens",
        "ListUnitPrice": _plain(price),
        "ContractedUnitPrice": _plain(price),
        "SkuId": f"{model}/{kind}",
        "SkuPriceId": f"{model}/{kind}/{tier}",
        "SkuMeter": _METERS[kind],
        "SkuPriceDetails": json.dumps(details, separators=(",", ":")),
        **_period("Charge", day, day + timedelta(days=1)),
        **_costs(tokens / _MILLION * price),
    }


def _beside_usage(provider: str, month: date, window: Window, scale: float) -> Iterator[Row]:
    fee = _money(co.SUPPORT_PLAN_USD[provider], scale)
    tax = (fee * co.TAX_ON_SUPPORT_PLAN).quantize(_CENT)
    monthly = _period("Charge", month, _next(month)) | {"ChargeFrequency": "Recurring"}
    plan = {
        "ChargeCategory": "Purchase",
        "ChargeDescription": "Support plan",
        "PricingCategory": "Standard",
        "PricingQuantity": "1",
        "PricingUnit": "Months",
        "ListUnitPrice": _plain(fee),
        "ContractedUnitPrice": _plain(fee),
        "SkuId": "support-plan",
        "SkuPriceId": "support-plan/monthly",
    }
    yield monthly | plan | _costs(fee)
    yield monthly | {"ChargeCategory": "Tax", "ChargeDescription": "Sales tax on the support plan"} | _costs(tax)
    if month == window.full_month:
        credit = {"ChargeCategory": "Credit", "ChargeDescription": "Promotional credit", "ChargeFrequency": "One-Time"}
        yield monthly | credit | _costs(_money(co.PROMOTIONAL_CREDIT_USD, scale))


def revenue(month: date, calls_of_month: pl.DataFrame, scale: float) -> Iterator[Row]:
    """Charge a month: every customer's subscription, and what customers of the metered plan used beyond it.

    `period_end` is exclusive; amounts are USD with two decimals.
    """
    period = {"period_start": month.isoformat(), "period_end": _next(month).isoformat(), "currency": "USD"}
    plans = dict(zip(co.CUSTOMERS, co.PLAN_OF, strict=True))
    enterprise_fees = iter(co.ENTERPRISE_FEES_USD)
    for customer, plan in plans.items():
        fee = next(enterprise_fees) if plan == "E" else co.MONTHLY_FEE_USD[plan]
        amount = str(_money(fee, scale))
        yield period | {"customer_id": customer, "plan": co.PLANS[plan], "amount": amount, "feature": ""}
    for customer, feature, used in _metered(calls_of_month).iter_rows():
        included, price = co.METERED_USD[feature]
        beyond = used - round(included * scale)
        if plans[customer] == co.METERED_PLAN and beyond > 0:
            metered = {"plan": co.PLANS[co.METERED_PLAN], "amount": str((beyond * price).quantize(_CENT))}
            yield period | metered | {"customer_id": customer, "feature": feature}


def _metered(calls: pl.DataFrame) -> pl.DataFrame:
    """Count per customer and feature what is charged for: searches (traces) and agent sessions (conversations)."""
    counted = pl.coalesce("trace", "conversation").n_unique()
    metered = calls.filter(pl.col("feature").is_in(list(co.METERED_USD)))
    return metered.group_by("customer", "feature").agg(counted.alias("used")).sort("customer", "feature")


def _period(name: str, start: date, end: date) -> Row:
    return {f"{name}PeriodStart": f"{start}T00:00:00Z", f"{name}PeriodEnd": f"{end}T00:00:00Z"}


def _costs(usd: Decimal) -> Row:
    return dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), _plain(usd))


def _money(usd: Decimal, scale: float) -> Decimal:
    """Shrink a fee with the company, so that margins are the same at every scale."""
    return (usd * Decimal(str(scale))).quantize(_CENT)


def _plain(number: Decimal) -> str:
    """Write digits without an exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
