"""Files that are there whole or not at all, also after a crash."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, chunks: Iterable[bytes], *, modified_ns: int | None = None) -> int:
    """Write a file beside its place, make it durable, and give it its name; return its size in bytes.

    Args:
        chunks: the bytes, in order. What they raise leaves the earlier file as it was.
        modified_ns: when it was modified, nanoseconds since 1970; now where None.

    Raises:
        OSError: the disk refused; the earlier file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.part")
    size = 0
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for chunk in chunks:
                size += file.write(chunk)
            file.flush()
            if modified_ns is not None:
                os.utime(file.fileno(), ns=(modified_ns, modified_ns))
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # what came first is told
            part.unlink(missing_ok=True)
        raise
    sync(path.parent)
    return size


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
