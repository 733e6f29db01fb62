"""What one unit of each kind costs, and one answer from documents."""

from datetime import date

import polars as pl

from app.marts.scope import Mart, Scope, totals_of
from app.marts.warehouse import Warehouse

RAG = Mart(
    name="cost_per_rag_answer",
    day="usage_date",
    keys={"feature": "feature_id"},
    sums=(
        "answer_count",
        "answers_cost_usd",
        "embedding_cost_usd",
        "retrieval_cost_usd",
        "rerank_cost_usd",
        "generation_cost_usd",
        "context_cost_usd",
        "unused_cost_usd",
        "told_answers_cost_usd",
        "told_overhead_cost_usd",
        "unanswered_cost_usd",
        "retrieved_chunk_count",
        "used_chunk_count",
    ),
)


def units(warehouse: Warehouse) -> pl.DataFrame:
    """`cost_per_unit` of the company, the newest month first."""
    return warehouse.read(
        "select * from marts.cost_per_unit where dimension = 'company' order by month desc, cost_usd desc, unit_id"
    )


def unit_members(warehouse: Warehouse, unit_id: str, dimension: str, month: date, limit: int) -> pl.DataFrame:
    """`cost_per_unit` of a unit and month by feature, customer or plan, the dearest first."""
    return warehouse.read(
        "select * from marts.cost_per_unit"
        " where unit_id = $unit and dimension = $dimension and month = $month"
        " order by cost_usd desc, id limit $limit",
        {"unit": unit_id, "dimension": dimension, "month": month, "limit": limit},
    )


def unit_margins(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`gross_margin` of a month by unit, what is of no unit last."""
    return warehouse.read(
        "select * from marts.gross_margin where dimension = 'unit' and month = $month"
        " order by id like '(%', cogs_usd desc, id",
        {"month": month},
    )


def rag_answers(warehouse: Warehouse, scope: Scope) -> pl.DataFrame:
    """Sums of `cost_per_rag_answer` by feature."""
    return totals_of(warehouse, RAG, scope, ("feature",))
