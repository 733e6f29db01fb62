"""Amazon Bedrock model invocation logs, as they lie in S3: one JSON object a line, mostly gzipped.

Or the output of a batch (`.jsonl.out`), to whose lines the application adds `timestamp`, and `modelId` where the answer
does not name its model. Prompts and answers (`inputBodyJson`, `outputBodyJson`, `modelInput`, `modelOutput`) are not
read, but for the counts that an answer has beside it.
Schema: Bedrock user guide, "Monitor model invocation"; botocore `bedrock-runtime` TokenUsage, CacheDetail, ServiceTier.
"""

from ingest.source import MOST_TOKENS, Check, Column, Sample, Source, Table, Type, first_present

LOG = "ModelInvocationLog"
BODIES = ("output.outputBodyJson", "modelOutput")
"""Where the answer is: in a log, and in the output of a batch."""


def _recognises(sample: Sample) -> bool:
    return any(
        first_present(record, "schemaType") == LOG
        or ("recordId" in record and ("modelOutput" in record or "error" in record))
        or (
            first_present(record, "modelId") is not None
            and first_present(record, "input.inputTokenCount", "output.outputTokenCount") is not None
        )
        for record in sample.records
    )


PROMPT = ("toolConfig", "tools", "system", "messages", "prompt", "inputText")
"""What the request's body may hold: of Converse, of Anthropic's models, of Llama, of Titan."""


def _own(*names: str) -> tuple[str, ...]:
    """Where an application says what a call is for."""
    return tuple(f"requestMetadata.{name}" for name in names)


def _body(*paths: str) -> tuple[str, ...]:
    return tuple(f"{body}.{path}" for path in paths for body in BODIES)


def _tokens(name: str, *counts: str, record: tuple[str, ...] = ()) -> Column:
    """A count: by the record, else by the answer's body."""
    return Column(name, Type.INTEGER, record + _body(*counts), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="bedrock",
    about="Amazon Bedrock model invocation logs, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("request_id", "response_id"),
            recognises=_recognises,
            prompt=tuple(f"{body}.{part}" for body in ("input.inputBodyJson", "modelInput") for part in PROMPT),
            usage=_body("usage"),
            known_usage=("totalTokens", "total_tokens", "server_tool_use.web_fetch_requests"),
            where=f"schema_type = '{LOG}' or (schema_type is null and model is not null and operation is not null)"
            " or batch_record_id is not null",
            checks=(
                Check(
                    "requested_at",
                    "requested_at is null",
                    "is missing",
                    "the output of a batch has no time: add `timestamp` to its lines",
                ),
            ),
            columns=(
                Column("schema_type", paths=("schemaType",), landed=False),
                Column("provider", constant="aws"),
                Column("request_id", paths=("requestId",), identifier=True),
                # unique in its batch only: what is told apart by it is nothing
                Column("batch_record_id", paths=("recordId",)),
                Column("response_id", paths=("modelOutput.id",), identifier=True),
                Column("requested_at", Type.TIMESTAMP, ("timestamp",)),
                Column("model", paths=("modelId", "modelOutput.model")),
                Column("operation", paths=("operation",)),
                Column("region", paths=("region",)),
                Column("account_id", paths=("accountId",)),
                Column("caller_arn", paths=("identity.arn",)),
                # an object with a type in Converse, a word elsewhere
                Column("service_tier", Type.JSON, _body("serviceTier", "service_tier", "usage.service_tier")),
                Column("error_code", paths=("errorCode", "error.errorCode")),
                Column(
                    "latency_ms",
                    Type.INTEGER,
                    _body("metrics.latencyMs", "amazon-bedrock-invocationMetrics.invocationLatency"),
                    minimum=0,
                ),
                Column("customer_id", paths=_own("customer_id", "customer")),
                Column("feature_id", paths=_own("feature_id", "feature")),
                Column("conversation_id", paths=_own("conversation_id", "conversation", "session_id")),
                Column("environment", paths=_own("environment")),
                Column("team_id", paths=_own("team_id", "team")),
                Column("tags", Type.JSON, _own("tags")),
                Column("trace_id", paths=_own("trace_id")),
                Column("prompt_name", paths=_own("prompt_name", "prompt_id")),
                Column("prompt_version", paths=_own("prompt_version")),
                Column("release_id", paths=_own("release")),
                Column("user_id", paths=_own("user_id")),
                Column("project_id", paths=_own("project_id", "project")),
                _tokens(
                    "input_tokens",
                    *("usage.inputTokens", "usage.input_tokens", "prompt_token_count", "inputTextTokenCount"),
                    record=("input.inputTokenCount",),
                ),
                _tokens(
                    "cache_read_tokens",
                    *("usage.cacheReadInputTokens", "usage.cacheReadInputTokenCount", "usage.cache_read_input_tokens"),
                    record=("input.cacheReadInputTokenCount",),
                ),
                _tokens(
                    "cache_write_tokens",
                    "usage.cacheWriteInputTokens",
                    "usage.cacheWriteInputTokenCount",
                    "usage.cache_creation_input_tokens",
                    record=("input.cacheWriteInputTokenCount",),
                ),
                # a list of lifetimes and their counts: no text is in it
                Column("cache_details", Type.JSON, _body("usage.cacheDetails")),
                _tokens("cache_write_5m_tokens", "usage.cache_creation.ephemeral_5m_input_tokens"),
                _tokens("cache_write_1h_tokens", "usage.cache_creation.ephemeral_1h_input_tokens"),
                _tokens(
                    "output_tokens",
                    *("usage.outputTokens", "usage.output_tokens", "generation_token_count"),
                    record=("output.outputTokenCount",),
                ),
                _tokens("thinking_tokens", "usage.output_tokens_details.thinking_tokens"),
            ),
        ),
    ),
)
