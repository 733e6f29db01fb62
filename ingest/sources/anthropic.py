"""Anthropic messages as an application logs them, one JSON object a line.

The message object itself, or wrapped (`response`, `body`) beside the application's own fields; a line of a message
batch's results, to which the application adds the time that it lacks; or the events of a stream, themselves or wrapped
(`event`, `data`): `message_start` and `message_delta`, which staging puts together. A delta has no id: it is of the
`message_start` next above it in the file, unless the application writes a `request_id` or `message_id` beside every
event, as it must where several streams are logged at once.
Schema: anthropic-sdk-python `types/message.py`, `types/beta/beta_usage.py`, `types/cache_creation.py`,
`types/raw_message_stream_event.py`, `types/messages/message_batch_individual_response.py`.
"""

from ingest.source import MOST_TOKENS, Check, Column, Sample, Source, Table, Type, first_present

EVENTS = ("message_start", "message_delta")
"""The events of a stream that count something."""
SILENT_EVENTS = ("ping", "content_block_start", "content_block_delta", "content_block_stop", "message_stop")
EVENT_TYPE = ("event.type", "data.type", "type")
BATCH_RESULTS = {"succeeded", "errored", "canceled", "expired"}


def _recognises(sample: Sample) -> bool:
    return any(
        first_present(record, "host") == "api.anthropic.com"
        or (
            first_present(record, "type", "response.type", "body.type") == "message"
            and first_present(record, "usage.input_tokens", "response.usage.input_tokens", "body.usage.input_tokens")
            is not None
        )
        or first_present(record, *EVENT_TYPE) in EVENTS
        or (first_present(record, "custom_id") is not None and first_present(record, "result.type") in BATCH_RESULTS)
        for record in sample.records
    )


def _own(*names: str) -> tuple[str, ...]:
    """Where an application puts a field of its own: in `metadata` or beside it."""
    return tuple(f"metadata.{name}" for name in names) + names


def _tokens(name: str, path: str) -> Column:
    return Column(name, Type.INTEGER, (f"*.usage.{path}",), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="anthropic",
    about="Anthropic messages with `usage`, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=(
                "message",
                "event.message",
                "data.message",
                "event",
                "data",
                "response",
                "",
                "body",
                "result.message",
            ),
            prompt=("request.tools", "request.system", "request.messages", "tools", "system", "messages"),
            usage=("*.usage",),
            # "no additional charges" but their tokens (web fetch tool)
            known_usage=("server_tool_use.web_fetch_requests",),
            # A shared log may hold other providers' answers: theirs to read.
            where="coalesce(host, 'api.anthropic.com') = 'api.anthropic.com'"
            f" and coalesce(stream_event, '') not in {SILENT_EVENTS} and (host is not null"
            " or starts_with(response_id, 'msg_') or model like 'claude%' or type = 'message'"
            f" or stream_event in {EVENTS} or (batch_custom_id is not null and batch_result is not null))",
            checks=(
                Check(
                    "requested_at",
                    "requested_at is null",
                    "is missing",
                    "a message has no time of its own: add `timestamp`, or to a batch's results its `ended_at`",
                ),
            ),
            columns=(
                Column("host", paths=("host",), landed=False),
                Column("type", paths=("*.type",), landed=False),
                Column("stream_event", paths=EVENT_TYPE),
                Column("batch_custom_id", paths=("custom_id",)),
                Column("batch_result", paths=("result.type",)),
                Column("provider", constant="anthropic"),
                Column("response_id", paths=("*.id",), identifier=True),
                # of a stream; an `id` beside an event is the event's
                Column(
                    "message_id",
                    paths=("message.id", "event.message.id", "data.message.id", "message_id"),
                    identifier=True,
                ),
                Column("request_id", paths=("request_id", "*.request_id", "result.error.request_id"), identifier=True),
                Column(
                    "requested_at",
                    Type.TIMESTAMP,
                    ("timestamp", "ts", "requested_at", "created_at", "time", "date", "ended_at"),
                ),
                Column("model", paths=("*.model",)),
                Column("requested_model", paths=("request.model", "requested_model")),
                Column("service_tier", paths=("*.usage.service_tier",)),
                Column("inference_geo", paths=("*.usage.inference_geo",)),
                Column("speed", paths=("*.usage.speed",)),
                Column("status", paths=("status",)),
                Column("error_code", paths=("error.type", "error.code", "result.error.error.type")),
                Column("attempt_number", Type.INTEGER, _own("attempt", "attempt_number"), minimum=1),
                Column("retry_of", paths=_own("retry_of")),
                Column("latency_ms", Type.INTEGER, ("latency_ms", "duration_ms"), minimum=0),
                Column("time_to_first_token_ms", Type.INTEGER, ("time_to_first_token_ms", "ttft_ms"), minimum=0),
                Column(
                    "retrieved_chunk_count", Type.INTEGER, _own("retrieved_chunks", "retrieved_chunk_count"), minimum=0
                ),
                Column("used_chunk_count", Type.INTEGER, _own("used_chunks", "used_chunk_count"), minimum=0),
                Column("retrieved_context_tokens", Type.INTEGER, _own("retrieved_context_tokens"), minimum=0),
                Column("customer_id", paths=_own("customer_id", "customer")),
                Column("feature_id", paths=_own("feature_id", "feature")),
                Column("conversation_id", paths=_own("conversation_id", "session_id")),
                Column("environment", paths=_own("environment")),
                Column("team_id", paths=_own("team_id", "team")),
                Column("tags", Type.JSON, _own("tags")),
                Column("trace_id", paths=_own("trace_id")),
                Column("prompt_name", paths=_own("prompt_name", "prompt_id")),
                Column("prompt_version", paths=_own("prompt_version")),
                Column("release_id", paths=_own("release")),
                Column("user_id", paths=_own("user_id")),
                Column("project_id", paths=("workspace_id",)),
                Column("api_key_id", paths=("api_key_id",)),
                Column("organization_id", paths=("organization_id", "headers.anthropic-organization-id")),
                _tokens("input_tokens", "input_tokens"),
                _tokens("cache_read_input_tokens", "cache_read_input_tokens"),
                _tokens("cache_creation_input_tokens", "cache_creation_input_tokens"),
                _tokens("ephemeral_5m_input_tokens", "cache_creation.ephemeral_5m_input_tokens"),
                _tokens("ephemeral_1h_input_tokens", "cache_creation.ephemeral_1h_input_tokens"),
                _tokens("output_tokens", "output_tokens"),
                _tokens("thinking_tokens", "output_tokens_details.thinking_tokens"),
                # a list of counts with the models' names: no text is in it
                Column("iterations", Type.JSON, ("*.usage.iterations",)),
                _tokens("web_search_requests", "server_tool_use.web_search_requests"),
                _tokens("code_execution_requests", "server_tool_use.code_execution_requests"),
            ),
        ),
    ),
)
