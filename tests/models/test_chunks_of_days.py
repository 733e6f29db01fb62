"""Models that are made a chunk of days at a time are what one statement would make them."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.models.conftest import Companies, write_calls

CHUNKED = {
    "int_context_hourly", "int_context_windows_daily", "int_duplicates_daily", "int_prefix_cache_daily",
    "int_session_cache_daily",
}  # fmt: skip
DAYS = 5


def calls(days: range) -> list[dict[str, Any]]:
    """Conversations of three turns, whose prompts go on: some calls are asked twice."""
    chance = random.Random(3)  # noqa: S311 - cases, not secrets
    made = []
    for number in range(40 * DAYS):
        day, talk, turn = number % DAYS, number // (3 * DAYS), number // DAYS % 3
        at = datetime(2026, 10, 1 + day, 12, tzinfo=UTC) + timedelta(minutes=10 * turn, seconds=chance.randrange(300))
        made.append({
            "request_id": f"call-{number}", "provider_id": "anthropic", "model_id": "claude-haiku-4-5",
            "requested_at": at.isoformat(), "customer_id": f"c{talk % 3}", "feature_id": "search", "operation": "chat",
            "conversation_id": f"talk-{day}-{talk}", "attempt_number": 1,
            "uncached_input_tokens": 512 * (4 + turn), "output_tokens": 300,
            "prompt_fingerprint": f"{talk % 7 + 8 * turn:032x}", "prompt_similarity": f"{talk % 5:016x}",
            "prefix_fingerprints": " ".join(f"{100 * (talk % 7) + piece:016x}" for piece in range(4 + turn)),
        })  # fmt: skip
    return [call for call in made if datetime.fromisoformat(call["requested_at"]).day - 1 in days]


def test_days_by_themselves_make_what_all_days_at_once_make(
    company: Companies, tmp_path: Path, written: list[str]
) -> None:
    def chunked() -> list[str]:
        return sorted(name for name in written if name in CHUNKED)

    def made() -> dict[str, list[Any]]:
        return {name: ours.rows(f"select * from intermediate.{name} order by all") for name in CHUNKED}

    ours = company("chunks", select=" ".join(f"+{name}" for name in sorted(CHUNKED)) + " +int_requests_absorbed")
    ours.load((write_calls(tmp_path / "all.jsonl", calls(range(DAYS))), "canonical"))
    assert chunked() == sorted(CHUNKED)
    at_once = made()
    assert all(at_once.values())
    macro = ours.project / "macros" / "chunk_of_days.sql"
    text = macro.read_text()
    assert "most_rows=400000" in text
    macro.write_text(text.replace("most_rows=400000", "most_rows=50"))  # 40 a day
    written.clear()
    ours.load(full=True)
    assert chunked() == sorted([*CHUNKED] * DAYS)
    assert made() == at_once
    twice = [{**call, "request_id": f"again-{call['request_id']}"} for call in calls(range(2, 4))]
    ours.load((write_calls(tmp_path / "twice.jsonl", twice), "canonical"))
    of_days = made()
    assert of_days != at_once
    macro.write_text(text)
    ours.load(full=True)
    assert made() == of_days
