"""Every column of a file of a bill is known: read by something here, or by nobody."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.inputs import ingest_files
from ingest.landing import connect
from ingest.ledger import Ledger
from ingest.sources import discover
from tests.ingest.bills import BILLS, sample

SOURCES = discover()


def bill(source: str, shape: str) -> Path:
    ((found, table),) = ((one, table) for one, table in BILLS if one.name == source and table.shape == shape)
    return sample(found, table)


def columns(home: Path, *paths: Path, source: str) -> dict[str, tuple[bool, int]]:
    """What the ledger knows after these files: column → whether it is read, in how many files."""
    with Ledger(home) as ledger, connect(scratch=home) as con:
        outcomes = ingest_files(con, ledger, paths, home=home, sources=SOURCES, source=source)
        assert {one.state for one in outcomes} <= {"landed", "known"}, outcomes
        return {row["column_name"]: (row["is_read"], row["input_count"]) for row in ledger.columns()}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_a_column_of_a_bill_that_nobody_reads_is_kept_by_name(home: Path, tmp_path: Path) -> None:
    with bill("focus", "charges").open(newline="") as file:
        header, *rows = csv.reader(file)
    grown = tmp_path / "grown.csv"
    with grown.open("w", newline="") as file:
        csv.writer(file).writerows([[*header, "x_NewFee"], *([*row, "7"] for row in rows)])
    found = columns(home, grown, source="focus")
    assert found.keys() == {*header, "x_NewFee"}
    assert found["x_NewFee"] == (False, 1)
    assert found["BilledCost"] == (True, 1)


def test_a_field_of_a_struct_is_its_columns(home: Path, tmp_path: Path) -> None:
    with bill("focus", "charges").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pa.Table.from_pylist([{**row, "x_Detail": {"fee": "7"}} for row in rows])
    pq.write_table(table, tmp_path / "nested.parquet")
    found = columns(home, tmp_path / "nested.parquet", source="focus")
    assert found["x_Detail"] == (False, 1)
    assert not any("." in column for column in found)


def test_a_key_of_a_page_that_nobody_reads_is_kept_by_its_path(home: Path, tmp_path: Path) -> None:
    page = json.loads(bill("openai_costs", "charges").read_text().splitlines()[0])
    for bucket in page["data"]:
        for result in bucket["results"]:
            result["surcharge"] = {"rate": 0.5}
    (tmp_path / "page.json").write_text(json.dumps(page))
    found = columns(home, tmp_path / "page.json", source="openai_costs")
    assert found["data.results.surcharge.rate"] == (False, 1)
    assert found["data.results.amount.value"] == (True, 1)


def revenue(path: Path, month: int, *remark: str) -> Path:
    header = ["customer_id", "period_start", "period_end", "amount", "currency", *(["remark"] if remark else [])]
    row = ["acme", f"2026-{month:02}-01", f"2026-{month + 1:02}-01", "10", "USD", *remark]
    path.write_text(f"{','.join(header)}\n{','.join(row)}\n")
    return path


def test_files_are_counted_by_column_and_a_file_that_comes_again_once(home: Path, tmp_path: Path) -> None:
    first, second = revenue(tmp_path / "a.csv", 8, "early"), revenue(tmp_path / "b.csv", 9)
    found = columns(home, first, second, source="revenue_csv")
    assert found["amount"] == (True, 2)
    assert found["remark"] == (False, 1)
    assert columns(home, first, source="revenue_csv") == found


def test_a_log_of_calls_in_json_has_its_unread_counts_elsewhere(home: Path, tmp_path: Path) -> None:
    call = {"request_id": "a", "requested_at": "2026-10-01T00:00:00Z", "provider_id": "openai", "model_id": "gpt-5"}
    (tmp_path / "calls.jsonl").write_text(json.dumps(call) + "\n")
    assert columns(home, tmp_path / "calls.jsonl", source="generic") == {}
