"""`unitcost export mart`: any mart of the served build as a file that holds what the mart holds."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app import builds
from app.cli import cli
from app.mart_export import ExportError
from app.workbook import WorkbookError
from tests.app import excel, synthetic

Export = Callable[..., Result]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("warehouse")
    synthetic.build(home, days=40)
    return home


@pytest.fixture
def export(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    monkeypatch.setenv("UNITCOST_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli, ["export", "mart", *arguments])


def asked(home: Path, query: str) -> pl.DataFrame:
    con = duckdb.connect(str(builds.current(home).path), read_only=True)
    try:
        return con.sql(query).pl()
    finally:
        con.close()


def test_every_mart_of_the_build_comes_out_of_parquet_as_it_is_in_the_build(home: Path, export: Export) -> None:
    marts = asked(home, "select table_name from information_schema.tables where table_schema = 'marts'")["table_name"]
    for mart in marts:
        done = export(mart, "--to", f"{mart}.parquet")
        assert done.exit_code == 0, done.output
        stored = asked(home, f"from marts.{mart}")
        told = pl.read_parquet(f"{mart}.parquet")
        assert told.schema == stored.schema
        assert sorted(map(repr, told.rows())) == sorted(map(repr, stored.rows())), mart


@pytest.mark.parametrize("mart", ["fct_requests", "gross_margin_daily"])
def test_a_csv_has_the_money_digit_for_digit_and_times_with_a_z(mart: str, home: Path, export: Export) -> None:
    assert export(mart).exit_code == 0  # mart.csv, here
    with Path(f"{mart}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    stored = asked(home, f"from marts.{mart}")
    assert list(rows[0]) == stored.columns
    for name, dtype in stored.schema.items():
        if dtype.is_decimal():
            assert sorted(row[name] for row in rows) == sorted(
                "" if amount is None else f"{amount:f}" for amount in stored[name]
            )
        elif dtype == pl.Datetime:
            assert all(not row[name] or row[name].endswith("Z") for row in rows)
    names = {row["customer_id"] for row in rows}
    assert {f"'{synthetic.FORMULA}", synthetic.MARKUP} <= names
    assert synthetic.FORMULA not in names


def test_a_workbook_says_what_it_is_with_the_sums_of_its_money(home: Path, export: Export) -> None:
    done = export(
        "gross_margin_daily", "--to", "margin.xlsx", "--month", "2026-11", "--customer", synthetic.FORMULA,
        "--customer", "initech",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    content = Path("margin.xlsx").read_bytes()
    stored = asked(
        home,
        "from marts.gross_margin_daily where usage_date between '2026-11-01' and '2026-11-30'"
        f" and customer_id in ('{synthetic.FORMULA}', 'initech')",
    )
    assert f"{len(stored):,} rows of gross_margin_daily in margin.xlsx" in done.output
    assert excel.names(content) == ["About", "gross_margin_daily"]
    lines = [(row["A"].text, row["B"].text) for row in excel.sheet(content, 1)]
    facts = dict(lines[: lines.index(("", ""))])
    assert facts["Grain"] == "one row per customer, feature and UTC day with revenue or cost"
    assert facts["Filters"] == f"month: 2026-11; customer: {synthetic.FORMULA}, initech"
    assert (facts["Currency"], facts["Times"], facts["Rows"]) == ("USD", "UTC", f"{len(stored):,}")
    assert facts["Cost basis"].startswith("cogs_usd: cost of the calls and their share of shared cost")
    assert facts["Build"] == synthetic.BUILD_ID
    assert facts["Built at"] == "2026-11-24 04:00:00 UTC"
    assert facts["Written by"].startswith("unitcost ")
    sums = dict(lines[lines.index(("Sum of", "Exactly")) + 1 :][:4])
    for name in ("revenue_usd", "cogs_usd", "shared_cost_usd", "gross_profit_usd"):
        assert Decimal(sums[name]) == sum(stored[name], Decimal(0)), name
    meanings = dict(lines[lines.index(("Column", "Means")) + 1 :])
    assert list(meanings) == stored.columns
    assert meanings["revenue_usd"].startswith("Recognised revenue")
    rows = excel.table(content)
    assert {row["customer_id"].text for row in rows} == {synthetic.FORMULA, "initech"}
    assert sorted(Decimal(row["revenue_usd"].text) for row in rows) == sorted(stored["revenue_usd"])


def test_members_are_found_in_a_mart_of_any_dimension(export: Export) -> None:
    assert export("gross_margin", "--customer", "initech", "--to", "a.parquet").exit_code == 0
    found = pl.read_parquet("a.parquet")
    assert set(found.select("dimension", "id").rows()) == {("customer", "initech")}


def test_an_export_that_finds_nothing_is_an_empty_table(export: Export) -> None:
    for into in ("csv", "xlsx", "parquet"):
        done = export("fct_usage_hourly", "--month", "1999-01", "--to", f"none.{into}")
        assert done.exit_code == 0, done.output
        assert "0 rows of fct_usage_hourly" in done.output
    assert len(pl.read_parquet("none.parquet")) == 0
    assert len(pl.read_csv("none.csv")) == 0
    assert excel.table(Path("none.xlsx").read_bytes()) == []


def test_a_parquet_file_says_where_it_is_from(export: Export) -> None:
    assert export("fct_usage_hourly", "--to", "usage", "--format", "parquet").exit_code == 0
    told = json.loads(pq.read_schema("usage").metadata[b"unitcost"])
    assert (told["Mart"], told["Build"]) == ("fct_usage_hourly", synthetic.BUILD_ID)
    assert told["Filters"] == "none: the whole mart"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gross_marjin",), "the build has no mart gross_marjin; did you mean gross_margin"),
        (("x; drop table y",), "the build has no mart x; drop table y; it has "),
        (("gross_margin_daily", "--model", "gpt-5"), "gross_margin_daily does not know a model: its columns are "),
        (("data_freshness", "--month", "2026-10"), "data_freshness has no month: its columns are "),
    ],
)
def test_what_a_mart_does_not_know_is_refused_with_what_it_knows(
    arguments: tuple[str, ...], said: str, export: Export
) -> None:
    done = export(*arguments, "--to", "refused.csv")
    assert isinstance(done.exception, ExportError)
    assert str(done.exception).startswith(said)
    assert not list(Path.cwd().iterdir())


def test_a_refusal_is_one_line_and_exit_code_one(home: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "unitcost"), "export", "mart", "gross_marjin"],
        env={**os.environ, "UNITCOST_HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the build has no mart gross_marjin; did you mean gross_margin")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "margin.pdf"), "ends in none of .csv, .xlsx, .parquet"),
        (("--to", "nowhere/margin.csv"), "there is no folder nowhere"),
        (("--month", "2026-13"), "2026-13"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(arguments: tuple[str, ...], said: str, export: Export) -> None:
    done = export("gross_margin_daily", *arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())


def test_a_table_too_long_for_excel_leaves_the_earlier_file_and_no_part(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("usage.xlsx").write_text("earlier")
    monkeypatch.setattr("app.workbook.MAX_ROWS", 10)
    done = export("fct_usage_hourly", "--to", "usage.xlsx")
    assert isinstance(done.exception, WorkbookError)
    assert str(done.exception).endswith("take Parquet or CSV, or filter")
    assert [path.name for path in Path.cwd().iterdir()] == ["usage.xlsx"]
    assert Path("usage.xlsx").read_text() == "earlier"


def test_two_exports_of_a_build_are_the_same_in_the_order_of_the_key(export: Export) -> None:
    for name in ("one", "two"):
        assert export("fct_usage_hourly", "--to", f"{name}.csv").exit_code == 0
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()
    assert export("gross_margin", "--to", "margin.parquet").exit_code == 0
    keys = pl.read_parquet("margin.parquet").select("dimension", "id", "month").rows()
    assert keys == sorted(keys)
