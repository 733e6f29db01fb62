"""A scenario against figures worked out by hand, and what holds of every scenario over any cells."""

from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import scenario
from app.scenario import CAPS, EFFECTS, Cell, Kinds, Moved, Outcome, Prices, Scenario

MILLION = 1_000_000
TWELVE = Decimal("1e-12")
NO_PRICES = Prices(None, None, None, None)


def listed(*per_million: str) -> Prices:
    """Prices of a million tokens: input, cache read, cache write, output."""
    return Prices(*(Decimal(price) / MILLION for price in per_million))


SONNET, IN_BATCH = listed("3", "0.3", "3.75", "15"), listed("1.5", "0.15", "1.875", "7.5")
HAIKU, HAIKU_IN_BATCH = listed("1", "0.1", "1.25", "5"), listed("0.5", "0.05", "0.625", "2.5")


def cell(answers: Sequence[int] = (600,) * 1000, **more: Any) -> Cell:
    """A thousand calls of a dear model: a million tokens of input, none of them cached, at list."""
    own = more.get("own", SONNET)
    tokens = {"input_tokens": MILLION, "cache_read_tokens": 0, "cache_write_tokens": 0}
    tokens.update({name: more.pop(name) for name in tokens if name in more})
    output, discount = sum(answers), more.pop("discount", Decimal(1))
    counts = (*tokens.values(), output)
    prices = (own.input, own.cache_read, own.cache_write, own.output)
    paid = Kinds(
        *((discount * count * (price or 0)).quantize(TWELVE) for count, price in zip(counts, prices, strict=True))
    )
    cost = sum(paid.amounts, Decimal(0))
    given_cell = Cell(
        feature_id="chat", provider_id="anthropic", model_id="sonnet", candidate_model_id="haiku", is_evidenced=False,
        is_in_batch=False, request_count=len(answers), unpriced_request_count=0, output_tokens=output, **tokens,
        beyond_cap={cap: sum(max(length - cap, 0) for length in answers) for cap in CAPS},
        cost_usd=cost, contracted_cost_usd=cost, paid=paid, own=SONNET, batch=IN_BATCH, candidate=HAIKU,
        candidate_batch=HAIKU_IN_BATCH,
    )  # fmt: skip
    return replace(given_cell, **more)


def moved(cells: Sequence[Cell], **asked: Any) -> Moved:
    """The cost of a scenario."""
    cost = scenario.run(cells, Scenario(**asked)).cost
    assert cost
    return cost


# a million of input at $3, 600,000 of output at $15
NOW = Decimal(12)


@pytest.mark.parametrize(
    ("asked", "effect", "amount"),
    [
        ({"volume": Decimal("0.25")}, "volume", Decimal(3)),
        ({"volume": Decimal(-1)}, "volume", Decimal(-12)),
        ({"output_cap": 500}, "output_cap", Decimal("-1.5")),  # 100 of 600 tokens of each answer
        ({"output_cap": 1000}, "output_cap", Decimal(0)),
        ({"cheaper": Decimal("0.5")}, "cheaper", Decimal(-4)),  # half of it at a third
        ({"cheaper": Decimal("0.5"), "dear_model_id": "opus"}, "cheaper", Decimal(0)),
        ({"batch": Decimal("0.5")}, "batch", Decimal(-3)),
        # nothing is cached yet: 200,000 tokens are read at $0.3 a million, as many written at $3.75, not at $3
        ({"cache": Decimal("0.4")}, "cache", Decimal("0.2") * (Decimal("0.3") + Decimal("3.75") - 6)),
    ],
)
def test_one_slider_moves_what_was_worked_out_by_hand(asked: dict[str, Any], effect: str, amount: Decimal) -> None:
    cost = moved([cell()], **asked)
    assert (cost.now, cost.effects[effect], cost.then) == (NOW, amount, NOW + amount)


def test_each_effect_is_of_what_those_before_it_left() -> None:
    cost = moved([cell()], volume=Decimal(1), output_cap=500, cheaper=Decimal("0.5"), batch=Decimal(1))
    assert cost.effects == {
        "volume": Decimal(12),
        "output_cap": Decimal(-3),
        "cheaper": Decimal(-7),  # half of $21, at a third
        "cache": Decimal(0),
        "batch": Decimal(-7),  # half of $14, at both models
    }


def test_a_cache_is_read_and_written_in_the_proportion_of_today() -> None:
    # three of four cached tokens are read
    one = cell(cache_read_tokens=300_000, cache_write_tokens=100_000)
    cost = moved([one], cache=Decimal("0.1"))
    assert cost.effects["cache"] == Decimal("0.1") * (Decimal("0.75") * Decimal("0.3") + Decimal("0.9375") - 3)


def test_a_cache_that_is_written_more_than_read_says_do_not() -> None:
    assert moved([cell(cache_read_tokens=1000, cache_write_tokens=99_000)], cache=Decimal("0.5")).effects["cache"] > 0


def test_discounts_and_what_the_bill_says_are_carried_over() -> None:
    paid = cell(discount=Decimal("0.8"))
    assert moved([paid], cheaper=Decimal("0.5")).effects["cheaper"] == Decimal("-3.2")
    billed = replace(paid, cost_usd=Decimal("4.8"))  # half of what the contract says
    assert moved([billed], cheaper=Decimal("0.5")).effects["cheaper"] == Decimal("-1.6")
    assert moved([billed], output_cap=500).effects["output_cap"] == Decimal("-0.6")


def test_what_has_no_such_price_stays_as_it_is() -> None:
    alone = cell(batch=NO_PRICES, candidate=NO_PRICES, candidate_batch=NO_PRICES)
    everything = {"cheaper": Decimal(1), "batch": Decimal(1)}
    assert moved([alone], **everything).then == NOW
    assert scenario.reached(alone) == {"output_cap", "cache"}
    # an embedding has no answer, and no price for one
    no_answers = Prices(IN_BATCH.input, IN_BATCH.input, IN_BATCH.input, None)
    embedding = cell((), own=replace(no_answers, input=SONNET.input), batch=no_answers, candidate=NO_PRICES)
    assert moved([embedding], **everything).then == Decimal("1.5")
    # a price for some of what is used is none
    half_priced = cell(batch=no_answers)
    assert moved([half_priced], batch=Decimal(1)).then == NOW
    assert (
        moved([cell(own=NO_PRICES, paid=cell().paid, cost_usd=NOW, contracted_cost_usd=NOW)], **everything).then == NOW
    )


def test_what_the_cheaper_model_has_no_batch_price_for_goes_there_in_real_time() -> None:
    cost = moved([cell(candidate_batch=NO_PRICES)], cheaper=Decimal("0.5"), batch=Decimal(1))
    assert (cost.effects["cheaper"], cost.effects["batch"]) == (Decimal(-4), Decimal(-3))


def test_what_has_no_price_is_unknown_and_counted() -> None:
    unpriced = cell(cost_usd=None, contracted_cost_usd=None, paid=None, unpriced_request_count=1000)
    outcome = scenario.run([unpriced], Scenario(volume=Decimal(1)), revenue=Decimal(5), cogs=Decimal(0))
    assert (outcome.cost, outcome.gross_profit, outcome.unpriced_request_count) == (None, None, 1000)
    assert [one for _, one in outcome.cells] == [None]
    beside = scenario.run([unpriced, cell()], Scenario())
    assert beside.cost
    assert (beside.cost.now, beside.unpriced_request_count) == (NOW, 1000)


@pytest.mark.parametrize(
    ("sold_by", "revenue", "profit"),
    [("seat", {"volume": 0, "price": 10}, {"volume": -6, "price": 10}),
     ("unit", {"volume": 50, "price": 15}, {"volume": 44, "price": 15})],
)  # fmt: skip
def test_a_seat_pays_the_same_whatever_it_uses_and_a_unit_pays_each_time(
    sold_by: Any, revenue: dict[str, int], profit: dict[str, int]
) -> None:
    asked = Scenario(volume=Decimal("0.5"), price=Decimal("0.1"), sold_by=sold_by)
    outcome = scenario.run([cell()], asked, revenue=Decimal(100), cogs=Decimal(20), units=7)
    assert outcome.revenue == Moved(Decimal(100), {name: Decimal(amount) for name, amount in revenue.items()})
    assert outcome.gross_profit
    assert outcome.gross_profit.now == 80
    assert {name: amount for name, amount in outcome.gross_profit.effects.items() if amount} == profit
    assert (outcome.units_now, outcome.units_then) == (7, Decimal("10.5"))


@pytest.mark.parametrize("name", ["cheaper", "cache", "batch"])
@pytest.mark.parametrize("share", ["-0.000001", "1.000001", "40"])
def test_a_share_outside_of_0_to_1_is_refused(name: str, share: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is a share of 0 to 1"):
        Scenario(**{name: Decimal(share)})


@pytest.mark.parametrize(
    "asked", [{"volume": Decimal("-1.01")}, {"price": Decimal(-2)}, {"output_cap": 300}, {"cheaper": Decimal("NaN")}]
)
def test_what_is_no_scenario_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        Scenario(**asked)


# --- of every scenario ------------------------------------------------------------------------------------------------

COUNTS = st.integers(0, 10**9)
PRICES = st.decimals(Decimal("0.00000001"), Decimal("0.0009"), places=12)
FACTORS = st.decimals(Decimal("0.01"), Decimal(1), places=4)
SHARES = st.decimals(0, 1, places=4)
CHANGES = st.decimals(Decimal("-0.9"), Decimal(3), places=4)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """Calls whose other prices are no dearer than what they list."""
    own = [draw(PRICES) for _ in range(4)]
    own[1:3] = [own[0] * draw(FACTORS), own[0] * draw(FACTORS)]  # reading and writing are no dearer than input

    def cheaper(prices: list[Decimal]) -> list[Decimal]:
        """The same list, cheaper by one factor: a cache pays there as it does here."""
        factor = draw(FACTORS)
        return [price * factor for price in prices]

    candidate = cheaper(own)
    places = {"own": own, "batch": cheaper(own), "candidate": candidate, "candidate_batch": cheaper(candidate)}
    one = cell(
        draw(st.lists(st.integers(0, 10_000), max_size=5)),
        own=Prices(*own), input_tokens=draw(COUNTS), cache_read_tokens=draw(COUNTS), cache_write_tokens=draw(COUNTS),
        discount=draw(FACTORS), model_id=draw(st.sampled_from(["sonnet", "opus"])),
    )  # fmt: skip
    kept = draw(st.sets(st.sampled_from(sorted(places)))) | {"own"}
    invoiced = draw(FACTORS)
    assert one.cost_usd is not None
    return replace(
        one,
        cost_usd=(one.cost_usd * invoiced).quantize(TWELVE),
        **{name: Prices(*prices) if name in kept else NO_PRICES for name, prices in places.items()},
    )


SCENARIOS = st.builds(
    Scenario, cheaper=SHARES, dear_model_id=st.sampled_from([None, "sonnet"]), cache=SHARES, batch=SHARES,
    output_cap=st.sampled_from([None, *CAPS]), volume=CHANGES, price=CHANGES, sold_by=st.sampled_from(["seat", "unit"]),
)  # fmt: skip
FEW = st.lists(cells(), max_size=3)
MONEY = st.decimals(0, 10**9, places=12)


@given(FEW, MONEY, MONEY, st.integers(0, 10**6))
def test_a_neutral_scenario_changes_nothing(found: list[Cell], revenue: Decimal, cogs: Decimal, units: int) -> None:
    outcome = scenario.run(found, Scenario(), revenue=revenue, cogs=cogs, units=units)
    for whole in (outcome.cost, outcome.revenue, outcome.gross_profit):
        assert whole is None or (whole.then == whole.now and not any(whole.effects.values()))
    assert outcome.units_then == outcome.units_now == units
    if outcome.cost:
        assert outcome.cost.now == sum(one.cost_usd or 0 for one in found)


@given(FEW, SCENARIOS, MONEY, MONEY)
def test_effects_sum_to_the_difference_exactly(
    found: list[Cell], asked: Scenario, revenue: Decimal, cogs: Decimal
) -> None:
    outcome = scenario.run(found, asked, revenue=revenue, cogs=cogs)
    if not outcome.cost or not outcome.revenue or not outcome.gross_profit:
        assert not found
        return
    assert outcome.cost.then == sum(one.then for _, one in outcome.cells if one)
    for name in EFFECTS:
        earned, spent = outcome.revenue.effects.get(name, 0), outcome.cost.effects.get(name, 0)
        assert outcome.gross_profit.effects[name] == earned - spent
    later = outcome.revenue.then - (cogs + outcome.cost.then - outcome.cost.now)
    assert outcome.gross_profit.then == later
    assert all(amount == amount.quantize(TWELVE) for amount in outcome.cost.effects.values())


@given(FEW, SCENARIOS)
def test_a_scenario_costs_what_its_tokens_cost_where_they_go(found: list[Cell], asked: Scenario) -> None:
    """The same by another way: no effects, but all that is bought then, each at its own price."""
    outcome = scenario.run(found, asked)
    expected = sum(float(bought(one, asked)) for one in found)
    assert float(outcome.cost.then if outcome.cost else 0) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def bought(one: Cell, asked: Scenario) -> float:
    """What the tokens of a cell cost in a scenario, in floats and in one go."""
    assert one.paid
    assert one.cost_usd is not None

    def floats(prices: Prices) -> list[float] | None:
        amounts = [getattr(prices, item.name) for item in fields(prices)]
        return None if None in amounts else [float(amount) for amount in amounts]

    own, batch, candidate, candidate_batch = map(floats, (one.own, one.batch, one.candidate, one.candidate_batch))
    assert own
    factor = float(one.invoiced)
    bundle = [factor * float(paid) / price for paid, price in zip(one.paid.amounts, own, strict=True)]
    if asked.output_cap and one.output_tokens:
        bundle[3] *= 1 - one.beyond_cap[asked.output_cap] / one.output_tokens
    tokens = one.cache_read_tokens + one.cache_write_tokens
    read = one.cache_read_tokens / tokens if tokens else 0.5
    cached = float(asked.cache) * bundle[0] if own[1] < own[0] else 0
    bundle = [bundle[0] - cached, bundle[1] + read * cached, bundle[2] + (1 - read) * cached, bundle[3]]

    def at(prices: list[float] | None, later: list[float] | None) -> float:
        if prices is None:
            return 0
        whole = sum(count * price for count, price in zip(bundle, prices, strict=True))
        waits = sum(count * price for count, price in zip(bundle, later, strict=True)) if later else whole
        return whole + float(asked.batch) * (waits - whole)

    is_asked = candidate is not None and asked.dear_model_id in (None, one.model_id)
    away = float(asked.cheaper) if is_asked else 0
    there = at(candidate, candidate_batch if batch else None)
    unmoved = float(one.cost_usd) - factor * float(sum(one.paid.amounts))
    return (1 + float(asked.volume)) * ((1 - away) * at(own, batch) + away * there + unmoved)


def dearest(outcome: Outcome) -> Decimal:
    return outcome.cost.then if outcome.cost else Decimal(0)


@given(FEW, SCENARIOS, SHARES, st.sampled_from(["cheaper", "cache", "batch"]))
def test_more_of_what_is_cheaper_never_costs_more(
    found: list[Cell], asked: Scenario, share: Decimal, name: str
) -> None:
    less, more = sorted((share, getattr(asked, name)))
    if name == "cheaper":  # a call in a batch may go to a model that has none, where it costs more
        asked = replace(asked, batch=Decimal(0))
    first, second = (dearest(scenario.run(found, replace(asked, **{name: value}))) for value in (less, more))
    assert second <= first + len(found) * Decimal("1e-11")  # each effect is rounded once


@given(FEW, SCENARIOS, CHANGES)
def test_more_calls_never_cost_less(found: list[Cell], asked: Scenario, change: Decimal) -> None:
    less, more = sorted((change, asked.volume))
    first, second = (dearest(scenario.run(found, replace(asked, volume=value))) for value in (less, more))
    assert first <= second + len(found) * Decimal("1e-11")


@given(FEW, SCENARIOS)
def test_a_lower_limit_of_answers_never_costs_more(found: list[Cell], asked: Scenario) -> None:
    costs = [dearest(scenario.run(found, replace(asked, output_cap=cap))) for cap in (*CAPS, None)]
    assert all(low <= high + len(found) * Decimal("1e-11") for low, high in pairwise(costs))


@given(SCENARIOS, SHARES, MONEY)
def test_a_higher_price_never_earns_less(asked: Scenario, change: Decimal, revenue: Decimal) -> None:
    less, more = sorted((change, asked.price))
    outcomes = [scenario.run([], replace(asked, price=price), revenue=revenue).revenue for price in (less, more)]
    cheap, dear = outcomes
    assert cheap
    assert dear
    assert cheap.then <= dear.then
