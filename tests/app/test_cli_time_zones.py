"""Where the machine stands does not matter: days and billing periods are of UTC, from the file to the answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

UNITCOST = str(Path(sys.executable).parent / "unitcost")
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)
SEPTEMBER, OCTOBER = "2026-09-01T00:00:00Z,2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z,2026-11-01T00:00:00Z"
LINES = (
    (SEPTEMBER, "2026-09-01T00:00:00Z,2026-09-01T01:00:00Z", "1"),
    (SEPTEMBER, "2026-09-30T23:59:59.999999Z,2026-10-01T00:00:00Z", "2"),
    (OCTOBER, "2026-10-01T00:00:00Z,2026-10-01T01:00:00Z", "4"),
    (OCTOBER, "2026-10-31T19:00:00-05:00,2026-10-31T19:00:00-05:00", "8"),  # in Kolkata, Sunday morning
    (OCTOBER, "2026-10-01T02:00:00,2026-10-01T03:00:00", "16"),  # UTC by the specification
)
BY_PERIOD = (
    "select strftime(billing_period_start_at, '%Y-%m') as month, strftime(charge_period_start_at, '%Y-%m') as charged, "
    "sum(billed_cost)::integer as billed from fct_charges group by all order by all"
)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata"])
def test_totals_by_billing_period_are_the_same_in_every_time_zone(zone: str, tmp_path: Path) -> None:
    rows = [f"acme,{period},{charged},Usage,{cost},{cost},USD" for period, charged, cost in LINES]
    (tmp_path / "bill.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    (tmp_path / "unitcost.toml").write_text('[[inputs]]\npath = "bill.csv"\n')

    def unitcost(*arguments: str) -> str:
        environment = {**os.environ, "TZ": zone, "UNITCOST_HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [UNITCOST, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    unitcost("run")
    shown = unitcost("sql", BY_PERIOD, "--format", "csv").split()
    assert shown == ["month,charged,billed", "2026-09,2026-09,3", "2026-10,2026-10,20", "2026-10,2026-11,8"]
