"""Which files a path names: a file, a folder or a glob, of this machine or in a store."""

import glob
import os
from pathlib import Path

from ingest import remote
from ingest.files import Address, RefusedError
from ingest.remote import RemoteFile

RECEIVED = "received"
"""The folder of the home in which spans arrive; files that are still being written end in `.part`."""
FEEDBACK = "feedback"
"""The folder of the home in which verdicts on anomalies wait for the next run."""
FETCHED = "fetched"
"""The folder of the home into which bills are fetched; what is not finished, and what is no bill, is hidden in it."""


def called(path: str) -> Path | Address:
    """What to call a path that names nothing readable: an address without the secrets in it."""
    return remote.shown(path) if remote.is_address(path) else Path(path)


def expand(path: str, home: Path) -> list[Path] | list[RemoteFile]:
    """The files that a path names: itself, all below a folder, or the matches of a glob; oldest first.

    Hidden files and the warehouse's own are left out, but for what is named itself.

    The order matters where two files state the same account and period: the newer one is the restated bill.

    Raises:
        RefusedError: there is no such file, or the store cannot be asked.
    """
    if remote.is_address(path):
        return remote.find(path)
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
    if not path.is_relative_to(home):
        return False
    below = path.relative_to(home).parts
    is_received = path.parent in {home / RECEIVED, home / FEEDBACK} and path.suffix == ".jsonl"
    is_fetched = below[0] == FETCHED and not any(part.startswith(".") for part in below)
    return not (is_received or is_fetched or below[0] == "demo")
