"""The parts of a delivery are read whole and agree with their manifest, or the delivery is refused."""

from collections.abc import Callable
from pathlib import Path

from ingest import remote
from ingest.files import InputFile, RefusedError
from ingest.landing import Landed
from ingest.manifests import Manifest, Part
from ingest.remote import RemoteFile
from ingest.source import Source, Table

Inspect = Callable[[Path | RemoteFile], InputFile]
Recognise = Callable[[InputFile], list[tuple[Source, Table]]]
Land = Callable[[InputFile, Source, Table], Landed]


def land_parts(
    manifest: Manifest, inspect: Inspect, recognise: Recognise, land: Land
) -> tuple[Source, Table, list[tuple[InputFile, Landed]]]:
    """Land every part of a delivery; nothing of it counts before the ledger says so.

    Returns:
        The raw table that all parts belong in, and the parts; of empty ones that are the same file, one.

    Raises:
        RefusedError: a part is missing or torn, not of the bill that the others are of, or the counts do not agree.
        OSError: a part cannot be read.
    """
    if not manifest.parts:
        raise RefusedError("the manifest lists no file", "fetch it again, or leave it out")
    if manifest.part_count not in {None, len(manifest.parts)}:
        raise RefusedError(
            f"the manifest lists {len(manifest.parts)} files and says that they are {manifest.part_count}",
            "fetch it again",
        )
    files: list[tuple[Part, InputFile]] = []
    landed: dict[str, tuple[InputFile, Landed]] = {}
    try:
        files.extend((part, _inspected(part, inspect)) for part in manifest.parts)  # all, before the first one lands
        source, table = _one_table(files, recognise)
        table = table.stating(manifest.states)
        for part, file in files:
            rows = _landed(part, file, source, table, land)
            if rows.record_count and file.sha256 in landed:
                raise RefusedError(f"{part.key} is the same as another part", "fetch both again")
            landed[file.sha256] = (file, rows)
    finally:
        for _, file in files:
            remote.drop_copy(file)
    row_count = sum(rows.record_count for _, rows in landed.values())
    if manifest.row_count is not None and manifest.row_count != row_count:
        raise RefusedError(
            f"the parts have {row_count:,} rows, and {manifest.row_count:,} by the manifest", "fetch them again"
        )
    return source, table, list(landed.values())


def _inspected(part: Part, inspect: Inspect) -> InputFile:
    if part.file is None:
        raise RefusedError(f"{part.key} is not there, and the manifest lists it", "fetch it into the same folders")
    try:
        file = inspect(part.file)
    except RefusedError as error:
        raise RefusedError(f"{part.key}: {error.problem}", error.fix) from error
    if part.size is not None and part.size != file.size:
        raise RefusedError(f"{part.key} has {file.size:,} bytes, and {part.size:,} by the manifest", "fetch it again")
    return file


def _one_table(files: list[tuple[Part, InputFile]], recognise: Recognise) -> tuple[Source, Table]:
    found = [(source, table) for _, file in files for source, table in recognise(file)]
    names = sorted({source.raw_name(table) for source, table in found})
    if len(names) > 1:
        raise RefusedError(f"its parts are of {', '.join(names)}", "name the source with --source")
    return found[0]


def _landed(part: Part, file: InputFile, source: Source, table: Table, land: Land) -> Landed:
    try:
        landed = land(file, source, table)
    except RefusedError as error:
        raise RefusedError(f"{part.key}: {error.problem}", error.fix) from error
    if part.row_count is not None and part.row_count != landed.record_count:
        raise RefusedError(
            f"{part.key} has {landed.record_count:,} rows, and {part.row_count:,} by the manifest", "fetch it again"
        )
    return landed
