"""Amazon Bedrock model invocation logs, as they lie in S3: one JSON object a line, mostly gzipped.

Prompts and answers (`inputBodyJson`, `outputBodyJson`) are not read, but for the counts that an answer has beside it.
Schema: Bedrock user guide, "Monitor model invocation"; botocore `bedrock-runtime` TokenUsage, CacheDetail, ServiceTier.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

LOG = "ModelInvocationLog"
BODY = "output.outputBodyJson"


def _recognises(sample: Sample) -> bool:
    return any(
        first_present(record, "schemaType") == LOG
        or (
            first_present(record, "modelId") is not None
            and first_present(record, "input.inputTokenCount", "output.outputTokenCount") is not None
        )
        for record in sample.records
    )


def _own(*names: str) -> tuple[str, ...]:
    """Where an application says what a call is for."""
    return tuple(f"requestMetadata.{name}" for name in names)


def _tokens(name: str, *paths: str) -> Column:
    """A count: by the record, else by the usage in the answer's body."""
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="bedrock",
    about="Amazon Bedrock model invocation logs, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("request_id",),
            recognises=_recognises,
            where=f"schema_type = '{LOG}' or (schema_type is null and model is not null and operation is not null)",
            columns=(
                Column("schema_type", paths=("schemaType",), landed=False),
                Column("provider", constant="aws"),
                Column("request_id", paths=("requestId",), identifier=True),
                Column("requested_at", Type.TIMESTAMP, ("timestamp",), required=True),
                Column("model", paths=("modelId",)),
                Column("operation", paths=("operation",)),
                Column("region", paths=("region",)),
                Column("account_id", paths=("accountId",)),
                Column("caller_arn", paths=("identity.arn",)),
                # an object with a type in Converse, a word elsewhere
                Column(
                    "service_tier",
                    Type.JSON,
                    (f"{BODY}.serviceTier", f"{BODY}.service_tier", f"{BODY}.usage.service_tier"),
                ),
                Column("error_code", paths=("errorCode",)),
                Column(
                    "latency_ms",
                    Type.INTEGER,
                    (f"{BODY}.metrics.latencyMs", f"{BODY}.amazon-bedrock-invocationMetrics.invocationLatency"),
                    minimum=0,
                ),
                Column("customer_id", paths=_own("customer_id", "customer")),
                Column("feature_id", paths=_own("feature_id", "feature")),
                Column("conversation_id", paths=_own("conversation_id", "conversation", "session_id")),
                Column("environment", paths=_own("environment")),
                Column("trace_id", paths=_own("trace_id")),
                Column("user_id", paths=_own("user_id")),
                Column("project_id", paths=_own("project_id", "project")),
                _tokens(
                    "input_tokens", "input.inputTokenCount", f"{BODY}.usage.inputTokens", f"{BODY}.usage.input_tokens"
                ),
                _tokens(
                    "cache_read_tokens",
                    "input.cacheReadInputTokenCount",
                    f"{BODY}.usage.cacheReadInputTokens",
                    f"{BODY}.usage.cacheReadInputTokenCount",
                    f"{BODY}.usage.cache_read_input_tokens",
                ),
                _tokens(
                    "cache_write_tokens",
                    "input.cacheWriteInputTokenCount",
                    f"{BODY}.usage.cacheWriteInputTokens",
                    f"{BODY}.usage.cacheWriteInputTokenCount",
                    f"{BODY}.usage.cache_creation_input_tokens",
                ),
                # a list of lifetimes and their counts: no text is in it
                Column("cache_details", Type.JSON, (f"{BODY}.usage.cacheDetails",)),
                _tokens("cache_write_5m_tokens", f"{BODY}.usage.cache_creation.ephemeral_5m_input_tokens"),
                _tokens("cache_write_1h_tokens", f"{BODY}.usage.cache_creation.ephemeral_1h_input_tokens"),
                _tokens(
                    "output_tokens",
                    "output.outputTokenCount",
                    f"{BODY}.usage.outputTokens",
                    f"{BODY}.usage.output_tokens",
                ),
                _tokens("thinking_tokens", f"{BODY}.usage.output_tokens_details.thinking_tokens"),
            ),
        ),
    ),
)
