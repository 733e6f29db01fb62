"""The simulator says what it planted, and the models find it; real series do not stop them."""

from pathlib import Path

import polars as pl
import pytest

from tests.bench.bench_anomalies import Detector, real_series, scored
from tests.bench.incidents import LEAST_USD, day_of, simulate


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return Detector(tmp_path_factory.mktemp("detector"))


def test_a_simulation_is_the_same_for_a_seed_and_another_for_another() -> None:
    usage, incidents = simulate(1, features=3, days=60)
    assert simulate(1, features=3, days=60)[0].equals(usage)
    assert not simulate(2, features=3, days=60)[0].equals(usage)
    assert len({incident.feature_id for incident in incidents}) <= 3


def test_what_is_planted_costs_more_on_its_days() -> None:
    usage, incidents = simulate(5, features=6, days=90)
    cost = usage.with_columns((usage["input_cost_usd"] + usage["output_cost_usd"]).alias("cost"))
    summed = cost.group_by("feature_id", "usage_date").agg(pl.col("cost").sum())
    daily = {(feature, day): total for feature, day, total in summed.iter_rows()}
    assert incidents
    for incident in incidents:
        days = range(incident.first_day, incident.last_day + 1)
        there = [daily[incident.feature_id, day_of(day)] for day in days]
        weeks_before = [daily[incident.feature_id, day_of(day - 7 * back)] for day in days for back in (1, 2, 3)]
        assert sum(there) / len(there) > sum(weeks_before) / len(weeks_before) + LEAST_USD / 2


def test_planted_incidents_are_found_with_cause_and_place(detector: Detector) -> None:
    usage, incidents = simulate(2)
    alarms = [alarm for alarm in detector.run(usage)[0] if alarm.kind == "drivers"]
    figures = scored(incidents, alarms, 60 * 120 / 30.44)
    assert figures["f1"] >= 0.95
    assert figures["recall"] >= 0.95
    assert figures["false_a_month"] <= 0.03
    assert figures["cause"] >= 0.98
    assert figures["place_1"] >= 0.98


def test_real_series_run_through_without_a_crash_and_do_not_alarm_all_the_time(
    detector: Detector, shared_data: Path
) -> None:
    series = real_series(shared_data / "nab_cloudwatch")
    alarms, _ = detector.run(series)
    assert series["feature_id"].n_unique() == 17
    assert 0 < len(alarms) < len(series) / 25
