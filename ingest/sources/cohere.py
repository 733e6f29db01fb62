"""Cohere answers as an application logs them, one JSON object a line: chat (v1, v2), embed, rerank, classify.

The answer itself, or wrapped (`response`, `body`, `response.body`) beside the application's own fields; or the first
and the last event of a stream. What is billed is in `billed_units`; `tokens` beside it is information. Schema:
cohere-python `types/api_meta_billed_units.py`, `types/usage.py`, `types/usage_billed_units.py`.
"""

from ingest.openai_shape import CALL, ROOTS, WHOSE, WHOSE_COLUMNS, tokens, whose
from ingest.source import ELEMENTS, Column, Sample, Source, Table, Type


def _recognises(sample: Sample) -> bool:
    return any(whose(record) == "cohere" for record in sample.records)


BILLED = tuple(f"*.{place}.billed_units" for place in ("usage", "meta", "delta.usage", "response.meta"))
"""`usage` in v2 chat, `meta` elsewhere, deeper in the last event of a stream. What stands beside it is not billed."""


def _billed(unit: str) -> tuple[str, ...]:
    return tuple(f"{place}.{unit}" for place in BILLED)


PROMPT = (
    *("tools", "documents", "preamble", "chat_history", "messages", "message"),
    *("query", "texts", "inputs"),
)
# a v1 stream names its generation, in its first event and in the answer inside of the last one
IDS = ("*.generation_id", "*.response.generation_id", "*.id", "*.response_id")

SOURCE = Source(
    name="cohere",
    about="Cohere answers with `billed_units` (chat, embed, rerank, classify), JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=ROOTS,
            # an answer of v1 repeats the history, that to an embedding its texts: only the request says what was asked
            prompt=(*(f"request.{part}" for part in PROMPT), "messages"),
            usage=BILLED,
            where=f"{WHOSE} = 'cohere' and coalesce(type, path, error_code, response_id, status,"
            " cast(coalesce(input_tokens, search_units, classifications) as varchar)) is not null",
            columns=(
                *WHOSE_COLUMNS,
                Column("event", paths=("*.type",)),
                Column("response_id", paths=IDS, identifier=True),
                *(column for column in CALL if column.name != "response_id"),
                Column("host", paths=("host",)),
                Column("provider", constant="cohere"),
                Column("response_type", paths=("*.response_type",)),
                Column("finish_reason", paths=("*.finish_reason", "*.delta.finish_reason")),
                # what was found comes with the question, or out of a rerank; an answer cites what it used (v1, v2)
                Column("document_count", Type.INTEGER, ("request.documents", "documents"), counted=ELEMENTS),
                Column("result_count", Type.INTEGER, ("*.results",), counted=ELEMENTS),
                Column("v1_source_count", Type.INTEGER, ("*.citations",), counted="$[*].document_ids[*]"),
                Column("source_count", Type.INTEGER, ("*.message.citations",), counted="$[*].sources[*].id"),
                tokens("input_tokens", *_billed("input_tokens")),
                tokens("image_tokens", *_billed("image_tokens")),
                tokens("output_tokens", *_billed("output_tokens")),
                tokens("search_units", *_billed("search_units")),
                tokens("classifications", *_billed("classifications")),
            ),
        ),
    ),
)
