"""Parts of one bill, as AWS and Azure lay them out: the manifest says what belongs together, and nothing else does."""

import gzip
import json
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import manifests
from ingest.inputs import ingest_files
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.paths import expand
from ingest.sources import discover

SOURCES = discover()
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)
Line = tuple[str, str]
"""Account and billed cost, in October."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "exports"


def part(path: Path, *lines: Line) -> Path:
    rows = [
        f"{account},2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-07T00:00:00Z,2026-10-08T00:00:00Z,Usage,"
        f"{cost},{cost},USD"
        for account, cost in lines
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join([HEADER, *rows]) + "\n"
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text.encode())
    return path


def azure(exports: Path, *parts: Sequence[Line], run: str, at: str, export: str = "focus", **said: Any) -> Path:
    """One run of a month-to-date export: its parts, and the manifest beside them."""
    folder = exports / "costs" / export / "20261001-20261031" / run
    blobs = []
    for number, lines in enumerate(parts):
        path = part(folder / f"part_{number}_0001.csv", *lines)
        name = str(path.relative_to(exports))
        blobs.append({"blobName": name, "byteCount": path.stat().st_size, "dataRowCount": len(lines)})
    manifest = folder / "manifest.json"
    manifest.write_text(
        json.dumps(
            {
                "manifestVersion": "2024-04-01",
                "byteCount": sum(blob["byteCount"] for blob in blobs),
                "blobCount": len(blobs),
                "dataRowCount": sum(len(lines) for lines in parts),
                "exportConfig": {"exportName": export, "resourceId": "/subscriptions/1", "type": "FocusCost"},
                "deliveryConfig": {"rootFolderPath": "costs", "dataOverwriteBehavior": "CreateNewReport"},
                "runInfo": {"runId": run, "submittedTime": at, "startDate": "2026-10-01T00:00:00"},
                "blobs": blobs,
                **said,
            }
        )
    )
    return manifest


def data_export(bucket: Path, *parts: Sequence[Line], run: str, folder: str = "", period: str = "2026-10") -> Path:
    """AWS Data Exports: data and metadata lie in folders of their own, and keys begin with the bucket's prefix."""
    base = bucket / "billing" / "focus-export"
    keys = []
    for number, lines in enumerate(parts, 1):
        path = base / "data" / f"BILLING_PERIOD={period}" / folder / f"focus-export-{number:05}.csv.gz"
        part(path, *lines)
        keys.append(f"s3://acme-bills/{path.relative_to(bucket)}")
    manifest = base / "metadata" / f"BILLING_PERIOD={period}" / folder / "focus-export-Manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"executionId": run, "dataFiles": keys, "columns": []}))
    return manifest


def legacy(bucket: Path, *parts: Sequence[Line], assembly: str) -> Path:
    """The legacy CUR with a folder for each version: the manifest lies in it, and once more above it."""
    period = bucket / "cur" / "report" / "20261001-20261101"
    keys = []
    for number, lines in enumerate(parts, 1):
        path = part(period / assembly / f"report-{number}.csv.gz", *lines)
        keys.append(str(path.relative_to(bucket)))
    said = {
        "assemblyId": assembly,
        "account": "111122223333",
        "reportName": "report",
        "bucket": "acme-bills",
        "billingPeriod": {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"},
        "reportKeys": keys,
    }
    for folder in (period, period / assembly):
        (folder / "report-Manifest.json").write_text(json.dumps(said))
    return period / "report-Manifest.json"


def ingest(con: duckdb.DuckDBPyConnection, home: Path, folder: Path, *, allow_smaller: bool = False) -> list[Outcome]:
    with Ledger(home) as ledger:
        files = expand(str(folder), home)
        return ingest_files(con, ledger, files, home=home, sources=SOURCES, allow_smaller=allow_smaller)


def billed(con: duckdb.DuckDBPyConnection, home: Path) -> dict[str, Decimal]:
    """Billed cost of each account, of what counts."""
    with Ledger(home) as ledger:
        paths = [str(home / one["path"]) for one in ledger.active_files() if one["table_name"] == "focus__charges"]
    if not paths:
        return {}
    query = "select billing_account_id, sum(billed_cost) from read_parquet(?) group by all order by all"
    return dict(con.sql(query, params=[paths]).fetchall())


def states(outcomes: Sequence[Outcome]) -> list[str]:
    return sorted(outcome.state for outcome in outcomes)


def problem(outcomes: Sequence[Outcome]) -> str:
    (refused,) = (outcome for outcome in outcomes if outcome.state == "refused")
    return refused.problem or ""


LAYOUTS = {
    "azure": lambda exports, *parts: azure(exports, *parts, run="7f", at="2026-10-08T04:10:00.1234567Z"),
    "aws": lambda exports, *parts: data_export(exports, *parts, run="7f"),
    "aws, versions kept": lambda exports, *parts: data_export(
        exports, *parts, run="7f", folder="2026-10-08T04:10:00.000Z-7f"
    ),
    "legacy": lambda exports, *parts: legacy(exports, *parts, assembly="20261008T041000Z"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_parts_of_a_manifest_are_one_bill(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path, layout: str
) -> None:
    manifest = LAYOUTS[layout](exports, [("acme", "10"), ("other", "1")], [("acme", "20")], [])
    outcomes = ingest(con, home, exports)
    assert states(outcomes) == 3 * ["landed"]
    assert not any(outcome.replaced for outcome in outcomes)
    assert billed(con, home) == {"acme": Decimal(30), "other": Decimal(1)}
    assert set(states(ingest(con, home, exports))) == {"known"}
    # the manifest alone finds them, too; and a part alone is known
    assert states(ingest(con, home, manifest)) == ["known"]
    first = next(path for path in sorted(exports.rglob("*.csv*")))
    assert states(ingest(con, home, first)) == ["known"]
    assert billed(con, home) == {"acme": Decimal(30), "other": Decimal(1)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_manifest_finds_its_parts_wherever_the_folders_were_copied_to(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path, layout: str
) -> None:
    manifest = LAYOUTS[layout](exports, [("acme", "10")], [("acme", "20")])
    assert states(ingest(con, home, manifest)) == ["landed", "landed"]
    moved = exports.rename(exports.with_name("moved"))
    (found,) = manifests.find(expand(str(moved), home)).deliveries
    assert all(isinstance(part.file, Path) and part.file.is_relative_to(moved) for part in found.parts)


def test_a_newer_run_replaces_the_whole_of_the_older_one(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    azure(exports, [("acme", "10")], [("acme", "20"), ("gone", "0.5")], run="1", at="2026-10-08T04:10:00Z")
    ingest(con, home, exports)
    # the first part is the same file as before
    azure(exports, [("acme", "10")], [("acme", "21")], run="2", at="2026-10-09T04:10:00Z")
    outcomes = ingest(con, home, exports)
    # nobody is billed as `gone` any more: that is over 20 % less for it
    assert "gone" in problem(outcomes)
    assert billed(con, home) == {"acme": Decimal(30), "gone": Decimal("0.5")}
    outcomes = ingest(con, home, exports, allow_smaller=True)
    assert states(outcomes) == ["landed", "landed", "older"]
    assert billed(con, home) == {"acme": Decimal(31)}
    with Ledger(home) as ledger:
        for one in ledger.inputs():
            assert one.record_count == one.landed_count
            assert one.superseded_count in {0, one.landed_count}


def test_of_many_runs_the_newest_counts_whatever_the_order_of_their_files(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    for run, day in (("c", "09"), ("a", "10"), ("b", "08")):
        azure(exports, [("acme", day)], [("acme", "1")], run=run, at=f"2026-10-{day}T04:10:00Z")
    azure(exports, [("fabrikam", "3")], run="d", at="2026-10-07T00:00:00Z", export="another")
    outcomes = ingest(con, home, exports)
    assert states(outcomes) == 3 * ["landed"] + 2 * ["older"]
    assert billed(con, home) == {"acme": Decimal(11), "fabrikam": Decimal(3)}


def test_an_older_run_that_comes_late_is_left_as_history(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    ingest(con, home, azure(exports, [("acme", "11")], run="2", at="2026-10-09T04:10:00Z"))
    late = azure(exports, [("acme", "10")], run="1", at="2026-10-08T04:10:00Z")
    assert states(ingest(con, home, late)) == ["older"]
    assert billed(con, home) == {"acme": Decimal(11)}


def test_an_export_that_is_overwritten_in_its_place_is_restated_and_leftovers_do_not_count(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    first = data_export(exports, [("acme", "10")], [("acme", "20")], [("acme", "5")], run="1")
    os.utime(first, (1_790_000_000, 1_790_000_000))
    ingest(con, home, exports)
    data_export(exports, [("acme", "12")], [("acme", "21")], run="2")
    leftover = exports / "billing/focus-export/data/BILLING_PERIOD=2026-10/focus-export-00003.csv.gz"
    os.utime(leftover)
    outcomes = ingest(con, home, exports)
    assert [outcome.path.name for outcome in outcomes if outcome.state == "older"] == [leftover.name]
    assert billed(con, home) == {"acme": Decimal(33)}


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda path: path.unlink(), "part_1_0001.csv is not there, and the manifest lists it"),
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "has 245 bytes, and 248 by the manifest"),
        (lambda path: path.write_bytes(b""), "part_1_0001.csv: the file is empty"),
        (lambda path: path.write_text(path.read_text().replace("\nacme,", "\nacmeX")[:-1] + "\n"), "part_1_0001.csv: "),
    ],
    ids=["missing", "cut off", "empty", "a broken line"],
)
def test_a_delivery_with_a_missing_or_torn_part_is_refused_whole(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path, harm: Any, says: str
) -> None:
    azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z")
    ingest(con, home, exports)
    newer = azure(exports, [("acme", "11")], [("acme", "22")], run="2", at="2026-10-09T04:10:00Z")
    torn = newer.parent / "part_1_0001.csv"
    whole = torn.read_bytes()
    harm(torn)
    for _ in range(2):
        assert says in problem(ingest(con, home, exports))
        assert billed(con, home) == {"acme": Decimal(30)}
    with Ledger(home) as ledger:
        assert [one.path for one in ledger.inputs() if one.state == "refused"] == [str(newer)]
    torn.write_bytes(whole)
    assert states(ingest(con, home, exports)) == ["landed", "landed", "older"]
    assert billed(con, home) == {"acme": Decimal(33)}
    with Ledger(home) as ledger:
        assert not [one for one in ledger.inputs() if one.state == "refused"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_every_layout_a_delivery_counts_when_its_last_part_is_there_and_not_before(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path, layout: str
) -> None:
    LAYOUTS[layout](exports, [("acme", "10")], [("acme", "20")])
    late = max(exports.rglob("*.csv*"))
    content = late.read_bytes()
    late.unlink()
    for _ in range(2):
        assert f"{late.name} is not there, and the manifest lists it" in problem(ingest(con, home, exports))
        assert billed(con, home) == {}
    late.write_bytes(content)
    assert states(ingest(con, home, exports)) == ["landed", "landed"]
    assert billed(con, home) == {"acme": Decimal(30)}


def test_the_parts_of_a_cost_and_usage_report_are_one_bill_or_none(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    manifest = legacy(exports, [], [], assembly="20261008T041000Z")
    header, *lines = (Path(__file__).parent / "sources" / "aws_cur" / "charges.csv").read_text().splitlines()
    first, second = sorted(exports.rglob("*.csv.gz"))
    first.write_bytes(gzip.compress("\n".join([header, *lines[:4], ""]).encode()))
    rest = "\n".join([header, *lines[4:], ""])
    second.write_bytes(gzip.compress(rest.replace("USD,0.04,", "USD,$0.04,").encode()))
    assert "report-2.csv.gz: 1 of 4 records are broken" in problem(ingest(con, home, manifest))
    with Ledger(home) as ledger:
        assert ledger.active_files() == []
    second.write_bytes(gzip.compress(rest.encode()))
    assert states(ingest(con, home, manifest)) == ["landed", "landed"]


def test_a_newer_delivery_without_a_line_is_refused_until_somebody_says_that_it_is_right(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    azure(exports, [("acme", "10")], run="1", at="2026-10-08T04:10:00Z")
    ingest(con, home, exports)
    azure(exports, [], run="2", at="2026-10-09T04:10:00Z")
    assert "it bills 0 USD to acme for 2026-10-01" in problem(ingest(con, home, exports))
    assert billed(con, home) == {"acme": Decimal(10)}
    ingest(con, home, exports, allow_smaller=True)
    assert billed(con, home) == {}


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"dataRowCount": 3}, "the parts have 2 rows, and 3 by the manifest"),
        ({"blobCount": 3}, "lists 2 files and says that they are 3"),
        ({"blobs": []}, "lists no file"),
        ({"blobs": [{"blobName": "../../../etc/hosts"}]}, "cannot be read"),
        ({"runInfo": {}}, "cannot be read"),
    ],
    ids=["rows", "files", "no file", "a file elsewhere", "no run"],
)
def test_a_manifest_that_does_not_add_up_is_refused(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path, said: dict[str, Any], says: str
) -> None:
    azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z", **said)
    if said == {"blobs": []}:
        for path in exports.rglob("*.csv"):
            path.unlink()
    assert says in problem(ingest(con, home, exports))
    assert billed(con, home) == {}


def test_parts_do_not_stand_for_themselves_beside_a_manifest_that_is_cut_off(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    manifest = azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z")
    manifest.write_text(manifest.read_text()[:-40])
    assert "the manifest cannot be read" in problem(ingest(con, home, exports))
    assert billed(con, home) == {}


def test_a_part_of_the_same_bytes_as_another_is_not_lost_silently(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    azure(exports, [("acme", "10")], [("acme", "10")], run="1", at="2026-10-08T04:10:00Z")
    assert "is the same as another part" in problem(ingest(con, home, exports))


def test_parts_of_two_kinds_of_file_are_no_bill(con: duckdb.DuckDBPyConnection, home: Path, exports: Path) -> None:
    manifest = azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z")
    said = json.loads(manifest.read_text())
    (manifest.parent / "part_1_0001.csv").write_text(
        "customer_id,period_start,period_end,amount,currency,feature,plan\nnorthwind,2026-10-01,2026-11-01,1,USD,,\n"
    )
    manifest.write_text(json.dumps({**said, "blobs": [{"blobName": blob["blobName"]} for blob in said["blobs"]]}))
    assert "its parts are of focus__charges, revenue_csv__revenue" in problem(ingest(con, home, exports))


def test_files_that_no_manifest_lists_land_as_ever(con: duckdb.DuckDBPyConnection, home: Path, exports: Path) -> None:
    manifest = azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z")
    part(manifest.parent / "credits.csv", ("fabrikam", "-4"))
    part(exports / "elsewhere" / "part_0_0001.csv", ("northwind", "7"))
    (exports / "elsewhere" / "manifest.json").write_text('{"metadata": {}, "nodes": {}}')  # of another tool
    outcomes = ingest(con, home, exports)
    assert states(outcomes) == 4 * ["landed"] + ["refused"]
    assert "not recognised as any source" in problem(outcomes)
    assert billed(con, home) == {"acme": Decimal(30), "fabrikam": Decimal(-4), "northwind": Decimal(7)}


def test_a_delivery_has_the_last_word_on_a_file_that_states_its_period(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z")
    part(exports / "by hand.csv", ("acme", "29"))
    ingest(con, home, exports)
    assert billed(con, home) == {"acme": Decimal(30)}


def test_who_is_stopped_in_a_delivery_leaves_the_older_one_whole(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure(exports, [("acme", "10")], [("acme", "20")], run="1", at="2026-10-08T04:10:00Z")
    ingest(con, home, exports)
    azure(exports, [("acme", "11")], [("acme", "22")], run="2", at="2026-10-09T04:10:00Z")

    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "_insert_own", stopped)
        with pytest.raises(KeyboardInterrupt):
            ingest(con, home, exports)
    assert billed(con, home) == {"acme": Decimal(30)}
    ingest(con, home, exports)
    assert billed(con, home) == {"acme": Decimal(33)}


def test_exports_of_the_same_name_in_two_buckets_stay_two(
    con: duckdb.DuckDBPyConnection, home: Path, exports: Path
) -> None:
    for bucket, account in (("one", "acme"), ("two", "fabrikam")):
        legacy(exports / bucket, [(account, "10")], assembly="20261008T041000Z")
    for path in (exports / "two").rglob("*-Manifest.json"):
        path.write_text(path.read_text().replace("acme-bills", "fabrikam-bills"))
    ingest(con, home, exports)
    assert billed(con, home) == {"acme": Decimal(10), "fabrikam": Decimal(10)}
