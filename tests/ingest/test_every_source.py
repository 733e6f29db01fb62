"""What every source must hold, whichever it is: found by its presence, tried on its own sample."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.files import inspect
from ingest.inputs import ingest_files
from ingest.json_paths import spelt_out
from ingest.landing import empty_sql, land
from ingest.ledger import Ledger
from ingest.paths import expand
from ingest.source import Source, Table
from ingest.sources import discover
from tests.conftest import landed_rows
from tests.ingest.bills import sample

PROJECT = Path(__file__).parent.parent.parent
SOURCES = discover()
TABLES = [(source, table) for source in SOURCES.values() for table in source.tables]
LOGS = [(source, table) for source, table in TABLES if "jsonl" in table.formats and not table.replaces]
STATEMENTS = [(source, table) for source, table in TABLES if "jsonl" in table.formats and table.replaces]
"""What a provider states as a whole: its files do not add up."""
each_table = pytest.mark.parametrize(
    ("source", "table"), TABLES, ids=[source.raw_name(table) for source, table in TABLES]
)
each_log = pytest.mark.parametrize(("source", "table"), LOGS, ids=[source.raw_name(table) for source, table in LOGS])
COUNTING = [(source, table) for source, table in LOGS if table.usage and not table.each]
PROMPTED = [(source, table) for source, table in LOGS if table.prompt and source.name != "otel"]
"""The attributes of a span have tests of their own."""


def rows(home: Path, name: str) -> list[tuple[object, ...]]:
    """The landed rows of a raw table without their lineage, in any order."""
    files = list((home / "landing" / name).rglob("*.parquet"))
    if not files:
        return []
    (table,) = (table for source in SOURCES.values() for table in source.tables if source.raw_name(table) == name)
    kept = landed_rows(table, files)
    return duckdb.sql(f"select * exclude (input_id, record_number) from {kept} order by all").fetchall()


def warehouse(folder: Path) -> Path:
    """A home whose key is that of the others here: fingerprints of one prompt are equal only under one key."""
    folder.mkdir()
    (folder / "fingerprint.key").write_text("07" * 32)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return warehouse(tmp_path / "home")


@each_table
def test_a_source_has_a_sample_a_staging_folder_and_a_description(source: Source, table: Table) -> None:
    staging = PROJECT / "models" / "staging" / source.name
    for shape in (table.shape, *table.also):
        assert (staging / f"stg_{source.name}__{shape}.sql").is_file()
    assert (staging / f"_{source.name}.yml").is_file()
    assert sample(source, table).is_file()
    assert source.about


@each_table
def test_a_sample_is_recognised_as_its_source_and_no_other(source: Source, table: Table) -> None:
    file = inspect(sample(source, table))
    recognised = [other.name for other, candidate in TABLES if candidate.recognises(file.sample)]
    assert recognised == [source.name]


@each_table
def test_every_record_lands_or_is_accounted_for(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path
) -> None:
    landed = land(con, inspect(sample(source, table)), source, table, home=home)
    assert landed.landed_count > 0
    assert landed.rejected_count == 0
    assert landed.record_count == landed.landed_count + landed.other_count
    assert sum(file.row_count for file in landed.files) == landed.landed_count


@each_table
def test_landing_has_the_columns_of_the_empty_table_that_its_records_have(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path
) -> None:
    land(con, inspect(sample(source, table)), source, table, home=home)
    files = (
        f"read_parquet('{home}/landing/**/*.parquet', hive_partitioning = true, hive_types = {{'usage_date': date}})"
    )
    landed = con.sql(f"describe select * from {files}").fetchall()
    empty = con.sql(f"describe {empty_sql(table)}").fetchall()
    names = {name for name, *_ in landed}
    assert [column[:2] for column in landed] == [column[:2] for column in empty if column[0] in names]
    assert {"input_id", "record_number", "record_hash", "usage_date"} <= names


@each_table
def test_the_same_file_twice_counts_once(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    path = sample(source, table)
    copy = tmp_path / f"another name{path.suffix}"
    copy.write_bytes(path.read_bytes())
    with Ledger(home) as ledger:
        first = ingest_files(con, ledger, [path], home=home, sources=SOURCES)
        again = ingest_files(con, ledger, [path, copy], home=home, sources=SOURCES)
        assert [outcome.state for outcome in first + again] == ["landed", "known", "known"]
        assert len(ledger.active_files()) == len({file["sha256"] for file in ledger.active_files()})


@each_table
def test_an_empty_file_is_refused_and_says_so(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    empty = tmp_path / sample(source, table).name
    empty.write_bytes(b"")
    with Ledger(home) as ledger:
        (outcome,) = ingest_files(con, ledger, [empty], home=home, sources=SOURCES, source=source.name)
    assert (outcome.state, "the file is empty" in (outcome.problem or "")) == ("refused", True)
    assert not list(home.rglob("*.parquet"))


@each_table
def test_a_compressed_file_that_was_cut_off_is_refused_whole(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    path = sample(source, table)
    packed = gzip.compress(path.read_bytes())
    cut = tmp_path / f"{path.name}.gz"
    cut.write_bytes(packed[: len(packed) // 2])
    with Ledger(home) as ledger:
        (outcome,) = ingest_files(con, ledger, [cut], home=home, sources=SOURCES, source=source.name)
    assert (outcome.state, "ends in the middle" in (outcome.problem or "")) == ("refused", True)
    assert not list(home.rglob("*.parquet"))


@each_log
def test_a_line_that_was_cut_off_is_rejected_and_the_others_land(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    path = sample(source, table)
    *lines, last = path.read_text().splitlines()
    cut = tmp_path / path.name
    cut.write_text("\n".join([*lines, last, last[: len(last) // 2]]))
    whole = land(con, inspect(path), source, table, home=home)
    landed = land(con, inspect(cut), source, table, home=warehouse(tmp_path / "cut"))
    assert (landed.landed_count, landed.rejected_count) == (whole.landed_count, 1)
    assert [(reject.record_number, reject.rule) for reject in landed.rejects] == [(len(lines) + 2, "is no JSON object")]


@pytest.mark.parametrize(("source", "table"), STATEMENTS, ids=[source.raw_name(table) for source, table in STATEMENTS])
def test_a_statement_of_which_a_line_was_cut_off_is_refused_and_nothing_of_it_is_kept(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    text = sample(source, table).read_text()
    cut = tmp_path / "cut.jsonl"
    cut.write_text(f'{text}{{"broken": "CANARY"\n')
    with Ledger(home) as ledger:
        (outcome,) = ingest_files(con, ledger, [cut], home=home, sources=SOURCES, source=source.name)
    assert (outcome.state, "is no JSON object" in (outcome.problem or "")) == ("refused", True)
    assert not list((home / "landing").rglob("*.parquet"))
    assert not [path for path in home.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


@each_table
def test_an_unknown_column_changes_nothing(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    path = sample(source, table)
    lines = path.read_text().splitlines()
    if path.suffix == ".csv":
        wider = [lines[0] + ",SomethingNew", *(line + ",1" for line in lines[1:])]
    else:
        wider = [line[:-1] + ', "something_new": {"x": 1}}' for line in lines]
    (tmp_path / path.name).write_text("\n".join(wider) + "\n")
    land(con, inspect(path), source, table, home=home)
    land(con, inspect(tmp_path / path.name), source, table, home=warehouse(tmp_path / "wider"))
    name = source.raw_name(table)
    without_hash = [[value for value in row if not is_hash(value)] for row in rows(home, name)]
    assert without_hash == [[value for value in row if not is_hash(value)] for row in rows(tmp_path / "wider", name)]


def is_hash(value: object) -> bool:
    return isinstance(value, str) and len(value) == 32 and set(value) <= set("0123456789abcdef")


@each_log
def test_prompts_and_answers_are_found_nowhere_in_the_warehouse(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text(sample(source, table).read_text() + '{"broken": "CANARY-PROMPT"\n')
    with Ledger(home) as ledger:
        (outcome,) = ingest_files(con, ledger, [broken], home=home, sources=SOURCES, source=source.name)
    assert outcome.rejected_count == 1
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert b"CANARY" not in path.read_bytes(), path
    texts = duckdb.sql(f"select * from read_parquet('{home}/landing/**/*.parquet', union_by_name = true)").fetchall()
    assert "CANARY" not in str(texts)


@pytest.mark.parametrize(("source", "table"), COUNTING, ids=[source.raw_name(table) for source, table in COUNTING])
def test_a_count_that_nobody_knows_lands_under_its_name(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    records = [json.loads(line) for line in sample(source, table).read_text().splitlines()]
    planted = set()
    for number, record in enumerate(records, 1):
        for place in spelt_out(table, table.usage):
            for usage in objects(record, place.split(".")):
                usage["brand_new_tokens"] = 7
                planted.add(number)
    path = tmp_path / "planted.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    landed = land(con, inspect(path), source, table, home=home)
    files = [str(file.path) for file in landed.files]
    found = dict(con.sql(f"select record_number, unknown_usage from {landed_rows(table, files)}").fetchall())
    assert planted & found.keys()
    assert found == {number: "brand_new_tokens=7" if number in planted else None for number in found}


def objects(value: Any, steps: list[str]) -> Iterator[dict[str, Any]]:
    """The object at a path, if there is one."""
    for step in steps:
        value = value[0] if step == "0" and isinstance(value, list) and value else value
        value = value.get(step) if step != "0" and isinstance(value, dict) else value
    if isinstance(value, dict):
        yield value


@pytest.mark.parametrize(("source", "table"), PROMPTED, ids=[source.raw_name(table) for source, table in PROMPTED])
def test_a_prompt_has_one_fingerprint_wherever_it_is_logged_again_and_is_kept_nowhere(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    first = land(con, inspect(sample(source, table)), source, table, home=home)
    files = [str(file.path) for file in first.files]
    (number,) = con.sql(f"select min(record_number) from read_parquet({files})").fetchall()[0]
    line = sample(source, table).read_text().splitlines()[number - 1]
    places = list(spelt_out(table, table.prompt))
    texts = ("CANARY-PROMPT of one", "CANARY-PROMPT of one", "CANARY-PROMPT of another")
    log = tmp_path / "prompts.jsonl"
    records = [asked(json.loads(line), place, text) for place in places for text in texts]
    log.write_text("".join(json.dumps(record) + "\n" for record in records))
    landed = land(con, inspect(log), source, table, home=warehouse(tmp_path / "prompts"))
    names = "prompt_fingerprint, prefix_fingerprints, prompt_similarity"
    files = [str(file.path) for file in landed.files]
    prints = con.sql(f"select {names} from read_parquet({files}) order by record_number").fetchall()
    assert len(prints) == 3 * len(places)
    for place, one, again, another in zip(places, prints[::3], prints[1::3], prints[2::3], strict=True):
        assert one == again, place
        assert one[0] != another[0], place
        assert None not in one + another, place
    for path in (tmp_path / "prompts").rglob("*"):
        assert path.is_dir() or b"CANARY" not in path.read_bytes(), path
    assert "CANARY" not in str(con.sql(f"select * from read_parquet({files})").fetchall())


def asked(record: dict[str, Any], place: str, text: str) -> dict[str, Any]:
    """The record with a text at a path."""
    *steps, last = re.split("[.>]", place)
    holder = record
    for step in steps:
        if not isinstance(holder.get(step), dict):
            holder[step] = {}
        holder = holder[step]
    holder[last] = text
    return record


@each_log
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), parts=st.integers(1, 4))
def test_any_split_and_order_of_log_files_lands_the_same_rows(
    source: Source, table: Table, con: duckdb.DuckDBPyConnection, tmp_path: Path, seed: int, parts: int
) -> None:
    if any(column.carried for column in table.columns):
        pytest.skip("a session file is one piece: its header names the session of the lines below it")
    lines = sample(source, table).read_text().splitlines() * 3
    lines = [re.sub('(?i)id":"', f"\\g<0>{number}-", line, count=1) for number, line in enumerate(lines)]

    def landed(folder: Path, pieces: list[list[str]]) -> list[tuple[object, ...]]:
        for number, piece in enumerate(filter(None, pieces)):
            (folder / f"{number}.jsonl").write_text("\n".join(piece) + "\n")
            land(con, inspect(folder / f"{number}.jsonl"), source, table, home=folder)
        return rows(folder, source.raw_name(table))

    if not (tmp_path / "whole").exists():  # of the first example
        landed(warehouse(tmp_path / "whole"), [lines])
    shuffled = random.Random(seed).sample(lines, len(lines))  # noqa: S311 - an order, not a secret
    with TemporaryDirectory() as folder:
        split = landed(warehouse(Path(folder) / "split"), [shuffled[part::parts] for part in range(parts)])
    assert split == rows(tmp_path / "whole", source.raw_name(table))


def test_a_file_loaded_as_one_source_can_still_be_loaded_as_another(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    shared = tmp_path / "shared.jsonl"
    folder = Path(__file__).parent / "sources"
    shared.write_text(
        (folder / "openai" / "requests.jsonl").read_text() + (folder / "anthropic" / "requests.jsonl").read_text()
    )
    with Ledger(home) as ledger:
        first = ingest_files(con, ledger, [shared], home=home, sources=SOURCES, source="openai")
        both = ingest_files(con, ledger, [shared], home=home, sources=SOURCES)
        again = ingest_files(con, ledger, [shared], home=home, sources=SOURCES)
    assert [(one.source, one.state) for one in first] == [("openai", "landed")]
    assert [(one.source, one.state) for one in both] == [("anthropic", "landed"), ("openai", "known")]
    assert {one.state for one in again} == {"known"}
    assert (first[0].landed_count, first[0].other_count) == (3, 2)
    assert (both[0].landed_count, both[0].other_count) == (2, 3)


def test_a_mixed_log_is_read_by_every_source_however_late_it_shows(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path
) -> None:
    folder = Path(__file__).parent / "sources"
    openai = (folder / "openai" / "requests.jsonl").read_text().splitlines()
    anthropic = (folder / "anthropic" / "requests.jsonl").read_text().splitlines()
    noise = '{"timestamp":"2026-10-07T13:46:57Z","level":"info","msg":"started"}'
    mixed = tmp_path / "app.jsonl"
    mixed.write_text("\n".join([openai[0]] * 400 + [noise] * 5 + [anthropic[0]] * 40) + "\n")
    with Ledger(home) as ledger:
        outcomes = {one.source: one for one in ingest_files(con, ledger, [mixed], home=home, sources=SOURCES)}
    assert {name: one.landed_count for name, one in outcomes.items()} == {"openai": 400, "anthropic": 40}
    assert sum(one.unclaimed_count for one in outcomes.values()) == 5


def test_lines_appended_after_a_file_was_read_are_read_the_next_time(
    con: duckdb.DuckDBPyConnection, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import reader  # noqa: PLC0415 - to append at the one moment that matters

    lines = (Path(__file__).parent / "sources" / "openai" / "requests.jsonl").read_text().splitlines()
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines[:2]) + "\n")

    def land_and_grow(*arguments: object, **named: object) -> object:
        result = land(*arguments, **named)  # type: ignore[arg-type]
        with path.open("a") as growing:
            growing.write(lines[2] + "\n")
        return result

    with Ledger(home) as ledger:
        monkeypatch.setattr(reader, "land", land_and_grow)
        (first,) = ingest_files(con, ledger, [path], home=home, sources=SOURCES)
        monkeypatch.undo()
        (second,) = ingest_files(con, ledger, [path], home=home, sources=SOURCES)
    assert (first.landed_count, second.state, second.landed_count) == (2, "landed", 3)


def test_the_warehouses_own_files_are_no_inputs(tmp_path: Path) -> None:
    home = tmp_path / "warehouse"
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "x.parquet").write_bytes(b"PAR1")
    (home / "ledger.duckdb").write_bytes(b"x")
    (home / "demo").mkdir()
    (home / "demo" / "log.jsonl").write_text("{}")
    (tmp_path / "log.jsonl").write_text("{}")
    assert {str(path.relative_to(tmp_path)) for path in expand(str(tmp_path), home)} == {
        "log.jsonl",
        "warehouse/demo/log.jsonl",
    }
