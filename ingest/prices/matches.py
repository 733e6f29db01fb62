"""Each name that a source logged, resolved once: by `genai-prices`' own matching, else by LiteLLM's keys.

`matched_by` says how: `genai-prices` (the provider's own models) · `genai-prices, fallback provider` (Azure serves
OpenAI's) · `genai-prices, no provider` (only a name was logged) · `genai-prices, short name` (a resource name or a way
of routing, whose model is known) · `litellm` · `none`.
"""

from collections.abc import Iterable, Iterator, Mapping

from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import ModelInfo, Provider

from ingest.prices.litellm import key_of
from ingest.prices.tables import GENAI_PRICES, LITELLM, Row

ROUTING = (":nitro", ":floor", ":online", ":exacto")
"""What OpenRouter appends to a model to say how to choose among who serves it: the model and its list price stay.
`:free` and `:batch` are prices of their own, and stay unknown where no source has them."""


def resolve(
    seen: Iterable[tuple[str, str]], catalogue: DataSnapshot, litellm_models: Mapping[str, tuple[str, str]]
) -> Iterator[Row]:
    """One row of `MODEL_MATCHES` for each (provider, model), without learned_at.

    `genai-prices` answers first; where it does not know the model, or knows it without any price, LiteLLM's map does.

    Args:
        seen: as the sources logged them; the provider may be blank.
        catalogue: by which names are matched.
        litellm_models: `litellm.priced_models` of the map; empty without one.
    """
    owners = {id(model): provider.id for provider in catalogue.providers for model in provider.models}
    for provider_id, model_name in seen:
        key = key_of(provider_id, model_name, litellm_models)
        row: Row = {
            "provider_id": provider_id,
            "model_name": model_name,
            "price_source": None,
            "price_provider_id": None,
            "price_model_id": None,
            "matched_by": "none",
            "litellm_model_id": key,
        }
        found = next(_found(provider_id, model_name, catalogue), None)
        model = found[1] if found else None
        if key is not None and (model is None or not _is_priced(model)):
            of = litellm_models[key.lower()][1]
            row |= {"price_source": LITELLM, "price_provider_id": of, "price_model_id": key, "matched_by": "litellm"}
        elif found and model is not None:
            owner = owners[id(model)]
            how = ", short name" if found[2] != model_name else ""
            how = ", fallback provider" if owner != found[0].id else how
            how = how if provider_id else ", no provider"
            row |= {
                "price_source": GENAI_PRICES,
                "price_provider_id": owner,
                "price_model_id": model.id,
                "matched_by": GENAI_PRICES + how,
            }
        yield row


def _found(provider_id: str, model_name: str, catalogue: DataSnapshot) -> Iterator[tuple[Provider, ModelInfo, str]]:
    """The library's answers: for the name as logged, then for the model in it; with the name that the library knows."""
    for name in _spellings(model_name):
        try:
            yield *catalogue.find_provider_model(name, None, provider_id or None, None), name
        except LookupError:
            continue  # by LookupError the library says that it knows no such model: that is an answer


def _spellings(model_name: str) -> Iterator[str]:
    """A name, and the model in it: of an ARN, of `publishers/google/models/…`, of a routed slug of OpenRouter."""
    yield model_name
    if model_name.startswith(("arn:", "models/", "publishers/", "projects/")):
        yield model_name.rsplit("/", 1)[-1]
    for suffix in ROUTING:
        if model_name.endswith(suffix):
            yield model_name.removesuffix(suffix)


def changed(before: Iterable[Row], now: Iterable[Row]) -> list[Row]:
    """The names that resolve for the first time, or differently than before."""
    last = {(row["provider_id"], row["model_name"]): row for row in before}
    return [
        row
        for row in now
        if (old := last.get((row["provider_id"], row["model_name"]))) is None
        or any(old[name] != value for name, value in row.items())
    ]


def _is_priced(model: ModelInfo) -> bool:
    """Whether it has any price at any time."""
    prices = [one.prices for one in model.prices] if isinstance(model.prices, list) else [model.prices]
    return any(value is not None for one in prices for value in vars(one).values())
