"""What the counts of providers in OpenAI's shape mean: token leaves of hand-made and recorded calls, and their cost."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

AT = "2026-10-07T12:00:00Z"
Row = dict[str, Any]


def answer(name: str, host: str, model: str, usage: Row | None, **more: Any) -> Row:
    body = {"id": name, "object": "chat.completion", "model": model, "usage": usage, **more.pop("body", {})}
    return {"timestamp": AT, "host": host, "response": body, **more}


def counts(prompt: int, completion: int, total: int | None = None, **more: Any) -> Row:
    stated = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {**stated, "total_tokens": prompt + completion if total is None else total, **more}


# name → call, provider, what is counted of it, what it costs at the prices of the day, a million each
CASES: dict[str, tuple[Row, str, Row, str | None]] = {
    "Mistral, by its host": (
        answer("m1", "api.mistral.ai", "mistral-large-latest", counts(1_000, 200)),
        "mistral",
        {"uncached_input_tokens": 1_000, "output_tokens": 200},
        "0.0032",  # 1,000 × 2 + 200 × 6
    ),
    "Mistral's audio is counted in seconds, and its tokens in the total only": (
        answer("m2", "api.mistral.ai", "voxtral-small-24b-2507", counts(4, 635, 3_264, prompt_audio_seconds=180)),
        "mistral",
        {"uncached_input_tokens": 4, "output_tokens": 635, "audio_seconds": Decimal("180.000")},
        "0.0122544",  # 4 × 0.1 + 635 × 0.4, and 180 seconds at 0.24 an hour = 0.012
    ),
    "a document is billed by the page": (
        answer("m3", "api.mistral.ai", "mistral-ocr-2505", None, body={"usage_info": {"pages_processed": 3}}),
        "mistral",
        {"page_count": 3},
        "0.003",  # 3 × 1 a thousand
    ),
    "DeepSeek names what its cache hit and what it missed": (
        answer(
            "d1",
            "api.deepseek.com",
            "deepseek-chat",
            counts(900, 30, prompt_cache_hit_tokens=640, prompt_cache_miss_tokens=260),
        ),
        "deepseek",
        {"uncached_input_tokens": 260, "cache_read_tokens": 640, "output_tokens": 30},
        "0.000148",  # 260 × 0.27 + 640 × 0.07 + 30 × 1.10
    ),
    "xAI thinks outside of the completion, and counts what was cached in its text tokens again": (
        # text 1,000 + cached 600 > prompt 1,000: the whole holds
        answer(
            "x1",
            "api.x.ai",
            "grok-4",
            counts(
                1_000,
                100,
                1_400,
                prompt_tokens_details={
                    "text_tokens": 1_000,
                    "audio_tokens": 0,
                    "image_tokens": 0,
                    "cached_tokens": 600,
                },
                completion_tokens_details={"reasoning_tokens": 300, "audio_tokens": 0},
                num_sources_used=0,
            ),
        ),
        "x-ai",
        {"uncached_input_tokens": 400, "cache_read_tokens": 600, "output_tokens": 400, "reasoning_tokens": 300},
        "0.00765",  # 400 × 3 + 600 × 0.75 + 400 × 15
    ),
    "more cached than prompted never makes a negative leaf": (
        answer("x2", "api.x.ai", "grok-4", counts(10, 1, prompt_tokens_details={"cached_tokens": 25})),
        "x-ai",
        {"cache_read_tokens": 25, "output_tokens": 1},
        "0.00003375",  # 25 × 0.75 + 1 × 15
    ),
    "a total that does not hold the thoughts has them inside of the completion": (
        answer(
            "c1", "api.cerebras.ai", "gpt-oss-120b", counts(100, 90, completion_tokens_details={"reasoning_tokens": 80})
        ),
        "cerebras",
        {"uncached_input_tokens": 100, "output_tokens": 90, "reasoning_tokens": 80},
        "0.0001025",  # 100 × 0.35 + 90 × 0.75
    ),
    "Gemini's thoughts show in the total only": (
        answer("g1", "generativelanguage.googleapis.com", "gemini-2.5-flash", counts(35, 12, 109)),
        "google",
        {"uncached_input_tokens": 35, "output_tokens": 74, "reasoning_tokens": 62},
        "0.0001955",  # 35 × 0.30 + 74 × 2.50
    ),
    "Perplexity's research is billed by five things": (
        answer(
            "p1",
            "api.perplexity.ai",
            "sonar-deep-research",
            counts(
                33,
                7_163,
                citation_tokens=20_016,
                num_search_queries=18,
                reasoning_tokens=73_997,
                cost={"input_tokens_cost": 0.0, "output_tokens_cost": 0.057, "total_cost": 0.409},
            ),
        ),
        "perplexity",
        {
            "uncached_input_tokens": 33,
            "output_tokens": 81_160,
            "reasoning_tokens": 73_997,
            "citation_tokens": 20_016,
            "web_search_count": 18,
        },
        "0.409393",  # 33 × 2 + 7,163 × 8 + 73,997 × 3 + 20,016 × 2, and 18 searches at 5 a thousand = 0.09
    ),
    "its other models are billed by the request, searches included": (
        answer("p2", "api.perplexity.ai", "sonar", counts(100, 50, num_search_queries=2)),
        "perplexity",
        {"uncached_input_tokens": 100, "output_tokens": 50},
        "0.01215",  # 100 × 1 + 50 × 1, and a request at 12 a thousand
    ),
    "Groq": (
        answer(
            "q1",
            "api.groq.com",
            "openai/gpt-oss-120b",
            counts(100, 20, queue_time=0.1, prompt_tokens_details={"cached_tokens": 40}),
        ),
        "groq",
        {"uncached_input_tokens": 60, "cache_read_tokens": 40, "output_tokens": 20},
        "0.000024",  # 60 × 0.15 + 40 × 0.075 + 20 × 0.60
    ),
    "Azure, by the resource's host": (
        answer("a1", "northwind.openai.azure.com", "gpt-4o-2024-11-20", counts(14, 9)),
        "azure",
        {"uncached_input_tokens": 14, "output_tokens": 9},
        "0.000125",  # 14 × 2.50 + 9 × 10
    ),
    "Azure, by its name": (
        answer("a2", "gateway.example.com", "gpt-4o-2024-11-20", counts(14, 9), provider="Azure_OpenAI"),
        "azure",
        {"uncached_input_tokens": 14, "output_tokens": 9},
        "0.000125",
    ),
    "Together, by a base URL": (
        {
            "timestamp": AT,
            "base_url": "https://api.together.xyz/v1",
            "id": "t1",
            "object": "chat.completion",
            "model": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "usage": counts(500, 500),
        },
        "together",
        {"uncached_input_tokens": 500, "output_tokens": 500},
        "0.00088",  # 1,000 × 0.88
    ),
    "Moonshot's cached tokens, and a model that only Moonshot calls so": (
        {
            "timestamp": AT,
            "body": {
                "id": "k1",
                "object": "chat.completion",
                "model": "kimi-k2-0905-preview",
                "usage": counts(1_000, 100, cached_tokens=400),
            },
        },
        "moonshotai",
        {"uncached_input_tokens": 600, "cache_read_tokens": 400, "output_tokens": 100},
        "0.00067",  # 600 × 0.60 + 400 × 0.15 + 100 × 2.50
    ),
    "what a host that nobody knows sold is not free": (
        answer("u1", "llm.example.com", "acme-7b", counts(5, 5)),
        "llm.example.com",
        {"uncached_input_tokens": 5, "output_tokens": 5},
        None,
    ),
}


def chunk(name: str, second: int, usage: Row | None = None, *, end: str | None = None, **more: Any) -> Row:
    body = {
        "id": name,
        "object": "chat.completion.chunk",
        "model": "mistral-large-latest",
        "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": end}],
        "usage": usage,
        **more,
    }
    return {"timestamp": f"2026-10-07T12:00:{second:02}Z", "host": "api.mistral.ai", "response": body}


STREAMS = [
    *(chunk("s1", second) for second in range(5)),
    chunk("s1", 5, end="stop"),
    chunk("s1", 6, counts(1_000, 200), choices=[]),
    *(chunk("s2", second) for second in range(5)),
    *(chunk("s3", second) for second in range(5)),
    chunk("s3", 5, end="stop"),
    *(chunk("s4", second, counts(1_000, 50 * second)) for second in range(5)),
    chunk("s5", 0),
    chunk("s5", 1, choices=[{"delta": {}, "finish_reason": "stop", "usage": counts(1_000, 200)}]),
    chunk("s6", 0),
    chunk("s6", 1, end="stop", x_groq={"usage": counts(1_000, 200)}),
]

# stream → status, whether there is usage, its cost, its price status
STREAMED: dict[str, tuple[str, str, bool, str | None, str]] = {
    "usage comes in the last chunk": ("s1", "ok", True, "0.0032", "priced"),
    "a stream that was cut before it has none": ("s2", "aborted", False, None, "usage_missing"),
    "a stream that ended without it is unpriced": ("s3", "ok", False, None, "usage_missing"),
    "usage that grows counts once, as it ended": ("s4", "ok", True, "0.0032", "priced"),
    "Moonshot puts it into the choice": ("s5", "ok", True, "0.0032", "priced"),
    "Groq puts it beside": ("s6", "ok", True, "0.0032", "priced"),
}

# name → call, what is said of it
SAID: dict[str, tuple[Row, Row]] = {
    "a refusal is not billed": (
        {
            "timestamp": AT,
            "host": "api.mistral.ai",
            "request_id": "e1",
            "status": 429,
            "model": "mistral-large-latest",
            "response": {"object": "error", "message": "CANARY", "type": "rate_limited", "code": "1300"},
        },
        {"status": "error", "error_code": "1300", "has_usage": False, "response_id": None, "provider_id": "mistral"},
    ),
    "embeddings are a list": (
        answer(
            "e2", "api.mistral.ai", "mistral-embed", {"prompt_tokens": 8, "total_tokens": 8}, body={"object": "list"}
        ),
        {"operation": "embeddings", "response_id": None},
    ),
    "an Azure path names the deployment, and the application who called": (
        answer(
            "e3",
            "northwind.openai.azure.com",
            "gpt-4o-2024-11-20",
            counts(1, 1),
            path="/openai/deployments/chat-prod/chat/completions?api-version=2026-06-01",
            metadata={"customer_id": "northwind", "feature": "search", "session_id": "conv-1"},
        ),
        {"deployment_id": "chat-prod", "customer_id": "northwind", "feature_id": "search", "conversation_id": "conv-1"},
    ),
    "Perplexity reports what it charged": (
        CASES["Perplexity's research is billed by five things"][0],
        {"reported_cost_usd": Decimal("0.409")},
    ),
    "so does OpenRouter, as a number": (
        answer("e4", "openrouter.ai", "openai/gpt-4o-mini", {**counts(100, 10), "cost": 1.95e-05, "is_byok": False}),
        {"provider_id": "openrouter", "reported_cost_usd": Decimal("0.0000195")},
    ),
    "with a key of one's own, the upstream cost is on top of OpenRouter's fee": (
        answer(
            "e5",
            "openrouter.ai",
            "openai/gpt-4o-mini",
            {**counts(100, 10), "cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}},
        ),
        {"reported_cost_usd": Decimal("0.21")},
    ),
    "who reports no cost has none": (CASES["Groq"][0], {"reported_cost_usd": None}),
}


def key(call: Row) -> str:
    return str(call.get("request_id") or call.get("id") or call.get("response", call.get("body"))["id"])


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    calls = {key(call): call for call, *_ in (*CASES.values(), *SAID.values())}
    path = tmp_path_factory.mktemp("openai_compatible") / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, [*calls.values(), *STREAMS])) + "\n")
    home = warehouse("openai_compatible", select=CALL_MODELS)
    home.load((path, None))
    return home


def staged(home: Warehouse) -> dict[str, Row]:
    """The calls of this source by id, each of them once."""
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_deduplicated")]
    rows = home.rows("select * from intermediate.int_requests_deduplicated where source_id = 'openai_compatible'")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    by_id = {row["request_id"]: row for row in named}
    assert len(by_id) == len(named)
    return by_id


@pytest.fixture(scope="module")
def calls(built: Warehouse) -> dict[str, Row]:
    return staged(built)


def quantities(row: Row) -> Row:
    """What is counted of a call, without zeros."""
    return {name: value for name, value in row.items() if name.endswith(("_tokens", "_count", "_seconds")) and value}


@pytest.mark.parametrize("case", CASES)
def test_every_count_reaches_its_own_leaf(calls: dict[str, Row], case: str) -> None:
    call, provider, counted, _ = CASES[case]
    row = calls[key(call)]
    assert (row["provider_id"], quantities(row)) == (provider, counted)


@pytest.mark.parametrize("case", CASES)
def test_a_call_costs_what_was_computed_by_hand(built: Warehouse, case: str) -> None:
    call, _, _, cost = CASES[case]
    rows = built.rows(f"select cost_usd, price_status from fct_requests where request_id = '{key(call)}'")
    assert rows == [(Decimal(cost), "priced") if cost else (None, "unknown_model")]


@pytest.mark.parametrize("case", STREAMED)
def test_the_chunks_of_a_stream_are_one_call(built: Warehouse, calls: dict[str, Row], case: str) -> None:
    name, status, has_usage, cost, price_status = STREAMED[case]
    assert (calls[name]["status"], calls[name]["has_usage"]) == (status, has_usage)
    rows = built.rows(f"select cost_usd, price_status from fct_requests where request_id = '{name}'")
    assert rows == [(Decimal(cost) if cost else None, price_status)]


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_of_a_call(calls: dict[str, Row], case: str) -> None:
    call, said = SAID[case]
    row = calls[key(call)]
    assert {name: row[name] for name in said} == said


# provider → its API in the library: what it counts is compared for every recorded body, whoever answered with it
READ = {
    "azure": "chat", "cerebras": "chat", "deepseek": "chat", "fireworks": "chat", "google": "chat", "groq": "default",
    "mistral": "default", "moonshotai": "chat", "openrouter": "chat", "perplexity": "default", "x-ai": "chat",
    "zai": "chat",
}  # fmt: skip
# What the library counts → our leaves inside of it.
INCLUSIVE = {
    "input_tokens": (
        "uncached_input_tokens", "cache_read_tokens", "cache_read_audio_tokens", "cache_read_image_tokens",
        "cache_write_unknown_tokens", "input_audio_tokens", "input_image_tokens",
    ),
    "cache_read_tokens": ("cache_read_tokens", "cache_read_audio_tokens", "cache_read_image_tokens"),
    "cache_write_tokens": ("cache_write_unknown_tokens",),
    "input_audio_tokens": ("input_audio_tokens", "cache_read_audio_tokens"),
    "output_tokens": ("output_tokens", "output_audio_tokens", "output_image_tokens", "citation_tokens"),
    "output_audio_tokens": ("output_audio_tokens",),
    "output_citation_tokens": ("citation_tokens",),
    "output_reasoning_tokens": ("reasoning_tokens",),
    "web_searches": ("web_search_count",),
}  # fmt: skip


def recorded(path: Path) -> Iterator[tuple[str, Row, Row, Decimal | None]]:
    """Provider, body, what the library reads of it and, where it knows the model, its price."""
    for one in json.loads(path.read_text()):
        for reading in one["extracted"]:
            for reader in reading["extractors"]:
                if READ.get(reader["provider_id"]) == reader["api_flavor"]:
                    is_priced = "input_price" in reader
                    cost = Decimal(reader["input_price"]) + Decimal(reader["output_price"]) if is_priced else None
                    yield reader["provider_id"], one["body"], reading["usage"], cost


def short(body: Row) -> str:
    return str(body["file"]).rsplit("/", 1)[-1].removesuffix(".yaml")


def compared(provider: str, body: Row, expected: Row) -> set[str]:
    """Everything of a provider's own bodies; of others, whose parts its reader may not look for, the wholes."""
    is_own = provider in body["file"]
    return set(INCLUSIVE) if is_own else {"input_tokens", "output_tokens", *expected}


def test_recorded_calls_mean_and_cost_what_the_price_library_says(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, shared_data: Path
) -> None:
    known = list(recorded(shared_data / "usage_bodies" / "usages_half.json"))
    assert len(known) > 2_000
    assert sum(provider in body["file"] for provider, body, *_ in known) > 80
    lines = [
        {"timestamp": AT, "request_id": str(number), "provider": provider, "response": body}
        for number, (provider, body, *_) in enumerate(known)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    home = warehouse("recorded-openai-compatible", select=CALL_MODELS)
    home.load((path, "openai_compatible"))
    ours, costs = staged(home), dict(home.rows("select request_id, cost_usd from fct_requests"))
    assert len(ours) == len(known)
    # No recorded body is xAI's own. The library adds what was thought to any; we only where the total holds it.
    thought_inside = {
        ("x-ai", short(body))
        for provider, body, expected, _ in known
        if provider == "x-ai" and expected.get("output_reasoning_tokens")
    }
    otherwise_counted, otherwise_priced = set(), set()
    for number, (provider, body, expected, cost) in enumerate(known):
        row = ours[str(number)]
        names = compared(provider, body, expected)
        found = {name: sum(row[leaf] or 0 for leaf in INCLUSIVE[name]) for name in names}
        if found != {name: expected.get(name, 0) for name in names}:
            otherwise_counted.add((provider, short(body)))
        elif cost is not None and costs[str(number)] != cost:
            otherwise_priced.add((provider, body["model"]))
    assert len(thought_inside) > 30
    assert otherwise_counted == thought_inside | {
        # 35 + 12 tokens in a total of 109: the library does not count what Gemini thought, which Google bills
        ("google", "test_compatible_api_with_tool_calls_without_id"),
    }
    assert otherwise_priced == {
        # dearer at AT than when the bodies were recorded
        ("mistral", "mistral-medium-latest"),
        ("mistral", "mistral-small-latest"),
        # known, but without any price: the library counts that as free
        ("cerebras", "qwen-3-coder-480b"),
    }
