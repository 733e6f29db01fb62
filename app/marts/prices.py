"""What prices were known when, and which calls have none."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import polars as pl

from app.marts.warehouse import Warehouse, summed


@dataclass(frozen=True)
class Book:
    """What a person asked of the price book: what held on one day, as it was known at the end of another."""

    valid_on: date
    known_on: date
    provider: tuple[str, ...] = ()
    """None named means every provider."""
    find: str = ""
    """What the name of a provider or model contains."""
    rated_only: bool = True
    """Only the models that calls were rated by."""


_MODEL = "provider_id || '/' || model_id"

_PRICE = """
    price_source, provider_id, model_id, service_tier, usage_kind, tier_start_tokens, daily_from_second,
    daily_to_second, valid_from_date, valid_to_date, price_usd, per_units, price_rule"""

_PRICE_ORDER = (
    "provider_id, model_id, service_tier <> 'standard', service_tier, usage_kind, tier_start_tokens, daily_from_second,"
    " price_source, valid_from_date"
)

_KNOWN = "known_from_at < $known and (known_to_at is null or known_to_at >= $known)"


def rated_models(warehouse: Warehouse) -> pl.DataFrame:
    """name, provider_id, model_id: the models of the price book that calls are rated by."""
    return warehouse.read(
        f"select distinct {_MODEL} as name, provider_id, model_id from marts.price_book"
        " where provider_id is not null and model_id is not null order by all"
    )


def priced_models(warehouse: Warehouse) -> pl.DataFrame:
    """name, provider_id, model_id: every model that any source ever stated a price of."""
    return warehouse.read(
        f"select distinct {_MODEL} as name, provider_id, model_id from marts.price_history order by all"
    )


def price_knowledge(warehouse: Warehouse) -> pl.DataFrame:
    """first_known_at, last_known_at: when the price book began and when it last learned: one row."""
    return warehouse.read(
        "select min(known_from_at) as first_known_at, max(known_from_at) as last_known_at from marts.price_history"
    )


def price_list(warehouse: Warehouse, book: Book, limit: int) -> pl.DataFrame:
    """The prices of `price_history` that held, `limit` at most; `found_count` says of how many."""
    rated = rated_models(warehouse)["name"].to_list() if book.rated_only else []
    return warehouse.read(
        f"select {_PRICE}, known_from_at, cast(count(*) over () as bigint) as found_count"
        f" from marts.price_history where {_KNOWN} and valid_from_date <= $valid and valid_to_date > $valid"
        " and (len($providers) = 0 or provider_id = any($providers))"
        f" and contains(lower({_MODEL}), lower($find)) and (not $rated_only or {_MODEL} = any($rated))"
        f" order by {_PRICE_ORDER} limit $limit",
        {
            "known": _end_of(book.known_on),
            "valid": book.valid_on,
            "providers": list(book.provider),
            "find": book.find,
            "rated_only": book.rated_only,
            "rated": rated,
            "limit": limit,
        },
    )


def model_price_history(warehouse: Warehouse, provider_id: str, model_id: str, known_on: date) -> pl.DataFrame:
    """All stretches of time of one model's prices, as they were known at the end of a day."""
    return warehouse.read(
        f"select {_PRICE} from marts.price_history"
        f" where provider_id = $provider and model_id = $model and {_KNOWN} order by {_PRICE_ORDER}",
        {"provider": provider_id, "model": model_id, "known": _end_of(known_on)},
    )


def model_price_book(warehouse: Warehouse, provider_id: str, model_id: str) -> pl.DataFrame:
    """The rows that calls of one model are rated by: all columns of `price_book`."""
    return warehouse.read(
        "select * from marts.price_book where provider_id = $provider and model_id = $model"
        " order by service_tier, valid_from_date desc, above_tokens, daily_from_second, price_id",
        {"provider": provider_id, "model": model_id},
    )


def unpriced(warehouse: Warehouse, limit: int) -> pl.DataFrame:
    """`unpriced_requests`, the newest month first, `limit` at most; `found_count` says of how many.

    `all_request_count` is of all of them.
    """
    return warehouse.read(
        "select provider_id, model_id, price_status, month, request_count, total_tokens, at_risk_low_usd,"
        " at_risk_high_usd, similar_model_count, cast(count(*) over () as bigint) as found_count,"
        " cast(sum(request_count) over () as bigint) as all_request_count from marts.unpriced_requests"
        " order by month desc, at_risk_high_usd desc nulls last, request_count desc, provider_id, model_id,"
        " price_status limit $limit",
        {"limit": limit},
    )


def price_conflicts(warehouse: Warehouse) -> pl.DataFrame:
    """`price_conflicts`, what moves most money first."""
    return warehouse.read(
        "select provider_id, model_id, usage_kind, as_of_date, used_price_source, used_unit_price_usd,"
        " other_price_source, other_unit_price_usd, price_ratio, quantity_30d, impact_30d_usd"
        " from marts.price_conflicts"
        " order by abs(impact_30d_usd) desc nulls last, provider_id, model_id, usage_kind"
    )


def price_overrides(warehouse: Warehouse) -> pl.DataFrame:
    """`price_overrides`, line by line."""
    return warehouse.read("select * from marts.price_overrides order by line_number")


def rerates(warehouse: Warehouse) -> pl.DataFrame:
    """`rerate_changes` summed by rerate and month, the newest first."""
    sums = ", ".join(summed(name) for name in ("request_count", "cost_before_usd", "cost_after_usd", "change_usd"))
    return warehouse.read(
        f"select rerate_id, ran_at, known_at, cast(date_trunc('month', usage_date) as date) as month, {sums}"
        " from marts.rerate_changes group by 1, 2, 3, 4 order by ran_at desc, rerate_id, month desc"
    )


def _end_of(day: date) -> datetime:
    """The first moment after a UTC day, without a zone as the marts have it."""
    return datetime.combine(day + timedelta(days=1), time())
