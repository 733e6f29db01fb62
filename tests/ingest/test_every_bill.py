"""What every source of bills must hold, tried on its own sample with one value after the other made bad.

What states a whole (`Table.replaces`) lands whole or not at all; of rows that add up the bad ones are set aside alone.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from ingest.files import RefusedError, inspect
from ingest.inputs import ingest_files
from ingest.landing import Landed, connect, land
from ingest.ledger import Ledger
from ingest.raw import views
from ingest.source import Column, Source, Table, Type
from ingest.sources import discover
from tests.conftest import landed_rows
from tests.ingest.bills import BILLS, NAMES, Change, reordered, sample, with_changes, without, written

MONEY = {Type.MONEY, Type.FLOAT_MONEY}
NUMBERS = {*MONEY, Type.QUANTITY, Type.INTEGER}
NO_NUMBERS = ("abc", "$5", "1,234.56", "0x1F", "0b1", "NaN", "Infinity", "-inf", "1e309", "9" * 41, "1_000", "1 000")
NO_CURRENCIES = ("$", "US$", "dollars", "US", "XXX", "XAU", "BTC", "USD/EUR")
NO_TIMES = (
    *("yesterday", "2026-02-30T00:00:00Z", "2026-10-07T23:59:60Z", "2026-10-07T25:00:00Z", "1e30", "9" * 41),
    *("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "1970-01-01T00:00:00Z", "1791331", "-1791331200"),
)
NO_IDENTIFIERS = ("x" * 257, "x" * 10_000, "two\nlines", "a\tb", "bell\x07")

each_bill = pytest.mark.parametrize(("source", "table"), BILLS, ids=NAMES)
each_restated = pytest.mark.parametrize(
    ("source", "table"),
    [(source, table) for source, table in BILLS if table.shape == "charges" and table.replaces],
    ids=[name for name, (_, table) in zip(NAMES, BILLS, strict=True) if table.shape == "charges" and table.replaces],
)
each_csv = pytest.mark.parametrize(
    ("source", "table"),
    [(source, table) for source, table in BILLS if "csv" in table.formats],
    ids=[name for name, (_, table) in zip(NAMES, BILLS, strict=True) if "csv" in table.formats],
)


class Bench:
    """Lands texts as files of one source, in a warehouse of their own."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path, source: Source, table: Table) -> None:
        self.con, self.folder, self.source, self.table = con, folder, source, table
        self.home = folder / "home"

    def write(self, text: str, name: str = "bill") -> Path:
        path = self.folder / f"{name}{sample(self.source, self.table).suffix}"
        path.write_text(text, newline="")
        return path

    def land(self, text: str) -> Landed:
        return land(self.con, inspect(self.write(text)), self.source, self.table, home=self.home)

    def rows(self, landed: Landed) -> list[dict[str, Any]]:
        """What landed, without where it came from."""
        return self.rows_of(
            self.con.sql(f"select * from {landed_rows(self.table, [file.path for file in landed.files])}")
        )

    def rows_of(self, found: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
        """The same of a relation."""
        lineage = {"input_id", "record_number", "record_hash", "usage_date"}
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        kept = [{name: plain(value) for name, value in row.items() if name not in lineage} for row in rows]
        return sorted(kept, key=repr)

    def rejected(self, text: str) -> Counter[tuple[str, str | None]]:
        """Column and value of what did not land; nothing of a statement has landed, of other files all the rest."""
        whole = self.land(sample(self.source, self.table).read_text()).landed_count
        landed = set(self.home.rglob("landing/**/*.parquet"))
        file = inspect(self.write(text))
        if self.table.replaces:
            with pytest.raises(RefusedError, match="lands whole or not at all"):
                land(self.con, file, self.source, self.table, home=self.home)
            assert set(self.home.rglob("landing/**/*.parquet")) == landed
        else:
            result = land(self.con, file, self.source, self.table, home=self.home)
            assert result.landed_count == whole
        aside = self.home / "quarantine" / self.source.name / f"{file.sha256}.parquet"
        return Counter(self.con.sql("select column_name, value from read_parquet($1)", params=[str(aside)]).fetchall())


def plain(value: Any) -> Any:
    """JSON has no order of keys."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        return json.dumps(json.loads(value), sort_keys=True)
    return value


@pytest.fixture
def bench(con: duckdb.DuckDBPyConnection, tmp_path: Path, source: Source, table: Table) -> Bench:
    return Bench(con, tmp_path, source, table)


def columns(table: Table, *kinds: Type) -> list[Column]:
    return [column for column in table.columns if column.type in kinds and column.landed and written(column)]


def shown(changes: list[Change]) -> Counter[tuple[str, str | None]]:
    """How the quarantine shows changes: with the first 80 characters of a value."""
    return Counter((column.name, value[:80] if value else None) for column, value in changes)


@each_bill
def test_columns_in_another_order_say_the_same(bench: Bench) -> None:
    as_it_comes = bench.rows(bench.land(sample(bench.source, bench.table).read_text()))
    assert bench.rows(bench.land(reordered(bench.source, bench.table))) == as_it_comes


@each_csv
def test_a_column_that_is_there_twice_is_refused_in_whatever_case(bench: Bench) -> None:
    paths = [path for column in bench.table.columns for path in column.paths if not path.startswith("../")]
    header = list({path.lower(): path for path in paths if not path.endswith("*")}.values())
    required = next(column for column in bench.table.columns if column.required)
    (name, *_) = (path for path in required.paths if path in header)
    for twin in (name, name.swapcase(), f" {name.upper()} "):
        path = bench.folder / "twins.csv"
        path.write_text(",".join([*header, twin]) + "\n" + "," * len(header) + "\n")
        with pytest.raises(RefusedError, match=r"names \S+ more than once"):
            land(bench.con, inspect(path), bench.source, bench.table, home=bench.home)


def test_columns_of_parquet_that_differ_in_case_only_are_refused(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    source = discover()["focus"]
    rows = pa_csv.read_csv(sample(source, source.tables[0]))
    pq.write_table(rows.append_column("billedcost", rows["BilledCost"]), tmp_path / "twins.parquet")
    with pytest.raises(RefusedError, match="names billedcost more than once"):
        land(con, inspect(tmp_path / "twins.parquet"), source, source.tables[0], home=tmp_path / "home")


@each_bill
def test_a_file_without_a_required_column_is_refused_or_its_records_are(bench: Bench) -> None:
    for column in bench.table.columns:
        if not column.required:
            continue
        text = without(bench.source, bench.table, column)
        if sample(bench.source, bench.table).suffix == ".csv":
            with pytest.raises(RefusedError, match=f"the required column {column.paths[0]} is missing"):
                bench.land(text)
        elif bench.table.replaces:
            with pytest.raises(RefusedError, match=f"{column.name} is missing"):
                bench.land(text)
        else:
            assert {reject.column for reject in bench.land(text).rejects} == {column.name}


@each_bill
def test_of_files_with_and_without_a_column_each_keeps_what_it_says(bench: Bench) -> None:
    """Read together, the schema of the first one does not hold for the others."""
    said = repr((bench.table.replaces, bench.table.where, bench.table.checks))
    needed = [one for one in bench.table.columns if one.required or re.search(rf"\b{one.name}\b", said)]
    paths = {path for column in needed for path in column.paths}
    text = without(
        bench.source, bench.table, *(one for one in bench.table.columns if written(one) and paths.isdisjoint(one.paths))
    )
    assert text != sample(bench.source, bench.table).read_text()
    narrow, wide = bench.land(text), bench.land(sample(bench.source, bench.table).read_text())
    assert narrow.landed_count == wide.landed_count
    name = bench.source.raw_name(bench.table)
    files = [
        {
            **vars(file),
            "path": str(file.path.relative_to(bench.home)),
            "table_name": name,
            "input_id": "",
            "load_number": 1,
        }
        for file in (*narrow.files, *wide.files)
    ]
    warehouse = duckdb.connect()
    views.create_views(warehouse, [bench.source], files, bench.home)
    assert bench.rows_of(warehouse.sql(f"select * from raw.{name}")) == sorted(
        [*bench.rows(narrow), *bench.rows(wide)], key=repr
    )
    warehouse.close()


@each_bill
def test_what_is_no_number_is_rejected_in_every_column_of_numbers(bench: Bench) -> None:
    changes: list[Change] = []
    for column in columns(bench.table, *NUMBERS):
        changes += [(column, text) for text in NO_NUMBERS]
        if column.type is Type.MONEY:
            changes += [(column, "0.1234567890123"), (column, "1e-13")]  # never rounded in silence
        if column.type is Type.INTEGER:
            changes += [(column, text) for text in ("1.5", "1e-1", "9223372036854775808")]
        if column.minimum is not None:
            changes += [(column, str(column.minimum - 1)), (column, "-1e3")]
        if column.maximum is not None:
            changes += [(column, "1" + "0" * 18)]
        if column.required:
            changes += [(column, None)]
    if not changes:
        assert bench.table.shape == "billing_periods"
        return
    assert bench.rejected(with_changes(bench.source, bench.table, changes)) == shown(changes)


@each_bill
def test_money_lands_as_it_is_written_and_only_the_noise_of_doubles_is_rounded_off(bench: Bench) -> None:
    texts = (" 2.5 ", "-2.5", "-0.00", "1E-7", "1000000000000.000000000001", "-1e12", "+3")
    amounts = {text: Decimal(text.strip()) for text in texts}
    expected = {
        column.name: {**amounts, **({"7.30000000000000004": Decimal("7.3")} if column.type is Type.FLOAT_MONEY else {})}
        for column in columns(bench.table, *MONEY)
    }
    changes: list[Change] = [
        (column, text) for column in columns(bench.table, *MONEY) for text in expected[column.name]
    ]
    before = bench.land(sample(bench.source, bench.table).read_text())
    landed = bench.land(with_changes(bench.source, bench.table, changes))
    assert landed.landed_count == before.landed_count + len(changes)
    rows = bench.rows(landed)
    for column, values in expected.items():
        assert Counter(values.values()) <= Counter(row[column] for row in rows), column


@each_bill
def test_what_is_no_time_of_a_bill_is_rejected_in_every_column_of_times(bench: Bench) -> None:
    changes: list[Change] = [
        (column, text)
        for column in columns(bench.table, Type.TIMESTAMP)
        for text in (*NO_TIMES, *(() if column.zone else ("2026-10-07T02:30:00", "2026-10-07 02:30:00.123456")))
    ]
    rejected = bench.rejected(with_changes(bench.source, bench.table, changes))
    assert sum(rejected.values()) == len(changes), shown(changes) - rejected


@each_bill
def test_a_currency_is_a_code_of_iso_4217_in_whatever_case(bench: Bench) -> None:
    for column in columns(bench.table, Type.CURRENCY):
        changes: list[Change] = [(column, text) for text in NO_CURRENCIES]
        assert bench.rejected(with_changes(bench.source, bench.table, changes)) == shown(changes)
        landed = bench.land(with_changes(bench.source, bench.table, [(column, " jpy "), (column, "Jpy")]))
        assert Counter(row[column.name] for row in bench.rows(landed))["JPY"] == 2


def test_every_bill_says_in_which_currency_it_is_unless_there_is_but_one() -> None:
    without_one = {
        source.raw_name(table)
        for source, table in BILLS
        if table.shape in {"charges", "invoices"} and not columns(table, Type.CURRENCY)
    }
    assert without_one == {"openrouter__charges"}  # US dollars always


@each_bill
def test_what_is_no_identifier_is_rejected(bench: Bench) -> None:
    changes: list[Change] = [
        (column, text) for column in bench.table.columns if column.identifier for text in NO_IDENTIFIERS
    ]
    if changes:
        rejected = bench.rejected(with_changes(bench.source, bench.table, changes))
        assert Counter(column for column, _ in rejected.elements()) == Counter(column.name for column, _ in changes)
        column = changes[0][0]
        landed = bench.land(with_changes(bench.source, bench.table, [(column, 'it\'s "quoted"; drop table x')]))
        assert 'it\'s "quoted"; drop table x' in {row[column.name] for row in bench.rows(landed)}


@each_bill
def test_two_equal_lines_are_two_lines(bench: Bench) -> None:
    column = columns(bench.table, *NUMBERS, Type.TIMESTAMP)[0]
    value = "2026-10-07T00:00:00Z" if column.type is Type.TIMESTAMP else "7"
    once = bench.land(sample(bench.source, bench.table).read_text())
    twice = bench.land(with_changes(bench.source, bench.table, [(column, value), (column, value)]))
    assert twice.landed_count == once.landed_count + 2


@each_restated
def test_a_bill_that_is_much_smaller_than_what_it_replaces_is_refused_until_somebody_says_that_it_is_right(
    bench: Bench,
) -> None:
    column = next(
        one for one in columns(bench.table, *MONEY, Type.QUANTITY) if one.name in bench.table.bill.billed_cost
    )
    large = bench.write(with_changes(bench.source, bench.table, [(column, "1000000")]), "large")
    small = bench.write(sample(bench.source, bench.table).read_text(), "small")
    bench.home.mkdir()
    with Ledger(bench.home) as ledger:
        (first,) = ingest(bench, ledger, large)
        counted = ledger.active_files()
        (second,) = ingest(bench, ledger, small)
        assert (first.state, second.state) == ("landed", "refused")
        assert "over 20 % less than" in (second.problem or "")
        assert ledger.active_files() == counted
        (third,) = ingest(bench, ledger, small, allow_smaller=True)
        assert (third.state, bool(third.replaced)) == ("landed", True)


@each_restated
def test_a_bill_without_a_line_replaces_nothing(bench: Bench) -> None:
    text = sample(bench.source, bench.table).read_text()
    empty = text.splitlines()[0] + "\n"
    if bench.table.each:
        empty = re.sub(r'"results": \[.*?\](?=})', '"results": []', text)
    elif sample(bench.source, bench.table).suffix != ".csv":
        pytest.skip("JSON lines without a line are an empty file, which is refused")
    bench.home.mkdir()
    with Ledger(bench.home) as ledger:
        ingest(bench, ledger, bench.write(text, "whole"))
        counted = ledger.active_files()
        (outcome,) = ingest(bench, ledger, bench.write(empty, "empty"))
        assert (outcome.landed_count, outcome.replaced) == (0, ())
        assert ledger.active_files() == counted


def ingest(bench: Bench, ledger: Ledger, path: Path, *, allow_smaller: bool = False) -> list[Any]:
    sources = {bench.source.name: bench.source}
    return ingest_files(
        bench.con, ledger, [path], home=bench.home, sources=sources, source=bench.source.name,
        allow_smaller=allow_smaller,
    )  # fmt: skip


EDGES = {
    "2026-09-30T23:59:59.999999Z": "2026-09-30",
    "2026-10-01T00:00:00Z": "2026-10-01",
    "2026-09-30T17:00:00-07:00": "2026-10-01",
    "2026-10-01T05:29:59+05:30": "2026-09-30",
    "2026-03-08T02:30:00Z": "2026-03-08",  # California has no such hour
    "2025-11-02T01:30:00Z": "2025-11-02",  # and this one twice
}
"""Moments, and their days in UTC."""
NAIVE = {"2026-09-30T20:00:00": "2026-09-30", "2026-10-01T02:00:00": "2026-10-01"}
"""The same of times without an offset, where a format says that they are UTC."""
MIDNIGHTS = {edge: EDGES[edge] for edge in ("2026-10-01T00:00:00Z", "2026-09-30T17:00:00-07:00")}
IN_A_ZONE = """
import sys
from pathlib import Path
from tests.ingest.test_every_bill import land_edges
land_edges(Path(sys.argv[1]))
"""


def edges(table: Table) -> tuple[Column, dict[str, str]]:
    """The column by which lines fall into days, and what is written there; a page of buckets begins at midnight."""
    column = next(column for column in table.columns if column.name == table.date)
    if any("day whose first hours" in check.says for check in table.checks):
        return column, MIDNIGHTS
    return column, EDGES | NAIVE if column.zone else EDGES


def land_edges(folder: Path) -> None:
    """Land lines at the edges of days and months, and print each day's lines and their sums."""
    con = connect(scratch=folder / "scratch")
    for source, table in BILLS:
        column, written_there = edges(table)
        path = folder / f"{source.raw_name(table)}{sample(source, table).suffix}"
        path.write_text(with_changes(source, table, [(column, edge) for edge in written_there]))
        files = [file.path for file in land(con, inspect(path), source, table, home=folder / "home").files]
        sums = "".join(f", sum({one.name})::varchar" for one in columns(table, *NUMBERS))
        rows = con.sql(
            f"select usage_date::varchar, count(*){sums} from {landed_rows(table, files)} group by all order by all"
        )
        sys.stdout.write(json.dumps([source.raw_name(table), rows.fetchall()]) + "\n")
    con.close()


def test_days_and_sums_are_the_same_in_every_time_zone_of_the_machine(tmp_path: Path) -> None:
    told = {}
    for zone in ("UTC", "America/Los_Angeles", "Asia/Kolkata"):
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", IN_A_ZONE, str(folder)],
            env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told[zone] = dict(map(json.loads, done.stdout.splitlines()))
    assert told["America/Los_Angeles"] == told["UTC"]
    assert told["Asia/Kolkata"] == told["UTC"]
    for name, (_, table) in zip(NAMES, BILLS, strict=True):
        counts = {day: count for day, count, *_ in told["UTC"][name]}
        expected = Counter(edges(table)[1].values())
        assert expected <= Counter(counts), name
