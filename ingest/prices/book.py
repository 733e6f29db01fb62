"""The price book on disk: what each source of prices said, and when we learned it. Append-only.

A source says everything it knows at once: a snapshot. It is kept as one immutable Parquet file, and only when it says
something else than the source's newest snapshot. Nothing is replaced: a closed month keeps the prices that closed it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.landing import LandingFile, keep_rows
from ingest.ledger import Ledger, Snapshot
from ingest.prices.tables import BEGINNING, TABLES, PriceBookError, Row

ABOUT = ("snapshot_id", "price_source", "source_version", "learned_at")
"""What a snapshot adds to its rows."""


def learn(
    ledger: Ledger,
    home: Path,
    table_name: str,
    price_source: str,
    rows: Sequence[Row],
    *,
    source_version: str = "",
    learned_at: datetime | None = None,
    remember: Mapping[str, str] | None = None,
) -> Snapshot | None:
    """Append what a source says now, where it differs from the source's newest snapshot.

    Args:
        ledger: of the same home.
        home: `$UNITCOST_HOME`.
        table_name: `prices__model_prices` or `prices__overrides`.
        price_source: who says it.
        rows: all that it says, without the columns of `ABOUT`; no row is a statement, too: there was no contract then.
        source_version: the release that says it.
        learned_at: UTC; now where it is not given. Later than the source's newest snapshot.
        remember: for `Ledger.recall`, in the same transaction.

    Returns:
        The new snapshot; None where the source says nothing new.

    Raises:
        PriceBookError: learned_at is not later than what the source said last: that would rewrite what we knew then.
    """
    at = _utc(learned_at or datetime.now(UTC))
    content = pa.schema([field for field in TABLES[table_name] if field.name not in ABOUT])
    said = pa.Table.from_pylist(list(rows), schema=content).sort_by([(name, "ascending") for name in content.names])
    content_sha256 = _sha256(said)
    newest = next(iter(ledger.snapshots(table_name, price_source)), None)
    if newest and newest.content_sha256 == content_sha256:
        ledger.append({}, remember=remember)
        return None
    if newest and at <= newest.learned_at:
        raise PriceBookError(
            f"{price_source} said something else at {newest.learned_at} already; "
            f"what is learned is added at the end, not at {at}"
        )
    snapshot_id = f"{at:%Y%m%dT%H%M%S%f}Z-{_short(table_name, price_source, content_sha256)}"
    about = {
        "snapshot_id": snapshot_id,
        "price_source": price_source,
        "source_version": source_version,
        "learned_at": at,
    }
    file = write(home, table_name, [{**row, **about} for row in said.to_pylist()])
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        table_name=table_name,
        price_source=price_source,
        source_version=source_version,
        learned_at=at,
        row_count=file.row_count,
        content_sha256=content_sha256,
        path=str(file.path.relative_to(home)),
    )
    line = {**about, "table_name": table_name, "row_count": file.row_count}
    files = {table_name: file, "prices__snapshots": write(home, "prices__snapshots", [line])}
    ledger.append(files, snapshot=snapshot, remember=remember)
    return snapshot


def read(home: Path, snapshot: Snapshot | None) -> list[Row]:
    """The rows of a snapshot; none of None."""
    if snapshot is None:
        return []
    rows: list[Row] = pq.read_table(home / snapshot.path).to_pylist()
    return rows


def read_all(ledger: Ledger, home: Path, table_name: str) -> list[Row]:
    """Every row of a table of the book, the files in the order in which they came."""
    files = [file for file in ledger.active_files() if file["table_name"] == table_name]
    tables = [pq.read_table(home / file["path"]) for file in sorted(files, key=lambda file: int(file["load_number"]))]
    return [row for table in tables for row in table.to_pylist()]


def append_rerate(ledger: Ledger, home: Path, rerate: Row, changes: Iterable[Row]) -> None:
    """Record a rerate (a row of `RERATES`) and what it changed (rows of `RERATE_CHANGES`) in one transaction."""
    files = {"prices__rerates": write(home, "prices__rerates", [rerate])}
    if rows := list(changes):
        files["prices__rerate_changes"] = write(home, "prices__rerate_changes", rows)
    ledger.append(files)


def write(home: Path, table_name: str, rows: Iterable[Row]) -> LandingFile:
    """Rows of a table of the book as one immutable Parquet file; `Ledger.append` makes it count."""
    return keep_rows(home, table_name, pa.Table.from_pylist(list(rows), schema=TABLES[table_name]), BEGINNING)


def keep_document(home: Path, document: bytes) -> str:
    """Keep the document of a catalogue, so that names can be matched by it again; return where, for `document`."""
    file = keep_rows(home, "prices__documents", pa.table({"document": [document]}), BEGINNING)
    return str(file.path.relative_to(home))


def document(home: Path, path: str) -> bytes:
    """A document that `keep_document` kept."""
    ((content,),) = (column.to_pylist() for column in pq.read_table(home / path).columns)
    return bytes(content)


def _sha256(table: pa.Table) -> str:
    """Of the values: a file's bytes may change with the library that writes it."""
    digest = hashlib.sha256()
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _short(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:8]


def _utc(at: datetime) -> datetime:
    """As the raw tables hold a time: UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
