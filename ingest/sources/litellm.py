"""LiteLLM spend logs: rows of "LiteLLM_SpendLogs", one JSON object a line.

Schema: litellm `proxy/schema.prisma` and `types/utils.py` (1.109). Cache tokens are only in `metadata.usage_object`.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

USAGE = "metadata.usage_object"
CACHE_WRITE = f"{USAGE}.prompt_tokens_details.cache_creation_token_details"


def _recognises(sample: Sample) -> bool:
    return any(
        first_present(record, "custom_llm_provider", "litellm_call_id", "call_type") is not None
        and first_present(record, "startTime") is not None
        for record in sample.records
    )


SOURCE = Source(
    name="litellm",
    about="LiteLLM spend logs (LiteLLM_SpendLogs rows), JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="started_at",
            identity=("request_id",),
            recognises=_recognises,
            columns=(
                Column("request_id", paths=("request_id", "id"), required=True, identifier=True),
                Column("litellm_call_id", paths=("litellm_call_id",), identifier=True),
                Column("call_type", paths=("call_type",)),
                Column("provider", paths=("custom_llm_provider",)),
                Column("model", paths=("model",)),
                Column("model_group", paths=("model_group",)),
                Column("api_base", paths=("api_base",)),
                # Postgres timestamp(3) without zone, written in UTC (schema.prisma).
                Column("started_at", Type.TIMESTAMP, ("startTime",), required=True, zone="UTC"),
                Column("ended_at", Type.TIMESTAMP, ("endTime",), zone="UTC"),
                Column("first_token_at", Type.TIMESTAMP, ("completionStartTime",), zone="UTC"),
                Column("status", paths=("status",)),
                Column("error_code", paths=("metadata.error_information.error_code",)),
                Column("cache_hit", paths=("cache_hit",)),
                Column("end_user", paths=("end_user",)),
                Column("internal_user", paths=("user",)),
                Column("team_id", paths=("team_id",)),
                Column("api_key", paths=("api_key",)),
                Column("session_id", paths=("session_id",)),
                Column("trace_id", paths=("trace_id",)),
                Column("request_tags", Type.JSON, ("request_tags",)),
                Column("attempted_retries", Type.INTEGER, ("metadata.attempted_retries",), minimum=0),
                Column("service_tier", paths=("metadata.cost_breakdown.service_tier",)),
                Column("spend", Type.FLOAT_MONEY, ("spend", "response_cost")),
                Column("prompt_tokens", Type.INTEGER, ("prompt_tokens",), minimum=0, maximum=MOST_TOKENS),
                Column("completion_tokens", Type.INTEGER, ("completion_tokens",), minimum=0, maximum=MOST_TOKENS),
                Column("total_tokens", Type.INTEGER, ("total_tokens",), minimum=0, maximum=MOST_TOKENS),
                Column(
                    "cache_read_tokens",
                    Type.INTEGER,
                    (f"{USAGE}.prompt_tokens_details.cached_tokens", f"{USAGE}.cache_read_input_tokens"),
                    minimum=0,
                    maximum=MOST_TOKENS,
                ),
                Column(
                    "cache_write_tokens",
                    Type.INTEGER,
                    (
                        f"{USAGE}.prompt_tokens_details.cache_creation_tokens",
                        f"{USAGE}.prompt_tokens_details.cache_write_tokens",
                        f"{USAGE}.cache_creation_input_tokens",
                    ),
                    minimum=0,
                    maximum=MOST_TOKENS,
                ),
                Column(
                    "cache_write_5m_tokens",
                    Type.INTEGER,
                    (f"{CACHE_WRITE}.ephemeral_5m_input_tokens",),
                    minimum=0,
                    maximum=MOST_TOKENS,
                ),
                Column(
                    "cache_write_1h_tokens",
                    Type.INTEGER,
                    (f"{CACHE_WRITE}.ephemeral_1h_input_tokens",),
                    minimum=0,
                    maximum=MOST_TOKENS,
                ),
                Column(
                    "reasoning_tokens",
                    Type.INTEGER,
                    (f"{USAGE}.completion_tokens_details.reasoning_tokens",),
                    minimum=0,
                    maximum=MOST_TOKENS,
                ),
                Column(
                    "web_search_requests",
                    Type.INTEGER,
                    (f"{USAGE}.prompt_tokens_details.web_search_requests",),
                    minimum=0,
                ),
            ),
        ),
    ),
)
