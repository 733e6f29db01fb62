"""`unitcost fetch` as a person uses it: keys, files, exit codes, a kill at any moment."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.paths import expand
from tests.ingest.provider import KEY, Fault, Provider, Query, serving
from tests.ingest.store import serving as stored

COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "fetch"]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(lambda *_: {"data": [{"id": 1}], "has_more": False}) as one:
        yield one


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def environment(home: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    return {**plain, "UNITCOST_HOME": str(home), "COLUMNS": "500", **more}


def fetch(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(home, **more), capture_output=True, text=True, check=False
    )
    assert KEY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def openrouter(home: Path, provider: Provider, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return fetch(home, "openrouter", "--base-url", provider.url, *arguments, **more)


def test_the_key_comes_from_the_environment_and_a_run_reads_what_came(home: Path, provider: Provider) -> None:
    done = openrouter(home, provider, OPENROUTER_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert "activity: 30 pages, 30 of them new or restated; 0 windows are settled" in done.stdout
    assert f"in {home}/fetched/openrouter/<report>/*.json" in done.stdout
    found = expand(f"{home}/fetched/openrouter/activity/*.json", home)
    assert len(found) == 30
    assert sorted(expand(f"{home}/fetched", home)) == sorted(found)  # without state and what is not finished
    assert {path.stat().st_mode & 0o077 for path in (home / "fetched").rglob("*")} == {0}
    assert not any(KEY.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_the_key_comes_from_a_file_that_only_its_owner_reads(home: Path, provider: Provider, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(f"{KEY}\n")
    for mode in (0o644, 0o640, 0o604):
        key_file.chmod(mode)
        refused = openrouter(home, provider, "--key-file", str(key_file))
        assert refused.returncode == 2
        assert "can be read by others: chmod 600" in refused.stderr
    assert provider.asked == []
    key_file.chmod(0o600)
    assert openrouter(home, provider, "--key-file", str(key_file)).returncode == 0
    assert provider.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "set OPENROUTER_API_KEY, or give --key-file"),
        (("--key-file", "/nowhere/key"), 2, "cannot be read as a key: FileNotFoundError"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), 2, "--to 2026-11-01 is before --from 2026-11-02"),
    ],
    ids=["no key", "no key file", "dates the wrong way round"],
)
def test_what_is_missing_is_said(
    arguments: tuple[str, ...], code: int, says: str, home: Path, provider: Provider
) -> None:
    done = openrouter(home, provider, *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert provider.asked == []


def test_a_failure_is_one_line_and_exit_code_1(home: Path, provider: Provider) -> None:
    provider.faults = [Fault(401)]
    done = openrouter(home, provider, OPENROUTER_API_KEY=KEY)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: /activity: HTTP 401 (overloaded): the key is not accepted; is it an admin key, and still valid?"
    )
    provider.faults = [Fault(403)]
    done = openrouter(home, provider, OPENROUTER_API_KEY=KEY)
    assert done.returncode == 1
    assert done.stderr.startswith("error: openrouter activity: /activity: HTTP 403")


def test_a_server_that_is_not_on_tls_gets_no_key(home: Path) -> None:
    done = fetch(home, "openai", "--base-url", "http://example.com", OPENAI_ADMIN_KEY=KEY)
    assert done.returncode == 1
    assert done.stderr.strip() == "error: http://example.com is not TLS: use https://"


def test_two_fetches_of_one_provider_do_not_meet(home: Path, provider: Provider) -> None:
    folder = home / "fetched" / "openrouter"
    folder.mkdir(parents=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = openrouter(home, provider, OPENROUTER_API_KEY=KEY)
    assert done.returncode == 75
    assert "another `unitcost fetch openrouter` writes" in done.stderr


def test_the_demo_company_gets_no_real_bill(home: Path, provider: Provider) -> None:
    (home / "demo").mkdir(parents=True)
    done = openrouter(home, provider, OPENROUTER_API_KEY=KEY)
    assert done.returncode == 2
    assert "holds the demo company" in done.stderr


def test_who_is_killed_again_and_again_gets_every_page_once(home: Path) -> None:
    def slow(_: str, query: Query) -> dict[str, Any]:
        time.sleep(0.05)
        return {"data": [{"date": query["date"][0]}]}

    with serving(slow) as provider:
        for _ in range(3):
            asked = len(provider.asked)
            process = subprocess.Popen(
                [*COMMAND, "openrouter", "--base-url", provider.url],
                env=environment(home, OPENROUTER_API_KEY=KEY),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            deadline = time.monotonic() + 60
            while len(provider.asked) < asked + 4 and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        done = openrouter(home, provider, OPENROUTER_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert len(list((home / "fetched/openrouter/activity").glob("2*.json"))) == 30
    days = [query["date"][0] for _, query in provider.asked]
    assert len(set(days)) == 30
    assert len(days) <= 33  # only a page that was on its way at a kill is asked for again


def test_the_objects_of_a_bucket_come_with_exit_codes(home: Path) -> None:
    with stored() as (store, named):
        store.put("exports/bill.csv", b"a,b\n1,2\n")
        done = fetch(home, "aws", "s3://bills/exports", **named)
        assert (done.returncode, "objects: 1 new, 0 changed, 0 as they were" in done.stdout) == (0, True), done.stderr
        assert [file.name for file in expand(f"{home}/fetched/aws/**/*.csv", home)] == ["bill.csv"]
        store.put("exports//bill.csv", b"x")
        done = fetch(home, "aws", "s3://bills/exports", **named)
        assert (done.returncode, "1 as they were" in done.stdout, "left" in done.stderr) == (3, True, True)
        done = fetch(home, "gcp", "s3://bucket/x", **named)
        assert (done.returncode, done.stderr.strip()) == (3, "error: gcp has no s3://; write gs://bucket/prefix")
