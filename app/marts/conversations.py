"""What conversations cost: all of them by size and length, and the dearest."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from app.marts.scope import UNATTRIBUTED, Dimension, Grain, Mart, Scope, totals_of
from app.marts.warehouse import MONEY, Warehouse, summed

CONVERSATIONS = Mart(
    name="cost_per_conversation",
    day="started_date",
    keys={"feature": "feature_id", "customer": "customer_id"},
    sums=("1 as conversation_count", "cost_usd"),
    conditions=dict.fromkeys(
        ("provider", "model"), r"list_has_any(string_split_regex(model_ids, ',\s*'), $answered_by)"
    ),
    # that row is the rest of a customer's requests, of all days
    only=f"is_production and conversation_id <> '{UNATTRIBUTED}'",
)

COST_STEPS = 5
"""Steps to a power of ten in `cost_histogram`."""

_CONVERSATION = """
    conversation_id, customer_id, feature_id, started_at, ended_at, turn_count, request_count, retry_count, error_count,
    unpriced_request_count, feature_count, model_count, model_ids, uncached_input_tokens, cache_read_tokens,
    cache_write_tokens, output_tokens, cost_usd, is_invoiced"""


def totals(
    warehouse: Warehouse, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None
) -> pl.DataFrame:
    """Sums of `cost_per_conversation` by the day on which it began, see `totals_of`."""
    return totals_of(warehouse, CONVERSATIONS, scope, by, grain)


def cost_quantiles(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """p50_usd, p95_usd, p99_usd of what a conversation costs: one row, null where there is none."""
    where, bound = CONVERSATIONS.where(scope)
    columns = ", ".join(f"quantile_disc(cost_usd, 0.{share}) as p{share}_usd" for share in (50, 95, 99))
    return warehouse.read(
        f"select {columns} from marts.cost_per_conversation where {where}",
        bound,
    )


def cost_histogram(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """step, conversation_count, cost_usd: conversations by size of cost, in equal steps of its logarithm.

    A step holds costs from `10 ** (step / COST_STEPS)` dollars to below that of the next. Free and unpriced
    conversations have no size and are left out.
    """
    where, bound = CONVERSATIONS.where(scope)
    return warehouse.read(
        "select cast(floor(log10(cast(cost_usd as double)) * $steps) as bigint) as step,"
        f" cast(count(*) as bigint) as conversation_count, cast(sum(cost_usd) as {MONEY}) as cost_usd"
        f" from marts.cost_per_conversation where {where} and cost_usd > 0"
        " group by 1 order by 1",
        {**bound, "steps": COST_STEPS},
    )


def cost_by_turns(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """turn_count, conversation_count, p25_usd, p50_usd, p75_usd: what conversations of one length cost."""
    where, bound = CONVERSATIONS.where(scope)
    quantiles = ", ".join(f"quantile_disc(cost_usd, 0.{share}) as p{share}_usd" for share in (25, 50, 75))
    return warehouse.read(
        f"select turn_count, cast(count(*) as bigint) as conversation_count, {quantiles}"
        f" from marts.cost_per_conversation where {where} and turn_count is not null"
        " group by 1 order by 1",
        bound,
    )


def cost_by_turn(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`cost_by_turn` of the conversations that began in a month, turn by turn, the dearest feature first."""
    return warehouse.read(
        "select * from marts.cost_by_turn where month = $month"
        " order by sum(cost_usd) over (partition by feature_id) desc nulls last, feature_id, turn_number",
        {"month": month},
    )


def dearest_conversations(warehouse: Warehouse, scope: Scope, limit: int) -> pl.DataFrame:
    """The `limit` most expensive conversations."""
    where, bound = CONVERSATIONS.where(scope)
    return warehouse.read(
        f"select {_CONVERSATION} from marts.cost_per_conversation where {where}"
        " order by cost_usd desc nulls last, customer_id, conversation_id limit $limit",
        {**bound, "limit": limit},
    )


def without_conversation(warehouse: Warehouse, customers: Sequence[str]) -> pl.DataFrame:
    """request_count, cost_usd: what carries no conversation id, of all days, since the mart keeps it undated.

    Args:
        customers: of these, or of all where none is named.
    """
    return warehouse.read(
        f"select {summed('request_count')}, {summed('cost_usd')} from marts.cost_per_conversation"
        " where conversation_id = $none and (len($customers) = 0 or customer_id = any($customers))",
        {"none": UNATTRIBUTED, "customers": list(customers)},
    )


def conversation(warehouse: Warehouse, conversation_id: str) -> pl.DataFrame:
    """The rows of `cost_per_conversation` under one id: one per customer that used it."""
    return warehouse.read(
        f"select {_CONVERSATION} from marts.cost_per_conversation where conversation_id = $id"
        " order by cost_usd desc nulls last, customer_id",
        {"id": conversation_id},
    )
