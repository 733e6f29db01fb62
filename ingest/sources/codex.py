"""Session logs of OpenAI's Codex CLI: `rollout-*.jsonl` below `~/.codex/sessions`, one file a session.

A line is `{timestamp, type, payload}`: `session_meta` names the session, `turn_context` the model of the lines below,
and an event `token_count` follows each model call, with the usage of that call (`last_token_usage`) and of the whole
session so far (`total_token_usage`). Schema: openai/codex `protocol.rs`, `TokenUsage`; the parser of ccusage. What
people, models and tools said is not read.
"""

from collections.abc import Mapping

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type

LINES = {"session_meta", "turn_context", "event_msg", "response_item"}


def _recognises(sample: Sample) -> bool:
    return any(record.get("type") in LINES and isinstance(record.get("payload"), Mapping) for record in sample.records)


def _tokens(prefix: str, usage: str) -> tuple[Column, ...]:
    kinds = ("input", "cached_input", "cache_write_input", "output", "reasoning_output", "total")
    paths = {f"{prefix}_{kind}_tokens": f"payload.info.{usage}.{kind}_tokens" for kind in kinds}
    return tuple(Column(name, Type.INTEGER, (path,), minimum=0, maximum=MOST_TOKENS) for name, path in paths.items())


SOURCE = Source(
    name="codex",
    about="Codex CLI session logs (rollout files), JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            recognises=_recognises,
            # An event without `info` tells rate limits alone; one whose last usage is all zeros, what a compaction left
            # of the context: neither follows a call.
            where="line_type = 'event_msg' and event_type = 'token_count'"
            " and coalesce(call_total_tokens, session_total_tokens) is not null"
            " and not coalesce(call_input_tokens = 0 and call_output_tokens = 0, false)",
            has_other_records=True,
            # that of the whole session holds the calls before it, too: a new kind there would count again and again
            usage=("payload.info.last_token_usage",),
            columns=(
                Column("line_type", paths=("type",), landed=False),
                Column("event_type", paths=("payload.type",), landed=False),
                # A fork repeats its parent's lines from the parent's `session_meta` on: they name the parent here too.
                Column("session_id", paths=("payload.id",), identifier=True, carried="line_type = 'session_meta'"),
                Column("provider", paths=("payload.model_provider",), carried="line_type = 'session_meta'"),
                Column("model", paths=("payload.model",), carried="line_type = 'turn_context'"),
                Column("cwd", paths=("payload.cwd",), carried="line_type in ('session_meta', 'turn_context')"),
                Column("requested_at", Type.TIMESTAMP, ("timestamp",), required=True),
                *_tokens("call", "last_token_usage"),
                *_tokens("session", "total_token_usage"),
            ),
        ),
    ),
)
