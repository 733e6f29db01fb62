"""Why cost changes, in words: the effects of the mart `cost_change`, in the order of its columns."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "new_members": "New features and customers",
    "vanished_members": "Gone features and customers",
    "conversations": "Conversations",
    "turns": "Requests a conversation",
    "requests": "Requests",
    "retries": "Retries",
    "model_mix": "Mix of models",
    "service_tier": "Batch and tier",
    "prompt_tokens": "Prompts",
    "retrieved_context": "Retrieved context",
    "history": "History fed again",
    "output_tokens": "Answers",
    "reasoning": "Reasoning",
    "cache": "Caching",
    "other_use": "Searches, images, other",
    "price": "Catalogue prices",
    "discount": "Discounts",
    "exchange_rate": "Exchange rates",
    "invoice": "What bills say",
    "shared_cost": "Shared and rented cost",
    "shared_share": "Share of shared cost",
    "idle_capacity": "Idle capacity",
    "adjustments": "Adjustments",
}
"""Effect → what a person reads."""

DRIVER_OF: Mapping[str, str] = {
    "requests": "volume",
    "conversations": "volume",
    "turns": "volume",
    "retries": "attempts",
    "service_tier": "model_mix",
    "cache": "cache_misses",
    "discount": "price",
}
"""Effect → the driver of `driver_baselines` that it is of, where that has another name."""

PRICES = ("price", "discount")
"""The effects that are another price for the same."""


def column(effect: str) -> str:
    """The column of an effect in `cost_change`."""
    return f"{effect}_effect_usd"
