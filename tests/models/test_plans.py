"""Plans with a price list: what is owed beside what is recognised, who costs too much, what a limit keeps; by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.dbt_build import BuildError
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.test_attribution import A_DOLLAR_A_MILLION
from tests.models.test_margin import PLANS, call

MODELS = f"{CALL_MODELS} +plan_limits +plan_margins +assert_every_currency_has_an_exchange_rate"

D = Decimal
PRICES = (
    "plan_id", "valid_from_date", "valid_to_date", "price_per_month", "currency", "unit_id", "included_quantity",
    "overage_price", "cost_limit", "target_margin", "reason",
)  # fmt: skip


def price(plan: str, first: str, last: str, amount: str, **more: object) -> dict[str, object]:
    return {
        "plan_id": plan, "valid_from_date": first, "valid_to_date": last, "price_per_month": amount, "currency": "USD",
        "target_margin": "0.6", "reason": "of this test", **more,
    }  # fmt: skip


LIST = [
    # dearer from the eleventh: ten days of 31 at the old price
    price("pro", "2026-01-01", "2026-10-11", "31", cost_limit="5"),
    price(
        "pro", "2026-10-11", "2100-01-01", "62", cost_limit="10", unit_id="conversation", included_quantity=1,
        overage_price="1.50",
    ),
    price("free", "2026-01-01", "2100-01-01", "0", cost_limit="2"),
    price("euro", "2026-01-01", "2100-01-01", "100", currency="EUR", target_margin=""),
    price("nobody", "2026-01-01", "2100-01-01", "9"),
]  # fmt: skip
STATED = [
    ("ann", "pro", "2026-01-01", "2100-01-01"),
    ("bob", "pro", "2026-01-01", "2026-10-06"),  # five days
    ("bob", "free", "2026-10-06", "2100-01-01"),
    ("cee", "free", "2026-10-01", "2100-01-01"),
    ("dan", "free", "2026-10-01", "2100-01-01"),  # calls nobody
    ("eve", "euro", "2026-10-01", "2026-11-01"),
]
CALLS = [
    {**call(1, 5, "ann", "4"), "conversation_id": "a-1"},
    {**call(2, 20, "ann", "20"), "conversation_id": "a-2"},
    {**call(3, 21, "ann", "6"), "conversation_id": "a-3"},
    call(4, 2, "bob", "3"),
    call(5, 12, "bob", "7"),
    call(6, 12, "cee", "1"),
    call(7, 12, "eve", "11"),
]


def company_with(made: Company, prices: list[dict[str, object]]) -> Company:
    made.seed("plan_prices", PRICES, prices)
    rows = [
        dict(zip(PLANS, (customer, plan, "(none)", first, last, "by hand"), strict=True))
        for customer, plan, first, last in STATED
    ]
    made.seed("customer_plans", PLANS, rows)
    return made


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("plans")
    rates = [("EUR", "2026-01-01", "1.10")]
    made = company_with(company("plans", overrides=A_DOLLAR_A_MILLION, exchange_rates=rates, select=MODELS), LIST)
    revenue = folder / "revenue.csv"
    revenue.write_text("customer_id,period_start,period_end,amount,currency\nann,2026-10-01,2026-11-01,50,USD\n")
    made.load((revenue, None), (write_calls(folder / "calls.jsonl", CALLS), "canonical"))
    return made


def test_what_is_owed_by_the_list_stands_beside_what_was_recognised(loaded: Company) -> None:
    # ann: 10 days of $31 and 21 of $62 are $10 + $42, and two conversations more than the one included are $3;
    # bob: five days of $31 are $5
    assert loaded.rows(
        "select plan_id, customer_count, customer_days, price_usd, list_revenue_usd, overage_usd, revenue_usd, "
        "revenue_gap_usd, cost_usd, unknown_reason from plan_margins order by 1"
    ) == [
        ("euro", 1, 31, D(110), D(110), D(0), D(0), D(-110), D(11), "no_revenue"),
        ("free", 3, 88, D(0), D(0), D(0), D(0), D(0), D(8), "free_plan"),
        ("pro", 2, 36, D(62), D(60), D(3), D(50), D(-10), D(33), None),
    ]


def test_who_costs_more_than_the_plan_allows_is_counted(loaded: Company) -> None:
    # ann costs $30 of the newer limit's $10, bob in five days $3 of the older $5; on the free plan he costs $7 of $2
    assert loaded.rows(
        "select plan_id, median_cost_usd, max_cost_usd, cost_limit_usd, over_limit_count, over_limit_cost_usd, "
        "over_quantity_count from plan_margins order by 1"
    ) == [
        ("euro", D(11), D(11), None, None, D(0), 0),
        ("free", D(1), D(7), D(2), 1, D(5), 0),
        ("pro", D(3), D(30), D(10), 1, D(20), 1),
    ]


def test_the_price_that_would_leave_the_target_margin(loaded: Company) -> None:
    rows = {row[0]: row[1:] for row in loaded.rows(
        "select plan_id, gross_margin, list_margin, target_price_usd from plan_margins"
    )}  # fmt: skip
    assert rows["pro"][:2] == (pytest.approx(17 / 50), pytest.approx(27 / 60))
    # $33 of 36 days, for 31 of them, ÷ 0.4; less what two conversations beyond bring
    assert round(rows["pro"][2], 6) == round(D(33) * 31 / 36 / D("0.4") - D(3) * 31 / 36, 6)
    assert rows["free"] == (None, None, round(D(8) * 31 / 88 * 10 / 4, 12))
    assert rows["euro"] == (None, pytest.approx(0.9), None)


def test_what_a_limit_would_have_kept(loaded: Company) -> None:
    assert loaded.rows(
        "select limit_name, limit_usd, over_limit_count, saved_cost_usd, limited_cost_usd from plan_limits "
        "where plan_id = 'pro' order by limit_usd"
    ) == [
        ("median_2", D(6), 1, D(24), D(9)),
        ("stated", D(10), 1, D(20), D(13)),
        ("median_5", D(15), 1, D(15), D(18)),
        ("target", D("24.8"), 1, D("5.2"), D("27.8")),
        ("median_10", D(30), 0, D(0), D(33)),
        ("break_even", D(62), 0, D(0), D(33)),
    ]
    # of a plan without a price nothing is sold at a loss
    assert loaded.rows("select limit_name from plan_limits where plan_id = 'free' order by limit_usd, 1") == [
        ("median_2",), ("stated",), ("median_5",), ("median_10",)
    ]  # fmt: skip
    ((margin,),) = loaded.rows("select limited_margin from plan_limits where plan_id = 'pro' and limit_name = 'stated'")
    assert margin == pytest.approx((50 - 13) / 50)


def test_only_months_with_calls_are_told(loaded: Company) -> None:
    assert loaded.rows("select distinct month from plan_limits") == [(date(2026, 10, 1),)]


@pytest.mark.parametrize(
    ("prices", "test"),
    [
        (
            [price("pro", "2026-01-01", "2026-10-12", "31"), price("pro", "2026-10-11", "2100-01-01", "62")],
            "assert_a_plan_has_one_price_a_day",
        ),
        ([price("pro", "2026-01-01", "2100-01-01", "31", currency="SEK")], "SEK of 2026-10-01 to 2026-10-01"),
    ],
)
def test_two_prices_on_a_day_and_a_currency_without_a_rate_are_refused(
    prices: list[dict[str, object]], test: str, company: Companies, tmp_path: Path
) -> None:
    made = company_with(company("refused", select=MODELS), prices)
    with pytest.raises(BuildError, match=test):
        made.load((write_calls(tmp_path / "calls.jsonl", CALLS), "canonical"))
