"""Why cost changes, in words: effects of `cost_change`, drivers of `driver_baselines`, kinds of `cost_anomalies`."""

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
"""Effect, in the order of the columns → what a person reads."""

DRIVERS: Mapping[str, str] = {
    "volume": "Requests a day",
    "callers": "Shift between callers",
    "attempts": "Calls a request",
    "prompt_tokens": "Prompt tokens a call",
    "retrieved_context": "Retrieved tokens a call",
    "history": "Tokens fed again a call",
    "output_tokens": "Answer tokens a call",
    "reasoning": "Reasoning tokens a call",
    "cache_misses": "Share of input that no cache answered",
    "model_mix": "Mix of models, 1 is usual",
    "price": "Prices, 1 is usual",
    "observability": "Cost of logging a call",
    "other_use": "Other use a call",
}
"""Driver → what is measured of it."""

KINDS: Mapping[str, str] = {
    "drivers": "Driver beyond its limits",
    "drift": "Creeping driver",
    "new_model": "New model",
    "unpriced_model": "Model without a price",
    "absurd_call": "Absurd call",
    "silent_source": "Silent source",
    "price_change": "Price change",
    "budget": "Budget",
}
"""Kind of anomaly → what was noticed."""

BUDGETS: Mapping[str, str] = {
    "within": "Within",
    "at_risk": "At risk",
    "burning": "Burning too fast",
    "over": "Used up",
}
"""How a budget stands (`budget_status`), which is the cause of an anomaly that tells of it → what a person reads."""

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
