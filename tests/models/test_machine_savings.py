"""What idle machines and lower precisions would spare, against pools of GPUs that are sized by hand."""

import heapq
import itertools
import json
import math
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.dbt_build import BuildError
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.reconciled import ANY_RULE, MILLION, allocate, line, write_bill

MODELS = f"{CALL_MODELS} +savings_opportunities +assert_savings_count_once +assert_no_saving_is_lost"

D = Decimal
START = datetime(2026, 10, 10, tzinfo=UTC)
H100, A100 = "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB"

CHAT, PAIR, LONE, SMALL, BLIND, DONE, RESERVED = "chat", "pair", "lone", "small", "blind", "done", "reserved"
SERVED = {
    CHAT: ["meta-llama/llama-3.1-70b"], PAIR: ["pair-phi-4", "pair-gemma-3"], LONE: ["qwen3-32b"], SMALL: ["qwen3-8b"],
    BLIND: ["mistral-7b"], DONE: ["llama-3.1-8b-instruct-fp8"], RESERVED: ["big"],
}  # fmt: skip
COST = {CHAT: D(2400), PAIR: D(900), LONE: D(400), SMALL: D(100), BLIND: D(80), DONE: D(500), RESERVED: D(1000)}
UNUSED = D(60)
GPUS = {CHAT: (10, H100), PAIR: (5, H100), LONE: (4, A100), SMALL: (1, H100), DONE: (5, H100)}
"""How many of which GPU DCGM sees; of `blind` it sees none, and `reserved` is throughput of a provider."""
EIGHTHS = {CHAT: (4, 6), PAIR: (8, 8), LONE: (2, 4), SMALL: (1, 1), DONE: (8, 8)}
"""How busy they are, in eighths: all day, and in the hour from noon on."""


def calls() -> Iterator[dict[str, Any]]:
    """A million tokens of each model, three quarters of them for the chat."""
    number = itertools.count()
    for pool, models in SERVED.items():
        for model in models:
            for feature, tokens in (("chat", 750_000), ("search", 250_000)):
                yield {
                    "request_id": f"call-{next(number)}", "provider_id": "acme" if pool == RESERVED else "vllm",
                    "model_id": model, "feature_id": feature, "customer_id": "ann", "operation": "chat",
                    "requested_at": (START + timedelta(hours=12)).isoformat(), "uncached_input_tokens": tokens,
                }  # fmt: skip


def bill() -> Iterator[dict[str, str]]:
    words = {"SkuMeter": "", "ServiceCategory": "Compute"}
    for pool, cost in COST.items():
        yield line("", START.day, "", None, str(cost), **words, ChargeDescription=f"pool {pool}")
    yield line("", START.day, "", None, str(UNUSED), **words, ChargeDescription=f"pool {RESERVED}",
               CommitmentDiscountId="ptu", CommitmentDiscountStatus="Unused")  # fmt: skip


def series(name: str, values: Mapping[float, object], **labels: str) -> dict[str, Any]:
    """A metric at hours of the day."""
    samples = [[(START + timedelta(hours=hour)).timestamp(), str(value)] for hour, value in values.items()]
    return {"metric": {"__name__": name, **labels}, "values": samples}


def answered(path: Path, *found: Mapping[str, Any]) -> tuple[Path, None]:
    """What `query_range` of Prometheus answers."""
    path.write_text(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": found}}) + "\n")
    return path, None


def utilisation() -> Iterator[dict[str, Any]]:
    for pool, (count, model) in GPUS.items():
        usual, noon = (D(eighths) / 8 for eighths in EIGHTHS[pool])
        values = {half / 2: noon if half in (24, 25) else usual for half in range(49)}
        for number in range(count):
            yield series("DCGM_FI_PROF_GR_ENGINE_ACTIVE", values, UUID=f"{pool}-{number}", modelName=model)


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("machines")
    reserved = [{"effect": "self_hosted", "provider_id": "acme", "model_id": "big"}]
    made = company("machines", overrides=reserved, select=MODELS)
    rules = [
        {
            **ANY_RULE, "rule_number": number, "pool_id": pool, "line": f"*pool {pool}*",
            "to_model_id": "pair-*" if pool == PAIR else model,
            "measured_by": f"dcgm/{pool}-*" if pool in GPUS else "-",
            "daily_capacity": 4 * MILLION if pool == RESERVED else 0,
        }
        for number, (pool, (model, *_)) in enumerate(SERVED.items(), 1)
    ]  # fmt: skip
    allocate(made, rules)
    running = [
        series("vllm:num_requests_running", dict.fromkeys(range(24), count), model_name=model, pod=model)
        for model, count in ((SERVED[LONE][0], 1), (SERVED[CHAT][0], 12))
    ]
    made.load(
        (write_calls(folder / "calls.jsonl", calls()), "canonical"),
        write_bill(folder / "bill.csv", bill()),
        answered(folder / "gpus.json", *utilisation()),
        answered(folder / "servers.json", *running),
    )
    return made


MULTIPLIERS = {"fp8": ("1.3", "1.6", "2"), "int8": ("1.3", "1.6", "2"), "int4": ("1.6", "2", "2.7")}
"""Low, expected and high; of int4 those of a server that answers one call at a time."""
BEST = {CHAT: "fp8", PAIR: "fp8", LONE: "int4"}


def spared(gpus: int, share: Fraction, multiplier: str) -> int:
    """Whole GPUs that so many times the throughput of a part of them leaves without work."""
    return gpus - math.ceil(gpus - gpus * share + gpus * share / Fraction(multiplier))


def test_only_whole_gpus_are_spared(built: Company) -> None:
    cases = ("low", "expected", "high")
    columns = ", ".join(f"{case}_{what}" for what in ("spared_gpu_count", "saving_usd") for case in cases)
    found = built.rows(
        f"select pool_id, model_id, from_precision, to_precision, gpu_model, gpu_count, {columns} from quantisation"
        " where is_best order by rule_number, model_id"
    )
    expected = []
    for pool, precision in BEST.items():
        gpus, gpu_model = GPUS[pool]
        for model in sorted(SERVED[pool]):
            fewer = [spared(gpus, Fraction(1, len(SERVED[pool])), times) for times in MULTIPLIERS[precision]]
            money = [COST[pool] * count / gpus for count in fewer]
            expected.append((pool, model, "bf16", precision, gpu_model, gpus, *fewer, *money))
    assert [row for row in found if row[0] in BEST] == expected
    assert [row[6:9] for row in found if row[0] == CHAT] == [(2, 3, 5)]
    assert [row[6:9] for row in found if row[0] == PAIR] == [(0, 0, 1)] * 2, "each runs on two and a half"
    # one GPU is one GPU, whatever it does
    assert [row[6:] for row in found if row[0] == SMALL] == [(0, 0, 0, 0, 0, 0)]


def test_where_nobody_counts_gpus_nothing_is_certain(built: Company) -> None:
    assert built.rows(
        "select to_precision, gpu_count, expected_spared_gpu_count, low_saving_usd, expected_saving_usd,"
        f" high_saving_usd from quantisation where pool_id = '{BLIND}' and is_best"
    ) == [("int8", None, None, 0, 30, 40)]
    kinds = dict(built.rows("select evidence_kind, min(evidence) from savings_found where strategy = 'quantisation'"
                            " group by 1"))  # fmt: skip
    assert kinds.keys() == {"capacity", "published"}
    assert kinds["published"] == "mistral-7b: bf16 to int8, nobody counts its GPUs"


def test_what_is_quantised_or_not_ones_own_is_not_offered(built: Company) -> None:
    offered = {model for (model,) in built.rows("select distinct model_id from quantisation")}
    assert offered == {model for pool in (CHAT, PAIR, LONE, SMALL, BLIND) for model in SERVED[pool]}


def test_a_server_of_many_calls_at_once_never_has_the_figure_of_one_call_at_a_time(built: Company) -> None:
    modes = dict(built.rows("select distinct model_id, serving_mode from quantisation"))
    assert [model for model, mode in modes.items() if mode == "single"] == SERVED[LONE]
    assert built.rows("select max(high_multiplier) from quantisation where serving_mode = 'batched'") == [(2,)]


def test_a_million_tokens_cost_what_they_cost_before_and_after(built: Company) -> None:
    assert built.rows(
        "select delivered_tokens, allocated_cost_usd, cost_per_million_tokens_usd, low_cost_per_million_tokens_usd,"
        " expected_cost_per_million_tokens_usd, high_cost_per_million_tokens_usd from quantisation"
        f" where pool_id = '{CHAT}' and to_precision = 'fp8'"
    ) == [(MILLION, 2400, 2400, 1920, 1680, 1200)]


def used_share(pool: str) -> Fraction:
    usual, noon = EIGHTHS[pool]
    return Fraction(23 * usual + noon, 24 * 8)


def test_a_saving_falls_to_features_and_to_what_is_idle_without_a_remainder(built: Company) -> None:
    for case in ("low", "expected", "high"):
        assert built.rows(f"select sum({case}_saving_usd) from quantisation_savings") == built.rows(
            f"select sum({case}_saving_usd) from quantisation where is_best and high_saving_usd > 0"
        )
    found = dict(
        built.rows(f"select feature_id, expected_saving_usd from quantisation_savings where pool_id = '{CHAT}'")
    )
    busy, three_gpus = used_share(CHAT), 720
    parts = {"(idle)": 1 - busy, "chat": busy * 3 / 4, "search": busy / 4}
    assert found == {name: pytest.approx(D(float(three_gpus * part)), abs=D("0.00001")) for name, part in parts.items()}


def test_what_is_idle_is_told_by_the_busiest_hour_and_the_busiest_day(built: Company) -> None:
    found = {
        (pool, status): facts
        for pool, status, *facts in built.rows(
            "select pool_id, allocation_status, round(idle_cost_usd, 6), gpu_count, low_saving_usd,"
            " expected_saving_usd, high_saving_usd = idle_cost_usd from idle_capacity"
        )
    }
    expected = {
        (RESERVED, "idle"): [D(750), None, 0, 750, True], (RESERVED, "unused"): [UNUSED, None, 0, UNUSED, True],
    }  # fmt: skip
    for pool in (CHAT, LONE, SMALL):
        (gpus, _), (_, noon) = GPUS[pool], EIGHTHS[pool]
        by_hour, by_day = (math.floor(gpus * (1 - share)) for share in (Fraction(noon, 8), used_share(pool)))
        idle = round(COST[pool] * D(float(1 - used_share(pool))), 6)
        one = COST[pool] / gpus
        expected[pool, "idle"] = [idle, gpus, by_hour * one, by_day * one, True]
    assert found == expected
    assert found[CHAT, "idle"][2:4] == [480, 960], "two of ten at noon, four all day"


def test_idle_machines_are_an_opportunity_of_no_feature_and_go_before_quantisation(built: Company) -> None:
    rows = {
        (feature, strategy, kind): facts
        for feature, strategy, kind, *facts in built.rows(
            "select feature_id, strategy, evidence_kind, low_saving_usd, expected_saving_usd, stacked_saving_usd,"
            " state, confidence from savings_opportunities"
        )
    }
    assert rows["(unused)", "idle_capacity", "bill"] == [0, UNUSED, UNUSED, "open", "high"]
    low, alone, stacked, *_ = rows["(idle)", "idle_capacity", "capacity"]
    assert (low, alone) == (480 + 200, 960 + 200 + 750)
    assert stacked == pytest.approx(alone)
    idle = sum(COST[pool] * D(float(1 - used_share(pool))) for pool in (CHAT, LONE, SMALL)) + 750
    _, alone, left, *_ = rows["(idle)", "quantisation", "capacity"]
    assert left == pytest.approx(alone * (1 - stacked / idle), abs=D("0.000001"))
    assert {feature for feature, *_ in rows} == {"(idle)", "(unused)", "chat", "search"}
    ((evidence,),) = built.rows("select evidence from savings_opportunities where strategy = 'idle_capacity'"
                                " and feature_id = '(idle)'")  # fmt: skip
    assert "chat: 49 % was idle of 10 GPUs, 75 % used in the busiest hour, 51 % used on the busiest day" in evidence
    assert "reserved: 75 % was idle, 25 % used on the busiest day" in evidence


def test_all_together_is_no_more_than_the_parts_and_than_the_machines_cost(built: Company) -> None:
    ((alone, together),) = built.rows(
        "select sum(expected_saving_usd), sum(stacked_saving_usd) from savings_opportunities"
    )
    assert 0 < together < alone
    assert together < sum(COST.values()) + UNUSED
    for query, feature in built.rows("select proof_query, feature_id from savings_opportunities"):
        assert built.rows(f"select count(*) from ({query}) where feature_id = '{feature}'")[0][0] > 0, query


def test_a_saving_that_nobody_assumes_anything_of_is_not_left_out_in_silence(built: Company) -> None:
    with pytest.raises(BuildError, match="assert_no_saving_is_lost"):
        built.build_with(
            "marts/savings/savings_opportunities.sql",
            "    on stacked.strategy = assumptions.strategy and",
            "    on assumptions.strategy <> 'idle_capacity' and stacked.strategy = assumptions.strategy and",
            "assert_no_saving_is_lost",
        )


def mean_response(servers: int, speed: float, load: float, *, seed: int) -> float:
    """Seconds from a call to its answer, where calls arrive by chance and take a second of a GPU on average."""
    chance = random.Random(seed)  # noqa: S311 - arrivals, not secrets
    free_at, now, waited, count = [0.0] * servers, 0.0, 0.0, 60_000
    heapq.heapify(free_at)
    for _ in range(count):
        now += chance.expovariate(load)
        done = max(heapq.heappop(free_at), now) + chance.expovariate(1) / speed
        heapq.heappush(free_at, done)
        waited += done - now
    return waited / count


def test_in_a_queue_the_gpus_that_are_left_answer_as_soon_and_one_fewer_would_be_busier(built: Company) -> None:
    rows = built.rows(
        "select gpu_count, expected_spared_gpu_count, expected_multiplier from quantisation"
        " where expected_spared_gpu_count > 0"
    )
    assert len(rows) >= 3
    for gpus, fewer, times in rows:
        left, speed = gpus - fewer, float(times)
        for busy in (0.5, 0.9):
            load = gpus * busy
            before = mean_response(gpus, 1, load, seed=7)
            assert mean_response(left, speed, load, seed=7) <= before
        assert gpus <= left * speed + 1e-9, "as busy as before, or less"
        assert gpus > (left - 1) * speed
