"""What became of files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingest.files import Address
from ingest.quarantine import Reject


@dataclass(frozen=True)
class Outcome:
    """What became of one file in one raw table.

    Attributes:
        state: `landed`, `known` (this content already landed), `older` (of a run before the newest one of an export;
            it stays where it lies) or `refused`.
        replaced: the account and period (or other scope) whose earlier rows this file replaced.
        scopes: the accounts and periods that it states.
        unclaimed_count: records that none of the sources that read the file takes; on its first outcome.
    """

    path: Path | Address
    source: str | None
    state: str
    record_count: int = 0
    landed_count: int = 0
    rejected_count: int = 0
    other_count: int = 0
    problem: str | None = None
    rejects: tuple[Reject, ...] = ()
    replaced: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    unclaimed_count: int = 0


def totals(outcomes: Iterable[Outcome]) -> tuple[int, int, int]:
    """Landed rows, rejected rows and refused files."""
    listed = list(outcomes)
    return (
        sum(outcome.landed_count for outcome in listed),
        sum(outcome.rejected_count for outcome in listed if outcome.state == "landed"),
        sum(outcome.state == "refused" for outcome in listed),
    )
