"""Answers of a server of one's own in OpenAI's shape: vLLM, SGLang, TGI, llama.cpp, Ollama at `/v1`.

The answer itself, or wrapped (`response`, `body`, `response.body`) beside the application's own fields, one JSON object
a line; a stream's chunks, a line each, are one call. The machine is paid, not the call: see
seeds/self_hosted_providers.csv. A record is one where the log says so (`provider`), the host is private, or, without a
host, the fingerprint is one that only such servers write. An id like theirs says too little: hosts that bill run the
same servers. Schema: vLLM `entrypoints/openai/protocol.py`.
"""

from ingest.openai_shape import (
    CALL,
    CAN_BE_TOLD_APART,
    KNOWN_USAGE,
    PROMPT,
    ROOTS,
    TOKENS,
    USAGE,
    WHOSE,
    WHOSE_COLUMNS,
    is_shaped,
    whose,
)
from ingest.source import Column, Sample, Source, Table


def _recognises(sample: Sample) -> bool:
    return any(whose(record) == "vllm" and is_shaped(record) for record in sample.records)


SOURCE = Source(
    name="vllm",
    about="answers of a self-hosted server in OpenAI's shape (vLLM, SGLang, TGI, Ollama), JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=ROOTS,
            prompt=PROMPT,
            usage=USAGE,
            # SGLang: inside of the completion
            known_usage=(*KNOWN_USAGE, "reasoning_tokens"),
            where=f"{WHOSE} = 'vllm' and {CAN_BE_TOLD_APART} and coalesce(type, '') <> 'message'"
            # a private host serves more than models: that there is a path or a status says little
            " and coalesce(object, cast(prompt_tokens as varchar), response_id,"
            " case when model is not null then error_code end) is not null",
            columns=(
                *(column for column in WHOSE_COLUMNS if column.name != "system_fingerprint"),
                Column("system_fingerprint", paths=("*.system_fingerprint",)),
                *CALL,
                Column("host", paths=("host",)),
                Column("provider", constant="vllm"),
                *TOKENS,
            ),
        ),
    ),
)
