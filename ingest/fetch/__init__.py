"""Bills and usage as their provider hands them out, written to disk as they came; `ingest` reads them from there.

An API is one file of this folder that says only where its reports lie and how they are paged (`api.Api`); `engine`
asks it.
Clouds put their bills into a bucket as objects; `bucket` copies those.
"""

from ingest.fetch.anthropic import API as ANTHROPIC
from ingest.fetch.api import Api
from ingest.fetch.openai import API as OPENAI
from ingest.fetch.openrouter import API as OPENROUTER
from ingest.fetch.stripe import API as STRIPE

APIS: dict[str, Api] = {api.name: api for api in (OPENAI, ANTHROPIC, OPENROUTER, STRIPE)}
"""The APIs that can be asked, by the word that the user types."""
