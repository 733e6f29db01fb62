"""Deliveries: who writes a bill in parts writes a manifest last, which lists them. Only what it lists counts.

AWS Data Exports and CUR: docs.aws.amazon.com/cur/latest/userguide, "Understanding export delivery" and "Understanding
your report versions". Azure exports: learn.microsoft.com, Cost Management, "Understand the export manifest". Bills in
FOCUS columns come in the same two layouts.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from ingest import remote
from ingest.files import Address, RefusedError
from ingest.remote import RemoteFile

Stored = Mapping[PurePosixPath, RemoteFile]
Look = Callable[[PurePosixPath], Path | RemoteFile | None]

_COST_TYPES = {"ActualCost", "AmortizedCost"}
"""Exports of Azure that look alike; see `ingest/sources/azure_cost.py`, whose `export_type` says which it is."""
_PERIOD = re.compile(r"billing_period=(\d{4}-\d{2})", re.IGNORECASE)
_RUN_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)")
"""In the name of a run's folder, where a run gets one: the part of the path that tells runs of AWS apart in time."""


@dataclass(frozen=True)
class Part:
    """One file of a delivery.

    Attributes:
        key: as the manifest names it, in the provider's storage.
        file: here or in its store; None where it is not there.
        size: bytes, where the manifest says.
        row_count: records, where the manifest says.
    """

    key: str
    file: Path | RemoteFile | None
    size: int | None = None
    row_count: int | None = None


@dataclass(frozen=True)
class Manifest:
    """What one run of an export delivered for a period.

    Attributes:
        export: which export of whom, so that two of the same name stay two.
        period: the month that a run states, or its first day.
        run: the provider's id of the run.
        made_at: ISO 8601 in UTC, to the second; where the manifest does not say, when it was written here.
        row_count: records of all parts, where the manifest says.
        part_count: how many there are, where the manifest says it apart from the list.
        states: what it says of every record, by the column that holds it; see `Table.stating`.
    """

    path: Path | Address
    sha256: str
    export: str
    period: str
    run: str
    made_at: str
    parts: tuple[Part, ...]
    row_count: int | None = None
    part_count: int | None = None
    states: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of what there is one: a newer delivery of this name replaces the older one."""
        return f"delivery of {self.export} for {self.period}"


@dataclass(frozen=True)
class Found:
    """Paths told apart.

    Attributes:
        deliveries: the newest run of each export and period, the oldest first.
        older: manifests of older runs, and parts that an older run left beside the newest one's.
        broken: manifests that cannot be read, with the reason.
        alone: files that no manifest lists.
    """

    deliveries: tuple[Manifest, ...]
    older: tuple[Path | Address, ...]
    broken: tuple[tuple[Path | Address, str], ...]
    alone: tuple[Path | RemoteFile, ...]


def find(files: Sequence[Path | RemoteFile]) -> Found:
    """Tell deliveries from files that stand for themselves."""
    stored = {PurePosixPath(file.path): file for file in files if not isinstance(file, Path)}
    there = {_place(file): file for file in files}
    runs: dict[tuple[str, str], Manifest] = {}
    broken: dict[PurePath, tuple[Path | Address, str]] = {}
    manifests: set[PurePath] = set()
    for place, file in there.items():
        if not place.name.lower().endswith("manifest.json"):
            continue
        try:
            manifest = read(file, stored)
        except (OSError, ValueError, RefusedError) as error:
            problem = f"the manifest cannot be read ({error}); fetch it again, and what it lists"
            broken[place] = (remote.called(file), problem)
            continue
        if manifest:
            manifests.add(place)
            # a run that is described in two places (CUR: beside the parts, and in the period's folder) is one
            runs.setdefault((manifest.name, manifest.run), manifest)
    newest: dict[str, Manifest] = {}
    for manifest in sorted(runs.values(), key=lambda manifest: (manifest.made_at, manifest.run)):
        newest[manifest.name] = manifest
    parts = {_place(part.file) for manifest in runs.values() for part in manifest.parts if part.file}
    kept = tuple(sorted(newest.values(), key=lambda manifest: manifest.made_at))
    unread = {place.parent for place in broken}  # its parts must not stand for themselves
    others = [place for place in there if place not in manifests and place not in parts and place.parent not in unread]
    patterns = {_pattern(part) for part in parts}
    left = [place for place in others if _pattern(place) in patterns]
    older = [manifest.path for manifest in runs.values() if manifest not in kept]
    return Found(
        kept,
        (*older, *(remote.called(there[place]) for place in left)),
        tuple(broken.values()),
        tuple(there[place] for place in others if place not in left),
    )


def read(file: Path | RemoteFile, stored: Stored) -> Manifest | None:
    """A manifest; None of a file that is the manifest of something else.

    Args:
        stored: what is in the store beside it.

    Raises:
        ValueError: it is no JSON, or lists what cannot be a file of the delivery.
        OSError: it cannot be read.
        RefusedError: its store does not give it.
    """
    content = file.read_bytes()
    said = json.loads(content)
    if not isinstance(said, dict):
        return None
    place = _place(file)

    def part(key: str, size: int | None = None, row_count: int | None = None) -> Part:
        is_here = isinstance(file, Path)
        return Part(key, _here(place, key, _on_disk if is_here else stored.get), size, row_count)

    about = {"path": remote.called(file), "sha256": hashlib.sha256(content).hexdigest()}
    try:
        if isinstance(said.get("blobs"), list) and "runInfo" in said:
            return _azure(said, part, about)
        if isinstance(said.get("reportKeys"), list) or isinstance(said.get("dataFiles"), list):
            written = file.stat().st_mtime_ns if isinstance(file, Path) else file.modified_ns
            return _aws(said, part, about, datetime.fromtimestamp(written // 10**9, UTC))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it lacks {error}") from error
    return None


def _azure(said: Mapping[str, Any], part: Callable[..., Part], about: Mapping[str, Any]) -> Manifest:
    """Cost Management: every run of a month-to-date export is the whole month until then."""
    config, where, run = said["exportConfig"], said.get("deliveryConfig") or {}, said["runInfo"]
    export = (where.get("containerUri"), config.get("resourceId"), config["exportName"], config.get("type"))
    return Manifest(
        **about,
        export=" ".join(str(word) for word in export if word),
        period=str(run["startDate"])[:10],
        run=str(run["runId"]),
        made_at=_utc(str(run["submittedTime"])),
        parts=tuple(
            part(blob["blobName"], _count(blob.get("byteCount")), _count(blob.get("dataRowCount")))
            for blob in said["blobs"]
        ),
        row_count=_count(said.get("dataRowCount")),
        part_count=_count(said.get("blobCount")),
        states={"export_type": config["type"]} if config.get("type") in _COST_TYPES else {},
    )


def _aws(said: Mapping[str, Any], part: Callable[..., Part], about: Mapping[str, Any], written: datetime) -> Manifest:
    """Data Exports (CUR 2.0, FOCUS) list `dataFiles`, the legacy CUR `reportKeys`; neither says a size.

    The export is named by where it lies: the key up to the folder of the period.
    """
    path = about["path"]
    keys = [str(key) for key in said.get("dataFiles") or said.get("reportKeys") or ()]
    first = keys[0] if keys else str(path)
    period = said.get("billingPeriod")
    start = str(period["start"]) if isinstance(period, dict) else str(period or "")
    in_key = _PERIOD.search(first) or _PERIOD.search(str(path))
    month = re.match(r"(\d{4})-?(\d{2})", start)
    if not (in_key or month):
        raise ValueError("it says no billing period")
    run = str(said.get("executionId") or said.get("assemblyId") or about["sha256"])
    at = _RUN_TIME.search(run) or _RUN_TIME.search(first)
    base = re.split(r"/(?:data/)?(?:billing_period=|year=|\d{8}-\d{8}/)", first, flags=re.IGNORECASE)[0]
    export = (said.get("bucket"), said.get("account"), base, said.get("reportName") or path.name)
    return Manifest(
        **about,
        export=" ".join(str(word) for word in export if word),
        period=in_key[1] if in_key else "-".join(month.groups()) if month else "",
        run=run,
        made_at="{}-{}-{}T{}:{}:{}".format(*at.groups()) if at else f"{written:%Y-%m-%dT%H:%M:%S}",
        parts=tuple(part(key) for key in keys),
    )


def _place(file: Path | RemoteFile) -> PurePath:
    return file.resolve() if isinstance(file, Path) else PurePosixPath(file.path)


def _on_disk(place: PurePath) -> Path | None:
    path = Path(place)
    return path.resolve() if path.is_file() else None


def _here(
    manifest: PurePath, key: str, look: Callable[[PurePosixPath], Path | RemoteFile | None]
) -> Path | RemoteFile | None:
    """Where a file of the provider's storage lies: by as much of its key as a folder above the manifest holds.

    By its name alone only beside the manifest: every run has a `part_0_0001.csv`.

    Raises:
        ValueError: the key leaves the folder.
    """
    parts = PurePosixPath(key.split("://", 1)[-1].lstrip("/")).parts
    if not parts or ".." in parts:
        raise ValueError(f"it lists {key!r}")
    return next((found for place in _candidates(manifest, parts) if (found := look(place))), None)


def _candidates(manifest: PurePath, parts: tuple[str, ...]) -> Iterator[PurePosixPath]:
    folders = list(manifest.parents)[: len(parts) + 2]
    for start in range(len(parts)):
        for folder in folders if start < len(parts) - 1 else folders[:1]:
            yield PurePosixPath(folder, *parts[start:])


def _pattern(path: PurePath) -> tuple[PurePath, str]:
    """The folder and the name without its numbers: what a part has in common with the others of its export."""
    return path.parent, re.sub(r"\d+", "#", path.name)


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _utc(time: str) -> str:
    at = datetime.fromisoformat(time)
    return f"{at.astimezone(UTC) if at.tzinfo else at:%Y-%m-%dT%H:%M:%S}"
