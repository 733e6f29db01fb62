"""Vertex AI's own logs: Gemini and Claude, as objects and as texts."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

SAMPLE = Path(__file__).parent.parent / "ingest" / "sources" / "vertex" / "requests.jsonl"


@pytest.fixture(scope="module")
def logs(warehouse: Callable[[str], Warehouse]) -> Warehouse:
    made = warehouse("vertex", select=CALL_MODELS)
    made.load((SAMPLE, None))
    return made


def test_thoughts_tool_prompts_and_cached_tokens_of_gemini_cost_what_the_reference_says(logs: Warehouse) -> None:
    """gemini-3.7-flash at 0.75 / 3.75 and 0.075 for what is cached: 25,000 + 100,000 + (800 + 2,200) tokens."""
    rows = logs.rows(
        "select uncached_input_tokens, cache_read_tokens, output_tokens, reasoning_tokens, cost_usd, customer_id, "
        "feature_id, project_id, region_id from fct_requests where request_id = 'vtx-response-1'"
    )
    assert rows == [(25_000, 100_000, 3_000, 2_200, Decimal("0.0375"), "northwind", "search", "prod-ai", "us-central1")]


def test_claude_on_vertex_counts_as_anthropic_does(logs: Warehouse) -> None:
    """claude-sonnet-4-5 at 3 / 15, read 0.30, written 3.75 and 6: 1,000, 50,000, 5,000 + 3,000, 1,200 tokens."""
    rows = logs.rows(
        "select uncached_input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, "
        "cost_usd from fct_requests where request_id = 'msg_vrtx_01'"
    )
    cost = (1_000 * Decimal(3) + 50_000 * Decimal("0.3") + 5_000 * Decimal("3.75") + 3_000 * 6 + 1_200 * 15) / 10**6
    assert rows == [(1_000, 50_000, 5_000, 3_000, 1_200, cost)]


def test_of_a_streamed_answer_in_the_older_table_the_last_part_counts(logs: Warehouse) -> None:
    rows = logs.rows(
        "select uncached_input_tokens, output_tokens, price_status, requested_model from fct_requests "
        "where request_id = '12345678903'"
    )
    assert rows == [(10, 20, "priced", "gemini-2.5-pro")]
