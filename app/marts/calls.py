"""Single calls: those of one conversation, and why each costs what it costs."""

from datetime import date
from typing import Any

import polars as pl

from app.marts.warehouse import Warehouse, summed

_CALL = """
    source_id, request_id, requested_at, provider_id, model_id, requested_model, feature_id, operation, status,
    attempt_number, latency_ms, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
    reasoning_tokens, input_cost_usd, cache_read_cost_usd, cache_write_cost_usd, output_cost_usd, tool_cost_usd,
    other_cost_usd, contracted_cost_usd, cost_usd, price_status, price_id, is_invoiced, exchange_rate,
    exchange_rate_date, exchange_rate_source"""

_OF_CONVERSATION = "customer_id = $customer and conversation_id = $conversation and usage_date between $first and $last"


def calls(
    warehouse: Warehouse, customer_id: str, conversation_id: str, days: tuple[date, date], limit: int
) -> pl.DataFrame:
    """The model calls of one conversation in order, `limit` at most, numbered in `call`.

    Args:
        days: first and last day of the conversation, so that the other days of a large mart are not looked at.
    """
    return warehouse.read(
        f"select cast(row_number() over (order by requested_at, request_id) as bigint) as call, {_CALL}"
        f" from marts.fct_requests where {_OF_CONVERSATION} order by call limit $limit",
        {**_conversation(customer_id, conversation_id, days), "limit": limit},
    )


def requests(warehouse: Warehouse, request_id: str, source_id: str | None = None) -> pl.DataFrame:
    """`fct_requests` of an id, from one source or all."""
    return warehouse.read(
        "select * from marts.fct_requests"
        " where request_id = $request and ($source is null or source_id = $source) order by source_id",
        {"request": request_id, "source": source_id},
    )


def input_path(warehouse: Warehouse, input_id: str) -> str | None:
    """Where the file of an input was read from."""
    paths = warehouse.read("select path from marts.input_balance where input_id = $input", {"input": input_id})
    return None if paths.is_empty() else str(paths["path"][0])


def cost_lines(
    warehouse: Warehouse, customer_id: str, conversation_id: str, days: tuple[date, date], call: tuple[str, str]
) -> pl.DataFrame:
    """Why one call costs what it costs, in US dollars: quantity × unit_price_usd = amount_usd, a row per kind.

    Args:
        days: of the conversation, so that the other days of a large mart are not looked at.
        call: source_id and request_id.
    """
    return warehouse.read(
        "select usage_kind, unit, price_id, quantity, list_unit_price_usd, unit_price_usd, amount_usd"
        f" from marts.cost_lines where {_OF_CONVERSATION} and source_id = $source and request_id = $request"
        " order by kind_number",
        {**_conversation(customer_id, conversation_id, days), "source": call[0], "request": call[1]},
    )


def request_lines(warehouse: Warehouse, source_id: str, request_id: str) -> pl.DataFrame:
    """`cost_lines` of one call."""
    return warehouse.read(
        "select usage_kind, unit, quantity, unit_price_usd, amount_usd from marts.cost_lines"
        " where source_id = $source and request_id = $request order by kind_number",
        {"source": source_id, "request": request_id},
    )


def conversation_lines(
    warehouse: Warehouse, customer_id: str, conversation_id: str, days: tuple[date, date]
) -> pl.DataFrame:
    """The lines of all calls of a conversation, summed by kind and price.

    amount_usd is null for calls whose cost is not known: part of a call may have a price, and its whole have none.
    """
    return warehouse.read(
        "select usage_kind, unit, price_id, price_status in ('priced', 'free', 'self_hosted') as is_known,"
        " cast(sum(quantity) as decimal(38, 3)) as quantity, list_unit_price_usd, unit_price_usd,"
        f" {summed('case when is_known then amount_usd end as amount_usd')},"
        " cast(count(*) as bigint) as request_count"
        f" from marts.cost_lines where {_OF_CONVERSATION} group by all"
        " order by amount_usd desc nulls last, price_id, usage_kind",
        _conversation(customer_id, conversation_id, days),
    )


def price_row(warehouse: Warehouse, price_id: str) -> pl.DataFrame:
    """provider_id, model_id: whose price a row of the price book is. No row where the book has none of that id."""
    return warehouse.read(
        "select provider_id, model_id from marts.price_book where price_id = $id",
        {"id": price_id},
    )


def _conversation(customer_id: str, conversation_id: str, days: tuple[date, date]) -> dict[str, Any]:
    return {"customer": customer_id, "conversation": conversation_id, "first": days[0], "last": days[1]}
