"""Snowflake and Databricks: what they count of model calls, for holding logs against it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ingest.files import RefusedError
from ingest.landing import Landed
from tests.models.conftest import Warehouse

MODELS = "+fct_provider_usage"

SAMPLES = Path(__file__).parent.parent / "ingest" / "sources"
SNOWFLAKE = SAMPLES / "snowflake_usage" / "provider_usage.csv"
DATABRICKS = SAMPLES / "databricks_usage" / "provider_usage.csv"


def test_tokens_are_what_the_provider_counts_and_what_is_stated_again_counts_once(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    header, running, *_ = SNOWFLAKE.read_text().splitlines()
    earlier = (
        running.replace(":17}", ":7}").replace(":65}", ":5}").replace("0.000123", "0.00002").replace("true", "false")
    )
    (tmp_path / "earlier.csv").write_text(f"{header}\n{earlier}\n")
    older = "USAGE_TIME,MODEL_NAME,FUNCTION_NAME,TOKENS,TOKEN_CREDITS,QUERY_ID,WAREHOUSE_ID\n"
    (tmp_path / "older.csv").write_text(f"{older}2025-12-01 08:00:00.000 +0000,llama3-8b,COMPLETE,99,0.1,q,1\n")
    lines = DATABRICKS.read_text().splitlines()
    (tmp_path / "overlap.csv").write_text("\n".join(lines[:2]) + "\n")
    loaded = warehouse("platforms", select=MODELS)
    names = ("earlier.csv", "older.csv", "overlap.csv")
    loaded.load((SNOWFLAKE, None), (DATABRICKS, None), *((tmp_path / name, None) for name in names))
    found = loaded.rows(
        "select operation, model_id, uncached_input_tokens, output_tokens, period_start_at, period_end_at "
        "from fct_provider_usage where provider_id = 'snowflake' order by operation"
    )
    assert [row[:4] for row in found] == [
        ("ai_agg", None, None, None),  # 163 in all: how many of them were written nobody tells
        ("ai_complete", "claude-sonnet-4-5", 17, 65),
        ("ai_embed", "snowflake-arctic-embed-l-v2.0", 527, None),
        ("ai_parse_document", None, None, None),  # pages
        ("complete", "llama3-8b", None, None),
    ]
    assert found[0][4] == datetime(2026, 10, 7, 12)  # noqa: DTZ001 - 05:00 -0700, as the marts hold it, in UTC
    assert found[4][4:] == (datetime(2025, 12, 1, 8), datetime(2025, 12, 1, 9))  # noqa: DTZ001 - as above
    assert loaded.rows("select tokens, credits::double from raw.snowflake_usage__provider_usage where tokens > 0") == [
        (99, 0.1)
    ]
    assert loaded.rows(
        "select model_id, billing_account_id, project_id, sum(request_count), sum(uncached_input_tokens), "
        "sum(output_tokens) from fct_provider_usage where provider_id = 'databricks' group by all"
    ) == [("system.ai.llama-4-maverick", "acc-1", "ws-1", 2, 120, 30)]


def test_a_time_of_the_sessions_zone_without_its_offset_is_rejected(
    landed: Callable[[Path, str], Landed], tmp_path: Path
) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(SNOWFLAKE.read_text().replace(" +0000", ""))
    found = landed(path, "snowflake_usage")
    assert (found.landed_count, {reject.rule for reject in found.rejects}) == (
        1,
        {"is no time, with Z or an offset from UTC"},
    )


def test_databricks_dbus_are_neither_money_nor_tokens(landed: Callable[[Path, str], Landed], tmp_path: Path) -> None:
    path = tmp_path / "billing.csv"
    path.write_text("record_id,account_id,sku_name,usage_quantity,usage_unit\n1,a,SERVERLESS,0.5,DBU\n")
    with pytest.raises(RefusedError, match="required column databricks_request_id is missing"):
        landed(path, "databricks_usage")
