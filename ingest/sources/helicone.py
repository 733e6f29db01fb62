"""Helicone request export, one request a line: `npx @helicone/export --format jsonl`, or the API that it reads.

Schema: helicone `jawn/src/lib/stores/request/request.ts`, the answer of `/v1/request/query-clickhouse`. The CSV export
names neither model nor provider, so it cannot be rated and is not read. Nor are addresses: a Gemini URL holds
its key; of bodies, what the prompt was, for its fingerprints.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present


def _recognises(sample: Sample) -> bool:
    return any(
        all(first_present(record, name) is not None for name in ("request_id", "request_created_at", "provider"))
        and "response_status" in record
        for record in sample.records
    )


def _tokens(name: str) -> Column:
    return Column(name, Type.INTEGER, (name,), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="helicone",
    about="Helicone request export, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("request_id",),
            recognises=_recognises,
            # `--include-body`
            prompt=tuple(
                f"request_body>{part}"
                for part in ("instructions", "tools", "system", "messages", "input", "prompt", "contents")
            ),
            where="request_id is not null and created is not null",
            columns=(
                Column("created", paths=("request_created_at",), landed=False),
                Column("request_id", paths=("request_id",), identifier=True),
                # ClickHouse writes UTC without saying so
                Column("requested_at", Type.TIMESTAMP, ("request_created_at",), required=True, zone="UTC"),
                Column("provider", paths=("provider",)),
                # what Helicone itself prices: its override, else the model that answered, else the one asked
                Column("model", paths=("model_override", "response_model", "request_model", "model")),
                Column("requested_model", paths=("request_model",)),
                Column("status_code", Type.INTEGER, ("response_status",)),
                Column("cache_reference_id", paths=("cache_reference_id",), identifier=True),
                Column("user_id", paths=("request_user_id",)),
                Column("prompt_name", paths=("prompt_id",)),
                Column("prompt_version", paths=("prompt_version",)),
                # names of `Helicone-Property-*` headers, spelt as each application likes: for staging to look into
                Column("properties", Type.JSON, ("request_properties", "properties")),
                _tokens("prompt_tokens"),
                _tokens("completion_tokens"),
                _tokens("reasoning_tokens"),
                _tokens("prompt_cache_read_tokens"),
                _tokens("prompt_cache_write_tokens"),
                _tokens("prompt_audio_tokens"),
                _tokens("completion_audio_tokens"),
                Column("cost", Type.FLOAT_MONEY, ("cost", "costUSD")),
                Column("latency_ms", Type.INTEGER, ("delay_ms",)),
                Column("time_to_first_token_ms", Type.INTEGER, ("time_to_first_token",)),
            ),
        ),
    ),
)
