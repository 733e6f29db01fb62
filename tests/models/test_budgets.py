"""Budgets against what is spent, from logged calls to the mart, and to the anomaly that tells of one that burns."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.dbt_build import BuildError
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

FIRST, LAST = date(2026, 2, 10), date(2026, 3, 20)
"""Days of calls: of March 20 are gone and 11 are left."""
TOKENS_A_DOLLAR = 400_000
"""At $2.50 a million, what gpt-4o's input costs."""
COLUMNS = (
    "budget_id", "dimension", "member_id", "valid_from_date", "valid_to_date", "amount_usd", "warn_at_share",
    "owner_id", "note",
)  # fmt: skip
MODELS = f"{CALL_MODELS} +fct_usage_hourly +cost_anomalies +budget_status"


def dollars(feature: str, day: date) -> int:
    """What a feature costs on a day."""
    if feature == "rising" and date(2026, 3, 10) < day:
        return 20
    if feature == "wavering" and date(2026, 3, 9) < day < date(2026, 3, 15):
        return 12
    if feature == "spiky" and day == date(2026, 3, 18):
        return 500
    if feature == "office":
        return 14 if day.isoweekday() < 6 else 0
    return 10


def calls() -> Iterator[dict[str, Any]]:
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        for feature in ("steady", "rising", "wavering", "spiky", "office"):
            if dollars(feature, day):
                yield {
                    "request_id": f"{feature} {day}", "provider_id": "openai", "model_id": "gpt-4o",
                    "requested_at": datetime(day.year, day.month, day.day, 9, tzinfo=UTC).isoformat(),
                    "feature_id": feature, "customer_id": "acme", "team_id": "search", "operation": "chat",
                    "uncached_input_tokens": dollars(feature, day) * TOKENS_A_DOLLAR, "output_tokens": 0,
                }  # fmt: skip


def line(budget_id: str, member_id: str, amount: int, share: str = "0.8", **more: str) -> Mapping[str, object]:
    return {
        "budget_id": budget_id, "dimension": "feature", "member_id": member_id, "valid_from_date": "2026-03-01",
        "valid_to_date": "", "amount_usd": amount, "warn_at_share": share, "owner_id": "", "note": "", **more,
    }  # fmt: skip


BUDGETS = (
    line("kept", "steady", 400),
    line("warned", "steady", 311, "0.5"),
    line("gone", "steady", 150, owner_id="finance"),
    line("rising", "rising", 505),
    line("wavering", "wavering", 330, "0.9"),
    line("spiky", "spiky", 900, "1"),
    line("office", "office", 321, "1"),
    line("never", "nonesuch", 10),
    line("all", "(all)", 1000, dimension="company", valid_from_date="2026-02-01", owner_id="finance"),
    line("all", "(all)", 5000, dimension="company"),
    line("team", "search", 5000, dimension="team", valid_to_date="2026-04-01"),
    line("acme", "acme", 1000, dimension="customer"),
    line("model", "gpt-4o", 5000, dimension="model"),
)


@pytest.fixture(scope="module")
def budgeted(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    home = company("budgeted", select=MODELS)
    home.seed("budgets", COLUMNS, BUDGETS)
    home.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", calls()), "canonical"))
    return home


def status(budgeted: Company, budget_id: str, month: str = "2026-03-01") -> dict[str, Any]:
    columns = ("status", "since_date", "used_up_date", "spent_usd", "run_rate_usd", "expected_usd", "days_left_count")
    (row,) = budgeted.rows(
        f"select {', '.join(columns)} from marts.budget_status where budget_id = '{budget_id}' and month = '{month}'"
    )
    return dict(zip(columns, row, strict=True))


def test_a_budget_says_what_is_spent_and_what_the_month_comes_to(budgeted: Company) -> None:
    """$10 a day: 200 after 20 days, 310 after 31."""
    assert status(budgeted, "kept") == {
        "status": "within", "since_date": None, "used_up_date": None, "spent_usd": 200, "run_rate_usd": 10,
        "expected_usd": 310, "days_left_count": 11,
    }  # fmt: skip
    assert (status(budgeted, "never")["spent_usd"], status(budgeted, "never")["run_rate_usd"]) == (0, None)


def test_one_that_will_not_last_burns_since_the_day_on_which_that_showed(budgeted: Company) -> None:
    """On the 18th 260 are spent, and 13 days of 20 are left. From the 20th, 205 last for eleven days, barely."""
    found = status(budgeted, "rising")
    assert (found["status"], found["expected_usd"]) == ("burning", 520)
    assert (found["since_date"], found["used_up_date"]) == (date(2026, 3, 18), date(2026, 3, 31))


def test_one_that_is_used_up_is_over_since_it_burned_and_says_on_which_day_it_was_gone(budgeted: Company) -> None:
    found = status(budgeted, "gone")
    assert (found["status"], found["since_date"], found["used_up_date"]) == (
        "over", date(2026, 3, 1), date(2026, 3, 15)
    )  # fmt: skip


def test_one_of_which_much_is_spent_is_at_risk(budgeted: Company) -> None:
    """Half of 311 is spent on the 16th."""
    found = status(budgeted, "warned")
    assert (found["status"], found["since_date"], found["used_up_date"]) == ("at_risk", date(2026, 3, 16), None)


def test_one_that_burned_stays_at_risk_until_it_is_well_within(budgeted: Company) -> None:
    found = status(budgeted, "wavering")
    assert found["spent_usd"] == 210 < found["expected_usd"] < 330
    assert (found["status"], found["since_date"]) == ("at_risk", date(2026, 3, 13))


def test_an_odd_day_and_weekends_mislead_no_rate(budgeted: Company) -> None:
    """500 on one day of ten count as 20 in the rate; of weeks of five days of 14 a day is 10."""
    spiky, office = status(budgeted, "spiky"), status(budgeted, "office")
    assert spiky["run_rate_usd"] == pytest.approx(Decimal(80) / 7)
    assert spiky["spent_usd"] == 690
    assert (office["run_rate_usd"], office["status"]) == (10, "within")


def test_a_later_line_of_a_budget_is_another_amount_from_then_on(budgeted: Company) -> None:
    months = budgeted.rows(
        "select month, amount_usd, days_left_count, status from marts.budget_status where budget_id = 'all' order by 1"
    )
    assert months == [(date(2026, 2, 1), 1000, 0, "within"), (date(2026, 3, 1), 5000, 11, "within")]


def test_budgets_of_everything_sum_what_the_hours_of_use_do(budgeted: Company) -> None:
    ((spent,),) = budgeted.rows("select sum(cost_usd) from marts.fct_usage_hourly where usage_date >= '2026-03-01'")
    assert {status(budgeted, name)["spent_usd"] for name in ("all", "team", "acme", "model")} == {spent}


def test_what_is_not_within_is_an_anomaly_with_the_same_id_tomorrow(budgeted: Company, tmp_path: Path) -> None:
    def found() -> dict[str, tuple[Any, ...]]:
        listed = budgeted.rows(
            "select detail, anomaly_id, feature_id, customer_id, owner_id, cause, started_date, is_open,"
            " actual_usd, expected_usd, excess_usd from marts.cost_anomalies where kind = 'budget'"
        )
        return {row[0].split()[0]: row for row in listed}

    told = found()
    assert told.keys() == {"warned", "gone", "rising", "wavering", "acme"}
    detail, anomaly_id, *of, actual, expected, excess = told["rising"]
    assert detail == (
        "rising of feature rising is burning: 300.00 of 505.00 USD spent by 2026-03-20, at the rate of the last week"
        " 520.00 by the end of the month, used up on 2026-03-31"
    )
    assert of == ["rising", None, None, "burning", date(2026, 3, 18), True]
    assert (actual, expected, excess) == (520, 505, 15)
    assert told["gone"][4] == "finance"
    assert told["acme"][2:4] == ("(all)", "acme")
    tomorrow = {
        "request_id": "tomorrow", "provider_id": "openai", "model_id": "gpt-4o", "feature_id": "rising",
        "requested_at": "2026-03-21T09:00:00Z", "uncached_input_tokens": 300 * TOKENS_A_DOLLAR, "customer_id": "acme",
    }  # fmt: skip
    budgeted.load((write_calls(tmp_path / "tomorrow.jsonl", [tomorrow]), "canonical"))
    assert found()["rising"][1:6] == (anomaly_id, "rising", None, None, "over")


def test_a_line_that_can_not_be_meant_stops_the_build_and_is_named(company: Companies, tmp_path: Path) -> None:
    home = company("wrong budgets", select=MODELS)
    wrong = (
        line("a", "x", 0),
        line("b", "x", 1, "1.5"),
        line("c", "x", 1, dimension="feture"),
        line("d", "x", 1, valid_from_date="2026-03-15"),
        line("e", "x", 1, valid_to_date="2026-05-01"),
        line("e", "x", 2, valid_from_date="2026-04-01"),
        line("f", "x", 1, dimension="company"),
    )
    home.seed("budgets", COLUMNS, wrong)
    with pytest.raises(BuildError) as refused:
        home.load((write_calls(tmp_path / "calls.jsonl", [next(calls())]), "canonical"))
    said = str(refused.value)
    assert "seeds/budgets.csv: a amount_usd is not above 0, b warn_at_share is not above 0 and at most 1" in said
    assert "c dimension is none of company, feature, customer, team, provider, model, workload" in said
    assert "d valid_from_date is not the first day of a month, e has two amounts for a month" in said
    assert "f member_id is not said" in said
