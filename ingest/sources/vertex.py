"""Vertex AI request-response logs, exported from their BigQuery table as JSON lines.

A row has the request and the response as JSON, or as lists of JSON texts; requests are not read, but for the labels.
Gemini answers with `usageMetadata`, Claude with `usage`. A log may be a sample of the calls, which it does not say.
Schema: Google Cloud, "Log requests and responses"; the columns of the older table as in public queries.
"""

import re

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type

ROOTS = ("full_response>", "response_payload[-1]>")


def _recognises(sample: Sample) -> bool:
    return any(
        "logging_time" in record and ("full_response" in record or "response_payload" in record)
        for record in sample.records
    )


def _spelt(name: str) -> tuple[str, str]:
    """A path of the response as the API spells it and as Python does."""
    return f"*.{name}", "*." + re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _tokens(name: str, *paths: str) -> Column:
    spelt = tuple(spelling for path in paths for spelling in _spelt(path))
    return Column(name, Type.INTEGER, tuple(dict.fromkeys(spelt)), minimum=0, maximum=MOST_TOKENS)


def _details(name: str, path: str) -> Column:
    """A list of modalities and their counts: no text is in it."""
    return Column(name, Type.JSON, _spelt(f"usageMetadata.{path}"))


def _label(*names: str) -> tuple[str, ...]:
    """What a call is for, in the labels that Vertex bills by."""
    return tuple(f"full_request>labels.{name}" for name in names)


SOURCE = Source(
    name="vertex",
    about="Vertex AI request-response logs (Gemini, Claude), exported from BigQuery",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=ROOTS,
            where="requested_at is not null or log_row is not null",
            prompt=(
                "full_request>tools",
                "full_request>systemInstruction",
                "full_request>contents",
                "full_request>system",
                "full_request>messages",
            ),
            columns=(
                Column("provider", constant="google"),
                Column("log_row", paths=("full_response", "endpoint", "deployed_model_id"), landed=False),
                Column("request_id", paths=("request_id",), identifier=True),
                Column("response_id", paths=(*_spelt("responseId"), "*.id"), identifier=True),
                Column("requested_at", Type.TIMESTAMP, ("logging_time",), required=True, zone="UTC"),
                Column(
                    "model", paths=(*_spelt("modelVersion"), "*.model", "model_version", "model", "deployed_model_id")
                ),
                Column("requested_model", paths=("model", "deployed_model_id")),
                Column("endpoint", paths=("endpoint",)),
                Column("api_method", paths=("api_method",)),
                Column("traffic_type", paths=_spelt("usageMetadata.trafficType")),
                Column("error_code", paths=("*.error.status", "*.error.code", "*.error.type")),
                Column("customer_id", paths=_label("customer_id", "customer")),
                Column("feature_id", paths=_label("feature_id", "feature")),
                Column("conversation_id", paths=_label("conversation_id", "session_id")),
                Column("environment", paths=_label("environment")),
                Column("team_id", paths=_label("team_id", "team")),
                _tokens("prompt_tokens", "usageMetadata.promptTokenCount"),
                _tokens("tool_use_tokens", "usageMetadata.toolUsePromptTokenCount"),
                _tokens("cached_tokens", "usageMetadata.cachedContentTokenCount"),
                _tokens("candidates_tokens", "usageMetadata.candidatesTokenCount"),
                _tokens("thoughts_tokens", "usageMetadata.thoughtsTokenCount"),
                _details("prompt_details", "promptTokensDetails"),
                _details("tool_use_details", "toolUsePromptTokensDetails"),
                _details("cached_details", "cacheTokensDetails"),
                _details("candidates_details", "candidatesTokensDetails"),
                _tokens("input_tokens", "usage.input_tokens"),
                _tokens("cache_read_input_tokens", "usage.cache_read_input_tokens"),
                _tokens("cache_creation_input_tokens", "usage.cache_creation_input_tokens"),
                _tokens("ephemeral_5m_input_tokens", "usage.cache_creation.ephemeral_5m_input_tokens"),
                _tokens("ephemeral_1h_input_tokens", "usage.cache_creation.ephemeral_1h_input_tokens"),
                _tokens("output_tokens", "usage.output_tokens"),
                _tokens("web_search_requests", "usage.server_tool_use.web_search_requests"),
            ),
        ),
    ),
)
