"""Random calls over the whole catalogue of `genai-prices`, and what the library itself says that they cost."""

import csv
import random
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceCalculation,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from genai_prices.units import _get_registry

from app.settings import PROJECT_DIR

FIRST, LAST = datetime(2023, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC)
EVERY_DAYS = 37
"""Days between two on which calls are made without a reason: a landing file for each of five years' days is slow."""

LEAVES: Mapping[str, tuple[str, ...]] = {
    "uncached_input_tokens": ("input_tokens",),
    "cache_read_tokens": ("input_tokens", "cache_read_tokens"),
    "cache_read_audio_tokens": (
        "input_tokens", "cache_read_tokens", "input_audio_tokens", "cache_audio_read_tokens",
    ),
    "cache_read_image_tokens": (
        "input_tokens", "cache_read_tokens", "input_image_tokens", "cache_image_read_tokens",
    ),
    "cache_write_5m_tokens": ("input_tokens", "cache_write_tokens", "cache_write_5m_tokens"),
    "cache_write_1h_tokens": ("input_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    "cache_write_unknown_tokens": ("input_tokens", "cache_write_tokens"),
    "input_audio_tokens": ("input_tokens", "input_audio_tokens"),
    "input_image_tokens": ("input_tokens", "input_image_tokens"),
    "input_video_tokens": ("input_tokens", "input_video_tokens"),
    "output_tokens": ("output_tokens",),
    "reasoning_tokens": ("output_reasoning_tokens",),  # inside output_tokens here as there
    "output_audio_tokens": ("output_tokens", "output_audio_tokens"),
    "output_image_tokens": ("output_tokens", "output_image_tokens"),
    "output_video_tokens": ("output_tokens", "output_video_tokens"),
    "citation_tokens": ("output_tokens", "output_citation_tokens"),
    "web_search_count": ("web_searches",),
    "storage_search_count": ("storage_searches",),
    "audio_seconds": ("audio_seconds", "input_audio_seconds"),
    "character_count": ("input_characters",),
    "page_count": ("input_document_pages",),
    "annotated_page_count": ("input_document_pages", "input_annotated_document_pages"),
    "message_count": ("input_text_messages",),
}  # fmt: skip
"""A count of the canonical shape, all of them disjoint → the library's usage keys that contain it, the widest first."""

INPUT_TOKENS = tuple(leaf for leaf, keys in LEAVES.items() if keys[0] == "input_tokens")


@dataclass(frozen=True)
class Case:
    """One call: what is logged, and what the library is asked."""

    model: ModelInfo
    provider: Provider
    at: datetime
    tier: str | None
    when: tuple[tuple[str, str], ...]
    counts: Mapping[str, int | Decimal]

    def logged(self, number: int) -> dict[str, Any]:
        """In the canonical shape."""
        return {
            "request_id": f"call-{number}",
            "provider_id": self.provider.id,
            "model_id": self.model.id,
            "requested_at": self.at.isoformat(),
            "service_tier": self.tier,
            "customer_id": f"customer-{number % 7}",
            **{name: str(count) for name, count in self.counts.items()},
        }

    def usage(self) -> Usage:
        """What the library calls it: every key includes the ones that it contains."""
        sums: dict[str, int | Decimal] = {key: 0 for keys in LEAVES.values() for key in keys}
        for leaf, count in self.counts.items():
            for key in LEAVES[leaf]:
                sums[key] += count
        return Usage(**sums)

    def calculation(self) -> PriceCalculation:
        """`calc_price`, past the search for the model that `find_again` did."""
        return self.model.calc_price(
            self.usage(), self.provider, genai_request_timestamp=self.at, price_context=dict(self.when) or None
        )

    def price(self) -> ModelPrice:
        return self.model.get_prices(self.at, dict(self.when) or None)

    def is_by_rule(self) -> bool:
        """Rule 3: the call names a tier that its provider offered before the catalogue's first day of it."""
        return bool(self.when) and not any(
            variant.when == dict(self.when) and (variant.constraint is None or variant.constraint.active(self.at))
            for variant in self.model.price_variants or ()
        )

    def calculation_by_rule(self) -> PriceCalculation:
        """What the library says where its standard price is the one by rule."""
        model = copy(self.model)
        model.prices, model.price_variants = self.price_by_rule(), None
        return model.calc_price(self.usage(), self.provider, genai_request_timestamp=self.at)

    def price_by_rule(self) -> ModelPrice:
        """The standard price of the day, each kind times the factor that seeds/price_variant_rules.csv gives it."""
        standard = copy(self.model.get_prices(self.at))
        rules = {kind: rule for (provider, tier, kind), rule in variant_rules().items()
                 if (provider, tier) == (self.provider.id, self.tier)}  # fmt: skip
        starts = [
            variant.constraint.start_date if isinstance(variant.constraint, StartDateConstraint) else date.min
            for variant in self.model.price_variants or ()
            if variant.when == dict(self.when)
        ]
        end = min([*starts, max((to for _, _, to in rules.values()), default=date.min)])
        start = min((since for _, since, _ in rules.values()), default=date.max)
        if not start <= self.at.date() < end:
            return standard
        for key, value in list(vars(standard).items()):
            factor = rules.get(_get_registry().unit_for_price_key(key).usage_key, (Decimal(1), start, end))[0]
            setattr(standard, key, _times(value, factor))
        return standard

    def unpriced(self) -> list[str]:
        """The counts that the library bills at nothing: neither their key nor one that contains it has a price."""
        priced = {key for key, value in vars(self.price()).items() if value is not None}
        registry = _get_registry()

        def has_price(usage_key: str) -> bool:
            return any(
                registry.units[key].price_key in priced for key in (usage_key, *registry.ancestor_usage_keys(usage_key))
            )

        return [
            leaf
            for leaf, count in self.counts.items()
            if count and leaf != "reasoning_tokens" and not has_price(LEAVES[leaf][-1])
        ]


def _times(value: Any, factor: Decimal) -> Any:
    if isinstance(value, TieredPrices):
        tiers = [copy(tier) for tier in value.tiers]
        for tier in tiers:
            tier.price *= factor
        return TieredPrices(base=value.base * factor, tiers=tiers)
    return value if value is None else value * factor


@cache
def variant_rules() -> dict[tuple[str, str, str], tuple[Decimal, date, date]]:
    """(provider, tier, usage kind) → factor, from, to."""
    with (PROJECT_DIR / "seeds" / "price_variant_rules.csv").open(newline="") as file:
        return {
            (row["provider_id"], row["service_tier"], row["usage_kind"]): (
                Decimal(row["factor"]),
                date.fromisoformat(row["valid_from_date"]),
                date.fromisoformat(row["valid_to_date"]),
            )
            for row in csv.DictReader(file)
        }


@cache
def models() -> list[tuple[Provider, ModelInfo]]:
    """Every model that the library finds again by its own id: only such a name means the same to both sides."""
    snapshot = get_snapshot()
    return [
        (provider, model)
        for provider in snapshot.providers
        for model in provider.models
        if _find(provider.id, model.id) is model
    ]


def _find(provider: str, model: str) -> ModelInfo | None:
    try:
        return get_snapshot().find_provider_model(model, None, provider, None)[1]
    except LookupError:
        return None


def random_cases(count: int, seed: int) -> list[Case]:
    """Calls of every model in every tier of it, most of them where something changes."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    cases = [_case(chance, provider, model, tier) for provider, model in models() for tier in _tiers(provider, model)]
    # most of those whose prices change or depend on something, else providers alike
    busy = [pair for pair in models() if _is_busy(pair[1])]
    by_provider: dict[str, list[tuple[Provider, ModelInfo]]] = {}
    for provider, model in models():
        by_provider.setdefault(provider.id, []).append((provider, model))
    while len(cases) < count:
        few = busy if chance.random() < 0.7 else by_provider[chance.choice(list(by_provider))]
        provider, model = chance.choice(few)
        tiers = _tiers(provider, model)
        cases.append(_case(chance, provider, model, ("scale", ()) if chance.random() < 0.02 else chance.choice(tiers)))
    chance.shuffle(cases)
    return cases


Tier = tuple[str | None, tuple[tuple[str, str], ...]]


def _tiers(provider: Provider, model: ModelInfo) -> list[Tier]:
    """What a log may say → the context that the library is asked in."""
    tiers: dict[str | None, tuple[tuple[str, str], ...]] = {None: ()}
    for variant in model.price_variants or ():
        tiers.setdefault("+".join(variant.when.values()), tuple(variant.when.items()))
    for of, tier, _ in variant_rules():
        if of == provider.id:
            tiers.setdefault(tier, (("processing" if tier == "batch" else "service_tier", tier),))
    return list(tiers.items())


def _all_prices(model: ModelInfo) -> Iterator[ModelPrice]:
    yield from [one.prices for one in model.prices] if isinstance(model.prices, list) else [model.prices]
    yield from (variant.prices for variant in model.price_variants or ())


def _thresholds(model: ModelInfo) -> list[int]:
    return sorted(
        {
            tier.start
            for prices in _all_prices(model)
            for value in vars(prices).values()
            if isinstance(value, TieredPrices)
            for tier in value.tiers
        }
    )


def _is_busy(model: ModelInfo) -> bool:
    rare = {key for prices in _all_prices(model) for key in vars(prices)} - {
        "input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "web_searches_kcount",
    }  # fmt: skip
    return isinstance(model.prices, list) or bool(_thresholds(model) or rare or model.price_variants)


def _instant(chance: random.Random, model: ModelInfo) -> datetime:
    conditional: list[ConditionalPrice] = model.prices if isinstance(model.prices, list) else []
    changes = [*conditional, *(model.price_variants or ())]
    days = [one.constraint.start_date for one in changes if isinstance(one.constraint, StartDateConstraint)]
    edges = [
        edge
        for one in changes
        if isinstance(one.constraint, TimeOfDateConstraint)
        for edge in (one.constraint.start_time, one.constraint.end_time)
    ]
    day = FIRST + timedelta(days=chance.randrange(0, (LAST - FIRST).days, EVERY_DAYS))
    at = day + timedelta(seconds=chance.randrange(86_400))
    if days and chance.random() < 0.7:
        midnight = datetime.combine(chance.choice(days), datetime.min.time(), UTC)
        at = midnight + timedelta(seconds=chance.choice([-86_400, -1, 0, 1, 43_200, 86_399, 86_400]))
    if edges and chance.random() < 0.8:
        edge = datetime.combine(at.date(), chance.choice(edges).replace(tzinfo=UTC))
        at = edge + timedelta(seconds=chance.choice([-1, 0, 1]))
    elif chance.random() < 0.02:
        at += timedelta(microseconds=999_999)
    return min(max(at, FIRST), LAST)


def _case(chance: random.Random, provider: Provider, model: ModelInfo, tier: Tier) -> Case:
    priced = [
        leaf
        for leaf, keys in LEAVES.items()
        for key in (keys[-1],)
        if any(getattr(prices, _get_registry().units[key].price_key) is not None for prices in _all_prices(model))
    ]
    counts: dict[str, int | Decimal] = {}
    for leaf in priced:
        if chance.random() < 0.75:
            counts[leaf] = _count(chance, leaf)
    if chance.random() < 0.3:  # contained by a kind that has a price, or by none
        leaf = chance.choice(list(LEAVES))
        is_contained = any(key in {LEAVES[one][-1] for one in priced} for key in LEAVES[leaf])
        if is_contained or chance.random() < 0.2:
            counts.setdefault(leaf, _count(chance, leaf))
    if "reasoning_tokens" in counts:
        counts["reasoning_tokens"] = chance.randrange(int(counts.setdefault("output_tokens", 9_000)) + 1)
    total = sum(int(counts.get(leaf, 0)) for leaf in INPUT_TOKENS)
    if (starts := _thresholds(model)) and chance.random() < 0.8:
        wanted = chance.choice(starts) + chance.choice([-1, 0, 1])
        if total <= wanted:
            counts["uncached_input_tokens"] = counts.get("uncached_input_tokens", 0) + wanted - total
        else:  # share the wanted total out again
            parts = [leaf for leaf in INPUT_TOKENS if counts.get(leaf)]
            left = wanted
            for leaf in parts[1:]:
                counts[leaf] = chance.randrange(left // len(parts) + 1)
                left -= int(counts[leaf])
            counts[parts[0]] = left
    return Case(model, provider, _instant(chance, model), tier[0], tier[1], counts)


def _count(chance: random.Random, leaf: str) -> int | Decimal:
    if leaf == "audio_seconds":
        return Decimal(chance.choice([chance.randrange(1, 9_999), chance.randrange(9_000_000)])).scaleb(-3)
    if leaf.endswith("_count"):
        return chance.choice([0, 1, chance.randrange(200), chance.randrange(20_000)])
    return chance.choice([0, 1, chance.randrange(5_000), chance.randrange(150_000), chance.randrange(2_000_000)])
