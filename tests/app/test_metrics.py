from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import metrics
from app.dashboard import periods

MONEY = pl.Decimal(38, 12)
dollars = st.decimals(min_value=-(10**9), max_value=10**9, places=12)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 23))


def money(**columns: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [None if v is None else Decimal(v) for v in values] for name, values in columns.items()},
        schema=dict.fromkeys(columns, MONEY),
    )


def test_a_margin_without_revenue_is_unknown_and_neither_zero_nor_minus_one_hundred_percent() -> None:
    assert metrics.gross_margin(Decimal(0), Decimal(-5)) is None
    assert metrics.gross_margin(None, Decimal(-5)) is None
    assert metrics.gross_margin(Decimal(100), Decimal(40)) == 0.4


def test_a_unit_cost_without_units_is_unknown() -> None:
    assert metrics.unit_cost(Decimal(3), 0) is None
    assert metrics.unit_cost(None, 3) is None
    assert metrics.unit_cost(Decimal("0.3"), 3) == Decimal("0.1")


def test_a_change_from_nothing_has_no_percentage() -> None:
    assert metrics.change(Decimal(5), Decimal(0)) == metrics.Change(Decimal(5), None)
    assert metrics.change(Decimal(5), None) is None
    assert metrics.change(Decimal(6), Decimal(5)) == metrics.Change(Decimal(1), 0.2)


def test_a_sum_of_nothing_known_is_unknown_and_a_sum_stays_a_decimal() -> None:
    assert metrics.total(money(cost_usd=[None, None]), "cost_usd") is None
    assert metrics.total(money(cost_usd=["0.1", None, "0.2"]), "cost_usd") == Decimal("0.3")
    assert isinstance(metrics.total(money(cost_usd=["0.1"]), "cost_usd"), Decimal)


def test_the_margin_of_a_whole_is_the_ratio_of_sums_and_not_the_average_of_ratios() -> None:
    members = money(revenue_usd=["1000", "10"], gross_profit_usd=["500", "-90"])
    whole = metrics.ratio(metrics.total(members, "gross_profit_usd"), metrics.total(members, "revenue_usd"))
    average = metrics.with_margin(members)["gross_margin"].mean()
    assert whole == pytest.approx(410 / 1010)
    assert average == pytest.approx(-4.25)


@pytest.mark.parametrize(
    ("revenue", "profit", "expected"),
    [
        ("100", "60", "profitable"),
        ("100", "50", "profitable"),
        ("100", "49.99", "thin"),
        ("100", "0", "thin"),
        ("100", "-0.01", "under_water"),
        ("0", "-5", "no_revenue"),
        (None, None, None),
    ],
)
def test_classes_are_those_of_the_mart_gross_margin(revenue: str | None, profit: str | None, expected: str) -> None:
    frame = metrics.with_margin(money(revenue_usd=[revenue], gross_profit_usd=[profit]))
    assert frame["margin_class"][0] == expected


def test_members_that_only_one_mart_knows_keep_their_row() -> None:
    usage = pl.DataFrame({"id": ["a", "b"], "request_count": [1, 2]})
    margin = pl.DataFrame({"id": ["b", "c"], "revenue": [5, 6]})
    assert metrics.beside("id", usage, margin).to_dict(as_series=False) == {
        "id": ["a", "b", "c"],
        "request_count": [1, 2, 0],
        "revenue": [None, 5, 6],
    }


@given(st.lists(st.one_of(st.none(), dollars), min_size=1, max_size=30), st.integers(1, 10))
def test_folding_the_tail_into_others_never_changes_the_total(costs: list[Decimal | None], keep: int) -> None:
    frame = pl.DataFrame(
        {"id": [f"m{n}" for n in range(len(costs))], "cost_usd": costs, "request_count": [1] * len(costs)},
        schema={"id": pl.String, "cost_usd": MONEY, "request_count": pl.Int64},
    )
    short = metrics.top_and_others(frame, "id", "cost_usd", keep)
    assert len(short) == min(len(costs), keep + 1)
    assert metrics.total(short, "cost_usd") == metrics.total(frame, "cost_usd")
    assert metrics.count(short, "request_count") == len(costs)


def test_a_stack_keeps_its_height_when_small_members_become_other() -> None:
    frame = pl.DataFrame(
        {"period": [date(2026, 1, 1)] * 3, "id": ["a", "b", "c"], "cost_usd": [Decimal(1), None, Decimal(2)]},
        schema={"period": pl.Date, "id": pl.String, "cost_usd": MONEY},
    )
    folded = metrics.folded(frame, "id", ["a"])
    assert folded["id"].to_list() == ["Other", "a"]
    assert metrics.total(folded, "cost_usd") == 3


def test_the_largest_mover_moves_the_way_the_total_does() -> None:
    before = pl.DataFrame({"id": ["a", "b", "gone"], "cost_usd": [Decimal(10), Decimal(10), Decimal(3)]})
    now = pl.DataFrame({"id": ["a", "b", "new"], "cost_usd": [Decimal(2), Decimal(25), Decimal(6)]})
    assert metrics.largest_mover(now, before, "id") == ("b", Decimal(15))
    assert metrics.largest_mover(before, now, "id") == ("b", Decimal(-15))
    assert metrics.largest_mover(now, now, "id") is None


def test_the_whale_curve_ends_at_the_profit_that_is_left() -> None:
    curve = metrics.whale_curve(money(gross_profit_usd=["5", "-3", None, "10"]))
    assert curve["cumulative_usd"].to_list() == [10, 15, 12]
    assert curve["member_share"].to_list() == pytest.approx([1 / 3, 2 / 3, 1])


@pytest.mark.parametrize(
    ("preset", "days", "before"),
    [
        ("7D", (date(2026, 11, 17), date(2026, 11, 23)), (date(2026, 11, 10), date(2026, 11, 16))),
        ("30D", (date(2026, 10, 25), date(2026, 11, 23)), (date(2026, 9, 25), date(2026, 10, 24))),
        ("MTD", NOVEMBER, (date(2026, 10, 1), date(2026, 10, 23))),
        ("Last month", (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 9, 1), date(2026, 9, 30))),
        ("All", (date(2026, 9, 1), date(2026, 11, 23)), (date(2026, 6, 9), date(2026, 8, 31))),
        ("Custom", (date(2026, 1, 1), date(2026, 1, 2)), (date(2025, 12, 30), date(2025, 12, 31))),
    ],
)
def test_a_period_is_counted_back_from_the_newest_day(
    preset: periods.Preset, days: periods.Days, before: periods.Days
) -> None:
    chosen = periods.chosen(preset, date(2026, 9, 1), date(2026, 11, 23), (date(2026, 1, 1), date(2026, 1, 2)))
    assert chosen == days
    assert periods.earlier(preset, chosen) == before


def test_a_warehouse_that_was_loaded_once_shows_all_of_its_days() -> None:
    assert periods.default(date(2026, 11, 23), date(2026, 11, 24)) == "30D"
    assert periods.default(date(2025, 11, 23), date(2026, 11, 24)) == "All"


def test_the_month_to_date_is_never_compared_with_more_days_than_the_month_before_has() -> None:
    march = (date(2026, 3, 1), date(2026, 3, 30))
    assert periods.earlier("MTD", march) == (date(2026, 2, 1), date(2026, 2, 28))


def test_a_day_that_is_still_running_is_left_out_of_changes() -> None:
    today = date(2026, 11, 23)
    assert periods.finished(NOVEMBER, today) == (date(2026, 11, 1), date(2026, 11, 22))
    assert periods.finished(NOVEMBER, None) == NOVEMBER
    assert periods.finished((today, today), today) is None
    assert periods.finished((date(2026, 10, 1), date(2026, 10, 31)), today) == (date(2026, 10, 1), date(2026, 10, 31))


def test_long_periods_are_drawn_in_weeks_then_months() -> None:
    start = date(2026, 1, 1)
    assert periods.grain((start, date(2026, 3, 31))) == "day"
    assert periods.grain((start, date(2026, 12, 31))) == "week"
    assert periods.grain((start, date(2027, 12, 31))) == "month"


def test_a_bar_that_holds_less_than_its_week_or_month_is_open() -> None:
    assert periods.is_open(date(2026, 11, 23), "day", (date(2026, 11, 1), date(2026, 11, 22)))
    assert not periods.is_open(date(2026, 11, 16), "week", NOVEMBER)
    assert periods.is_open(date(2026, 10, 26), "week", NOVEMBER)
    assert periods.is_open(date(2026, 11, 1), "month", NOVEMBER)
    assert not periods.is_open(date(2026, 2, 1), "month", (date(2026, 2, 1), date(2026, 2, 28)))


def test_more_refunded_than_paid_has_no_margin_and_is_under_water() -> None:
    frame = metrics.with_margin(money(revenue_usd=["-100", "10"], gross_profit_usd=["-101", "5"]))
    assert frame["gross_margin"].to_list() == [None, 0.5]
    assert frame["margin_class"].to_list() == ["under_water", "profitable"]
