"""The catalogue of `genai-prices`: bundled, fetched, written down and read again, flattened to dated rows.

The library's `calc_price` is too slow for a row at a time (some thousand a second) and stays the oracle of the tests.
Its meaning is kept by asking it: for every model, at every instant at which one of its prices can change, `get_prices`
says what holds from there on.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import httpx2  # comes with genai-prices, whose updater raises its errors
from genai_prices.data_snapshot import DataSnapshot, _bundled_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
    _providers_from_raw,
)
from genai_prices.update_prices import DEFAULT_UPDATE_URL, UpdatePrices

from ingest.prices.tables import BEGINNING, END, STANDARD, PriceBookError, Row, unit_price, units

UPDATE_URL = DEFAULT_UPDATE_URL
"""Where the library publishes its catalogue."""

BILLED_AT_LEAST = {
    ("groq", model, kind): 10
    for model in ("whisper-large-v3", "whisper-large-v3-turbo")
    for kind in ("audio_seconds", "input_audio_seconds")
}
"""(provider, model, usage kind) → units. The library has it in `ModelInfo.calc_price`, not in its data."""

_UNITS = {price_key: (kind, per) for price_key, kind, per in units()}


def library_version() -> str:
    """The version of the installed `genai-prices`, which brings a catalogue with it."""
    return version("genai-prices")


def bundled() -> DataSnapshot:
    """The catalogue inside the installed library, whatever else this process has set."""
    return _bundled_snapshot()


def fetch(url: str) -> DataSnapshot:
    """The catalogue as it is published, by the library's own updater.

    Raises:
        PriceBookError: it cannot be fetched, or is no catalogue that the installed library reads.
    """
    try:
        snapshot = UpdatePrices(url=url).fetch()
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        problem = str(error).partition("\n")[0]
        raise PriceBookError(f"cannot fetch prices from {url}: {problem}; the book stays as it was") from error
    except ValueError as error:  # no JSON, or pydantic's ValidationError
        problem = " ".join(str(error).split())[:200]
        raise PriceBookError(
            f"{url} is no catalogue that genai-prices {library_version()} reads: {problem}; the book stays as it was"
        ) from error
    if snapshot is None or not any(provider.models for provider in snapshot.providers):
        raise PriceBookError(f"{url} holds no model; the book stays as it was")
    return snapshot


def dump(snapshot: DataSnapshot) -> bytes:
    """A catalogue as a document in the library's own format (without its usage extractors), for `load`."""
    raw = [{key: value for key, value in _raw(one).items() if key != "extractors"} for one in snapshot.providers]
    return json.dumps(raw).encode()


@lru_cache(maxsize=1)  # prices and names are learned from the same document
def load(document: bytes) -> DataSnapshot:
    """The catalogue of a document, parsed as the library's updater does.

    Raises:
        PriceBookError: the installed library does not read it.
    """
    try:
        return DataSnapshot(_providers_from_raw(json.loads(document)), from_auto_update=True)
    except ValueError as error:
        raise PriceBookError(
            f"the catalogue of the price book was written by a newer genai-prices than {library_version()}: "
            "upgrade genai-prices, or run `unitcost prices update`"
        ) from error


def rows(snapshot: DataSnapshot) -> list[Row]:
    """Every price as rows of `MODEL_PRICES` without what a snapshot adds; tiers only where the catalogue has them.

    Raises:
        PriceBookError: a price is negative or not a number.
    """
    return [row for provider in snapshot.providers for model in provider.models for row in _model_rows(provider, model)]


def _model_rows(provider: Provider, model: ModelInfo) -> Iterator[Row]:
    contexts: list[tuple[str, dict[str, str]]] = [(STANDARD, {})]
    for variant in model.price_variants or ():
        tier = "+".join(variant.when.values())
        if tier != "default" and tier not in dict(contexts):
            contexts.append((tier, variant.when))
    days, seconds = _breaks(model)
    for tier, when in contexts:
        for first_day, next_day in pairwise(days):
            for first_second, next_second in pairwise(seconds):
                instant = datetime.combine(first_day, time(), UTC) + timedelta(seconds=first_second)
                if when and not _is_offered(model, when, instant):
                    continue  # the library would answer with the standard price
                for kind, per, start, price in _kind_prices(model.get_prices(instant, when)):
                    if not price.is_finite() or price < 0:
                        raise PriceBookError(f"the catalogue has {price} as price of {provider.id} {model.id}, {kind}")
                    yield {
                        "provider_id": provider.id,
                        "model_id": model.id,
                        "service_tier": tier,
                        "usage_kind": kind,
                        "tier_start_tokens": start,
                        "price_usd": price,
                        "per_units": per,
                        "unit_price_usd": unit_price(price, per),
                        "minimum_units": BILLED_AT_LEAST.get((provider.id, model.id, kind)),
                        "price_rule": "catalogue",
                        "valid_from_date": first_day,
                        "valid_to_date": next_day,
                        "daily_from_second": first_second,
                        "daily_to_second": next_second,
                    }


def _is_offered(model: ModelInfo, when: dict[str, str], instant: datetime) -> bool:
    """Whether the catalogue has prices of its own for this context at this instant."""
    return any(
        variant.when == when and (variant.constraint is None or variant.constraint.active(instant))
        for variant in model.price_variants or ()
    )


def _breaks(model: ModelInfo) -> tuple[list[date], list[int]]:
    """The UTC days and the seconds of a day at which one of the model's prices may change."""
    days, seconds = {BEGINNING, END}, {0, 86_400}
    conditional: list[ConditionalPrice] = model.prices if isinstance(model.prices, list) else []
    for constraint in [price.constraint for price in conditional] + [v.constraint for v in model.price_variants or ()]:
        if isinstance(constraint, StartDateConstraint):
            days.add(max(constraint.start_date, BEGINNING))
        elif isinstance(constraint, TimeOfDateConstraint):
            for moment in (constraint.start_time, constraint.end_time):
                utc = datetime.combine(date(2000, 1, 2), moment.replace(tzinfo=moment.tzinfo or UTC)).astimezone(UTC)
                seconds.add(utc.hour * 3600 + utc.minute * 60 + utc.second)
    return sorted(days), sorted(seconds)


def _kind_prices(prices: ModelPrice) -> Iterator[tuple[str, int, int, Decimal]]:
    """Usage kind, units that the price is for, context threshold, price."""
    for key, value in vars(prices).items():
        if value is None or key not in _UNITS:
            continue  # a key of a later catalogue: the library warns and prices without it
        kind, per = _UNITS[key]
        if isinstance(value, TieredPrices):
            yield kind, per, 0, value.base
            for tier in value.tiers:
                yield kind, per, tier.start, tier.price
        else:
            yield kind, per, 0, value


def _raw(value: Any) -> Any:
    """What the library's parser makes this value of."""
    if isinstance(value, ModelPrice):
        return {key: _raw(price) for key, price in vars(value).items() if price is not None}
    if is_dataclass(value):
        # `or_` and `and_` are `or` and `and` in a document
        return {
            field.name.rstrip("_"): _raw(one)
            for field in fields(value)
            if not field.name.startswith("_") and (one := getattr(value, field.name)) is not None
        }
    if isinstance(value, Mapping):
        return {key: _raw(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_raw(one) for one in value]
    return (
        value
        if isinstance(value, int | str | None)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else str(value)
    )
