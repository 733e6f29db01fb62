"""The invariants of FOCUS about the provider's own data warn, count what is wrong, and stop no build."""

from collections.abc import Callable
from pathlib import Path

from tests.models.conftest import Warehouse
from tests.models.test_focus import BEFORE_1_4, SAMPLES, bill

AWS = {**BEFORE_1_4, "InvoiceIssuerName": "AWS", "InvoiceId": "INV-8"}
PLAN = {**AWS, "ChargeCategory": "Purchase", "BilledCost": "10", "EffectiveCost": "0"}
COVERED = {**AWS, "BilledCost": "0"}


def commitment(name: str, *covered: tuple[str, str]) -> list[dict[str, str]]:
    """A purchase of $10, and what it covered: status and effective cost."""
    named = {"CommitmentDiscountId": name}
    return [
        PLAN | named,
        *(COVERED | named | {"CommitmentDiscountStatus": status, "EffectiveCost": cost} for status, cost in covered),
    ]


def test_a_bill_that_contradicts_itself_is_warned_of_line_by_line(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    plain = {"CommitmentDiscountId": "", "EffectiveCost": "3"}
    lines = [
        # INV-7 says that 0.3725 is payable
        {**AWS, **plain, "InvoiceId": "INV-7", "BilledCost": "0.3726", "EffectiveCost": "0.3726"},
        # use that no commitment covers: as billed, and not
        {**AWS, **plain, "BilledCost": "3"},
        {**AWS, **plain, "BilledCost": "4"},
        *commitment("whole", ("Used", "7"), ("Unused", "3")),
        *commitment("broken", ("Used", "7"), ("Unused", "2")),
        # $2 × 3: right, wrong, and wrong in a correction, which may be
        *(
            {**AWS, **plain, "BilledCost": "3", "ListUnitPrice": "2", "PricingQuantity": "3", **more}
            for more in ({"ListCost": "6"}, {"ListCost": "7"}, {"ListCost": "7", "ChargeClass": "Correction"})
        ),
    ]
    # a wrong unit, more likely than a bill
    lines.append({**AWS, **plain, "BilledCost": "1000000000000", "EffectiveCost": "1000000000000"})
    # what the Cost and Usage Report of the same account and month says, too
    lines.append({**AWS, **plain, "BillingAccountId": "111122223333", "BilledCost": "3"})
    report = SAMPLES.parent / "aws_cur" / "charges.csv"
    loaded = warehouse("invariants")
    loaded.load((bill(tmp_path / "bill.csv", *lines), None), (SAMPLES / "invoices.csv", None), (report, None))
    assert dict(loaded.rows("select test_name, row_count from build_tests where status = 'warn'")) == {
        "assert_invoices_are_what_is_payable": 1,
        "assert_uncovered_use_costs_what_is_billed": 1,
        "assert_commitments_are_recognised_whole": 1,
        "assert_list_cost_is_list_price_times_quantity": 1,
        "assert_an_account_is_billed_by_one_source": 1,
        "assert_no_charge_is_beyond_belief": 1,
    }
