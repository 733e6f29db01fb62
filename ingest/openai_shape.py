"""Answers in OpenAI's shape, in which most providers answer: their columns, and which source reads which of them.

A log may hold answers of many providers side by side. `WHOSE` names the one source that reads a record, so that no two
read it and none drops it: what the log says (`provider`, `host`, `base_url`) decides, then what only one of them
writes, and without either it is OpenAI's, unless its id is one that servers like vLLM give: then it is anybody's.
`whose` is the same in Python, for recognising a file.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ingest.source import MOST_TOKENS, Column, Type, first_present
from ingest.sqltext import literal

ROOTS = ("response.body", "response", "event.response", "data.response", "chunk", "data", "body", "")
"""Where an answer, or a part of a stream, may be wrapped."""
STATED = ("provider", "host", "base_url")

_OPENAI = r"^open_?ai$|(^|[/.])api[.]openai[.]com(/|:|$)"
_COHERE = r"^cohere(_chat|-ai)?$|(^|[/.])api[.]cohere[.](ai|com)(/|:|$)"
_SELF_HOSTED = (
    r"^((hosted_)?vllm|sglang|tgi|text-generation-inference|ollama(_chat)?|llama[.]?cpp|llamafile|lm_?studio|localai"
    r"|self[-_]hosted)$"
)
_PRIVATE_HOST = (
    r"^(https?://)?(localhost|127([.][0-9]+){3}|0[.]0[.]0[.]0|\[::1\]|10([.][0-9]+){3}|192[.]168([.][0-9]+){2}"
    r"|172[.](1[6-9]|2[0-9]|3[01])([.][0-9]+){2}|[^/:]+[.](local|internal|svc|lan))(:[0-9]+)?(/|$)"
)
# Weights that nobody can download: behind a private host they are served by a gateway, not by a machine of one's own.
_CLOSED_MODEL = r"(^|/)(gpt-[0-9]|chatgpt-|o[1-9](-|$)|text-embedding-|claude-|gemini-|grok-[3-9]|sonar)"
# What servers write of themselves: Ollama `fp_ollama`, TGI `3.0.1-sha-bb9095a`, llama.cpp `b4689-7ff9241d`, vLLM.
_OWN_FINGERPRINT = r"^(fp_ollama|vllm.*|[0-9.]+(-dev0)?-(native|sha-[0-9a-f]+)|b[0-9]+-[0-9a-f]+)$"
# A UUID without dashes (vLLM `chatcmpl-…`, SGLang bare): no answer of OpenAI's, but a server of one's own or of a host
# that bills for it. Which one, only the log can say.
_SERVERS_ID = r"^((chat)?cmpl-|embd-|resp_)?[0-9a-f]{32}$"
# Models by the names that only their maker gives them: a log without a host is that provider's.
_OTHERS_MODEL = (
    r"^(mistral-|ministral-|magistral-|codestral-|devstral-|pixtral-|voxtral-|open-mi[sx]tral-|deepseek-(chat|reasoner|v[0-9])"
    r"|grok-|sonar|kimi-|moonshot-|(models/)?gemini-|command-|c4ai-|embed-(english|multilingual|v[0-9]))"
)
_COHERES_EVENTS = ("message-start", "message-end", "stream-start", "stream-end")
_COHERES_MARKS = (
    *(f"*.{place}.billed_units.{unit}" for place in ("usage", "meta") for unit in ("input_tokens", "search_units")),
    "*.meta.api_version.version",
)

WHOSE_COLUMNS = (
    Column("stated", paths=STATED, landed=False),
    # LiteLLM's spend logs hold the answer, too
    Column("custom_llm_provider", paths=("custom_llm_provider",), landed=False),
    Column("cohere_mark", paths=_COHERES_MARKS, landed=False),
    Column("system_fingerprint", paths=("*.system_fingerprint",), landed=False),
)
"""What `WHOSE` needs beside model, response_id, object and type."""


def _is(column: str, pattern: str) -> str:
    return f"coalesce(regexp_matches({column}, {literal(pattern)}, 'i'), false)"


WHOSE = f"""case
    when custom_llm_provider is not null then 'litellm'
    when cohere_mark is not null or type in {_COHERES_EVENTS} then 'cohere'
    when object is null and {_is("stated", _COHERE)} then 'cohere'
    when {_is("stated", _SELF_HOSTED)} then 'vllm'
    when {_is("stated", _PRIVATE_HOST)} and not {_is("model", _CLOSED_MODEL)} then 'vllm'
    when stated is null and {_is("system_fingerprint", _OWN_FINGERPRINT)}
        and not {_is("model", _OTHERS_MODEL)} then 'vllm'
    when {_is("stated", _OPENAI)} then 'openai'
    when stated is null and not {_is("model", _OTHERS_MODEL)}
        and (not {_is("response_id", _SERVERS_ID)} or {_is("model", _CLOSED_MODEL)}) then 'openai'
    else 'openai_compatible'
end"""
"""SQL of the name of the source that reads a record in OpenAI's shape, or in Cohere's."""


def whose(record: Mapping[str, Any]) -> str:
    """What `WHOSE` says of a record."""
    if first_present(record, "custom_llm_provider") is not None:
        return "litellm"
    stated = _text(record, *STATED)
    model = _text(record, *_rooted("*.model"), "request.model", "requested_model")
    is_cohere_stated = re.search(_COHERE, stated) and first_present(record, *_rooted("*.object")) is None
    if (
        first_present(record, *_rooted(*_COHERES_MARKS)) is not None
        or _text(record, *_rooted("*.type")) in _COHERES_EVENTS
        or is_cohere_stated
    ):
        return "cohere"
    if re.search(_SELF_HOSTED, stated) or (re.search(_PRIVATE_HOST, stated) and not re.search(_CLOSED_MODEL, model)):
        return "vllm"
    if stated or re.search(_OTHERS_MODEL, model):
        return "openai" if re.search(_OPENAI, stated) else "openai_compatible"
    if re.search(_OWN_FINGERPRINT, _text(record, *_rooted("*.system_fingerprint"))):
        return "vllm"
    is_anyones = re.search(_SERVERS_ID, _text(record, *_rooted("*.id"))) and not re.search(_CLOSED_MODEL, model)
    return "openai_compatible" if is_anyones else "openai"


def is_shaped(record: Mapping[str, Any]) -> bool:
    """Whether a record is an answer in OpenAI's shape, or a chunk of one."""
    of = _text(record, *_rooted("*.object"))
    return of in {"list", "response", "text_completion", "chat.completion", "chat.completion.chunk"} or (
        first_present(record, *_rooted("*.usage.prompt_tokens")) is not None
    )


@cache
def _rooted(*paths: str) -> tuple[str, ...]:
    return tuple(path.replace("*.", f"{root}." if root else "") for path in paths for root in ROOTS)


def _text(record: Mapping[str, Any], *paths: str) -> str:
    value = first_present(record, *paths)
    return "" if value is None else str(value).strip().lower()


CAN_BE_TOLD_APART = """(
    coalesce(object, '') not like '%.chunk'
    or coalesce(response_id, request_id, cast(prompt_tokens as varchar)) is not null
)"""
"""SQL: a chunk of a stream without any id belongs to no call that we could name, but for the one with the usage."""


def own(*names: str) -> tuple[str, ...]:
    """Where an application puts a field of its own: in `metadata`, beside it, or in the response's `metadata`."""
    return tuple(f"metadata.{name}" for name in names) + names + tuple(f"*.metadata.{name}" for name in names)


def tokens(name: str, *paths: str) -> Column:
    """A count of tokens, in any of the places where a provider writes it."""
    return Column(name, Type.INTEGER, paths, minimum=0, maximum=MOST_TOKENS)


USAGE = ("*.usage", "*.x_groq.usage", "*.choices.0.usage")
"""Where usage objects lie; Groq and Moonshot put that of a stream elsewhere."""
KNOWN_USAGE = (
    *(f"{details}.text_tokens" for details in ("prompt_tokens_details", "input_tokens_details")),
    *(f"{details}.text_tokens" for details in ("completion_tokens_details", "output_tokens_details")),
    # inside of the completion, and billed as it (openai-python, completion_usage.py)
    "completion_tokens_details.accepted_prediction_tokens",
    "completion_tokens_details.rejected_prediction_tokens",
    # DeepSeek: the prompt but for the hits
    "prompt_cache_miss_tokens",
    # how long Groq took, in seconds
    *("queue_time", "prompt_time", "completion_time", "total_time"),
)
"""Parts of counts that are read, and times."""
PROMPT = (
    *(f"request.{part}" for part in ("instructions", "tools", "messages", "input", "prompt")),
    # a bare response repeats the instructions and tools that it was asked with, not the input
    *("messages", "input", "prompt"),
)
"""Where an application logs what it asked: as the body of the request, or beside the answer."""


def usage(name: str, *paths: str) -> Column:
    """A count in one of the usage objects."""
    return tokens(name, *(f"{place}.{path}" for place in USAGE for path in paths))


CALL = (
    Column("type", paths=("*.type",), landed=False),
    Column("response_id", paths=("*.id",), identifier=True),
    Column("request_id", paths=("request_id", "*.request_id", "x_request_id"), identifier=True),
    Column(
        "requested_at",
        Type.TIMESTAMP,
        ("timestamp", "ts", "requested_at", "created_at", "time", "*.created", "*.created_at", "date"),
        required=True,
    ),
    Column("model", paths=("*.model", "request.model", "requested_model")),
    Column("requested_model", paths=("request.model", "requested_model")),
    Column("object", paths=("*.object",)),
    Column("path", paths=("path", "url", "request.url")),
    Column("status", paths=("status", "*.status")),
    # Mistral writes an error's type and code without a wrapping
    Column("error_code", paths=("error.code", "error.type", "*.error.code", "*.error.type", "*.code")),
    Column("attempt_number", Type.INTEGER, own("attempt", "attempt_number"), minimum=1),
    Column("retry_of", paths=own("retry_of")),
    Column("latency_ms", Type.INTEGER, ("latency_ms", "duration_ms"), minimum=0),
    Column("time_to_first_token_ms", Type.INTEGER, ("time_to_first_token_ms", "ttft_ms"), minimum=0),
    Column("retrieved_chunk_count", Type.INTEGER, own("retrieved_chunks", "retrieved_chunk_count"), minimum=0),
    Column("used_chunk_count", Type.INTEGER, own("used_chunks", "used_chunk_count"), minimum=0),
    Column("retrieved_context_tokens", Type.INTEGER, own("retrieved_context_tokens"), minimum=0),
    Column("customer_id", paths=own("customer_id", "customer")),
    Column("feature_id", paths=own("feature_id", "feature")),
    Column("conversation_id", paths=own("conversation_id", "session_id")),
    Column("environment", paths=own("environment")),
    Column("team_id", paths=own("team_id", "team")),
    Column("tags", Type.JSON, own("tags")),
    Column("trace_id", paths=own("trace_id")),
    Column("prompt_name", paths=own("prompt_name", "prompt_id")),
    Column("prompt_version", paths=own("prompt_version")),
    Column("release_id", paths=own("release")),
    Column("user_id", paths=(*own("user_id"), "request.user")),
    Column("project_id", paths=("project_id",)),
    Column("api_key_id", paths=("api_key_id",)),
    Column("organization_id", paths=("organization_id", "organization")),
    Column("deployment", paths=("deployment",)),
)
"""Of a call, whatever answered it."""

TOKENS = (
    usage("prompt_tokens", "prompt_tokens", "input_tokens"),
    usage("completion_tokens", "completion_tokens", "output_tokens"),
    usage("total_tokens", "total_tokens"),
    usage(
        "cached_tokens",
        "prompt_tokens_details.cached_tokens",
        "input_tokens_details.cached_tokens",
        # DeepSeek; Moonshot; the earlier xAI
        "prompt_cache_hit_tokens",
        "cached_tokens",
        "cached_prompt_text_tokens",
    ),
    usage("reasoning_tokens", "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"),
    Column("finish_reason", paths=("*.choices.0.finish_reason",)),
)
"""What was counted, and whether the stream came to its end."""
