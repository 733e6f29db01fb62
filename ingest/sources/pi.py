"""Sessions of the pi coding agent: one JSON file a session, a header line that names it, then messages.

Schema: pi-mono `packages/coding-agent`; an assistant message is one model call with `usage` and the cost that pi
computed when it ran. Text, thinking and tool calls of the messages are not read.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present


def _recognises(sample: Sample) -> bool:
    return any(first_present(record, "message.usage.cacheRead") is not None for record in sample.records)


def _tokens(name: str, path: str) -> Column:
    return Column(name, Type.INTEGER, (f"message.usage.{path}",), minimum=0, maximum=MOST_TOKENS)


def _cost(name: str, path: str) -> Column:
    return Column(name, Type.FLOAT_MONEY, (f"message.usage.cost.{path}",), minimum=0)


SOURCE = Source(
    name="pi",
    about="Sessions of the pi coding agent, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            recognises=_recognises,
            where="role = 'assistant'",
            has_other_records=True,
            usage=("message.usage",),
            known_usage=("totalTokens",),
            columns=(
                Column("role", paths=("message.role",), landed=False),
                Column("line_type", paths=("type",), landed=False),
                Column("session_id", paths=("id",), carried="line_type = 'session'"),
                Column("requested_at", Type.TIMESTAMP, ("timestamp",), required=True),
                Column("provider", paths=("message.provider",)),
                Column("model", paths=("message.model",)),
                Column("api", paths=("message.api",)),
                Column("stop_reason", paths=("message.stopReason",)),
                _tokens("input_tokens", "input"),
                _tokens("output_tokens", "output"),
                _tokens("cache_read_tokens", "cacheRead"),
                _tokens("cache_write_tokens", "cacheWrite"),
                _cost("input_cost", "input"),
                _cost("output_cost", "output"),
                _cost("cache_read_cost", "cacheRead"),
                _cost("cache_write_cost", "cacheWrite"),
                _cost("total_cost", "total"),
            ),
        ),
    ),
)
