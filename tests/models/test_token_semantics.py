"""What each source's counts mean: the token leaves of hand-made calls, and what they cost."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import Warehouse

AT = "2026-10-07T12:00:00Z"
LEAVES = (
    "uncached_input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "input_audio_tokens",
    "output_tokens",
    "output_audio_tokens",
    "reasoning_tokens",
)


def openai(number: int, usage: dict[str, Any] | None, **more: Any) -> tuple[str, dict[str, Any]]:
    body = {"id": f"c{number}", "object": "chat.completion", "model": "gpt-5", "usage": usage}
    return "openai", {"timestamp": AT, "response": body, **more}


def anthropic(number: int, usage: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    body = {"id": f"msg_{number}", "type": "message", "model": "claude-sonnet-4-5", "usage": usage}
    return "anthropic", {"timestamp": AT, "response": body}


def litellm(
    number: int, prompt: int, completion: int, details: dict[str, Any], **more: Any
) -> tuple[str, dict[str, Any]]:
    row = {
        "request_id": f"l{number}",
        "call_type": "acompletion",
        "startTime": "2026-10-07T12:00:00",
        "model": "claude-sonnet-4-5",
        "custom_llm_provider": "anthropic",
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "metadata": {"usage_object": {"prompt_tokens_details": details}},
        "status": "success",
        **more,
    }
    return "litellm", row


CASES: dict[str, tuple[tuple[str, dict[str, Any]], tuple[int, ...], str | None]] = {
    "OpenAI counts cached tokens inside the prompt and reasoning inside the completion": (
        openai(
            1,
            {
                "prompt_tokens": 10_000,
                "completion_tokens": 2_000,
                "prompt_tokens_details": {"cached_tokens": 6_000},
                "completion_tokens_details": {"reasoning_tokens": 1_500},
            },
        ),
        (4_000, 6_000, 0, 0, 0, 2_000, 0, 1_500),
        "0.02575",  # 4,000 × 1.25 + 6,000 × 0.125 + 2,000 × 10, a million each
    ),
    "OpenAI responses name the same things differently": (
        openai(
            2,
            {
                "input_tokens": 2_150,
                "input_tokens_details": {"cached_tokens": 1_024},
                "output_tokens": 400,
                "output_tokens_details": {"reasoning_tokens": 120},
            },
        ),
        (1_126, 1_024, 0, 0, 0, 400, 0, 120),
        "0.0055355",
    ),
    "OpenAI audio tokens are inside both counts": (
        openai(
            3,
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "prompt_tokens_details": {"audio_tokens": 60},
                "completion_tokens_details": {"audio_tokens": 40},
            },
        ),
        (40, 0, 0, 0, 60, 10, 40, 0),
        None,
    ),
    "parts that exceed the whole never make a negative leaf": (
        openai(4, {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 25}}),
        (0, 25, 0, 0, 0, 1, 0, 0),
        None,
    ),
    "a refused call without usage is not billed": (
        openai(5, None, status="error", error={"code": "rate_limit_exceeded"}),
        (0, 0, 0, 0, 0, 0, 0, 0),
        "not_billed",
    ),
    "Anthropic counts cache reads and writes outside of input, lifetimes apart": (
        anthropic(
            6,
            {
                "input_tokens": 1_000,
                "cache_read_input_tokens": 50_000,
                "cache_creation_input_tokens": 8_000,
                "cache_creation": {"ephemeral_5m_input_tokens": 5_000, "ephemeral_1h_input_tokens": 3_000},
                "output_tokens": 1_200,
            },
        ),
        (1_000, 50_000, 8_000, 3_000, 0, 1_200, 0, 0),
        "0.07275",  # 1,000 × 3 + 50,000 × 0.30 + 5,000 × 3.75 + 3,000 × 6 + 1,200 × 15, a million each
    ),
    "Anthropic writes without a split are taken for the short lifetime": (
        anthropic(7, {"input_tokens": 0, "cache_creation_input_tokens": 8_000, "output_tokens": 0}),
        (0, 0, 8_000, 0, 0, 0, 0, 0),
        "0.03",
    ),
    "LiteLLM counts an Anthropic call's cache inside the prompt": (
        litellm(
            8,
            59_000,
            1_200,
            {
                "cached_tokens": 50_000,
                "cache_creation_tokens": 8_000,
                "cache_creation_token_details": {
                    "ephemeral_5m_input_tokens": 5_000,
                    "ephemeral_1h_input_tokens": 3_000,
                },
            },
        ),
        (1_000, 50_000, 8_000, 3_000, 0, 1_200, 0, 0),
        "0.07275",  # the same call as Anthropic's own log, to the last digit
    ),
    "what LiteLLM's own cache answered was not bought": (
        litellm(9, 59_000, 1_200, {"cached_tokens": 50_000}, cache_hit="True"),
        (0, 0, 0, 0, 0, 0, 0, 0),
        "0",
    ),
    "a failure that LiteLLM logs with zeros has no usage": (
        litellm(10, 0, 0, {}, status="failure"),
        (0, 0, 0, 0, 0, 0, 0, 0),
        "not_billed",
    ),
}


@pytest.fixture(scope="module")
def loaded(
    warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[tuple[int, ...], Decimal | None, str]]:
    folder = tmp_path_factory.mktemp("semantics")
    home = warehouse("semantics")
    sources = sorted({source for (source, _), _, _ in CASES.values()})
    for source in sources:
        lines = [json.dumps(record) for (name, record), _, _ in CASES.values() if name == source]
        (folder / f"{source}.jsonl").write_text("\n".join(lines) + "\n")
    home.load(*((folder / f"{source}.jsonl", source) for source in sources))
    rows = home.rows(f"select request_id, cost_usd, price_status, {', '.join(LEAVES)} from fct_requests")
    return {row[0]: (row[3:], row[1], row[2]) for row in rows}


@pytest.mark.parametrize("case", CASES)
def test_token_leaves_and_cost(loaded: dict[str, tuple[tuple[int, ...], Decimal | None, str]], case: str) -> None:
    (_, record), leaves, cost = CASES[case]
    found, found_cost, status = loaded[record.get("request_id") or record["response"]["id"]]
    assert found == leaves
    if cost == "not_billed":
        assert (found_cost, status) == (None, "not_billed")
    elif cost is not None:
        assert found_cost == Decimal(cost)


def test_a_calls_cost_can_be_read_from_its_row_of_the_price_book(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        "\n".join(json.dumps(record) for (source, record), _, cost in CASES.values() if source == "anthropic") + "\n"
    )
    home = warehouse("explained")
    home.load((path, None))
    rows = home.rows(
        """
        select
            uncached_input_tokens * input_per_million_usd + cache_read_tokens * cache_read_per_million_usd
            + (cache_write_tokens - cache_write_1h_tokens) * cache_write_per_million_usd
            + cache_write_1h_tokens * cache_write_1h_per_million_usd + output_tokens * output_per_million_usd,
            cost_usd
        from fct_requests inner join price_book using (price_id)
        """
    )
    assert len(rows) == 2
    assert all(in_millionths == cost * 1_000_000 for in_millionths, cost in rows)
