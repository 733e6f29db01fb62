"""Every trap of counting tokens that the field fell into: lines of logs, what one call of them counts, and costs.

The numbers are those of the list of traps (1–17); every line is landed, staged and rated.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

AT = "2026-11-01T12:00:00Z"
Line = Mapping[str, Any]
Lines = tuple[str, list[Line]]


def openai(name: str, usage: Line | None, **more: Any) -> Lines:
    body = {"id": name, "object": "chat.completion", "model": "gpt-5.4", "usage": usage}
    return "openai", [{"timestamp": AT, "response": body, **more}]


def chunks(name: str, *usages: Line | None) -> Lines:
    """A stream of OpenAI, a line a chunk."""
    chunk = {"id": name, "object": "chat.completion.chunk", "created": 1793534400, "model": "gpt-5.4"}
    return "openai", [{**chunk, "usage": usage} for usage in usages]


def anthropic(name: str, usage: Line, model: str = "claude-sonnet-5") -> Lines:
    return "anthropic", [{"timestamp": AT, "id": name, "type": "message", "model": model, "usage": usage}]


def events(name: str, start: Line, *deltas: Line) -> Lines:
    """A stream of Anthropic, a line an event."""
    message = {"id": name, "type": "message", "model": "claude-sonnet-5", "usage": start}
    started: Line = {"type": "message_start", "message": message}
    told: list[Line] = [{"type": "message_delta", "delta": {}, "usage": usage} for usage in deltas]
    text: Line = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "…"}}
    return "anthropic", [{"timestamp": AT, **event} for event in (started, text, *told)]


def gemini(name: str, *usages: Line, **more: Any) -> Lines:
    """A call of Gemini, or a line for each chunk of its stream."""
    return "gemini", [
        {
            "timestamp": AT,
            "response": {"responseId": name, "modelVersion": "gemini-3.7-flash", "usageMetadata": usage},
            **more,
        }
        for usage in usages
    ]


def bedrock(name: str, usage: Line) -> Lines:
    record = {
        "schemaType": "ModelInvocationLog",
        "timestamp": AT,
        "requestId": name,
        "operation": "Converse",
        "modelId": "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "output": {"outputBodyJson": {"usage": usage}},
    }
    return "bedrock", [record]


def litellm_hit(name: str) -> Lines:
    row = {
        "request_id": name, "call_type": "acompletion", "startTime": AT.rstrip("Z"), "model": "gpt-5.4",
        "custom_llm_provider": "openai", "prompt_tokens": 10_000, "completion_tokens": 2_000, "status": "success",
        "metadata": {}, "cache_hit": "True",
    }  # fmt: skip
    return "litellm", [row]


def spans(name: str, *usages: Mapping[str, int]) -> Lines:
    """A trace of one call: the last usage is its own, those before are of the agents around it."""
    called = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.response.id": name}
    said: list[Mapping[str, Any]] = [{"gen_ai.operation.name": "invoke_agent"} for _ in usages[:-1]] + [called]
    tree = [
        {
            "traceId": "0" * 31 + "1",
            "spanId": f"{depth + 1:016x}",
            "parentSpanId": f"{depth:016x}",
            "startTimeUnixNano": 1793534400000000000,
            "attributes": [
                {"key": key, "value": {"stringValue" if isinstance(value, str) else "intValue": value}}
                for key, value in {**own, "gen_ai.request.model": "claude-sonnet-5", **usage}.items()
            ],
        }
        for depth, (own, usage) in enumerate(zip(said, usages, strict=True))
    ]
    return "otel", [{"resourceSpans": [{"scopeSpans": [{"spans": tree}]}], "id": f"{'0' * 31}1:{len(tree):016x}"}]


CACHED = {
    "prompt_tokens": 10_000,
    "completion_tokens": 2_000,
    "prompt_tokens_details": {"cached_tokens": 6_000},
    "completion_tokens_details": {"reasoning_tokens": 1_500},
}
CACHED_LEAVES = {
    "uncached_input_tokens": 4_000,
    "cache_read_tokens": 6_000,
    "output_tokens": 2_000,
    "reasoning_tokens": 1_500,
}
SONNET = {"input_tokens": 1_000, "cache_read_input_tokens": 50_000, "output_tokens": 1_200}
LIFETIMES = {"ephemeral_5m_input_tokens": 5_000, "ephemeral_1h_input_tokens": 3_000}
SPAN = {
    "gen_ai.usage.input_tokens": 59_000,
    "gen_ai.usage.cache_read.input_tokens": 50_000,
    "gen_ai.usage.cache_creation.input_tokens": 8_000,
    "gen_ai.usage.output_tokens": 1_200,
}
SONNET_LEAVES = {
    "uncached_input_tokens": 1_000,
    "cache_read_tokens": 50_000,
    "cache_write_5m_tokens": 5_000,
    "cache_write_1h_tokens": 3_000,
    "output_tokens": 1_200,
}


def iteration(kind: str, given: int, made: int, **more: Any) -> Line:
    nothing = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"type": kind, "input_tokens": given, "output_tokens": made, **nothing, **more}


# trap number, what the case shows: the lines of one call, what it counts, its status, what it costs (None: unknown).
# gpt-5.4 costs 2.50 / 15, reads 0.25; Sonnet 5 2 / 10, reads 0.20, writes 2.50 and 4; Gemini 3.7 Flash 0.75 / 3.75,
# reads 0.075; Sonnet 4.5 3 / 15, reads 0.30, writes 3.75 and 6: a million each.
CASES: dict[str, tuple[Lines, dict[str, int], str, str | None]] = {
    "1 the prompt includes what was cached": (
        openai("t1", CACHED),
        CACHED_LEAVES,
        "ok",
        "0.0415",  # 4,000 × 2.50 + 6,000 × 0.25 + 2,000 × 15
    ),
    "1 and what was written to the cache": (
        openai(
            "t1w",
            {
                "prompt_tokens": 10_000,
                "completion_tokens": 0,
                "prompt_tokens_details": {"cached_tokens": 6_000, "cache_write_tokens": 3_000},
            },
        ),
        {"uncached_input_tokens": 1_000, "cache_read_tokens": 6_000, "cache_write_30m_tokens": 3_000},
        "ok",
        "0.0115",  # 4,000 × 2.50 + 6,000 × 0.25: gpt-5.4 writes for the price of input
    ),
    "2 reasoning is a part of the output": (
        openai(
            "t2",
            {
                "input_tokens": 10_000,
                "input_tokens_details": {"cached_tokens": 6_000},
                "output_tokens": 2_000,
                "output_tokens_details": {"reasoning_tokens": 1_500},
            },
        ),
        CACHED_LEAVES,
        "ok",
        "0.0415",
    ),
    "2 and so is thinking": (
        anthropic(
            "t2t", {"input_tokens": 0, "output_tokens": 2_000, "output_tokens_details": {"thinking_tokens": 1_500}}
        ),
        {"output_tokens": 2_000, "reasoning_tokens": 1_500},
        "ok",
        "0.02",
    ),
    "3 Anthropic's input excludes what was cached": (
        anthropic("t3", {**SONNET, "cache_creation_input_tokens": 0}),
        {"uncached_input_tokens": 1_000, "cache_read_tokens": 50_000, "output_tokens": 1_200},
        "ok",
        "0.024",  # 1,000 × 2 + 50,000 × 0.20 + 1,200 × 10
    ),
    "4 the two lifetimes of a write have two prices": (
        anthropic("t4", {**SONNET, "cache_creation_input_tokens": 8_000, "cache_creation": LIFETIMES}),
        SONNET_LEAVES,
        "ok",
        "0.0485",  # 2,000 + 10,000 + 5,000 × 2.50 + 3,000 × 4 + 12,000, in millionths
    ),
    "4 a write of untold lifetime is taken for the short one, and kept apart": (
        anthropic("t4u", {**SONNET, "cache_creation_input_tokens": 8_000}),
        {
            "uncached_input_tokens": 1_000,
            "cache_read_tokens": 50_000,
            "cache_write_unknown_tokens": 8_000,
            "output_tokens": 1_200,
        },
        "ok",
        "0.0440",
    ),
    "5 Gemini's thoughts are outside of its candidates": (
        gemini(
            "t5",
            {
                "promptTokenCount": 120_000,
                "cachedContentTokenCount": 100_000,
                "toolUsePromptTokenCount": 5_000,
                "candidatesTokenCount": 800,
                "thoughtsTokenCount": 2_200,
                "totalTokenCount": 128_000,
            },
        ),
        {
            "uncached_input_tokens": 25_000,
            "cache_read_tokens": 100_000,
            "output_tokens": 3_000,
            "reasoning_tokens": 2_200,
        },
        "ok",
        "0.0375",
    ),
    "6 Gemini's prompt includes what was cached": (
        gemini("t6", {"promptTokenCount": 120_000, "cachedContentTokenCount": 100_000, "candidatesTokenCount": 800}),
        {"uncached_input_tokens": 20_000, "cache_read_tokens": 100_000, "output_tokens": 800},
        "ok",
        "0.0255",  # 20,000 × 0.75 + 100,000 × 0.075 + 800 × 3.75
    ),
    "7 Converse counts as Anthropic does": (
        bedrock(
            "t7",
            {
                "inputTokens": 1_000,
                "cacheReadInputTokens": 50_000,
                "cacheWriteInputTokens": 8_000,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 5_000}, {"ttl": "1h", "inputTokens": 3_000}],
                "outputTokens": 1_200,
                "totalTokens": 60_200,
            },
        ),
        SONNET_LEAVES,
        "ok",
        "0.07275",  # 3,000 + 15,000 + 5,000 × 3.75 + 3,000 × 6 + 18,000, in millionths
    ),
    "8 a span counts all input, cached or not": (
        spans("msg_t8", SPAN),
        {
            "uncached_input_tokens": 1_000,
            "cache_read_tokens": 50_000,
            "cache_write_unknown_tokens": 8_000,
            "output_tokens": 1_200,
        },
        "ok",
        "0.0440",  # no attribute tells the lifetime of a write: as case 4 with all of them short
    ),
    "9 parts that sum to more than the whole are parts": (
        openai("t9", {**CACHED, "prompt_tokens_details": {"text_tokens": 10_000, "cached_tokens": 6_000}}),
        CACHED_LEAVES,
        "ok",
        "0.0415",
    ),
    "10 rejected predictions are billed as output that they are": (
        openai(
            "t10",
            {
                "prompt_tokens": 100,
                "completion_tokens": 500,
                "completion_tokens_details": {"accepted_prediction_tokens": 250, "rejected_prediction_tokens": 200},
            },
        ),
        {"uncached_input_tokens": 100, "output_tokens": 500},
        "ok",
        "0.00775",  # 100 × 2.50 + 500 × 15
    ),
    "11 an empty reply is not free": (
        anthropic("t11", {"input_tokens": 10, "output_tokens": 3}),
        {"uncached_input_tokens": 10, "output_tokens": 3},
        "ok",
        "0.00005",  # 10 × 2 + 3 × 10
    ),
    "12 the last chunk of OpenAI has the usage": (
        chunks("t12", None, None, {"prompt_tokens": 25, "completion_tokens": 42}),
        {"uncached_input_tokens": 25, "output_tokens": 42},
        "ok",
        "0.0006925",  # 25 × 2.50 + 42 × 15
    ),
    "12 Anthropic's deltas are cumulative, and the start's output is a placeholder": (
        events("msg_t12", {"input_tokens": 25, "output_tokens": 1}, {"output_tokens": 10}, {"output_tokens": 42}),
        {"uncached_input_tokens": 25, "output_tokens": 42},
        "ok",
        "0.00047",  # 25 × 2 + 42 × 10
    ),
    "12 Gemini's chunks repeat a running usage": (
        gemini(
            "t12g",
            {"promptTokenCount": 100, "candidatesTokenCount": 5},
            {"promptTokenCount": 100, "candidatesTokenCount": 40},
        ),
        {"uncached_input_tokens": 100, "output_tokens": 40},
        "ok",
        "0.000225",  # 100 × 0.75 + 40 × 3.75
    ),
    "13 a stream of OpenAI that broke off": (chunks("t13", None, None), {}, "aborted", None),
    "13 a stream of Anthropic that broke off used its input, and nobody knows which output": (
        events("msg_t13", {"input_tokens": 25, "output_tokens": 1}),
        {"uncached_input_tokens": 25},
        "aborted",
        None,
    ),
    "14 a compaction is counted among the iterations only": (
        anthropic(
            "t14",
            {
                "input_tokens": 1_000,
                "output_tokens": 100,
                "iterations": [iteration("compaction", 180_000, 3_500), iteration("message", 1_000, 100)],
            },
        ),
        {"uncached_input_tokens": 181_000, "output_tokens": 3_600},
        "ok",
        "0.398",  # 181,000 × 2 + 3,600 × 10
    ),
    "14 iterations that name the message's own model have its price, with their caches": (
        anthropic(
            "t14c",
            {
                "input_tokens": 7,
                "output_tokens": 8,
                "iterations": [
                    iteration("message", 500, 600, model="claude-sonnet-5"),
                    iteration(
                        "message",
                        500,
                        600,
                        model="claude-sonnet-5",
                        cache_read_input_tokens=50_000,
                        cache_creation_input_tokens=8_000,
                        cache_creation=LIFETIMES,
                    ),
                ],
            },
        ),
        SONNET_LEAVES,
        "ok",
        "0.0485",
    ),
    "14 the tier of a long context is decided for each iteration, not for their sum": (
        anthropic(
            "t14t",
            {
                "input_tokens": 160_000,
                "output_tokens": 2_000,
                "iterations": [
                    iteration("message", 150_000, 1_000),
                    iteration("message", 60_000, 2_000, cache_read_input_tokens=100_000),
                ],
            },
            "claude-sonnet-4-5",
        ),
        {"uncached_input_tokens": 210_000, "cache_read_tokens": 100_000, "output_tokens": 3_000},
        "ok",
        "0.705",  # 210,000 × 3 + 100,000 × 0.30 + 3,000 × 15; above 200,000 it would be 6, 0.60 and 22.50
    ),
    "14 and is crossed by one that is long itself": (
        anthropic(
            "t14l",
            {"input_tokens": 1, "output_tokens": 1, "iterations": [iteration("message", 250_000, 1_000)]},
            "claude-sonnet-4-5",
        ),
        {"uncached_input_tokens": 250_000, "output_tokens": 1_000},
        "ok",
        "1.5225",  # 250,000 × 6 + 1,000 × 22.50
    ),
    "14 an advisor of another model has another price, which one row cannot have": (
        anthropic(
            "t14a",
            {
                "input_tokens": 2_390,
                "output_tokens": 121,
                "iterations": [
                    iteration("message", 2_390, 121),
                    iteration("advisor_message", 2_518, 22, model="claude-opus-4-8"),
                ],
            },
        ),
        {"uncached_input_tokens": 2_390, "output_tokens": 121},
        "ok",
        None,
    ),
    "15 agents repeat the usage of the calls below them": (
        spans("msg_t15", SPAN, SPAN, {"gen_ai.usage.input_tokens": 1_000, "gen_ai.usage.output_tokens": 1_200}),
        {"uncached_input_tokens": 1_000, "output_tokens": 1_200},
        "ok",
        "0.014",  # 1,000 × 2 + 1,200 × 10
    ),
    "16 what a cache of the application answered was not bought": (litellm_hit("t16"), {}, "ok", "0"),
    "17 no token is guessed from the text of an answer": (
        openai("t17", None, request={"messages": [{"content": "a long prompt"}]}),
        {},
        "ok",
        None,
    ),
}


def key(lines: Lines) -> str:
    _, (first, *_) = lines
    inner = first.get("response") or first.get("message") or first
    return str(inner.get("id") or inner.get("responseId") or inner.get("requestId") or inner["request_id"])


@pytest.fixture(scope="module")
def calls(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every call by its id: one row each, or there were two of them."""
    folder = tmp_path_factory.mktemp("traps")
    logs: dict[str, list[Line]] = {}
    for (source, lines), *_ in CASES.values():
        logs.setdefault(source, []).extend(lines)
    for source, lines in logs.items():
        (folder / f"{source}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    home = warehouse("traps-of-tokens", select=CALL_MODELS)
    home.load(*((folder / f"{source}.jsonl", source) for source in logs))
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_attributed")]
    rows = home.rows(
        "select calls.*, cost_usd, price_status from intermediate.int_requests_attributed as calls "
        "inner join fct_requests using (source_id, request_id)"
    )
    assert len(rows) == len(CASES)
    return {row[0]: dict(zip([*columns, "cost_usd", "price_status"], row, strict=True)) for row in rows}


@pytest.mark.parametrize("case", CASES)
def test_a_trap_is_not_fallen_into(calls: dict[str, dict[str, Any]], case: str) -> None:
    lines, counted, status, cost = CASES[case]
    call = calls[key(lines)]
    assert {name: value for name, value in call.items() if name.endswith("_tokens") and value} == counted
    assert call["status"] == status
    assert call["cost_usd"] == (None if cost is None else Decimal(cost))
    assert call["has_usage"] == (cost is not None)
    assert (call["price_status"] == "priced") == (cost is not None)


def test_every_trap_of_the_list_has_a_case() -> None:
    assert {int(case.split()[0]) for case in CASES} == set(range(1, 18))
