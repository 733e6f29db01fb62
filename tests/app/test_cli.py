"""The command line as a person uses it: real processes, exit codes, one-line errors, a kill at any moment."""

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from app import builds
from ingest import demo
from tests.conftest import share_parsed

UNITCOST = str(Path(sys.executable).parent / "unitcost")


def unitcost(home: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [UNITCOST, *arguments],
        env={**os.environ, "UNITCOST_HOME": str(home), "COLUMNS": "200"},
        cwd=cwd or home.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "demo"
    demo.write(folder, as_of=date(2026, 11, 24), scale=0.02)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, exports: Path, dbt_parses_once: Path) -> Path:
    """A warehouse that holds the small demo company."""
    folder = tmp_path_factory.mktemp("cli") / "warehouse"
    (folder.parent / "unitcost.toml").write_text(f'[[inputs]]\npath = "{exports}"\n')
    done = unitcost(folder, "run")
    assert done.returncode == 0, done.stderr
    assert "published" in done.stdout
    parsed = folder / "dbt" / "duckdb" / "partial_parse.msgpack"
    if parsed.exists():  # dbt writes none where it found all of it, which another of pytest's processes had shared
        share_parsed(parsed.read_bytes(), dbt_parses_once)
    return folder


def rows(home: Path, query: str) -> list[dict[str, str]]:
    done = unitcost(home, "sql", query, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_support_assistant_costs_what_the_story_says(home: Path) -> None:
    """50,000 conversations × 10 turns × $0.01 = $5,000.00, here at a fiftieth of the size."""
    (support,) = rows(
        home,
        "select conversation_count, cost_usd, cost_per_conversation_usd from cost_per_feature "
        "where feature_id = 'support_assistant' and month = '2026-10-01'",
    )
    assert int(support["conversation_count"]) == 1000
    assert Decimal(support["cost_usd"]) == Decimal("100.00")
    assert Decimal(support["cost_per_conversation_usd"]) == Decimal("0.10")
    turns = rows(
        home,
        "select distinct turn_count, cost_usd from cost_per_conversation "
        "where feature_id = 'support_assistant' and started_date between '2026-10-01' and '2026-10-31'",
    )
    assert [(int(turn["turn_count"]), Decimal(turn["cost_usd"])) for turn in turns] == [(10, Decimal("0.10"))]


def test_a_second_run_with_nothing_new_says_so_and_leaves_the_build(home: Path) -> None:
    before = builds.current(home)
    done = unitcost(home, "run")
    assert done.returncode == 0
    assert "nothing new" in done.stdout
    assert builds.current(home) == before


def test_status_accounts_for_every_record_of_every_file(home: Path, exports: Path) -> None:
    status = json.loads(unitcost(home, "status", "--json").stdout)
    assert {one["file"] for one in status["inputs"]} == {str(path) for path in exports.rglob("*.*") if path.is_file()}
    for one in status["inputs"]:
        parts = ("loaded", "rejected", "duplicates", "other", "superseded")
        assert one["records"] == sum(one[part] for part in parts), one
    assert sum(one["duplicates"] for one in status["inputs"]) > 0
    assert status["build"]["requests"] == sum(
        one["loaded"] for one in status["inputs"] if one["source"] in {"openai", "anthropic", "litellm"}
    )


@pytest.mark.parametrize(
    "query",
    [
        "delete from marts.fct_charges",
        "create table x as select 1",
        "copy (select 1) to '/tmp/x.csv'",
        "select 1; select 2",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "attach '/tmp/other.duckdb'",
        "set memory_limit = '1GB'",
        "select * from no_such_mart",
    ],
)
def test_sql_refuses_what_is_not_a_question_to_the_marts(home: Path, query: str) -> None:
    done = unitcost(home, "sql", query)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_sql_cannot_reach_the_file_that_it_reads(home: Path) -> None:
    path = builds.current(home).path
    before = path.stat()
    for query in (f"select * from read_blob('{path}')", f"with x as (copy (select 1) to '{path}') select * from x"):
        assert unitcost(home, "sql", query).returncode == 1
    assert path.stat() == before


def test_sql_prints_money_exactly_in_every_format(home: Path) -> None:
    query = "select cast(0.1 as decimal(38, 12)) + cast(0.2 as decimal(38, 12)) as sum_usd"
    assert "0.3" in unitcost(home, "sql", query).stdout
    assert json.loads(unitcost(home, "sql", query, "--format", "json").stdout) == [{"sum_usd": "0.300000000000"}]
    assert rows(home, query) == [{"sum_usd": "0.300000000000"}]


def test_without_a_build_the_error_says_what_to_do(tmp_path: Path) -> None:
    done = unitcost(tmp_path / "warehouse", "sql", "select 1")
    assert done.returncode == 1
    assert "run `unitcost demo` or `unitcost run`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_bad_files_are_named_the_rest_goes_on_and_the_exit_code_tells(tmp_path: Path) -> None:
    good = (
        '{"timestamp":"2026-10-07T13:46:57Z","response":{"id":"c%d","object":"chat.completion","model":"%s",'
        '"usage":{"prompt_tokens":%s}}}\n'
    )
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.jsonl").write_text(
        good % (1, "gpt-5", "10") + good % (2, "acme-7b", "10") + good % (3, "gpt-5", "-1")
    )
    (folder / "cut.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae")
    (folder / "unknown.csv").write_text("name,age\nada,36\n")
    (folder / "bill.csv").write_text(
        "BilledCost,BillingAccountId,BillingPeriodStart,ChargeCategory,ChargePeriodStart,EffectiveCost\n1,1,1,1,1,1\n"
    )
    home = tmp_path / "warehouse"
    done = unitcost(home, "ingest", str(folder))
    assert done.returncode == 3, done.stderr
    for name, says in (
        ("cut.jsonl.gz", "ends in the middle"),
        ("unknown.csv", "not recognised"),
        ("bill.csv", "required column BillingCurrency is missing"),
        ("good.jsonl", "1 of 3 records rejected, first in line 3: prompt_tokens is below 0"),
    ):
        assert any(name in line and says in line for line in done.stderr.splitlines()), (name, done.stderr)
    assert unitcost(home, "build").returncode == 0
    assert [row["price_status"] for row in rows(home, "select price_status from fct_requests order by request_id")] == [
        "priced",
        "unknown_model",
    ]
    assert unitcost(home, "ingest", str(folder / "good.jsonl")).returncode == 0, (
        "known already: nothing was rejected now"
    )
    status = json.loads(unitcost(home, "status", "--json").stdout)
    refused = {Path(one["file"]).name: one for one in status["inputs"] if one["state"] == "refused"}
    assert set(refused) == {"bill.csv", "cut.jsonl.gz", "unknown.csv"}
    assert all(one["problem"] for one in refused.values())
    assert refused["bill.csv"]["records"] == refused["bill.csv"]["rejected"]
    (folder / "cut.jsonl.gz").unlink()
    (folder / "unknown.csv").write_text(
        "customer_id,period_start,period_end,amount,currency\nx,2026-10-01,2026-11-01,1,USD\n"
    )
    assert unitcost(home, "ingest", str(folder / "unknown.csv")).returncode == 0
    status = json.loads(unitcost(home, "status", "--json").stdout)
    assert [one["state"] for one in status["inputs"] if one["file"].endswith("unknown.csv")] == ["landed"]


def test_rejects_alone_exit_with_two(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"object": "chat.completion", "id": "x"}\n')
    done = unitcost(tmp_path / "warehouse", "ingest", str(tmp_path / "log.jsonl"))
    assert done.returncode == 2
    assert "requested_at is missing" in done.stderr


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("", "lists no [[inputs]]"),
        ('inputs = "x"', "inputs"),
        ("[[inputs]]\nfile = 'x'", "path"),
        ("[[", "unitcost.toml"),
    ],
)
def test_a_wrong_configuration_is_one_clear_line(tmp_path: Path, toml: str, says: str) -> None:
    (tmp_path / "unitcost.toml").write_text(toml)
    done = unitcost(tmp_path / "warehouse", "run")
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_second_run_is_told_who_holds_the_lock(home: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD,
        ],
        env={**os.environ, "UNITCOST_HOME": str(home)},
        cwd=home.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = unitcost(home, "build")
        assert done.returncode == 75
        assert f"process {holder.pid}" in done.stderr
        assert rows(home, "select 1 as one"), "readers need no lock"
    finally:
        holder.kill()
        holder.wait()
    assert unitcost(home, "build").returncode == 0, "a killed run leaves no stale lock"


def test_a_failed_test_publishes_nothing_and_names_itself(home: Path, tmp_path: Path) -> None:
    before = builds.current(home)
    revenue = tmp_path / "revenue.csv"
    revenue.write_text("customer_id,period_start,period_end,amount,currency\nx,2026-10-01,2026-10-02,5,EUR\n")
    assert unitcost(home, "ingest", str(revenue)).returncode == 0
    done = unitcost(home, "build")
    assert done.returncode == 1
    assert "assert_every_currency_has_an_exchange_rate" in done.stderr
    assert "EUR of 2026-10-01" in done.stderr
    assert builds.current(home) == before
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(revenue.read_text().replace("EUR", "USD"))
    assert unitcost(home, "ingest", str(fixed)).returncode == 0
    assert unitcost(home, "build").returncode == 0


def test_killing_a_run_at_any_moment_leaves_the_old_build_served(home: Path, tmp_path: Path) -> None:
    """Kill -9 at random moments of runs that have something new; readers see the old build, whole, until a run ends."""
    chance = random.Random(5)  # noqa: S311 - moments, not secrets
    (served,) = rows(home, "select count(*) as requests, sum(cost_usd) as cost from fct_requests")
    log = tmp_path / "new.jsonl"
    line = (
        '{"timestamp":"2026-11-23T13:46:57Z","response":{"id":"k%d","object":"chat.completion","model":"gpt-5",'
        '"usage":{"prompt_tokens":10}}}\n'
    )
    kills = 0
    for number in range(8):
        with log.open("a") as file:
            file.write(line % number)
        run = subprocess.Popen(
            [UNITCOST, "ingest", str(log)] if number % 4 == 3 else [sys.executable, "-c", BOTH, str(log)],
            env={**os.environ, "UNITCOST_HOME": str(home)},
            cwd=home.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.3, 9.0))
        run.send_signal(signal.SIGKILL)
        kills += run.wait() == -signal.SIGKILL
        build = builds.current(home)
        con = duckdb.connect(str(build.path), read_only=True)
        (count, cost) = con.sql("select count(*), sum(cost_usd) from marts.fct_requests").fetchall()[0]
        con.close()
        if str(count) != served["requests"]:  # this run got to its end first
            assert count > int(served["requests"])
            served = {"requests": str(count), "cost": str(cost)}
        assert str(cost) == served["cost"]
    assert kills >= 4
    assert unitcost(home, "ingest", str(log)).returncode == 0
    done = unitcost(home, "build")
    assert done.returncode == 0, done.stderr
    assert rows(home, "select count(*) as n from fct_requests where request_id like 'k%'") == [{"n": "8"}]
    assert not list((home / "builds").glob(".*")), "what killed runs left is gone"
    assert len(list((home / "builds").iterdir())) <= 3


HOLD = """
import time
from app import pipeline
from app.settings import Settings
with pipeline.writer(Settings(inputs=())):
    print("held", flush=True)
    time.sleep(60)
"""

BOTH = """
import sys
from app import pipeline
from app.settings import Settings
settings = Settings(inputs=())
with pipeline.writer(settings):
    pipeline.ingest(settings, [(sys.argv[1], None)])
    pipeline.build(settings)
"""


def test_old_builds_are_dropped_and_the_link_names_the_newest(home: Path) -> None:
    names = sorted(path.name for path in (home / "builds").iterdir())
    assert 1 <= len(names) <= 3
    assert (home / "latest.duckdb").resolve().name == names[-1] == builds.current(home).path.name
    assert builds.current(home).path.stat().st_mode & 0o222 == 0


def test_people_with_a_shell_find_the_marts_without_a_schema(home: Path) -> None:
    con = duckdb.connect(str(home / "latest.duckdb"), read_only=True)
    assert (
        con.sql("select count(*) from fct_requests").fetchall()
        == con.sql("select count(*) from marts.fct_requests").fetchall()
    )
    con.close()


def test_a_ledger_of_another_version_is_named_not_misread(tmp_path: Path) -> None:
    home = tmp_path / "warehouse"
    home.mkdir()
    con = duckdb.connect(str(home / "ledger.duckdb"))
    con.execute("create table ledger as select 99 as version")
    con.close()
    done = unitcost(home, "status")
    assert done.returncode == 1
    assert "of version 99" in done.stderr
    assert done.stderr.count("\n") == 1


def test_tables_show_names_whole_and_as_they_are(home: Path) -> None:
    done = unitcost(home, "sql", f"select '[bold]x[/bold]' as \"[red]\", '{'long ' * 60}' as long")
    assert "[bold]x[/bold]" in done.stdout
    assert "[red]" in done.stdout
    assert "long " * 60 in done.stdout


def test_a_path_that_is_missing_does_not_stop_the_others(tmp_path: Path) -> None:
    good = '{"timestamp":"2026-10-07T13:46:57Z","id":"c%d","object":"chat.completion","model":"gpt-5"}\n'
    (tmp_path / "a.jsonl").write_text(good % 1)
    (tmp_path / "b.jsonl").write_text(good % 2)
    home = tmp_path / "warehouse"
    done = unitcost(home, "ingest", str(tmp_path / "a.jsonl"), str(tmp_path / "none*.csv"), str(tmp_path / "b.jsonl"))
    assert done.returncode == 3
    assert "2 files landed (2 records)" in done.stdout
    assert "none*.csv" in done.stderr


def test_two_files_of_one_bill_in_one_command_are_not_taken_silently(tmp_path: Path) -> None:
    header = "customer_id,period_start,period_end,amount,currency\n"
    for name, amount in (("part-1.csv", 1000), ("part-2.csv", 1)):
        (tmp_path / name).write_text(f"{header}acme,2026-10-01,2026-11-01,{amount},USD\n")
    done = unitcost(tmp_path / "warehouse", "ingest", str(tmp_path / "part-1.csv"), str(tmp_path / "part-2.csv"))
    assert done.returncode == 3
    assert "parts of one bill must be one file" in done.stderr


@pytest.mark.parametrize(
    ("name", "content"), [("current.json", "{"), ("current.json", ""), ("ledger.duckdb", "no database")]
)
def test_a_damaged_warehouse_is_one_clear_line(tmp_path: Path, name: str, content: str) -> None:
    home = tmp_path / "warehouse"
    home.mkdir()
    (home / name).write_text(content)
    done = unitcost(home, *(("sql", "select 1") if name == "current.json" else ("status",)))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_warehouse_below_a_folder_named_like_a_column_is_refused(tmp_path: Path) -> None:
    done = unitcost(tmp_path / "customer_id=evil" / "warehouse", "status", cwd=tmp_path)
    assert done.returncode == 1
    assert "may have '='" in done.stderr
