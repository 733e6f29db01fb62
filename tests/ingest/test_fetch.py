"""Fetching as providers answer: real HTTP that pages, throttles, breaks off and restates; a kill at every step."""

import itertools
import json
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ingest import disk
from ingest.fetch import ANTHROPIC, APIS, OPENAI, OPENROUTER, STRIPE, bucket, engine
from ingest.fetch.api import Api, FetchError, Params
from ingest.fetch.client import ATTEMPTS, Answer, Client
from ingest.files import RefusedError
from tests.ingest.provider import KEY, Fault, Provider, Query, serving
from tests.ingest.store import LAST_WEEK, Store
from tests.ingest.store import serving as stored

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECONDS = itertools.count()
"""Time goes on while one fetches."""
BUCKETS_A_PAGE = 10


class Buckets:
    """Costs by day, paged by `next_page`; no more than the limit of buckets on a page."""

    def __init__(self) -> None:
        self.amounts: dict[str, str] = {}

    def __call__(self, path: str, query: Query) -> dict[str, Any]:
        if "start_time" in query:
            first, end = (datetime.fromtimestamp(int(query[n][0]), UTC).date() for n in ("start_time", "end_time"))
        else:
            first, end = (datetime.fromisoformat(query[n][0]).date() for n in ("starting_at", "ending_at"))
        skip = int(query.get("page", ["page_0"])[0].removeprefix("page_"))
        days = [str(first + timedelta(days=n)) for n in range((end - first).days)]
        limit = min(int(query["limit"][0]), BUCKETS_A_PAGE)
        shown = days[skip : skip + limit]
        more = skip + limit < len(days)
        return {
            "object": "page",
            "path": path,
            "data": [{"day": day, "results": [{"amount": self.amounts.get(day, "1.50")}]} for day in shown],
            "has_more": more,
            "next_page": f"page_{skip + limit}" if more else None,
        }


@pytest.fixture(autouse=True)
def _does_not_wait_for_the_disk() -> Iterator[None]:
    """A killed process loses nothing that it wrote; only a power cut would."""
    with patch.object(os, "fsync", lambda _: None):
        yield


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(Buckets()) as one:
        yield one


def fetched(api: Api, provider: Provider, folder: Path, **options: Any) -> list[engine.Fetched]:
    waits: list[float] = options.pop("waits", [])
    now = options.pop("now", NOW)
    with Client(api, KEY, base_url=provider.url, sleep=waits.append, timeout=5) as client:
        return engine.fetch(api, client, folder, now=lambda: now + timedelta(seconds=next(SECONDS)), **options)


def costs(provider: Provider, folder: Path, **options: Any) -> engine.Fetched:
    return fetched(OPENAI, provider, folder, **{"reports": ["costs"], "first": date(2026, 10, 1), **options})[0]


def pages(folder: Path) -> dict[str, bytes]:
    """The pages that an ingest sees."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}
    return {name: body for name, body in found.items() if not re.search(r"(^|/)\.", name)}


def days(folder: Path, name: str) -> list[str]:
    return [one["day"] for body in (pages(folder)[name],) for one in json.loads(body)["data"]]


def test_every_page_is_on_disk_byte_for_byte(provider: Provider, tmp_path: Path) -> None:
    result = costs(provider, tmp_path)
    assert sorted(pages(tmp_path)) == [
        "costs/2026-10.0001.json", "costs/2026-10.0002.json", "costs/2026-10.0003.json", "costs/2026-10.0004.json",
        "costs/2026-11.0001.json", "costs/2026-11.0002.json",
    ]  # fmt: skip
    assert [pages(tmp_path)[name] for name in sorted(pages(tmp_path))] == provider.answered
    assert result == engine.Fetched("costs", pages=6, changed=6)
    assert not (tmp_path / ".run.json").exists()
    assert not any((tmp_path / ".partial" / "costs").iterdir())


def test_the_days_of_a_month_are_asked_for_once_and_only_complete_ones(provider: Provider, tmp_path: Path) -> None:
    costs(provider, tmp_path)
    october = [day for n in range(1, 5) for day in days(tmp_path, f"costs/2026-10.000{n}.json")]
    assert october == [f"2026-10-{n:02}" for n in range(1, 32)]
    november = [day for n in (1, 2) for day in days(tmp_path, f"costs/2026-11.000{n}.json")]
    assert november == [f"2026-11-{n:02}" for n in range(1, 20)]  # the 20th is not over


@pytest.mark.parametrize("name", sorted(APIS))
def test_a_request_keeps_within_what_the_provider_documents(name: str, tmp_path: Path) -> None:
    answer = {"data": [], "has_more": False}
    with serving(lambda *_: answer) as provider:
        fetched(APIS[name], provider, tmp_path, first=date(2026, 7, 1))
    limits = {"openai": 31, "anthropic": 31, "openrouter": 0, "stripe": 100}
    for path, query in provider.asked:
        most = 180 if path.endswith("/organization/costs") else limits[name]
        assert int(query.get("limit", ["0"])[0]) in ({most} if most else {0})
        if "start_time" in query:
            seconds = int(query["end_time"][0]) - int(query["start_time"][0])
            assert seconds in {days * 86_400 for days in range(1, 32)}
        if name == "openrouter":
            assert NOW.date() - timedelta(days=30) <= date.fromisoformat(query["date"][0]) < NOW.date()
    if name == "openrouter":
        assert len(provider.asked) == 30
    for headers in provider.headers:
        header = APIS[name].key_header.lower()
        assert headers[header] == f"{APIS[name].key_prefix}{KEY}"
        assert [value for value in headers.values() if KEY in value] == [headers[header]]


def test_anthropic_is_asked_by_its_own_words(provider: Provider, tmp_path: Path) -> None:
    fetched(ANTHROPIC, provider, tmp_path, first=date(2026, 11, 1))
    path, query = provider.asked[0]
    assert path == "/v1/organizations/cost_report"
    assert query == {
        "starting_at": ["2026-11-01T00:00:00Z"],
        "ending_at": ["2026-11-20T00:00:00Z"],
        "bucket_width": ["1d"],
        "limit": ["31"],
        "group_by[]": ["workspace_id", "description"],
    }
    assert provider.asked[1][1]["page"] == ["page_10"]
    assert provider.headers[0]["anthropic-version"] == "2023-06-01"


def stripe_list(path: str, query: Query, count: int = 250) -> dict[str, Any]:
    """Invoices, newest first; the seventh has 12 lines, of which it holds five."""
    if path.endswith("/lines"):
        known = [f"il_{n}" for n in range(12)]
        start = known.index(query["starting_after"][0]) + 1
        return {"object": "list", "data": [{"id": one} for one in known[start : start + 4]], "has_more": start + 4 < 12}
    if path != "/v1/invoices":
        return {"object": "list", "data": [], "has_more": False}
    ids = [f"in_{n}" for n in range(count)]
    start = ids.index(query["starting_after"][0]) + 1 if "starting_after" in query else 0
    limit = int(query["limit"][0])
    lines = {"in_7": {"data": [{"id": f"il_{n}"} for n in range(5)], "has_more": True}}
    whole = {"data": [{"id": "il"}], "has_more": False}
    return {
        "object": "list",
        "data": [{"id": one, "lines": lines.get(one, whole)} for one in ids[start : start + limit]],
        "has_more": start + limit < len(ids),
    }


def test_stripe_is_paged_by_the_last_id_and_the_rest_of_an_invoices_lines_is_fetched(tmp_path: Path) -> None:
    with serving(stripe_list) as provider:
        fetched(STRIPE, provider, tmp_path, first=date(2026, 11, 1))
    found = {name: json.loads(body)["data"] for name, body in sorted(pages(tmp_path).items())}
    invoices = [one["id"] for name, data in found.items() if name.startswith("invoices/") for one in data]
    assert invoices == [f"in_{n}" for n in range(250)]
    lines = [one["id"] for name, data in found.items() if name.startswith("invoice_lines/") for one in data]
    assert lines == [f"il_{n}" for n in range(5, 12)]  # the first five are in the invoice
    assert ("/v1/invoices/in_7/lines", {"limit": ["100"], "starting_after": ["il_4"]}) in provider.asked
    subscribed = [query for path, query in provider.asked if path == "/v1/subscriptions"]
    assert [query["status"] for query in subscribed] == [["all"]]  # also those that have ended


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (Fault(429, (("Retry-After", "7"),)), 7),
        (Fault(503, (("Retry-After", "0.5"),)), 0.5),
        (Fault(500), 1),
        (Fault(408), 1),
        (Fault(is_cut=True), 1),
        (Fault(200, body=b'{"data": ['), 1),
        (Fault(200, (("Content-Encoding", "gzip"),), b"no gzip"), 1),
        (Fault(429, (("Retry-After", "soon"),)), 1),
        (Fault(429, (("Retry-After", "-5"),)), 1),
        (Fault(429, (("Retry-After", "Wed, 07 Oct 2026 13:46:57 GMT"),)), 1),
    ],
    ids=["429", "503", "500", "408", "cut off", "half a document", "no gzip", "no time", "less than 0", "a past date"],
)
def test_what_passes_is_asked_again_and_never_sooner_than_the_server_says(
    fault: Fault, least: float, provider: Provider, tmp_path: Path
) -> None:
    provider.faults = [fault, fault]
    waits: list[float] = []
    assert costs(provider, tmp_path, waits=waits).problem is None
    assert len(waits) == 2
    assert min(waits) >= least
    assert waits[1] - waits[0] > -1  # longer each time, but for the jitter
    assert len(pages(tmp_path)) == 6


def test_a_date_in_retry_after_is_waited_for(provider: Provider, tmp_path: Path) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    provider.faults = [Fault(429, (("Retry-After", later),))]
    waits: list[float] = []
    costs(provider, tmp_path, waits=waits)
    assert 95 < waits[0] < 105


def test_the_wait_doubles_up_to_a_minute_and_then_it_is_given_up(provider: Provider, tmp_path: Path) -> None:
    provider.faults = [Fault(503)] * 100
    waits: list[float] = []
    problem = costs(provider, tmp_path, waits=waits).problem
    assert problem == ("/organization/costs: HTTP 503, 8 times; run it again later, it goes on where it stopped")
    assert [round(wait - 0.5) for wait in waits] == pytest.approx([1, 2, 4, 8, 16, 32, 60], abs=1)
    assert len(provider.asked) == ATTEMPTS


def test_who_asks_for_an_hour_of_patience_is_left_alone(provider: Provider, tmp_path: Path) -> None:
    provider.faults = [Fault(429, (("Retry-After", "3600"),))]
    waits: list[float] = []
    assert "asks to wait 3,600 s" in str(costs(provider, tmp_path, waits=waits).problem)
    assert waits == []


def test_a_silent_server_is_given_up(tmp_path: Path, provider: Provider) -> None:
    calls = itertools.count()

    def slow(path: str, query: Query) -> dict[str, Any]:
        if next(calls) == 0:
            silent.wait(2)
        return Buckets()(path, query)

    silent = threading.Event()
    provider.pages = slow
    with Client(OPENAI, KEY, base_url=provider.url, sleep=lambda _: None, timeout=0.2) as client:
        result = engine.fetch(OPENAI, client, tmp_path, first=date(2026, 11, 1), reports=["costs"], now=lambda: NOW)
    silent.set()
    assert result[0].problem is None
    assert len(pages(tmp_path)) == 2


def test_a_refusal_of_one_report_does_not_stop_the_others(provider: Provider, tmp_path: Path) -> None:
    provider.faults = [Fault(403)]
    results = fetched(OPENAI, provider, tmp_path, first=date(2026, 11, 1))
    problems = {one.report: one.problem for one in results if one.problem}
    assert list(problems) == ["costs"]
    assert "HTTP 403 (overloaded): the key may not read this" in str(problems["costs"])
    asked = len(provider.asked)
    again = fetched(OPENAI, provider, tmp_path, first=date(2026, 11, 1))
    assert {path for path, _ in provider.asked[asked:]} == {"/organization/costs"}  # the others are whole
    assert all(one.problem is None for one in again)


def test_a_wrong_key_stops_at_once(provider: Provider, tmp_path: Path) -> None:
    provider.faults = [Fault(401)] * 9
    with pytest.raises(FetchError, match="the key is not accepted"):
        fetched(OPENAI, provider, tmp_path)
    assert len(provider.asked) == 1


def test_a_key_that_expires_between_two_pages_leaves_none_of_the_month_and_a_new_one_goes_on_after_them(
    provider: Provider, tmp_path: Path
) -> None:
    whole = Buckets()

    def expired(path: str, query: Query) -> dict[str, Any]:
        if query.get("page") == ["page_10"]:
            provider.faults = [Fault(401)]
        return whole(path, query)

    provider.pages = expired
    with pytest.raises(FetchError, match="the key is not accepted") as refused:
        costs(provider, tmp_path, last=date(2026, 10, 31))
    assert KEY not in str(refused.value)
    assert pages(tmp_path) == {}
    asked, provider.pages = len(provider.asked), whole
    assert costs(provider, tmp_path, last=date(2026, 10, 31)).problem is None
    assert len(pages(tmp_path)) == 4
    assert [query.get("page") for _, query in provider.asked[asked:]] == [["page_20"], ["page_30"]]


@pytest.mark.parametrize("fault", [None, Fault(400)], ids=["an answer", "a refusal"])
def test_a_clock_that_is_ahead_of_the_providers_is_set_before_a_day_is_taken_for_complete(
    fault: Fault | None, provider: Provider, tmp_path: Path
) -> None:
    provider.clock = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    provider.faults = [fault] if fault else []
    problem = costs(provider, tmp_path).problem
    assert "the clock of this machine is 1,440 minutes ahead of the provider's; set it" in str(problem)
    assert pages(tmp_path) == {}
    provider.clock, provider.faults = "", []
    assert costs(provider, tmp_path).problem is None
    assert len(pages(tmp_path)) == 6


@pytest.mark.parametrize("minutes", [4, -4, -1440])
def test_a_clock_that_is_slow_or_nearly_right_loses_no_day(minutes: int, provider: Provider, tmp_path: Path) -> None:
    provider.clock = format_datetime(datetime.now(UTC) - timedelta(minutes=minutes), usegmt=True)
    assert costs(provider, tmp_path).problem is None
    later = costs(provider, tmp_path, now=NOW + timedelta(days=1))
    assert later.problem is None
    assert days(tmp_path, "costs/2026-11.0002.json")[-1] == "2026-11-20"


def test_a_provider_that_tells_no_time_is_believed(provider: Provider, tmp_path: Path) -> None:
    provider.clock = "now"
    assert costs(provider, tmp_path).problem is None


def test_what_may_be_restated_is_fetched_again_and_what_is_settled_is_not(provider: Provider, tmp_path: Path) -> None:
    costs(provider, tmp_path, now=datetime(2026, 11, 2, 6, tzinfo=UTC))
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in pages(tmp_path)}
    assert isinstance(provider.pages, Buckets)
    provider.pages.amounts["2026-10-31"] = "1.75"

    result = costs(provider, tmp_path, now=datetime(2026, 11, 3, 6, tzinfo=UTC))  # October ended less than 3 days ago
    assert (result.pages, result.changed, result.settled) == (5, 2, 0)
    assert b"1.75" in pages(tmp_path)["costs/2026-10.0004.json"]
    same = {name for name, modified in before.items() if (tmp_path / name).stat().st_mtime_ns == modified}
    assert same == {f"costs/2026-10.000{n}.json" for n in (1, 2, 3)}

    late = costs(provider, tmp_path, now=datetime(2026, 11, 9, 6, tzinfo=UTC))  # once more, now that it is settled
    assert (late.pages, late.settled) == (5, 0)
    asked = len(provider.asked)
    last = costs(provider, tmp_path, now=datetime(2026, 11, 10, 6, tzinfo=UTC))
    assert (last.pages, last.settled) == (1, 1)
    assert len(provider.asked) == asked + 1


def test_the_days_for_which_a_month_is_fetched_again_can_be_chosen(provider: Provider, tmp_path: Path) -> None:
    costs(provider, tmp_path)
    assert costs(provider, tmp_path).settled == 1
    assert costs(provider, tmp_path, refetch_days=30).settled == 0


def test_a_month_with_fewer_pages_than_before_keeps_none_of_the_old_ones(provider: Provider, tmp_path: Path) -> None:
    costs(provider, tmp_path)
    whole = Buckets()
    provider.pages = lambda path, query: {**whole(path, query), "has_more": False}
    costs(provider, tmp_path, refetch_days=30)
    assert sorted(pages(tmp_path)) == ["costs/2026-10.0001.json", "costs/2026-11.0001.json"]


def test_later_fetches_begin_where_the_first_one_did_so_that_a_pause_leaves_no_hole(
    provider: Provider, tmp_path: Path
) -> None:
    costs(provider, tmp_path, first=date(2026, 6, 20), last=date(2026, 6, 30))
    costs(provider, tmp_path, first=None)
    assert {name[6:13] for name in pages(tmp_path)} == {f"2026-{month:02}" for month in range(6, 12)}


def test_a_lost_page_is_fetched_again(provider: Provider, tmp_path: Path) -> None:
    costs(provider, tmp_path)
    whole = pages(tmp_path)
    (tmp_path / "costs/2026-10.0002.json").unlink()
    costs(provider, tmp_path)
    assert pages(tmp_path) == whole


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"id": 1}], "has_more": True, "next_page": None},
        {"data": [], "has_more": True, "next_page": "page_1"},
        {"error": "maintenance"},
        [],
    ],
    ids=["more but not where", "the same page for ever", "no list", "no object"],
)
def test_an_answer_that_is_no_page_is_an_error_and_not_the_end(answer: Any, tmp_path: Path) -> None:
    with serving(lambda *_: answer) as provider:
        assert costs(provider, tmp_path).problem
    assert pages(tmp_path) == {}


def test_a_cursor_that_is_no_longer_known_begins_the_month_anew(provider: Provider, tmp_path: Path) -> None:
    provider.faults = []
    buckets = Buckets()

    def broken(path: str, query: Query) -> dict[str, Any]:
        if query.get("page") == ["page_20"]:
            provider.faults = [Fault(503)] * ATTEMPTS
            return {"no": "page"}
        return buckets(path, query)

    provider.pages = broken
    assert costs(provider, tmp_path, last=date(2026, 10, 31)).problem
    assert len(list((tmp_path / ".partial").rglob("*.json"))) == 2
    provider.pages, provider.faults = buckets, [Fault(400)]
    assert costs(provider, tmp_path, last=date(2026, 10, 31)).problem is None
    assert len(pages(tmp_path)) == 4


class Killed(BaseException):
    """Nothing cleans up after it, as after kill -9."""


def killed_at(step: int, do: Callable[[], object]) -> bool:
    """Run until the given step on the disk or the net, and stop there, before it; whether it came so far."""
    steps = itertools.count()

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(steps) == step:
                raise Killed
            return original(*arguments, **options)

        return call

    with (
        patch.object(os, "fsync", counted(os.fsync)),
        patch.object(Path, "replace", counted(Path.replace)),
        patch.object(Path, "unlink", counted(Path.unlink)),
        patch.object(Path, "mkdir", counted(Path.mkdir)),
        patch.object(disk, "sync", counted(disk.sync)),
        patch.object(shutil, "rmtree", counted(shutil.rmtree)),
        patch.object(Direct, "get", counted(Direct.get)),
        patch.object(engine._Window, "publish", counted(engine._Window.publish)),
        patch.object(engine._State, "put", counted(engine._State.put)),
    ):
        try:
            do()
        except Killed:
            return True
    return False


def on_disk(folder: Path) -> set[bytes]:
    """The bodies of pages that were finished, in their place or on the way there."""
    return {path.read_bytes() for path in folder.rglob("*.json") if not path.name.startswith(".")}


class Direct(Client):
    """Answers without a net between, which has its own tests: each step is tried, and there are many."""

    def __init__(self) -> None:
        self.answered: list[bytes] = []
        self.is_restated = False

    def get(self, path: str, params: Params) -> Answer:
        own = f"in_{dict(params).get('created[gte]')}_"  # each month has invoices of its own
        query = {name: [value.replace(own, "in_")] for name, value in params}
        document = {**stripe_list(path, query, 120), "asked": repr((path, params)), "restated": self.is_restated}
        self.answered.append(json.dumps(document).replace('"in_', f'"{own}').encode())
        return Answer(self.answered[-1], json.loads(self.answered[-1]))


@pytest.mark.parametrize("is_restated", [False, True], ids=["the first fetch", "a later fetch"])
def test_after_a_kill_at_any_step_the_files_are_the_same_and_no_finished_page_is_asked_for_again(
    is_restated: bool, tmp_path: Path
) -> None:
    client = Direct()

    def fetch_into(folder: Path) -> None:
        def clock() -> datetime:
            return NOW + timedelta(seconds=next(SECONDS))

        results = engine.fetch(STRIPE, client, folder, first=date(2026, 10, 1), reports=["invoices"], now=clock)
        assert all(one.problem is None for one in results)

    before = tmp_path / "before"
    before.mkdir()
    if is_restated:
        fetch_into(before)
        client.is_restated = True
    shutil.copytree(before, tmp_path / "whole")
    fetch_into(tmp_path / "whole")
    whole = pages(tmp_path / "whole")
    assert len(whole) == 2 * (2 + 2)

    for step in itertools.count():
        folder = tmp_path / "killed"
        shutil.copytree(before, folder)
        if not killed_at(step, lambda folder=folder: fetch_into(folder)):
            break
        finished = on_disk(folder) - on_disk(before)
        client.answered.clear()
        fetch_into(folder)
        assert not finished.intersection(client.answered), f"asked again after step {step}"
        assert pages(folder) == whole, f"killed at step {step}"
        assert not (folder / ".run.json").exists()
        assert not list((folder / ".partial").rglob("*.json"))
        shutil.rmtree(folder)
    assert step > 40


def test_the_key_is_in_no_file_no_log_and_no_error(
    provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.faults = [Fault(429), Fault(is_cut=True), Fault(500)]
    costs(provider, tmp_path)
    provider.faults = [Fault(403)]
    problem = costs(provider, tmp_path, refetch_days=30).problem
    provider.faults = [Fault(401)]
    with pytest.raises(FetchError) as refused:
        costs(provider, tmp_path, refetch_days=30)
    texts = [str(problem), repr(refused.value), caplog.text, *map(str, tmp_path.rglob("*"))]
    assert not any(KEY in text for text in texts)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY in "".join(provider.headers[0].values())


def test_a_page_that_holds_the_key_is_not_written(tmp_path: Path) -> None:
    with serving(lambda *_: {"data": [], "echo": KEY}) as provider:
        problem = str(costs(provider, tmp_path).problem)
    assert "the answer holds the key" in problem
    assert KEY not in problem
    assert not list(tmp_path.rglob("*.0001.json"))


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_no_key_follows_a_redirect_whatever_header_it_is_in(api: Api, provider: Provider, tmp_path: Path) -> None:
    with serving(Buckets()) as thief:
        provider.faults = [Fault(302, (("Location", f"{thief.url}/x"),))] * 400
        results = fetched(api, provider, tmp_path, first=date(2026, 11, 1))
    assert all("where the key does not go" in str(one.problem) for one in results)
    assert all(KEY not in str(one.problem) for one in results)
    assert thief.asked == []


def test_a_redirect_to_another_host_is_not_followed_and_one_within_it_is(provider: Provider, tmp_path: Path) -> None:
    with serving(Buckets()) as thief:
        elsewhere = thief.url.replace("127.0.0.1", "localhost")
        for target in (f"{thief.url}/x", f"{elsewhere}/x", f"//127.0.0.1:1{thief.url[-4:]}/x"):
            provider.faults = [Fault(307, (("Location", target),))]
            assert "where the key does not go" in str(costs(provider, tmp_path).problem)
        assert thief.asked == []
    path = "/v2/costs?start_time=1793491200&end_time=1795132800&limit=180"
    provider.faults = [Fault(308, (("Location", path),))]
    assert costs(provider, tmp_path, first=date(2026, 11, 1)).problem is None
    assert "/v2/costs" in {path for path, _ in provider.asked}


def test_a_server_that_redirects_in_a_circle_is_given_up(provider: Provider, tmp_path: Path) -> None:
    provider.faults = [Fault(302, (("Location", "/again"),))] * 20
    assert costs(provider, tmp_path).problem
    assert len(provider.asked) < 20


@pytest.mark.parametrize(
    "address",
    ["http://api.openai.com/v1", "http://localhost:1", "ftp://127.0.0.1", "https://user:pass@x.com", "https://x?k=1"],
)
def test_only_tls_carries_the_key(address: str) -> None:
    with pytest.raises(FetchError, match=r"TLS|user, query"):
        Client(OPENAI, KEY, base_url=address)


@pytest.mark.parametrize("key", ["", "short", "two words here", "line\nbreak-in-the-key", "schlüssel-schlüssel"])
def test_what_is_no_key_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(FetchError) as refused:
        Client(OPENAI, key)
    assert not key or key not in str(refused.value)


def test_damaged_state_says_what_to_delete(provider: Provider, tmp_path: Path) -> None:
    costs(provider, tmp_path)
    (tmp_path / "costs" / ".state.json").write_bytes(b'{"2026-10": ')
    with pytest.raises(FetchError, match=r"\.state\.json is damaged: delete it"):
        costs(provider, tmp_path)


def test_openrouter_is_asked_day_by_day_and_only_the_last_three_days_again(tmp_path: Path) -> None:
    with serving(lambda _, query: {"data": [{"date": query["date"][0]}]}) as provider:
        fetched(OPENROUTER, provider, tmp_path)
        assert len(pages(tmp_path)) == 30
        asked = len(provider.asked)
        fetched(OPENROUTER, provider, tmp_path, now=NOW + timedelta(days=1))
    again = [query["date"][0] for _, query in provider.asked[asked:]]
    assert again == ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]
    assert "activity/2026-11-20.0001.json" in pages(tmp_path)


def objects(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


AWS = bucket.STORES["aws"]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with stored() as (kept, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield kept


def test_objects_below_a_prefix_are_copied_as_they_are_and_only_once(store: Store, tmp_path: Path) -> None:
    month = "cur/data/BILLING_PERIOD=2026-10"
    store.put(f"{month}/cur-00001.csv.gz", b"\x1f\x8b not unpacked")
    store.put(f"{month}/cur-00002.csv.gz", b"x" * 100)
    store.put("other.csv", b"not below the prefix")
    assert bucket.copy(AWS, "s3://bills/cur", tmp_path) == bucket.Copied(new=2)
    assert objects(tmp_path) == {
        f"bills/{month}/cur-00001.csv.gz": b"\x1f\x8b not unpacked",
        f"bills/{month}/cur-00002.csv.gz": b"x" * 100,
    }
    asked = len(store.asked)
    assert bucket.copy(AWS, "s3://bills/cur", tmp_path) == bucket.Copied(same=2)
    assert "GET" not in {verb for verb, _ in store.asked[asked:]}

    store.put(f"{month}/cur-00001.csv.gz", b"\x1f\x8b not unpacked", LAST_WEEK + 60)
    store.put(f"{month}/cur-00002.csv.gz", b"y" * 101)
    store.put(f"{month}/cur-00003.csv.gz", b"z")
    assert bucket.copy(AWS, "s3://bills/cur", tmp_path) == bucket.Copied(new=1, changed=2)
    assert objects(tmp_path)[f"bills/{month}/cur-00002.csv.gz"] == b"y" * 101
    # the time of the object tells which of two bills is the newer one
    assert (tmp_path / f"bills/{month}/cur-00001.csv.gz").stat().st_mtime == LAST_WEEK + 60


def test_after_a_kill_at_any_step_of_a_copy_the_objects_are_whole(store: Store, tmp_path: Path) -> None:
    for number in range(3):
        store.put(f"part-{number}.csv", b"%d" % number * 1000)
    for step in itertools.count():
        home = tmp_path / f"home{step}"
        if not killed_at(step, lambda home=home: bucket.copy(AWS, "s3://bills", home)):
            break
        seen = {name: body for name, body in objects(home).items() if not Path(name).name.startswith(".")}
        assert all(len(body) == 1000 for body in seen.values())
        bucket.copy(AWS, "s3://bills", home)
        assert sorted(map(len, objects(home).values())) == [1000, 1000, 1000]
    assert step > 8


def test_an_object_that_is_written_while_it_is_copied_is_copied_once_more(store: Store, tmp_path: Path) -> None:
    store.put("bill.csv", b"old")

    def written_anew(verb: str, _: str) -> None:
        if verb == "GET" and store.objects["bill.csv"][0] == b"old":
            store.put("bill.csv", b"new", LAST_WEEK + 60)

    store.on_ask = written_anew
    bucket.copy(AWS, "s3://bills", tmp_path)
    assert list(objects(tmp_path).values()) == [b"new"]


def test_an_object_that_never_stays_as_it_is_leaves_the_earlier_copy(store: Store, tmp_path: Path) -> None:
    store.put("bill.csv", b"whole")
    bucket.copy(AWS, "s3://bills", tmp_path)
    seconds = itertools.count(1)
    store.on_ask = lambda *_: store.put("bill.csv", b"still being written", LAST_WEEK + next(seconds))
    with pytest.raises(RefusedError, match="changed each of the 3 times"):
        bucket.copy(AWS, "s3://bills", tmp_path)
    assert objects(tmp_path)["bills/bill.csv"] == b"whole"


def test_objects_whose_names_are_no_names_of_files_are_left_and_told(store: Store, tmp_path: Path) -> None:
    store.put("a//bill.csv", b"c,d")
    store.put("a/bill.csv", b"a,b")
    store.put(".lock", b"hidden here, too")
    copied = bucket.copy(AWS, "s3://bills", tmp_path)
    assert copied == bucket.Copied(new=1, left=["s3://bills/a//bill.csv"])
    assert objects(tmp_path) == {"bills/a/bill.csv": b"a,b"}


@pytest.mark.parametrize(
    ("store_name", "uri", "says"),
    [
        ("aws", "gs://bucket/prefix", "s3://bucket/prefix"),
        ("gcp", "s3://bucket/prefix", "gs://bucket/prefix"),
        ("azure", "s3://bucket/prefix", "abfss://container@account"),
        ("aws", "s3://AKIA:secret@bucket/prefix", "holds a user"),
        ("azure", "abfss://container:secret@account.dfs.core.windows.net/x", "holds a user"),
        ("aws", "s3://bucket/prefix?secret_key=secret", "or a query"),
        ("aws", "bucket/prefix", "s3://bucket/prefix"),
    ],
)
def test_an_address_that_is_none_of_the_store_says_what_to_write(
    store_name: str, uri: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as refused:
        bucket.copy(bucket.STORES[store_name], uri, tmp_path)
    assert says in str(refused.value)
    assert "secret@" not in str(refused.value)


def test_an_address_with_nothing_there_is_an_error(store: Store, tmp_path: Path) -> None:
    store.put("x", b"")
    with pytest.raises(RefusedError, match="nothing is at"):
        bucket.copy(AWS, "s3://bills/nowhere", tmp_path)
