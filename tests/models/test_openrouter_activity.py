"""What OpenRouter's activity means: its charges, what other providers bill, tokens, which answer of a day counts."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import RefusedError, inspect
from ingest.landing import Landed, land
from ingest.sources import discover
from tests.models.conftest import CALL_MODELS, Warehouse

MODELS = f"{CALL_MODELS} +fct_provider_usage"

SONNET = "anthropic/claude-sonnet-4.5"


def row(usage: float, model: str = SONNET, day: str = "2026-10-07 00:00:00", **more: Any) -> dict[str, Any]:
    """A row as answers have it; the schema writes the day alone."""
    return {
        "date": day,
        "model": model,
        "model_permaslug": f"{model}-20250929",
        "endpoint_id": "endpoint-1",
        "provider_name": "Anthropic",
        "usage": usage,
        "byok_usage_inference": 0,
        "byok_requests": 0,
        "requests": 3,
        "prompt_tokens": 10_000,
        "completion_tokens": 2_000,
        "reasoning_tokens": 1_500,
        **more,
    }


def write(path: Path, *pages: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(page) + "\n" for page in pages))
    return path


def answer(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"data": list(rows), **more}


@pytest.fixture(scope="module")
def built(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Two days, the second one fetched twice, and one without calls, in the files that `unitcost fetch` writes."""
    folder = tmp_path_factory.mktemp("activity")
    first = answer(
        row(0.0405, cached_tokens=6_000),
        row(0.0005, "openai/gpt-5", provider_name="OpenAI", byok_usage_inference=0.01, byok_requests=3),
        row(0, "deepseek/deepseek-r1:free", provider_name="Chutes", cached_tokens=0),
        row(1.5e-07, "openai/text-embedding-3-small", completion_tokens=0, reasoning_tokens=0),
        row(0.30000000000000004, f"{SONNET}:batch", workspace_id="ws-1"),
    )
    early = answer(row(1, day="2026-10-08"), row(2, "openai/gpt-5", day="2026-10-08"))
    late = answer(row(1.25, day="2026-10-08"), row(2, "openai/gpt-5", day="2026-10-08"))
    made = warehouse("activity", select=MODELS)
    made.load(
        (write(folder / "2026-10-07.0001.json", first), None),
        (write(folder / "2026-10-08.0001.json", early), None),
        (write(folder / "2026-10-09.0001.json", answer()), None),
    )
    made.load((write(folder / "2026-10-08.0001.json", late), None))
    return made


def test_usage_is_what_openrouter_charges_to_the_last_digit(built: Warehouse) -> None:
    rows = built.rows(
        "select model_id, billed_cost, effective_cost, billing_currency, charge_category, charge_kind "
        "from fct_charges where usage_date = '2026-10-07' order by billed_cost desc"
    )
    assert rows == [
        (f"{SONNET}:batch", Decimal("0.3"), Decimal("0.3"), "USD", "Usage", "inference"),  # a double's noise is none
        (SONNET, Decimal("0.0405"), Decimal("0.0405"), "USD", "Usage", "inference"),
        ("openai/gpt-5", Decimal("0.0005"), Decimal("0.0005"), "USD", "Usage", "inference"),
        ("openai/text-embedding-3-small", Decimal("0.00000015"), Decimal("0.00000015"), "USD", "Usage", "embedding"),
        ("deepseek/deepseek-r1:free", Decimal(0), Decimal(0), "USD", "Usage", "inference"),
    ]


def test_what_another_provider_bills_for_a_key_of_ones_own_is_kept_and_is_no_cost(built: Warehouse) -> None:
    own = "model = 'openai/gpt-5' and byok_request_count > 0"
    assert built.rows(f"select byok_usage_inference from raw.openrouter__charges where {own}") == [(Decimal("0.01"),)]
    # 0.0405 + 0.0005 + 0.00000015 + 0.3 of the 7th, 1.25 + 2 of the 8th
    total = Decimal("3.59100015")
    assert built.rows("select sum(billed_cost) from fct_charges") == [(total,)]
    assert built.rows("select sum(reported_cost_usd) from fct_provider_usage") == [(total,)]


def test_the_newest_answer_of_a_day_counts_and_the_change_is_shown(built: Warehouse) -> None:
    by_day = "select usage_date::varchar, sum(billed_cost), count(*) from fct_charges group by all order by all"
    assert built.rows(by_day) == [("2026-10-07", Decimal("0.34100015"), 5), ("2026-10-08", Decimal("3.25"), 2)]
    restated = "select billed_cost_before, billed_cost_after from raw.landing__restatements"
    assert built.rows(restated) == [(Decimal(3), Decimal("3.25"))]


def test_months_are_those_of_the_days_and_days_end_exclusively(built: Warehouse) -> None:
    rows = built.rows(
        "select distinct billing_period_start_at::varchar, billing_period_end_at::varchar, "
        "charge_period_start_at::varchar, charge_period_end_at::varchar from fct_charges order by all limit 1"
    )
    first = tuple(f"2026-{day} 00:00:00" for day in ("10-01", "11-01", "10-07", "10-08"))
    assert rows == [first]


def test_cached_tokens_are_inside_the_prompt_and_reasoning_inside_the_completion(built: Warehouse) -> None:
    rows = built.rows(
        "select model_id, request_count, uncached_input_tokens, cache_read_tokens, output_tokens, is_batch, project_id "
        "from fct_provider_usage where period_start_at = '2026-10-07' order by record_number"
    )
    assert rows == [
        (SONNET, 3, 4_000, 6_000, 2_000, None, None),
        ("openai/gpt-5", 3, 10_000, None, 2_000, None, None),  # an answer that tells no cached tokens
        ("deepseek/deepseek-r1:free", 3, 10_000, 0, 2_000, None, None),
        ("openai/text-embedding-3-small", 3, 10_000, None, 0, None, None),
        (f"{SONNET}:batch", 3, 10_000, None, 2_000, True, "ws-1"),
    ]


def test_activity_is_no_calls(built: Warehouse) -> None:
    assert built.rows("select count(*) from fct_requests") == [(0,)]


def test_a_page_that_is_named_belongs_to_another_account(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    made = warehouse("two_accounts", select=MODELS)
    made.load(
        (write(tmp_path / "one.json", answer(row(1))), None),
        (write(tmp_path / "two.json", answer(row(2), organization_id="second")), None),
    )
    rows = made.rows("select billing_account_id, billed_cost from fct_charges order by billed_cost")
    assert rows == [(None, Decimal(1)), ("second", Decimal(2))]


def lands(con: duckdb.DuckDBPyConnection, path: Path) -> Landed:
    source = discover()["openrouter"]
    (table,) = (table for table in source.tables if table.shape == "charges")
    return land(con, inspect(path), source, table, home=path.parent / "home")


def test_the_same_day_twice_in_one_file_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    whole, by_workspace = answer(row(3)), answer(row(1, workspace_id="a"), row(2, workspace_id="b"))
    with pytest.raises(RefusedError, match="on more than one page of the file; the pages say the same twice"):
        lands(con, write(tmp_path / "both.jsonl", whole, by_workspace))
    assert lands(con, write(tmp_path / "days.jsonl", whole, answer(row(3, day="2026-10-08")))).landed_count == 2


def test_a_day_without_calls_is_no_reason_to_refuse_an_answer(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    landed = lands(con, write(tmp_path / "empty.json", answer()))
    assert (landed.landed_count, landed.rejected_count, landed.other_count) == (0, 0, 1)


def test_a_row_without_its_cost_is_refused_with_its_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"1 of 2 records are broken, first in line 1: usage is missing"):
        lands(con, write(tmp_path / "broken.json", answer(row(3), {**row(1), "usage": None})))
    with pytest.raises(RefusedError, match="activity_date is missing"):
        lands(con, write(tmp_path / "dayless.json", answer(row(3), {**row(1), "date": None})))
    with pytest.raises(RefusedError, match="request_count is no whole number"):
        lands(con, write(tmp_path / "half.json", answer(row(3, requests=1.5))))


@pytest.mark.parametrize(
    ("record", "is_ours"),
    [
        (answer(), True),
        (answer(row(1)), True),
        ({"object": "list", "data": []}, False),
        ({"data": [], "has_more": False}, False),
        ({"data": [{"date": "2026-10-07", "usage": 1}]}, False),
        ({"data": {"id": "gen-1", "total_cost": 1}}, False),
    ],
)
def test_an_answer_without_calls_is_recognised_and_an_empty_list_of_another_api_is_not(
    record: dict[str, Any], is_ours: bool, tmp_path: Path
) -> None:
    sample = inspect(write(tmp_path / "page.json", record)).sample
    recognised = [
        source.raw_name(table) for source in discover().values() for table in source.tables if table.recognises(sample)
    ]
    assert ("openrouter__charges" in recognised) == is_ours
    assert not is_ours or len(recognised) == 1
