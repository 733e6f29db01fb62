"""Which prompt, in which version, a call was made with, and by which release: as each log that knows it says it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.settings import PROJECT_DIR
from tests.models.conftest import CALL_MODELS, Warehouse
from tests.models.test_otel import export, span

SAMPLES = PROJECT_DIR / "tests" / "ingest" / "sources"
NAMING = (
    "anthropic", "bedrock", "cohere", "gemini", "generic", "helicone", "langfuse", "litellm", "openai",
    "openai_compatible", "otel", "vllm",
)  # fmt: skip
"""Whose sample's first line names the prompt `answer` in its version 3, and but for Helicone's the release 1.4.2."""
SPELT = {
    "gen_ai.prompt.version": ("gen_ai.prompt.name", "7", "answer@7"),
    "langfuse.observation.prompt.version": ("langfuse.observation.prompt.name", 7, "answer@7"),
    "traceloop.prompt.version": ("traceloop.prompt.key", 7, "answer@7"),
    "llm.prompt_template.version": ("prompt.id", "v1.0", "answer@v1.0"),
    "metadata.prompt_version": ("metadata.prompt_name", "7", "answer@7"),
    "other.version": ("gen_ai.prompt.name", "7", None),
}
"""OpenTelemetry attribute of a version → that of the name beside it, the version, what it lands as."""
KEPT_BY_OPENAI = {"id": "pmpt_1", "version": "2", "variables": {"city": "CANARY-PROMPT"}}


@pytest.fixture(scope="module")
def loaded(warehouse: Callable[..., Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("logs")
    spans = [
        span(
            number,
            {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": 9,
             of_name: "answer", of_version: version},
        )
        for number, (of_version, (of_name, version, _)) in enumerate(SPELT.items(), start=1000)
    ]  # fmt: skip
    traced = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.usage.input_tokens": 8,
              "gen_ai.request.model": "claude-sonnet-5", "gen_ai.response.id": "msg_traced",
              "gen_ai.prompt.name": "answer", "gen_ai.prompt.version": "3"}  # fmt: skip
    spans.append(span(2000, traced))
    traces = folder / "traces.jsonl"
    traces.write_text(json.dumps(export(*spans)) + "\n")
    message = folder / "message.jsonl"
    message.write_text(
        json.dumps(
            {"timestamp": "2026-10-07T13:46:57Z", "id": "msg_traced", "type": "message", "model": "claude-sonnet-5",
             "usage": {"input_tokens": 8, "output_tokens": 1}}
        ) + "\n"
    )  # fmt: skip
    response = {"object": "response", "model": "gpt-5", "usage": {"input_tokens": 9, "output_tokens": 1}}
    said: tuple[dict[str, Any], ...] = (
        {"response": {**response, "id": "resp_a", "prompt": KEPT_BY_OPENAI}},
        {"response": {**response, "id": "resp_b"}, "request": {"prompt": KEPT_BY_OPENAI}},
        {"response": {**response, "id": "resp_c"}, "request": {"prompt": "CANARY-PROMPT"}},
        {"response": {**response, "id": "resp_d"}, "metadata": {"prompt_version": "2026-10-01"}},
        {"response": {**response, "id": "resp_e"}, "metadata": {"prompt_name": "answer"}},
    )
    answers = folder / "answers.jsonl"
    answers.write_text("".join(json.dumps({"timestamp": "2026-10-08T10:00:00Z", **line}) + "\n" for line in said))
    home = warehouse("prompt-versions", select=f"{CALL_MODELS} +fct_usage_hourly")
    samples = [(SAMPLES / name / "requests.jsonl", name) for name in NAMING]
    home.load(*samples, (traces, "otel"), (answers, "openai"), (message, "anthropic"))
    return home


@pytest.mark.parametrize("source", NAMING)
def test_every_log_that_names_a_prompt_and_its_version_lands_both(loaded: Warehouse, source: str) -> None:
    versions = loaded.rows(
        f"select distinct prompt_version from staging.stg_{source}__requests where prompt_version like 'answer@%'"
    )
    assert ("answer@3",) in versions


@pytest.mark.parametrize("source", sorted({*NAMING} - {"helicone"}))
def test_every_log_that_names_a_release_lands_it(loaded: Warehouse, source: str) -> None:
    said = loaded.rows(
        f"select distinct release_id from staging.stg_{source}__requests where prompt_version = 'answer@3' order by 1"
    )
    assert ("1.4.2",) in said


def test_the_two_spellings_of_langfuse_are_one(loaded: Warehouse) -> None:
    versions = loaded.rows("select distinct prompt_version from staging.stg_langfuse__requests order by 1")
    assert versions[:2] == [("answer@3",), ("answer@4",)]


def test_every_attribute_of_a_version_is_read(loaded: Warehouse) -> None:
    landed = loaded.rows(
        "select prompt_version from staging.stg_otel__requests where uncached_input_tokens = 9 order by request_id"
    )
    assert landed == [(version,) for _, _, version in SPELT.values()]


def test_a_prompt_that_openai_keeps_is_named_by_the_answer_or_the_request_and_a_text_is_none(loaded: Warehouse) -> None:
    landed = loaded.rows(
        "select right(request_id, 1), prompt_version from fct_requests where request_id like 'resp__' and"
        " usage_date = '2026-10-08' order by 1"
    )
    assert landed == [("a", "pmpt_1@2"), ("b", "pmpt_1@2"), ("c", None), ("d", "2026-10-01"), ("e", None)]


def test_hours_tell_prompt_versions_apart_and_sum_to_the_calls(loaded: Warehouse) -> None:
    by_call = "select coalesce(prompt_version, '(none)'), count(*), sum(cost_usd) from fct_requests group by 1"
    by_hour = "select prompt_version, sum(request_count), sum(cost_usd) from fct_usage_hourly group by 1"
    assert loaded.rows(f"{by_hour} order by 1") == loaded.rows(f"{by_call} order by 1")


def test_a_trace_tells_the_version_of_a_call_whose_own_log_does_not(loaded: Warehouse) -> None:
    told = loaded.rows(
        "select source_id, enriched_by, prompt_version from fct_requests where request_id = 'msg_traced'"
    )
    assert told == [("anthropic", "otel", "answer@3")]
