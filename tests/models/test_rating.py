"""The cost of calls, against the library's own calculation and against what real tools recorded."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot

from tests.models.conftest import CALL_MODELS, Warehouse

MODELS = f"{CALL_MODELS} +cost_per_conversation +reconciliation"

CALLS = 4000
LAST_DAY = date(2026, 11, 20)


def random_calls(seed: int) -> list[dict[str, object]]:
    """Anthropic and OpenAI calls over the whole catalogue of both, two years, all cache kinds."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    providers = {provider.id: provider for provider in get_snapshot().providers}
    models = [
        (name, model.id)
        for name in ("openai", "anthropic")
        for model in providers[name].models
        # what an image model writes is an image: test_price_oracle has those
        if find_again(name, model.id) and "image" not in model.id
    ]
    calls = []
    for number in range(CALLS):
        provider, model = chance.choice(models)
        at = datetime.combine(LAST_DAY, datetime.min.time(), UTC) - timedelta(seconds=chance.randrange(700 * 86400))
        size = chance.choice([10, 5_000, 150_000, 199_999, 200_001, 272_001, 400_000])
        read, write_5m, write_1h = (chance.randrange(size) for _ in range(3))
        calls.append(
            {
                "number": number,
                "provider": provider,
                "model": model,
                "at": at,
                "uncached": chance.randrange(size),
                "read": read,
                "write_5m": write_5m if provider == "anthropic" else 0,
                "write_1h": write_1h if provider == "anthropic" and chance.random() < 0.5 else 0,
                "output": chance.randrange(20_000),
            }
        )
    return calls


def find_again(provider: str, model: str) -> bool:
    """Whether the library finds this model by its own id: only such a name means the same to both sides."""
    try:
        return get_snapshot().find_provider_model(model, None, provider, None)[1].id == model
    except LookupError:
        return False


def as_logged(call: dict[str, object]) -> dict[str, object]:
    read, write_5m, write_1h, uncached = (int(str(call[key])) for key in ("read", "write_5m", "write_1h", "uncached"))
    envelope = {"timestamp": str(call["at"]).replace(" ", "T"), "metadata": {"customer_id": "c"}}
    if call["provider"] == "anthropic":
        usage = {
            "input_tokens": uncached,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": write_5m + write_1h,
            "cache_creation": {"ephemeral_5m_input_tokens": write_5m, "ephemeral_1h_input_tokens": write_1h},
            "output_tokens": call["output"],
        }
        return {
            **envelope,
            "response": {"id": f"msg_{call['number']}", "type": "message", "model": call["model"], "usage": usage},
        }
    usage = {
        "prompt_tokens": uncached + read,
        "completion_tokens": call["output"],
        "prompt_tokens_details": {"cached_tokens": read},
    }
    return {
        **envelope,
        "response": {
            "id": f"chatcmpl-{call['number']}",
            "object": "chat.completion",
            "model": call["model"],
            "usage": usage,
        },
    }


def by_library(call: dict[str, object]) -> Decimal:
    read, write_5m, write_1h, uncached = (int(str(call[key])) for key in ("read", "write_5m", "write_1h", "uncached"))
    usage = Usage(
        input_tokens=uncached + read + write_5m + write_1h,
        cache_read_tokens=read,
        cache_write_tokens=write_5m + write_1h,
        cache_write_1h_tokens=write_1h,
        output_tokens=int(str(call["output"])),
    )
    price = calc_price(usage, str(call["model"]), provider_id=str(call["provider"]), genai_request_timestamp=call["at"])  # type: ignore[call-overload]
    return Decimal(price.total_price)


def test_cost_equals_the_librarys_for_random_calls(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    calls = random_calls(seed=11)
    for provider in ("openai", "anthropic"):
        lines = [json.dumps(as_logged(call)) for call in calls if call["provider"] == provider]
        (tmp_path / f"{provider}.jsonl").write_text("\n".join(lines) + "\n")
    loaded = warehouse("oracle", select=MODELS)
    loaded.load((tmp_path / "openai.jsonl", None), (tmp_path / "anthropic.jsonl", None))
    ours = {
        request_id.split("-")[-1].split("_")[-1]: (cost, status)
        for request_id, cost, status in loaded.rows("select request_id, cost_usd, price_status from fct_requests")
    }
    assert len(ours) == CALLS
    wrong = []
    unpriced = 0
    for call in calls:
        cost, status = ours[str(call["number"])]
        expected = by_library(call)
        if status == "no_price":
            # the library counts a kind without any price as free; we do not know its price
            unpriced += 1
            continue
        # five components, each rounded once at the twelfth decimal
        if cost is None or abs(cost - expected) > Decimal("0.0000000000025"):
            wrong.append((call, cost, status, expected))
    assert not wrong, f"{len(wrong)} of {CALLS}: {wrong[:3]}"
    assert unpriced < CALLS // 4


def test_a_real_session_costs_what_the_tool_recorded_for_every_call(
    warehouse: Callable[[str], Warehouse], shared_data: Path
) -> None:
    """Four ways: input, output, cache read, cache write."""
    loaded = warehouse("pi", select=MODELS)
    session = shared_data / "pi_sessions" / "large-session.jsonl"
    loaded.load((session, None))
    recorded = []
    for line in session.read_text().splitlines():
        message = json.loads(line, parse_float=Decimal).get("message", {})
        if message.get("role") == "assistant":
            cost = message["usage"]["cost"]
            recorded.append(tuple(rounded(cost[kind]) for kind in ("input", "output", "cacheRead", "cacheWrite")))
    priced = loaded.rows(
        "select input_cost_usd, output_cost_usd, cache_read_cost_usd, cache_write_cost_usd from fct_requests "
        "where price_status = 'priced' order by record_number"
    )
    assert len(recorded) == 453
    assert priced == recorded
    aborted = sum('"stopReason":"aborted"' in line for line in session.read_text().splitlines())
    assert loaded.rows("select count(*) from fct_requests where status = 'aborted'") == [(aborted,)]
    failed = sum('"stopReason":"error"' in line for line in session.read_text().splitlines())
    assert loaded.rows("select turn_count, cost_usd from cost_per_conversation") == [
        (453 - aborted - failed, sum(sum(cost) for cost in recorded))
    ]


def rounded(value: Decimal | int) -> Decimal:
    return Decimal(value).quantize(Decimal("0.000000000001"), ROUND_HALF_UP)


def test_the_real_focus_bill_keeps_its_money_to_the_last_digit(
    warehouse: Callable[[str], Warehouse], shared_data: Path
) -> None:
    import csv  # noqa: PLC0415 - the oracle reads the file its own way

    path = shared_data / "focus_sample" / "focus_sample.csv"
    loaded = warehouse("focus", select=MODELS)
    loaded.load((path, None))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    billed = sum(Decimal(row["BilledCost"]) for row in rows)
    effective = sum(Decimal(row["EffectiveCost"]) for row in rows)
    assert loaded.rows("select count(*), sum(billed_cost), sum(effective_cost) from fct_charges") == [
        (1000, billed, effective)
    ]
    # every account is tied to the last digit (the sample names no invoice): calls and (unattributed) are its bill
    accounts: dict[str, Decimal] = {}
    for row in rows:
        accounts[row["BillingAccountId"]] = accounts.get(row["BillingAccountId"], Decimal(0)) + Decimal(
            row["EffectiveCost"]
        )
    tied = loaded.rows(
        "select billing_account_id, sum(requests_cost_usd) + sum(unattributed_cost_usd) from reconciliation "
        "where invoice_id is not null group by 1"
    )
    assert dict(tied) == accounts
    negative = sum(1 for row in rows if Decimal(row["BilledCost"]) < 0)
    assert loaded.rows("select count(*) from fct_charges where billed_cost < 0") == [(negative,)]
    assert loaded.rows("select count(*) from fct_charges where charge_class = 'NULL' or tags = 'NULL'") == [(0,)]


@pytest.mark.parametrize("model", ["gpt-4o-mini-2024-07-18", "claude-haiku-4-5-20251001"])
def test_dated_model_names_are_priced(warehouse: Callable[[str], Warehouse], tmp_path: Path, model: str) -> None:
    source = "anthropic" if model.startswith("claude") else "openai"
    kind = {"type": "message"} if source == "anthropic" else {"object": "chat.completion"}
    body = {"id": "x", "model": model, **kind}
    usage = {"input_tokens": 1_000_000, "output_tokens": 0} if source == "anthropic" else {"prompt_tokens": 1_000_000}
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps({"timestamp": "2026-11-01T00:00:00Z", "response": {**body, "usage": usage}}) + "\n")
    loaded = warehouse(source, select=MODELS)
    loaded.load((path, source))
    ((cost,),) = loaded.rows("select cost_usd from fct_requests")
    assert cost == {"openai": Decimal("0.15"), "anthropic": Decimal(1)}[source]


def batch_call(number: int, at: str, tier: str, model: str) -> str:
    usage = {
        "input_tokens": 1_000_000,
        "cache_read_input_tokens": 1_000_000,
        "output_tokens": 100_000,
        "service_tier": tier,
    }
    body = {"id": f"msg_{number}", "type": "message", "model": model, "usage": usage}
    return json.dumps({"timestamp": at, "response": body})


def test_a_batch_call_costs_half_from_the_day_batches_were_offered(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    """Haiku 4.5: 1 / 5, reads 0.10; Haiku 3: 0.25 / 1.25, reads 0.03. Batches exist since 2024-10-08."""
    haiku, old = "claude-haiku-4-5-20251001", "claude-3-haiku-20240307"
    path = tmp_path / "batches.jsonl"
    path.write_text(
        "\n".join(
            [
                batch_call(1, "2025-11-01T00:00:00Z", "standard", haiku),
                batch_call(2, "2025-11-01T00:00:00Z", "batch", haiku),  # by rule
                batch_call(3, "2026-11-01T00:00:00Z", "batch", haiku),  # by the catalogue
                batch_call(4, "2024-10-07T23:59:59Z", "batch", old),  # nobody offered it yet
                batch_call(5, "2024-10-08T00:00:00Z", "batch", old),
            ]
        )
    )
    loaded = warehouse("batches", select=MODELS)
    loaded.load((path, None))
    costs = [cost for (cost,) in loaded.rows("select cost_usd from fct_requests order by request_id")]
    assert costs == [Decimal(cost) for cost in ("1.6", "0.8", "0.8", "0.405", "0.2025")]
    catalogue = calc_price(
        Usage(input_tokens=2_000_000, cache_read_tokens=1_000_000, output_tokens=100_000),
        haiku,
        provider_id="anthropic",
        genai_request_timestamp=datetime(2026, 11, 1, tzinfo=UTC),
        price_context={"processing": "batch"},
    )
    assert catalogue.total_price == costs[2]


def test_every_tier_has_exactly_one_price_at_any_time(warehouse: Callable[[str], Warehouse]) -> None:
    loaded = warehouse("book", select=MODELS)
    loaded.load()
    gaps = loaded.rows(
        """
        with edges as (
            select
                *,
                lead(valid_from_date) over same_tier as next_from_date,
                row_number() over same_tier as place
            from (
                select distinct price_source, provider_id, model_id, service_tier, valid_from_date, valid_to_date
                from intermediate.int_list_prices
            )
            window same_tier as (
                partition by price_source, provider_id, model_id, service_tier
                order by valid_from_date, valid_to_date
            )
        )
        select * from edges
        where
            coalesce(next_from_date, date '2100-01-01') <> valid_to_date
            or (place = 1 and valid_from_date <> date '2015-01-01')
        """
    )
    assert gaps == []
