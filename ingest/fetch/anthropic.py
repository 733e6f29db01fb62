"""Anthropic's Usage & Cost Admin API: `limit` is at most 31 daily buckets. It does not answer individual accounts.

Schema: docs.claude.com `api/admin-api/usage-cost`. Without `group_by[]=description` the cost report has no model and no
kind of token.
"""

from ingest.fetch.api import Api, Bounds, Paging, Report, grouped, midnight


def _report(name: str, path: str, *groups: str) -> Report:
    return Report(
        name=name,
        path=f"/v1/organizations/{path}",
        bounds=Bounds("starting_at", "ending_at", midnight),
        params=(("bucket_width", "1d"), ("limit", "31"), *grouped(*groups)),
        paging=Paging("page", "next_page"),
    )


API = Api(
    name="anthropic",
    about="Anthropic's cost report and usage of messages by day, with an admin key (sk-ant-admin…)",
    base_url="https://api.anthropic.com",
    key_variable="ANTHROPIC_ADMIN_KEY",
    key_header="x-api-key",
    key_prefix="",
    headers=(("anthropic-version", "2023-06-01"),),
    reports=(
        _report("cost_report", "cost_report", "workspace_id", "description"),
        _report(
            "usage_messages", "usage_report/messages",
            "api_key_id", "workspace_id", "model", "service_tier", "context_window", "inference_geo",
        ),
    ),
)  # fmt: skip
