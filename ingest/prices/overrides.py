"""Contracts and other prices that no catalogue knows: `seeds/price_overrides.csv`, read and checked.

A line says what holds (its effect), for whom and what (its scope; blank means any), and from when to when.

| effect | says | needs |
|---|---|---|
| `list_price` | the list price of an own or fine-tuned model, or the right one | usage_kind, price, per_units |
| `contract_price` | what we pay instead of the list price | usage_kind, price, per_units |
| `discount` | what we pay is the list price less so many percent | discount_percent |
| `free` | we pay nothing, by contract | – |
| `self_hosted` | we pay for the machine, not for the call | – |
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from ingest.prices import csv_lines
from ingest.prices.tables import BEGINNING, END, PER_UNITS, PriceBookError, Row, unit_price

SOURCE = "price_overrides"
"""As `price_source` of the snapshots."""

WITH_PRICE = frozenset({"list_price", "contract_price"})
EFFECTS = WITH_PRICE | {"discount", "free", "self_hosted"}

SCOPE = {
    "deployment_id": 64,
    "api_key_id": 32,
    "project_id": 16,
    "billing_account_id": 8,
    "model_id": 4,
    "provider_id": 1,
}
"""What a line may be bound to, and how much that counts; a model with wildcards counts 2. Each counts more than all
below it together: of the lines that fit a call the one with the highest sum holds. Of equal ones: one with a service
tier before one without, then one with a usage kind, then the wildcard with more letters, then the first line."""

COLUMNS = (
    "effect", *reversed(SCOPE), "service_tier", "usage_kind", "price", "per_units", "currency", "discount_percent",
    "valid_from_date", "valid_to_date", "note",
)  # fmt: skip


DECIMALS, MOST = 18, 1000
"""What the columns of a price and of a unit price can hold."""
MOST_IN_ALL = 10_000_000_000
"""With its decimals, what a Decimal is reckoned with: 28 digits."""


class OverridesError(PriceBookError):
    """A line of the overrides that cannot be meant."""


def read(path: Path) -> list[Row]:
    """The lines of the file as rows of `OVERRIDES` without what a snapshot adds.

    Raises:
        OverridesError: a line cannot be read, or two lines of one scope overlap or leave a gap; it names the lines.
        OSError: the file is not there.
    """
    lines = []
    try:
        for number, record in csv_lines.read(path, COLUMNS):
            try:
                lines.append(_line(record, number))
            except ValueError as error:
                raise OverridesError(f"{path} line {number}: {error}") from error
    except OverridesError:
        raise
    except PriceBookError as error:
        raise OverridesError(str(error)) from error
    for problem in _overlaps_and_gaps(lines):
        raise OverridesError(f"{path} {problem}")
    return lines


def precedence(line: Row) -> int:
    """How specific a line is: where several fit a call, the highest holds."""
    model = line["model_id"] or ""
    scope = sum(weight for column, weight in SCOPE.items() if line[column] is not None) - 2 * ("*" in model)
    order = (scope * 2 + (line["service_tier"] is not None)) * 2 + (line["usage_kind"] is not None)
    return order * 1000 + min(len(model.replace("*", "")), 999)


def _line(text: dict[str, str | None], number: int) -> Row:
    effect = text["effect"]
    if effect not in EFFECTS:
        raise ValueError(f"effect {effect or '(blank)'} is none of {', '.join(sorted(EFFECTS))}")
    if text["usage_kind"] is not None and text["usage_kind"] not in PER_UNITS:
        raise ValueError(f"usage_kind {text['usage_kind']} is none of {', '.join(PER_UNITS)}")
    for name in ("price", "per_units", "currency"):
        if text[name] and effect not in WITH_PRICE:
            raise ValueError(f"a {effect} has no {name}")
    if text["discount_percent"] and effect != "discount":
        raise ValueError(f"a {effect} has no discount_percent")
    valid_from, valid_to = _day(text["valid_from_date"], BEGINNING), _day(text["valid_to_date"], END)
    if valid_from >= valid_to:
        raise ValueError(f"valid_to_date {valid_to} is not after valid_from_date {valid_from}; the end is exclusive")
    row: Row = {
        "line_number": number,
        "effect": effect,
        **{name: text[name] for name in (*SCOPE, "service_tier", "usage_kind")},
        "provider_id": text["provider_id"].lower() if text["provider_id"] else None,  # as every catalogue spells it
        **(_price(text) if effect in WITH_PRICE else {}),
        "discount": _discount(text["discount_percent"]) if effect == "discount" else None,
        "valid_from_date": valid_from,
        "valid_to_date": valid_to,
        "note": text["note"],
    }
    return {**row, "precedence": precedence(row)}


def _price(text: dict[str, str | None]) -> Row:
    if not (text["usage_kind"] and text["price"] and text["per_units"]):
        raise ValueError(f"a {text['effect']} needs usage_kind, price and per_units")
    price, per_units, currency = _number("price", text["price"]), text["per_units"], text["currency"] or "USD"
    if price < 0:
        raise ValueError(f"price {price} is negative")
    if price >= MOST_IN_ALL:
        raise ValueError(f"price {price} is {MOST_IN_ALL:,} or more: state it for fewer units")
    if not per_units.isdecimal() or int(per_units) == 0:
        raise ValueError(f"per_units {per_units} is no whole number above 0")
    if len(currency) != len("USD") or not currency.isalpha() or not currency.isupper():
        raise ValueError(f"currency {currency} is no ISO 4217 code")
    if price >= MOST * int(per_units) or price != round(price, DECIMALS):
        raise ValueError(f"price {price} has more than {DECIMALS} decimals, or is {MOST:,} or more for one unit")
    return {
        "price": price,
        "per_units": int(per_units),
        "unit_price": unit_price(price, int(per_units)),
        "currency": currency,
    }


def _discount(percent: str | None) -> Decimal:
    if percent is None:
        raise ValueError("a discount needs discount_percent")
    discount = _number("discount_percent", percent.removesuffix("%")) / 100
    if not 0 <= discount <= 1:
        raise ValueError(f"discount_percent {percent} is outside 0 to 100")
    if discount != round(discount, 6):
        raise ValueError(f"discount_percent {percent} has more than 4 decimals")
    return discount


def _number(name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{name} {text} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{name} {text} is no number")
    return number


def _day(text: str | None, where_blank: date) -> date:
    if text is None:
        return where_blank
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text} is no day like 2026-01-31") from error
    if not BEGINNING <= day <= END:
        raise ValueError(f"{day} is not between {BEGINNING} and {END}")
    return day


def _overlaps_and_gaps(lines: list[Row]) -> Iterator[str]:
    """A list price and what we pay may share a scope; two lines that say the same thing may not."""
    by_scope = defaultdict(list)
    for line in lines:
        scope = [line[column] for column in (*SCOPE, "service_tier", "usage_kind")]
        by_scope[line["effect"] == "list_price", *scope].append(line)
    for same in by_scope.values():
        for earlier, later in pairwise(sorted(same, key=lambda line: (line["valid_from_date"], line["line_number"]))):
            end, start = earlier["valid_to_date"], later["valid_from_date"]
            both = f"lines {earlier['line_number']} and {later['line_number']} have the same scope and"
            fix = f"end line {earlier['line_number']} on {start}"
            if start < end:
                yield f"{both} overlap from {start} to {min(end, later['valid_to_date'])}: {fix}"
            elif end < start:
                meant = "" if earlier["effect"] == "list_price" else ", or fill the gap by a line with a discount of 0"
                yield f"{both} leave a gap from {end} to {start}: {fix}{meant}"
