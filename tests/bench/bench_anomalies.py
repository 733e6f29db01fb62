"""How well anomalies are found: the project's models over simulated features, beside rules that watch the cost only.

Precision, recall and F1 of episodes, false alarms a feature and month, days of delay, cause and place right; on one seed
the rules that watch the cost are tuned, on another everybody is measured. Run it as `make bench-anomalies`.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from app import builds, dbt_build, pipeline
from app.settings import Settings
from tests.bench import cost_only
from tests.bench.incidents import Incident, day_of, simulate
from tests.models.conftest import new_company, write_calls

MODELS = (
    "cost_drivers int_caller_mix_daily int_driver_days driver_baselines int_suspect_days int_usual_days int_suspect_effects int_anomaly_days "
    "int_anomaly_episodes int_anomaly_causes int_anomaly_places cost_anomaly_effects cost_anomalies"
)
EFFECTS = {
    "volume": {"requests", "conversations", "turns"}, "attempts": {"retries"}, "cache_misses": {"cache"},
    "model_mix": {"model_mix", "service_tier"}, "price": {"price", "discount"},
}  # fmt: skip
"""Cause that is planted → effects that name it, where the words differ."""


@dataclass(frozen=True)
class Alarm:
    """An episode that somebody found."""

    feature_id: str
    first_day: date
    last_day: date
    cause: str = ""
    causes: tuple[str, ...] = ()
    place: tuple[tuple[str, str], ...] = ()


class Detector:
    """The models of the project, as dbt builds them, over usage that a test gives."""

    def __init__(self, folder: Path) -> None:
        home = new_company(folder / "company")
        call = {"request_id": "1", "provider_id": "openai", "model_id": "gpt-4o", "requested_at": "2026-01-05T10:00:00Z"}
        home.load((write_calls(folder / "calls.jsonl", [call]), "canonical"))
        self.home = folder / "home"
        self.home.mkdir()
        self.built = builds.current(home.home).path

    def run(self, usage: pl.DataFrame) -> tuple[list[Alarm], float, Path]:
        """Alarms, seconds of the models' own SQL, and the file that they are in."""
        target = self.home / pipeline.CANDIDATE
        target.unlink(missing_ok=True)
        shutil.copy(self.built, target)
        target.chmod(0o600)
        with duckdb.connect(str(target)) as con:
            _write(con, usage)
        started, seconds = time.perf_counter(), 0.0

        def progress(_: str, done: int, __: int) -> None:
            nonlocal started, seconds
            seconds += time.perf_counter() - started if done > 1 else 0
            started = time.perf_counter()

        dbt_build.build(
            target, self.home, {}, progress, landed=(), memory_limit=Settings(inputs=()).memory_limit,
            reporting_currency="USD", full=True, select=MODELS,
        )  # fmt: skip
        with duckdb.connect(str(target), read_only=True) as con:
            found = con.sql(
                "select feature_id, started_date, last_date, cause, causes, customer_id, model_id, region_id"
                " from marts.cost_anomalies where kind = 'drivers'"
            ).fetchall()
        alarms = [
            Alarm(
                feature, first, last, cause, tuple(causes.split(", ")),
                tuple(
                    (name, member)
                    for name, member in zip(("customer_id", "model_id", "region_id"), place, strict=True)
                    if member is not None
                ),
            )
            for feature, first, last, cause, causes, *place in found
        ]  # fmt: skip
        return alarms, seconds, target


def _write(con: duckdb.DuckDBPyConnection, usage: pl.DataFrame) -> None:
    con.register("usage", usage)
    con.execute("delete from marts.fct_usage_hourly; delete from intermediate.int_context_hourly")
    con.execute(
        """
        insert into marts.fct_usage_hourly by name
        select
            usage_date + interval 23 hour as usage_hour_at, usage_date, 'simulated' as source_id,
            'maker' as provider_id, model_id, '(none)' as deployment_id, region_id, '(none)' as api_key_id, customer_id,
            feature_id, '(unattributed)' as team_id, 'chat' as operation, 'production' as environment,
            '(none)' as attribution_rules, 'standard' as service_tier, false as is_batch, request_count, retry_count,
            0 as error_count, 0 as rate_limited_count, 0 as unpriced_request_count, 1 as priced_share,
            uncached_input_tokens, cache_read_tokens, 0 as cache_write_tokens, output_tokens, reasoning_tokens,
            retrieved_context_tokens, 0 as latency_ms, 0 as prefill_ms, 0 as decode_ms, input_cost_usd,
            cache_read_cost_usd, 0 as cache_write_cost_usd, output_cost_usd, 0 as tool_cost_usd, 0 as other_cost_usd,
            input_cost_usd + cache_read_cost_usd + output_cost_usd as list_cost_usd,
            list_cost_usd as contracted_cost_usd, list_cost_usd as contracted_cost_in_pricing_currency,
            list_cost_usd as cost_usd, 0 as invoiced_cost_usd, false as is_invoiced, 'production' as workload
        from usage
        """
    )
    con.execute(
        """
        insert into intermediate.int_context_hourly by name
        select
            usage_date + interval 23 hour as usage_hour_at, usage_date, 'maker' as provider_id, model_id, customer_id,
            feature_id, 'chat' as operation, 'production' as environment, 'standard' as service_tier, false as is_batch,
            0 as conversation_count, sum(history_tokens) as history_tokens
        from usage
        group by usage_date, model_id, customer_id, feature_id
        """
    )


def fits(incident: Incident, alarm: Alarm) -> bool:
    """Whether an alarm is of an incident: the same feature, days in common, or begun on the day after."""
    return (
        alarm.feature_id == incident.feature_id
        and alarm.first_day <= day_of(incident.last_day + 1)
        and alarm.last_day >= day_of(incident.first_day)
    )


def scored(incidents: Sequence[Incident], alarms: Sequence[Alarm], months: float) -> dict[str, float]:
    """Precision, recall, F1, false alarms a feature and month, and of what was found: days, cause, place."""
    hits = [(incident, [alarm for alarm in alarms if fits(incident, alarm)]) for incident in incidents]
    found = [(incident, matching[0]) for incident, matching in hits if matching]
    true = sum(any(fits(incident, alarm) for incident in incidents) for alarm in alarms)
    precision, recall = true / max(len(alarms), 1), len(found) / max(len(incidents), 1)

    def share(right: Callable[[Incident, Alarm], bool], among: Callable[[Incident], bool] = lambda _: True) -> float:
        those = [(incident, alarm) for incident, alarm in found if among(incident)]
        return sum(right(incident, alarm) for incident, alarm in those) / max(len(those), 1)

    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "false_a_month": (len(alarms) - true) / months,
        "same_day": share(lambda incident, alarm: alarm.first_day <= day_of(incident.first_day)),
        "cause": share(lambda incident, alarm: alarm.cause in EFFECTS.get(incident.cause, {incident.cause})),
        "cause_named": share(
            lambda incident, alarm: bool(set(alarm.causes) & EFFECTS.get(incident.cause, {incident.cause}))
        ),
        "place_1": share(_placed, lambda incident: len(incident.place) <= 1),
        "place_2": share(_placed, lambda incident: len(incident.place) > 1),
    }


def _placed(incident: Incident, alarm: Alarm) -> bool:
    place = dict(alarm.place)
    if incident.cause == "model_mix":  # the model is what changed, not where
        place.pop("model_id", None)
    return place == incident.place


def main() -> None:
    """Print the table, and JSON to the file that is named."""
    seeds = [int(seed) for seed in sys.argv[1].split(",")] if len(sys.argv) > 1 else [2]
    with tempfile.TemporaryDirectory() as folder:
        detector = Detector(Path(folder))
        for seed in seeds:
            usage, incidents = simulate(seed)
            alarms, seconds, _ = detector.run(usage)
            figures = scored(incidents, alarms, 60 * 120 / 30.44)
            print(seed, len(incidents), len(alarms), {k: round(v, 3) for k, v in figures.items()}, round(seconds, 2))
            for incident in incidents:
                matching = [alarm for alarm in alarms if fits(incident, alarm)]
                if not matching and "-v" in sys.argv:
                    print("  missed", incident)
                elif "-v" in sys.argv and (not _placed(incident, matching[0]) or matching[0].cause not in EFFECTS.get(incident.cause, {incident.cause})):
                    print("  wrong ", incident, "\n         ", matching[0])
            if "-v" in sys.argv:
                for alarm in alarms:
                    if not any(fits(incident, alarm) for incident in incidents):
                        print("  false ", alarm)


if __name__ == "__main__":
    main()
