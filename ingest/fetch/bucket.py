"""The bills of a cloud lie in a bucket: what is new or changed below an address is copied, object by object.

A copy has the size and the time of its object, and so tells by itself whether it is the newest: there is no other
state. Who may read comes from where the cloud's own tools take it; see `ingest.remote`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ingest import disk, remote
from ingest.files import RefusedError
from ingest.remote import RemoteFile


@dataclass(frozen=True)
class Store:
    """A cloud whose bills lie in a bucket."""

    name: str
    about: str
    scheme: str
    example: str


STORES = {
    store.name: store
    for store in (
        Store("aws", "AWS Data Exports (CUR, FOCUS) in S3", "s3", "s3://bucket/prefix"),
        Store(
            "azure",
            "Azure Cost Management exports in a storage account",
            "abfss",
            "abfss://container@account.dfs.core.windows.net/prefix",
        ),
        Store("gcp", "Google Cloud billing extracts in Cloud Storage", "gs", "gs://bucket/prefix"),
    )
}


@dataclass
class Copied:
    """What became of the objects that an address names.

    Attributes:
        new: how many were copied for the first time.
        changed: how many were copied anew.
        same: how many are here already, as they are.
        left: those whose names cannot be files' names, which were not copied.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    left: list[str] = field(default_factory=list)


def copy(
    store: Store, uri: str, folder: Path, *, on_object: Callable[[str, int, int], None] = lambda *_: None
) -> Copied:
    """Copy the objects that an address names and that are not here yet or have changed, oldest first.

    Nothing is deleted: what is no longer in the bucket stays here.

    Args:
        uri: an object, a folder or a glob, as for `ingest`.
        folder: the objects keep their names below it: `<folder>/bucket/prefix/…`.
        on_object: told the address, its number (from 0) and how many there are, before each object.

    Raises:
        RefusedError: the address is none of this store, nothing is there, or an object does not stay as it is.
        OSError: the disk refused.
    """
    scheme = uri.partition("://")[0] if remote.is_address(uri) else ""
    if scheme != store.scheme:
        raise RefusedError(f"{store.name} has no {scheme or 'address without'}://", f"write {store.example}")
    copied = Copied()
    objects = remote.find(uri)
    for number, file in enumerate(objects):
        on_object(file.address, number, len(objects))
        target = folder / file.path
        if "" in file.path.split("/"):  # a path of this machine has no empty part: two objects would be one file
            copied.left.append(file.address)
            continue
        is_new = not target.exists()
        if not is_new and (target.stat().st_size, target.stat().st_mtime_ns) == (file.size, file.modified_ns):
            copied.same += 1
            continue
        disk.place(target, partial(_fill, file))
        copied.new += is_new
        copied.changed += not is_new
    return copied


def _fill(file: RemoteFile, part: Path) -> int:
    return remote.copy(file, part).modified_ns
