"""The command line: `unitcost`. Exit codes: 0 done, 1 failed, 2 loaded with rejects, 3 an input refused, 75 locked."""

import csv
import json
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from app import (
    builds,
    cli_alert,
    cli_close,
    cli_evidence,
    cli_explain,
    cli_feedback,
    cli_receive,
    cli_rerate,
    cli_watch,
    dbt_build,
    marts,
    pipeline,
)
from app.alerts.told import AlertError
from app.cli_export import export
from app.cli_fetch import fetch
from app.cli_prices import prices
from app.cli_rules import rules
from app.console import err, out
from app.evidence import EvidenceError
from app.feedback import FeedbackError
from app.inventory import inventory
from app.mart_export import ExportError
from app.marts.warehouse import MartError, Warehouse
from app.period_lock import CloseError
from app.rerate import RerateError
from app.settings import Settings
from app.workbook import WorkbookError
from ingest.fetch.api import FetchError
from ingest.files import Address, RefusedError
from ingest.outcomes import Outcome, totals
from ingest.prices.tables import PriceBookError
from ingest.sources import discover

FAILED, WITH_REJECTS, REFUSED, LOCKED = 1, 2, 3, 75
UNKNOWN_LINES = 20
AllowSmaller = Annotated[
    bool, typer.Option("--allow-smaller", help="Load bills that are over 20 % smaller than what they replace.")
]

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What one AI conversation, feature and customer costs, and what margin it leaves.",
    epilog="Exit codes: 0 done · 1 failed · 2 loaded with rejects · 3 an input refused · 75 another run is going on.",
)
cli.add_typer(prices, name="prices")
cli.add_typer(export, name="export")
cli.add_typer(fetch, name="fetch")
cli.add_typer(rules, name="rules")
cli.command(name="close")(cli_close.command)
cli.command(name="evidence")(cli_evidence.command)
cli.command(name="explain")(cli_explain.command)
cli.command(name="rerate")(cli_rerate.command)
cli.command(name="receive")(cli_receive.command)
cli.command(name="alert")(cli_alert.command)
cli.command(name="feedback")(cli_feedback.command)
cli.command(name="watch")(cli_watch.command)


def main() -> None:
    """Run the command line; an error is one line that says what and what to do."""
    try:
        cli()
    except pipeline.LockedError as error:
        _fail(error, LOCKED)
    except RefusedError as error:
        _fail(error, REFUSED)
    except (duckdb.Error, SettingsError, UnicodeDecodeError) as error:
        _fail(" ".join(str(error).split()), FAILED)
    except (
        AlertError,
        builds.NoBuildError,
        dbt_build.BuildError,
        CloseError,
        EvidenceError,
        ExportError,
        FeedbackError,
        FetchError,
        MartError,
        PriceBookError,
        RerateError,
        WorkbookError,
        OSError,
    ) as error:
        _fail(error, FAILED)
    except tomllib.TOMLDecodeError as error:
        _fail(f"unitcost.toml is no TOML: {error}", FAILED)
    except ValidationError as error:
        first = error.errors()[0]
        _fail(f"unitcost.toml or UNITCOST_…: {'.'.join(map(str, first['loc']))}: {first['msg']}", FAILED)


class Engine(StrEnum):
    """What runs the models."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@cli.command(epilog=" · ".join(f"{source.name}: {source.about}" for source in discover().values()))
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files, folders or globs of exports, here or at s3://, gs://, abfss://.", metavar="PATH…"),
    ],
    source: Annotated[str | None, typer.Option(help="The source, where it should not be recognised.")] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="Where the columns of a home-made log lie (source generic).", metavar="FILE")
    ] = None,
    *,
    allow_smaller: AllowSmaller = False,
) -> None:
    """Load exports and logs."""
    settings = Settings()
    _refuse_demo(settings)
    with pipeline.writer(settings), _progress() as show:
        outcomes = pipeline.ingest(
            settings,
            [(path, source) for path in paths],
            mapping=mapping,
            allow_smaller=allow_smaller,
            on_file=_file_progress(show),
        )
    raise typer.Exit(_report(outcomes))


@cli.command()
def build(
    *,
    full: Annotated[bool, typer.Option("--full", help="Build every day anew.")] = False,
    target: Annotated[Engine, typer.Option(help="The engine; a build on Spark is not served.")] = Engine.DUCKDB,
) -> None:
    """Build the marts from what landed, test them, publish them."""
    settings = Settings()
    if target is Engine.SPARK:
        from app import spark_build  # noqa: PLC0415 - an extra

        with pipeline.writer(settings):
            marts = spark_build.build(settings)
        out.print(f"built on Spark: the marts are Parquet tables in {marts}")
        return
    with pipeline.writer(settings), _progress() as show:
        result = pipeline.build(settings, progress=show, full=full)
    _report_build(result)


@cli.command()
def run(*, allow_smaller: AllowSmaller = False) -> None:
    """Ingest what unitcost.toml lists, then build."""
    settings = Settings()
    if not pipeline.listed_inputs(settings):
        _fail('unitcost.toml lists no [[inputs]]: add a path, e.g. [[inputs]] path = "exports/"', FAILED)
    _refuse_demo(settings)
    with pipeline.writer(settings), _progress() as show:
        outcomes = pipeline.ingest_listed(settings, allow_smaller=allow_smaller, on_file=_file_progress(show))
        result = pipeline.build(settings, progress=show)
    code = _report(outcomes)
    _report_build(result)
    raise typer.Exit(code)


@cli.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """What is loaded: every file's records, landed, rejected and duplicates; the build that is served."""
    settings = Settings()
    facts = inventory(settings)
    if as_json:
        typer.echo(json.dumps(facts, indent=2, default=str))
        return
    table = RichTable(box=None, pad_edge=False)
    columns = ("source", "file", "state", "records", "loaded", "rejected", "duplicates", "other", "superseded")
    for name in columns:
        table.add_column(name, justify="right" if name in columns[3:] else "left", overflow="fold")
    for one in facts["inputs"]:
        table.add_row(*(escape(_shown(one[name])) for name in columns))
    out.print(table)
    for one in facts["inputs"]:
        if one["problem"]:
            err.print(f"refused {one['file']}: {one['problem']}", markup=False)
    serving = facts["build"]
    out.print(
        f"serving build {serving['build_id']} of {serving['built_at']}: {serving['requests']:,} requests"
        if serving
        else "no build yet: run `unitcost build`"
    )


class Format(StrEnum):
    """How `unitcost sql` prints."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@cli.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the marts.")],
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
) -> None:
    """Ask the marts, read-only: unitcost sql "select * from cost_per_feature"."""
    from app import query as queries  # noqa: PLC0415 - keeps the other commands quick

    try:
        columns, rows = queries.run(builds.current(Settings().home).path, query)
    except queries.QueryError as error:
        _fail(error, FAILED)
    match output:
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_exact(value) for value in row] for row in rows)
        case Format.JSON:
            typer.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=_exact, indent=2))
        case Format.TABLE:
            table = RichTable(box=None, pad_edge=False)
            for name in columns:
                table.add_column(escape(name), overflow="fold")
            for row in rows:
                table.add_row(*(escape(_shown(value)) for value in row))
            out.print(table)


@cli.command()
def dashboard(
    port: Annotated[int, typer.Option(help="On 127.0.0.1.")] = 8501,
    *,
    browser: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Serve the dashboard on this machine."""
    from app.dashboard import command  # noqa: PLC0415

    home = Settings().home.resolve()
    arguments = command(home, port, browser)
    os.environ["UNITCOST_HOME"] = str(home)
    out.print(f"The dashboard is on http://127.0.0.1:{port}; Ctrl-C ends it.", markup=False)
    os.execvp(arguments[0], arguments)  # noqa: S606 - our own words; the server takes this process over


@cli.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option(help="Where to write the exports; below the warehouse by default.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day after the last one; today by default.")
    ] = None,
    scale: Annotated[float, typer.Option(help="1.0 is about a million calls.")] = 1.0,
    *,
    browser: Annotated[bool, typer.Option(help="Open the dashboard in the browser.")] = True,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the build; do not serve the dashboard.")] = False,
) -> None:
    """An imaginary company: write its exports, load and build them like anyone's, open the dashboard."""
    from ingest import demo as company  # noqa: PLC0415

    settings = Settings()
    exports = folder or settings.home / "demo"
    with pipeline.writer(settings), _progress() as show:
        if strangers := pipeline.inputs_outside(settings, exports):
            _fail(f"{settings.home} holds real data ({strangers[0]}); set UNITCOST_HOME to another folder", FAILED)
        if not exports.exists():  # made once: another day's demo would be another company in the same books
            last_day = (as_of or datetime.now(UTC)).date()
            unfinished = exports.with_name(f".{exports.name}.new")
            shutil.rmtree(unfinished, ignore_errors=True)
            company.write(unfinished, as_of=last_day, scale=scale, progress=show)
            unfinished.rename(exports)
        own = [(one.path, one.source) for one in pipeline.own_inputs(settings)]
        outcomes = pipeline.ingest(settings, [(str(exports), None), *own], on_file=_file_progress(show))
        result = pipeline.build(settings, progress=show)
    code = _report(outcomes)
    _report_build(result)
    out.print(f"The exports are in {exports}. Your own data: set UNITCOST_HOME to another folder first.", markup=False)
    if leave or code:
        raise typer.Exit(code)
    dashboard(browser=browser)


def _refuse_demo(settings: Settings) -> None:
    """Real data does not go into the imaginary company's books."""
    if (settings.home / "demo").exists():
        _fail(f"{settings.home} holds the demo company; set UNITCOST_HOME to another folder for your own data", FAILED)


def _report(outcomes: list[Outcome]) -> int:
    """Say what became of each file; return the exit code."""
    landed, rejected, refused = totals(outcomes)
    known = sum(outcome.state == "known" for outcome in outcomes)
    older = sum(outcome.state == "older" for outcome in outcomes)
    unclaimed, twice, stated = 0, False, set[str]()
    for outcome in outcomes:
        if outcome.state == "refused":
            err.print(f"refused {outcome.path}: {outcome.problem}", markup=False)
        if outcome.unclaimed_count:
            unclaimed += outcome.unclaimed_count
            err.print(
                f"{outcome.path}: {outcome.unclaimed_count:,} of {outcome.record_count:,} records are of no source "
                "that reads this file; name their source with --source, or leave it if they are no calls",
                markup=False,
            )
        for scope in outcome.replaced:
            when = (
                "by this same command (parts of one bill must be one file, or listed in a manifest)"
                if scope in stated
                else "before"
            )
            twice |= scope in stated
            err.print(f"{outcome.path.name} replaces what was loaded {when} for {scope}", markup=False)
        stated |= set(outcome.scopes)
        if outcome.rejects:
            first = outcome.rejects[0]
            err.print(
                f"{outcome.path}: {outcome.rejected_count:,} of {outcome.record_count:,} records rejected, first in "
                f"line {first.record_number}: {first.column} {first.rule}; {first.fix} "
                f"(all: quarantine/{outcome.source}/)",
                markup=False,
            )
    out.print(
        f"{len(outcomes) - known - older - refused} files landed ({landed:,} records), {known} known already, "
        f"{f'{older} of older runs left out, ' if older else ''}{refused} refused, {rejected:,} records rejected"
    )
    return REFUSED if refused or twice else WITH_REJECTS if rejected or unclaimed else 0


def _report_build(result: pipeline.BuildResult) -> None:
    if result.build is None:
        out.print(f"nothing new: the last build stays ({result.seconds:.1f} s)")
    else:
        requests = result.build.facts["facts"]["requests"]
        kind = "full" if result.is_full else "incremental"
        out.print(f"published {result.build.build_id}: {requests:,} requests, {kind}, {result.seconds:.1f} s")
        _report_unknown_usage(result.build)


def _report_unknown_usage(build: builds.Build) -> None:
    """Say what providers count and nothing here reads: it may be a new kind that they bill."""
    with closing(Warehouse(build.path)) as warehouse:
        found = marts.health.unknown_usage(warehouse, UNKNOWN_LINES)
    for row in found.iter_rows(named=True):
        calls, quantity = row["request_count"], row["quantity"]
        counted = f"{calls:,} {'call' if calls == 1 else 'calls'}, {quantity.normalize():,f}"
        name = f"{row['provider_id']} {row['model_id']} {row['usage_name']}"
        out.print(f"usage that we do not read: {name}, {counted}", markup=False)
    more = found["found_count"][0] - len(found) if len(found) else 0
    if more:
        out.print(f'and {more:,} more: unitcost sql "select * from unknown_usage"', markup=False)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total or None)


def _file_progress(show: Callable[[str, int, int], None]) -> Callable[[Path | Address, int, int], None]:
    return lambda path, number, count: show(f"ingest: {path.name}", number, count)


def _exact(value: Any) -> Any:
    """A value for machines: money with its decimals, never in exponent form."""
    return f"{value:f}" if isinstance(value, Decimal) else value if value is None else str(value)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _fail(error: object, code: int) -> None:
    err.print(f"error: {error}", markup=False)
    raise SystemExit(code)
