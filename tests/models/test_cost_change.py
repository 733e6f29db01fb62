"""Why cost changed: the table function of a real build, over drivers that the test writes."""

import math
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import duckdb
import polars as pl
import pytest

from app import builds
from tests.models.conftest import Companies, write_calls

BEFORE, AFTER = "2026-03-01", "2026-04-01"
CLASSES = ("input", "cache_read", "cache_write", "output", "other")
MEMBER = ("feature_id", "customer_id")


@dataclass(frozen=True)
class Leaf:
    """A model in a tier of a feature and customer on one day."""

    feature_id: str
    customer_id: str = "acme"
    model_id: str = "big"
    service_tier: str = "standard"
    request_count: int = 1000
    retry_count: int = 0
    conversation_count: int = 0
    uncached_input_tokens: int = 600_000
    cache_read_tokens: int = 300_000
    cache_write_tokens: int = 100_000
    retrieved_context_tokens: int = 200_000
    history_tokens: int = 300_000
    output_tokens: int = 200_000
    reasoning_tokens: int = 50_000
    price: float = 1.0
    """Of all prices, against those below."""
    other_a_call: float = 0.001
    discount: float = 0.9
    rate: float = 1.0
    billed: float = 1.0

    def row(self, day: str) -> dict[str, object]:
        """As a row of cost_drivers."""
        listed = {
            "input_cost_usd": self.uncached_input_tokens * 3e-6 * self.price * self.rate,
            "cache_read_cost_usd": self.cache_read_tokens * 3e-7 * self.price * self.rate,
            "cache_write_cost_usd": self.cache_write_tokens * 3.75e-6 * self.price * self.rate,
            "output_cost_usd": self.output_tokens * 15e-6 * self.price * self.rate,
        }
        at_list = sum(listed.values()) + self.request_count * self.other_a_call * self.rate
        contracted = at_list * self.discount
        parts = {name: cost * self.discount for name, cost in listed.items()}
        money = {
            **parts,
            "list_cost_usd": at_list,
            "contracted_cost_usd": contracted,
            "contracted_cost_in_pricing_currency": contracted / self.rate,
            "cost_usd": contracted * self.billed,
        }
        counts = {
            name: getattr(self, name) for name in self.__dataclass_fields__ if name.endswith(("_count", "_tokens"))
        }
        return {
            "usage_date": day, "environment": "production", "workload": "production",
            "feature_id": self.feature_id, "customer_id": self.customer_id, "provider_id": "maker",
            "model_id": self.model_id, "operation": "chat", "service_tier": self.service_tier, "is_batch": False,
            "error_count": 0, "rate_limited_count": 0, "unpriced_request_count": 0,
            **counts, **{name: Decimal(repr(value)).quantize(Decimal("1e-12")) for name, value in money.items()},
        }  # fmt: skip


Effects = Mapping[str, Mapping[str, float]]
Explain = Callable[[list[Leaf], list[Leaf]], Effects]


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of two calls: its tables and its function, not its numbers."""
    home = company("changing")
    calls = [
        {"request_id": day, "provider_id": "openai", "model_id": "gpt-4o", "requested_at": f"{day}T10:00:00Z"}
        for day in (BEFORE, AFTER)
    ]
    home.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", calls), "canonical"))
    return builds.current(home.home).path


@pytest.fixture(scope="module")
def explain(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explain]:
    """Effects in dollars, by feature and effect, of what calls were before and after."""
    copy = Path(shutil.copy(built, tmp_path_factory.mktemp("copy") / "warehouse.duckdb"))
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:

        def explained(before: list[Leaf], after: list[Leaf]) -> Effects:
            rows = [leaf.row(BEFORE) for leaf in before] + [leaf.row(AFTER) for leaf in after]
            drivers = pl.DataFrame(rows, infer_schema_length=None)
            con.execute("delete from intermediate.int_drivers_daily")
            con.register("drivers", drivers)
            con.execute("insert into intermediate.int_drivers_daily by name select * from drivers")
            result = con.sql(f"""
                select feature_id, sum(columns('_usd$')), count(*) filter (
                    after_usd - before_usd <> rounding_usd + {" + ".join(_effects(con))}
                ) as open_count
                from marts.cost_change_between('{BEFORE}', '{BEFORE}', '{AFTER}', '{AFTER}')
                group by 1 order by 1
            """).pl()
            assert result["open_count"].sum() == 0
            return {
                row.pop("feature_id"): {name.removesuffix("_effect_usd"): float(value) for name, value in row.items()}
                for row in result.drop("open_count").to_dicts()
            }

        yield explained


def _effects(con: duckdb.DuckDBPyConnection) -> list[str]:
    columns = con.sql("from marts.cost_change limit 0").columns
    return [name for name in columns if name.endswith("_effect_usd")]


def told(effects: Mapping[str, float], least: float = 1e-6) -> dict[str, float]:
    """Only what is an effect, and more than nothing."""
    sides = ("before_usd", "after_usd", "rounding_usd")
    return {name: value for name, value in effects.items() if name not in sides and abs(value) > least}


# Each changes one link of the chain and nothing else.
ONE_LINK = {
    "requests": ({}, {"request_count": 1500, "uncached_input_tokens": 900_000, "cache_read_tokens": 450_000,
                      "cache_write_tokens": 150_000, "retrieved_context_tokens": 300_000, "history_tokens": 450_000,
                      "output_tokens": 300_000, "reasoning_tokens": 75_000}),
    "prompt_tokens": ({"cache_read_tokens": 0, "cache_write_tokens": 0},
                      {"cache_read_tokens": 0, "cache_write_tokens": 0, "uncached_input_tokens": 700_000}),
    "retrieved_context": (
        {"cache_read_tokens": 0, "cache_write_tokens": 0},
        {"cache_read_tokens": 0, "cache_write_tokens": 0, "uncached_input_tokens": 900_000,
         "retrieved_context_tokens": 500_000}),
    "history": (
        {"cache_read_tokens": 0, "cache_write_tokens": 0},
        {"cache_read_tokens": 0, "cache_write_tokens": 0, "uncached_input_tokens": 650_000, "history_tokens": 350_000}),
    "output_tokens": ({}, {"output_tokens": 260_000}),
    "reasoning": ({}, {"output_tokens": 260_000, "reasoning_tokens": 110_000}),
    "cache": ({}, {"uncached_input_tokens": 850_000, "cache_read_tokens": 50_000}),
    "price": ({"other_a_call": 0.0}, {"other_a_call": 0.0, "price": 0.8}),
    "other_use": ({}, {"other_a_call": 0.002}),
    "discount": ({}, {"discount": 0.8}),
    "exchange_rate": ({}, {"rate": 1.1}),
    "invoice": ({}, {"billed": 1.02}),
    "retries": ({"other_a_call": 0.0}, {"other_a_call": 0.0, "request_count": 1200, "retry_count": 200,
                "uncached_input_tokens": 720_000, "cache_read_tokens": 360_000, "cache_write_tokens": 120_000,
                "retrieved_context_tokens": 240_000, "history_tokens": 360_000, "output_tokens": 240_000,
                "reasoning_tokens": 60_000}),
}  # fmt: skip


def test_what_changes_alone_is_named_alone(explain: Explain) -> None:
    before = [replace(Leaf(name), **said) for name, (said, _) in ONE_LINK.items()]
    after = [replace(Leaf(name), **said) for name, (_, said) in ONE_LINK.items()]
    effects = explain(before, after)
    for name in ONE_LINK:
        moved = effects[name]["after_usd"] - effects[name]["before_usd"]
        assert abs(moved) > 0.01, name
        assert told(effects[name]) == pytest.approx({name: moved}, abs=1e-6), name


def test_more_conversations_and_longer_ones_are_two_effects(explain: Explain) -> None:
    """2 × the conversations of 1.5 × the length: requests × 3, which is ln 2 to ln 1.5 of it."""
    one = Leaf("chat", conversation_count=100, other_a_call=0.0)
    counts = {name: 3 * getattr(one, name) for name in one.__dataclass_fields__ if name.endswith(("_count", "_tokens"))}
    effects = explain([one], [replace(one, **{**counts, "conversation_count": 200})])["chat"]
    moved = effects["after_usd"] - effects["before_usd"]
    assert told(effects) == pytest.approx(
        {"conversations": moved * math.log(2) / math.log(3), "turns": moved * math.log(1.5) / math.log(3)}
    )


def test_what_is_new_or_gone_is_named_by_what_is_new_or_gone(explain: Explain) -> None:
    before = [
        Leaf("model"), Leaf("tier"), Leaf("gone"), Leaf("customer"), Leaf("cold", cache_read_tokens=0),
        Leaf("free", discount=0.0), Leaf("bill", billed=0.0), Leaf("silent", output_tokens=0, reasoning_tokens=0),
    ]  # fmt: skip
    after = [
        Leaf("model"), Leaf("model", model_id="small"), Leaf("tier"), Leaf("tier", service_tier="batch"), Leaf("new"),
        Leaf("customer"), Leaf("customer", customer_id="bolt"), Leaf("cold"), Leaf("free"), Leaf("bill"),
        Leaf("silent"),
    ]  # fmt: skip
    effects = explain(before, after)
    # the new model takes half of twice the requests: those are the member's, its share is the mix's
    assert set(told(effects["model"])) == {"requests", "model_mix"}
    assert set(told(effects["tier"])) == {"requests", "service_tier"}
    assert set(told(effects["new"])) == {"new_members"}
    assert set(told(effects["gone"])) == {"vanished_members"}
    assert set(told(effects["customer"])) == {"new_members"}
    assert "cache" in told(effects["cold"])
    assert set(told(effects["free"])) == {"discount"}
    assert set(told(effects["bill"])) == {"invoice"}
    assert set(told(effects["silent"])) == {"output_tokens", "reasoning"}


def some_leaves(draw: random.Random, feature: str) -> tuple[list[Leaf], list[Leaf]]:
    """A feature of up to three customers and models before and after: each side may lack any, and any part of it."""
    sides: tuple[list[Leaf], list[Leaf]] = ([], [])
    for customer in range(draw.randint(1, 3)):
        for model in range(draw.randint(1, 3)):
            for side in sides:
                if draw.random() < 0.15:
                    continue
                count = draw.randint(1, 5000)

                def some(most: int, of: int = count) -> int:
                    return 0 if draw.random() < 0.2 else draw.randint(1, most) * of

                fresh, read, write, output = some(4000), some(3000), some(500), some(1500)
                side.append(
                    Leaf(
                        feature,
                        f"c{customer}",
                        f"m{model}",
                        draw.choice(["standard", "batch"]),
                        count,
                        draw.randint(0, count // 3),
                        draw.randint(0, count),
                        fresh,
                        read,
                        write,
                        draw.randint(0, fresh + read + write),
                        draw.randint(0, fresh),
                        output,
                        draw.randint(0, output),
                        draw.choice([1.0, draw.uniform(0.3, 3)]),
                        draw.choice([0.0, 0.01]),
                        draw.choice([1.0, 0.9]),
                        draw.choice([1.0, 1.1]),
                        draw.choice([1.0, draw.uniform(0.9, 1.2)]),
                    )
                )
    return sides


def one_row_a_leaf(leaves: list[Leaf]) -> list[Leaf]:
    """The same without a second row of a tier."""
    return list(
        {(leaf.feature_id, leaf.customer_id, leaf.model_id, leaf.service_tier): leaf for leaf in leaves}.values()
    )


def test_effects_sum_to_the_change_in_three_thousand_random_cases(explain: Explain) -> None:
    draw = random.Random(20261129)  # noqa: S311 - the same cases every time
    cases = [some_leaves(draw, f"case {number}") for number in range(3000)]
    before = one_row_a_leaf([leaf for case, _ in cases for leaf in case])
    after = one_row_a_leaf([leaf for _, case in cases for leaf in case])
    zeros = sum(leaf.output_tokens == 0 for leaf in before + after) / len(before + after)
    assert 0.1 < zeros < 0.3
    effects = explain(before, after)
    assert len(effects) > 2900
    for feature, told_of in effects.items():
        assert abs(told_of["rounding_usd"]) <= 1e-9 * (1 + told_of["before_usd"] + told_of["after_usd"]), feature
        assert all(math.isfinite(value) for value in told_of.values()), feature

    backwards = explain(after, before)
    for feature, told_of in effects.items():
        mirrored = dict(backwards[feature])
        mirrored["new_members"], mirrored["vanished_members"] = mirrored["vanished_members"], mirrored["new_members"]
        for name in told(told_of):
            assert mirrored[name] == pytest.approx(-told_of[name], rel=1e-6, abs=1e-6), (feature, name)


def test_a_feature_changes_for_the_same_reasons_whatever_the_others_do(explain: Explain) -> None:
    draw = random.Random(7)  # noqa: S311 - as above
    cases = {f"case {number}": some_leaves(draw, f"case {number}") for number in range(20)}
    together = explain(
        one_row_a_leaf([leaf for before, _ in cases.values() for leaf in before]),
        one_row_a_leaf([leaf for _, after in reversed(cases.values()) for leaf in reversed(after)]),
    )
    for feature, (before, after) in cases.items():
        if before or after:
            alone = explain(one_row_a_leaf(before), one_row_a_leaf(list(reversed(after))))
            assert alone[feature] == pytest.approx(together[feature], rel=1e-9, abs=1e-9)


def shapley(
    before: Mapping[str, float], after: Mapping[str, float], cost: Callable[[Mapping[str, float]], float]
) -> dict[str, float]:
    """What each factor adds to the cost, averaged over every order in which factors may have changed."""
    names = list(before)
    shares: dict[str, float] = defaultdict(float)
    for name in names:
        others = [other for other in names if other != name]
        for size in range(len(others) + 1):
            weight = math.factorial(size) * math.factorial(len(others) - size) / math.factorial(len(names))
            for changed in combinations(others, size):
                world = {one: after[one] if one in changed else before[one] for one in names}
                shares[name] += weight * (cost({**world, name: after[name]}) - cost(world))
    return dict(shares)


MODERATE = {
    "requests": (900, 1100), "retries": (1.05, 1.15), "prompt_tokens": (900, 1100), "retrieved_context": (800, 1000),
    "history": (400, 600), "fresh": (0.55, 0.65), "output_tokens": (180, 220), "reasoning": (40, 60),
    "price": (0.9, 1.1), "discount": (0.85, 0.95),
}  # fmt: skip


def test_effects_are_those_of_shapley_where_changes_are_moderate(explain: Explain) -> None:
    """The other exact way, by every order of changes: the same for a fifth more or less, to 2 % of what moved."""
    draw = random.Random(11)  # noqa: S311 - as above
    agreed = 0
    cases = 200
    before, after, oracle = [], [], {}
    for number in range(cases):
        feature = f"case {number}"
        worlds = [{name: draw.uniform(*between) for name, between in MODERATE.items()} for _ in range(2)]

        def cost(world: Mapping[str, float]) -> float:
            calls = world["requests"] * world["retries"]
            read = calls * (world["prompt_tokens"] + world["retrieved_context"] + world["history"])
            answered = calls * (world["output_tokens"] + world["reasoning"])
            tokens = read * (world["fresh"] * 3e-6 + (1 - world["fresh"]) * 3e-7) + answered * 15e-6
            return tokens * world["price"] * world["discount"]

        for world, side in zip(worlds, (before, after), strict=True):
            thousand = 1000  # whole counts, fine enough
            calls = round(world["requests"] * world["retries"] * thousand)
            read = [round(calls * world[name]) for name in ("prompt_tokens", "retrieved_context", "history")]
            fresh = round(sum(read) * world["fresh"])
            side.append(
                Leaf(
                    feature,
                    request_count=calls,
                    retry_count=calls - round(world["requests"] * thousand),
                    uncached_input_tokens=fresh,
                    cache_read_tokens=sum(read) - fresh,
                    cache_write_tokens=0,
                    retrieved_context_tokens=read[1],
                    history_tokens=read[2],
                    output_tokens=round(calls * (world["output_tokens"] + world["reasoning"])),
                    reasoning_tokens=round(calls * world["reasoning"]),
                    price=world["price"],
                    discount=world["discount"],
                    other_a_call=0.0,
                )
            )
        shares = shapley(*worlds, cost)
        shares["cache"] = shares.pop("fresh")
        oracle[feature] = {name: 1000 * share for name, share in shares.items()}
    for feature, told_of in explain(before, after).items():
        moved = sum(abs(share) for share in oracle[feature].values())
        for name, share in oracle[feature].items():
            assert told_of[name] == pytest.approx(share, abs=0.02 * moved), (feature, name)
        first = max(oracle[feature], key=lambda name: abs(oracle[feature][name]))
        agreed += first == max(told(told_of), key=lambda name: abs(told_of[name]))
    assert agreed >= 0.95 * cases


def test_what_conversations_feed_again_is_measured_and_explained(company: Companies, tmp_path: Path) -> None:
    """Two conversations of support a day in March, of two turns; one more turn each in April.

    A turn reads all that was read and answered before, without thought: 1,000 in and 200 out (50 of it thought) make
    1,150 known; the second reads 1,500 of which 1,150 are history; the third 2,000, of which min(2,000, 1,650) are.
    """
    turns = [(1000, 200, 50, 0), (1500, 150, 0, 100), (2000, 100, 0, 0)]
    calls = []
    for day, count in (("2026-03-02", 2), ("2026-04-02", 3)):
        for conversation in ("a", "b"):
            for turn, (read, answered, thought, retrieved) in enumerate(turns[:count]):
                calls.append(
                    {
                        "request_id": f"{day} {conversation} {turn}", "provider_id": "openai", "model_id": "gpt-4o",
                        "requested_at": f"{day}T10:0{turn}:00Z", "feature_id": "support", "customer_id": "acme",
                        "conversation_id": f"{day} {conversation}", "operation": "chat",
                        "uncached_input_tokens": read, "output_tokens": answered, "reasoning_tokens": thought,
                        "retrieved_context_tokens": retrieved,
                    }
                )  # fmt: skip
    home = company("conversations")
    home.load((write_calls(tmp_path / "calls.jsonl", calls), "canonical"))
    drivers = home.rows(
        "select conversation_count, request_count, history_tokens, retrieved_context_tokens, uncached_input_tokens"
        " from marts.cost_drivers order by usage_date"
    )
    # history of the second turn: what was read without what is retrieved, at most what was known: min(1,400, 1,150)
    assert drivers == [(2, 4, 2 * 1150, 200, 5000), (2, 6, 2 * (1150 + 1650), 200, 9000)]
    ((before, after, history, prompt, output, turns_effect, requests, rest),) = home.rows(
        "select before_usd, after_usd, history_effect_usd, prompt_tokens_effect_usd, output_tokens_effect_usd,"
        " turns_effect_usd, requests_effect_usd + conversations_effect_usd, price_effect_usd + rounding_usd"
        " from marts.cost_change where grain = 'month' and period_start_date = '2026-04-01'"
    )
    # $2.50 and $10 a million tokens
    assert (before, after) == (Decimal("0.0195"), Decimal("0.0315"))
    assert turns_effect > 0
    assert history > 0
    assert requests == 0
    assert abs(rest) < Decimal("1e-11")
    # a third turn asks little and answers little: a call's own prompt and answer are shorter than before
    assert prompt < 0
    assert output < 0
