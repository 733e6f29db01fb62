"""The price catalogue of `genai-prices`, flattened to dated rows; model names resolved by the library's own matching.

The library's `calc_price` is too slow for a row at a time (some thousand a second) and stays the oracle of the tests.
Its meaning is kept by asking it: for every model, at every instant at which one of its prices can change, `get_prices`
says what holds from there on.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyarrow as pa
import pyarrow.parquet as pq
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from genai_prices.units import UnitDef, _get_registry

from ingest.landing import LandingFile, keep_file

BEGINNING = date(2015, 1, 1)
END = date(2100, 1, 1)
UNIT_PRICE = Decimal("0.000000000000001")
STANDARD = "standard"
"""The service tier of a price that no variant changes."""

MODEL_PRICES = pa.schema(
    [
        ("provider_id", pa.string()),
        ("model_id", pa.string()),
        ("service_tier", pa.string()),
        ("usage_kind", pa.string()),
        ("tier_start_tokens", pa.int64()),
        ("price_usd", pa.decimal128(38, 18)),
        ("per_units", pa.int64()),
        ("unit_price_usd", pa.decimal128(18, 15)),
        ("valid_from_date", pa.date32()),
        ("valid_to_date", pa.date32()),
        ("daily_from_second", pa.int64()),
        ("daily_to_second", pa.int64()),
        ("price_source", pa.string()),
        ("source_version", pa.string()),
    ]
)
"""One row per model, service tier, usage kind, context threshold and stretch of time: price_usd per per_units.

`unit_price_usd` is the price of one unit, narrow enough that tokens decimal(12, 0) × price stays exact on every engine.
"""

MODEL_MATCHES = pa.schema(
    [
        ("provider_id", pa.string()),
        ("model_name", pa.string()),
        ("price_provider_id", pa.string()),
        ("price_model_id", pa.string()),
        ("matched_by", pa.string()),
    ]
)
"""One row per (provider, model) that was seen, with the catalogue's model, NULL where it knows none."""


def catalogue() -> pa.Table:
    """Every price of the installed `genai-prices`, as rows of `MODEL_PRICES`."""
    release = f"genai-prices {version('genai-prices')}"
    rows = [
        {**row, "price_source": "genai-prices", "source_version": release}
        for provider in get_snapshot().providers
        for model in provider.models
        for row in _model_rows(provider, model)
    ]
    return pa.Table.from_pylist(rows, schema=MODEL_PRICES)


def matches(seen: Iterable[tuple[str, str]]) -> pa.Table:
    """Resolve each distinct (provider, model) once, by the library, as rows of `MODEL_MATCHES`."""
    snapshot = get_snapshot()
    owners = {id(model): provider.id for provider in snapshot.providers for model in provider.models}
    rows = []
    for provider_id, model_name in seen:
        try:
            _, model = snapshot.find_provider_model(model_name, None, provider_id or None, None)
        except LookupError:
            # The library says by LookupError that it knows no such model: that is an answer, kept as NULL.
            rows.append({"provider_id": provider_id, "model_name": model_name, "matched_by": "none"})
            continue
        rows.append(
            {
                "provider_id": provider_id,
                "model_name": model_name,
                "price_provider_id": owners[id(model)],
                "price_model_id": model.id,
                "matched_by": "genai-prices",
            }
        )
    return pa.Table.from_pylist(rows, schema=MODEL_MATCHES)


def land_reference(table: pa.Table, name: str, home: Path) -> LandingFile:
    """Write a reference table as one content-addressed Parquet file below `landing/<name>/`."""
    folder = home / "landing" / name
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".new-", suffix=".parquet", delete=False) as file:
        pq.write_table(table, file, compression="zstd")
    sha256 = keep_file(Path(file.name), folder)
    return LandingFile(folder / f"{sha256}.parquet", sha256, BEGINNING, None, table.num_rows)


def _model_rows(provider: Provider, model: ModelInfo) -> Iterator[dict[str, object]]:
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
                for kind, start, price, unit in _kind_prices(model.get_prices(instant, when)):
                    yield {
                        "provider_id": provider.id,
                        "model_id": model.id,
                        "service_tier": tier,
                        "usage_kind": kind,
                        "tier_start_tokens": start,
                        "price_usd": price,
                        "per_units": unit.per,
                        "unit_price_usd": (price / unit.per).quantize(UNIT_PRICE),
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


def _kind_prices(prices: ModelPrice) -> Iterator[tuple[str, int, Decimal, UnitDef]]:
    registry = _get_registry()
    for key, value in vars(prices).items():
        if value is None or key.startswith("_"):
            continue
        unit = registry.unit_for_price_key(key)
        if isinstance(value, TieredPrices):
            yield unit.usage_key, 0, value.base, unit
            for tier in value.tiers:
                yield unit.usage_key, tier.start, tier.price, unit
        else:
            yield unit.usage_key, 0, value, unit
