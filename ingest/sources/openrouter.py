"""OpenRouter: its generations, and its activity, the sums of a day that are the only bill it writes.

Generations are the answers of `GET /api/v1/generation`, one a line, or the activity page's CSV. Schema: openrouter
(1.3) `components/generationresponse.py`; the headers of the CSV as people post them. Of the two counts of a generation
only the native one is billed, and only that is read.

Activity is the answer of `GET /api/v1/activity`, as `unitcost fetch openrouter` writes it: a row per UTC day, model and
endpoint. Schema: openrouter (1.3) `components/activityitem.py`.

    {"data": [{"date": "2026-10-07", "model": "openai/gpt-4.1", "usage": 0.015, "byok_usage_inference": 0.012, …}]}

- `usage` is "OpenRouter credits spent", in dollars: what OpenRouter charges. Of calls with a key of one's own it holds
  the fee, which "will be deducted from your OpenRouter credits" (docs, BYOK).
- `byok_usage_inference` is "external credits spent": the key's provider bills that, and its bill has it. It is no part
  of any cost after `raw.openrouter__charges`, else it would count twice.

Of a day the newest answer counts. An answer does not say by what it was filtered (a key, a member): fetch whole days.
"""

from ingest.report_pages import whole_days
from ingest.source import MOST_TOKENS, Bill, Column, Sample, Source, Table, Type, first_present


def _is_generations(sample: Sample) -> bool:
    return {"generation_id", "model_permaslug", "cost_total"} <= sample.headers or any(
        first_present(record, "data.total_cost", "total_cost") is not None
        and str(first_present(record, "data.id", "id")).startswith("gen-")
        for record in sample.records
    )


def _is_activity(sample: Sample) -> bool:
    """An answer of a day without calls holds nothing else; those of other reports say more about themselves."""
    pages = [record["data"] for record in sample.records if isinstance(record.get("data"), list)]
    is_empty = bool(pages) and all(record == {"data": []} for record in sample.records)
    return is_empty or any(
        isinstance(row, dict) and {"date", "usage", "byok_usage_inference"} <= row.keys()
        for page in pages
        for row in page
    )


def _tokens(name: str, *paths: str) -> Column:
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


def _milliseconds(name: str, *paths: str) -> Column:
    return Column(name, Type.QUANTITY, paths, minimum=0)


_GENERATIONS = Table(
    shape="requests",
    formats=("jsonl", "csv"),
    date="requested_at",
    identity=("generation_id",),
    recognises=_is_generations,
    roots=("data", ""),
    # A line of a log that has no cost of a generation is someone else's; every row of the CSV is ours.
    where="marker is not null",
    columns=(
        Column("marker", paths=("generation_id", "*.total_cost"), landed=False),
        Column("generation_id", paths=("generation_id", "*.id"), required=True, identifier=True),
        Column("upstream_id", paths=("*.upstream_id",), identifier=True),
        # the CSV writes UTC without saying so
        Column("requested_at", Type.TIMESTAMP, ("created_at", "*.created_at"), required=True, zone="UTC"),
        Column("provider", constant="openrouter"),
        Column("model", paths=("model_permaslug", "*.model")),
        Column("variant", paths=("variant", "*.variant")),
        Column("upstream_provider", paths=("provider_name", "*.provider_name")),
        Column("api_type", paths=("*.api_type",)),
        Column("service_tier", paths=("*.service_tier",)),
        Column("data_region", paths=("*.data_region",)),
        Column("is_cancelled", Type.BOOLEAN, ("cancelled", "*.cancelled")),
        Column("finish_reason", paths=("finish_reason_normalized", "*.finish_reason")),
        Column("cached_generation_id", paths=("*.response_cache_source_id",), identifier=True),
        Column("customer_id", paths=("user", "*.external_user")),
        Column("app", paths=("app_name", "*.app_id")),
        Column("api_key_name", paths=("api_key_name",)),
        Column("session_id", paths=("*.session_id",)),
        Column("workspace_id", paths=("*.workspace_id",)),
        # bare names are the CSV's: in JSON, `tokens_prompt` is the count that is not billed
        _tokens("prompt_tokens", "*.native_tokens_prompt"),
        _tokens("completion_tokens", "*.native_tokens_completion"),
        _tokens("reasoning_tokens", "*.native_tokens_reasoning", "tokens_reasoning"),
        _tokens("cached_tokens", "*.native_tokens_cached", "tokens_cached"),
        _tokens("image_tokens", "*.native_tokens_completion_images"),
        Column("exported_id", paths=("generation_id",), identifier=True),
        _tokens("exported_prompt_tokens", "tokens_prompt"),
        _tokens("exported_completion_tokens", "tokens_completion"),
        Column("is_byok", Type.BOOLEAN, ("*.is_byok",)),
        Column("total_cost", Type.FLOAT_MONEY, ("cost_total", "*.total_cost")),
        Column("credits", Type.FLOAT_MONEY, ("cost_total", "*.usage")),
        Column("upstream_cost", Type.FLOAT_MONEY, ("byok_usage_inference", "*.upstream_inference_cost")),
        _milliseconds("generation_ms", "generation_time_ms", "*.generation_time"),
        _milliseconds("time_to_first_token_ms", "time_to_first_token_ms"),
    ),
)

_ACTIVITY = Table(
    shape="charges",
    also=("provider_usage",),
    formats=("jsonl",),
    date="activity_date",
    recognises=_is_activity,
    replaces=("organization_id", "usage_date"),
    bill=Bill("organization_id", "usage_date", "'USD'", billed_cost="usage", effective_cost="usage"),
    each=(("data",),),
    # an answer without rows says that nothing was used
    where="coalesce(activity_date::varchar, model, usage::varchar) is not null",
    has_other_records=True,
    checks=whole_days("activity_date", "organization_id"),
    columns=(
        # "2026-10-07" by the schema, "2026-10-07 00:00:00" in answers
        Column("activity_date", Type.TIMESTAMP, ("date",), required=True, zone="UTC"),
        # no answer says whose it is: who has more accounts than one adds it to the page, beside `data`
        Column("organization_id", paths=("organization_id", "../organization_id")),
        # only where it was asked to group by it
        Column("workspace_id", paths=("workspace_id",)),
        Column("model", paths=("model",)),
        Column("model_permaslug", paths=("model_permaslug",)),
        Column("endpoint_id", paths=("endpoint_id",)),
        Column("upstream_provider", paths=("provider_name",)),
        Column("usage", Type.FLOAT_MONEY, ("usage",), required=True),
        Column("byok_usage_inference", Type.FLOAT_MONEY, ("byok_usage_inference",)),
        _tokens("request_count", "requests"),
        _tokens("byok_request_count", "byok_requests"),
        _tokens("prompt_tokens", "prompt_tokens"),
        _tokens("completion_tokens", "completion_tokens"),
        _tokens("reasoning_tokens", "reasoning_tokens"),
        _tokens("cached_tokens", "cached_tokens"),
    ),
)

SOURCE = Source(
    name="openrouter",
    about="OpenRouter: generations, JSON lines, or their export, CSV; activity by the API, JSON: its charges by day",
    tables=(_GENERATIONS, _ACTIVITY),
)
