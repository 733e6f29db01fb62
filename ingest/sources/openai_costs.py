"""What OpenAI bills an organization and counts for it: pages of the Costs API and the Usage API, dashboard exports.

    {"object": "page", "data": [{"object": "bucket", "start_time": 1791331200, "end_time": 1791417600, "results": [
        {"object": "organization.costs.result", "amount": {"value": 0.171875, "currency": "usd"}, …}]}], …}

Pages as the API returns them, one JSON document or one a line. Schema: openai (3.54)
`types/admin/organization/usage_*_response.py`; the headers of the dashboard's CSV as people post them. Times are UTC.
Names and mail addresses of people are in some exports; they are not read. `ingest/report_pages.py` says which of two
pages counts.
"""

from ingest.report_pages import EACH, ORGANIZATION, buckets, results, whole_days
from ingest.source import MOST_TOKENS, Bill, Check, Column, Sample, Source, Table, Type

COSTS = "organization.costs.result"
REPORTS = (
    *("completions", "embeddings", "moderations", "images", "audio_speeches", "audio_transcriptions"),
    *("vector_stores", "code_interpreter_sessions", "file_searches", "web_searches"),
)


def _is_costs(sample: Sample) -> bool:
    if {"start_time", "amount_value", "amount_currency"} <= sample.headers:
        return True
    pages = [bucket for bucket in buckets(sample) if bucket.get("object") == "bucket"]
    is_empty = bool(pages) and not any(bucket["results"] for bucket in pages)  # nothing was used: costs as well as use
    return is_empty or any(result.get("object") == COSTS for result in results(sample))


def _is_usage(sample: Sample) -> bool:
    return {"start_time", "num_model_requests", "input_tokens"} <= sample.headers or any(
        str(result.get("object")).startswith("organization.usage.") for result in results(sample)
    )


def _times() -> tuple[Column, ...]:
    return (
        Column("start_time", Type.TIMESTAMP, ("start_time", "../start_time"), required=True),
        Column("end_time", Type.TIMESTAMP, ("end_time", "../end_time"), required=True),
        Column("bucket_start", Type.TIMESTAMP, ("../start_time",), landed=False),
    )


def _count(name: str, *paths: str) -> Column:
    return Column(name, Type.INTEGER, paths or (name,), minimum=0, maximum=MOST_TOKENS)


_CHARGES = Table(
    shape="charges",
    formats=("jsonl", "csv"),
    date="start_time",
    recognises=_is_costs,
    replaces=("organization_id", "usage_date"),
    bill=Bill("organization_id", "usage_date", "currency", billed_cost="amount", effective_cost="amount"),
    each=EACH,
    # a bucket without results, and a CSV's row of a day without costs, say that nothing was used
    where=f"case when object is null then currency is not null else object = '{COSTS}' end",
    has_other_records=True,
    checks=whole_days("bucket_start", "organization_id", "object"),
    columns=(
        *_times(),
        Column("object", paths=("object",), landed=False),
        Column("organization_id", paths=ORGANIZATION),
        Column("organization_name", paths=("organization_name",)),
        Column("project_id", paths=("project_id",)),
        Column("api_key_id", paths=("api_key_id",)),
        Column("line_item", paths=("line_item",)),
        # tokens times a price, summed as doubles: `0.5617712500000000`, `2.0149680000000003`
        Column("amount", Type.FLOAT_MONEY, ("amount_value", "amount.value"), required=True),
        Column("currency", Type.CURRENCY, ("amount_currency", "amount.currency"), required=True),
        Column("quantity", Type.QUANTITY, ("quantity",)),
        Column("quantity_unit", paths=("quantity_unit",)),
    ),
)

_USAGE = Table(
    shape="provider_usage",
    formats=("jsonl", "csv"),
    date="start_time",
    recognises=_is_usage,
    replaces=("organization_id", "report", "usage_date"),
    each=EACH,
    where="case when object is null then num_model_requests is not null else object like 'organization.usage.%' end",
    has_other_records=True,
    checks=(
        *whole_days("bucket_start", "organization_id", "report"),
        Check(
            "input_cached_tokens",
            "input_cached_tokens > input_tokens",
            "are more than input_tokens, which they are a part of",
            "fetch the page again",
        ),
    ),
    columns=(
        *_times(),
        Column("object", paths=("object",), landed=False),
        Column(
            "report",
            # of the dashboard's exports only the one of completions is read, which does not say so
            paths=("object", "start_time_iso"),
            words={**{f"organization.usage.{name}.result": name for name in REPORTS}, "*-*": "completions"},
        ),
        Column("organization_id", paths=ORGANIZATION),
        Column("project_id", paths=("project_id",)),
        Column("user_id", paths=("user_id",)),
        Column("api_key_id", paths=("api_key_id",)),
        Column("model", paths=("model",)),
        Column("is_batch", Type.BOOLEAN, ("batch",)),
        Column("service_tier", paths=("service_tier",)),
        _count("num_model_requests"),
        _count("num_requests"),
        _count("num_sessions"),
        _count("input_tokens"),
        _count("input_cached_tokens"),
        _count("input_cached_audio_tokens"),
        _count("input_cached_image_tokens"),
        _count("input_cache_write_tokens"),
        _count("input_cache_write_30m_tokens"),
        _count("input_cache_write_12h_tokens"),
        _count("input_audio_tokens"),
        _count("input_image_tokens"),
        _count("output_tokens"),
        _count("output_audio_tokens"),
        _count("output_image_tokens"),
        _count("images"),
        _count("characters"),
        _count("seconds"),
        Column("usage_bytes", Type.INTEGER, ("usage_bytes",), minimum=0),
    ),
)

SOURCE = Source(
    name="openai_costs",
    about="OpenAI's organization costs and usage: pages of the two APIs, JSON, or the dashboard's exports, CSV",
    tables=(_CHARGES, _USAGE),
)
