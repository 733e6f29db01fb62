"""What a channel is due: compares what it was told with what is. It reads and sends nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.alerts.channels import Channel
from app.alerts.episodes import Episode
from app.alerts.told import Told

WORTH_TELLING = Decimal("1.5")
"""What was told is told again when it has cost so many times as much."""
LASTING = frozenset({"drivers", "silent_source"})
"""Kinds of which another day is news; of a drift, which lasts for weeks, only what it costs is."""
SETTLED = frozenset({"expected", "false"})
"""Verdicts after which an anomaly is over."""


class News(StrEnum):
    """What there is to say."""

    OPENED = "opened"
    UPDATE = "update"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    """The figures changed: there is no such anomaly any more."""


@dataclass(frozen=True)
class Due:
    """One message to one channel. `episode` is None where it was withdrawn; `before` where nothing was told yet."""

    news: News
    anomaly_id: str
    episode: Episode | None
    before: Told | None

    @property
    def first_id(self) -> str:
        """The id that all messages of the anomaly have."""
        return self.before.first_id if self.before else self.anomaly_id

    @property
    def number(self) -> int:
        """Of the anomaly's messages to the channel, from 1."""
        return (self.before.message_count if self.before else 0) + 1


def due(channel: Channel, told: Mapping[str, Told], episodes: Iterable[Episode]) -> list[Due]:
    """What is to be told now, what costs most first.

    Args:
        told: by anomaly, after `known_again`.
    """
    found, there = [], set()
    for episode in episodes:
        there.add(episode.anomaly_id)
        before = told.get(episode.anomaly_id)
        if (news := _news(channel, before, episode)) is not None:
            found.append(Due(news, episode.anomaly_id, episode, before))
    for anomaly_id, before in told.items():
        if anomaly_id not in there and not before.is_over:
            found.append(Due(News.WITHDRAWN, anomaly_id, None, before))
    return found


def _news(channel: Channel, before: Told | None, episode: Episode) -> News | None:
    is_known = before is not None and before.message_count > 0
    if not is_known and (
        episode.feedback is not None  # somebody knows of it
        or (before is not None and not episode.is_open)
        or not channel.takes(episode.owner_id)
        or (episode.is_measured and episode.excess_usd < channel.min_usd)
    ):
        return None
    if before is None or not is_known:
        return News.OPENED
    if is_over(episode):
        has_end = episode.is_measured or episode.feedback is not None
        return News.RESOLVED if has_end and not before.is_over else None
    if before.is_over:
        return News.UPDATE
    if episode.feedback is not None:
        return None
    is_worth_telling = (
        # of what costs nothing, or keeps within a budget, 1.5 times as much is no news
        0 < WORTH_TELLING * before.excess_usd <= episode.excess_usd
        or (episode.kind in LASTING and episode.last_date > before.last_date)
        # one that comes and goes is told once
        or (episode.cause is not None and episode.cause not in before.causes)
    )
    return News.UPDATE if is_worth_telling else None


def is_over(episode: Episode) -> bool:
    """Whether nothing more is to come."""
    return not episode.is_open or episode.feedback in SETTLED


def after(one: Due, title: str, now: datetime | None) -> Told:
    """What the channel knows once it was told by a message of this title."""
    episode, before = one.episode, one.before
    if episode is None:
        if before is None:
            raise ValueError("what was never told is not withdrawn")
        return before.model_copy(update={"is_over": True, "message_count": one.number, "told_at": now})
    causes = before.causes if before else ()
    return Told(
        first_id=one.first_id,
        kind=episode.kind,
        feature_id=episode.feature_id,
        workload=episode.workload,
        owner_id=episode.owner_id,
        started_date=episode.started_date,
        last_date=episode.last_date,
        excess_usd=episode.excess_usd,
        causes=causes if episode.cause is None or episode.cause in causes else (*causes, episode.cause),
        title=title,
        is_over=is_over(episode),
        message_count=one.number,
        told_at=now,
    )


def not_for(told: Mapping[str, Told], episodes: Iterable[Episode], dues: Iterable[Due]) -> Iterator[tuple[str, Told]]:
    """What is over and was never due: from before the channel, or of others. It is never told, whoever asks later."""
    waiting = {one.anomaly_id for one in dues}
    for episode in episodes:
        if is_over(episode) and episode.anomaly_id not in told and episode.anomaly_id not in waiting:
            yield episode.anomaly_id, noted(episode)


def noted(episode: Episode) -> Told:
    """An anomaly that is over, and that the channel is not told of."""
    none_told = Due(News.OPENED, episode.anomaly_id, episode, None)
    return after(none_told, "", None).model_copy(update={"message_count": 0, "is_over": True})


def known_again(told: Mapping[str, Told], episodes: Iterable[Episode]) -> dict[str, Told]:
    """The same by the anomalies of this build: where late data moved the first day, it is the same anomaly."""
    there = {episode.anomaly_id: episode for episode in episodes}
    gone = [anomaly_id for anomaly_id in told if anomaly_id not in there]
    moved: dict[str, str] = {}
    for anomaly_id, episode in there.items():
        if anomaly_id in told:
            continue
        for old in gone:
            before = told[old]
            is_same_time = before.started_date <= episode.last_date and episode.started_date <= before.last_date
            if old not in moved and before.series == episode.series and is_same_time:
                moved[old] = anomaly_id
                break
    return {moved.get(anomaly_id, anomaly_id): before for anomaly_id, before in told.items()}
