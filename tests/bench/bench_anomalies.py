"""How well anomalies are found: the project's models over simulated features, beside rules that watch the cost only.

Precision, recall and F1 of episodes, false alarms a feature and month, delay, cause and place. The rules that watch the
cost are tuned on one seed, everybody is measured on others. Run it as `make bench-anomalies`.
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

import duckdb
import polars as pl

from app import builds, dbt_build, pipeline
from app.settings import PROJECT_DIR, Settings
from tests.bench import cost_only
from tests.bench.incidents import FIRST_DATE, PLACES, Incident, day_of, simulate
from tests.conftest import SHARED_DATA
from tests.models.conftest import new_company, write_calls

STANDS_IN_FOR = {"int_context_hourly", "int_minutes_hourly", "int_chains_hourly"}
NOT_NEEDED = {"cost_change", "cost_drivers_hourly"}
MODELS = " ".join(
    path.stem
    for layer in ("intermediate", "marts")
    for path in sorted((PROJECT_DIR / "models" / layer / "drivers").glob("*.sql"))
    if path.stem not in STANDS_IN_FOR | NOT_NEEDED
)
"""The models of drivers: the simulator stands in for what is below them."""
EFFECTS = {
    "volume": {"requests", "conversations", "turns"}, "attempts": {"retries"}, "cache_misses": {"cache"},
    "model_mix": {"model_mix", "service_tier"}, "price": {"price", "discount"},
}  # fmt: skip
"""Cause that is planted → effects that name it, where the words differ."""
DIMENSIONS = (*PLACES, "prompt_version")
REAL_SERIES = SHARED_DATA / "nab_cloudwatch"
SEEDS, TUNING_SEED = (2, 3, 4, 5, 6, 7), 11
FEATURES, DAYS, FLOOR_USD = 60, 120, 1.0
DRIFTING_DRIVERS = 8
"""Drivers that are watched for drift and have a value in most features."""


@dataclass(frozen=True)
class Alarm:
    """An episode that somebody found."""

    feature_id: str
    first_day: date
    last_day: date
    cause: str = ""
    causes: tuple[str, ...] = ()
    place: tuple[tuple[str, str], ...] = ()
    kind: str = "drivers"
    new_prompt_version: str | None = None


class Detector:
    """The models of the project, as dbt builds them, over usage that a test gives."""

    def __init__(self, folder: Path) -> None:
        home = new_company(folder / "company")
        call = {
            "request_id": "1",
            "provider_id": "openai",
            "model_id": "gpt-4o",
            "requested_at": "2026-01-05T10:00:00Z",
        }
        home.load((write_calls(folder / "calls.jsonl", [call]), "canonical"))
        self.home = folder / "home"
        self.home.mkdir()
        self.built = builds.current(home.home).path

    def run(self, usage: pl.DataFrame) -> tuple[list[Alarm], float]:
        """Alarms, and the seconds that the models took, without dbt's start."""
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
                "select feature_id, started_date, last_date, cause, causes, kind, new_prompt_version,"
                f" {', '.join(DIMENSIONS)} from marts.cost_anomalies"
            ).fetchall()
        alarms = [
            Alarm(
                feature, first, last, cause, tuple(causes.split(", ")),
                tuple(
                    (name, member)
                    for name, member in zip(DIMENSIONS, place, strict=True)
                    if member is not None
                ),
                kind,
                changed,
            )
            for feature, first, last, cause, causes, kind, changed, *place in found
        ]  # fmt: skip
        return alarms, seconds


def _write(con: duckdb.DuckDBPyConnection, usage: pl.DataFrame) -> None:
    con.register("usage", usage)
    con.execute("delete from marts.fct_usage_hourly; delete from intermediate.int_context_hourly")
    con.execute(
        """
        insert into marts.fct_usage_hourly by name
        select
            usage_date + interval 23 hour as usage_hour_at, usage_date, 'simulated' as source_id,
            'maker' as provider_id, model_id, '(none)' as deployment_id, region_id, '(none)' as api_key_id,
            '(none)' as release_id, prompt_version, customer_id, feature_id, '(unattributed)' as team_id,
            'chat' as operation, 'production' as environment, '(none)' as attribution_rules,
            'standard' as service_tier, false as is_batch, request_count, retry_count, 0 as error_count,
            0 as rate_limited_count, 0 as unpriced_request_count, 1 as priced_share, uncached_input_tokens,
            cache_read_tokens, 0 as cache_write_tokens, output_tokens, reasoning_tokens,
            retrieved_context_tokens, 0 as latency_ms, 0 as prefill_ms, 0 as decode_ms, input_cost_usd,
            cache_read_cost_usd, 0 as cache_write_cost_usd, output_cost_usd, 0 as tool_cost_usd, 0 as other_cost_usd,
            input_cost_usd + cache_read_cost_usd + output_cost_usd as list_cost_usd,
            list_cost_usd as contracted_cost_usd, list_cost_usd as contracted_cost_in_pricing_currency,
            list_cost_usd as largest_cost_usd,
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
        "place_prompt": share(_placed, _is_of_a_prompt),
        "new_prompt": share(
            lambda incident, alarm: alarm.new_prompt_version == incident.place["prompt_version"], _is_of_a_prompt
        ),
    }


def scored_drift(drifts: Sequence[Incident], alarms: Sequence[Alarm], series: int) -> dict[str, float]:
    """Drifts found within three weeks, the median of days to it, and false ones by what does not drift.

    Args:
        alarms: of both kinds: a day that stands out names a fast drift sooner.
        series: how many drivers of features were looked at.
    """
    delays = []
    for drift in drifts:
        after = [
            (alarm.first_day - day_of(drift.first_day)).days
            for alarm in alarms
            if alarm.feature_id == drift.feature_id and EFFECTS.get(drift.cause, {drift.cause}) & set(alarm.causes)
        ]
        delays.append(min((days for days in after if days >= 0), default=999))
    drifting = {drift.feature_id for drift in drifts}
    false = [alarm for alarm in alarms if alarm.feature_id not in drifting and alarm.kind == "drift"]
    return {
        "within_21_days": sum(delay <= 21 for delay in delays) / max(len(delays), 1),
        "median_days": sorted(delays)[len(delays) // 2],
        "false": len(false) / series,
    }


def _is_of_a_prompt(incident: Incident) -> bool:
    return "prompt_version" in incident.place


def _placed(incident: Incident, alarm: Alarm) -> bool:
    place = dict(alarm.place)
    if incident.cause == "model_mix":  # the model is what changed, not where
        place.pop("model_id", None)
    return place == incident.place


def scored_pairs(incidents: Sequence[Incident], alarms: Sequence[Alarm]) -> dict[str, float]:
    """How often both causes of the same days are named by one alarm."""
    pairs: dict[tuple[str, int], list[Incident]] = {}
    for incident in incidents:
        pairs.setdefault((incident.feature_id, incident.first_day), []).append(incident)
    both = [pair for pair in pairs.values() if len(pair) > 1]
    named = sum(
        any(
            all(fits(one, alarm) and set(alarm.causes) & EFFECTS.get(one.cause, {one.cause}) for one in pair)
            for alarm in alarms
        )
        for pair in both
    )
    return {"both_named": named / max(len(both), 1)}


def by_cost_only(seeds: Sequence[int], months: float) -> dict[str, dict[str, float]]:
    """F1 and the rest of rules that watch the cost, each with the limit that is best on another seed."""
    result = {}
    tuning = simulate(TUNING_SEED)
    for name, rule in cost_only.RULES.items():
        scores = rule(cost_only.daily(tuning[0]))

        def measured(scores: pl.DataFrame, limit: float, incidents: Sequence[Incident]) -> dict[str, float]:
            alarms = [Alarm(*episode) for episode in cost_only.episodes(scores, limit, FLOOR_USD)]
            return scored(incidents, alarms, months)

        best = max((limit / 4 for limit in range(4, 60)), key=lambda limit: measured(scores, limit, tuning[1])["f1"])
        started = time.perf_counter()
        runs = []
        for seed in seeds:
            usage, incidents = simulate(seed)
            runs.append(measured(rule(cost_only.daily(usage)), best, incidents))
        result[name] = {**_means(runs), "limit": best, "seconds": (time.perf_counter() - started) / len(seeds)}
        for no_answer in (
            "cause",
            "cause_named",
            "place_1",
            "place_2",
            "place_prompt",
            "new_prompt",
        ):  # a cost has no cause and no place
            del result[name][no_answer]
    return result


def _means(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: sum(run[name] for run in runs) / len(runs) for name in runs[0]}


def measure(detector: Detector, seeds: Sequence[int]) -> dict[str, dict[str, float]]:
    """All figures of the product: of incidents, at more noise, of pairs and of drifts."""
    months = FEATURES * DAYS / 30.44
    result = {}
    for name, noise in (("drivers", 1.0), ("drivers, noise × 2", 2.0), ("drivers, noise × 3", 3.0)):
        runs = []
        for seed in seeds:
            usage, incidents = simulate(seed, noise=noise)
            alarms, seconds = detector.run(usage)
            days = [alarm for alarm in alarms if alarm.kind == "drivers"]
            runs.append({**scored(incidents, days, months), "seconds": seconds})
        result[name] = {**_means(runs), "worst_f1": min(run["f1"] for run in runs)}
    runs = []
    for seed in seeds:
        usage, incidents = simulate(seed, kind="pairs")
        runs.append(scored_pairs(incidents, detector.run(usage)[0]))
    result["two causes on the same days"] = _means(runs)
    runs = []
    for seed in seeds:
        usage, drifts = simulate(seed, kind="drift")
        series = (FEATURES - len(drifts)) * DRIFTING_DRIVERS
        runs.append({**scored_drift(drifts, detector.run(usage)[0], series), "drifts": len(drifts)})
    result["drift"] = _means(runs)
    return result


def real_series(folder: Path) -> pl.DataFrame:
    """Series of the Numenta Anomaly Benchmark as the calls of features: an hour of them is a day here.

    Args:
        folder: CSV files of `timestamp` and `value`, one every five minutes.
    """
    frames = []
    for path in sorted(folder.glob("*.csv")):
        hours = (
            pl.read_csv(path, try_parse_dates=True)
            .group_by(pl.col("timestamp").dt.truncate("1h"))
            .agg(pl.col("value").mean())
            .sort("timestamp")
        )
        calls = (1000 * pl.col("value") / pl.col("value").median()).fill_nan(0).round().clip(1, 10**7).cast(pl.Int64)
        frames.append(
            hours.select(
                (pl.lit(FIRST_DATE) + pl.duration(days=pl.int_range(pl.len()))).cast(pl.Date).alias("usage_date"),
                pl.lit(path.stem).alias("feature_id"),
                *(pl.lit(name).alias(f"{name}_id") for name in ("customer", "model", "region")),
                pl.lit("(none)").alias("prompt_version"),
                calls.alias("request_count"),
                pl.lit(0).alias("retry_count"),
                *((calls * 1000).alias(f"{name}_tokens") for name in ("uncached_input", "output")),
                *(
                    pl.lit(0).alias(f"{name}_tokens")
                    for name in ("cache_read", "reasoning", "retrieved_context", "history")
                ),
                *((calls * 0.01).alias(f"{name}_cost_usd") for name in ("input", "output")),
                pl.lit(0.0).alias("cache_read_cost_usd"),
            )
        )
    return pl.concat(frames)


def main() -> None:
    """Print the figures, and write them as JSON where a file is named."""
    with tempfile.TemporaryDirectory() as folder:
        detector = Detector(Path(folder))
        figures = measure(detector, SEEDS)
        if REAL_SERIES.is_dir():
            series = real_series(REAL_SERIES)
            alarms, seconds = detector.run(series)
            points = {"series": series["feature_id"].n_unique(), "alarms": len(alarms), "seconds": seconds}
            figures["real series (NAB)"] = {**points, "alarms_a_hundred_points": 100 * len(alarms) / len(series)}
    figures |= by_cost_only(SEEDS, FEATURES * DAYS / 30.44)
    for name, values in figures.items():
        told = "  ".join(f"{what} {value:.3f}" for what, value in values.items())
        sys.stdout.write(f"{name:30} {told}\n")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
