"""Home-made bills: charges by a mapping of their columns to those of FOCUS in snake case."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app import pipeline
from ingest.files import RefusedError
from ingest.outcomes import Outcome
from tests.models.conftest import CHARGE_MODELS, Warehouse

MAPPING = """
shape = "charges"
[columns]
billing_account_id = { constant = "gpu-cloud" }
billing_currency = { constant = "USD" }
billing_period_start = { template = "{Month}-01" }
charge_period_start = "Day"
charge_category = ["Kind"]
billed_cost = "Amount"
effective_cost = "Amount"
provider_name = { constant = "GPU Cloud" }
model_id = "Model"
"""
HEADER = "Month,Day,Kind,Amount,Model\n"


def load(home: Warehouse, path: Path, mapping: str = MAPPING) -> list[Outcome]:
    written = path.with_suffix(".toml")
    written.write_text(mapping)
    with home.at_work(), pipeline.writer(home.settings):
        outcomes = pipeline.ingest(home.settings, [(str(path), None)], mapping=written)
        pipeline.build(home.settings)
    return outcomes


def csv(path: Path, *lines: str) -> Path:
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return path


def test_a_bill_is_read_by_its_mapping_and_a_newer_one_replaces_the_period_of_its_account(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    home = warehouse("own_bill", select=CHARGE_MODELS)
    first = csv(tmp_path / "a.csv", "2026-10,2026-10-07,Usage,12.50,llama", "2026-10,2026-10-08,credit,-2.5,")
    assert [(one.source, one.state, one.landed_count) for one in load(home, first)] == [("generic", "landed", 2)]
    assert home.rows(
        "select source_id, provider_id, billing_account_id, charge_category, model_id, billed_cost, "
        "effective_cost_usd, usage_date::varchar, billing_period_end_at, focus_version "
        "from fct_charges order by charge_period_start_at"
    ) == [
        (
            "generic",
            "gpu cloud",
            "gpu-cloud",
            "Usage",
            "llama",
            Decimal("12.5"),
            Decimal("12.5"),
            "2026-10-07",
            None,
            None,
        ),
        (
            "generic",
            "gpu cloud",
            "gpu-cloud",
            "Credit",
            None,
            Decimal("-2.5"),
            Decimal("-2.5"),
            "2026-10-08",
            None,
            None,
        ),
    ]
    load(home, csv(tmp_path / "b.csv", "2026-10,2026-10-07,Usage,11,llama", "2026-11,2026-11-07,Usage,3,llama"))
    assert home.rows(
        "select billing_period_start_at::date::varchar, sum(billed_cost), count(*) "
        "from fct_charges group by 1 order by 1"
    ) == [("2026-10-01", Decimal(11), 1), ("2026-11-01", Decimal(3), 1)]
    # the shape need not be said where the mapping says what was billed
    unsaid = MAPPING.replace('shape = "charges"\n', "").replace('"gpu-cloud"', '"other"')
    load(home, csv(tmp_path / "c.csv", "2026-10,2026-10-07,Usage,7,llama"), unsaid)
    assert home.rows("select sum(billed_cost) from fct_charges where billing_account_id = 'other'") == [(Decimal(7),)]


def test_a_bill_of_json_lines_in_our_own_words_needs_no_mapping(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    line = {
        "billing_account_id": "a", "billing_currency": "USD", "billing_period_start": "2026-10-01",
        "charge_period_start": "2026-10-07T00:00:00Z", "charge_category": "Usage", "billed_cost": "0.000000000001",
        "effective_cost": 0.1, "usage_kind": "output", "tags": {"team": "search"},
    }  # fmt: skip
    path = tmp_path / "bill.jsonl"
    path.write_text(json.dumps(line) + "\n" + json.dumps(line) + "\n")
    home = warehouse("own_words", select=CHARGE_MODELS)
    home.load((path, None))
    # two equal lines of a bill are two charges
    assert (
        home.rows("select billed_cost, effective_cost, usage_kind, tags from fct_charges")
        == [(Decimal("0.000000000001"), Decimal("0.1"), "output", '{"team":"search"}')] * 2
    )


@pytest.mark.parametrize(
    ("line", "mapping", "says"),
    [
        ("2026-10,2026-10-07,Usage,12,50", MAPPING.replace('"Amount"', '"Total"'), "column Total is missing"),
        ("2026-10,2026-10-07,Usage,,llama", MAPPING, "billed_cost is missing"),
        ("2026-10,2026-10-07,Usage,€5,llama", MAPPING, "billed_cost is no number"),
        ("2026-10,2026-10-07,Rent,5,llama", MAPPING, "charge_category is none of Usage"),
        ("2026-10,7/10/26,Usage,5,llama", MAPPING, "charge_period_start is no time"),
    ],
)
def test_a_bill_that_lacks_what_a_bill_needs_is_refused_whole(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, line: str, mapping: str, says: str
) -> None:
    home = warehouse("broken_bill", select=CHARGE_MODELS)
    path = csv(tmp_path / "a.csv", "2026-10,2026-10-07,Usage,1,llama", line)
    (tmp_path / "ours.toml").write_text(mapping)
    with pipeline.writer(home.settings):
        (outcome,) = pipeline.ingest(home.settings, [(str(path), None)], mapping=tmp_path / "ours.toml")
    assert (outcome.state, says in (outcome.problem or "")) == ("refused", True), outcome.problem


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("1234567.123456789012", "has a number of more than 17 digits"),
        ("-1234567.123456789012", "has a number of more than 17 digits"),
        ("0.1234567890123456789", "has more than 12 decimals"),
        ("1234567.1234567891", None),
        ("12.50000000000000000000", None),
        ('"1234567.123456789012"', None),
    ],
)
def test_money_in_json_of_more_digits_than_a_double_keeps_is_refused_unless_it_is_text(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, number: str, says: str | None
) -> None:
    line = (
        '{"billing_account_id": "a", "billing_currency": "USD", "billing_period_start": "2026-10-01", '
        '"charge_period_start": "2026-10-07T00:00:00Z", "charge_category": "Usage", '
        f'"billed_cost": {number}, "effective_cost": {number}, "tags": {{"build": 12345678901234567890}}}}'
    )
    path = tmp_path / "bill.jsonl"
    path.write_text(f"{line}\n")
    home = warehouse("digits", select=CHARGE_MODELS)
    with pipeline.writer(home.settings):
        (outcome,) = pipeline.ingest(home.settings, [(str(path), None)])
    assert outcome.state == ("refused" if says else "landed"), outcome.problem
    assert (says or "") in (outcome.problem or "")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        (MAPPING.replace('"charges"', '"bills"'), "no shape that there is; write shape as one of requests, charges"),
        (MAPPING + 'customer_id = "x"\n', "names columns that there are not: customer_id"),
        (MAPPING + 'prompt = "x"\n', "names columns that there are not: prompt"),
        (MAPPING.replace('"charges"', "7"), "no shape that there is"),
        (MAPPING.replace('"charges"', "[1]"), "no shape that there is"),
    ],
)
def test_a_mapping_of_no_bill_is_refused_with_what_to_write(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, mapping: str, says: str
) -> None:
    path = csv(tmp_path / "a.csv", "2026-10,2026-10-07,Usage,1,llama")
    (tmp_path / "ours.toml").write_text(mapping)
    home = warehouse("no_mapping", select=CHARGE_MODELS)
    with pipeline.writer(home.settings), pytest.raises(RefusedError, match=says):
        pipeline.ingest(home.settings, [(str(path), None)], mapping=tmp_path / "ours.toml")
