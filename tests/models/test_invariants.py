"""The invariants of FOCUS about the provider's own data warn, name what is wrong, and stop no build."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.models.conftest import Warehouse
from tests.models.test_focus import BEFORE_1_4, SAMPLES, bill

AWS = {**BEFORE_1_4, "InvoiceIssuerName": "AWS", "InvoiceId": "INV-7", "CommitmentDiscountId": "", "EffectiveCost": "0"}
PAYABLE, UNCOVERED = "assert_invoices_are_what_is_payable", "assert_uncovered_use_costs_what_is_billed"


def warned(loaded: Warehouse) -> dict[str, int]:
    """Rows that each test of the last build warned of."""
    (results,) = loaded.home.rglob("dbt/duckdb/run_results.json")
    return {
        run["unique_id"].split(".")[2]: run["failures"]
        for run in json.loads(results.read_text())["results"]
        if run["status"] == "warn"
    }


@pytest.mark.parametrize(("cents", "expected"), [("0.3725", {}), ("0.3726", {PAYABLE: 1, UNCOVERED: 1})])
def test_an_invoice_and_uncovered_use_that_do_not_agree_are_warned_of(
    cents: str, expected: dict[str, int], warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    loaded = warehouse("invariants")
    use = {**AWS, "BilledCost": cents, "EffectiveCost": "0.3725"}
    covered = {**AWS, "BilledCost": "0", "EffectiveCost": "5", "CommitmentDiscountId": "sp-1"}
    loaded.load((bill(tmp_path / "bill.csv", use, covered), None), (SAMPLES / "invoices.csv", None))
    assert warned(loaded) == expected
