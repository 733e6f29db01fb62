"""All SQL of the app: one mart at a time, filters bound as parameters, summed before it leaves the file.

No join, no price, no write. What two marts say about one customer is put side by side in `app.metrics`.
Money arrives as `Decimal(38, 12)` dollars, counts and tokens as 64-bit integers, days as dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl

UNATTRIBUTED = "(unattributed)"
"""The member that stands for a missing key, in every mart."""

Grain = Literal["day", "week", "month"]
Dimension = Literal["provider", "model", "feature", "customer", "environment"]


class MartError(Exception):
    """A mart could not be read; the cause is DuckDB's own message."""


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

    def unknown(self, scope: Scope) -> tuple[str, ...]:
        """The filters of `scope` that this mart cannot obey, so that a page can say so."""
        return tuple(name for name in scope.members if name not in self.keys and name not in self.conditions)

    def where(self, scope: Scope) -> tuple[str, dict[str, Any]]:
        """The condition of `scope` on this mart, and what to bind."""
        clauses = [f"{self.day} between $start and $end", *([self.only] if self.only else [])]
        bound: dict[str, Any] = {"start": scope.start, "end": scope.end}
        for name, chosen in scope.members.items():
            if name in self.conditions:
                clauses.append(self.conditions[name])
                bound["answered_by"] = list(scope.answered_by)
            elif name in self.keys:
                clauses.append(f"{self.keys[name]} = any(${name})")
                bound[name] = list(chosen)
        return " and ".join(clauses), bound


USAGE = Mart(
    name="fct_usage_hourly",
    day="usage_date",
    keys={
        "provider": "provider_id",
        "model": "model_id",
        "feature": "feature_id",
        "customer": "customer_id",
        "environment": "environment",
    },
    sums=(
        "request_count",
        "retry_count",
        "error_count",
        "unpriced_request_count",
        "cost_usd",
        "case when is_invoiced then cost_usd end as invoiced_cost_usd",
    ),
)

MARGIN = Mart(
    name="gross_margin_daily",
    day="usage_date",
    keys={"feature": "feature_id", "customer": "customer_id"},
    sums=("revenue_usd", "cogs_usd", "gross_profit_usd"),
)

CONVERSATIONS = Mart(
    name="cost_per_conversation",
    day="started_date",
    keys={"feature": "feature_id", "customer": "customer_id"},
    sums=("1 as conversation_count", "cost_usd"),
    conditions=dict.fromkeys(
        ("provider", "model"), r"list_has_any(string_split_regex(model_ids, ',\s*'), $answered_by)"
    ),
    only=f"conversation_id <> '{UNATTRIBUTED}'",  # that row is the rest of a customer's requests, of all days
)

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}
"""How a build is opened. DuckDB refuses a second connection of one process to a file with other settings."""
COST_STEPS = 5
"""Steps to a power of ten in `Warehouse.cost_histogram`."""
MONEY = "decimal(38, 12)"
"""What a sum of money is cast to: DuckDB's own sum of `decimal(38, 12)`, said aloud."""


@dataclass(frozen=True)
class Bounds:
    """How far the data reaches. All None in a warehouse without usage."""

    first_day: date | None
    last_day: date | None
    last_hour_at: datetime | None


class Warehouse:
    """One published build, open read-only. A rebuilt warehouse is another file, so another `Warehouse`."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            MartError: the file is missing, or not a DuckDB file that this version reads.
        """
        try:
            self._connection = duckdb.connect(str(path), read_only=True, config=CONFIG)
        except duckdb.Error as error:
            raise MartError(f"{path.name} cannot be opened: {error}") from error

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def bounds(self) -> Bounds:
        """First and last day of usage, and the hour that the newest usage is from."""
        found = self._read(
            "select min(usage_date) as first_day, max(usage_date) as last_day, max(usage_hour_at) as last_hour_at"
            " from marts.fct_usage_hourly"
        )
        return Bounds(**found.row(0, named=True))

    def models(self) -> pl.DataFrame:
        """provider_id, model_id: every model that was ever used."""
        return self._read("select distinct provider_id, model_id from marts.dim_models order by provider_id, model_id")

    def customers(self) -> pl.DataFrame:
        """customer_id, plan_id."""
        return self._read("select customer_id, plan_id from marts.dim_customers order by customer_id")

    def features(self) -> pl.DataFrame:
        """feature_id."""
        return self._read("select feature_id from marts.dim_features order by feature_id")

    def environments(self) -> pl.DataFrame:
        """environment: no dimension holds them, so they are read off the facts."""
        return self._read("select distinct environment from marts.fct_usage_hourly order by environment")

    def ranked(self, dimension: Dimension) -> pl.DataFrame:
        """id: the members of a dimension, the most expensive of all time first, so that each keeps its colour."""
        key = USAGE.keys[dimension]
        return self._read(
            f"select {key} as id from marts.{USAGE.name} group by 1 order by sum(cost_usd) desc nulls last, 1"
        )

    def totals(
        self, mart: Mart, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None
    ) -> pl.DataFrame:
        """The sums of a mart, one row per member of `by` and per `period` where a grain is asked.

        Columns: the keys of `by`, `period` (first day of the day, week or month), then the mart's sums. Money of which
        nothing is known is null, never 0.
        """
        keys = [mart.keys[dimension] for dimension in by]
        if grain:
            keys.append(f"cast(date_trunc('{grain}', {mart.day}) as date) as period")
        where, bound = mart.where(scope)
        columns = ", ".join([*keys, *map(_sum, mart.sums)])
        grouping = f" group by {_places(keys)} order by {_places(keys)}" if keys else ""
        return self._read(f"select {columns} from marts.{mart.name} where {where}{grouping}", bound)

    def cost_quantiles(self, scope: Scope) -> pl.DataFrame:
        """p50_usd, p95_usd, p99_usd of what a conversation costs: one row, null where there is none."""
        where, bound = CONVERSATIONS.where(scope)
        columns = ", ".join(f"quantile_disc(cost_usd, 0.{share}) as p{share}_usd" for share in (50, 95, 99))
        return self._read(
            f"select {columns} from marts.cost_per_conversation where {where}",
            bound,
        )

    def cost_histogram(self, scope: Scope) -> pl.DataFrame:
        """step, conversation_count, cost_usd: conversations by size of cost, in equal steps of its logarithm.

        A step holds costs from `10 ** (step / COST_STEPS)` dollars to below that of the next. Free and unpriced
        conversations have no size and are left out.
        """
        where, bound = CONVERSATIONS.where(scope)
        return self._read(
            "select cast(floor(log10(cast(cost_usd as double)) * $steps) as bigint) as step,"
            f" cast(count(*) as bigint) as conversation_count, cast(sum(cost_usd) as {MONEY}) as cost_usd"
            f" from marts.cost_per_conversation where {where} and cost_usd > 0"
            " group by 1 order by 1",
            {**bound, "steps": COST_STEPS},
        )

    def cost_by_turns(self, scope: Scope) -> pl.DataFrame:
        """turn_count, conversation_count, p25_usd, p50_usd, p75_usd: what conversations of one length cost."""
        where, bound = CONVERSATIONS.where(scope)
        quantiles = ", ".join(f"quantile_disc(cost_usd, 0.{share}) as p{share}_usd" for share in (25, 50, 75))
        return self._read(
            f"select turn_count, cast(count(*) as bigint) as conversation_count, {quantiles}"
            f" from marts.cost_per_conversation where {where} and turn_count is not null"
            " group by 1 order by 1",
            bound,
        )

    def dearest_conversations(self, scope: Scope, limit: int) -> pl.DataFrame:
        """The `limit` most expensive conversations."""
        where, bound = CONVERSATIONS.where(scope)
        return self._read(
            f"select {_CONVERSATION} from marts.cost_per_conversation where {where}"
            " order by cost_usd desc nulls last, customer_id, conversation_id limit $limit",
            {**bound, "limit": limit},
        )

    def without_conversation(self, customers: Sequence[str]) -> pl.DataFrame:
        """request_count, cost_usd: what carries no conversation id, of all days, since the mart keeps it undated.

        Args:
            customers: of these, or of all where none is named.
        """
        return self._read(
            f"select {_sum('request_count')}, {_sum('cost_usd')} from marts.cost_per_conversation"
            " where conversation_id = $none and (len($customers) = 0 or customer_id = any($customers))",
            {"none": UNATTRIBUTED, "customers": list(customers)},
        )

    def conversation(self, conversation_id: str) -> pl.DataFrame:
        """The rows of `cost_per_conversation` under one id: one per customer that used it."""
        return self._read(
            f"select {_CONVERSATION} from marts.cost_per_conversation where conversation_id = $id"
            " order by cost_usd desc nulls last, customer_id",
            {"id": conversation_id},
        )

    def calls(self, customer_id: str, conversation_id: str, days: tuple[date, date], limit: int) -> pl.DataFrame:
        """The model calls of one conversation in order, `limit` at most, numbered in `call`.

        Args:
            days: first and last day of the conversation, so that the other days of a large mart are not looked at.
        """
        return self._read(
            f"select cast(row_number() over (order by requested_at, request_id) as bigint) as call, {_CALL}"
            " from marts.fct_requests where customer_id = $customer and conversation_id = $conversation"
            " and usage_date between $first and $last order by call limit $limit",
            {
                "customer": customer_id,
                "conversation": conversation_id,
                "first": days[0],
                "last": days[1],
                "limit": limit,
            },
        )

    def _read(self, query: str, bound: Mapping[str, Any] | None = None) -> pl.DataFrame:
        # A cursor per call: sessions read at the same time, and a half-read result refuses other work.
        cursor = self._connection.cursor()
        try:
            found: pl.DataFrame = cursor.sql(query, params=dict(bound or {})).pl()
        except duckdb.Error as error:
            raise MartError(str(error)) from error
        finally:
            cursor.close()
        return found


_CONVERSATION = """
    conversation_id, customer_id, feature_id, started_at, ended_at, turn_count, request_count, retry_count, error_count,
    unpriced_request_count, feature_count, model_count, model_ids, uncached_input_tokens, cache_read_tokens,
    cache_write_tokens, output_tokens, cost_usd, is_invoiced"""
_CALL = """
    request_id, requested_at, provider_id, model_id, requested_model, feature_id, operation, status, attempt_number,
    latency_ms, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    input_cost_usd, cache_read_cost_usd, cache_write_cost_usd, output_cost_usd, tool_cost_usd, cost_usd, price_status,
    is_invoiced"""


def _sum(declared: str) -> str:
    expression, _, name = declared.rpartition(" as ")
    kind = MONEY if name.endswith("_usd") else "bigint"
    total = f"sum({expression or name})" if kind == MONEY else f"coalesce(sum({expression or name}), 0)"
    return f"cast({total} as {kind}) as {name}"


def _places(keys: Sequence[str]) -> str:
    return ", ".join(str(place) for place in range(1, len(keys) + 1))
