"""What OpenAI's bill and usage reports mean: money, line items, which page counts, disjoint tokens."""

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

MODELS = f"{CHARGE_MODELS} +fct_provider_usage +restatements"

DAY = 86_400
OCTOBER_7 = 1_791_331_200
SOURCE = "openai_costs"
COST_HEADERS = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,"
    "user_id,api_key_id,project_id,organization_id,project_name,organization_name,user_email,api_source"
)
USAGE_HEADERS = (
    "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
    "service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens"
)


def bucket(start: int, *results: dict[str, Any], width: int = DAY) -> dict[str, Any]:
    return {"object": "bucket", "start_time": start, "end_time": start + width, "results": list(results)}


def page(*buckets: dict[str, Any]) -> dict[str, Any]:
    return {"object": "page", "data": list(buckets), "has_more": False, "next_page": None}


def cost(value: float | str, line_item: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": value, "currency": "usd"},
        "line_item": line_item,
        "project_id": None,
        "organization_id": "org-northwind",
        **more,
    }


def use(report: str = "completions", **more: Any) -> dict[str, Any]:
    return {"object": f"organization.usage.{report}.result", "project_id": None, "model": None, **more}


def write(path: Path, *pages: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in pages))
    return path


LINE_ITEMS = {
    "gpt-5-2025-08-07, input": ("gpt-5-2025-08-07", "input", None),
    "gpt-5-2025-08-07, cached input": ("gpt-5-2025-08-07", "cache_read", None),
    "gpt-5-2025-08-07, output": ("gpt-5-2025-08-07", "output", None),
    "gpt-5.6-sol, input_tokens": ("gpt-5.6-sol", "input", None),
    "gpt-5.6-sol, cache writes": ("gpt-5.6-sol", "cache_write", None),
    "priority | gpt-5.6-sol, output, long context": ("gpt-5.6-sol", "output", "priority"),
    "evals | gpt-4o-mini, input": ("gpt-4o-mini", "input", None),
    "ft-gpt-4o-2024-08-06, output": ("ft-gpt-4o-2024-08-06", "output", None),
    "gpt-audio-mini-2025-12-15 audio, input": ("gpt-audio-mini-2025-12-15", "input_audio", None),
    "gpt-realtime-2025-08-28 audio, cached input": ("gpt-realtime-2025-08-28", "cache_read_audio", None),
    "gpt-image-1 image, output": ("gpt-image-1", "output_image", None),
    "gpt-image-1 text, cached input": ("gpt-image-1", "cache_read", None),
    "whisper-1, audio": ("whisper-1", "audio_second", None),
    "web search tool calls": (None, "web_search", None),
    "Code interpreter": (None, "code_execution", None),
    "assistants api | file search": (None, None, None),
    "omni-9, novel use": ("omni-9", None, None),
    "Something new": (None, None, None),
}


@pytest.fixture(scope="module")
def billed(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A bill of the 7th and usage of the same day, by the APIs, pretty-printed as `jq` and `curl` leave them."""
    folder = tmp_path_factory.mktemp("pages")
    costs = page(
        bucket(OCTOBER_7, *(cost(0.5, line_item) for line_item in LINE_ITEMS)),
        bucket(
            OCTOBER_7 + DAY,
            cost(0.171875, "gpt-5-2025-08-07, input", quantity=137.5, quantity_unit="1000_tokens", project_id="proj_a"),
            cost(2.0149680000000003, "gpt-5-2025-08-07, output", api_key_id="key_1"),
            cost(-1.25, "Promotional credit"),
            cost(1.5e-07, None),
        ),
        bucket(OCTOBER_7 + 2 * DAY),
    )
    (folder / "costs.json").write_text(json.dumps(costs, indent=2))
    counts: dict[str, Any] = {"input_tokens": 1_000, "output_tokens": 300, "num_model_requests": 7}
    usage = [
        page(
            bucket(
                OCTOBER_7,
                use(**counts, model="cached", input_cached_tokens=600, service_tier="default", batch=True),
                use(**counts, model="text", input_cached_tokens=0, input_audio_tokens=0),
                # as pages were in 2025: cached audio within audio
                use(
                    **counts,
                    model="old-audio",
                    input_cached_tokens=900,
                    input_audio_tokens=300,
                    output_audio_tokens=200,
                ),
                # as they are since: 100 audio, and of 600 cached 250 audio
                use(
                    **counts,
                    model="new-audio",
                    input_cached_tokens=600,
                    input_audio_tokens=100,
                    input_cached_audio_tokens=250,
                    output_audio_tokens=200,
                ),
                use(
                    **counts,
                    model="written",
                    input_cached_tokens=100,
                    input_cache_write_tokens=500,
                    input_cache_write_30m_tokens=300,
                    input_cache_write_12h_tokens=150,
                ),
            ),
            bucket(OCTOBER_7 + DAY),
        ),
        page(bucket(OCTOBER_7, use("embeddings", model="embedding", input_tokens=50, num_model_requests=2))),
        page(bucket(OCTOBER_7, use("images", model="image", images=3, num_model_requests=1))),
        page(bucket(OCTOBER_7, use("audio_speeches", model="tts", characters=42, num_model_requests=1))),
        page(bucket(OCTOBER_7, use("audio_transcriptions", model="stt", seconds=90, num_model_requests=1))),
        page(bucket(OCTOBER_7, use("code_interpreter_sessions", num_sessions=4))),
        page(bucket(OCTOBER_7, use("file_searches", num_requests=5))),
        page(bucket(OCTOBER_7, use("web_searches", num_requests=6, num_model_requests=2))),
        page(bucket(OCTOBER_7, use("vector_stores", usage_bytes=10**12))),
    ]
    made = warehouse("openai_costs", select=MODELS)
    made.load((folder / "costs.json", None), (write(folder / "usage.jsonl", *usage), None))
    return made


def test_a_line_item_tells_model_kind_and_tier_and_one_that_nobody_knows_keeps_its_money(billed: Warehouse) -> None:
    rows = billed.rows(
        "select charge_description, model_id, usage_kind, service_tier, billed_cost from fct_charges "
        "where usage_date = '2026-10-07'"
    )
    assert {item: tuple(told) for item, *told, _ in rows} == LINE_ITEMS
    assert {amount for *_, amount in rows} == {Decimal("0.5")}


def test_money_is_what_the_page_says_and_a_credit_is_negative(billed: Warehouse) -> None:
    rows = billed.rows(
        "select charge_category, sub_account_id, api_key_id, billed_cost, effective_cost, list_cost, billing_currency, "
        "billed_cost_usd from fct_charges where usage_date = '2026-10-08' order by billed_cost"
    )
    assert rows == [
        ("Credit", None, None, Decimal("-1.25"), Decimal("-1.25"), None, "USD", Decimal("-1.25")),
        ("Usage", None, None, *[Decimal("0.00000015")] * 2, None, "USD", Decimal("0.00000015")),
        ("Usage", "proj_a", None, *[Decimal("0.171875")] * 2, None, "USD", Decimal("0.171875")),
        ("Usage", None, "key_1", *[Decimal("2.014968")] * 2, None, "USD", Decimal("2.014968")),
    ]


def test_a_quantity_of_thousands_of_tokens_is_consumed_in_tokens(billed: Warehouse) -> None:
    rows = billed.rows(
        "select consumed_quantity, consumed_unit, pricing_quantity, pricing_unit, billing_account_id, "
        "billing_period_start_at::date::varchar, billing_period_end_at::date::varchar, "
        "charge_period_start_at::varchar, charge_period_end_at::varchar "
        "from fct_charges where pricing_unit is not null"
    )
    # 137,500 tokens at $1.25 a million are the $0.171875 of the line; a day ends where the next begins
    assert rows == [
        (
            *(Decimal(137_500), "tokens", Decimal("137.5"), "1000_tokens", "org-northwind"),
            *("2026-10-01", "2026-11-01", "2026-10-08 00:00:00", "2026-10-09 00:00:00"),
        )
    ]


def test_tokens_are_disjoint_in_old_pages_and_new_ones(billed: Warehouse) -> None:
    rows = billed.rows(
        "select model_id, uncached_input_tokens, cache_read_tokens, cache_write_30m_tokens, cache_write_12h_tokens, "
        "cache_write_unknown_tokens, input_audio_tokens, output_tokens, output_audio_tokens "
        "from fct_provider_usage where operation in ('chat', 'embeddings') order by all"
    )
    assert rows == [
        ("cached", 400, 600, None, None, None, None, 300, None),
        ("embedding", 50, None, None, None, None, None, None, None),
        # 600 of 1,000: 100 audio and 300 text are not cached
        ("new-audio", 300, 600, None, None, None, 100, 100, 200),
        # 700 text and 300 audio, 900 of them cached: all text, and 200 of the audio
        ("old-audio", 0, 900, None, None, None, 100, 100, 200),
        ("text", 1_000, 0, None, None, None, 0, 300, None),
        ("written", 400, 100, 300, 150, 50, None, 300, None),
    ]


def test_every_report_counts_what_it_counts_and_no_zero_where_it_does_not(billed: Warehouse) -> None:
    rows = billed.rows(
        "select operation, request_count, image_count, character_count, audio_seconds, code_execution_count, "
        "storage_search_count, web_search_count from fct_provider_usage "
        "where operation is null or operation not in ('chat', 'embeddings') order by all"
    )
    assert rows == [
        ("audio", 1, None, 42, None, None, None, None),
        ("audio", 1, None, None, Decimal(90), None, None, None),
        ("image", 1, 3, None, None, None, None, None),
        ("retrieval", 5, None, None, None, None, 5, None),
        (None, 2, None, None, None, None, None, 6),
        (None, None, None, None, None, 4, None, None),
        (None, None, None, None, None, None, None, None),
    ]
    assert billed.rows("select service_tier, is_batch from fct_provider_usage where model_id = 'cached'") == [
        ("default", True)
    ]


def test_of_a_day_the_newest_fetch_counts_however_it_is_grouped(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    made = warehouse("restated", select=MODELS)
    first = page(
        bucket(OCTOBER_7, cost(3, "gpt-5, input"), cost(4, "gpt-5, output")),
        bucket(OCTOBER_7 + DAY, cost(1, "gpt-5, input")),
    )
    other = page(bucket(OCTOBER_7, cost(100, organization_id="org-other")))
    hours = [bucket(OCTOBER_7 + hour * 3_600, use(input_tokens=10), width=3_600) for hour in range(24)]
    made.load((write(tmp_path / "1.jsonl", first), None), (write(tmp_path / "2.jsonl", other), None))
    made.load((write(tmp_path / "hours.jsonl", page(*hours[:10]), page(*hours[10:])), None))
    # the 8th was not over; then the same days by project: 7 dollars again, and 2.5 on the 8th
    again = page(
        bucket(OCTOBER_7, cost(6, project_id="proj_a"), cost(1, project_id=None)),
        bucket(OCTOBER_7 + DAY, cost(2.5, project_id="proj_a")),
    )
    whole_day = page(bucket(OCTOBER_7, use(input_tokens=250)), bucket(OCTOBER_7 + DAY, use(input_tokens=1)))
    made.load((write(tmp_path / "3.jsonl", again), None), (write(tmp_path / "day.jsonl", whole_day), None))
    by_day = "select usage_date::varchar, billing_account_id, sum(billed_cost), count(*) from fct_charges group by all"
    assert made.rows(f"{by_day} order by all") == [
        ("2026-10-07", "org-northwind", Decimal(7), 2),
        ("2026-10-07", "org-other", Decimal(100), 1),
        ("2026-10-08", "org-northwind", Decimal("2.5"), 1),
    ]
    # neither hours and the day, nor the day alone without what came later
    assert made.rows("select sum(uncached_input_tokens), count(*) from fct_provider_usage") == [(251, 2)]


def test_a_page_that_names_no_organization_replaces_one_that_does_not_either(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    made = warehouse("nameless", select=MODELS)
    for amount in (3, 5):
        nameless = page(bucket(OCTOBER_7, cost(amount, organization_id=None)))
        made.load((write(tmp_path / f"{amount}.jsonl", nameless), None))
    named = {**page(bucket(OCTOBER_7, cost(7, organization_id=None))), "organization_id": "org-two"}
    made.load((write(tmp_path / "named.jsonl", named), None))
    rows = made.rows("select billing_account_id, billed_cost from fct_charges order by billed_cost")
    assert rows == [(None, Decimal(5)), ("org-two", Decimal(7))]
    changed = made.rows("select billing_account_id, billed_cost_before, billed_cost_after from restatements")
    assert changed == [(None, Decimal(3), Decimal(5))]


def test_the_dashboards_export_says_the_same_as_the_pages_and_replaces_their_days(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    made = warehouse("exports", select=MODELS)
    made.load((write(tmp_path / "page.jsonl", page(bucket(OCTOBER_7, cost(0.15)))), None))
    ends = "1791331200,1791417600,2026-10-07T00:00:00+00:00,2026-10-08T00:00:00+00:00"
    blank = "1791417600,1791504000,2026-10-08T00:00:00,2026-10-09T00:00:00"
    costs = tmp_path / "cost_2026-10-07_2026-10-08.csv"
    costs.write_text(
        f'\ufeff{COST_HEADERS}\n{ends},0.130804383403075261234567890123456789,usd,100,tokens,"gpt-5, input",user-1,'
        f"key_1,proj_a,org-northwind,Search,Northwind,ada@example.com,\n{ends},0E-6176,usd,,,,,,,org-northwind,,,,\n"
        f"{blank}{',' * 13}\n"
    )
    usage = tmp_path / "completions_usage.csv"
    usage.write_text(
        f"\ufeff{USAGE_HEADERS}\n{ends},proj_a,40.0,user-1,key_1,gpt-5,FALSE,default,59200.0,300.0,200.0,59000.0\n"
        f"{blank}{',' * 11}\n"
    )
    made.load((costs, None), (usage, None))
    rows = made.rows("select billed_cost, model_id, sub_account_id, billing_account_name from fct_charges order by all")
    assert rows == [
        (Decimal(0), None, None, None),
        (Decimal("0.130804383403"), "gpt-5", "proj_a", "Northwind"),
    ]
    assert made.rows(
        "select operation, request_count, uncached_input_tokens, cache_read_tokens, output_tokens, is_batch "
        "from fct_provider_usage"
    ) == [("chat", 40, 59_000, 200, 300, False)]
    for file in (path for path in made.home.rglob("*.parquet") if path.is_file()):
        assert b"ada@example.com" not in file.read_bytes()


def test_another_currency_is_converted_at_the_rate_of_the_day(company: Companies, tmp_path: Path) -> None:
    made = company("openai_in_euros", select=MODELS, exchange_rates=[("EUR", "2026-10-01", "1.1")])
    euros = cost(10, "gpt-5, input", amount={"value": 10, "currency": "eur"})
    made.load((write(tmp_path / "eur.jsonl", page(bucket(OCTOBER_7, euros))), None))
    rows = made.rows("select billed_cost, billing_currency, billed_cost_usd from fct_charges")
    assert rows == [(Decimal(10), "EUR", Decimal(11))]


def lands(con: duckdb.DuckDBPyConnection, path: Path, shape: str = "charges") -> Landed:
    source = discover()[SOURCE]
    (table,) = (table for table in source.tables if table.shape == shape)
    return land(con, inspect(path), source, table, home=path.parent / "home")


def test_one_file_with_the_same_day_in_two_groupings_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    by_line_item = page(bucket(OCTOBER_7, cost(3, "gpt-5, input"), cost(4, "gpt-5, output")))
    by_project = page(bucket(OCTOBER_7, cost(7, project_id="proj_a")))
    with pytest.raises(RefusedError, match="on more than one page of the file; the pages say the same twice"):
        lands(con, write(tmp_path / "both.jsonl", by_line_item, by_project))
    # another organization's page, and use, are no second saying of it
    fine = page(bucket(OCTOBER_7, cost(7, organization_id="org-two")))
    counted = page(bucket(OCTOBER_7, use(input_tokens=1)))
    assert lands(con, write(tmp_path / "fine.jsonl", by_line_item, fine, counted)).landed_count == 3


def test_a_page_that_begins_in_the_middle_of_a_day_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    noon = page(*(bucket(OCTOBER_7 + hour * 3_600, use(input_tokens=1), width=3_600) for hour in range(12, 24)))
    with pytest.raises(RefusedError, match="first hours are on another page; fetch from midnight"):
        lands(con, write(tmp_path / "noon.jsonl", noon), "provider_usage")


def test_a_result_without_an_amount_is_refused_with_its_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    broken = page(bucket(OCTOBER_7, cost(3), {**cost(1), "amount": None}))
    with pytest.raises(RefusedError, match=r"1 of 2 records are broken, first in line 1: amount is missing"):
        lands(con, write(tmp_path / "broken.jsonl", broken))


def test_days_without_costs_are_no_reason_to_refuse_a_page(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.jsonl", page(bucket(OCTOBER_7), bucket(OCTOBER_7 + DAY)))
    sample = inspect(empty).sample
    recognised = [source.name for source in discover().values() for table in source.tables if table.recognises(sample)]
    landed = lands(con, empty)
    assert (recognised, landed.landed_count, landed.rejected_count, landed.other_count) == ([SOURCE], 0, 0, 2)


def test_more_tokens_from_a_cache_than_there_were_are_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path / "use.jsonl", page(bucket(OCTOBER_7, use(input_tokens=10, input_cached_tokens=11))))
    with pytest.raises(RefusedError, match="input_cached_tokens are more than input_tokens"):
        lands(con, path, "provider_usage")
