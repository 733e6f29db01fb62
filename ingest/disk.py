"""Files that are there whole or not at all, also after a crash."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path


def write(path: Path, body: bytes) -> None:
    """Write a file: it has its new bytes for good, or its old ones.

    Raises:
        OSError: the disk refused; the earlier file is as it was.
    """

    def fill(part: Path) -> None:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(body)

    place(path, fill)


def place(path: Path, fill: Callable[[Path], int | None]) -> None:
    """Let a file be written beside its place, make it durable, and give it its name.

    Args:
        fill: writes the file that it is given, and returns when it was modified, nanoseconds since 1970; now where
            None. What it raises leaves the earlier file as it was.

    Raises:
        OSError: the disk refused; the earlier file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.part")
    try:
        modified_ns = fill(part)
        with part.open("rb") as file:
            if modified_ns is not None:
                os.utime(file.fileno(), ns=(modified_ns, modified_ns))
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # what came first is told
            part.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, durable."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
