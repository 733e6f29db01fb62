"""A known company in, known margins out: cost meets the plan of its day, and every sum closes; worked out by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import builds
from app.marts import margin, usage
from app.marts.scope import Dimension, Scope
from app.marts.warehouse import Warehouse
from tests.models.conftest import Companies, Company, write_calls
from tests.models.test_attribution import A_DOLLAR_A_MILLION, MILLION

D = Decimal
PLANS = ("customer_id", "plan_id", "segment_id", "valid_from_date", "valid_to_date", "reason")
FORMULA = '=HYPERLINK("http://example.org")'
HTML = "<b>eve</b>"

# customer, first day, day after the last, amount, plan: revenue of a month or a part of it
REVENUE = [
    ("ann", "2026-10-01", "2026-10-16", "150", "pro"),
    ("ann", "2026-10-16", "2026-11-01", "320", "max"),
    ("bob", "2026-10-01", "2026-11-01", "310", "enterprise"),
    ("cee", "2026-10-01", "2026-11-01", "31", "basic"),
    ("cus_cee", "2026-10-01", "2026-11-01", "62", "plus"),  # as who bills calls cee
    (FORMULA, "2026-10-01", "2026-11-01", "9.30", "pro"),
    ("fay", "2026-10-01", "2026-11-01", "-31", ""),
    (HTML, "2026-10-05", "2026-10-06", "0", "trial"),
]


def call(number: int, day: int, customer: str, dollars: str, feature: str = "chat") -> dict[str, Any]:
    return {
        "request_id": f"call-{number}",
        "provider_id": "acme",
        "model_id": "small",
        "requested_at": f"2026-10-{day:02}T12:00:00Z",
        "customer_id": customer,
        "feature_id": feature,
        "uncached_input_tokens": int(D(dollars) * MILLION),
        "operation": "chat",
    }


CALLS = [
    call(1, 10, "ann", "10"),
    call(2, 20, "ann", "400"),
    call(3, 10, "bob", "5"),
    call(4, 25, "bob", "6", feature="search"),
    call(5, 12, "cee", "3"),
    call(6, 12, "dan", "7"),
    call(7, 12, "fay", "1"),
    call(8, 12, "", "2", feature=""),
    call(9, 5, HTML, "0.5"),
]


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("margin")
    made = company("margin", overrides=A_DOLLAR_A_MILLION)
    said = [
        ("bob", "free", "self-serve", "2026-01-01", "2100-01-01"),
        ("bob", "team", "sales", "2026-10-20", "2100-01-01"),
    ]
    made.seed("customer_plans", PLANS, [dict(zip(PLANS, (*line, "by hand"), strict=True)) for line in said])
    known = {"source_id": "revenue_csv", "billing_customer_id": "cus_cee", "customer_id": "cee"}
    made.seed("customer_ids", tuple(known), [known])
    revenue = folder / "revenue.csv"
    quoted = FORMULA.replace('"', '""')
    lines = [
        f'"{quoted if customer == FORMULA else customer}",{start},{end},{amount},USD,,{plan}'
        for customer, start, end, amount, plan in REVENUE
    ]
    revenue.write_text("customer_id,period_start,period_end,amount,currency,feature,plan\n" + "\n".join(lines) + "\n")
    calls = [{key: value for key, value in call.items() if value != ""} for call in CALLS]
    made.load((revenue, None), (write_calls(folder / "calls.jsonl", calls), "canonical"))
    return made


def test_cost_meets_the_plan_of_its_day(loaded: Company) -> None:
    assert loaded.rows(
        "select id, revenue_usd, cogs_usd, gross_profit_usd, margin_class from gross_margin "
        "where dimension = 'plan' order by id"
    ) == [
        # dan, fay and nobody; fay was credited
        ("(unattributed)", D(-31), D(10), D(-41), "under_water"),
        ("free", D(190), D(5), D(185), "profitable"),  # 19 days of bob
        ("max", D(320), D(400), D(-80), "under_water"),
        ("plus", D(93), D(3), D(90), "profitable"),
        ("pro", D("159.3"), D(10), D("149.3"), "profitable"),
        ("team", D(120), D(6), D(114), "profitable"),  # 12 days of bob
        ("trial", D(0), D("0.5"), D("-0.5"), "no_revenue"),
    ]
    assert loaded.rows(
        "select id, revenue_usd, cogs_usd from gross_margin where dimension = 'segment' order by id"
    ) == [("(none)", D("541.3"), D("423.5")), ("sales", D(120), D(6)), ("self-serve", D(190), D(5))]


def test_two_plans_on_one_day_are_told(loaded: Company) -> None:
    assert loaded.rows(
        "select customer_id, plan_id, told_by, conflict_day_count, is_newest from dim_customer_plans "
        "where customer_id in ('ann', 'bob', 'cee') order by customer_id, valid_from_date"
    ) == [
        ("ann", "pro", "revenue", 0, False),
        ("ann", "max", "revenue", 0, True),
        ("bob", "free", "stated", 0, False),
        ("bob", "team", "stated", 0, True),
        ("cee", "plus", "revenue", 31, True),
    ]


def test_a_margin_that_is_not_known_says_why(loaded: Company) -> None:
    rows = loaded.rows(
        "select id, gross_margin, unknown_reason, margin_class from gross_margin where dimension = 'customer'"
    )
    by_id = {row[0]: row[1:] for row in rows}
    assert by_id["ann"] == (pytest.approx(60 / 470), None, "thin")
    assert by_id["dan"] == (None, "no_revenue", "no_revenue")
    assert by_id["fay"] == (None, "negative_revenue", "under_water")
    assert by_id[FORMULA] == (pytest.approx(1), None, "profitable")
    assert by_id[HTML] == (None, "no_revenue", "no_revenue")
    assert by_id["(unattributed)"] == (None, "no_revenue", "no_revenue")


def test_confidence_is_the_least_of_what_is_known(loaded: Company) -> None:
    # 2 of 434.5 dollars have no customer; of 882.3 dollars of revenue 9.3 are of somebody whom no log knows
    assert loaded.rows(
        "select priced_share, attributed_share, matched_share, margin_confidence from gross_margin "
        "where dimension = 'customer' and id = 'ann'"
    ) == [(1, pytest.approx(432.5 / 434.5), pytest.approx(873 / 882.3), pytest.approx(873 / 882.3))]


def test_members_of_every_dimension_sum_to_the_company(loaded: Company) -> None:
    sums = loaded.rows(
        "select dimension, sum(revenue_usd), sum(cogs_usd), sum(gross_profit_usd), sum(contribution_usd) "
        "from gross_margin group by 1"
    )
    assert {row[1:] for row in sums} == {(D("851.3"), D("434.5"), D("416.8"), D("416.8"))}
    assert len(sums) == 7


def test_every_way_to_spread_revenue_over_features_is_there_to_compare(loaded: Company) -> None:
    found = loaded.rows(
        "select revenue_method, feature_id, revenue_usd, is_chosen from revenue_by_method order by 1, 2"
    )
    by_method = {(method, feature): (revenue, chosen) for method, feature, revenue, chosen in found}
    assert {method for method, _ in by_method} == {"cost", "requests", "list_price", "none"}
    assert by_method["cost", "search"] == (pytest.approx(D(310) * 6 / 11), True)
    assert by_method["requests", "search"] == (D(155), False)
    assert by_method["none", "search"] == (D(0), False)
    for method in ("cost", "requests", "list_price", "none"):
        assert sum(revenue for (one, _), (revenue, _) in by_method.items() if one == method) == D("851.3")
    assert loaded.rows("select revenue_split_by from gross_margin where dimension = 'feature' order by id") == [
        ("none",),
        ("cost",),
        ("cost",),
    ]


def test_spend_is_explained_where_its_customer_and_feature_earn(loaded: Company) -> None:
    # ann, bob and cee earn; dan, fay and nobody cost without it
    assert loaded.rows(
        "select cogs_usd, explained_cost_usd, explained_share, cost_share_of_revenue, return_on_cogs, "
        "unit_cost_elasticity from return_on_spend"
    ) == [
        (
            D("434.5"),
            D(424),
            pytest.approx(424 / 434.5),
            pytest.approx(434.5 / 851.3),
            pytest.approx(416.8 / 434.5),
            None,
        )
    ]


def test_a_cohort_is_followed_from_its_first_month(loaded: Company) -> None:
    assert loaded.rows(
        "select month_number, customer_count, paying_customer_count, revenue_usd, cogs_usd from customer_cohorts"
    ) == [(0, 7, 4, D("851.3"), D("432.5"))]


def test_engineering_product_and_finance_see_one_total_under_any_filter(loaded: Company) -> None:
    """Models, Features and Customers read the same marts: by whatever calls are told apart, they cost the same."""
    warehouse = Warehouse(builds.current(loaded.home).path)
    customers = ["ann", "bob", "cee", "dan", "fay", HTML, FORMULA, "(unattributed)", "nobody"]
    days = st.dates(date(2026, 10, 1), date(2026, 10, 31))
    some = st.lists(st.sampled_from(customers), max_size=3, unique=True)
    features = st.lists(st.sampled_from(["chat", "search", "(unattributed)"]), max_size=2, unique=True)

    def total(by: Dimension, scope: Scope) -> tuple[Decimal, int]:
        rows = usage.totals(warehouse, scope, (by,))
        return sum(rows["cost_usd"].drop_nulls().to_list(), D(0)), int(rows["request_count"].sum())

    @settings(max_examples=60, deadline=None)
    @given(start=days, end=days, chosen=some, of=features, model=st.sampled_from([(), ("small",), ("none-such",)]))
    def same(start: date, end: date, chosen: list[str], of: list[str], model: tuple[str, ...]) -> None:
        scope = Scope(min(start, end), max(start, end), customer=tuple(chosen), feature=tuple(of), model=model)
        engineering = {total(by, scope) for by in ("model", "provider", "operation", "team", "environment")}
        assert engineering == {total("feature", scope)} == {total("customer", scope)}
        if not model:  # margins do not know models; nothing here is shared
            finance = margin.totals(warehouse, scope, ("customer",))
            product = margin.totals(warehouse, scope, ("feature",))
            for name in ("revenue_usd", "cogs_usd", "gross_profit_usd"):
                assert sum(finance[name].to_list(), D(0)) == sum(product[name].to_list(), D(0))
            assert {sum(finance["cogs_usd"].to_list(), D(0))} == {cost for cost, _ in engineering}

    try:
        same()
    finally:
        warehouse.close()
