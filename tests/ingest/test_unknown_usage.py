"""A count that no column reads is kept under its name."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.landing import Landed, land
from ingest.source import Column, Type
from ingest.sources import discover
from tests.conftest import SHARED_DATA
from tests.ingest.test_json_paths import AT, landed, lines, table

USAGE = table(
    Column("prompt_tokens", Type.INTEGER, ("*.usage.prompt_tokens",)),
    Column("cached_tokens", Type.INTEGER, ("*.usage.details.cached_tokens",)),
    roots=("response", ""),
    usage=("*.usage",),
    known_usage=("total_tokens", "details.text_tokens"),
)


@pytest.mark.parametrize(
    ("usage", "unknown"),
    [
        ({"prompt_tokens": 1, "details": {"cached_tokens": 2, "text_tokens": 3}, "total_tokens": 4}, None),
        ({"prompt_tokens": 1, "new_tokens": 5}, "new_tokens=5"),
        ({"prompt_tokens": 1, "details": {"cached_tokens": 2, "smell_tokens": 6}}, "details.smell_tokens=6"),
        ({"prompt_tokens": 1, "touch": {"tokens": 7, "seconds": 0.5}}, "touch.seconds=0.5 touch.tokens=7"),
        ({"prompt_tokens": 1, "a": {"b": {"c": {"d": 8}, "e": 9}}}, "a.b.c.d=8 a.b.e=9"),
        ({"prompt_tokens": 1, "new_tokens": 0, "none": -1}, None),
        ({"prompt_tokens": 1, "total_tokens": {"inside": 1}}, None),
        ({"prompt_tokens": 1, "a/b~c d=1": 2}, "a_1b_0c_d_1=2"),
        ({"prompt_tokens": 1, "details": {"x.y": {"z": 3}}}, "details.x.y.z=3"),
        ({"prompt_tokens": 1, "note": "CANARY", "seen": True, "list": [1], "none": None}, None),
        ("CANARY", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_count_under_an_unknown_name_lands_as_it_is_called(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, usage: Any, unknown: str | None, wrapped: bool
) -> None:
    record = {"usage": usage}
    _, rows = landed(con, tmp_path, USAGE, lines({"at": AT, **({"response": record} if wrapped else record)}))
    expected = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    assert [(row[0], row[2]) for row in rows] == [(expected, unknown)]


PLAIN = {"prompt_tokens": 1, "details": {"cached_tokens": 2}, "total_tokens": 3}


@pytest.mark.parametrize(
    ("odd", "landed_odd"),
    [
        ({**PLAIN, "new_tokens": 5}, (1, 2, "new_tokens=5")),
        ({**PLAIN, "details": {"smell_tokens": 6}}, (1, None, "details.smell_tokens=6")),
        ({**PLAIN, "details": None}, (1, None, None)),
        (json.dumps(PLAIN), (1, 2, None)),
        (json.dumps({**PLAIN, "new_tokens": 5}), (1, 2, "new_tokens=5")),
        (None, (None, None, None)),
    ],
)
@pytest.mark.parametrize("before", [1, 12_000], ids=["near the others", "far behind the head"])
def test_one_usage_object_unlike_all_others_is_read_like_them(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, odd: Any, landed_odd: tuple[Any, ...], before: int
) -> None:
    usual = [{"at": AT, "response": {"usage": PLAIN}}] * before
    _, rows = landed(con, tmp_path, USAGE, lines(*usual, {"at": AT, "response": {"usage": odd}}, *usual[:1]))
    odds = [row[:3] for row in rows if row[:3] != (1, 2, None)]
    assert odds == ([landed_odd] if landed_odd != (1, 2, None) else [])
    assert len(rows) == before + 2


@pytest.mark.parametrize("usual", [None, {}, {**PLAIN, "new_tokens": 0, "details": None}, {"prompt_tokens": 1}])
def test_usage_that_the_head_of_a_file_leaves_empty_is_read_where_a_later_line_has_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, usual: Any
) -> None:
    head, later = (
        {"at": AT, "pad": "x" * 100, "response": {"usage": usage}} for usage in (usual, {**PLAIN, "new_tokens": 5})
    )
    _, rows = landed(con, tmp_path, USAGE, lines(*[head] * 12_000, later))
    assert len(rows) == 12_001
    assert rows[-1][:3] == (1, 2, "new_tokens=5")


BODIES = SHARED_DATA / "usage_bodies" / "usages_half.json"
RESPONSES = SHARED_DATA / "provider_responses" / "openai_anthropic.jsonl"
UNREAD = {
    # What Mistral bills as cached it writes to `prompt_tokens_details.cached_tokens` (its guide, prompt caching). This
    # is 69 of 70 tokens of calls that asked for no cache: whether it is billed for less, nothing says.
    ("openai_compatible", "mistral"): {"num_cached_tokens"},
    # OpenRouter's tools are billed apart, each at a price of its own, which a count of all of them does not tell; the
    # whole is in `cost`, which is read.
    ("openai_compatible", "openrouter"): {
        "server_tool_use_details.tool_calls_executed",
        "server_tool_use_details.tool_calls_requested",
    },
    # The estimate of a gateway in between, in dollars: no count, and no cost that anybody charged.
    ("openai", "openai"): {"pydantic_ai_gateway.cost_estimate"},
    ("anthropic", "anthropic"): {"pydantic_ai_gateway.cost_estimate"},
    ("bedrock", "aws"): {"pydantic_ai_gateway.cost_estimate"},
    ("gemini", "google"): {"pydantic_ai_gateway.cost_estimate"},
}
"""Source and provider → what no column reads in any recorded body, and why."""


def whose_body(body: dict[str, Any]) -> tuple[str, str]:
    """Source and provider of a recorded body, by what only that provider writes."""
    usage = body.get("usage") or body.get("meta") or {}
    marks = {
        "inputTokens": ("bedrock", "aws"),
        "billed_units": ("cohere", "cohere"),
        "cache_creation_input_tokens": ("anthropic", "anthropic"),
        "num_cached_tokens": ("openai_compatible", "mistral"),
        "queue_time": ("openai_compatible", "groq"),
        "cost": ("openai_compatible", "openrouter"),
    }
    if "usageMetadata" in body:
        return "gemini", "google"
    return next((whose for mark, whose in marks.items() if mark in usage), ("openai", "openai"))


def logged(body: dict[str, Any], source: str, provider: str, number: int) -> dict[str, Any]:
    if source == "bedrock":
        call = {"schemaType": "ModelInvocationLog", "requestId": str(number), "modelId": "m", "operation": "Converse"}
        return {"timestamp": AT, **call, "output": {"outputBodyJson": body}}
    said = {"provider": provider} if source.startswith("openai") else {}
    return {"timestamp": AT, "request_id": str(number), **said, "response": body}


@pytest.mark.skipif(not BODIES.is_file(), reason=f"real data is not at {BODIES}")
def test_of_every_recorded_body_only_these_counts_are_not_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    recorded = defaultdict(list)
    for number, one in enumerate(json.loads(BODIES.read_text())):
        recorded[whose_body(one["body"])].append((number, one["body"]))
    unread, count = {}, 0
    for (source_name, provider), bodies in recorded.items():
        source = discover()[source_name]
        path = tmp_path / f"{provider}.jsonl"
        path.write_text(lines(*(logged(body, source_name, provider, number) for number, body in bodies)))
        result = land(con, inspect(path), source, source.tables[0], home=tmp_path / provider)
        assert result.landed_count == len(bodies), (source_name, provider)
        count += len(bodies)
        if names := unknown_names(con, result):
            unread[source_name, provider] = names
    assert count > 800
    assert unread == UNREAD


@pytest.mark.skipif(not RESPONSES.is_file(), reason=f"real data is not at {RESPONSES}")
@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_every_count_of_the_recorded_responses_is_read(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    source = discover()[name]
    result = land(con, inspect(RESPONSES), source, source.tables[0], home=tmp_path)
    assert result.landed_count > 50
    assert unknown_names(con, result) == set()


def unknown_names(con: duckdb.DuckDBPyConnection, result: Landed) -> set[str]:
    files = [str(file.path) for file in result.files]
    kept = f"read_parquet({files}, union_by_name = true)"
    if "unknown_usage" not in con.sql(f"from {kept}").columns:
        return set()
    found = con.sql(f"select unknown_usage from {kept} where unknown_usage is not null").fetchall()
    return {count.partition("=")[0] for (counts,) in found for count in counts.split(" ")}


TWICE = table(
    Column("prompt_tokens", Type.INTEGER, ("usage.prompt_tokens", "x.0.usage.prompt_tokens")),
    Column("searches", Type.INTEGER, ("tools.web.requests",)),
    usage=("usage", "x.0.usage", "tools"),
)


@pytest.mark.parametrize(
    ("record", "unknown"),
    [
        (
            {"usage": {"prompt_tokens": 1, "new_tokens": 5}, "tools": {"draw": {"images": 2}}},
            "draw.images=2 new_tokens=5",
        ),
        # one usage that is written in two places
        ({"usage": {"prompt_tokens": 1, "new": 5}, "x": [{"usage": {"prompt_tokens": 1, "new": 5}}]}, "new=5"),
        ({"x": [{"usage": {"prompt_tokens": 1, "new": 5}}]}, "new=5"),
        ({"usage": {"prompt_tokens": 1}, "tools": {"web": {"requests": 3}}}, None),
    ],
)
def test_every_usage_object_of_a_record_is_looked_into(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, record: dict[str, Any], unknown: str | None
) -> None:
    _, rows = landed(con, tmp_path, TWICE, lines({"at": AT, **record}))
    assert [(row[0], row[2]) for row in rows] == [(1, unknown)]
