"""Rules that watch the cost of a feature and nothing else, as most people do, behind the product's own money gate."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

WINDOW = 30
LEAST_HISTORY = 7

Scores = pl.DataFrame
"""feature_id, usage_date, deviation (in its own unit), excess_usd, expected_usd."""


def daily(usage: pl.DataFrame) -> pl.DataFrame:
    """Cost by feature and day."""
    cost = pl.col("input_cost_usd") + pl.col("cache_read_cost_usd") + pl.col("output_cost_usd")
    return usage.group_by("feature_id", "usage_date").agg(cost.sum().alias("cost")).sort("feature_id", "usage_date")


def z_score(days: pl.DataFrame) -> Scores:
    """Standard deviations above the mean of the thirty days before."""
    return _rolled(days, lambda past: (float(past.mean()), float(past.std())))


def mad(days: pl.DataFrame) -> Scores:
    """Median deviations above the median of the thirty days before."""

    def robust(past: np.ndarray) -> tuple[float, float]:
        median = float(np.median(past))
        return median, 1.4826 * float(np.median(np.abs(past - median)))

    return _rolled(days, robust)


def auto_ets(days: pl.DataFrame) -> Scores:
    """Residuals above the one-step forecast of statsforecast's AutoETS, refitted every week, of logarithms."""
    from statsforecast import StatsForecast  # noqa: PLC0415 - only `make bench-anomalies` has it
    from statsforecast.models import AutoETS  # noqa: PLC0415

    series = days.select(
        pl.col("feature_id").alias("unique_id"), pl.col("usage_date").alias("ds"), pl.col("cost").log().alias("y")
    )
    length = series.group_by("unique_id").len()["len"].min()
    forecast = StatsForecast(models=[AutoETS(season_length=7)], freq="1d", n_jobs=2).cross_validation(
        df=series, h=1, step_size=1, n_windows=int(length or 0) - 28, refit=7
    )
    forecast = forecast.sort("unique_id", "ds").with_columns((pl.col("y") - pl.col("AutoETS")).alias("residual"))
    spread = 1.4826 * pl.col("residual").abs().shift(1).rolling_median(42, min_samples=7).over("unique_id")
    return forecast.select(
        pl.col("unique_id").alias("feature_id"),
        pl.col("ds").alias("usage_date"),
        (pl.col("residual") / pl.max_horizontal(spread, pl.lit(0.02))).alias("deviation"),
        (pl.col("y").exp() - pl.col("AutoETS").exp()).alias("excess_usd"),
        pl.col("AutoETS").exp().alias("expected_usd"),
    ).drop_nulls()


RULES: Mapping[str, Callable[[pl.DataFrame], Scores]] = {"z-score": z_score, "MAD": mad, "AutoETS": auto_ets}


def _rolled(days: pl.DataFrame, usual: Callable[[np.ndarray], tuple[float, float]]) -> Scores:
    rows = []
    for (feature,), series in days.group_by("feature_id", maintain_order=True):
        cost, dates = series["cost"].to_numpy(), series["usage_date"].to_list()
        for place in range(LEAST_HISTORY, len(cost)):
            level, spread = usual(cost[max(0, place - WINDOW) : place])
            deviation = (cost[place] - level) / max(spread, 0.02 * level, 1e-9)
            rows.append((feature, dates[place], float(deviation), float(cost[place] - level), level))
    names = ("feature_id", "usage_date", "deviation", "excess_usd", "expected_usd")
    return pl.DataFrame(rows, schema=names, orient="row")


def episodes(scores: Scores, limit: float, floor: float) -> list[tuple[str, date, date]]:
    """Days beyond the limit and the gate, those with at most one day between them as one: feature, first, last day."""
    days = scores.filter(
        (pl.col("deviation") > limit)
        & (pl.col("excess_usd") >= pl.max_horizontal(pl.lit(floor), 0.1 * pl.col("expected_usd")))
    ).sort("feature_id", "usage_date")
    found: list[tuple[str, date, date]] = []
    for feature, day in days.select("feature_id", "usage_date").iter_rows():
        if found and found[-1][0] == feature and day - found[-1][2] <= timedelta(days=2):
            found[-1] = (feature, found[-1][1], day)
        else:
            found.append((feature, day, day))
    return found
