"""Percentiles of more values than there is memory for."""

import duckdb
import pytest

from tests.models.rendered import rendered

VALUES = 4_000_000
"""In no order: 64 MB of them in the type of money."""


def test_values_that_do_not_fit_into_memory_have_their_median_all_the_same() -> None:
    amount = "cast((hash(range) % 1000003) * 0.000001 as decimal(38, 12)) as amount"
    values = f"select 1 as one, {amount} from range({VALUES})"
    with duckdb.connect(config={"memory_limit": "60MB", "threads": 2}) as con:
        with pytest.raises(duckdb.OutOfMemoryException):
            con.execute(f"select quantile_disc(amount, 0.5) from ({values})").fetchall()
        found = con.execute(
            rendered(f"with given as ({values}), {{{{ percentiles('given', ['one'], 'amount', [50]) }}}}", "duckdb")
            + " select value_count, p50 from percentiles"
        ).fetchall()
    with duckdb.connect(config={"threads": 2}) as con:
        expected = con.execute(f"select count(*), quantile_disc(amount, 0.5) from ({values})").fetchall()
    assert found == expected
