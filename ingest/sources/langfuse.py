"""Langfuse observations: exports of the user interface and of blob storage, pages of the API, whole traces.

A generation or embedding is a model call; exports repeat an observation each time it changes, and the latest
`updatedAt` holds. Schema: langfuse `worker/src/features/blobstorage`, `packages/shared/src/domain/observations.ts`.
"""

import re
from typing import Any

from ingest.provider_names import PROVIDERS
from ingest.source import ELEMENTS, MOST_TOKENS, Column, Sample, Source, Table, Type

PROVIDER_KEYS = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ls_provider")
RESPONSE_KEYS = ("gen_ai.response.id", "llm.response.id", "ai.response.id")
TYPES = {"GENERATION", "EMBEDDING", "RETRIEVER", "TOOL"}


_WORDS, _NUMBER = r'([^"\\,}\]]{1,256})', r"([0-9]{1,9})\b"


def _recognises(sample: Sample) -> bool:
    return _is_observation(sample.headers) or any(
        _is_observation(frozenset(str(key).lower() for key in observation))
        for record in sample.records
        for observation in _observations(record)
    )


def _observations(record: object) -> list[dict[str, object]]:
    """The observations of a trace or a page, or the record itself."""
    listed = [record]
    if isinstance(record, dict):
        listed = record.get("observations") or record.get("data") or listed
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _is_observation(names: frozenset[str]) -> bool:
    return "type" in names and any(
        {start, details} <= names
        for start in ("start_time", "starttime")
        for details in ("usage_details", "usagedetails")
    )


def _spelt(*names: str) -> tuple[str, ...]:
    """Names in the API's camel case, then in the storage's snake case."""
    return tuple(
        spelling
        for name in names
        for spelling in (name, "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))
    )


def _of_trace(*names: str) -> tuple[str, ...]:
    return tuple(f"../trace.{name}" for name in names)


def _of_metadata(name: str, *keys: str, escaped: bool = False, value: str = _WORDS, **more: Any) -> Column:
    """A value of the metadata: an object in the API, its text in exports, where `attributes` may be a text in a text.

    What prompts and answers are found in there is a text in it, whose quotes are escaped: no key in them is taken for
    one of the metadata. `escaped` keys are OpenTelemetry's attributes, which may be such a text themselves.
    """
    quote = r'\\?"' if escaped else '"'
    named = "|".join(re.escape(key) for key in keys)
    return Column(name, paths=("metadata",), pattern=rf'{quote}(?:{named}){quote} *: *\\?"?{value}', **more)


def _tokens(name: str, *paths: str) -> Column:
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="langfuse",
    about="Langfuse observations: exports (JSON, CSV, Parquet), API pages, traces",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl", "csv", "parquet"),
            date="requested_at",
            identity=("observation_id",),
            recognises=_recognises,
            each=(("observations", "data", ""),),
            # the others are the application's own steps, which repeat what lies below them
            where=f"observation_type in ({', '.join(repr(kind) for kind in sorted(TYPES))})",
            has_other_records=True,
            prompt=("input",),
            columns=(
                Column("observation_type", paths=("type",), words={kind.lower(): kind for kind in TYPES}),
                Column("observation_id", paths=("id",), required=True, identifier=True),
                Column("trace_id", paths=_spelt("traceId"), identifier=True),
                Column("parent_id", paths=_spelt("parentObservationId"), identifier=True),
                Column("requested_at", Type.TIMESTAMP, _spelt("startTime"), required=True, zone="UTC"),
                Column("ended_at", Type.TIMESTAMP, _spelt("endTime"), zone="UTC"),
                Column("first_token_at", Type.TIMESTAMP, _spelt("completionStartTime"), zone="UTC"),
                Column("updated_at", Type.TIMESTAMP, _spelt("updatedAt"), zone="UTC"),
                Column("model", paths=(*_spelt("providedModelName"), "model", *_spelt("internalModel"))),
                _of_metadata("provider", *PROVIDER_KEYS, escaped=True, words=PROVIDERS),
                # LiteLLM names an observation by the response
                Column("logged_response_id", paths=("id",), pattern=r"^time-[-0-9]+_(\S+)$", identifier=True),
                _of_metadata("response_id", *RESPONSE_KEYS, escaped=True, identifier=True),
                _of_metadata("customer_id", "customer_id", "customer", "tenant_id"),
                Column("user_id", paths=(*_spelt("userId"), *_of_trace("userId"), "../userId")),
                Column("session_id", paths=(*_spelt("sessionId"), *_of_trace("sessionId"), "../sessionId")),
                Column("trace_name", paths=(*_spelt("traceName"), *_of_trace("name"))),
                # a trace that holds its observations; of an observation by itself this is its own name
                Column("holder_id", paths=("../id",)),
                Column("holder_name", paths=("../name",)),
                _of_metadata("feature_id", "feature_id", "feature"),
                Column("environment", paths=("environment", *_of_trace("environment"))),
                _of_metadata("team_id", "team_id", "team"),
                Column("tags", Type.JSON, ("tags", *_of_trace("tags"))),
                Column("prompt_name", paths=_spelt("promptName")),
                Column("prompt_version", paths=_spelt("promptVersion")),
                Column("release_id", paths=("release", *_of_trace("release"), "../release", "version")),
                Column("project_id", paths=_spelt("projectId")),
                Column("level", paths=("level",)),
                # a count for each kind that the application names
                Column("usage_details", Type.JSON, _spelt("usageDetails")),
                _tokens("input_tokens", "usage.input", "usage.promptTokens", *_spelt("promptTokens")),
                _tokens("output_tokens", "usage.output", "usage.completionTokens", *_spelt("completionTokens")),
                Column("output_count", Type.INTEGER, ("output", "output>documents"), counted=ELEMENTS),
                _of_metadata("retrieved_chunk_count", "retrieved_chunks", value=_NUMBER, type=Type.INTEGER),
                _of_metadata("used_chunk_count", "used_chunks", value=_NUMBER, type=Type.INTEGER),
                _of_metadata("retrieved_context_tokens", "retrieved_context_tokens", value=_NUMBER, type=Type.INTEGER),
                Column("total_cost", Type.FLOAT_MONEY, (*_spelt("totalCost"), *_spelt("calculatedTotalCost"))),
            ),
        ),
    ),
)
