"""`unitcost export focus`: rated requests as a FOCUS bill, with nothing lost, which the specification's tool takes."""

import csv
import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from app import builds, focus_export, pipeline
from app.cli import cli
from tests.models.conftest import Warehouse

SAMPLES = Path(__file__).parents[1] / "ingest" / "sources"
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))
ODD = "=cmd|'/c calc'!A1"
CALLS: list[dict[str, Any]] = [
    {
        "timestamp": f"2026-10-07T10:{minute:02}:00Z",
        "metadata": {"customer_id": ODD, "feature": 'say "hi", twice'},
        "response": {
            "id": f"chatcmpl-focus-{minute}",
            "object": "chat.completion",
            "created": 1791367200,
            "model": model,
            "choices": [],
            "usage": {"prompt_tokens": 1001, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 128}},
        },
    }
    for minute, model in enumerate(["gpt-5-2025-08-07", "gpt-5-2025-08-07", "gpt-4.1-2025-04-14", "no-such-model"])
]
LONG = {
    **CALLS[2],
    "api_key_id": "key_shared",
    "metadata": {"customer_id": "acme"},
    "response": {
        **CALLS[2]["response"],
        "id": "chatcmpl-focus-long",
        "usage": {"prompt_tokens": 5_000_000, "completion_tokens": 0},
    },
}
NOBODY = {**LONG, "metadata": {}, "response": {**LONG["response"], "id": "chatcmpl-focus-nobody"}}
RENAMED = {  # names of a draft of 1.0, which the validator still asks for
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "ResourceId": "ResourceID",
}


@pytest.fixture(scope="module")
def called(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    log = tmp_path_factory.mktemp("log") / "calls.jsonl"
    log.write_text("\n".join(map(json.dumps, [*CALLS, LONG, NOBODY])) + "\n", encoding="utf-8")
    sample = SAMPLES / "anthropic" / "requests.jsonl"
    searched = json.loads(sample.read_text(encoding="utf-8").splitlines()[0])
    searched["response"]["id"] = "msg_searched"
    searched["response"]["usage"]["server_tool_use"] = {"web_search_requests": 3}
    searches = log.with_name("searches.jsonl")
    searches.write_text(json.dumps(searched) + "\n", encoding="utf-8")
    home = warehouse("focus export")
    with pipeline.writer(home.settings):
        pipeline.ingest(home.settings, [(str(path), None) for path in (log, sample, searches)])
        pipeline.build(home.settings)
    return home


def export(home: Warehouse, target: Path, version: str = "1.0") -> tuple[focus_export.Exported, list[dict[str, str]]]:
    done = focus_export.write(builds.current(home.settings.home).path, target, version, *ALWAYS)
    with target.open(encoding="utf-8", newline="") as file:
        return done, list(csv.DictReader(file))


def test_the_money_and_use_of_every_priced_call_is_in_it_to_the_last_digit(called: Warehouse, tmp_path: Path) -> None:
    done, rows = export(called, tmp_path / "out.csv")
    wanted = called.rows(
        "select sum(contracted_cost_usd), sum(list_cost_usd), count(*) filter (where price_status = 'unknown_model')"
        " from fct_requests"
    )
    assert [
        (sum(Decimal(row["EffectiveCost"]) for row in rows), sum(Decimal(row["ListCost"]) for row in rows), 1)
    ] == wanted
    assert (done.rows, done.effective_cost, done.unpriced_calls >= 1) == (len(rows), wanted[0][0], True)
    ours = [row for row in rows if row["x_ModelId"] == "gpt-5-2025-08-07"]
    assert {row["x_UsageKind"]: (row["ConsumedQuantity"], row["x_RequestCount"]) for row in ours} == {
        "input": ("1746.000", "2"),
        "cache_read": ("256.000", "2"),
        "output": ("14.000", "2"),
    }


def test_quantity_times_unit_price_is_the_cost(called: Warehouse, tmp_path: Path) -> None:
    _, rows = export(called, tmp_path / "out.csv")
    assert rows
    for row in rows:
        for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
            exact = Decimal(row["PricingQuantity"]) * Decimal(row[price])
            # each call is rounded once, at the twelfth decimal
            assert abs(exact - Decimal(row[cost])) <= Decimal("0.5e-12") * int(row["x_RequestCount"])


def test_tokens_are_priced_by_the_million_and_every_row_names_its_price(called: Warehouse, tmp_path: Path) -> None:
    """FOCUS: 5,000,000 tokens are a PricingQuantity of 5, and there is no quantity without a SkuPriceId."""
    _, rows = export(called, tmp_path / "out.csv")
    (five,) = (row for row in rows if json.loads(row["Tags"])["customer_id"] == "acme")
    columns = ("ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "ListUnitPrice", "ListCost")
    # gpt-4.1: $2 a million
    assert [five[name] for name in columns] == [
        "5000000.000", "Tokens", "5.000000000", "1000000 Tokens", "2.000000000000000", "10.000000000000",
    ]  # fmt: skip
    assert [row["PricingQuantity"] for row in rows if row["x_UsageKind"] == "web_search"] == ["3.000000000"]
    for row in rows:
        block = 1_000_000 if row["ConsumedUnit"] == "Tokens" else 1
        assert Decimal(row["PricingQuantity"]) * block == Decimal(row["ConsumedQuantity"]) > 0
        assert row["PricingUnit"] == ("1000000 Tokens" if block > 1 else row["ConsumedUnit"])
        assert row["SkuPriceId"]
        assert row["PricingCategory"] == "Standard"


def test_who_called_is_no_customer(called: Warehouse, tmp_path: Path) -> None:
    """FOCUS, actor attribution: of one credential a call that names its customer, and one that names none."""
    assert called.rows("select count(distinct customer_id) from fct_requests where api_key_id = 'key_shared'") == [(2,)]
    _, rows = export(called, tmp_path / "out.csv")
    billed = {json.loads(row["Tags"])["customer_id"]: row["BilledCost"] for row in rows if row["ListCost"][:2] == "10"}
    assert billed == {"acme": "10.000000000000", "(unattributed)": "10.000000000000"}


def test_a_version_has_the_columns_of_its_specification_and_ours_behind_x(called: Warehouse, tmp_path: Path) -> None:
    for version, count in (("1.0", 43), ("1.2", 57)):
        _, rows = export(called, tmp_path / f"{version}.csv", version)
        names = [name for name in rows[0] if not name.startswith("x_")]
        assert len(names) == count
        assert names == sorted(names)
    con = duckdb.connect()
    focus_export.write(builds.current(called.settings.home).path, tmp_path / "out.parquet", "1.2", *ALWAYS)
    kinds = dict(con.sql(f"select column_name, column_type from (describe '{tmp_path}/out.parquet')").fetchall())
    assert kinds["EffectiveCost"] == "DECIMAL(38,12)"
    assert kinds["ChargePeriodStart"] == "TIMESTAMP"


def test_names_are_data_in_json_and_no_formula_in_a_spreadsheet(called: Warehouse, tmp_path: Path) -> None:
    _, rows = export(called, tmp_path / "out.csv")
    tags = [json.loads(row["Tags"]) for row in rows if row["x_SourceId"] == "openai"]
    assert {(tag["customer_id"], tag["feature_id"]) for tag in tags if tag["customer_id"] == ODD} == {
        (ODD, 'say "hi", twice')
    }
    assert not [value for row in rows for value in row.values() if value[:1] in {"=", "+", "@", "\t"}]


def test_our_own_bill_is_read_back_as_the_same_bill(
    called: Warehouse, warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    done, rows = export(called, tmp_path / "out.csv", "1.2")
    again = warehouse("focus read back")
    with pipeline.writer(again.settings):
        (outcome,) = pipeline.ingest(again.settings, [(str(tmp_path / "out.csv"), None)])
    assert (outcome.source, outcome.rejected_count, outcome.landed_count) == ("focus", 0, len(rows))
    assert done.rows == len(rows)


def test_the_validator_of_the_specification_passes_every_rule(called: Warehouse, tmp_path: Path) -> None:
    validator = os.environ.get("FOCUS_VALIDATOR")
    if not validator:
        pytest.skip("FOCUS_VALIDATOR does not name focus-validator 1.0.0 (it needs an environment of its own)")
    _, rows = export(called, tmp_path / "out.csv")
    renamed = tmp_path / "renamed.csv"
    with renamed.open("w", encoding="utf-8", newline="") as file:
        names = {name: RENAMED.get(name, name) for name in rows[0]}
        table = csv.writer(file)
        table.writerow([*names.values(), "ChargeType"])  # ChargeCategory, in the draft
        table.writerows([*row.values(), row["ChargeCategory"]] for row in rows)
    report = tmp_path / "report.xml"
    (site,) = Path(validator).parents[1].glob("lib/python3*/site-packages")
    told = subprocess.run(
        [validator, "--data-file", renamed, "--validate-version", "1.0", "--output-type", "unittest",
         "--output-destination", report],
        cwd=site,  # it looks for its list of currencies below the folder that it runs in
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    result = ET.parse(report).getroot()  # noqa: S314 - written by the tool a moment ago
    assert (result.get("tests"), result.get("failures"), result.get("errors"), result.get("skipped")) == (
        "133", "0", "0", "0",
    ), told.stdout  # fmt: skip


def test_the_command_says_what_it_wrote_and_what_it_left_out(
    called: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNITCOST_HOME", str(called.settings.home))
    done = CliRunner().invoke(cli, ["export", "focus", str(tmp_path / "out.csv"), "--from", "2026-10-07"])
    assert done.exit_code == 0
    assert (tmp_path / "out.csv").is_file()
    refused = CliRunner().invoke(cli, ["export", "focus", str(tmp_path / "no" / "out.csv")])
    assert refused.exit_code == 2
    backwards = CliRunner().invoke(
        cli, ["export", "focus", str(tmp_path / "b.csv"), "--from", "2026-10-07", "--to", "2026-10-06"]
    )
    assert backwards.exit_code == 2
    assert not (tmp_path / "b.csv").exists()
