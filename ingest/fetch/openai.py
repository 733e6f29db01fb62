"""OpenAI's organization Costs and Usage APIs.

Schema: openai (3.54) `types/admin/organization/usage_*_params.py`: `limit` is at most 180 daily buckets for costs, 31
for usage. Costs and usage are not equal to the cent: free tokens and credits count in usage.
"""

from ingest.fetch.api import Api, Bounds, Paging, Report, grouped, unix_seconds


def _report(name: str, path: str, limit: int, *groups: str) -> Report:
    return Report(
        name=name,
        path=f"/organization/{path}",
        bounds=Bounds("start_time", "end_time", unix_seconds),
        params=(("bucket_width", "1d"), ("limit", str(limit)), *grouped(*groups)),
        paging=Paging("page", "next_page"),
    )


def _usage(name: str, *groups: str) -> Report:
    return _report(f"usage_{name}", f"usage/{name}", 31, *groups)


_CALLER = ("project_id", "api_key_id")

API = Api(
    name="openai",
    about="OpenAI's costs and usage by day, with an admin key (sk-admin-…)",
    base_url="https://api.openai.com/v1",
    key_variable="OPENAI_ADMIN_KEY",
    reports=(
        _report("costs", "costs", 180, *_CALLER, "line_item"),
        _usage("completions", *_CALLER, "model", "batch", "service_tier"),
        _usage("embeddings", *_CALLER, "model"),
        _usage("moderations", *_CALLER, "model"),
        _usage("images", *_CALLER, "model", "size", "source"),
        _usage("audio_speeches", *_CALLER, "model"),
        _usage("audio_transcriptions", *_CALLER, "model"),
        _usage("vector_stores", "project_id"),
        _usage("code_interpreter_sessions", "project_id"),
        _usage("file_search_calls", *_CALLER, "vector_store_id"),
        _usage("web_search_calls", *_CALLER, "model", "context_level"),
    ),
)
