"""The outputs of batches: calls at the batch's price, whatever tier their bodies name; what failed is not billed.

Anthropic's results have a file of their own, test_anthropic_batches.py.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.inputs import ingest_files
from ingest.landing import land
from ingest.ledger import Ledger
from ingest.sources import discover
from tests.models.conftest import CALL_MODELS, Warehouse

AT = "2026-11-01T12:00:00Z"
Line = dict[str, Any]

# ------------------------------------------------------------------------------------------------------------- OpenAI


def output(name: str, status: int, body: Line, **more: Any) -> Line:
    """A line of OpenAI's output file, or of its error file."""
    response = {"status_code": status, "request_id": f"req-{name}", "body": body}
    return {"id": f"batch_req_{name}", "custom_id": "doc-1", "response": response, "error": None, **more}


CHAT = {
    "id": "chatcmpl-b1",
    "object": "chat.completion",
    "created": 1793534400,
    "model": "gpt-5.4",
    "service_tier": "default",
    "choices": [{"message": {"content": "CANARY-ANSWER"}}],
    "usage": {"prompt_tokens": 10_000, "completion_tokens": 1_000},
}
RESPONSE = {
    "id": "resp_b2",
    "object": "response",
    "created_at": 1793534400,
    "model": "gpt-5.4",
    "service_tier": "default",
    "usage": {"input_tokens": 10_000, "input_tokens_details": {"cached_tokens": 6_000}, "output_tokens": 1_000},
}
REFUSED = {"error": {"message": "CANARY-ERROR", "type": "invalid_request_error", "param": None, "code": None}}
EXPIRED = {"code": "batch_expired", "message": "CANARY-ERROR"}
EMBEDDED = {
    "object": "list",
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 1_000_000, "total_tokens": 1_000_000},
}
OPENAI = [
    output("1", 200, CHAT),
    output("2", 200, RESPONSE),
    # Azure's lines have no id, and an embedding no time
    {
        "custom_id": "doc-1",
        "response": {"status_code": 200, "request_id": "req-3", "body": EMBEDDED},
        "error": None,
        "completed_at": 1793534400,
    },
]
OPENAI_ERRORS = [
    output("4", 400, REFUSED, completed_at=1793534400),
    {"id": "batch_req_5", "custom_id": "doc-1", "response": None, "error": EXPIRED, "timestamp": AT},
]

# ------------------------------------------------------------------------------------------------------------- Bedrock

US = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
PROMPT = {"messages": [{"role": "user", "content": "CANARY-PROMPT"}]}
MESSAGE = {
    "id": "msg_bdrk_b6",
    "type": "message",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "CANARY-ANSWER"}],
    "usage": {"input_tokens": 10_000, "output_tokens": 1_000},
}
NOVA = {"output": {"message": {}}, "usage": {"inputTokens": 10_000, "outputTokens": 1_000}}
LLAMA = {"generation": "CANARY-ANSWER", "prompt_token_count": 10_000, "generation_token_count": 1_000}
BEDROCK: list[Line] = [
    {"modelInput": PROMPT, **line, "timestamp": AT}
    for line in (
        {"recordId": "CALL0000001", "modelOutput": MESSAGE, "modelId": US},
        # another batch, another call: the id of a record is its batch's
        {"recordId": "CALL0000001", "modelOutput": NOVA, "modelId": "amazon.nova-lite-v1:0"},
        {"recordId": "CALL0000001", "modelOutput": LLAMA, "modelId": "meta.llama3-1-8b-instruct-v1:0"},
        {"recordId": "CALL0000002", "modelOutput": {**MESSAGE, "id": "msg_bdrk_b7"}},
        {
            "recordId": "CALL0000003",
            "error": {"errorCode": 400, "errorMessage": "CANARY-ERROR"},
            "modelId": US,
        },
    )
]

# -------------------------------------------------------------------------------------------------------------- Gemini

USAGE = {"promptTokenCount": 10_000, "candidatesTokenCount": 1_000, "serviceTier": "standard"}
GEMINI = [
    {
        "key": "doc-1",
        "response": {"responseId": "g_b8", "modelVersion": "gemini-2.5-flash", "usageMetadata": USAGE},
        "timestamp": AT,
    },
    {"key": "doc-2", "error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "CANARY-ERROR"}, "timestamp": AT},
    {
        "request": PROMPT,
        "status": "",
        "response": {"responseId": "g_b9", "modelVersion": "gemini-2.5-flash", "usageMetadata": USAGE},
        "processed_time": AT,
    },
    {"request": PROMPT, "status": "Bad Request", "response": {}, "processed_time": AT},
    # a call that was timed is no batch's, whatever key it names
    {
        "key": "k",
        "response": {"responseId": "g_b10", "modelVersion": "gemini-2.5-flash", "usageMetadata": USAGE},
        "timestamp": AT,
        "latency_ms": 700,
    },
]
FILES = {"output": OPENAI, "errors": OPENAI_ERRORS, "records": BEDROCK, "results": GEMINI}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("batches")
    for name, lines in FILES.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return [folder / f"{name}.jsonl" for name in FILES]


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], files: list[Path]) -> Warehouse:
    """Each file recognised by what is in it."""
    home = warehouse("batch-outputs", select=CALL_MODELS)
    home.load(*((path, None) for path in files))
    return home


def test_every_line_is_one_call(built: Warehouse) -> None:
    rows = built.rows("select source_id, count(*), count(distinct request_id) from fct_requests group by 1 order by 1")
    assert rows == [("bedrock", 5, 5), ("gemini", 5, 5), ("openai", 5, 5)]


# 10,000 in and 1,000 out, by the batch's prices of a million tokens
COSTS = {
    "chatcmpl-b1": "0.02",  # 10,000 × 1.25 + 1,000 × 7.50
    "resp_b2": "0.01328",  # 4,000 × 1.25 + 6,000 × 0.13 + 1,000 × 7.50
    "g_b8": "0.00275",  # 10,000 × 0.15 + 1,000 × 1.25
    "g_b9": "0.00275",
    # the catalogue lists no batch price of these: the model's own holds until an override states another
    "req-3": "0.02",  # 1,000,000 × 0.02
    "msg_bdrk_b6": "0.0495",  # 10,000 × 3.30 + 1,000 × 16.50
}


@pytest.mark.parametrize("name", COSTS)
def test_a_call_of_a_batch_is_rated_as_batch_whatever_its_body_says(built: Warehouse, name: str) -> None:
    rows = built.rows(
        f"select cost_usd, price_status, is_batch, service_tier from fct_requests where request_id = '{name}'"
    )
    assert rows == [(Decimal(COSTS[name]), "priced", True, "batch")]


def test_a_call_that_was_timed_costs_the_whole(built: Warehouse) -> None:
    rows = built.rows("select cost_usd, is_batch from fct_requests where request_id = 'g_b10'")
    assert rows == [(Decimal("0.0055"), False)]


def test_every_shape_of_a_bedrock_answer_is_counted(built: Warehouse) -> None:
    rows = built.rows(
        "select model_id, uncached_input_tokens, output_tokens from fct_requests "
        "where source_id = 'bedrock' and status = 'ok' order by 1"
    )
    assert rows == [
        ("amazon.nova-lite-v1:0", 10_000, 1_000),
        ("claude-sonnet-4-5-20250929", 10_000, 1_000),
        ("meta.llama3-1-8b-instruct-v1:0", 10_000, 1_000),
        (US, 10_000, 1_000),
    ]


def test_what_failed_is_counted_and_not_billed(built: Warehouse) -> None:
    rows = built.rows(
        "select source_id, error_code, cost_usd, price_status, is_batch from fct_requests where status = 'error' "
        "order by source_id, error_code nulls last"
    )
    assert rows == [
        ("bedrock", "400", None, "not_billed", True),
        ("gemini", "INVALID_ARGUMENT", None, "not_billed", True),
        ("gemini", None, None, "not_billed", True),
        ("openai", "batch_expired", None, "not_billed", True),
        ("openai", "invalid_request_error", None, "not_billed", True),
    ]


@pytest.mark.parametrize(("source", "line"), [("openai", OPENAI_ERRORS[0]), ("bedrock", BEDROCK[0])])
def test_a_line_without_a_time_is_rejected_with_the_way_to_give_it_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, source: str, line: Line
) -> None:
    timeless = {name: value for name, value in line.items() if name not in {"timestamp", "completed_at"}}
    path = tmp_path / "timeless.jsonl"
    path.write_text(json.dumps(timeless) + "\n")
    declared = discover()[source]
    landed = land(con, inspect(path), declared, declared.tables[0], home=tmp_path / "home")
    ((column, rule, fix),) = ((reject.column, reject.rule, reject.fix) for reject in landed.rejects)
    assert (column, rule) == ("requested_at", "is missing")
    assert "`timestamp`" in fix


def test_prompts_answers_and_errors_of_a_batch_are_found_nowhere_in_the_warehouse(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, files: list[Path]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with Ledger(home) as ledger:
        ingest_files(con, ledger, files, home=home, sources=discover())
    rows = duckdb.sql(f"select * from read_parquet('{home}/landing/**/*.parquet', union_by_name = true)").fetchall()
    assert len(rows) == sum(map(len, FILES.values()))
    assert "CANARY" not in str(rows)
