"""What each channel was told of: one file, replaced as a whole after every message that arrived.

What is not in it is still to be told, so a channel that is down loses nothing. A crash between a message and its line
here tells it a second time, under the same id.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.pipeline import LockedError
from ingest import disk

FILE = "alerts.json"


class AlertError(Exception):
    """Nothing can be told; the message says why."""


class Told(BaseModel):
    """What a channel knows of an anomaly.

    Attributes:
        first_id: the anomaly's id in all of its messages. It stays where late data moves the first day, by which
            anomalies are named.
        excess_usd: as it was told last.
        causes: all that were told.
        title: of the last message.
        is_over: nothing more is to be said, as long as it does not begin again.
        message_count: 0: it was over before the channel was there, or is not for it.
    """

    model_config = ConfigDict(frozen=True)

    first_id: str
    kind: str
    feature_id: str
    workload: str
    owner_id: str | None
    started_date: date
    last_date: date
    excess_usd: Decimal
    causes: tuple[str, ...]
    title: str
    is_over: bool
    message_count: int
    told_at: datetime | None

    @property
    def series(self) -> tuple[str, str, str]:
        """What it is an anomaly of."""
        return self.kind, self.feature_id, self.workload


class State(BaseModel):
    """Channel → anomaly → what it was told."""

    channels: dict[str, dict[str, Told]] = {}


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the lock of those who tell: two at once would tell everything twice.

    Raises:
        LockedError: another one is at it.
    """
    with (home / f"{FILE}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError("another `unitcost alert` is telling; wait for it to end") from error
        yield


def load(home: Path) -> State:
    """What was told, nothing at first.

    Raises:
        AlertError: the file is damaged.
    """
    path = home / FILE
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return State()
    except ValidationError as error:
        raise AlertError(f"{path} is damaged; without it all that is open is told again: move it away") from error


def save(home: Path, state: State) -> None:
    """Keep what was told, for good.

    Raises:
        OSError: the disk refused; the earlier file is as it was.
    """
    disk.write(home / FILE, state.model_dump_json(indent=1).encode() + b"\n")
