"""What came in, what did not, and what the tests of the build said."""

import polars as pl

from app.marts.warehouse import Warehouse


def data_freshness(warehouse: Warehouse) -> pl.DataFrame:
    """`data_freshness`, shape by shape."""
    return warehouse.read("select * from marts.data_freshness order by shape, source_id")


def rejected_records(warehouse: Warehouse, limit: int) -> pl.DataFrame:
    """`rejected_records`, the newest file first, `limit` at most; `found_count` says of how many."""
    return warehouse.read(
        "select *, cast(count(*) over () as bigint) as found_count from marts.rejected_records"
        " order by landed_at desc, path, table_name, first_record_number limit $limit",
        {"limit": limit},
    )


def build_tests(warehouse: Warehouse) -> pl.DataFrame:
    """`build_tests`, those that warned first."""
    return warehouse.read("select * from marts.build_tests order by status = 'pass', test_name")


def column_changes(warehouse: Warehouse, limit: int) -> pl.DataFrame:
    """`input_columns` that came or went, unread ones first, `limit` at most; `found_count` says of how many."""
    return warehouse.read(
        "select source_id, column_name, is_read, change, input_count, first_landed_at, last_landed_at,"
        " case when change = 'new' then first_path else last_path end as path,"
        " cast(count(*) over () as bigint) as found_count from marts.input_columns where change is not null"
        " order by is_read, source_id, column_name, table_name limit $limit",
        {"limit": limit},
    )


def unknown_usage(warehouse: Warehouse, limit: int) -> pl.DataFrame:
    """`unknown_usage`, what most calls have first, `limit` at most; `found_count` says of how many."""
    return warehouse.read(
        "select source_id, provider_id, model_id, usage_name, request_count, quantity, first_usage_date,"
        " last_usage_date, cast(count(*) over () as bigint) as found_count from marts.unknown_usage"
        " order by request_count desc, source_id, provider_id, model_id, usage_name limit $limit",
        {"limit": limit},
    )


def duplicates(warehouse: Warehouse) -> pl.DataFrame:
    """input_id, table_name, duplicate_count: the records of each input that another record is the same call as."""
    return warehouse.read("select input_id, table_name, duplicate_count from marts.input_balance")
