"""OpenAI API responses as an application logs them, one JSON object a line.

The response object itself, or wrapped (`response`, `body`, `response.body`) beside the application's own fields; a
line of a batch's output or error file, which lacks a time where the call has none (the application adds it); or the
chunks and events of a stream, themselves or wrapped (`chunk`, `event`, `data`): each has the answer's id, the last one
the usage, where `stream_options.include_usage` asks for it.
Schema: openai-python `types/completion_usage.py`, `types/responses/response_usage.py`, `types/images_response.py`,
`types/audio/transcription.py`, `types/realtime/realtime_response_usage.py`, `types/create_embedding_response.py`,
`types/chat/chat_completion_chunk.py`, `types/responses/response_stream_event.py`.
"""

from ingest.openai_shape import KNOWN_USAGE, PROMPT, ROOTS, WHOSE, WHOSE_COLUMNS, own, tokens, whose
from ingest.source import MOST_TOKENS, Check, Column, Sample, Source, Table, Type, first_present

OBJECTS = {
    *("chat.completion", "chat.completion.chunk", "text_completion", "response", "list", "thread.run"),
    "realtime.response",
}
EVENTS = (
    "^(response|transcript|speech|image_generation|image_edit|conversation|session|rate_limits|[a-z]+_audio_buffer)[.]"
)
"""The types of a stream's events: only those with an answer, its usage or an error in them are of a call."""


def _recognises(sample: Sample) -> bool:
    objects = [f"{root}.object".lstrip(".") for root in ROOTS]
    return any(
        whose(record) == "openai"
        and not (record.get("object") == "list" and "url" in record)  # a page of Stripe's
        and (
            str(first_present(record, "host")).endswith("api.openai.com")
            or first_present(record, *objects) in OBJECTS
            or (
                first_present(record, "custom_id") is not None
                and first_present(record, "response.status_code", "error.code") is not None
            )
        )
        for record in sample.records
    )


def _tokens(name: str, *paths: str) -> Column:
    return tokens(name, *(f"*.usage.{path}" for path in paths))


SOURCE = Source(
    name="openai",
    about="OpenAI API responses with `usage` (chat, responses, completions, embeddings), JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=ROOTS,
            prompt=PROMPT,
            usage=("*.usage", "*.tool_usage"),
            known_usage=(
                *KNOWN_USAGE,
                *("input_token_details.text_tokens", "output_token_details.text_tokens"),
                "input_token_details.cached_tokens_details.text_tokens",
                # what is written for 30 minutes is the rest of the sum
                "input_tokens_details.cache_write_tokens_details.ttl_30m_tokens",
            ),
            # A shared log may hold other providers' answers, theirs to read, and lines that are no answer at all.
            where=f"{WHOSE} = 'openai' and coalesce(model, '') not like 'claude%'"
            " and not starts_with(coalesce(response_id, ''), 'msg_') and coalesce(type, '') <> 'message'"
            " and coalesce(object, path, cast(prompt_tokens as varchar), error_code, response_id) is not null"
            f" and (not regexp_matches(coalesce(stream_event, ''), '{EVENTS}')"
            " or coalesce(object, cast(prompt_tokens as varchar), cast(audio_seconds as varchar), error_code)"
            " is not null)",
            checks=(
                Check(
                    "requested_at",
                    "requested_at is null",
                    "is missing",
                    "an error has no time of its own: add `timestamp`, or to a batch's lines its `completed_at`",
                ),
            ),
            columns=(
                *WHOSE_COLUMNS,
                Column("host", paths=("host",)),
                Column("type", paths=("*.type",), landed=False),
                Column("stream_event", paths=("event.type", "data.type", "type"), landed=False),
                Column("batch_custom_id", paths=("custom_id",)),
                Column("provider", constant="openai"),
                Column("response_id", paths=("*.id",), identifier=True),
                Column("request_id", paths=("request_id", "*.request_id", "x_request_id"), identifier=True),
                Column(
                    "requested_at",
                    Type.TIMESTAMP,
                    (
                        *("timestamp", "ts", "requested_at", "created_at", "time"),
                        *("*.created", "*.created_at", "date", "completed_at"),
                    ),
                ),
                # the answers of the image and audio endpoints name no model
                Column("model", paths=("*.model", "request.model", "requested_model")),
                Column("requested_model", paths=("request.model", "requested_model")),
                Column("object", paths=("*.object",)),
                Column("path", paths=("path", "url", "request.url")),
                Column("service_tier", paths=("*.service_tier",)),
                Column("status", paths=("status", "*.status", "response.status_code")),
                Column("error_code", paths=("error.code", "error.type", "*.error.code", "*.error.type")),
                Column("attempt_number", Type.INTEGER, own("attempt", "attempt_number"), minimum=1),
                Column("retry_of", paths=own("retry_of")),
                Column("latency_ms", Type.INTEGER, ("latency_ms", "duration_ms"), minimum=0),
                Column("time_to_first_token_ms", Type.INTEGER, ("time_to_first_token_ms", "ttft_ms"), minimum=0),
                Column(
                    "retrieved_chunk_count", Type.INTEGER, own("retrieved_chunks", "retrieved_chunk_count"), minimum=0
                ),
                Column("used_chunk_count", Type.INTEGER, own("used_chunks", "used_chunk_count"), minimum=0),
                Column("retrieved_context_tokens", Type.INTEGER, own("retrieved_context_tokens"), minimum=0),
                Column("customer_id", paths=own("customer_id", "customer")),
                Column("feature_id", paths=own("feature_id", "feature")),
                Column("conversation_id", paths=(*own("conversation_id", "session_id"), "*.conversation.id")),
                Column("environment", paths=own("environment")),
                Column("team_id", paths=own("team_id", "team")),
                Column("tags", Type.JSON, own("tags")),
                Column("trace_id", paths=own("trace_id")),
                # of a prompt that OpenAI keeps (openai-python, response_prompt.py)
                Column("prompt_name", paths=(*own("prompt_name", "prompt_id"), "*.prompt>id", "request.prompt>id")),
                Column("prompt_version", paths=(*own("prompt_version"), "*.prompt>version", "request.prompt>version")),
                Column("release_id", paths=own("release")),
                Column("user_id", paths=(*own("user_id"), "request.user", "*.safety_identifier")),
                Column("project_id", paths=("project_id", "openai_project")),
                Column("api_key_id", paths=("api_key_id",)),
                Column("organization_id", paths=("organization_id", "organization", "headers.openai-organization")),
                Column("deployment", paths=("deployment",)),
                _tokens("prompt_tokens", "prompt_tokens", "input_tokens"),
                _tokens("completion_tokens", "completion_tokens", "output_tokens"),
                _tokens("total_tokens", "total_tokens"),
                _tokens(
                    "cached_tokens",
                    "prompt_tokens_details.cached_tokens",
                    "input_tokens_details.cached_tokens",
                    "input_token_details.cached_tokens",
                ),
                _tokens("cached_audio_tokens", "input_token_details.cached_tokens_details.audio_tokens"),
                _tokens("cached_image_tokens", "input_token_details.cached_tokens_details.image_tokens"),
                _tokens(
                    "cache_write_tokens",
                    "prompt_tokens_details.cache_write_tokens",
                    "input_tokens_details.cache_write_tokens",
                ),
                _tokens(
                    "cache_write_12h_tokens",
                    "input_tokens_details.cache_write_tokens_details.ttl_12h_tokens",
                ),
                _tokens("input_audio_tokens", "prompt_tokens_details.audio_tokens", "input_token_details.audio_tokens"),
                _tokens(
                    "input_image_tokens",
                    "prompt_tokens_details.image_tokens",
                    "input_tokens_details.image_tokens",
                    "input_token_details.image_tokens",
                ),
                _tokens(
                    "output_audio_tokens",
                    "completion_tokens_details.audio_tokens",
                    "output_token_details.audio_tokens",
                ),
                _tokens("output_image_tokens", "output_tokens_details.image_tokens"),
                _tokens(
                    "reasoning_tokens",
                    "completion_tokens_details.reasoning_tokens",
                    "output_tokens_details.reasoning_tokens",
                ),
                Column("audio_seconds", Type.QUANTITY, ("*.usage.seconds",), minimum=0, maximum=MOST_TOKENS),
                tokens("web_search_requests", "*.tool_usage.web_search.num_requests"),
                # what only the application can log: the answer is a file
                tokens("character_count", "character_count", "characters", "input_characters"),
                # the `n` of a chat counts choices: staging tells them apart
                tokens("image_count", "image_count", "request.n"),
            ),
        ),
    ),
)
