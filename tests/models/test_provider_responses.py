"""Real responses of OpenAI and Anthropic: each is one call with the usage and cost of its record, or has a reason."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from genai_prices import Usage, calc_price

from ingest.files import inspect
from ingest.landing import land
from ingest.sources import discover
from tests.conftest import SHARED_DATA
from tests.models.conftest import CALL_MODELS, Warehouse

RESPONSES = SHARED_DATA / "provider_responses" / "openai_anthropic.jsonl"
HOSTS = {"openai": "api.openai.com", "anthropic": "api.anthropic.com"}
WRITES = tuple(f"cache_write_{lifetime}_tokens" for lifetime in ("5m", "30m", "1h", "12h", "unknown"))
Record = dict[str, Any]

pytestmark = pytest.mark.skipif(not RESPONSES.is_file(), reason=f"real data is not at {RESPONSES}")


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [json.loads(line) for line in RESPONSES.read_text().splitlines()]


@pytest.fixture(scope="module")
def calls(warehouse: Callable[[str], Warehouse]) -> dict[str, Record]:
    """What became of every call, by its id: found by the pipeline itself, as of both providers."""
    home = warehouse("responses", select=CALL_MODELS)
    home.load((RESPONSES, None))
    columns = [name for name, *_ in home.rows("describe intermediate.int_requests_attributed")]
    rows = home.rows(
        "select calls.*, cost_usd, price_status from intermediate.int_requests_attributed as calls "
        "inner join fct_requests using (source_id, request_id)"
    )
    assert len(rows) == len({row[0] for row in rows})
    return {row[0]: dict(zip([*columns, "cost_usd", "price_status"], row, strict=True)) for row in rows}


def test_every_record_lands_in_one_source_or_is_rejected_for_its_missing_time(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, records: list[Record]
) -> None:
    for name, host in HOSTS.items():
        source = discover()[name]
        landed = land(con, inspect(RESPONSES), source, source.tables[0], home=tmp_path / name)
        ours = [record for record in records if record["host"] == host]
        undated = sum(record["date"] is None for record in ours)
        assert (landed.landed_count, landed.rejected_count, landed.other_count) == (
            len(ours) - undated,
            undated,
            len(records) - len(ours),
        )
        assert {(reject.column, reject.rule) for reject in landed.rejects} == {("requested_at", "is missing")}


def test_every_dated_record_is_one_call_however_often_it_was_recorded(
    calls: dict[str, Record], records: list[Record]
) -> None:
    dated = [record for record in records if record["date"]]
    ids = {record["id"] for record in dated if record["id"]}
    nameless = [record for record in dated if not record["id"]]
    assert ids <= calls.keys()
    assert len(calls) == len(ids) + len(nameless) > 450


def said(record: Record) -> dict[str, int]:
    """What a record's usage says, all input and all output, by the words of its provider."""
    usage = record["usage"]
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    made = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    reads = (usage.get("cache_read_input_tokens") or 0) + (details.get("cached_tokens") or 0)
    writes = usage.get("cache_creation_input_tokens") or 0
    beside = reads + writes if record["host"] == HOSTS["anthropic"] else 0
    return {
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens", 0)) + beside,
        "cache_read_tokens": reads,
        "cache_write_tokens": writes,
        "input_audio_tokens": details.get("audio_tokens") or 0,
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens", 0)),
        "output_audio_tokens": made.get("audio_tokens") or 0,
        "output_reasoning_tokens": made.get("reasoning_tokens") or made.get("thinking_tokens") or 0,
    }


def counted(call: Record) -> dict[str, int]:
    """The same of a call's leaves."""
    writes = sum(call[name] for name in WRITES)
    return {
        "input_tokens": call["uncached_input_tokens"] + call["cache_read_tokens"] + writes + call["input_audio_tokens"],
        "cache_read_tokens": call["cache_read_tokens"],
        "cache_write_tokens": writes,
        "input_audio_tokens": call["input_audio_tokens"],
        "output_tokens": call["output_tokens"] + call["output_audio_tokens"],
        "output_audio_tokens": call["output_audio_tokens"],
        "output_reasoning_tokens": call["reasoning_tokens"],
    }


def test_every_call_counts_what_its_record_says(calls: dict[str, Record], records: list[Record]) -> None:
    differing = [
        (record["id"], said(record), counted(calls[record["id"]]))
        for record in records
        if record["date"] and record["id"] and said(record) != counted(calls[record["id"]])
    ]
    assert differing == []


def test_every_call_costs_what_the_price_library_says_at_its_time(
    calls: dict[str, Record], records: list[Record]
) -> None:
    differing, known = {}, 0
    for record in records:
        if not (record["date"] and record["id"]):
            continue
        provider = next(name for name, host in HOSTS.items() if host == record["host"])
        at = datetime.strptime(record["date"], "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC)
        usage = Usage(**{name: count for name, count in said(record).items() if "reasoning" not in name})
        try:
            price = calc_price(usage, record["model"], provider_id=provider, genai_request_timestamp=at).total_price
        except LookupError:
            expected = None
        else:
            expected = price.quantize(Decimal("0.000000000001"), ROUND_HALF_UP)
            known += 1
        if calls[record["id"]]["cost_usd"] != expected:
            differing[record["id"]] = (record["model"], calls[record["id"]]["cost_usd"], expected)
    assert differing == {}
    assert known > 550


def test_a_response_without_usage_is_missing_and_never_free(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, records: list[Record]
) -> None:
    """Every record has usage: here is one of each provider without."""
    path = tmp_path / "silent.jsonl"
    firsts = [next(one for one in records if one["host"] == host and one["date"]) for host in HOSTS.values()]
    path.write_text("\n".join(json.dumps({**one, "usage": None}) for one in firsts) + "\n")
    home = warehouse("silent", select=CALL_MODELS)
    home.load((path, None))
    rows = home.rows("select cost_usd, price_status from fct_requests")
    assert rows == [(None, "usage_missing")] * 2
