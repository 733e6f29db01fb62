"""One call of a model costs the same to the last digit, whoever logged it; logged by all of them, it costs once."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse
from tests.models.test_otel import export, span
from tests.models.test_token_semantics import canonical_requests, quantities

Line = dict[str, Any]
MODEL = "claude-sonnet-5"
START = "2026-10-07T13:46:57"
# input without the cache, read, written, output
CALLS = {"cached": (1_000, 50_000, 8_000, 1_200), "plain": (1_000, 0, 0, 1_200)}
# Sonnet 5 costs 2 / 10, reads 0.20, writes for five minutes 2.50, a million each
COSTS = {
    "cached": Decimal("0.0440"),  # 2,000 + 10,000 + 20,000 + 12,000, in millionths
    "plain": Decimal("0.0140"),
}


def anthropic(name: str, uncached: int, read: int, written: int, output: int) -> Line:
    usage: Line = {"input_tokens": uncached, "output_tokens": output}
    if read:
        lifetimes = {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0}
        usage |= {"cache_read_input_tokens": read, "cache_creation_input_tokens": written, "cache_creation": lifetimes}
    return {"timestamp": f"{START}Z", "id": name, "type": "message", "model": MODEL, "usage": usage}


def otel(name: str, uncached: int, read: int, written: int, output: int) -> Line:
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": MODEL,
        "gen_ai.response.id": name,
        "gen_ai.usage.input_tokens": uncached + read + written,
        "gen_ai.usage.output_tokens": output,
        "gen_ai.conversation.id": "conv-1",
    }
    if read:
        said |= {"gen_ai.usage.cache_read.input_tokens": read, "gen_ai.usage.cache_creation.input_tokens": written}
    return export(span(sum(name.encode()), said))


def litellm(name: str, uncached: int, read: int, written: int, output: int) -> Line:
    row: Line = {
        "request_id": name, "call_type": "acompletion", "startTime": START, "model": MODEL, "status": "success",
        "custom_llm_provider": "anthropic", "prompt_tokens": uncached + read + written, "completion_tokens": output,
        "end_user": "northwind", "metadata": {},
    }  # fmt: skip
    if read:
        details = {"cached_tokens": read, "cache_creation_tokens": written}
        row["metadata"] = {"usage_object": {"prompt_tokens_details": details}}
    return row


def langfuse(name: str, uncached: int, read: int, written: int, output: int) -> Line:
    usage = {"input": uncached, "output": output, "total": uncached + read + written + output}
    if read:
        usage |= {"input_cache_read": read, "input_cache_creation_5m": written}
    return {
        "id": f"time-13-46-57-000000_{name}", "type": "GENERATION", "startTime": f"{START}Z", "traceName": "search",
        "usageDetails": usage, "providedModelName": MODEL, "metadata": {"attributes": {"gen_ai.system": "anthropic"}},
    }  # fmt: skip


def helicone(name: str, uncached: int, read: int, written: int, output: int) -> Line:
    return {
        "response_id": f"of-{name}", "request_id": name, "request_created_at": START.replace("T", " "),
        "response_status": 200, "provider": "ANTHROPIC", "request_model": MODEL, "prompt_tokens": uncached,
        "prompt_cache_read_tokens": read, "prompt_cache_write_tokens": written, "completion_tokens": output,
        "request_properties": {"Environment": "staging"},
    }  # fmt: skip


Format = Callable[[str, int, int, int, int], Line]
FORMATS: Mapping[str, Format] = {
    "anthropic": anthropic, "otel": otel, "litellm": litellm, "langfuse": langfuse, "helicone": helicone,
}  # fmt: skip


def write(folder: Path, calls: Mapping[tuple[str, str], str]) -> list[tuple[Path, str]]:
    """Files of (source, call) → the id of its response."""
    files = []
    for source, log in FORMATS.items():
        lines = [log(name, *CALLS[call]) for (logger, call), name in calls.items() if logger == source]
        if lines:
            (folder / f"{source}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
            files.append((folder / f"{source}.jsonl", source))
    return files


@pytest.fixture(scope="module")
def apart(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = warehouse("formats-apart", select=CALL_MODELS)
    calls = {(source, call): f"msg_{source}_{call}" for source in FORMATS for call in CALLS}
    home.load(*write(tmp_path_factory.mktemp("formats"), calls))
    return home


@pytest.mark.parametrize("call", CALLS)
def test_a_call_costs_the_same_to_the_last_digit_whoever_logged_it(apart: Warehouse, call: str) -> None:
    rows = apart.rows(
        "select calls.source_id, facts.cost_usd from fct_requests as facts "
        "inner join intermediate.int_requests_attributed as calls using (source_id, request_id) "
        f"where calls.output_tokens = 1200 and (calls.cache_read_tokens > 0) = ({call == 'cached'})"
    )
    assert dict(rows) == dict.fromkeys(FORMATS, COSTS[call])
    assert len(rows) == len(FORMATS)


def test_a_call_that_all_of_them_logged_is_one_request_and_each_tells_what_it_knows(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    """Helicone's own id of a request is no provider's, so its row stays apart unless it tells the provider's."""
    logged = [source for source in FORMATS if source != "helicone"]
    home = warehouse("formats-together", select=CALL_MODELS)
    home.load(*write(tmp_path, {(source, "cached"): "msg_0seen" for source in logged}))
    (call,) = canonical_requests(home).values()
    assert call["source_id"] == "anthropic"
    assert quantities(call)["cache_write_5m_tokens"] == 8_000
    assert (call["customer_id"], call["feature_id"], call["conversation_id"]) == ("northwind", "search", "conv-1")
    assert home.rows("select request_id, cost_usd, enriched_by from fct_requests") == [
        ("msg_0seen", COSTS["cached"], "langfuse, litellm, otel")
    ]
