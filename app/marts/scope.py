"""What a person asks of a mart: days, members and a grain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import polars as pl

from app.marts.warehouse import Warehouse, places, summed

UNATTRIBUTED = "(unattributed)"
"""The member that stands for a missing key, in every mart."""

Grain = Literal["day", "week", "month"]

Dimension = Literal["provider", "model", "feature", "customer", "environment", "team", "operation"]


@dataclass(frozen=True)
class Scope:
    """What a person asked to see: days, both ends included, and members; no member named means every member."""

    start: date
    end: date
    provider: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    feature: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    is_production_only: bool = True
    """Whether training, evaluation, experiments and development are left out where a mart holds them."""
    answered_by: tuple[str, ...] = ()
    """The models that `provider` and `model` leave, for a mart that knows models by name only."""

    @property
    def days(self) -> int:
        """How many days the scope spans."""
        return (self.end - self.start).days + 1

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The filters that are set, by dimension."""
        named = {name: getattr(self, name) for name in ("provider", "model", "feature", "customer", "environment")}
        return {name: chosen for name, chosen in named.items() if chosen}

    def between(self, start: date, end: date) -> "Scope":
        """The same members on other days."""
        return replace(self, start=start, end=end)


@dataclass(frozen=True)
class Mart:
    """A mart that a period and filters can be put to."""

    name: str
    day: str
    """The date column that a period selects on."""
    keys: Mapping[str, str]
    """Dimension → the column to group by."""
    sums: Sequence[str]
    """What is summed: `name` or `expression as name`."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Dimension → its condition, where it is not `key = any of the chosen`."""
    only: str = ""
    """A condition that always holds."""
    production: str = ""
    """What tells production, of a mart that holds more than that."""

    def unknown(self, scope: Scope) -> tuple[str, ...]:
        """The filters of `scope` that this mart cannot obey, so that a page can say so."""
        return tuple(name for name in scope.members if name not in self.keys and name not in self.conditions)

    def where(self, scope: Scope) -> tuple[str, dict[str, Any]]:
        """The condition of `scope` on this mart, and what to bind."""
        clauses = [f"{self.day} between $start and $end", *([self.only] if self.only else [])]
        if self.production and scope.is_production_only:
            clauses.append(self.production)
        bound: dict[str, Any] = {"start": scope.start, "end": scope.end}
        for name, chosen in scope.members.items():
            if name in self.conditions:
                clauses.append(self.conditions[name])
                bound["answered_by"] = list(scope.answered_by)
            elif name in self.keys:
                clauses.append(f"{self.keys[name]} = any(${name})")
                bound[name] = list(chosen)
        return " and ".join(clauses), bound


def totals_of(
    warehouse: Warehouse, mart: Mart, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None
) -> pl.DataFrame:
    """The sums of a mart, one row per member of `by` and per `period` where a grain is asked.

    Columns: the keys of `by`, `period` (first day of the day, week or month), then the mart's sums. Money of which
    nothing is known is null, never 0.
    """
    keys = [mart.keys[dimension] for dimension in by]
    if grain:
        keys.append(f"cast(date_trunc('{grain}', {mart.day}) as date) as period")
    where, bound = mart.where(scope)
    columns = ", ".join([*keys, *map(summed, mart.sums)])
    grouping = f" group by {places(keys)} order by {places(keys)}" if keys else ""
    return warehouse.read(f"select {columns} from marts.{mart.name} where {where}{grouping}", bound)
