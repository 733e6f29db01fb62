"""Caching replayed: SQL over landed fingerprints against a dictionary in Python, on a real trace and by hand."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

MODELS = f"{CALL_MODELS} +prompt_caching"

TRACE = Path(__file__).parents[3] / "shared" / "data" / "mooncake" / "conversation_trace_4000.jsonl"
NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
PIECE = 512
POLICY_COLUMNS = (
    "rule_number", "provider_id", "model_id", "policy_id", "lifetime_minutes", "minimum_tokens", "block_tokens",
    "write_price", "is_automatic", "valid_from_date", "valid_to_date", "source_url", "note",
)  # fmt: skip
READ = Decimal("0.1")
WRITE = {
    "input": Decimal(1),
    "cache_write": Decimal("1.25"),
    "cache_write_1h": Decimal(2),
    "cache_write_12h": Decimal("2.5"),
}
"""What claude-haiku-4-5 asks of a token, relative to its input; twelve hours it does not offer."""


@dataclass(frozen=True)
class Policy:
    """A line of seeds/cache_policies.csv."""

    name: str
    minutes: int
    write_price: str
    minimum: int = 1024
    block: int = 1


@dataclass(frozen=True)
class Prompt:
    """A call of a trace: its pieces in their order."""

    at: datetime
    tokens: int
    pieces: tuple[str, ...]

    def first(self, count: int) -> int:
        """Tokens of so many pieces."""
        return min(PIECE * count, self.tokens)


FOUR = (
    Policy("5m", 5, "cache_write"),
    Policy("30m", 30, "cache_write"),
    Policy("1h", 60, "cache_write_1h"),
    Policy("automatic", 5, "input"),
)
HALF_A_DAY = Policy("12h", 720, "cache_write_12h")


def relative_cost(prompts: Iterable[Prompt], policy: Policy, *, repeated: bool = False) -> Decimal:
    """What input costs under a policy, where uncached it costs 1: a cache that is a dictionary.

    Args:
        repeated: whether only what another call had within the lifetime is written.
    """
    lifetime = timedelta(minutes=policy.minutes)
    last_seen: dict[str, datetime] = {}
    stored_at: dict[str, datetime] = {}
    paid, whole = Decimal(0), 0
    for prompt in prompts:
        whole += prompt.tokens
        if prompt.tokens < policy.minimum:
            paid += prompt.tokens
            continue

        since = prompt.at - lifetime
        seen = _leading(piece in last_seen and last_seen[piece] >= since for piece in prompt.pieces)
        stored = _leading(piece in stored_at and stored_at[piece] >= since for piece in prompt.pieces)
        to_store = seen if repeated else len(prompt.pieces)
        kept, read = prompt.first(to_store), prompt.first(stored)
        for piece in prompt.pieces:
            last_seen[piece] = prompt.at
        for piece in prompt.pieces[:to_store]:
            stored_at[piece] = prompt.at
        if kept < policy.minimum:
            kept = read = 0
        read = read // policy.block * policy.block if read >= policy.minimum else 0
        paid += READ * read + WRITE[policy.write_price] * (kept - read) + (prompt.tokens - kept)
    return paid / whole


def _leading(holds: Iterable[bool]) -> int:
    """How many hold before the first that does not."""
    return sum(1 for _ in takewhile(bool, holds))


def calls(prompts: Iterable[Prompt], *, feature: str = "chat", begin: int = 0) -> Iterator[dict[str, Any]]:
    """Prompts as calls of the canonical shape."""
    for number, prompt in enumerate(prompts, begin):
        yield {
            "request_id": f"call-{number:06d}", "provider_id": "anthropic", "model_id": "claude-haiku-4-5",
            "feature_id": feature, "operation": "chat", "requested_at": prompt.at.isoformat(),
            "uncached_input_tokens": prompt.tokens, "output_tokens": 10, "prompt_fingerprint": f"{number:032x}",
            "prefix_fingerprints": " ".join(prompt.pieces),
        }  # fmt: skip


def offer(home: Company, policies: Iterable[Policy]) -> None:
    """Let the model be cached in these ways, and no other."""
    home.seed(
        "cache_policies",
        POLICY_COLUMNS,
        [
            {
                "rule_number": number, "provider_id": "*", "model_id": "*", "policy_id": policy.name,
                "lifetime_minutes": policy.minutes, "minimum_tokens": policy.minimum, "block_tokens": policy.block,
                "write_price": policy.write_price, "is_automatic": "false", "valid_from_date": "2020-01-01",
                "valid_to_date": "2100-01-01", "source_url": "the test", "note": "",
            }
            for number, policy in enumerate(policies, 1)
        ],
    )  # fmt: skip


def replayed(home: Company) -> dict[tuple[str, str, str], tuple[Decimal, bool]]:
    """Cost relative to uncached input and whether it is the best, by feature, policy and placement."""
    return {
        (feature, policy, placement): (cost / uncached, best)
        for feature, policy, placement, cost, uncached, best in home.rows(
            "select feature_id, policy_id, placement, policy_cost_usd, uncached_cost_usd, is_best"
            " from marts.prompt_caching"
        )
    }


def trace() -> list[Prompt]:
    """The real conversation trace."""
    if not TRACE.exists():
        pytest.skip(f"{TRACE} is not here: the Mooncake trace of conversations, see shared/data/README.md")
    records = [json.loads(line) for line in TRACE.read_text().splitlines()]
    return [
        Prompt(
            NOON + timedelta(milliseconds=record["timestamp"]),
            record["input_length"],
            tuple(f"{piece:016x}" for piece in record["hash_ids"]),
        )
        for record in records
    ]


def talks(prompts: Iterable[Prompt]) -> Iterator[str]:
    """The conversation of each call: that of the call whose whole pieces its own begin with, or a new one."""
    ends: dict[str, str] = {}
    for number, prompt in enumerate(prompts):
        whole = prompt.pieces[: prompt.tokens // PIECE]
        talk = next((ends[piece] for piece in reversed(whole[1:]) if piece in ends), f"talk-{number}")
        if len(whole) > 1:
            ends[whole[-1]] = talk
        yield talk


def test_the_replay_of_a_real_trace_is_that_of_a_dictionary_to_four_decimals(
    company: Companies, tmp_path: Path
) -> None:
    prompts = trace()
    home = company("mooncake", select=MODELS)
    offer(home, (*FOUR, HALF_A_DAY))
    untold = (
        {**{name: value for name, value in call.items() if "fingerprint" not in name}, "conversation_id": talk}
        for call, talk in zip(calls(prompts, feature="untold", begin=10_000), talks(prompts), strict=True)
    )
    home.load((write_calls(tmp_path / "calls.jsonl", chain(calls(prompts), untold)), "canonical"))
    found = replayed(home)
    for policy in FOUR:
        cost, _ = found["chat", policy.name, "everything"]
        assert abs(cost - relative_cost(prompts, policy)) < Decimal("0.00005"), policy
        if policy.write_price != "input":
            cost, _ = found["chat", policy.name, "repeated"]
            assert abs(cost - relative_cost(prompts, policy, repeated=True)) < Decimal("0.00005"), policy
    # nobody knows what twelve hours would cost here: they are not offered
    assert not [key for key in found if key[1] == HALF_A_DAY.name]
    # on this trace an hour at twice the price costs more than no cache: an estimator must say so
    assert found["chat", "1h", "everything"][0] > 1 > found["chat", "5m", "everything"][0]
    # without fingerprints, by conversations alone (here: who begins with whose prompt): whether a way pays is told
    # rightly, and what is read within the error that seeds/savings_assumptions.csv states
    read = dict(
        home.rows(
            "select concat(feature_id, ' ', policy_id), hit_share from marts.prompt_caching"
            " where placement = 'everything'"
        )
    )
    for policy in FOUR:
        known, estimated = (found[feature, policy.name, "everything"][0] for feature in ("chat", "untold"))
        assert (known < 1) == (estimated < 1), policy
        assert abs(read[f"untold {policy.name}"] / read[f"chat {policy.name}"] - 1) < 0.15, policy
    assert not found["untold", "1h", "everything"][1]


def test_random_traces_are_replayed_as_a_dictionary_would(company: Companies, tmp_path: Path) -> None:
    rng = random.Random(20261129)  # noqa: S311 - the same traces every time are the point
    policies = (
        Policy("5m", 5, "cache_write", minimum=1024),
        Policy("1h", 60, "cache_write_1h", minimum=2048),
        HALF_A_DAY,
        Policy("automatic", 10, "input", minimum=1024, block=128),
    )
    # of the model's input, a dollar for a million tokens
    price = {
        "effect": "list_price", "model_id": "claude-haiku-4-5", "usage_kind": "cache_write_12h_tokens",
        "price": WRITE[HALF_A_DAY.write_price], "per_units": 1_000_000, "currency": "USD",
    }  # fmt: skip
    traces = {f"feature-{number}": _random_trace(rng) for number in range(12)}
    home = company("random traces", select=MODELS, overrides=[price])
    offer(home, policies)
    logged = [
        call
        for number, (feature, prompts) in enumerate(traces.items())
        for call in calls(prompts, feature=feature, begin=number * 1000)
    ]
    home.load((write_calls(tmp_path / "calls.jsonl", logged), "canonical"))
    # a day that lands later is replayed by itself, and leaves the others as they are
    later = {"later": [replace(prompt, at=prompt.at + timedelta(days=1)) for prompt in _random_trace(rng)]}
    later_calls = calls(later["later"], feature="later", begin=900_000)
    home.load((write_calls(tmp_path / "later.jsonl", later_calls), "canonical"))
    found = replayed(home)
    for feature, prompts in (traces | later).items():
        for policy in policies:
            for placement in ("everything", "repeated") if policy.write_price != "input" else ("everything",):
                cost, _ = found[feature, policy.name, placement]
                oracle = relative_cost(prompts, policy, repeated=placement == "repeated")
                assert abs(cost - oracle) < Decimal("0.00005"), (feature, policy, placement)
        costs = {key: cost for key, (cost, _) in found.items() if key[0] == feature}
        best = [key for key, (_, is_best) in found.items() if key[0] == feature and is_best]
        # nothing was cached: what is done costs 1, and the best is cheaper or there is none
        assert best == ([] if min(costs.values()) == 1 else [min(costs, key=lambda key: costs[key])]), feature


def _random_trace(rng: random.Random) -> list[Prompt]:
    at, prompts, talks = NOON - timedelta(hours=3), [], [[f"{rng.getrandbits(63):016x}"] * 1 for _ in range(3)]
    for _ in range(rng.randrange(5, 40)):
        at += timedelta(seconds=rng.choice((0, 10, 200, 290, 299, 301, 1500, 3599, 3601)))
        talk = rng.choice(talks)
        if rng.random() < 0.7:
            talk.append(f"{rng.getrandbits(63):016x}")
        pieces = tuple(talk[: rng.randrange(1, len(talk) + 1)])
        prompts.append(Prompt(at, PIECE * (len(pieces) - 1) + rng.randrange(1, PIECE + 1), pieces))
    return prompts
