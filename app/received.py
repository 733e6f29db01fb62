"""Received lines on disk: appended, made durable, and set aside in finished files that nobody writes any more."""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.pipeline import LockedError
from ingest import disk

OPEN = ".part"
"""Ends the name of the file that is being written."""
WANTED = ".wanted"
"""The file by which somebody asks for what is there: the open file is finished early."""
LOOK_SECONDS = 0.5
"""How often one looks for it while a file is open."""
BLOCK = 1 << 16


def ask(folder: Path, *, patience: float = 2) -> None:
    """Ask the receiver to finish the file that it writes, and wait until it has.

    Args:
        patience: seconds; nobody may be there who would do it.

    Raises:
        OSError: the folder cannot be written.
    """
    parts = list(folder.glob(f"*.jsonl{OPEN}"))
    if not parts:
        return
    (folder / WANTED).touch(mode=0o600)
    end = time.monotonic() + patience
    while any(part.exists() for part in parts) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS / 5)


class Journal:
    """The folder of received files. One process writes it; what `append` returned from survives any crash.

    `<time>-<random>.jsonl.part` is being written; without `.part` it is finished.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 64 << 20, max_seconds: float = 60) -> None:
        """Take the folder, and finish what a crash left.

        Args:
            folder: made where it is not there; for its owner only.
            max_bytes: a file that has reached this size is finished.
            max_seconds: a file that was begun so long ago is finished.

        Raises:
            LockedError: another receiver writes it.
        """
        self.folder = folder
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise LockedError(f"another `unitcost receive` writes {folder}; stop it first") from error
        self._file: int | None = None
        self._path = folder
        self._size = 0
        self._begun = 0.0
        self.recovered = [path for part in sorted(folder.glob(f"*.jsonl{OPEN}")) if (path := _recovered(part))]
        disk.sync(folder)

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines, each with its line end; they are durable when this returns.

        Raises:
            OSError: the disk refused, and none of them is there.
        """
        if self._file is None:
            self._begin()
        try:
            self._write(b"".join(lines))
        except OSError:
            self._abandon()
            raise

    def seconds_left(self) -> float | None:
        """Until one is to ask whether the open file is due; None where none is open."""
        if self._file is None:
            return None
        return min(LOOK_SECONDS, max(0.0, self._begun + self.max_seconds - time.monotonic()))

    def is_due(self) -> bool:
        """Whether the open file is to be finished."""
        if self._file is None:
            return False
        return self._size >= self.max_bytes or self.seconds_left() == 0 or (self.folder / WANTED).exists()

    def finish(self) -> Path | None:
        """Close the open file and give it its final name; return it, None where there is none.

        Raises:
            OSError: it keeps its `.part`; the next start finishes it.
        """
        if self._file is None:
            return None
        (self.folder / WANTED).unlink(missing_ok=True)
        file, self._file = self._file, None
        try:
            os.fsync(file)
        finally:
            os.close(file)
        if not self._size:
            self._path.unlink()
            return None
        self._size = 0
        finished = _finished(self._path)
        disk.sync(self.folder)
        return finished

    def close(self) -> Path | None:
        """Finish the open file and let others write the folder."""
        try:
            return self.finish()
        finally:
            os.close(self._lock)

    @property
    def _open_file(self) -> int:
        if self._file is None:
            raise RuntimeError("no file is open")
        return self._file

    def _begin(self) -> None:
        self._path = self.folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}.jsonl{OPEN}"
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            disk.sync(self.folder)  # a file whose name is not on disk is lost with all that was synced into it
        except OSError:
            os.close(file)
            self._path.unlink()
            raise
        self._file, self._size, self._begun = file, 0, time.monotonic()

    def _abandon(self) -> None:
        """What a failed write or sync left is unknown: cut it off, and go on in another file."""
        file = self._open_file
        try:
            os.ftruncate(file, self._size)
        except OSError:
            os.close(file)
            self._file, self._size = None, 0  # the next start cuts it off
        else:
            with contextlib.suppress(OSError):  # the next start finishes it; the caller raises what came first
                self.finish()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._open_file, left) :]
        os.fsync(self._open_file)
        self._size += len(data)


def _recovered(part: Path) -> Path | None:
    """Finish a file that a crash left open: its whole lines. A torn last line was never acknowledged."""
    with part.open("r+b") as file:
        file.truncate(_end_of_lines(file.fileno()))
        os.fsync(file.fileno())
    if part.stat().st_size:
        return _finished(part)
    part.unlink()
    return None


def _end_of_lines(file: int) -> int:
    """The offset after the last line end."""
    end = os.fstat(file).st_size
    while end:
        start = max(0, end - BLOCK)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _finished(part: Path) -> Path:
    return part.rename(part.with_name(part.name.removesuffix(OPEN)))
