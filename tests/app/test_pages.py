"""Every page under every filter and in every state, against SQL that is written here once more, by hand.

The warehouse is a synthetic one, or the published build under UNITCOST_HOME where that is set.
"""

import gc
import json
import os
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from app import builds, close_pack, dashboard, period_lock
from app.dashboard import filters, garbage, price_words, states, theme
from app.marts import prices
from app.marts.warehouse import CONFIG
from tests.app import excel, synthetic

PAGES = sorted(page.stem for page in (dashboard.MAIN.parent / "app_pages").glob("*.py"))
GOVERNED = [
    name for name in PAGES if name not in {"prices", "health", "close", "units", "changes", "anomalies", "savings"}
]
"""Pages that the filters in the sidebar govern: a price holds whoever calls."""
USAGE, MARGIN = "marts.fct_usage_hourly", "marts.gross_margin_daily"
TALKS = "(select * from marts.cost_per_conversation where conversation_id <> '(unattributed)')"
BESIDE = "(select * from marts.cost_by_workload where workload <> 'production')"
DAY = {USAGE: "usage_date", MARGIN: "usage_date", TALKS: "started_date", BESIDE: "usage_date"}
BLIND = {USAGE: set[str](), MARGIN: {"provider", "model", "environment"}, TALKS: {"environment"}, BESIDE: {"model"}}


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
        if mart == USAGE and "environment" not in self.chosen:
            clauses.append("workload = 'production'")
        if mart == TALKS:
            clauses.append("is_production")
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


COHORTS = "select gross_margin from marts.customer_cohorts where gross_margin is not null order by 1"
DRAWN: dict[str, dict[str, Callable[[Traces, Asked], tuple[Any, Any]]]] = {
    "overview": {
        "cost_over_time": lambda traces, asked: (stacked(traces), asked.sum("coalesce(sum(cost_usd), 0)", USAGE)),
        "cost_by_feature": bars_of_all_cost,
        "workloads": lambda traces, asked: (stacked(traces), asked.sum("coalesce(sum(cost_usd), 0)", BESIDE)),
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
        "cohorts": lambda traces, asked: (
            sorted(margin for line in traces[0]["z"] for margin in line if margin is not None),
            [row[0] for row in asked.con.sql(COHORTS).fetchall()],
        ),
    },
    "models": {
        "model_cost": lambda traces, asked: (stacked(traces), asked.sum("coalesce(sum(cost_usd), 0)", USAGE)),
    },
    "whatif": {
        "scenario_cost": lambda traces, asked: (numbers(traces[0], "y")[0], asked.sum("sum(cost_usd)", USAGE)),
        "scenario_profit": lambda traces, asked: (
            numbers(traces[0], "y")[0],
            asked.sum("sum(gross_profit_usd)", MARGIN),
        ),
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
        return set()  # nor cohorts, which know no member
    if name == "whatif" and asked.blind(MARGIN):
        return {"scenario_cost"}
    if name == "overview" and (asked.blind(BESIDE) or not asked.sum("count(*)", BESIDE)):
        return set(DRAWN[name]) - {"workloads"}
    one = name.removesuffix("s") in asked.chosen
    left_out = {
        "features": "feature_margins" if one else "cost_by_customer",
        "customers": "whale" if one else "cost_by_feature",
    }
    return set(DRAWN[name]) - {left_out.get(name)} - ({"cohorts"} if asked.chosen else set())


def test_every_page_has_its_charts_checked() -> None:
    assert sorted(DRAWN) == GOVERNED


@pytest.mark.parametrize("name", GOVERNED)
def test_every_chart_obeys_every_filter_or_says_why_it_is_not_there(name: str, asked: Asked) -> None:
    page = open_page(name, **asked.query)
    drawn = charts(page)
    blind = asked.blind(MARGIN)
    assert set(drawn) == expected_charts(name, asked)
    for key, traces in drawn.items():
        shown, expected = DRAWN[name][key](traces, asked)
        expected = float(expected) if isinstance(expected, Decimal) else expected
        assert shown == pytest.approx(expected), key
    if blind and name not in {"conversations", "models"}:
        assert f"not recorded by {' and '.join(blind)}: left out under this filter" in said(page)
    if asked.blind(TALKS) and name != "models":  # it shows none
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
    shown = table(open_page("overview"), "gross_margin")
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
    cost = asked.one(
        f"select sum(cost_usd) from {USAGE} where workload = 'production' and usage_date between '{first}' and '{last}'"
    )
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


def test_training_and_experiments_are_beside_production_until_somebody_asks(home: Path) -> None:
    asked = Asked(home)
    everything = asked.one(
        f"select sum(cost_usd) from {USAGE} where usage_date between '{asked.days[0]}' and '{asked.days[1]}'"
    )
    apart, together = open_page("overview"), open_page("overview", every_workload="true")
    assert tile(apart, "AI cost") == theme.money(asked.sum("sum(cost_usd)", USAGE))
    assert tile(together, "AI cost") == theme.money(everything)
    for name in ("Gross margin", "Per conversation"):
        assert tile(apart, name) == tile(together, name)
    flagged = table(apart, "workload")
    serving = asked.one(f"select sum(cost_usd) from {asked.rows(BESIDE)} where is_serving_customers")
    assert flagged["cost_usd"].sum() == pytest.approx(float(serving))
    assert "served customers that pay" in said(apart)


def test_answers_from_documents_show_what_retrieval_takes_of_them(home: Path) -> None:
    if "synthetic" not in builds.current(home).build_id:
        pytest.skip("of the synthetic company")
    page = open_page("features")
    (row,) = table(page, "with_context_share").to_dict("records")
    assert (row["feature_id"], row["per_answer_usd"], row["used_share"]) == ("doc-search", 0.01, 0.25)
    assert (row["overhead_share"], row["with_context_share"]) == (pytest.approx(0.2), pytest.approx(0.6))
    assert "doc-search retrieves too much: answers used 25.0% of it" in said(page)
    assert "retrieves too much" not in said(open_page("features", feature="support-agent"))


def test_a_change_compares_as_many_days_right_before(home: Path) -> None:
    asked = Asked(home, period="7D")
    page = open_page("overview", period="7D")
    before = f"between '{asked.newest - timedelta(days=13)}' and '{asked.newest - timedelta(days=7)}'"
    earlier = asked.one(f"select sum(cost_usd) from {USAGE} where workload = 'production' and usage_date {before}")
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


# --- why a call costs what it costs -----------------------------------------------------------------------------------


def talk(asked: Asked, condition: str) -> tuple[str, str]:
    """conversation_id and customer_id of one conversation."""
    query = f"select conversation_id, customer_id from {TALKS} as t where {condition} order by cost_usd desc, 1 limit 1"
    conversation, customer = asked.con.sql(query).fetchall()[0]
    return conversation, customer


def lines_of(conversation: str, customer: str) -> str:
    """The lines of a conversation."""
    text = customer.replace("'", "''")
    return f"marts.cost_lines where conversation_id = '{conversation}' and customer_id = '{text}'"


def formula(page: AppTest) -> str:
    """The one formula of a page."""
    (found,) = [said for said in (theme.plain(element.value) for element in page.markdown) if " / 1M" in said]
    return found


def worked_out(formula: str) -> tuple[Decimal, Decimal]:
    """What the left side of a formula makes, and what its right side says."""
    left, right = formula.replace(",", "").replace("$", "").split(" = ")
    made = Decimal(0)
    for part in left.split(" + "):
        quantity, price = part.split(" × ")
        per_million = price.endswith(" / 1M")
        made += Decimal(quantity) * Decimal(price.removesuffix(" / 1M")) / (1_000_000 if per_million else 1)
    return made, Decimal(right)


def test_the_dearest_call_is_explained_by_a_formula_that_makes_its_cost(home: Path) -> None:
    asked = Asked(home)
    conversation, customer = talk(asked, "request_count > 3 and unpriced_request_count = 0")
    page = open_page("conversations", conversation=conversation, of=customer)
    made, told = worked_out(formula(page))
    lines = lines_of(conversation, customer)
    assert made == told
    assert told == asked.one(f"select max(cost) from (select sum(amount_usd) as cost from {lines} group by request_id)")
    assert told == asked.one(f"select max(cost_usd) from marts.fct_requests where {lines.split(' where ')[1]}")
    assert "The lines add up to the cost of the call." in said(page)


def test_every_call_can_be_chosen_by_the_link_and_its_lines_are_those_of_the_mart(home: Path) -> None:
    asked = Asked(home)
    conversation, customer = talk(asked, "request_count between 3 and 9 and unpriced_request_count = 0")
    lines = lines_of(conversation, customer)
    calls = asked.con.sql(
        f"select request_id, sum(amount_usd), count(*) from {lines} group by all order by min(requested_at), request_id"
    ).fetchall()
    for number, (_, cost, kinds) in enumerate(calls, start=1):
        page = open_page("conversations", conversation=conversation, of=customer, call=str(number))
        assert worked_out(formula(page)) == (cost, cost)
        shown = next(frame.value for frame in page.dataframe if "quantity" in frame.value.columns)
        assert len(shown) == kinds
        assert shown["amount_usd"].sum() == pytest.approx(float(cost))


def test_the_whole_conversation_is_quantity_times_price_too(home: Path) -> None:
    asked = Asked(home)
    conversation, customer = talk(asked, "model_count = 1 and request_count > 3 and unpriced_request_count = 0")
    page = open_page("conversations", conversation=conversation, of=customer)
    shown = table(page, "price_id")
    lines = lines_of(conversation, customer)
    expected = dict(
        asked.con.sql(
            f"select usage_kind || price_id, cast(sum(amount_usd) as double) from {lines} group by 1"
        ).fetchall()
    )
    kinds = shown["usage_kind"].str.lower().str.replace(" ", "_") + shown["price_id"]
    assert dict(zip(kinds, shown["amount_usd"], strict=True)) == pytest.approx(expected)
    assert theme.price(asked.one(f"select sum(amount_usd) from {lines}")) in said(page)


def test_the_list_price_stands_beside_a_contract_price_and_only_there(imaginary: Path) -> None:
    asked = Asked(imaginary)
    for model, differs in (("claude-sonnet-5", True), ("gpt-5-mini", False)):
        conversation, customer = talk(asked, f"model_ids = '{model}'")
        shown = table(open_page("conversations", conversation=conversation, of=customer), "price_id")
        assert ("list_unit_price_usd" in shown.columns) is differs
        if differs:
            row = shown[shown["usage_kind"] == "Output"].iloc[0]
            assert (row["list_unit_price_usd"], row["unit_price_usd"]) == ("$18.75 / 1M", "$15.00 / 1M")


def test_a_call_names_its_price_row_and_the_way_to_it(imaginary: Path) -> None:
    conversation, customer = talk(Asked(imaginary), "model_ids = 'gpt-5'")
    page = open_page("conversations", conversation=conversation, of=customer)
    assert "Price row list|openai|gpt-5|standard" in said(page)
    (link,) = page.get("page_link")
    assert link.proto.page == "prices"
    assert link.proto.query_string == "section=History&price_model=openai%2Fgpt-5"


def test_a_call_without_a_price_says_why_and_shows_what_was_used(imaginary: Path) -> None:
    conversation, customer = talk(Asked(imaginary), "model_ids = 'house-llama'")
    page = open_page("conversations", conversation=conversation, of=customer)
    assert "No price: no source knows this model." in said(page)
    assert " / 1M" not in said(page)
    assert set(table(page, "price_id")["unit_price_usd"]) == {"no price"}


def test_a_call_that_is_priced_in_part_is_in_no_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = synthetic.build(tmp_path, days=20)
    conversation, customer = talk(Asked(tmp_path), "model_ids = 'gpt-5' and request_count = 3")
    path.chmod(0o644)
    lines = lines_of(conversation, customer)
    with duckdb.connect(str(path)) as con:
        con.execute(
            "update marts.fct_requests set price_status = 'no_price', cost_usd = null where request_id ="
            f" (select max(request_id) from {lines})"
        )
        ((rest,),) = con.sql(f"select sum(amount_usd) from {lines} and price_status = 'priced'").fetchall()
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("conversations", conversation=conversation, of=customer, call="3")
    assert "No price: the model is known, but there is none for what was used" in said(page)
    assert " / 1M" not in said(page)
    assert f"{theme.price(rest)} in all, without the" in said(page)


def test_a_call_of_another_conversation_is_not_taken_over(imaginary: Path) -> None:
    conversation, customer = talk(Asked(imaginary), "request_count = 2 and unpriced_request_count = 0")
    page = open_page("conversations", conversation=conversation, of=customer, call="39")
    assert page.number_input(key="call").value is None


# --- prices -----------------------------------------------------------------------------------------------------------


def test_the_book_is_that_of_the_two_days_that_are_asked_for(imaginary: Path) -> None:
    asked = Asked(imaginary)
    for valid_on, known_on in (
        ("2026-11-23", "2026-11-24"),
        ("2026-05-31", "2026-11-24"),
        ("2026-11-23", "2026-08-31"),
    ):
        page = open_page("prices", valid_on=valid_on, known_on=known_on, catalogue="true")
        shown = table(page, "price_usd")
        after = f"timestamp '{known_on}' + interval 1 day"
        rows = asked.con.sql(
            "select count(*), cast(sum(price_usd) as double) from marts.price_history"
            f" where valid_from_date <= '{valid_on}' and valid_to_date > '{valid_on}'"
            f" and known_from_at < {after} and (known_to_at is null or known_to_at >= {after})"
        ).fetchall()
        assert (len(shown), pytest.approx(shown["price_usd"].sum())) == rows[0]


def test_what_the_book_knew_before_it_was_corrected_is_another_price(imaginary: Path) -> None:
    del imaginary
    prices = {}
    for known_on in ("2026-08-31", "2026-09-01"):
        shown = table(open_page("prices", known_on=known_on, find="openai/GPT-5"), "price_usd")
        row = shown[(shown["model_id"] == "gpt-5") & (shown["kind"] == "Input") & (shown["service_tier"] == "standard")]
        prices[known_on] = row["price_usd"].to_list()
    assert prices == {"2026-08-31": [3.75], "2026-09-01": [1.25]}


def test_the_book_holds_what_was_called_and_on_demand_the_whole_catalogue(imaginary: Path) -> None:
    asked = Asked(imaginary)
    called = set(table(open_page("prices"), "price_usd")["model_id"])
    assert called == {row[0] for row in asked.con.sql("select model_id from marts.price_book").fetchall()}
    assert set(table(open_page("prices", catalogue="true"), "price_usd")["model_id"]) == called | {"gpt-4o"}
    only = table(open_page("prices", price_provider="google"), "price_usd")
    assert set(only["provider_id"]) == {"google"}


def test_a_book_that_is_cut_says_of_how_many(imaginary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del imaginary
    whole = len(table(open_page("prices"), "price_usd"))
    price_list = prices.price_list
    monkeypatch.setattr(prices, "price_list", lambda build, book, limit: price_list(build, book, min(limit, 5)))
    page = open_page("prices")
    assert len(table(page, "price_usd")) == 5
    assert f"The first 5 of {whole} prices" in said(page)


def test_a_search_without_a_find_says_so(imaginary: Path) -> None:
    del imaginary
    assert "has no such price" in said(open_page("prices", find="no such model"))


def test_the_steps_are_the_prices_of_the_mart_and_neighbours_at_one_price_are_one(imaginary: Path) -> None:
    del imaginary
    page = open_page("prices", section="History", price_model="openai/gpt-5")
    steps = {trace["name"]: trace for trace in charts(page)["price_steps"]}
    assert set(steps) == {"Input", "Output", "Cache read", "Cache write", "Output (litellm)"}
    assert numbers(steps["Output"], "y") == [5, 5, 10, 10]
    assert steps["Output"]["x"][1:3] == ["2026-06-01", "2026-06-01"]
    assert {trace["line"]["shape"] for trace in steps.values()} == {"hv"}
    assert "Not drawn, since it is not per 1M tokens: Web searches." in said(page)
    batch = open_page("prices", section="History", price_model="openai/gpt-5", tier="batch")
    assert numbers(charts(batch)["price_steps"][0], "y") == [0.3125, 0.3125, 0.625, 0.625]
    earlier = open_page("prices", section="History", price_model="openai/gpt-5", known_on="2026-08-31")
    assert numbers(charts(earlier)["price_steps"][0], "y") == [1.875, 1.875, 3.75, 3.75]


def test_a_change_that_is_announced_is_told_in_words(imaginary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del imaginary
    monkeypatch.setattr(filters, "today", lambda: date(2026, 11, 24))
    page = open_page("prices", section="History", price_model="openai/gpt-5-mini")
    assert "From 1 Jan 2027: Input $0.25 → $0.1875 per 1M tokens, Output $2.00 → $1.50 per 1M tokens" in said(page)
    monkeypatch.setattr(filters, "today", lambda: date(2027, 1, 2))
    page = open_page("prices", section="History", price_model="openai/gpt-5-mini")
    assert "→" not in said(page)


def test_the_rows_that_calls_are_rated_by_carry_the_ids_that_calls_name(imaginary: Path) -> None:
    page = open_page("prices", section="History", price_model="anthropic/claude-sonnet-5")
    shown = table(page, "price_id")
    named = "select distinct price_id from marts.fct_requests where model_id = 'claude-sonnet-5'"
    assert shown["price_id"].to_list() == [row[0] for row in Asked(imaginary).con.sql(named).fetchall()]
    assert shown["output_per_million_usd"].to_list() == [15]


def test_history_without_a_model_says_what_to_choose(imaginary: Path) -> None:
    del imaginary
    page = open_page("prices", section="History")
    assert "Choose a model" in said(page)
    assert not charts(page)


def test_gaps_are_those_of_the_mart_with_their_range_and_what_to_do(imaginary: Path) -> None:
    page = open_page("prices", section="Gaps")
    shown = table(page, "at_risk_low_usd")
    rows = (
        Asked(imaginary)
        .con.sql(
            "select month, model_id, request_count, cast(at_risk_low_usd as double), cast(at_risk_high_usd as double)"
            " from marts.unpriced_requests order by month desc"
        )
        .fetchall()
    )
    columns = ["model_id", "request_count", "at_risk_low_usd", "at_risk_high_usd"]
    assert [tuple(row) for row in shown[columns].itertuples(index=False)] == [row[1:] for row in rows]
    assert f"{sum(row[2] for row in rows):,} calls have no price" in said(page)
    assert "in no total" in said(page)
    assert "seeds/price_overrides.csv" in said(page)
    for place in (3, 4):  # the range is told line by line and nowhere added
        assert theme.us_dollars(Decimal(str(sum(row[place] for row in rows)))) not in said(page)


def test_usage_that_nothing_reads_is_listed_by_its_name(imaginary: Path) -> None:
    del imaginary
    page = open_page("prices", section="Gaps")
    (row,) = table(page, "usage_name").to_dict("records")
    assert (row["provider_id"], row["model_id"], row["usage_name"]) == ("openai", "gpt-5", "new_tokens")
    assert (row["request_count"], row["quantity"]) == (12, "3,456")
    assert "Usage that we do not read" in said(page)


def test_conflicts_name_both_sources_and_that_the_first_is_used(imaginary: Path) -> None:
    del imaginary
    page = open_page("prices", section="Conflicts")
    (row,) = table(page, "price_ratio").to_dict("records")
    assert (row["used_price_source"], row["used_unit_price_usd"]) == ("genai-prices", "$10.00 / 1M")
    assert (row["other_price_source"], row["other_unit_price_usd"]) == ("litellm", "$12.00 / 1M")
    assert (row["price_ratio"], row["impact_30d_usd"]) == ("×1.20", 10)
    assert "The first source is used, never a mean." in said(page)


def test_overrides_are_told_in_words(imaginary: Path) -> None:
    del imaginary
    shown = table(open_page("prices", section="Overrides"), "says")
    assert shown[["says", "scope", "since", "until"]].to_numpy().tolist() == [
        ["20% off list", "anthropic", "2026-06-01", "2027-06-01"],
        ["€2.10 per 1M output tokens", "openai · gpt-5 · account acc-1", "2026-09-01", "open"],
        ["free by contract", "google", "always", "open"],
        ["self-hosted: paid as capacity", "house · house-*", "always", "open"],
    ]


def test_rerates_are_summed_by_month_before_and_after(imaginary: Path) -> None:
    shown = table(open_page("prices", section="Overrides"), "cost_before_usd")
    before, after = (
        Asked(imaginary)
        .con.sql(
            "select cast(sum(cost_before_usd) as double), cast(sum(cost_after_usd) as double) from marts.rerate_changes"
        )
        .fetchall()[0]
    )
    assert shown["cost_before_usd"].to_list() == pytest.approx([before])
    assert shown["cost_after_usd"].to_list() == pytest.approx([after])
    assert shown["change_usd"].to_list() == pytest.approx([after - before])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (price_words.per(1_000_000, "input_tokens"), "1M tokens"),
        (price_words.per(1000, "web_searches"), "1K searches"),
        (price_words.per(3600, "audio_seconds"), "hour"),
        (price_words.per(1, "images"), "image"),
        (price_words.hours(1800, 59_400), "00:30–16:30 UTC"),
        (price_words.hours(0, 86_400), ""),
        (theme.price(Decimal("3.000000000000")), "$3.00"),
        (theme.price(Decimal("0.000000000001")), "$0.000000000001"),
        (theme.price(0.0375), "$0.0375"),
        (theme.quantity(Decimal("1240.000")), "1,240"),
        (theme.quantity(Decimal("12.500")), "12.5"),
    ],
)
def test_prices_and_quantities_are_written_to_the_last_digit(said: str, expected: str) -> None:
    assert said == expected


def test_a_formula_is_written_as_a_person_would() -> None:
    lines = [
        {"quantity": Decimal(quantity), "unit": unit, "unit_price_usd": Decimal(price), "amount_usd": Decimal(amount)}
        for quantity, unit, price, amount in (
            ("1240.000", "tokens", "0.000003", "0.00372"),
            ("500.000", "tokens", "0.000015", "0.0075"),
        )
    ]
    assert price_words.formula(lines) == "1,240 × $3.00 / 1M + 500 × $15.00 / 1M = $0.01122"
    search = {
        "quantity": Decimal(2),
        "unit": "searches",
        "unit_price_usd": Decimal("0.01"),
        "amount_usd": Decimal("0.02"),
    }
    assert price_words.formula([search]) == "2 × $0.01 = $0.02"


EMPTIED = (
    "price_history", "unpriced_requests", "unknown_usage", "price_conflicts", "price_overrides", "rerate_changes",
)  # fmt: skip


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("Book", "No prices yet"),
        ("History", "No prices yet"),
        ("Gaps", "Every call that used something has a price."),
        ("Gaps", "Every count in the providers' usage objects is read."),
        ("Conflicts", "No two sources state different prices"),
        ("Overrides", "No line in `seeds/price_overrides.csv`"),
    ],
)
def test_a_section_with_nothing_in_it_says_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str, told: str
) -> None:
    path = synthetic.build(tmp_path, days=3)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        for name in EMPTIED:
            con.execute(f"delete from marts.{name}")
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("prices", section=section)
    assert told in said(page) + "\n".join(element.value for element in page.success) + str(
        [element.proto for element in page.info]
    )
    assert not page.dataframe


# --- data health ------------------------------------------------------------------------------------------------------


def test_what_the_bills_are_for_is_listed_with_the_lines_that_no_rule_knows(imaginary: Path) -> None:
    del imaginary
    page = open_page("health")
    (line,) = table(page, "meter").to_dict("records")
    assert (line["provider_id"], line["meter"], line["charge_count"]) == ("aws", "USE1-Qubits", 3)
    assert line["billed_cost_usd"] == pytest.approx(20.75)
    kinds = table(page, "charge_kind")
    assert kinds[["charge_kind", "charge_count", "billed_cost_usd"]].to_numpy().tolist() == [
        ["Inference", 31, 812.4],
        ["Unclassified", 2, 17.25],
        ["Inference", 30, 640.0],
        ["Unclassified", 1, 3.5],
    ]


@pytest.mark.parametrize(
    ("condition", "told"),
    [("true", "No bill is loaded"), ("charge_kind = 'unclassified'", "A rule knows every billing line.")],
)
def test_data_health_says_when_there_is_nothing_to_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str, told: str
) -> None:
    path = synthetic.build(tmp_path, days=3)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute(f"delete from marts.charges_by_kind where {condition}")
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("health")
    assert told in "\n".join([said(page), *(element.value for element in (*page.success, *page.info))])


def test_the_tiles_of_data_health_are_those_of_the_marts(imaginary: Path) -> None:
    page, asked = open_page("health"), Asked(imaginary)
    share = asked.one(f"select 1 - sum(unpriced_request_count) / sum(request_count) from {USAGE}")
    assert tile(page, "Priced calls") == theme.percent(share)
    # of 812.40 of use, 802.60 + 2.40 of calls
    assert tile(page, "Attribution coverage") == theme.percent(805 / 812.4)
    assert tile(page, "Unclassified") == "$20.75"
    assert tile(page, "Newest call") == "23 Nov 2026"
    assert tile(page, "Newest bill line") == "20 Nov 2026"
    assert tile(page, "Records not taken") == "15"
    assert tile(page, "Tests passed") == "2"
    changes = {metric.label: metric.delta for metric in page.metric}
    assert changes["Records not taken"] == "1 file refused"
    assert changes["Tests passed"] == "1 warned"


def test_data_health_tells_how_current_each_source_is(imaginary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del imaginary
    monkeypatch.setattr(filters, "today", lambda: date(2026, 11, 25))
    sources = table(open_page("health"), "days_since")
    assert sources[["shape", "source_id", "days_since", "rejected_count"]].to_numpy().tolist() == [
        ["Bill lines", "focus", 5, 3], ["Calls", "litellm", 2, 12], ["Revenue", "revenue_csv", 0, 0],
    ]  # fmt: skip


def test_data_health_tells_what_of_each_provider_falls_to_calls(imaginary: Path) -> None:
    del imaginary
    rows = table(open_page("health"), "unbilled_usd")
    assert rows["provider_id"].to_list() == ["aws", "openai"]
    assert rows["coverage_share"].to_list()[1] == pytest.approx(805 / 812.4)
    assert pd.isna(rows["coverage_share"][0]), "nothing of that bill is use of models"
    assert rows["unbilled_usd"].to_list() == [0, 12.5]


def test_data_health_lists_the_attribution_rules_and_what_they_did(imaginary: Path) -> None:
    page, asked = open_page("health"), Asked(imaginary)
    rules = table(page, "beaten_by_rule_number")
    assert rules["rule_status"].to_list() == ["Sets", "Fits nothing", "Never wins"]
    attributed = table(page, "attributed_cost_usd")
    query = (
        "select attributed_cost_usd from marts.attribution_coverage where dimension = 'customer' order by month desc"
    )
    assert attributed["attributed_cost_usd"][0] == pytest.approx(float(asked.one(query)))


def test_units_show_what_one_costs_of_which_parts_and_by_whom(imaginary: Path) -> None:
    asked, page = Asked(imaginary), open_page("units", units_month="October 2026")
    of = "from marts.cost_per_unit where month = date '2026-10-01' and dimension"
    assert tile(page, "Units") == theme.count(asked.one(f"select unit_count {of} = 'company'"))
    assert tile(page, "Median") == "$0.1250"
    assert tile(page, "Break-even price") == "$0.7500"
    assert tile(page, "Cost of a success") == theme.UNKNOWN
    parts = charts(page)["unit_parts"][0]
    assert list(parts["y"]) == ["Input", "Cached input", "Output", "Shared"]
    everything = asked.one(f"select (cost_usd + shared_cost_usd) / unit_count {of} = 'company'")
    assert sum(numbers(parts, "x")) == pytest.approx(float(everything), rel=1e-6)
    rows = table(page, "break_even_price_usd")
    assert set(rows["id"]) == {name for (name,) in asked.con.sql(f"select id {of} = 'feature'").fetchall()}
    by_customer = open_page("units", units_month="October 2026")
    by_customer.segmented_control(key="units_by").set_value("customer").run()
    assert len(table(by_customer, "break_even_price_usd")) == asked.one(f"select count(*) {of} = 'customer'")


def test_what_changed_leads_from_the_cost_before_to_the_cost_after(imaginary: Path) -> None:
    asked, page = Asked(imaginary, period="30D"), open_page("changes", period="30D")
    after = asked.sum("sum(cost_usd)", USAGE)
    earlier = f"usage_date between '{asked.days[0] - timedelta(days=30)}' and '{asked.days[0] - timedelta(days=1)}'"
    before = asked.one(f"select sum(cost_usd) from {USAGE} where workload = 'production' and {earlier}")
    steps = charts(page)["waterfall"][0]
    assert steps["x"] == ["Before", "Requests", "Prompts", "After"]
    assert numbers(steps, "y")[:: len(steps["x"]) - 1] == pytest.approx([float(before), float(after)])
    assert sum(numbers(steps, "y")[:-1]) == pytest.approx(float(after), rel=1e-9)
    assert theme.money(abs(after - before)) in theme.plain(said(page))
    rows = table(page, "moved_usd")
    assert rows["moved_usd"].sum() == pytest.approx(float(after - before))
    two = rows["requests_effect_usd"] + rows["prompt_tokens_effect_usd"]
    assert two.sum() == pytest.approx(float(after - before))
    page.segmented_control(key="changes_by").set_value("customer").run()
    assert table(page, "moved_usd")["moved_usd"].sum() == pytest.approx(float(after - before))


@pytest.mark.usefixtures("imaginary")
def test_what_changed_says_when_there_is_nothing_to_compare_with() -> None:
    assert "a change has two periods" in said(open_page("changes", compare="false"))
    assert "for these filters" in said(open_page("changes", model="house-llama", feature="autocomplete"))


@pytest.mark.usefixtures("imaginary")
def test_anomalies_are_listed_and_one_is_explained_in_dollars_that_sum() -> None:
    page = open_page("anomalies")
    listed = table(page, "excess_usd")
    assert listed["anomaly_id"].to_list() == ["a1", "d4", "c3", "b2"]
    assert listed["place"].to_list() == ["customer hooli", "everywhere", "everywhere", "prompt version support@7"]
    told = theme.plain(said(page))
    assert "Retrieved context" in told
    assert "$41.25" in told
    assert "search-team" in told
    assert "Deployment search-v2 was first called on 19 Nov 2026." in told
    assert table(page, "effect_usd")["effect_usd"].sum() == pytest.approx(41.25)
    lower, upper, usual, was, out = charts(page)["band"]
    assert (max(numbers(was, "y")), max(numbers(upper, "y")), len(out["x"])) == (4100, 2400, 4)
    assert numbers(usual, "y")[0] > numbers(lower, "y")[0]

    page = open_page("anomalies", anomaly="b2")
    told = theme.plain(said(page))
    assert "Only 12 days of history" in told
    assert "(prompt version support@7), since" in told
    assert "Prompt version support@7 was first called on 1 Nov 2026." in told
    page = open_page("anomalies", anomaly="c3")
    assert "of 10 tokens in" in said(page)
    assert "band" not in charts(page)


def test_a_verdict_is_given_where_the_owner_lets_it_and_else_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.build(tmp_path, days=20)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("anomalies", anomaly="a1")
    assert "unitcost feedback a1 expected|false|acknowledged" in [code.value for code in page.code]
    assert not page.radio

    monkeypatch.setenv("UNITCOST_DASHBOARD_CAN_JUDGE", "true")
    page = open_page("anomalies", anomaly="a1")
    page.radio[0].set_value("false")
    page.text_input[0].set_value("a load test")
    next(button for button in page.button if button.label == "Say so").click().run()
    assert "The next run takes it up" in page.success[0].value
    (file,) = (tmp_path / "feedback").glob("*.jsonl")
    said = [json.loads(line) for line in file.read_text().splitlines()]
    assert {(line["anomaly_id"], line["verdict"], line["note"], line["given_by"]) for line in said} == {
        ("a1", "false", "a load test", "dashboard")
    }


@pytest.mark.usefixtures("imaginary")
def test_budgets_say_what_is_spent_and_one_that_burns_is_an_anomaly() -> None:
    page = open_page("anomalies", anomaly="d4", period="MTD")
    listed = table(page, "used_share")
    assert listed["budget_id"].to_list() == ["company", "review"]
    assert listed["status"].to_list() == ["Burning too fast", "Within"]
    assert (listed["spent_usd"][0], listed["expected_usd"][0]) == (42, 63)
    told = theme.plain(said(page))
    assert "Burning too fast, since 12 Nov 2026, so far. company of company (all) is burning: 42.00 of" in told
    assert "beyond the expected" not in told


@pytest.mark.usefixtures("imaginary")
def test_without_anomalies_the_page_says_that_all_is_usual() -> None:
    assert "Nothing out of the usual" in said(open_page("anomalies", feature="autocomplete"))


@pytest.mark.usefixtures("imaginary")
def test_what_was_captured_stands_against_what_could_be() -> None:
    page = open_page("savings")
    done = table(page, "explained_share")
    assert done["realised_usd"].tolist() == pytest.approx([25, 0, float("nan"), 16], nan_ok=True)
    assert done["unknown_reason"].dropna().tolist() == ["A call not made is in no cost"]
    captured, left = charts(page)["captured"]
    assert list(captured["x"]) == ["Oct 2026", "Nov 2026"]
    assert (numbers(captured, "y"), numbers(left, "y")) == ([16, 25], [0, 104.4])


@pytest.mark.usefixtures("imaginary")
def test_savings_are_told_together_one_by_one_and_without_evidence() -> None:
    # a fifth of it is done, another part was rejected: neither is left to save
    page = open_page("savings")
    assert {metric.label: metric.value for metric in page.metric} == {
        "Together": "\\$104",
        "One by one": "\\$130",  # half a dollar to the even one
        "Without evidence": "\\$250",
        "Realised": "\\$25.00",
        "Called done": "\\$20.00",
    }
    listed = table(page, "proof_query")
    assert listed["stacked_saving_usd"].to_list() == pytest.approx([104.4, 32, 20, 0])
    assert listed["action"].to_list() == ["Prompt caching", "Batch", "Fewer retries", "Cheaper model"]
    (bars,) = charts(page)["savings_ranges"]
    # what nobody has measured has no bar
    assert bars["y"] == ["support-agent: Prompt caching", "doc-search: Batch", "support-agent: Fewer retries"]
    assert numbers(bars, "x") == [130.5, 32, 20]
    assert list(bars["error_x"]["array"]) == [9.5, 8, 20]
    assert list(bars["error_x"]["arrayminus"]) == [10.5, 12, 10]
    sure, likely = charts(page)["savings_efforts"]
    assert (sure["name"], sure["x"], numbers(sure, "y")) == ("Confidence: high", ["low"], [130.5])
    assert (likely["name"], likely["x"], numbers(likely, "y")) == ("Confidence: medium", ["low", "low"], [32, 20])
    ways = table(page, "policy_cost_usd")
    assert ways["verdict"].to_list() == ["best", "", ""]
    assert ways["saving_usd"].to_list() == pytest.approx([130.5, 0, -297])
    assert table(page, "net_saving_usd")["net_saving_usd"].to_list() == [-3]
    lower = table(page, "to_precision")
    assert lower["verdict"].to_list() == ["best", ""]
    assert lower["cost_per_million_tokens_usd"].to_list() == [20, 20]
    assert lower["expected_cost_per_million_tokens_usd"].to_list() == [12.5, 12.5]


def test_a_scenario_that_asks_for_nothing_shows_what_is(asked: Asked) -> None:
    page = open_page("whatif", **asked.query)
    cost = asked.sum("sum(cost_usd)", USAGE)
    assert tile(page, "AI cost") == theme.money(cost)
    assert not any(metric.delta for metric in page.metric)
    shown = table(page, "then_usd")
    assert shown["now_usd"].sum() == shown["then_usd"].sum() == pytest.approx(float(cost))
    margin = asked.sum("cast(sum(gross_profit_usd) as double) / nullif(cast(sum(revenue_usd) as double), 0)", MARGIN)
    assert tile(page, "Gross margin") == ("n/a" if asked.blind(MARGIN) else theme.percent(margin))
    talks = asked.sum("count(*)", TALKS)
    unit = "n/a" if asked.blind(TALKS) or not talks else theme.money(cost / talks)
    assert tile(page, "Per conversation") == unit


SCENARIO = {
    "whatif_cheaper": "40", "whatif_cache": "25", "whatif_batch": "50", "whatif_cap": "1000", "whatif_volume": "20",
    "whatif_price": "10", "whatif_sold_by": "Unit",
}  # fmt: skip


def test_a_scenario_of_the_link_is_told_effect_by_effect(imaginary: Path) -> None:
    asked, page = Asked(imaginary), open_page("whatif", **SCENARIO)
    rows = {row["name"]: row for row in table(page, "reach_usd").to_dict("records")}
    assert [rows[name]["setting"] for name in ("Volume", "Shorter answers", "Cheaper model", "Price")] == [
        "+20.0%", "1,000 tokens an answer", "40.0% of dear models", "+10.0% a unit",
    ]  # fmt: skip
    cost = float(asked.sum("sum(cost_usd)", USAGE))
    assert rows["Now"]["cost_usd"] == pytest.approx(cost)
    assert rows["Volume"]["cost_usd"] == pytest.approx(cost / 5)
    for column in ("cost_usd", "revenue_usd", "gross_profit_usd"):
        moved = sum(rows[name][column] for name in rows if name not in {"Now", "Then"})
        assert rows["Now"][column] + moved == pytest.approx(rows["Then"][column])
    assert rows["Then"]["revenue_usd"] == pytest.approx(rows["Now"]["revenue_usd"] * 1.2 * 1.1)
    assert tile(page, "AI cost") == theme.money(rows["Then"]["cost_usd"])
    members = table(page, "then_usd")
    assert members["then_usd"].sum() == pytest.approx(rows["Then"]["cost_usd"])
    drawn = charts(page)
    for key, column in (("scenario_cost", "cost_usd"), ("scenario_profit", "gross_profit_usd")):
        first, *steps, last = numbers(drawn[key][0], "y")
        assert (first, last) == pytest.approx((rows["Now"][column], rows["Then"][column]))
        assert first + sum(steps) == pytest.approx(last)
    dear = "(select sum(cost_usd) from marts.fct_usage_hourly where model_id in ('gpt-5', 'claude-sonnet-5')"
    dear += f" and workload = 'production' and usage_date between '{asked.days[0]}' and '{asked.days[1]}')"
    assert rows["Cheaper model"]["reach_usd"] == pytest.approx(float(asked.one(dear)))
    assert "claude-sonnet-5 by gpt-5-mini" in said(page)


@pytest.mark.usefixtures("imaginary")
def test_a_dear_model_alone_is_moved_and_evidence_is_asked_for_it_alone() -> None:
    page = open_page("whatif", whatif_model="gpt-5", whatif_cheaper="100")
    members = table(page, "then_usd")
    assert set(members["model_id"][members["moved_usd"].abs() > 1e-9]) == {"gpt-5"}
    assert "Nobody has measured" not in said(page)
    page.selectbox(key="whatif_model").set_value("claude-sonnet-5").run()
    assert "claude-sonnet-5 by gpt-5-mini" in said(page)


def test_a_scenario_with_training_and_experiments_has_their_cost_and_no_margin(imaginary: Path) -> None:
    asked, page = Asked(imaginary), open_page("whatif", every_workload="true")
    days = f"usage_date between '{asked.days[0]}' and '{asked.days[1]}'"
    assert tile(page, "AI cost") == theme.money(asked.one(f"select sum(cost_usd) from {USAGE} where {days}"))
    assert [tile(page, name) for name in ("Per conversation", "Revenue", "Gross margin")] == ["n/a"] * 3
    assert "left out with training and experiments" in said(page)


@pytest.mark.usefixtures("imaginary")
def test_reset_takes_every_slider_back() -> None:
    page = open_page("whatif", **SCENARIO)
    assert any(metric.delta for metric in page.metric)
    next(button for button in page.button if button.label == "Reset").click().run()
    assert not any(metric.delta for metric in page.metric)


@pytest.mark.usefixtures("imaginary")
def test_a_scenario_of_calls_without_a_price_is_unknown() -> None:
    page = open_page("whatif", model="house-llama", **SCENARIO)
    assert "None of these calls has a price" in said(page)
    assert tile(page, "AI cost") == "n/a"
    assert table(page, "then_usd")["then_usd"].isna().all()
    assert "Calls without a price" in said(page)


def test_units_show_what_each_turn_of_a_conversation_costs(imaginary: Path) -> None:
    asked, page = Asked(imaginary), open_page("units", units_month="October 2026")
    of = "from marts.cost_by_turn where month = date '2026-10-01'"
    dearest = asked.one(f"select feature_id {of} group by 1 order by sum(cost_usd) desc limit 1")
    of += f" and feature_id = '{dearest}'"
    rows = table(page, "input_growth")
    assert rows["cost_usd"].sum() == pytest.approx(float(asked.one(f"select sum(cost_usd) {of}")))
    assert "20+" in set(rows["turn"])
    drawn = charts(page)["turn_parts"]
    assert [trace["name"] for trace in drawn] == ["Input, not cached", "Input, cached", "Output", "Other"]
    assert stacked(drawn) == pytest.approx(
        float(asked.one(f"select sum(cost_per_turn_usd) {of} and turn_number > 0")), rel=1e-9
    )
    page.selectbox(key="turns_feature").set_value("autocomplete").run()
    query = (
        "select sum(cost_usd) from marts.cost_by_turn where month = date '2026-10-01' and feature_id = 'autocomplete'"
    )
    assert table(page, "input_growth")["cost_usd"].sum() == pytest.approx(float(asked.one(query)))


def test_units_show_their_margins_which_sum_to_the_company(imaginary: Path) -> None:
    asked, rows = Asked(imaginary), table(open_page("units", units_month="October 2026"), "unknown_reason")
    month = "from marts.gross_margin_daily where date_trunc('month', usage_date) = date '2026-10-01'"
    assert rows["revenue_usd"].sum() == pytest.approx(float(asked.one(f"select sum(revenue_usd) {month}")))
    assert rows["cogs_usd"].sum() == pytest.approx(float(asked.one(f"select sum(cogs_usd) {month}")))
    assert list(rows["id"]) == ["conversation", "document", "(unassigned)"]
    document = rows.set_index("id").loc["document"]
    assert pd.isna(document["revenue_usd"])
    assert document["unknown_reason"].startswith("No price of its own")


def test_customers_show_segments_that_sum_to_all(imaginary: Path) -> None:
    asked, rows = Asked(imaginary), table(open_page("customers"), "segment_id").set_index("segment_id")
    assert set(rows.index) == {"large", "(none)"}
    assert rows["revenue_usd"].sum() == pytest.approx(float(asked.sum("sum(revenue_usd)", MARGIN)))
    large = asked.sum("sum(cogs_usd) filter (where plan_id = 'enterprise')", MARGIN)
    assert rows.loc["large", "cogs_usd"] == pytest.approx(float(large))


@pytest.mark.parametrize(
    ("page", "mart", "where", "expected"),
    [
        ("customers", "customer_cohorts", "true", "without one there are no cohorts"),
        ("customers", "gross_margin_daily", "segment_id <> '(none)'", "No customer has a segment on these days"),
        ("units", "cost_by_turn", "true", "turns are told by calls with a conversation id"),
    ],
)
def test_a_panel_without_anything_in_it_says_what_to_do(
    page: str, mart: str, where: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = synthetic.build(tmp_path, days=40)
    path.chmod(0o600)
    with duckdb.connect(str(path)) as con:
        con.execute(f"delete from marts.{mart} where {where}")
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    assert expected in said(open_page(page))


def test_plans_show_the_price_change_that_would_leave_a_margin(imaginary: Path) -> None:
    asked, page = Asked(imaginary), open_page("customers")
    rows = table(page, "price_change").set_index("plan_id")
    revenue = asked.sum("sum(revenue_usd) filter (where plan_id = 'business')", MARGIN)
    cost = asked.sum("sum(cogs_usd) filter (where plan_id = 'business')", MARGIN)
    assert rows.loc["business", "revenue_usd"] == pytest.approx(float(revenue))
    assert rows.loc["business", "price_change"] == pytest.approx(float(cost / (1 - Decimal("0.6")) / revenue - 1))
    assert rows["revenue_usd"].sum() == pytest.approx(float(asked.sum("sum(revenue_usd)", MARGIN)))
    page.number_input(key="target_margin").set_value(0).run()
    assert table(page, "price_change").set_index("plan_id").loc["business", "price_change"] == pytest.approx(
        float(cost / revenue - 1)
    )


def test_plans_with_a_price_list_show_what_is_owed_and_what_a_limit_would_keep(imaginary: Path) -> None:
    asked, page = Asked(imaginary), open_page("customers")
    rows = table(page, "list_revenue_usd")
    assert set(rows["plan_id"]) == {"business", "free"}
    free = rows[rows["plan_id"] == "free"]
    assert free["gross_margin"].isna().all()
    assert set(free["unknown_reason"]) == {"Free"}
    limits = table(page, "saved_cost_usd")
    newest = "select max(month) from marts.plan_margins"
    assert len(limits) == asked.one(f"select count(*) from marts.plan_limits where month = ({newest})")
    assert "Twice the customer in the middle" in set(limits["limit_name"])
    filtered = open_page("customers", customer="umbrella")
    assert not [frame for frame in filtered.dataframe if "saved_cost_usd" in frame.value.columns]


def test_revenue_that_another_source_counts_is_told(imaginary: Path) -> None:
    del imaginary
    rows = table(open_page("health"), "counted_by")
    assert rows[["source_id", "counted_by", "revenue_usd"]].to_numpy().tolist() == [
        ["lago", "lago", 900],
        ["stripe", "lago", 900],
        ["stripe", "stripe", 100],
    ]


def test_features_show_what_each_way_of_spreading_revenue_would_say(imaginary: Path) -> None:
    del imaginary
    rows = table(open_page("features"), "revenue_usd_requests")
    assert rows["revenue_usd_none"].sum() == 0
    assert rows["revenue_usd_cost"].sum() == pytest.approx(rows["revenue_usd_requests"].sum())
    assert rows["gross_margin_none"].isna().all()


def test_data_health_lists_what_was_not_taken_and_what_the_tests_said(imaginary: Path) -> None:
    del imaginary
    page = open_page("health")
    left_out = table(page, "rule")
    assert left_out[["path", "state", "rejected_count", "rule"]].to_numpy().tolist() == [
        ["/logs/torn.jsonl", "The whole file", 12, "the last line is cut off"],
        ["/bills/october.csv", "The record", 3, "is no amount"],
    ]
    tests = table(page, "test_name")
    assert tests["status"].to_list() == ["Warned", "Passed", "Passed"]
    assert tests["row_count"][0] == 4
    assert "have no price" in said(page)
    assert table(page, "usage_name")["usage_name"].to_list() == ["new_tokens"]
    columns = table(page, "change")
    assert columns[["column_name", "change", "is_read"]].to_numpy().tolist() == [["x_NewFee", "New", "No"]]


def test_data_health_of_an_almost_empty_warehouse_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = synthetic.build(tmp_path, days=3)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        for name in (
            "charges_by_kind", "close_checklist", "data_freshness", "rejected_records", "build_tests",
            "unpriced_requests", "unknown_usage",
        ):  # fmt: skip
            con.execute(f"delete from marts.{name}")
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    page = open_page("health")
    told = "\n".join([said(page), *(element.value for element in page.success)])
    for sentence in (
        "Every record of every file was taken.", "No test ran in this build.", "No bill is loaded",
        "Every call that used something has a price.", "Every count in the providers' usage objects is read.",
    ):  # fmt: skip
        assert sentence in told
    assert tile(page, "Attribution coverage") == tile(page, "Newest bill line") == "n/a"
    assert tile(page, "Unclassified") == "$0"


# --- close ------------------------------------------------------------------------------------------------------------


def test_the_close_leads_from_the_price_book_to_the_bill(imaginary: Path) -> None:
    del imaginary
    page = open_page("close")
    assert tile(page, "Billed") == "$830"
    assert tile(page, "Of calls") == "$805"
    assert tile(page, "Unattributed") == "$24.65"
    assert tile(page, "Unexplained") == "$2.40"
    (bars,) = charts(page)["bridge"]
    assert bars["type"] == "waterfall"
    assert dict(zip(bars["x"], bars["y"], strict=True)) == {
        "Rated": 800.0, "Not logged": 7.4, "Quantity": 2.6, "No use of calls": 17.25, "Unexplained": 2.4,
        "Billed": 829.65,
    }  # fmt: skip


def test_the_close_names_what_differs_with_its_reason(imaginary: Path) -> None:
    del imaginary
    cells = table(open_page("close"), "reason")
    assert cells[["what", "reason", "state"]].to_numpy().tolist() == [
        ["USE1-Qubits", "No use of calls", "No use of calls"],
        ["gpt-5-nano", "Not logged", "Billed, not logged"],
        ["gpt-5", "Quantity", "Reconciled"],
        ["claude-haiku-4-5", "Unexplained", "Reconciled"],
        ["gpt-5-mini", "", "Not billed yet"],
    ]


def test_the_close_of_one_bill_shows_no_other(imaginary: Path) -> None:
    del imaginary
    page = open_page("close", close_bill="aws · 1111")
    assert tile(page, "Billed") == "$17.25"
    assert set(table(page, "bill_state")["provider_id"]) == {"aws"}
    assert table(page, "reason")["what"].to_list() == ["USE1-Qubits"]


def test_a_bill_that_changed_after_its_close_is_warned_of(imaginary: Path) -> None:
    del imaginary
    assert "restated on" in said(open_page("close"))
    assert set(table(open_page("close"), "bill_state")["period_state"]) == {"restated after its close", "closed"}


def test_the_close_says_where_shared_and_rented_cost_went(imaginary: Path) -> None:
    del imaginary
    page = open_page("close")
    pools = table(page, "fed_in_usd")
    assert pools["pool_id"].to_list() == ["gpu_capacity", "(no rule)"]
    assert pools["driver"][0] == "Tokens"
    assert pools["direct_cost_usd"].to_list() == [17.25, 7.4]  # what the reconciliation calls unattributed
    assert table(page, "used_share")["allocated_cost_usd"].to_list() == [17.25]
    assert "house-llama take from the pool gpu" in said(page)


def test_a_closed_month_says_since_when_and_offers_no_close(imaginary: Path) -> None:
    del imaginary
    page = open_page("close")
    assert any("Closed since 5 Nov 2026, 12:00 UTC" in element.value for element in page.markdown)
    assert "close_period" not in [button.key for button in page.button]


@pytest.fixture
def unclosed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse whose October is open, and the file of closed months of its project."""
    path = synthetic.build(tmp_path / "home", days=3)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute("update marts.close_checklist set closed_at = null, is_restated_after_close = false")
    months = tmp_path / "seeds" / "closed_periods.csv"
    months.parent.mkdir()
    months.write_text("month,closed_at,note\n")
    monkeypatch.setattr(period_lock, "PROJECT_DIR", tmp_path)
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path / "home"))
    return months


def test_the_dashboard_closes_nothing_unless_its_owner_lets_it(unclosed: Path) -> None:
    page = open_page("close")
    page.button(key="close_period").click().run()
    assert not page.exception
    assert "openai · org-1: $2.40 that nothing explains" in said(page)
    assert "openai · org-1: $12.50 of calls still estimated" in said(page)
    assert page.code[0].value == "unitcost close 2026-10 --anyway"
    assert "close_confirm" not in [button.key for button in page.button]
    assert unclosed.read_text() == "month,closed_at,note\n"


def test_a_month_is_closed_on_the_page_by_the_line_that_the_command_writes(
    unclosed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNITCOST_DASHBOARD_CAN_CLOSE", "true")
    page = open_page("close")
    page.button(key="close_period").click().run()
    assert page.button(key="close_confirm").disabled
    # the dialog is asked for in each run: the test runs the whole script where a browser runs the dialog
    page.button(key="close_period").click()
    page.checkbox(key="close_anyway").check().run()
    page.button(key="close_period").click()
    page.text_input(key="close_note").input("Ann")
    page.button(key="close_confirm").click().run()
    assert not page.exception
    assert unclosed.read_text() == "month,closed_at,note\n2026-10-01,2026-11-24T04:00:00Z,Ann\n"
    page = open_page("close")
    assert "October 2026 is closed as of 24 Nov 2026, 04:00 UTC, from the next build on" in said(page)
    assert "close_period" not in [button.key for button in page.button]


def test_a_month_that_is_not_over_cannot_be_closed_yet(unclosed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del unclosed
    monkeypatch.setattr(filters, "today", lambda: date(2026, 10, 31))
    page = open_page("close")
    assert "October 2026 is not over: it can be closed from 1 Nov 2026 on" in said(page)
    assert "close_period" not in [button.key for button in page.button]


def test_the_workbook_of_the_close_has_its_sheets_and_full_digits() -> None:
    frame = pl.DataFrame({"step": ["rated_cost"], "amount_usd": [Decimal("800.123456789012")]})
    content = close_pack.written(date(2026, 10, 1), {"Billed": "800.123456789012"}, {"Bridge": frame})
    assert excel.names(content) == ["About", "Bridge"]
    assert excel.about(content)["Billed"] == "800.123456789012"
    assert excel.table(content) == [{"step": ("inlineStr", "rated_cost"), "amount_usd": ("n", "800.123456789012")}]


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("imaginary")
@pytest.mark.parametrize("member", [synthetic.MARKUP, synthetic.FORMULA])
@pytest.mark.parametrize("name", GOVERNED)
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
@pytest.mark.parametrize("name", GOVERNED)
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
    by_day = dict(
        asked.con.sql(
            f"select usage_date, sum(cost_usd) from {USAGE} where workload = 'production' group by 1"
        ).fetchall()
    )
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


@pytest.mark.usefixtures("home")
def test_what_a_page_imported_is_not_gone_through_after_each_run() -> None:
    garbage.settle.cache_clear()
    gc.unfreeze()
    open_page("overview")
    assert gc.get_freeze_count() > 100_000  # the objects of libraries
    settled = gc.get_freeze_count()
    open_page("overview")
    assert gc.get_freeze_count() <= settled  # once


# --- the house --------------------------------------------------------------------------------------------------------


def test_sql_is_in_one_folder_and_reads_one_mart_at_a_time() -> None:
    for module in dashboard.MAIN.parent.rglob("*.py"):
        assert " from marts." not in module.read_text(encoding="utf-8"), module
    modules = [*(dashboard.MAIN.parent.parent / "marts").glob("*.py")]
    assert len(modules) > 5
    for module in modules:
        assert " join " not in module.read_text(encoding="utf-8").replace("No join", ""), module


def test_the_command_serves_the_frame_on_the_port_that_is_asked(tmp_path: Path) -> None:
    argv = dashboard.command(tmp_path, 8777, browser=False)
    assert argv[1:5] == ["-m", "streamlit", "run", str(dashboard.MAIN)]
    assert argv[argv.index("--server.port") + 1] == "8777"
    assert argv[argv.index("--server.headless") + 1] == "true"
