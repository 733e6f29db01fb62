"""A newer bill replaces the older one whole, or not at all; what it changes is counted exactly."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import restatements
from ingest.inputs import ingest_files
from ingest.landing import empty_sql, scope_sql
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.source import Source, Table
from ingest.sources import discover

SOURCES = discover()
BILLS = [
    (source, table)
    for source in SOURCES.values()
    for table in source.tables
    if table.shape == "charges" and table.replaces
]
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
    "BilledCost,EffectiveCost,BillingCurrency"
)
Line = tuple[str, str, str, str]
"""Account, day on which the period starts, billed cost, currency."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def bill(path: Path, *lines: Line) -> Path:
    """A bill whose effective costs are 0.1 less than what is billed."""
    rows = [
        f"{account},{start}T00:00:00Z,2027-01-01T00:00:00Z,{start}T00:00:00Z,2027-01-01T00:00:00Z,Usage,"
        f"{cost},{Decimal(cost) - Decimal('0.1')},{currency}"
        for account, start, cost, currency in lines
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def ingest(con: duckdb.DuckDBPyConnection, home: Path, *files: Path, allow_smaller: bool = False) -> list[Outcome]:
    with Ledger(home) as ledger:
        return ingest_files(con, ledger, files, home=home, sources=SOURCES, allow_smaller=allow_smaller)


def billed(con: duckdb.DuckDBPyConnection, home: Path) -> list[tuple[Any, ...]]:
    """Account, month and billed cost of what counts."""
    with Ledger(home) as ledger:
        paths = [str(home / one["path"]) for one in ledger.active_files() if one["table_name"] == "focus__charges"]
    return con.sql(
        "select billing_account_id, strftime(billing_period_start, '%Y-%m'), sum(billed_cost) "
        "from read_parquet(?) group by all order by all",
        params=[paths],
    ).fetchall()


def restated(con: duckdb.DuckDBPyConnection, home: Path) -> list[tuple[Any, ...]]:
    """Account, currency, rows and money before and after, in their order."""
    files = sorted((home / "landing" / restatements.TABLE_NAME).glob("*.parquet"))
    return con.sql(
        "select billing_account_id, billing_currency, row_count_before, row_count_after, billed_cost_before, "
        "billed_cost_after, effective_cost_after from read_parquet(?) order by restated_at, billing_currency",
        params=[[str(path) for path in files]],
    ).fetchall()


def everything(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that the ledger holds."""
    con = duckdb.connect(str(home / "ledger.duckdb"), read_only=True)
    try:
        tables = [name for (name,) in con.sql("select table_name from duckdb_tables()").fetchall()]
        return {name: con.sql(f"from {name} order by all").fetchall() for name in tables}
    finally:
        con.close()


@pytest.mark.parametrize(("source", "table"), BILLS, ids=[source.name for source, _ in BILLS])
def test_a_source_of_bills_says_where_its_money_is(
    con: duckdb.DuckDBPyConnection, source: Source, table: Table
) -> None:
    wanted = table.bill
    columns = (wanted.account, wanted.period_start, wanted.currency, wanted.billed_cost, wanted.effective_cost)
    rows = con.sql(f"select {scope_sql(table)}, {', '.join(columns)} from ({empty_sql(table)})").fetchall()
    assert rows == [], source.name


def test_what_a_restatement_changes_is_counted_for_each_account_and_currency(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    ingest(
        con, home,
        bill(
            tmp_path / "1.csv",
            ("acme", "2026-09-01", "0.100000000001", "USD"), ("acme", "2026-09-01", "0.2", "USD"),
            ("acme", "2026-09-01", "5", "EUR"), ("acme", "2026-10-01", "7", "USD"),
            ("other", "2026-09-01", "9", "USD"),
        ),
    )  # fmt: skip
    (outcome,) = ingest(
        con, home,
        bill(
            tmp_path / "2.csv",
            ("acme", "2026-09-01", "0.300000000002", "USD"), ("acme", "2026-09-01", "4.5", "EUR"),
            ("new", "2026-09-01", "1", "USD"),
        ),
    )  # fmt: skip
    assert outcome.replaced == ("acme, 2026-09-01 00:00:00",)
    assert restated(con, home) == [
        ("acme", "EUR", 1, 1, Decimal(5), Decimal("4.5"), Decimal("4.4")),
        ("acme", "USD", 2, 1, Decimal("0.300000000001"), Decimal("0.300000000002"), Decimal("0.200000000002")),
    ]
    assert len(list((home / "landing" / "focus__charges").rglob("*.parquet"))) == 5, "nothing is deleted"


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        ("100", "80", False),
        ("100", "79.999999999999", True),
        ("100", "-1", True),
        ("100", "300", False),
        ("0", "0.0", False),
        ("0", "-5", True),  # the usage that a credit paid for is missing
        ("-100", "-120", False),
        ("-100", "-120.000000000001", True),
        ("-100", "50", False),
    ],
)
def test_a_bill_may_shrink_by_a_fifth_and_no_more(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path, before: str, after: str, is_refused: bool
) -> None:
    ingest(con, home, bill(tmp_path / "1.csv", ("acme", "2026-09-01", before, "USD")))
    (outcome,) = ingest(con, home, bill(tmp_path / "2.csv", ("acme", "2026-09-01", after, "USD")))
    assert outcome.state == ("refused" if is_refused else "landed")
    assert billed(con, home) == [("acme", "2026-09", Decimal(before if is_refused else after))]


def test_a_much_smaller_bill_changes_nothing_until_somebody_says_that_it_is_right(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    small = ("acme", "2026-10-01", "30", "USD")
    ingest(
        con, home, bill(tmp_path / "1.csv", ("acme", "2026-09-01", "60", "USD"), ("acme", "2026-10-01", "50", "USD"))
    )
    before = everything(home)
    # the sum of both periods is larger than before: each is compared with its own
    path = bill(tmp_path / "2.csv", ("acme", "2026-09-01", "90", "USD"), small)
    for _ in range(2):  # it is not forgotten
        (outcome,) = ingest(con, home, path)
        assert outcome.state == "refused"
        for word in ("30 USD", "50 USD", "acme", "2026-10-01", "--allow-smaller"):
            assert word in (outcome.problem or "")
        after = everything(home)
        assert all(after[name] == before[name] for name in ("landing_files", "remembered", "seen_paths"))
        assert next(row for row in after["inputs"] if row not in before["inputs"])[8] == "refused"
    (outcome,) = ingest(con, home, path, allow_smaller=True)
    assert outcome.state == "landed"
    assert billed(con, home) == [("acme", "2026-09", Decimal(90)), ("acme", "2026-10", Decimal(30))]
    with Ledger(home) as ledger:
        assert [one.state for one in ledger.inputs()] == ["landed", "landed"]


def test_a_bill_in_another_currency_is_no_larger_one(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    ingest(con, home, bill(tmp_path / "1.csv", ("acme", "2026-09-01", "10", "EUR")))
    (outcome,) = ingest(con, home, bill(tmp_path / "2.csv", ("acme", "2026-09-01", "1500", "JPY")))
    assert outcome.state == "refused"
    assert "0 EUR" in (outcome.problem or "")


def test_a_file_that_is_stated_again_after_its_restatement_is_one_more_restatement(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    lines = ("acme", "2026-09-01", "10", "USD"), ("acme", "2026-10-01", "20", "USD")
    first = bill(tmp_path / "1.csv", *lines)
    ingest(con, home, first)
    ingest(con, home, bill(tmp_path / "2.csv", ("acme", "2026-10-01", "21", "USD")))
    (tmp_path / "again.csv").write_bytes(first.read_bytes())
    ingest(con, home, tmp_path / "again.csv")
    # September was the same file's before: nothing was restated there
    assert [row[4:6] for row in restated(con, home)] == [(Decimal(20), Decimal(21)), (Decimal(21), Decimal(20))]


@pytest.mark.parametrize("step", ["compare", "keep"])
def test_who_is_stopped_between_leaves_the_older_bill(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ingest(con, home, bill(tmp_path / "1.csv", ("acme", "2026-09-01", "10", "USD")))
    before = everything(home)
    newer = bill(tmp_path / "2.csv", ("acme", "2026-09-01", "11", "USD"))
    with monkeypatch.context() as patched:
        patched.setattr(restatements, step, _stopped(getattr(restatements, step)))
        with pytest.raises(KeyboardInterrupt):
            ingest(con, home, newer)
    after = everything(home)
    assert after == before
    ingest(con, home, newer)
    assert billed(con, home) == [("acme", "2026-09", Decimal(11))]


def test_a_transaction_that_breaks_leaves_the_older_bill(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(con, home, bill(tmp_path / "1.csv", ("acme", "2026-09-01", "10", "USD")))
    before = everything(home)
    newer = bill(tmp_path / "2.csv", ("acme", "2026-09-01", "11", "USD"))
    with monkeypatch.context() as patched:
        # the older file is set aside and the newer one is there: all but the commit
        patched.setattr(Ledger, "_insert_own", _stopped(Ledger._insert_own))
        with pytest.raises(KeyboardInterrupt):
            ingest(con, home, newer)
    assert everything(home) == before
    ingest(con, home, newer)
    assert billed(con, home) == [("acme", "2026-09", Decimal(11))]
    assert len(restated(con, home)) == 2, "the file of the first try stays; the ledger does not know it"
    with Ledger(home) as ledger:
        counted = [one for one in ledger.active_files() if one["table_name"] == restatements.TABLE_NAME]
    assert len(counted) == 1


def _stopped(step: Callable[..., Any]) -> Callable[..., Any]:
    """Do a step, then be interrupted."""

    def stopped(*arguments: Any, **named: Any) -> Any:
        step(*arguments, **named)
        raise KeyboardInterrupt

    return stopped


def test_restatements_say_when_and_by_what(con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path) -> None:
    ingest(con, home, bill(tmp_path / "1.csv", ("acme", "2026-09-01", "10", "USD")))
    newer = bill(tmp_path / "2.csv", ("acme", "2026-09-01", "11", "USD"))
    ingest(con, home, newer)
    with Ledger(home) as ledger:
        first, second = (one.input_id for one in ledger.inputs())
    (path,) = (home / "landing" / restatements.TABLE_NAME).glob("*.parquet")
    ((source, by, at, ids, replaced),) = con.sql(
        "select source_id, restated_by, restated_at, input_ids, replaced_input_ids from read_parquet(?)",
        params=[str(path)],
    ).fetchall()
    assert (source, by, ids, replaced) == ("focus", str(newer), second, first)
    assert abs((datetime.now(UTC).replace(tzinfo=None) - at).total_seconds()) < 600
