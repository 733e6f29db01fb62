"""OpenRouter generations: the answers of `GET /api/v1/generation`, one a line, or the activity page's CSV.

Schema: openrouter (1.3) `components/generationresponse.py`; the headers of the CSV as people post them. Of the two
counts of a generation only the native one is billed, and only that is read. Daily sums (`/api/v1/activity`) are no
calls.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present


def _recognises(sample: Sample) -> bool:
    return {"generation_id", "model_permaslug", "cost_total"} <= sample.headers or any(
        first_present(record, "data.total_cost", "total_cost") is not None
        and str(first_present(record, "data.id", "id")).startswith("gen-")
        for record in sample.records
    )


def _tokens(name: str, *paths: str) -> Column:
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


def _milliseconds(name: str, *paths: str) -> Column:
    return Column(name, Type.QUANTITY, paths, minimum=0)


SOURCE = Source(
    name="openrouter",
    about="OpenRouter generations, JSON lines, or the activity export by generation, CSV",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl", "csv"),
            date="requested_at",
            identity=("generation_id",),
            recognises=_recognises,
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
        ),
    ),
)
