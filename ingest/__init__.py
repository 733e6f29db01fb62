"""Exports become raw rows: a file comes in, immutable Parquet and a ledger entry leave."""
