"""Builds: one finished warehouse a file, and the pointer that names the one that everyone reads.

    builds/<id>.duckdb   never changed once published (mode 0444)
    current.json         {"build": "builds/<id>.duckdb", "build_id": …, "built_at": …}, replaced atomically
    latest.duckdb        a link to the same file, for people with a DuckDB shell

A reader resolves the pointer and opens the versioned file read-only. It never opens a fixed path again:
DuckDB hands a process the database that it already has open under that name, even after the file was replaced.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 9
"""Raised when a mart changes in a way that an older dashboard cannot read."""


class NoBuildError(Exception):
    """No warehouse was published yet."""


@dataclass(frozen=True)
class Build:
    """A published build, as `current.json` describes it."""

    path: Path
    build_id: str
    built_at: datetime
    schema_version: int
    facts: Mapping[str, Any]


def current(home: Path) -> Build:
    """The build that readers should use now.

    Raises:
        NoBuildError: nothing was published under `home`.
    """
    try:
        pointer = json.loads((home / "current.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NoBuildError(f"no warehouse in {home} yet: run `unitcost demo` or `unitcost run`") from error
    except ValueError as error:
        raise NoBuildError(f"{home}/current.json is damaged: run `unitcost build --full`") from error
    return Build(
        path=home / pointer["build"],
        build_id=pointer["build_id"],
        built_at=datetime.fromisoformat(pointer["built_at"]),
        schema_version=pointer["schema_version"],
        facts=pointer,
    )


def publish(
    home: Path, built: Path, *, build_id: str, built_at: datetime, keep: int, facts: Mapping[str, Any]
) -> Build:
    """Make a finished, closed database file the one that everyone reads, then drop builds past the last `keep`.

    Args:
        built: the file that dbt wrote; no connection to it may be open in this process, since closing any other
            handle on a DuckDB file drops the lock that protects it.
        facts: what `unitcost status` tells of this build, JSON values.
    """
    if Path(f"{built}.wal").exists():
        raise RuntimeError(f"{built} was not checkpointed: {built}.wal is left beside it")
    final = home / "builds" / f"{build_id}.duckdb"
    _fsync(built)
    built.chmod(0o444)
    built.replace(final)
    _fsync(final.parent)
    pointer = {
        "build": str(final.relative_to(home)),
        "build_id": build_id,
        "built_at": built_at.isoformat(),
        "schema_version": SCHEMA_VERSION,
        **facts,
    }
    _replace_text(home / "current.json", json.dumps(pointer, indent=2) + "\n")
    link = home / "latest.duckdb.new"
    link.unlink(missing_ok=True)
    link.symlink_to(final.relative_to(home))
    link.replace(home / "latest.duckdb")
    _fsync(home)
    for old in sorted((home / "builds").glob("*.duckdb"))[:-keep]:
        if old != final:
            old.unlink()  # a reader that has it open keeps it until it closes
    return current(home)


def _replace_text(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    _fsync(new)
    new.replace(path)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
