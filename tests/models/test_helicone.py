"""What Helicone's normalised counts mean: leaves, attribution and costs of hand-made exports."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.files import inspect
from ingest.landing import Landed
from ingest.sources import discover
from tests.models.conftest import CALL_MODELS, Warehouse
from tests.models.test_token_semantics import canonical_requests, quantities

NO_CACHE = "00000000-0000-0000-0000-000000000000"
Calls = dict[str, dict[str, Any]]
Costs = dict[str, tuple[Decimal | None, str]]


def request(name: str, **more: Any) -> dict[str, Any]:
    return {
        "response_id": f"response-{name}",
        "request_id": name,
        "request_created_at": "2026-10-07 23:59:59.713",
        "response_status": 200,
        "provider": "ANTHROPIC",
        "request_model": "claude-sonnet-4-5",
        "prompt_tokens": 1_000,
        "completion_tokens": 100,
        "request_properties": {},
        "cost": 0.0045,
        "cache_reference_id": NO_CACHE,
        **more,
    }


OPENAI = {"provider": "OPENAI", "request_model": "gpt-5"}
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "cost": 0}
CACHED = {"prompt_cache_read_tokens": 6_000, "completion_tokens": 500, "reasoning_tokens": 1_500}

REQUESTS = [
    request(
        "anthropic",
        prompt_tokens=1_000,
        prompt_cache_read_tokens=50_000,
        prompt_cache_write_tokens=8_000,
        completion_tokens=1_200,
    ),
    request("openai", **OPENAI, prompt_tokens=4_000, **CACHED),
    request("openai-writes", **OPENAI, prompt_tokens=4_000, prompt_cache_write_tokens=3_000, **CACHED),
    request("spoken", prompt_tokens=100, prompt_audio_tokens=60, completion_tokens=50, completion_audio_tokens=40),
    request("own-cache", cache_reference_id="5e3b7c1e-0000-4000-8000-000000000001", cost=0.0045),
    request("own-cache-zeros", cache_reference_id="5e3b7c1e-0000-4000-8000-000000000001", **NOTHING),
    request("refused", response_status=429, **NOTHING),
    request("cancelled", response_status=-3, **NOTHING),
    request("cut-off", response_status=-3, prompt_tokens=300, completion_tokens=20),
    request("timed-out", response_status=-2, **NOTHING),
    request("silent", **NOTHING),
    request("absent", prompt_tokens=None, completion_tokens=None, cost=None),
    request("unpriced-there", cost=0),
    request("answered", request_model="claude-haiku-4-5", response_model="claude-sonnet-4-5"),
    request("overridden", request_model="my-deployment", model_override="claude-sonnet-4-5"),
    request("embedded", **OPENAI | {"request_model": "text-embedding-3-small"}, prompt_tokens=12, completion_tokens=0),
    request(
        "named",
        request_user_id="user-7",
        delay_ms=5_900,
        time_to_first_token=640,
        request_properties={
            "Helicone-Session-Id": "conv-77",
            "Customer-Id": "northwind",
            "feature": "search",
            "Environment": "staging",
        },
    ),
    request("user-only", request_user_id="northwind", time_to_first_token=0, delay_ms=-5),
    request("nobody", request_user_id="undefined"),
]


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    path = tmp_path_factory.mktemp("helicone") / "output.jsonl"
    path.write_text("\n".join(map(json.dumps, REQUESTS)) + "\n")
    home = warehouse("helicone", select=CALL_MODELS)
    home.load((path, None))
    return home


@pytest.fixture(scope="module")
def calls(built: Warehouse) -> Calls:
    return canonical_requests(built)


@pytest.fixture(scope="module")
def costs(built: Warehouse) -> Costs:
    rows = built.rows("select request_id, cost_usd, price_status from fct_requests")
    return {name: (cost, status) for name, cost, status in rows}


def test_every_exported_request_is_a_call_of_a_utc_day(calls: Calls) -> None:
    assert len(calls) == len(REQUESTS)
    assert {(call["source_id"], str(call["usage_date"])) for call in calls.values()} == {("helicone", "2026-10-07")}
    assert str(calls["silent"]["requested_at"]) == "2026-10-07 23:59:59.713000"


def test_cache_reads_and_writes_are_outside_of_an_anthropic_prompt(calls: Calls, costs: Costs) -> None:
    assert quantities(calls["anthropic"]) == {
        "uncached_input_tokens": 1_000,
        "cache_read_tokens": 50_000,
        "cache_write_unknown_tokens": 8_000,
        "output_tokens": 1_200,
    }
    # 1,000 × 3 + 50,000 × 0.30 + 8,000 × 3.75 + 1,200 × 15, a million each
    assert costs["anthropic"] == (Decimal("0.066"), "priced")


def test_helicone_takes_cache_reads_out_of_the_prompt_and_reasoning_out_of_the_completion(
    calls: Calls, costs: Costs
) -> None:
    assert quantities(calls["openai"]) == {
        "uncached_input_tokens": 4_000,
        "cache_read_tokens": 6_000,
        "output_tokens": 2_000,
        "reasoning_tokens": 1_500,
    }
    # as OpenAI's own log of the same call: 4,000 × 1.25 + 6,000 × 0.125 + 2,000 × 10, a million each
    assert costs["openai"] == (Decimal("0.02575"), "priced")


def test_cache_writes_of_openai_stay_inside_the_prompt(calls: Calls) -> None:
    assert quantities(calls["openai-writes"]) == {
        "uncached_input_tokens": 1_000,
        "cache_read_tokens": 6_000,
        "cache_write_unknown_tokens": 3_000,
        "output_tokens": 2_000,
        "reasoning_tokens": 1_500,
    }


def test_audio_tokens_are_inside_both_counts(calls: Calls) -> None:
    assert quantities(calls["spoken"]) == {
        "uncached_input_tokens": 40,
        "input_audio_tokens": 60,
        "output_tokens": 10,
        "output_audio_tokens": 40,
    }


@pytest.mark.parametrize("name", ["own-cache", "own-cache-zeros"])
def test_what_helicones_own_cache_answered_was_not_bought(calls: Calls, costs: Costs, name: str) -> None:
    assert (calls[name]["has_usage"], quantities(calls[name]), calls[name]["reported_cost_usd"]) == (True, {}, 0)
    assert costs[name] == (Decimal(0), "priced")


@pytest.mark.parametrize(
    ("name", "status", "code", "why"),
    [
        ("refused", "error", "429", "not_billed"),
        ("timed-out", "error", "-2", "not_billed"),
        ("cancelled", "aborted", "-3", "usage_missing"),
        ("silent", "ok", None, "usage_missing"),
        ("absent", "ok", None, "usage_missing"),
    ],
)
def test_a_call_without_usage_is_never_free(
    calls: Calls, costs: Costs, name: str, status: str, code: str | None, why: str
) -> None:
    call = calls[name]
    assert (call["status"], call["error_code"], call["has_usage"]) == (status, code, False)
    assert costs[name] == (None, why)


def test_a_cancelled_call_pays_for_what_it_used(calls: Calls, costs: Costs) -> None:
    assert calls["cut-off"]["status"] == "aborted"
    assert costs["cut-off"] == (Decimal("0.0012"), "priced")  # 300 × 3 + 20 × 15, a million each


def test_a_cost_of_zero_for_used_tokens_is_no_reported_cost(calls: Calls, costs: Costs) -> None:
    assert calls["unpriced-there"]["reported_cost_usd"] is None
    assert calls["anthropic"]["reported_cost_usd"] == Decimal("0.0045")
    assert costs["unpriced-there"] == (Decimal("0.0045"), "priced")


@pytest.mark.parametrize(("name", "asked"), [("answered", "claude-haiku-4-5"), ("overridden", "my-deployment")])
def test_the_model_that_answered_is_rated(calls: Calls, costs: Costs, name: str, asked: str) -> None:
    assert (calls[name]["model_id"], calls[name]["requested_model"]) == ("claude-sonnet-4-5", asked)
    assert costs[name] == (Decimal("0.0045"), "priced")  # 1,000 × 3 + 100 × 15, a million each


def test_an_embedding_model_embeds(calls: Calls, costs: Costs) -> None:
    assert calls["embedded"]["operation"] == "embeddings"
    assert costs["embedded"] == (Decimal("0.00000024"), "priced")  # 12 × 0.02, a million each


def test_properties_name_customer_feature_session_and_environment(calls: Calls) -> None:
    named = {
        "customer_id": "northwind",
        "feature_id": "search",
        "conversation_id": "conv-77",
        "user_id": "user-7",
        "environment": "staging",
        "latency_ms": 5_900,
        "time_to_first_token_ms": 640,
    }
    assert {name: calls["named"][name] for name in named} == named


def test_without_a_property_the_user_is_the_customer(calls: Calls) -> None:
    call = calls["user-only"]
    assert (call["customer_id"], call["user_id"]) == ("northwind", "northwind")


def test_the_words_null_and_undefined_are_no_user_and_zero_is_no_latency(calls: Calls) -> None:
    assert (calls["nobody"]["customer_id"], calls["nobody"]["user_id"]) == ("(unattributed)", None)
    assert (calls["user-only"]["time_to_first_token_ms"], calls["user-only"]["latency_ms"]) == (None, None)


def test_a_broken_request_is_quarantined_and_a_strangers_line_is_not_ours(
    landed: Callable[[Path, str], Landed], tmp_path: Path
) -> None:
    path = tmp_path / "output.jsonl"
    broken = [
        request("a", prompt_tokens=-1),
        request("b", cost="much"),
        request("c", request_created_at="yesterday"),
    ]
    stranger = {"request_id": "x", "level": "info", "provider": "ANTHROPIC"}
    path.write_text("\n".join(map(json.dumps, [*broken, stranger, request("d")])) + "\n")
    result = landed(path, "helicone")
    assert (result.landed_count, result.rejected_count, result.other_count) == (1, 3, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        # costs are scaled integers here, and other names say so
        (
            "clickhouse.jsonl",
            '{"request_id": "r", "request_created_at": "2026-10-07", "provider": "X", "status": 200}\n',
        ),
        ("output.csv", "response_id,response_created_at,response_status,request_created_at,prompt_tokens,cost\n"),
    ],
)
def test_raw_clickhouse_rows_and_the_csv_are_not_taken_for_the_export(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    table = discover()["helicone"].tables[0]
    sample = inspect(tmp_path / name).sample
    assert sample.format not in table.formats or not table.recognises(sample)
