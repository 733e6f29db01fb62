"""What OpenRouter's counts mean, by the API and by the activity export: leaves, who bills, and costs."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.files import inspect
from ingest.landing import Landed
from ingest.sources import discover
from tests.models.conftest import CALL_MODELS, Companies, Warehouse
from tests.models.test_token_semantics import canonical_requests, quantities

SONNET = "anthropic/claude-sonnet-4.5"
HEADERS = (
    "generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,"
    "tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,cancelled,"
    "streamed,user,finish_reason_raw,finish_reason_normalized,generation_time_ms,time_to_first_token_ms,"
    "api_key_disabled,api_key_name,app_name"
)


def generation(name: str, prompt: int | None = 1_000, completion: int | None = 100, **more: Any) -> dict[str, Any]:
    return {
        "data": {
            "id": f"gen-{name}",
            "created_at": "2026-10-07T12:00:00.000Z",
            "model": SONNET,
            "provider_name": "Anthropic",
            "total_cost": 0.01,
            "usage": 0.01,
            "upstream_inference_cost": 0.01,
            "is_byok": False,
            "tokens_prompt": 7_777,
            "tokens_completion": 777,
            "native_tokens_prompt": prompt,
            "native_tokens_completion": completion,
            "generation_time": 5_210,
            "cancelled": False,
            "finish_reason": "stop",
            **more,
        }
    }


OWN_KEY = {"is_byok": True, "usage": 0.0005, "total_cost": 0.0005, "upstream_inference_cost": 0.01}

GENERATIONS = [
    generation("cached", 10_000, 2_000, native_tokens_cached=6_000, native_tokens_reasoning=1_500),
    generation("own-key", 1_000, 1_000, model="openai/gpt-5", provider_name="OpenAI", **OWN_KEY),
    generation("cancelled", 300, 20, cancelled=True, finish_reason=None),
    generation("cut-off", None, None, cancelled=True, total_cost=0, usage=0),
    generation("failed", 0, 0, finish_reason="error", total_cost=0, usage=0),
    generation("silent", None, None),
    generation("free", model="deepseek/deepseek-r1:free", total_cost=0, usage=0),
    generation("free-variant", model="deepseek/deepseek-r1", variant="free", total_cost=0, usage=0),
    generation("batch", model=f"{SONNET}:batch"),
    generation("batch-variant", model="anthropic/claude-opus-4.5", variant="batch"),
    generation("response-cache", response_cache_source_id="gen-cached", total_cost=0, usage=0),
    generation("drawn", 50, 1_300, native_tokens_completion_images=1_290),
    generation(
        "named", service_tier="priority", external_user="northwind", session_id="conv-1", app_id=42, workspace_id="ws-1"
    ),
]
SLUG = "anthropic/claude-4.5-sonnet-20250929"
EXPORTED = (
    f"gen-csv,2026-10-07 23:59:59.713,0.0405,0,-0.0162,0,0,10000,2000,1500,6000,{SLUG},Anthropic,standard,false,true,"
    "northwind,end_turn,stop,5210,640,false,production,Search\n"
    "gen-csv-own-key,2026-10-07 12:00:00.000,0.0005,0,0,0,0.01,1000,1000,0,0,openai/gpt-5-2025-08-07,OpenAI,standard,"
    "false,true,,stop,stop,5210,640,false,production,Search\n"
    f"gen-csv-cancelled,2026-10-07 12:00:00.000,0.001,0,0,0,0,300,20,0,0,{SLUG},Anthropic,standard,true,true,,,,900,"
    "640,false,production,\n"
    "gen-csv-free,2026-10-07 12:00:00.000,0,0,0,0,0,300,20,0,0,deepseek/deepseek-r1,Chutes,free,false,true,,,,900,640,"
    "false,production,\n"
)


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("openrouter")
    home = company(
        "openrouter",
        select=CALL_MODELS,
        overrides=[{"effect": "free", "provider_id": "openrouter", "model_id": "*:free"}],
    )
    (folder / "generations.jsonl").write_text("\n".join(map(json.dumps, GENERATIONS)) + "\n")
    (folder / "activity.csv").write_text(f"{HEADERS}\n{EXPORTED}")
    home.load((folder / "generations.jsonl", None), (folder / "activity.csv", None))
    return home


@pytest.fixture(scope="module")
def calls(built: Warehouse) -> dict[str, dict[str, Any]]:
    return canonical_requests(built)


@pytest.fixture(scope="module")
def costs(built: Warehouse) -> dict[str, tuple[Decimal | None, str]]:
    return {
        name: (cost, why)
        for name, cost, why in built.rows("select request_id, cost_usd, price_status from fct_requests")
    }


def test_every_generation_and_every_row_of_the_export_is_a_call(calls: dict[str, dict[str, Any]]) -> None:
    assert len(calls) == len(GENERATIONS) + EXPORTED.count("\n")
    assert {call["source_id"] for call in calls.values()} == {"openrouter"}


def test_no_leaf_is_negative_and_leaves_sum_to_the_native_counts(calls: dict[str, dict[str, Any]]) -> None:
    for record in GENERATIONS:
        said = record["data"]
        found = quantities(calls[said["id"]])
        tokens = {name: int(count) for name, count in found.items() if name != "reasoning_tokens"}
        assert min(tokens.values(), default=0) >= 0
        stated = (said["native_tokens_prompt"] or 0) + (said["native_tokens_completion"] or 0)
        assert sum(tokens.values()) == (0 if "response_cache_source_id" in said else stated)


@pytest.mark.parametrize("name", ["gen-cached", "gen-csv"])
def test_cached_tokens_are_inside_the_prompt_and_reasoning_inside_the_completion(
    calls: dict[str, dict[str, Any]], costs: dict[str, tuple[Decimal | None, str]], name: str
) -> None:
    assert quantities(calls[name]) == {
        "uncached_input_tokens": 4_000,
        "cache_read_tokens": 6_000,
        "output_tokens": 2_000,
        "reasoning_tokens": 1_500,
    }
    # 4,000 × 3 + 6,000 × 0.30 + 2,000 × 15, a million each
    assert costs[name] == (Decimal("0.0438"), "priced")


@pytest.mark.parametrize("name", ["gen-own-key", "gen-csv-own-key"])
def test_a_call_with_an_own_key_is_billed_elsewhere_and_reports_the_fee_on_top(
    calls: dict[str, dict[str, Any]], costs: dict[str, tuple[Decimal | None, str]], name: str
) -> None:
    call = calls[name]
    assert (call["billing_account_id"], call["deployment_id"]) == ("byok:OpenAI", "OpenAI")
    assert call["reported_cost_usd"] == Decimal("0.0105")
    # 1,000 × 1.25 + 1,000 × 10, a million each
    assert costs[name] == (Decimal("0.01125"), "priced")


def test_an_upstream_cost_alone_makes_no_own_key(calls: dict[str, dict[str, Any]]) -> None:
    call = calls["gen-cached"]
    assert (call["billing_account_id"], call["reported_cost_usd"]) == (None, Decimal("0.01"))


@pytest.mark.parametrize("name", ["gen-cancelled", "gen-csv-cancelled"])
def test_a_cancelled_call_is_aborted_and_pays_for_what_it_used(
    calls: dict[str, dict[str, Any]], costs: dict[str, tuple[Decimal | None, str]], name: str
) -> None:
    assert (calls[name]["status"], calls[name]["has_usage"]) == ("aborted", True)
    assert costs[name] == (Decimal("0.0012"), "priced")  # 300 × 3 + 20 × 15, a million each


@pytest.mark.parametrize(
    ("name", "status", "why"),
    [
        ("gen-cut-off", "aborted", "usage_missing"),
        ("gen-failed", "error", "not_billed"),
        ("gen-silent", "ok", "usage_missing"),
    ],
)
def test_a_call_without_usage_is_never_free(
    calls: dict[str, dict[str, Any]],
    costs: dict[str, tuple[Decimal | None, str]],
    name: str,
    status: str,
    why: str,
) -> None:
    assert (calls[name]["status"], calls[name]["has_usage"]) == (status, False)
    assert costs[name] == (None, why)


def test_the_free_variant_is_never_priced_as_the_paid_model(
    calls: dict[str, dict[str, Any]], costs: dict[str, tuple[Decimal | None, str]]
) -> None:
    for name in ("gen-free", "gen-free-variant", "gen-csv-free"):
        assert calls[name]["model_id"] == "deepseek/deepseek-r1:free"
        assert calls[name]["reported_cost_usd"] == 0
        # by a line of the price overrides: free, openrouter, *:free
        assert costs[name] == (Decimal(0), "free")


def test_the_batch_variant_has_the_batch_price_or_none(
    calls: dict[str, dict[str, Any]], costs: dict[str, tuple[Decimal | None, str]]
) -> None:
    assert calls["gen-batch"]["is_batch"]
    assert costs["gen-batch"] == (Decimal("0.00225"), "priced")  # half of 1,000 × 3 + 100 × 15, a million each
    assert calls["gen-batch-variant"]["model_id"] == "anthropic/claude-opus-4.5:batch"
    assert costs["gen-batch-variant"] == (None, "unknown_model")


def test_what_the_response_cache_answered_was_not_bought(
    calls: dict[str, dict[str, Any]], costs: dict[str, tuple[Decimal | None, str]]
) -> None:
    assert (calls["gen-response-cache"]["has_usage"], quantities(calls["gen-response-cache"])) == (True, {})
    assert costs["gen-response-cache"] == (Decimal(0), "priced")


def test_image_tokens_are_inside_the_completion(calls: dict[str, dict[str, Any]]) -> None:
    assert quantities(calls["gen-drawn"]) == {
        "uncached_input_tokens": 50,
        "output_tokens": 10,
        "output_image_tokens": 1_290,
    }


def test_a_call_names_its_customer_session_app_workspace_and_tier(calls: dict[str, dict[str, Any]]) -> None:
    named = {
        "customer_id": "northwind",
        "conversation_id": "conv-1",
        "feature_id": "42",
        "project_id": "ws-1",
        "service_tier": "priority",
        "latency_ms": 5_210,
        # the API's `latency` may be either latency
        "time_to_first_token_ms": None,
    }
    assert {name: calls["gen-named"][name] for name in named} == named


def test_the_export_is_utc_and_names_app_key_and_both_latencies(calls: dict[str, dict[str, Any]]) -> None:
    named = {
        "usage_date": "2026-10-07",
        "customer_id": "northwind",
        "feature_id": "Search",
        "api_key_id": "production",
        "latency_ms": 5_210,
        "time_to_first_token_ms": 640,
    }
    assert {name: str(calls["gen-csv"][name]) for name in named} == {name: str(value) for name, value in named.items()}
    assert str(calls["gen-csv"]["requested_at"]) == "2026-10-07 23:59:59.713000"


def test_a_broken_generation_is_quarantined_and_a_strangers_line_is_not_ours(
    landed: Callable[[Path, str], Landed], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    broken = [
        generation("a", prompt=-1),
        generation("b", total_cost="much"),
        generation("c", created_at="yesterday"),
    ]
    answer = {"id": "gen-1", "object": "chat.completion", "model": "openai/gpt-5", "usage": {"prompt_tokens": 5}}
    path.write_text("\n".join(map(json.dumps, [*broken, answer, generation("d")])) + "\n")
    result = landed(path, "openrouter")
    assert (result.landed_count, result.rejected_count, result.other_count) == (1, 3, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("daily.csv", "Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens,Completion Tokens,Reasoning Tokens\n"),
        ("answers.jsonl", '{"id": "gen-1", "object": "chat.completion", "usage": {"cost": 0.01}}\n'),
        ("activity.jsonl", '{"date": "2026-10-07", "model": "openai/gpt-5", "usage": 0.01, "requests": 5}\n'),
    ],
)
def test_daily_sums_and_answers_are_not_taken_for_generations(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert not discover()["openrouter"].tables[0].recognises(inspect(tmp_path / name).sample)
