"""What cost more than usual is found, named and placed, from logged calls to the mart."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import feedback
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 50
CUSTOMERS = ("acme", "bolt", "corn")
BUSY, BUSY_AND_LONG = 33, 37
"""Days: the digest is made nine times in a hundred more often than ever; and so with answers twice as long."""
ODD, STORMY, PASTED = 39, 44, 47
"""Days: the search's context doubles for acme; its calls are repeated; one call has a book pasted into it."""
TRIED, TAKEN_OVER = 34, 41
"""Days: two of five reviews are made with a new prompt version, three times as long, for three days; all of the triage
begins to be made with a new one, no longer than the one before, and on the two days after it acme's are four times as
long."""


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def calls() -> Iterator[dict[str, Any]]:
    """Search is called 60 times a day, 20 by each customer, with 2,000 tokens of context; chat 30 times.

    Tokens and times vary a little, in a pattern, as logs do.
    """
    for number in range(DAYS):
        for count in range(60 + number % 3):
            customer = CUSTOMERS[count % 3]
            wobble = (count * 7 + number * 13) % 41 - 20
            context = 2000 + wobble * 3
            if number >= ODD and number < ODD + 3 and customer == "acme":
                context *= 4
            at = day(number) + timedelta(hours=8, minutes=count * 9)
            yield {
                "request_id": f"search {number} {count}", "provider_id": "openai", "model_id": "gpt-4o",
                "requested_at": at.isoformat(), "feature_id": "search", "customer_id": customer, "operation": "chat",
                "uncached_input_tokens": 500 + wobble + context, "retrieved_context_tokens": context,
                "output_tokens": 200 + wobble, "region_id": "eu", "api_key_id": f"key-{customer}",
                "deployment_id": "search-v1" if number < ODD - 2 else "search-v2",
            }  # fmt: skip
            if number == STORMY:
                for attempt in (2, 3):
                    yield {
                        "request_id": f"search {number} {count} {attempt}", "provider_id": "openai",
                        "model_id": "gpt-4o", "requested_at": (at + timedelta(seconds=attempt)).isoformat(),
                        "feature_id": "search", "customer_id": customer, "operation": "chat",
                        "uncached_input_tokens": 500 + wobble + context, "retrieved_context_tokens": context,
                        "output_tokens": 200 + wobble, "attempt_number": attempt,
                        "retry_of": f"search {number} {count}", "region_id": "eu", "api_key_id": f"key-{customer}",
                    }  # fmt: skip
        for count in range(30):
            at = day(number) + timedelta(hours=9, minutes=count * 11)
            pasted = number == PASTED and count == 7
            yield {
                "request_id": f"chat {number} {count}", "provider_id": "openai",
                "model_id": "gpt-4o" if number < DAYS - 5 or count % 2 else "gpt-4.1",
                "requested_at": at.isoformat(), "feature_id": "chat", "customer_id": CUSTOMERS[count % 3],
                "operation": "chat", "uncached_input_tokens": 8_000_000 if pasted else 900 + count % 7,
                "output_tokens": 300 + count % 5,
            }  # fmt: skip
        for count in range(60):
            customer, wobble = CUSTOMERS[count % 3], (count * 7 + number * 13) % 41 - 20
            is_tried = TRIED <= number < TRIED + 3 and count % 5 < 2
            # the second version has always been twice as long as the first
            version = 3 if is_tried else 1 + count % 2
            yield {
                "request_id": f"review {number} {count}", "provider_id": "openai", "model_id": "gpt-4o",
                "requested_at": (day(number) + timedelta(hours=10, minutes=count)).isoformat(),
                "feature_id": "review", "customer_id": customer, "operation": "chat", "output_tokens": 200 + wobble,
                "uncached_input_tokens": (1000 + wobble) * (2, 4, 9)[version - 1] // 2,
                "prompt_version": f"review@{version}",
            }  # fmt: skip
            is_long = TAKEN_OVER < number <= TAKEN_OVER + 2 and customer == "acme"
            yield {
                "request_id": f"triage {number} {count}", "provider_id": "openai", "model_id": "gpt-4o",
                "requested_at": (day(number) + timedelta(hours=11, minutes=count)).isoformat(),
                "feature_id": "triage", "customer_id": customer, "operation": "chat", "output_tokens": 200 + wobble,
                "uncached_input_tokens": (1000 + wobble) * (4 if is_long else 1),
                "prompt_version": f"triage@{1 if number < TAKEN_OVER else 2}",
                "release_id": "app-6" if number < TAKEN_OVER - 1 else "app-7",
            }  # fmt: skip
        for count in range(109 if number in {BUSY, BUSY_AND_LONG} else 100):
            yield {
                "request_id": f"digest {number} {count}", "provider_id": "openai", "model_id": "gpt-4o",
                "requested_at": (day(number) + timedelta(hours=12, minutes=count)).isoformat(),
                "feature_id": "digest", "customer_id": "acme", "operation": "chat", "uncached_input_tokens": 10,
                "output_tokens": 8000 if number == BUSY_AND_LONG else 4000,
            }  # fmt: skip
        if number < DAYS - 4:
            yield {
                "request_id": f"house {number}", "provider_id": "openai", "model_id": "model-of-the-house",
                "requested_at": day(number).isoformat(), "feature_id": "chat", "customer_id": "acme",
                "uncached_input_tokens": 10, "output_tokens": 10, "operation": "chat",
            }  # fmt: skip


def loaded(company: Company, folder: Path, logged: Iterable[dict[str, Any]]) -> Company:
    company.load((write_calls(folder / "calls.jsonl", logged), "canonical"))
    return company


@pytest.fixture(scope="module")
def watched(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    home = company("watched")
    owners = [
        {"owner_number": 10, "feature_id": "sea*", "owner_id": "search-team", "note": ""},
        {"owner_number": 20, "feature_id": "*", "owner_id": "platform", "note": ""},
    ]
    home.seed("owners", ("owner_number", "feature_id", "owner_id", "note"), owners)
    project = home.project / "dbt_project.yml"
    project.write_text(project.read_text().replace("anomaly_floor_usd: 1", "anomaly_floor_usd: 0.05"))
    return loaded(home, tmp_path_factory.mktemp("calls"), calls())


def anomalies(watched: Company, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return watched.rows(f"select {columns} from marts.cost_anomalies where {where} order by started_date, cause")


def test_context_that_grows_for_one_customer_is_named_with_its_cause_place_and_owner(watched: Company) -> None:
    """20 calls a day of acme read 6,000 tokens more, at $2.50 a million: $0.30 a day, $0.90 in three days."""
    ((first, last, days, cause, customer, owner, excess, effect, history),) = anomalies(
        watched,
        "started_date, last_date, day_count, cause, customer_id, owner_id, excess_usd, cause_usd, history_days",
        f"kind = 'drivers' and started_date = '{day(ODD).date()}'",
    )
    assert (first, last, days) == (day(ODD).date(), day(ODD + 2).date(), 3)
    assert (cause, customer, owner, history) == ("retrieved_context", "acme", "search-team", ODD)
    assert effect == pytest.approx(Decimal("0.90"), rel=Decimal("0.05"))
    assert excess == pytest.approx(effect, rel=Decimal("0.05"))


def test_the_deployment_or_release_of_the_week_before_stands_beside_it(watched: Company) -> None:
    """Retries came a week after it, the triage has releases, and chat names neither."""
    named = anomalies(watched, "started_date, deployment_id, deployed_date", "deployment_id is not null")
    assert named == [
        (day(ODD).date(), "search-v2", day(ODD - 2).date()),
        (day(TAKEN_OVER + 1).date(), "app-7", day(TAKEN_OVER - 1).date()),
        (day(STORMY).date(), "search-v2", day(ODD - 2).date()),
    ]


def test_a_new_prompt_version_that_some_calls_are_made_with_is_the_place(watched: Company) -> None:
    """24 of 60 calls a day read 4,500 tokens where calls of the review read 1,500; the other versions differ as ever.

    The 24 calls of the new version are expected to use what calls of its prompt do: all the excess is theirs.
    """
    ((cause, version, customer, model, share, new, changed),) = anomalies(
        watched,
        "cause, prompt_version, customer_id, model_id, place_share, new_prompt_version, prompt_changed_date",
        f"feature_id = 'review' and started_date = '{day(TRIED).date()}'",
    )
    assert (cause, version, customer, model) == ("prompt_tokens", "review@3", None, None)
    assert share == pytest.approx(1, abs=0.02)
    assert (new, changed) == ("review@3", day(TRIED).date())


def test_a_prompt_version_that_took_over_all_calls_is_beside_an_anomaly_and_not_its_place(watched: Company) -> None:
    ((customer, version, new, changed),) = anomalies(
        watched,
        "customer_id, prompt_version, new_prompt_version, prompt_changed_date",
        f"feature_id = 'triage' and started_date = '{day(TAKEN_OVER + 1).date()}'",
    )
    assert (customer, version, new, changed) == ("acme", None, "triage@2", day(TAKEN_OVER).date())


def test_what_is_expected_of_prompt_versions_is_what_is_expected_of_their_places(watched: Company) -> None:
    """As the usual days used, cell by cell; and nothing is lost of what was used."""
    place = "anomaly_id, customer_id, model_id, region_id, api_key_id"
    cells, usage = (
        watched.rows(
            f"select {place}, round(sum({used}), 6), round(sum({usual}), 6) from intermediate.{model}"
            f" group by {place} order by {place}"
        )
        for model, used, usual in (
            ("int_anomaly_cells", "actual", "expected"),
            ("int_anomaly_usage", "quantity", "usual_quantity"),
        )
    )
    assert len(cells) > 10
    assert cells == usage


def test_a_storm_of_retries_is_named_as_that(watched: Company) -> None:
    """Each of some 60 calls is made three times: two thirds of the cost of the day are of retries."""
    ((cause, excess, expected),) = anomalies(
        watched, "cause, excess_usd, expected_usd", f"kind = 'drivers' and started_date = '{day(STORMY).date()}'"
    )
    assert cause == "retries"
    assert excess == pytest.approx(2 * expected, rel=Decimal("0.1"))
    ((storms, peak, limited),) = watched.rows(
        "select sum(storm_minute_count), max(peak_minute_request_count), sum(rate_limited_count)"
        f" from marts.cost_drivers_hourly where usage_date = '{day(STORMY).date()}' and feature_id = 'search'"
    )
    assert (storms, peak, limited) == (0, 3, 0), "three calls a minute are no storm: there must be ten"


def test_the_effects_of_an_anomaly_sum_to_its_excess_to_the_last_digit(watched: Company) -> None:
    assert (
        watched.rows("""
        select anomaly_id from marts.cost_anomalies
        left join (select anomaly_id, sum(effect_usd) as told from marts.cost_anomaly_effects group by 1)
            using (anomaly_id)
        where kind in ('drivers', 'drift') and told is distinct from excess_usd
           or actual_usd - expected_usd <> excess_usd
    """)
        == []
    )


def test_one_absurd_call_is_named_by_its_id(watched: Company) -> None:
    """Eight million tokens at $2.50 a million are $20; the dearest before was some $0.005."""
    ((model, cost, detail),) = anomalies(watched, "model_id, excess_usd, detail", "kind = 'absurd_call'")
    assert (model, f"chat {PASTED} 7" in detail) == ("gpt-4o", True)
    assert cost == pytest.approx(Decimal("20.003"), abs=Decimal("0.001"))
    assert "8000000 tokens in" in detail


def test_a_new_model_and_one_without_a_price_are_told(watched: Company) -> None:
    assert anomalies(watched, "feature_id, model_id, started_date", "kind = 'new_model'") == [
        ("chat", "gpt-4.1", day(DAYS - 5).date())
    ]
    ((model, first, last, count, detail),) = anomalies(
        watched, "model_id, started_date, last_date, day_count, detail", "kind = 'unpriced_model'"
    )
    assert (model, first, last, count) == ("model-of-the-house", FIRST.date(), day(DAYS - 5).date(), DAYS - 4)
    assert detail.startswith(f"{DAYS - 4} calls of model-of-the-house have no price")


def test_what_is_nearly_beyond_its_limits_is_named_where_another_driver_is_and_else_not(watched: Company) -> None:
    """A series without noise is taken for one of two per cent: ln 1.09 is 4.3 standard deviations, of 5.

    Of $8.72 that 109 answers cost more than 100 usual ones ($4.00), a share of ln 1.09 to ln 2.18 is of their number.
    """
    ((started, causes, cause, excess),) = anomalies(
        watched, "started_date, causes, cause, excess_usd", "feature_id = 'digest'"
    )
    assert (started, causes, cause) == (day(BUSY_AND_LONG).date(), "output_tokens, requests", "output_tokens")
    assert excess == pytest.approx(Decimal("4.72"), abs=Decimal("0.01"))
    ((deviation,),) = watched.rows(
        "select deviation_sigmas from marts.driver_baselines"
        f" where feature_id = 'digest' and driver = 'volume' and usage_date = '{day(BUSY).date()}'"
    )
    assert deviation == pytest.approx(4.3, abs=0.1)


def test_usual_days_raise_no_alarm(watched: Company) -> None:
    days = (ODD, STORMY, PASTED, DAYS - 5, TRIED, TAKEN_OVER + 1, BUSY_AND_LONG)
    told = {day(number).date() for number in days} | {FIRST.date()}
    unexpected = [row for row in anomalies(watched, "started_date, kind, feature_id, cause") if row[0] not in told]
    assert unexpected == []


def test_nothing_is_said_in_the_first_week_and_less_in_the_first_month(watched: Company) -> None:
    limits = watched.rows(
        "select history_days, limit_sigmas from marts.driver_baselines"
        " where feature_id = 'search' and driver = 'volume' order by usage_date"
    )
    assert limits[:7] == [(number, None) for number in range(7)]
    assert {limit for _, limit in limits[7:28]} == {7}
    assert {limit for _, limit in limits[28:]} == {5}


def test_a_source_that_falls_silent_is_told_while_others_go_on(company: Companies, tmp_path: Path) -> None:
    home = company("silent")
    steady = [
        {"request_id": f"{number}", "provider_id": "openai", "model_id": "gpt-4o", "feature_id": "chat",
         "requested_at": day(number).isoformat(), "uncached_input_tokens": 10, "output_tokens": 1}
        for number in range(20)
    ]  # fmt: skip
    openai = tmp_path / "openai.jsonl"
    answers = (
        {
            "timestamp": day(number).isoformat(),
            "response": {
                "id": f"c-{number}", "object": "chat.completion", "model": "gpt-4o",
                "usage": {"prompt_tokens": 9, "completion_tokens": 1},
            },
        }
        for number in range(15)
    )  # fmt: skip
    openai.write_text("\n".join(map(json.dumps, answers)) + "\n")
    home.load((write_calls(tmp_path / "calls.jsonl", steady), "canonical"), (openai, "openai"))
    ((kind, first, last, detail),) = home.rows(
        "select kind, started_date, last_date, detail from marts.cost_anomalies where kind = 'silent_source'"
    )
    assert (kind, first, last) == ("silent_source", day(15).date(), day(19).date())
    assert detail == "openai logged 7 calls in its last week and none since"


CHANGED = 40
"""On that day gpt-4o costs 4 per cent more for its input, and gpt-4.1 half as much again."""


def test_a_price_that_rises_is_told_with_both_prices_once(company: Companies, tmp_path: Path) -> None:
    """4 per cent of $100 a day are within the limits of the driver; of $10 half as much again is beyond them.

    gpt-4o-mini costs more, too, by less than a dollar a day, and gpt-4 costs less: neither is told.
    """
    changed = str(day(CHANGED).date())
    terms = {"effect": "contract_price", "provider_id": "openai", "usage_kind": "input_tokens", "per_units": "1000000"}
    prices = {"gpt-4o": "2.6", "gpt-4.1": "3", "gpt-4o-mini": "0.2", "gpt-4": "20"}
    overrides = [
        {**terms, "model_id": model, "price": price, "valid_from_date": changed} for model, price in prices.items()
    ]
    home = company("prices rise", overrides=overrides, select=f"{CALL_MODELS} +cost_anomalies")
    tokens = {"gpt-4o": 40_000_000, "gpt-4.1": 5_000_000, "gpt-4o-mini": 10_000_000, "gpt-4": 10_000_000}
    logged = [
        {"request_id": f"{model} {number}", "provider_id": "openai", "model_id": model, "feature_id": f"by {model}",
         "requested_at": day(number).isoformat(), "uncached_input_tokens": count, "output_tokens": 10}
        for number in range(45)
        for model, count in tokens.items()
    ]  # fmt: skip
    home.load((write_calls(tmp_path / "calls.jsonl", logged), "canonical"))
    told = home.rows(
        "select kind, feature_id, cause, started_date, day_count, excess_usd, detail from marts.cost_anomalies"
        " order by kind"
    )
    assert [row[:5] for row in told] == [
        ("drivers", "by gpt-4.1", "discount", day(CHANGED).date(), 5),
        ("price_change", "by gpt-4o", "price_change", day(CHANGED).date(), 5),
    ]
    assert [row[-1] for row in told] == [
        f"{model} of openai costs more since {changed}: input from {before} to {after} USD a million tokens"
        for model, before, after in (("gpt-4.1", "2.0000", "3.0000"), ("gpt-4o", "2.5000", "2.6000"))
    ]
    assert told[1][-2] == Decimal(20), "five days of 40 million tokens that cost ten cents a million more"


def creeping(numbers: range) -> Iterator[dict[str, Any]]:
    """A call a day, whose answer grows by 0.8 per cent a day from the 60th on; its days differ by some per cent."""
    for number in numbers:
        noise = 1 + ((number * 37) % 23 - 11) / 180
        yield {
            "request_id": f"{number}", "provider_id": "openai", "model_id": "gpt-4o", "feature_id": "reports",
            "requested_at": day(number).isoformat(), "uncached_input_tokens": 1000,
            "output_tokens": int(2_000_000 * noise * 1.008 ** max(number - 60, 0)),
        }  # fmt: skip


def test_a_drift_that_was_said_to_be_expected_is_one_again_only_where_it_goes_on_beyond_that(
    company: Companies, tmp_path: Path
) -> None:
    """It is told at a seventh above four weeks before, then at a quarter; all of it once the verdict is taken back."""

    def drifts() -> list[tuple[Any, ...]]:
        columns = "anomaly_id, started_date, last_date, times_before, feedback"
        return home.rows(f"select {columns} from marts.cost_anomalies where kind = 'drift' order by started_date")

    home = company("creeping", select=f"{CALL_MODELS} +cost_anomalies driver_baselines")
    home.load((write_calls(tmp_path / "1.jsonl", creeping(range(81))), "canonical"))
    ((drift, started, last, times, _),) = drifts()
    assert (last, 1.1 < times < 1.18) == (day(80).date(), True)

    expected = feedback.record(home.home, drift, feedback.Verdict.EXPECTED)
    home.load((expected, "feedback"), (write_calls(tmp_path / "2.jsonl", creeping(range(81, 110))), "canonical"))
    first, second = drifts()
    assert first == (drift, started, last, times, "expected")
    assert second[1] > day(87).date(), "a week on it has crept further, but not far enough"
    assert second[3] > 1.2

    home.load((feedback.record(home.home, drift, feedback.Verdict.ACKNOWLEDGED), "feedback"))
    ((again, _, last, _, verdict),) = drifts()
    assert (again, last, verdict) == (drift, second[2], "acknowledged")
