"""A mart is what its contract says, to the column, its type and its place: dbt's own check is not what asks here."""

from pathlib import Path

import pytest

from app.dbt_build import BuildError
from tests.models.conftest import Companies, write_calls

PERIODS = "{{ union_staged('billing_periods') }}"
BROKEN = {
    "restatements": ("    input_ids,\n", "", ["input_ids", "missing in definition"]),
    "fct_billing_periods": (PERIODS, f"select *, 1 as extra from ({PERIODS})", ["extra", "missing in contract"]),
    "rejected_records": ("    rule,\n    fix,\n", "    fix,\n    rule,\n", ["in another order", "fix, rule"]),
    "input_columns": ("cast(input_count as bigint)", "cast(input_count as integer)", ["INTEGER", "BIGINT"]),
    "unknown_usage": (
        "cast(sum(request_count) as bigint)",
        "cast(sum(request_count) as integer)",
        ["INTEGER", "BIGINT"],
    ),
}
"""Of each mart words, what takes their place, and what is said of it; the third and the fourth are views."""


def test_marts_that_break_their_contracts_are_not_built(company: Companies, tmp_path: Path) -> None:
    broken = company("contracts", select=" ".join(f"+{mart}" for mart in BROKEN))
    for mart, (good, bad, _) in BROKEN.items():
        (file,) = (broken.project / "models").rglob(f"{mart}.sql")
        broken.reword(str(file.relative_to(broken.project / "models")), good, bad)
    call = {"request_id": "a", "provider_id": "openai", "model_id": "gpt-5", "requested_at": "2026-10-07T10:00:00Z"}
    with pytest.raises(BuildError) as failed:
        broken.load((write_calls(tmp_path / "calls.jsonl", [call]), "canonical"))
    said = {part.split(":")[0]: part for part in str(failed.value).split("; ")}
    assert set(said) == {f"model {mart}" for mart in BROKEN}
    for mart, (_, _, words) in BROKEN.items():
        assert all(word in said[f"model {mart}"] for word in words), said[f"model {mart}"]
