"""Time and chance: the window, and one seeded generator that draws whole arrays, so that no row is a loop."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ingest.demo import company as co

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.uint64]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_EPOCH = date(1970, 1, 1)
_SCATTER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it modulo 2**64 is a bijection


@dataclass(frozen=True)
class Window:
    """The days [start, end), and in them the last complete calendar month [full_month, running_month)."""

    start: date
    full_month: date
    running_month: date
    end: date

    @classmethod
    def before(cls, as_of: date) -> Self:
        running = as_of.replace(day=1)
        full = (running - timedelta(days=1)).replace(day=1)
        return cls(as_of - timedelta(days=co.WINDOW_DAYS), full, running, as_of)

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=i) for i in range(co.WINDOW_DAYS)]

    @property
    def months(self) -> list[date]:
        return sorted({day.replace(day=1) for day in self.days})

    @property
    def rhythm(self) -> NDArray[np.float64]:
        """Relative traffic of each day."""
        return np.array([co.WEEK[day.weekday()] for day in self.days])

    def midnight(self, days_before_end: int) -> int:
        """Return the first millisecond (since 1970, UTC) of the day that begins so many days before the end."""
        return (self.end - timedelta(days=days_before_end) - _EPOCH).days * DAY_MS


@dataclass(frozen=True)
class Turns:
    """Sessions of several turns, one element a turn; `first` is the position of each session's first turn."""

    session: Ints
    first: Ints
    at: Ints  # milliseconds since 1970, UTC
    customer: Ints
    user: Ints
    staging: Bools
    conversation: Ids

    def __len__(self) -> int:
        return len(self.at)

    def before(self, values: Ints) -> Ints:
        """Sum what the earlier turns of the same session had: a history that is fed again."""
        return _sum_before(values, self.first, self.session)

    def repeated(self, times: Ints) -> "Turns":
        """Repeat each turn so many times, all the repetitions of one turn being a session."""
        turn = np.repeat(np.arange(len(self)), times)
        return Turns(
            session=turn,
            first=np.cumsum(times) - times,
            at=self.at[turn],
            customer=self.customer[turn],
            user=self.user[turn],
            staging=self.staging[turn],
            conversation=self.conversation[turn],
        )


class Chance:
    """All that is drawn at random, in one fixed order, so that seed, date and scale tell every byte."""

    def __init__(self, seed: int, window: Window, scale: float) -> None:
        self.window, self.scale = window, scale
        self.rng = np.random.Generator(np.random.PCG64([seed, window.end.toordinal()]))
        self._next_id = int(self.rng.integers(2**63))

    def between(self, low: int, high: int, n: int) -> Ints:
        return self.rng.integers(low, high, n, endpoint=True)

    def happens(self, share: float, n: int) -> Bools:
        return self.rng.random(n) < share

    def ids(self, n: int) -> Ids:
        """Return numbers that never come twice: a counter, scattered over 64 bits."""
        counter = np.arange(n, dtype=np.uint64) + np.uint64(self._next_id)
        self._next_id += n
        return counter * _SCATTER

    def per_day(self, feature: co.Feature) -> Ints:
        """Spread a feature's sessions over the window in the rhythm of the week."""
        sessions = max(1, round(feature.sessions * self.scale))
        rhythm = self.window.rhythm
        return self.rng.multinomial(sessions, rhythm / rhythm.sum())

    def turns(self, feature: co.Feature, per_day: Ints) -> Turns:
        """Draw sessions in the rhythm of the day. None crosses midnight, so none crosses the end of a month."""
        n = int(per_day.sum())
        turns = self.between(*feature.turns, n)
        session = np.repeat(np.arange(n), turns)
        first = np.cumsum(turns) - turns
        shortest, longest = feature.gap_seconds
        offset = _sum_before(self.between(shortest * 1000, longest * 1000, len(session)), first, session)
        hour = self.rng.choice(24, n, p=np.array(co.DAY) / sum(co.DAY))
        clock = np.minimum(hour * HOUR_MS + self.between(0, HOUR_MS - 1, n), DAY_MS - 1 - offset[first + turns - 1])
        start = self.window.midnight(co.WINDOW_DAYS) + np.repeat(np.arange(co.WINDOW_DAYS), per_day) * DAY_MS + clock
        return Turns(
            session=session,
            first=first,
            at=start[session] + offset,
            customer=self.rng.choice(len(co.CUSTOMERS), n, p=self._appetite(feature))[session],
            user=self.between(1, 20, n)[session],
            staging=self.happens(feature.staging, n)[session],
            conversation=self.ids(n)[session],
        )

    def _appetite(self, feature: co.Feature) -> NDArray[np.float64]:
        """Draw each customer's share of a feature: Zipf-like, with some taste of its own."""
        rank = np.arange(1, len(co.CUSTOMERS) + 1)
        weight = self.rng.lognormal(0, 0.25, len(rank)) / rank**co.ZIPF_EXPONENT
        weight *= [plan in feature.plans for plan in co.PLAN_OF]
        weight[co.NORTHWIND] = 0
        share = weight / weight.sum() * (1 - co.NORTHWIND_SHARE)
        share[co.NORTHWIND] = co.NORTHWIND_SHARE
        return np.asarray(share)


def _sum_before(values: Ints, first: Ints, session: Ints) -> Ints:
    total = np.cumsum(values) - values
    return np.asarray(total - total[first][session])
