"""The traffic in the shapes in which people have it: OpenAI and Anthropic call logs, and LiteLLM's SpendLogs.

Each function takes rows of `traffic.calls` and returns a frame whose columns are the keys of a JSON line.
"""

import hashlib
from decimal import Decimal

import polars as pl

from ingest.demo import company as co

RFC_3339 = "%Y-%m-%dT%H:%M:%S%.3fZ"
POSTGRES = "%Y-%m-%dT%H:%M:%S%.6f"  # LiteLLM's timestamp(3) without a zone; it is UTC
_AGENT_KEY = hashlib.sha256(b"sk-the-agent-of-an-imaginary-company").hexdigest()

_INPUT, _READ, _OUTPUT = pl.col("input"), pl.col("cache_read"), pl.col("output")
_WRITE_5M, _WRITE_1H = pl.col("cache_write_5m"), pl.col("cache_write_1h")
_PROMPT = _INPUT + _READ + _WRITE_5M + _WRITE_1H


def openai(calls: pl.DataFrame) -> pl.DataFrame:
    """Shape an OpenAI log: `prompt_tokens` include the cached ones, `completion_tokens` the reasoning.

    A failed call has no response id: `request_id` names it. A refused one has no usage either.
    """
    is_chat = pl.col("model") != co.EMBEDDING
    is_refused = pl.col("error").fill_null("") == "rate_limit_exceeded"
    usage = pl.struct(
        prompt_tokens=_PROMPT,
        completion_tokens=pl.when(is_chat).then(_OUTPUT),
        total_tokens=_PROMPT + _OUTPUT,
        prompt_tokens_details=pl.when(is_chat).then(pl.struct(cached_tokens=_READ)),
        completion_tokens_details=pl.when(is_chat).then(pl.struct(reasoning_tokens="reasoning")),
    )
    response = pl.struct(
        id=pl.when(is_chat & pl.col("error").is_null()).then(pl.format("chatcmpl-{}", "id")),
        object=pl.when(is_chat).then(pl.lit("chat.completion")).otherwise(pl.lit("list")),
        model="model",
        service_tier=pl.when(is_chat).then(pl.lit("default")),
        usage=pl.when(~is_refused).then(usage),
    )
    return _envelope(calls, response)


def anthropic(calls: pl.DataFrame) -> pl.DataFrame:
    """Shape an Anthropic log: `input_tokens` are the uncached ones only."""
    usage = pl.struct(
        input_tokens=_INPUT,
        cache_read_input_tokens=_READ,
        cache_creation_input_tokens=_WRITE_5M + _WRITE_1H,
        cache_creation=pl.struct(ephemeral_5m_input_tokens=_WRITE_5M, ephemeral_1h_input_tokens=_WRITE_1H),
        output_tokens=_OUTPUT,
        service_tier=pl.lit("standard"),
    )
    return _envelope(calls, pl.struct(id=pl.format("msg_{}", "id"), type=pl.lit("message"), model="model", usage=usage))


def litellm(calls: pl.DataFrame) -> pl.DataFrame:
    """Shape SpendLogs: `prompt_tokens` include cache reads and writes; `spend` is the list price in USD."""
    lifetimes = pl.struct(ephemeral_5m_input_tokens=_WRITE_5M, ephemeral_1h_input_tokens=_WRITE_1H)
    usage = pl.struct(
        prompt_tokens=_PROMPT,
        completion_tokens=_OUTPUT,
        prompt_tokens_details=pl.struct(
            cached_tokens=_READ,
            cache_creation_tokens=_WRITE_5M + _WRITE_1H,
            cache_creation_token_details=lifetimes,
        ),
        completion_tokens_details=pl.struct(reasoning_tokens="reasoning"),
    )
    return calls.select(
        request_id=pl.format("chatcmpl-{}", "id"),
        call_type=pl.lit("acompletion"),
        api_key=pl.lit(_AGENT_KEY),
        spend=pl.when("is_long").then(_spend(co.LONG_CONTEXT_PRICES)).otherwise(_spend(co.PRICES)),
        total_tokens=_PROMPT + _OUTPUT,
        prompt_tokens=_PROMPT,
        completion_tokens=_OUTPUT,
        startTime=pl.col("time").dt.strftime(POSTGRES),
        endTime=(pl.col("time") + pl.duration(milliseconds="latency_ms")).dt.strftime(POSTGRES),
        completionStartTime=(pl.col("time") + pl.duration(milliseconds=250 + _PROMPT // 200)).dt.strftime(POSTGRES),
        model="model",
        model_group=pl.lit("agent"),
        custom_llm_provider=pl.lit("anthropic"),
        end_user="customer",
        session_id=pl.format("conv_{}", "conversation"),
        request_tags=pl.concat_list(pl.format("feature:{}", "feature"), pl.format("environment:{}", "environment")),
        metadata=pl.struct(
            usage_object=usage, attempted_retries=pl.lit(0), user_api_key_alias=pl.lit("agent-production")
        ),
        cache_hit=pl.lit("False"),
        status=pl.lit("success"),
    )


def _envelope(calls: pl.DataFrame, response: pl.Expr) -> pl.DataFrame:
    """Wrap each response of a provider in what a careful team logs around it."""
    metadata = pl.struct(
        customer_id="customer",
        feature="feature",
        conversation_id=pl.format("conv_{}", "conversation"),
        trace_id=pl.format("trace_{}", "trace"),
        environment="environment",
        user_id="user",
        retrieved_chunks="chunks",
        used_chunks="used_chunks",
        retrieved_context_tokens="context",
    )
    return calls.select(
        timestamp=pl.col("time").dt.strftime(RFC_3339),
        request_id=pl.format("req_{}", "id"),
        latency_ms="latency_ms",
        attempt="attempt",
        retry_of=pl.format("req_{}", "retry_of"),
        status=pl.when(pl.col("error").is_null()).then(pl.lit("ok")).otherwise(pl.lit("error")),
        error=pl.when(pl.col("error").is_not_null()).then(pl.struct(code="error")),
        metadata=metadata,
        response=response,
    )


def _spend(prices: dict[str, dict[str, Decimal]]) -> pl.Expr:
    """Sum to USD as LiteLLM stores it: a float, whose digits past the fifteenth are noise."""
    price = prices[co.SONNET]
    return pl.sum_horizontal(pl.col(kind) * int(price[kind] * 10_000) for kind in co.TOKEN_KINDS) / 10_000_000_000
