"""Whose an answer is, of a log that several sources share: exactly one source takes each record."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from genai_prices.data_snapshot import get_snapshot

from ingest.files import inspect
from ingest.landing import connect, land
from ingest.openai_shape import whose
from ingest.source import MOST_TOKENS
from ingest.sources import discover
from ingest.sources.openai_compatible import HOSTS, NAMES

SOURCES = discover()
SHARING = ("openai", "openai_compatible", "vllm", "cohere", "anthropic", "gemini")
"""LiteLLM's spend logs are asked elsewhere: none of these takes a row of them."""
AT = "2026-10-07T12:00:00Z"
Row = dict[str, Any]
HEX = "3f1c5a6e0b7d4c2f9a8e7d6c5b4a3f21"


def chat(model: str, name: str = "c", **more: Any) -> Row:
    usage = {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3}
    fingerprint = more.pop("system_fingerprint", None)
    body = {"id": name, "object": "chat.completion", "model": model, "usage": usage, "system_fingerprint": fingerprint}
    return {"timestamp": AT, "response": body, **more}


def refused(**more: Any) -> Row:
    return {"timestamp": AT, "request_id": "r", "error": {"code": "rate_limit_exceeded"}, **more}


# what is logged → who reads it
LOGGED: dict[str, tuple[Row, str | None]] = {
    "nothing but OpenAI's shape": (chat("gpt-5"), "openai"),
    "OpenAI's host": (chat("gpt-5", host="api.openai.com"), "openai"),
    "OpenAI's host in Europe": (chat("gpt-5", host="eu.api.openai.com"), "openai"),
    "OpenAI's base URL": (chat("gpt-5", base_url="https://api.openai.com/v1"), "openai"),
    "OpenAI by name, through a proxy": (chat("gpt-5", provider="OpenAI", host="proxy.example.com"), "openai"),
    "an unheard-of model and nothing else": (chat("acme-7b"), "openai"),
    "OpenAI's refusal": (refused(host="api.openai.com"), "openai"),
    "Mistral's host": (chat("mistral-large-latest", host="api.mistral.ai"), "openai_compatible"),
    "Mistral's model alone": (chat("mistral-large-latest", HEX), "openai_compatible"),
    "a provider by name": (chat("llama-3.3-70b", provider="Groq"), "openai_compatible"),
    "a provider's refusal": (refused(host="api.groq.com"), "openai_compatible"),
    "Azure": (chat("gpt-5", host="northwind.openai.azure.com"), "openai_compatible"),
    "an unlisted host": (chat("acme-7b", host="llm.example.com"), "openai_compatible"),
    "an unlisted host, vLLM's ids": (chat("acme-7b", f"chatcmpl-{HEX}", host="llm.example.com"), "openai_compatible"),
    "Gemini in OpenAI's shape": (chat("gemini-2.5-pro", host="generativelanguage.googleapis.com"), "openai_compatible"),
    "Gemini in OpenAI's shape without a host": (chat("gemini-2.5-pro"), "openai_compatible"),
    "Claude by OpenRouter": (chat("claude-sonnet-4-5", host="openrouter.ai"), "openai_compatible"),
    "Cohere in OpenAI's shape": (chat("command-a-03-2025", host="api.cohere.ai"), "openai_compatible"),
    "OpenAI's model behind a gateway of one's own": (chat("gpt-5", host="localhost:4000"), "openai_compatible"),
    "a cluster's own host": (chat("llama", host="llama.ml.svc.cluster.local:8000"), "vllm"),
    "localhost": (chat("llama", base_url="http://localhost:8000/v1"), "vllm"),
    "a private address": (chat("llama", host="172.20.3.4"), "vllm"),
    "no private address": (chat("llama", host="172.32.3.4"), "openai_compatible"),
    "vLLM by name, with a model's alias": (chat("gpt-4", provider="vllm"), "vllm"),
    "SGLang by name": (chat("llama", provider="SGLang"), "vllm"),
    "vLLM's ids alone": (chat("meta-llama/Llama-3.3-70B-Instruct", f"chatcmpl-{HEX}"), "openai_compatible"),
    "OpenAI's model with such an id": (chat("gpt-5", f"chatcmpl-{HEX}"), "openai"),
    "Ollama's fingerprint": (chat("gpt-oss:20b", "chatcmpl-7", system_fingerprint="fp_ollama"), "vllm"),
    "TGI's fingerprint": (chat("tgi", "", system_fingerprint="3.0.1-sha-bb9095a"), "vllm"),
    "OpenAI's own fingerprint": (chat("gpt-5", system_fingerprint="fp_44709d6fcb"), "openai"),
    "a self-hosted refusal": (refused(host="10.0.0.7:8000", model="llama"), "vllm"),
    "Cohere's billed units": (
        {"timestamp": AT, "response": {"id": "x", "usage": {"billed_units": {"input_tokens": 1, "output_tokens": 1}}}},
        "cohere",
    ),
    "Cohere's searches": (
        {"timestamp": AT, "response": {"id": "y", "meta": {"billed_units": {"search_units": 1}}}},
        "cohere",
    ),
    "Cohere's refusal": (refused(host="api.cohere.com"), "cohere"),
    "Anthropic": (
        {"timestamp": AT, "response": {"id": "msg_1", "type": "message", "model": "claude-opus-4-1", "usage": {}}},
        "anthropic",
    ),
    "Anthropic by name": (
        {
            "timestamp": AT,
            "provider": "anthropic",
            "response": {"id": "msg_2", "type": "message", "model": "claude-opus-4-1", "usage": {}},
        },
        "anthropic",
    ),
    "Anthropic's host": (refused(host="api.anthropic.com", model="claude-opus-4-1"), "anthropic"),
    "Gemini": (
        {
            "timestamp": AT,
            "response": {"responseId": "g", "modelVersion": "gemini-2.5-pro", "usageMetadata": {"promptTokenCount": 1}},
        },
        "gemini",
    ),
    "Gemini's refusal": (
        {
            "timestamp": AT,
            "host": "generativelanguage.googleapis.com",
            "request_id": "h",
            "model": "gemini-2.5-pro",
            "response": {"error": {"status": "RESOURCE_EXHAUSTED"}},
        },
        "gemini",
    ),
    "LiteLLM's row of a Cohere answer": (
        {
            "timestamp": AT,
            "custom_llm_provider": "cohere",
            "response": {"id": "w", "meta": {"billed_units": {"search_units": 1}}},
        },
        None,
    ),
    "no answer at all": ({"timestamp": AT, "level": "info", "message": "started"}, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def takers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Who takes each record, where all of them are asked."""
    folder = tmp_path_factory.mktemp("shared")
    path = folder / "log.jsonl"
    path.write_text("\n".join(json.dumps(record) for record, _ in LOGGED.values()) + "\n")
    names = list(LOGGED)
    found: dict[str, list[str]] = {name: [] for name in names}
    con = connect(scratch=folder / "scratch", threads=1)
    for name in SHARING:
        (table,) = SOURCES[name].tables
        landed = land(con, inspect(path), SOURCES[name], table, home=folder / name)
        assert landed.rejected_count == 0
        files = [str(file.path) for file in landed.files]
        for (number,) in con.sql(f"select record_number from read_parquet({files})").fetchall() if files else ():
            found[names[number - 1]].append(name)
    con.close()
    return found


@pytest.mark.parametrize("case", LOGGED)
def test_one_source_takes_a_record_and_no_other(takers: dict[str, list[str]], case: str) -> None:
    _, taker = LOGGED[case]
    assert takers[case] == ([taker] if taker else [])


@pytest.mark.parametrize("case", [name for name, (_, taker) in LOGGED.items() if taker in SHARING[:4]])
def test_a_record_is_recognised_as_that_of_who_takes_it(case: str) -> None:
    record, taker = LOGGED[case]
    assert whose(record) == taker


def test_the_ids_of_providers_and_their_hosts_are_those_of_the_price_library() -> None:
    catalogue = get_snapshot()
    known = {provider.id for provider in catalogue.providers}
    assert set(NAMES) | set(HOSTS) <= known
    differing = {}
    for provider, hosts in HOSTS.items():
        for host in hosts:
            url = f"https://{'acme' if host.startswith('.') else ''}{host}/serving-endpoints"
            try:
                found = catalogue.find_provider(None, None, url).id
            except LookupError:
                found = ""
            if found != provider:
                differing[host] = found
    assert differing == {
        "api.together.ai": "",  # Together's newer host
        ".databricks.com": "",  # the library wants the cloud in the name
        "api.cloudflare.com": "",  # and here the account in the path
    }


@pytest.mark.parametrize("name", ["openai_compatible", "vllm", "cohere"])
def test_counts_beyond_reason_are_rejected(name: str, tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    (table,) = SOURCES[name].tables
    provider = {"openai_compatible": "mistral", "vllm": "vllm", "cohere": "cohere"}[name]
    many = MOST_TOKENS + 1
    usage = (
        {"prompt_tokens": many, "billed_units": {"input_tokens": many}} if name == "cohere" else {"prompt_tokens": many}
    )
    record = {"timestamp": AT, "provider": provider, "response": {"id": "z", "usage": usage}}
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(record) + "\n")
    landed = land(con, inspect(path), SOURCES[name], table, home=tmp_path / "home")
    assert (landed.landed_count, landed.rejected_count) == (0, 1)
