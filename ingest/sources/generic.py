"""Any log of calls in our own words: columns named as the canonical requests, or mapped to them (`--mapping`).

For home-made logs, so that nobody has to write Python for one; see `ingest/mapping.py`. Token counts are disjoint, as
in the canonical shape: `uncached_input_tokens` is without what was read from or written to a cache.
"""

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
)  # fmt: skip
QUANTITIES = ("audio_seconds", "cache_storage_token_hours")
WORDS = (
    "response_id", "requested_model", "customer_id", "feature_id", "conversation_id", "user_id", "project_id",
    "api_key_id", "billing_account_id", "deployment_id", "environment", "trace_id", "operation", "region_id",
    "service_tier", "status", "error_code", "retry_of",
)  # fmt: skip


def _recognises(sample: Sample) -> bool:
    """A log in our own words; one that needs a mapping is named."""
    return {"requested_at", "model_id"} <= sample.headers or any(
        first_present(record, "requested_at") is not None and first_present(record, "model_id") is not None
        for record in sample.records
    )


SOURCE = Source(
    name="generic",
    about="any log of calls: JSON lines, CSV or Parquet with a mapping of its columns to ours",
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
    ),
)
