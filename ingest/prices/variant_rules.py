"""Service tiers, extended backwards from the day on which the catalogue verified them.

Every tier that a model was ever offered in gets a price on every day: the catalogue's own; before the catalogue's first
day of it, by the rules of `seeds/price_variant_rules.csv` a factor of the standard price of the day; else the standard
price, which is what a call in an unknown tier is billed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from ingest.prices import csv_lines
from ingest.prices.tables import END, STANDARD, UNIT_PRICE, PriceBookError, Row


@dataclass(frozen=True)
class Rule:
    """While a provider offered a tier, a token kind cost the standard price times the factor; the end is exclusive."""

    provider_id: str
    service_tier: str
    usage_kind: str
    factor: Decimal
    valid_from_date: date
    valid_to_date: date


@dataclass(frozen=True)
class _Offer:
    """When a model had a tier: standard price until by_rule, by rule until after_rule, standard until by_catalogue."""

    service_tier: str
    by_rule: date
    after_rule: date
    by_catalogue: date

    def stretches(self) -> Iterator[tuple[bool, date, date]]:
        """Whether the rules hold, from when, to when."""
        yield False, date.min, self.by_rule
        yield True, self.by_rule, self.after_rule
        yield False, self.after_rule, self.by_catalogue


def read(path: Path) -> list[Rule]:
    """The rules of a CSV file with the columns of `Rule`.

    Raises:
        PriceBookError: a line is no rule, or says again what another line says.
    """
    rules: dict[tuple[str, str, str], Rule] = {}
    for number, row in csv_lines.read(path, [field.name for field in fields(Rule)]):
        try:
            rule = Rule(
                provider_id=_word(row, "provider_id"),
                service_tier=_word(row, "service_tier"),
                usage_kind=_word(row, "usage_kind"),
                factor=_number(row, "factor"),
                valid_from_date=_day(row, "valid_from_date"),
                valid_to_date=_day(row, "valid_to_date"),
            )
        except ValueError as error:
            raise PriceBookError(f"{path} line {number}: {error}") from error
        key = (rule.provider_id, rule.service_tier, rule.usage_kind)
        if key in rules:
            raise PriceBookError(f"{path} line {number}: a second rule for {', '.join(key)}")
        rules[key] = rule
    return list(rules.values())


def _word(row: dict[str, str | None], name: str) -> str:
    if text := row[name]:
        return text
    raise ValueError(f"{name} is blank")


def _number(row: dict[str, str | None], name: str) -> Decimal:
    text = _word(row, name)
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{name} {text} is no number") from error
    if not number.is_finite():
        raise ValueError(f"{name} {text} is no number")
    return number


def _day(row: dict[str, str | None], name: str) -> date:
    text = _word(row, name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{name} {text} is no day like 2026-01-31") from error


def extend(catalogue: list[Row], rules: Iterable[Rule]) -> list[Row]:
    """The catalogue's rows, and those of its tiers before it knew them."""
    by_tier: dict[tuple[str, str], dict[str, Rule]] = defaultdict(dict)
    for rule in rules:
        by_tier[rule.provider_id, rule.service_tier][rule.usage_kind] = rule
    offers = _offers(catalogue, by_tier)
    return catalogue + [
        earlier
        for row in catalogue
        if row["service_tier"] == STANDARD
        for offer in offers[row["provider_id"], row["model_id"]]
        for earlier in _earlier(row, offer, by_tier.get((row["provider_id"], offer.service_tier), {}))
    ]


def _offers(
    catalogue: list[Row], by_tier: dict[tuple[str, str], dict[str, Rule]]
) -> dict[tuple[str, str], list[_Offer]]:
    first_days: dict[tuple[str, str], dict[str, date]] = defaultdict(dict)
    for row in catalogue:
        tiers = first_days[row["provider_id"], row["model_id"]]
        if row["service_tier"] != STANDARD:
            tiers[row["service_tier"]] = min(row["valid_from_date"], tiers.get(row["service_tier"], END))
    for (provider_id, _), tiers in first_days.items():
        for provider, tier in by_tier:
            if provider == provider_id:
                tiers.setdefault(tier, END)  # a model that was retired before the catalogue knew the tier
    return {
        (provider_id, model_id): [
            _offer(tier, first_day, by_tier.get((provider_id, tier), {}).values()) for tier, first_day in tiers.items()
        ]
        for (provider_id, model_id), tiers in first_days.items()
    }


def _offer(tier: str, first_day: date, rules: Collection[Rule]) -> _Offer:
    return _Offer(
        service_tier=tier,
        by_rule=min([first_day, *(rule.valid_from_date for rule in rules)]),
        # the latest end, but never later than the catalogue's own first day
        after_rule=min(first_day, max((rule.valid_to_date for rule in rules), default=first_day)),
        by_catalogue=first_day,
    )


def _earlier(row: Row, offer: _Offer, rules: dict[str, Rule]) -> Iterator[Row]:
    """A standard price, cut to the stretches before the catalogue's own price of the tier."""
    for is_by_rule, start, end in offer.stretches():
        from_date, to_date = max(row["valid_from_date"], start), min(row["valid_to_date"], end)
        if from_date >= to_date:
            continue
        rule = rules.get(row["usage_kind"]) if is_by_rule else None
        factor = rule.factor if rule else Decimal(1)
        yield {
            **row,
            "service_tier": offer.service_tier,
            "price_usd": row["price_usd"] * factor,
            "unit_price_usd": (row["unit_price_usd"] * factor).quantize(UNIT_PRICE, ROUND_HALF_UP),
            "price_rule": "price_variant_rules" if is_by_rule else "catalogue",
            "valid_from_date": from_date,
            "valid_to_date": to_date,
        }
