"""One call that several sources saw is one request, whatever came first: the system of record counts, others enrich."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.test_incremental import MODELS as COMPARED
from tests.models.test_incremental import marts

MODELS = f"{CALL_MODELS} +input_balance"

MIDNIGHT = datetime(2026, 10, 8, tzinfo=UTC)
Files = dict[str, tuple[Path, str]]


def answer(path: Path, *lines: tuple[str, datetime, int]) -> tuple[Path, str]:
    """OpenAI's own answers: (response id, when, prompt tokens)."""
    logged = [
        {
            "timestamp": at.isoformat(),
            "response": {
                "id": response_id,
                "object": "chat.completion",
                "model": "gpt-5",
                "usage": {"prompt_tokens": tokens, "completion_tokens": 100},
            },
        }
        for response_id, at, tokens in lines
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in logged))
    return path, "openai"


def gateway(path: Path, *lines: dict[str, Any]) -> tuple[Path, str]:
    """LiteLLM's spend logs."""
    logged = [
        {
            "call_type": "acompletion",
            "custom_llm_provider": "openai",
            "model": "gpt-5",
            "status": "success",
            "spend": 9.99,
            "prompt_tokens": 7777,
            "completion_tokens": 7777,
            **line,
        }
        for line in lines
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in logged))
    return path, "litellm"


def span(request_id: str, at: datetime, **more: object) -> dict[str, Any]:
    """A call as a trace tells it: the test-only source is in no list, so it comes last."""
    return {"request_id": request_id, "provider_id": "openai", "model_id": "gpt-5", "requested_at": at, **more}


def three_views(folder: Path) -> Files:
    """Two calls: one seen by all three sources, around midnight; one that only the provider saw."""
    return {
        "answers": answer(
            folder / "answers.jsonl",
            ("chatcmpl-seen", MIDNIGHT + timedelta(seconds=1), 1000),
            ("chatcmpl-alone", MIDNIGHT + timedelta(hours=1), 2000),
        ),
        "gateway": gateway(
            folder / "gateway.jsonl",
            {
                "request_id": "chatcmpl-seen",
                "startTime": "2026-10-08T00:00:00",
                "end_user": "northwind",
                "api_key": "hash-of-key",
                "request_tags": ["feature:search"],
            },
        ),
        "trace": (
            write_calls(
                folder / "trace.jsonl",
                [
                    span(
                        "span-1",
                        MIDNIGHT - timedelta(seconds=1),
                        response_id="chatcmpl-seen",
                        trace_id="trace-1",
                        customer_id="someone else",
                        conversation_id="conv-1",
                        uncached_input_tokens=5555,
                    ),
                    # an instrumentation inside another
                    span("span-2", MIDNIGHT - timedelta(seconds=1), response_id="chatcmpl-seen", user_id="ann"),
                ],
            ),
            "canonical",
        ),
    }


def test_a_call_seen_by_provider_gateway_and_trace_is_one_request_of_the_providers_usage(
    company: Companies, tmp_path: Path
) -> None:
    """gpt-5 costs $1.25 a million in and $10 out: 1,000 + 100 cost $0.00225, 2,000 + 100 cost $0.0035."""
    built = company("views", select=MODELS)
    built.load(*three_views(tmp_path).values())
    assert built.rows(
        "select request_id, source_id, enriched_by, customer_id, feature_id, conversation_id, user_id, api_key_id, "
        "trace_id, uncached_input_tokens, cost_usd, cast(requested_at as varchar) from fct_requests order by 1 desc"
    ) == [
        ("chatcmpl-seen", "openai", "canonical, litellm", "northwind", "search", "conv-1", "ann", "hash-of-key",
         "trace-1", 1000, Decimal("0.00225"), "2026-10-08 00:00:01"),
        ("chatcmpl-alone", "openai", None, "(unattributed)", "(unattributed)", "(unattributed)", None, None,
         None, 2000, Decimal("0.0035"), "2026-10-08 01:00:00"),
    ]  # fmt: skip
    assert built.rows(
        "select table_name, landed_count, counted_count, duplicate_count, merged_count from input_balance order by 1"
    ) == [("canonical__requests", 2, 0, 0, 2), ("litellm__requests", 1, 0, 0, 1), ("openai__requests", 2, 2, 0, 0)]


@pytest.mark.parametrize("order", [("trace", "gateway", "answers"), ("answers", "trace", "gateway")], ids=" ".join)
def test_the_sources_may_come_in_any_order(company: Companies, tmp_path: Path, order: tuple[str, ...]) -> None:
    files = three_views(tmp_path)
    built = company("-".join(order), select=COMPARED)
    for name in order:
        built.load(files[name])
    incremental = marts(built)
    assert len(incremental["fct_requests"]) == 2
    assert built.load(full=True).is_full
    assert marts(built) == incremental


def requests(built: Company) -> list[tuple[Any, ...]]:
    return built.rows("select source_id, request_id, enriched_by, output_tokens from fct_requests order by all")


def test_what_is_not_the_same_call_stays_apart(company: Companies, tmp_path: Path) -> None:
    built = company("apart", select=MODELS)
    built.load(
        (
            write_calls(
                tmp_path / "calls.jsonl",
                [
                    # counters of somebody's own are no provider's ids
                    span("a", MIDNIGHT, response_id="1", output_tokens=1),
                    span("b", MIDNIGHT, response_id="1", output_tokens=2),
                    # a retry has another response id
                    span("try-1", MIDNIGHT, response_id="chatcmpl-first", output_tokens=3),
                    span("try-2", MIDNIGHT, response_id="chatcmpl-second", output_tokens=4),
                    # two instrumentations' spans of one call, the fuller one counts
                    span("twin-1", MIDNIGHT, response_id="chatcmpl-twin", output_tokens=5),
                    span("twin-2", MIDNIGHT, response_id="chatcmpl-twin", output_tokens=6),
                    # one call of which only the first row names the response
                    span("grows", MIDNIGHT, response_id="chatcmpl-grows", output_tokens=7),
                    span("grows", MIDNIGHT, output_tokens=8),
                ],
            ),
            "canonical",
        ),
        answer(tmp_path / "answers.jsonl", ("chatcmpl-grows", MIDNIGHT, 10)),
    )
    assert requests(built) == [
        ("canonical", "a", None, 1),
        ("canonical", "b", None, 2),
        ("canonical", "try-1", None, 3),
        ("canonical", "try-2", None, 4),
        ("canonical", "twin-2", None, 6),
        ("openai", "chatcmpl-grows", "canonical", 100),
    ]
    assert built.rows("select sum(duplicate_count), sum(merged_count) from input_balance") == [(1, 2)]


def test_whoever_reorders_the_systems_of_record_counts_another_source(company: Companies, tmp_path: Path) -> None:
    built = company("reordered", select=MODELS)
    built.seed(
        "systems_of_record",
        ("source_id", "source_rank", "reason"),
        [
            {"source_id": "litellm", "source_rank": 1, "reason": "our contract"},
            {"source_id": "openai", "source_rank": 2, "reason": ""},
        ],
    )
    built.load(*three_views(tmp_path).values())
    assert requests(built) == [
        ("litellm", "chatcmpl-seen", "canonical, openai", 7777),
        ("openai", "chatcmpl-alone", None, 100),
    ]


def test_a_contract_of_an_api_key_holds_where_only_the_gateway_knows_the_key(
    company: Companies, tmp_path: Path
) -> None:
    """A tenth off $0.00225."""
    built = company(
        "contract",
        select=MODELS,
        overrides=[
            {
                "effect": "discount",
                "provider_id": "openai",
                "api_key_id": "hash-of-key",
                "discount_percent": 10,
                "valid_from_date": "2026-01-01",
            }
        ],
    )
    files = three_views(tmp_path)
    built.load(files["answers"])
    built.load(files["gateway"])
    assert built.rows("select cost_usd from fct_requests where request_id = 'chatcmpl-seen'") == [
        (Decimal("0.002025"),)
    ]
