"""Attempts of one call: stated by the log, else inferred from a failure before; and whether a call's usage is known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.test_incremental import MODELS as COMPARED
from tests.models.test_incremental import marts

MODELS = f"{CALL_MODELS} +fct_usage_hourly +unpriced_requests"

NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)


def attempt(request_id: str, seconds: float, status: str = "ok", **more: object) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "provider_id": "openai",
        "model_id": "gpt-5",
        "requested_at": NOON + timedelta(seconds=seconds),
        "status": status,
        "has_usage": status == "ok",
        "customer_id": "northwind",
        "feature_id": "search",
        **more,
    }


CALLS = [
    # refused, then cut off after 500 tokens, then answered
    attempt("A1", 0, "error", error_code="429", prompt_fingerprint="a"),
    attempt("A2", 5, "aborted", has_usage=True, output_tokens=500, prompt_fingerprint="a"),
    attempt("A3", 65, output_tokens=1000, prompt_fingerprint="a"),
    # the same question again is no retry
    attempt("B1", 0, prompt_fingerprint="b"),
    attempt("B2", 5, prompt_fingerprint="b"),
    # nor is what comes more than ten minutes after the failure
    attempt("C1", 0, "error", prompt_fingerprint="c"),
    attempt("C2", 11 * 60, prompt_fingerprint="c"),
    attempt("D1", 0, "error", prompt_fingerprint="d"),
    attempt("D2", 10 * 60, prompt_fingerprint="d"),
    # nor another customer's, another feature's, or one without a fingerprint
    attempt("E1", 0, "error", prompt_fingerprint="e"),
    attempt("E2", 1, prompt_fingerprint="e", customer_id="fabrikam"),
    attempt("E3", 2, prompt_fingerprint="e", feature_id="chat"),
    attempt("F1", 0, "error"),
    attempt("F2", 1),
    # a chain ends with success: what follows begins another
    attempt("G1", 0, "error", prompt_fingerprint="g"),
    attempt("G2", 1, prompt_fingerprint="g"),
    attempt("G3", 2, "error", prompt_fingerprint="g"),
    attempt("G4", 3, prompt_fingerprint="g"),
    # the log says so: each names the one before, in any order; or the first; or only counts
    attempt("H1", 0, "error", prompt_fingerprint="h"),
    attempt("H2", 9000, "error", prompt_fingerprint="h", retry_of="H1"),
    attempt("H3", 18000, prompt_fingerprint="h", retry_of="H2"),
    attempt("I1", 0, "error", attempt_number=1),
    attempt("I3", 2, attempt_number=3, retry_of="I1"),
    # the log says that it is a first attempt
    attempt("J1", 0, "error", prompt_fingerprint="j", attempt_number=1),
    attempt("J2", 1, prompt_fingerprint="j", attempt_number=1),
    # a chain is followed within a UTC day
    attempt("K1", 12 * 3600 - 1, "error", prompt_fingerprint="k"),
    attempt("K2", 12 * 3600 + 1, "error", prompt_fingerprint="k"),
    attempt("K3", 12 * 3600 + 2, prompt_fingerprint="k"),
]
ATTEMPTS = {
    "A1": (1, "A1", False), "A2": (2, "A1", True), "A3": (3, "A1", True),
    "B1": (1, None, False), "B2": (1, None, False),
    "C1": (1, None, False), "C2": (1, None, False), "D1": (1, "D1", False), "D2": (2, "D1", True),
    "E1": (1, None, False), "E2": (1, None, False), "E3": (1, None, False),
    "F1": (1, None, False), "F2": (1, None, False),
    "G1": (1, "G1", False), "G2": (2, "G1", True), "G3": (1, "G3", False), "G4": (2, "G3", True),
    "H1": (1, "H1", False), "H2": (2, "H1", False), "H3": (3, "H1", False),
    "I1": (1, "I1", False), "I3": (3, "I1", False), "J1": (1, None, False), "J2": (1, None, False),
    "K1": (1, None, False), "K2": (1, "K2", False), "K3": (2, "K2", True),
}  # fmt: skip


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The calls in three files, so that each day is built with a part of them first."""
    loaded, folder = company("retries", select=COMPARED), tmp_path_factory.mktemp("retries")
    for part in range(3):
        loaded.load((write_calls(folder / f"{part}.jsonl", CALLS[part::3]), "canonical"))
    return loaded


def test_attempts_are_those_that_the_log_states_or_a_failure_explains(built: Company) -> None:
    found = built.rows("select request_id, attempt_number, retry_group_id, is_retry_inferred from fct_requests")
    assert {request_id: tuple(rest) for request_id, *rest in found} == ATTEMPTS


def test_incremental_attempts_are_those_of_building_everything(built: Company) -> None:
    incremental = marts(built)
    built.load(full=True)
    assert marts(built) == incremental


def test_the_cost_of_three_attempts_is_that_of_the_two_that_were_billed(built: Company) -> None:
    """500 and 1,000 tokens out at $10 a million."""
    assert built.rows("select sum(cost_usd), count(*) from fct_requests where retry_group_id = 'A1'") == [
        (Decimal("0.015"), 3)
    ]


def test_a_call_that_was_cut_off_without_usage_is_not_free(company: Companies, tmp_path: Path) -> None:
    loaded = company("usage", select=MODELS)
    calls = [
        attempt("answered", 0),
        attempt("silent", 0, has_usage=False),
        attempt("refused", 0, "error"),
        attempt("cut off", 0, "aborted"),
        attempt("cut off, counted", 0, "aborted", has_usage=True, output_tokens=500),
        # "You will not be billed for these requests" (Anthropic, batch processing)
        attempt("cancelled in a batch", 0, "aborted", is_batch=True),
    ]
    loaded.load((write_calls(tmp_path / "calls.jsonl", calls), "canonical"))
    assert loaded.rows("select request_id, usage_status, price_status, cost_usd from fct_requests order by 1") == [
        ("answered", "reported", "priced", Decimal(0)),
        ("cancelled in a batch", "not_billed", "not_billed", None),
        ("cut off", "aborted", "usage_missing", None),
        ("cut off, counted", "reported", "priced", Decimal("0.005")),
        ("refused", "not_billed", "not_billed", None),
        ("silent", "missing", "usage_missing", None),
    ]
    assert loaded.rows("select sum(request_count) from unpriced_requests") == [(2,)]
    assert loaded.rows("select sum(unpriced_request_count) from fct_usage_hourly") == [(2,)]
