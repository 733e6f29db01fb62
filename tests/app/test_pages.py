"""Every page under every filter and in every state, against SQL that is written here once more, by hand.

The warehouse is a synthetic one, or the published build under UNITCOST_HOME where that is set.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import builds, dashboard
from app.dashboard import states, theme
from app.marts import CONFIG
from tests.app import synthetic

PAGES = sorted(page.stem for page in (dashboard.MAIN.parent / "app_pages").glob("*.py"))
USAGE, MARGIN = "marts.fct_usage_hourly", "marts.gross_margin_daily"
TALKS = "(select * from marts.cost_per_conversation where conversation_id <> '(unattributed)')"
DAY = {USAGE: "usage_date", MARGIN: "usage_date", TALKS: "started_date"}
BLIND = {USAGE: set[str](), MARGIN: {"provider", "model", "environment"}, TALKS: {"environment"}}


@pytest.fixture(scope="session")
def synthetic_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("warehouse")
    synthetic.build(home)
    return home


@pytest.fixture
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    given = os.environ.get("UNITCOST_HOME")
    home = Path(given).resolve() if given else request.getfixturevalue("synthetic_home")
    monkeypatch.setenv("UNITCOST_HOME", str(home))
    return home


class Asked:
    """What a person asks for in the URL, and the same in SQL."""

    def __init__(self, home: Path, **chosen: str) -> None:
        self.con = duckdb.connect(str(builds.current(home).path), read_only=True, config=CONFIG)
        self.newest: date = self.one("select max(usage_date) from marts.fct_usage_hourly")
        self.period = chosen.pop("period", "30D")
        self.chosen = {name: self.member(name, rank) for name, rank in chosen.items()}

    def one(self, query: str) -> Any:
        return self.con.sql(query).fetchall()[0][0]

    def member(self, dimension: str, rank: str) -> str:
        """The `rank`-th most expensive member of a dimension."""
        column = {"environment": "environment"}.get(dimension, f"{dimension}_id")
        ordered = f"select {column} from {USAGE} group by 1 order by sum(cost_usd) desc nulls last, 1"
        return str(self.con.sql(ordered).fetchall()[int(rank)][0])

    @property
    def query(self) -> dict[str, str]:
        return {**self.chosen, "period": self.period}

    @property
    def days(self) -> tuple[date, date]:
        first = self.newest.replace(day=1)
        if self.period == "MTD":
            return first, self.newest
        if self.period == "Last month":
            return (first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)
        return self.newest - timedelta(days=int(self.period[:-1]) - 1), self.newest

    def blind(self, mart: str) -> set[str]:
        return BLIND[mart] & set(self.chosen)

    def rows(self, mart: str) -> str:
        """The rows of a mart under the filters that it knows."""
        clauses = [f"{DAY[mart]} between '{self.days[0]}' and '{self.days[1]}'"]
        for name, member in self.chosen.items():
            text = "'" + member.replace("'", "''") + "'"
            if name in BLIND[mart]:
                continue
            if mart == TALKS and name in ("provider", "model"):
                # a comma and a space before and a comma after, so that no model is found inside the name of another
                named = f"select 1 from marts.dim_models where {name}_id = {text}"
                clauses.append(f"exists ({named} and contains(', ' || model_ids || ',', ', ' || model_id || ','))")
            else:
                clauses.append(f"{name if name == 'environment' else name + '_id'} = {text}")
        return f"(select * from {mart} as mart where {' and '.join(clauses)})"

    def sum(self, expression: str, mart: str) -> Any:
        """An aggregate over a mart under the filters that it knows."""
        return self.one(f"select {expression} from {self.rows(mart)}")


FILTERS: dict[str, dict[str, str]] = {
    "no filter": {},
    "seven days": {"period": "7D"},
    "ninety days": {"period": "90D"},
    "the month to date": {"period": "MTD"},
    "the last month": {"period": "Last month"},
    "a provider": {"provider": "1"},
    "a model": {"model": "0"},
    "a feature": {"feature": "0"},
    "a customer": {"customer": "0"},
    "an environment": {"environment": "1"},
    "a feature of a customer in seven days": {"feature": "0", "customer": "1", "period": "7D"},
    "a provider of a customer": {"provider": "0", "customer": "0"},
}


@pytest.fixture(params=FILTERS.values(), ids=FILTERS.keys())
def asked(request: pytest.FixtureRequest, home: Path) -> Iterator[Asked]:
    asked = Asked(home, **request.param)
    yield asked
    asked.con.close()


def open_page(name: str, **query: str) -> AppTest:
    """One page, run once its navigation is known, with widgets as the URL says."""
    page = AppTest.from_file(str(dashboard.MAIN), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    if name != "overview":
        page.switch_page(f"app_pages/{name}.py").run()
    assert not page.exception, page.exception[0].value
    return page


def tile(page: AppTest, label: str) -> str:
    (found,) = [metric.value for metric in page.metric if metric.label == label]
    return theme.plain(found)


def table(page: AppTest, column: str) -> pd.DataFrame:
    """The one table of a page with such a column."""
    (found,) = [frame.value for frame in page.dataframe if column in frame.value.columns]
    return found


def said(page: AppTest) -> str:
    """All prose of a page."""
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error, page.title, page.subheader)
    return theme.plain("\n".join(str(element.value) for kind in kinds for element in kind))


def charts(page: AppTest) -> dict[str, list[dict[str, Any]]]:
    """Key of a chart → its traces."""
    return {
        element.proto.id.rsplit("-", 1)[-1]: json.loads(element.proto.spec)["data"]
        for element in page.get("plotly_chart")
    }


def numbers(trace: dict[str, Any], axis: str) -> list[float]:
    return [float(value) for value in trace.get(axis, []) if value is not None]


# --- figures ----------------------------------------------------------------------------------------------------------


def test_the_overview_shows_what_sql_says(asked: Asked) -> None:
    page = open_page("overview", **asked.query)
    cost = asked.sum("sum(cost_usd)", USAGE)
    assert tile(page, "AI cost") == theme.money(cost)
    assert theme.money(cost) in said(page)
    assert tile(page, "Unpriced requests") == theme.count(asked.sum("sum(unpriced_request_count)", USAGE))
    margin = asked.sum("cast(sum(gross_profit_usd) as double) / nullif(cast(sum(revenue_usd) as double), 0)", MARGIN)
    assert tile(page, "Gross margin") == ("n/a" if asked.blind(MARGIN) else theme.percent(margin))
    count, spent = asked.sum("count(*)", TALKS), asked.sum("sum(cost_usd)", TALKS)
    assert tile(page, "Conversations") == ("n/a" if asked.blind(TALKS) else theme.count(count))
    unit = "n/a" if asked.blind(TALKS) or not count else theme.money(spent / count)
    assert tile(page, "Per conversation") == unit


@pytest.mark.parametrize("name", ["features", "customers"])
def test_tile_table_and_sql_agree_on_the_total(name: str, asked: Asked) -> None:
    page = open_page(name, **asked.query)
    shown = table(page, "request_count")
    cost = asked.sum("sum(cost_usd)", USAGE)
    assert tile(page, "AI cost") == theme.money(cost)
    assert shown["cost_usd"].sum() == pytest.approx(float(cost))
    assert shown["request_count"].sum() == asked.sum("sum(request_count)", USAGE)
    if asked.blind(MARGIN):
        assert tile(page, "Revenue") == "n/a"
        assert "revenue_usd" not in shown.columns
    else:
        revenue = asked.sum("sum(revenue_usd)", MARGIN)
        assert tile(page, "Revenue") == theme.money(revenue)
        assert shown["revenue_usd"].sum() == pytest.approx(float(revenue))
        profit = asked.sum("sum(gross_profit_usd)", MARGIN)
        assert shown["gross_profit_usd"].sum() == pytest.approx(float(profit))
    if not asked.blind(TALKS):
        assert shown["conversation_count"].sum() == asked.sum("count(*)", TALKS)


def test_the_conversations_page_shows_what_sql_says(asked: Asked) -> None:
    page = open_page("conversations", **asked.query)
    count = asked.sum("count(*)", TALKS)
    assert tile(page, "Conversations") == theme.count(count)
    assert tile(page, "Median") == theme.money(asked.sum("quantile_disc(cost_usd, 0.5)", TALKS))
    shown = table(page, "tokens")
    assert len(shown) == min(count, 200)
    assert shown["cost_usd"].max() == pytest.approx(float(asked.sum("max(cost_usd)", TALKS)))
    assert shown["cost_usd"].dropna().is_monotonic_decreasing


Traces = list[dict[str, Any]]


def spent_by_paying(asked: Asked, dimension: str) -> float:
    """Cost of members that have both revenue and cost: those that logarithmic axes can show."""
    by_member = (
        f"select sum(revenue_usd) as paid, sum(cogs_usd) as cost from {asked.rows(MARGIN)} group by {dimension}_id"
    )
    return float(asked.one(f"select coalesce(sum(cost), 0) from ({by_member}) where paid > 0 and cost > 0"))


def margins_of_features(asked: Asked) -> list[float]:
    margin = "cast(sum(gross_profit_usd) as double) / cast(sum(revenue_usd) as double)"
    query = f"select {margin} from {asked.rows(MARGIN)} group by feature_id having sum(revenue_usd) <> 0 order by 1"
    return [row[0] for row in asked.con.sql(query).fetchall()]


def stacked(traces: Traces) -> float:
    return sum(sum(numbers(trace, "y")) for trace in traces if trace["type"] == "bar")


def bars_of_all_cost(traces: Traces, asked: Asked) -> tuple[float, Any]:
    return sum(numbers(traces[0], "x")), asked.sum("coalesce(sum(cost_usd), 0)", USAGE)


DRAWN: dict[str, dict[str, Callable[[Traces, Asked], tuple[Any, Any]]]] = {
    "overview": {
        "cost_over_time": lambda traces, asked: (stacked(traces), asked.sum("coalesce(sum(cost_usd), 0)", USAGE)),
        "cost_by_feature": bars_of_all_cost,
    },
    "features": {
        "feature_scatter": lambda traces, asked: (
            sum(sum(numbers(trace, "y")) for trace in traces[1:]),
            spent_by_paying(asked, "feature"),
        ),
        "feature_margins": lambda traces, asked: (numbers(traces[0], "x"), margins_of_features(asked)),
        "cost_by_customer": bars_of_all_cost,
    },
    "customers": {
        "customer_scatter": lambda traces, asked: (
            sum(sum(numbers(trace, "y")) for trace in traces[1:]),
            spent_by_paying(asked, "customer"),
        ),
        "whale": lambda traces, asked: (numbers(traces[0], "y")[-1], asked.sum("sum(gross_profit_usd)", MARGIN)),
        "cost_by_feature": bars_of_all_cost,
    },
    "conversations": {
        "turns": lambda traces, asked: (
            len(traces[-1]["x"]),
            asked.sum("least(200, count(*) filter (where cost_usd is not null))", TALKS),
        ),
        "sizes": lambda traces, asked: (
            sum(numbers(traces[0], "y")),
            asked.sum("count(*) filter (where cost_usd > 0)", TALKS),
        ),
    },
}


def expected_charts(name: str, asked: Asked) -> set[str]:
    """The charts that a page should show: without revenue none that needs it, and of one member what it is made of."""
    if name in ("features", "customers") and asked.blind(MARGIN):
        return set()
    one = name.removesuffix("s") in asked.chosen
    left_out = {
        "features": "feature_margins" if one else "cost_by_customer",
        "customers": "whale" if one else "cost_by_feature",
    }
    return set(DRAWN[name]) - {left_out.get(name)}


def test_every_page_has_its_charts_checked() -> None:
    assert sorted(DRAWN) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_every_chart_obeys_every_filter_or_says_why_it_is_not_there(name: str, asked: Asked) -> None:
    page = open_page(name, **asked.query)
    drawn = charts(page)
    blind = asked.blind(MARGIN)
    assert set(drawn) == expected_charts(name, asked)
    for key, traces in drawn.items():
        shown, expected = DRAWN[name][key](traces, asked)
        expected = float(expected) if isinstance(expected, Decimal) else expected
        assert shown == pytest.approx(expected), key
    if blind and name != "conversations":
        assert f"not recorded by {' and '.join(blind)}: left out under this filter" in said(page)
    if asked.blind(TALKS):
        assert "onversations are not recorded by environment" in said(page)
    assert theme.span(*asked.days) in said(page)
    for dimension, member in asked.chosen.items():
        assert f"{dimension}: {member}" in said(page)


@pytest.mark.usefixtures("home")
def test_the_stack_by_feature_is_as_high_as_the_stack_by_provider() -> None:
    by_provider = charts(open_page("overview"))["cost_over_time"]
    by_feature = charts(open_page("overview", by="Feature"))["cost_over_time"]
    assert stacked(by_feature) == pytest.approx(stacked(by_provider))
    assert {trace["name"] for trace in by_feature} != {trace["name"] for trace in by_provider}


def test_the_lowest_margins_are_those_of_sql(home: Path) -> None:
    asked = Asked(home)
    shown = table(open_page("overview"), "customer_id")
    margin = "sum(gross_profit_usd) / sum(revenue_usd)"
    paying = f"select customer_id from {asked.rows(MARGIN)} group by 1 having sum(revenue_usd) > 0"
    query = f"{paying} order by {margin}, 1 limit 5"
    assert shown["customer_id"].to_list() == [row[0] for row in asked.con.sql(query).fetchall()]


def test_the_class_of_a_whole_month_is_that_of_the_mart(home: Path) -> None:
    asked = Asked(home, period="Last month")
    shown = table(open_page("customers", period="Last month"), "request_count")
    month = asked.days[0]
    query = f"select id, margin_class from marts.gross_margin where dimension = 'customer' and month = '{month}'"
    expected = dict(asked.con.sql(query).fetchall())
    assert shown.set_index("customer_id")["margin_class"].to_dict() == expected


# --- filters ----------------------------------------------------------------------------------------------------------


def test_all_filters_can_be_cleared_at_once(home: Path) -> None:
    asked = Asked(home, provider="0", customer="0", period="7D")
    page = open_page("overview", compare="false", **asked.query)
    next(button for button in page.button if button.label == "Clear all filters").click().run()
    assert tile(page, "AI cost") == theme.money(Asked(home).sum("sum(cost_usd)", USAGE))
    assert page.multiselect(key="provider").value == []
    assert page.toggle(key="compare").value is True


def test_the_filter_that_hides_the_margin_can_be_dropped_where_it_is_told(home: Path) -> None:
    page = open_page("customers", **Asked(home, provider="0", customer="0").query)
    next(button for button in page.button if button.label == "Clear provider").click().run()
    assert tile(page, "Revenue") != "n/a"
    assert len(page.multiselect(key="customer").value) == 1


def test_days_can_be_chosen_one_by_one(home: Path) -> None:
    asked = Asked(home)
    first, last = asked.newest - timedelta(days=9), asked.newest - timedelta(days=5)
    page = AppTest.from_file(str(dashboard.MAIN), default_timeout=60)
    page.query_params["period"] = "Custom"
    page.query_params["days"] = [first.isoformat(), last.isoformat()]
    page.run()
    cost = asked.one(f"select sum(cost_usd) from {USAGE} where usage_date between '{first}' and '{last}'")
    assert tile(page, "AI cost") == theme.money(cost)


def test_an_unknown_filter_value_in_a_link_is_ignored(home: Path) -> None:
    page = open_page("overview", provider="no such provider", period="century")
    assert tile(page, "AI cost") == theme.money(Asked(home).sum("sum(cost_usd)", USAGE))


@pytest.mark.usefixtures("home")
def test_a_member_that_no_longer_exists_is_dropped_from_the_filter() -> None:
    page = open_page("overview")
    cost = tile(page, "AI cost")
    page.session_state["customer"] = ["9,734 others"]
    page.run()
    assert not page.exception
    assert tile(page, "AI cost") == cost


def test_a_change_compares_as_many_days_right_before(home: Path) -> None:
    asked = Asked(home, period="7D")
    page = open_page("overview", period="7D")
    before = f"between '{asked.newest - timedelta(days=13)}' and '{asked.newest - timedelta(days=7)}'"
    earlier = asked.one(f"select sum(cost_usd) from {USAGE} where usage_date {before}")
    now = asked.sum("sum(cost_usd)", USAGE)
    (shown,) = [metric.delta for metric in page.metric if metric.label == "AI cost"]
    assert shown == theme.signed_percent(float((now - earlier) / earlier))


@pytest.mark.usefixtures("home")
def test_nothing_is_compared_where_nobody_asks() -> None:
    page = open_page("overview", compare="false")
    assert "compared with" not in said(page)
    assert all(metric.delta == "" for metric in page.metric if metric.label != "Unpriced requests")


@pytest.mark.usefixtures("home")
def test_a_cost_that_rises_is_never_shown_as_good() -> None:
    page = open_page("overview", period="7D")
    (cost,) = [metric for metric in page.metric if metric.label == "AI cost"]
    colours = type(cost.proto).MetricColor
    bad = cost.delta.startswith("+")
    assert cost.proto.color == (colours.ORANGE if bad else colours.BLUE)


# --- one conversation -------------------------------------------------------------------------------------------------


def test_a_conversation_is_shown_call_by_call_to_the_last_cent(home: Path) -> None:
    asked = Asked(home)
    name, customer, cost, number = asked.con.sql(
        f"select conversation_id, customer_id, cost_usd, request_count from {TALKS} as t"
        " where unpriced_request_count = 0 order by retry_count desc, cost_usd desc limit 1"
    ).fetchall()[0]
    page = open_page("conversations", conversation=name, **Asked(home, customer="0", period="7D").query)
    assert f"Conversation {name}" in said(page)
    assert f"Customer {customer}" in said(page)
    assert tile(page, "Cost") == theme.money(cost)
    calls = table(page, "call")
    assert len(calls) == number
    assert calls["cost_usd"].sum() == pytest.approx(float(cost))
    parts = ["input", "cache_read", "cache_write", "output", "tool"]
    assert sum(calls[f"{part}_cost_usd"].sum() for part in parts) == pytest.approx(float(cost))
    assert numbers(charts(page)["calls"][-1], "y")[-1] == pytest.approx(float(cost))


def test_the_way_back_from_a_conversation_keeps_the_filters(home: Path) -> None:
    asked = Asked(home, customer="0", period="90D")
    name = asked.one(f"select conversation_id from {asked.rows(TALKS)} limit 1")
    page = open_page("conversations", conversation=name, **asked.query)
    page.button(key="back").click().run()
    assert tile(page, "Conversations") == theme.count(asked.sum("count(*)", TALKS))
    assert page.multiselect(key="customer").value == [asked.chosen["customer"]]


@pytest.mark.usefixtures("home")
def test_an_unknown_conversation_is_named_and_no_error() -> None:
    assert "No conversation nowhere in this warehouse." in said(open_page("conversations", conversation="nowhere"))


def test_requests_without_a_conversation_are_explained_and_counted_of_all_days(home: Path) -> None:
    page = open_page("conversations", conversation="(unattributed)")
    assert "carry no conversation id" in said(page)
    rest = Asked(home).one(
        "select sum(cost_usd) from marts.cost_per_conversation where conversation_id = '(unattributed)'"
    )
    assert tile(open_page("conversations"), "Without an id") == theme.money(rest or 0)


@pytest.fixture
def imaginary(synthetic_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The synthetic warehouse, where its very members are meant."""
    monkeypatch.setenv("UNITCOST_HOME", str(synthetic_home))
    return synthetic_home


def test_two_customers_with_the_same_conversation_id_are_never_mixed(imaginary: Path) -> None:
    asked = Asked(imaginary)
    page = open_page("conversations", conversation=synthetic.SHARED, of=synthetic.SHARED_BY[1])
    cost = asked.one(
        f"select cost_usd from marts.cost_per_conversation where conversation_id = '{synthetic.SHARED}'"
        f" and customer_id = '{synthetic.SHARED_BY[1]}'"
    )
    assert "Several customers use this id" in [control.label for control in page.get("segmented_control")]
    assert tile(page, "Cost") == theme.money(cost)
    assert table(page, "call")["cost_usd"].sum() == pytest.approx(float(cost))


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("imaginary")
@pytest.mark.parametrize("member", [synthetic.MARKUP, synthetic.FORMULA])
@pytest.mark.parametrize("name", PAGES)
def test_a_customer_with_a_hostile_name_is_shown_by_that_name(name: str, member: str) -> None:
    assert f"customer: {member}" in said(open_page(name, customer=member, period="90D"))


@pytest.mark.usefixtures("imaginary")
def test_a_customer_who_pays_nothing_has_no_margin_rather_than_a_bad_one() -> None:
    page = open_page("customers", customer="trial-co")
    assert tile(page, "Gross margin") == "n/a"
    (row,) = table(page, "request_count").to_dict("records")
    assert (row["margin_class"], row["revenue_usd"], row["gross_margin"] != row["gross_margin"]) == (
        "no_revenue",
        0,
        True,
    )
    assert tile(page, "Under water") == "0"


@pytest.mark.usefixtures("imaginary")
def test_cost_without_any_price_is_unknown_and_not_zero() -> None:
    page = open_page("overview", model="house-llama")
    assert tile(page, "AI cost") == "n/a"
    assert tile(page, "Unpriced requests") != "0"


@pytest.mark.usefixtures("imaginary")
@pytest.mark.parametrize("name", PAGES)
def test_filters_that_leave_nothing_say_so_and_offer_to_clear_them(name: str) -> None:
    nothing = {"model": "house-llama", "feature": "autocomplete"}
    page = open_page(name, **nothing)
    assert "for these filters" in said(page)
    assert not charts(page)
    page.button(key="empty_clear").click().run()
    assert charts(page)


@pytest.mark.parametrize("name", PAGES)
def test_without_a_warehouse_every_page_names_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page(name)
    assert "No data yet" in said(page)
    assert "unitcost demo" in page.code[0].value


def test_a_warehouse_of_another_version_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.build(tmp_path, days=2, schema_version=builds.SCHEMA_VERSION + 1)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    assert "Run `unitcost build`" in said(open_page("overview"))


def test_a_warehouse_without_usage_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.build(tmp_path, usage=False)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    assert "unitcost ingest" in said(open_page("overview"))


def test_a_broken_file_is_one_line_with_a_number_and_no_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = synthetic.build(tmp_path, days=2)
    path.chmod(0o644)
    path.write_bytes(b"not a database" * 1000)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("overview")
    assert "could not be read (error " in said(page)


def test_a_day_that_is_not_over_is_hatched_and_left_out_of_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.build(tmp_path, days=20, until=time(12))
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    asked, page = Asked(tmp_path, period="7D"), open_page("overview", period="7D")
    assert "23 Nov 2026 is not over yet" in said(page)
    assert tile(page, "AI cost") == theme.money(asked.sum("sum(cost_usd)", USAGE))
    by_day = dict(asked.con.sql(f"select usage_date, sum(cost_usd) from {USAGE} group by 1").fetchall())
    full = [by_day[asked.newest - timedelta(days=back)] for back in range(1, 7)]
    before = [by_day[asked.newest - timedelta(days=back)] for back in range(7, 13)]
    (shown,) = [metric.delta for metric in page.metric if metric.label == "AI cost"]
    assert shown == theme.signed_percent(float((sum(full) - sum(before)) / sum(before)))
    bars = [trace for trace in charts(page)["cost_over_time"] if trace["type"] == "bar"]
    for trace in bars:
        hatched = [day for day, shape in zip(trace["x"], trace["marker"]["pattern"]["shape"], strict=True) if shape]
        assert hatched == [day for day in trace["x"] if day.startswith("2026-11-23")]


def test_a_period_without_a_whole_one_before_says_so_instead_of_comparing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.build(tmp_path, days=20)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("overview")
    assert "there is no whole period before this one" in said(page)
    assert all(metric.delta == "" for metric in page.metric if metric.label != "Unpriced requests")


@pytest.mark.usefixtures("home")
def test_old_data_is_called_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "STALE_AFTER_DAYS", -(10**6))
    assert "days old" in said(open_page("overview"))
    monkeypatch.setattr(states, "STALE_AFTER_DAYS", 10**6)
    assert "days old" not in said(open_page("overview"))


def test_a_new_build_is_read_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.build(tmp_path, days=10)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("overview", period="7D")
    earlier = tile(page, "AI cost")
    monkeypatch.setattr(synthetic, "BUILD_ID", "20261125T040000Z-synthetic")
    synthetic.build(tmp_path, days=40)
    page.run()
    assert tile(page, "AI cost") == theme.money(Asked(tmp_path, period="7D").sum("sum(cost_usd)", USAGE))
    assert tile(page, "AI cost") != earlier


# --- the house --------------------------------------------------------------------------------------------------------


def test_sql_is_in_one_module_and_reads_one_mart_at_a_time() -> None:
    for module in dashboard.MAIN.parent.rglob("*.py"):
        assert " from marts." not in module.read_text(encoding="utf-8"), module
    assert " join " not in (dashboard.MAIN.parent.parent / "marts.py").read_text(encoding="utf-8").replace(
        "No join", ""
    )


def test_the_command_serves_the_frame_on_the_port_that_is_asked(tmp_path: Path) -> None:
    argv = dashboard.command(tmp_path, 8777, browser=False)
    assert argv[1:5] == ["-m", "streamlit", "run", str(dashboard.MAIN)]
    assert argv[argv.index("--server.port") + 1] == "8777"
    assert argv[argv.index("--server.headless") + 1] == "true"
