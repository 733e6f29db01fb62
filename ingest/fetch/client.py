"""HTTP with a key: over TLS, to one host, again and again until it answers; the key goes nowhere else."""

import email.utils
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from ingest.fetch.api import Api, FetchError, Params

ATTEMPTS = 8
LONGEST_WAIT = 900.0
"""Seconds: who asks for more patience is asked again by the next `unitcost fetch`."""
FAST_CLOCK = 300.0
"""Seconds by which this machine's clock may be ahead of the provider's: by it a day is taken for complete."""
REDIRECTS = 5
PASSING = frozenset({408, 429})
"""Refusals that pass; those of the server's own (5xx) do too."""
LOOPBACK = "127.0.0.1"

_backoff = wait_exponential_jitter(initial=1, max=60, jitter=1)


@dataclass(frozen=True)
class Answer:
    """A page: its bytes as they came, and the document that they are, for its paging only."""

    body: bytes
    document: dict[str, Any]


class _PassingError(Exception):
    """Asking again may help."""

    def __init__(self, problem: str, *, wait: float = 0, status: int | None = None) -> None:
        super().__init__(problem)
        self.wait = wait
        self.status = status


class Client:
    """Asks one API."""

    def __init__(
        self,
        api: Api,
        key: str,
        *,
        base_url: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        timeout: float = 60,
    ) -> None:
        """Be ready to ask.

        Args:
            base_url: where the API is asked; its own address where None.
            timeout: seconds of silence after which a connection is given up.

        Raises:
            FetchError: the address is not TLS, or the key is none.
        """
        self._base = _checked(base_url or api.base_url)
        self._key = _usable(key)
        self._sleep = sleep
        self._http = httpx2.Client(
            headers={
                "User-Agent": "unitcost",
                "Accept": "application/json",
                **dict(api.headers),
                api.key_header: f"{api.key_prefix}{key}",
            },
            timeout=timeout,
            follow_redirects=False,  # httpx2 takes only `Authorization` off where it goes to another host
            trust_env=self._base.scheme == "https",  # a proxy reads what goes through it without TLS
        )

    def __enter__(self) -> Self:
        """Use it in a `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, params: Params) -> Answer:
        """Ask until there is an answer.

        Raises:
            FetchError: it is refused, or still fails after eight times.
        """
        url = httpx2.URL(f"{str(self._base).rstrip('/')}{path}", params=params)
        again = Retrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return again(self._ask, url)
        except _PassingError as error:
            raise FetchError(
                f"{path}: {error}, {ATTEMPTS} times; run it again later, it goes on where it stopped",
                status=error.status,
            ) from None

    def _ask(self, url: httpx2.URL) -> Answer:
        try:
            response = self._followed(self._http.get(url))
        except httpx2.TransportError as error:  # a connection that breaks in the middle of an answer, too
            raise _PassingError(f"no answer ({type(error).__name__})") from None
        except httpx2.DecodingError:
            raise _PassingError("the answer is damaged") from None
        if response.is_success or response.status_code == httpx2.codes.BAD_REQUEST:  # who asks for tomorrow is refused
            _refuse_fast_clock(response)
        if not response.is_success:
            raise _refused(response)
        if self._key.encode() in response.content:
            raise FetchError(f"{url.path}: the answer holds the key, so it is not written; is this the provider?")
        try:
            document = json.loads(response.content, parse_float=str)
        except (ValueError, RecursionError):
            raise _PassingError("the answer is no JSON") from None
        if not isinstance(document, dict) or not isinstance(document.get("data"), list):
            raise FetchError(f"{url.path}: the answer has no list `data`; is this the provider?")
        return Answer(response.content, document)

    def _followed(self, response: httpx2.Response) -> httpx2.Response:
        """The answer behind redirects within the host."""
        for _ in range(REDIRECTS):
            if response.next_request is None:
                return response
            target = response.next_request.url
            if (target.scheme, target.host, target.port) != (self._base.scheme, self._base.host, self._base.port):
                break
            response = self._http.send(response.next_request)
        if response.next_request is None:
            return response
        raise FetchError(
            f"{response.url.path}: redirected to {response.next_request.url.host}, where the key does not go; "
            "is this the provider?",
            status=response.status_code,
        )


def _wait(state: RetryCallState) -> float:
    """Longer each time, and longer than the server asks; the jitter in it keeps many clients apart."""
    error = state.outcome.exception() if state.outcome else None
    return _backoff(state) + (error.wait if isinstance(error, _PassingError) else 0)


def _refuse_fast_clock(response: httpx2.Response) -> None:
    """Stop where days would be taken for complete that are not over: their costs so far would look final.

    A slow clock leaves the last days for the next time.
    """
    told = _moment(response.headers.get("Date", ""))
    ahead = (datetime.now(UTC) - told).total_seconds() if told else 0
    if ahead > FAST_CLOCK:
        raise FetchError(
            f"{response.url.path}: the clock of this machine is {ahead / 60:,.0f} minutes ahead of the provider's; "
            "set it, or days that are not over are taken for complete"
        )


def _refused(response: httpx2.Response) -> Exception:
    """What an answer that is no page means. Its text is not told: providers repeat a part of the key in it."""
    status, path = response.status_code, response.url.path
    if status in PASSING or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        wait = _retry_after(response.headers.get("Retry-After"))
        if wait > LONGEST_WAIT:
            again = f"asks to wait {wait:,.0f} s; run it again then"
            return FetchError(f"{path}: HTTP {status}, and {again}", status=status)
        return _PassingError(f"HTTP {status}", wait=wait, status=status)
    hint = {
        401: "the key is not accepted; is it an admin key, and still valid?",
        403: "the key may not read this; give it the right, or leave the report out with --report",
        404: "there is no such report for this account; leave it out with --report",
    }.get(status, "see the provider's documentation")
    return FetchError(f"{path}: HTTP {status}{_code(response)}: {hint}", status=status)


def _code(response: httpx2.Response) -> str:
    """The provider's own word for a refusal, where it is a word."""
    try:
        error = response.json()["error"]
        words = [error.get(name) for name in ("type", "code")]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    known = [word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z_]{1,60}", word)]
    return f" ({', '.join(known)})" if known else ""


def _retry_after(value: str | None) -> float:
    """Seconds to wait, from seconds or a date; 0 where it says neither."""
    if not value:
        return 0
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()):
        return float(value)
    moment = _moment(value)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment else 0


def _moment(value: str) -> datetime | None:
    """A date as HTTP writes it."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _checked(base_url: str) -> httpx2.URL:
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        raise FetchError("the base URL is no URL") from None
    if url.userinfo or url.query or url.fragment:
        raise FetchError("a base URL has no user, query or fragment; the key comes from the environment")
    if url.scheme != "https" and not (url.scheme == "http" and url.host == LOOPBACK):
        raise FetchError(f"{url.scheme}://{url.host} is not TLS: use https://")
    return url


def _usable(key: str) -> str:
    if not re.fullmatch(r"[!-~]{8,}", key):  # anything else would come back in the message of an error
        raise FetchError("the key is none: at least 8 characters, of ASCII, without spaces")
    return key
