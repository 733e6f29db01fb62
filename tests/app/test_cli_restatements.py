"""Bills on the command line: what is refused, what lifts it, and a kill in the middle of a restatement."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb

UNITCOST = str(Path(sys.executable).parent / "unitcost")
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)


def bill(path: Path, cost: str, lines: int = 1) -> Path:
    """A bill of acme for September, of equal lines."""
    period = "2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,2026-09-07T00:00:00Z,2026-09-08T00:00:00Z"
    path.write_text(f"{HEADER}\n" + f"acme,{period},Usage,{cost},{cost},USD\n" * lines)
    return path


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "UNITCOST_HOME": str(home), "COLUMNS": "200"}
    return subprocess.Popen(
        [UNITCOST, *arguments], env=environment, cwd=home.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate()
    return process.returncode, out, err


def active(home: Path) -> list[tuple[str, int]]:
    """The lines that count, by input."""
    with duckdb.connect(str(home / "ledger.duckdb")) as con:
        return con.sql(
            "select input_id, sum(row_count)::bigint from landing_files "
            "where is_active and table_name = 'focus__charges' group by all order by all"
        ).fetchall()


def test_a_much_smaller_bill_needs_a_word(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert ended(command(home, "ingest", str(bill(tmp_path / "1.csv", "100.5"))))[0] == 0
    smaller = str(bill(tmp_path / "2.csv", "60.25"))
    before = active(home)
    code, out, err = ended(command(home, "ingest", smaller))
    assert code == 3
    assert "it bills 60.25 USD to acme for 2026-09-01, over 20 % less than the 100.5 USD" in err
    assert "load it with --allow-smaller" in err
    assert "1 refused" in out
    assert active(home) == before
    (tmp_path / "unitcost.toml").write_text(f'[[inputs]]\npath = "{smaller}"\n')
    code, out, err = ended(command(home, "run", "--allow-smaller"))
    assert (code, "published" in out) == (0, True), err
    assert active(home) != before
    shown = ended(command(home, "sql", "select billed_cost_change from restatements", "--format", "csv"))[1]
    assert shown.split() == ["billed_cost_change", "-40.250000000000"]


def test_a_killed_restatement_leaves_the_older_bill_or_the_newer_one(tmp_path: Path) -> None:
    home, chance = tmp_path / "home", random.Random(20261128)  # noqa: S311 - a sample, no secret
    lines = 20_000
    assert ended(command(home, "ingest", str(bill(tmp_path / "0.csv", "100", lines))))[0] == 0
    for number in range(1, 5):
        before = active(home)
        newer = str(bill(tmp_path / f"{number}.csv", str(100 + number), lines))
        process = command(home, "ingest", newer)
        time.sleep(chance.uniform(0.6, 2.5))
        process.send_signal(signal.SIGKILL)
        ended(process)
        ((_, row_count),) = now = active(home)
        assert row_count == lines
        assert ended(command(home, "ingest", newer))[0] == 0
        after = active(home)
        assert len(after) == 1
        assert now in (before, after)
        assert after != before
