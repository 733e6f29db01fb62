"""Exports in a store that speaks S3 and is not ours: moto in server mode, in a process of its own."""

import gzip
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from ingest import remote
from ingest.fetch import bucket
from ingest.files import RefusedError
from ingest.inputs import ingest_files
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.paths import expand
from ingest.sources import discover
from tests.ingest.store import environment

NEEDED = ("moto", "flask", "flask_cors")
pytestmark = pytest.mark.skipif(
    not all(map(find_spec, NEEDED)), reason=f"one of {', '.join(NEEDED)} is not installed: pip install -e '.[dev]'"
)
SOURCES = discover()
SIGNED = {
    "Content-Type": "application/octet-stream",
    # whoever signs may write anew what is there; how is not looked at
    "Authorization": "AWS4-HMAC-SHA256 Credential=NOBODY/20261007/us-east-1/s3/aws4_request, SignedHeaders=host, "
    "Signature=0",
}
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)


def bill(month: int, *costs: str, account: str = "acme") -> bytes:
    period = f"2026-{month:02}-01T00:00:00Z,2026-{month + 1:02}-01T00:00:00Z"
    day = f"2026-{month:02}-07T00:00:00Z,2026-{month:02}-08T00:00:00Z"
    return "\n".join([HEADER, *(f"{account},{period},{day},Usage,{cost},{cost},USD" for cost in costs), ""]).encode()


@dataclass
class Moto:
    """A running server, and what it says that it was asked for."""

    port: int
    log: Path

    def ask(self, verb: str, *objects: tuple[str, bytes]) -> None:
        """Plain HTTP over one connection."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        for path, body in objects:
            connection.request(verb, quote(path), body, SIGNED)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
        connection.close()

    def put(self, key: str, body: bytes) -> None:
        self.ask("PUT", (f"/bills/{key}", body))

    def asked(self, verb: str = "GET") -> list[str]:
        """Paths and queries, in order."""
        return re.findall(rf'"{verb} (\S+) HTTP', self.log.read_text())

    def read(self) -> list[str]:
        """The keys of which bytes were asked for since the log was emptied."""
        return sorted({path.removeprefix("/bills/") for path in self.asked() if "?" not in path})

    def forget(self) -> None:
        with self.log.open("r+b") as log:
            log.truncate(0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """moto on a port that the system chooses, which it says when it listens."""
    log = tmp_path_factory.mktemp("moto") / "log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=out,
            stderr=out,
        )
    try:
        deadline = time.monotonic() + 60
        while not (said := re.search(r"Running on http://127\.0\.0\.1:(\d+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Moto(int(said[1]), log)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def moto(server: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    """The server with the empty bucket `bills`. What was written just now counts as settled: moto's clock is ours."""
    for name, value in environment(server.port).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(remote, "JUST_WRITTEN", -remote.SECOND)
    server.ask("POST", ("/moto-api/reset", b""))
    server.ask("PUT", ("/bills", b""))
    server.forget()
    return server


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


def test_what_did_not_change_is_not_read_again_and_what_changed_is(
    moto: Moto, ingest: Callable[[str], list[Outcome]]
) -> None:
    moto.put("exports/2026/august.csv", bill(8, "8"))
    moto.put("exports/2026/deep/september.csv.gz", gzip.compress(bill(9, "9"), mtime=0))
    moto.put("exports/2026/notes.txt", b"no bill")
    moto.put("other/october.csv", bill(10, "10"))
    address = "s3://bills/exports/20??/**/*.csv*"
    assert states(ingest(address)) == {"august.csv": "landed", "september.csv.gz": "landed"}
    assert moto.read() == ["exports/2026/august.csv", "exports/2026/deep/september.csv.gz"]
    moto.forget()
    assert states(ingest(address)) == {"august.csv": "known", "september.csv.gz": "known"}
    assert moto.asked(), "it was listed"
    assert not moto.read()
    moto.put("exports/2026/august.csv", bill(8, "8.25"))
    again = {outcome.path.name: outcome for outcome in ingest(address)}
    assert {name: outcome.state for name, outcome in again.items()} == {
        "august.csv": "landed",
        "september.csv.gz": "known",
    }
    assert again["august.csv"].replaced
    assert moto.read() == ["exports/2026/august.csv"]


def test_a_listing_goes_on_after_its_first_thousand_objects(moto: Moto, ingest: Callable[[str], list[Outcome]]) -> None:
    moto.ask("PUT", *((f"/bills/many/{number:04}.csv", b"x") for number in range(1_001)))
    moto.put("many/1001.csv", bill(8, "8"))
    moto.forget()
    assert len(remote.find("s3://bills/many/*.csv")) == 1_002
    assert [path for path in moto.asked() if "continuation-token" in path]
    assert states(ingest("s3://bills/many/1*1.csv")) == {"1001.csv": "landed"}
    assert moto.read() == ["many/1001.csv"]


@pytest.mark.parametrize("name", ["a b.csv", "50%+1.csv", "Größe=1&2.csv", "a%20b.csv"])
def test_a_key_is_the_text_that_it_is(moto: Moto, ingest: Callable[[str], list[Outcome]], name: str) -> None:
    moto.put(f"exports/{name}", bill(8, "8"))
    assert states(ingest("s3://bills/exports/*.csv")) == {name: "landed"}
    assert states(ingest(f"s3://bills/exports/{name}")) == {name: "known"}


def test_a_large_object_arrives_whole(moto: Moto, ingest: Callable[[str], list[Outcome]]) -> None:
    moto.put("large.csv", bill(8, *["0.5"] * 120_000))
    (outcome,) = ingest("s3://bills/large.csv")
    assert (outcome.state, outcome.landed_count) == ("landed", 120_000)
    assert moto.asked().count("/bills/large.csv") > 1, "more than one part"


def test_a_delivery_is_what_its_manifest_lists(moto: Moto, ingest: Callable[[str], list[Outcome]]) -> None:
    def deliver(run: str, *parts: bytes) -> None:
        keys = [f"billing/focus/data/BILLING_PERIOD=2026-08/{run}/part-{number}.csv.gz" for number in range(len(parts))]
        for key, part in zip(keys, parts, strict=True):
            moto.put(key, gzip.compress(part, mtime=0))
        said = {"executionId": run, "dataFiles": [f"s3://bills/{key}" for key in keys]}
        manifest = f"billing/focus/metadata/BILLING_PERIOD=2026-08/{run}/focus-Manifest.json"
        moto.put(manifest, json.dumps(said).encode())

    deliver("20260901T040000Z-a", bill(8, "10"), bill(8, "20", account="fabrikam"))
    assert [outcome.state for outcome in ingest("s3://bills/billing")] == ["landed", "landed"]
    moto.forget()
    assert {outcome.state for outcome in ingest("s3://bills/billing")} == {"known"}
    assert [key for key in moto.read() if not key.endswith(".json")] == []
    deliver("20260902T040000Z-b", bill(8, "11"), bill(8, "21", account="fabrikam"))
    newer = ingest("s3://bills/billing")
    assert sorted(outcome.state for outcome in newer) == ["landed", "landed", "older"]
    assert sum(len(outcome.replaced) for outcome in newer) == 2


def test_fetch_copies_what_is_new_or_changed(moto: Moto, tmp_path: Path) -> None:
    aws = bucket.STORES["aws"]
    moto.put("cur/a.csv.gz", packed := gzip.compress(bill(8, "8"), mtime=0))
    moto.put("cur/b.csv", bill(9, "9"))
    assert bucket.copy(aws, "s3://bills/cur", tmp_path) == bucket.Copied(new=2)
    assert (tmp_path / "bills/cur/a.csv.gz").read_bytes() == packed
    moto.forget()
    assert bucket.copy(aws, "s3://bills/cur", tmp_path) == bucket.Copied(same=2)
    assert not moto.read()
    moto.put("cur/b.csv", bill(9, "9.25"))
    assert bucket.copy(aws, "s3://bills/cur", tmp_path) == bucket.Copied(same=1, changed=1)
    assert (tmp_path / "bills/cur/b.csv").read_bytes() == bill(9, "9.25")


def test_a_bucket_that_is_not_there_is_refused_with_its_reason(moto: Moto, tmp_path: Path) -> None:
    assert moto.port
    with pytest.raises(RefusedError, match=r"nothing is at s3://nowhere/a\.csv"):
        remote.find("s3://nowhere/a.csv")
    with pytest.raises(RefusedError, match="check"):
        expand("s3://nowhere/*.csv", tmp_path)
