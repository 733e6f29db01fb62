from datetime import date
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest

from app import metrics
from app.dashboard import charts, theme

HOSTILE = "<b>Bobby</b> $5 *Tables* $6"
DAYS = [date(2026, 11, 1), date(2026, 11, 2)]


def members(**more: Any) -> pl.DataFrame:
    columns = {
        "customer_id": ["good", HOSTILE, "bad"],
        "revenue_usd": [Decimal(1000), Decimal(100), Decimal(10)],
        "cogs_usd": [Decimal(100), Decimal(80), Decimal(50)],
        "cost_usd": [Decimal(100), Decimal(80), Decimal(50)],
        "gross_profit_usd": [Decimal(900), Decimal(20), Decimal(-40)],
    }
    return metrics.with_margin(pl.DataFrame({**columns, **more}))


def words(figure: go.Figure) -> str:
    return str(figure.to_dict())


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_no_chart_obeys_markup_in_a_name(palette: theme.Palette) -> None:
    frame = members()
    drawn = [
        charts.cost.bars(frame, "customer_id", palette, labels=["", "", ""], fills=["red"] * 3),
        charts.margin.revenue_against_cost(frame, "customer_id", palette),
        charts.margin.bars(frame, "customer_id", palette),
        charts.margin.whale_curve(metrics.whale_curve(frame), palette),
    ]
    for figure in drawn:
        shown = words(figure).replace(f"'customdata': {frame['customer_id'].to_list()}", "")
        assert "&lt;b&gt;Bobby" in shown
        for trace in figure.data:
            assert HOSTILE not in [*(trace.text or ()), *(trace.hovertext or ()), *map(str, trace.y or ())]


def test_cost_over_time_stacks_to_the_total_and_hatches_what_is_not_over() -> None:
    cost = pl.DataFrame(
        {"period": DAYS * 2, "provider_id": ["a", "a", "b", "b"], "cost_usd": [Decimal(n) for n in (1, 2, 3, 4)]}
    )
    margin = pl.DataFrame({"period": DAYS, "gross_margin": [0.5, None]})
    figure = charts.cost.over_time(
        cost,
        "provider_id",
        {"a": "red", "b": "blue"},
        theme.LIGHT,
        margin=margin,
        grain="day",
        is_open=lambda day: day == DAYS[1],
    )
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert sum(sum(trace.y) for trace in bars) == 10
    assert all(tuple(trace.marker.pattern.shape) == ("", "/") for trace in bars)
    (line,) = [trace for trace in figure.data if trace.type == "scatter"]
    assert (line.yaxis, list(line.y)) == ("y2", [0.5])


def test_the_break_even_line_runs_through_equal_revenue_and_cost() -> None:
    figure = charts.margin.revenue_against_cost(members(), "customer_id", theme.LIGHT)
    line = figure.data[0]
    assert line.name == "Break-even"
    assert list(line.x) == list(line.y)
    assert {trace.name for trace in figure.data[1:]} == {"Profitable", "Thin", "Under water"}


def test_the_histogram_counts_every_conversation_once_and_marks_its_quantiles() -> None:
    steps = pl.DataFrame({"step": [-5, -4, 0], "conversation_count": [7, 2, 1], "cost_usd": [Decimal("0.1")] * 3})
    figure = charts.conversations.histogram(steps, {"median": 0.1, "99th": 1.0}, theme.LIGHT)
    assert sum(figure.data[0].y) == 10
    assert [shape.x0 for shape in figure.layout.shapes] == [-5, 0]
    assert "$0.1" in figure.layout.xaxis.ticktext


def test_the_median_is_not_drawn_where_hardly_a_conversation_is() -> None:
    lengths = pl.DataFrame(
        {"turn_count": [1, 2], "conversation_count": [50, 1]}
        | {name: [Decimal(1), Decimal(900)] for name in ("p25_usd", "p50_usd", "p75_usd")}
    )
    dearest = pl.DataFrame(
        {"conversation_id": ["c"], "customer_id": ["x"], "turn_count": [2], "cost_usd": [Decimal(900)]}
    )
    figure = charts.conversations.by_turns(lengths, dearest, theme.LIGHT)
    (median,) = [trace for trace in figure.data if trace.name == "Median"]
    assert list(median.x) == [1]
    assert list(figure.data[-1].customdata) == ["c"]


def test_a_call_without_a_price_does_not_break_the_running_cost() -> None:
    frame = pl.DataFrame(
        {"call": [1, 2, 3], "attempt_number": [1, 1, 2], "cost_usd": [Decimal(1), None, Decimal(2)]}
        | {name: [10, 20, 30] for name in charts.conversations.TOKENS}
    )
    figure = charts.conversations.calls(frame, theme.LIGHT)
    assert list(figure.data[-1].y) == [1, 1, 3]
    assert tuple(figure.data[0].marker.pattern.shape) == ("", "", "/")


def test_charts_of_nothing_are_still_figures() -> None:
    none = members().clear()
    charts.margin.revenue_against_cost(none, "customer_id", theme.LIGHT)
    charts.margin.bars(none, "customer_id", theme.LIGHT)
    charts.margin.whale_curve(metrics.whale_curve(none), theme.LIGHT)
    charts.cost.bars(none, "customer_id", theme.LIGHT, labels=[], fills=[])


def test_a_member_keeps_its_colour_whatever_else_is_shown() -> None:
    ranked = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
    alone = theme.colours(theme.LIGHT, ranked, ["c"])
    together = theme.colours(theme.LIGHT, ranked, ["a", "b", "c", "i", "Other"])
    assert alone["c"] == together["c"]
    assert together["Other"] == theme.LIGHT.other
    assert len(set(together.values())) == 5


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
def test_good_and_bad_are_told_apart_without_red_and_green(palette: theme.Palette) -> None:
    good, bad = (tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5)) for colour in (palette.good, palette.bad))
    assert good[2] > good[0]
    assert bad[0] > bad[2]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "n/a"),
        (Decimal(0), "$0"),
        (Decimal("41320.49"), "$41,320"),
        (Decimal("99.999"), "$100"),
        (Decimal("12.345"), "$12.34"),
        (Decimal("0.999"), "$1.00"),
        (Decimal("0.0312"), "$0.0312"),
        (Decimal("0.00041234"), "$0.000412"),
        (Decimal("-5.4"), "−$5.40"),
        (1234567, "$1,234,567"),
        (0.0312, "$0.0312"),
    ],
)
def test_money_is_as_exact_as_its_size_calls_for(value: metrics.Number | None, shown: str) -> None:
    assert theme.money(value) == shown


def test_shares_and_changes_are_written_with_their_sign_and_never_as_a_false_zero() -> None:
    assert theme.percent(0.624) == "62.4%"
    assert theme.percent(-0.4) == "−40.0%"
    assert theme.percent(0.0003) == "0.03%"
    assert theme.percent(0.00001) == "<0.01%"
    assert theme.percent(0) == "0.0%"
    assert theme.percent(0.99996) == ">99.9%"
    assert theme.percent(1) == "100.0%"
    assert theme.percent(None) == "n/a"
    assert theme.points(-0.018) == "−1.8 pp"
    assert theme.signed_percent(0.123) == "+12.3%"
    assert theme.signed_percent(0.0) == "0.0%"
    assert theme.signed_percent(11.0) == "×12"


def test_days_are_written_once_where_both_ends_share_them() -> None:
    assert theme.span(date(2026, 11, 1), date(2026, 11, 23)) == "1 – 23 Nov 2026"
    assert theme.span(date(2026, 10, 25), date(2026, 11, 23)) == "25 Oct – 23 Nov 2026"
    assert theme.span(date(2025, 12, 31), date(2026, 1, 1)) == "31 Dec 2025 – 1 Jan 2026"
    assert theme.span(date(2026, 1, 1), date(2026, 1, 1)) == "1 Jan 2026"


def test_a_name_in_a_sentence_stays_a_name() -> None:
    assert theme.markdown("a_b $5") == r"a\_b \$5"
    assert theme.plain(f"It cost **{theme.markdown(HOSTILE)}**") == f"It cost {HOSTILE}"


def test_a_price_that_pauses_leaves_a_gap_and_one_without_an_end_runs_to_the_edge() -> None:
    steps = pl.DataFrame(
        {
            "series": ["Input", "Input"],
            "usage_kind": ["input_tokens", "input_tokens"],
            "dash": ["solid", "solid"],
            "valid_from_date": [date(2015, 1, 1), date(2026, 9, 1)],
            "valid_to_date": [date(2026, 7, 1), date(2100, 1, 1)],
            "price_usd": [Decimal(3), Decimal(2)],
        }
    )
    figure = charts.prices.steps(steps, theme.LIGHT, date(2026, 11, 24), buys="1M tokens")
    (line,) = figure.data
    left, right = figure.layout.xaxis.range
    assert list(line.y) == [3, 3, None, 2, 2]
    assert [line.x[0], line.x[1], line.x[3], line.x[4]] == [left, date(2026, 7, 1), date(2026, 9, 1), right]
    assert date(2026, 11, 24) < right < date(2100, 1, 1)
