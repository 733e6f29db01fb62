"""A small imaginary company in the shape of the published marts, for tests of the dashboard.

Everything follows from its requests, so that the marts agree with each other as those of a real build do:

- `umbrella` costs more than it pays, `globex` leaves a thin margin, `trial-co` pays nothing, `initech` pays well;
- two customers carry names that a careless page would run: a spreadsheet formula, and markup with dollars;
- one model has no price; some requests have no conversation; two customers use the same conversation id;
- retries, a staging environment, a cache.

Run as a script it writes a warehouse to look at: `python tests/app/synthetic.py HOME`.
"""

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

LAST_DAY = date(2026, 11, 23)
BUILD_ID = "20261124T040000Z-synthetic"
FORMULA = "=HYPERLINK(evil)"
MARKUP = "<b>Bobby</b> $5 *Tables* $6"

SHARED, SHARED_BY, SHARED_DAY = "chat-1", ("hooli", "initech"), LAST_DAY - timedelta(days=7)

MODELS = {  # provider, dollars per million tokens: input, cache read, cache write, output
    "gpt-5-mini": ("openai", "0.25", "0.025", "0.25", "2"),
    "gpt-5": ("openai", "1.25", "0.125", "1.25", "10"),
    "claude-sonnet-5": ("anthropic", "3", "0.3", "3.75", "15"),
    "gemini-3-flash": ("google", "0.3", "0.03", "0.3", "2.5"),
    "house-llama": ("self-hosted", None, None, None, None),
}
FEATURES = {  # models, requests per turn of a hundred conversations, size of a prompt
    "support-agent": (("claude-sonnet-5", "gpt-5"), 42, 9000),
    "doc-search": (("gpt-5-mini", "gemini-3-flash"), 24, 5200),
    "contract-review": (("claude-sonnet-5",), 9, 26000),
    "autocomplete": (("gpt-5-mini",), 15, 700),
    "meeting-notes": (("gemini-3-flash", "house-llama"), 8, 15000),
    "(unattributed)": (("gpt-5",), 2, 4000),
}
CUSTOMERS = {  # plan, conversations a day, revenue a day
    "initech": ("enterprise", 7.0, "96"),
    "hooli": ("enterprise", 5.0, "61"),
    "globex": ("business", 4.0, "8.40"),
    "umbrella": ("business", 6.0, "9.80"),
    "stark": ("business", 2.0, "12"),
    "wayne": ("business", 2.5, "23"),
    "cyberdyne": ("starter", 1.2, "4.90"),
    "soylent": ("starter", 0.8, "2.90"),
    "tyrell": ("starter", 0.6, "4.90"),
    FORMULA: ("starter", 0.5, "3.30"),
    MARKUP: ("starter", 0.7, "3.90"),
    "trial-co": ("free", 1.5, "0"),
    "(unattributed)": (None, 0.4, None),
}


def build(
    home: Path, *, days: int = 100, until: time = time(23, 59), schema_version: int = 1, usage: bool = True
) -> Path:
    """Write `current.json` and one build under `home`; returns the build file.

    Args:
        until: the newest day ends then; the pointer is stamped the same day where that is before midnight.
        usage: False leaves every mart empty.
    """
    path = home / "builds" / f"{BUILD_ID}.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    requests = pl.DataFrame(list(_requests(days, until)) if usage else [], schema=_REQUESTS, orient="row")
    revenue = pl.DataFrame(list(_revenue(days)) if usage else [], schema=_REVENUE, orient="row")
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as built (storage_version 'v1.5.0')")
        con.execute("use built")
        con.execute("create schema marts")
        con.register("requests", requests.to_arrow())
        con.register("revenue", revenue.to_arrow())
        for statement in _MARTS:
            con.execute(statement)
        con.execute("checkpoint built")
    path.chmod(0o444)
    built_at = datetime.combine(LAST_DAY + timedelta(days=until == time(23, 59)), time(4), UTC)
    (home / "current.json").write_text(
        json.dumps(
            {
                "build": str(path.relative_to(home)),
                "build_id": BUILD_ID,
                "built_at": built_at.isoformat(),
                "schema_version": schema_version,
            }
        )
    )
    return path


def _requests(days: int, until: time) -> Iterator[tuple[Any, ...]]:
    rng = random.Random(20261123)  # noqa: S311 - the same company every time is the point
    features, weights = list(FEATURES), [share for _, share, _ in FEATURES.values()]
    number, sharing = 0, set[str]()
    for day in (LAST_DAY - timedelta(days=days - 1 - n) for n in range(days)):
        growth = 1 + (day - (LAST_DAY - timedelta(days=days))).days / 160
        weekday = 0.35 if day.isoweekday() > 5 else 1.0
        for customer, (_, rate, _) in CUSTOMERS.items():
            for _ in range(int(rate * growth * weekday + rng.random())):
                feature = rng.choices(features, weights)[0]
                models, _, size = FEATURES[feature]
                conversation = f"c-{number:06d}" if rng.random() > 0.04 else "(unattributed)"
                at = datetime.combine(day, time(rng.randrange(7, 21), rng.randrange(60), rng.randrange(60)))
                if day == SHARED_DAY and customer in SHARED_BY and customer not in sharing:
                    sharing.add(customer)
                    conversation = SHARED
                environment = "staging" if rng.random() < 0.06 else "production"
                length = min(40, 1 + int(rng.expovariate(1 / 5)) * (2 if customer == "umbrella" else 1))
                model = rng.choice(models)
                for turn in range(length):
                    attempts = 2 if rng.random() < 0.03 else 1
                    for attempt in range(1, attempts + 1):
                        number += 1
                        if at.time() <= until or day < LAST_DAY:
                            yield _request(rng, number, customer, feature, conversation, environment, model, at,
                                           turn, attempt, attempts, size)  # fmt: skip
                    at += timedelta(seconds=rng.randrange(20, 200))


def _request(
    rng: random.Random, number: int, customer: str, feature: str, conversation: str, environment: str, model: str,
    at: datetime, turn: int, attempt: int, attempts: int, size: int,
) -> tuple[Any, ...]:  # fmt: skip
    provider, *prices = MODELS[model]
    cached = size * 4 // 5 if turn and size > 4000 else 0
    failed = attempt < attempts
    tokens = [
        int(size * rng.uniform(0.7, 1.3)) - cached * 7 // 10 + turn * 420,
        cached,
        size * 4 // 5 if not turn and size > 4000 else 0,
        0 if failed else int(rng.uniform(150, 900)),
    ]
    scale = 54  # a call here stands for many, so that a small company has money worth looking at
    tokens = [count * scale for count in tokens]
    costs = [
        None if price is None else Decimal(price) * count / 1_000_000
        for price, count in zip(prices, tokens, strict=True)
    ]
    priced = costs[0] is not None
    total = sum((cost for cost in costs if cost is not None), Decimal(0)) if priced else None
    day = at.date()
    return (
        f"r-{number:07d}", "litellm", provider, model, model, customer, feature, conversation, f"t-{number}", "u-1",
        "chat", environment, at, day, "standard", False, "error" if failed else "ok", attempt, rng.randrange(400, 9000),
        *tokens, tokens[3] // 3, *costs, Decimal(0) if priced else None, total, total, total,
        priced and provider == "openai" and day < LAST_DAY.replace(day=1), "priced" if priced else "unknown_model",
    )  # fmt: skip


def _revenue(days: int) -> Iterator[tuple[str, date, Decimal | None]]:
    for day in (LAST_DAY - timedelta(days=days - 1 - n) for n in range(days)):
        for customer, (_, _, amount) in CUSTOMERS.items():
            if amount is not None:
                yield customer, day, Decimal(amount) * 5


_MONEY = pl.Decimal(38, 12)
_REVENUE = {"customer_id": pl.String, "usage_date": pl.Date, "revenue_usd": _MONEY}
_REQUESTS = (
    dict.fromkeys(
        ("request_id", "source_id", "provider_id", "model_id", "requested_model", "customer_id", "feature_id",
         "conversation_id", "trace_id", "user_id", "operation", "environment"), pl.String)
    | {"requested_at": pl.Datetime("us"), "usage_date": pl.Date, "service_tier": pl.String, "is_batch": pl.Boolean,
       "status": pl.String}
    | dict.fromkeys(
        ("attempt_number", "latency_ms", "uncached_input_tokens", "cache_read_tokens", "cache_write_tokens",
         "output_tokens", "reasoning_tokens"), pl.Int64)
    | dict.fromkeys(
        ("input_cost_usd", "cache_read_cost_usd", "cache_write_cost_usd", "output_cost_usd", "tool_cost_usd",
         "list_cost_usd", "contracted_cost_usd", "cost_usd"), _MONEY)
    | {"is_invoiced": pl.Boolean, "price_status": pl.String}
)  # fmt: skip

_TOKENS = "uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens"
_SUMS = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in _TOKENS.split(", "))
_COUNTS = """cast(count(*) as bigint) as request_count,
    cast(count(*) filter (where attempt_number > 1) as bigint) as retry_count"""
_ERRORS = """cast(count(*) filter (where status <> 'ok') as bigint) as error_count"""
_UNPRICED = """cast(count(*) filter (where cost_usd is null) as bigint) as unpriced_request_count"""
_COSTS = ", ".join(
    f"cast(sum({name}) as decimal(38, 12)) as {name}" for name in ("list_cost_usd", "contracted_cost_usd", "cost_usd")
)


def _cost_per(key: str, other: str, other_count: str) -> str:
    return f"""create table marts.cost_per_{key} as
    select {key}_id, cast(date_trunc('month', usage_date) as date) as month,
        count(distinct conversation_id) filter (where conversation_id <> '(unattributed)') as conversation_count,
        count(distinct {other}) as {other_count}, {_COUNTS}, {_UNPRICED}, {_COSTS.replace("contracted_cost_usd", "x")},
        cast(sum(cost_usd) / nullif(conversation_count, 0) as decimal(38, 12)) as cost_per_conversation_usd,
        cast(sum(cost_usd) / count(*) as decimal(38, 12)) as cost_per_request_usd,
        1 - unpriced_request_count / request_count as priced_share
    from requests group by 1, 2""".replace(", cast(sum(x) as decimal(38, 12)) as x", "")


_MARTS = (
    "create table marts.fct_requests as select * from requests",
    f"""create table marts.fct_usage_hourly as
    select date_trunc('hour', requested_at) as usage_hour_at, usage_date, source_id, provider_id, model_id, customer_id,
        feature_id, operation, environment, service_tier, is_batch, {_COUNTS}, {_ERRORS}, {_UNPRICED}, {_SUMS},
        cast(sum(reasoning_tokens) as bigint) as reasoning_tokens,
        cast(sum(input_cost_usd) as decimal(38, 12)) as input_cost_usd,
        cast(sum(cache_read_cost_usd) as decimal(38, 12)) as cache_read_cost_usd,
        cast(sum(cache_write_cost_usd) as decimal(38, 12)) as cache_write_cost_usd,
        cast(sum(output_cost_usd) as decimal(38, 12)) as output_cost_usd,
        cast(sum(tool_cost_usd) as decimal(38, 12)) as tool_cost_usd, {_COSTS}, bool_and(is_invoiced) as is_invoiced
    from requests group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11""",
    f"""create table marts.cost_per_conversation as
    select customer_id, conversation_id, arg_min(feature_id, requested_at) as feature_id,
        min(requested_at) as started_at, max(requested_at) as ended_at, min(usage_date) as started_date,
        case when conversation_id <> '(unattributed)'
            then cast(count(*) filter (where status = 'ok') as bigint) end as turn_count,
        {_COUNTS}, {_ERRORS}, {_UNPRICED}, count(distinct feature_id) as feature_count,
        count(distinct model_id) as model_count, string_agg(distinct model_id, ', ' order by model_id) as model_ids,
        {_SUMS}, {_COSTS}, bool_and(is_invoiced) as is_invoiced
    from requests group by 1, 2""",
    _cost_per("feature", "customer_id", "customer_count"),
    _cost_per("customer", "feature_id", "feature_count"),
    """create table marts.gross_margin_daily as
    with cost as (
        select customer_id, feature_id, usage_date, coalesce(sum(cost_usd), 0) as cogs_usd,
            count(*) as request_count, count(*) filter (where cost_usd is null) as unpriced_request_count
        from requests group by 1, 2, 3
    ),
    shares as (
        select cost.*, coalesce(revenue.revenue_usd, 0) as paid,
            row_number() over (partition by customer_id, usage_date order by cogs_usd desc, feature_id) as place,
            coalesce(cast(round(cast(cogs_usd / nullif(sum(cogs_usd) over (partition by customer_id, usage_date), 0)
                * paid as decimal(38, 12)), 2) as decimal(38, 12)), 0) as part
        from cost left join revenue using (customer_id, usage_date)
    ),
    spread as (  -- the largest share takes what rounding left
        select * exclude (part), case when place = 1
            then paid - (sum(part) over (partition by customer_id, usage_date) - part) else part end as revenue_usd
        from shares
        union all by name
        select customer_id, '(unattributed)' as feature_id, usage_date, 0 as cogs_usd, 0 as request_count,
            0 as unpriced_request_count, revenue_usd
        from revenue where (customer_id, usage_date) not in (select (customer_id, usage_date) from cost)
    )
    select customer_id, feature_id, usage_date, cast(revenue_usd as decimal(38, 12)) as revenue_usd,
        cast(cogs_usd as decimal(38, 12)) as cogs_usd,
        cast(revenue_usd - cogs_usd as decimal(38, 12)) as gross_profit_usd,
        cast(request_count as bigint) as request_count, cast(unpriced_request_count as bigint) as unpriced_request_count
    from spread""",
    """create table marts.gross_margin as
    select 'customer' as dimension, customer_id as id, cast(date_trunc('month', usage_date) as date) as month,
        sum(revenue_usd) as revenue_usd, sum(cogs_usd) as cogs_usd, sum(gross_profit_usd) as gross_profit_usd,
        cast(sum(gross_profit_usd) as double) / nullif(cast(sum(revenue_usd) as double), 0) as gross_margin,
        case when sum(revenue_usd) = 0 then 'no_revenue' when sum(gross_profit_usd) < 0 then 'under_water'
            when sum(gross_profit_usd) * 2 < sum(revenue_usd) then 'thin' else 'profitable' end as margin_class,
        1.0 as priced_share
    from marts.gross_margin_daily group by 2, 3""",
    """create table marts.dim_features as
    select feature_id, min(usage_date) as first_seen_date, max(usage_date) as last_seen_date
    from marts.gross_margin_daily group by 1""",
    """create table marts.dim_models as
    select provider_id, model_id, model_id as price_model_id, min(usage_date) as first_seen_date,
        max(usage_date) as last_seen_date
    from requests group by 1, 2""",
    """create table marts.dim_customers as
    select customer_id, '(unattributed)' as plan_id, min(usage_date) as first_seen_date,
        max(usage_date) as last_seen_date
    from marts.gross_margin_daily group by 1""",
    *(
        f"update marts.dim_customers set plan_id = '{plan}' where customer_id = '{customer}'"
        for customer, (plan, _, _) in CUSTOMERS.items()
        if plan
    ),
    """create table marts.unpriced_requests as
    select provider_id, model_id, price_status, cast(date_trunc('month', usage_date) as date) as month,
        cast(count(*) as bigint) as request_count,
        cast(sum(uncached_input_tokens + output_tokens) as bigint) as total_tokens,
        min(requested_at) as first_seen_at, max(requested_at) as last_seen_at
    from requests where cost_usd is null group by 1, 2, 3, 4""",
)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
