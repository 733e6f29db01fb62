"""A count that no column reads reaches a mart under its name: from the log of an application to the printed line."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app import builds
from app.cli import _report_unknown_usage
from tests.models.conftest import CALL_MODELS, Warehouse

MODELS = f"{CALL_MODELS} +unknown_usage"


def call(number: int, day: int, **usage: object) -> str:
    response = {
        "id": f"chatcmpl-number-{number}",
        "object": "chat.completion",
        "model": "gpt-5",
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, **usage},
    }
    return json.dumps({"timestamp": f"2026-10-{day:02}T12:00:00Z", "response": response})


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_counts_that_nothing_reads_are_summed_by_name_and_printed(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = warehouse("unknown-usage", select=MODELS)
    first = written(
        tmp_path / "first.jsonl",
        call(1, 7, smell_tokens=5),
        call(2, 7, smell_tokens=5, details={"touch_seconds": 0.5}),
        call(3, 8),
    )
    home.load((first, "openai"))
    kept = "select usage_name, request_count, quantity, first_usage_date, last_usage_date from unknown_usage order by 1"
    assert home.rows(kept) == [
        ("details.touch_seconds", 1, Decimal("0.5"), date(2026, 10, 7), date(2026, 10, 7)),
        ("smell_tokens", 2, Decimal(10), date(2026, 10, 7), date(2026, 10, 7)),
    ]
    # a later day adds to them, a call that is logged again does not
    later = written(tmp_path / "later.jsonl", call(4, 9, smell_tokens=5), call(1, 7, smell_tokens=5))
    assert not home.load((later, "openai")).is_full
    assert home.rows(kept) == [
        ("details.touch_seconds", 1, Decimal("0.5"), date(2026, 10, 7), date(2026, 10, 7)),
        ("smell_tokens", 3, Decimal(15), date(2026, 10, 7), date(2026, 10, 9)),
    ]
    assert home.rows(
        "select source_id, provider_id, model_id from unknown_usage where usage_name = 'smell_tokens'"
    ) == [("openai", "openai", "gpt-5")]
    # they are in no figure: 100 in and 10 out
    assert home.rows("select distinct uncached_input_tokens, output_tokens from fct_requests") == [(100, 10)]
    _report_unknown_usage(builds.current(home.home))
    assert capsys.readouterr().out.splitlines() == [
        "usage that we do not read: openai gpt-5 smell_tokens, 3 calls, 15",
        "usage that we do not read: openai gpt-5 details.touch_seconds, 1 call, 0.5",
    ]


def test_a_long_list_is_cut_and_says_where_the_rest_is(
    warehouse: Callable[[str], Warehouse], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = warehouse("many-unknown", select=MODELS)
    names = {f"kind_{number:02}_tokens": 1000 for number in range(23)}
    home.load((written(tmp_path / "log.jsonl", call(1, 7, **names)), "openai"))
    assert len(home.rows("select * from unknown_usage")) == 23
    _report_unknown_usage(builds.current(home.home))
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0] == "usage that we do not read: openai gpt-5 kind_00_tokens, 1 call, 1,000"
    assert (len(lines), last) == (20, 'and 3 more: unitcost sql "select * from unknown_usage"')
