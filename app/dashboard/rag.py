"""Answers from retrieved documents: what a whole chain costs, and how much of it is retrieval."""

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import data, panels, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column
from app.marts.units import RAG

HALF = 0.5
"""Of what was retrieved: below it the mart calls a day's answers over-retrieving."""


def show(view: View) -> None:
    """List what answers from retrieved documents cost by feature, and warn of what they do not use."""
    if RAG.unknown(view.now):
        return
    found = data.read(view.path, marts.units.rag_answers, view.now)
    if found.is_empty():
        return
    retrieval = pl.col("embedding_cost_usd") + pl.col("retrieval_cost_usd") + pl.col("rerank_cost_usd")
    with_context = pl.col("told_overhead_cost_usd") + pl.col("context_cost_usd")
    rows = (
        found.with_columns(retrieval.alias("retrieval"), with_context.alias("with_context"))
        .with_columns(
            metrics.quotient("answers_cost_usd", "answer_count", "per_answer_usd"),
            metrics.quotient("retrieval", "answers_cost_usd", "overhead_share"),
            metrics.quotient("with_context", "told_answers_cost_usd", "with_context_share"),
            metrics.quotient("used_chunk_count", "retrieved_chunk_count", "used_share"),
        )
        .sort("answers_cost_usd", "feature_id", descending=[True, False])
    )
    for one in rows.filter(pl.col("used_share") < HALF).iter_rows(named=True):
        st.warning(
            f"{theme.markdown(one['feature_id'])} retrieves too much: answers used"
            f" {theme.percent(one['used_share'])} of it, and the rest cost"
            f" {theme.markdown(theme.money(one['unused_cost_usd']))}.",
            icon=":material/manage_search:",
        )
    panels.table(
        "Answers from retrieved documents",
        rows,
        {
            "feature_id": Column("Feature"),
            "answer_count": Column("Answers", "count", help="Traces with a retrieval and a generation."),
            "answers_cost_usd": Column("Cost", "money", help="The whole chain."),
            "per_answer_usd": Column("Per answer", "money"),
            "overhead_share": Column("Retrieval", "percent", help="Embedding, vector query, reranking: of the cost."),
            "with_context_share": Column(
                "With context", "percent", help="The same with what the retrieved tokens cost as input, where told."
            ),
            "used_share": Column("Used", "percent", help="Of the pieces that were retrieved, where the log tells."),
            "unused_cost_usd": Column("Unused context", "money"),
            "unanswered_cost_usd": Column(
                "No answer",
                "money",
                help="Retrieval for indexing, without a trace, or of what failed: not in the cost.",
            ),
        },
        alt="Answers from retrieved documents by feature: cost, share of retrieval, unused context.",
        key="rag",
        note="The vector database itself is a shared cost: see Close & reconcile.",
    )
