"""What a build says of itself: how current each source is, what was not taken, what its tests said."""

from pathlib import Path

import duckdb
import pytest

from tests.models.conftest import Companies, Company, write_calls
from tests.models.reconciled import call, line, write_bill


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("health")


@pytest.fixture(scope="module")
def loaded(company: Companies, folder: Path) -> Company:
    """Three calls, two of which cannot be taken, and a bill of two days."""
    made = company("health", learns=False)
    calls = [
        call(0, "clean", 10, output_tokens=5),
        {**call(1, "clean", 12), "output_tokens": -1},
        {**call(2, "clean", 12), "requested_at": "yesterday"},
    ]
    bill = [line("clean", day, "Output", 5, "1") for day in (10, 14)]
    made.load((write_calls(folder / "calls.jsonl", calls), "canonical"), write_bill(folder / "bill.csv", bill))
    return made


FRESHNESS = (
    "select source_id, shape, cast(last_record_date as varchar), last_landed_at is not null, input_count, row_count,"
    " refused_input_count, rejected_count from data_freshness order by 1, 2"
)
CURRENT = [
    ("canonical", "requests", "2026-10-10", True, 1, 1, 0, 2),
    ("focus", "charges", "2026-10-14", True, 1, 2, 0, 0),
]


def test_each_source_has_the_day_of_its_newest_record_and_not_of_its_billing_period(loaded: Company) -> None:
    assert loaded.rows(FRESHNESS) == CURRENT


def test_every_record_that_was_not_taken_has_its_reason(loaded: Company, folder: Path) -> None:
    rows = loaded.rows(
        "select path, table_name, state, column_name, rejected_count, first_record_number from rejected_records"
        " order by first_record_number"
    )
    path = str(folder / "calls.jsonl")
    assert rows == [
        (path, "canonical__requests", "landed", "output_tokens", 1, 2),
        (path, "canonical__requests", "landed", "requested_at", 1, 3),
    ]
    assert all(rule and fix for rule, fix in loaded.rows("select rule, fix from rejected_records"))


def test_the_tests_of_a_build_are_kept_in_it(loaded: Company) -> None:
    tests = dict(loaded.rows("select test_name, status from build_tests"))
    assert tests["assert_costs_are_conserved"] == "pass"
    assert tests["unique_together_data_freshness_source_id__shape"] == "pass"
    of = loaded.rows("select tested_name from build_tests where test_name like 'unique_together_data_freshness%'")
    assert of == [("data_freshness",)]
    assert set(tests.values()) <= {"pass", "warn"}
    assert loaded.rows("select count(*) from build_tests where row_count > 0 and status = 'pass'") == [(0,)]


def test_a_file_that_is_refused_makes_a_build_that_says_so_once(loaded: Company, folder: Path) -> None:
    strange = folder / "strange.csv"
    strange.write_text("a,b\n1,2\n")
    names = loaded.rows("select test_name from build_tests order by 1")
    assert loaded.load((strange, None)).build is not None
    assert loaded.rows(FRESHNESS) == [("(unknown)", "(unknown)", None, False, 0, 0, 1, 0), *CURRENT]
    ((rule, fix),) = loaded.rows(f"select rule, fix from rejected_records where path = '{strange}'")
    assert rule.startswith("not recognised as any source")
    assert fix is None
    assert loaded.rows("select test_name from build_tests order by 1") == names
    assert loaded.load((strange, None)).build is None


def test_a_column_that_came_later_and_one_that_is_gone_are_told(company: Companies, tmp_path: Path) -> None:
    made = company("drift", learns=False, select="+input_columns")
    bill = line("clean", 10, "Output", 5, "1")
    made.load(write_bill(tmp_path / "october.csv", [bill | {"x_Old": "1", "PricingUnit": "Tokens"}]))
    assert made.rows("select count(*) from input_columns where change is not null") == [(0,)]
    with duckdb.connect(str(made.home / "ledger.duckdb")) as ledger:  # it was yesterday
        ledger.execute("update inputs set landed_at = landed_at - interval 1 day")
    november = {name: value.replace("2026-10", "2026-11") for name, value in bill.items()}
    november |= {"BillingPeriodEnd": "2026-12-01T00:00:00Z", "x_NewFee": "3"}
    made.load(write_bill(tmp_path / "november.csv", [november]))
    rows = made.rows(
        "select column_name, is_read, change, input_count, first_path from input_columns where change is not null"
        " order by 1"
    )
    assert rows == [
        ("PricingUnit", True, "gone", 1, str(tmp_path / "october.csv")),
        ("x_NewFee", False, "new", 1, str(tmp_path / "november.csv")),
        ("x_Old", False, "gone", 1, str(tmp_path / "october.csv")),
    ]
    assert made.rows("select is_read, input_count from input_columns where column_name = 'BilledCost'") == [(True, 2)]
