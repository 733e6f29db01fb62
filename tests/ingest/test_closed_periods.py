"""Which months are closed, and since when: what a line of the seed may say."""

from datetime import date, datetime
from pathlib import Path

import pytest

from ingest.prices import closed_periods
from ingest.prices.closed_periods import ClosedPeriod
from ingest.prices.tables import PriceBookError

SHIPPED = Path(__file__).parents[2] / "seeds" / "closed_periods.csv"


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return tmp_path / "closed_periods.csv"


def read(seed: Path, *lines: str, header: str = "month,closed_at,note") -> list[ClosedPeriod]:
    seed.write_text("\n".join([header, *lines]) + "\n")
    return closed_periods.read(seed)


def test_the_file_that_ships_closes_no_month() -> None:
    assert closed_periods.read(SHIPPED) == []


@pytest.mark.parametrize(
    "closed_at",
    ["2026-10-03T00:00:00Z", "2026-10-03", "2026-10-03 00:00:00", "2026-10-03T00:00:00.0", "2026-10-03T00:00:00+00:00"],
)
def test_a_close_is_read_in_utc_however_it_is_written(seed: Path, closed_at: str) -> None:
    assert read(seed, f"2026-09-01,{closed_at},by Ann") == [ClosedPeriod(date(2026, 9, 1), datetime(2026, 10, 3))]  # noqa: DTZ001


def test_a_month_may_be_closed_before_it_ends(seed: Path) -> None:
    assert len(read(seed, "2026-09-01,2026-09-30T18:00:00Z,", "2026-10-01,2026-11-03T00:00:00Z")) == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2026-09,2026-10-03,", "month 2026-09 is no first day of a month like 2026-09-01"),
        ("20260901,2026-10-03,", "month 20260901 is no first day of a month like 2026-09-01"),
        ("2026-13-01,2026-10-03,", "month 2026-13-01 is no first day of a month like 2026-09-01"),
        ("2026-09-15,2026-10-03,", "month 2026-09-15 is no first day of a month like 2026-09-01"),
        (",2026-10-03,", "month (blank) is no first day of a month like 2026-09-01"),
        ("2026-09-01,,", "closed_at (blank) is no time like 2026-10-03T00:00:00Z"),
        ("2026-09-01", "closed_at (blank) is no time like 2026-10-03T00:00:00Z"),
        ("2026-09-01,3.10.2026,", "closed_at 3.10.2026 is no time like 2026-10-03T00:00:00Z"),
        ("2026-09-01,2026-10-03T25:00:00Z,", "closed_at 2026-10-03T25:00:00Z is no time like 2026-10-03T00:00:00Z"),
        (
            "2026-09-01,2026-10-03T00:00:00+02:00,",
            "closed_at 2026-10-03T00:00:00+02:00 is 2026-10-02T22:00:00Z in UTC: write it so",
        ),
        ("2026-09-01,2026-10-03,by Ann, Bob", "it has more fields than the header"),
        ('2026-09-01,2026-10-03,"by Ann', "the record goes on in the next line; close the quote"),
        ("2026-08-01,2026-10-03,", "2026-08-01 is closed by line 2 already"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_its_number(seed: Path, line: str, problem: str) -> None:
    with pytest.raises(PriceBookError) as caught:
        read(seed, "2026-08-01,2026-09-03T00:00:00Z,", line, "2026-10-01,2026-11-03T00:00:00Z,")
    assert str(caught.value) == f"{seed} line 3: {problem}"


def test_a_file_without_a_column_is_refused_with_it_named(seed: Path) -> None:
    with pytest.raises(PriceBookError, match=r"closed_periods\.csv: the header lacks closed_at$"):
        read(seed, "2026-09-01,2026-10-03,", header="month,closed,note")
