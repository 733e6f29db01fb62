"""LiteLLM's price map: its keys read as it means them, its decimals kept, its names matched by its own conventions."""

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ingest.prices import litellm
from ingest.prices.tables import BEGINNING, END, MODEL_PRICES, PriceBookError, Row

MAP = "model_prices_litellm_1.109.1.json"


def rows(**model: Any) -> list[Row]:
    """What a model of the map becomes, beside another one."""
    document = {
        "sample_spec": {"input_cost_per_token": 0.1},
        "x/m": {"litellm_provider": "x", "mode": "chat", **model},
        "x/other": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-6},
    }
    found = litellm.rows(json.dumps(document).encode())
    assert [row["price_usd"] for row in found if row["model_id"] != "x/m"] == [1]
    return [row for row in found if row["model_id"] == "x/m"]


def prices(**model: Any) -> list[tuple[str, str, int, Decimal]]:
    """(tier, kind, threshold, price) of what a map of one model becomes."""
    return [
        (row["service_tier"], row["usage_kind"], row["tier_start_tokens"], row["price_usd"]) for row in rows(**model)
    ]


@pytest.fixture
def real_map(shared_data: Path) -> bytes:
    return (shared_data / "price_history" / MAP).read_bytes()


@cache
def real_models(path: Path) -> Mapping[str, tuple[str, str]]:
    return litellm.priced_models(litellm.rows(path.read_bytes()))


def test_a_price_keeps_every_digit_that_is_written() -> None:
    document = b'{"x/m": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1.23456789012e-07}}'
    (row,) = litellm.rows(document)
    assert row["price_usd"] == Decimal("0.123456789012")
    assert row["unit_price_usd"] == Decimal("0.000000123456789")
    assert (row["provider_id"], row["model_id"], row["per_units"]) == ("x", "x/m", 1_000_000)
    assert (row["valid_from_date"], row["valid_to_date"]) == (BEGINNING, END)
    assert row.keys() <= set(MODEL_PRICES.names)


def test_a_tier_overrides_what_it_names_and_takes_the_rest_from_the_standard() -> None:
    assert sorted(prices(input_cost_per_token=2e-6, output_cost_per_token=8e-6, input_cost_per_token_batches=1e-6)) == [
        ("batch", "input_tokens", 0, 1),
        ("batch", "output_tokens", 0, 8),
        ("standard", "input_tokens", 0, 2),
        ("standard", "output_tokens", 0, 8),
    ]


def test_a_threshold_is_in_the_key_also_before_a_tier() -> None:
    found = prices(
        input_cost_per_token=2e-6,
        input_cost_per_token_above_200k_tokens=4e-6,
        input_cost_per_token_priority=3e-6,
        input_cost_per_token_above_200k_tokens_priority=6e-6,
    )
    assert sorted(found) == [
        ("priority", "input_tokens", 0, 3),
        ("priority", "input_tokens", 200_000, 6),
        ("standard", "input_tokens", 0, 2),
        ("standard", "input_tokens", 200_000, 4),
    ]


def test_a_price_above_a_threshold_without_one_below_it_is_left_out() -> None:
    assert prices(input_cost_per_token=2e-6, cache_creation_input_token_cost_above_200k_tokens=3e-6) == [
        ("standard", "input_tokens", 0, 2)
    ]


def test_cache_writes_of_an_hour_and_of_twelve_are_kinds_of_their_own() -> None:
    found = prices(
        input_cost_per_token=1e-6,
        cache_creation_input_token_cost=1.25e-6,
        cache_creation_input_token_cost_above_1hr=2e-6,
        cache_creation_input_token_cost_above_12hr=2.5e-6,
    )
    assert [(kind, price) for _, kind, _, price in found] == [
        ("input_tokens", 1),
        ("cache_write_tokens", Decimal("1.25")),
        ("cache_write_1h_tokens", 2),
        ("cache_write_12h_tokens", Decimal("2.5")),
    ]


def test_tiered_pricing_is_thresholds_of_input_tokens() -> None:
    steps = [
        {"range": [0, 256000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6},
        {"range": [256000.0, 1000000.0], "input_cost_per_token": 3e-6, "output_cost_per_token": 6e-6},
    ]
    assert sorted(prices(tiered_pricing=steps)) == [
        ("standard", "input_tokens", 0, 1),
        ("standard", "input_tokens", 256_000, 3),
        ("standard", "output_tokens", 0, 4),
        ("standard", "output_tokens", 256_000, 6),
    ]


def test_transcribed_seconds_are_billed_once_and_speech_by_its_characters() -> None:
    both = prices(mode="audio_transcription", input_cost_per_second=0.0001, output_cost_per_second=0.0001)
    assert both == [("standard", "audio_seconds", 0, Decimal("0.36"))]
    one = prices(mode="audio_transcription", input_cost_per_second=0.0001, output_cost_per_second=0.0)
    assert one == both
    other = prices(mode="audio_transcription", input_cost_per_second=0, output_cost_per_second=0.0001)
    assert other == both
    assert prices(mode="audio_speech", input_cost_per_character=15e-6) == [("standard", "input_characters", 0, 15)]


def test_what_a_key_means_depends_on_the_mode() -> None:
    assert prices(mode="rerank", input_cost_per_query=0.002) == [("standard", "rerank_searches", 0, 2)]
    assert prices(mode="search", input_cost_per_query=0.008) == [("standard", "web_searches", 0, 8)]
    assert prices(mode="image_generation", input_cost_per_image=0.04) == [
        ("standard", "images", 0, Decimal("0.04")),
    ]
    assert prices(mode="embedding", input_cost_per_image=0.04, input_cost_per_second=0.1) == []


def test_a_search_costs_what_litellm_assumes_where_a_call_does_not_say() -> None:
    sizes = {"search_context_size_low": 0.005, "search_context_size_medium": 0.008, "search_context_size_high": 0.012}
    assert prices(search_context_cost_per_query=sizes) == [("standard", "web_searches", 0, 8)]


def test_a_model_that_costs_nothing_at_all_has_no_price_and_a_free_kind_has_one() -> None:
    assert prices(input_cost_per_token=0.0, output_cost_per_token=0) == []
    assert prices(input_cost_per_token=1e-6, output_cost_per_token=0.0) == [
        ("standard", "input_tokens", 0, 1),
        ("standard", "output_tokens", 0, 0),
    ]


@pytest.mark.parametrize("document", [b"no JSON", b"[]", b'{"m": 1}', b"\xff"])
def test_what_is_no_price_map_is_refused(document: bytes) -> None:
    with pytest.raises(PriceBookError, match="LiteLLM's price map is no"):
        litellm.rows(document)


def test_a_map_without_a_price_is_refused_and_does_not_empty_the_book() -> None:
    for document in (b"{}", b'{"x/m": {"input_cost_per_token": NaN}}'):
        with pytest.raises(PriceBookError, match="LiteLLM's price map holds no price"):
            litellm.rows(document)


def test_what_is_no_price_is_refused_with_the_model_named() -> None:
    with pytest.raises(PriceBookError, match=r"has -0\.000001 as input_tokens of x/m"):
        litellm.rows(b'{"x/m": {"input_cost_per_token": -1e-6}}')


def test_every_price_of_the_real_map_is_mapped_or_known_to_be_left_out(real_map: bytes) -> None:
    models = json.loads(real_map)
    del models["sample_spec"]
    keys = {(key, model.get("mode")) for model in models.values() for key in model if "cost" in key or "pric" in key}
    assert len(keys) > 300
    assert [key for key, mode in keys if not litellm.is_mapped(key, mode) and not litellm.is_left_out(key)] == []


def test_the_rows_of_the_real_map_are_its_numbers(real_map: bytes) -> None:
    models = json.loads(real_map, parse_float=Decimal)
    found = {
        (row["model_id"], row["service_tier"], row["usage_kind"], row["tier_start_tokens"]): row["unit_price_usd"]
        for row in litellm.rows(real_map)
    }
    for key, tier, kind in (
        ("input_cost_per_token", "standard", "input_tokens"),
        ("output_cost_per_token", "standard", "output_tokens"),
        ("cache_read_input_token_cost", "standard", "cache_read_tokens"),
        ("output_cost_per_token_batches", "batch", "output_tokens"),
        ("cache_read_input_token_cost_priority", "priority", "cache_read_tokens"),
    ):
        stated = {name: Decimal(model[key]) for name, model in models.items() if key in model and name != "sample_spec"}
        priced = {name: price for name in stated if (price := found.get((name, tier, kind, 0))) is not None}
        assert len(priced) > 200
        assert priced == {name: round(stated[name], 15) for name in priced}
    assert len({model for model, *_ in found}) > 3_800


def test_a_row_of_the_real_map_is_said_once(real_map: bytes) -> None:
    rows = litellm.rows(real_map)
    keys = {(r["model_id"], r["service_tier"], r["usage_kind"], r["tier_start_tokens"]) for r in rows}
    assert len(keys) == len(rows) > 15_000


@pytest.mark.parametrize(
    ("provider", "name", "key"),
    [
        ("openai", "gpt-4o", "gpt-4o"),
        ("OpenAI", "GPT-4o", "gpt-4o"),
        ("azure", "gpt-4o", "azure/gpt-4o"),
        ("google", "gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("vertex_ai", "claude-sonnet-4-5", "vertex_ai/claude-sonnet-4-5"),
        ("aws", "anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("deepinfra", "Qwen/Qwen3-14B", "deepinfra/Qwen/Qwen3-14B"),
        ("litellm", "deepinfra/Qwen/Qwen3-14B", "deepinfra/Qwen/Qwen3-14B"),
        ("", "text-embedding-3-small", "text-embedding-3-small"),
        ("openai", "ft:gpt-4o-2024-08-06:acme::a1b2", "ft:gpt-4o-2024-08-06"),
        ("cohere", "rerank-v3.5", "rerank-v3.5"),
        ("groq", "gpt-4o", None),  # the key is OpenAI's
        ("openai", "nobody-knows", None),
    ],
)
def test_a_logged_name_is_found_by_litellms_own_conventions(
    shared_data: Path, provider: str, name: str, key: str | None
) -> None:
    assert litellm.key_of(provider, name, real_models(shared_data / "price_history" / MAP)) == key


def test_the_map_is_that_of_the_user_then_that_of_an_installed_litellm_then_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.json"
    own.write_text("{}")
    assert litellm.find_map(own) == (own, "own.json")
    with pytest.raises(PriceBookError, match=r"litellm_prices names .*gone\.json"):
        litellm.find_map(tmp_path / "gone.json")
    monkeypatch.delitem(sys.modules, "litellm", raising=False)
    monkeypatch.setattr(sys, "path", [])
    assert litellm.find_map(None) is None
    package = tmp_path / "site" / "litellm"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('it was imported')")
    (package / litellm.MAP_FILE).write_text("{}")
    (tmp_path / "site" / "litellm-1.109.1.dist-info").mkdir()
    (tmp_path / "site" / "litellm-1.109.1.dist-info" / "METADATA").write_text("Name: litellm\nVersion: 1.109.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    assert litellm.find_map(None) == (package / litellm.MAP_FILE, "litellm 1.109.1")
