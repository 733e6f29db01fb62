"""A small imaginary company in the shape of the published marts, for tests of the dashboard.

Everything follows from its requests, so that the marts agree with each other as those of a real build do:

- `umbrella` costs more than it pays, `globex` leaves a thin margin, `trial-co` pays nothing, `initech` pays well;
- two customers carry names that a careless page would run: a spreadsheet formula, and markup with dollars;
- one model has no price; some requests have no conversation; two customers use the same conversation id;
- retries, a staging environment, a cache;
- a contract with one provider, whose list prices are a quarter higher; a price book with a past, a future and two
  sources that differ; a rerate.

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

from app import builds, effects, scenario

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
CONTRACT, LIST_OF_CONTRACT = "anthropic", Decimal("1.25")
RERATED = date(2026, 10, 1)
LEARNED, CORRECTED, ANNOUNCED = date(2026, 1, 5), date(2026, 9, 1), date(2027, 1, 1)
"""Days on which the price book began, and learned that gpt-5 costs what it costs; then gpt-5-mini becomes cheaper."""
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
    home: Path,
    *,
    days: int = 100,
    until: time = time(23, 59),
    schema_version: int = builds.SCHEMA_VERSION,
    usage: bool = True,
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
        con.register("prices", pl.DataFrame(list(_prices()), schema=_PRICES, orient="row").to_arrow())
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
        *tokens, tokens[3] // 3, *costs, Decimal(0) if priced else None,
        total * LIST_OF_CONTRACT if priced and provider == CONTRACT else total, total, total,
        priced and provider == "openai" and day < LAST_DAY.replace(day=1), "priced" if priced else "unknown_model",
    )  # fmt: skip


def _prices() -> Iterator[tuple[Any, ...]]:
    """A row per model and kind that has a price."""
    for model, (provider, *prices) in MODELS.items():
        for kind, price in zip(("input", "cache_read", "cache_write", "output"), prices, strict=True):
            if price is not None:
                yield f"list|{provider}|{model}|standard", provider, model, kind, Decimal(price)


def _revenue(days: int) -> Iterator[tuple[str, date, Decimal | None]]:
    for day in (LAST_DAY - timedelta(days=days - 1 - n) for n in range(days)):
        for customer, (_, _, amount) in CUSTOMERS.items():
            if amount is not None:
                yield customer, day, Decimal(amount) * 5


_MONEY = pl.Decimal(38, 12)
_PRICES = {
    "price_id": pl.String, "provider_id": pl.String, "model_id": pl.String, "kind": pl.String,
    "per_million": pl.Decimal(38, 12),
}  # fmt: skip
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


_WORKLOAD = "case when environment = 'staging' then 'development' else 'production' end"


def _cost_per(key: str, other: str, other_count: str) -> str:
    return f"""create table marts.cost_per_{key} as
    select {key}_id, cast(date_trunc('month', usage_date) as date) as month,
        count(distinct conversation_id) filter (where conversation_id <> '(unattributed)') as conversation_count,
        count(distinct {other}) as {other_count}, {_COUNTS}, {_UNPRICED}, {_COSTS.replace("contracted_cost_usd", "x")},
        cast(sum(cost_usd) / nullif(conversation_count, 0) as decimal(38, 12)) as cost_per_conversation_usd,
        cast(sum(cost_usd) / count(*) as decimal(38, 12)) as cost_per_request_usd,
        1 - unpriced_request_count / request_count as priced_share
    from requests where environment <> 'staging' group by 1, 2""".replace(", cast(sum(x) as decimal(38, 12)) as x", "")


_RECONCILED = {
    "rated_cost_usd": "rated",
    "billed_cost": "rated + coverage + quantity + non_token + unexplained",
    "billed_cost_usd": "rated + coverage + quantity + non_token + unexplained",
    "difference_usd": "coverage + quantity + non_token + unexplained",
    "requests_cost_usd": "rated + quantity + unexplained",
    "unattributed_cost_usd": "coverage + non_token",
    "estimated_cost_usd": "estimated",
    "coverage_variance_usd": "coverage",
    "quantity_variance_usd": "quantity",
    "price_variance_usd": "0",
    "tier_variance_usd": "0",
    "timing_variance_usd": "0",
    "credit_variance_usd": "0",
    "non_token_variance_usd": "non_token",
    "rounding_variance_usd": "0",
    "unexplained_variance_usd": "unexplained",
}

_MARTS = (
    """create table marts.fct_requests as
    select requests.*, cast(case when is_invoiced then cost_usd end as decimal(38, 12)) as invoiced_cost_usd,
        price_id, cast(case when cost_usd is not null then 0 end as decimal(38, 12)) as other_cost_usd,
        cast(null as decimal(15, 10)) as exchange_rate, cast(null as date) as exchange_rate_date,
        cast(null as varchar) as exchange_rate_source
    from requests left join (select distinct price_id, provider_id, model_id from prices)
        using (provider_id, model_id)""",
    f"""create table marts.fct_usage_hourly as
    select date_trunc('hour', requested_at) as usage_hour_at, usage_date, source_id, provider_id, model_id, customer_id,
        feature_id, operation, environment, service_tier, is_batch, {_WORKLOAD} as workload,
        {_COUNTS}, {_ERRORS}, {_UNPRICED}, {_SUMS},
        cast(sum(reasoning_tokens) as bigint) as reasoning_tokens,
        cast(sum(input_cost_usd) as decimal(38, 12)) as input_cost_usd,
        cast(sum(cache_read_cost_usd) as decimal(38, 12)) as cache_read_cost_usd,
        cast(sum(cache_write_cost_usd) as decimal(38, 12)) as cache_write_cost_usd,
        cast(sum(output_cost_usd) as decimal(38, 12)) as output_cost_usd,
        cast(sum(tool_cost_usd) as decimal(38, 12)) as tool_cost_usd, {_COSTS},
        cast(sum(cost_usd) filter (where is_invoiced) as decimal(38, 12)) as invoiced_cost_usd,
        bool_and(is_invoiced) as is_invoiced, '(unattributed)' as team_id
    from requests group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12""",
    f"""create table marts.cost_per_conversation as
    select customer_id, conversation_id, arg_min(feature_id, requested_at) as feature_id,
        min(requested_at) as started_at, max(requested_at) as ended_at, min(usage_date) as started_date,
        case when conversation_id <> '(unattributed)'
            then cast(count(*) filter (where status = 'ok') as bigint) end as turn_count,
        {_COUNTS}, {_ERRORS}, {_UNPRICED}, count(distinct feature_id) as feature_count,
        count(distinct model_id) as model_count, string_agg(distinct model_id, ', ' order by model_id) as model_ids,
        {_SUMS}, {_COSTS}, bool_and(is_invoiced) as is_invoiced,
        bool_or({_WORKLOAD} = 'production') as is_production
    from requests group by 1, 2""",
    _cost_per("feature", "customer_id", "customer_count"),
    _cost_per("customer", "feature_id", "feature_count"),
    """create table marts.gross_margin_daily as
    with cost as (
        select customer_id, feature_id, usage_date, coalesce(sum(cost_usd), 0) as cogs_usd,
            count(*) as request_count, count(*) filter (where cost_usd is null) as unpriced_request_count
        from requests where environment <> 'staging' group by 1, 2, 3
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
        cast(cogs_usd as decimal(38, 12)) as cogs_usd, cast(0 as decimal(38, 12)) as shared_cost_usd,
        cast(revenue_usd - cogs_usd as decimal(38, 12)) as gross_profit_usd,
        cast(request_count as bigint) as request_count,
        cast(unpriced_request_count as bigint) as unpriced_request_count,
        '(unattributed)' as plan_id, '(none)' as segment_id
    from spread""",
    *(
        f"update marts.gross_margin_daily set plan_id = '{plan}' where customer_id = '{customer}'"
        for customer, (plan, _, _) in CUSTOMERS.items()
        if plan
    ),
    "update marts.gross_margin_daily set segment_id = 'large' where plan_id = 'enterprise'",
    """create table marts.revenue_sources as
    select date '2026-10-01' as month, source_id, counted_by, source_id = counted_by as is_counted,
        cast(lines as bigint) as line_count, cast(invoices as bigint) as invoice_count,
        cast(amount as decimal(38, 12)) as revenue_usd
    from (values
        ('lago', 'lago', 20, 10, 900), ('stripe', 'stripe', 4, 2, 100), ('stripe', 'lago', 10, 10, 900)
    ) as told (source_id, counted_by, lines, invoices, amount) where exists (from requests)""",
    """create table marts.plan_margins as
    with customers as (
        select plan_id, cast(date_trunc('month', usage_date) as date) as month, customer_id,
            sum(revenue_usd) as revenue_usd, sum(cogs_usd) as cost_usd
        from marts.gross_margin_daily where plan_id in ('business', 'free') group by 1, 2, 3
    )
    select plan_id, month, count(*) as customer_count, cast(case plan_id when 'free' then 0 else 300 end
            as decimal(38, 12)) as price_usd,
        cast(case plan_id when 'free' then 0 else 300 * count(*) end as decimal(38, 12)) as list_revenue_usd,
        sum(cost_usd) as cost_usd, quantile_disc(cost_usd, 0.5) as median_cost_usd,
        quantile_disc(cost_usd, 0.9) as p90_cost_usd, max(cost_usd) as max_cost_usd,
        cast(case plan_id when 'free' then 5 end as decimal(38, 12)) as cost_limit_usd,
        case plan_id when 'free' then count(*) filter (where cost_usd > 5) end as over_limit_count,
        cast(case plan_id when 'free' then sum(greatest(cost_usd - 5, 0)) else 0 end as decimal(38, 12))
            as over_limit_cost_usd,
        cast(sum(revenue_usd) - case plan_id when 'free' then 0 else 300 * count(*) end as decimal(38, 12))
            as revenue_gap_usd,
        case when sum(revenue_usd) > 0 then cast(1 - sum(cost_usd) / sum(revenue_usd) as double) end as gross_margin,
        case when sum(revenue_usd) > 0 then null else 'free_plan' end as unknown_reason,
        cast(sum(cost_usd) / count(*) / 0.4 as decimal(38, 12)) as target_price_usd
    from customers group by 1, 2""",
    """create table marts.plan_limits as
    select plan_id, month, limit_name, cast(times * median_cost_usd as decimal(38, 12)) as limit_usd,
        cast(1 as bigint) as over_limit_count, cast(max_cost_usd / 10 as decimal(38, 12)) as saved_cost_usd,
        0.1 as saved_share, 0.5 as limited_margin
    from marts.plan_margins cross join (values ('median_2', 2), ('median_5', 5)) as limits (limit_name, times)""",
    """create table marts.revenue_by_method as
    select cast(date_trunc('month', usage_date) as date) as month, revenue_method, feature_id,
        revenue_method = 'cost' as is_chosen,
        cast(sum(case when revenue_method <> 'none' then revenue_usd else 0 end) as decimal(38, 12)) as revenue_usd,
        cast(sum(cogs_usd) as decimal(38, 12)) as cogs_usd,
        cast(sum(case when revenue_method <> 'none' then revenue_usd else 0 end - cogs_usd) as decimal(38, 12))
            as gross_profit_usd
    from marts.gross_margin_daily
    cross join (values ('cost'), ('requests'), ('list_price'), ('none')) as methods (revenue_method)
    group by 1, 2, 3""",
    # half of what moved is more calls, half of it longer prompts: two effects that sum
    """create macro marts.cost_change_between(before_from, before_to, after_from, after_to) as table
    with sides as (
        select feature_id, customer_id, workload, provider_id, model_id,
            cast(coalesce(sum(cost_usd) filter (where usage_date between before_from and before_to), 0)
                as decimal(38, 12)) as before_usd,
            cast(coalesce(sum(cost_usd) filter (where usage_date between after_from and after_to), 0)
                as decimal(38, 12)) as after_usd
        from marts.fct_usage_hourly group by 1, 2, 3, 4, 5
    )
    select *, cast((after_usd - before_usd) * 0.5 as decimal(38, 12)) as requests_effect_usd,
        after_usd - before_usd - requests_effect_usd as prompt_tokens_effect_usd,
        cast(0 as decimal(38, 12)) as rounding_usd, """
    + ", ".join(
        f"cast(0 as decimal(38, 12)) as {effects.column(name)}"
        for name in effects.WORDS
        if name not in {"requests", "prompt_tokens"}
    )
    + """
    from sides where before_usd <> 0 or after_usd <> 0""",
    f"""create table marts.cost_anomalies as
    select anomaly_id, kind, feature_id, 'production' as workload, owner_id, cast(since as date) as started_date,
        cast(until as date) as last_date, cast(until as date) = date '{LAST_DAY}' as is_open,
        cast(cast(until as date) - cast(since as date) + 1 as bigint) as day_count, cause,
        cast(excess as decimal(38, 12)) as cause_usd, cause as causes,
        cast(12 + excess as decimal(38, 12)) as actual_usd,
        cast(12 as decimal(38, 12)) as expected_usd, cast(excess as decimal(38, 12)) as excess_usd, customer_id,
        cast(null as varchar) as model_id, cast(null as varchar) as region_id, cast(null as varchar) as api_key_id,
        case anomaly_id when 'b2' then 'support@7' end as prompt_version,
        case when customer_id is not null then 0.93 end as place_share, detail,
        case anomaly_id when 'a1' then 'search-v2' end as deployment_id,
        case anomaly_id when 'a1' then date '2026-11-19' end as deployed_date,
        case anomaly_id when 'b2' then 'support@7' end as new_prompt_version,
        case anomaly_id when 'b2' then date '2026-11-01' end as prompt_changed_date, 9.5 as deviation_sigmas,
        cast(history as bigint) as history_days, history < 28 as is_low_history,
        case kind when 'drift' then 1.31 end as times_before,
        case anomaly_id when 'b2' then 'acknowledged' end as feedback
    from (values
        ('a1', 'drivers', 'doc-search', 'search-team', '2026-11-20', '2026-11-23', 'retrieved_context', 41.25, 'hooli',
            null, 90),
        ('b2', 'drift', 'support-agent', null, '2026-11-02', '2026-11-10', 'output_tokens', 18.5, null, null, 12),
        ('c3', 'absurd_call', 'contract-review', null, '2026-11-15', '2026-11-15', 'absurd_call', 9990, null,
            'one call, r-1, of 10 tokens in and 0 out', null),
        ('d4', 'budget', '(all)', 'finance', '2026-11-12', '2026-11-23', 'burning', 30, null,
            'company of company (all) is burning: 42.00 of 50.00 USD spent by 2026-11-23', null)
    ) as found (anomaly_id, kind, feature_id, owner_id, since, until, cause, excess, customer_id, detail, history)""",
    f"""create table marts.budget_status as
    select budget_id, cast(month as date) as month, dimension, member_id, owner_id, cast(null as varchar) as note,
        status, cast(since as date) as since_date,
        least(last_day(cast(month as date)), date '{LAST_DAY}') as as_of_date,
        cast(gone as date) as used_up_date, day(as_of_date) as day_count,
        day(last_day(cast(month as date))) - day_count as days_left_count, cast(3 as bigint) as unpriced_request_count,
        cast(0.8 as decimal(7, 6)) as warn_at_share, cast(spent as double) / amount as used_share,
        cast(amount as decimal(38, 12)) as amount_usd, cast(spent as decimal(38, 12)) as spent_usd,
        cast(rate as decimal(38, 12)) as run_rate_usd,
        cast(spent + rate * days_left_count as decimal(38, 12)) as expected_usd
    from (values
        ('company', '2026-11-01', 'company', '(all)', 'finance', 'burning', '2026-11-12', '2026-11-26', 50, 42, 3),
        ('company', '2026-10-01', 'company', '(all)', 'finance', 'within', null, null, 50, 31, 1),
        ('review', '2026-11-01', 'feature', 'contract-review', null, 'within', null, null, 200, 9.5, 0.5)
    ) as budgets (budget_id, month, dimension, member_id, owner_id, status, since, gone, amount, spent, rate)
    where exists (from requests)""",
    """create table marts.cost_anomaly_effects as
    select anomaly_id, effect, cast(amount as decimal(38, 12)) as effect_usd, effect <> 'requests' as is_unusual
    from (values ('a1', 'retrieved_context', 40.5), ('a1', 'requests', 0.75), ('b2', 'output_tokens', 18.5))
        as effects (anomaly_id, effect, amount)""",
    f"""create table marts.savings_opportunities as
    select cast('2026-11-01' as date) as month, feature_id, strategy, kind as evidence_kind,
        'as the logs say' as evidence, 'it stays as it is' as assumption, 'measured' as assumption_source,
        cast('2026-11-01' as date) as assumption_date, confidence, 'low' as effort, state, owner_id,
        cast(null as varchar) as note, cast(120 as bigint) as request_count,
        {
        ", ".join(
            f"cast({name} as decimal(38, 12)) as {name}"
            for name in (
                "affected_cost_usd",
                "low_saving_usd",
                "expected_saving_usd",
                "high_saving_usd",
                "potential_usd",
            )
        )
    },
        cast(1 as bigint) as stack_order, cast(stacked as decimal(38, 12)) as stacked_saving_usd,
        'select 1' as proof_query
    from (values
        ('support-agent', 'prompt_caching', 'fingerprints', 'high', 'open', 'agents', 900, 120, 130.5, 140, 140, 104.4),
        ('support-agent', 'backpressure', 'logs', 'medium', 'done', null, 60, 10, 20, 40, 40, 20),
        ('doc-search', 'routing', 'none', 'none', 'open', null, 400, 0, 0, 0, 250, 0),
        ('doc-search', 'batch', 'rules', 'medium', 'rejected', 'search-team', 80, 20, 32, 40, 40, 32)
    ) as found (feature_id, strategy, kind, confidence, state, owner_id, affected_cost_usd, low_saving_usd,
        expected_saving_usd, high_saving_usd, potential_usd, stacked)
    where exists (select 1 from marts.fct_usage_hourly)""",
    f"""create table marts.scenario_base as
    with listed as (
        select model_id, {
        ", ".join(
            f"cast(max(per_million) filter (where kind = '{kind}') / 1000000 as decimal(38, 15)) as {kind}"
            for kind in scenario.KINDS
        )
    }
        from prices group by 1
    ),
    tiers (model_id, candidate_model_id, is_evidenced) as (
        values ('claude-sonnet-5', 'gpt-5-mini', false), ('gpt-5', 'gpt-5-mini', true)
    )
    select usage_date, environment, feature_id, customer_id, provider_id, requests.model_id, operation, service_tier,
        is_batch, {_WORKLOAD} as workload, false as is_in_batch,
        case when tiers.model_id is not null then 'openai' end as candidate_provider_id, candidate_model_id,
        coalesce(is_evidenced, false) as is_evidenced, cast(count(*) as bigint) as request_count, {_UNPRICED}, {_SUMS},
        {
        ", ".join(
            f"cast(sum(greatest(output_tokens - {cap}, 0)) as bigint) as output_over_{cap}_tokens"
            for cap in scenario.CAPS
        )
    },
        {", ".join(f"cast(sum({kind}_cost_usd) as decimal(38, 12)) as {kind}_cost_usd" for kind in scenario.KINDS)},
        cast(sum(contracted_cost_usd) as decimal(38, 12)) as contracted_cost_usd,
        cast(sum(cost_usd) as decimal(38, 12)) as cost_usd,
        {
        ", ".join(
            f"cast(any_value({model}.{kind}) * {factor} as decimal(38, 15)) as {place}{kind}_price_usd"
            for place, model, factor in (
                ("", "own", "1"),
                ("batch_", "own", "0.5"),
                ("candidate_", "other", "1"),
                ("candidate_batch_", "other", "0.5"),
            )
            for kind in scenario.KINDS
        )
    }
    from requests
    left join listed as own using (model_id)
    left join tiers using (model_id)
    left join listed as other on other.model_id = candidate_model_id
    group by all""",
    """create table marts.realised_savings as
    select feature_id, strategy, cast('2026-10-10' as date) as done_date, cast(since as date) as month,
        cast(before as decimal(38, 12)) as counterfactual_cost_usd, cast(after as decimal(38, 12)) as actual_cost_usd,
        cast(saved * 0.5 as decimal(38, 12)) as promised_low_usd,
        cast(saved as decimal(38, 12)) as promised_expected_usd,
        cast(saved * 2 as decimal(38, 12)) as promised_high_usd, cast(saved as decimal(38, 12)) as saved_usd,
        cast(usual as decimal(38, 12)) as usual_usd, saved > usual as is_caused,
        cast(case when saved > usual then saved when saved is not null then 0 end as decimal(38, 12)) as realised_usd,
        cast(saved as double) / (before - after) as explained_share,
        case when saved is null then 'not_in_cost' end as unknown_reason
    from (values
        ('support-agent', 'backpressure', '2026-10-01', 300, 280, 16, 4),
        ('support-agent', 'backpressure', '2026-11-01', 400, 370, 25, 6),
        ('doc-search', 'batch', '2026-11-01', 90, 88, 1, 3),
        ('doc-search', 'semantic_cache', '2026-11-01', 90, 88, null, null)
    ) as done (feature_id, strategy, since, before, after, saved, usual)
    where exists (select 1 from marts.fct_usage_hourly)""",
    """create table marts.prompt_caching as
    select cast('2026-11-01' as date) as month, 'support-agent' as feature_id, 'anthropic' as provider_id,
        'claude-sonnet-5' as model_id, policy_id, placement, false as is_automatic, false as is_estimated,
        cast(4000 as bigint) as request_count, cast(1000000 as bigint) as input_tokens,
        cast(hit * 1000000 as bigint) as read_tokens, cast(0 as bigint) as write_tokens,
        cast(hit as double) as hit_share, cast(even as double) as break_even_share,
        cast(900 as decimal(38, 12)) as actual_cost_usd,
        cast(900 as decimal(38, 12)) as uncached_cost_usd, cast(cost as decimal(38, 12)) as policy_cost_usd,
        cast(900 - cost as decimal(38, 12)) as saving_usd, cast(900 - cost as decimal(38, 12)) as low_saving_usd,
        cast(900 - cost as decimal(38, 12)) as high_saving_usd, cost < 800 as is_best
    from (values ('5m', 'everything', 0.3, 0.217, 769.5), ('1h', 'everything', 0.35, 0.526, 1197), ('none', '(none)', 0,
        null, 900)) as ways (policy_id, placement, hit, even, cost)""",
    """create table marts.prompt_caching_on as
    select cast('2026-11-01' as date) as month, 'contract-review' as feature_id, 'anthropic' as provider_id,
        'claude-sonnet-5' as model_id, cast(1000 as bigint) as input_tokens, cast(100 as bigint) as read_tokens,
        cast(600 as bigint) as write_tokens, cast(0.1 as double) as hit_share,
        cast(2 as decimal(38, 12)) as read_discount_usd, cast(5 as decimal(38, 12)) as write_premium_usd,
        cast(-3 as decimal(38, 12)) as net_saving_usd""",
    """create table marts.quantisation as
    select cast('2026-11-01' as date) as month, cast(40 as bigint) as rule_number, 'vllm' as provider_id,
        'house-llama' as model_id, 'gpu_capacity' as pool_id, 'NVIDIA H100 80GB HBM3' as gpu_model,
        cast(8 as bigint) as gpu_count, 'batched' as serving_mode, 'bf16' as from_precision, to_precision,
        'as others measured' as quality_note, cast('2026-11-01' as date) as stated_at, 'published' as source,
        cast(low as decimal(9, 3)) as low_multiplier, cast(1.6 as decimal(9, 3)) as expected_multiplier,
        cast(2 as decimal(9, 3)) as high_multiplier, cast(40000000 as bigint) as delivered_tokens,
        1.0::double as pool_share, cast(800 as decimal(38, 12)) as allocated_cost_usd,
        cast(low_count as bigint) as low_spared_gpu_count, cast(3 as bigint) as expected_spared_gpu_count,
        cast(4 as bigint) as high_spared_gpu_count, cast(low_count * 100 as decimal(38, 12)) as low_saving_usd,
        cast(300 as decimal(38, 12)) as expected_saving_usd, cast(400 as decimal(38, 12)) as high_saving_usd,
        cast(20 as decimal(38, 12)) as cost_per_million_tokens_usd,
        cast(20 - 2.5 * low_count as decimal(38, 12)) as low_cost_per_million_tokens_usd,
        cast(12.5 as decimal(38, 12)) as expected_cost_per_million_tokens_usd,
        cast(10 as decimal(38, 12)) as high_cost_per_million_tokens_usd, to_precision = 'fp8' as is_best
    from (values ('fp8', 1.3, 1), ('int4', 1.0, 0)) as ways (to_precision, low, low_count)""",
    """create table marts.driver_baselines as
    select usage_date, feature_id, 'production' as workload, driver, 2000.0 as expected, 1700.0 as lower_limit,
        2400.0 as upper_limit, 0.0 as deviation_sigmas, cast(4 as bigint) as limit_sigmas,
        cast(30 as bigint) as history_days,
        case when usage_date >= date '2026-11-20' and driver = 'retrieved_context' then 4100.0 else 2010.0 end as actual
    from (select distinct usage_date, feature_id from marts.fct_usage_hourly)
    cross join (values ('volume'), ('retrieved_context'), ('output_tokens')) as drivers (driver)""",
    """create table marts.return_on_spend as
    select cast(date_trunc('month', usage_date) as date) as month, sum(revenue_usd) as revenue_usd,
        sum(cogs_usd) as cogs_usd, cast(0 as decimal(38, 12)) as other_cost_usd,
        sum(gross_profit_usd) as gross_profit_usd, sum(cogs_usd) as explained_cost_usd, 0.75::double as explained_share,
        cast(sum(cogs_usd) as double) / cast(sum(revenue_usd) as double) as cost_share_of_revenue,
        cast(sum(gross_profit_usd) as double) / cast(sum(cogs_usd) as double) as return_on_cogs,
        0.1::double as unit_count_change, -0.05::double as unit_cost_change, -0.5::double as unit_cost_elasticity
    from marts.gross_margin_daily group by 1""",
    """create table marts.cost_per_unit as
    with calls as (
        select *, cast(date_trunc('month', usage_date) as date) as month
        from requests where environment <> 'staging' and conversation_id <> '(unattributed)'
    )
    select 'conversation' as unit_id, dimension, id, month,
        cast(count(distinct (customer_id, conversation_id)) as bigint) as unit_count,
        cast(0 as bigint) as known_outcome_count, cast(0 as bigint) as success_count,
        cast(count(distinct (customer_id, conversation_id)) as bigint) as sample_size, dimension = 'plan'
            as is_small_sample,
        cast(coalesce(sum(cost_usd), 0) as decimal(38, 12)) as cost_usd,
        cast(coalesce(sum(input_cost_usd), 0) as decimal(38, 12)) as uncached_input_cost_usd,
        cast(coalesce(sum(cache_read_cost_usd + cache_write_cost_usd), 0) as decimal(38, 12)) as cached_input_cost_usd,
        cast(coalesce(sum(output_cost_usd), 0) as decimal(38, 12)) as output_cost_usd,
        cast(0 as decimal(38, 12)) as retry_cost_usd, cast(0 as decimal(38, 12)) as embedding_cost_usd,
        cast(0 as decimal(38, 12)) as retrieval_cost_usd, cast(0 as decimal(38, 12)) as rerank_cost_usd,
        cast(0 as decimal(38, 12)) as tool_cost_usd, cast(0 as decimal(38, 12)) as other_cost_usd,
        cast(0 as decimal(38, 12)) as invoice_cost_usd, cast(2 as decimal(38, 12)) as shared_cost_usd,
        cast(0.25 as decimal(38, 12)) as cost_per_unit_usd, cast(0.125 as decimal(38, 12)) as median_cost_usd,
        cast(0.75 as decimal(38, 12)) as p95_cost_usd,
        cast(0.3 as decimal(38, 12)) as fully_loaded_cost_per_unit_usd,
        cast(null as decimal(38, 12)) as cost_per_successful_unit_usd, cast(null as double) as success_share,
        cast(0.5 as decimal(38, 15)) as price_usd, 0.4::double as margin_at_price,
        cast(0.6 as decimal(6, 4)) as target_margin, cast(0.75 as decimal(38, 15)) as break_even_price_usd
    from (
        select 'company' as dimension, '(all)' as id, * from calls
        union all select 'feature', feature_id, * from calls
        union all select 'customer', customer_id, * from calls
    ) group by 2, 3, 4""",
    """create table marts.attribution_coverage as
    select cast(date_trunc('month', usage_date) as date) as month, dimension,
        cast(coalesce(sum(cost_usd), 0) as decimal(38, 12)) as cost_usd,
        cast(coalesce(sum(cost_usd) filter (where id <> '(unattributed)'), 0) as decimal(38, 12))
            as attributed_cost_usd,
        cast(0 as decimal(38, 12)) as ruled_cost_usd, cast(0 as decimal(38, 12)) as charge_cost_usd,
        cast(0 as decimal(38, 12)) as attributed_charge_cost_usd, 0.9::double as attributed_share
    from (
        select usage_date, cost_usd, 'customer' as dimension, customer_id as id from requests
        union all select usage_date, cost_usd, 'feature', feature_id from requests
    ) group by 1, 2""",
    """create table marts.attribution_rule_coverage as
    select cast(number as bigint) as rule_number, reason, rule_status, cast(calls as bigint) as request_count,
        cast(cost as decimal(38, 12)) as cost_usd, cast(0 as bigint) as charge_count,
        cast(0 as decimal(38, 12)) as charge_cost_usd, date '2026-11-20' as last_date,
        cast(conflicts as bigint) as conflict_count, cast(beaten as bigint) as beaten_by_rule_number
    from (values
        (10, 'keys of one customer', 'sets', 120, 12.5, 0, null), (20, 'old project', 'dead', 0, 0, 0, null),
        (30, 'its second key', 'shadowed', 0, 0, 3, 10)
    ) as rules (number, reason, rule_status, calls, cost, conflicts, beaten) where exists (from requests)""",
    """create table marts.gross_margin as
    with members as (
        select 'customer' as dimension, customer_id as id, * from marts.gross_margin_daily
        -- every call makes a conversation, of which one in two is charged
        union all select 'unit', 'conversation', * replace (revenue_usd / 2 as revenue_usd)
        from marts.gross_margin_daily
        union all select 'unit', '(unassigned)', * replace (revenue_usd - revenue_usd / 2 as revenue_usd, 0 as cogs_usd)
        from marts.gross_margin_daily
    ),
    summed as (
        select dimension, id, cast(date_trunc('month', usage_date) as date) as month,
            cast(sum(revenue_usd) as decimal(38, 12)) as revenue_usd,
            cast(sum(cogs_usd) as decimal(38, 12)) as cogs_usd,
            cast(0 as decimal(38, 12)) as shared_cost_usd
        from members group by 1, 2, 3
        union all select distinct 'unit', 'document', cast(date_trunc('month', usage_date) as date), null, 0, 0
        from marts.gross_margin_daily
    )
    select *, cast(revenue_usd - cogs_usd as decimal(38, 12)) as gross_profit_usd,
        cast(revenue_usd - cogs_usd as double) / nullif(cast(revenue_usd as double), 0) as gross_margin,
        case when revenue_usd is null then 'unknown' when revenue_usd = 0 then 'no_revenue'
            when revenue_usd < cogs_usd then 'under_water' when (revenue_usd - cogs_usd) * 2 < revenue_usd then 'thin'
            else 'profitable' end as margin_class,
        case when revenue_usd is null then 'no_unit_price' when revenue_usd = 0 then 'no_revenue' end as unknown_reason,
        1.0 as priced_share
    from summed""",
    """create table marts.customer_cohorts as
    with months as (
        select customer_id, cast(date_trunc('month', usage_date) as date) as month, sum(revenue_usd) as revenue_usd,
            sum(cogs_usd) as cogs_usd, min(month) over (partition by customer_id) as cohort_month
        from marts.gross_margin_daily where customer_id not like '(%' group by 1, 2
    )
    select cohort_month, month, datediff('month', cohort_month, month) as month_number,
        count(*) as customer_count, count(*) filter (where revenue_usd > 0) as paying_customer_count,
        cast(sum(revenue_usd) as decimal(38, 12)) as revenue_usd, cast(sum(cogs_usd) as decimal(38, 12)) as cogs_usd,
        cast(sum(revenue_usd) - sum(cogs_usd) as decimal(38, 12)) as gross_profit_usd,
        cast(sum(revenue_usd) - sum(cogs_usd) as double) / cast(sum(revenue_usd) as double) as gross_margin
    from months group by 1, 2, 3""",
    """create table marts.cost_by_turn as
    with numbered as (
        select calls.*, talks.feature_id as of_feature_id, talks.turn_count,
            cast(date_trunc('month', talks.started_date) as date) as month,
            least(talks.turn_count, 1 + coalesce(sum(case when status = 'ok' then 1 else 0 end) over (
                partition by customer_id, conversation_id order by requested_at, request_id
                rows between unbounded preceding and 1 preceding), 0)) as turn
        from requests as calls inner join marts.cost_per_conversation as talks using (customer_id, conversation_id)
        where talks.is_production and conversation_id <> '(unattributed)'
    ),
    summed as (
        select of_feature_id as feature_id, month, cast(least(turn, 20) as bigint) as turn_number,
            count(distinct (customer_id, conversation_id)) as conversation_count,
            count(distinct (customer_id, conversation_id, turn)) filter (where turn > 0) as turn_count,
            count(*) as request_count, count(*) filter (where cost_usd is null) as unpriced_request_count,
            cast(sum(cost_usd) as decimal(38, 12)) as cost_usd, sum(input_cost_usd) as uncached_input,
            sum(cache_read_cost_usd + cache_write_cost_usd) as cached_input, sum(output_cost_usd) as output,
            sum(uncached_input_tokens + cache_read_tokens + cache_write_tokens) as input_tokens
        from numbered group by 1, 2, 3
    )
    select feature_id, month, turn_number, turn_number = 20 as has_later_turns, conversation_count, turn_count,
        request_count, unpriced_request_count, cost_usd,
        cast(cost_usd / nullif(turn_count, 0) as decimal(38, 12)) as cost_per_turn_usd,
        cast(uncached_input / nullif(turn_count, 0) as decimal(38, 12)) as uncached_input_cost_per_turn_usd,
        cast(cached_input / nullif(turn_count, 0) as decimal(38, 12)) as cached_input_cost_per_turn_usd,
        cast(output / nullif(turn_count, 0) as decimal(38, 12)) as output_cost_per_turn_usd,
        cast((cost_usd - uncached_input - cached_input - output) / nullif(turn_count, 0) as decimal(38, 12))
            as other_cost_per_turn_usd,
        cast(cost_usd / nullif(turn_count, 0) as decimal(38, 12)) as median_cost_usd,
        cast(cost_usd / conversation_count as decimal(38, 12)) as cost_so_far_per_conversation_usd,
        input_tokens / nullif(turn_count, 0) as input_tokens_per_turn, 1 + turn_number / 8 as input_growth
    from summed""",
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
        cast(1.25 as decimal(38, 12)) as at_risk_low_usd, cast(87.5 as decimal(38, 12)) as at_risk_high_usd,
        cast(3 as bigint) as similar_model_count,
        min(requested_at) as first_seen_at, max(requested_at) as last_seen_at
    from requests where cost_usd is null group by 1, 2, 3, 4""",
    """create table marts.unknown_usage as
    select 'openai' as source_id, 'openai' as provider_id, 'gpt-5' as model_id, 'new_tokens' as usage_name,
        cast(12 as bigint) as request_count, cast(3456 as decimal(38, 12)) as quantity,
        date '2026-10-01' as first_usage_date, date '2026-11-02' as last_usage_date""",
    """create table marts.charges_by_kind as
    select month, provider_id, service_name, meter, charge_kind, 'USD' as billing_currency,
        cast(charge_count as bigint) as charge_count,
        cast(billed as decimal(38, 12)) as billed_cost, cast(billed as decimal(38, 12)) as effective_cost,
        cast(billed as decimal(38, 12)) as billed_cost_usd, cast(billed as decimal(38, 12)) as effective_cost_usd
    from (values
        (date '2026-10-01', 'openai', 'API', 'gpt-5, input', 'inference', 31, '812.40'),
        (date '2026-10-01', 'aws', 'Amazon Quantum', 'USE1-Qubits', 'unclassified', 2, '17.25'),
        (date '2026-09-01', 'aws', 'Amazon Quantum', 'USE1-Qubits', 'unclassified', 1, '3.50'),
        (date '2026-09-01', 'openai', 'API', 'gpt-5, input', 'inference', 30, '640.00')
    ) as lines (month, provider_id, service_name, meter, charge_kind, charge_count, billed)""",
    f"""create table marts.reconciliation as
    select provider_id, account as billing_account_id, '(all)' as project_id, date '2026-10-01' as billing_month,
        invoice as invoice_id, 'USD' as billing_currency, kind as charge_kind, model_id, component, meter as sku_meter,
        date '2026-10-05' as billing_date, false as is_monthly, state as reconciliation_status,
        cast(1 as bigint) as line_count, cast(1000000 as decimal(38, 6)) as rated_quantity,
        cast(1000000 as decimal(38, 6)) as billed_quantity,
        {", ".join(f"cast({value} as decimal(38, 12)) as {name}" for name, value in _RECONCILED.items())}
    from (values
        ('openai', 'org-1', 'INV-1', 'use', 'gpt-5', 'output', null, 'reconciled', 500, 0, 2.6, 0, 0, 0),
        ('openai', 'org-1', 'INV-1', 'use', 'gpt-5-nano', 'input', null, 'no_requests', 0, 7.4, 0, 0, 0, 0),
        ('openai', 'org-1', 'INV-1', 'use', 'claude-haiku-4-5', 'input', null, 'reconciled', 300, 0, 0, 0, 2.4, 0),
        ('aws', '1111', 'INV-2', 'unclassified', null, null, 'USE1-Qubits', 'not_by_call', 0, 0, 0, 17.25, 0, 0),
        ('openai', 'org-1', null, 'use', 'gpt-5-mini', 'input', null, 'not_billed_yet', 0, 0, 0, 0, 0, 12.5)
    ) as cells (provider_id, account, invoice, kind, model_id, component, meter, state, rated, coverage, quantity,
        non_token, unexplained, estimated)""",
    """create table marts.reconciliation_bridge as
    select provider_id, billing_account_id, billing_month, invoice_id, billing_currency,
        cast(step.number as bigint) as step_number, step.name as step,
        cast(step.amount as decimal(38, 12)) as amount_usd
    from (
        select provider_id, billing_account_id, billing_month, invoice_id, billing_currency, unnest([
            {number: 1, name: 'rated_cost', amount: rated_cost_usd},
            {number: 2, name: 'coverage', amount: coverage_variance_usd},
            {number: 3, name: 'quantity', amount: quantity_variance_usd},
            {number: 4, name: 'price', amount: price_variance_usd},
            {number: 8, name: 'non_token', amount: non_token_variance_usd},
            {number: 10, name: 'unexplained', amount: unexplained_variance_usd},
            {number: 11, name: 'billed_cost', amount: billed_cost_usd}
        ]) as step
        from marts.reconciliation where invoice_id is not null
    )""",
    """create table marts.cost_per_rag_answer as
    select usage_date, feature_id, answers as answer_count, cast(0.01 * answers as decimal(38, 12)) as answers_cost_usd,
        cast(0.001 * answers as decimal(38, 12)) as embedding_cost_usd,
        cast(0 as decimal(38, 12)) as retrieval_cost_usd,
        cast(0.001 * answers as decimal(38, 12)) as rerank_cost_usd,
        cast(0.008 * answers as decimal(38, 12)) as generation_cost_usd,
        cast(0.004 * answers as decimal(38, 12)) as context_cost_usd,
        cast(0.003 * answers as decimal(38, 12)) as unused_cost_usd,
        cast(0.01 * answers as decimal(38, 12)) as told_answers_cost_usd,
        cast(0.002 * answers as decimal(38, 12)) as told_overhead_cost_usd,
        cast(0.5 as decimal(38, 12)) as unanswered_cost_usd, 20 * answers as retrieved_chunk_count,
        5 * answers as used_chunk_count
    from (
        select usage_date, feature_id, count(*) as answers from requests where feature_id = 'doc-search' group by 1, 2
    ) as counted""",
    f"""create table marts.cost_by_workload as
    select usage_date, {_WORKLOAD} as workload, provider_id, environment, feature_id, customer_id,
        cast(count(*) as bigint) as request_count, cast(sum(cost_usd) as decimal(38, 12)) as request_cost_usd,
        cast(0 as decimal(38, 12)) as shared_cost_usd, cast(0 as decimal(38, 12)) as charged_cost_usd,
        cast(coalesce(sum(cost_usd), 0) as decimal(38, 12)) as cost_usd,
        {_WORKLOAD} <> 'production' and customer_id in (select customer_id from revenue where revenue_usd > 0)
            as is_serving_customers
    from requests group by 1, 2, 3, 4, 5, 6""",
    """create table marts.allocation_pools as
    select date '2026-10-01' as month, billed_by as charge_provider_id, cast(rule as bigint) as rule_number, pool_id,
        driver, reason as rule_reason, cast(direct as decimal(38, 12)) as direct_cost_usd,
        cast(0 as decimal(38, 12)) as fed_in_usd, cast(0 as decimal(38, 12)) as fed_out_usd,
        cast(0 as decimal(38, 12)) as allocated_cost_usd, cast(idle as decimal(38, 12)) as idle_cost_usd,
        cast(0 as decimal(38, 12)) as unused_cost_usd, cast(0 as decimal(38, 12)) as prepaid_cost_usd,
        cast(unallocated as decimal(38, 12)) as unallocated_cost_usd
    from (values
        ('openai', 0, '(no rule)', null, null, 7.4, 0, 7.4),
        ('aws', 40, 'gpu_capacity', 'tokens', 'servers of your own run on them', 17.25, 12.9375, 4.3125)
    ) as pools (billed_by, rule, pool_id, driver, reason, direct, idle, unallocated)""",
    """create table marts.rented_capacity as
    select date '2026-10-01' as month, cast(40 as bigint) as rule_number, 'gpu_capacity' as pool_id,
        'self-hosted' as provider_id, 'house-llama' as model_id, cast(4.3125 as decimal(38, 12)) as used_cost_usd,
        cast(12.9375 as decimal(38, 12)) as idle_cost_usd, cast(17.25 as decimal(38, 12)) as allocated_cost_usd,
        cast(8.625 as decimal(38, 12)) as input_cost_usd, cast(3 as decimal(38, 12)) as token_priced_cost_usd,
        cast(8.625 as decimal(38, 12)) as output_cost_usd, 'seconds' as split_method,
        cast(60000000 as bigint) as uncached_input_tokens, cast(4000000 as bigint) as cache_read_tokens,
        cast(0 as bigint) as cache_write_tokens, cast(16000000 as bigint) as output_tokens, 0.25::double as used_share,
        cast(0.053906 as decimal(38, 12)) as used_cost_per_million_tokens_usd,
        cast(0.215625 as decimal(38, 12)) as allocated_cost_per_million_tokens_usd,
        cast(0.14375 as decimal(38, 12)) as cost_per_million_uncached_input_tokens_usd,
        cast(0.539063 as decimal(38, 12)) as cost_per_million_output_tokens_usd""",
    """create table marts.close_checklist as
    select provider_id, billing_account_id, billing_month as month, true as has_bill, false as has_open_invoice,
        cast(1 as bigint) as invoice_count, date '2026-10-31' as billed_through_date,
        sum(rated_cost_usd) as rated_cost_usd, sum(billed_cost_usd) as billed_cost_usd,
        cast(coalesce(sum(billed_cost_usd) filter (where charge_kind = 'use'), 0) as decimal(38, 12)) as billed_use_usd,
        sum(requests_cost_usd) as requests_cost_usd, sum(unattributed_cost_usd) as unattributed_cost_usd,
        sum(estimated_cost_usd) as estimated_cost_usd, sum(coverage_variance_usd) as coverage_variance_usd,
        cast(0 as decimal(38, 12)) as unclassified_cost_usd,
        sum(unexplained_variance_usd) as unexplained_variance_usd, 0.99 as coverage_share,
        cast(2 as bigint) as restatement_count, timestamp '2026-11-09 08:00:00' as last_restated_at,
        timestamp '2026-11-05 12:00:00' as closed_at, provider_id = 'openai' as is_restated_after_close
    from marts.reconciliation group by 1, 2, 3""",
    f"""create table marts.data_freshness as
    select source_id, shape, cast(last_record_date as date) as last_record_date,
        cast(last_landed_at as timestamp) as last_landed_at, cast(inputs as bigint) as input_count,
        cast(counted as bigint) as row_count, cast(refused as bigint) as refused_input_count,
        cast(rejected as bigint) as rejected_count
    from (values
        ('litellm', 'requests', '{LAST_DAY}', '2026-11-24 03:00:00', 100, 40000, 1, 12),
        ('focus', 'charges', '2026-11-20', '2026-11-21 03:00:00', 2, 64, 0, 3),
        ('revenue_csv', 'revenue', '2026-11-30', '2026-11-02 03:00:00', 4, 900, 0, 0)
    ) as sources (source_id, shape, last_record_date, last_landed_at, inputs, counted, refused, rejected)
    where exists (from requests)""",
    """create table marts.rejected_records as
    select input_id, table_name, source_id, path, state, cast(landed_at as timestamp) as landed_at, column_name, rule,
        fix, cast(rejected as bigint) as rejected_count, cast(first_number as bigint) as first_record_number
    from (values
        ('ab12', 'focus__charges', 'focus', '/bills/october.csv', 'landed', '2026-11-21 03:00:00', 'billed_cost',
            'is no amount', 'write it with a dot', 3, 17),
        ('cd34', 'litellm__requests', 'litellm', '/logs/torn.jsonl', 'refused', '2026-11-24 03:00:00', null,
            'the last line is cut off', null, 12, null)
    ) as records (input_id, table_name, source_id, path, state, landed_at, column_name, rule, fix, rejected,
        first_number)
    where exists (from requests)""",
    """create table marts.input_columns as
    select source_id, table_name, column_name, is_read, change, cast(input_count as bigint) as input_count,
        cast(first_at as timestamp) as first_landed_at, cast(last_at as timestamp) as last_landed_at,
        path as first_path, path as last_path
    from (values
        ('focus', 'focus__charges', 'x_NewFee', false, 'new', 1, '2026-11-21 03:00:00', '2026-11-21 03:00:00',
            '/bills/november.csv'),
        ('focus', 'focus__charges', 'BilledCost', true, null, 9, '2026-03-01 03:00:00', '2026-11-21 03:00:00',
            '/bills/november.csv')
    ) as columns (source_id, table_name, column_name, is_read, change, input_count, first_at, last_at, path)
    where exists (from requests)""",
    """create table marts.build_tests as
    select test_name, tested_name, status, cast(found as bigint) as row_count, cast(seconds as decimal(12, 3))
        as seconds
    from (values
        ('assert_costs_are_conserved', 'tests/models/assert_costs_are_conserved.sql', 'pass', 0, 0.108),
        ('unique_fct_requests', 'fct_requests', 'pass', 0, 0.043),
        ('assert_azure', 'tests/models/assert_azure.sql', 'warn', 4, 0.012)
    ) as tests (test_name, tested_name, status, found, seconds)
    where exists (from requests)""",
    """create table marts.restatements as
    select 'focus' as source_id, 'org-1' as billing_account_id, timestamp '2026-10-01' as billing_period_start_at,
        'USD' as billing_currency, timestamp '2026-11-09 08:00:00' as restated_at""",
    """create table marts.price_book as
    select price_id, provider_id, model_id, 'standard' as service_tier, date '2026-06-01' as valid_from_date,
        date '2100-01-01' as valid_to_date, cast(-1 as bigint) as above_tokens,
        cast(9223372036854775807 as bigint) as up_to_tokens, cast(0 as bigint) as daily_from_second,
        max(per_million) filter (where kind = 'input') as input_per_million_usd,
        max(per_million) filter (where kind = 'cache_read') as cache_read_per_million_usd,
        max(per_million) filter (where kind = 'cache_write') as cache_write_per_million_usd,
        max(per_million) filter (where kind = 'output') as output_per_million_usd,
        cast(0.01 as decimal(38, 15)) as web_search_price_usd, 'priced' as price_state, 'genai-prices' as price_source,
        'catalogue' as price_rule, cast(null as decimal(6, 3)) as uplift_factor,
        cast(case when provider_id = 'anthropic' then 2 end as bigint) as override_line_number
    from prices group by price_id, provider_id, model_id""",
    f"""create view marts.cost_lines as
    with used as (
        select source_id, request_id, customer_id, conversation_id, requested_at, usage_date, price_id, price_status,
            provider_id, unnest([
                {{kind_number: 1, usage_kind: 'input', quantity: uncached_input_tokens}},
                {{kind_number: 5, usage_kind: 'cache_read', quantity: cache_read_tokens}},
                {{kind_number: 8, usage_kind: 'cache_write', quantity: cache_write_tokens}},
                {{kind_number: 10, usage_kind: 'output', quantity: output_tokens}}
            ], recursive := true)
        from marts.fct_requests
    )
    select used.* exclude (provider_id, quantity), 'tokens' as unit, usage_kind as component,
        cast(quantity as decimal(22, 3)) as quantity,
        cast(case usage_kind when 'input' then input_per_million_usd when 'cache_read' then cache_read_per_million_usd
            when 'cache_write' then cache_write_per_million_usd else output_per_million_usd end
            * cast(0.000001 as decimal(7, 6)) as decimal(38, 15)) as unit_price_usd,
        cast(unit_price_usd * case used.provider_id when '{CONTRACT}' then {LIST_OF_CONTRACT} else 1 end
            as decimal(38, 15)) as list_unit_price_usd,
        cast(cast(quantity as decimal(12, 0)) * cast(unit_price_usd as decimal(18, 15)) as decimal(38, 12))
            as amount_usd
    from used left join marts.price_book using (price_id)
    where quantity > 0""",
    f"""create table marts.price_history as
    with stated as (
        select 'genai-prices' as price_source, provider_id, model_id, kind || '_tokens' as usage_kind,
            per_million as price_usd, cast(1000000 as bigint) as per_units
        from prices
        union all values
            ('genai-prices', 'openai', 'gpt-5', 'web_searches', 10, 1000),
            ('genai-prices', 'openai', 'gpt-4o', 'input_tokens', 2.5, 1000000),
            ('litellm', 'openai', 'gpt-5', 'output_tokens', 12, 1000000)
    ),
    stretches as (
        select *, 0.5 as factor, date '2015-01-01' as valid_from_date, date '2026-06-01' as valid_to_date from stated
        union all select *, 1, date '2026-06-01', date '2026-08-01' from stated
        union all select *, 1, date '2026-08-01', date '{ANNOUNCED}' from stated
        union all select *, case model_id when 'gpt-5-mini' then 0.75 else 1 end, date '{ANNOUNCED}', date '2100-01-01'
        from stated
    ),
    tiers as (select * from (values ('standard', 1), ('batch', 0.5)) as tiers (service_tier, share)),
    knowledge as (
        select * from (values
            (timestamp '{LEARNED} 06:00:00', cast(null as timestamp), 1, 'gpt-5', false),
            (timestamp '{LEARNED} 06:00:00', timestamp '{CORRECTED} 06:00:00', 3, 'gpt-5', true),
            (timestamp '{CORRECTED} 06:00:00', null, 1, 'gpt-5', true)
        ) as knowledge (known_from_at, known_to_at, error, about, is_about)
    )
    select price_source, provider_id, model_id, service_tier, usage_kind, cast(0 as bigint) as tier_start_tokens,
        valid_from_date, valid_to_date, cast(0 as bigint) as daily_from_second,
        cast(86400 as bigint) as daily_to_second,
        cast(price_usd * factor * share * error as decimal(38, 18)) as price_usd,
        cast(per_units as bigint) as per_units,
        'catalogue' as price_rule, known_from_at, known_to_at
    from stretches cross join tiers inner join knowledge on (model_id = about) = is_about""",
    """create table marts.price_conflicts as
    select 'openai' as provider_id, 'gpt-5' as model_id, 'output_tokens' as usage_kind, date '2026-11-23' as as_of_date,
        'genai-prices' as used_price_source, cast(0.00001 as decimal(38, 15)) as used_unit_price_usd,
        'litellm' as other_price_source, cast(0.000012 as decimal(38, 15)) as other_unit_price_usd,
        cast(1.2 as double) as price_ratio, cast(5000000 as bigint) as quantity_30d,
        cast(10 as decimal(38, 12)) as impact_30d_usd from range(1) where exists (from requests)""",
    """create table marts.price_overrides as
    select cast(line as bigint) as line_number, effect, provider_id, model_id, account as billing_account_id,
        cast(null as varchar) as project_id, cast(null as varchar) as api_key_id,
        cast(null as varchar) as deployment_id, cast(null as varchar) as service_tier, usage_kind,
        cast(price as decimal(38, 18)) as price,
        cast(per_units as bigint) as per_units, currency, cast(discount as decimal(9, 6)) as discount,
        cast(1 as bigint) as precedence, cast(valid_from as date) as valid_from_date,
        cast(coalesce(valid_to, '2100-01-01') as date) as valid_to_date, timestamp '2026-01-05 06:00:00' as learned_at,
        note
    from (values
        (2, 'discount', 'anthropic', null, null, null, null, null, null, 0.2, '2026-06-01', '2027-06-01', 'frame'),
        (3, 'contract_price', 'openai', 'gpt-5', 'acc-1', 'output_tokens', 2.1, 1000000, 'EUR', null, '2026-09-01',
            null, null),
        (4, 'free', 'google', null, null, null, null, null, null, null, '2015-01-01', null, 'credits'),
        (5, 'self_hosted', 'house', 'house-*', null, null, null, null, null, null, '2015-01-01', null, null)
    ) as lines (line, effect, provider_id, model_id, account, usage_kind, price, per_units, currency, discount,
        valid_from, valid_to, note)
    where exists (from requests)""",
    f"""create table marts.rerate_changes as
    select '20261102T080000Z' as rerate_id, timestamp '2026-11-02 08:00:00' as ran_at,
        timestamp '2026-11-02 08:00:00' as known_at, usage_date, provider_id, model_id, feature_id, customer_id,
        cast(count(*) as bigint) as request_count, cast(sum(cost_usd) * 2 as decimal(38, 12)) as cost_before_usd,
        cast(sum(cost_usd) as decimal(38, 12)) as cost_after_usd, cast(-sum(cost_usd) as decimal(38, 12)) as change_usd
    from requests where date_trunc('month', usage_date) = date '{RERATED}' and model_id = 'gpt-5'
    group by usage_date, provider_id, model_id, feature_id, customer_id""",
)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
