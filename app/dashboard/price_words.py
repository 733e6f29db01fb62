"""The price book in words: what a kind is called, what a price buys, quantity × price = amount, what a line says."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app import currency
from app.dashboard import theme

BEGINNING, END = date(2015, 1, 1), date(2100, 1, 1)
"""A price that says no date holds from the one to the other."""

MILLION = 1_000_000
_DAY = 86_400
_SHORT = {MILLION: "1M ", 1000: "1K "}
_HOUR = 3600

STATES: Mapping[str, str] = {
    "free": "Free by contract: a line of the price overrides says so.",
    "self_hosted": "Self-hosted: paid as capacity, by the hour of the machine, not by the call.",
    "not_billed": "It failed before it used anything, so the provider bills nothing.",
    "unknown_model": "No price: no source knows this model.",
    "no_price": "No price: the model is known, but there is none for what was used, or none on that day.",
    "usage_missing": "No price can be put to it: the log does not say what it used.",
}
"""Why a call is not simply quantity × price, by `price_status`."""

REMEDIES: Mapping[str, str] = {
    "unknown_model": "add a `list_price` line for it to `seeds/price_overrides.csv`, or fetch what the catalogue has"
    " learned since with `unitcost prices update`.",
    "no_price": "add a `list_price` line for what was used to `seeds/price_overrides.csv`, or fetch what the catalogue"
    " has learned since with `unitcost prices update`.",
    "usage_missing": "log the tokens that the provider returns (streams need `include_usage` or its like), or load an"
    " export that has them. A price would not help.",
}
"""What to do about calls without a price, by `price_status`."""


def kind(usage_kind: str) -> str:
    """`cache_read_tokens` → Cache read; what is not counted in tokens keeps its unit."""
    return usage_kind.removesuffix("_tokens").replace("_", " ").capitalize()


def per(per_units: int, usage_kind: str) -> str:
    """What a price buys: 1M tokens, 1K searches, hour."""
    unit = usage_kind.rsplit("_", maxsplit=1)[-1]
    if unit == "seconds" and per_units == _HOUR:
        return "hour"
    if per_units == 1:
        return unit.removesuffix("s")
    return f"{_SHORT.get(per_units, f'{per_units:,} ')}{unit}"


def unit_price(price: Decimal | None, *, tokens: bool) -> str:
    """The price of one as a reader knows it: $3.00 / 1M for tokens, $0.01 for all else."""
    if price is None:
        return "no price"
    return f"{theme.price(price * MILLION)} / 1M" if tokens else theme.price(price)


def formula(lines: Iterable[Mapping[str, Any]]) -> str:
    """1,240 × $3.00 / 1M + 500 × $15.00 / 1M = $0.01122, of rows of `cost_lines`."""
    parts, amounts = [], []
    for line in lines:
        said = unit_price(line["unit_price_usd"], tokens=line["unit"] == "tokens")
        parts.append(f"{theme.quantity(line['quantity'])} × {said}")
        amounts.append(line["amount_usd"])
    total = None if None in amounts else sum(amounts, Decimal(0))
    return f"{' + '.join(parts)} = {theme.price(total)}"


def since(day: date) -> str:
    """The first day of a stretch of time."""
    return "always" if day <= BEGINNING else day.isoformat()


def until(day: date) -> str:
    """The day after a stretch of time."""
    return "open" if day >= END else day.isoformat()


def context(tier_start_tokens: int) -> str:
    """From which size of a call's input a price holds."""
    return "any" if tier_start_tokens <= 0 else f"above {tier_start_tokens:,}"


def hours(from_second: int, to_second: int) -> str:
    """At which hours of the UTC day a price holds; empty where it is always."""
    if (from_second, to_second) == (0, _DAY):
        return ""
    return f"{_clock(from_second)}–{_clock(to_second)} UTC"


def effect(line: Mapping[str, Any]) -> str:
    """What a line of the price overrides says."""
    match line["effect"]:
        case "discount":
            return f"{_percent(line['discount'])} off list"
        case "free":
            return "free by contract"
        case "self_hosted":
            return "self-hosted: paid as capacity"
        case other:
            mark = currency.symbol(line["currency"] or "USD")
            amount = theme.price(line["price"]).replace(currency.symbol("USD"), mark)
            unit, _, rest = per(line["per_units"], line["usage_kind"]).partition(" ")
            bought = line["usage_kind"].replace("_", " ")
            said = f"{amount} per {unit} {bought}" if rest else f"{amount} per {unit} ({bought})"
            return f"list price {said}" if other == "list_price" else said


def scope(line: Mapping[str, Any]) -> str:
    """Whom and what a line of the price overrides is for."""
    bound = [line[name] for name in ("provider_id", "model_id") if line[name]]
    for name, label in (
        ("billing_account_id", "account"),
        ("project_id", "project"),
        ("api_key_id", "key"),
        ("deployment_id", "deployment"),
        ("service_tier", "tier"),
    ):
        if line[name]:
            bound.append(f"{label} {line[name]}")
    if line["usage_kind"] and line["effect"] not in {"list_price", "contract_price"}:
        bound.append(kind(line["usage_kind"]).lower())
    return " · ".join(bound) or "everything"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def _clock(second: int) -> str:
    return f"{second // _HOUR:02d}:{second % _HOUR // 60:02d}"
