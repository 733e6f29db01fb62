"""Where values lie in a record: every kind of path, on lines that have it, lack it, or are something else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.files import inspect
from ingest.landing import Landed, land
from ingest.source import Column, Source, Table, Type
from tests.conftest import landed_rows

AT = "2026-10-07T00:00:00Z"


def table(*columns: Column, at: tuple[str, ...] = ("at",), **more: Any) -> Table:
    return Table(
        shape="units",
        formats=("jsonl",),
        date="recorded_at",
        recognises=lambda _: True,
        columns=(Column("recorded_at", Type.TIMESTAMP, at), *columns),
        **more,
    )


def landed(con: duckdb.DuckDBPyConnection, home: Path, of: Table, text: str) -> tuple[Landed, list[tuple[Any, ...]]]:
    path = home / "in.jsonl"
    path.write_text(text)
    result = land(con, inspect(path), Source("some", "", (of,)), of, home=home)
    names = ", ".join(column.name for column in of.landed_columns()[1:])
    files = [str(file.path) for file in result.files]
    kept = f"select {names} from {landed_rows(of, files)} order by record_number"
    rows = con.sql(kept).fetchall() if files else []
    return result, rows


def lines(*records: Mapping[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    ("path", "record", "value"),
    [
        ("a.b", {"a": {"b": 1}}, "1"),
        ("a.b", {"a": [1]}, None),
        ("a.b", {}, None),
        (
            "a[x.y]",
            {"a": [{"key": "z", "value": {"stringValue": "no"}}, {"key": "x.y", "value": {"intValue": 7}}]},
            "7",
        ),
        ("a[x.y]", {"a": [{"key": "x.y", "value": {"int_value": "8"}}]}, "8"),
        ("a[x]", {"a": [{"key": "x", "value": {"boolValue": True}}, {"key": "x", "value": {"intValue": 2}}]}, "true"),
        ("a[x]", {"a": [{"key": "x", "value": {"arrayValue": {"values": []}}}]}, None),
        ("a[x]", {"a": {"x": 1}}, None),
        ("a[-1]", {"a": ["first", "last"]}, "last"),
        ("a.1", {"a": [1791379600.5, "12"]}, "12"),
        ("a.1", {"a": ["alone"]}, None),
        ("a.1.b", {"a": [{"b": 1}, {"b": 2}]}, "2"),
        ("a[-1]", {"a": []}, None),
        ("a.0.b", {"a": [{"b": 1}, {"b": 2}]}, "1"),
        ("a.0.b", {"a": []}, None),
        ("a>b.c", {"a": {"b": {"c": 1}}}, "1"),
        ("a>b.c", {"a": json.dumps({"b": {"c": 2}})}, "2"),
        ("a>b", {"a": "no JSON {"}, None),
        ("a>b", {"a": "[1]"}, None),
        ("a[-1]>b", {"a": ["{}", json.dumps({"b": 3})]}, "3"),
        ("a[x]>b", {"a": [{"key": "x", "value": {"stringValue": '{"b": 4}'}}]}, "4"),
    ],
)
def test_a_path_finds_its_value_or_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, path: str, record: Mapping[str, Any], value: str | None
) -> None:
    _, rows = landed(con, tmp_path, table(Column("x", paths=(path,))), lines({"at": AT, **record}))
    assert rows == [(value,)]


NESTED = table(
    Column("span", paths=("id",)),
    Column("scope", paths=("../name",)),
    Column("resource", paths=("../../name",)),
    at=("at", "../../at"),
    each=(("resources", "more_resources"), ("scopes", "old_scopes"), ("spans",)),
    where="span is not null",
    has_other_records=True,
)


def test_records_inside_records_know_what_holds_them(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    one = {
        "resources": [
            {
                "name": "r1",
                "at": AT,
                "scopes": [{"name": "s1", "spans": [{"id": 1}, {"id": 2}]}, {"name": "s2", "spans": []}],
            },
            {"name": "r2", "at": AT, "old_scopes": [{"spans": [{"id": 3, "at": AT}]}]},
        ]
    }
    other = {"more_resources": [{"name": "r3", "at": AT, "scopes": [{"name": "s4", "spans": [{"id": 4}]}]}]}
    result, rows = landed(con, tmp_path, NESTED, lines(one, {"unrelated": 1}, other))
    assert rows == [("1", "s1", "r1"), ("2", "s1", "r1"), ("3", None, "r2"), ("4", "s4", "r3")]
    # a scope without a span, and a line without any, are records of their own that are not ours
    assert (result.record_count, result.landed_count, result.other_count) == (6, 4, 2)


def test_a_record_that_is_broken_is_told_by_its_line(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    good = {"resources": [{"at": AT, "scopes": [{"spans": [{"id": 1}, {"id": 2}]}]}]}
    bad = {"resources": [{"at": "yesterday", "scopes": [{"spans": [{"id": 3}, {"id": 4}]}]}]}
    result, rows = landed(con, tmp_path, NESTED, lines(good, bad) + '{"resources": [\n')
    assert [row[0] for row in rows] == ["1", "2"]
    assert [(reject.record_number, reject.rule) for reject in result.rejects] == [
        (2, "is no time, with Z or an offset from UTC"),
        (2, "is no time, with Z or an offset from UTC"),
        (3, "is no JSON object"),
    ]
    assert (result.record_count, result.landed_count, result.rejected_count) == (5, 2, 3)


FLAT_OR_NESTED = table(
    Column("id", paths=("id",)), Column("cost", paths=("usage.cost",)), each=(("list", "page.data", ""),)
)


def test_a_line_is_the_record_where_it_has_no_array(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, rows = landed(
        con,
        tmp_path,
        FLAT_OR_NESTED,
        lines(
            {"at": AT, "id": "a", "usage": {"cost": 1}},
            {"list": [{"at": AT, "id": "b", "usage": {"cost": 2}}, {"at": AT, "id": "c"}]},
            {"page": {"data": [{"at": AT, "id": "d"}]}},
        ),
    )
    assert rows == [("a", "1"), ("b", "2"), ("c", None), ("d", None)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("as_array", [True, False])
def test_a_json_document_is_read_like_lines(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, indent: int | None, as_array: bool
) -> None:
    records = [{"at": AT, "id": "a", "usage": {"cost": 12345678901234567890}}, {"at": AT, "id": "b\nc"}]
    document = json.dumps(records if as_array else {"list": records}, indent=indent)
    result, rows = landed(con, tmp_path, FLAT_OR_NESTED, document)
    assert rows == [("a", "12345678901234567890"), ("b\nc", None)]
    assert result.landed_count == 2


def test_values_of_an_object_are_records_whatever_their_names(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    by_name = table(
        Column("cost", paths=("cost",)),
        Column("team", paths=("of.labels.team",)),
        each=(("data",), ("*",)),
        where="cost is not null",
        at=("../../at",),
    )
    many = {"a/b": {"cost": 1.5, "of": {"labels": {"team": "x"}}}, "__idle__": {"cost": "2"}, "odd": 7}
    text = lines({"at": AT, "data": [many, {}, None, {"c": {"cost": 3}}]}, {"at": AT, "data": None}, {"at": AT})
    result, rows = landed(con, tmp_path, by_name, text)
    assert sorted(rows, key=str) == [("1.5", "x"), ("2", None), ("3", None)]
    assert (result.landed_count, result.rejected_count) == (3, 0)
