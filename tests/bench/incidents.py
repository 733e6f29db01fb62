"""A simulator of features with incidents: usage by day, customer, model, region, prompt version; and what was planted.

A feature has a volume (weekly profile, growth, autocorrelated noise, heavy-tailed days, holidays), prompts, retrieved
context, history, answers, thought, a share of cache reads, retries, two models and their prices, each with a noise of
its own and that of few calls; half of the features name their prompt, a new version of which takes over one day and
changes little. An incident multiplies one of them, on days and in a place, so that the feature's cost
rises by a share that is drawn; a drift lets one creep. Everything is drawn from one seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

FIRST_DATE = date(2026, 1, 5)
CUSTOMERS, MODELS, REGIONS = ("acme", "bolt", "corn", "dune", "echo"), ("big", "small"), ("eu", "us", "ap")
PRICES = {"big": (3e-6, 15e-6), "small": (3e-7, 1.2e-6)}
"""Dollars a token in and out; a tenth of it for what the cache reads."""
HOLIDAYS = (40, 41, 88)
"""Days on which people stay away."""
LEAST_USD = 2.0
"""What an incident costs a day at least: nobody wants to hear of less."""

CAUSES = (
    "volume", "attempts", "prompt_tokens", "retrieved_context", "history", "output_tokens", "reasoning",
    "cache_misses", "model_mix", "price",
)  # fmt: skip
"""What an incident may be of: the drivers of driver_baselines."""
PLACES = ("customer_id", "model_id", "region_id")
VERSIONS = ("answer@1", "answer@2", "answer@3", "answer@4")
"""The second takes over from the first one day; the others are tried by a share of the calls, which is an incident."""
OF_PROMPTS = {
    "attempts", "prompt_tokens", "retrieved_context", "history", "output_tokens", "reasoning", "cache_misses",
}  # fmt: skip
"""Causes that a prompt can have."""

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Incident:
    """What was planted.

    Attributes:
        feature_id: the feature.
        cause: one of CAUSES.
        first_day, last_day: from FIRST_DATE, both included.
        place: dimension → member where it is; empty: everywhere in the feature.
        tried: share of the calls that are made with the prompt version of the place on those days.
        is_drift: whether it creeps in over its days, instead of being there on all of them.
    """

    feature_id: str
    cause: str
    first_day: int
    last_day: int
    place: dict[str, str] = field(default_factory=dict)
    tried: float = 0.0
    is_drift: bool = False


@dataclass
class Feature:
    """Drivers of a feature: arrays by version, day, customer, model and region, or that broadcast to it."""

    feature_id: str
    drivers: dict[str, Array]
    call_spread: dict[str, float]
    """How much one call differs from the next, as a share."""

    @property
    def versions(self) -> tuple[str, ...]:
        """What its log says of prompts."""
        return VERSIONS if len(self.drivers["version_share"]) > 1 else ("(none)",)

    def cells(self) -> dict[str, Array]:
        """Calls and costs without the chance of few calls, by version, day, customer, model and region."""
        d = self.drivers
        requests = d["volume"] * d["share"] * _mixed(d["model_mix"]) * d["version_share"]
        calls = requests * (1 + d["attempts"])
        read = d["prompt_tokens"] + d["retrieved_context"] + d["history"]
        answered = d["output_tokens"] + d["reasoning"]
        into, out = d["price_in"] * d["price"], d["price_out"] * d["price"]
        return {
            "requests": requests,
            "calls": calls,
            "input_cost": calls * read * (1 - d["cache_hits"]) * into,
            "cache_read_cost": calls * read * d["cache_hits"] * into * 0.1,
            "output_cost": calls * answered * out,
        }

    def cost(self) -> Array:
        """Dollars by day, customer, model and region."""
        cells = self.cells()
        cost: Array = (cells["input_cost"] + cells["cache_read_cost"] + cells["output_cost"]).sum(axis=0)
        return cost


def _mixed(big: Array) -> Array:
    return np.concatenate([big, 1 - big], axis=-2)


def some_feature(rng: np.random.Generator, name: str, days: int, noise: float) -> Feature:
    """A feature without incidents."""
    shape = (days, 1, 1, 1)
    weekly = 1 - rng.uniform(0.1, 0.7) * np.array([0, 0, 0.05, 0, 0.1, 1, 0.9])
    level = np.exp(rng.normal(8, 1.3))  # a hundred to a hundred thousand calls a day
    growth = np.exp(rng.uniform(-0.002, 0.004) * np.arange(days))
    wander, spread = np.zeros(days), rng.uniform(0.03, 0.12)
    for day in range(1, days):
        wander[day] = 0.5 * wander[day - 1] + rng.normal(0, spread)
    tails = np.where(rng.random(days) < 0.01, np.exp(np.clip(0.15 * rng.standard_t(3, days), -0.4, 0.4)), 1)
    holidays = np.where(np.isin(np.arange(days), HOLIDAYS), 0.45, 1)
    volume = level * growth * np.exp(wander) * tails * holidays * np.tile(weekly, days // 7 + 1)[:days]

    def noisy(value: float) -> Array:
        return (value * np.exp(rng.normal(0, noise * rng.uniform(0.02, 0.04), days))).reshape(shape)

    shares = rng.dirichlet(np.full(len(CUSTOMERS), 3))[:, None] * rng.dirichlet(np.full(len(REGIONS), 4))[None, :]
    jitter = np.exp(rng.normal(0, 0.03, (days, len(CUSTOMERS), len(REGIONS))))
    share = shares[None] * jitter
    share /= share.sum(axis=(1, 2), keepdims=True)
    big = np.clip(noisy(rng.uniform(0.2, 0.7)), 0.02, 0.95)
    hits = noisy(1 - rng.uniform(0.1, 0.7)) if rng.random() < 0.7 else np.ones(shape)
    versions, longer = np.ones((1, *shape)), np.ones((1, 1, 1, 1, 1))
    if rng.random() < 0.5:
        new_share = np.zeros(days)
        taken_over = int(rng.integers(20, days - 10))
        new_share[taken_over:] = 1
        new_share[taken_over : taken_over + int(rng.integers(0, 6))] = rng.uniform(0.05, 0.5)
        nobodys = np.zeros(days)
        versions = np.stack([1 - new_share, new_share, nobodys, nobodys]).reshape(-1, *shape)
        longer = np.exp([0, rng.normal(0, 0.02), 0, 0]).reshape(-1, 1, 1, 1, 1)
    return Feature(
        name,
        {
            "version_share": versions,
            "volume": volume.reshape(shape),
            "share": share[:, :, None, :],
            "model_mix": big * np.ones((days, len(CUSTOMERS), 1, len(REGIONS))),
            "attempts": noisy(rng.uniform(0.01, 0.06)),
            "prompt_tokens": noisy(rng.uniform(300, 3000)) * longer,
            "retrieved_context": noisy(rng.uniform(500, 4000)) if rng.random() < 0.5 else np.zeros(shape),
            "history": noisy(rng.uniform(500, 4000)) if rng.random() < 0.5 else np.zeros(shape),
            "output_tokens": noisy(rng.uniform(80, 900)),
            "reasoning": noisy(rng.uniform(100, 800)) if rng.random() < 0.3 else np.zeros(shape),
            "cache_hits": np.clip(1 - hits, 0, 0.95),
            "price": np.ones(shape),
            "price_in": np.array([PRICES[model][0] for model in MODELS]).reshape(1, 1, -1, 1),
            "price_out": np.array([PRICES[model][1] for model in MODELS]).reshape(1, 1, -1, 1),
        },
        {"prompt_tokens": 0.34, "retrieved_context": 0.3, "history": 0.8, "output_tokens": 0.87, "reasoning": 0.9},
    )


def _place(rng: np.random.Generator, cause: str, dimensions: int, version: str | None) -> dict[str, str]:
    # other prices and other models are not by the model: a mix has no model, a price has always
    possible = [name for name in PLACES if not (name == "model_id" and cause in {"model_mix", "volume", "attempts"})]
    members = {"customer_id": CUSTOMERS, "model_id": MODELS, "region_id": REGIONS}
    if version and cause in OF_PROMPTS:
        possible.append("prompt_version")
        members["prompt_version"] = (version,)
    chosen = rng.choice(possible, size=min(dimensions, len(possible)), replace=False)
    return {str(name): str(rng.choice(members[name])) for name in sorted(chosen)}


def _mask(incident: Incident, strength: Array) -> Array:
    """By day, customer, model and region, and by version before them: how much of the incident is there."""
    at = np.ones((1, len(CUSTOMERS), len(MODELS), len(REGIONS)))
    for axis, (name, members) in enumerate(zip(PLACES, (CUSTOMERS, MODELS, REGIONS), strict=True), start=1):
        if name in incident.place:
            chosen = np.array([member == incident.place[name] for member in members], dtype=float)
            at = at * chosen.reshape([-1 if place == axis else 1 for place in range(4)])
    if "prompt_version" in incident.place:
        at = at * np.array([version == incident.place["prompt_version"] for version in VERSIONS]).reshape(
            -1, 1, 1, 1, 1
        )
    return strength.reshape(-1, 1, 1, 1) * at


def planted(feature: Feature, incident: Incident, factor: float, strength: Array) -> Feature:
    """The feature with an incident in it: what it is of becomes `factor` times as much where `strength` is 1."""
    mask, drivers = _mask(incident, strength), dict(feature.drivers)
    if incident.tried:
        tried = incident.tried * strength.reshape(-1, 1, 1, 1)
        new = np.array([version == incident.place["prompt_version"] for version in VERSIONS]).reshape(-1, 1, 1, 1, 1)
        drivers["version_share"] = drivers["version_share"] * (1 - tried) + new * tried
    if incident.cause == "cache_misses":
        drivers["cache_hits"] = drivers["cache_hits"] * (1 - mask * min(factor, 1.0))
    elif incident.cause == "model_mix":
        big = drivers["model_mix"]
        drivers["model_mix"] = big + (0.98 - big) * mask[..., :1, :] * min(factor, 1.0)
    elif incident.cause == "attempts":
        drivers["attempts"] = drivers["attempts"] + mask * factor
    elif incident.cause == "volume":
        # by share of what is, model by model: a region twice as busy leaves the others as they are
        drivers["share"] = drivers["share"] * (1 + factor * mask[..., :1, :])
    else:
        drivers[incident.cause] = drivers[incident.cause] * (1 + factor * mask)
    return Feature(feature.feature_id, drivers, feature.call_spread)


def _strong_enough(feature: Feature, incident: Incident, rise: float, strength: Array) -> Feature | None:
    """Plant it with the factor that lets cost rise so much, by bisection; None where no factor does."""
    days = strength > 0

    def risen(factor: float) -> float:
        after = planted(feature, incident, factor, strength).cost()[days].sum()
        return float(after / feature.cost()[days].sum() - 1)

    low, high = 0.0, 1.0 if incident.cause in {"cache_misses", "model_mix"} else 40.0
    usual = feature.cost()[days].sum(axis=(1, 2, 3)).min()
    if risen(high) < rise or usual * rise < LEAST_USD:
        return None
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if risen(middle) < rise else (low, middle)
    return planted(feature, incident, high, strength)


def with_incidents(
    rng: np.random.Generator, feature: Feature, days: int, *, count: int, together: bool = False
) -> tuple[Feature, list[Incident]]:
    """Plant incidents of different causes, apart from each other or two on the same days."""
    found: list[Incident] = []
    taken = np.zeros(days, dtype=bool)
    for _ in range(200):
        if len(found) == count:
            break
        cause = str(rng.choice([one for one in CAUSES if one not in {incident.cause for incident in found}]))
        dimensions = int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2])) if not together else 0
        length = int(rng.integers(1, 8))
        first = found[0].first_day if together and found else int(rng.integers(35, days - length))
        last = found[0].last_day if together and found else first + length - 1
        near = slice(max(first - 3, 0), last + 4)
        if taken[near].any() and not (together and found):
            continue
        version = VERSIONS[2 + len(found)] if len(feature.versions) > 1 else None
        place = _place(rng, cause, dimensions, version)
        tried = float(rng.uniform(0.2, 0.8)) if "prompt_version" in place else 0.0
        incident = Incident(feature.feature_id, cause, first, last, place, tried)
        strength = np.zeros(days)
        strength[first : last + 1] = 1
        rise = float(np.clip(np.exp(rng.normal(np.log(0.5), 0.6)), 0.18, 3))
        changed = _strong_enough(feature, incident, rise, strength)
        if changed is not None:
            feature, taken[near] = changed, True
            found.append(incident)
    return feature, found


def with_drift(rng: np.random.Generator, feature: Feature, days: int, cause: str) -> tuple[Feature, Incident] | None:
    """Let a driver creep by 0.8 to 2 per cent a day for a month; None where that costs little."""
    first = int(rng.integers(45, days - 32))
    creep = np.clip(np.arange(days) - first + 1, 0, 30) * np.log1p(rng.uniform(0.008, 0.02))
    incident = Incident(feature.feature_id, cause, first, first + 29, is_drift=True)
    grown = np.exp(creep).reshape(-1, 1, 1, 1)
    drivers = dict(feature.drivers)
    if cause == "cache_misses":
        drivers["cache_hits"] = np.clip(1 - (1 - drivers["cache_hits"]) * grown, 0, 1)
    else:
        drivers[cause] = drivers[cause] * grown
    drifting = Feature(feature.feature_id, drivers, feature.call_spread)
    risen = (drifting.cost() - feature.cost())[first + 20].sum()
    return (drifting, incident) if risen >= LEAST_USD else None


def rows(rng: np.random.Generator, feature: Feature) -> pl.DataFrame:
    """What logs would say of it, with the chance of few calls: by version, day, customer, model and region."""
    cells = feature.cells()
    shape = cells["calls"].shape
    requests = rng.poisson(cells["requests"])
    retries = rng.poisson(requests * np.broadcast_to(feature.drivers["attempts"], shape))
    calls = requests + retries

    def tokens(name: str) -> Array:
        a_call = np.broadcast_to(feature.drivers[name], shape)
        chance = 1 + feature.call_spread[name] / np.sqrt(np.maximum(calls, 1)) * rng.standard_normal(shape)
        return np.rint(calls * a_call * np.maximum(chance, 0.05))

    parts = {name: tokens(name) for name in feature.call_spread}
    read = parts["prompt_tokens"] + parts["retrieved_context"] + parts["history"]
    cached = np.rint(read * np.broadcast_to(feature.drivers["cache_hits"], shape))
    answered = parts["output_tokens"] + parts["reasoning"]
    into = np.broadcast_to(feature.drivers["price_in"] * feature.drivers["price"], shape)
    out = np.broadcast_to(feature.drivers["price_out"] * feature.drivers["price"], shape)
    version, day, customer, model, region = (index.ravel() for index in np.indices(shape))
    return pl.DataFrame(
        {
            "day": day,
            "feature_id": feature.feature_id,
            "customer_id": np.array(CUSTOMERS)[customer],
            "model_id": np.array(MODELS)[model],
            "region_id": np.array(REGIONS)[region],
            "prompt_version": np.array(feature.versions)[version],
            "request_count": calls.ravel(),
            "retry_count": retries.ravel(),
            "uncached_input_tokens": (read - cached).ravel(),
            "cache_read_tokens": cached.ravel(),
            "output_tokens": answered.ravel(),
            "reasoning_tokens": parts["reasoning"].ravel(),
            "retrieved_context_tokens": parts["retrieved_context"].ravel(),
            "history_tokens": parts["history"].ravel(),
            "input_cost_usd": ((read - cached) * into).ravel(),
            "cache_read_cost_usd": (cached * into * 0.1).ravel(),
            "output_cost_usd": (answered * out).ravel(),
        }
    ).filter(pl.col("request_count") > 0)


def simulate(
    seed: int, *, features: int = 60, days: int = 120, noise: float = 1.0, kind: str = "incidents"
) -> tuple[pl.DataFrame, list[Incident]]:
    """Usage and what was planted in it.

    Args:
        noise: how noisy drivers are, against 2 to 4 per cent a day.
        kind: `incidents`: two a feature, apart; `pairs`: two on the same days; `drift`: half of the features creep.

    Returns:
        Rows as `rows` makes them, with `usage_date`; and the incidents.
    """
    rng = np.random.default_rng(seed)
    frames, incidents = [], []
    for feature, planted_in in _features(rng, features, days, noise, kind):
        frames.append(rows(rng, feature))
        incidents.extend(planted_in)
    dates = pl.lit(FIRST_DATE) + pl.duration(days=pl.col("day"))
    return pl.concat(frames).with_columns(dates.cast(pl.Date).alias("usage_date")), incidents


def _features(
    rng: np.random.Generator, count: int, days: int, noise: float, kind: str
) -> Iterator[tuple[Feature, list[Incident]]]:
    for number in range(count):
        feature = some_feature(rng, f"feature {number:02}", days, noise)
        if kind == "drift":
            causes = ("prompt_tokens", "output_tokens", "cache_misses")
            cause = causes[number % 3]
            hits = feature.drivers["cache_hits"]
            # what hardly hits cannot miss much more
            can = number % 2 == 0 and not (cause == "cache_misses" and hits.mean() < 0.35)
            drift = with_drift(rng, feature, days, cause) if can else None
            yield (drift[0], [drift[1]]) if drift else (feature, [])
        else:
            yield with_incidents(rng, feature, days, count=2, together=kind == "pairs")


def day_of(day: int) -> date:
    """The date of a day of the simulation."""
    return FIRST_DATE + timedelta(days=day)
