"""Files become landed inputs: each is looked at once, recognised, landed, and written into the ledger."""

import hashlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest import fingerprints, remote
from ingest.files import Address, InputFile, RefusedError, inspect
from ingest.landing import Landed, beside, land
from ingest.ledger import Ledger
from ingest.mapping import mapped
from ingest.quarantine import Reject
from ingest.remote import RemoteFile
from ingest.source import Source, Table

GENERIC = "generic"
"""The source whose columns a mapping places."""
AT_A_TIME = 2
"""Files that are read at a time: while one is planned or waits for its last rows, the other has the cores."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file in one raw table.

    Attributes:
        state: `landed`, `known` (this content already landed) or `refused`.
        replaced: the account and period (or other scope) whose earlier rows this file replaced.
        scopes: the accounts and periods that it states.
        unclaimed_count: records that none of the sources that read the file takes; on its first outcome.
    """

    path: Path | Address
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


def ingest_files(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    files: Sequence[Path | RemoteFile],
    *,
    home: Path,
    sources: dict[str, Source],
    source: str | None = None,
    mapping: Path | None = None,
    on_file: Callable[[Path | Address, int, int], None] | None = None,
) -> list[Outcome]:
    """Land files, some at a time; the ledger has them in their order. A file that is refused does not stop the others.

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
    fingerprints.prepare(con, home)  # makes the key of a new warehouse, once
    reader = _Reader(con, ledger, home, sources, source, read_as)
    outcomes: list[Outcome] = []
    waiting: deque[Future[list[_Read]]] = deque()
    with remote.copies_dropped(home), ThreadPoolExecutor(AT_A_TIME) as threads:
        try:
            for number, named in enumerate(files):
                if on_file:
                    on_file(named if isinstance(named, Path) else named.address, number, len(files))
                waiting.append(threads.submit(reader.read, named))
                if len(waiting) > AT_A_TIME:
                    outcomes += reader.record(waiting.popleft().result())
            while waiting:
                outcomes += reader.record(waiting.popleft().result())
        except BaseException:  # somebody who presses Ctrl-C does not wait for large files
            threads.shutdown(wait=False, cancel_futures=True)
            reader.stop()
            raise
    return outcomes


@dataclass(frozen=True)
class _Read:
    """What reading a file for one table came to; the ledger does not know of it yet.

    Attributes:
        table: None where the file could not be read at all.
        landed: None where nothing landed.
    """

    outcome: Outcome
    file: InputFile | None = None
    table: Table | None = None
    landed: Landed | None = None


class _Reader:
    """Reads files on several threads, each with a connection; records on one thread what they came to."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        ledger: Ledger,
        home: Path,
        sources: dict[str, Source],
        source: str | None,
        read_as: str,
    ) -> None:
        self._con, self._ledger, self._home = con, ledger, home
        self._sources, self._source, self._read_as = sources, source, read_as
        self._thread = threading.local()
        self._opened: list[duckdb.DuckDBPyConnection] = []
        self._stopped = threading.Event()
        self._lock = threading.RLock()

    def read(self, named: Path | RemoteFile) -> list[_Read]:
        """Look at a file and land it, unless it is known."""
        path, file = _called(named), None
        try:
            if known := self._known(named):
                return [_Read(Outcome(path, name, "known")) for name in known]
            file = self._inspected(named)
            tables = _recognise(file, self._sources, self._source)
        except (RefusedError, OSError) as error:
            if file:
                remote.drop_copy(file)
            problem = str(error) if isinstance(error, RefusedError) else f"cannot be read: {error.strerror}; check it"
            return [_Read(Outcome(path, self._source, "refused", problem=problem))]
        return [self._land(file, source, table) for source, table in tables]

    def record(self, reads: list[_Read]) -> list[Outcome]:
        """Write into the ledger what became of a file."""
        with self._lock:
            outcomes = [self._recorded(read) for read in reads]
            first, file = outcomes[0], reads[0].file
            if file is None:
                if first.state == "refused":
                    self._ledger.record_unreadable(first.path, self._source, first.problem or "")
                return outcomes
            self._ledger.forget_unreadable(file.path)
            self._ledger.see(file, self._source)
            remote.drop_copy(file)
        if self._source is None and not any(read.table and read.table.has_other_records for read in reads):
            claimed = sum(outcome.landed_count + outcome.rejected_count for outcome in outcomes)
            if first.state == "landed" and claimed < first.record_count:
                outcomes[0] = replace(first, unclaimed_count=first.record_count - claimed)
        return outcomes

    def stop(self) -> None:
        """Break off what is being read; nothing of it is recorded."""
        self._stopped.set()
        for con in self._opened:
            con.interrupt()

    def _inspected(self, named: Path | RemoteFile) -> InputFile:
        if isinstance(named, Path):
            return inspect(named.resolve())
        return remote.fetch(named, self._home.resolve() / remote.FETCHED, self._stopped)

    def _known(self, named: Path | RemoteFile) -> list[str]:
        """The sources of which this path, unchanged, landed already."""
        if isinstance(named, Path):
            size, modified_ns = (stat := named.stat()).st_size, stat.st_mtime_ns
        else:
            size, modified_ns = named.size, named.modified_ns
        with self._lock:
            sha256 = self._ledger.known_hash(_called(named), size, modified_ns, self._source)
            if sha256 is None or (self._source == GENERIC and not self._was_read_alike(sha256)):
                return []
            landed = [name.split("__")[0] for name in self._ledger.landed_tables(sha256)]
        return [name for name in landed if self._source in {None, name}]

    def _was_read_alike(self, sha256: str) -> bool:
        """Whether a home-made log was read by this mapping: read by another one, it says something else."""
        return (self._ledger.recall(f"mapping of {sha256}") or "") == self._read_as

    def _is_shown(self, file: InputFile, source: Source, table: Table) -> bool:
        is_same = source.name != GENERIC or self._was_read_alike(file.sha256)
        return is_same and self._ledger.is_shown(file.sha256, source.raw_name(table))

    def _land(self, file: InputFile, source: Source, table: Table) -> _Read:
        with self._lock:
            if self._is_shown(file, source, table):
                return _Read(Outcome(file.path, source.name, "known"), file, table)
            if not hasattr(self._thread, "con"):
                self._thread.con = beside(self._con)
                self._opened.append(self._thread.con)
        if self._stopped.is_set():
            raise InterruptedError
        try:
            landed = land(self._thread.con, file, source, table, home=self._home)
        except RefusedError as error:
            refused = Outcome(
                file.path, source.name, "refused", file.line_count, rejected_count=file.line_count, problem=str(error)
            )
            return _Read(refused, file, table)
        outcome = Outcome(
            file.path,
            source.name,
            "landed",
            landed.record_count,
            landed.landed_count,
            landed.rejected_count,
            landed.other_count,
            rejects=landed.rejects,
            scopes=tuple(sorted({_shown_scope(one.scope) for one in landed.files if one.scope is not None})),
        )
        return _Read(outcome, file, table, landed)

    def _recorded(self, read: _Read) -> Outcome:
        outcome, file = read.outcome, read.file
        if file is None or read.table is None or outcome.source is None:
            return outcome
        source = self._sources[outcome.source]
        table_name = source.raw_name(read.table)
        # a file that was read at the same time may have brought the same content, or replaced it
        if self._is_shown(file, source, read.table):
            return Outcome(file.path, source.name, "known")
        if outcome.state == "known":
            return self._recorded(self._land(file, source, read.table))
        if read.landed is None:
            self._ledger.record_refused(file, source.name, table_name, outcome.problem or "")
            return outcome
        replaced = self._ledger.record_landed(file, source.name, table_name, read.landed)
        if source.name == GENERIC:
            self._ledger.append({}, remember={f"mapping of {file.sha256}": self._read_as})
        _journal(self._home, file, table_name, read.landed.landed_count)
        return replace(outcome, replaced=tuple(_shown_scope(scope) for scope in replaced))


def _called(named: Path | RemoteFile) -> Path | Address:
    return named.resolve() if isinstance(named, Path) else named.address


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
