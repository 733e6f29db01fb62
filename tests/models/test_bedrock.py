"""What the counts of Bedrock's invocation logs mean: token leaves of hand-made calls, and what they cost."""

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Warehouse

MODELS = f"{CALL_MODELS} +input_balance"

US = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"  # 3.30 / 16.50, read 0.33, write 4.125 and 6.60
GLOBAL = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"  # 3 / 15, read 0.30, write 3.75 and 6
PROFILE = "arn:aws:bedrock:us-east-1:444455556666:"
Row = dict[str, Any]


def logged(
    name: str, model: str, counts: tuple[int | None, int | None], body: Row | list[Row] | None = None, **more: Any
) -> Row:
    """A record with the counts of its input and output, and the body of its answer."""
    given, made = counts
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-10-07T12:00:00Z",
        "accountId": "444455556666",
        "region": "us-east-1",
        "requestId": name,
        "identity": {"arn": "arn:aws:sts::444455556666:assumed-role/app/i-1"},
        "operation": "Converse",
        "modelId": model,
        **more,
        "input": {"inputTokenCount": given, **more.get("input", {})},
        "output": {"outputTokenCount": made, "outputBodyJson": body},
    }


# name → call, what is counted of it, what it costs
CASES: dict[str, tuple[Row, Row, str]] = {
    "the input excludes what was read from the cache": (
        logged("b1", US, (1_126, 400), input={"cacheReadInputTokenCount": 1_024, "cacheWriteInputTokenCount": 0}),
        {"uncached_input_tokens": 1_126, "cache_read_tokens": 1_024, "output_tokens": 400},
        "0.01065372",  # 1,126 × 3.30 + 1,024 × 0.33 + 400 × 16.50, a million each
    ),
    "Converse lists what was written by lifetime": (
        logged(
            "b2",
            GLOBAL,
            (1_000, 1_200),
            {
                "usage": {
                    "inputTokens": 1_000,
                    "outputTokens": 1_200,
                    "totalTokens": 60_200,
                    "cacheReadInputTokens": 50_000,
                    "cacheWriteInputTokens": 8_000,
                    "cacheDetails": [{"ttl": "1h", "inputTokens": 3_000}, {"inputTokens": 5_000, "ttl": "5m"}],
                }
            },
        ),
        {
            "uncached_input_tokens": 1_000,
            "cache_read_tokens": 50_000,
            "cache_write_5m_tokens": 5_000,
            "cache_write_1h_tokens": 3_000,
            "output_tokens": 1_200,
        },
        "0.07275",  # 1,000 × 3 + 50,000 × 0.30 + 5,000 × 3.75 + 3,000 × 6 + 1,200 × 15
    ),
    "an Anthropic body says it in Anthropic's words": (
        logged(
            "b3",
            US,
            (126, 400),
            {
                "type": "message",
                "usage": {
                    "input_tokens": 126,
                    "cache_read_input_tokens": 1_024,
                    "cache_creation_input_tokens": 1_000,
                    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1_000},
                    "output_tokens": 400,
                    "output_tokens_details": {"thinking_tokens": 150},
                },
            },
            operation="InvokeModel",
        ),
        {
            "uncached_input_tokens": 126,
            "cache_read_tokens": 1_024,
            "cache_write_1h_tokens": 1_000,
            "output_tokens": 400,
            "reasoning_tokens": 150,
        },
        "0.01395372",  # 126 × 3.30 + 1,024 × 0.33 + 1,000 × 6.60 + 400 × 16.50
    ),
    "a streamed body is a list of chunks, and the record counts for it": (
        logged(
            "b4",
            GLOBAL,
            (100, 50),
            [
                {"type": "message_start", "message": {"usage": {"input_tokens": 100, "output_tokens": 1}}},
                {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 100}},
            ],
            operation="InvokeModelWithResponseStream",
            input={"cacheWriteInputTokenCount": 800},
        ),
        {"uncached_input_tokens": 100, "cache_write_unknown_tokens": 800, "output_tokens": 50},
        "0.00405",  # 100 × 3 + 800 × 3.75 + 50 × 15: an untold lifetime is taken for the short one
    ),
    "a body alone counts where the record does not": (
        logged("b5", "amazon.nova-lite-v1:0", (None, None), {"usage": {"inputTokens": 4, "outputTokens": 38}}),
        {"uncached_input_tokens": 4, "output_tokens": 38},
        "0.00000936",  # 4 × 0.06 + 38 × 0.24
    ),
    "Nova spells its cache counts in two ways and they count once": (
        logged(
            "b6",
            "amazon.nova-lite-v1:0",
            (22, 13),
            {"usage": {"cacheReadInputTokenCount": 2_000, "cacheReadInputTokens": 2_000, "inputTokens": 22}},
        ),
        {"uncached_input_tokens": 22, "cache_read_tokens": 2_000, "output_tokens": 13},
        "0.00003444",  # 22 × 0.06 + 2,000 × 0.015 + 13 × 0.24
    ),
    "the ARN of an inference profile names its model": (
        logged("b7", f"{PROFILE}inference-profile/{GLOBAL}", (1_000, 0)),
        {"uncached_input_tokens": 1_000},
        "0.003",
    ),
    "a line without the name of its schema is one all the same": (
        {**logged("b8", US, (10, 1)), "schemaType": None},
        {"uncached_input_tokens": 10, "output_tokens": 1},
        "0.0000495",  # 10 × 3.30 + 1 × 16.50
    ),
}

# name → call, what is said of it
SAID: dict[str, tuple[Row, Row]] = {
    "metadata of the request says whom and what a call is for": (
        logged(
            "b20",
            US,
            (1, 1),
            requestMetadata={"customer": "northwind", "feature": "search", "session_id": "conv-1", "project": "p"},
        ),
        {
            "customer_id": "northwind",
            "feature_id": "search",
            "conversation_id": "conv-1",
            "project_id": "p",
            "billing_account_id": "444455556666",
            "region_id": "us-east-1",
            "provider_id": "aws",
            "model_id": US,
            "service_tier": "standard",
        },
    ),
    "a role calls by its name and its session is the user": (
        logged("b21", US, (1, 1)),
        {"api_key_id": "assumed-role/app", "user_id": "i-1"},
    ),
    "a user of IAM is the key and the user": (
        logged("b22", US, (1, 1), identity={"arn": "arn:aws:iam::444455556666:user/bots/alice"}),
        {"api_key_id": "user/bots/alice", "user_id": "alice"},
    ),
    "an identity that is a list is left alone": (
        logged("b23", US, (1, 1), identity=[{"arn": "arn:aws:iam::444455556666:user/alice"}]),
        {"api_key_id": None, "user_id": None},
    ),
    "Converse says which tier served": (
        logged("b24", US, (1, 1), {"serviceTier": {"type": "priority"}, "metrics": {"latencyMs": 5_900}}),
        {"service_tier": "priority", "latency_ms": 5_900},
    ),
    "a tier may be a word": (logged("b25", US, (1, 1), {"service_tier": "flex"}), {"service_tier": "flex"}),
    "provisioned throughput is a tier of its own": (
        logged("b26", f"{PROFILE}provisioned-model/abc123", (1, 1)),
        {"service_tier": "provisioned_throughput", "deployment_id": "abc123"},
    ),
    "a profile of the application is a deployment": (
        logged("b27", f"{PROFILE}application-inference-profile/xyz", (1, 1)),
        {"deployment_id": "xyz", "service_tier": "standard"},
    ),
    "a region that served another's call does not bill it": (
        logged("b28", US, (1, 1), inferenceRegion="us-west-2"),
        {"region_id": "us-east-1"},
    ),
    "an embedding is no chat": (
        logged("b29", "amazon.titan-embed-text-v2:0", (7, None), operation="InvokeModel"),
        {"operation": "embeddings", "has_usage": True},
    ),
    "a throttled call is an error and not free": (
        logged("b30", US, (None, None), errorCode="ThrottlingException"),
        {"status": "error", "error_code": "ThrottlingException", "has_usage": False},
    ),
    "a refused call that counts zeros is not free either": (
        logged("b31", US, (0, 0), errorCode="ValidationException"),
        {"status": "error", "has_usage": False},
    ),
    "a rerank is not billed in tokens and its searches are not logged": (
        logged("b32", "cohere.rerank-v3-5:0", (0, 0), operation="InvokeModel"),
        {"operation": "rerank", "status": "ok", "has_usage": False},
    ),
}
FOREIGN = {"timestamp": "2026-10-07T12:00:00Z", "level": "info", "message": "started"}


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    calls = [call for call, *_ in (*CASES.values(), *SAID.values())]
    lines = [json.dumps(call) for call in (*calls, calls[0], FOREIGN)]
    path = tmp_path_factory.mktemp("bedrock") / "20261007T120000000Z_0a1b.json.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    home = warehouse("bedrock", select=MODELS)
    home.load((path, None))
    return home


@pytest.fixture(scope="module")
def canonical(built: Warehouse) -> dict[str, Row]:
    return canonical_requests(built)


def canonical_requests(home: Warehouse) -> dict[str, Row]:
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_attributed")]
    rows = home.rows("select * from intermediate.int_requests_attributed")
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {row["request_id"]: row for row in named}


def quantities(row: Row) -> Row:
    """What is counted of a call, without zeros."""
    return {name: value for name, value in row.items() if name.endswith(("_tokens", "_count", "_seconds")) and value}


@pytest.mark.parametrize("case", CASES)
def test_every_count_reaches_its_own_leaf(canonical: dict[str, Row], case: str) -> None:
    call, counted, _ = CASES[case]
    assert quantities(canonical[call["requestId"]]) == counted


@pytest.mark.parametrize("case", CASES)
def test_a_call_costs_what_was_computed_by_hand(built: Warehouse, case: str) -> None:
    call, _, cost = CASES[case]
    rows = built.rows(f"select cost_usd, price_status from fct_requests where request_id = '{call['requestId']}'")
    assert rows == [(Decimal(cost), "priced")]


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_of_a_call(canonical: dict[str, Row], case: str) -> None:
    call, said = SAID[case]
    row = canonical[call["requestId"]]
    assert {name: row[name] for name in said} == said


def test_calls_without_usage_have_no_cost(built: Warehouse) -> None:
    rows = built.rows("select cost_usd from fct_requests where request_id in ('b30', 'b31', 'b32')")
    assert rows == [(None,)] * 3


def test_a_call_that_is_logged_twice_counts_once(built: Warehouse) -> None:
    assert built.rows("select landed_count, duplicate_count from input_balance") == [(len(CASES) + len(SAID) + 1, 1)]
