"""What savings that are called done have saved, against calls whose cost is worked out by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

MODELS = f"{CALL_MODELS} +realised_savings"

DONE = date(2026, 10, 1)
FIRST = DONE - timedelta(days=56)
IN, OUT = Decimal("0.000003"), Decimal("0.000015")
HAIKU_IN, HAIKU_OUT = IN / 3, OUT / 3
TOKENS = {"uncached_input_tokens": 10_000, "output_tokens": 1000}
ONE = IN * 10_000 + OUT * 1000
REGISTER = ("feature_id", "strategy", "state", "owner_id", "decided_date", "note")


def calls() -> Iterator[dict[str, Any]]:
    """Eight weeks of one call a day, then a month of two, of which each feature makes something cheaper."""
    for number in range(56 + 31):
        day = FIRST + timedelta(days=number)
        is_done = day >= DONE
        for again in range(2 if is_done else 1):
            at = datetime(day.year, day.month, day.day, 12 + again, tzinfo=UTC)

            def call(feature: str, name: str = f"{number}-{again}", at: datetime = at, **more: Any) -> dict[str, Any]:
                return {
                    "request_id": f"{feature}-{name}", "provider_id": "anthropic", "model_id": "claude-sonnet-4-5",
                    "feature_id": feature, "customer_id": "acme", "operation": "chat", "requested_at": at.isoformat(),
                    **TOKENS, **more,
                }  # fmt: skip

            yield call("routed", **({"model_id": "claude-haiku-4-5"} if is_done else {}))
            yield call("nightly", **({"is_batch": True, "service_tier": "batch"} if is_done else {}))
            yield call("shorter", output_tokens=500 if is_done else 1000)  # but that is not what was decided
            yield call("answered")
            yield call("served")
            yield call("idle")
            # in batches, then none, then every other call: that moves by itself
            early = number < 28
            yield call("restless", **({"is_batch": True, "service_tier": "batch"} if early or again else {}))
            if day >= DONE - timedelta(days=20):
                yield call("young", **({"model_id": "claude-haiku-4-5"} if is_done else {}))


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """That company, which calls all of it done on the first of October."""
    home = company("realising", select=MODELS)
    strategies = {
        "routed": "routing", "nightly": "batch", "shorter": "routing", "answered": "semantic_cache",
        "served": "quantisation", "restless": "batch", "young": "routing",
    }  # fmt: skip
    home.seed("savings_register", REGISTER, [
        {"feature_id": feature, "strategy": strategy, "state": "done", "owner_id": "team", "decided_date": DONE,
         "note": "as decided"}
        for feature, strategy in strategies.items()
    ] + [{"feature_id": "idle", "strategy": "batch", "state": "accepted", "owner_id": "team", "decided_date": DONE,
          "note": "not yet"}])  # fmt: skip
    home.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", calls()), "canonical"))
    return home


def realised(built: Company, *columns: str) -> dict[str, list[Any]]:
    """Columns by feature."""
    query = f"select feature_id, {', '.join(columns)} from marts.realised_savings order by 1"
    return {feature: facts for feature, *facts in built.rows(query)}


def test_what_was_saved_is_told_at_the_volume_of_the_month(built: Company) -> None:
    found = realised(built, "month", "counterfactual_cost_usd", "actual_cost_usd", "saved_usd", "realised_usd",
                     "is_caused")  # fmt: skip
    before, routed, batched = 62 * ONE, 62 * (HAIKU_IN * 10_000 + HAIKU_OUT * 1000), 62 * ONE / 2
    assert found["routed"] == [DONE, before, routed, before - routed, before - routed, True]
    assert found["nightly"] == [DONE, before, batched, before - batched, before - batched, True]
    assert "idle" not in found  # accepted is not done


def test_what_another_cause_made_cheaper_is_not_realised(built: Company) -> None:
    saved, realised_usd, explained, caused, counterfactual, actual = realised(
        built, "saved_usd", "realised_usd", "explained_share", "is_caused", "counterfactual_cost_usd", "actual_cost_usd"
    )["shorter"]
    assert counterfactual - actual == 62 * 500 * OUT
    assert (saved, realised_usd, explained, caused) == (0, 0, 0, False)


def test_what_moves_as_much_without_the_action_is_not_realised(built: Company) -> None:
    saved, usual, realised_usd, caused = realised(built, "saved_usd", "usual_usd", "realised_usd", "is_caused")[
        "restless"
    ]
    assert 0 < saved < usual
    assert (realised_usd, caused) == (0, False)


def test_what_is_not_known_is_said(built: Company) -> None:
    found = realised(built, "realised_usd", "is_caused", "unknown_reason")
    assert found["answered"] == [None, None, "not_in_cost"]
    assert found["served"] == [None, None, "of_machines"]
    assert found["young"] == [None, None, "no_history"]
    assert found["routed"][-1] is None


def test_what_was_promised_stands_beside_it_at_the_same_volume(built: Company) -> None:
    found = realised(built, "promised_low_usd", "promised_expected_usd", "promised_high_usd", "explained_share")
    # nobody has evidence that a cheaper model would do: nothing was promised of it
    assert found["routed"] == [0, 0, 0, pytest.approx(1)]
    # seeds/latency_tolerance.csv: what is called nightly can wait
    half = 62 * ONE / 2
    assert found["nightly"] == [half * Decimal("0.8"), half, half, pytest.approx(1)]
