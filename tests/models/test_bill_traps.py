"""Bills, time, currency: what is easily read wrong in a bill in FOCUS columns, each case worked out by hand.

One company, an account of it for each case. Rules: focus.finops.org, `specification/datasets/cost_and_usage/columns`
and `specification/appendix`.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.models.conftest import CHARGE_MODELS, Warehouse

MODELS = f"{CHARGE_MODELS} +billed_and_corrected"

D = Decimal
Line = Mapping[str, str]


def line(account: str, billed: str, **more: str) -> Line:
    """A charge of one hour of May, billed for May in US dollars; its effective cost is its billed cost."""
    return {
        "BillingAccountId": account,
        "BillingPeriodStart": "2026-05-01T00:00:00Z",
        "BillingPeriodEnd": "2026-06-01T00:00:00Z",
        "ChargePeriodStart": "2026-05-01T00:00:00Z",
        "ChargePeriodEnd": "2026-05-01T01:00:00Z",
        "ChargeCategory": "Usage",
        "BilledCost": billed,
        "EffectiveCost": billed,
        "BillingCurrency": "USD",
        "ProviderName": "Provider",
        **more,
    }


JUNE = {"BillingPeriodStart": "2026-06-01T00:00:00Z", "BillingPeriodEnd": "2026-07-01T00:00:00Z"}


def hours(count: str) -> Line:
    quantities = dict.fromkeys(("PricingQuantity", "ConsumedQuantity"), count)
    return {**quantities, **dict.fromkeys(("PricingUnit", "ConsumedUnit"), "Hours"), "SkuPriceId": "hour-1"}


def corrected(account: str, billed: str, **more: str) -> Line:
    """A correction of May, which is invoiced, in the bill of June."""
    return line(account, billed, **JUNE, ChargeClass="Correction", **more)


def cost_only(account: str, billed: str, sku_price: str) -> Line:
    """Drift of rounding, as the specification's examples write it: no quantity, and a list cost all the same."""
    nothing = dict.fromkeys(("PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit"), "(null)")
    return corrected(account, billed, ChargeCategory="Adjustment", ListCost=billed, SkuPriceId=sku_price, **nothing)


# appendix/correction_handling_examples/closed_billing_period.md, scenarios 1 to 4, in other figures
REALLOCATED = "450", {"ResourceId": "R-1", **hours("300")}
ROUNDED = (("a-1", "0.333333333333"), ("a-1", "0.333333333333"), ("b-1", "0.333333333332"))
CORRECTIONS = [
    line("delta", REALLOCATED[0], **REALLOCATED[1]),
    corrected("delta", "-90", ResourceId="R-1", **hours("-60")),
    corrected("delta", "90", ResourceId="R-2", **hours("60")),
    line("ledger", REALLOCATED[0], **REALLOCATED[1]),
    corrected("ledger", "-450", ResourceId="R-1", **hours("-300")),
    corrected("ledger", "360", ResourceId="R-1", **hours("240")),
    corrected("ledger", "90", ResourceId="R-2", **hours("60")),
    corrected("late", "7.5", **hours("5")),
    *(line(account, cost, SkuPriceId=sku) for account in ("itemised", "bulk") for sku, cost in ROUNDED),
    *(cost_only("itemised", "0.000000000001", sku) for sku in ("a-1", "b-1")),
    cost_only("bulk", "0.000000000002", "(null)"),
    # within the open period a correction is a line like any other: ChargeClass is null
    line("open", "100", **JUNE),
    line("open", "-10", **JUNE),
]
KINDS = [
    line("kinds", "10", ListCost="10", ContractedCost="10"),
    line("kinds", "-2", ListCost="-2", ContractedCost="-2", ChargeDescription="taken back"),  # a refund is negative use
    # a discount stays on the row, a credit is a row of its own
    line("kinds", "4", ListCost="5", ContractedCost="4"),
    line("kinds", "-3", ListCost="-3", ContractedCost="-3", ChargeCategory="Credit"),
    line("kinds", "0.8", ListCost="0.8", ContractedCost="0.8", ChargeCategory="Tax"),
    line("kinds", "-0.1", ListCost="-0.1", ContractedCost="-0.1", ChargeCategory="Tax"),
]
PLAN = {"CommitmentDiscountId": "plan"}
COMMITTED = [
    line("committed", "0.5", EffectiveCost="0", ChargeCategory="Purchase", **PLAN),
    line("committed", "0", EffectiveCost="0.35", CommitmentDiscountStatus="Used", **PLAN, **hours("1")),
    line("committed", "0", EffectiveCost="0.15", CommitmentDiscountStatus="Unused", **PLAN),
    line("committed", "2.25", **hours("0.75")),
]
SOLD = {"InvoiceIssuerName": "AWS", "InvoiceId": "INV-1", "PublisherName": "Anthropic"}
RESOLD = [
    line("payer", "10", ServiceProviderName="AWS", HostProviderName="AWS", **SOLD),
    # Anthropic tells the same use, and invoices none of it
    line("organisation", "0", EffectiveCost="10", ServiceProviderName="Anthropic", HostProviderName="AWS", **SOLD),
]
PERIODS = [
    line(
        "periods",
        cost,
        BillingPeriodStart=f"2025-{month:02}-01T00:00:00Z",
        BillingPeriodEnd=f"2025-{month + 1:02}-01T00:00:00Z",
        ChargePeriodStart=start,
        ChargePeriodEnd=end,
    )
    for month, cost, start, end in (
        (1, "1", "2025-01-31T00:00:00Z", "2025-02-01T00:00:00Z"),
        (1, "2", "2025-02-01T05:00:00+05:30", "2025-02-01T05:30:00+05:30"),  # the last half hour of January
        (2, "4", "2025-01-31T16:00:00-08:00", "2025-01-31T17:00:00-08:00"),  # the first hour of February
    )
]
ZONES = {"America/Los_Angeles": (23, 25), "Etc/GMT+8": (24, 24), "Asia/Kolkata": (24, 24)}
"""Zone → how many hours the days have on which the clocks change in Los Angeles."""
CHANGES = (date(2026, 3, 8), date(2026, 11, 1))


def local_hours(zone: str) -> Iterable[Line]:
    """Three days around each change of the clocks, an hour a line as a place writes it, no two of one cost."""
    for change in CHANGES:
        begins = datetime.combine(change - timedelta(days=1), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
        for number in range(72):
            start = (begins + timedelta(hours=number)).astimezone(ZoneInfo(zone))
            end = (begins + timedelta(hours=number + 1)).astimezone(ZoneInfo(zone))
            period = {"ChargePeriodStart": start.isoformat(), "ChargePeriodEnd": end.isoformat()}
            yield line(zone, f"1.{number:03}", **period)


@pytest.fixture(scope="module")
def billed(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    path = tmp_path_factory.mktemp("bill") / "bill.csv"
    in_zones = [one for zone in ZONES for one in local_hours(zone)]
    lines = [*CORRECTIONS, *KINDS, *COMMITTED, *RESOLD, *PERIODS, *in_zones]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for one in lines for name in one)))
        writer.writeheader()
        writer.writerows(lines)
    loaded = warehouse("bill traps", select=MODELS)
    loaded.load((path, "focus"))
    return loaded


# --------------------------------------------------------------------------------------------------------- corrections


@pytest.mark.parametrize("style", ["delta", "ledger"])
def test_a_reallocation_moves_what_it_moves_by_delta_and_by_ledger_alike(billed: Warehouse, style: str) -> None:
    assert billed.rows(
        "select resource_id, sum(billed_cost), sum(pricing_quantity) from fct_charges "
        f"where billing_account_id = '{style}' group by 1 order by 1"
    ) == [("R-1", D(360), D(240)), ("R-2", D(90), D(60))]
    # the invoice of May stays as it was, and June owes nothing for it
    assert billed.rows(
        "select month(month), billed_cost, corrected_cost from billed_and_corrected "
        f"where billing_account_id = '{style}' order by 1"
    ) == [(5, D(450), D(450)), (6, D(0), D(0))]


def test_use_that_came_after_the_invoice_is_billed_in_the_open_period_and_belongs_to_its_own(billed: Warehouse) -> None:
    assert billed.rows(
        "select month(month), billed_cost, corrected_cost, correction_count from billed_and_corrected "
        "where billing_account_id = 'late' order by 1"
    ) == [(5, D(0), D("7.5"), 1), (6, D("7.5"), D(0), 0)]
    assert billed.rows("select usage_date::varchar from fct_charges where billing_account_id = 'late'") == [
        ("2026-05-01",)
    ]


@pytest.mark.parametrize(
    ("account", "skus"),
    [("itemised", [("a-1", D("1e-12")), ("b-1", D("1e-12"))]), ("bulk", [(None, D("2e-12"))])],
)
def test_drift_of_rounding_is_a_line_of_money_without_a_quantity(
    billed: Warehouse, account: str, skus: list[tuple[str | None, Decimal]]
) -> None:
    where = f"from fct_charges where billing_account_id = '{account}'"
    drift = billed.rows(
        "select sku_price_id, billed_cost, pricing_quantity, pricing_unit, consumed_quantity, consumed_unit "
        f"{where} and charge_category = 'Adjustment' order by 1"
    )
    assert drift == [(*sku, None, None, None, None) for sku in skus]
    # no row was rounded to cents: three thirds and the drift are one
    assert billed.rows(f"select sum(billed_cost), min(billed_cost) < 0.01 {where}") == [(D(1), True)]


def test_what_is_taken_back_in_the_open_period_is_no_correction(billed: Warehouse) -> None:
    assert billed.rows(
        "select billed_cost, charge_category, charge_class from fct_charges "
        "where billing_account_id = 'open' order by 1"
    ) == [(D(-10), "Usage", None), (D(100), "Usage", None)]
    assert billed.rows(
        "select billed_cost, corrected_cost, correction_count from billed_and_corrected "
        "where billing_account_id = 'open'"
    ) == [(D(90), D(90), 0)]


# ------------------------------------------------------------------------------------------------------- kinds of lines


def test_credits_and_taxes_stand_beside_use_and_refunds_within_it(billed: Warehouse) -> None:
    assert billed.rows(
        "select charge_category, sum(billed_cost), sum(list_cost), sum(contracted_cost), sum(effective_cost), "
        "bool_and(pricing_quantity is null) from fct_charges where billing_account_id = 'kinds' "
        "group by 1 order by 1"
    ) == [
        ("Credit", D(-3), D(-3), D(-3), D(-3), True),
        ("Tax", D("0.7"), D("0.7"), D("0.7"), D("0.7"), True),
        ("Usage", D(12), D(13), D(12), D(12), True),  # 10 − 2 + 4, and a discount of 1 on the row
    ]
    assert billed.rows(
        "select distinct charge_kind, charge_category from fct_charges where billing_account_id = 'kinds' "
        "and charge_category <> 'Usage' order by 1"
    ) == [("credit", "Credit"), ("tax", "Tax")]


def test_what_a_commitment_covers_and_leaves_unused_is_what_was_paid_for_it(billed: Warehouse) -> None:
    of_the_plan = "from fct_charges where billing_account_id = 'committed' and commitment_discount_id = 'plan'"
    assert billed.rows(
        "select sum(effective_cost) filter (where charge_category = 'Usage'), "
        "sum(billed_cost) filter (where charge_category = 'Purchase'), "
        "sum(effective_cost) filter (where commitment_discount_status = 'Used') "
        "+ sum(effective_cost) filter (where commitment_discount_status = 'Unused') "
        f"{of_the_plan}"
    ) == [(D("0.5"), D("0.5"), D("0.5"))]
    # one sum of money seen twice, never both added
    assert billed.rows(
        "select sum(billed_cost), sum(effective_cost) from fct_charges where billing_account_id = 'committed'"
    ) == [(D("2.75"), D("2.75"))]
    assert billed.rows(f"select consumed_quantity {of_the_plan} and commitment_discount_status = 'Unused'") == [(None,)]


def test_what_a_reseller_invoices_is_billed_once(billed: Warehouse) -> None:
    assert billed.rows(
        "select invoice_issuer_name, invoice_id, sum(billed_cost), count(distinct billing_account_id) "
        "from fct_charges where invoice_id is not null group by 1, 2"
    ) == [("AWS", "INV-1", D(10), 2)]
    assert billed.rows(
        "select provider_id, provider_name, host_provider_name, publisher_name, invoice_issuer_name, billed_cost "
        "from fct_charges where invoice_id is not null order by 1"
    ) == [
        ("anthropic", "Anthropic", "AWS", "Anthropic", "AWS", D(0)),
        ("aws", "AWS", "AWS", "Anthropic", "AWS", D(10)),
    ]


# ---------------------------------------------------------------------------------------------------------------- time


def test_ends_are_exclusive_and_a_time_with_an_offset_is_its_instant(billed: Warehouse) -> None:
    assert billed.rows(
        "select billed_cost, charge_period_start_at::varchar, charge_period_end_at::varchar, usage_date::varchar, "
        "billing_period_end_at::varchar from fct_charges where billing_account_id = 'periods' order by 1"
    ) == [
        (D(1), "2025-01-31 00:00:00", "2025-02-01 00:00:00", "2025-01-31", "2025-02-01 00:00:00"),
        (D(2), "2025-01-31 23:30:00", "2025-02-01 00:00:00", "2025-01-31", "2025-02-01 00:00:00"),
        (D(4), "2025-02-01 00:00:00", "2025-02-01 01:00:00", "2025-02-01", "2025-03-01 00:00:00"),
    ]
    # a moment belongs to one period: both ends counted, midnight would be in January and in February
    assert billed.rows(
        "select month(billing_period_start_at), sum(billed_cost), "
        "bool_and(charge_period_start_at >= billing_period_start_at and charge_period_start_at < billing_period_end_at)"
        " from fct_charges where billing_account_id = 'periods' group by 1 order by 1"
    ) == [(1, D(3), True), (2, D(4), True)]


@pytest.mark.parametrize("zone", ZONES)
def test_days_of_any_zone_sum_to_the_range_also_where_the_clocks_change(billed: Warehouse, zone: str) -> None:
    """Hours are instants in UTC: a day of 23 or 25 hours has as many of them, and none is in two days."""
    told = billed.rows(
        f"select charge_period_start_at, charge_period_end_at, billed_cost from fct_charges "
        f"where billing_account_id = '{zone}'"
    )
    assert {end - start for start, end, _ in told} == {timedelta(hours=1)}
    days: dict[date, Decimal] = defaultdict(Decimal)
    lengths: Counter[date] = Counter()
    for start, _, cost in told:
        day = start.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
        days[day] += cost
        lengths[day] += 1
    assert tuple(lengths[change] for change in CHANGES) == ZONES[zone]
    # 72 × 1 and 0.000 to 0.071, twice
    assert sum(days.values()) == sum(cost for *_, cost in told) == 2 * (72 + D("2.556"))
