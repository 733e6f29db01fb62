"""Which days a period names, and which days it is compared with. Pure."""

from datetime import date, timedelta
from typing import Literal

from app.marts.scope import Grain

Preset = Literal["7D", "30D", "90D", "MTD", "Last month", "All", "Custom"]
PRESETS: tuple[Preset, ...] = ("7D", "30D", "90D", "MTD", "Last month", "All", "Custom")

Days = tuple[date, date]
"""First and last day, both included."""

_DAY = timedelta(days=1)
_CURRENT_DAYS = 30
_MOST_DAYS_DRAWN = 92
_MOST_WEEKS_DRAWN = 60 * 7


def default(newest: date, today: date) -> Preset:
    """What a page shows unasked: the last 30 days of a warehouse in use, all days of one that was loaded once."""
    return "30D" if (today - newest).days <= _CURRENT_DAYS else "All"


def chosen(preset: Preset, first: date, newest: date, custom: Days) -> Days:
    """The days of a preset, counted back from the newest day of data, so that a shared link stays current."""
    if preset == "Custom":
        return custom
    if preset == "All":
        return first, newest
    if preset == "MTD":
        return newest.replace(day=1), newest
    if preset == "Last month":
        last = newest.replace(day=1) - _DAY
        return last.replace(day=1), last
    return newest - timedelta(days=int(preset[:-1]) - 1), newest


def finished(days: Days, running: date | None) -> Days | None:
    """The days without the one that is still running; None where no other is left."""
    start, end = days
    if running is None or end < running:
        return days
    return (start, running - _DAY) if start < running else None


def earlier(preset: Preset, days: Days) -> Days:
    """What `days` are compared with: as many days right before, or the same days of the month before."""
    start, end = days
    before = start - _DAY
    if preset == "Last month":
        return before.replace(day=1), before
    if preset == "MTD":
        first = before.replace(day=1)
        return first, min(before, first + (end - start))
    return before - (end - start), before


def grain(days: Days) -> Grain:
    """Days, or weeks or months where so many bars could not be told apart."""
    length = (days[1] - days[0]).days + 1
    if length <= _MOST_DAYS_DRAWN:
        return "day"
    return "week" if length <= _MOST_WEEKS_DRAWN else "month"


def is_open(start: date, grain: Grain, days: Days) -> bool:
    """Whether the bar that starts at `start` holds less than its whole day, week or month of `days`."""
    if grain == "day":
        end = start
    elif grain == "week":
        end = start + 6 * _DAY
    else:
        end = (start.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY
    return start < days[0] or end > days[1]
