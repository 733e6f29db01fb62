"""Tell every channel what it is due: read the served build, compare, send, and keep what arrived."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from app import builds, marts
from app.alerts import due, episodes, told
from app.alerts.channels import Channel, ChannelError
from app.alerts.due import Due
from app.alerts.episodes import Episode
from app.alerts.message import Message, Place, compose
from app.alerts.told import AlertError, State, Told
from app.marts.warehouse import Warehouse
from app.settings import Settings


@dataclass
class Outcome:
    """What became of a channel's messages. `problem` is why the rest of them waits, None where none does."""

    channel: str
    sent: list[tuple[Due, Message]] = field(default_factory=list)
    waiting: list[tuple[Due, Message]] = field(default_factory=list)
    is_quiet: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class Report:
    """What a run told.

    Attributes:
        unheard: owners of open anomalies that no channel is told of; None: anomalies without an owner.
    """

    outcomes: Sequence[Outcome]
    unheard: frozenset[str | None]


@dataclass(frozen=True)
class _Run:
    """What the channels of a run have in common."""

    home: Path
    state: State
    place: Place
    now: datetime
    is_dry: bool
    lock: threading.Lock = field(default_factory=threading.Lock)


def tell(
    settings: Settings, *, dry_run: bool = False, now: datetime | None = None, built: Path | None = None
) -> Report:
    """Tell all channels, side by side: one that hangs keeps no other waiting.

    A channel that is new is not told of what was over before it. One that is down, or quiet, is told by a later run,
    of what holds then.

    Args:
        dry_run: send and keep nothing; what would be sent is `waiting`.
        now: with its time zone; for tests.
        built: a file with the marts of anomalies that goes before the served build.

    Raises:
        AlertError: there is no channel, two have one name, or the state is damaged.
        NoBuildError, MartError: there is nothing to tell from.
        LockedError: another run tells.
        OSError: what was told could not be kept.
    """
    names = [channel.name for channel in settings.channels]
    if not names:
        raise AlertError('unitcost.toml lists no [[channels]]: add one, e.g. name = "ops", url_env = "OPS_URL"')
    if len({*names}) < len(names):
        raise AlertError("two [[channels]] of unitcost.toml have one name")
    build = builds.current(settings.home)
    with closing(Warehouse(built or build.path)) as warehouse:
        found = episodes.read(warehouse)
        newest = marts.usage.bounds(warehouse).last_day or date.min
    place = Place(settings.dashboard_url, build.facts.get("reporting_currency", "USD"), newest)
    with told.only_one(settings.home):
        run = _Run(settings.home, told.load(settings.home), place, now or datetime.now(UTC), dry_run)
        with ThreadPoolExecutor(len(names)) as threads:
            outcomes = list(threads.map(partial(_tell_one, run, found), settings.channels))
    unheard = {
        one.owner_id
        for one in found
        if not due.is_over(one) and not any(channel.takes(one.owner_id) for channel in settings.channels)
    }
    return Report(outcomes, frozenset(unheard))


def _tell_one(run: _Run, found: Sequence[Episode], channel: Channel) -> Outcome:
    is_new = channel.name not in run.state.channels
    known = due.known_again(run.state.channels.get(channel.name, {}), found)
    if is_new:
        known |= due.not_for(known, found, ())
    dues = due.due(channel, known, found)
    known |= due.not_for(known, found, dues)
    _keep(run, channel, known)
    outcome = Outcome(channel.name, waiting=[(one, compose(one, run.place)) for one in dues])
    outcome.is_quiet = bool(dues) and channel.is_quiet(run.now)
    if dues and not run.is_dry and not outcome.is_quiet:
        _send_all(run, channel, known, outcome)
    return outcome


def _send_all(run: _Run, channel: Channel, known: dict[str, Told], outcome: Outcome) -> None:
    """Send what waits, in order, up to the first that does not arrive."""
    from app.alerts import delivery  # noqa: PLC0415 - a second of imports, where there is something to tell

    try:
        url = channel.url()
        while outcome.waiting:
            one, message = outcome.waiting[0]
            delivery.send(url, message, one.first_id)
            known[one.anomaly_id] = due.after(one, message.title, run.now)
            _keep(run, channel, known)
            outcome.sent.append(outcome.waiting.pop(0))
    except (ChannelError, delivery.DeliveryError) as error:
        outcome.problem = str(error)


def _keep(run: _Run, channel: Channel, known: Mapping[str, Told]) -> None:
    if run.is_dry:
        return
    with run.lock:
        if run.state.channels.get(channel.name) != known:
            run.state.channels[channel.name] = dict(known)
            told.save(run.home, run.state)
