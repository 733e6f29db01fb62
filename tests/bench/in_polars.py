"""What the floor does, by Polars: three Parquet files.

Run it as `python -m tests.bench.in_polars LOGS FOLDER`; the last line printed is the totals of priced calls.
"""

import json
import sys
from pathlib import Path

import polars as pl

COUNTS = ("input", "cache_read", "cache_write", "output")
LOGGED = {
    "timestamp": pl.String,
    "request_id": pl.String,
    "latency_ms": pl.Int64,
    "error": pl.Struct({"code": pl.String}),
    "metadata": pl.Struct({"customer_id": pl.String, "feature": pl.String, "conversation_id": pl.String}),
}
CHAT_USAGE = pl.Struct(
    {
        "prompt_tokens": pl.Int64,
        "completion_tokens": pl.Int64,
        "prompt_tokens_details": pl.Struct({"cached_tokens": pl.Int64}),
    }
)
MESSAGE_USAGE = pl.Struct(
    dict.fromkeys(("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"), pl.Int64)
)
SPEND = {
    **dict.fromkeys(("request_id", "startTime", "endTime", "model", "end_user", "session_id", "status"), pl.String),
    "request_tags": pl.List(pl.String),
    "metadata": pl.Struct({"usage_object": CHAT_USAGE}),
}


def answers(logs: Path, log: str, usage: pl.Struct) -> pl.LazyFrame:
    schema = {**LOGGED, "response": pl.Struct({"id": pl.String, "model": pl.String, "usage": usage})}
    response, metadata = pl.col("response").struct, pl.col("metadata").struct
    return pl.scan_ndjson(logs / log / "*.gz", schema=schema).select(
        requested_at=pl.col("timestamp").str.to_datetime(time_unit="us", time_zone="UTC"),
        id=pl.coalesce(response.field("id"), "request_id"),
        model=response.field("model"),
        customer=metadata.field("customer_id"),
        feature=metadata.field("feature"),
        conversation=metadata.field("conversation_id"),
        latency_ms="latency_ms",
        error=pl.col("error").struct.field("code"),
        usage=response.field("usage"),
    )


def spend(logs: Path) -> pl.LazyFrame:
    start, end = (pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC") for name in ("startTime", "endTime"))
    return pl.scan_ndjson(logs / "litellm" / "*.gz", schema=SPEND).select(
        requested_at=start,
        id="request_id",
        model="model",
        customer="end_user",
        feature=pl.col("request_tags").list.first().str.slice(8),
        conversation="session_id",
        latency_ms=(end - start).dt.total_milliseconds(),
        error=pl.when(pl.col("status") == "failure").then("status"),
        usage=pl.col("metadata").struct.field("usage_object"),
    )


def chats(calls: pl.LazyFrame) -> pl.LazyFrame:
    """The kinds of tokens, disjoint, of a usage as chat completions have it."""
    usage = pl.col("usage").struct
    cached = usage.field("prompt_tokens_details").struct.field("cached_tokens")
    return calls.with_columns(
        input=usage.field("prompt_tokens") - cached,
        cache_read=cached,
        cache_write=pl.lit(0, pl.Int64),
        output=usage.field("completion_tokens"),
    ).drop("usage")


def messages(calls: pl.LazyFrame) -> pl.LazyFrame:
    kinds = zip(COUNTS, MESSAGE_USAGE.fields, strict=True)
    return calls.with_columns(pl.col("usage").struct.field(field.name).alias(count) for count, field in kinds).drop(
        "usage"
    )


def sums() -> list[pl.Expr]:
    return [pl.len().alias("calls"), pl.col("error").count().alias("errors"), pl.col(*COUNTS, "cost").sum()]


def main() -> None:
    logs, folder = map(Path, sys.argv[1:])
    calls = pl.concat(
        [
            chats(answers(logs, "openai", CHAT_USAGE)),
            messages(answers(logs, "anthropic", MESSAGE_USAGE)),
            chats(spend(logs)),
        ]
    )
    prices = pl.scan_csv(logs / "prices.csv")
    cost = pl.sum_horizontal((pl.col(count) * pl.col(f"{count}_price") for count in COUNTS), ignore_nulls=False)
    rated = calls.unique("id").join(prices, on="model", how="left").with_columns(cost=cost)
    file = folder / "requests.parquet"
    rated.drop("^.*_price$").sink_parquet(file, compression="zstd")
    requests = pl.scan_parquet(file)
    requests.group_by(pl.col("requested_at").dt.truncate("1h"), "model", "customer", "feature").agg(
        sums()
    ).sink_parquet(folder / "hourly.parquet")
    times = [pl.col("requested_at").min().alias("started_at"), pl.col("requested_at").max().alias("ended_at")]
    requests.group_by("customer", "conversation").agg(times + sums()).sink_parquet(folder / "conversations.parquet")
    priced = requests.filter(pl.col("cost").is_not_null()).select(
        pl.len().alias("calls"), pl.col(*COUNTS, "cost").sum()
    )
    sys.stdout.write(json.dumps(priced.collect().row(0, named=True)) + "\n")


if __name__ == "__main__":
    main()
