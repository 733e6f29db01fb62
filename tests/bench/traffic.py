"""Seeded logs of any number of calls: OpenAI and Anthropic answers as applications log them, LiteLLM's spend logs.

One gzip file a source and day (more where a day is large), the same bytes for the same arguments. Half of the calls are
OpenAI's, a quarter each Anthropic's and LiteLLM's; one call in 200 failed without usage, one line in 1,000 is there
twice. Run it as `python -m tests.bench.traffic FOLDER --calls 1000000`.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

FIRST_DAY = datetime(2025, 11, 1, tzinfo=UTC)
MOST_A_FILE = 500_000
TURNS, TOGETHER = 5, 64  # calls of a conversation; conversations that are going on at a time
CUSTOMERS, FEATURES = 1_000, 7
FAILED, TWICE = 0.005, 0.001
ID_CHARACTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype="S1")

# Quantiles of two published traces; in between, values are interpolated.
LEVELS = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)
# AzureLLMInferenceTrace_conv.csv (Azure Public Dataset, 2023): 19,366 calls; tokens, and seconds between two calls
AZURE_INPUT = (2, 29, 181, 207, 387, 403, 703, 1020, 1071, 1130, 1315, 2735, 4083, 4142, 14050)
AZURE_OUTPUT = (7, 16, 41, 54, 77, 91, 103, 129, 177, 384, 400, 424, 451, 601, 1000)
AZURE_GAP = (0, 0.001, 0.006, 0.016, 0.037, 0.061, 0.087, 0.118, 0.159, 0.214, 0.289, 0.421, 0.565, 0.89, 4.315)
# Mooncake's conversation trace (2024), its first 4,000 calls; the share of a prompt's blocks (512 tokens, `hash_ids`)
# that are the beginning of an earlier one
MOONCAKE_INPUT = (891, 894, 901, 977, 1809, 3924, 5718, 7874, 10511, 14360, 19478, 28981, 43040, 94411, 123192)
MOONCAKE_OUTPUT = (1, 3, 9, 24, 97, 216, 300, 358, 404, 453, 510, 605, 698, 1157, 2000)
MOONCAKE_CACHED = (0, 0.006, 0.016, 0.024, 0.041, 0.066, 0.106, 0.24, 0.46, 0.568, 0.783, 0.942, 0.975, 0.995, 1)


class Model(NamedTuple):
    """A model as the log names it; list prices in USD a million tokens, the same on every day of the logs."""

    log: str
    provider: str
    model: str
    input: str
    cache_read: str
    cache_write: str
    output: str


MODELS = (
    Model("openai", "openai", "gpt-5-2025-08-07", "1.25", "0.125", "0", "10"),
    Model("openai", "openai", "gpt-5-mini-2025-08-07", "0.25", "0.025", "0", "2"),
    Model("openai", "openai", "gpt-4.1-2025-04-14", "2", "0.5", "0", "8"),
    Model("openai", "openai", "gpt-4o-mini-2024-07-18", "0.15", "0.075", "0", "0.6"),
    Model("anthropic", "anthropic", "claude-sonnet-4-5-20250929", "3", "0.3", "3.75", "15"),
    Model("anthropic", "anthropic", "claude-haiku-4-5-20251001", "1", "0.1", "1.25", "5"),
    Model("anthropic", "anthropic", "claude-opus-4-1-20250805", "15", "1.5", "18.75", "75"),
    Model("litellm", "gemini", "gemini-2.5-flash", "0.3", "0.03", "0", "2.5"),
    Model("litellm", "gemini", "gemini-2.5-flash-lite", "0.1", "0.01", "0", "0.4"),
    Model("litellm", "mistral", "mistral-large-latest", "2", "0", "0", "6"),
)


def write(folder: Path, *, calls: int, days: int = 30, seed: int = 7, only: Iterable[int] | None = None) -> list[Path]:
    """Write the logs of `calls` calls over `days` days below `folder`, and the prices beside them; return their paths.

    `only`: these of the days, counted from 0; all where not given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_prices(folder / "prices.csv")
    paths = []
    for day in range(days) if only is None else only:
        for number, (log, (share, shape)) in enumerate(LOGS.items()):
            count = share * calls * (day + 1) // days // 4 - share * calls * day // days // 4
            parts = -(-count // MOST_A_FILE)
            for part in range(parts):
                start = FIRST_DAY + timedelta(days=day + part / parts)
                path = folder / log / f"{start:%Y-%m-%d}-{part}.jsonl.gz"
                path.parent.mkdir(parents=True, exist_ok=True)
                many = count * (part + 1) // parts - count * part // parts
                drawn = _draw(np.random.default_rng((seed, day, number, part)), log, many, start, 1 / parts)
                shape(drawn).lazy().sink_ndjson(path, compression="gzip", compression_level=2)
                hour_ago = time.time() - 3600
                os.utime(path, (hour_ago, hour_ago))  # what has just changed may be growing, and is copied
                paths.append(path)
    return paths


def _write_prices(path: Path) -> None:
    """The flat price table of who does it by hand: picodollars a token, whole numbers."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("model", "input_price", "cache_read_price", "cache_write_price", "output_price"))
        table.writerows((one.model, *(int(Decimal(price) * 10**6) for price in one[3:])) for one in MODELS)


def _draw(rng: np.random.Generator, log: str, count: int, start: datetime, days: float) -> pl.DataFrame:
    """One row per line of a log, in the order of time; token kinds are disjoint."""

    def like(quantiles: tuple[float, ...]) -> np.ndarray:
        return np.interp(rng.random(count), LEVELS, quantiles)

    number = np.arange(count)
    conversation = number // (TURNS * TOGETHER) * TOGETHER + number % TOGETHER
    conversations = int(conversation[-1] // TOGETHER + 1) * TOGETHER
    models = [one for one in MODELS if one.log == log]
    model = rng.integers(len(models), size=conversations)[conversation]
    is_azure = log == "openai"
    prompt = like(AZURE_INPUT if is_azure else MOONCAKE_INPUT).astype(np.int64)
    # cached are whole blocks of 128, of prompts of 1,024 and more (OpenAI), where the model has a price for it
    is_cached = (prompt >= 1024) & np.array([one.cache_read != "0" for one in models])[model]
    read = np.where(is_cached, (prompt * like(MOONCAKE_CACHED)).astype(np.int64) // 128 * 128, 0)
    is_written = (rng.random(count) < 0.3) & np.array([one.cache_write != "0" for one in models])[model]
    written = np.where(is_written, (prompt - read) // 2, 0)
    gaps = np.cumsum(like(AZURE_GAP) + 1e-6)
    ids, conversation_ids = _ids(rng, count), _ids(rng, conversations)
    answers = ["".join(text) for text in rng.choice(list("abcdefgh "), size=(100, 80))]
    rows = pl.DataFrame(
        {
            "id": ids,
            "at": (gaps / gaps[-1] * days * 86_399e6).astype(np.int64),  # microseconds
            "provider": np.array([one.provider for one in models])[model],
            "model": np.array([one.model for one in models])[model],
            # few customers have most of the calls
            "customer": (CUSTOMERS * rng.random(conversations) ** 2).astype(np.int64)[conversation],
            "feature": rng.integers(FEATURES, size=conversations)[conversation],
            "conversation": conversation_ids[conversation],
            "input": prompt - read - written,
            "cache_read": read,
            "cache_write": written,
            "output": like(AZURE_OUTPUT if is_azure else MOONCAKE_OUTPUT).astype(np.int64),
            "latency_ms": rng.integers(200, 9000, size=count),
            "answer": np.array(answers)[rng.integers(len(answers), size=count)],
            "failed": rng.random(count) < FAILED,
        }
    )
    rows = rows.with_columns(
        at=pl.lit(start.replace(tzinfo=None)).cast(pl.Datetime("us")) + pl.col("at").cast(pl.Duration("us")),
        customer=pl.format("c{}", "customer"),
        feature=pl.format("f{}", "feature"),
    )
    return rows[np.repeat(number, 1 + (rng.random(count) < TWICE))]


def _ids(rng: np.random.Generator, count: int) -> np.ndarray:
    """Names as random as those of the providers: they are what compresses least."""
    return ID_CHARACTERS[rng.integers(len(ID_CHARACTERS), size=(count, 22))].view("S22").ravel().astype(str)


_PROMPT = pl.col("input") + pl.col("cache_read") + pl.col("cache_write")
_IS_OK = ~pl.col("failed")


def _openai(calls: pl.DataFrame) -> pl.DataFrame:
    usage = pl.struct(
        prompt_tokens=_PROMPT,
        completion_tokens="output",
        total_tokens=_PROMPT + pl.col("output"),
        prompt_tokens_details=pl.struct(cached_tokens="cache_read", audio_tokens=pl.lit(0)),
        completion_tokens_details=pl.struct(reasoning_tokens=pl.lit(0), audio_tokens=pl.lit(0)),
    )
    response = pl.struct(
        id=pl.when(_IS_OK).then(pl.format("chatcmpl-{}", "id")),
        object=pl.lit("chat.completion"),
        model="model",
        service_tier=pl.lit("default"),
        choices=pl.when(_IS_OK).then(pl.concat_list(pl.struct(message=pl.struct(content="answer")))),
        usage=pl.when(_IS_OK).then(usage),
    )
    return _logged(calls, response)


def _anthropic(calls: pl.DataFrame) -> pl.DataFrame:
    usage = pl.struct(
        input_tokens="input",
        cache_read_input_tokens="cache_read",
        cache_creation_input_tokens="cache_write",
        cache_creation=pl.struct(ephemeral_5m_input_tokens="cache_write", ephemeral_1h_input_tokens=pl.lit(0)),
        output_tokens="output",
        service_tier=pl.lit("standard"),
    )
    response = pl.struct(
        id=pl.when(_IS_OK).then(pl.format("msg_{}", "id")),
        type=pl.lit("message"),
        model="model",
        content=pl.when(_IS_OK).then(pl.concat_list(pl.struct(type=pl.lit("text"), text="answer"))),
        usage=pl.when(_IS_OK).then(usage),
    )
    return _logged(calls, response)


def _litellm(calls: pl.DataFrame) -> pl.DataFrame:
    def when_ok(count: pl.Expr) -> pl.Expr:
        return pl.when(_IS_OK).then(count).otherwise(0)

    usage = pl.struct(
        prompt_tokens=_PROMPT,
        completion_tokens="output",
        total_tokens=_PROMPT + pl.col("output"),
        prompt_tokens_details=pl.struct(cached_tokens="cache_read"),
    )
    return calls.select(
        request_id=pl.format("chatcmpl-{}", "id"),
        call_type=pl.lit("acompletion"),
        prompt_tokens=when_ok(_PROMPT),
        completion_tokens=when_ok(pl.col("output")),
        total_tokens=when_ok(_PROMPT + pl.col("output")),
        startTime=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"),
        endTime=(pl.col("at") + pl.duration(milliseconds="latency_ms")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6f"),
        model="model",
        custom_llm_provider="provider",
        end_user="customer",
        session_id="conversation",
        request_tags=pl.concat_list(pl.format("feature:{}", "feature")),
        metadata=pl.struct(usage_object=pl.when(_IS_OK).then(usage), attempted_retries=pl.lit(0)),
        cache_hit=pl.lit("False"),
        status=pl.when(_IS_OK).then(pl.lit("success")).otherwise(pl.lit("failure")),
    )


def _logged(calls: pl.DataFrame, response: pl.Expr) -> pl.DataFrame:
    """Wrap each answer of a provider in what an application logs around it."""
    return calls.select(
        timestamp=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00"),
        request_id=pl.when("failed").then(pl.format("req_{}", "id")),
        latency_ms="latency_ms",
        error=pl.when("failed").then(pl.struct(code=pl.lit("rate_limit_exceeded"))),
        metadata=pl.struct(customer_id="customer", feature="feature", conversation_id="conversation"),
        response=response,
    )


Shape = Callable[[pl.DataFrame], pl.DataFrame]
LOGS: dict[str, tuple[int, Shape]] = {"openai": (2, _openai), "anthropic": (1, _anthropic), "litellm": (1, _litellm)}
"""Log → its calls in quarters of all, its shape."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", type=int, nargs="+", metavar="DAY", help="these days, counted from 0")
    write(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
