"""What Anthropic's bill and usage reports mean: cents, kinds of tokens, which page counts, the Console's exports."""

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
from tests.models.conftest import CHARGE_MODELS, Companies, Warehouse

MODELS = f"{CHARGE_MODELS} +fct_provider_usage"

SONNET = "claude-sonnet-4-5-20250929"
COST_HEADERS = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
    "inference_geo,speed,api_key_id,api_key_status"
)
USAGE_HEADERS = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed"
)


def bucket(day: int, *results: dict[str, Any]) -> dict[str, Any]:
    return {
        "starting_at": f"2026-10-{day:02}T00:00:00Z",
        "ending_at": f"2026-10-{day + 1:02}T00:00:00Z",
        "results": list(results),
    }


def page(*buckets: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(buckets), "has_more": False, "next_page": None}


def cost(amount: str, token_type: str | None = None, **more: Any) -> dict[str, Any]:
    described = {
        "description": f"Claude Sonnet 4.5 Usage - {token_type}",
        "cost_type": "tokens",
        "model": SONNET,
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "global",
    }
    told = described if token_type else dict.fromkeys(described)
    return {"currency": "USD", "amount": amount, "workspace_id": None, "token_type": token_type, **told, **more}


def use(**more: Any) -> dict[str, Any]:
    return {
        "uncached_input_tokens": 137_500,
        "cache_creation": {"ephemeral_5m_input_tokens": 2_000, "ephemeral_1h_input_tokens": 1_000},
        "cache_read_input_tokens": 50_000,
        "output_tokens": 20_000,
        "server_tool_use": {"web_search_requests": 3},
        "api_key_id": "apikey_1",
        "workspace_id": "wrkspc_01",
        "model": SONNET,
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "not_available",
        **more,
    }


def write(path: Path, *pages: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in pages))
    return path


@pytest.fixture(scope="module")
def billed(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("pages")
    costs = page(
        bucket(
            7,
            # 137,500 uncached tokens at $3 a million are $0.4125
            cost("41.25", "uncached_input_tokens"),
            cost("1.5", "cache_read_input_tokens"),
            cost("0.75", "cache_creation.ephemeral_5m_input_tokens"),
            cost("0.6", "cache_creation.ephemeral_1h_input_tokens"),
            cost("30", "output_tokens", speed="fast"),
            cost("15", "output_tokens", service_tier="batch", workspace_id="wrkspc_01"),
            cost("3", "novel_tokens"),
            cost("3.00", None, cost_type="web_search", description="Web Search Usage"),
            cost("0.000000000049", None, cost_type="code_execution", description="Code Execution Usage"),
        ),
        bucket(8, cost("17.1875"), cost("-250.5", description="Goodwill credit")),
        bucket(9),
    )
    (folder / "costs.json").write_text(json.dumps(costs, indent=2))
    usage = page(bucket(7, use(), use(service_tier="batch", api_key_id=None, model=None)), bucket(8, use(speed="fast")))
    made = warehouse("anthropic_costs", select=MODELS)
    made.load((folder / "costs.json", None), (write(folder / "usage.jsonl", usage), None))
    return made


def test_amounts_are_cents_and_each_kind_has_its_name(billed: Warehouse) -> None:
    rows = billed.rows(
        "select usage_kind, model_id, service_tier, billed_cost from fct_charges "
        "where usage_date = '2026-10-07' order by usage_kind nulls last, billed_cost"
    )
    assert rows == [
        ("cache_read", SONNET, "standard", Decimal("0.015")),
        ("cache_write", SONNET, "standard", Decimal("0.0075")),
        ("cache_write_1h", SONNET, "standard", Decimal("0.006")),
        # 0.49 of the last digit that is kept
        ("code_execution", None, None, Decimal(0)),
        ("input", SONNET, "standard", Decimal("0.4125")),
        ("output", SONNET, "batch", Decimal("0.15")),
        ("output", SONNET, "fast", Decimal("0.3")),
        ("web_search", None, None, Decimal("0.03")),
        (None, SONNET, "standard", Decimal("0.03")),
    ]
    assert billed.rows("select sum(billed_cost) from fct_charges where usage_date = '2026-10-07'") == [
        (Decimal("0.951"),)
    ]


def test_a_page_without_grouping_has_the_money_and_a_credit_is_negative(billed: Warehouse) -> None:
    rows = billed.rows(
        "select charge_category, model_id, usage_kind, sub_account_id, billed_cost, effective_cost, billing_currency, "
        "charge_period_end_at::varchar from fct_charges where usage_date = '2026-10-08' order by billed_cost"
    )
    ends = "2026-10-09 00:00:00"
    assert rows == [
        ("Credit", None, None, None, Decimal("-2.505"), Decimal("-2.505"), "USD", ends),
        ("Usage", None, None, None, Decimal("0.171875"), Decimal("0.171875"), "USD", ends),
    ]


def test_usage_is_disjoint_as_it_comes(billed: Warehouse) -> None:
    rows = billed.rows(
        "select usage_date, model_id, project_id, api_key_id, service_tier, is_batch, region_id, context_window, "
        "uncached_input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, "
        "web_search_count, request_count "
        "from (select *, day(period_start_at) as usage_date from fct_provider_usage) order by usage_date, is_batch"
    )
    counts = (137_500, 50_000, 2_000, 1_000, 20_000, 3, None)
    assert rows == [
        (7, SONNET, "wrkspc_01", "apikey_1", "standard", False, None, "0-200k", *counts),
        (7, None, "wrkspc_01", None, "batch", True, None, "0-200k", *counts),
        (8, SONNET, "wrkspc_01", "apikey_1", "fast", False, None, "0-200k", *counts),
    ]


def test_of_a_day_the_newest_file_counts_be_it_a_page_or_the_consoles_export(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    made = warehouse("restated_cents", select=MODELS)
    first = page(bucket(7, cost("100")), bucket(8, cost("40", "output_tokens")))
    made.load((write(tmp_path / "1.jsonl", first), None), (write(tmp_path / "u.jsonl", page(bucket(7, use()))), None))
    again = page(bucket(8, cost("43", "output_tokens"), cost("7", "uncached_input_tokens")))
    made.load((write(tmp_path / "2.jsonl", again), None))
    by_day = "select usage_date::varchar, sum(billed_cost), count(*) from fct_charges group by all order by all"
    assert made.rows(by_day) == [("2026-10-07", Decimal(1), 1), ("2026-10-08", Decimal("0.5"), 2)]
    costs, usage = tmp_path / "claude_api_cost.csv", tmp_path / "claude_api_tokens.csv"
    costs.write_text(
        f"{COST_HEADERS}\n"
        "2026-10-07,Claude Sonnet 4.5,Default,prod,message,≤ 200k,input_no_cache,0.41,0.50,token,global,,apikey_1,\n"
        "2026-10-07,Claude Opus 5,Default,prod,message,≤ 200k,input_cache_write_1h,1.00,1.00,token,global,,apikey_1,\n"
    )
    usage.write_text(
        f"{USAGE_HEADERS}\n2026-10-07,{SONNET},prod,Default,message,≤ 200k,10,20,30,40,50,6,not_available,\n"
    )
    made.load((costs, None), (usage, None))
    rows = made.rows(
        "select model_id, usage_kind, billed_cost, list_cost, sub_account_id, api_key_id, billing_currency "
        "from fct_charges where usage_date = '2026-10-07' order by billed_cost"
    )
    assert rows == [
        ("claude-sonnet-4-5", "input", Decimal("0.41"), Decimal("0.5"), "Default", "apikey_1", "USD"),
        ("claude-opus-5", "cache_write_1h", Decimal(1), Decimal(1), "Default", "apikey_1", "USD"),
    ]
    assert made.rows(by_day) == [("2026-10-07", Decimal("1.41"), 2), ("2026-10-08", Decimal("0.5"), 2)]
    assert made.rows(
        "select uncached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_tokens, output_tokens, "
        "web_search_count, context_window, period_end_at::varchar from fct_provider_usage"
    ) == [(10, 20, 30, 40, 50, 6, "0-200k", "2026-10-08 00:00:00")]


def test_another_currency_is_converted_at_the_rate_of_the_day(company: Companies, tmp_path: Path) -> None:
    made = company("anthropic_in_euros", select=MODELS, exchange_rates=[("EUR", "2026-10-01", "1.1")])
    made.load((write(tmp_path / "eur.jsonl", page(bucket(7, cost("1000", currency="EUR")))), None))
    rows = made.rows("select billed_cost, billing_currency, billed_cost_usd from fct_charges")
    assert rows == [(Decimal(10), "EUR", Decimal(11))]


def lands(con: duckdb.DuckDBPyConnection, path: Path) -> Landed:
    source = discover()["anthropic_costs"]
    return land(con, inspect(path), source, source.tables[0], home=path.parent / "home")


def test_one_file_with_the_same_day_in_two_groupings_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    described, by_workspace = page(bucket(7, cost("7", "output_tokens"))), page(bucket(7, cost("7", workspace_id="w")))
    with pytest.raises(RefusedError, match="on more than one page of the file"):
        lands(con, write(tmp_path / "both.jsonl", described, by_workspace))
    assert lands(con, write(tmp_path / "fine.jsonl", described, page(bucket(7, use())))).landed_count == 1


def test_an_amount_that_is_missing_or_no_number_refuses_its_file(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for number, (amount, says) in enumerate(((None, "is missing"), ("$4", "is no number"))):
        broken = {**cost("1"), "amount": amount}
        with pytest.raises(RefusedError, match=f"amount_cents {says}"):
            lands(con, write(tmp_path / f"{number}.jsonl", page(bucket(7, cost("1"), broken))))


def test_a_report_of_the_analytics_api_is_not_taken_for_the_bill(tmp_path: Path) -> None:
    analytics = page(bucket(7, {"amount": "41.25", "list_amount": "50", "currency": "USD", "product": "chat"}))
    sample = inspect(write(tmp_path / "analytics.jsonl", analytics)).sample
    assert not [source.name for source in discover().values() for table in source.tables if table.recognises(sample)]
