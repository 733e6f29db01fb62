"""A count that no column reads is kept under its name."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.source import Column, Type
from tests.ingest.test_json_paths import AT, landed, lines, table

USAGE = table(
    Column("prompt_tokens", Type.INTEGER, ("*.usage.prompt_tokens",)),
    Column("cached_tokens", Type.INTEGER, ("*.usage.details.cached_tokens",)),
    roots=("response", ""),
    usage=("*.usage",),
    known_usage=("total_tokens", "details.text_tokens"),
)


@pytest.mark.parametrize(
    ("usage", "unknown"),
    [
        ({"prompt_tokens": 1, "details": {"cached_tokens": 2, "text_tokens": 3}, "total_tokens": 4}, None),
        ({"prompt_tokens": 1, "new_tokens": 5}, "new_tokens=5"),
        ({"prompt_tokens": 1, "details": {"cached_tokens": 2, "smell_tokens": 6}}, "details.smell_tokens=6"),
        ({"prompt_tokens": 1, "touch": {"tokens": 7, "seconds": 0.5}}, "touch.seconds=0.5 touch.tokens=7"),
        ({"prompt_tokens": 1, "note": "CANARY", "seen": True, "list": [1], "none": None}, None),
        ("CANARY", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_count_under_an_unknown_name_lands_as_it_is_called(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, usage: Any, unknown: str | None, wrapped: bool
) -> None:
    record = {"usage": usage}
    _, rows = landed(con, tmp_path, USAGE, lines({"at": AT, **({"response": record} if wrapped else record)}))
    expected = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    assert [(row[0], row[2]) for row in rows] == [(expected, unknown)]
