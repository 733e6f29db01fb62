"""What is said of a provider's API: where its reports lie, how a span of time is asked for, how they are paged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

Params = tuple[tuple[str, str], ...]
"""The query of a request, in its order; a name may stand more than once."""


class FetchError(Exception):
    """Something could not be fetched; the message says what and what to do, and never holds a key.

    Attributes:
        status: the HTTP status of the answer, None where there was none.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Say what happened."""
        super().__init__(message)
        self.status = status


def unix_seconds(day: date) -> str:
    """The first moment of a UTC day, in seconds since 1970."""
    return str(int(datetime.combine(day, time(), UTC).timestamp()))


def midnight(day: date) -> str:
    """The first moment of a UTC day, RFC 3339."""
    return f"{day}T00:00:00Z"


@dataclass(frozen=True)
class Bounds:
    """How a request names the days that it is for.

    Attributes:
        first: the parameter of the first day.
        end: the parameter of the day after the last one; None where a request is for one day.
        form: a UTC day as the API writes it.
    """

    first: str
    end: str | None = None
    form: Callable[[date], str] = str

    def params(self, first: date, end: date) -> Params:
        """The parameters for the days from `first` to the one before `end`."""
        return ((self.first, self.form(first)), *(((self.end, self.form(end)),) if self.end else ()))


@dataclass(frozen=True)
class Paging:
    """How an answer that says `has_more` is continued.

    Attributes:
        param: the parameter that asks for the next page.
        cursor: the field of the answer that holds its value; None: it is the `id` of the last element of `data`.
    """

    param: str
    cursor: str | None = None

    def next(self, document: Mapping[str, Any]) -> str | None:
        """The value of `param` for the next page, None after the last.

        Raises:
            FetchError: the answer says that there is more, and not where.
        """
        if not document.get("has_more"):
            return None
        data = document["data"]
        last = data[-1] if data and isinstance(data[-1], dict) else {}
        value = document.get(self.cursor) if self.cursor else last.get("id")
        if not isinstance(value, str) or not value:
            raise FetchError("the answer says that there is more and does not say where; fetch again later")
        return value


@dataclass(frozen=True)
class Rest:
    """A list inside an element of a report that holds only its first entries; the others are pages of their own.

    Attributes:
        name: the folder of these pages.
        field: where the list is in an element.
        path: where the others are; `{id}` is the element's.
    """

    name: str
    field: str
    path: str
    params: Params
    paging: Paging


@dataclass(frozen=True)
class Report:
    """One report of an API.

    Attributes:
        name: the folder of its pages.
        path: below the API's base URL.
        bounds: how days are asked for.
        params: what else is asked; the widest page that the API allows, and always the same grouping, since another
            one would split the same money over other lines.
        paging: None: an answer is whole.
        window: what one asking is for. A calendar month keeps within every limit of 31 daily buckets, and has a name
            that does not move from one day to the next.
        oldest_days: how far back the API answers.
        refetch_days: how long after its end a window may still be restated.
    """

    name: str
    path: str
    bounds: Bounds
    params: Params = ()
    paging: Paging | None = None
    window: Literal["month", "day"] = "month"
    oldest_days: int | None = None
    refetch_days: int = 3
    rest: Rest | None = None


@dataclass(frozen=True)
class Api:
    """A provider's API.

    Attributes:
        name: the word that the user types, and the folder.
        key_variable: the environment variable that holds the key.
        key_header: the header that carries the key.
        key_prefix: what stands before the key there.
        headers: what else every request carries.
    """

    name: str
    about: str
    base_url: str
    key_variable: str
    reports: tuple[Report, ...]
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    headers: tuple[tuple[str, str], ...] = ()


def grouped(*names: str) -> Params:
    """A report split by these fields; a field by which it is not split is null in the answer."""
    return tuple(("group_by[]", name) for name in names)
