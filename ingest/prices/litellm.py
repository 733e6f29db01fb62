"""LiteLLM's price map, flattened: the second source of list prices, where `genai-prices` has no answer.

The map is a file that the user names, or the one inside an installed `litellm`; there is no copy of it here. It has no
dates: a price holds whenever the map is the one that we know, so its changes are dated by when they were learned.

A model all of whose prices are 0 has no price: the map writes 0 for "free" as for "nobody knows" (its `ollama` and
preview models), and what is free by contract is said in `seeds/price_overrides.csv`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ingest.prices.tables import (
    BEGINNING,
    CACHE_WRITE_12H,
    END,
    IMAGES,
    PER_UNITS,
    STANDARD,
    PriceBookError,
    Row,
    unit_price,
)

MAP_FILE = "model_prices_and_context_window_backup.json"
"""The name of the map inside the package."""

KINDS: Mapping[str, str] = {
    "input_cost_per_token": "input_tokens",
    "output_cost_per_token": "output_tokens",
    "output_cost_per_reasoning_token": "output_reasoning_tokens",
    "citation_cost_per_token": "output_citation_tokens",
    "input_cost_per_token_cache_hit": "cache_read_tokens",  # the older name; the next one, where it is there, wins
    "cache_read_input_token_cost": "cache_read_tokens",
    "cache_creation_input_token_cost": "cache_write_tokens",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_tokens",
    "cache_creation_input_token_cost_above_12hr": CACHE_WRITE_12H,
    "input_cost_per_audio_token": "input_audio_tokens",
    "output_cost_per_audio_token": "output_audio_tokens",
    "cache_read_input_audio_token_cost": "cache_audio_read_tokens",
    "cache_creation_input_audio_token_cost": "cache_audio_write_tokens",
    "input_cost_per_image_token": "input_image_tokens",
    "output_cost_per_image_token": "output_image_tokens",
    "cache_read_input_image_token_cost": "cache_image_read_tokens",
    "input_cost_per_video_token": "input_video_tokens",
    "output_cost_per_video_token": "output_video_tokens",
    "input_cost_per_audio_per_second": "input_audio_seconds",
    "input_cost_per_character": "input_characters",
    "input_cost_per_text_message": "input_text_messages",
    "input_cost_per_request": "requests",
    "ocr_cost_per_page": "input_document_pages",
    "output_cost_per_image": IMAGES,
}
"""What is priced alike in every mode of a model."""

KINDS_BY_MODE: Mapping[str, Mapping[str, str]] = {
    # either the seconds heard or those "put out" are billed, never both: the later one wins, and 0 says nothing
    "audio_transcription": {"output_cost_per_second": "audio_seconds", "input_cost_per_second": "audio_seconds"},
    "audio_speech": {"output_cost_per_second": "output_audio_seconds"},
    "rerank": {"input_cost_per_query": "rerank_searches"},
    "search": {"input_cost_per_query": "web_searches"},
    "image_generation": {"input_cost_per_image": IMAGES},  # an image asked for is the image that is made
    "image_edit": {"input_cost_per_image": IMAGES},
}
"""What means another thing, or nothing that we count, in other modes."""

TIERS: Mapping[str, str] = {
    "batches": "batch",
    **{tier: tier for tier in ("flex", "priority", "ultrafast", "balanced", "decisions")},
}
"""The ending of a key → the service tier. Where a tier has no price of its own for a kind, the standard price holds."""

NOT_MAPPED = frozenset(
    {
        # counted by nobody in our canonical shapes, or in a unit that the registry of units does not have
        "annotation_cost_per_page",  # on top of the page here, instead of it in the registry
        "code_interpreter_cost_per_session",
        "cost_per_second",  # of provisioned throughput: capacity, not calls
        "explicit_cache_read_input_token_cost",  # a second way to read a cache, which usage does not tell apart
        "google_maps_grounding_cost_per_query",
        "guardrail_cost_per_unit",
        "input_cost_per_image",  # other than of generated images
        "input_cost_per_pixel",
        "input_cost_per_query",  # other than of reranking and search
        "input_cost_per_second",  # other than of transcription
        "input_cost_per_video_per_second",
        "input_dbu_cost_per_token",
        "ocr_cost_per_credit",
        "off_peak_pricing",
        "output_cost_per_character",
        "output_cost_per_pixel",
        "output_cost_per_second",  # other than of transcription and speech
        "output_cost_per_video_per_second",
        "output_dbu_cost_per_token",
    }
)
"""Prices of the map that are left out, whatever their ending; a test keeps the list complete."""

WEB_SEARCH = "search_context_size_medium"
"""Of the three prices of a web search; LiteLLM itself assumes it where a call does not say."""

_KEY = re.compile(rf"(?P<name>\w+?)(_above_(?P<thousands>\d+)k_tokens)?(_(?P<tier>{'|'.join(TIERS)}))?")

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "aws": ("bedrock", "bedrock_converse", "bedrock_mantle", "amazon_nova"),
    "azure": ("azure", "azure_text", "azure_ai"),
    "bedrock": ("bedrock", "bedrock_converse", "bedrock_mantle"),
    "cohere": ("cohere", "cohere_chat"),
    "fireworks": ("fireworks_ai",),
    "google": ("gemini", "vertex_ai"),
    "meta": ("meta", "meta_llama"),
    "moonshotai": ("moonshot",),
    "openai": ("openai", "text-completion-openai"),
    "together": ("together_ai",),
    "voyageai": ("voyage",),
    "x-ai": ("xai",),
}
"""Providers whose names LiteLLM writes otherwise. `vertex_ai-…` is `vertex_ai`."""


def find_map(named: Path | None) -> tuple[Path, str] | None:
    """The map that the user names, else that of an installed `litellm`, and what version it is; None without either.

    Raises:
        PriceBookError: the file that the user names is not there.
    """
    if named is not None:
        if not named.is_file():
            raise PriceBookError(f"litellm_prices names {named}, and there is no such file")
        return named, named.name
    package = find_spec("litellm")  # not imported: that takes seconds
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).with_name(MAP_FILE)
    return (path, f"litellm {version('litellm')}") if path.is_file() else None


def rows(document: bytes) -> list[Row]:
    """The prices of a map as rows of `MODEL_PRICES` without what a snapshot adds. model_id is the key of the map.

    Raises:
        PriceBookError: it is no such map, or a price in it is no price.
    """
    try:
        prices = json.loads(document, parse_float=Decimal, parse_int=Decimal)
    except ValueError as error:
        raise PriceBookError(f"LiteLLM's price map is no JSON: {error}") from error
    if not isinstance(prices, dict) or not all(isinstance(model, dict) for model in prices.values()):
        raise PriceBookError("LiteLLM's price map is no object of models")
    rows = [row for key, model in prices.items() if key != "sample_spec" for row in _model_rows(key, model)]
    if not rows:
        raise PriceBookError("LiteLLM's price map holds no price")
    return rows


def is_mapped(key: str, mode: str | None) -> bool:
    """Whether a price of this name becomes rows."""
    return key in ("tiered_pricing", "search_context_cost_per_query") or _kind(key, mode) is not None


def is_left_out(key: str) -> bool:
    """Whether a price of this name is one of `NOT_MAPPED`, in any resolution, tier or context."""
    return (
        any(key == name or key.startswith(f"{name}_") for name in NOT_MAPPED)
        or re.fullmatch(r"output_cost_per_image_[\d.]+K?", key) is not None
    )


def key_of(provider_id: str, model_name: str, models: Mapping[str, tuple[str, str]]) -> str | None:
    """LiteLLM's key for a logged name, by its own conventions: `provider/name`, the name itself, a fine-tuned base.

    Args:
        provider_id: as it was logged; blank or `litellm` where only the name is known, which then is LiteLLM's own.
        model_name: as it was logged.
        models: `priced_models` of the map's rows.
    """
    name, provider = model_name.lower(), provider_id.lower()
    if name.startswith("ft:"):
        name = ":".join(name.split(":")[:2])  # ft:base:organisation:suffix:id
    providers = PROVIDERS.get(provider, (provider,))
    for one in providers:
        if found := models.get(f"{one}/{name}"):
            return found[0]
    if (found := models.get(name)) and (
        provider in ("", "litellm") or any(found[1] == one or found[1].startswith(f"{one}-") for one in providers)
    ):
        return found[0]
    return None


def priced_models(rows: list[Row]) -> dict[str, tuple[str, str]]:
    """Lower-case key → the key as it is written, and its provider."""
    return {row["model_id"].lower(): (row["model_id"], row["provider_id"]) for row in rows}


def _model_rows(key: str, model: Mapping[str, Any]) -> Iterator[Row]:
    tiers: dict[str, dict[tuple[str, int], Decimal]] = {STANDARD: {}}
    for tier, kind, start, price in _prices(model):
        if not price.is_finite() or price < 0:
            raise PriceBookError(f"LiteLLM's price map has {price} as {kind} of {key}")
        tiers.setdefault(tier, {})[kind, start] = price
    if not any(price for prices in tiers.values() for price in prices.values()):
        return
    for tier, prices in tiers.items():
        all_of_it = {**tiers[STANDARD], **prices}
        for (kind, start), price in all_of_it.items():
            if (kind, 0) not in all_of_it:
                continue  # a price above a threshold only, without one below it: half a price is none
            yield {
                "provider_id": model.get("litellm_provider") or "",
                "model_id": key,
                "service_tier": tier,
                "usage_kind": kind,
                "tier_start_tokens": start,
                "price_usd": price * PER_UNITS[kind],
                "per_units": PER_UNITS[kind],
                "unit_price_usd": unit_price(price, 1),
                "price_rule": "catalogue",
                "valid_from_date": BEGINNING,
                "valid_to_date": END,
                "daily_from_second": 0,
                "daily_to_second": 86_400,
            }


def _prices(model: Mapping[str, Any]) -> Iterator[tuple[str, str, int, Decimal]]:
    """Service tier, usage kind, context threshold, price of one unit; of two for the same, the later wins."""
    mode = model.get("mode")
    names = [*KINDS, *KINDS_BY_MODE.get(mode or "", ())]
    keys = {key: found for key in model if (found := _kind(key, mode))}
    for key, (name, kind, start, tier) in sorted(keys.items(), key=lambda item: names.index(item[1][0])):
        price = model[key]
        if isinstance(price, Decimal) and (price or name in KINDS):
            yield tier, kind, start, price
    for step in model.get("tiered_pricing") or ():
        if "range" in step:  # of input tokens; search prices have steps of results
            for key, price in step.items():
                if key in KINDS and isinstance(price, Decimal):
                    yield STANDARD, KINDS[key], int(step["range"][0]), price
    searches = model.get("search_context_cost_per_query")
    if isinstance(searches, dict) and isinstance(price := searches.get(WEB_SEARCH), Decimal):
        yield STANDARD, "web_searches", 0, price


def _kind(key: str, mode: str | None) -> tuple[str, str, int, str] | None:
    """The name of a price without its endings, its usage kind, its context threshold, its service tier."""
    kinds = {**KINDS, **KINDS_BY_MODE.get(mode or "", {})}
    match = _KEY.fullmatch(key)
    if match is None or match["name"] not in kinds:
        return None
    start = 1000 * int(match["thousands"] or 0)
    return match["name"], kinds[match["name"]], start, TIERS[match["tier"]] if match["tier"] else STANDARD
