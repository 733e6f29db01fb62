"""Raw tables that no source declares, and what they are made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from ingest import restatements
from ingest.prices.tables import TABLES

REFERENCES: Mapping[str, pa.Schema] = {**TABLES, restatements.TABLE_NAME: restatements.RESTATEMENTS}
"""Raw tables that we write ourselves, with their schemas."""

INTAKE = pa.schema(
    [
        ("input_id", pa.string()),
        ("table_name", pa.string()),
        ("source_id", pa.string()),
        ("path", pa.string()),
        ("state", pa.string()),
        ("landed_at", pa.timestamp("us")),
        ("column_name", pa.string()),
        ("rule", pa.string()),
        ("fix", pa.string()),
        ("rejected_count", pa.int64()),
        ("first_record_number", pa.int64()),
    ]
)
"""`raw.landing_inputs`: one row per input, raw table and reason for which its records were not taken."""

COLUMNS = pa.schema(
    [
        ("source_id", pa.string()),
        ("table_name", pa.string()),
        ("column_name", pa.string()),
        ("is_read", pa.bool_()),
        ("input_count", pa.int64()),
        ("first_landed_at", pa.timestamp("us")),
        ("last_landed_at", pa.timestamp("us")),
        ("first_path", pa.string()),
        ("last_path", pa.string()),
    ]
)
"""`raw.landing_columns`: one row per source, raw table and column of its files (`ingest/columns_seen.py`)."""
ACCOUNTS: Mapping[str, pa.Schema] = {"landing_inputs": INTAKE, "landing_columns": COLUMNS}
"""Raw tables that the ledger writes (`Ledger.accounts`), with their schemas."""
Accounts = Mapping[str, Sequence[Mapping[str, Any]]]
NO_ACCOUNTS: Accounts = dict.fromkeys(ACCOUNTS, ())

FILES = pa.schema(
    [
        ("table_name", pa.string()),
        ("sha256", pa.string()),
        ("usage_date", pa.date32()),
        ("row_count", pa.int64()),
        ("input_id", pa.string()),
        ("load_number", pa.int64()),
    ]
)
"""`raw.landing_files`: the ledger's active files; beside them what each is to a build."""


def sql_type(kind: pa.DataType) -> str:
    """As DuckDB writes it."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    words = {
        pa.string(): "varchar",
        pa.bool_(): "boolean",
        pa.int64(): "bigint",
        pa.date32(): "date",
        pa.timestamp("us"): "timestamp",
    }
    return words[kind]
