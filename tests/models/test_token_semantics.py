"""What each source's counts mean: the token leaves of hand-made calls, and what they cost."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from tests.models.conftest import CALL_MODELS, Warehouse

MODELS = f"{CALL_MODELS} +price_book"

PROJECT = Path(__file__).parent.parent.parent
Case = tuple[str, dict[str, Any]]

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


def openai(number: int, usage: dict[str, Any] | None, **more: Any) -> Case:
    body = {"id": f"c{number}", "object": "chat.completion", "model": "gpt-5", "usage": usage}
    return "openai", {"timestamp": AT, "response": body, **more}


def endpoint(name: str, path: str, model: str, usage: dict[str, Any] | None = None, **more: Any) -> Case:
    """A call of an OpenAI endpoint whose answer has neither an id nor a model."""
    response = {"created": 1791374400, "usage": usage}
    return "openai", {
        "timestamp": AT,
        "request_id": name,
        "path": path,
        "request": {"model": model, **more.pop("request", {})},
        "response": response,
        **more,
    }


def realtime(name: str, usage: dict[str, Any]) -> Case:
    response = {"object": "realtime.response", "id": name, "status": "completed", "usage": usage}
    return "openai", {"timestamp": AT, "type": "response.done", "model": "gpt-realtime", "response": response}


def anthropic(number: int, usage: dict[str, Any], **more: Any) -> Case:
    body = {"id": f"msg_{number}", "type": "message", "model": "claude-sonnet-4-5", "usage": usage}
    return "anthropic", {"timestamp": AT, "response": body, **more}


def litellm(number: int, prompt: int, completion: int, details: dict[str, Any], **more: Any) -> Case:
    row = {
        "request_id": f"l{number}",
        "call_type": "acompletion",
        "startTime": "2026-10-07T12:00:00",
        "model": "claude-sonnet-4-5",
        "custom_llm_provider": "anthropic",
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "metadata": {"usage_object": {"prompt_tokens_details": details, **more.pop("usage", {})}},
        "status": "success",
        **more,
    }
    return "litellm", row


CASES: dict[str, tuple[Case, tuple[int, ...], str | None]] = {
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
    "a failure that LiteLLM logs with zeros has no usage": (
        litellm(10, 0, 0, {}, status="failure"),
        (0, 0, 0, 0, 0, 0, 0, 0),
        "not_billed",
    ),
}


# call → what is counted of it, all else being 0
KINDS: dict[str, tuple[Case, dict[str, int | str]]] = {
    "a realtime answer states its audio, and what was cached of it": (
        # developers.openai.com/api/docs/guides/realtime-costs
        realtime(
            "resp_1",
            {
                "total_tokens": 253,
                "input_tokens": 132,
                "output_tokens": 121,
                "input_token_details": {
                    "text_tokens": 119,
                    "audio_tokens": 13,
                    "image_tokens": 0,
                    "cached_tokens": 64,
                    "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
                },
                "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
            },
        ),
        {
            "uncached_input_tokens": 55,
            "cache_read_tokens": 64,
            "input_audio_tokens": 13,
            "output_tokens": 30,
            "output_audio_tokens": 91,
        },
    ),
    "a realtime answer with every kind of cached token": (
        realtime(
            "resp_2",
            {
                "total_tokens": 1_100,
                "input_tokens": 1_000,
                "output_tokens": 100,
                "input_token_details": {
                    "text_tokens": 300,
                    "audio_tokens": 500,
                    "image_tokens": 200,
                    "cached_tokens": 600,
                    "cached_tokens_details": {"text_tokens": 200, "audio_tokens": 350, "image_tokens": 50},
                },
                "output_token_details": {"text_tokens": 20, "audio_tokens": 80},
            },
        ),
        {
            "uncached_input_tokens": 100,
            "cache_read_tokens": 200,
            "cache_read_audio_tokens": 350,
            "cache_read_image_tokens": 50,
            "input_audio_tokens": 150,
            "input_image_tokens": 150,
            "output_tokens": 20,
            "output_audio_tokens": 80,
        },
    ),
    "cached tokens that are more than the text of a spoken chat were audio": (
        openai(
            101,
            {
                "prompt_tokens": 100,
                "completion_tokens": 10,
                "prompt_tokens_details": {"audio_tokens": 80, "cached_tokens": 50},
            },
        ),
        {"cache_read_tokens": 20, "cache_read_audio_tokens": 30, "input_audio_tokens": 50, "output_tokens": 10},
    ),
    "an image's output is image tokens where no details say otherwise": (
        # openai-openapi, examples of /images/generations
        endpoint(
            "image-1",
            "/v1/images/generations",
            "gpt-image-1.5",
            {
                "total_tokens": 100,
                "input_tokens": 50,
                "output_tokens": 50,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
            },
            request={"n": 1},
        ),
        {"uncached_input_tokens": 10, "input_image_tokens": 40, "output_image_tokens": 50},
    ),
    "an image's output is split where details tell": (
        endpoint(
            "image-2",
            "/v1/images/edits",
            "gpt-image-1.5",
            {
                "total_tokens": 100,
                "input_tokens": 50,
                "output_tokens": 50,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
                "output_tokens_details": {"text_tokens": 8, "image_tokens": 42},
            },
        ),
        {"uncached_input_tokens": 10, "input_image_tokens": 40, "output_tokens": 8, "output_image_tokens": 42},
    ),
    "images without tokens are billed by the piece": (
        endpoint("image-3", "/v1/images/generations", "dall-e-3", request={"n": 2}),
        {"image_count": 2},
    ),
    "images that were refused are not billed": (
        endpoint("image-4", "/v1/images/generations", "dall-e-3", request={"n": 2}, status=400),
        {},
    ),
    "the n of a chat counts choices, not images": (
        openai(102, {"prompt_tokens": 5, "completion_tokens": 9}, request={"n": 3}),
        {"uncached_input_tokens": 5, "output_tokens": 9},
    ),
    "a transcription is billed by the second": (
        endpoint("audio-1", "/v1/audio/transcriptions", "whisper-1", {"type": "duration", "seconds": 9.5}),
        {"audio_seconds": "9.500"},
    ),
    "or by the token": (
        endpoint(
            "audio-2",
            "/v1/audio/transcriptions",
            "gpt-4o-transcribe",
            {
                "type": "tokens",
                "input_tokens": 14,
                "input_token_details": {"text_tokens": 10, "audio_tokens": 4},
                "output_tokens": 101,
                "total_tokens": 115,
            },
        ),
        {"uncached_input_tokens": 10, "input_audio_tokens": 4, "output_tokens": 101},
    ),
    "speech is billed by the character where the application counts them": (
        endpoint("audio-3", "/v1/audio/speech", "tts-1", character_count=1_200),
        {"character_count": 1_200},
    ),
    "or by the token, all of its output audio": (
        endpoint(
            "audio-4",
            "/v1/audio/speech",
            "gpt-4o-mini-tts",
            {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115},
            character_count=60,
        ),
        {"uncached_input_tokens": 14, "output_audio_tokens": 101},
    ),
    "OpenAI counts billable searches, and cache writes by lifetime": (
        (
            "openai",
            {
                "timestamp": AT,
                "response": {
                    "id": "resp_3",
                    "object": "response",
                    "model": "gpt-5",
                    "usage": {
                        "input_tokens": 5_000,
                        "input_tokens_details": {
                            "cached_tokens": 1_000,
                            "cache_write_tokens": 3_000,
                            "cache_write_tokens_details": {"ttl_30m_tokens": 2_000, "ttl_12h_tokens": 1_000},
                        },
                        "output_tokens": 300,
                        "output_tokens_details": {"reasoning_tokens": 200},
                        "total_tokens": 5_300,
                    },
                    "tool_usage": {"web_search": {"num_requests": 3}},
                },
            },
        ),
        {
            "uncached_input_tokens": 1_000,
            "cache_read_tokens": 1_000,
            "cache_write_30m_tokens": 2_000,
            "cache_write_12h_tokens": 1_000,
            "output_tokens": 300,
            "reasoning_tokens": 200,
            "web_search_count": 3,
        },
    ),
    "an embedding has a prompt only": (
        (
            "openai",
            {
                "timestamp": AT,
                "request_id": "embedding-1",
                "response": {
                    "object": "list",
                    "model": "text-embedding-3-small",
                    "usage": {"prompt_tokens": 8, "total_tokens": 8},
                },
            },
        ),
        {"uncached_input_tokens": 8},
    ),
    "a moderation uses nothing that is billed": (
        endpoint("modr-1", "/v1/moderations", "omni-moderation-latest"),
        {},
    ),
    "Anthropic's tools are counted beside its tokens, the fetches for free": (
        anthropic(
            103,
            {
                "input_tokens": 105,
                "output_tokens": 6_039,
                "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1, "code_execution_requests": 3},
            },
        ),
        {"uncached_input_tokens": 105, "output_tokens": 6_039, "web_search_count": 2, "code_execution_count": 3},
    ),
    "LiteLLM counts every kind inside the prompt and the completion": (
        litellm(
            104,
            1_000,
            500,
            {
                "cached_tokens": 300,
                "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 150, "image_tokens": 50},
                "audio_tokens": 250,
                "image_tokens": 150,
                "video_tokens": 200,
            },
            usage={
                "completion_tokens_details": {
                    "reasoning_tokens": 40,
                    "audio_tokens": 60,
                    "image_tokens": 240,
                    "video_tokens": 100,
                }
            },
        ),
        {
            "uncached_input_tokens": 300,
            "cache_read_tokens": 100,
            "cache_read_audio_tokens": 150,
            "cache_read_image_tokens": 50,
            "input_audio_tokens": 100,
            "input_image_tokens": 100,
            "input_video_tokens": 200,
            "output_tokens": 100,
            "output_audio_tokens": 60,
            "output_image_tokens": 240,
            "output_video_tokens": 100,
            "reasoning_tokens": 40,
        },
    ),
    "LiteLLM tells every lifetime of a cache write": (
        litellm(
            105,
            1_000,
            1,
            {
                "cache_write_tokens": 900,
                "cache_creation_token_details": {
                    "ephemeral_5m_input_tokens": 100,
                    "ephemeral_30m_input_tokens": 200,
                    "ephemeral_1h_input_tokens": 250,
                    "ephemeral_12h_input_tokens": 300,
                },
            },
        ),
        {
            "uncached_input_tokens": 100,
            "cache_write_5m_tokens": 100,
            "cache_write_30m_tokens": 200,
            "cache_write_1h_tokens": 250,
            "cache_write_12h_tokens": 300,
            "cache_write_unknown_tokens": 50,
            "output_tokens": 1,
        },
    ),
    "an image that LiteLLM passed on is image tokens": (
        litellm(106, 50, 50, {"text_tokens": 10, "image_tokens": 40}, call_type="aimage_generation"),
        {"uncached_input_tokens": 10, "input_image_tokens": 40, "output_image_tokens": 50},
    ),
    "LiteLLM tells seconds": (
        litellm(107, 0, 0, {}, call_type="atranscription", usage={"type": "duration", "seconds": 12.25}),
        {"audio_seconds": "12.250"},
    ),
    "LiteLLM tells pages, those with annotations apart": (
        litellm(108, 0, 0, {}, call_type="aocr", usage={"pages_processed": 12, "pages_processed_annotation": 5}),
        {"page_count": 7, "annotated_page_count": 5},
    ),
    "LiteLLM tells the images, characters and seconds of an embedding": (
        litellm(
            109,
            0,
            0,
            {"image_count": 2, "character_count": 700, "audio_length_seconds": 1.5},
            call_type="aembedding",
        ),
        {"image_count": 2, "character_count": 700, "audio_seconds": "1.500"},
    ),
    "the units of a rerank are in the answer that the proxy stored": (
        litellm(
            110, 0, 0, {}, call_type="arerank", response={"results": [], "meta": {"billed_units": {"search_units": 4}}}
        ),
        {"rerank_search_count": 4},
    ),
    "LiteLLM counts searches in either place": (
        litellm(111, 10, 10, {}, usage={"server_tool_use": {"web_search_requests": 2}}),
        {"uncached_input_tokens": 10, "output_tokens": 10, "web_search_count": 2},
    ),
    "nothing of what LiteLLM's own cache answered was bought": (
        litellm(
            112,
            100,
            100,
            {"cached_tokens": 20, "audio_tokens": 30, "cached_tokens_details": {"audio_tokens": 10}, "image_count": 1},
            usage={"completion_tokens_details": {"image_tokens": 30, "reasoning_tokens": 20}, "pages_processed": 3},
            cache_hit="True",
        ),
        {},
    ),
}
INSIDE_OTHERS = "reasoning_tokens"


def key(case: Case) -> str:
    _, record = case
    return str(record.get("request_id") or record["response"]["id"])


def stated_total(case: Case) -> int:
    """All tokens of a hand-made call by its provider's own count; none where LiteLLM's cache answered."""
    source, record = case
    counts = record if source == "litellm" else record["response"].get("usage") or {}
    if record.get("cache_hit"):
        return 0
    parts = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")
    return int(counts.get("total_tokens", sum(counts.get(part, 0) for part in parts)))


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("semantics")
    home = warehouse("semantics", select=MODELS)
    every = (*CASES.values(), *KINDS.values(), *PLACES.values(), *SILENT.values())
    calls = list({key(call): call for call, *_ in every}.values())
    sources = sorted({source for source, _ in calls})
    for source in sources:
        lines = [json.dumps(record) for name, record in calls if name == source]
        (folder / f"{source}.jsonl").write_text("\n".join(lines) + "\n")
    home.load(*((folder / f"{source}.jsonl", source) for source in sources))
    return home


@pytest.fixture(scope="module")
def loaded(built: Warehouse) -> dict[str, tuple[tuple[int, ...], Decimal | None, str]]:
    rows = built.rows(f"select request_id, cost_usd, price_status, {', '.join(LEAVES)} from fct_requests")
    return {row[0]: (row[3:], row[1], row[2]) for row in rows}


@pytest.fixture(scope="module")
def canonical(built: Warehouse) -> dict[str, dict[str, Any]]:
    return canonical_requests(built)


def canonical_requests(home: Warehouse) -> dict[str, dict[str, Any]]:
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_attributed")]
    rows = home.rows("select * from intermediate.int_requests_attributed")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["request_id"]: row for row in named}


def quantities(row: dict[str, Any]) -> dict[str, int | str]:
    """What is counted of a call, without zeros."""
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in row.items()
        if name.endswith(("_tokens", "_count", "_seconds")) and value
    }


@pytest.mark.parametrize("case", CASES)
def test_token_leaves_and_cost(loaded: dict[str, tuple[tuple[int, ...], Decimal | None, str]], case: str) -> None:
    call, leaves, cost = CASES[case]
    found, found_cost, status = loaded[key(call)]
    assert found == leaves
    if cost == "not_billed":
        assert (found_cost, status) == (None, "not_billed")
    elif cost is not None:
        assert found_cost == Decimal(cost)


@pytest.mark.parametrize("case", KINDS)
def test_every_kind_of_usage_reaches_its_own_leaf(canonical: dict[str, dict[str, Any]], case: str) -> None:
    call, counted = KINDS[case]
    found = quantities(canonical[key(call)])
    assert found == counted
    tokens = [int(value) for name, value in found.items() if name.endswith("_tokens") and name != INSIDE_OTHERS]
    assert sum(tokens) == stated_total(call)


PLACES: dict[str, tuple[Case, dict[str, str | None]]] = {
    "an OpenAI host names the region that the data stay in": (
        openai(
            121,
            {"prompt_tokens": 1, "completion_tokens": 1},
            host="eu.api.openai.com",
            headers={"openai-organization": "org-1"},
        ),
        {"region_id": "eu", "billing_account_id": "org-1", "deployment_id": None},
    ),
    "the ordinary host names none": (
        openai(122, {"prompt_tokens": 1, "completion_tokens": 1}, host="api.openai.com"),
        {"region_id": None, "billing_account_id": None},
    ),
    "an Azure path names the deployment": (
        openai(
            123,
            {"prompt_tokens": 1, "completion_tokens": 1},
            path="/openai/deployments/chat-prod/chat/completions?api-version=2026-06-01",
            organization="org-2",
        ),
        {"deployment_id": "chat-prod", "billing_account_id": "org-2", "operation": "chat"},
    ),
    "an Anthropic call says where it was served and how fast": (
        anthropic(126, {"input_tokens": 1, "output_tokens": 1, "inference_geo": "us", "speed": "fast"}),
        {"region_id": "us", "service_tier": "fast"},
    ),
    "an embedding is no chat": (
        KINDS["an embedding has a prompt only"][0],
        {"operation": "embeddings", "model_id": "text-embedding-3-small"},
    ),
    "nor is a moderation": (
        KINDS["a moderation uses nothing that is billed"][0],
        {"operation": "moderation", "model_id": "omni-moderation-latest"},
    ),
    "an Anthropic call names its organisation": (
        anthropic(124, {"input_tokens": 1, "output_tokens": 1}, organization_id="org-3"),
        {"billing_account_id": "org-3"},
    ),
    "LiteLLM names its deployment, and an organisation above the team": (
        litellm(125, 1, 1, {}, model_id="sonnet-eu", organization_id="org-4", team_id="team-1"),
        {"deployment_id": "sonnet-eu", "billing_account_id": "org-4", "project_id": "team-1"},
    ),
    "an endpoint says what was done, and the request which model": (
        endpoint("image-5", "/v1/images/generations", "gpt-image-1", {"input_tokens": 1, "output_tokens": 1}),
        {"operation": "image", "model_id": "gpt-image-1"},
    ),
    "a transcription is audio": (
        endpoint("audio-5", "/v1/audio/transcriptions", "whisper-1", {"type": "duration", "seconds": 1}),
        {"operation": "audio", "model_id": "whisper-1"},
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_where_a_call_was_served_and_who_is_billed(canonical: dict[str, dict[str, Any]], case: str) -> None:
    call, expected = PLACES[case]
    row = canonical[key(call)]
    assert {name: row[name] for name in expected} == expected


SILENT: dict[str, tuple[Case]] = {
    "a rerank whose answer was not stored": (litellm(131, 0, 0, {}, call_type="arerank"),),
    "a speech whose characters LiteLLM does not log": (litellm(132, 0, 0, {}, call_type="aspeech"),),
    "a chat of which the application counts characters": (openai(134, None, characters=40),),
    "a speech whose characters nobody counted": (endpoint("audio-6", "/v1/audio/speech", "tts-1"),),
    "a video whose seconds LiteLLM does not log": (litellm(133, 0, 0, {}, call_type="avideo_generation"),),
    "an image whose number nobody logged": (endpoint("image-6", "/v1/images/generations", "dall-e-3"),),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_the_log_does_not_count_is_missing_and_never_free(canonical: dict[str, dict[str, Any]], case: str) -> None:
    (call,) = SILENT[case]
    row = canonical[key(call)]
    assert (row["has_usage"], quantities(row)) == (False, {})


def test_a_call_billed_by_something_else_than_tokens_has_usage(canonical: dict[str, dict[str, Any]]) -> None:
    by_the_piece = [call for call, counted in KINDS.values() if counted and not any("tokens" in one for one in counted)]
    assert len(by_the_piece) > 5
    assert all(canonical[key(call)]["has_usage"] for call in by_the_piece)


def test_a_moderation_is_free_as_its_list_price_says(built: Warehouse) -> None:
    rows = built.rows("select cost_usd, price_status from fct_requests where request_id = 'modr-1'")
    assert rows == [(Decimal(0), "priced")]


LEAF_NAMES = (
    "uncached_input", "cache_read", "cache_read_audio", "cache_read_image", "input_audio", "input_image", "input_video",
    "output", "output_audio", "output_image", "output_video",
)  # fmt: skip
COUNTED = (
    "all_input", "all_cache_read", "all_cache_write", "all_input_audio", "all_input_image", "all_input_video",
    "stated_cache_read_audio", "stated_cache_read_image",
    "all_output", "all_output_audio", "all_output_image", "all_output_video",
)  # fmt: skip


def leaves_of(counted: list[tuple[int | None, ...]]) -> list[dict[str, int]]:
    """The leaves that the macro makes of overlapping counts."""
    macro = (PROJECT / "macros" / "disjoint_tokens.sql").read_text()
    names = ", ".join(f"cast({name} as bigint) as {name}_tokens" for name in COUNTED)
    con = duckdb.connect()
    con.execute(f"create table given ({', '.join(f'{name} bigint' for name in COUNTED)})")
    con.executemany(f"insert into given values ({', '.join('?' * len(COUNTED))})", counted)
    con.execute(f"create view counted as select {names} from given")
    query = Environment(autoescape=False).from_string(macro + "{{ disjoint_tokens('counted') }}").render()  # noqa: S701
    leaves = ", ".join(f"leaf_{name}_tokens" for name in LEAF_NAMES)
    rows = con.sql(f"select {leaves} from ({query})").fetchall()
    return [dict(zip(LEAF_NAMES, row, strict=True)) for row in rows]


def possible_calls() -> Iterator[tuple[int | None, ...]]:
    """Every small call whose parts fit into its whole, with what was cached of each kind stated or not."""
    few = range(3)
    for text, write, audio, image, video in product(few, range(2), few, few, range(2)):
        for text_read, audio_read, image_read in product(range(text + 1), range(audio + 1), range(image + 1)):
            for is_stated in (True, False):
                yield (
                    text + write + audio + image + video,
                    text_read + audio_read + image_read,
                    write,
                    audio,
                    image,
                    video,
                    audio_read if is_stated else None,
                    image_read if is_stated else None,
                    4 + audio + image + video,
                    audio,
                    image,
                    video,
                )


def test_every_token_is_in_exactly_one_leaf() -> None:
    calls = list(possible_calls())
    assert len(calls) > 1_000
    for call, leaves in zip(calls, leaves_of(calls), strict=True):
        counted = dict(zip(COUNTED, call, strict=True))
        said = {name: value for name, value in counted.items() if value is not None}
        assert min(leaves.values()) >= 0
        assert sum(value for name, value in leaves.items() if "output" not in name) == (
            said["all_input"] - said["all_cache_write"]
        )
        assert sum(value for name, value in leaves.items() if "output" in name) == said["all_output"]
        cached = leaves["cache_read"] + leaves["cache_read_audio"] + leaves["cache_read_image"]
        assert cached == said["all_cache_read"]
        for kind in ("audio", "image"):
            assert leaves[f"cache_read_{kind}"] + leaves[f"input_{kind}"] == said[f"all_input_{kind}"]
            assert leaves[f"cache_read_{kind}"] == said.get(f"stated_cache_read_{kind}", leaves[f"cache_read_{kind}"])


def test_parts_that_contradict_the_whole_make_no_negative_leaf() -> None:
    calls = list(
        product((0, 2), (0, 3), (0, 1), (0, 3), (0, 3), (0, 1), (None, 0, 4), (None, 0, 4), (1,), *[(0, 2)] * 3)
    )
    assert all(min(leaves.values()) >= 0 for leaves in leaves_of(calls))


def test_a_calls_cost_can_be_read_from_its_row_of_the_price_book(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        "\n".join(json.dumps(record) for (source, record), _, _ in CASES.values() if source == "anthropic") + "\n"
    )
    home = warehouse("explained", select=MODELS)
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
