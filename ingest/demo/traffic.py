"""Every call that the company made, as one flat Polars frame; each function is one feature's story."""

from typing import Any

import numpy as np
import polars as pl

from ingest.demo import company as co
from ingest.demo.chance import DAY_MS, HOUR_MS, Chance, Ints, Turns

_WHERE_SILENT: dict[str, Any] = dict.fromkeys((*co.TOKEN_KINDS, "reasoning"), 0) | {"attempt": 1}
_INPUT_KINDS = [kind for kind in co.TOKEN_KINDS if kind != "output"]


def calls(chance: Chance) -> pl.DataFrame:
    """Draw one row per attempt, in the order of time.

    Columns: `id`, `at` and `time` (UTC), `date`, `month`, `latency_ms`; `log` (who logged it), `model`, `feature`,
    `customer`, `user`, `environment`, `conversation`, `trace`; the disjoint token kinds of `company.TOKEN_KINDS`,
    `reasoning` (part of output), `chunks`, `used_chunks`, `context` (part of input); `attempt`, `retry_of` (an id),
    `error`; `is_long` (long-context prices).
    """
    parts = [make(chance) for make in (_support, _doc_search, _summaries, _agent, _copywriter, _untagged, _experiment)]
    prompt = pl.sum_horizontal(_INPUT_KINDS)
    return (
        pl.concat(parts, how="diagonal")
        .with_columns(pl.col(name).fill_null(value) for name, value in _WHERE_SILENT.items())
        .with_columns(
            time=pl.from_epoch("at", "ms"),
            latency_ms=pl.when(pl.col("error") == "timeout")
            .then(co.TIMEOUT_MS)
            .otherwise(300 + 9 * pl.col("output") + pl.col("at") % 617),
            is_long=pl.col("model").is_in(list(co.LONG_CONTEXT_PRICES)) & (prompt > co.LONG_CONTEXT_ABOVE_TOKENS),
        )
        .with_columns(date=pl.col("time").dt.date(), month=pl.col("time").dt.date().dt.truncate("1mo"))
        .sort("at", "id")
    )


def _support(chance: Chance) -> pl.DataFrame:
    """Charge every turn exactly one cent: what output and cache leave of it is spent on uncached input."""
    t = chance.turns(co.SUPPORT, _support_per_day(chance))
    write = 20 * chance.between(20, 80, len(t))
    read = 2_000 + t.before(write)  # the system prompt, kept warm by all, and what this conversation has written
    output = chance.between(200, 700, len(t))
    # In millionths of a dollar a token: output 5, cache read 0.1, cache write 1.25, uncached input 1.
    rest = co.SUPPORT_TURN_MICRO_USD - 5 * output - read // 10 - write * 5 // 4
    tokens = {"input": rest, "cache_read": read, "cache_write_5m": write, "output": output}
    return _frame(chance, t, co.SUPPORT, "anthropic", co.HAIKU, **tokens)


def _support_per_day(chance: Chance) -> Ints:
    """Launch, grow into the full month, and hand most over to a help centre from the first of the running month."""
    window, rhythm = chance.window, chance.window.rhythm
    before, after = (window.full_month - window.start).days, (window.running_month - window.start).days
    full_month = round(co.SUPPORT.sessions * chance.scale)
    launch = np.maximum(co.PILOT_SHARE, (np.arange(1, before + 1) / before) ** 3)
    handover = np.maximum(co.HELP_CENTRE_LEAVES, 1 - 0.1 * np.arange(1, co.WINDOW_DAYS - after + 1))
    expected = rhythm * full_month / (after - before)
    return np.concatenate(
        (
            chance.rng.poisson(expected[:before] * launch),
            chance.rng.multinomial(full_month, rhythm[before:after] / rhythm[before:after].sum()),
            chance.rng.poisson(expected[after:] * handover),
        )
    )


def _doc_search(chance: Chance) -> pl.DataFrame:
    """Search in two calls that share a trace: embed the question, then answer from ever more retrieved chunks."""
    t = chance.turns(co.DOC_SEARCH, chance.per_day(co.DOC_SEARCH))
    n, trace = len(t), chance.ids(len(t))
    days_grown = (t.at - chance.window.midnight(co.OVER_RETRIEVAL_DAYS_BEFORE_END)) / DAY_MS
    growth = 1 + 2 * np.clip(days_grown / co.OVER_RETRIEVAL_DAYS_BEFORE_END, 0, 1)
    chunks = np.rint(chance.between(8, 16, n) * growth).astype(np.int64)
    question = chance.between(12, 60, n)
    embed = _frame(chance, t, co.DOC_SEARCH, "openai", co.EMBEDDING, input=question, trace=trace)
    context = chunks * chance.between(900, 1_300, n)
    answer = {
        "input": 400 + question + context,
        "cache_read": 1_024 * chance.happens(0.6, n),
        "output": 192 + chance.between(180, 700, n),
        "reasoning": 64 * chance.between(0, 3, n),
        "chunks": chunks,
        "used_chunks": np.minimum(chunks, co.CITED_CHUNKS),
        "context": context,
        "trace": trace,
        "at": t.at + chance.between(120, 400, n),
    }
    return pl.concat((embed, _frame(chance, t, co.DOC_SEARCH, "openai", co.GPT_5_MINI, **answer)), how="diagonal")


def _summaries(chance: Chance) -> pl.DataFrame:
    """Summarise a document in one call; but on one afternoon each has to be tried again and again."""
    per_day = chance.per_day(co.SUMMARIES)
    per_day[-co.RETRY_STORM_DAYS_BEFORE_END] *= 2
    once = chance.turns(co.SUMMARIES, per_day)
    n, afternoon = len(once), (once.at - chance.window.midnight(co.RETRY_STORM_DAYS_BEFORE_END)) / HOUR_MS
    in_storm = (afternoon >= co.RETRY_STORM_HOURS[0]) & (afternoon < co.RETRY_STORM_HOURS[1])
    attempts = np.where(in_storm, chance.between(2, 6, n), 1)
    document = np.clip(chance.rng.lognormal(9.3, 0.7, n), 600, 100_000).astype(np.int64)
    summary = chance.between(250, 900, n)

    t = once.repeated(attempts)
    attempt = np.arange(len(t)) - t.first[t.session] + 1
    failed = attempt < attempts[t.session]
    timeout = failed & chance.happens(0.35, len(t))  # billed: the answer was under way
    refused = failed & ~timeout  # not billed: no usage at all
    ids = chance.ids(len(t))
    columns = {
        "id": ids,
        "at": t.at + t.before(chance.between(co.TIMEOUT_MS, 45_000, len(t))),
        "input": np.where(refused, 0, document[t.session]),
        "output": np.where(refused, 0, summary[t.session] // np.where(timeout, 3, 1)),
        "attempt": attempt,
        "error": pl.Series([None, "rate_limit_exceeded", "timeout"]).gather(refused + 2 * timeout),
        "retry_of": ids[t.first][t.session],
    }
    frame = _frame(chance, t, co.SUMMARIES, "openai", co.GPT_4O_MINI, **columns)
    return frame.with_columns(pl.when(pl.col("attempt") > 1).then("retry_of").alias("retry_of"))


def _agent(chance: Chance) -> pl.DataFrame:
    """Pile up tool results in the cache and read them again at every step, until some contexts pass 200k tokens."""
    t = chance.turns(co.AGENT, chance.per_day(co.AGENT))
    n = len(t)
    write, is_hourly = chance.between(1_500, 14_000, n), chance.happens(0.06, n)
    tokens = {
        "input": chance.between(150, 2_500, n),
        "cache_read": 8_000 + t.before(write),
        "cache_write_5m": np.where(is_hourly, 0, write),
        "cache_write_1h": np.where(is_hourly, write, 0),
        "output": chance.between(250, 1_600, n),
    }
    return _frame(chance, t, co.AGENT, "litellm", co.SONNET, **tokens)


def _copywriter(chance: Chance) -> pl.DataFrame:
    """Let a frontier model write slogans; one big customer moves to the small one."""
    t = chance.turns(co.COPYWRITER, chance.per_day(co.COPYWRITER))
    n, reasoning = len(t), 64 * chance.between(2, 20, len(t))
    moved = (t.customer == co.BRIGHTSIDE) & (t.at >= chance.window.midnight(co.MODEL_SWITCH_DAYS_BEFORE_END))
    tokens = {
        "input": chance.between(300, 2_000, n),
        "cache_read": 1_024 * chance.happens(0.25, n),
        "output": reasoning + chance.between(120, 700, n),
        "reasoning": reasoning,
    }
    model = pl.Series([co.GPT_5, co.GPT_5_MINI]).gather(moved.astype(np.int64))
    return _frame(chance, t, co.COPYWRITER, "openai", model, **tokens)


def _untagged(chance: Chance) -> pl.DataFrame:
    """Run somebody's script under a key of its own: no customer, no feature, no conversation."""
    t = chance.turns(co.UNTAGGED, chance.per_day(co.UNTAGGED))
    tokens = {"input": chance.between(500, 4_000, len(t)), "output": chance.between(200, 1_200, len(t))}
    nobody = [pl.lit(None).alias(name) for name in ("customer", "user", "feature", "conversation")]
    return _frame(chance, t, co.UNTAGGED, "openai", co.GPT_5, **tokens).with_columns(nobody)


def _experiment(chance: Chance) -> pl.DataFrame:
    """Try a fine-tuned model of the company's own that no price list knows."""
    t = chance.turns(co.EXPERIMENT, chance.per_day(co.EXPERIMENT))
    tokens = {"input": chance.between(300, 2_000, len(t)), "output": chance.between(120, 700, len(t))}
    return _frame(chance, t, co.EXPERIMENT, "openai", co.UNKNOWN_MODEL, **tokens)


def _frame(
    chance: Chance, t: Turns, feature: co.Feature, log: str, model: str | pl.Series, **columns: Any
) -> pl.DataFrame:
    """Put a feature's turns into columns: who, when and what for, then what is told in `columns`."""
    customer = pl.Series(co.CUSTOMERS).gather(t.customer)
    columns = {"id": chance.ids(len(t)), "at": t.at, "conversation": t.conversation, **columns}
    return pl.DataFrame(columns).with_columns(
        log=pl.lit(log),
        model=model if isinstance(model, pl.Series) else pl.lit(model),
        feature=pl.lit(feature.name),
        customer=customer,
        user=pl.format("{}-u{}", customer, pl.Series(t.user)),
        environment=pl.Series(["production", "staging"]).gather(t.staging.astype(np.int64)),
    )
