"""What Anthropic bills an organization and counts for it: pages of the Usage & Cost Admin API, the Console's exports.

    {"data": [{"starting_at": "2026-10-07T00:00:00Z", "ending_at": "2026-10-08T00:00:00Z", "results": [
        {"currency": "USD", "amount": "41.25", "description": "Claude Sonnet 4.5 Usage - Input Tokens", …}]}], …}

Pages as the API returns them, one JSON document or one a line: `/v1/organizations/cost_report`, whose amounts are in
cents, and `/v1/organizations/usage_report/messages`. The Console's CSV of costs has dollars, rounded to cents.
platform.claude.com/docs, usage-cost-api. `ingest/report_pages.py` says which of two pages counts. What the cost report
leaves out (Priority Tier commitments) is on the invoice only.
"""

from ingest.report_pages import EACH, ORGANIZATION, buckets, results, whole_days
from ingest.source import MOST_TOKENS, Bill, Check, Column, Sample, Source, Table, Type

AMOUNT = "coalesce(cast(cast(amount_cents as decimal(32, 14)) * 0.01 as decimal(38, 12)), cost_usd)"
"""Dollars."""


def _is_costs(sample: Sample) -> bool:
    if {"usage_date_utc", "cost_usd", "token_type"} <= sample.headers:
        return True
    pages = [bucket for bucket in buckets(sample) if "starting_at" in bucket]
    is_empty = bool(pages) and not any(bucket["results"] for bucket in pages)  # nothing was used: costs as well as use
    # a report of the analytics API has a list_amount: other products, other money
    return is_empty or any(
        {"amount", "currency"} <= result.keys() and not {"list_amount", "object"} & result.keys()
        for result in results(sample)
    )


def _is_usage(sample: Sample) -> bool:
    return {"usage_date_utc", "usage_input_tokens_no_cache"} <= sample.headers or any(
        "uncached_input_tokens" in result for result in results(sample)
    )


def _times() -> tuple[Column, ...]:
    return (
        Column("starting_at", Type.TIMESTAMP, ("usage_date_utc", "../starting_at"), required=True, zone="UTC"),
        # the CSV has days
        Column("ending_at", Type.TIMESTAMP, ("../ending_at",)),
        Column("bucket_start", Type.TIMESTAMP, ("../starting_at",), landed=False),
    )


def _dimensions() -> tuple[Column, ...]:
    return (
        Column("organization_id", paths=ORGANIZATION),
        # null: the default workspace, or not grouped by it; the CSV has the name
        Column("workspace_id", paths=("workspace_id", "workspace")),
        Column("api_key_id", paths=("api_key_id",)),
        Column("model", paths=("model", "model_version")),
        Column("usage_type", paths=("usage_type",)),
        Column("service_tier", paths=("service_tier",)),
        Column("context_window", paths=("context_window",), words={"≤ 200k": "0-200k", "> 200k": "200k-1M"}),
        Column("inference_geo", paths=("inference_geo",)),
        Column("speed", paths=("speed",)),
    )


def _count(name: str, *paths: str) -> Column:
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


_CHARGES = Table(
    shape="charges",
    formats=("jsonl", "csv"),
    date="starting_at",
    recognises=_is_costs,
    replaces=("organization_id", "usage_date"),
    bill=Bill("organization_id", "usage_date", "coalesce(currency, 'USD')", billed_cost=AMOUNT, effective_cost=AMOUNT),
    each=EACH,
    # a bucket without results says that nothing was used
    where="list_amount is null and coalesce(currency, cost_type, description, cost_usd::varchar) is not null",
    has_other_records=True,
    checks=(
        *whole_days("bucket_start", "organization_id", "currency is null"),
        Check("amount_cents", "amount_cents is null and cost_usd is null", "is missing", "every record needs it"),
    ),
    columns=(
        *_times(),
        *_dimensions(),
        # "17.1875" is $0.171875: "lowest units (cents), as a decimal string"
        Column("amount_cents", Type.QUANTITY, ("amount",)),
        Column("list_amount", paths=("list_amount",), landed=False),
        Column("currency", Type.CURRENCY, ("currency",)),
        Column("cost_usd", Type.MONEY, ("cost_usd",)),
        Column("list_price_usd", Type.MONEY, ("list_price_usd",)),
        Column("description", paths=("description",)),
        Column("cost_type", paths=("cost_type",)),
        Column("token_type", paths=("token_type",)),
    ),
)

_USAGE = Table(
    shape="provider_usage",
    formats=("jsonl", "csv"),
    date="starting_at",
    recognises=_is_usage,
    replaces=("organization_id", "usage_date"),
    each=EACH,
    where="coalesce(uncached_input_tokens, cache_read_input_tokens, output_tokens, web_search_count) is not null",
    has_other_records=True,
    checks=whole_days("bucket_start", "organization_id", "uncached_input_tokens is null"),
    columns=(
        *_times(),
        *_dimensions(),
        _count("uncached_input_tokens", "usage_input_tokens_no_cache", "uncached_input_tokens"),
        _count("cache_read_input_tokens", "usage_input_tokens_cache_read", "cache_read_input_tokens"),
        _count(
            "cache_write_5m_tokens",
            "usage_input_tokens_cache_write_5m",
            "cache_creation.ephemeral_5m_input_tokens",
        ),
        _count(
            "cache_write_1h_tokens",
            "usage_input_tokens_cache_write_1h",
            "cache_creation.ephemeral_1h_input_tokens",
        ),
        _count("output_tokens", "usage_output_tokens", "output_tokens"),
        _count("web_search_count", "web_search_count", "server_tool_use.web_search_requests"),
    ),
)

SOURCE = Source(
    name="anthropic_costs",
    about="Anthropic's cost and usage reports: pages of the Admin API, JSON, or the Console's exports, CSV",
    tables=(_CHARGES, _USAGE),
)
