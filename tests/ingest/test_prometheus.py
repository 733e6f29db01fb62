"""Scrapes in files: what a line says, when it was, and what is none."""

import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import prometheus
from ingest.files import inspect
from ingest.landing import Landed, land
from ingest.source import Column, Source, Table
from tests.conftest import landed_rows

TABLE = Table(
    shape="capacity",
    formats=("prometheus", "jsonl"),
    date="sampled_at",
    recognises=lambda _: True,
    each=prometheus.EACH,
    where="metric is not null",
    columns=(
        Column("metric", paths=(prometheus.NAME,)),
        prometheus.AT,
        prometheus.VALUE,
        prometheus.label("a", "a"),
        prometheus.label("instance", "instance"),
    ),
)
NOON = "2026-10-07T12:00:00Z"


def landed(con: duckdb.DuckDBPyConnection, home: Path, text: str) -> tuple[Landed, list[tuple[Any, ...]]]:
    path = home / "in.prom"
    path.write_text(text)
    os.utime(path, (1_791_374_400, 1_791_374_400))  # noon
    result = land(con, inspect(path), Source("some", "", (TABLE,)), TABLE, home=home)
    kept = landed_rows(TABLE, [str(file.path) for file in result.files])
    return result, con.sql(
        f"select metric, a, instance, value, sampled_at from {kept} order by record_number"
    ).fetchall()


@pytest.mark.parametrize(
    ("line", "metric", "a", "value", "minute"),
    [
        ("up 1", "up", None, "1", 0),
        ("vllm:x_total{} 1.5e+06", "vllm:x_total", None, "1500000", 0),
        ('m{a="b"} -0.5 1791374460000', "m", "b", "-0.5", 1),
        ('m{a="b",} 7 1791374460.5', "m", "b", "7", 1),
        ('m{ b="x=" , a = "c" }\t3', "m", "c", "3", 0),
        ('m{a="}, \\"q\\" {b=",b="a=\\"no\\""} 3', "m", '}, "q" {b=', "3", 0),
        ('m{a="back\\\\slash"} 3 # {trace_id="t"} 0.67 1791374400', "m", "back\\slash", "3", 0),
        ("m NaN", "m", None, None, 0),
    ],
)
def test_a_line_has_a_name_labels_a_value_and_a_time(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    line: str,
    metric: str,
    a: str | None,
    value: str | None,
    minute: int,
) -> None:
    result, rows = landed(con, tmp_path, f"# TYPE m gauge\n{line}\n\n")
    number = None if value is None else Decimal(value)
    ((*found, sampled_at),) = rows
    assert (found, sampled_at.minute) == ([metric, a, None, number], minute)
    assert (result.record_count, result.landed_count) == (1, 1)


def test_a_comment_with_a_time_is_about_the_samples_below_it(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, rows = landed(
        con,
        tmp_path,
        "m 1\n"
        f'# {NOON.replace("12", "13")} instance="one" a="x"\n'
        "# HELP m What it was at 2020-01-01T00:00:00Z\nm 2\nm 3\n"
        f"# scraped at {NOON.replace('12:', '14:')}\nm 4\n",
    )
    assert [(value, instance, a, at.hour) for _, a, instance, value, at in rows] == [
        (1, None, None, 12),
        (2, "one", "x", 13),
        (3, "one", "x", 13),
        (4, None, None, 14),
    ]


def test_what_is_no_sample_is_rejected_and_the_others_land(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    result, rows = landed(con, tmp_path, 'm 1\nm{a="open 2\nm{a="b"} many\n{"json": 1}\nm 5\n')
    assert [value for *_, value, _ in rows] == [1, 5]
    assert [(one.record_number, one.rule) for one in result.rejects] == [
        (2, "is no sample of a metric"),
        (3, "is no sample of a metric"),
    ]
    assert (result.record_count, result.other_count) == (5, 1)


def test_a_file_whose_first_line_is_no_sample_is_no_scrape(tmp_path: Path) -> None:
    for text in ("date,cost\n2026-10-07,1\n", "# a,comment\nname,value\nup 1\n", '{"m": 1}\n'):
        (tmp_path / "in").write_text(text)
        assert inspect(tmp_path / "in").format in {"csv", "jsonl"}


def test_a_large_scrape_is_counted_line_by_line(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    result, rows = landed(con, tmp_path, "".join(f'm{{a="{n}"}} {n} 1791374400000\n' for n in range(20_000)))
    assert result.landed_count == 20_000
    assert sum(value for *_, value, _ in rows) == sum(range(20_000))
    assert {at for *_, at in rows} == {datetime(2026, 10, 7, 12)}  # noqa: DTZ001 - as it lands
