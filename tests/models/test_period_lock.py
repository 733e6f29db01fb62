"""`unitcost close`: a month is closed where nothing stands in the way, or where somebody says so all the same."""

import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest

from app import builds, cli, period_lock, pipeline
from ingest.prices import closed_periods
from tests.models.conftest import Companies, Company, write_calls
from tests.models.reconciled import OVERRIDES, month, october, write_bill

OCTOBER = date(2026, 10, 1)
Ran = Callable[..., tuple[int, str, str]]
BOM_CRLF = b'\xef\xbb\xbfnote,month,closed_at\r\n"a, b",2026-09-01,2026-10-03\r\n'


@pytest.fixture(scope="module")
def billed(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """October with its bill, of which half a dollar is not explained."""
    folder = tmp_path_factory.mktemp("close")
    made = company("period_lock", overrides=OVERRIDES)
    made.load((write_calls(folder / "calls.jsonl", month()), "canonical"), write_bill(folder / "bill.csv", october()))
    return made


@pytest.fixture
def unitcost(billed: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Ran]:
    """The command line in the copy of the project: exit code, output and errors."""
    monkeypatch.setenv("UNITCOST_HOME", str(billed.home))

    def ran(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["unitcost", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), " ".join(said.out.split()), " ".join(said.err.split())

    with billed.at_work(), patch.object(period_lock, "PROJECT_DIR", billed.project):
        yield ran


def lines(billed: Company) -> list[str]:
    return (billed.project / "seeds" / "closed_periods.csv").read_text().splitlines()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("2099-01", "2099-01 is not over: it can be closed from 2099-02-01 on"),
        ("2026-03", "2026-03 is not ready to close: every provider: no bill and no call"),
        ("2026-10", "2026-10 is not ready to close: acme · org-1: 0.5 USD that nothing explains"),
    ],
)
def test_a_month_that_is_not_ready_is_refused_with_what_stands_in_its_way(
    billed: Company, unitcost: Ran, asked: str, why: str
) -> None:
    before = lines(billed)
    code, _, problem = unitcost("close", asked)
    assert code == 1
    assert f"error: {why}" in problem
    assert lines(billed) == before


def test_what_is_no_month_is_a_usage_error(unitcost: Ran) -> None:
    code, _, problem = unitcost("close", "2026-13")
    assert code == 2
    assert "2026-13 is no month: write 2026-10" in problem


def test_a_file_that_cannot_be_written_is_one_line_and_stays_as_it_was(billed: Company, unitcost: Ran) -> None:
    before = lines(billed)
    with patch.object(closed_periods.shutil, "copymode", side_effect=OSError(30, "Read-only file system")):
        code, _, problem = unitcost("close", "2026-10", "--anyway")
    assert code == 1
    assert "closed_periods.csv cannot be written (Read-only file system): nothing was closed" in problem
    assert lines(billed) == before
    assert not list((billed.project / "seeds").glob(".*"))


def test_nothing_is_closed_while_another_run_is_going_on(billed: Company, unitcost: Ran) -> None:
    with pipeline.writer(billed.settings):
        code, _, problem = unitcost("close", "2026-10", "--anyway")
    assert code == 75
    assert "is locked by" in problem


def test_a_month_is_closed_as_of_the_build_that_was_looked_at_and_stays_so(billed: Company, unitcost: Ran) -> None:
    built_at = builds.current(billed.home).built_at.replace(tzinfo=None, microsecond=0)
    before = lines(billed)
    code, said, _ = unitcost("close", "2026-10", "--anyway", "--note", "ok, it's Ann's")
    assert code == 0
    assert said == f"2026-10 is closed as of {built_at} UTC, when its figures were built; run `unitcost build`"
    assert lines(billed) == [*before, f'2026-10-01,{built_at:%Y-%m-%dT%H:%M:%SZ},"ok, it’s Ann’s"']

    code, _, problem = unitcost("close", "2026-10", "--anyway")
    assert code == 1
    assert f"2026-10 is closed already, since {built_at} UTC" in problem

    assert billed.rows("select distinct closed_at from close_checklist") == [(None,)]
    costs = "select sum(cost_usd), sum(list_cost_usd), count(cost_usd) from fct_requests"
    (figures,) = billed.rows(costs)
    billed.load()
    assert billed.rows("select distinct closed_at from close_checklist") == [(built_at,)]
    assert billed.rows(costs) == [figures], "the prices of the close are those that were looked at"


def checklist(**said: Any) -> pl.DataFrame:
    nothing = dict.fromkeys(
        ("unexplained_variance_usd", "unclassified_cost_usd", "estimated_cost_usd"), Decimal("0.000000000000")
    )
    row = {"provider_id": "acme", "billing_account_id": "a", "month": OCTOBER, "has_bill": True, **nothing, **said}
    return pl.DataFrame([row])


def test_a_bill_that_is_explained_has_nothing_in_its_way() -> None:
    assert period_lock.obstacles(checklist(), OCTOBER) == []


@pytest.mark.parametrize(
    ("said", "what", "amount"),
    [
        ({"has_bill": False}, "no bill", None),
        ({"unexplained_variance_usd": Decimal("2.40")}, "that nothing explains", Decimal("2.40")),
        ({"unclassified_cost_usd": Decimal(-17)}, "on lines that no charge rule knows", Decimal(-17)),
        ({"estimated_cost_usd": Decimal("12.5")}, "of calls still estimated", Decimal("12.5")),
    ],
)
def test_each_obstacle_is_named_with_its_bill_and_its_money(
    said: dict[str, Any], what: str, amount: Decimal | None
) -> None:
    assert period_lock.obstacles(checklist(**said), OCTOBER) == [period_lock.Obstacle("acme · a", what, amount)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"month,closed_at,note\n", b"month,closed_at,note\n2026-10-01,2026-11-03T04:00:00Z,Ann\n"),
        (b"month,closed_at,note", b"month,closed_at,note\n2026-10-01,2026-11-03T04:00:00Z,Ann\n"),
        (BOM_CRLF, BOM_CRLF + b"Ann,2026-10-01,2026-11-03T04:00:00Z\r\n"),
    ],
)
def test_the_other_lines_stay_byte_for_byte(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = tmp_path / "closed_periods.csv"
    path.write_bytes(before)
    path.chmod(0o640)
    period = closed_periods.ClosedPeriod(OCTOBER, datetime.fromisoformat("2026-11-03T04:00:00"))
    closed_periods.append(path, period, "Ann")
    assert path.read_bytes() == after
    assert path.stat().st_mode & 0o777 == 0o640
    assert closed_periods.read(path)[-1] == period
