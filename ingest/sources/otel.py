"""OpenTelemetry traces of model calls: OTLP/JSON, one export request a line, as the Collector writes it to files.

Read are the spans of generative AI by the names of the semantic conventions, new and old, and by those of
OpenInference, OpenLLMetry, OpenLIT, Logfire and the Vercel AI SDK. Schema: opentelemetry-proto `trace/v1/trace.proto`;
semantic-conventions `docs/gen-ai`; PyPI `openinference-semantic-conventions`, `opentelemetry-semantic-conventions-ai`.
"""

from ingest.fingerprints import ATTRIBUTE
from ingest.provider_names import PROVIDERS
from ingest.source import ELEMENTS, FINGERPRINTS, MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

PROMPT = (
    "gen_ai.system_instructions", "gen_ai.tool.definitions", "llm.tools.*", "llm.request.functions.*",
    "gen_ai.input.messages", "gen_ai.prompt", "gen_ai.prompt.*", "llm.input_messages.*", "input.value",
    "traceloop.entity.input", "ai.prompt.messages", "ai.prompt",
)  # fmt: skip
"""Attributes that make up a prompt, all numbered ones that begin so where one ends with `*`; of the messages,
instrumentations write one, OpenInference also the whole request."""

USAGE = ("gen_ai.usage.", "llm.token_count.", "llm.usage.", "ai.usage.")
"""How the attributes begin that count use."""

RETRIEVED = f"{ATTRIBUTE}retrieved_chunk_count"
"""How many documents were found, of a span that `unitcost receive` took: it keeps none of them."""
DOCUMENTS = dict.fromkeys(
    ("gen_ai.retrieval.documents", "retrieval.documents.*", "reranker.output_documents.*"), RETRIEVED
)
"""Attributes that list documents, the numbered ones as OpenInference writes them, and what is kept in their stead."""

PARTS = (
    "gen_ai.usage.text.input_tokens", "gen_ai.usage.text.output_tokens", "gen_ai.usage.text.cache_read.input_tokens",
    "gen_ai.usage.input_cost", "gen_ai.usage.output_cost",
    # Logfire writes every count of a provider beside those that it makes of them
    "gen_ai.usage.details.input_tokens", "gen_ai.usage.details.output_tokens",
    "gen_ai.usage.details.accepted_prediction_tokens", "gen_ai.usage.details.rejected_prediction_tokens",
    "gen_ai.usage.details.text_prompt_tokens", "gen_ai.usage.details.text_candidates_tokens",
    "gen_ai.usage.details.cached_content_tokens", "gen_ai.usage.details.text_cache_tokens",
    "ai.usage.inputTokenDetails.noCacheTokens", "ai.usage.outputTokenDetails.textTokens",
)  # fmt: skip
"""Counts and costs that are parts or sums of others."""


def _recognises(sample: Sample) -> bool:
    return any(first_present(record, "resourceSpans", "resource_spans") is not None for record in sample.records)


def _of(*keys: str) -> tuple[str, ...]:
    """Attributes of the span."""
    return tuple(f"attributes[{key}]" for key in keys)


def _own(*names: str) -> tuple[str, ...]:
    """Where an application says what a call is for: on the span, in OpenLLMetry's associations, on the resource."""
    return (
        *_of(*names),
        *_of(*(f"traceloop.association.properties.{name}" for name in names)),
        *_of(*(f"metadata.{name}" for name in names)),
        *(f"../../resource.attributes[{name}]" for name in names),
    )


def _tokens(name: str, *keys: str) -> Column:
    return Column(name, Type.INTEGER, _of(*keys), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="otel",
    about="OpenTelemetry traces (OTLP) with GenAI, OpenInference or OpenLLMetry attributes",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl", "otlp"),
            date="requested_at",
            identity=("span_id",),
            recognises=_recognises,
            each=(
                ("resourceSpans", "resource_spans"),
                ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"),
                ("spans",),
            ),
            # A trace is mostly other spans. An agent's or workflow's span repeats the usage of the calls below it.
            where="coalesce(operation, span_kind, ai_operation, requested_model, model) is not null"
            " and coalesce(operation, '') not in"
            " ('create_agent', 'invoke_agent', 'invoke_workflow', 'plan', 'agent_step')"
            " and lower(coalesce(span_kind, '')) not in"
            " ('agent', 'chain', 'workflow', 'task', 'guardrail', 'evaluator')"
            " and coalesce(ai_operation, '') not in"
            " ('ai.generateText', 'ai.streamText', 'ai.generateObject', 'ai.streamObject', 'ai.embed', 'ai.embedMany')",
            has_other_records=True,
            prompt=_of(*PROMPT),
            usage=_of(*(f"{begin}*" for begin in USAGE)),
            known_usage=PARTS,
            columns=(
                Column("trace_id", paths=("traceId", "trace_id"), identifier=True),
                Column("span_id", paths=("spanId", "span_id"), identifier=True, required=True),
                Column("parent_span_id", paths=("parentSpanId", "parent_span_id"), identifier=True),
                Column("requested_at", Type.TIMESTAMP, ("startTimeUnixNano", "start_time_unix_nano"), required=True),
                Column("started_nano", Type.INTEGER, ("startTimeUnixNano", "start_time_unix_nano")),
                Column("ended_nano", Type.INTEGER, ("endTimeUnixNano", "end_time_unix_nano")),
                Column("operation", paths=_of("gen_ai.operation.name", "llm.request.type")),
                Column("span_kind", paths=_of("openinference.span.kind", "traceloop.span.kind")),
                Column("ai_operation", paths=_of("ai.operationId")),
                Column(
                    "provider",
                    paths=_of(
                        "gen_ai.provider.name",
                        "gen_ai.system",
                        "llm.provider",
                        "llm.system",
                        "llm.vendor",
                        "ai.model.provider",
                    ),
                    words=PROVIDERS,
                ),
                Column(
                    "model",
                    paths=_of(
                        "gen_ai.response.model",
                        "llm.response.model",
                        "ai.response.model",
                        "gen_ai.request.model",
                        "llm.model_name",
                        "llm.request.model",
                        "embedding.model_name",
                        "reranker.model_name",
                        "ai.model.id",
                    ),
                ),
                Column(
                    "requested_model",
                    paths=_of(
                        "gen_ai.request.model",
                        "llm.request.model",
                        "llm.model_name",
                        "embedding.model_name",
                        "reranker.model_name",
                        "ai.model.id",
                    ),
                ),
                Column(
                    "response_id",
                    paths=_of("gen_ai.response.id", "llm.response.id", "ai.response.id"),
                    identifier=True,
                ),
                Column(
                    "service_tier",
                    paths=_of(
                        "openai.response.service_tier",
                        "gen_ai.openai.response.service_tier",
                        "gen_ai.response.service_tier",
                        "openai.request.service_tier",
                        "gen_ai.openai.request.service_tier",
                    ),
                ),
                Column("status_code", paths=("status.code",)),
                Column("error_code", paths=_of("error.type")),
                Column("attempt_number", Type.INTEGER, _own("attempt", "attempt_number"), minimum=1),
                Column("retry_of", paths=_own("retry_of")),
                Column(
                    "customer_id",
                    paths=_own("customer_id", "customer.id", "customer", "tenant_id", "tenant.id", "organization.id"),
                ),
                Column("feature_id", paths=_own("feature_id", "feature.id", "feature", "gen_ai.workflow.name")),
                Column("service_name", paths=("../../resource.attributes[service.name]",)),
                Column(
                    "conversation_id",
                    paths=(
                        *_of("gen_ai.conversation.id", "session.id", "langfuse.session.id", "thread.id"),
                        *_own("conversation_id", "session_id", "thread_id"),
                    ),
                ),
                Column(
                    "user_id",
                    paths=(*_of("enduser.id", "user.id", "langfuse.user.id"), *_own("user_id")),
                ),
                Column(
                    "environment", paths=_own("deployment.environment.name", "deployment.environment", "environment")
                ),
                Column("team_id", paths=_own("team_id", "team")),
                Column(
                    "prompt_name",
                    paths=(
                        *_of(
                            "gen_ai.prompt.name",
                            "langfuse.observation.prompt.name",
                            "traceloop.prompt.key",
                            "prompt.id",
                        ),
                        *_own("prompt_name", "prompt_id"),
                    ),
                ),
                Column(
                    "prompt_version",
                    paths=(
                        *_of(
                            "gen_ai.prompt.version",
                            "langfuse.observation.prompt.version",
                            "traceloop.prompt.version",
                            "llm.prompt_template.version",
                        ),
                        *_own("prompt_version"),
                    ),
                ),
                Column("release_id", paths=(*_of("langfuse.release"), *_own("release", "service.version"))),
                Column("project_id", paths=_own("project_id")),
                Column("api_key_id", paths=_own("api_key_id")),
                Column("region", paths=_of("gen_ai.request.region", "aws.region", "gcp.location", "cloud.region")),
                _tokens(
                    "input_tokens",
                    "gen_ai.usage.input_tokens",
                    "gen_ai.usage.prompt_tokens",
                    "llm.token_count.prompt",
                    "llm.usage.prompt_tokens",
                    "llm.usage.input_tokens",
                    "ai.usage.inputTokens",
                    "ai.usage.promptTokens",
                    "ai.usage.tokens",
                ),
                _tokens(
                    "output_tokens",
                    "gen_ai.usage.output_tokens",
                    "gen_ai.usage.completion_tokens",
                    "llm.token_count.completion",
                    "llm.usage.completion_tokens",
                    "llm.usage.output_tokens",
                    "ai.usage.outputTokens",
                    "ai.usage.completionTokens",
                ),
                _tokens(
                    "cache_read_tokens",
                    "gen_ai.usage.cache_read.input_tokens",
                    "gen_ai.usage.cache_read_input_tokens",
                    "gen_ai.usage.cache_read_tokens",
                    "gen_ai.usage.details.cache_read_tokens",
                    "gen_ai.usage.details.cache_read_input_tokens",
                    "gen_ai.usage.input_cached_tokens",
                    "gen_ai.usage.cached_input_tokens",
                    "gen_ai.usage.cached_tokens",
                    "llm.token_count.prompt_details.cache_read",
                    "llm.usage.cache_read_input_tokens",
                    "ai.usage.cachedInputTokens",
                    "ai.usage.inputTokenDetails.cacheReadTokens",
                ),
                _tokens(
                    "cache_write_tokens",
                    "gen_ai.usage.cache_write.input_tokens",
                    "gen_ai.usage.cache_creation.input_tokens",
                    "gen_ai.usage.cache_creation_input_tokens",
                    "gen_ai.usage.cache_write_tokens",
                    "gen_ai.usage.details.cache_write_tokens",
                    "gen_ai.usage.details.cache_creation_input_tokens",
                    "gen_ai.usage.input_cache_creation",
                    "llm.token_count.prompt_details.cache_write",
                    "llm.usage.cache_creation_input_tokens",
                    "ai.usage.inputTokenDetails.cacheWriteTokens",
                ),
                _tokens(
                    "reasoning_tokens",
                    "gen_ai.usage.reasoning.output_tokens",
                    "gen_ai.usage.reasoning_output_tokens",
                    "gen_ai.usage.reasoning_tokens",
                    "gen_ai.usage.details.reasoning_tokens",
                    "gen_ai.usage.details.thinking_tokens",
                    "gen_ai.usage.details.thoughts_tokens",
                    "llm.token_count.completion_details.reasoning",
                    "llm.usage.reasoning_tokens",
                    "ai.usage.reasoningTokens",
                    "ai.usage.outputTokenDetails.reasoningTokens",
                ),
                _tokens(
                    "input_audio_tokens",
                    "gen_ai.usage.audio.input_tokens",
                    "gen_ai.usage.details.input_audio_tokens",
                    "llm.token_count.prompt_details.audio",
                ),
                _tokens("input_image_tokens", "gen_ai.usage.image.input_tokens"),
                _tokens(
                    "cache_read_audio_tokens",
                    "gen_ai.usage.audio.cache_read.input_tokens",
                    "gen_ai.usage.details.cache_audio_read_tokens",
                ),
                _tokens("cache_read_image_tokens", "gen_ai.usage.image.cache_read.input_tokens"),
                _tokens(
                    "output_audio_tokens",
                    "gen_ai.usage.audio.output_tokens",
                    "gen_ai.usage.details.output_audio_tokens",
                    "llm.token_count.completion_details.audio",
                ),
                _tokens("output_image_tokens", "gen_ai.usage.image.output_tokens"),
                _tokens(
                    "total_tokens",
                    "gen_ai.usage.total_tokens",
                    "llm.usage.total_tokens",
                    "llm.token_count.total",
                    "ai.usage.totalTokens",
                ),
                Column(
                    "reported_cost_usd",
                    Type.FLOAT_MONEY,
                    _of(
                        "gen_ai.usage.cost",
                        "gen_ai.usage.cost_usd",
                        "gen_ai.usage.total_cost",
                        "llm.cost.total",
                        "operation.cost",
                    ),
                ),
                Column("document_count", Type.INTEGER, _of(*DOCUMENTS), counted=ELEMENTS),
                Column(
                    "retrieved_chunk_count",
                    Type.INTEGER,
                    (*_of(RETRIEVED), *_own("retrieved_chunks", "retrieved_chunk_count")),
                    minimum=0,
                ),
                Column("used_chunk_count", Type.INTEGER, _own("used_chunks", "used_chunk_count"), minimum=0),
                Column("retrieved_context_tokens", Type.INTEGER, _own("retrieved_context_tokens"), minimum=0),
                # of a span that `unitcost receive` took: it keeps no prompt
                *(Column(f"received_{one.name}", paths=_of(f"{ATTRIBUTE}{one.name}")) for one in FINGERPRINTS),
                Column(
                    "seconds_to_first_token",
                    Type.QUANTITY,
                    _of("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"),
                    minimum=0,
                ),
                Column(
                    "milliseconds_to_first_token",
                    Type.QUANTITY,
                    _of("ai.response.msToFirstChunk"),
                    minimum=0,
                ),
            ),
        ),
    ),
)

ATTRIBUTES = frozenset(
    path.partition("attributes[")[2].removesuffix("]")
    for table in SOURCE.tables
    for column in table.columns
    if column.counted is None
    for path in column.paths
    if "attributes[" in path
)
"""All attributes that are read: none of them holds a prompt or an answer."""
