"""LiteLLM spend logs: rows of "LiteLLM_SpendLogs", one JSON object a line.

Schema: litellm `proxy/schema.prisma` and `types/utils.py` (1.109). Only `metadata.usage_object` tells kinds of tokens.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

USAGE = "metadata.usage_object"
INPUT = f"{USAGE}.prompt_tokens_details"
OUTPUT = f"{USAGE}.completion_tokens_details"
CACHE_WRITE = f"{INPUT}.cache_creation_token_details"

PROMPT = ("instructions", "tools", "system", "messages", "input", "prompt")
KNOWN_USAGE = (
    # read beside the object, where they are of every provider
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("prompt_tokens_details.text_tokens", "completion_tokens_details.text_tokens"),
    "completion_tokens_details.accepted_prediction_tokens",
    "completion_tokens_details.rejected_prediction_tokens",
    # "no additional charges" but their tokens (Anthropic, web fetch tool)
    "server_tool_use.web_fetch_requests",
)


def _recognises(sample: Sample) -> bool:
    return any(
        first_present(record, "custom_llm_provider", "litellm_call_id", "call_type") is not None
        and first_present(record, "startTime") is not None
        for record in sample.records
    )


def _own(*names: str) -> tuple[str, ...]:
    """Where the proxy writes metadata that an application sends."""
    return tuple(
        f"metadata.{place}{name}" for place in ("", "requester_metadata.", "spend_logs_metadata.") for name in names
    )


def _count(name: str, *paths: str) -> Column:
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


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
            # both are "{}" unless the proxy stores prompts
            prompt=("messages", *(f"proxy_server_request>{part}" for part in PROMPT)),
            usage=(USAGE,),
            known_usage=KNOWN_USAGE,
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
                Column("organization_id", paths=("organization_id", "metadata.user_api_key_org_id")),
                Column("model_id", paths=("model_id",)),
                Column("api_key", paths=("api_key",)),
                Column("session_id", paths=("session_id",)),
                Column("trace_id", paths=("trace_id",)),
                Column("request_tags", Type.JSON, ("request_tags",)),
                Column("prompt_name", paths=_own("prompt_name", "prompt_id")),
                Column("prompt_version", paths=_own("prompt_version")),
                Column("release_id", paths=_own("release")),
                Column("attempted_retries", Type.INTEGER, ("metadata.attempted_retries",), minimum=0),
                Column("service_tier", paths=("metadata.cost_breakdown.service_tier",)),
                Column("spend", Type.FLOAT_MONEY, ("spend", "response_cost")),
                _count("prompt_tokens", "prompt_tokens"),
                _count("completion_tokens", "completion_tokens"),
                _count("total_tokens", "total_tokens"),
                _count("cache_read_tokens", f"{INPUT}.cached_tokens", f"{USAGE}.cache_read_input_tokens"),
                _count("cache_read_audio_tokens", f"{INPUT}.cached_tokens_details.audio_tokens"),
                _count("cache_read_image_tokens", f"{INPUT}.cached_tokens_details.image_tokens"),
                _count(
                    "cache_write_tokens",
                    f"{INPUT}.cache_creation_tokens",
                    f"{INPUT}.cache_write_tokens",
                    f"{USAGE}.cache_creation_input_tokens",
                ),
                _count("cache_write_5m_tokens", f"{CACHE_WRITE}.ephemeral_5m_input_tokens"),
                _count("cache_write_30m_tokens", f"{CACHE_WRITE}.ephemeral_30m_input_tokens"),
                _count("cache_write_1h_tokens", f"{CACHE_WRITE}.ephemeral_1h_input_tokens"),
                _count("cache_write_12h_tokens", f"{CACHE_WRITE}.ephemeral_12h_input_tokens"),
                _count("input_audio_tokens", f"{INPUT}.audio_tokens"),
                _count("input_image_tokens", f"{INPUT}.image_tokens"),
                _count("input_video_tokens", f"{INPUT}.video_tokens"),
                _count("output_audio_tokens", f"{OUTPUT}.audio_tokens"),
                _count("output_image_tokens", f"{OUTPUT}.image_tokens"),
                _count("output_video_tokens", f"{OUTPUT}.video_tokens"),
                _count("reasoning_tokens", f"{OUTPUT}.reasoning_tokens"),
                _count(
                    "web_search_requests",
                    f"{INPUT}.web_search_requests",
                    f"{USAGE}.server_tool_use.web_search_requests",
                ),
                _count("image_count", f"{INPUT}.image_count"),
                _count("character_count", f"{INPUT}.character_count"),
                Column(
                    "audio_seconds",
                    Type.QUANTITY,
                    (f"{USAGE}.seconds", f"{INPUT}.audio_length_seconds"),
                    minimum=0,
                    maximum=MOST_TOKENS,
                ),
                _count("pages_processed", f"{USAGE}.pages_processed"),
                _count("pages_processed_annotation", f"{USAGE}.pages_processed_annotation"),
                # only where the proxy stores responses; their text is not read
                _count("search_units", "response.meta.billed_units.search_units"),
            ),
        ),
    ),
)
