"""Several files are read at a time; the ledger must not tell."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.inputs import ingest_files
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.sources import discover

SOURCES = discover()
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def bill(path: Path, cost: str) -> Path:
    period = "2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,2026-09-07T00:00:00Z,2026-09-08T00:00:00Z"
    path.write_text(f"{HEADER}\nacme,{period},Usage,{cost},{cost},USD\n")
    return path


def ingested(con: duckdb.DuckDBPyConnection, home: Path, *files: Path) -> tuple[list[Outcome], list[str]]:
    """What became of the files of one ingest; and the costs that are there after it."""
    with Ledger(home) as ledger:
        outcomes = ingest_files(con, ledger, files, home=home, sources=SOURCES)
        files_there = [file for file in ledger.active_files() if file["table_name"] == "focus__charges"]
    paths = [str(home / file["path"]) for file in files_there]
    costs = con.sql("select billed_cost::double::varchar from read_parquet(?)", params=[paths]).fetchall()
    return outcomes, [cost for (cost,) in costs]


def test_the_last_of_several_bills_of_one_period_holds_however_many_come_at_once(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    files = [bill(tmp_path / f"{number}.csv", f"{number}.5") for number in range(9)]
    outcomes, costs = ingested(con, home, *files)
    assert [outcome.path for outcome in outcomes] == files
    assert [len(outcome.replaced) for outcome in outcomes] == [0] + 8 * [1]
    assert costs == ["8.5"]


def test_a_bill_that_is_sent_again_after_its_restatement_holds_though_all_come_at_once(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    costs = ["14.0", "15.5", "14.0", "15.5", "14.0"]
    files = [bill(tmp_path / f"{number}.csv", cost) for number, cost in enumerate(costs)]
    outcomes, held = ingested(con, home, *files)
    assert [outcome.state for outcome in outcomes] == 5 * ["landed"]
    assert held == ["14.0"]


@pytest.mark.parametrize("copies", [2, 5])
def test_copies_of_a_file_count_once_though_they_are_read_at_once(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path, copies: int
) -> None:
    files = [bill(tmp_path / f"{number}.csv", "10") for number in range(copies)]
    outcomes, costs = ingested(con, home, *files)
    assert [outcome.state for outcome in outcomes] == ["landed"] + (copies - 1) * ["known"]
    assert costs == ["10.0"]


def test_a_broken_file_between_others_stops_none_of_them(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    first, last = bill(tmp_path / "1.csv", "1"), bill(tmp_path / "3.csv", "3")
    broken = tmp_path / "2.csv"
    broken.write_bytes(b"")
    outcomes, costs = ingested(con, home, first, broken, last)
    assert [outcome.state for outcome in outcomes] == ["landed", "refused", "landed"]
    assert costs == ["3.0"]


def test_a_file_that_is_gone_when_it_is_read_stops_none_of_the_others(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    outcomes, costs = ingested(con, home, tmp_path / "gone.csv", bill(tmp_path / "1.csv", "1"))
    assert [outcome.state for outcome in outcomes] == ["refused", "landed"]
    assert outcomes[0].problem == "cannot be read: No such file or directory; check it"
    assert costs == ["1.0"]


def test_who_breaks_off_does_not_wait_for_files_to_land(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    files = [bill(tmp_path / f"{number}.csv", f"{number}") for number in range(9)]
    row = files[0].read_text().splitlines()[1]
    files[0].write_text(f"{HEADER}\n" + f"{row}\n" * 500_000)

    def pressed(_: Path, number: int, count: int) -> None:
        assert count == len(files)
        if number == 1:
            raise KeyboardInterrupt

    with Ledger(home) as ledger:
        with pytest.raises(KeyboardInterrupt):
            ingest_files(con, ledger, files, home=home, sources=SOURCES, on_file=pressed)
        assert not ledger.active_files()
    assert not list(home.rglob("*.parquet"))
    _, costs = ingested(con, home, *files[1:])
    assert costs == ["8.0"]


def test_files_that_were_not_recorded_when_the_ledger_failed_are_read_again(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [bill(tmp_path / f"{number}.csv", f"{number}.5") for number in range(4)]
    record = Ledger.record_landed

    def fails_at_the_last(ledger: Ledger, parts: list[Any], *told: Any, **more: Any) -> list[str]:
        if parts[0][0].path == files[3].resolve():
            raise OSError("the disk is full")
        return record(ledger, parts, *told, **more)

    monkeypatch.setattr(Ledger, "record_landed", fails_at_the_last)
    with pytest.raises(OSError, match="the disk is full"):
        ingested(con, home, *files)
    journal = home / "journal.jsonl"  # tells of nothing that the ledger does not hold
    journalled = journal.read_text().splitlines() if journal.exists() else []
    with Ledger(home) as ledger:
        held = [one.path for one in ledger.inputs()]
    assert [json.loads(line)["path"] for line in journalled] == held
    assert len(held) < 4
    monkeypatch.setattr(Ledger, "record_landed", record)
    outcomes, costs = ingested(con, home, *files)
    assert [outcome.state for outcome in outcomes] == len(held) * ["known"] + (4 - len(held)) * ["landed"]
    assert costs == ["3.5"]
    assert len(journal.read_text().splitlines()) == 4


def test_a_file_is_known_by_its_path_its_size_and_its_time_and_else_read(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    files = [bill(tmp_path / f"{number}.csv", f"{number}.5") for number in range(3)]
    for file in files:  # each of an account of its own: none replaces another
        file.write_text(file.read_text().replace("acme", file.stem))
    states = [[outcome.state for outcome in ingested(con, home, *files)[0]] for _ in range(2)]
    assert states == [3 * ["landed"], 3 * ["known"]]
    files[1].write_text(files[1].read_text().replace("1.5", "9.5"))
    outcomes, costs = ingested(con, home, *files)
    assert [outcome.state for outcome in outcomes] == ["known", "landed", "known"]
    assert sorted(costs) == ["0.5", "2.5", "9.5"]
