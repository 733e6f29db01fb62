"""`unitcost fetch`: bring bills and usage from where their provider has them into `fetched/` of the warehouse."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app import secret_file
from app.console import err, out
from app.pipeline import LockedError
from app.settings import Settings
from ingest.fetch import APIS, bucket, engine
from ingest.fetch.api import Api
from ingest.fetch.client import Client
from ingest.paths import FETCHED

FAILED, REFUSED = 1, 3

fetch = typer.Typer(
    no_args_is_help=True,
    help="Bring bills and usage from a provider's API, or from a cloud's bucket, into fetched/ of the warehouse. "
    "List them in unitcost.toml, and `unitcost run` loads them.",
)


def _api_command(api: Api) -> Callable[..., None]:
    days = ", ".join(sorted({str(report.refetch_days) for report in api.reports}))

    def command(
        first: Annotated[
            datetime | None,
            typer.Option("--from", formats=["%Y-%m-%d"], help="First day; 31 days back where nothing is fetched yet."),
        ] = None,
        last: Annotated[
            datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; yesterday (UTC) by default.")
        ] = None,
        refetch_days: Annotated[
            int | None,
            typer.Option(min=0, help="Fetch again what ended at most so many days ago.", show_default=days),
        ] = None,
        report: Annotated[
            list[str] | None, typer.Option(help=f"Only this one: {', '.join(one.name for one in api.reports)}.")
        ] = None,
        key_file: Annotated[
            Path | None,
            typer.Option(help=f"Holds the key, mode 600; {api.key_variable} otherwise.", metavar="FILE"),
        ] = None,
        base_url: Annotated[str | None, typer.Option(hidden=True)] = None,
    ) -> None:
        if first and last and last < first:
            raise typer.BadParameter(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}")
        key = _key(api, key_file)
        with (
            _folder(api.name) as folder,
            err.status(f"asking {api.name}") as shown,
            Client(api, key, base_url=base_url) as client,
        ):
            results = engine.fetch(
                api,
                client,
                folder,
                first=first.date() if first else None,
                last=last.date() if last else None,
                refetch_days=refetch_days,
                reports=report or (),
                on_page=lambda what, number: shown.update(f"{api.name}: {what}, page {number}"),
            )
        _warn_of_age(api, first.date() if first else None)
        raise typer.Exit(_report(api, folder, results))

    return command


def _store_command(store: bucket.Store) -> Callable[..., None]:
    def command(
        address: Annotated[str, typer.Argument(help=f"Where the exports lie: {store.example}", metavar="ADDRESS")],
    ) -> None:
        with _folder(store.name) as folder, err.status(f"looking at {store.name}") as shown:
            copied = bucket.copy(
                store,
                address,
                folder,
                on_object=lambda name, number, count: shown.update(f"{store.name}: {name}, {number + 1} of {count}"),
            )
        for name in copied.left:
            err.print(f"left {name}: no file can have this name", markup=False)
        out.print(
            f"objects: {copied.new} new, {copied.changed} changed, {copied.same} as they were; in {folder}",
            markup=False,
        )
        raise typer.Exit(REFUSED if copied.left else 0)

    return command


for _api in APIS.values():
    fetch.command(name=_api.name, help=f"{_api.about}.")(_api_command(_api))
for _store in bucket.STORES.values():
    fetch.command(name=_store.name, help=f"{_store.about}; credentials as the cloud's own tools find them.")(
        _store_command(_store)
    )


def _report(api: Api, folder: Path, results: list[engine.Fetched]) -> int:
    """Say what became of each report; return the exit code."""
    for one in results:
        if one.problem:
            err.print(f"error: {api.name} {one.report}: {one.problem}", markup=False)
        else:
            out.print(
                f"{one.report}: {one.pages:,} pages, {one.changed:,} of them new or restated; "
                f"{one.settled:,} windows are settled",
                markup=False,
            )
    out.print(f"in {folder}/<report>/*.json", markup=False)
    return FAILED if any(one.problem for one in results) else 0


def _warn_of_age(api: Api, first: date | None) -> None:
    for report in api.reports:
        if first and report.oldest_days and first < datetime.now(UTC).date() - timedelta(days=report.oldest_days):
            err.print(f"{api.name} answers for the last {report.oldest_days} days only; older ones are not fetched")


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """The folder of a provider, for this process alone.

    Raises:
        LockedError: another one fetches into it.
    """
    settings = Settings()
    if (settings.home / "demo").exists():
        raise typer.BadParameter(f"{settings.home} holds the demo company; set UNITCOST_HOME to another folder")
    os.umask(0o077)  # what a company pays is for the owner's eyes
    folder = settings.home / FETCHED / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(f"another `unitcost fetch {name}` writes {folder}; wait for it to end") from error
        yield folder


def _key(api: Api, key_file: Path | None) -> str:
    """The key from a file that only its owner can read, or from the environment."""
    if key_file is not None:
        return secret_file.read(key_file, "key")
    if key := os.environ.get(api.key_variable, "").strip():
        return key
    raise typer.BadParameter(f"set {api.key_variable}, or give --key-file")
