"""Files of tables, written and read back: money digit for digit, text that stays text, in every format."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from io import BytesIO, StringIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import table_files, workbook
from app.rows import Rows, of_frame
from app.table_files import Format
from app.workbook import About, WorkbookError
from tests.app import excel

MONEY = pl.Decimal(38, 12)
ABOUT = About("Costs", {"Build": "b1", "Filters": "none"}, {"cost_usd": "What it costs."})
HOSTILE = [
    "=cmd|' /C calc'!A0", "+1", "-x", "@SUM(A1)", "\tb", "\rc", "{=1}", "<b>Bobby</b> $5", "<r><t>markup</t></r>",
    "<r>half</r>", "http://example.com", 'a,b"c\nd', " spaces ", "_x0041_", "ﬁne", "", None,
]  # fmt: skip


def written(frame: pl.DataFrame, into: Format, about: About = ABOUT) -> bytes:
    file = BytesIO()
    table_files.write(file, "costs", of_frame(frame), about, into)
    return file.getvalue()


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode(), newline="")))


@st.composite
def decimals(draw: st.DrawFn) -> tuple[int, list[Decimal]]:
    """A scale that marts have, and any decimals(38, scale)."""
    scale = draw(st.sampled_from([12, 12, 12, 0, 3, 15, 18]))
    unscaled = draw(st.lists(st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-(10**17), 10**17), min_size=1))
    return scale, [Decimal((number < 0, tuple(map(int, str(abs(number)))), -scale)) for number in unscaled]


@settings(max_examples=150, deadline=None)
@given(decimals())
def test_every_decimal_comes_back_digit_for_digit_from_every_format(drawn: tuple[int, list[Decimal]]) -> None:
    scale, amounts = drawn
    frame = pl.DataFrame({"cost_usd": amounts}, schema={"cost_usd": pl.Decimal(38, scale)})
    assert [Decimal(row["cost_usd"]) for row in csv_rows(written(frame, Format.CSV))] == amounts
    table = pq.read_table(BytesIO(written(frame, Format.PARQUET)))
    assert table.schema.field("cost_usd").type == pa.decimal128(38, scale)
    assert table["cost_usd"].to_pylist() == amounts
    content = written(frame, Format.XLSX)
    rows = excel.table(content)
    for row, amount in zip(rows, amounts, strict=True):
        assert row["cost_usd"].kind == "n"
        if "cost_usd_exact" in row:
            assert row["cost_usd_exact"] == ("inlineStr", f"{amount:f}")
            assert abs(Decimal(row["cost_usd"].text) - amount) <= abs(amount) * Decimal("5e-15")
        else:
            assert Decimal(row["cost_usd"].text) == amount
            # what Excel makes of it shows the same 15 digits
            assert Decimal(f"{float(row['cost_usd'].text):.15g}") == amount
    with localcontext(prec=60):
        assert Decimal(_total(content)) == sum(amounts)


def _total(content: bytes) -> str:
    lines = [(row["A"].text, row["B"].text) for row in excel.sheet(content, 1)]
    return lines[lines.index(("Sum of", "Exactly")) + 1][1]


def test_a_number_of_fifteen_digits_is_a_number_alone_and_a_longer_one_has_a_twin() -> None:
    amounts = [Decimal("-123.456789012345"), Decimal("0.3"), None]
    short = pl.DataFrame({"n": [1, 2, 3], "cost_usd": amounts}, schema={"n": pl.Int64, "cost_usd": MONEY})
    rows = excel.table(written(short, Format.XLSX))
    assert {name for row in rows for name in row} == {"n", "cost_usd"}
    assert [Decimal(row["cost_usd"].text) if "cost_usd" in row else None for row in rows] == amounts
    long = pl.DataFrame({"cost_usd": [Decimal("1234.567890123456"), None], "tokens": [2**62, 7]},
                        schema={"cost_usd": MONEY, "tokens": pl.Int64})  # fmt: skip
    content = written(long, Format.XLSX)
    first, second = excel.table(content)
    assert first == {
        "cost_usd": ("n", "1234.56789012346"),
        "tokens": ("n", "4.61168601842739E+18"),
        "cost_usd_exact": ("inlineStr", "1234.567890123456"),
        "tokens_exact": ("inlineStr", "4611686018427387904"),
    }
    assert second == {"tokens": ("n", "7"), "tokens_exact": ("inlineStr", "7")}
    assert excel.about(content)["Long numbers"].endswith("cost_usd_exact, tokens_exact")


def test_no_text_becomes_a_formula_a_link_or_markup_in_excel() -> None:
    content = written(pl.DataFrame({"name": HOSTILE}).with_row_index("n"), Format.XLSX)
    rows = excel.table(content)
    assert [row["name"].text if "name" in row else None for row in rows] == HOSTILE
    assert {row["name"].kind for row in rows if "name" in row} == {"inlineStr"}


def test_text_that_a_spreadsheet_would_run_is_disarmed_in_csv_and_a_negative_number_is_none() -> None:
    frame = pl.DataFrame({"name": HOSTILE, "cost_usd": [Decimal("-0.000000000001")] * len(HOSTILE)})
    rows = csv_rows(written(frame, Format.CSV))
    dangerous = HOSTILE[:6]
    assert [row["name"] for row in rows[:6]] == [f"'{name}" for name in dangerous]
    assert [row["name"] for row in rows[6:]] == [name or "" for name in HOSTILE[6:]]
    assert {row["cost_usd"] for row in rows} == {"-0.000000000001"}


def test_parquet_keeps_every_name_and_type_and_says_where_it_is_from() -> None:
    frame = pl.DataFrame({"name": HOSTILE, "at": [datetime(2026, 10, 1, 12, 0, 0, 123456)] * len(HOSTILE)})  # noqa: DTZ001
    content = written(frame, Format.PARQUET)
    assert pl.read_parquet(content).equals(frame)
    told = json.loads(pq.read_schema(BytesIO(content)).metadata[b"unitcost"])
    assert told == {"title": "Costs", "Build": "b1", "Filters": "none"}


def test_times_are_utc_and_days_before_excel_are_text() -> None:
    frame = pl.DataFrame(
        {
            "at": [datetime(2026, 10, 1, 12, 0, 0, 123456), datetime(2026, 10, 1)],  # noqa: DTZ001 - as marts have them
            "zoned_at": [datetime(2026, 10, 1, 12, tzinfo=UTC)] * 2,
            "day": [date(1, 1, 1), date(9999, 12, 31)],
            "is_open": [True, None],
            "share": [1e-7, float("nan")],
        }
    ).with_columns(pl.col("zoned_at").dt.convert_time_zone("Asia/Tokyo"))
    assert csv_rows(written(frame, Format.CSV)) == [
        {"at": "2026-10-01T12:00:00.123456Z", "zoned_at": "2026-10-01T12:00:00Z", "day": "0001-01-01",
         "is_open": "true", "share": "0.0000001"},
        {"at": "2026-10-01T00:00:00Z", "zoned_at": "2026-10-01T12:00:00Z", "day": "9999-12-31", "is_open": "",
         "share": "NaN"},
    ]  # fmt: skip
    first, second = excel.table(written(frame, Format.XLSX))
    assert (first["day"], second["day"]) == (("inlineStr", "0001-01-01"), ("n", "2958465"))
    assert (first["zoned_at"], second["at"]) == (("n", "46296.5"), ("n", "46296"))
    assert (first["is_open"], second["share"]) == (("b", "1"), ("inlineStr", "nan"))


@pytest.mark.parametrize("into", Format)
def test_an_empty_table_has_its_columns(into: Format) -> None:
    frame = pl.DataFrame(schema={"name": pl.String, "cost_usd": MONEY})
    content = written(frame, into)
    match into:
        case Format.CSV:
            assert content == b"name,cost_usd\n"
        case Format.PARQUET:
            assert pl.read_parquet(content).schema == frame.schema
        case Format.XLSX:
            assert excel.sheet(content, 2) == [{"A": ("inlineStr", "name"), "B": ("inlineStr", "cost_usd")}]
            assert (excel.about(content)["Rows"], _total(content)) == ("0", "0")


def test_a_sum_tells_what_is_unknown_and_prices_are_not_added_up() -> None:
    frame = pl.DataFrame(
        {"cost_usd": [Decimal("0.1"), None], "lost_usd": [None, None], "unit_price_usd": [Decimal(1)] * 2},
        schema={"cost_usd": MONEY, "lost_usd": MONEY, "unit_price_usd": MONEY},
    )
    lines = excel.sheet(written(frame, Format.XLSX), 1)
    said = [(row["A"].text, row["B"].text) for row in lines]
    start = said.index(("Sum of", "Exactly"))
    assert said[start + 1 : start + 4] == [
        ("cost_usd", "0.1, without 1 of 2 rows"),
        ("lost_usd", "unknown, without 2 of 2 rows"),
        ("", ""),
    ]


def test_batches_make_the_same_file_as_one_frame() -> None:
    frame = pl.DataFrame({"name": ["a", "=b", "c"], "cost_usd": [Decimal("1e11") / 3, Decimal(2), None]},
                         schema={"name": pl.String, "cost_usd": MONEY})  # fmt: skip
    parts = Rows(frame.schema, len(frame), lambda: iter((frame[:1], frame[1:1], frame[1:])))
    for into in (Format.CSV, Format.XLSX, Format.PARQUET):
        file = BytesIO()
        table_files.write(file, "costs", parts, ABOUT, into)
        if into is Format.CSV:
            assert file.getvalue() == written(frame, into)
        elif into is Format.XLSX:
            assert [excel.sheet(file.getvalue(), n) for n in (1, 2)] == [
                excel.sheet(written(frame, into), n) for n in (1, 2)
            ]
        else:
            assert pl.read_parquet(file.getvalue()).equals(frame)


def test_more_rows_than_a_sheet_holds_are_refused_with_the_way_out() -> None:
    frame = pl.DataFrame({"n": pl.int_range(workbook.MAX_ROWS + 1, eager=True)})
    with pytest.raises(WorkbookError, match=r"costs has 1,048,576 rows, .* holds 1,048,575: take Parquet or CSV"):
        written(frame, Format.XLSX)


def test_a_text_that_no_cell_holds_is_refused_and_not_cut() -> None:
    assert excel.table(written(pl.DataFrame({"name": ["x" * 32_767]}), Format.XLSX))[0]["name"].text == "x" * 32_767
    with pytest.raises(WorkbookError, match=r"row 1 has 32,768 letters"):
        written(pl.DataFrame({"name": ["x" * 32_768]}), Format.XLSX)
