"""An amount split over shares: its parts are the whole, to the last stored digit, whatever the order and threads."""

import random
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.rendered import rendered

UNIT = Decimal("0.000000000001")
ALLOCATIONS = 5_000
"""In one example; twenty examples are 100,000."""


@pytest.fixture(scope="module")
def split_sql() -> str:
    """The macro split_exactly, rendered for DuckDB."""
    return rendered("{{ split_exactly('parts', 'amount_usd', 'weight', 'grp', 'tie') }}", "duckdb")


@settings(max_examples=60, deadline=None)
@given(
    amount=st.decimals(min_value=-(10**9), max_value=10**9, places=12, allow_nan=False),
    weights=st.lists(st.integers(-(10**6), 10**12), min_size=1, max_size=40).filter(lambda found: sum(found) > 0),
)
def test_a_part_is_its_share_to_a_unit(split_sql: str, amount: Decimal, weights: list[int]) -> None:
    with duckdb.connect() as con:
        con.execute("create table parts (amount_usd decimal(38, 12), weight bigint, grp varchar, tie integer)")
        con.executemany(
            "insert into parts values (?, ?, 'g', ?)", [(amount, weight, tie) for tie, weight in enumerate(weights)]
        )
        split = con.sql(f"select part, weight from {split_sql} order by weight, part").fetchall()
    assert sum(part for part, _ in split) == amount
    total = sum(weights)
    for part, weight in split:
        assert abs(part - amount * weight / total) <= UNIT


def allocations(seed: int) -> Iterator[tuple[int, int, int, int]]:
    """Group, tie, amount in units of 10^-12 and weight: most of few shares, some of thousands, zeros and negatives."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    for group in range(ALLOCATIONS):
        shares = chance.randint(1, 5_000) if group < 3 else chance.randint(1, 12)
        amount = chance.choice((-1, 1)) * chance.randrange(10 ** chance.randint(1, 21) + 1)
        size = 10 ** chance.randint(1, 9)
        weights = [chance.choice((0, 1, chance.randrange(size), -chance.randrange(1000))) for _ in range(shares)]
        weights[0] += max(0, sum(map(abs, weights)) // 100 + 1 - sum(weights))  # no part is a thousand times the whole
        yield from ((group, tie, amount, weight) for tie, weight in enumerate(weights))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_hundred_thousand_allocations_lose_and_invent_nothing(split_sql: str, seed: int) -> None:
    given_parts = pl.DataFrame(
        list(allocations(seed)),
        schema={"grp": pl.Int64, "tie": pl.Int64, "units": pl.Decimal(38, 0), "weight": pl.Int64},
        orient="row",
    )

    def split(rows: pl.DataFrame, threads: int) -> pl.DataFrame:
        with duckdb.connect(config={"threads": threads}) as con:
            con.register("given_parts", rows.to_arrow())
            con.execute(
                "create table parts as select grp, tie, weight, "
                "cast(units * cast(0.000000000001 as decimal(12, 12)) as decimal(38, 12)) as amount_usd "
                "from given_parts"
            )
            return con.sql(
                f"select grp, tie, cast(part * 1000000000000 as decimal(38, 0)) as part from {split_sql} order by all"
            ).pl()

    found = split(given_parts, 1)
    sums = found.group_by("grp").agg(pl.col("part").sum())
    whole = given_parts.group_by("grp").agg(pl.col("units").first())
    assert sums.join(whole, on="grp").filter(pl.col("part") != pl.col("units")).is_empty()
    assert len(sums) == ALLOCATIONS
    for threads in (2, 8):
        assert split(given_parts.sample(fraction=1, shuffle=True, seed=threads), threads).equals(found)
