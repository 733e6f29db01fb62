"""Gemini API responses as an application logs them, one JSON object a line; from Google AI and from Vertex AI.

The response object itself, or wrapped (`response`, `body`, `response.body`) beside the application's own fields; as the
API writes it (`usageMetadata`) or as the Python library dumps it (`usage_metadata`). A line of a batch's output is one,
too: of Vertex (`processed_time`), or of the Gemini API (`key`), to which the application adds the time that it lacks.
The chunks of a stream repeat its running usage under one `responseId`: the last of them counts.
Schema: python-genai `types.py`, GenerateContentResponseUsageMetadata, UsageMetadata.
"""

import re

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

HOSTS = ("generativelanguage.googleapis.com", "aiplatform.googleapis.com")
ROOTS = ("response", "", "body", "response.body")


def _spelt(path: str) -> tuple[str, str]:
    """A path of the response as the API spells it and as Python does."""
    return f"*.{path}", "*." + re.sub("(?<=[a-z])(?=[A-Z])", "_", path).lower()


def _usage(*names: str) -> tuple[str, ...]:
    return tuple(path for name in names for path in _spelt(f"usageMetadata.{name}"))


def _recognises(sample: Sample) -> bool:
    counts = [path.replace("*.", f"{root}." if root else "") for root in ROOTS for path in _usage("promptTokenCount")]
    return any(
        str(first_present(record, "host")).endswith(HOSTS)
        or first_present(record, *counts) is not None
        or ("key" in record and first_present(record, "error.code", "error.status") is not None)
        for record in sample.records
    )


def _own(*names: str) -> tuple[str, ...]:
    """Where an application puts a field of its own: in `metadata`, beside it, or in the labels that Vertex bills by."""
    return tuple(f"metadata.{name}" for name in names) + names + tuple(f"request.labels.{name}" for name in names)


def _tokens(name: str, *counts: str) -> Column:
    return Column(name, Type.INTEGER, _usage(*counts), minimum=0, maximum=MOST_TOKENS)


def _details(name: str, *lists: str) -> Column:
    """A list of modalities and their counts: no text is in it."""
    return Column(name, Type.JSON, _usage(*lists))


SOURCE = Source(
    name="gemini",
    about="Gemini API responses with `usageMetadata` (Google AI, Vertex AI), JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=ROOTS,
            prompt=tuple(
                f"{place}{part}"
                for place in ("request.", "")
                for part in ("tools", "systemInstruction", "system_instruction", "contents")
            ),
            usage=_spelt("usageMetadata"),
            known_usage=("totalTokenCount", "total_token_count"),
            # A shared log may hold other providers' answers, and Gemini's in OpenAI's shape: theirs to read.
            where="object is null and coalesce(type, '') <> 'message'"
            " and coalesce(host, 'googleapis.com') like '%googleapis.com'"
            " and (coalesce(prompt_tokens, candidates_tokens, thoughts_tokens) is not null"
            " or ((host is not null or model like '%gemini%' or processed_at is not null"
            " or (batch_key is not null and coalesce(model, request_id) is null))"
            " and coalesce(error_code, status, response_id) is not null))",
            columns=(
                Column("host", paths=("host",)),
                Column("object", paths=("*.object",), landed=False),
                Column("type", paths=("*.type",), landed=False),
                Column("provider", constant="google"),
                Column("response_id", paths=_spelt("responseId"), identifier=True),
                Column("request_id", paths=("request_id", "*.request_id", "x_request_id"), identifier=True),
                Column(
                    "requested_at",
                    Type.TIMESTAMP,
                    (
                        *("timestamp", "ts", "requested_at", "created_at", "time", "date"),
                        *_spelt("createTime"),
                        "processed_time",
                    ),
                    required=True,
                ),
                Column("processed_at", Type.TIMESTAMP, ("processed_time",)),
                Column("batch_key", paths=("key",)),
                # the answer to an embedding names no model
                Column("model", paths=(*_spelt("modelVersion"), "request.model", "requested_model", "model")),
                Column("requested_model", paths=("request.model", "requested_model", "model")),
                Column(
                    "service_tier",
                    paths=(
                        *_usage("serviceTier"),
                        *_spelt("sdkHttpResponse.headers.x-gemini-service-tier"),
                        "headers.x-gemini-service-tier",
                    ),
                ),
                Column("traffic_type", paths=_usage("trafficType")),
                Column("status", paths=("status",)),
                Column("error_code", paths=("*.error.status", "*.error.code", "*.error.type")),
                Column("attempt_number", Type.INTEGER, _own("attempt", "attempt_number"), minimum=1),
                Column("retry_of", paths=_own("retry_of")),
                Column("latency_ms", Type.INTEGER, ("latency_ms", "duration_ms"), minimum=0),
                Column("time_to_first_token_ms", Type.INTEGER, ("time_to_first_token_ms", "ttft_ms"), minimum=0),
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
                Column("project_id", paths=("project_id",)),
                Column("api_key_id", paths=("api_key_id",)),
                _tokens("prompt_tokens", "promptTokenCount"),
                _tokens("tool_use_tokens", "toolUsePromptTokenCount"),
                _tokens("cached_tokens", "cachedContentTokenCount"),
                # a live session counts its answer as `responseTokenCount`
                _tokens("candidates_tokens", "candidatesTokenCount", "responseTokenCount"),
                _tokens("thoughts_tokens", "thoughtsTokenCount"),
                _details("prompt_details", "promptTokensDetails"),
                _details("tool_use_details", "toolUsePromptTokensDetails"),
                _details("cached_details", "cacheTokensDetails"),
                _details("candidates_details", "candidatesTokensDetails", "responseTokensDetails"),
            ),
        ),
    ),
)
