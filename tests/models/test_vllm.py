"""Calls of a server of one's own: counted like any other, paid as a machine."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Warehouse

Row = dict[str, Any]
LLAMA = "meta-llama/Llama-3.3-70B-Instruct"


def answer(name: str, usage: Row | None, *, at: str = "2026-10-07T12:00:00Z", model: str = LLAMA, **more: Any) -> Row:
    body = {"id": name, "object": "chat.completion", "model": model, "usage": usage, **more.pop("body", {})}
    return {"timestamp": at, "host": "localhost:8000", "response": body, **more}


def chunk(name: str, second: int, usage: Row | None = None, *, end: str | None = None, **more: Any) -> Row:
    choices = [{"delta": {"content": "x"}, "finish_reason": end}]
    body = {"object": "chat.completion.chunk", "choices": choices, **more}
    return answer(name, usage, at=f"2026-10-07T12:00:{second:02}Z", body=body)


USAGE = {
    "prompt_tokens": 1_000,
    "completion_tokens": 200,
    "total_tokens": 1_200,
    "prompt_tokens_details": {"cached_tokens": 600},
}
COUNTED = {"uncached_input_tokens": 400, "cache_read_tokens": 600, "output_tokens": 200}
OLLAMA = {"system_fingerprint": "fp_ollama"}
HEALTH = {"timestamp": "2026-10-07T12:00:00Z", "host": "localhost:8000", "path": "/health", "status": 200}
REFUSED = {
    "error": {"type": "overloaded"},
    "timestamp": "2026-10-07T12:00:00Z",
    "host": "10.0.0.7:8000",
    "request_id": "refused",
    "model": LLAMA,
    "status": 503,
}

LOG = [
    answer("chat", USAGE, metadata={"customer_id": "northwind", "feature": "search"}),
    answer("silent", None),
    answer("embedding", {"prompt_tokens": 8, "total_tokens": 8}, body={"object": "list"}),
    *(chunk("stream", second) for second in range(3)),
    chunk("stream", 3, end="stop"),
    chunk("stream", 4, USAGE, choices=[]),
    *(chunk("running", second, {"prompt_tokens": 5, "completion_tokens": second}) for second in range(4)),
    *(chunk("cut", second) for second in range(3)),
    answer("chatcmpl-7", USAGE, body=OLLAMA, at="2026-10-07T12:00:01Z"),
    answer("chatcmpl-7", USAGE, body=OLLAMA, at="2026-10-07T12:00:02Z"),
    answer("chatcmpl-7", USAGE, body=OLLAMA, at="2026-10-07T12:00:02Z"),
    REFUSED,
    HEALTH,
]

# id → status, what is counted, cost, price status
SAID: dict[str, tuple[str, Row, str | None, str]] = {
    "chat": ("ok", COUNTED, "0", "self_hosted"),
    "silent": ("ok", {}, "0", "self_hosted"),
    "embedding": ("ok", {"uncached_input_tokens": 8}, "0", "self_hosted"),
    "stream": ("ok", COUNTED, "0", "self_hosted"),
    "running": ("ok", {"uncached_input_tokens": 5, "output_tokens": 3}, "0", "self_hosted"),
    "cut": ("aborted", {}, "0", "self_hosted"),
    # Ollama draws one of a thousand ids: the same id a second later is another call
    "chatcmpl-7@2026-10-07 12:00:01": ("ok", COUNTED, "0", "self_hosted"),
    "chatcmpl-7@2026-10-07 12:00:02": ("ok", COUNTED, "0", "self_hosted"),
    "refused": ("error", {}, None, "not_billed"),
}


def litellm(provider: str, model: str) -> Row:
    return {
        "request_id": f"{provider}-1",
        "call_type": "acompletion",
        "startTime": "2026-10-07T12:00:00",
        "model": model,
        "custom_llm_provider": provider,
        "prompt_tokens": 1_000,
        "completion_tokens": 200,
        "status": "success",
    }


def write(path: Path, records: list[Row]) -> Path:
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("vllm")
    home = warehouse("vllm", select=CALL_MODELS)
    gateway = [litellm("hosted_vllm", "llama-own"), litellm("acme", "acme-7b")]
    home.load((write(folder / "log.jsonl", LOG), None), (write(folder / "gateway.jsonl", gateway), "litellm"))
    return home


def test_every_call_is_there_once(built: Warehouse) -> None:
    assert {name for (name,) in built.rows("select request_id from fct_requests where source_id = 'vllm'")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_call_is_counted_and_paid_as_a_machine(built: Warehouse, name: str) -> None:
    status, counted, cost, price_status = SAID[name]
    counts = ("uncached_input_tokens", "cache_read_tokens", "output_tokens")
    (row,) = built.rows(
        f"select status, cost_usd, price_status, provider_id, {', '.join(counts)} from fct_requests "
        f"where request_id = '{name}'"
    )
    assert row[:4] == (status, None if cost is None else Decimal(cost), price_status, "vllm")
    assert {key: value for key, value in zip(counts, row[4:], strict=True) if value} == counted


def test_the_ids_of_answers_and_what_was_done_are_known(built: Warehouse) -> None:
    query = "select request_id, response_id, operation, deployment_id from intermediate.int_requests_deduplicated"
    rows = {name: said for name, *said in built.rows(query)}
    assert rows["chat"] == [None, "chat", "localhost:8000"]  # too short to be compared with another log's
    assert rows["embedding"][1] == "embeddings"
    assert rows["chatcmpl-7@2026-10-07 12:00:02"][0] is None
    assert rows["refused"] == [None, "chat", "10.0.0.7:8000"]


def test_a_gateways_calls_of_vllm_follow_the_same_rule_and_others_stay_unknown(built: Warehouse) -> None:
    rows = built.rows("select provider_id, cost_usd, price_status from fct_requests where source_id = 'litellm'")
    assert sorted(rows) == [("acme", None, "unknown_model"), ("hosted_vllm", Decimal(0), "self_hosted")]


def test_any_line_of_the_overrides_goes_before_the_rule(company: Companies, tmp_path: Path) -> None:
    prices = {"input_tokens": "1", "output_tokens": "2"}
    lines = [
        {"effect": "contract_price", "provider_id": "vllm", "usage_kind": kind, "price": price, "per_units": 1_000_000}
        for kind, price in prices.items()
    ]
    rented = company("rented", select=f"{CALL_MODELS} +price_overrides", overrides=lines)
    rented.load((write(tmp_path / "log.jsonl", LOG[:1]), None))
    rows = rented.rows("select cost_usd, price_status from fct_requests")
    assert rows == [(Decimal("0.0014"), "priced")]  # 1,000 × 1 + 200 × 2, a million each
    assert rented.rows("select count(*) from price_overrides") == [(2,)]
