"""Figures over marts: ratios of sums, changes, margins. Pure: frames and numbers in, frames and numbers out.

A ratio is always a ratio of sums, never an average of ratios. What is unknown is None (null in a frame), never 0:
a margin without revenue, a unit cost without units, a change without a past.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

import polars as pl

THIN_MARGIN = 0.5
"""Below this gross margin a customer or feature is `thin`, below 0 `under_water`; as in the mart `gross_margin`."""

MarginClass = Literal["profitable", "thin", "under_water", "no_revenue"]
Number = Decimal | int | float


@dataclass(frozen=True)
class Change:
    """How a figure moved: `absolute` in its own unit, `relative` to the figure before (None where that is 0)."""

    absolute: Decimal
    relative: float | None


def change(now: Number | None, before: Number | None) -> Change | None:
    """The move from `before` to `now`; None where either is unknown."""
    if now is None or before is None:
        return None
    moved = Decimal(now) - Decimal(before)
    return Change(moved, float(moved / Decimal(before)) if before else None)


def ratio(numerator: Number | None, denominator: Number | None) -> float | None:
    """A share of sums, for a reader; None where the denominator is 0 or either is unknown."""
    return None if numerator is None or not denominator else float(Decimal(numerator) / Decimal(denominator))


def unit_cost(cost: Decimal | None, units: int | None) -> Decimal | None:
    """Money a unit; None without units or with unknown cost."""
    return None if cost is None or not units else cost / units


def gross_margin(revenue: Decimal | None, profit: Decimal | None) -> float | None:
    """Gross profit as a share of revenue; None where revenue is 0 or unknown."""
    return ratio(profit, revenue)


def total(frame: pl.DataFrame, column: str) -> Decimal | None:
    """The sum of a money column; None where no row knows a value."""
    known = frame[column].drop_nulls()
    return cast("Decimal", known.sum()) if len(known) else None


def count(frame: pl.DataFrame, column: str) -> int:
    """The sum of a count column."""
    return int(frame[column].sum())


def quotient(numerator: str, denominator: str, name: str) -> pl.Expr:
    """A column of ratios of two columns of sums, as a float; null where the denominator is 0 or either is unknown."""
    below = pl.col(denominator).cast(pl.Float64)
    return (pl.when(below != 0).then(pl.col(numerator).cast(pl.Float64) / below)).alias(name)


def with_break_even(frame: pl.DataFrame, target: int) -> pl.DataFrame:
    """Adds `break_even_revenue_usd` and `price_change` to a frame of `revenue_usd` and `cogs_usd`.

    Args:
        target: gross margin to be left, per cent, below 100. Revenue that leaves it is cost ÷ (1 − target); the change
            is null where there is no revenue to change.
    """
    needed = (pl.col("cogs_usd") * 100 / (100 - target)).cast(pl.Decimal(38, 12)).alias("break_even_revenue_usd")
    change = quotient("break_even_revenue_usd", "revenue_usd", "price_change") - 1
    return frame.with_columns(needed).with_columns(
        pl.when(pl.col("revenue_usd") > 0).then(change).alias("price_change")
    )


def with_margin(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `gross_margin` and `margin_class` to a frame of `revenue_usd` and `gross_profit_usd`.

    Revenue of 0 is `no_revenue`; revenue that is not known is no class at all. More refunded than paid has no margin.
    """
    margin, revenue = pl.col("gross_margin"), pl.col("revenue_usd")
    ratio = quotient("gross_profit_usd", "revenue_usd", "gross_margin")
    return frame.with_columns(pl.when(revenue > 0).then(ratio).alias("gross_margin")).with_columns(
        pl.when(revenue.is_null())
        .then(None)
        .when(revenue < 0)
        .then(pl.lit("under_water"))
        .when(margin.is_null())
        .then(pl.lit("no_revenue"))
        .when(margin < 0)
        .then(pl.lit("under_water"))
        .when(margin < THIN_MARGIN)
        .then(pl.lit("thin"))
        .otherwise(pl.lit("profitable"))
        .alias("margin_class")
    )


def beside(on: str, *frames: pl.DataFrame) -> pl.DataFrame:
    """What several marts say about one member, side by side; a member that only some of them know keeps its row.

    Counts that a mart does not know are 0, money that it does not know is null.
    """
    members = pl.concat([frame.select(on) for frame in frames]).unique(maintain_order=True)
    for frame in frames:
        members = members.join(frame, on=on, how="left", maintain_order="left")
    return members.with_columns(pl.col("^.*_count$").fill_null(0))


def top_and_others(frame: pl.DataFrame, on: str, by: str, keep: int) -> pl.DataFrame:
    """The `keep` rows with most `by`, then one row for all the others, so that the column still sums to the total."""
    ordered = frame.sort(by, on, descending=[True, False], nulls_last=True)
    if len(ordered) <= keep:
        return ordered
    rest = ordered.slice(keep)
    sums = [
        pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
        for name, kind in frame.schema.items()
        if kind.is_numeric()
    ]
    others = rest.select(pl.lit(f"{len(rest):,} others").alias(on), *sums)
    return pl.concat([ordered.head(keep), others], how="diagonal").select(frame.columns)


def folded(frame: pl.DataFrame, on: str, keep: Sequence[str]) -> pl.DataFrame:
    """`cost_usd` by `period` and `on`, with every member that is not in `keep` folded into `Other`."""
    member = pl.when(pl.col(on).is_in(keep)).then(pl.col(on)).otherwise(pl.lit("Other")).alias(on)
    known = pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.col("cost_usd").sum()).alias("cost_usd")
    return (
        frame.with_columns(member).group_by(on, "period").agg(known).select("period", on, "cost_usd").sort("period", on)
    )


def largest_mover(now: pl.DataFrame, before: pl.DataFrame, on: str) -> tuple[str, Decimal] | None:
    """The member whose cost moved the total most in the direction that the total moved, and by how much money."""
    moved = beside(
        on, now.select(on, "cost_usd"), before.select(on, pl.col("cost_usd").alias("before_usd"))
    ).with_columns((pl.col("cost_usd").fill_null(0) - pl.col("before_usd").fill_null(0)).alias("moved_usd"))
    if moved.is_empty():
        return None
    whole = moved["moved_usd"].sum()
    name, most = moved.sort("moved_usd", on, descending=[whole > 0, False]).select(on, "moved_usd").row(0)
    return (name, most) if whole and most * whole > 0 else None


def whale_curve(frame: pl.DataFrame) -> pl.DataFrame:
    """Members from the most profitable to the least, with `member_share` (0..1) and `cumulative_usd` gross profit."""
    ordered = frame.filter(pl.col("gross_profit_usd").is_not_null()).sort("gross_profit_usd", descending=True)
    return ordered.with_columns(
        (pl.int_range(1, pl.len() + 1) / pl.len()).alias("member_share"),
        pl.col("gross_profit_usd").cast(pl.Float64).cum_sum().alias("cumulative_usd"),
    )


def stretches(prices: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """`by`, valid_from_date, valid_to_date, price_usd: neighbouring stretches of time at one price made one."""
    ordered = prices.sort(*by, "valid_from_date")
    goes_on = (pl.col("price_usd") == pl.col("price_usd").shift().over(by)) & (
        pl.col("valid_from_date") == pl.col("valid_to_date").shift().over(by)
    )
    return (
        ordered.with_columns((~goes_on.fill_null(value=False)).cast(pl.Int64).cum_sum().alias("stretch"))
        .group_by("stretch", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in by),
            pl.col("valid_from_date").first(),
            pl.col("valid_to_date").last(),
            pl.col("price_usd").first(),
        )
        .drop("stretch")
    )
