"""Paths become landed inputs: told apart, and read some at a time."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import duckdb

from ingest import fingerprints, manifests, remote
from ingest.files import Address, RefusedError
from ingest.ledger import Ledger
from ingest.mapping import GENERIC, mapped
from ingest.outcomes import Outcome
from ingest.reader import Reader, Record
from ingest.remote import RemoteFile
from ingest.source import Source

AT_A_TIME = 2
"""Files that are read at a time: while one is planned or waits for its last rows, the other has the cores."""
AHEAD = 64
"""Files that may have been read before the first of them is recorded: a commit takes as long as a small file."""
RECORDED_EVERY_S = 1.0
"""What a crash may lose of what was read is read again; of large files that would be long."""


def ingest_files(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    files: Sequence[Path | RemoteFile],
    *,
    home: Path,
    sources: dict[str, Source],
    source: str | None = None,
    mapping: Path | None = None,
    allow_smaller: bool = False,
    on_file: Callable[[Path | Address, int, int], None] | None = None,
) -> list[Outcome]:
    """Land files, some at a time; the ledger has them in their order. A file that is refused does not stop the others.

    What a manifest among them lists lands as one, after the others: the manifest has the last word on its export.

    Args:
        source: the name of the source; recognised from the content where None.
        mapping: where the columns of the source `generic` lie in these files; see `ingest.mapping`.
        allow_smaller: load bills that are much smaller than what they replace; see `ingest.restatements`.
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
    reader = Reader(con, ledger, home, sources, source, read_as, allow_smaller)
    found = manifests.find(files)
    outcomes = [outcome for path, problem in found.broken for outcome in reader.refused(path, problem)]
    outcomes += [reader.older(path) for path in found.older]
    jobs: list[tuple[Path | Address, Callable[[], Record]]] = [
        (remote.called(named), partial(reader.read, named)) for named in found.alone
    ]
    jobs += [(one.path, partial(reader.read_delivery, one)) for one in found.deliveries]
    waiting: deque[Future[Record]] = deque()
    recorded_at = time.monotonic()
    with remote.copies_dropped(home), ThreadPoolExecutor(AT_A_TIME) as threads:
        try:
            for number, (path, read) in enumerate(jobs):
                if on_file:
                    on_file(path, number, len(jobs))
                waiting.append(threads.submit(read))
                is_due = time.monotonic() - recorded_at > RECORDED_EVERY_S
                if len(waiting) > AHEAD or (is_due and waiting[0].done()):
                    outcomes += reader.record(_finished(waiting))
                    recorded_at = time.monotonic()
            while waiting:
                outcomes += reader.record(_finished(waiting))
        except BaseException:  # somebody who presses Ctrl-C does not wait for large files
            threads.shutdown(wait=False, cancel_futures=True)
            reader.stop()
            raise
    return outcomes


def _finished(waiting: deque[Future[Record]]) -> list[Record]:
    """Wait for the first, and take those after it that are done, too."""
    finished = [waiting.popleft().result()]
    while waiting and waiting[0].done():
        finished.append(waiting.popleft().result())
    return finished
