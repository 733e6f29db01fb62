"""Any log of calls, or any bill, in our own words: columns named as the canonical ones, or mapped to them.

For home-made logs and bills, so that nobody has to write Python for one; `--mapping` is `ingest/mapping.py`. Token
counts are disjoint, as in the canonical shape: `uncached_input_tokens` is without what was read from or written to a
cache. A bill has the columns of FOCUS in snake case and is restated as one: a newer file replaces the account's period.
"""

from dataclasses import replace

from ingest.focus_columns import CHECKS, COST_AND_USAGE
from ingest.source import FINGERPRINTS, MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

TOKENS = (
    "uncached_input_tokens", "cache_read_tokens", "cache_read_audio_tokens", "cache_read_image_tokens",
    "cache_write_5m_tokens", "cache_write_30m_tokens", "cache_write_1h_tokens", "cache_write_12h_tokens",
    "cache_write_unknown_tokens", "input_audio_tokens", "input_image_tokens", "input_video_tokens", "output_tokens",
    "output_audio_tokens", "output_image_tokens", "output_video_tokens", "citation_tokens", "reasoning_tokens",
)  # fmt: skip
COUNTS = (
    "web_search_count", "image_count", "character_count", "page_count", "annotated_page_count", "message_count",
    "rerank_search_count", "storage_search_count", "code_execution_count", "latency_ms", "time_to_first_token_ms",
    "retrieved_chunk_count", "used_chunk_count", "retrieved_context_tokens",
)  # fmt: skip
QUANTITIES = ("audio_seconds", "cache_storage_token_hours")
WORDS = (
    "response_id", "requested_model", "customer_id", "feature_id", "conversation_id", "user_id", "project_id",
    "api_key_id", "billing_account_id", "deployment_id", "environment", "team_id", "trace_id", "prompt_name",
    "prompt_version", "release_id", "operation", "region_id", "service_tier", "status", "error_code", "retry_of",
)  # fmt: skip
FOCUS_ONLY = {"contract_applied", "credits", "exported_at"}
BILL = (
    *(
        # who writes a bill by hand knows its periods by their beginning; 5/1/25 is May or January
        replace(
            column,
            paths=(column.name,),
            required=column.required and not column.name.endswith("_end"),
            date_format=None,
        )
        for column in COST_AND_USAGE
        if column.name not in FOCUS_ONLY
    ),
    *(Column(name, paths=(name,)) for name in ("model_id", "usage_kind", "service_tier", "api_key_id")),
)


def _recognises(sample: Sample) -> bool:
    """A log in our own words; one that needs a mapping is named."""
    return {"requested_at", "model_id"} <= sample.headers or any(
        first_present(record, "requested_at") is not None and first_present(record, "model_id") is not None
        for record in sample.records
    )


def _recognises_bill(sample: Sample) -> bool:
    return {"billed_cost", "billing_period_start"} <= sample.headers or any(
        first_present(record, "billed_cost") is not None and first_present(record, "billing_period_start") is not None
        for record in sample.records
    )


SOURCE = Source(
    name="generic",
    about="any log of calls, or any bill: JSON lines, CSV or Parquet with a mapping of its columns to ours",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl", "csv", "parquet"),
            date="requested_at",
            identity=("request_id",),
            recognises=_recognises,
            prompt=("prompt",),
            columns=(
                Column("request_id", paths=("request_id",), identifier=True),
                Column("provider", paths=("provider_id",)),
                Column("model", paths=("model_id",)),
                Column("requested_at", Type.TIMESTAMP, ("requested_at",), required=True),
                *(Column(name, paths=(name,)) for name in WORDS),
                Column("tags", Type.JSON, ("tags",)),
                # of an application that fingerprints its prompts itself
                *(Column(f"received_{column.name}", paths=(column.name,)) for column in FINGERPRINTS),
                Column("is_batch", Type.BOOLEAN, ("is_batch",)),
                Column("attempt_number", Type.INTEGER, ("attempt_number",), minimum=1),
                # what logs mostly count instead of our leaves: all input, cached or not
                Column("input_tokens", Type.INTEGER, ("input_tokens",), minimum=0, maximum=MOST_TOKENS),
                *(Column(name, Type.INTEGER, (name,), minimum=0, maximum=MOST_TOKENS) for name in TOKENS),
                *(Column(name, Type.INTEGER, (name,), minimum=0) for name in COUNTS),
                *(Column(name, Type.QUANTITY, (name,), minimum=0) for name in QUANTITIES),
                Column("reported_cost_usd", Type.FLOAT_MONEY, ("reported_cost_usd",)),
            ),
        ),
        Table(
            shape="charges",
            formats=("jsonl", "csv", "parquet"),
            date="billing_period_start",
            recognises=_recognises_bill,
            replaces=("billing_account_id", "billing_period_start"),
            columns=BILL,
            checks=CHECKS,
        ),
    ),
)
