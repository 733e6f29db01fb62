"""What API Management's LLM log means: leaves, attribution and costs of hand-made rows."""

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

Calls = dict[str, dict[str, Any]]
Costs = dict[str, tuple[Decimal | None, str]]


def row(name: str, prompt: int | None = 2_150, completion: int | None = 400, **more: Any) -> dict[str, Any]:
    """A row of the table that holds tokens."""
    return {
        "TimeGenerated": "2026-10-07T23:59:59.9Z",
        "CorrelationId": name,
        "OperationName": "chat-completions",
        "DeploymentName": "gpt5-prod",
        "ModelName": "gpt-5",
        "PromptTokens": prompt,
        "CompletionTokens": completion,
        "SequenceNumber": 0,
        **more,
    }


def exported(name: str, **more: Any) -> dict[str, Any]:
    """The same as a storage export has it."""
    properties = {f"{key[0].lower()}{key[1:]}": value for key, value in row(name, **more).items()}
    del properties["timeGenerated"]
    return {"time": "2026-10-07T23:59:59.9Z", "category": "GatewayLlmLogs", "properties": properties}


CLAUDE = {"ModelName": "claude-opus-5", "DeploymentName": "opus"}
CALLS = [
    row("plain"),
    exported("exported"),
    row("cached", 10_000, 2_000, PromptCachedTokens=6_000),
    row("claude", 26, 121, PromptCachedTokens=48_854, **CLAUDE),
    row("claude-all-cached", 0, 0, PromptCachedTokens=4_460, **CLAUDE),
    row("routed", DeploymentName="model-router"),
    row("embedded", 12, 0, OperationName="embeddings", ModelName="text-embedding-3-small"),
    row("throttled", 0, 0, ResponseCode=429),
    row("gone", 300, 20, ResponseCode=499),
    row("gone-early", 0, 0, ResponseCode=499),
    row("silent", 0, 0),
    row("absent", None, None),
    row("nameless", ModelName=""),
    row("own-cache", Cache="hit", ResponseCode=200),
    row("missed-cache", Cache="miss", ResponseCode=200),
    row(
        "joined",
        ApimSubscriptionId="northwind",
        ApiId="search",
        ProductId="premium",
        UserId="7",
        ResponseCode=200,
        TotalTime=5_900,
    ),
    row("correlated", RequestId="chatcmpl-9"),
]
CHUNKS = [
    row("plain", None, None, DeploymentName="", ModelName="", SequenceNumber=1, RequestMessages="[]"),
    row("plain", None, None, DeploymentName="", ModelName="", SequenceNumber=2, ResponseMessages="[]"),
    exported("probe", prompt=0, completion=0, DeploymentName="", ModelName=""),
]
CSV = (
    "TimeGenerated,CorrelationId,DeploymentName,ModelName,PromptTokens,CompletionTokens,ApimSubscriptionId,ResponseCode\n"
    "2026-10-07 23:59:59.900,csv,gpt5-prod,gpt-5,2150,400,northwind,200\n"
)


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("azure_apim")
    (folder / "PT1H.json").write_text("\n".join(map(json.dumps, [*CALLS, *CHUNKS])) + "\n")
    (folder / "query.csv").write_text(CSV)
    home = warehouse("azure_apim", select=CALL_MODELS)
    home.load((folder / "PT1H.json", None), (folder / "query.csv", None))
    return home


@pytest.fixture(scope="module")
def calls(built: Warehouse) -> Calls:
    return canonical_requests(built)


@pytest.fixture(scope="module")
def costs(built: Warehouse) -> Costs:
    rows = built.rows("select request_id, cost_usd, price_status from fct_requests")
    return {name: (cost, status) for name, cost, status in rows}


def test_rows_that_hold_tokens_are_calls_and_rows_of_messages_are_not(calls: Calls) -> None:
    assert len(calls) == len(CALLS) + 1
    assert "probe" not in calls
    assert {(call["source_id"], call["provider_id"]) for call in calls.values()} == {("azure_apim", "azure")}
    assert {str(call["usage_date"]) for call in calls.values()} == {"2026-10-07"}


@pytest.mark.parametrize("name", ["plain", "exported", "csv", "routed", "missed-cache"])
def test_every_form_of_the_log_says_the_same(calls: Calls, costs: Costs, name: str) -> None:
    assert quantities(calls[name]) == {"uncached_input_tokens": 2_150, "output_tokens": 400}
    assert costs[name] == (Decimal("0.0066875"), "priced")  # 2,150 × 1.25 + 400 × 10, a million each


def test_cached_tokens_are_inside_of_an_openai_prompt(calls: Calls, costs: Costs) -> None:
    assert quantities(calls["cached"]) == {
        "uncached_input_tokens": 4_000,
        "cache_read_tokens": 6_000,
        "output_tokens": 2_000,
    }
    # 4,000 × 1.25 + 6,000 × 0.125 + 2,000 × 10, a million each
    assert costs["cached"] == (Decimal("0.02575"), "priced")


def test_cached_tokens_are_outside_of_a_claude_prompt(calls: Calls, costs: Costs) -> None:
    assert quantities(calls["claude"]) == {
        "uncached_input_tokens": 26,
        "cache_read_tokens": 48_854,
        "output_tokens": 121,
    }
    assert costs["claude"] == (Decimal("0.027582"), "priced")  # 26 × 5 + 48,854 × 0.50 + 121 × 25, a million each
    assert quantities(calls["claude-all-cached"]) == {"cache_read_tokens": 4_460}
    assert calls["claude-all-cached"]["has_usage"]


def test_the_model_that_answered_is_rated_and_the_deployment_was_asked(calls: Calls) -> None:
    call = calls["routed"]
    asked = ("gpt-5", "model-router", "model-router")
    assert (call["model_id"], call["requested_model"], call["deployment_id"]) == asked


def test_a_row_without_a_model_is_unpriced_and_counted(calls: Calls, costs: Costs) -> None:
    assert quantities(calls["nameless"]) == {"uncached_input_tokens": 2_150, "output_tokens": 400}
    assert costs["nameless"] == (None, "unknown_model")


def test_an_embedding_puts_nothing_out(calls: Calls, costs: Costs) -> None:
    assert (calls["embedded"]["operation"], quantities(calls["embedded"])) == (
        "embeddings",
        {"uncached_input_tokens": 12},
    )
    assert costs["embedded"] == (Decimal("0.00000024"), "priced")  # 12 × 0.02, a million each


@pytest.mark.parametrize(
    ("name", "status", "code", "why"),
    [
        ("throttled", "error", "429", "not_billed"),
        ("gone-early", "aborted", "499", "usage_missing"),
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


def test_a_call_that_its_caller_left_pays_for_what_it_used(calls: Calls, costs: Costs) -> None:
    assert calls["gone"]["status"] == "aborted"
    assert costs["gone"] == (Decimal("0.000575"), "priced")  # 300 × 1.25 + 20 × 10, a million each


def test_what_the_gateways_own_cache_answered_was_not_bought(calls: Calls, costs: Costs) -> None:
    assert (calls["own-cache"]["has_usage"], quantities(calls["own-cache"])) == (True, {})
    assert costs["own-cache"] == (Decimal(0), "priced")


def test_the_joined_gateway_log_names_who_called_and_what_for(calls: Calls) -> None:
    named = {
        "customer_id": "northwind",
        "api_key_id": "northwind",
        "feature_id": "search",
        "project_id": "premium",
        "user_id": "7",
        "trace_id": "joined",
        "status": "ok",
        "latency_ms": 5_900,
    }
    assert {name: calls["joined"][name] for name in named} == named


def test_the_models_own_id_is_the_identity_where_it_is_logged(calls: Calls) -> None:
    assert calls["chatcmpl-9"]["trace_id"] == "correlated"
    assert "correlated" not in calls


def test_a_broken_row_is_quarantined_and_a_strangers_line_is_not_ours(
    landed: Callable[[Path, str], Landed], tmp_path: Path
) -> None:
    path = tmp_path / "PT1H.json"
    broken = [row("a", prompt=-1), row("b", TimeGenerated="yesterday"), row("c", ResponseCode="OK")]
    stranger = {"time": "2026-10-07T13:48:00Z", "category": "GatewayLogs", "properties": {"responseCode": 200}}
    path.write_text("\n".join(map(json.dumps, [*broken, stranger, *CHUNKS, row("d")])) + "\n")
    result = landed(path, "azure_apim")
    assert (result.landed_count, result.rejected_count, result.other_count) == (1, 3, 4)


def test_the_gateway_log_without_tokens_is_not_taken_for_the_llm_log(tmp_path: Path) -> None:
    recognises = discover()["azure_apim"].tables[0].recognises
    path = tmp_path / "PT1H.json"
    path.write_text(
        '{"time": "2026-10-07T13:48:00Z", "category": "GatewayLogs", "properties": {"correlationId": "c"}}\n'
    )
    assert not recognises(inspect(path).sample)
    path.write_text(json.dumps(CHUNKS[2]) + "\n")
    assert recognises(inspect(path).sample)
