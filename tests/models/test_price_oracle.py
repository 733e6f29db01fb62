"""20,000 random calls over the whole catalogue cost in SQL what `genai_prices.calc_price` says, to the last digit."""

import sys
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import pytest
from genai_prices.types import ModelPrice, TieredPrices
from genai_prices.units import _get_registry

from tests.models.conftest import WholeCatalogue
from tests.models.oracle import Case

ROUNDING = Decimal("0.5e-12")
"""Each component of a cost is rounded once, to the twelfth decimal."""

UNIT_ROUNDING = Decimal("0.5e-15")
"""The price of one unit is rounded to the fifteenth decimal."""

NO_PRICE = "a kind that has no price: nothing in the library, unknown here"
BY_RULE = "rule 3: a tier before the catalogue's first day of it, by seeds/price_variant_rules.csv"
ENDLESS = "the price of one unit has no fifteen decimals (an hour's price by the second)"
EXCEPTIONS = {NO_PRICE: 600, BY_RULE: 1_000, ENDLESS: 1_000}
"""Where SQL and library may differ, and in how many of the calls at most."""

LEAST_COMPARED = 17_000


def used(case: Case) -> int:
    return sum(count != 0 for count in case.counts.values()) + 1  # and the request itself


def values(price: ModelPrice) -> Iterator[tuple[Decimal, int]]:
    """Every price, and for how many units it is."""
    for key, value in vars(price).items():
        if value is not None:
            each = [value.base, *(tier.price for tier in value.tiers)] if isinstance(value, TieredPrices) else [value]
            yield from ((one, _get_registry().unit_for_price_key(key).per) for one in each)


def is_exact(price: ModelPrice, decimals: int) -> bool:
    """Whether every unit price ends within so many decimals."""
    return all((one / per * per == one) and one / per == round(one / per, decimals) for one, per in values(price))


def rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-12"), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def rated(whole_catalogue: WholeCatalogue) -> list[tuple[Case, Decimal | None, str]]:
    rows = whole_catalogue.company.rows("select request_id, list_cost_usd, price_status from fct_requests")
    by_id = {request_id: (cost, status) for request_id, cost, status in rows}
    assert len(rows) == len(by_id) == len(whole_catalogue.cases)
    return [(case, *by_id[f"call-{number}"]) for number, case in enumerate(whole_catalogue.cases)]


def test_every_call_costs_what_the_library_says_but_for_the_named_exceptions(
    rated: list[tuple[Case, Decimal | None, str]],
) -> None:
    exceptions: Counter[str] = Counter()
    exact = compared = 0
    wrong = []
    for case, cost, status in rated:
        if case.unpriced():
            exceptions[NO_PRICE] += 1
            if (cost, status) != (None, "no_price"):
                wrong.append((NO_PRICE, case, cost, status, None))
            continue
        price = case.price()
        expected = case.calculation().total_price
        if case.is_by_rule():
            price = case.price_by_rule()
            by_rule = case.calculation_by_rule().total_price
            exceptions[BY_RULE] += by_rule != expected
            expected = by_rule
        allowed = used(case) * ROUNDING
        if not is_exact(price, 15):
            exceptions[ENDLESS] += 1
            allowed += sum(map(Decimal, case.counts.values()), Decimal()) * UNIT_ROUNDING
        compared += 1
        if cost is None or status not in {"priced", "free"} or abs(cost - expected) > allowed:
            wrong.append(("cost", case, cost, status, expected))
        elif is_exact(price, 12) and not (case.counts.get("audio_seconds")):
            exact += 1
            if cost != expected:
                wrong.append(("last digit", case, cost, status, expected))
    sys.stdout.write(f"compared {compared:,}, {exact:,} of them to the last digit; {dict(exceptions)}\n")
    shown = [(why, c.provider.id, c.model.id, c.at, c.tier, c.counts, *more) for why, c, *more in wrong[:5]]
    assert not wrong, f"{len(wrong)}: {shown}"
    assert compared - exceptions[BY_RULE] >= LEAST_COMPARED
    assert exact >= LEAST_COMPARED
    assert all(exceptions[name] <= most for name, most in EXCEPTIONS.items()), exceptions
    assert exceptions.keys() == EXCEPTIONS.keys(), "an exception that no call shows is no exception"
