"""Files in the stores of cloud providers: listed, matched by globs and fetched through pyarrow's file systems.

Who may read comes from where the provider's own tools take it (environment, configuration files, the machine's role),
never from the address: that is shown, and stored in the ledger. `AWS_ENDPOINT_URL` and `AWS_REGION` name another store
that speaks S3. DuckDB never sees an address: what it reads is a private copy, and gone when the file has landed.
"""

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from tempfile import mkstemp
from typing import Final

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from ingest.files import Address, InputFile, RefusedError, inspect
from ingest.store_errors import CREDENTIALS, STORE_ERRORS, explained

_PATIENCE: Final = {"gs": "?retry_limit_seconds=60"}
"""Google's client tries for a quarter of an hour where it is not told."""
FETCHED = ".fetched"
"""The folder of the home in which copies lie while they are read."""
PART = 8 << 20
"""Bytes of one request. Two files are read at a time, so memory does not grow with them."""
ATTEMPTS = 3
"""How often an object that changes while it is read is begun anew."""
SECOND = 10**9
JUST_WRITTEN = 10 * SECOND
"""Stores tell times in seconds: one that was written this lately may be written again and look the same."""

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<key>.*)", re.DOTALL)
_QUERY = re.compile(r"\?[\w.%-]+=.*", re.DOTALL)
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class RemoteFile:
    """An object as a store lists it.

    Attributes:
        path: within the store: bucket or container, and key.
        modified_ns: whole seconds: a listing may tell more than a look at the object does.
    """

    address: Address
    store: FileSystem
    path: str
    size: int
    modified_ns: int

    def read_bytes(self) -> bytes:
        """All of a small one.

        Raises:
            RefusedError: it cannot be read.
        """
        return b"".join(_parts(self))


def called(named: Path | RemoteFile) -> Path | Address:
    """What a file is called wherever it is shown or kept."""
    return named.resolve() if isinstance(named, Path) else named.address


def is_address(path: str) -> bool:
    """Whether a path names something in a store, rather than on this machine."""
    return _ADDRESS.fullmatch(path) is not None


def shown(uri: str) -> Address:
    """An address as it may be shown: without a user's password and without a query, which may hold a signature."""
    parts = _ADDRESS.fullmatch(uri)
    if parts and _has_user(parts["scheme"], parts["authority"]):
        return Address(f"{parts['scheme']}://…")  # a key of AWS may have a slash in it: nothing tells where it ends
    return Address(_QUERY.sub("?…", uri))


def find(uri: str) -> list[RemoteFile]:
    """The objects that an address names: itself, all below a folder, or the matches of a glob; oldest first.

    A key is written as it is, not percent-encoded. As on this machine `*` and `**` match no hidden name.

    Raises:
        RefusedError: there is none, the store cannot be asked, or the address holds a secret.
    """
    scheme, authority, key = _taken_apart(uri)
    try:
        store, root = FileSystem.from_uri(f"{scheme}://{authority}{_PATIENCE.get(scheme, '')}")
        found = list(_named(store, root.rstrip("/"), [name for name in key.split("/") if name]))
    except STORE_ERRORS as error:
        raise explained(error, scheme) from error
    if not found:
        raise RefusedError(f"nothing is at {uri}", "check the bucket and the path")
    files = [_listed(store, info, Address(f"{scheme}://{authority}{_below(info.path, root)}")) for info in found]
    return sorted(files, key=lambda file: (file.modified_ns, file.address))


@contextmanager
def copies_dropped(home: Path) -> Iterator[Path]:
    """The folder of private copies: empty when the context begins, though a run was killed, and gone when it ends."""
    folder = home.resolve() / FETCHED
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fetch(file: RemoteFile, folder: Path, stopped: threading.Event) -> InputFile:
    """Copy an object into a private file and look at each of its bytes, as at a file of this machine.

    Args:
        stopped: set by whoever does not wait for the rest.

    Raises:
        RefusedError: it cannot be read, changes again and again, or `inspect` refuses it.
        OSError: there is no room for the copy.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    suffix = PurePosixPath(file.address.name).suffix
    descriptor, name = mkstemp(dir=folder, suffix=suffix if suffix in {".gz", ".zst"} else "")
    local = Path(name)
    try:
        os.close(descriptor)
        stored = copy(file, local, stopped)
        inspected = inspect(local)
    except BaseException:
        local.unlink(missing_ok=True)
        raise
    is_settled = time.time_ns() - stored.modified_ns > JUST_WRITTEN
    return replace(inspected, path=file.address, modified_ns=stored.modified_ns, is_settled=is_settled)


def copy(file: RemoteFile, local: Path, stopped: threading.Event | None = None) -> RemoteFile:
    """Copy an object whole; return it as it was from the first byte to the last.

    An object is read by several requests, and between two of them another may take its place.

    Args:
        stopped: set by whoever does not wait for the rest.

    Raises:
        RefusedError: it cannot be read, or changes again and again.
        OSError: there is no room for the copy.
    """
    for _ in range(ATTEMPTS):
        with local.open("wb") as out:
            for part in _parts(file):
                if stopped and stopped.is_set():
                    raise InterruptedError
                out.write(part)
        try:
            after = _listed(file.store, file.store.get_file_info(file.path), file.address)
        except STORE_ERRORS as error:
            raise explained(error, _scheme(file)) from error
        if (after.size, after.modified_ns) == (file.size, file.modified_ns) and local.stat().st_size == file.size:
            return file
        file = after
    raise RefusedError(
        f"the object changed each of the {ATTEMPTS} times that it was read", "run again when it is finished"
    )


def drop_copy(file: InputFile) -> None:
    """Remove the private copy of an object; a file of this machine stays."""
    if isinstance(file.path, Address):
        file.local.unlink(missing_ok=True)


def _taken_apart(uri: str) -> tuple[str, str, str]:
    """Scheme, authority and key.

    Raises:
        RefusedError: no store has this scheme, or there is more in the address than where something lies.
    """
    parts = _ADDRESS.fullmatch(uri)
    if parts is None or parts["scheme"] not in CREDENTIALS:
        raise RefusedError("no store is read by this scheme", f"use {', '.join(f'{name}://' for name in CREDENTIALS)}")
    scheme, authority, key = parts["scheme"], parts["authority"], parts["key"]
    if not authority:
        raise RefusedError("the address names no bucket", f"write {scheme}://bucket/path")
    if _has_user(scheme, authority) or _QUERY.search(key):
        raise RefusedError(
            "the address holds a user, a password or a query", f"take them out; set {CREDENTIALS[scheme]}"
        )
    return scheme, authority, key


def _has_user(scheme: str, authority: str) -> bool:
    """Whether it is more than a bucket; in abfss://container@account.dfs.core.windows.net nobody is named."""
    return ":" in authority or ("@" in authority and scheme != "abfss")


def _named(store: FileSystem, root: str, names: Sequence[str]) -> Iterator[FileInfo]:
    magic = next((number for number, name in enumerate(names) if _MAGIC.search(name)), len(names))
    base, pattern = "/".join(filter(None, [root, *names[:magic]])), names[magic:]
    if pattern:
        yield from _matching(store, base, pattern)
        return
    itself = store.get_file_info(base)
    if itself.type is FileType.File:
        yield itself
    elif itself.type is FileType.Directory:
        yield from _matching(store, base, ["**"])


def _matching(store: FileSystem, folder: str, pattern: Sequence[str]) -> Iterator[FileInfo]:
    """The files below a folder that match; from `**` on all is listed at once, before it a folder at a time."""
    is_recursive, rest = pattern[0] == "**", pattern[1:]
    for info in store.get_file_info(FileSelector(folder, recursive=is_recursive)):
        if is_recursive:
            if info.is_file and _matches(_below(info.path, folder).split("/")[1:], pattern):
                yield info
        elif _matches([info.base_name], pattern[:1]):
            if rest and not info.is_file:
                yield from _matching(store, info.path, rest)
            elif info.is_file and not rest:
                yield info


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern or not names:
        return not names and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _matches(names, pattern[1:]) or (not names[0].startswith(".") and _matches(names[1:], pattern))
    is_seen = not names[0].startswith(".") or pattern[0].startswith(".")
    return is_seen and fnmatchcase(names[0], pattern[0]) and _matches(names[1:], pattern[1:])


def _below(path: str, folder: str) -> str:
    return "/" + path.removeprefix(folder.rstrip("/")).lstrip("/")


def _listed(store: FileSystem, info: FileInfo, address: Address) -> RemoteFile:
    modified_ns = (info.mtime_ns or 0) // SECOND * SECOND
    return RemoteFile(address, store, info.path, info.size or 0, modified_ns)


def _parts(file: RemoteFile) -> Iterator[bytes]:
    """The bytes as they are stored: pyarrow would unpack what is named .gz, and nobody would check it."""
    try:
        with file.store.open_input_stream(file.path, compression=None) as stream:
            while part := stream.read(PART):
                yield part
    except STORE_ERRORS as error:
        raise explained(error, _scheme(file)) from error


def _scheme(file: RemoteFile) -> str:
    return file.address.partition("://")[0]
