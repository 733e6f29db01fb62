"""What savings that are called done have saved, against calls whose cost is worked out by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.reconciled import ANY_RULE, allocate, line, write_bill

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


# ------------------------------------------------------------------------------------------------------------ machines

BUSY = {"chat": 4_000_000, "search": 2_000_000}
"""Tokens a day on a pool of $100 a day that could take ten million; its other pool, of $30, has those of `kept`."""
AUGUST, OCTOBER = date(2026, 8, 1), date(2026, 10, 31)


def days() -> Iterator[date]:
    yield from (AUGUST + timedelta(days=number) for number in range((OCTOBER - AUGUST).days + 1))


def served() -> Iterator[dict[str, Any]]:
    """As many tokens on every day."""
    for day in days():
        for feature, tokens in {**BUSY, "kept": 6_000_000}.items():
            yield {
                "request_id": f"{feature}-{day}", "provider_id": "vllm", "customer_id": "ann", "feature_id": feature,
                "model_id": "kept-8b" if feature == "kept" else "llama-3.1-70b", "operation": "chat",
                "requested_at": f"{day}T12:00:00Z", "uncached_input_tokens": tokens,
            }  # fmt: skip


def rent() -> Iterator[dict[str, str]]:
    """From October on half of the GPUs of one pool are given back, and none of the other's."""
    for day in days():
        next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        for pool, cost in {"own": 50 if day >= DONE else 100, "kept": 30}.items():
            words = {
                "SkuMeter": "", "ServiceCategory": "Compute", "ChargeDescription": f"pool {pool}",
                "InvoiceId": f"INV-{day:%m}", "BillingPeriodStart": f"{day.replace(day=1)}T00:00:00Z",
                "BillingPeriodEnd": f"{next_month}T00:00:00Z", "ChargePeriodStart": f"{day}T00:00:00Z",
                "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
            }  # fmt: skip
            yield line("", 1, "", None, str(cost), **words)


@pytest.fixture(scope="module")
def rented(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company that quantised both pools for October: the GPUs that are left serve 1.5 times the tokens."""
    home = company("renting", select=f"{MODELS} +allocated_costs")
    rules = [
        {
            **ANY_RULE, "rule_number": number, "pool_id": pool, "line": f"*pool {pool}*", "to_model_id": model,
            "daily_capacity": capacity, "valid_from_date": since, "valid_to_date": until,
        }
        for number, (pool, model, capacity, since, until) in enumerate((
            ("own", "llama*", 10_000_000, "2026-01-01", DONE), ("own", "llama*", 7_500_000, DONE, "2027-01-01"),
            ("kept", "kept*", 10_000_000, "2026-01-01", DONE), ("kept", "kept*", 15_000_000, DONE, "2027-01-01"),
        ), 1)
    ]  # fmt: skip
    allocate(home, rules)
    done = {"chat": "quantisation", "search": "quantisation", "kept": "quantisation", "(idle)": "idle_capacity"}
    home.seed("savings_register", REGISTER, [
        {"feature_id": feature, "strategy": strategy, "state": "done", "owner_id": "platform", "decided_date": DONE,
         "note": ""}
        for feature, strategy in done.items()
    ])  # fmt: skip
    folder = tmp_path_factory.mktemp("machines")
    home.load((write_calls(folder / "calls.jsonl", served()), "canonical"), write_bill(folder / "bill.csv", rent()))
    return home


def test_machines_that_were_given_back_are_saved_once_by_what_was_done(rented: Company) -> None:
    """Of $50 a day less: six of ten million tokens took $60 and take $40, and what stood idle $40 and now $10."""
    found = realised(rented, "month", "counterfactual_cost_usd", "actual_cost_usd", "realised_usd", "usual_usd")
    per_day = {
        "chat": (Decimal(40), Decimal("26.666666666667")),
        "search": (Decimal(20), Decimal("13.333333333333")),
    }
    for feature, (before, after) in per_day.items():
        month, *money = found[feature]
        assert month == DONE
        expected = [31 * before, 31 * after, 31 * (before - after), 0]
        assert money == [pytest.approx(value, abs=Decimal("0.000001")) for value in expected], feature
    # the pool of `kept`, too, has something idle: $12 a day of 30 before, and $18 since
    month, *money = found["(idle)"]
    assert money == [pytest.approx(Decimal(value), abs=Decimal("0.000001")) for value in (31 * 52, 31 * 28, 31 * 24, 0)]
    assert sum(money[2] for _, *money in found.values()) <= 31 * 50


def test_a_lower_precision_on_machines_that_are_kept_saves_nothing(rented: Company) -> None:
    saved, realised_usd, caused, reason = realised(rented, "saved_usd", "realised_usd", "is_caused", "unknown_reason")[
        "kept"
    ]
    assert (saved, realised_usd, caused, reason) == (0, 0, False, None)


def test_what_machines_were_promised_to_save_stands_beside_it(rented: Company) -> None:
    ((promised, offered, cost),) = rented.rows(
        "select promised_expected_usd, expected_saving_usd, affected_cost_usd from realised_savings"
        " inner join savings_opportunities as offers using (feature_id, strategy)"
        " where feature_id = 'chat' and offers.month = '2026-09-01'"
    )
    assert promised == pytest.approx(offered * 31 / 30, abs=Decimal("0.000001"))
    assert 0 < offered < cost
