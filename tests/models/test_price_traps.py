"""Every trap of prices and modifiers that the field fell into: a logged call, and what it costs.

The numbers are those of the list of traps (20–40); prices in its vectors are dollars a million tokens.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, Rating, write_calls

MODELS = f"{CALL_MODELS} +fct_usage_hourly +unpriced_requests +price_conflicts"

Record = Mapping[str, Any]
Log = tuple[str, Record]


def openai(model: str, at: str, usage: Record | None, *, tier: str | None = None, **more: Any) -> Log:
    body = {"object": "chat.completion", "model": model, "service_tier": tier, "usage": usage}
    return "openai", {"timestamp": at, "response": body, **more}


def anthropic(model: str, at: str, usage: Record, **more: Any) -> Log:
    return "anthropic", {"timestamp": at, "response": {"type": "message", "model": model, "usage": usage}, **more}


M = 1_000_000


def bedrock(model: str, at: str, account: str) -> Log:
    """A million tokens in and out."""
    record = {
        "schemaType": "ModelInvocationLog", "timestamp": at, "accountId": account, "operation": "Converse",
        "modelId": model, "input": {"inputTokenCount": M}, "output": {"outputTokenCount": M},
    }  # fmt: skip
    return "bedrock", record


def litellm(provider: str, model: str, at: str, prompt: int, completion: int, **more: Any) -> Log:
    row = {
        "call_type": "acompletion", "startTime": at.rstrip("Z"), "model": model, "custom_llm_provider": provider,
        "prompt_tokens": prompt, "completion_tokens": completion, "status": "success",
        "metadata": {"usage_object": {"prompt_tokens": prompt, "completion_tokens": completion}},
        **more,
    }  # fmt: skip
    return "litellm", row


def canonical(provider: str | None, model: str, at: str, **counts: Any) -> Log:
    return "canonical", {"provider_id": provider, "model_id": model, "requested_at": at, **counts}


def tokens(prompt: int, completion: int = 0, **details: int) -> Record:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "prompt_tokens_details": details}


SONNET_35 = "anthropic.claude-3-5-sonnet-20241022-v2:0"
EXTENDED = "444455556666"
"""An account that is billed for "Public Extended Access": 6 / 30 instead of 3 / 15."""
NOV = "2026-11-01T12:00:00Z"
AUG = "2026-08-01T12:00:00Z"
GEMINI = {"uncached_input_tokens": 25_000, "cache_read_tokens": 100_000, "output_tokens": 3_000}
OPUS = {"input_tokens": 1_000, "output_tokens": 1_000}
BIG = {"input_tokens": 300_000, "output_tokens": 0}

CASES: dict[str, tuple[Log, str | None, str]] = {
    # trap number, what the case shows: the log, the cost (None: NULL), the price status
    "20 at the threshold the short context holds": (
        openai("gpt-5.6-sol", AUG, tokens(272_000, 1_000)),
        "1.39",
        "priced",
    ),
    "20 one token above it the whole request is long": (
        openai("gpt-5.6-sol", AUG, tokens(272_001, 1_000)),
        "2.76501",
        "priced",
    ),
    "20 cached tokens count towards the threshold": (
        openai("gpt-5.6-sol", AUG, tokens(272_001, 0, cached_tokens=272_000)),
        "0.27201",
        "priced",
    ),
    "20 below xAI's threshold": (
        canonical("x-ai", "grok-4.5", NOV, uncached_input_tokens=199_999),
        "0.399998",
        "priced",
    ),
    "20 xAI's threshold is already long": (
        canonical("x-ai", "grok-4.5", NOV, uncached_input_tokens=200_000),
        "0.8",
        "priced",
    ),
    "21 Opus 4.6 had a long tier": (anthropic("claude-opus-4-6", "2026-03-12T23:59:59Z", BIG), "3", "priced"),
    "21 Opus 4.6 is flat since 2026-03-13": (
        anthropic("claude-opus-4-6", "2026-03-13T00:00:00Z", BIG),
        "1.5",
        "priced",
    ),
    "21 Sonnet 5 is flat": (anthropic("claude-sonnet-5", NOV, BIG), "0.6", "priced"),
    "22 the tier of the response counts": (
        openai("gpt-5.4", NOV, tokens(1_000, 1_000), tier="priority", request={"service_tier": "auto"}),
        "0.035",
        "priced",
    ),
    "22 a tier that was asked for and not served does not": (
        openai("gpt-5.4", NOV, tokens(1_000, 1_000), tier="default", request={"service_tier": "priority"}),
        "0.0175",
        "priced",
    ),
    "22 Anthropic's speed is a price": (
        anthropic("claude-opus-5", NOV, {**OPUS, "speed": "fast", "service_tier": "standard"}),
        "0.06",
        "priced",
    ),
    "22 Anthropic's service tier is a capacity": (
        anthropic("claude-opus-5", NOV, {**OPUS, "service_tier": "priority"}),
        "0.03",
        "priced",
    ),
    "23 a batch halves cached tokens too, where the provider stacks": (
        anthropic("claude-opus-5", NOV, {**OPUS, "cache_read_input_tokens": 100_000, "service_tier": "batch"}),
        "0.04",
        "priced",
    ),
    "24 the price of a cache read is looked up, not a tenth": (
        anthropic("claude-fable-5-1", NOV, {"input_tokens": 0, "cache_read_input_tokens": M, "output_tokens": 0}),
        "0.25",
        "priced",
    ),
    "25 cache writes of gpt-5.6 cost 1.25 times": (
        openai("gpt-5.6-sol", AUG, tokens(100_000, 0, cache_write_tokens=100_000)),
        "0.625",
        "priced",
    ),
    "25 earlier models write for the price of input": (
        openai("gpt-5.4", AUG, tokens(100_000, 0, cache_write_tokens=100_000)),
        "0.25",
        "priced",
    ),
    "26 keeping 2M tokens in a cache for 3 hours": (
        canonical("google", "gemini-2.5-flash", NOV, cache_storage_token_hours=6 * M),
        "6.00",
        "priced",
    ),
    "26 is no input at any price": (
        canonical("google", "gemini-2.5-flash-lite", NOV, cache_storage_token_hours=6 * M),
        None,
        "no_price",
    ),
    "27 Anthropic in the US only": (
        anthropic("claude-opus-5", NOV, {**OPUS, "inference_geo": "us"}),
        "0.033",
        "priced",
    ),
    "27 Anthropic anywhere": (anthropic("claude-opus-5", NOV, {**OPUS, "inference_geo": "global"}), "0.03", "priced"),
    "27 OpenAI in Europe": (
        openai("gpt-5.4", NOV, tokens(1_000, 1_000), host="eu.api.openai.com"),
        "0.01925",
        "priced",
    ),
    "27 OpenAI in Europe, a model from before the uplift": (
        openai("gpt-5", NOV, tokens(1_000, 1_000), host="eu.api.openai.com"),
        "0.01125",
        "priced",
    ),
    "27 the region in a name on AWS is part of the price": (
        canonical("aws", "us.anthropic.claude-opus-5", NOV, uncached_input_tokens=1_000, output_tokens=1_000),
        "0.033",
        "priced",
    ),
    "28 one model id on Bedrock has two SKUs: the catalogue knows one of them": (
        bedrock(SONNET_35, NOV, "111122223333"),
        "18",
        "priced",
    ),
    "28 and an account that is billed by the other says so in a line of its own": (
        bedrock(SONNET_35, NOV, EXTENDED),
        "36",
        "priced",
    ),
    "29 the last second of the old price": (
        openai("gpt-5.6-sol", "2026-08-20T23:59:59.999999Z", tokens(100_000, 1_000)),
        "0.53",
        "priced",
    ),
    "29 the first second of the new one": (
        openai("gpt-5.6-sol", "2026-08-21T00:00:00Z", tokens(100_000, 1_000)),
        "0.42",
        "priced",
    ),
    "29 the instant counts, not the wall clock of the log": (
        openai("gpt-5.6-sol", "2026-08-21T01:00:00+02:00", tokens(100_000, 1_000)),
        "0.53",
        "priced",
    ),
    "30 a planned price does not hold yet": (
        canonical("google", "gemini-3.7-flash", "2026-12-31T23:59:59Z", **GEMINI),
        "0.0375",
        "priced",
    ),
    "30 a planned price holds from its day": (
        canonical("google", "gemini-3.7-flash", "2027-01-01T00:00:00Z", **GEMINI),
        "0.0750",
        "priced",
    ),
    "30 a rise that was called off never comes": (
        anthropic("claude-sonnet-5", "2026-09-02T00:00:00Z", {"input_tokens": M, "output_tokens": 0}),
        "2",
        "priced",
    ),
    "31 the last second of the day price": (
        canonical("deepseek", "deepseek-chat", "2026-02-01T16:29:59Z", uncached_input_tokens=M),
        "0.27",
        "priced",
    ),
    "31 the night price from 16:30": (
        canonical("deepseek", "deepseek-chat", "2026-02-01T16:30:00Z", uncached_input_tokens=M),
        "0.135",
        "priced",
    ),
    "31 the night price past midnight": (
        canonical("deepseek", "deepseek-chat", "2026-02-02T00:29:59Z", uncached_input_tokens=M),
        "0.135",
        "priced",
    ),
    "31 the day price from 00:30": (
        canonical("deepseek", "deepseek-chat", "2026-02-02T00:30:00Z", uncached_input_tokens=M),
        "0.27",
        "priced",
    ),
    "32 AI Studio's price": (canonical("google", "gemini-2.0-flash", NOV, uncached_input_tokens=M), "0.10", "priced"),
    "32 Vertex's own list, where the deployment says so": (
        canonical("google", "gemini-2.0-flash", NOV, uncached_input_tokens=M, deployment_id="vertex"),
        "0.15",
        "priced",
    ),
    "33 a base model": (
        canonical("openai", "davinci-002", NOV, uncached_input_tokens=M, output_tokens=M),
        "4",
        "priced",
    ),
    "33 its fine-tuned one": (openai("ft:davinci-002:acme::x1", NOV, tokens(M, M)), "24", "priced"),
    "33 a fine-tuned model that nobody priced is not its base": (
        openai("ft:babbage-009:acme::x1", NOV, tokens(M, M)),
        None,
        "unknown_model",
    ),
    "34 web searches are billed beside the tokens": (
        anthropic(
            "claude-sonnet-5",
            NOV,
            {"input_tokens": 0, "output_tokens": 0, "server_tool_use": {"web_search_requests": 2_500}},
        ),
        "25",
        "priced",
    ),
    "35 tokens of reserved capacity cost nothing, and say why": (
        openai("gpt-5.4", NOV, tokens(M, M), deployment="ptu-1"),
        "0",
        "self_hosted",
    ),
    "36 what spills over is on demand": (
        openai("gpt-5.4", NOV, tokens(1_000, 1_000), deployment="on-demand"),
        "0.0175",
        "priced",
    ),
    "37 the credit of a redeemed fallback is in the retry's own counts: read what would have been written": (
        anthropic(
            "claude-opus-4-8",
            NOV,
            {
                **OPUS,
                "cache_read_input_tokens": 50_000,
                "cache_creation_input_tokens": 0,
                "fallback_credit": {"status": {"type": "redeemed"}},
            },
        ),
        "0.055",
        "priced",
    ),
    "37 without it the retry writes its cache anew": (
        anthropic(
            "claude-opus-4-8",
            NOV,
            {
                **OPUS,
                "cache_read_input_tokens": 0,
                "cache_creation_input_tokens": 50_000,
                "fallback_credit": {"status": {"type": "not_applied", "reason": "expired"}},
            },
        ),
        "0.3425",
        "priced",
    ),
    "38 an attempt that was turned away is not billed": (
        openai("gpt-5.4", NOV, None, status="429", error={"code": "rate_limit_exceeded"}, attempt=1),
        None,
        "not_billed",
    ),
    "38 an attempt that broke off is billed for what it wrote": (
        openai("gpt-5.4", NOV, tokens(0, 500), status="aborted", attempt=2),
        "0.0075",
        "priced",
    ),
    "38 the attempt that succeeded is billed": (
        openai("gpt-5.4", NOV, tokens(1_000, 500), attempt=3),
        "0.01",
        "priced",
    ),
    "38 a success without usage is not free": (openai("gpt-5.4", NOV, None), None, "usage_missing"),
    "39 an unknown model costs NULL": (openai("gpt-99-imaginary", NOV, tokens(M, M)), None, "unknown_model"),
    "39 free by contract costs 0": (canonical("partner", "gift", NOV, uncached_input_tokens=M), "0", "free"),
    "39 self-hosted costs 0": (litellm("hosted_vllm", "llama-own", NOV, M, M), "0", "self_hosted"),
    "39 free tokens alone are free": (canonical("own", "zero", NOV, uncached_input_tokens=M), "0", "free"),
    "40 two sources disagree: the first is used, never a mean": (
        openai("gpt-4o-mini", NOV, tokens(M)),
        "0.15",
        "priced",
    ),
    "40 a model that only the second source knows": (litellm("openai", "only-litellm", NOV, M, M), "9", "priced"),
    # writes to a cache for twelve hours are twice those for thirty minutes, and the first source knows no price of them
    "twelve hours in a cache are not billed as thirty minutes": (
        canonical("openai", "gpt-5.6-cyber", NOV, cache_write_12h_tokens=M),
        None,
        "no_price",
    ),
    "thirty minutes in a cache are billed as such": (
        canonical("openai", "gpt-5.6-cyber", NOV, cache_write_30m_tokens=M),
        "15.625",
        "priced",
    ),
    "twelve hours in a cache cost what a line says": (
        canonical("openai", "gpt-5.6-luna", NOV, cache_write_12h_tokens=M),
        "0.5",
        "priced",
    ),
    "twelve hours in a cache cost what the second source says of its own models": (
        canonical("openai", "only-litellm", NOV, cache_write_12h_tokens=M, cache_write_30m_tokens=M),
        "15",
        "priced",
    ),
    "twelve hours in a cache are input where writing is not billed": (
        canonical("openai", "gpt-5.4", NOV, cache_write_12h_tokens=100_000),
        "0.25",
        "priced",
    ),
    # overrides
    "a contract of an API key beats one of a project": (
        canonical("x-ai", "grok-4-0709", NOV, uncached_input_tokens=M, api_key_id="key", project_id="p"),
        "1.8",
        "priced",
    ),
    "a contract of a project beats one of a model": (
        canonical("x-ai", "grok-4-0709", NOV, uncached_input_tokens=M, project_id="p"),
        "2.1",
        "priced",
    ),
    "a contract of a model beats one of a provider": (
        canonical("x-ai", "grok-4-0709", NOV, uncached_input_tokens=M),
        "2.4",
        "priced",
    ),
    "a discount of a provider": (canonical("x-ai", "grok-3", NOV, uncached_input_tokens=M), "2.7", "priced"),
    "a contract in euros, at the rate of its day": (
        anthropic(
            "claude-haiku-4-5",
            "2026-05-31T23:59:59Z",
            {"input_tokens": M, "output_tokens": M},
            organization_id="acme-eu",
        ),
        "6",
        "priced",
    ),
    "a contract in euros, at the next rate": (
        anthropic(
            "claude-haiku-4-5",
            "2026-06-01T00:00:00Z",
            {"input_tokens": M, "output_tokens": M},
            organization_id="acme-eu",
        ),
        "5.88",
        "priced",
    ),
    "a model of our own has the price that we gave it": (
        canonical("own", "our-llm", NOV, uncached_input_tokens=M, cache_read_tokens=M, output_tokens=M),
        "12",
        "priced",
    ),
    "a wildcard prices every fine-tuned one": (
        openai("ft:gpt-4o-mini-2024-07-18:acme::y7", NOV, tokens(M, M)),
        "1.6",
        "priced",
    ),
}


def per_million(effect: str, kind: str, price: str, **scope: str) -> dict[str, object]:
    return {"effect": effect, "usage_kind": kind, "price": price, "per_units": M, "currency": "USD", **scope}


OVERRIDES: list[dict[str, object]] = [
    {"effect": "discount", "provider_id": "x-ai", "discount_percent": "10"},
    # no provider of its own: the traps of xAI's threshold look at the list price
    {"effect": "discount", "provider_id": "x-ai", "model_id": "grok-4-0709", "discount_percent": "20"},
    {"effect": "discount", "project_id": "p", "discount_percent": "30"},
    {"effect": "discount", "api_key_id": "key", "discount_percent": "40"},
    {"effect": "discount", "provider_id": "x-ai", "model_id": "grok-4.5", "discount_percent": "0"},
    {**per_million("contract_price", "input_tokens", "0.80", billing_account_id="acme-eu"), "currency": "EUR"},
    per_million("list_price", "input_tokens", "3", provider_id="own", model_id="our-llm"),
    per_million("list_price", "output_tokens", "6", provider_id="own", model_id="our-llm"),
    per_million("list_price", "input_tokens", "0", provider_id="own", model_id="zero"),
    per_million("list_price", "output_tokens", "0", provider_id="own", model_id="zero"),
    {"effect": "free", "provider_id": "partner", "model_id": "gift"},
    {"effect": "self_hosted", "provider_id": "hosted_vllm"},
    {"effect": "self_hosted", "provider_id": "openai", "deployment_id": "ptu-1"},
    per_million("list_price", "input_tokens", "0.15", provider_id="google", deployment_id="vertex"),
    per_million("list_price", "cache_storage_token_hours", "1.00", provider_id="google", model_id="gemini-2.5-flash"),
    per_million("list_price", "cache_write_12h_tokens", "0.5", provider_id="openai", model_id="gpt-5.6-luna"),
    per_million("list_price", "input_tokens", "12", provider_id="openai", model_id="ft:davinci-002*"),
    per_million("list_price", "output_tokens", "12", provider_id="openai", model_id="ft:davinci-002*"),
    per_million(
        "contract_price", "input_tokens", "6", provider_id="aws", model_id=SONNET_35, billing_account_id=EXTENDED
    ),
    per_million(
        "contract_price", "output_tokens", "30", provider_id="aws", model_id=SONNET_35, billing_account_id=EXTENDED
    ),
    per_million("contract_price", "input_tokens", "0.4", provider_id="openai", model_id="ft:gpt-4o-mini*"),
]

RESERVED = {
    "BillingAccountId": "acme",
    "BillingPeriodStart": "2026-11-01T00:00:00Z",
    "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    "ChargePeriodStart": "2026-11-01T00:00:00Z",
    "ChargePeriodEnd": "2026-11-08T00:00:00Z",
    "ChargeCategory": "Usage",
    **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), "5040"),
    "BillingCurrency": "USD",
    "PricingQuantity": "2520",
    "PricingUnit": "PTU-Hours",
    "ServiceName": "Azure OpenAI",
    **dict.fromkeys(("ProviderName", "InvoiceIssuerName"), "Microsoft"),
    "SkuId": "PTU",
}
"""A bill: 15 units of provisioned throughput at $2 an hour, for a week of 168 hours."""

LITELLM = {
    "gpt-4o-mini": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.5e-06,
                    "output_cost_per_token": 6e-07},
    "only-litellm": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 4e-06,
                     "output_cost_per_token": 5e-06, "cache_creation_input_token_cost": 5e-06,
                     "cache_creation_input_token_cost_above_12hr": 1e-05},
}  # fmt: skip


@pytest.fixture(scope="module")
def traps(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Every case as a line of its source's log."""
    folder = tmp_path_factory.mktemp("logs")
    lines: dict[str, list[dict[str, Any]]] = {}
    for number, ((source, record), _, _) in enumerate(CASES.values()):
        line = dict(record)
        if source in {"openai", "anthropic"}:
            prefix = {"openai": "chatcmpl", "anthropic": "msg"}[source]
            line["response"] = {"id": f"{prefix}_{number}", **line["response"]}
        else:
            line["requestId" if source == "bedrock" else "request_id"] = f"row_{number}"
        lines.setdefault(source, []).append(line)
    for source, records in lines.items():
        (folder / f"{source}.jsonl").write_text("\n".join(json.dumps(record) for record in records) + "\n")
    write_calls(folder / "canonical.jsonl", lines["canonical"])
    made = company(
        "traps",
        overrides=OVERRIDES,
        exchange_rates=[("EUR", "2026-01-01", "1.25"), ("EUR", "2026-06-01", "1.10")],
        litellm_map=LITELLM,
    )
    bill = folder / "focus.csv"
    bill.write_text("\n".join(map(",".join, (RESERVED.keys(), RESERVED.values()))) + "\n")
    made.load(*((folder / f"{source}.jsonl", source) for source in lines), (bill, "focus"))
    return made


@pytest.fixture(scope="module")
def costs(traps: Company) -> dict[int, tuple[Decimal | None, str]]:
    rows = traps.rows("select request_id, cost_usd, price_status from fct_requests")
    found = {int(request_id.rpartition("_")[2]): (cost, status) for request_id, cost, status in rows}
    assert len(found) == len(rows) == len(CASES)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_trap_is_not_fallen_into(costs: dict[int, tuple[Decimal | None, str]], case: str) -> None:
    _, cost, status = CASES[case]
    assert costs[list(CASES).index(case)] == (None if cost is None else Decimal(cost), status)


def test_every_trap_of_the_list_has_a_case() -> None:
    numbers = {int(case.split()[0]) for case in CASES if case.split()[0].isdigit()}
    assert numbers == set(range(20, 41))


def test_reserved_capacity_costs_what_the_bill_says_and_its_tokens_nothing_more(traps: Company) -> None:
    """35: 15 × $2 × 168 = $5,040, beside two million tokens of that deployment."""
    total = """
        select sum(cost_usd) from (
            select cost_usd from fct_requests where deployment_id = 'ptu-1'
            union all
            select billed_cost_usd from fct_charges
        )
    """
    assert traps.rows(total) == [(Decimal("5040.00"),)]
    used = "select sum(uncached_input_tokens + output_tokens) from fct_requests where deployment_id = 'ptu-1'"
    assert traps.rows(used) == [(2 * M,)]


def test_what_an_unknown_model_puts_at_risk_is_shown_apart_and_in_no_sum(traps: Company) -> None:
    """The cheapest and the dearest of OpenAI's own `gpt` models, at a million tokens in and out."""
    ((requests, low, high),) = traps.rows(
        "select request_count, at_risk_low_usd, at_risk_high_usd from unpriced_requests "
        "where model_id = 'gpt-99-imaginary'"
    )
    assert requests == 1
    assert 0 < low < high
    known = sum((Decimal(cost) for _, cost, _ in CASES.values() if cost is not None), Decimal())
    for mart in ("fct_requests", "fct_usage_hourly"):
        assert traps.rows(f"select sum(cost_usd) from {mart}") == [(known,)]


def test_free_tokens_do_not_make_a_search_free(traps: Company, rating: Callable[[Company], Rating]) -> None:
    """39: a model that is free by list, and a use of it that nobody priced."""
    call = {"request_id": "x", "provider_id": "own", "model_id": "zero", "requested_at": "2026-11-01 12:00:00"}
    (searched,) = rating(traps).rate([{**call, "uncached_input_tokens": M, "web_search_count": 1}])
    assert (searched["price_status"], searched["contracted_cost_usd"]) == ("no_price", None)


def test_a_discount_leaves_the_list_price_as_it_was(traps: Company) -> None:
    rows = traps.rows(
        "select list_cost_usd, contracted_cost_usd from fct_requests "
        "where provider_id = 'x-ai' and model_id = 'grok-4-0709' order by contracted_cost_usd"
    )
    assert rows == [(Decimal(3), Decimal(cost)) for cost in ("1.8", "2.1", "2.4")]


def test_a_disagreement_of_two_sources_is_reported(traps: Company) -> None:
    rows = traps.rows("select * from price_conflicts where model_id = 'gpt-4o-mini' and usage_kind = 'input_tokens'")
    assert len(rows) == 1
