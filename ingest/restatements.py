"""What a newer bill changes in the money that it replaces: compared before it counts, kept when it does.

The comparison is exact and for each account, period and currency. It is kept as Parquet beside what landed: the bill
that was replaced stays in the landing, and what it came to can be read without reading it again.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest.files import Address, RefusedError
from ingest.landing import LandingFile, empty_sql, keep_rows, scope_sql
from ingest.source import Table
from ingest.sqltext import literal

TABLE_NAME = "landing__restatements"
_MONEY = pa.decimal128(38, 12)

RESTATEMENTS = pa.schema(
    [
        ("source_id", pa.string()),
        ("billing_account_id", pa.string()),
        ("billing_period_start", pa.timestamp("us")),
        ("billing_currency", pa.string()),
        ("row_count_before", pa.int64()),
        ("row_count_after", pa.int64()),
        ("billed_cost_before", _MONEY),
        ("billed_cost_after", _MONEY),
        ("effective_cost_before", _MONEY),
        ("effective_cost_after", _MONEY),
        ("input_ids", pa.string()),
        ("replaced_input_ids", pa.string()),
        ("restated_by", pa.string()),
        ("restated_at", pa.timestamp("us")),
    ]
)
"""One row per restatement of an account's period, and currency. Input ids are in order, with commas between them; NULL
input_ids where a newer delivery has no line of the account's period any more."""

SMALLEST_SHARE = Decimal("0.8")
"""A bill falls by credits and corrections; one that falls by more than a fifth is more often one that is not whole."""


def compare(
    con: duckdb.DuckDBPyConnection, table: Table, before: Sequence[Path], after: Sequence[Path]
) -> list[dict[str, Any]]:
    """What landing files of a bill would change in those that they replace; rows of RESTATEMENTS, but for who and when.

    A period that nothing is replaced in, or that the same inputs state again, is no restatement. A currency that one of
    both does not have counts as nothing there.
    """
    if table.shape != "charges" or not before:
        return []
    sides = f"""
        select *, true as is_new from ({_lines(table, after)})
        union all by name
        select *, false as is_new from ({_lines(table, before)})
    """
    ids = "string_agg(distinct input_id, ',' order by input_id)"
    rows = con.sql(
        f"""
        with totals as (
            select
                scope,
                any_value(billing_account_id) as billing_account_id,
                any_value(billing_period_start) as billing_period_start,
                billing_currency,
                count(*) filter (not is_new) as row_count_before,
                count(*) filter (is_new) as row_count_after,
                {_sum("billed_cost", "not is_new")} as billed_cost_before,
                {_sum("billed_cost", "is_new")} as billed_cost_after,
                {_sum("effective_cost", "not is_new")} as effective_cost_before,
                {_sum("effective_cost", "is_new")} as effective_cost_after
            from ({sides})
            group by scope, billing_currency
        ),
        inputs as (
            select scope, {ids} filter (is_new) as input_ids, {ids} filter (not is_new) as replaced_input_ids
            from ({sides})
            group by scope
        )
        select totals.* exclude (scope), input_ids, replaced_input_ids
        from totals
        join inputs using (scope)
        where replaced_input_ids is not null and replaced_input_ids is distinct from input_ids
        order by all
        """
    )
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def refuse_smaller(restated: Sequence[dict[str, Any]]) -> None:
    """Stop a restatement that takes more than a fifth off an account's period.

    Raises:
        RefusedError: it names both sums, and how to load it nevertheless.
    """
    smaller = [row for row in restated if _is_smaller(row["billed_cost_before"], row["billed_cost_after"])]
    if smaller:
        first = smaller[0]
        more = f" (and {len(smaller) - 1} more)" if len(smaller) > 1 else ""
        account = first["billing_account_id"] or "an account without a name"
        raise RefusedError(
            f"it bills {first['billed_cost_after'].normalize():f} {first['billing_currency']} to "
            f"{account} for {first['billing_period_start']:%Y-%m-%d}{more}, over 20 % less than "
            f"the {first['billed_cost_before'].normalize():f} {first['billing_currency']} that it would replace",
            "look whether it is whole; if it is right, load it with --allow-smaller",
        )


def keep(
    home: Path, restated: Sequence[dict[str, Any]], *, source: str, by: Path | Address, at: datetime
) -> dict[str, LandingFile]:
    """Write restatements; the ledger makes them count in the transaction that replaces the bill. None: no file."""
    if not restated:
        return {}
    told = {"source_id": source, "restated_by": str(by), "restated_at": at}
    rows = pa.Table.from_pylist([{**row, **told} for row in restated], schema=RESTATEMENTS)
    return {TABLE_NAME: keep_rows(home, TABLE_NAME, rows, at.date())}


def _is_smaller(before: Decimal | None, after: Decimal | None) -> bool:
    """Also where credits leave nothing to pay, or less: a loss is measured by what there was, whatever its sign."""
    if before is None or after is None:
        return False
    return before - after > abs(before) * (1 - SMALLEST_SHARE)


def _lines(table: Table, paths: Sequence[Path]) -> str:
    """SQL of the lines of landing files, in the words of RESTATEMENTS."""
    listed = ", ".join(literal(str(path)) for path in paths)
    landed = (
        f"select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = true, "
        "hive_types = {'usage_date': 'date'})"
    )
    bill = table.bill
    return f"""
        select
            {scope_sql(table)} as scope,
            cast({bill.account} as varchar) as billing_account_id,
            cast({bill.period_start} as timestamp) as billing_period_start,
            upper({bill.currency}) as billing_currency,
            cast({bill.billed_cost} as decimal(38, 12)) as billed_cost,
            cast({bill.effective_cost} as decimal(38, 12)) as effective_cost,
            input_id
        from ({empty_sql(table)} {f"union all by name {landed}" if paths else ""})
    """


def _sum(amount: str, where: str) -> str:
    """Of no line nothing; of lines that do not say it, unknown."""
    return f"case when count(*) filter ({where}) = 0 then 0 else sum({amount}) filter ({where}) end"
