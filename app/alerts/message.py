"""How an anomaly is said: a title that tells what, how much and why, and a table of causes that sums to the cent.

Plain text, since every channel shows it. Names come out of logs: what a channel would take for markup or for a mention
is taken out of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from urllib.parse import urlencode

from app import currency, effects
from app.alerts.due import Due, News
from app.alerts.episodes import Episode
from app.alerts.told import Told
from app.marts.scope import UNATTRIBUTED

CENT = Decimal("0.01")
MOST_CAUSES = 6
SMALL = Decimal("0.01")
"""A part of the excess below which a cause is no line of its own."""
LONGEST_NAME = 300
PERIODS = ((7, "7D"), (30, "30D"), (90, "90D"))
"""The dashboard's periods, by their days."""
EVERYTHING = "(all)"
"""The feature of what is of no feature in particular."""
MARKUP = str.maketrans("<>*`|", "‹›∗ʼ¦")

DAYS_OF_DRIFT = 7
"""A drift's money is that of its last week."""
KINDS = {
    "drift": "creeping up",
    "new_model": "a new model",
    "unpriced_model": "a model without a price",
    "absurd_call": "an absurd call",
    "silent_source": "a silent source",
    "price_change": "a price change",
    "budget": "a budget",
}
"""What was noticed, where it is not a driver beyond its limits."""


@dataclass(frozen=True)
class Message:
    """One message: a line, and the text below it."""

    title: str
    body: str
    is_good_news: bool


@dataclass(frozen=True)
class Place:
    """Where the figures are from: what every message of a run has in common.

    Attributes:
        currency: ISO 4217, of all money.
        newest: the newest day of anomalies.
    """

    dashboard_url: str
    currency: str
    newest: date


def compose(one: Due, place: Place) -> Message:
    """Say it."""
    if one.episode is None:
        if one.before is None:
            raise ValueError("what was never told is not withdrawn")
        return _withdrawn(one, one.before)
    episode = one.episode
    summary = (
        f"{_money(episode.excess_usd, place)} beyond usual{'' if _is_closed(one) else ' so far'}, "
        f"{_money(episode.excess_usd / _days(episode), place)} a day: "
        f"{_money(episode.actual_usd, place)} instead of {_money(episode.expected_usd, place)}, {_since(episode)}."
    )
    lines = [
        # a budget is no measure of what is usual: its own words say all
        *([summary] if episode.excess_usd and episode.kind != "budget" else []),
        *([_plain(episode.detail)] if episode.detail else []),
        *_state(one),
        "",
        *_table(episode, place),
        *_where(episode),
        *_changed(episode),
        *_how_sure(episode),
        f"Owner: {_plain(episode.owner_id) if episode.owner_id else 'nobody (seeds/owners.csv)'}",
        _link(episode, place),
        _signature(one),
    ]
    return Message(_title(one, episode, place), "\n".join(lines), is_good_news=one.news is News.RESOLVED)


def cents(parts: Sequence[Decimal]) -> list[Decimal]:
    """The parts in whole cents, which sum to their rounded sum: what is left goes to the largest remainders."""
    total = sum(parts, Decimal()).quantize(CENT, ROUND_HALF_EVEN)
    floors = [part.quantize(CENT, ROUND_FLOOR) for part in parts]
    missing = int((total - sum(floors, Decimal())) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda place: (floors[place] - parts[place], place))
    lifted = set(by_remainder[:missing])
    return [floor + CENT if place in lifted else floor for place, floor in enumerate(floors)]


def rows(episode: Episode) -> list[tuple[str, Decimal]]:
    """Cause and cents, the largest first, small ones together; they sum to the excess in cents."""
    least = SMALL * abs(episode.excess_usd)
    ranked = sorted(episode.effects, key=lambda effect: (-abs(effect[1]), effect[0]))
    large = [effect for effect in ranked[:MOST_CAUSES] if abs(effect[1]) >= least]
    other = episode.excess_usd - sum((usd for _, usd in large), Decimal())
    named = [(_cause(effect), usd) for effect, usd in sorted(large, key=lambda effect: -effect[1])]
    parts = [*named, *([("Other", other)] if other else [])]
    return list(zip([name for name, _ in parts], cents([usd for _, usd in parts]), strict=True))


def _table(episode: Episode, place: Place) -> list[str]:
    if not episode.effects:
        return []
    lines = [f"{'−' if usd < 0 else '+'}{_money(abs(usd), place)}  {name}" for name, usd in rows(episode)]
    return [*lines, f"= {_money(episode.excess_usd, place)}", ""]


def _title(one: Due, episode: Episode, place: Place) -> str:
    if not episode.is_measured:
        kind = KINDS.get(episode.kind, _plain(episode.kind.replace("_", " ")))
        return f"{_head(one)}{_what(episode)}: {kind}" + (f", {_plain(episode.detail)}" if episode.detail else "")
    cost = f"cost {_money(episode.excess_usd, place)} more than usual"
    crept = f", {KINDS['drift']}" if episode.kind == "drift" else ""
    return f"{_head(one)}{_what(episode)} {cost}{crept}{_why(episode)}"


def _head(one: Due) -> str:
    if one.news is News.UPDATE:
        return "Again: " if one.before and one.before.is_over else "Update: "
    return "Over: " if one.news is News.RESOLVED else ""


def _what(episode: Episode) -> str:
    names = {UNATTRIBUTED: "Calls of no feature", EVERYTHING: "All features"}
    name = names.get(episode.feature_id) or _plain(episode.feature_id)
    return name if episode.workload == "production" else f"{name} ({_plain(episode.workload)})"


def _why(episode: Episode) -> str:
    return f": {_cause(episode.cause).lower()}" if episode.cause else ""


def _cause(effect: str) -> str:
    return effects.WORDS.get(effect) or _plain(effect.replace("_", " ")).capitalize()


def _days(episode: Episode) -> int:
    """Days of which the money is."""
    return DAYS_OF_DRIFT if episode.kind == "drift" else max(episode.day_count, 1)


def _since(episode: Episode) -> str:
    if episode.kind == "drift":
        return f"in the week to {episode.last_date}, beside four weeks before; it began on {episode.started_date}"
    if episode.started_date == episode.last_date:
        return f"on {episode.started_date}"
    return f"from {episode.started_date} to {episode.last_date}, on {episode.day_count} days"


def _is_closed(one: Due) -> bool:
    return one.news is News.RESOLVED or (one.episode is not None and not one.episode.is_open)


def _state(one: Due) -> list[str]:
    episode = one.episode
    if episode is not None and episode.feedback in {"expected", "false"}:
        return [f"It is over: somebody said that it is {episode.feedback}."]
    return ["It is over: the days after it are as usual."] if _is_closed(one) else []


def _where(episode: Episode) -> list[str]:
    places = {
        "customer": episode.customer_id,
        "model": episode.model_id,
        "region": episode.region_id,
        "API key": episode.api_key_id,
        "prompt version": episode.prompt_version,
    }
    named = ", ".join(f"{what} {_plain(name)}" for what, name in places.items() if name is not None)
    share = "" if episode.place_share is None else f" ({min(episode.place_share, 1):.0%} of it)"
    if not named:
        return ["Where: everywhere alike"] if episode.is_measured else []
    return [f"Where: {named}{share}"]


def _changed(episode: Episode) -> list[str]:
    changes = (
        ("deployment", episode.deployment_id, episode.deployed_date),
        ("prompt version", episode.new_prompt_version, episode.prompt_changed_date),
    )
    return [
        f"Before it: {what} {_plain(name)}, first called on {since}"
        for what, name, since in changes
        if name is not None
    ]


def _how_sure(episode: Episode) -> list[str]:
    if episode.deviation_sigmas is None:
        return []
    found = (
        f"Usual: by {episode.history_days} days before; it was {episode.deviation_sigmas:.1f} standard deviations off"
    )
    return [found + (", and so few days make the figure less sure" if episode.is_low_history else "")]


def _link(episode: Episode, place: Place) -> str:
    days = (place.newest - episode.started_date).days + 1
    period = next((name for most, name in PERIODS if days <= most), "All")
    asked = {"anomaly": episode.anomaly_id, "period": period}
    if episode.feature_id != EVERYTHING:
        asked["feature"] = episode.feature_id
    if episode.workload != "production":
        asked["every_workload"] = "true"
    members = {"customer": episode.customer_id, "model": episode.model_id}
    asked |= {name: member for name, member in members.items() if member is not None}
    return f"{place.dashboard_url.rstrip('/')}/anomalies?{urlencode(asked)}"


def _signature(one: Due) -> str:
    return f"id {one.first_id}, message {one.number}: {one.news.value}"


def _withdrawn(one: Due, before: Told) -> Message:
    why = f"What was told of {before.started_date} to {before.last_date} holds no more: newer data changed it."
    return Message(f"Withdrawn: {before.title}", f"{why}\n{_signature(one)}", is_good_news=True)


def _money(amount: Decimal, place: Place) -> str:
    rounded = amount.quantize(CENT, ROUND_HALF_EVEN)
    return f"{'−' if rounded < 0 else ''}{currency.symbol(place.currency)}{abs(rounded):,.2f}"


def _plain(name: str) -> str:
    """A name from a log, on one line, without what channels take for markup, links or mentions."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    unmarked = printable.translate(MARKUP)
    return re.sub(r"@(?=everyone|here|channel|all)", "＠", unmarked, flags=re.IGNORECASE)[:LONGEST_NAME]
