"""How well a cheaper model answers, by pairs of scores: the lower bound that `seeds/model_tiers.csv` asks for."""

import math
from pathlib import Path
from statistics import NormalDist

import polars as pl

CLASS = ("provider_id", "model_id", "feature_id", "operation", "candidate_provider_id", "candidate_model_id")
"""What is decided for itself: columns of `seeds/model_tiers.csv`."""
SCORES = ("current_score", "candidate_score")
FEWEST = 30
"""Fewer pairs have no bound: the mean of so few is not normal."""


class EvidenceError(Exception):
    """The scores cannot be read; the message names what is wrong."""


def read(path: Path) -> pl.DataFrame:
    """Read pairs of scores: CSV, a line for each question that both models answered.

    Returns:
        CLASS and SCORES, these 0 to 1.

    Raises:
        EvidenceError: a column is missing, or a score is no number of 0 to 1; the message names the line.
    """
    try:
        given = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise EvidenceError(f"{path} is no CSV: {str(error).splitlines()[0]}") from error
    if missing := [name for name in (*CLASS, *SCORES) if name not in given.columns]:
        raise EvidenceError(f"{path} lacks {', '.join(missing)}")
    scores = given.select(*CLASS, *(pl.col(name).cast(pl.Float64, strict=False) for name in SCORES))
    wrong = scores.select(pl.any_horizontal(~pl.col(name).is_between(0, 1).fill_null(value=False) for name in SCORES))
    lines = wrong.to_series().arg_true()
    if len(lines):
        raise EvidenceError(f"{path}: a score of line {lines[0] + 2} is no number of 0 to 1 ({len(lines)} such lines)")
    return scores


def lower_bounds(scores: pl.DataFrame, *, confidence: float = 0.95) -> pl.DataFrame:
    """Bound the quality of each candidate relative to the model that answers now, from below.

    The ratio of the means, less its one-sided normal error (delta method; pairs, so that hard questions are hard for
    both). Who lost in none of n questions may lose 3 of n (the rule of three): few pairs never prove equality.

    Args:
        scores: CLASS and SCORES.
        confidence: how often such a bound lies below the truth.

    Returns:
        CLASS, pair_count, quality, quality_lower_bound (rounded down to six places; NULL below FEWEST pairs, or where
        the model that answers now never scores).
    """
    current, candidate = (pl.col(name) for name in SCORES)
    n, ratio = pl.col("pair_count"), pl.col("quality")
    error = (
        (pl.col("candidate_variance") + ratio**2 * pl.col("current_variance") - 2 * ratio * pl.col("covariance"))
        .clip(lower_bound=0)
        .truediv(n)
        .sqrt()
        .truediv(pl.col("current_mean"))
    )
    unseen = -math.log(1 - confidence) / (n * pl.col("current_mean"))
    bound = ratio - NormalDist().inv_cdf(confidence) * error
    bound = pl.when(pl.col("loss_count") == 0).then(pl.min_horizontal(bound, 1 - unseen)).otherwise(bound)
    return (
        scores.group_by(CLASS, maintain_order=True)
        .agg(
            pl.len().alias("pair_count"),
            (candidate < current).sum().alias("loss_count"),
            current.mean().alias("current_mean"),
            candidate.mean().alias("candidate_mean"),
            current.var().alias("current_variance"),
            candidate.var().alias("candidate_variance"),
            pl.cov(SCORES[0], SCORES[1]).alias("covariance"),
        )
        .with_columns(
            pl.when(pl.col("current_mean") > 0).then(pl.col("candidate_mean") / pl.col("current_mean")).alias("quality")
        )
        .select(
            *CLASS,
            "pair_count",
            ratio.round(6),
            pl.when(n >= FEWEST, pl.col("current_mean") > 0)
            .then((bound.clip(lower_bound=0) * 1_000_000).floor() / 1_000_000)
            .alias("quality_lower_bound"),
        )
    )
