"""Faults planted in models are caught by the shipped dbt tests: nothing is published, and the test is named."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import PROJECT_DIR

LOG = "tests/ingest/sources/anthropic/requests.jsonl"
REVENUE = "tests/ingest/sources/revenue_csv/revenue.csv"
BILL = "tests/ingest/sources/focus/charges.csv"

FAULTS = {
    "a filter drops calls": (
        "intermediate/int_requests_deduplicated.sql",
        "coalesce(merged.rank_in_call, 1) = 1",
        "coalesce(merged.rank_in_call, 1) = 1 and logged.output_tokens < 1000",
        "assert_no_request_is_lost",
    ),
    "a staging model drops calls": (
        "staging/anthropic/stg_anthropic__requests.sql",
        "\nfrom used\n",
        "\nfrom used\nwhere output_tokens < 1000\n",
        "assert_no_request_is_lost",
    ),
    "a join fans out": (
        "intermediate/prices/int_model_matches.sql",
        "from known\ninner join learned",
        "from known\ncross join (select 1 as one union all select 2 as one) as twice\ninner join learned",
        "unique_together_int_model_matches",
    ),
    "hours cost double": (
        "marts/core/fct_usage_hourly.sql",
        "cast(sum(cost_usd) as decimal(38, 12)) as cost_usd",
        "cast(sum(cost_usd) * 2 as decimal(38, 12)) as cost_usd",
        "assert_costs_are_conserved",
    ),
    "a component is left out of the total": (
        "marts/core/fct_requests.sql",
        "['input', 'cache_read', 'cache_write', 'output', 'tool', 'other'], '@_cost_usd'",
        "['input', 'cache_write', 'output', 'tool', 'other'], '@_cost_usd'",
        "assert_components_sum_to_cost",
    ),
    "a line of the bill is dropped": (
        "marts/core/fct_charges.sql",
        "from {{ ref('int_charges_kinded') }} as charges",
        "from (select * from {{ ref('int_charges_kinded') }} where charge_category = 'Usage') as charges",
        "assert_the_bill_is_whole",
    ),
    "nothing is wrong": (
        "marts/core/fct_charges.sql",
        "from {{ ref('int_charges_kinded') }} as charges",
        "from (select * from {{ ref('int_charges_kinded') }} where true) as charges",
        None,
    ),
    "a part of a unit is counted twice": (
        "intermediate/units/int_unit_instances.sql",
        "'output': 'case when ' ~ answers ~ ' then output_cost_usd end'",
        "'output': 'case when ' ~ answers ~ ' then output_cost_usd * 2 end'",
        "assert_units_are_their_parts",
    ),
    "revenue is recognised short": (
        "intermediate/int_revenue_recognised.sql",
        "part as revenue_usd",
        "cast(part * 0.99 as decimal(38, 12)) as revenue_usd",
        "assert_revenue_is_conserved",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_not_published(fault: str, tmp_path: Path) -> None:
    file, good, bad, test = FAULTS[fault]
    project = tmp_path / "project"
    for folder in ("app", "ingest", "macros", "models", "seeds", "tests"):
        shutil.copytree(PROJECT_DIR / folder, project / folder)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_DIR / name, project / name)
    model = project / "models" / file
    assert good in model.read_text()
    model.write_text(model.read_text().replace(good, bad))
    environment = {**os.environ, "UNITCOST_HOME": str(tmp_path / "home"), "PYTHONPATH": str(project)}

    def unitcost(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
        return subprocess.run(command, env=environment, cwd=project, capture_output=True, text=True, check=False)

    assert unitcost("ingest", LOG, REVENUE, BILL).returncode == 0
    done = unitcost("build")
    if test is None:  # the same meaning in other words: the harness itself must let it through
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 1
    assert test in done.stderr
    assert not (tmp_path / "home" / "current.json").exists()
