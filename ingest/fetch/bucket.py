"""The bills of a cloud lie in a bucket: what is new or changed below a prefix is copied, object by object.

A copy has the size and the time of its object, and so tells by itself whether it is the newest: there is no other
state.
Credentials come from where the cloud's own SDK finds them (environment, configuration, the machine's role).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
from pyarrow import fs

from ingest.fetch import disk
from ingest.fetch.api import FetchError

CHUNK = 4 << 20
TRIES = 3
"""An object that is written anew while it is copied is copied once more."""
OPTIONS = frozenset({"region", "endpoint_override"})
"""What an address may say beside the place; not a secret, which would stand in the process list."""


@dataclass(frozen=True)
class Store:
    """A cloud whose bills lie in a bucket."""

    name: str
    about: str
    schemes: tuple[str, ...]
    example: str


STORES = {
    store.name: store
    for store in (
        Store("aws", "AWS Data Exports (CUR, FOCUS) in S3", ("s3",), "s3://bucket/prefix"),
        Store(
            "azure",
            "Azure Cost Management exports in a storage account",
            ("abfs", "abfss"),
            "abfss://container@account.dfs.core.windows.net/prefix",
        ),
        Store("gcp", "Google Cloud billing extracts in Cloud Storage", ("gs", "gcs"), "gs://bucket/prefix"),
    )
}


@dataclass
class Copied:
    """What became of the objects below a prefix.

    Attributes:
        new: how many were copied for the first time.
        changed: how many were copied anew.
        same: how many are here already, as they are.
        left: names that cannot be files below a folder, which were not copied.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    left: list[str] = field(default_factory=list)


def copy(
    store: Store, uri: str, folder: Path, *, on_object: Callable[[str, int, int], None] = lambda *_: None
) -> Copied:
    """Copy the objects below an address that are not here yet or have changed, oldest first. Nothing is deleted.

    Args:
        uri: `s3://bucket/prefix` and the like; `file://` for what is mounted.
        folder: the objects keep their names below it: `<folder>/bucket/prefix/…`.
        on_object: told the name, its number (from 0) and how many there are, before each object.

    Raises:
        FetchError: the address is none of this store, nothing is there, or an object does not stay as it is.
        OSError: the store or the disk refused.
    """
    filesystem, base = _opened(store, uri)
    copied = Copied()
    objects = sorted(_objects(filesystem, base), key=lambda info: (info.mtime_ns or 0, info.path))
    if not objects:
        raise FetchError(f"nothing is at {uri}; check the address")
    for number, info in enumerate(objects):
        name = info.path.lstrip("/")
        if any(part in {"", "..", "."} or part.startswith(".") or "\0" in part for part in name.split("/")):
            copied.left.append(name)
            continue
        on_object(name, number, len(objects))
        target = folder / PurePosixPath(name)
        was_there = target.exists()
        if was_there and (target.stat().st_size, target.stat().st_mtime_ns) == (info.size, info.mtime_ns):
            copied.same += 1
            continue
        _copy(filesystem, info, target)
        copied.new += not was_there
        copied.changed += was_there
    return copied


def _opened(store: Store, uri: str) -> tuple[fs.FileSystem, str]:
    """The file system of an address and the path in it."""
    try:
        parts = urlsplit(uri)
        secret = parts.password is not None or (parts.username is not None and store.name != "azure")
        options = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise FetchError(f"this is no address; write {store.example}") from None
    if secret or options.keys() - OPTIONS:
        raise FetchError(f"an address holds no key, and no option but {', '.join(sorted(OPTIONS))}; see `--help`")
    if parts.scheme not in {*store.schemes, "file"}:
        raise FetchError(f"{store.name} has no {parts.scheme or 'address without'}://; write {store.example}")
    if any(value.startswith("http://") for values in options.values() for value in values):
        raise FetchError("endpoint_override is not TLS: leave http:// out")
    try:
        filesystem, base = fs.FileSystem.from_uri(uri)
    except pa.ArrowInvalid:
        raise FetchError(f"this is no address; write {store.example}") from None
    return filesystem, base.rstrip("/")


def _objects(filesystem: fs.FileSystem, base: str) -> Iterator[fs.FileInfo]:
    found = filesystem.get_file_info(base)
    if found.is_file:
        yield found
        return
    selected = fs.FileSelector(base, recursive=True, allow_not_found=True)
    yield from (info for info in filesystem.get_file_info(selected) if info.is_file)


def _copy(filesystem: fs.FileSystem, info: fs.FileInfo, target: Path) -> None:
    for _ in range(TRIES):
        size = disk.write(target, _chunks(filesystem, info.path), modified_ns=info.mtime_ns)
        after = filesystem.get_file_info(info.path)
        if (size, after.mtime_ns) == (after.size, info.mtime_ns):
            return
        if not after.is_file:
            break
        info = after
    raise FetchError(f"{info.path} does not stay as it is while it is copied; run it again later")


def _chunks(filesystem: fs.FileSystem, path: str) -> Iterator[bytes]:
    with filesystem.open_input_stream(path, compression=None) as stream:  # by itself it would unpack .gz
        while chunk := stream.read(CHUNK):
            yield chunk
