"""Reports become files: windows that are due are asked for page by page, and take their place when they are whole.

    <folder>/<report>/2026-10.0001.json       a page, byte for byte
    <folder>/<report>/.state.json             which windows are whole, and when they were asked for
    <folder>/.partial/<report>/<window>…/     the pages of a window that is not whole yet
    <folder>/.run.json                        since when the run goes on that has not come to its end

A page that is on disk is not asked for again: who is killed goes on after it. A page that came again as it was is not
written again, so that its time tells when the bill was last restated. Nothing is read of a page but how it goes on.
"""

import json
import shutil
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from ingest import disk
from ingest.fetch.api import Api, FetchError, Paging, Params, Report
from ingest.fetch.client import Client
from ingest.fetch.windows import Done, Window, windows

FIRST_DAYS = 31
"""How many days back the first fetch goes."""


@dataclass
class Fetched:
    """What became of a report.

    Attributes:
        pages: how many came.
        changed: how many of them are new or not as they were.
        settled: how many windows were not asked for, since they do not change any more.
        problem: why it is not whole; None where it is.
    """

    report: str
    pages: int = 0
    changed: int = 0
    settled: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class _Request:
    """The first page of a list and, one by one, those that follow."""

    folder: str
    path: str
    params: Params
    paging: Paging | None


def _now() -> datetime:
    return datetime.now(UTC)


def fetch(
    api: Api,
    client: Client,
    folder: Path,
    *,
    first: date | None = None,
    last: date | None = None,
    refetch_days: int | None = None,
    reports: Collection[str] = (),
    now: Callable[[], datetime] = _now,
    on_page: Callable[[str, int], None] = lambda *_: None,
) -> list[Fetched]:
    """Fetch what is not there yet and what may have been restated. One process at a time may do so in a folder.

    Args:
        first: the first day; where None, the earliest one that was ever fetched, at least 31 days back.
        last: the last day; the last complete UTC day where None.
        refetch_days: for how many days after the end of a window it is fetched again; what the report says where None.
        reports: their names; all where empty.
        on_page: told the report and the window, and the number of the page, before it is asked for.

    Raises:
        FetchError: the key is not accepted, or the state on disk is damaged. What fails for one report only stands in
            its `Fetched.problem`, and the others are fetched.
    """
    known = {report.name: report for report in api.reports}
    if unknown := set(reports) - known.keys():
        raise FetchError(f"{api.name} has no report {min(unknown)}; use one of {', '.join(known)}")
    run = _run(folder, now())
    results = []
    for report in (known[name] for name in known if name in reports or not reports):
        result = Fetched(report.name)
        results.append(result)
        state = _State(folder / report.name / ".state.json")
        today = now().date()
        start = first or min([today - timedelta(days=FIRST_DAYS), *state.starts()])
        days = report.refetch_days if refetch_days is None else refetch_days
        try:
            for window in windows(report, start, last or today, today):
                done = state.get(window)
                if done and _is_there(folder, window, done) and not _is_due(done, window, run, days):
                    result.settled += 1
                    _drop_staged(folder, report, window)  # of a fetch that was killed when it had just come to its end
                    continue
                asked_at = now()
                times = done.times + 1 if done else 1
                # pages of what may be restated are not mixed with those of another day
                day = today if asked_at < window.settles_at(days) else None
                one = _Window(client, folder, report, window, tag=f"{times}.{day or 'settled'}")
                for number in one.stage():
                    on_page(f"{report.name} {window.name}", number)
                pages, changed = one.publish()
                result.pages += sum(pages.values())
                result.changed += changed
                state.put(window, Done(window.end, asked_at, run, times, pages))
                one.clear()
        except FetchError as error:
            if error.status == httpx2.codes.UNAUTHORIZED:
                raise
            result.problem = str(error)
    if all(result.problem is None for result in results):
        (folder / ".run.json").unlink(missing_ok=True)
    return results


def _run(folder: Path, now: datetime) -> str:
    """The run that was begun earlier on this UTC day and has not come to its end, or else a new one."""
    path = folder / ".run.json"
    begun = _read(path).get("begun_at", "") if path.exists() else ""
    if isinstance(begun, str) and begun.startswith(str(now.date())):
        return begun
    disk.write(path, json.dumps({"begun_at": now.isoformat()}).encode())
    return now.isoformat()


def _is_due(done: Done, window: Window, run: str, refetch_days: int) -> bool:
    """Whether days are missing, or it was asked for while it could still be restated, and not by this run."""
    return done.end < window.end or (done.run != run and done.asked_at < window.settles_at(refetch_days))


def _is_there(folder: Path, window: Window, done: Done) -> bool:
    return all((folder / page).exists() for page in _pages(window, done.pages))


def _drop_staged(folder: Path, report: Report, window: Window, *, but: Path | None = None) -> None:
    """Drop staged pages of a window that nothing goes on from."""
    for staged in (folder / ".partial" / report.name).glob(f"{window.name}.*"):
        if staged != but:
            shutil.rmtree(staged)


def _pages(window: Window, counts: dict[str, int]) -> Iterator[str]:
    """Where the pages of a window are, below the folder of the API."""
    for name, count in counts.items():
        yield from (_page(name, window, number) for number in range(1, count + 1))


def _page(name: str, window: Window, number: int) -> str:
    return f"{name}/{window.name}.{number:04}.json"


class _Window:
    """One window of a report on its way to the disk."""

    def __init__(self, client: Client, folder: Path, report: Report, window: Window, *, tag: str) -> None:
        self._client = client
        self._folder = folder
        self._report = report
        self._window = window
        self._counts: dict[str, int] = {}
        bounds = report.bounds.params(window.first, window.end)
        self._first = _Request(report.name, report.path, (*bounds, *report.params), report.paging)
        asked = sha256(repr((report.path, self._first.params)).encode()).hexdigest()[:8]
        # pages that another request brought, or an earlier time, are not the beginning of this one
        self._partial = folder / ".partial" / report.name / f"{window.name}.{tag}.{asked}"

    def stage(self) -> Iterator[int]:
        """Bring every page into the partial folder, yielding its number before it is asked for.

        Raises:
            FetchError: a page cannot be had; those before it stay for the next time.
        """
        _drop_staged(self._folder, self._report, self._window, but=self._partial)
        has_restarted = False
        while True:
            try:
                yield from self._stage()
            except FetchError as error:
                # what a cursor of an earlier run points to may be gone by now
                is_stale = error.status in {httpx2.codes.BAD_REQUEST, httpx2.codes.NOT_FOUND} and self._partial.exists()
                if has_restarted or not is_stale:
                    raise
                has_restarted = True
                self.clear()
            else:
                return

    def _stage(self) -> Iterator[int]:
        self._counts = {self._report.name: 0}
        if self._report.rest:
            self._counts[self._report.rest.name] = 0
        asked: set[_Request] = set()
        waiting = deque([self._first])
        number = 0
        while waiting:
            request = waiting.popleft()
            if request in asked:
                raise FetchError(f"{request.path}: the answer goes on where it began; fetch again later")
            asked.add(request)
            number += 1
            self._counts[request.folder] += 1
            page = self._partial / _page(request.folder, self._window, self._counts[request.folder])
            if page.exists():
                waiting.extend(self._following(request, json.loads(page.read_bytes())))
                continue
            yield number
            answer = self._client.get(request.path, request.params)
            waiting.extend(self._following(request, answer.document))  # first: what cannot be continued is not kept
            disk.write(page, answer.body)

    def _following(self, request: _Request, document: dict[str, Any]) -> Iterator[_Request]:
        """The next page, and the rest of each list that an element of this one begins."""
        if request.paging and (cursor := request.paging.next(document)):
            name = request.paging.param
            params = tuple(param for param in request.params if param[0] != name)
            yield _Request(request.folder, request.path, (*params, (name, cursor)), request.paging)
        rest = self._report.rest
        if rest is None or request.folder == rest.name:
            return
        for element in document["data"]:
            begun = element.get(rest.field) if isinstance(element, dict) else None
            if not isinstance(begun, dict) or not isinstance(begun.get("data"), list):
                continue
            if cursor := rest.paging.next(begun):
                path = rest.path.format(id=quote(str(element["id"]), safe=""))
                yield _Request(rest.name, path, (*rest.params, (rest.paging.param, cursor)), rest.paging)

    def publish(self) -> tuple[dict[str, int], int]:
        """Give the staged pages their places; return how many there are, by folder, and how many are not as they were.

        It can be done again after a crash: the staged pages stay until `clear`.
        """
        changed = 0
        for name in _pages(self._window, self._counts):
            body, target = (self._partial / name).read_bytes(), self._folder / name
            if not target.exists() or target.read_bytes() != body:
                disk.write(target, body)
                changed += 1
        for name, count in self._counts.items():
            for page in (self._folder / name).glob(f"{self._window.name}.????.json"):
                if int(page.suffixes[-2].removeprefix(".")) > count:
                    page.unlink()  # the window has fewer pages than it had
        return self._counts, changed

    def clear(self) -> None:
        """Drop the staged pages."""
        shutil.rmtree(self._partial, ignore_errors=True)


class _State:
    """Which windows of a report are whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._windows: dict[str, Any] = _read(path) if path.exists() else {}

    def starts(self) -> list[date]:
        """The first days of the windows that are whole."""
        return [date.fromisoformat(f"{name}-01"[:10]) for name in self._windows]

    def get(self, window: Window) -> Done | None:
        """What is known of a window."""
        known = self._windows.get(window.name)
        if known is None:
            return None
        try:
            return Done(
                **{
                    **known,
                    "end": date.fromisoformat(known["end"]),
                    "asked_at": datetime.fromisoformat(known["asked_at"]),
                }
            )
        except (TypeError, ValueError, LookupError) as error:
            raise _damaged(self._path) from error

    def put(self, window: Window, done: Done) -> None:
        """Remember a window, durably."""
        self._windows[window.name] = {
            **asdict(done),
            "end": done.end.isoformat(),
            "asked_at": done.asked_at.isoformat(),
        }
        disk.write(self._path, json.dumps(self._windows, indent=1).encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(document, dict):
        raise _damaged(path)
    return document


def _damaged(path: Path) -> FetchError:
    return FetchError(f"{path} is damaged: delete it, and everything is fetched again")
