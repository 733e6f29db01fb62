"""Answers from retrieved documents: embedding, vector query, rerank and generation of a trace are one cost."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.reconciled import MILLION

MODELS = f"{CALL_MODELS} +cost_per_rag_answer"

D = Decimal
PRICES = {("gpt", "input_tokens"): "2", ("gpt", "output_tokens"): "10", ("ada", "input_tokens"): "1"}
OVERRIDES = [
    {
        "effect": "contract_price", "provider_id": "acme", "model_id": model, "usage_kind": kind,
        "price": price, "per_units": MILLION, "currency": "USD",
    }
    for (model, kind), price in PRICES.items()
] + [
    {
        "effect": "contract_price", "provider_id": "acme", "model_id": "sort", "usage_kind": "rerank_searches",
        "price": "0.002", "per_units": 1, "currency": "USD",
    }
]  # fmt: skip


def call(number: int, trace: str | None, operation: str, day: int = 1, **more: Any) -> dict[str, Any]:
    models = {"chat": "gpt", "embeddings": "ada", "rerank": "sort"}
    return {
        "request_id": f"call-{number}",
        "provider_id": "acme",
        "model_id": models.get(operation, "gpt"),
        "requested_at": f"2026-10-{day:02}T12:00:00Z",
        "customer_id": "ann",
        "feature_id": "search",
        "operation": operation,
        **({"trace_id": trace} if trace else {}),
        **more,
    }


CALLS = [
    # $0.01 + $0.002 + ($0.20 + $0.10): the context of 80,000 of 100,000 tokens is $0.16, a quarter of it used
    call(1, "t-1", "embeddings", uncached_input_tokens=10_000),
    call(2, "t-1", "rerank", rerank_search_count=1),
    call(
        3, "t-1", "chat", uncached_input_tokens=100_000, output_tokens=10_000,
        retrieved_chunk_count=20, used_chunk_count=5, retrieved_context_tokens=80_000,
    ),
    # an agent that answers in two calls: no log tells its context's tokens, nor what it used of 20 pieces
    call(4, "t-2", "embeddings", uncached_input_tokens=10_000),
    call(5, "t-2", "chat", uncached_input_tokens=50_000, output_tokens=10_000, retrieved_chunk_count=20),
    call(6, "t-2", "chat", output_tokens=10_000, feature_id="search"),
    # no answers
    call(7, "t-3", "embeddings", uncached_input_tokens=50_000),
    call(8, None, "embeddings", uncached_input_tokens=20_000),
    call(9, None, "chat", output_tokens=10_000),
    call(10, "t-4", "chat", output_tokens=10_000),
    # an answer without a price, and one that never came
    call(13, "t-6", "embeddings", uncached_input_tokens=10_000),
    call(14, "t-6", "chat", model_id="nobody-knows", output_tokens=10_000),
    call(15, "t-7", "embeddings", uncached_input_tokens=10_000),
    call(16, "t-7", "chat", status="error", has_usage=False),
    # the same trace on another day is another chain, and development is no production
    call(11, "t-3", "chat", day=2, output_tokens=10_000),
    call(12, "t-5", "embeddings", uncached_input_tokens=10_000, environment="dev"),
]  # fmt: skip


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = company("rag", overrides=OVERRIDES, select=MODELS)
    made.load((write_calls(tmp_path_factory.mktemp("rag") / "calls.jsonl", CALLS), "canonical"))
    return made


def test_an_answer_is_the_chain_of_its_trace(loaded: Company) -> None:
    rows = loaded.rows(
        "select answer_count, embedding_cost_usd, rerank_cost_usd, generation_cost_usd, answers_cost_usd "
        "from cost_per_rag_answer where usage_date = date '2026-10-01'"
    )
    assert rows == [(2, D("0.02"), D("0.002"), D("0.6"), D("0.622"))]


def test_both_shares_of_retrieval_and_what_of_the_context_was_for_nothing(loaded: Company) -> None:
    (row,) = loaded.rows(
        "select context_cost_usd, unused_cost_usd, overhead_share, overhead_with_context_share, is_over_retrieving "
        "from cost_per_rag_answer where usage_date = date '2026-10-01'"
    )
    assert row[:2] == (D("0.16"), D("0.12"))
    assert row[2] == pytest.approx(0.022 / 0.622)
    # of the one answer that tells its context: $0.012 + $0.16 of $0.312
    assert row[3] == pytest.approx(0.172 / 0.312)
    assert row[4]


def test_an_answer_whose_log_tells_no_context_is_in_no_figure_of_context(loaded: Company) -> None:
    (row,) = loaded.rows(
        "select told_answers_cost_usd, told_overhead_cost_usd, retrieved_chunk_count, used_chunk_count "
        "from cost_per_rag_answer where usage_date = date '2026-10-01'"
    )
    assert row == (D("0.312"), D("0.012"), 20, 5)


def test_pieces_that_were_reranked_are_counted_as_they_came_out(loaded: Company, tmp_path: Path) -> None:
    found = [
        call(30, "t-8", "retrieval", day=5, retrieved_chunk_count=50, used_chunk_count=50),
        call(31, "t-8", "rerank", day=5, rerank_search_count=1, retrieved_chunk_count=10, used_chunk_count=10),
        call(32, "t-8", "chat", day=5, output_tokens=10_000),
    ]
    loaded.load((write_calls(tmp_path / "reranked.jsonl", found), "canonical"))
    assert loaded.rows(
        "select retrieved_chunk_count from cost_per_rag_answer where usage_date = date '2026-10-05'"
    ) == [(10,)]


def test_retrieval_of_no_answer_is_apart(loaded: Company) -> None:
    (row,) = loaded.rows(
        "select unpriced_answer_count, unanswered_count, unanswered_cost_usd from cost_per_rag_answer "
        "where usage_date = date '2026-10-01'"
    )
    # $0.05 and $0.02 of indexing, and $0.01 of each answer that is none
    assert row == (1, 3, D("0.09"))


def at(clock: str, number: int, trace: str, operation: str, **more: Any) -> dict[str, Any]:
    return {**call(number, trace, operation, **more), "requested_at": f"2026-10-{clock}:00Z"}


def test_an_answer_over_midnight_is_one_chain_of_the_day_on_which_it_began(company: Companies, tmp_path: Path) -> None:
    evening = [
        at("09T23:59", 40, "t-20", "embeddings", uncached_input_tokens=10_000),
        at("09T12:00", 41, "t-21", "embeddings", uncached_input_tokens=10_000),
        at("09T23:59", 42, "t-22", "chat", output_tokens=10_000),
    ]
    night = [
        at("10T00:01", 43, "t-20", "chat", output_tokens=10_000),
        # half a day later it is another question
        at("10T00:01", 44, "t-21", "chat", output_tokens=10_000),
        # the retrieval comes after midnight, and an answer after it
        at("10T00:01", 45, "t-22", "embeddings", uncached_input_tokens=10_000),
        at("10T00:02", 46, "t-22", "chat", output_tokens=10_000),
    ]
    told = (
        "select cast(usage_date as varchar), answer_count, unanswered_count, embedding_cost_usd, generation_cost_usd"
        " from cost_per_rag_answer order by 1"
    )
    whole = [("2026-10-09", 2, 1, D("0.02"), D("0.3"))]
    made = company("rag over midnight", overrides=OVERRIDES, select=MODELS)
    made.load((write_calls(tmp_path / "evening.jsonl", evening), "canonical"))
    assert made.rows(told) == [("2026-10-09", 0, 2, D(0), D(0))]
    assert not made.load((write_calls(tmp_path / "night.jsonl", night), "canonical")).is_full
    assert made.rows(told) == whole
    made.load(full=True)
    assert made.rows(told) == whole


def test_the_evening_that_lands_after_the_night_takes_its_answers(company: Companies, tmp_path: Path) -> None:
    night = [at("10T00:01", 50, "t-30", "embeddings", uncached_input_tokens=10_000)]
    evening = [at("09T23:59", 51, "t-30", "chat", output_tokens=10_000)]
    made = company("rag the other way", overrides=OVERRIDES, select=MODELS)
    made.load((write_calls(tmp_path / "night.jsonl", night), "canonical"))
    assert made.rows("select cast(usage_date as varchar) from cost_per_rag_answer") == [("2026-10-10",)]
    made.load((write_calls(tmp_path / "evening.jsonl", evening), "canonical"))
    assert made.rows("select cast(usage_date as varchar), answer_count from cost_per_rag_answer") == [("2026-10-09", 1)]


def test_another_day_is_built_as_everything_would_be(loaded: Company, tmp_path: Path) -> None:
    late = [
        call(20, "t-9", "embeddings", day=3, uncached_input_tokens=10_000),
        call(21, "t-9", "chat", day=3, output_tokens=10_000),
    ]
    assert not loaded.load((write_calls(tmp_path / "late.jsonl", late), "canonical")).is_full
    incremental = loaded.rows("select * from cost_per_rag_answer order by all")
    assert len(incremental) >= 2
    loaded.load(full=True)
    assert loaded.rows("select * from cost_per_rag_answer order by all") == incremental
