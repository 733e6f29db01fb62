"""What was billed, what it was before, and which month a correction belongs to: figures worked out by hand."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.inventory import inventory
from tests.models.conftest import CHARGE_MODELS, Warehouse

MODELS = f"{CHARGE_MODELS} +restatements +billed_and_corrected +input_balance"

HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "ChargeClass,BilledCost,EffectiveCost,BillingCurrency,ProviderName"
)


def bill(path: Path, *lines: tuple[str, str, str, str]) -> Path:
    """A bill of acme.

    Args:
        lines: month that bills, day that is charged, ChargeClass, billed cost.
    """
    rows = [
        f"acme,{month}-01T00:00:00Z,2027-01-01T00:00:00Z,{day}T00:00:00Z,2027-01-01T00:00:00Z,Usage,{kind},"
        f"{cost},{cost},USD,Provider"
        for month, day, kind, cost in lines
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def bills(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("bills")
    loaded = warehouse("restated", select=MODELS)
    august = bill(folder / "august.csv", ("2026-08", "2026-08-20", "", "100"), ("2026-08", "2026-08-21", "", "50"))
    september = bill(
        folder / "september.csv",
        ("2026-09", "2026-09-10", "", "200"),
        ("2026-09", "2026-08-20", "Correction", "-30.5"),  # of August, which is invoiced
        ("2026-09", "2026-08-31", "", "4"),  # late usage is no correction
        ("2026-09", "2026-09-11", "Correction", "-1"),  # of the open period itself
    )
    october = bill(
        folder / "october.csv",
        ("2026-10", "2026-10-05", "NULL", "10"),
        ("2026-10", "2026-08-20", "Correction", "0.5"),  # of the correction
        ("2026-10", "2026-07-01", "Correction", "-7"),  # of a month that is billed nowhere here
    )
    loaded.load(*((path, "focus") for path in (august, september, october)))
    loaded.load((bill(folder / "again.csv", ("2026-08", "2026-08-20", "", "149.999999999999")), "focus"))
    return loaded


def test_corrections_stand_where_they_were_billed_and_where_they_belong(bills: Warehouse) -> None:
    rows = bills.rows(
        "select month::varchar, billed_cost, corrected_cost, billed_cost_usd, corrected_cost_usd, correction_count "
        "from billed_and_corrected order by month"
    )
    as_billed_and_corrected = [
        ("2026-07-01", Decimal(0), Decimal(-7), 1),
        ("2026-08-01", Decimal("149.999999999999"), Decimal("119.999999999999"), 2),  # − 30.5 + 0.5
        ("2026-09-01", Decimal("172.5"), Decimal(203), 0),  # 200 + 4 − 1, without − 30.5
        ("2026-10-01", Decimal("3.5"), Decimal(10), 0),
    ]
    assert rows == [(month, *2 * (billed, right), count) for month, billed, right, count in as_billed_and_corrected]
    assert sum(row[1] for row in rows) == sum(row[2] for row in rows) == Decimal("325.999999999999")


def test_a_restatement_is_shown_with_what_it_replaced(bills: Warehouse) -> None:
    ids = dict(
        bills.rows("select distinct billing_period_start_at::date::varchar, input_id from fct_charges order by all")
    )
    (row,) = bills.rows(
        "select source_id, billing_account_id, billing_period_start_at::date::varchar, billing_currency, "
        "row_count_before, row_count_after, billed_cost_before, billed_cost_after, billed_cost_change, "
        "effective_cost_change, input_ids, replaced_input_ids <> input_ids, restated_by like '%/again.csv', "
        "restated_at > now()::timestamp - interval 1 hour from restatements"
    )
    change = Decimal("-0.000000000001")
    assert row == (
        "focus", "acme", "2026-08-01", "USD", 2, 1, Decimal(150), Decimal("149.999999999999"), change, change,
        ids["2026-08-01"], True, True, True,
    )  # fmt: skip


def test_status_accounts_for_what_was_replaced(bills: Warehouse) -> None:
    inputs = {Path(one["file"]).name: one for one in inventory(bills.settings)["inputs"]}
    assert [inputs["august.csv"][name] for name in ("records", "loaded", "superseded")] == [2, 0, 2]
    assert [inputs["again.csv"][name] for name in ("records", "loaded", "superseded")] == [1, 1, 0]
    json.dumps(inputs)
