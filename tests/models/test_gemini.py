"""What Gemini's counts mean: the token leaves of hand-made and recorded calls, and what they cost."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

AT = "2026-10-07T12:00:00Z"
Row = dict[str, Any]


def answer(name: str, usage: Row | None, model: str = "gemini-3.7-flash", **more: Any) -> Row:
    body = {"responseId": name, "modelVersion": model, "usageMetadata": usage}
    return {"timestamp": AT, "response": body, **more}


def listed(**counts: int) -> list[Row]:
    """Counts by modality, as the API lists them."""
    return [{"modality": modality, "tokenCount": count} for modality, count in counts.items()]


TRAP_5 = {
    "promptTokenCount": 120_000,
    "cachedContentTokenCount": 100_000,
    "toolUsePromptTokenCount": 5_000,
    "candidatesTokenCount": 800,
    "thoughtsTokenCount": 2_200,
    "totalTokenCount": 128_000,
}
TRAP_5_LEAVES = {
    "uncached_input_tokens": 25_000,
    "cache_read_tokens": 100_000,
    "output_tokens": 3_000,
    "reasoning_tokens": 2_200,
}

# name → call, what is counted of it, what it costs
CASES: dict[str, tuple[Row, Row, str]] = {
    "the prompt includes what was cached, and thoughts and tool use come on top": (
        answer("g1", TRAP_5),
        TRAP_5_LEAVES,
        "0.0375",  # 25,000 × 0.75 + 100,000 × 0.075 + 3,000 × 3.75, a million each
    ),
    "Python spells the same things with underscores and writes null for what is not there": (
        {
            "ts": AT,
            "response_id": "g2",
            "model_version": "gemini-3.7-flash",
            "create_time": None,
            "usage_metadata": {
                "prompt_token_count": 120_000,
                "cached_content_token_count": 100_000,
                "tool_use_prompt_token_count": 5_000,
                "candidates_token_count": 800,
                "thoughts_token_count": 2_200,
                "prompt_tokens_details": None,
                "traffic_type": None,
            },
        },
        TRAP_5_LEAVES,
        "0.0375",
    ),
    "audio of the prompt has its own price": (
        answer(
            "g3",
            {
                "promptTokenCount": 3_000,
                "promptTokensDetails": listed(TEXT=1_000, AUDIO=2_000),
                "candidatesTokenCount": 100,
                "candidatesTokensDetails": listed(TEXT=100),
            },
            "gemini-2.5-flash",
        ),
        {"uncached_input_tokens": 1_000, "input_audio_tokens": 2_000, "output_tokens": 100},
        "0.00255",  # 1,000 × 0.30 + 2,000 × 1 + 100 × 2.50
    ),
    "cached audio is told apart from cached text": (
        answer(
            "g4",
            {
                "promptTokenCount": 3_000,
                "promptTokensDetails": listed(TEXT=1_000, AUDIO=2_000),
                "cachedContentTokenCount": 1_600,
                "cacheTokensDetails": listed(AUDIO=1_500, TEXT=100),
                "candidatesTokenCount": 100,
            },
            "gemini-2.5-flash",
        ),
        {
            "uncached_input_tokens": 900,
            "cache_read_tokens": 100,
            "cache_read_audio_tokens": 1_500,
            "input_audio_tokens": 500,
            "output_tokens": 100,
        },
        "0.001173",  # 900 × 0.30 + 100 × 0.03 + 1,500 × 0.10 + 500 × 1 + 100 × 2.50
    ),
    "drawn images are a part of the candidates": (
        answer(
            "g5",
            {
                "promptTokenCount": 10,
                "promptTokensDetails": listed(TEXT=10),
                "candidatesTokenCount": 1_390,
                "candidatesTokensDetails": listed(IMAGE=1_290, TEXT=100),
            },
            "gemini-2.5-flash-image",
        ),
        {"uncached_input_tokens": 10, "output_tokens": 100, "output_image_tokens": 1_290},
        "0.038953",  # 10 × 0.30 + 100 × 2.50 + 1,290 × 30
    ),
    "pages of a document are images, and what tools brought along is told by modality, too": (
        answer(
            "g6",
            {
                "promptTokenCount": 700,
                "promptTokensDetails": listed(TEXT=100, DOCUMENT=600),
                "toolUsePromptTokenCount": 50,
                "toolUsePromptTokensDetails": listed(TEXT=20, IMAGE=30),
                "candidatesTokenCount": 10,
            },
            "gemini-2.5-flash",
        ),
        {"uncached_input_tokens": 120, "input_image_tokens": 630, "output_tokens": 10},
        "0.00025",  # 750 × 0.30 + 10 × 2.50: an image has no price of its own
    ),
    "cached video is no video that is read anew": (
        answer(
            "g7",
            {
                "promptTokenCount": 1_000,
                "promptTokensDetails": listed(TEXT=200, VIDEO=800),
                "cachedContentTokenCount": 500,
                "cacheTokensDetails": listed(VIDEO=500),
                "candidatesTokenCount": 10,
            },
            "gemini-2.5-flash",
        ),
        {"uncached_input_tokens": 200, "cache_read_tokens": 500, "input_video_tokens": 300, "output_tokens": 10},
        "0.00019",  # 500 × 0.30 + 500 × 0.03 + 10 × 2.50
    ),
    "a live session calls its answer a response": (
        answer(
            "g8",
            {"promptTokenCount": 10, "responseTokenCount": 30, "responseTokensDetails": listed(TEXT=30)},
        ),
        {"uncached_input_tokens": 10, "output_tokens": 30},
        "0.00012",  # 10 × 0.75 + 30 × 3.75
    ),
    "a prompt that was blocked has no candidates": (
        answer("g9", {"promptTokenCount": 1_000, "totalTokenCount": 1_000}),
        {"uncached_input_tokens": 1_000},
        "0.00075",
    ),
    "an embedding names its model in the request only": (
        {
            "timestamp": AT,
            "request_id": "g10",
            "request": {"model": "gemini-embedding-001"},
            "response": {"usageMetadata": {"promptTokenCount": 2_000}},
        },
        {"uncached_input_tokens": 2_000},
        "0.0003",  # 2,000 × 0.15
    ),
    "a Vertex batch is rated as batch": (
        {
            "status": "",
            "processed_time": "2026-10-07T13:13:16.826+00:00",
            "request": {"contents": [], "labels": {"customer_id": "northwind"}},
            "response": {
                "responseId": "g11",
                "modelVersion": "gemini-2.5-flash",
                "usageMetadata": {"promptTokenCount": 10_000, "candidatesTokenCount": 1_000},
            },
        },
        {"uncached_input_tokens": 10_000, "output_tokens": 1_000},
        "0.00275",  # 10,000 × 0.15 + 1,000 × 1.25
    ),
    "more cached than prompted never makes a negative leaf": (
        answer("g12", {"promptTokenCount": 10, "cachedContentTokenCount": 25, "candidatesTokenCount": 1}),
        {"cache_read_tokens": 25, "output_tokens": 1},
        "0.000005625",  # 25 × 0.075 + 1 × 3.75
    ),
}

STREAMED = [
    answer("g20", {"promptTokenCount": 100, "candidatesTokenCount": count, "totalTokenCount": 100 + count})
    for count in (5, 40, 12)
]

# name → call, what is said of it
SAID: dict[str, tuple[Row, Row]] = {
    "Google AI says which tier served": (
        answer("g30", {"promptTokenCount": 1, "serviceTier": "FLEX"}),
        {"service_tier": "flex", "is_batch": False, "operation": "chat", "region_id": None},
    ),
    "the header says it where the body does not": (
        answer("g31", {"promptTokenCount": 1}, headers={"x-gemini-service-tier": "priority"}),
        {"service_tier": "priority"},
    ),
    "Vertex says it as the type of traffic, and a host in a region": (
        answer(
            "g32",
            {"promptTokenCount": 1, "trafficType": "ON_DEMAND_PRIORITY"},
            host="europe-west4-aiplatform.googleapis.com",
        ),
        {"service_tier": "priority", "region_id": "europe-west4"},
    ),
    "the host of the whole world is no region": (
        answer("g33", {"promptTokenCount": 1, "trafficType": "ON_DEMAND"}, host="aiplatform.googleapis.com"),
        {"service_tier": "standard", "region_id": None},
    ),
    "provisioned throughput is a tier of its own": (
        answer("g34", {"promptTokenCount": 1, "trafficType": "PROVISIONED_THROUGHPUT"}),
        {"service_tier": "provisioned_throughput"},
    ),
    "the model that answered is rated, not the one asked for": (
        answer("g35", {"promptTokenCount": 1}, "gemini-2.5-flash", request={"model": "gemini-flash-latest"}),
        {"model_id": "gemini-2.5-flash", "requested_model": "gemini-flash-latest", "provider_id": "google"},
    ),
    "a refused call without usage is an error and not free": (
        {
            "timestamp": AT,
            "request_id": "g36",
            "model": "gemini-3.7-flash",
            "error": {"code": 429, "status": "RESOURCE_EXHAUSTED"},
        },
        {"status": "error", "error_code": "RESOURCE_EXHAUSTED", "has_usage": False},
    ),
    "a stream that was cut has no usage and is not free": (
        answer("g37", None, status="aborted"),
        {"status": "aborted", "has_usage": False, "model_id": "gemini-3.7-flash"},
    ),
    "a call is attributed by the application's fields": (
        answer(
            "g38",
            {"promptTokenCount": 1},
            metadata={"customer_id": "northwind", "feature": "search", "session_id": "conv-1", "user_id": "u"},
            project_id="p",
            latency_ms=700,
        ),
        {
            "customer_id": "northwind",
            "feature_id": "search",
            "conversation_id": "conv-1",
            "user_id": "u",
            "project_id": "p",
            "latency_ms": 700,
        },
    ),
    "labels of a Vertex request attribute it": (
        CASES["a Vertex batch is rated as batch"][0],
        {"is_batch": True, "customer_id": "northwind"},
    ),
    "an embedding is no chat": (
        CASES["an embedding names its model in the request only"][0],
        {"operation": "embeddings"},
    ),
}

FOREIGN: list[Row] = [
    {"timestamp": AT, "response": {"id": "c1", "object": "chat.completion", "model": "gemini-3.7-flash"}},
    {"timestamp": AT, "host": "api.openai.com", "model": "gemini-3.7-flash", "error": {"code": "x"}},
    {"timestamp": AT, "host": "aiplatform.googleapis.com", "response": {"type": "message", "id": "msg_1"}},
    {"timestamp": AT, "level": "info", "message": "started"},
]


def key(call: Row) -> str:
    return str(call.get("request_id") or call.get("response_id") or call["response"]["responseId"])


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    calls = {key(call): call for call, *_ in (*CASES.values(), *SAID.values())}
    path = tmp_path_factory.mktemp("gemini") / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, [*calls.values(), *STREAMED, *FOREIGN])) + "\n")
    home = warehouse("gemini", select=CALL_MODELS)
    home.load((path, None))
    return home


@pytest.fixture(scope="module")
def canonical(built: Warehouse) -> dict[str, Row]:
    return canonical_requests(built)


def canonical_requests(home: Warehouse) -> dict[str, Row]:
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_attributed")]
    rows = home.rows("select * from intermediate.int_requests_attributed where source_id = 'gemini'")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["request_id"]: row for row in named}


def quantities(row: Row) -> Row:
    """What is counted of a call, without zeros."""
    return {name: value for name, value in row.items() if name.endswith(("_tokens", "_count", "_seconds")) and value}


@pytest.mark.parametrize("case", CASES)
def test_every_count_reaches_its_own_leaf(canonical: dict[str, Row], case: str) -> None:
    call, counted, _ = CASES[case]
    assert quantities(canonical[key(call)]) == counted


@pytest.mark.parametrize("case", CASES)
def test_a_call_costs_what_was_computed_by_hand(built: Warehouse, case: str) -> None:
    call, _, cost = CASES[case]
    rows = built.rows(f"select cost_usd, price_status from fct_requests where request_id = '{key(call)}'")
    assert rows == [(Decimal(cost), "priced")]


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_of_a_call(canonical: dict[str, Row], case: str) -> None:
    call, said = SAID[case]
    row = canonical[key(call)]
    assert {name: row[name] for name in said} == said


def test_calls_without_usage_have_no_cost(built: Warehouse) -> None:
    rows = built.rows("select cost_usd from fct_requests where source_id = 'gemini' and request_id in ('g36', 'g37')")
    assert rows == [(None,), (None,)]


def test_a_stream_that_is_logged_chunk_by_chunk_counts_its_fullest_chunk(canonical: dict[str, Row]) -> None:
    assert quantities(canonical["g20"]) == {"uncached_input_tokens": 100, "output_tokens": 40}


def test_answers_of_others_are_left_to_their_sources(canonical: dict[str, Row]) -> None:
    assert set(canonical) == {key(call) for call, *_ in (*CASES.values(), *SAID.values())} | {"g20"}
