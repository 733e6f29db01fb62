"""Bills of Google Cloud: credits, months of Pacific time, rows that come late or twice, SKUs that are only texts."""

import copy
import csv
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.inputs import ingest_files
from ingest.ledger import Ledger
from ingest.sources import discover
from tests.models.conftest import CHARGE_MODELS, Warehouse

MODELS = f"{CHARGE_MODELS} +charges_by_kind"

Warehouses = Callable[[str], Warehouse]
Row = dict[str, Any]

SAMPLE = Path(__file__).parent.parent / "ingest" / "sources" / "gcp_billing" / "charges.jsonl"
INPUT, THINKING, LITE = (json.loads(line) for line in SAMPLE.read_text().splitlines())
COUNTED = "select count(*), sum(billed_cost) from marts.fct_charges"


def row(base: Row, **changes: Any) -> Row:
    """A row with other values; a SKU by its text."""
    changed = {**copy.deepcopy(base), **changes}
    if isinstance(changed["sku"], str):
        changed["sku"] = {"id": changed["sku"], "description": changed["sku"]}
    return changed


def write(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in rows))
    return path


TWO_CREDITS = row(
    THINKING,
    cost="1.2999999999999999e-05",
    credits=[
        {"name": 'a "amount": 9 that is none', "amount": "-0.000003", "type": "DISCOUNT"},
        {"name": "b", "amount": "-1E-6", "type": "PROMOTION"},
    ],
    labels=[{"key": "feature", "value": "search"}, {"key": "team", "value": "core"}],
)
CORRECTION = row(
    INPUT,
    cost="-0.04125",
    credits=[{"name": "promo", "amount": "0.01", "type": "PROMOTION"}],
    cost_type="adjustment",
    adjustment_info={"id": "x", "mode": "COMPLETE_NEGATION"},
    export_time="2026-11-02 10:00:00 UTC",
)


@pytest.fixture(scope="module")
def bill(warehouse: Warehouses, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The sample, twice one row of it, and a later extract of the whole table with what came since."""
    folder = tmp_path_factory.mktemp("gcp")
    first = [INPUT, THINKING, THINKING, LITE]
    late = row(THINKING, cost="0.02", export_time="2026-10-09 01:00:00 UTC")
    loaded = warehouse("gcp", select=MODELS)
    loaded.load((write(folder / "first.jsonl", first), None))
    assert loaded.rows(COUNTED) == [(4, Decimal("0.13925"))]  # 0.04125 - 0.01 + 2 × 0.05 + 0.008
    loaded.load((write(folder / "all.jsonl", [*first, late, TWO_CREDITS, CORRECTION]), None))
    return loaded


def test_a_row_exported_again_counts_once_and_two_equal_rows_of_an_export_are_two_charges(bill: Warehouse) -> None:
    # 0.13925 + 0.02 + 0.000013 - 0.000004 - 0.03125
    assert bill.rows(COUNTED) == [(7, Decimal("0.128009"))]


def test_credits_are_taken_off_within_the_row(bill: Warehouse) -> None:
    assert bill.rows(
        "select contracted_cost, billed_cost, effective_cost, list_cost, tags from marts.fct_charges "
        "where contracted_cost in (0.04125, 0.000013) order by 1"
    ) == [
        (
            *(Decimal("0.000013"), Decimal("0.000009"), Decimal("0.000009"), Decimal("0.05")),
            '{"feature":"search","team":"core"}',
        ),
        (Decimal("0.04125"), Decimal("0.03125"), Decimal("0.03125"), Decimal("0.04125"), '{"feature":"search"}'),
    ]


def test_a_row_belongs_to_the_month_of_its_invoice_not_of_its_use(bill: Warehouse) -> None:
    assert bill.rows(
        "select strftime(billing_period_start_at, '%Y-%m-%d'), strftime(billing_period_end_at, '%Y-%m-%d'), "
        "cast(usage_date as varchar), sub_account_id from marts.fct_charges where billed_cost = 0.008"
    ) == [("2026-09-01", "2026-10-01", "2026-10-01", None)]


def test_a_correction_is_a_row_of_its_own_with_its_sign(bill: Warehouse) -> None:
    assert bill.rows(
        "select charge_category, charge_class, billed_cost from marts.fct_charges where billed_cost < 0"
    ) == [("Adjustment", "Correction", Decimal("-0.03125"))]


def test_taxes_and_rounding_are_lines_of_their_own_and_only_use_is_consumed(
    warehouse: Warehouses, tmp_path: Path
) -> None:
    costs = {"regular": "0.05", "tax": "0.01", "adjustment": "-0.02", "rounding_error": "0.000001"}
    loaded = warehouse("gcp-cost-types", select=MODELS)
    rows = [row(THINKING, cost=cost, cost_type=kind) for kind, cost in costs.items()]
    loaded.load((write(tmp_path / "types.jsonl", rows), None))
    assert loaded.rows(
        "select charge_category, charge_class, billed_cost, consumed_quantity, pricing_quantity, pricing_unit "
        "from marts.fct_charges order by 3"
    ) == [
        ("Adjustment", None, Decimal("-0.02"), None, Decimal("0.02"), "1M count"),
        ("Adjustment", None, Decimal("0.000001"), None, Decimal("0.02"), "1M count"),
        ("Tax", None, Decimal("0.01"), None, None, None),
        ("Usage", None, Decimal("0.05"), 20_000, Decimal("0.02"), "1M count"),
    ]
    assert loaded.rows("select charge_kind, billed_cost from marts.charges_by_kind where charge_kind = 'tax'") == [
        ("tax", Decimal("0.01"))
    ]


SKUS = {
    # text → model, kind, tier
    "Gemini 2.5 Flash GA Text Input - Predictions": ("gemini-2.5-flash", "input", "standard"),
    "Gemini 2.5 Flash Lite GA Text Input - Predictions": ("gemini-2.5-flash-lite", "input", "standard"),
    "Gemini 2.5 Flash GA Thinking Text Output - Predictions": ("gemini-2.5-flash", "reasoning", "standard"),
    "Gemini 2.5 Flash Text Output (Thinking On) - Predictions": ("gemini-2.5-flash", "reasoning", "standard"),
    "Gemini 2.5 Flash Text Output (Thinking Off) - Predictions": ("gemini-2.5-flash", "output", "standard"),
    "Gemini 2.5 Pro Text Input Caching": ("gemini-2.5-pro", "cache_read", "standard"),
    "Gemini 2.5 Pro Input Caching Storage": ("gemini-2.5-pro", "cache_storage", "standard"),
    "Gemini 2.5 Flash Audio Input - Batch Predictions": ("gemini-2.5-flash", "input_audio", "batch"),
    "Gemini 2.0 Flash Live API Audio Output": (None, "output_audio", "standard"),
    "Gemini 9 Ultra Text Output": (None, "output", "standard"),
    "Claude Sonnet 4.5 - Input Tokens": ("claude-sonnet-4-5", "input", "standard"),
    "N1 Predefined Instance Core": (None, None, None),
}


def test_a_sku_tells_model_and_kind_where_a_rule_knows_it_and_keeps_its_money_where_none_does(
    warehouse: Warehouses, tmp_path: Path
) -> None:
    loaded = warehouse("gcp-skus", select=MODELS)
    compute = row(INPUT, sku="Gemini Storage Text Input", service={"id": "s", "description": "Compute Engine"})
    loaded.load((write(tmp_path / "skus.jsonl", [*(row(INPUT, sku=sku) for sku in SKUS), compute]), None))
    found = loaded.rows(
        "select sku_meter, model_id, usage_kind, service_tier, consumed_quantity from marts.fct_charges"
    )
    assert {sku: tuple(told) for sku, *told, _ in found} == {**SKUS, "Gemini Storage Text Input": (None, None, None)}
    assert {quantity for *_, quantity in found} == {137_500}
    assert loaded.rows(COUNTED) == [(len(SKUS) + 1, (len(SKUS) + 1) * Decimal("0.03125"))]


def as_parquet(path: Path) -> Path:
    """The sample as `bq extract` writes it: nested records, numbers as doubles."""
    rows = [INPUT, THINKING, LITE]
    table = [
        {
            **one,
            "cost": float(one["cost"]),
            "usage": {**one["usage"], "amount": float(one["usage"]["amount"])},
            "credits": [{**credit, "amount": float(credit["amount"])} for credit in one["credits"]],
        }
        for one in rows
    ]
    pq.write_table(pa.Table.from_pylist(table), path)
    return path


def as_csv(path: Path) -> Path:
    """The sample as a query flattens it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "billing_account_id", "service_description", "sku_id", "sku_description", "usage_start_time",
                "usage_end_time", "project_id", "labels", "cost", "currency", "usage_amount", "usage_unit", "credits",
                "invoice_month", "cost_type", "export_time",
            ]
        )  # fmt: skip
        for one in (INPUT, THINKING, LITE):
            writer.writerow(
                [
                    one["billing_account_id"], one["service"]["description"], one["sku"]["id"],
                    one["sku"]["description"], one["usage_start_time"], one["usage_end_time"],
                    (one["project"] or {}).get("id"), json.dumps(one["labels"]), one["cost"], one["currency"],
                    one["usage"]["amount"], one["usage"]["unit"], json.dumps(one["credits"]),
                    one["invoice"]["month"], one["cost_type"], one["export_time"],
                ]
            )  # fmt: skip
    return path


@pytest.mark.parametrize(("kind", "wrote"), [("parquet", as_parquet), ("csv", as_csv)], ids=["parquet", "csv"])
def test_each_format_of_the_table_says_the_same(
    kind: str, wrote: Callable[[Path], Path], warehouse: Warehouses, tmp_path: Path
) -> None:
    loaded = warehouse(f"gcp-{kind}", select=MODELS)
    loaded.load((wrote(tmp_path / f"bill.{kind}"), None))
    assert loaded.rows(
        "select model_id, usage_kind, consumed_quantity, billed_cost, sub_account_id "
        "from marts.fct_charges order by 1, 2"
    ) == [
        ("gemini-2.5-flash", "input", 137_500, Decimal("0.03125"), "prod-ai"),
        ("gemini-2.5-flash", "reasoning", 20_000, Decimal("0.05"), "prod-ai"),
        ("gemini-2.5-flash-lite", "output", 20_000, Decimal("0.008"), None),
    ]


def test_unnested_credits_are_set_aside_since_they_repeat_the_cost(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = as_csv(tmp_path / "bill.csv")
    header, *lines = path.read_text().splitlines()
    unnested = [header + ",credits_name,credits_amount", lines[0] + ",promo,-0.01", lines[0] + ",other,-0.01"]
    path.write_text("\n".join([*unnested, lines[1] + ",,"]) + "\n")
    with Ledger(tmp_path) as ledger:
        (outcome,) = ingest_files(con, ledger, [path], home=tmp_path, sources=discover())
    assert (outcome.landed_count, outcome.rejected_count) == (1, 2)
    assert "are unnested" in outcome.rejects[0].rule
