"""Bad input: every record lands or is quarantined with line, column, rule and fix; nothing is lost."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.files import RefusedError, inspect
from ingest.landing import Landed, land
from ingest.raw import views
from ingest.source import Source
from ingest.sources import discover

Land = Callable[[Path, str], Landed]

GOOD = {
    "timestamp": "2026-10-07T13:46:57Z",
    "response": {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-5", "usage": {"prompt_tokens": 1}},
}
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,"
    "EffectiveCost,BillingCurrency"
)
CHARGE = "1,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-07T00:00:00Z,2026-10-08T00:00:00Z,Usage,{cost},1,USD"


def log(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def call(**changed: object) -> dict[str, object]:
    response = {**GOOD["response"], **{key: value for key, value in changed.items() if key != "timestamp"}}  # type: ignore[dict-item]
    return {"timestamp": changed.get("timestamp", GOOD["timestamp"]), "response": response}


def bill(path: Path, *costs: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *(CHARGE.format(cost=cost) for cost in costs)]) + "\n")
    return path


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        ('{"broken": ', "", "is no JSON object"),
        ("null", "", "is no JSON object"),
        ("[1, 2]", "", "is no JSON object"),
        (call(usage={"prompt_tokens": -5}), "prompt_tokens", "is below 0"),
        (call(usage={"prompt_tokens": "many"}), "prompt_tokens", "is no whole number"),
        (call(usage={"prompt_tokens": 1.5}), "prompt_tokens", "is no whole number"),
        (call(usage={"prompt_tokens": "1_000"}), "prompt_tokens", "is no whole number"),
        (call(usage={"prompt_tokens": 10**20}), "prompt_tokens", "is no whole number"),
        (call(id="x" * 300), "response_id", "is no identifier"),
        (call(id="a\nb"), "response_id", "is no identifier"),
        (call(timestamp=None), "requested_at", "is missing"),
        (call(timestamp="2026-10-07T13:46:57"), "requested_at", "is no time, with Z or an offset from UTC"),
        (call(timestamp="yesterday"), "requested_at", "is no time, with Z or an offset from UTC"),
        (call(timestamp="2226-10-07T13:46:57Z"), "requested_at", "lies before 2015 or in the future"),
        (call(timestamp="1970-01-01T00:00:57Z"), "requested_at", "lies before 2015 or in the future"),
    ],
)
def test_a_broken_record_is_quarantined_with_its_reason_and_the_others_land(
    landed: Land, tmp_path: Path, line: object, column: str, rule: str
) -> None:
    result = landed(log(tmp_path / "log.jsonl", GOOD, line, call(id="chatcmpl-2")), "openai")
    assert (result.record_count, result.landed_count, result.rejected_count) == (3, 2, 1)
    (reject,) = result.rejects
    assert (reject.record_number, reject.column, reject.rule) == (2, column, rule)
    assert reject.fix
    (kept,) = duckdb.sql(f"from read_parquet('{tmp_path}/home/quarantine/openai/*.parquet')").fetchall()
    assert str(tmp_path / "log.jsonl") in kept
    assert rule in kept


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a", "a"), (" a", "a"), ("a  ", "a"), ("a b", "a b"), ("!", "!"), ("", None), ("  ", None),
        ("\u00a0a", "a"), ("a\u2003", "a"), ("\u3000é\u3000", "é"), ("é ", "é"), ("\u00a0", None), ("ü", "ü"),
    ],
)  # fmt: skip
def test_blanks_around_a_value_are_none_of_it(
    landed: Land, con: duckdb.DuckDBPyConnection, tmp_path: Path, written: str, kept: str | None
) -> None:
    line = {**call(), "metadata": {"customer_id": written, "feature": "chat"}}
    result = landed(log(tmp_path / "log.jsonl", line), "openai")
    (file,) = result.files
    assert con.sql("select customer_id from read_parquet(?)", params=[[str(file.path)]]).fetchall() == [(kept,)]


def test_blank_lines_are_no_records_and_keep_the_line_numbers(landed: Land, tmp_path: Path) -> None:
    result = landed(log(tmp_path / "log.jsonl", GOOD, "", "   ", "{", ""), "openai")
    assert (result.record_count, result.landed_count, result.rejected_count) == (2, 1, 1)
    assert result.rejects[0].record_number == 4


def test_a_line_that_is_not_utf8_is_quarantined_alone(landed: Land, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b'\n{"customer": "M\xfcller"}\n' + json.dumps(call(id="c2")).encode())
    result = landed(path, "openai")
    assert (result.landed_count, result.rejected_count) == (2, 1)
    assert result.rejects[0].rule == "is not UTF-8"


def test_a_file_cut_in_the_middle_of_a_line_keeps_the_whole_lines(landed: Land, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(call(id="c2"))[:-10])
    result = landed(path, "openai")
    assert (result.landed_count, result.rejected_count) == (1, 1)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-10-07T13:46:57Z", "2026-10-07 13:46:57"),
        ("2026-10-07T13:46:57.123456Z", "2026-10-07 13:46:57.123456"),
        ("2026-10-07T13:46:57+02:00", "2026-10-07 11:46:57"),
        ("2026-10-07T23:46:57-0530", "2026-10-08 05:16:57"),
        ("2026-10-07 13:46:57+00", "2026-10-07 13:46:57"),
        ("Wed, 07 Oct 2026 13:46:57 GMT", "2026-10-07 13:46:57"),
        (1791380817, "2026-10-07 13:46:57"),
        (1791380817.25, "2026-10-07 13:46:57.25"),
        (1791380817250, "2026-10-07 13:46:57.25"),
        (1791380817250000, "2026-10-07 13:46:57.25"),
        (1791380817250000000, "2026-10-07 13:46:57.25"),
    ],
)
def test_times_are_read_in_utc_however_they_are_written(
    landed: Land, tmp_path: Path, written: object, stored: str
) -> None:
    (file,) = landed(log(tmp_path / "log.jsonl", call(timestamp=written)), "openai").files
    ((at,),) = duckdb.sql(f"select cast(requested_at as varchar) from read_parquet('{file.path}')").fetchall()
    assert at == stored
    assert str(file.usage_date) == stored[:10]


@pytest.mark.parametrize(
    "cost", ["abc", "$5", "1,234.56", "0x1F", "", "NaN", "Infinity", "1e309", "1_000", "0.1234567890123", "9" * 41]
)
def test_a_bill_with_a_broken_amount_is_refused_whole(landed: Land, tmp_path: Path, cost: str) -> None:
    quoted = f'"{cost}"' if "," in cost else cost
    with pytest.raises(RefusedError, match="line 3: billed_cost") as refusal:
        landed(bill(tmp_path / "bill.csv", "1.5", quoted, "2"), "focus")
    assert "whole or not at all" in str(refusal.value)
    assert not list((tmp_path / "home" / "landing").rglob("*.parquet"))
    assert list((tmp_path / "home" / "quarantine").rglob("*.parquet"))


def test_amounts_are_exact_to_the_twelfth_decimal(landed: Land, tmp_path: Path) -> None:
    costs = ["0.000000000001", "-12345678901234567890.120000000000", "1E-7", " 2.5 ", "0.1000000000000000"]
    (file,) = landed(bill(tmp_path / "bill.csv", *costs), "focus").files
    stored = duckdb.sql(f"select billed_cost from read_parquet('{file.path}') order by record_number").fetchall()
    assert [cost for (cost,) in stored] == [Decimal(cost) for cost in costs]


def test_a_missing_required_column_is_named(landed: Land, tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_text("BillingAccountId,BilledCost\n1,2\n")
    with pytest.raises(RefusedError, match="required column BillingCurrency is missing"):
        landed(path, "focus")


def test_columns_are_matched_by_header_not_by_place(landed: Land, tmp_path: Path) -> None:
    names = HEADER.split(",")
    order = sorted(range(len(names)), key=lambda n: names[n])
    (file,) = landed(bill(tmp_path / "a.csv", "7.25"), "focus").files
    values = CHARGE.format(cost="7.25").split(",")
    moved = tmp_path / "b.csv"
    moved.write_text("\n".join(",".join(row[n] for n in order) for row in (names, values)) + "\n")
    (other,) = landed(moved, "focus").files
    query = "select * exclude (input_id) from read_parquet('{}')"
    assert duckdb.sql(query.format(file.path)).fetchall() == duckdb.sql(query.format(other.path)).fetchall()


def test_a_header_named_twice_is_refused(landed: Land, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="billedcost more than once"):
        landed(bill(tmp_path / "bill.csv", "1", header=HEADER.replace("EffectiveCost", "billedcost")), "focus")


def test_headers_that_differ_in_case_are_no_matter_where_nobody_reads_them(landed: Land, tmp_path: Path) -> None:
    path = bill(tmp_path / "bill.csv", "1", header=HEADER + ",tag/Team,tag/team")
    path.write_text(path.read_text().rstrip("\n") + ",a,b\n")
    assert landed(path, "focus").landed_count == 1


@pytest.mark.parametrize("row", ["1,2", CHARGE.format(cost="1") + ",9,9", CHARGE.format(cost='"a"b')])
def test_a_row_that_cannot_be_split_refuses_the_bill(landed: Land, tmp_path: Path, row: str) -> None:
    path = bill(tmp_path / "bill.csv", "1", "2")
    path.write_text(path.read_text() + row + "\n")
    with pytest.raises(RefusedError, match="cannot be split into fields"):
        landed(path, "focus")


def test_quoted_line_ends_do_not_break_the_count(landed: Land, tmp_path: Path) -> None:
    path = bill(tmp_path / "bill.csv", "1", header=HEADER + ",ChargeDescription")
    path.write_text(path.read_text().rstrip("\n") + ',"two\nlines"\n' + CHARGE.format(cost="2") + ",plain\n")
    result = landed(path, "focus")
    assert (result.record_count, result.landed_count) == (2, 2)


def test_parquet_bills_may_store_doubles_and_maps(landed: Land, tmp_path: Path) -> None:
    names = HEADER.split(",")
    values = dict(zip(names, CHARGE.format(cost="1").split(","), strict=True))
    table = pa.table(
        {
            **{name: [values[name]] * 2 for name in names},
            "BilledCost": pa.array([0.1 + 0.2, -1e-7], pa.float64()),
            "EffectiveCost": pa.array([Decimal("0.300000000001"), Decimal(1)], pa.decimal128(20, 12)),
            "Tags": pa.array([[("team", "search")], []], pa.map_(pa.string(), pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "bill.parquet")
    (file,) = landed(tmp_path / "bill.parquet", "focus").files
    stored = duckdb.sql(f"select billed_cost, effective_cost, tags from read_parquet('{file.path}')").fetchall()
    assert stored[0] == (Decimal("0.3"), Decimal("0.300000000001"), '{"team":"search"}')
    assert stored[1][0] == Decimal("-0.0000001")


def test_landing_files_are_named_by_their_own_hash_and_cannot_be_written(landed: Land, tmp_path: Path) -> None:
    import hashlib  # noqa: PLC0415 - an oracle of its own

    for file in landed(log(tmp_path / "log.jsonl", GOOD, call(timestamp=1791000000, id="x")), "openai").files:
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.path.stem == file.sha256
        assert file.path.stat().st_mode & 0o222 == 0


def test_nothing_is_left_behind_when_a_file_is_refused(landed: Land, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        landed(bill(tmp_path / "bill.csv", "x"), "focus")
    assert not list((tmp_path / "home" / "landing").rglob(".new-*"))


@pytest.mark.parametrize("name", ["log[1].jsonl", "log*.jsonl", "log?.jsonl", "it's a log.jsonl", "l%41g.jsonl"])
def test_a_name_that_looks_like_a_pattern_reads_its_own_file(landed: Land, tmp_path: Path, name: str) -> None:
    log(tmp_path / "log1.jsonl", call(id="other"), call(id="another"))
    log(tmp_path / "logx.jsonl", call(id="third"), call(id="fourth"))
    (file,) = landed(log(tmp_path / name, call(id="own-1"), call(id="own-2")), "openai").files
    ids = duckdb.sql(f"select response_id from read_parquet('{file.path}') order by 1").fetchall()
    assert ids == [("own-1",), ("own-2",)]


def test_a_file_that_grows_while_it_is_read_lands_as_it_was_hashed(
    con: duckdb.DuckDBPyConnection, sources: dict[str, Source], tmp_path: Path
) -> None:
    path = log(tmp_path / "log.jsonl", call(id="1"), call(id="2"))
    file = inspect(path)
    with path.open("a") as growing:
        growing.write(json.dumps(call(id="3")) + "\n")
    result = land(con, file, sources["openai"], sources["openai"].tables[0], home=tmp_path / "home")
    assert (result.record_count, result.landed_count) == (2, 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("acme,2026-11-01,2026-10-01,100,USD", "period_end is not after period_start"),
        ("acme,2026-10-01,2026-10-01,100,USD", "period_end is not after period_start"),
        ("acme,2026-10-01,2060-10-01,100,USD", "period_end lies after 2049"),
        ("acme,2026-10-01,2026-11-01,10000000000,USD", "amount is beyond 1,000,000,000"),
    ],
)
def test_revenue_that_could_not_be_built_is_refused_when_it_comes(
    landed: Land, tmp_path: Path, line: str, says: str
) -> None:
    path = tmp_path / "revenue.csv"
    path.write_text("customer_id,period_start,period_end,amount,currency\n" + line + "\n")
    with pytest.raises(RefusedError, match=says):
        landed(path, "revenue_csv")


def test_more_tokens_than_a_call_can_have_are_rejected(landed: Land, tmp_path: Path) -> None:
    result = landed(log(tmp_path / "log.jsonl", GOOD, call(id="x", usage={"prompt_tokens": 10**12})), "openai")
    assert [reject.rule for reject in result.rejects] == ["is beyond 100,000,000,000"]


def test_an_account_with_a_long_name_is_an_account(landed: Land, tmp_path: Path) -> None:
    path = bill(tmp_path / "bill.csv", "1")
    path.write_text(path.read_text().replace("\n1,", "\n" + "a/b=c|" * 60 + ","))
    (file,) = landed(path, "focus").files
    assert file.scope == "a/b=c|" * 60 + "\x1f2026-10-01 00:00:00"


def test_files_of_many_schemas_are_one_table(tmp_path: Path) -> None:
    """A column that no record of an input has is not in its file: inputs of six kinds, each of several days."""
    openai = discover()["openai"]
    columns = ("response_id", "prompt_tokens", "completion_tokens", "cached_tokens", "model", "conversation_id")
    kinds = [columns[:kind] for kind in range(1, 7)]
    files, expected = [], []
    for kind, names in enumerate(kinds):
        for day in range(1, 10 - kind):
            values = {name: f"{name} {kind}" if "tokens" not in name else 100 * kind + day for name in names}
            path = Path("landing/openai__requests") / f"usage_date=2026-10-0{day}" / f"{kind}.parquet"
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist([values]), tmp_path / path)
            files.append({
                "table_name": "openai__requests", "path": str(path), "sha256": f"{kind}-{day}", "input_id": "i",
                "usage_date": date(2026, 10, day), "row_count": 1, "load_number": 1,
            })  # fmt: skip
            expected.append((*(values.get(name) for name in columns), date(2026, 10, day)))
    con = duckdb.connect()
    views.create_views(con, [openai], files, tmp_path)
    rows = con.sql(f"select {', '.join(columns)}, usage_date from raw.openai__requests").fetchall()
    assert sorted(rows, key=str) == sorted(expected, key=str)
    assert con.sql("select distinct typeof(prompt_tokens) from raw.openai__requests").fetchall() == [("BIGINT",)]
    con.close()


def test_a_column_that_was_declared_after_a_file_landed_is_empty_in_its_rows(tmp_path: Path) -> None:
    """A warehouse goes on with the next version, whose sources read more."""
    openai = discover()["openai"]
    folder = tmp_path / "landing" / "openai__requests" / "usage_date=2026-10-01"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"request_id": ["a"], "input_id": ["i"]}), folder / "old.parquet")
    file = {
        "table_name": "openai__requests",
        "path": "landing/openai__requests/usage_date=2026-10-01/old.parquet",
        "sha256": "old",
        "usage_date": date(2026, 10, 1),
        "row_count": 1,
        "input_id": "i",
        "load_number": 1,
    }
    con = duckdb.connect()
    views.create_views(con, [openai], [file], tmp_path)
    assert con.sql("select request_id, prompt_tokens, usage_date from raw.openai__requests").fetchall() == [
        ("a", None, date(2026, 10, 1))
    ]
    con.close()
