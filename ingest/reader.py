"""Files and deliveries are looked at, recognised, landed, and written into the ledger."""

import json
import os
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from ingest import deliveries, remote, restatements
from ingest.files import Address, InputFile, RefusedError, inspect
from ingest.landing import Landed, beside, land
from ingest.ledger import Ledger
from ingest.manifests import Manifest
from ingest.mapping import GENERIC
from ingest.outcomes import Outcome
from ingest.remote import RemoteFile
from ingest.source import Source, Table


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


Record = Callable[[], list[Outcome]]
"""What is left to do when something was read, on the one thread that writes the ledger."""


class Reader:
    """Reads files on several threads, each with a connection; records on one thread what they came to."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        ledger: Ledger,
        home: Path,
        sources: dict[str, Source],
        source: str | None,
        read_as: str,
        allow_smaller: bool,
    ) -> None:
        self._con, self._ledger, self._home = con, ledger, home
        self._sources, self._source, self._read_as = sources, source, read_as
        self._allow_smaller = allow_smaller
        self._seen, self._shown = ledger.seen(source), ledger.shown()
        self._read_whole: list[InputFile] = []
        self._journal: list[str] = []
        self._thread = threading.local()
        self._opened: list[duckdb.DuckDBPyConnection] = []
        self._stopped = threading.Event()
        self._lock = threading.RLock()

    def read(self, named: Path | RemoteFile) -> Record:
        """Look at a file and land it, unless it is known."""
        return partial(self._record, self._read(named))

    def read_delivery(self, manifest: Manifest) -> Record:
        """Look at all parts of a delivery and land them, unless it is known or older than the one that counts."""
        with self._lock:
            last = self._last(manifest)
        if last and last["sha256"] == manifest.sha256:
            return lambda: [Outcome(manifest.path, last["source"], "known")]
        if last and manifest.made_at < last["made_at"]:
            return lambda: [self.older(manifest.path)]
        try:
            recognise = partial(_recognise, sources=self._sources, source=self._source)
            source, table, parts = deliveries.land_parts(manifest, self._inspected, recognise, self._landed)
        except (RefusedError, OSError) as error:
            return partial(self.refused, manifest.path, _problem(error))
        return partial(self._record_delivery, manifest, source, table, parts)

    def record(self, reads: Iterable[Record]) -> list[Outcome]:
        """Write into the ledger what became of what was read: as one, since a commit takes as long as a small file."""
        with self._lock, self._ledger.transaction():
            outcomes = [outcome for record in reads for outcome in record()]
            self._ledger.see(self._read_whole, self._source)
        self._read_whole.clear()
        self._write_journal()
        return outcomes

    def refused(self, path: Path | Address, problem: str) -> list[Outcome]:
        """Record what was refused as a whole; nothing of it counts."""
        with self._lock:
            self._ledger.record_unreadable(path, self._source, problem)
        return [Outcome(path, self._source, "refused", problem=problem)]

    def older(self, path: Path | Address) -> Outcome:
        """Leave out what a newer run of its export has replaced, even where it was refused before."""
        with self._lock:
            self._ledger.forget_unreadable(path)
        return Outcome(path, self._source, "older")

    def _read(self, named: Path | RemoteFile) -> list[_Read]:
        path, file = remote.called(named), None
        try:
            if known := self._known(named):
                return [_Read(Outcome(path, name, "known")) for name in known]
            file = self._inspected(named)
            tables = _recognise(file, self._sources, self._source)
        except (RefusedError, OSError) as error:
            if file:
                remote.drop_copy(file)
            return [_Read(Outcome(path, self._source, "refused", problem=_problem(error)))]
        return [self._land(file, source, table) for source, table in tables]

    def _record(self, reads: list[_Read]) -> list[Outcome]:
        """Write into the ledger what became of a file."""
        with self._lock:
            first, file = reads[0].outcome, reads[0].file
            if file is None:
                if first.state == "refused":
                    return self.refused(first.path, first.problem or "")
                return [read.outcome for read in reads]
            self._ledger.forget_unreadable(file.path)
            outcomes = [self._recorded(read) for read in reads]
            first = outcomes[0]
            # what landed and does not count is asked about again
            if not any(
                read.landed and outcome.state == "refused" for read, outcome in zip(reads, outcomes, strict=True)
            ):
                self._read_whole.append(file)
        if self._source is None and not any(read.table and read.table.has_other_records for read in reads):
            claimed = sum(outcome.landed_count + outcome.rejected_count for outcome in outcomes)
            if first.state == "landed" and claimed < first.record_count:
                outcomes[0] = replace(first, unclaimed_count=first.record_count - claimed)
        return outcomes

    def _last(self, manifest: Manifest) -> dict[str, Any] | None:
        """The delivery of this export and period that counts: made_at, sha256, source, table and input_ids."""
        said = self._ledger.recall(manifest.name)
        return json.loads(said) if said else None

    def _record_delivery(
        self, manifest: Manifest, source: Source, table: Table, parts: list[tuple[InputFile, Landed]]
    ) -> list[Outcome]:
        """Write into the ledger that a delivery counts, in the place of the one before it."""
        with self._lock:
            table_name = source.raw_name(table)
            last = self._last(manifest)
            is_restated = last and table.replaces and last["table"] == table_name
            said = {
                "made_at": manifest.made_at,
                "sha256": manifest.sha256,
                "source": source.name,
                "table": table_name,
                "input_ids": [file.input_id for file, _ in parts],
            }
            try:
                replaced = self._count(
                    parts, source, table, by=manifest.path,
                    also_replaces=last["input_ids"] if last and is_restated else (),
                    remember={manifest.name: json.dumps(said)},
                )  # fmt: skip
            except RefusedError as error:
                return self.refused(manifest.path, str(error))
            self._ledger.forget_unreadable(manifest.path)
            for file, _ in parts:
                self._ledger.forget_unreadable(file.path)
                self._read_whole.append(file)
        outcomes = [_outcome(file, source, landed) for file, landed in parts]
        return [replace(outcomes[0], replaced=tuple(map(_shown_scope, replaced))), *outcomes[1:]]

    def _count(
        self, parts: list[tuple[InputFile, Landed]], source: Source, table: Table, *, by: Path | Address,
        also_replaces: Collection[str] = (), remember: dict[str, str] | None = None,
    ) -> list[str]:  # fmt: skip
        """Make landed files count in the place of what they restate; return the scopes that they replace.

        Raises:
            RefusedError: a bill is much smaller than what it would replace. Nothing has changed.
        """
        table_name = source.raw_name(table)
        files = [one for _, landed in parts for one in landed.files]
        scopes = {one.scope for one in files if one.scope is not None}
        before = self._ledger.replaceable(table_name, scopes, also_replaces) if scopes or also_replaces else []
        restated = restatements.compare(self._con, table, before, [one.path for one in files])
        if not self._allow_smaller:
            restatements.refuse_smaller(restated)
        replaced = self._ledger.record_landed(
            parts, source.name, table_name,
            also_replaces=also_replaces,
            beside=restatements.keep(self._home, restated, source=source.name, by=by, at=datetime.now(UTC)),
            remember=remember,
        )  # fmt: skip
        self._journal += [_journalled(file, table_name, landed.landed_count) for file, landed in parts]
        return replaced

    def _write_journal(self) -> None:
        """One fsynced line per landed input, outside DuckDB: it shows a ledger that lost its newest transactions."""
        if self._journal:
            with (self._home / "journal.jsonl").open("a", encoding="utf-8") as journal:
                journal.write("".join(self._journal))
                journal.flush()
                os.fsync(journal.fileno())
            self._journal.clear()

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
        seen = self._seen.get(str(remote.called(named)))
        if seen is None or (seen.size, seen.modified_ns) != (size, modified_ns):
            return []
        if self._source == GENERIC:
            with self._lock:
                if not self._was_read_alike(seen.sha256):
                    return []
        landed = [name.split("__")[0] for name in seen.tables if name]
        return [name for name in landed if self._source in {None, name}]

    def _was_read_alike(self, sha256: str) -> bool:
        """Whether a home-made log was read by this mapping: read by another one, it says something else."""
        return (self._ledger.recall(f"mapping of {sha256}") or "") == self._read_as

    def _is_shown(self, file: InputFile, source: Source, table: Table) -> bool:
        is_same = source.name != GENERIC or self._was_read_alike(file.sha256)
        return is_same and self._ledger.is_shown(file.sha256, source.raw_name(table))

    def _land(self, file: InputFile, source: Source, table: Table) -> _Read:
        # as the ledger was before: `_recorded` asks it again, and reading waits for nothing that is being recorded
        if (file.sha256, source.raw_name(table)) in self._shown:
            with self._lock:
                if self._is_shown(file, source, table):
                    return _Read(Outcome(file.path, source.name, "known"), file, table)
        try:
            landed = self._landed(file, source, table)
        except RefusedError as error:
            return _Read(_refused(file, source, error), file, table)
        return _Read(_outcome(file, source, landed), file, table, landed)

    def _landed(self, file: InputFile, source: Source, table: Table) -> Landed:
        if not hasattr(self._thread, "con"):
            with self._lock:
                self._thread.con = beside(self._con)
                self._opened.append(self._thread.con)
        if self._stopped.is_set():
            raise InterruptedError
        return land(self._thread.con, file, source, table, home=self._home)

    def _recorded(self, read: _Read) -> Outcome:
        outcome, file = read.outcome, read.file
        if file is None or read.table is None or outcome.source is None:
            return outcome
        source = self._sources[outcome.source]
        # a file that was read at the same time may have brought the same content, or replaced it
        if self._is_shown(file, source, read.table):
            return Outcome(file.path, source.name, "known")
        if outcome.state == "known":
            return self._recorded(self._land(file, source, read.table))
        if read.landed is None:
            self._ledger.record_refused(file, source.name, source.raw_name(read.table), outcome.problem or "")
            return outcome
        try:
            replaced = self._count([(file, read.landed)], source, read.table, by=file.path)
        except RefusedError as error:
            self._ledger.record_unreadable(file.path, source.name, str(error))
            return _refused(file, source, error)
        if source.name == GENERIC:
            self._ledger.append({}, remember={f"mapping of {file.sha256}": self._read_as})
        return replace(outcome, replaced=tuple(map(_shown_scope, replaced)))


def _outcome(file: InputFile, source: Source, landed: Landed) -> Outcome:
    return Outcome(
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


def _refused(file: InputFile, source: Source, error: RefusedError) -> Outcome:
    """All of the file's records are rejected."""
    return Outcome(
        file.path, source.name, "refused", file.line_count, rejected_count=file.line_count, problem=str(error)
    )


def _problem(error: RefusedError | OSError) -> str:
    return str(error) if isinstance(error, RefusedError) else f"cannot be read: {error.strerror}; check it"


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


def _journalled(file: InputFile, table_name: str, landed_count: int) -> str:
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "table": table_name,
        "sha256": file.sha256,
        "path": str(file.path),
        "landed": landed_count,
    }
    return json.dumps(line) + "\n"
