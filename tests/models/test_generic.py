"""Home-made logs: JSON lines, CSV and Parquet, by a mapping of their columns to ours."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from app import pipeline
from app.settings import Input, Settings
from ingest.files import RefusedError
from ingest.outcomes import Outcome
from tests.models.conftest import CALL_MODELS, Warehouse

MAPPING = """
[columns]
request_id = "id"
requested_at = { path = "when", zone = "UTC" }
provider_id = { constant = "openai" }
model_id = ["answered", "llm.model"]
customer_id = "tenant.id"
conversation_id = { template = "{tenant.id}/{thread}" }
input_tokens = "llm.in"
output_tokens = "llm.out"
"""
LINE = {
    "id": "1",
    "when": "2026-10-07 10:00:00",
    "llm": {"model": "gpt-5", "in": 1_000_000, "out": 100_000},
    "tenant": {"id": "acme"},
    "thread": 7,
    "prompt": "never landed",
}


def load(home: Warehouse, path: Path, mapping: Path, *, source: str | None = None) -> list[Outcome]:
    with home.at_work(), pipeline.writer(home.settings):
        outcomes = pipeline.ingest(home.settings, [(str(path), source)], mapping=mapping)
        pipeline.build(home.settings)
    return outcomes


def written(folder: Path, mapping: str = MAPPING) -> Path:
    path = folder / "mapping.toml"
    path.write_text(mapping)
    return path


def test_a_json_log_is_read_by_paths_constants_and_templates(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    log.write_text("\n".join(json.dumps(line) for line in (LINE, {**LINE, "id": "2", "thread": None})) + "\n")
    home = warehouse("mapped", select=CALL_MODELS)
    load(home, log, written(tmp_path))
    found = home.rows(
        "select request_id, provider_id, model_id, customer_id, conversation_id, requested_at, cost_usd "
        "from fct_requests order by 1"
    )
    at = datetime(2026, 10, 7, 10)  # noqa: DTZ001 - as the marts hold it, in UTC
    cost = Decimal("2.25")  # gpt-5: 1.25 / 10 for a million
    assert found == [
        ("1", "openai", "gpt-5", "acme", "acme/7", at, cost),
        ("2", "openai", "gpt-5", "acme", "(unattributed)", at, cost),
    ]
    landed = "".join(str(row) for row in home.rows("select * from raw.generic__requests"))
    assert "never landed" not in landed


def test_another_mapping_replaces_what_the_first_one_said(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    log.write_text(json.dumps({key: value for key, value in LINE.items() if key != "id"}) + "\n")
    home = warehouse("remapped", select=CALL_MODELS)
    assert [one.state for one in load(home, log, written(tmp_path))] == ["landed"]
    assert [one.state for one in load(home, log, written(tmp_path))] == ["known"]
    other = written(tmp_path, MAPPING.replace('customer_id = "tenant.id"', 'customer_id = { constant = "globex" }'))
    assert [one.state for one in load(home, log, other)] == ["landed"]
    assert home.rows("select customer_id, count(*), sum(cost_usd) from fct_requests group by 1") == [
        ("globex", 1, Decimal("2.25"))
    ]


def test_csv_and_parquet_are_mapped_by_their_headers(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    rows = [{"Request": str(number), "When": "2026-10-07T10:00:00Z", "In": "10", "Out": "1"} for number in range(3)]
    with (tmp_path / "calls.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    pl.DataFrame([{**row, "Request": f"p{row['Request']}", "In": 10, "Out": 1} for row in rows]).write_parquet(
        tmp_path / "calls.parquet"
    )
    mapping = written(
        tmp_path,
        '[columns]\nrequest_id = "Request"\nrequested_at = "When"\ninput_tokens = "In"\noutput_tokens = "Out"\n'
        'provider_id = { constant = "openai" }\nmodel_id = { constant = "gpt-5" }\n',
    )
    home = warehouse("tabular", select=CALL_MODELS)
    for name in ("calls.csv", "calls.parquet"):
        assert [one.landed_count for one in load(home, tmp_path / name, mapping)] == [3]
    assert home.rows("select count(*), sum(uncached_input_tokens), sum(output_tokens) from fct_requests") == [
        (6, 60, 6)
    ]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ('[columns]\ncustomer = "x"\n', "customer"),
        ('customer_id = "x"\n', r"\[columns\]"),
        ("[columns]\ncustomer_id = 7\n", "customer_id"),
        ('[columns]\ncustomer_id = { path = "a", constant = "b" }\n', "customer_id"),
        ('[columns]\ncustomer_id = { template = "no path" }\n', "customer_id"),
        ('[columns]\nrequested_at = { path = "a", zone = "CET" }\n', "requested_at"),
        ("columns", "TOML"),
    ],
)
def test_a_mapping_that_is_none_is_refused_with_what_to_write(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, mapping: str, says: str
) -> None:
    log = tmp_path / "calls.jsonl"
    log.write_text(json.dumps(LINE) + "\n")
    home = warehouse("refused", select=CALL_MODELS)
    with pipeline.writer(home.settings), pytest.raises(RefusedError, match=says):
        pipeline.ingest(home.settings, [(str(log), None)], mapping=written(tmp_path, mapping))


def test_only_the_generic_source_is_mapped(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    home = warehouse("other", select=CALL_MODELS)
    with pipeline.writer(home.settings), pytest.raises(RefusedError, match="generic only"):
        pipeline.ingest(home.settings, [(str(tmp_path), "openai")], mapping=written(tmp_path))


def test_unitcost_toml_names_a_mapping() -> None:
    settings = Settings(inputs=(Input(path="logs/", mapping=Path("ours.toml")),))
    assert settings.inputs[0].mapping == Path("ours.toml")


def test_a_real_trace_of_a_language_model_service_lands_whole(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, shared_data: Path
) -> None:
    """Azure's published trace: time in 100 ns, context and generated tokens; it names no model."""
    trace = shared_data / "azure_llm" / "AzureLLMInferenceTrace_conv.csv"
    mapping = written(
        tmp_path,
        '[columns]\nrequested_at = { path = "TIMESTAMP", zone = "UTC" }\ninput_tokens = "ContextTokens"\n'
        'output_tokens = "GeneratedTokens"\nprovider_id = { constant = "azure" }\nmodel_id = { constant = "gpt-4" }\n',
    )
    home = warehouse("azure", select=CALL_MODELS)
    load(home, trace, mapping)
    with trace.open(newline="") as file:
        lines = list(csv.DictReader(file))
    # equal lines are one call: a trace without ids cannot tell them apart
    different = {tuple(line.values()) for line in lines}
    assert home.rows("select count(*), sum(uncached_input_tokens), sum(output_tokens) from fct_requests") == [
        (
            len(different),
            sum(int(context) for _, context, _ in different),
            sum(int(generated) for _, _, generated in different),
        )
    ]


def test_a_real_conversation_trace_lands_whole(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, shared_data: Path
) -> None:
    """Mooncake's trace: milliseconds since its start, lengths, and prefix hashes that nobody asked for."""
    lines = (shared_data / "mooncake" / "conversation_trace_4000.jsonl").read_text().splitlines()
    start = datetime.fromisoformat("2026-10-07T00:00:00+00:00")
    log = tmp_path / "mooncake.jsonl"
    with log.open("w") as file:
        for number, line in enumerate(lines):
            record = json.loads(line)
            at = (start + timedelta(milliseconds=record["timestamp"])).isoformat()
            file.write(json.dumps({**record, "at": at, "number": number}) + "\n")
    mapping = written(
        tmp_path,
        '[columns]\nrequest_id = "number"\nrequested_at = "at"\ninput_tokens = "input_length"\n'
        'output_tokens = "output_length"\nmodel_id = { constant = "kimi" }\n'
        'provider_id = { constant = "moonshotai" }\n',
    )
    home = warehouse("mooncake", select=CALL_MODELS)
    load(home, log, mapping)
    expected = [json.loads(line) for line in lines]
    assert home.rows("select count(*), sum(uncached_input_tokens), sum(output_tokens) from fct_requests") == [
        (len(lines), sum(one["input_length"] for one in expected), sum(one["output_length"] for one in expected))
    ]


def test_a_mapping_names_the_parts_of_a_prompt_and_an_application_may_bring_its_own_fingerprints(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    own = {"prompt_fingerprint": "theirs", "prefix_fingerprints": "a b", "prompt_similarity": "ff"}
    records = [
        {**LINE, "system": "be brief"},
        {**LINE, "id": "2", "system": "be brief"},
        {**LINE, "id": "3", "system": "be long"},
        {**{name: value for name, value in LINE.items() if name != "prompt"}, "id": "4", **own},
    ]
    log.write_text("".join(json.dumps(record) + "\n" for record in records))
    home = warehouse("prompts", select=CALL_MODELS)
    load(home, log, written(tmp_path, MAPPING + 'prompt = ["system", "prompt"]\n'))
    found = home.rows(
        "select prompt_fingerprint, prefix_fingerprints, prompt_similarity "
        "from staging.stg_generic__requests order by request_id"
    )
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]
    # two parts, two pieces: the first differs, and so does what is chained to it
    assert [len(row[1].split()) for row in found[:3]] == [2, 2, 2]
    assert not set(found[0][1].split()) & set(found[2][1].split())
    assert found[3] == ("theirs", "a b", "ff")


def test_a_prompt_that_a_mapping_puts_nowhere_is_refused(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    log.write_text(json.dumps(LINE) + "\n")
    with pytest.raises(RefusedError, match="does not say where prompt is"):
        load(warehouse("nowhere", select=CALL_MODELS), log, written(tmp_path, MAPPING + "prompt = []\n"))
