"""Random companies: by whatever dimension a mart tells them apart, cost and revenue are the company's.

To the last digit. What calls, units and revenue lines sum to is counted here once more. A build takes ten seconds, so
that a company is a large one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.models import test_allocation as allocation
from tests.models.conftest import Company, new_company, write_calls
from tests.models.reconciled import write_bill
from tests.models.test_attribution import MILLION, with_rules
from tests.models.test_margin import PLANS
from tests.models.test_units import PRICES, UNITS

D = Decimal
CUSTOMERS = ("ann", "bob", "cee", "dan", None)
FEATURES = ("chat", "search", "import", None)
UNATTRIBUTED = "(unattributed)"
FIRST = datetime(2026, 9, 20, tzinfo=UTC)
PRICE = {"uncached_input_tokens": D("0.000001"), "output_tokens": D("0.000002"), "cache_read_tokens": D("0.0000001")}
DRIVERS = ("tokens", "requests", "conversations", "revenue", "cost", "even")
ATTRIBUTION = [
    {"rule_number": 1, "api_key_id": "key-cee", "set_customer_id": "cee"},
    {"rule_number": 2, "customer_id": "dan", "feature_id": UNATTRIBUTED, "set_feature_id": "search"},
    {"rule_number": 3, "user_id": "u-1", "set_unit_id": "report"},
]

Row = dict[str, Any]


def calls(random: Random) -> list[Row]:
    """Some hundred calls on fifty days: conversations that go on for days, retries, steps, no price, no owner."""
    return [
        {
            "request_id": f"call-{number}",
            "provider_id": "acme",
            "model_id": random.choices(("small", "none-such"), (9, 1))[0],
            "requested_at": f"{FIRST + timedelta(minutes=random.randrange(50 * 24 * 60)):%Y-%m-%dT%H:%M:00Z}",
            "customer_id": random.choice(CUSTOMERS),
            "feature_id": random.choice(FEATURES),
            "api_key_id": random.choice(("key-1", "key-cee", None)),
            "user_id": random.choice(("u-1", "u-2", None)),
            "environment": random.choices((None, "production", "training"), (4, 4, 1))[0],
            "operation": random.choice(("chat", "chat", "chat", "embeddings", "rerank")),
            "status": random.choices(("ok", "error"), (5, 1))[0],
            "conversation_id": random.choice((*(f"c-{one}" for one in range(12)), None)),
            "trace_id": random.choice((*(f"t-{one}" for one in range(40)), None)),
            **{kind: random.randrange(3 * MILLION) for kind in PRICE},
        }
        for number in range(random.randrange(100, 400))
    ]


def attributed(call: Row) -> Row:
    """A call as the rules above make it."""
    customer = "cee" if call["api_key_id"] == "key-cee" else call["customer_id"]
    feature = call["feature_id"] or ("search" if call["customer_id"] == "dan" else None)
    return {**call, "customer_id": customer or UNATTRIBUTED, "feature_id": feature or UNATTRIBUTED}


def cost(call: Row) -> Decimal:
    known = call["model_id"] == "small"
    return sum((call[kind] * price for kind, price in PRICE.items()), D(0)) if known else D(0)


def total(of: Iterable[Row]) -> Decimal:
    return sum(map(cost, of), D(0))


def revenue(random: Random) -> list[tuple[str, str]]:
    """Lines of a file, and the amount of each."""
    lines = []
    for number in range(random.randrange(12)):
        start = FIRST.date() + timedelta(days=random.randrange(20) + number)
        end = start + timedelta(days=random.randrange(1, 33))
        amount = str(D(random.randrange(-2_000, 50_000)) / 7).split("E")[0][:12]
        customer, feature = random.choice((*CUSTOMERS[:4], "eve")), random.choice(("", "", "chat", "export"))
        lines.append((f"{customer},{start},{end},{amount},USD,{feature},{random.choice(('', 'pro', 'max'))}", amount))
    return lines


def units(random: Random) -> list[tuple[str, ...]]:
    """Units that share calls with each other, with and without a price."""
    by = ("conversation", "trace", "request", "user", "customer")
    made = [
        (f"unit-{number}", random.choice(by), random.choice(("*", "chat", "s*", "import")),
         random.choice(("*", "chat", "e*")), random.choice(("0", "0", "2.5")), "0.5")
        for number in range(random.randrange(4))
    ]  # fmt: skip
    return [("call", "request", "*", "*", "0", "0"), ("report", "request", "-", "-", "1", "0"), *made]


@dataclass(frozen=True)
class Built:
    """A company, and what went into it: calls, units, what it earned, and what was charged for pools of shared cost."""

    company: Company
    logged: list[Row]
    units: list[tuple[str, ...]]
    earned: Decimal
    pooled: Decimal


def build(random: Random, folder: Path) -> Built:
    """Load a random company."""
    made = with_rules(new_company(folder, overrides=PRICES), ATTRIBUTION)
    all_units = units(random)
    made.seed("units", UNITS, [dict(zip(UNITS, (*unit, "of this test"), strict=True)) for unit in all_units])
    plans = [("ann", "free", "small", "2026-09-25", "2026-10-09"), ("bob", "team", "large", "2026-01-01", "2100-01-01")]
    made.seed("customer_plans", PLANS, [dict(zip(PLANS, (*line, "by hand"), strict=True)) for line in plans])
    pools = [(f"pool{number}", random.choice(DRIVERS)) for number in range(3)]
    allocation.with_rules(
        made,
        [
            allocation.rule(number, name, driver, idle=random.choice(("apart", "spread")),
                            daily_capacity=random.choice((0, 200 * MILLION)) if driver == "tokens" else 0)
            for number, (name, driver) in enumerate(pools, 1)
        ],
    )  # fmt: skip
    charges = []
    for words in ("pool0", "pool1", "pool2", "of no pool"):
        first = random.randrange(1, 29)
        amount = str(D(random.randrange(100_000)) / 1_000)
        last = random.choice((first, 31))
        charges.append((amount, allocation.charge(words, first, last, amount, ProviderName="Rent")))
    lines, logged = revenue(random), calls(random)
    (folder / "revenue.csv").write_text(
        "\n".join(["customer_id,period_start,period_end,amount,currency,feature,plan", *(line for line, _ in lines)])
    )
    known = [{key: value for key, value in call.items() if value is not None} for call in logged]
    made.load(
        *([(folder / "revenue.csv", None)] if lines else []),
        (write_calls(folder / "calls.jsonl", known), "canonical"),
        write_bill(folder / "bill.csv", [charge for _, charge in charges]),
    )
    earned = sum((D(amount) for _, amount in lines), D(0))
    pooled = sum((D(amount) for amount, _ in charges[: len(pools)]), D(0))
    return Built(made, [attributed(call) for call in logged], all_units, earned, pooled)


@pytest.fixture
def folders(tmp_path: Path) -> Callable[[], Path]:
    made: list[Path] = []

    def another() -> Path:
        made.append(tmp_path / f"company-{len(made)}")
        made[-1].mkdir()
        return made[-1]

    return another


def test_by_every_dimension_cost_and_revenue_are_the_companys(folders: Callable[[], Path]) -> None:
    # a company that is made smaller is another company: to shrink it is to build for nothing
    @settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
    @given(seed=st.integers(0, 2**32))
    def conserved(seed: int) -> None:
        built = build(Random(seed), folders())  # noqa: S311 - to be had again
        company, production = built.company, [call for call in built.logged if call["environment"] != "training"]
        of_calls_are_the_logs(company, built.logged, production)
        of_units_are_their_calls(company, production, built.units)
        of_margins_are_the_companys(company, production, built.earned)
        assert one(company, "select coalesce(sum(allocated_cost_usd), 0) from allocated_costs") == built.pooled

    conserved()


def one(company: Company, query: str) -> Any:
    return company.rows(query)[0][0]


def of_calls_are_the_logs(company: Company, logged: list[Row], production: list[Row]) -> None:
    """The marts that hold what calls cost."""
    direct = (total(production), len(production))
    for mart in ("cost_per_feature", "cost_per_customer"):
        assert company.rows(f"select coalesce(sum(cost_usd), 0), sum(request_count) from {mart}") == [direct], mart
    assert company.rows(
        "select coalesce(sum(request_cost_usd), 0), sum(request_count) from cost_by_workload"
    ) == [(total(logged), len(logged))]  # fmt: skip
    assert one(company, "select coalesce(sum(amount_usd), 0) from cost_lines where price_status = 'priced'") == total(
        logged
    )
    of = {(call["customer_id"], call["conversation_id"]) for call in production if call["conversation_id"]}
    talks = [call for call in logged if (call["customer_id"], call["conversation_id"]) in of]
    assert company.rows("select coalesce(sum(cost_usd), 0), sum(request_count) from cost_by_turn") == [
        (total(talks), len(talks))
    ]


def makes(call: Row, unit: tuple[str, ...]) -> bool:
    """Whether a call is of a unit's kind."""
    name, _, feature, operation, *_ = unit
    by_rule = name == "report" and call["user_id"] == "u-1"
    return by_rule or (fnmatchcase(call["feature_id"], feature) and fnmatchcase(call["operation"], operation))


def is_counted(call: Row, unit: tuple[str, ...]) -> bool:
    """Whether it tells the one that it is of."""
    told = {"conversation": "conversation_id", "trace": "trace_id", "user": "user_id"}
    return unit[1] not in told or call[told[unit[1]]] is not None


def own(call: Row, all_units: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Of the units that a call makes, the one that says most of it."""
    return min(
        (unit for unit in all_units if makes(call, unit)),
        key=lambda unit: (unit[0] != "report" or call["user_id"] != "u-1", "*" in unit[2], "*" in unit[3], unit[0]),
    )


def of_units_are_their_calls(company: Company, production: list[Row], all_units: list[tuple[str, ...]]) -> None:
    """Units may share calls, and each costs what its calls cost; their own calls they do not share."""
    for unit in all_units:
        of = [call for call in production if makes(call, unit) and is_counted(call, unit)]
        mine = [call for call in of if own(call, all_units) == unit]
        named = f"where unit_id = '{unit[0]}'"
        assert company.rows(
            f"select coalesce(sum(cost_usd), 0), coalesce(sum(own_cost_usd), 0) from cost_per_unit_daily {named}"
        ) == [(total(of), total(mine))], unit
        by_dimension = company.rows(f"select dimension, sum(cost_usd) from cost_per_unit {named} group by 1")
        assert {cost for _, cost in by_dimension} <= {total(of)}, unit
        assert one(
            company,
            "select coalesce(sum(cogs_usd - shared_cost_usd), 0) from gross_margin "
            f"where dimension = 'unit' and id = '{unit[0]}'",
        ) == total(mine), unit


def of_margins_are_the_companys(company: Company, production: list[Row], earned: Decimal) -> None:
    """The margin by every dimension, month by month, and what is told of it elsewhere."""
    daily: dict[Any, tuple[Decimal, ...]] = {
        month: rest
        for month, *rest in company.rows(
            "select date_trunc('month', usage_date)::date, sum(revenue_usd), sum(cogs_usd), sum(shared_cost_usd) "
            "from gross_margin_daily group by 1 order by 1"
        )
    }
    assert sum(row[0] for row in daily.values()) == earned
    assert sum(row[1] - row[2] for row in daily.values()) == total(production)
    shared = one(
        company,
        "select coalesce(sum(allocated_cost_usd), 0) from allocated_costs "
        "where allocation_status <> 'prepaid' and (workload = 'production' or workload like '(%')",
    )
    assert sum(row[2] for row in daily.values()) == shared
    by_dimension: dict[str, dict[Any, list[Decimal]]] = defaultdict(dict)
    for dimension, month, *rest in company.rows(
        "select dimension, month, sum(coalesce(revenue_usd, 0)), sum(cogs_usd), sum(shared_cost_usd) "
        "from gross_margin group by 1, 2"
    ):
        by_dimension[dimension][month] = rest
    assert len(by_dimension) == 7
    for dimension, months in by_dimension.items():
        assert months == daily, dimension
    for method, month, *rest in company.rows(
        "select revenue_method, month, sum(revenue_usd), sum(cogs_usd) from revenue_by_method group by 1, 2"
    ):
        assert rest == list(daily[month][:2]), (method, month)
    assert company.rows("select coalesce(sum(revenue_usd), 0), coalesce(sum(cogs_usd), 0) from customer_cohorts") == (
        company.rows(
            "select coalesce(sum(revenue_usd), 0), coalesce(sum(cogs_usd), 0) from gross_margin "
            "where dimension = 'customer' and id not like '(%'"
        )
    )
