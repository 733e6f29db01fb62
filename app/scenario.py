"""What if: what a model share, caching, batches, a limit of answers, prices and volume would make of cost and margin.

A pure function of cells (tokens, what was paid for them, what a token lists here and elsewhere) and a scenario. Nothing
is guessed of behaviour or quality: the same is asked, and what is answered is good enough.

Units: money in the reporting currency, exact, effects rounded once to 12 decimals; prices in US dollars a token; shares
0..1. What is paid for a kind of token ÷ its list price are its *list tokens*: at any other price of the list they cost
list tokens × that price, so that discounts, uplifts, long contexts, currencies and what bills say are carried over.

    volume      + volume × cost
    output cap  − cost of answers × tokens beyond the cap ÷ tokens of answers
    cheaper     + share × Σ list tokens × (price of the cheaper model − price)
    cache       + share × list tokens of uncached input × (ρ × price of reading + (1 − ρ) × of writing − of input)
    batch       + share × Σ list tokens × (price in a batch − price)
    price       + price × revenue

Each is taken of what those before it left, so that they sum to the difference. ρ is the share read of what is under a
cache today; where nothing is, every token is written once for each time that it is read: ½.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any, Literal

CAPS = (250, 500, 1000, 2000, 4000)
"""The limits of an answer that `scenario_base` counts tokens beyond."""
EFFECTS: Mapping[str, str] = {
    "volume": "Volume",
    "output_cap": "Shorter answers",
    "cheaper": "Cheaper model",
    "cache": "Caching",
    "batch": "Batch",
    "price": "Price",
}
"""Effect, in the order in which they are taken → what a person reads."""
NOTHING = Decimal(0)
KINDS = ("input", "cache_read", "cache_write", "output")
_WHOLE = Decimal(1)
_PLACES = Decimal("1e-12")
_DIGITS = 60


@dataclass(frozen=True)
class Kinds:
    """An amount for each kind of token: what was paid, list tokens, or prices of all of them."""

    input: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal

    @property
    def amounts(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """The four, in their order."""
        return self.input, self.cache_read, self.cache_write, self.output

    def times(self, other: "Kinds") -> Decimal:
        """The sum of the products."""
        return sum((one * two for one, two in zip(self.amounts, other.amounts, strict=True)), NOTHING)


@dataclass(frozen=True)
class Prices:
    """What a token of each kind lists, in US dollars; None where it has no price."""

    input: Decimal | None
    cache_read: Decimal | None
    cache_write: Decimal | None
    output: Decimal | None

    def of(self, tokens: Kinds) -> Kinds | None:
        """The prices of tokens; None where one that is used has none."""
        prices = (self.input, self.cache_read, self.cache_write, self.output)
        if any(price is None and used for price, used in zip(prices, tokens.amounts, strict=True)):
            return None
        return Kinds(*(price or NOTHING for price in prices))


@dataclass(frozen=True)
class Cell:
    """Calls of one feature and model at one list of prices."""

    feature_id: str
    provider_id: str
    model_id: str
    candidate_model_id: str | None
    """The cheaper model of seeds/model_tiers.csv."""
    is_evidenced: bool
    """Whether the quality of that was measured and is good enough."""
    is_in_batch: bool
    request_count: int
    unpriced_request_count: int
    input_tokens: int
    """Not answered by a cache."""
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    beyond_cap: Mapping[int, int]
    """Limit of an answer → tokens of answers beyond it."""
    cost_usd: Decimal | None
    """Best known; None where no call has a price."""
    contracted_cost_usd: Decimal | None
    paid: Kinds | None
    """Of `contracted_cost_usd`, what is for tokens."""
    own: Prices
    """At list, in real time."""
    batch: Prices
    """In a batch, of what is in none."""
    candidate: Prices
    """At the cheaper model, in real time."""
    candidate_batch: Prices

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Cell":
        """A cell of a row of `scenario_base` or a sum of such rows."""
        paid = [row[f"{kind}_cost_usd"] for kind in KINDS]

        def prices(prefix: str = "") -> Prices:
            return Prices(*(row[f"{prefix}{kind}_price_usd"] for kind in KINDS))

        return cls(
            feature_id=row["feature_id"],
            provider_id=row["provider_id"],
            model_id=row["model_id"],
            candidate_model_id=row["candidate_model_id"],
            is_evidenced=row["is_evidenced"],
            is_in_batch=row["is_in_batch"],
            request_count=row["request_count"],
            unpriced_request_count=row["unpriced_request_count"],
            input_tokens=row["uncached_input_tokens"],
            cache_read_tokens=row["cache_read_tokens"],
            cache_write_tokens=row["cache_write_tokens"],
            output_tokens=row["output_tokens"],
            beyond_cap={cap: row[f"output_over_{cap}_tokens"] for cap in CAPS},
            cost_usd=row["cost_usd"],
            contracted_cost_usd=row["contracted_cost_usd"],
            paid=None if None in paid else Kinds(*paid),
            own=prices(),
            batch=prices("batch_"),
            candidate=prices("candidate_"),
            candidate_batch=prices("candidate_batch_"),
        )

    @property
    def invoiced(self) -> Decimal:
        """What is to be paid ÷ what the contract says, 1 where that says nothing."""
        if self.cost_usd and self.contracted_cost_usd and self.cost_usd > 0 and self.contracted_cost_usd > 0:
            return self.cost_usd / self.contracted_cost_usd
        return _WHOLE

    @property
    def list_tokens(self) -> Kinds | None:
        """Tokens that cost at list what was paid; None where something was paid that has no list price."""
        prices = self.paid and self.own.of(self.paid)
        if self.paid is None or prices is None:
            return None
        parts = list(zip(self.paid.amounts, prices.amounts, strict=True))
        if any(paid and not price for paid, price in parts):
            return None
        return Kinds(*(self.invoiced * paid / price if paid else NOTHING for paid, price in parts))

    @property
    def read_share(self) -> Decimal:
        """ρ: of what is under a cache, the share that is read."""
        cached = self.cache_read_tokens + self.cache_write_tokens
        return Decimal(self.cache_read_tokens) / cached if cached else _WHOLE / 2


@dataclass(frozen=True)
class Scenario:
    """What is asked. Shares are 0..1 of what could be moved and is not yet; changes are relative, 0.1 is a tenth more.

    Raises:
        ValueError: a share is none, a change takes more than all, a limit is not one of `CAPS`.
    """

    cheaper: Decimal = NOTHING
    """Share of the calls of a dear model that the cheaper one answers."""
    dear_model_id: str | None = None
    """The one dear model; None: each that has a cheaper one."""
    cache: Decimal = NOTHING
    """Share of the uncached input that comes under a cache."""
    batch: Decimal = NOTHING
    """Share of the calls in real time that can wait."""
    output_cap: int | None = None
    """Tokens beyond which an answer is cut."""
    volume: Decimal = NOTHING
    """Change of the number of calls."""
    price: Decimal = NOTHING
    """Change of the price of what is sold."""
    sold_by: Literal["seat", "unit"] = "seat"
    """A seat pays the same whatever it uses; of units more are sold with the volume."""

    def __post_init__(self) -> None:
        """Refuse what is no scenario."""
        for name in ("cheaper", "cache", "batch"):
            if not NOTHING <= getattr(self, name) <= _WHOLE:
                raise ValueError(f"{name} is a share of 0 to 1, not {getattr(self, name)}")
        for name in ("volume", "price"):
            if not getattr(self, name) >= -_WHOLE:
                raise ValueError(f"{name} cannot fall by more than all: {getattr(self, name)}")
        if self.output_cap is not None and self.output_cap not in CAPS:
            raise ValueError(f"output_cap is one of {CAPS}, not {self.output_cap}")


@dataclass(frozen=True)
class Moved:
    """An amount now, and what each effect adds to it."""

    now: Decimal
    effects: Mapping[str, Decimal]

    @property
    def then(self) -> Decimal:
        """The amount in the scenario: what it is now and all effects, exactly."""
        return self.now + sum(self.effects.values(), NOTHING)


@dataclass(frozen=True)
class Outcome:
    """A scenario and what it comes to; None is what is not known."""

    cells: Sequence[tuple[Cell, Moved | None]]
    """Each cell with its cost; None where none of its calls has a price."""
    cost: Moved | None
    """Sum of the cells that have one."""
    revenue: Moved | None
    gross_profit: Moved | None
    """Revenue less cost of goods sold, of which all but the cost of calls stays."""
    units_now: int | None
    units_then: Decimal | None
    unpriced_request_count: int
    """Calls that are in no cost, now and then."""
    reach: Mapping[str, Decimal]
    """Effect → cost now of the calls that it could move."""


def run(
    cells: Iterable[Cell],
    scenario: Scenario,
    *,
    revenue: Decimal | None = None,
    cogs: Decimal | None = None,
    units: int | None = None,
) -> Outcome:
    """What a scenario comes to.

    Args:
        revenue: of the same days and members; None where it is not known.
        cogs: cost of goods sold, shared cost included; None where it is not known.
        units: how many of what is counted were made.
    """
    with localcontext(prec=_DIGITS, rounding=ROUND_HALF_EVEN):
        moved = [(cell, _cost(cell, scenario)) for cell in cells]
        known = [one for _, one in moved if one]
        cost = None
        if known:
            names = [name for name in EFFECTS if name != "price"]
            cost = Moved(
                sum((one.now for one in known), NOTHING),
                {name: sum((one.effects[name] for one in known), NOTHING) for name in names},
            )
        earned = None if revenue is None else _revenue(revenue, scenario)
        profit = None
        if earned and cogs is not None and cost:
            profit = Moved(
                earned.now - cogs,
                {name: earned.effects.get(name, NOTHING) - cost.effects.get(name, NOTHING) for name in EFFECTS},
            )
        return Outcome(
            cells=moved,
            cost=cost,
            revenue=earned,
            gross_profit=profit,
            units_now=units,
            units_then=None if units is None else units * (_WHOLE + scenario.volume),
            unpriced_request_count=sum(cell.unpriced_request_count for cell, _ in moved),
            reach={
                name: sum((cell.cost_usd or NOTHING for cell, _ in moved if name in reached(cell)), NOTHING)
                for name in ("output_cap", "cheaper", "cache", "batch")
            },
        )


def _revenue(revenue: Decimal, scenario: Scenario) -> Moved:
    sold = _exact(revenue * scenario.volume) if scenario.sold_by == "unit" else NOTHING
    return Moved(revenue, {"volume": sold, "price": _exact((revenue + sold) * scenario.price)})


def _cost(cell: Cell, scenario: Scenario) -> Moved | None:
    if cell.cost_usd is None:
        return None
    grown = _WHOLE + scenario.volume
    effects = {name: _exact(grown * amount) for name, amount in _effects(cell, scenario).items()}
    return Moved(cell.cost_usd, {"volume": _exact(scenario.volume * cell.cost_usd), **effects})


def _effects(cell: Cell, scenario: Scenario) -> dict[str, Decimal]:
    """What each effect adds at the volume of today."""
    effects = dict.fromkeys(("output_cap", "cheaper", "cache", "batch"), NOTHING)
    kept = _WHOLE
    if scenario.output_cap and cell.output_tokens > 0 and cell.paid:
        beyond = Decimal(cell.beyond_cap[scenario.output_cap]) / cell.output_tokens
        kept -= beyond
        effects["output_cap"] = -cell.invoiced * cell.paid.output * beyond
    tokens = cell.list_tokens
    own = tokens and cell.own.of(tokens)
    if tokens is None or own is None:
        return effects
    batch, candidate, candidate_batch = (
        prices.of(tokens) for prices in (cell.batch, cell.candidate, cell.candidate_batch)
    )
    tokens = replace(tokens, output=tokens.output * kept)

    is_asked = scenario.dear_model_id in (None, cell.model_id)
    away = scenario.cheaper if candidate and is_asked else NOTHING
    # what stays and what goes, each with its prices in real time and in a batch
    places = [(_WHOLE - away, own, batch)]
    if candidate:
        # what is billed as a batch now would be there, too
        places.append((away, candidate, batch and candidate_batch))
        effects["cheaper"] = away * (tokens.times(candidate) - tokens.times(own))

    # a model that lists no cheaper price for reading has no cache
    cached = scenario.cache * tokens.input if own.cache_read < own.input else NOTHING
    read = cell.read_share
    effects["cache"] = cached * sum(
        (
            share * (read * prices.cache_read + (_WHOLE - read) * prices.cache_write - prices.input)
            for share, prices, _ in places
        ),
        NOTHING,
    )
    tokens = Kinds(
        tokens.input - cached,
        tokens.cache_read + read * cached,
        tokens.cache_write + (_WHOLE - read) * cached,
        tokens.output,
    )
    effects["batch"] = scenario.batch * sum(
        (share * (tokens.times(later) - tokens.times(prices)) for share, prices, later in places if later), NOTHING
    )
    return effects


def reached(cell: Cell) -> set[str]:
    """The effects that could move a cell."""
    tokens = cell.list_tokens
    own = tokens and cell.own.of(tokens)
    could = {
        "output_cap": cell.paid and cell.paid.output,
        "cheaper": tokens and any(tokens.amounts) and cell.candidate.of(tokens),
        "cache": tokens and tokens.input and own and own.cache_read < own.input,
        "batch": tokens and any(tokens.amounts) and cell.batch.of(tokens),
    }
    return {name for name, is_so in could.items() if is_so}


def _exact(amount: Decimal) -> Decimal:
    return amount.quantize(_PLACES)
