"""The raw tables of the price book. Money is exact decimals; times are UTC without a zone; ends are exclusive."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa
from genai_prices.units import _get_registry

Row = dict[str, Any]
"""One row of a table, by column name."""

BEGINNING = date(2015, 1, 1)
END = date(2100, 1, 1)
"""A price that says no date holds from BEGINNING to END."""

UNIT_PRICE = Decimal("0.000000000000001")
"""The last place of a unit price."""

STANDARD = "standard"
"""The service tier of a price that no variant changes."""

GENAI_PRICES, LITELLM = "genai-prices", "litellm"
"""The sources of list prices, the one that is asked first in front."""


class PriceBookError(Exception):
    """Something that the price book was told is wrong, or could not be fetched: what, where and what to do."""


_MONEY = pa.decimal128(38, 18)
_UNIT_MONEY = pa.decimal128(18, 15)  # narrow enough that tokens decimal(12, 0) × price stays exact on every engine
_TIME = pa.timestamp("us")

MODEL_PRICES = pa.schema(
    [
        ("snapshot_id", pa.string()),
        ("price_source", pa.string()),
        ("source_version", pa.string()),
        ("learned_at", _TIME),
        ("provider_id", pa.string()),
        ("model_id", pa.string()),
        ("service_tier", pa.string()),
        ("usage_kind", pa.string()),
        ("tier_start_tokens", pa.int64()),
        ("price_usd", _MONEY),
        ("per_units", pa.int64()),
        ("unit_price_usd", _UNIT_MONEY),
        ("minimum_units", pa.int64()),
        ("price_rule", pa.string()),
        ("valid_from_date", pa.date32()),
        ("valid_to_date", pa.date32()),
        ("daily_from_second", pa.int64()),
        ("daily_to_second", pa.int64()),
    ]
)
"""One row per snapshot, model, service tier, usage kind, context threshold and stretch of time: list prices.

price_usd buys per_units; unit_price_usd buys one. Within a snapshot every (model, service tier) that was ever offered
has prices on every day. A call that uses a kind at all is billed at least minimum_units of it (NULL: what it used).
"""

OVERRIDES = pa.schema(
    [
        ("snapshot_id", pa.string()),
        ("learned_at", _TIME),
        ("line_number", pa.int64()),
        ("effect", pa.string()),
        ("provider_id", pa.string()),
        ("model_id", pa.string()),
        ("billing_account_id", pa.string()),
        ("project_id", pa.string()),
        ("api_key_id", pa.string()),
        ("deployment_id", pa.string()),
        ("service_tier", pa.string()),
        ("usage_kind", pa.string()),
        ("price", _MONEY),
        ("per_units", pa.int64()),
        ("unit_price", _UNIT_MONEY),
        ("currency", pa.string()),
        ("discount", pa.decimal128(9, 6)),
        ("precedence", pa.int64()),
        ("valid_from_date", pa.date32()),
        ("valid_to_date", pa.date32()),
        ("note", pa.string()),
    ]
)
"""One row per snapshot and line of `seeds/price_overrides.csv`; a NULL in the scope means any.

The line that fits with the highest precedence wins, of equal ones the first. The price is in the line's currency.
"""

UPLIFTS = pa.schema(
    [
        ("snapshot_id", pa.string()),
        ("learned_at", _TIME),
        ("rule_id", pa.string()),
        ("provider_id", pa.string()),
        ("model_id", pa.string()),
        ("region_id", pa.string()),
        ("factor", pa.decimal128(6, 3)),
        ("valid_from_date", pa.date32()),
        ("valid_to_date", pa.date32()),
        ("source_url", pa.string()),
    ]
)
"""One row per snapshot and rule of `seeds/price_uplift_rules.csv`: in the region a unit price is times the factor."""

MODEL_MATCHES = pa.schema(
    [
        ("provider_id", pa.string()),
        ("model_name", pa.string()),
        ("learned_at", _TIME),
        ("price_source", pa.string()),
        ("price_provider_id", pa.string()),
        ("price_model_id", pa.string()),
        ("matched_by", pa.string()),
        ("litellm_model_id", pa.string()),
    ]
)
"""One row per (provider, model) that was seen and time at which it resolved for the first time or differently.

price_source, price_provider_id and price_model_id are NULL where no source knows the model; litellm_model_id is
LiteLLM's key for the same name, also where `genai-prices` answers.
"""

SNAPSHOTS = pa.schema(
    [
        ("snapshot_id", pa.string()),
        ("table_name", pa.string()),
        ("price_source", pa.string()),
        ("source_version", pa.string()),
        ("learned_at", _TIME),
        ("row_count", pa.int64()),
    ]
)
"""One row per snapshot of a source: model prices by `genai-prices` or `litellm`, overrides by `price_overrides`."""

RERATES = pa.schema(
    [
        ("rerate_id", pa.string()),
        ("from_date", pa.date32()),
        ("to_date", pa.date32()),
        ("known_at", _TIME),
        ("ran_at", _TIME),
    ]
)
"""One row per `unitcost rerate`: the days in it are rated by what the book knew at known_at."""

RERATE_CHANGES = pa.schema(
    [
        ("rerate_id", pa.string()),
        ("usage_date", pa.date32()),
        ("provider_id", pa.string()),
        ("model_id", pa.string()),
        ("feature_id", pa.string()),
        ("customer_id", pa.string()),
        ("request_count", pa.int64()),
        ("cost_before_usd", pa.decimal128(38, 12)),
        ("cost_after_usd", pa.decimal128(38, 12)),
    ]
)
"""What a rerate changed, at a grain that sums."""

TABLES: Mapping[str, pa.Schema] = {
    "prices__model_prices": MODEL_PRICES,
    "prices__overrides": OVERRIDES,
    "prices__uplifts": UPLIFTS,
    "prices__model_matches": MODEL_MATCHES,
    "prices__snapshots": SNAPSHOTS,
    "prices__rerates": RERATES,
    "prices__rerate_changes": RERATE_CHANGES,
}


def units() -> Iterator[tuple[str, str, int]]:
    """Every unit of the library's registry: its price key, its usage kind, and for how many of it a price is."""
    for unit in _get_registry().units.values():
        yield unit.price_key, unit.usage_key, unit.per


IMAGES = "images"
"""Generated images, which the library's registry does not count."""
CACHE_STORAGE = "cache_storage_token_hours"
"""Keeping a token in a cache for an hour (Gemini's explicit caches), which it does not count either."""
CACHE_WRITE_12H = "cache_write_12h_tokens"
"""Cache writes that are kept for twelve hours (OpenAI), whose price it does not know."""

PER_UNITS: Mapping[str, int] = {
    **{kind: per for _, kind, per in units()},
    IMAGES: 1,
    CACHE_STORAGE: 1_000_000,
    CACHE_WRITE_12H: 1_000_000,
}
"""Usage kind → for how many of it a list price is."""


def unit_price(price: Decimal, per_units: int) -> Decimal:
    """The price of one unit, to fifteen places."""
    return (price / per_units).quantize(UNIT_PRICE, ROUND_HALF_UP)
