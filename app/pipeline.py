"""The one place that knows the order: lock → ingest → copy of the last build → dbt build → tests → pointer."""

import fcntl
import glob
import hashlib
import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from app import builds, dbt_build
from app.dbt_build import Progress
from app.settings import PROJECT_DIR, Input, Settings
from ingest.files import Address, RefusedError
from ingest.inputs import ingest_files
from ingest.landing import connect
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.paths import FEEDBACK, RECEIVED, called, expand
from ingest.prices import closed_periods, learning
from ingest.raw import views
from ingest.sources import discover

CANDIDATE = ".building"
"""The file that is being built: always the same name, since dbt reads the whole project anew for another one."""
OWN_SOURCES = {RECEIVED: "otel", FEEDBACK: "feedback"}
"""Folders of the home that our own commands write inputs into, with the source of their files."""


class LockedError(Exception):
    """Another run holds the lock."""


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `build` is None where there was nothing new."""

    build: builds.Build | None
    seconds: float
    is_full: bool


@contextmanager
def writer(settings: Settings) -> Iterator[None]:
    """Hold the single-writer lock. The kernel releases it when the process ends, however it ends.

    Raises:
        LockedError: another run holds it.
    """
    os.umask(0o077)  # who calls what, and what they pay, is for the owner's eyes
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise LockedError(f"{settings.home} is locked by {holder}; wait for it to end") from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        lock.flush()
        yield


def ingest(
    settings: Settings,
    inputs: list[tuple[str, str | None]],
    *,
    mapping: Path | None = None,
    allow_smaller: bool = False,
    on_file: Callable[[Path | Address, int, int], None] | None = None,
) -> list[Outcome]:
    """Land (path, source or None) inputs, home-made logs by a mapping. Call inside `writer`.

    Args:
        allow_smaller: load bills that are much smaller than what they replace.
    """
    outcomes: list[Outcome] = []
    with _scratch(settings) as con, Ledger(settings.home) as ledger:
        for path, source in inputs:
            try:
                files = expand(path, settings.home)
            except RefusedError as error:
                outcomes.append(Outcome(called(path), source, "refused", problem=str(error)))
                continue
            outcomes += ingest_files(
                con,
                ledger,
                files,
                home=settings.home,
                sources=discover(),
                source=source,
                mapping=mapping,
                allow_smaller=allow_smaller,
                on_file=on_file,
            )
    return outcomes


def ingest_listed(
    settings: Settings,
    *,
    allow_smaller: bool = False,
    on_file: Callable[[Path | Address, int, int], None] | None = None,
) -> list[Outcome]:
    """Land what `listed_inputs` says. Call inside `writer`."""
    return [
        outcome
        for one in listed_inputs(settings)
        for outcome in ingest(
            settings, [(one.path, one.source)], mapping=one.mapping, allow_smaller=allow_smaller, on_file=on_file
        )
    ]


def listed_inputs(settings: Settings) -> tuple[Input, ...]:
    """What `unitcost run` reads: the inputs of unitcost.toml, and what `receive` and `feedback` wrote."""
    return (*settings.inputs, *own_inputs(settings))


def own_inputs(settings: Settings) -> tuple[Input, ...]:
    """What was written into the home for the next run: spans of `unitcost receive`, verdicts of `unitcost feedback`."""
    return tuple(
        Input(path=f"{glob.escape(str(settings.home / folder))}/*.jsonl", source=source)
        for folder, source in OWN_SOURCES.items()
        if any((settings.home / folder).glob("*.jsonl"))
    )


def inputs_outside(settings: Settings, folder: Path) -> list[str]:
    """Paths of landed inputs that lie neither below a folder nor are verdicts. Call inside `writer`."""
    ours = [folder.resolve(), (settings.home / FEEDBACK).resolve()]
    with Ledger(settings.home) as ledger:
        return [one.path for one in ledger.inputs() if not any(Path(one.path).is_relative_to(path) for path in ours)]


def build(settings: Settings, *, progress: Progress = lambda *_: None, full: bool = False) -> BuildResult:
    """Build what landed into a new versioned file and publish it. Call inside `writer`.

    Args:
        full: build everything anew, not only the days that new files touch.

    Raises:
        dbt_build.BuildError: nothing was published; the message names the model or test.
    """
    started = time.monotonic()
    files = known_files(settings)
    state, last = _state(settings, files), last_build(settings.home)
    if last and last.facts.get("state") == state and not full:
        return BuildResult(None, time.monotonic() - started, is_full=False)
    full = full or last is None or last.facts.get("state", {}).get("code") != state["code"]
    target = build_candidate(settings, files, progress=progress, based_on=None if full else last)
    return BuildResult(publish(settings, target, files), time.monotonic() - started, is_full=full)


def build_in_part(settings: Settings, folder: Path, select: str) -> Path | None:
    """Build and test some models of what the next build will be, in a file that nobody publishes. Call inside `writer`.

    Args:
        folder: where the file is written; whoever gives it drops it.
        select: which models, in dbt's words.

    Returns:
        The file; None where nothing is new, or all of it has to be built anew.

    Raises:
        dbt_build.BuildError: the message names the model or test.
    """
    files = known_files(settings)
    state, last = _state(settings, files), last_build(settings.home)
    if last is None or last.facts.get("state") == state or last.facts.get("state", {}).get("code") != state["code"]:
        return None
    target = folder / CANDIDATE
    _copy(last.path, target)
    build_models(settings, target, files, is_of_this_code=True, select=select)
    return target


def is_built(settings: Settings, files: list[dict[str, Any]]) -> bool:
    """Whether the served build is of these files, this code and this book."""
    last = last_build(settings.home)
    return last is not None and last.facts.get("state") == _state(settings, files)


def known_files(settings: Settings) -> list[dict[str, Any]]:
    """The active landing files, the price book brought up to date first."""
    with Ledger(settings.home) as ledger:
        learn_prices(ledger, settings)
        return ledger.active_files()


def build_candidate(
    settings: Settings,
    files: list[dict[str, Any]],
    *,
    progress: Progress = lambda *_: None,
    based_on: builds.Build | None = None,
) -> Path:
    """Build and test `files` in a file of its own, which nobody reads before `publish`.

    Args:
        based_on: only the days on which `files` differ from this build are built anew; None: everything.

    Raises:
        dbt_build.BuildError: the message names the model or test.
    """
    closed_periods.read(PROJECT_DIR / "seeds" / "closed_periods.csv")  # says which line is wrong; dbt reads it again
    _drop_unfinished(settings.home)
    target = settings.home / "builds" / CANDIDATE
    target.parent.mkdir(exist_ok=True)
    if based_on:
        progress("copying the last build", 0, 0)
        _copy(based_on.path, target)
    build_models(
        settings, target, files, progress=progress, full=based_on is None, is_of_this_code=based_on is not None
    )
    return target


def publish(settings: Settings, candidate: Path, files: list[dict[str, Any]]) -> builds.Build:
    """Make a candidate the build that everyone reads."""
    facts = {
        "state": _state(settings, files),
        "reporting_currency": settings.reporting_currency,
        **_finish(candidate),
    }
    build_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    return builds.publish(
        settings.home, candidate, build_id=build_id, built_at=datetime.now(UTC), keep=settings.keep_builds, facts=facts
    )


def build_models(
    settings: Settings,
    candidate: Path,
    files: list[dict[str, Any]],
    *,
    progress: Progress = lambda *_: None,
    full: bool = False,
    is_of_this_code: bool = False,
    select: str | None = None,
    project_dir: Path | None = None,
) -> None:
    """Build and test models of a candidate from these landing files.

    Args:
        full: build incremental models anew.
        is_of_this_code: the candidate is a copy of a build of these models and seeds.
        select: which models, in dbt's words; None: all.
        project_dir: a dbt project with other seeds; None: this one.

    Raises:
        dbt_build.BuildError: the message names the model or test.
    """
    sources = discover()
    with Ledger(settings.home) as ledger:
        accounts = ledger.accounts()
    landed = {file["table_name"] for file in files}
    with _open(candidate) as con:
        # the first file of a source makes views that no build had
        keeps_views = is_of_this_code and views.landed_tables(con) == landed
        views.create_views(con, sources.values(), files, settings.home, accounts)
    tests = dbt_build.build(
        candidate,
        settings.home,
        sources,
        progress,
        landed=landed,
        memory_limit=settings.memory_limit,
        reporting_currency=settings.reporting_currency,
        full=full,
        keeps_views=keeps_views,
        select=select,
        project_dir=project_dir,
    )
    with _open(candidate) as con:
        _keep_tests(con, tests, whole=select is None)


@contextmanager
def _open(candidate: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(
        str(candidate), config={"storage_compatibility_version": "v1.5.0", "autoinstall_known_extensions": False}
    )
    try:
        yield con
    finally:
        con.close()


def _keep_tests(con: duckdb.DuckDBPyConnection, tests: list[dbt_build.TestResult], *, whole: bool) -> None:
    """Write `marts.build_tests` into the build that the tests passed; dbt has no results before it has ended.

    Args:
        whole: every test ran; where only some models were built again, the others keep what was said of them.
    """
    con.execute("create schema if not exists marts")
    con.execute(
        f"create {'or replace table' if whole else 'table if not exists'} marts.build_tests "
        "(test_name varchar, tested_name varchar, status varchar, row_count bigint, seconds decimal(12, 3))"
    )
    con.execute("delete from marts.build_tests where list_contains(?, test_name)", [[test.test_name for test in tests]])
    if tests:
        con.executemany("insert into marts.build_tests values (?, ?, ?, ?, ?)", [list(astuple(test)) for test in tests])


def learn_prices(ledger: Ledger, settings: Settings) -> None:
    """Bring the price book up to date; the network is not asked. Call inside `writer`.

    Raises:
        PriceBookError: the overrides, the rules or LiteLLM's map cannot be read.
    """
    learning.learn_all(ledger, settings.home, price_inputs(settings))


def price_inputs(settings: Settings) -> learning.Inputs:
    """Where the prices come from that no library brings."""
    return learning.Inputs(
        rules=PROJECT_DIR / "seeds" / "price_variant_rules.csv",
        overrides=settings.price_overrides,
        uplifts=PROJECT_DIR / "seeds" / "price_uplift_rules.csv",
        litellm_map=settings.litellm_prices,
    )


@contextmanager
def _scratch(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    con = connect(scratch=settings.home / ".scratch", threads=settings.threads, memory_limit=settings.memory_limit)
    try:
        yield con
    finally:
        con.close()
        shutil.rmtree(settings.home / ".scratch", ignore_errors=True)


def last_build(home: Path) -> builds.Build | None:
    """The served build; None where nothing was built yet, or its file is gone."""
    try:
        last = builds.current(home)
    except builds.NoBuildError:
        return None
    return last if last.path.exists() else None


def _state(settings: Settings, files: list[dict[str, Any]]) -> dict[str, str]:
    """What a build is made of: where it equals the last build's, there is nothing to build.

    A change of `code` moves the figures of calls that landed before: everything is built anew.
    """
    with Ledger(settings.home) as ledger:
        names = learning.changed_matches(ledger, settings.home)
        # a build also says what was not taken: a file that is refused as a whole changes no landing file
        not_taken = [
            [one["path"], one["table_name"], one["rule"], one["rejected_count"]]
            for one in ledger.intake()
            if one["state"] == "refused" or one["rejected_count"]
        ]
    return {
        "landing": _digest([[[str(one["table_name"]), one["sha256"], one["input_id"]] for one in files], not_taken]),
        "code": _code_digest(files, settings.reporting_currency, names),
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _code_digest(files: list[dict[str, Any]], reporting_currency: str, names: list[dict[str, Any]]) -> str:
    """What makes every request's figures, whenever it landed: models, macros, seeds, prices, rates and the currency.

    Args:
        names: models whose names came to mean something else.
    """
    digest = hashlib.sha256()
    for folder in ("models", "macros", "seeds"):
        for path in sorted((PROJECT_DIR / folder).rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes())
    digest.update((PROJECT_DIR / "dbt_project.yml").read_bytes() + reporting_currency.encode())
    digest.update(repr(names).encode())
    priced_by = {"prices__model_prices", "prices__overrides", "prices__uplifts", "prices__rerates"}
    for file in files:
        if file["table_name"] in priced_by or file["table_name"].endswith("__rates"):
            digest.update(str(file["sha256"]).encode())
    return digest.hexdigest()


def _drop_unfinished(home: Path) -> None:
    """What a killed run left behind. We hold the lock, so nobody is writing it."""
    unfinished = [*(home / "builds").glob(f"*{CANDIDATE}*"), *(home / "landing").glob("*/.new-*")]
    for path in unfinished:
        if path.is_dir():  # DuckDB's own, beside a build that went to disk, too
            shutil.rmtree(path)
        else:
            path.unlink()


def _copy(source: Path, target: Path) -> None:
    """Copy a published build; by reference where the file system can (btrfs, XFS), else byte by byte."""
    subprocess.run(["cp", "--reflink=auto", "--", str(source), str(target)], check=True)  # noqa: S603, S607 - fixed words, two paths of ours
    target.chmod(0o600)


def _finish(target: Path) -> dict[str, Any]:
    """Checkpoint and close; what `status` tells of the build. Raises where some other connection is still open."""
    con = duckdb.connect(str(target))
    try:
        for (mart,) in con.sql(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
            " union all select view_name from duckdb_views() where schema_name = 'marts' order by all"
        ).fetchall():
            # for people with a shell: `select … from fct_requests`
            con.execute(f'create or replace view main."{mart}" as select * from marts."{mart}"')
        names = ("requests", "newest_request_at", "charges", "customers")
        values = con.sql(
            """
            select
                (select count(*) from marts.fct_requests),
                (select cast(max(usage_hour_at) as varchar) from marts.fct_usage_hourly),
                (select count(*) from marts.fct_charges),
                (select count(*) from marts.dim_customers)
            """
        ).fetchall()[0]
        con.execute("checkpoint")
    finally:
        con.close()
    return {"facts": dict(zip(names, values, strict=True))}
