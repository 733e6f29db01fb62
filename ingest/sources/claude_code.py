"""Session logs of Claude Code: JSON lines below `~/.claude/projects`, one file a session or subagent.

A line of type `assistant` holds one content block of an answer beside the whole message's `usage` so far: one call is
several lines with one `message.id`, and a resumed or forked session copies them into its own file. Schema: the message
as anthropic-sdk-python `types/message.py`; the envelope by the parsers ccusage and claude-code-log. Text, thinking and
tool calls are not read.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type, first_present

LINES = {"user", "assistant", "system", "attachment", "progress"}


def _recognises(sample: Sample) -> bool:
    return any(
        record.get("type") in LINES and first_present(record, "sessionId") and first_present(record, "uuid")
        for record in sample.records
    )


def _tokens(name: str, path: str) -> Column:
    return Column(name, Type.INTEGER, (f"message.usage.{path}",), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="claude_code",
    about="Claude Code session logs, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("message_id", "request_id"),
            recognises=_recognises,
            # What Claude Code says in the model's place (a limit, an error, "no response requested") is no call.
            where="line_type = 'assistant' and coalesce(model, '') <> '<synthetic>'"
            " and not coalesce(is_api_error_message, false)",
            has_other_records=True,
            usage=("message.usage",),
            # "no additional charges" but their tokens (web fetch tool)
            known_usage=("server_tool_use.web_fetch_requests",),
            columns=(
                Column("line_type", paths=("type",), landed=False),
                Column("is_api_error_message", Type.BOOLEAN, ("isApiErrorMessage",), landed=False),
                Column("provider", constant="anthropic"),
                Column("message_id", paths=("message.id",), identifier=True),
                Column("request_id", paths=("requestId",), identifier=True),
                # a fork's copies name the session that made the call
                Column("session_id", paths=("forkedFrom.sessionId", "sessionId"), identifier=True),
                Column("requested_at", Type.TIMESTAMP, ("timestamp",), required=True),
                Column("model", paths=("message.model",)),
                Column("service_tier", paths=("message.usage.service_tier",)),
                Column("inference_geo", paths=("message.usage.inference_geo",)),
                Column("speed", paths=("message.usage.speed",)),
                Column("is_sidechain", Type.BOOLEAN, ("isSidechain",)),
                Column("cwd", paths=("cwd",)),
                Column("version", paths=("version",)),
                _tokens("input_tokens", "input_tokens"),
                _tokens("cache_read_input_tokens", "cache_read_input_tokens"),
                _tokens("cache_creation_input_tokens", "cache_creation_input_tokens"),
                _tokens("ephemeral_5m_input_tokens", "cache_creation.ephemeral_5m_input_tokens"),
                _tokens("ephemeral_1h_input_tokens", "cache_creation.ephemeral_1h_input_tokens"),
                _tokens("output_tokens", "output_tokens"),
                _tokens("thinking_tokens", "output_tokens_details.thinking_tokens"),
                # a list of counts with the models' names: no text is in it
                Column("iterations", Type.JSON, ("message.usage.iterations",)),
                _tokens("web_search_requests", "server_tool_use.web_search_requests"),
                _tokens("code_execution_requests", "server_tool_use.code_execution_requests"),
                # only versions before 1.0.9 wrote it
                Column("cost_usd", Type.FLOAT_MONEY, ("costUSD",), minimum=0),
            ),
        ),
    ),
)
