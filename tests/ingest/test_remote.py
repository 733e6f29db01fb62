"""Exports in a store: listed, matched, fetched once, and never seen by anybody else."""

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from app import pipeline
from app.settings import Settings
from ingest import remote
from ingest.files import RefusedError
from ingest.inputs import ingest_files
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.paths import called, expand
from ingest.sources import discover
from ingest.store_errors import explained
from tests.ingest.store import LAST_WEEK, SECRET, Store, serving

SOURCES = discover()
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)


def bill(month: int, cost: str) -> bytes:
    period = f"2026-{month:02}-01T00:00:00Z,2026-{month + 1:02}-01T00:00:00Z"
    day = f"2026-{month:02}-07T00:00:00Z,2026-{month:02}-08T00:00:00Z"
    return f"{HEADER}\nacme,{period},{day},Usage,{cost},{cost},USD\n".encode()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with serving() as (kept, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield kept


@pytest.fixture
def ingest(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[[str], list[Outcome]]:
    """Ingest what an address names into the warehouse of the test."""
    home = tmp_path / "home"
    home.mkdir()

    def do(address: str) -> list[Outcome]:
        with Ledger(home) as ledger:
            return ingest_files(con, ledger, expand(address, home), home=home, sources=SOURCES)

    return do


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.path.name: outcome.state for outcome in outcomes}


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("s3://bills", "a.csv 2026/b.csv 2026/b.csv.gz 2026/09/c.csv 2026/10/c.csv notes/d[1].csv"),
        ("s3://bills/2026", "2026/b.csv 2026/b.csv.gz 2026/09/c.csv 2026/10/c.csv"),
        ("s3://bills/2026/", "2026/b.csv 2026/b.csv.gz 2026/09/c.csv 2026/10/c.csv"),
        ("s3://bills/a.csv", "a.csv"),
        ("s3://bills/2026/.tmp/e.csv", "2026/.tmp/e.csv"),
        ("s3://bills/*.csv", "a.csv"),
        ("s3://bills/**/*.csv", "a.csv 2026/b.csv 2026/09/c.csv 2026/10/c.csv notes/d[1].csv"),
        ("s3://bills/**/*.csv.gz", "2026/b.csv.gz"),
        ("s3://bills/20??/*/c.csv", "2026/09/c.csv 2026/10/c.csv"),
        ("s3://bills/2026/[01]9/*", "2026/09/c.csv"),
        ("s3://bills/2026/[!0]*/*", "2026/10/c.csv"),
        ("s3://bills/**/09/**", "2026/09/c.csv"),
        ("s3://bills/2026/**/c.csv", "2026/09/c.csv 2026/10/c.csv"),
        ("s3://bills/notes/d[[]1].csv", "notes/d[1].csv"),
    ],
)
def test_an_address_names_an_object_a_folder_or_the_matches_of_a_glob(store: Store, address: str, named: str) -> None:
    for key in ("2026/10/c.csv", "a.csv", "2026/b.csv", "2026/b.csv.gz", "2026/09/c.csv", "notes/d[1].csv"):
        store.put(key, b"x")
    store.put("2026/.tmp/e.csv", b"x")
    found = {file.address.removeprefix("s3://bills/") for file in remote.find(address)}
    assert found == set(named.split())
    assert not store.read()


def test_the_oldest_object_comes_first_as_a_newer_bill_replaces_an_older_one(store: Store) -> None:
    store.put("a.csv", b"x", LAST_WEEK + 60)
    store.put("b.csv", b"x", LAST_WEEK)
    assert [file.address for file in remote.find("s3://bills/*.csv")] == ["s3://bills/b.csv", "s3://bills/a.csv"]


def test_what_did_not_change_is_listed_and_not_read_again(
    store: Store, ingest: Callable[[str], list[Outcome]], tmp_path: Path
) -> None:
    store.put("exports/august.csv", bill(8, "8"))
    store.put("exports/deep/september.csv.gz", gzip.compress(bill(9, "9"), mtime=0))
    address = "s3://bills/exports/**/*.csv*"
    assert states(ingest(address)) == {"august.csv": "landed", "september.csv.gz": "landed"}
    assert store.read() == ["exports/august.csv", "exports/deep/september.csv.gz"]
    store.asked.clear()
    assert states(ingest(address)) == {"august.csv": "known", "september.csv.gz": "known"}
    assert store.asked == [("LIST", "exports/")]
    store.put("exports/august.csv", bill(8, "8.5"), LAST_WEEK + 1)
    store.asked.clear()
    again = {outcome.path.name: outcome for outcome in ingest(address)}
    assert again["august.csv"].state == "landed"
    assert again["august.csv"].replaced
    assert again["september.csv.gz"].state == "known"
    assert store.read() == ["exports/august.csv"]
    assert not (tmp_path / "home" / remote.FETCHED).exists()


def test_an_object_that_was_written_just_now_is_looked_at_once_more(
    store: Store, ingest: Callable[[str], list[Outcome]]
) -> None:
    written = time.time()
    store.put("august.csv", bill(8, "8"), written)
    assert states(ingest("s3://bills/august.csv")) == {"august.csv": "landed"}
    store.put("august.csv", bill(8, "9"), written)  # another of the same size within the same second
    (second,) = ingest("s3://bills/august.csv")
    assert (second.state, len(second.replaced)) == ("landed", 1)


def test_a_damaged_gzip_is_refused_and_the_others_land(store: Store, ingest: Callable[[str], list[Outcome]]) -> None:
    whole = gzip.compress(bill(8, "8"), mtime=0)
    store.put("1.csv.gz", whole)
    store.put("2.csv.gz", whole[:-20])
    store.put("3.csv.gz", bill(9, "8"))
    store.put("4.csv", bill(10, "8"))
    outcomes = ingest("s3://bills")
    assert [outcome.state for outcome in outcomes] == ["landed", "refused", "refused", "landed"]
    assert "ends in the middle" in (outcomes[1].problem or "")
    assert "named .gz but not compressed" in (outcomes[2].problem or "")


def test_an_object_that_is_gone_when_it_is_read_loses_none_of_the_others(
    store: Store, ingest: Callable[[str], list[Outcome]]
) -> None:
    for month in (7, 8, 9):
        store.put(f"{month}.csv", bill(month, "1"))

    def deleted_after_it_was_listed(verb: str, _: str) -> None:
        if verb == "HEAD":
            store.objects.pop("8.csv", None)

    store.on_ask = deleted_after_it_was_listed
    outcomes = ingest("s3://bills/*.csv")
    assert states(outcomes) == {"7.csv": "landed", "8.csv": "refused", "9.csv": "landed"}
    assert outcomes[1].problem == "the object is gone, or its bucket; check the address; run again if it was replaced"


def test_an_object_that_changes_between_two_of_its_parts_is_read_anew(
    store: Store, ingest: Callable[[str], list[Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PART", 64)
    store.put("8.csv", bill(8, "8"))

    def replaced_at_the_second_part(verb: str, _: str) -> None:
        if verb == "GET" and store.asked.count(("GET", "8.csv")) == 2:
            store.put("8.csv", bill(8, "9"), LAST_WEEK + 1)

    store.on_ask = replaced_at_the_second_part
    (outcome,) = ingest("s3://bills/8.csv")
    assert outcome.state == "landed"
    assert states(ingest("s3://bills/*.csv")) == {"8.csv": "known"}  # as the listing tells what was read at last


def test_an_object_that_changes_without_end_is_refused(store: Store, ingest: Callable[[str], list[Outcome]]) -> None:
    store.put("8.csv", bill(8, "8"))

    def replaced(verb: str, _: str) -> None:
        if verb == "GET":
            store.put("8.csv", bill(8, "9"), LAST_WEEK + len(store.asked))

    store.on_ask = replaced
    (outcome,) = ingest("s3://bills/8.csv")
    assert outcome.state == "refused"
    assert outcome.problem == "the object changed each of the 3 times that it was read; run again when it is finished"


def test_a_store_that_is_busy_is_asked_again(store: Store, ingest: Callable[[str], list[Outcome]]) -> None:
    store.put("8.csv", bill(8, "8"))
    busy = {"LIST": 1, "HEAD": 1, "GET": 1}

    def at_first(verb: str, _: str) -> str | None:
        busy[verb] -= 1
        return "SlowDown" if busy[verb] >= 0 else None

    store.on_ask = at_first
    assert states(ingest("s3://bills/*.csv")) == {"8.csv": "landed"}
    assert store.asked.count(("GET", "8.csv")) == 2


def test_a_connection_that_breaks_off_is_begun_again(store: Store, ingest: Callable[[str], list[Outcome]]) -> None:
    store.put("8.csv", bill(8, "8"))
    store.cuts = 1
    assert states(ingest("s3://bills/8.csv")) == {"8.csv": "landed"}


def test_who_breaks_off_does_not_wait_for_the_rest_of_an_object(
    store: Store, con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PART", 64)
    store.put("8.csv", bill(8, "8" * 64_000))
    store.put("9.csv", bill(9, "9"))
    is_read = threading.Event()

    def noticed(verb: str, key: str) -> None:
        if (verb, key) == ("GET", "8.csv"):
            is_read.set()

    def pressed(_: object, number: int, __: int) -> None:
        if number == 1:
            is_read.wait()
            raise KeyboardInterrupt

    store.on_ask = noticed
    found = expand("s3://bills/*.csv", tmp_path)
    with Ledger(tmp_path) as ledger, pytest.raises(KeyboardInterrupt):
        ingest_files(con, ledger, found, home=tmp_path, sources=SOURCES, on_file=pressed)
    assert len(store.asked) < 900
    assert not (tmp_path / remote.FETCHED).exists()


def test_a_copy_that_a_killed_run_left_is_removed(
    store: Store, ingest: Callable[[str], list[Outcome]], tmp_path: Path
) -> None:
    left = tmp_path / "home" / remote.FETCHED / "left"
    left.parent.mkdir()
    left.write_bytes(bill(7, "7"))
    store.put("8.csv", bill(8, "8"))
    assert states(ingest("s3://bills/8.csv")) == {"8.csv": "landed"}
    assert not left.parent.exists()


@pytest.mark.parametrize(
    ("place", "root"),
    [("gs://logs", "logs"), ("abfss://logs@acme.dfs.core.windows.net", "logs/")],  # as pyarrow names them
)
def test_the_stores_of_google_and_azure_are_read_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ingest: Callable[[str], list[Outcome]], place: str, root: str
) -> None:
    class Stand:
        @staticmethod
        def from_uri(uri: str) -> tuple[SubTreeFileSystem, str]:
            assert uri.partition("?")[0] == place
            return SubTreeFileSystem(str(tmp_path), LocalFileSystem()), root

    (tmp_path / "logs" / "2026").mkdir(parents=True)
    (tmp_path / "logs" / "2026" / "8.csv").write_bytes(bill(8, "8"))
    os.utime(tmp_path / "logs" / "2026" / "8.csv", (LAST_WEEK, LAST_WEEK))
    monkeypatch.setattr(remote, "FileSystem", Stand)
    for address in (f"{place}/**/*.csv", f"{place}/2026/", place):
        (outcome,) = ingest(address)
        assert (str(outcome.path), outcome.problem) == (f"{place}/2026/8.csv", None)
    assert outcome.state == "known"


def test_unitcost_toml_lists_addresses_as_it_lists_paths(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("exports/8.csv", bill(8, "8"))
    (tmp_path / "unitcost.toml").write_text('[[inputs]]\npath = "s3://bills/exports/*.csv"\nsource = "focus"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path / "home"))
    settings = Settings()
    with pipeline.writer(settings):
        outcomes = pipeline.ingest(settings, [(one.path, one.source) for one in pipeline.listed_inputs(settings)])
    assert states(outcomes) == {"8.csv": "landed"}


def test_an_object_that_may_not_be_read_is_refused_and_the_others_land(
    store: Store, ingest: Callable[[str], list[Outcome]]
) -> None:
    store.put("8.csv", bill(8, "8"))
    store.put("9.csv", bill(9, "8"))
    store.on_ask = lambda verb, key: "AccessDenied" if (verb, key) == ("GET", "8.csv") else None
    outcomes = ingest("s3://bills/*.csv")
    assert states(outcomes) == {"8.csv": "refused", "9.csv": "landed"}
    assert "no permission" in (outcomes[0].problem or "")
    assert "AWS_PROFILE" in (outcomes[0].problem or "")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("s3://other/*.csv", "there is no such bucket"),
        ("s3://bills/none.csv", "nothing is at s3://bills/none.csv; check the bucket and the path"),
        ("s3://bills/*.csv", "nothing is at"),
        ("s3:///x.csv", "names no bucket; write s3://bucket/path"),
        ("http://bills/x.csv", "no store is read by this scheme; use s3://, gs://, abfss://"),
        ("s3://me:hunter2@bills/x.csv", "holds a user, a password or a query; take them out; set AWS_PROFILE"),
        ("s3://AKIA@bills/x.csv", "holds a user"),
        ("s3://AKIA:hunter2/slash@bills/x.csv", "holds a user"),
        ("s3://AKIA:sla/shhunter2@bills/x.csv", "holds a user"),
        ("s3://bills/x.csv?X-Amz-Signature=hunter2&b=1", "or a query"),
        ("s3://bills?access_key=me&secret_key=hunter2", "or a query"),
        ("abfss://logs:hunter2@acme.dfs.core.windows.net/x", "holds a user, a password"),
        ("abfss://logs@acme.dfs.core.windows.net/x?sig=hunter2", "set AZURE_CLIENT_ID"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_in_a_line_without_a_secret(
    store: Store, address: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as refused:
        expand(address, tmp_path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    for shown in (str(refused.value), str(called(address))):
        assert "hunter2" not in shown
        assert SECRET not in shown
    assert not store.read()


@pytest.mark.parametrize(
    ("words", "says"),
    [  # as the clients say it
        ("AWS Error UNKNOWN (HTTP status 301) during HeadObject operation: No response body.", "set AWS_REGION"),
        ("AWS Error ACCESS_DENIED during HeadObject operation: No response body.", "no permission"),
        ("AWS Error UNKNOWN (HTTP status 400): Unable to parse ExceptionName: ExpiredToken", "no permission"),
        ("AWS Error UNKNOWN (HTTP status 400) during HeadObject operation: No response body.", "AWS_PROFILE"),
        ("AWS Error UNKNOWN (HTTP status 503) during HeadObject operation: No response body.", "run again later"),
        ("AWS Error NETWORK_CONNECTION: curlCode: 6, Could not resolve hostname", "check the network"),
        ("google::cloud::Status(UNAVAILABLE: Could not create a OAuth2 access token to authenticate", "no permission"),
        ("google::cloud::Status(UNAVAILABLE: CURL error [6]=Could not resolve hostname", "check the network"),
        ("AuthenticationExceptionE: Failed to get token from DefaultAzureCredential.\nSee", "no permission"),
    ],
)
def test_what_a_store_answers_is_told_with_what_to_do(words: str, says: str) -> None:
    assert says in str(explained(OSError(words), "s3"))
    assert "\n" not in str(explained(OSError(words), "s3"))


def test_an_answer_that_repeats_a_secret_is_shown_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    refused = explained(OSError(f"bad {SECRET} at\nhttp://me:hunter2@store:9000/bills"), "s3")
    assert str(refused).startswith("the store answers: bad … at http://…@store:9000/bills; check the address")


def test_the_command_line_reads_a_store_and_prints_no_secret(store: Store, tmp_path: Path) -> None:
    store.put("exports/8.csv.gz", gzip.compress(bill(8, "8"), mtime=0))
    store.put("exports/9.csv", bill(9, "8"))
    store.on_ask = lambda verb, key: "AccessDenied" if (verb, key) == ("HEAD", "exports/9.csv") else None
    (tmp_path / "unitcost.toml").write_text("")

    def unitcost(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
        paths = os.pathsep.join([str(Path(remote.__file__).parent.parent), *filter(None, sys.path)])
        environment = {**os.environ, "PYTHONPATH": paths, "UNITCOST_HOME": str(tmp_path / "home")}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    done = unitcost("ingest", "s3://bills/exports/**", "s3://me:hunter2@bills/x", "s3://bills/x?sig=hunter2")
    assert done.returncode == 3
    assert "1 files landed (1 records), 0 known already, 3 refused" in done.stdout
    assert "refused s3://bills/exports/9.csv: the store gives no permission" in " ".join(done.stderr.split())
    assert "refused s3://…: the address holds" in " ".join(done.stderr.split())
    assert "refused s3://bills/x?…: the address holds" in " ".join(done.stderr.split())
    status = json.loads(unitcost("status", "--json").stdout)
    assert {one["file"] for one in status["inputs"]} == {"s3://bills/exports/8.csv.gz", "s3://bills/exports/9.csv"}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    for secret in ("hunter2", SECRET):
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in kept


def stored_delivery(store: Store, run: str, *costs: str, written: float = LAST_WEEK) -> list[str]:
    """One run of AWS Data Exports in the bucket: parts, and the manifest that lists them; the keys of the parts."""
    base = "billing/focus-export"
    keys = [
        f"{base}/data/BILLING_PERIOD=2026-10/{run}/focus-export-{number:05}.csv" for number in range(1, len(costs) + 1)
    ]
    for key, cost in zip(keys, costs, strict=True):
        store.put(key, bill(10, cost), written)
    said = {"executionId": run, "dataFiles": [f"s3://bills/{key}" for key in keys]}
    manifest = f"{base}/metadata/BILLING_PERIOD=2026-10/{run}/focus-export-Manifest.json"
    store.put(manifest, json.dumps(said).encode(), written)
    return keys


def test_the_parts_that_a_manifest_in_a_store_lists_land_as_one_bill(
    store: Store, ingest: Callable[[str], list[Outcome]], tmp_path: Path
) -> None:
    stored_delivery(store, "2026-10-08T00:00:00Z", "1", "2")
    assert states(ingest("s3://bills/billing")) == {
        "focus-export-00001.csv": "landed",
        "focus-export-00002.csv": "landed",
    }
    newest = stored_delivery(store, "2026-10-09T00:00:00Z", "4", "8", written=LAST_WEEK + 60)
    outcomes = ingest("s3://bills/billing")
    assert [outcome.state for outcome in outcomes] == ["older", "landed", "landed"]
    asked = len(store.asked)
    assert states(ingest("s3://bills/billing")) == {"focus-export-Manifest.json": "known"}
    # of what is known only the manifests are read again
    assert {key.rpartition("/")[2] for verb, key in store.asked[asked:] if verb == "GET"} == {
        "focus-export-Manifest.json"
    }
    assert not list((tmp_path / "home").glob(f"{remote.FETCHED}*"))

    del store.objects[newest[1]]
    stored_delivery(store, "2026-10-10T00:00:00Z", "5", "9", "9.5")
    del store.objects[f"{newest[0].replace('-09T', '-10T')}"]
    refused = [outcome for outcome in ingest("s3://bills/billing") if outcome.state == "refused"]
    assert [outcome.path.name for outcome in refused] == ["focus-export-Manifest.json"]
    assert "is not there" in str(refused[0].problem)
    assert not list((tmp_path / "home").glob(f"{remote.FETCHED}*"))
