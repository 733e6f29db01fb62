"""Paths become landed inputs: each file is looked at once, recognised, landed, and written into the ledger."""

import glob
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest.files import InputFile, RefusedError, inspect
from ingest.landing import land
from ingest.ledger import Ledger
from ingest.mapping import mapped
from ingest.quarantine import Reject
from ingest.source import Source, Table

GENERIC = "generic"
"""The source whose columns a mapping places."""
RECEIVED = "received"
"""The folder of the home in which spans arrive; files that are still being written end in `.part`."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file in one raw table.

    Attributes:
        state: `landed`, `known` (this content already landed) or `refused`.
        replaced: the account and period (or other scope) whose earlier rows this file replaced.
        scopes: the accounts and periods that it states.
        unclaimed_count: records that none of the sources that read the file takes; on its first outcome.
    """

    path: Path
    source: str | None
    state: str
    record_count: int = 0
    landed_count: int = 0
    rejected_count: int = 0
    other_count: int = 0
    problem: str | None = None
    rejects: tuple[Reject, ...] = ()
    replaced: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    unclaimed_count: int = 0


def expand(path: str, home: Path) -> list[Path]:
    """The files that a path names: itself, all below a folder, or the matches of a glob; oldest first.

    Hidden files and the warehouse's own are left out, but for what is named itself.

    The order matters where two files state the same account and period: the newer one is the restated bill.

    Raises:
        RefusedError: there is no such file.
    """
    path = os.path.expanduser(path)  # noqa: PTH111 - a glob is no path
    found = Path(path)
    # a glob's match or the path itself; Path.glob takes no absolute pattern
    matches = [Path(match) for match in glob.glob(path, recursive=True)]  # noqa: PTH207
    paths = list(found.rglob("*")) if found.is_dir() else [found] if found.is_file() else matches
    files = [
        file
        for file in paths
        if file.is_file() and (file == found or not (file.name.startswith(".") or _is_ours(file, home)))
    ]
    if not files:
        raise RefusedError(f"no file at {path}", "check the path")
    return sorted(files, key=lambda file: (file.stat().st_mtime_ns, str(file)))


def _is_ours(file: Path, home: Path) -> bool:
    """Whether a file is the warehouse's: reading the ledger here would drop the lock that protects it."""
    path, home = file.resolve(), home.resolve()
    is_finished = path.parent == home / RECEIVED and path.suffix == ".jsonl"
    return path.is_relative_to(home) and not (is_finished or path.is_relative_to(home / "demo"))


def ingest_files(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    files: Sequence[Path],
    *,
    home: Path,
    sources: dict[str, Source],
    source: str | None = None,
    mapping: Path | None = None,
    on_file: Callable[[Path, int, int], None] | None = None,
) -> list[Outcome]:
    """Land files one after the other. A file that is refused does not stop the others.

    Args:
        source: the name of the source; recognised from the content where None.
        mapping: where the columns of the source `generic` lie in these files; see `ingest.mapping`.
        on_file: told the path, its number (from 0) and how many there are, before each file.

    Raises:
        RefusedError: `source` is not a source that we know, or the mapping is none.
    """
    read_as = ""
    if mapping is not None:
        if source not in {None, GENERIC}:
            raise RefusedError(f"{source} says itself where its columns lie", f"give a mapping to {GENERIC} only")
        source = GENERIC
        sources = {**sources, GENERIC: mapped(sources[GENERIC], mapping)}
        read_as = hashlib.sha256(mapping.read_bytes()).hexdigest()
    if source is not None and source not in sources:
        raise RefusedError(f"there is no source {source}", f"use one of {', '.join(sources)}")
    outcomes: list[Outcome] = []
    for number, path in enumerate(files):
        if on_file:
            on_file(path, number, len(files))
        outcomes += _ingest_file(con, ledger, path.resolve(), home, sources, source, read_as)
    return outcomes


def _ingest_file(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    path: Path,
    home: Path,
    sources: dict[str, Source],
    source: str | None,
    read_as: str,
) -> list[Outcome]:
    known_hash = ledger.known_hash(path, source)
    if known_hash is not None and (source != GENERIC or _was_read_as(ledger, known_hash, read_as)):
        landed = [name.split("__")[0] for name in ledger.landed_tables(known_hash)]
        if known := [name for name in landed if source in {None, name}]:
            return [Outcome(path, name, "known") for name in known]
    try:
        file = inspect(path)
        tables = _recognise(file, sources, source)
    except (RefusedError, OSError) as error:
        problem = str(error) if isinstance(error, RefusedError) else f"cannot be read: {error.strerror}; check it"
        ledger.record_unreadable(path, source, problem)
        return [Outcome(path, source, "refused", problem=problem)]
    ledger.forget_unreadable(path)
    outcomes = [_land_one(con, ledger, file, origin, table, home, read_as) for origin, table in tables]
    ledger.see(file, source)
    if source is None and not any(table.has_other_records for _, table in tables):
        claimed = sum(outcome.landed_count + outcome.rejected_count for outcome in outcomes)
        first = outcomes[0]
        if first.state == "landed" and claimed < first.record_count:
            outcomes[0] = replace(first, unclaimed_count=first.record_count - claimed)
    return outcomes


def _recognise(file: InputFile, sources: dict[str, Source], source: str | None) -> list[tuple[Source, Table]]:
    """The tables that a file belongs in: by the name that the user gave, else by its content."""
    sample = file.sample.thinned()
    candidates = [sources[source]] if source else list(sources.values())
    tables = [(origin, table) for origin in candidates for table in origin.tables if file.format in table.formats]
    if source:
        if not tables:
            formats = ", ".join(sorted({name for table in sources[source].tables for name in table.formats}))
            raise RefusedError(f"{source} is not read from {file.format}", f"give {formats}")
        return tables if len(tables) == 1 else [pair for pair in tables if pair[1].recognises(sample)] or tables[:1]
    recognised = [(origin, table) for origin, table in tables if table.recognises(sample)]
    if not recognised:
        raise RefusedError(
            f"not recognised as any source ({file.format}, {file.line_count:,} lines)",
            f"name it with --source, one of {', '.join(sources)}",
        )
    return recognised


def _land_one(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    file: InputFile,
    source: Source,
    table: Table,
    home: Path,
    read_as: str,
) -> Outcome:
    name = source.raw_name(table)
    is_same = source.name != GENERIC or _was_read_as(ledger, file.sha256, read_as)
    if is_same and ledger.is_shown(file.sha256, name):
        return Outcome(file.path, source.name, "known")
    try:
        landed = land(con, file, source, table, home=home)
    except RefusedError as error:
        ledger.record_refused(file, source.name, name, str(error))
        return Outcome(
            file.path, source.name, "refused", file.line_count, rejected_count=file.line_count, problem=str(error)
        )
    replaced = ledger.record_landed(file, source.name, name, landed)
    if source.name == GENERIC:
        ledger.append({}, remember={f"mapping of {file.sha256}": read_as})
    _journal(home, file, name, landed.landed_count)
    return Outcome(
        file.path,
        source.name,
        "landed",
        landed.record_count,
        landed.landed_count,
        landed.rejected_count,
        landed.other_count,
        rejects=landed.rejects,
        replaced=tuple(_shown_scope(scope) for scope in replaced),
        scopes=tuple(sorted({_shown_scope(one.scope) for one in landed.files if one.scope is not None})),
    )


def _was_read_as(ledger: Ledger, sha256: str, read_as: str) -> bool:
    """Whether a home-made log was read by this mapping: read by another one, it says something else."""
    return (ledger.recall(f"mapping of {sha256}") or "") == read_as


def _shown_scope(scope: str) -> str:
    return scope.replace("\x1f", ", ")


def _journal(home: Path, file: InputFile, table_name: str, landed_count: int) -> None:
    """One fsynced line per landed input, outside DuckDB: it shows a ledger that lost its newest transactions."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "table": table_name,
        "sha256": file.sha256,
        "path": str(file.path),
        "landed": landed_count,
    }
    with (home / "journal.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(line) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


def totals(outcomes: Iterable[Outcome]) -> tuple[int, int, int]:
    """Landed rows, rejected rows and refused files."""
    listed = list(outcomes)
    return (
        sum(outcome.landed_count for outcome in listed),
        sum(outcome.rejected_count for outcome in listed if outcome.state == "landed"),
        sum(outcome.state == "refused" for outcome in listed),
    )
