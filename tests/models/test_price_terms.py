"""Contracts and uplifts at their edges: what they may not do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

MODELS = f"{CALL_MODELS} +price_book"

OVERRIDES = [
    {"effect": "discount", "discount_percent": "20"},
    {"effect": "free", "provider_id": "anthropic", "model_id": "claude-opus-4-6", "usage_kind": "input_tokens"},
    {
        "effect": "contract_price",
        "provider_id": "acme",
        "model_id": "own-1",
        "usage_kind": "input_tokens",
        "price": "1",
        "per_units": "1000000",
    },
    {
        "effect": "contract_price",
        "provider_id": "acme",
        "model_id": "own-1",
        "usage_kind": "output_tokens",
        "price": "2",
        "per_units": "1000000",
    },
]


def call(name: str, provider: str, model: str, **more: Any) -> dict[str, Any]:
    return {
        "request_id": name,
        "provider_id": provider,
        "model_id": model,
        "requested_at": "2026-09-10T12:00:00Z",
        "uncached_input_tokens": 1_000_000,
        "output_tokens": 100_000,
        **more,
    }


CALLS = [
    call("partly free", "anthropic", "claude-opus-4-6"),
    call("unknown", "openai", "totally-unknown-9"),
    call("own", "acme", "own-1"),
    call("us", "anthropic", "claude-sonnet-5", region_id="us"),
]


@pytest.fixture(scope="module")
def terms(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """September was closed a minute after the book began."""
    made = company("terms", select=MODELS, overrides=OVERRIDES)
    made.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", CALLS), "canonical"))
    closed_at = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=1)
    made.close(("2026-09-01", f"{closed_at:%Y-%m-%dT%H:%M:%S}Z"))
    made.load()
    return made


def costs(of: Company) -> dict[str, tuple[str, Decimal | None]]:
    return {
        name: (status, cost)
        for name, status, cost in of.rows("select request_id, price_status, contracted_cost_usd from fct_requests")
    }


def test_a_call_of_which_one_kind_is_free_costs_the_rest(terms: Company) -> None:
    """Opus 4.6: output at $25 a million, less 20 %."""
    assert costs(terms)["partly free"] == ("priced", Decimal(2))


def test_a_discount_makes_no_unknown_model_known(terms: Company) -> None:
    assert costs(terms)["unknown"] == ("unknown_model", None)


def test_the_price_book_names_an_own_model_and_every_line_of_its_contract(terms: Company) -> None:
    assert costs(terms)["own"] == ("priced", Decimal("1.2"))
    assert terms.rows(
        "select distinct provider_id, model_id, price_source, override_lines from fct_requests "
        "inner join (select price_id, price_source, override_lines from price_book) using (price_id) "
        "where request_id = 'own'"
    ) == [("acme", "own-1", "price_overrides", "2, 4, 5")]


def test_an_edited_uplift_moves_open_months_only(terms: Company, tmp_path: Path) -> None:
    """Sonnet 5 at 2 / 10 for a million, in the US times 1.1, less 20 %: 1.1 × 0.8 × 3 = 2.64."""
    assert costs(terms)["us"] == ("priced", Decimal("2.64"))
    rules = terms.project / "seeds" / "price_uplift_rules.csv"
    rules.write_text(rules.read_text().replace("anthropic-us,anthropic,*,us,1.1,", "anthropic-us,anthropic,*,us,1.5,"))
    october = {
        **call("october", "anthropic", "claude-sonnet-5", region_id="us"),
        "requested_at": "2026-10-10T00:00:00Z",
    }
    # learned now, that is before the close in a minute: only a book that reads times would tell
    terms.close(("2026-09-01", "2015-01-01T00:00:00Z"))
    terms.load((write_calls(tmp_path / "october.jsonl", [october]), "canonical"))
    found = costs(terms)
    assert found["us"] == ("priced", Decimal("2.64")), "closed before there was a book: what it said when it began"
    assert found["october"] == ("priced", Decimal("3.6"))


def test_what_is_learned_on_the_day_on_which_the_book_began_does_not_move_a_closed_month(terms: Company) -> None:
    """Runs after the test above: nothing but the close decides, however young the book is."""
    began = terms.rows("select min(learned_at) from staging.stg_prices__snapshots")[0][0]
    terms.close(("2026-09-01", f"{began + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}Z"))
    terms.load()
    assert costs(terms)["us"] == ("priced", Decimal("2.64"))
