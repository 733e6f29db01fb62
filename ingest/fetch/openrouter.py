"""OpenRouter's activity: the sums of one complete UTC day, of the last 30; an answer is whole.

Schema: openrouter.ai `docs/api/api-reference/analytics`; it takes a management key.
"""

from ingest.fetch.api import Api, Bounds, Report

API = Api(
    name="openrouter",
    about="OpenRouter's activity of the last 30 days, with a management key",
    base_url="https://openrouter.ai/api/v1",
    key_variable="OPENROUTER_API_KEY",
    reports=(Report(name="activity", path="/activity", bounds=Bounds("date"), window="day", oldest_days=30),),
)
