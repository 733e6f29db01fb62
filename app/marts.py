"""All SQL of the app: one mart at a time, filters bound as parameters, summed before it leaves the file.

No join, no price, no write. What two marts say about one customer is put side by side in `app.metrics`.
Money arrives as `Decimal(38, 12)` dollars, counts and tokens as 64-bit integers, days as dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl

from app import effects, scenario

UNATTRIBUTED = "(unattributed)"
"""The member that stands for a missing key, in every mart."""

Grain = Literal["day", "week", "month"]
PlanColumn = Literal["plan_id", "segment_id"]
Dimension = Literal["provider", "model", "feature", "customer", "environment", "team", "operation"]


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
class Bill:
    """The bills of a month: all of them, or those of one provider's account."""

    month: date
    provider_id: str | None = None
    billing_account_id: str | None = None

    def bound(self) -> dict[str, Any]:
        """What `_BILL` asks for."""
        return {"month": self.month, "provider": self.provider_id, "account": self.billing_account_id}


_BILL = (
    "billing_month = $month and ($provider is null or provider_id = $provider)"
    " and ($account is null or billing_account_id = $account)"
)


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


CHANGE_KEYS: Mapping[str, str] = {
    "provider": "provider_id",
    "model": "model_id",
    "feature": "feature_id",
    "customer": "customer_id",
}
"""Dimension → the column of `cost_change_between`; of environments it knows what is production."""

_CALLED: Mapping[str, str] = {**CHANGE_KEYS, "environment": "environment"}

USAGE = Mart(
    name="fct_usage_hourly",
    day="usage_date",
    keys={**_CALLED, "team": "team_id", "operation": "operation"},
    sums=(
        "uncached_input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "request_count",
        "retry_count",
        "error_count",
        "unpriced_request_count",
        "cost_usd",
        "invoiced_cost_usd",
    ),
    production="workload = 'production'",
)

MARGIN = Mart(
    name="gross_margin_daily",
    day="usage_date",
    keys={"feature": "feature_id", "customer": "customer_id"},
    sums=("revenue_usd", "cogs_usd", "shared_cost_usd", "gross_profit_usd"),
)

CONVERSATIONS = Mart(
    name="cost_per_conversation",
    day="started_date",
    keys={"feature": "feature_id", "customer": "customer_id"},
    sums=("1 as conversation_count", "cost_usd"),
    conditions=dict.fromkeys(
        ("provider", "model"), r"list_has_any(string_split_regex(model_ids, ',\s*'), $answered_by)"
    ),
    # that row is the rest of a customer's requests, of all days
    only=f"is_production and conversation_id <> '{UNATTRIBUTED}'",
)

RAG = Mart(
    name="cost_per_rag_answer",
    day="usage_date",
    keys={"feature": "feature_id"},
    sums=(
        "answer_count",
        "answers_cost_usd",
        "embedding_cost_usd",
        "retrieval_cost_usd",
        "rerank_cost_usd",
        "generation_cost_usd",
        "context_cost_usd",
        "unused_cost_usd",
        "told_answers_cost_usd",
        "told_overhead_cost_usd",
        "unanswered_cost_usd",
        "retrieved_chunk_count",
        "used_chunk_count",
    ),
)

WORKLOADS = Mart(
    name="cost_by_workload",
    day="usage_date",
    keys={
        "provider": "provider_id",
        "feature": "feature_id",
        "customer": "customer_id",
        "environment": "environment",
    },
    sums=("request_count", "request_cost_usd", "shared_cost_usd", "charged_cost_usd", "cost_usd"),
)

SCENARIO = Mart(
    name="scenario_base",
    day="usage_date",
    keys=_CALLED,
    sums=(
        "request_count",
        "unpriced_request_count",
        "uncached_input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        *(f"output_over_{cap}_tokens" for cap in scenario.CAPS),
        "input_cost_usd",
        "cache_read_cost_usd",
        "cache_write_cost_usd",
        "output_cost_usd",
        "contracted_cost_usd",
        "cost_usd",
    ),
    production="workload = 'production'",
)
_SCENARIO_KEYS = (
    "feature_id",
    "provider_id",
    "model_id",
    "candidate_model_id",
    "is_evidenced",
    "is_in_batch",
    # prices are summed by, not over: a row is of one list
    *(
        f"{place}{kind}_price_usd"
        for place in ("", "batch_", "candidate_", "candidate_batch_")
        for kind in scenario.KINDS
    ),
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


@dataclass(frozen=True)
class Book:
    """What a person asked of the price book: what held on one day, as it was known at the end of another."""

    valid_on: date
    known_on: date
    provider: tuple[str, ...] = ()
    """None named means every provider."""
    find: str = ""
    """What the name of a provider or model contains."""
    rated_only: bool = True
    """Only the models that calls were rated by."""


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

    def cost_change(self, after: Scope, before: Scope, by: Sequence[Dimension] = ()) -> pl.DataFrame:
        """What cost before and after, and why: the function `cost_change_between` summed.

        Columns: the keys of `by`, before_usd, after_usd, an effect a column (`app.effects`), rounding_usd.
        """
        keys = [CHANGE_KEYS[dimension] for dimension in by]
        members = {name: chosen for name, chosen in after.members.items() if name in CHANGE_KEYS}
        clauses = [f"{name}_id = any(${name})" for name in members]
        if after.is_production_only:
            # what stands idle and is unused is of no workload
            clauses.append("(workload = 'production' or workload like '(%)')")
        sums = ["before_usd", "after_usd", *map(effects.column, effects.WORDS), "rounding_usd"]
        columns = ", ".join([*keys, *map(_sum, sums)])
        return self._read(
            f"select {columns} from marts.cost_change_between($before_from, $before_to, $after_from, $after_to)"
            + (f" where {' and '.join(clauses)}" if clauses else "")
            + (f" group by {_places(keys)} order by {_places(keys)}" if keys else ""),
            {
                "before_from": before.start,
                "before_to": before.end,
                "after_from": after.start,
                "after_to": after.end,
                **{name: list(chosen) for name, chosen in members.items()},
            },
        )

    def cost_by_hour(self, scope: Scope) -> pl.DataFrame:
        """usage_date, hour (0 to 23, UTC), cost_usd, request_count."""
        where, bound = USAGE.where(scope)
        return self._read(
            f"select usage_date, extract(hour from usage_hour_at) as hour, {_sum('cost_usd')}, {_sum('request_count')}"
            f" from marts.fct_usage_hourly where {where} group by 1, 2 order by 1, 2",
            bound,
        )

    def anomalies(self, scope: Scope, asked: str | None = None) -> pl.DataFrame:
        """`cost_anomalies` with a day in the scope, and the one that is asked for; what is open first."""
        return self._read(
            "select * from marts.cost_anomalies where anomaly_id = $asked"
            " or (last_date >= $start and started_date <= $end"
            " and (len($feature) = 0 or feature_id = any($feature))"
            " and (len($customer) = 0 or customer_id is null or customer_id = any($customer)))"
            " order by is_open desc, started_date desc, excess_usd desc, anomaly_id",
            {
                "asked": asked,
                "start": scope.start,
                "end": scope.end,
                "feature": list(scope.feature),
                "customer": list(scope.customer),
            },
        )

    def budget_status(self, start: date, end: date) -> pl.DataFrame:
        """`budget_status` of the months that the days fall into, the newest and the most used first."""
        return self._read(
            "select * from marts.budget_status"
            " where month between cast(date_trunc('month', $start) as date) and $end"
            " order by month desc, used_share desc, budget_id",
            {"start": start, "end": end},
        )

    def savings_opportunities(self) -> pl.DataFrame:
        """`savings_opportunities` of every month, the newest and the largest first."""
        return self._read(
            "select * from marts.savings_opportunities"
            " order by month desc, stacked_saving_usd desc, expected_saving_usd desc, high_saving_usd desc,"
            " potential_usd desc, feature_id, strategy, evidence_kind",
            {},
        )

    def realised_savings(self) -> pl.DataFrame:
        """`realised_savings`, the newest month and the largest saving first."""
        return self._read(
            "select * from marts.realised_savings"
            " order by month desc, realised_usd desc nulls last, feature_id, strategy, done_date"
        )

    def prompt_caching(self, month: date) -> pl.DataFrame:
        """`prompt_caching` of a month: features by what their input costs, ways from the cheapest."""
        return self._read(
            "select * from marts.prompt_caching where month = $month"
            " order by actual_cost_usd desc, feature_id, provider_id, model_id, policy_cost_usd, policy_id, placement",
            {"month": month},
        )

    def prompt_caching_on(self, month: date) -> pl.DataFrame:
        """`prompt_caching_on` of a month, what saves least first."""
        return self._read(
            "select * from marts.prompt_caching_on where month = $month"
            " order by net_saving_usd, feature_id, provider_id, model_id",
            {"month": month},
        )

    def quantisation(self, month: date) -> pl.DataFrame:
        """`quantisation` of a month: models by what they cost, the precision that saves most first."""
        return self._read(
            "select * from marts.quantisation where month = $month"
            " order by allocated_cost_usd desc, rule_number, provider_id, model_id, is_best desc,"
            " expected_saving_usd desc, to_precision",
            {"month": month},
        )

    def scenario_base(self, scope: Scope) -> pl.DataFrame:
        """`scenario_base` summed by feature, model and what its tokens list, the most expensive first."""
        where, bound = SCENARIO.where(scope)
        sums = ", ".join(map(_sum, SCENARIO.sums))
        return self._read(
            f"select {', '.join(_SCENARIO_KEYS)}, {sums} from marts.{SCENARIO.name} where {where}"
            f" group by {_places(_SCENARIO_KEYS)} order by cost_usd desc nulls last, {_places(_SCENARIO_KEYS)}",
            bound,
        )

    def anomaly_effects(self, anomaly_id: str) -> pl.DataFrame:
        """`cost_anomaly_effects` of one anomaly, the largest first."""
        return self._read(
            "select * from marts.cost_anomaly_effects where anomaly_id = $id order by abs(effect_usd) desc, effect",
            {"id": anomaly_id},
        )

    def driver_baselines(self, feature_id: str, workload: str, start: date, end: date) -> pl.DataFrame:
        """`driver_baselines` of a feature in order of days."""
        return self._read(
            "select * from marts.driver_baselines where feature_id = $feature and workload = $workload"
            " and usage_date between $start and $end order by driver, usage_date",
            {"feature": feature_id, "workload": workload, "start": start, "end": end},
        )

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
            f" from marts.fct_requests where {_OF_CONVERSATION} order by call limit $limit",
            {**_conversation(customer_id, conversation_id, days), "limit": limit},
        )

    def requests(self, request_id: str, source_id: str | None = None) -> pl.DataFrame:
        """`fct_requests` of an id, from one source or all."""
        return self._read(
            "select * from marts.fct_requests"
            " where request_id = $request and ($source is null or source_id = $source) order by source_id",
            {"request": request_id, "source": source_id},
        )

    def input_path(self, input_id: str) -> str | None:
        """Where the file of an input was read from."""
        paths = self._read("select path from marts.input_balance where input_id = $input", {"input": input_id})
        return None if paths.is_empty() else str(paths["path"][0])

    def request_lines(self, source_id: str, request_id: str) -> pl.DataFrame:
        """`cost_lines` of one call."""
        return self._read(
            "select usage_kind, unit, quantity, unit_price_usd, amount_usd from marts.cost_lines"
            " where source_id = $source and request_id = $request order by kind_number",
            {"source": source_id, "request": request_id},
        )

    def return_on_spend(self) -> pl.DataFrame:
        """`return_on_spend`, the newest month first."""
        return self._read("select * from marts.return_on_spend order by month desc")

    def units(self) -> pl.DataFrame:
        """`cost_per_unit` of the company, the newest month first."""
        return self._read(
            "select * from marts.cost_per_unit where dimension = 'company' order by month desc, cost_usd desc, unit_id"
        )

    def unit_members(self, unit_id: str, dimension: str, month: date, limit: int) -> pl.DataFrame:
        """`cost_per_unit` of a unit and month by feature, customer or plan, the dearest first."""
        return self._read(
            "select * from marts.cost_per_unit"
            " where unit_id = $unit and dimension = $dimension and month = $month"
            " order by cost_usd desc, id limit $limit",
            {"unit": unit_id, "dimension": dimension, "month": month, "limit": limit},
        )

    def unit_margins(self, month: date) -> pl.DataFrame:
        """`gross_margin` of a month by unit, what is of no unit last."""
        return self._read(
            "select * from marts.gross_margin where dimension = 'unit' and month = $month"
            " order by id like '(%', cogs_usd desc, id",
            {"month": month},
        )

    def cost_by_turn(self, month: date) -> pl.DataFrame:
        """`cost_by_turn` of the conversations that began in a month, turn by turn, the dearest feature first."""
        return self._read(
            "select * from marts.cost_by_turn where month = $month"
            " order by sum(cost_usd) over (partition by feature_id) desc nulls last, feature_id, turn_number",
            {"month": month},
        )

    def customer_cohorts(self) -> pl.DataFrame:
        """`customer_cohorts`, the oldest first."""
        return self._read("select * from marts.customer_cohorts order by cohort_month, month_number")

    def revenue_methods(self, scope: Scope) -> pl.DataFrame:
        """`revenue_by_method` summed over the months of the scope, by method and feature, with gross_margin."""
        sums = ", ".join(_sum(name) for name in ("revenue_usd", "cogs_usd", "gross_profit_usd"))
        return self._read(
            "select *, case when revenue_usd > 0"
            " then cast(gross_profit_usd as double) / cast(revenue_usd as double) end as gross_margin from ("
            f"select revenue_method, feature_id, bool_and(is_chosen) as is_chosen, {sums} from marts.revenue_by_method"
            " where month between date_trunc('month', $start) and $end"
            " and (len($feature) = 0 or feature_id = any($feature)) group by 1, 2) order by 1, 2",
            {"start": scope.start, "end": scope.end, "feature": list(scope.feature)},
        )

    def margin_by(self, column: PlanColumn, scope: Scope) -> pl.DataFrame:
        """Sums of `gross_margin_daily` by plan_id or segment_id, and customer_count, the one that earns most first."""
        where, bound = MARGIN.where(scope)
        sums = ", ".join(map(_sum, MARGIN.sums))
        return self._read(
            f"select {column}, cast(count(distinct customer_id) as bigint) as customer_count, {sums}"
            f" from marts.gross_margin_daily where {where} group by 1 order by revenue_usd desc, {column}",
            bound,
        )

    def plan_margins(self, scope: Scope) -> pl.DataFrame:
        """`plan_margins` of the months of the scope, the newest first, the plan that costs most first."""
        return self._read(
            "select * from marts.plan_margins where month between date_trunc('month', $start) and $end"
            " order by month desc, cost_usd desc, plan_id",
            {"start": scope.start, "end": scope.end},
        )

    def plan_limits(self, month: date) -> pl.DataFrame:
        """`plan_limits` of a month, plan by plan, the lowest limit first."""
        return self._read(
            "select * from marts.plan_limits where month = $month order by plan_id, limit_usd, limit_name",
            {"month": month},
        )

    def revenue_sources(self) -> pl.DataFrame:
        """`revenue_sources`, the newest month first."""
        return self._read("select * from marts.revenue_sources order by month desc, source_id, counted_by")

    def attribution_rules(self) -> pl.DataFrame:
        """`attribution_rule_coverage`, in the order of the rules."""
        return self._read("select * from marts.attribution_rule_coverage order by rule_number")

    def attribution_coverage(self) -> pl.DataFrame:
        """`attribution_coverage`, the newest month first."""
        return self._read("select * from marts.attribution_coverage order by month desc, dimension")

    def cost_lines(
        self, customer_id: str, conversation_id: str, days: tuple[date, date], call: tuple[str, str]
    ) -> pl.DataFrame:
        """Why one call costs what it costs, in US dollars: quantity × unit_price_usd = amount_usd, a row per kind.

        Args:
            days: of the conversation, so that the other days of a large mart are not looked at.
            call: source_id and request_id.
        """
        return self._read(
            "select usage_kind, unit, price_id, quantity, list_unit_price_usd, unit_price_usd, amount_usd"
            f" from marts.cost_lines where {_OF_CONVERSATION} and source_id = $source and request_id = $request"
            " order by kind_number",
            {**_conversation(customer_id, conversation_id, days), "source": call[0], "request": call[1]},
        )

    def conversation_lines(self, customer_id: str, conversation_id: str, days: tuple[date, date]) -> pl.DataFrame:
        """The lines of all calls of a conversation, summed by kind and price.

        amount_usd is null for calls whose cost is not known: part of a call may have a price, and its whole have none.
        """
        return self._read(
            "select usage_kind, unit, price_id, price_status in ('priced', 'free', 'self_hosted') as is_known,"
            " cast(sum(quantity) as decimal(38, 3)) as quantity, list_unit_price_usd, unit_price_usd,"
            f" {_sum('case when is_known then amount_usd end as amount_usd')},"
            " cast(count(*) as bigint) as request_count"
            f" from marts.cost_lines where {_OF_CONVERSATION} group by all"
            " order by amount_usd desc nulls last, price_id, usage_kind",
            _conversation(customer_id, conversation_id, days),
        )

    def price_row(self, price_id: str) -> pl.DataFrame:
        """provider_id, model_id: whose price a row of the price book is. No row where the book has none of that id."""
        return self._read(
            "select provider_id, model_id from marts.price_book where price_id = $id",
            {"id": price_id},
        )

    def rated_models(self) -> pl.DataFrame:
        """name, provider_id, model_id: the models of the price book that calls are rated by."""
        return self._read(
            f"select distinct {_MODEL} as name, provider_id, model_id from marts.price_book"
            " where provider_id is not null and model_id is not null order by all"
        )

    def priced_models(self) -> pl.DataFrame:
        """name, provider_id, model_id: every model that any source ever stated a price of."""
        return self._read(
            f"select distinct {_MODEL} as name, provider_id, model_id from marts.price_history order by all"
        )

    def price_knowledge(self) -> pl.DataFrame:
        """first_known_at, last_known_at: when the price book began and when it last learned: one row."""
        return self._read(
            "select min(known_from_at) as first_known_at, max(known_from_at) as last_known_at from marts.price_history"
        )

    def price_list(self, book: Book, rated: Sequence[str], limit: int) -> pl.DataFrame:
        """The prices of `price_history` that held, `limit` at most; `found_count` says of how many.

        Args:
            rated: names of the models that calls are rated by; only looked at if `book` says so.
        """
        return self._read(
            f"select {_PRICE}, known_from_at, cast(count(*) over () as bigint) as found_count"
            f" from marts.price_history where {_KNOWN} and valid_from_date <= $valid and valid_to_date > $valid"
            " and (len($providers) = 0 or provider_id = any($providers))"
            f" and contains(lower({_MODEL}), lower($find)) and (not $rated_only or {_MODEL} = any($rated))"
            f" order by {_PRICE_ORDER} limit $limit",
            {
                "known": _end_of(book.known_on),
                "valid": book.valid_on,
                "providers": list(book.provider),
                "find": book.find,
                "rated_only": book.rated_only,
                "rated": list(rated),
                "limit": limit,
            },
        )

    def model_price_history(self, provider_id: str, model_id: str, known_on: date) -> pl.DataFrame:
        """All stretches of time of one model's prices, as they were known at the end of a day."""
        return self._read(
            f"select {_PRICE} from marts.price_history"
            f" where provider_id = $provider and model_id = $model and {_KNOWN} order by {_PRICE_ORDER}",
            {"provider": provider_id, "model": model_id, "known": _end_of(known_on)},
        )

    def model_price_book(self, provider_id: str, model_id: str) -> pl.DataFrame:
        """The rows that calls of one model are rated by: all columns of `price_book`."""
        return self._read(
            "select * from marts.price_book where provider_id = $provider and model_id = $model"
            " order by service_tier, valid_from_date desc, above_tokens, daily_from_second, price_id",
            {"provider": provider_id, "model": model_id},
        )

    def unpriced(self, limit: int) -> pl.DataFrame:
        """`unpriced_requests`, the newest month first, `limit` at most; `found_count` says of how many.

        `all_request_count` is of all of them.
        """
        return self._read(
            "select provider_id, model_id, price_status, month, request_count, total_tokens, at_risk_low_usd,"
            " at_risk_high_usd, similar_model_count, cast(count(*) over () as bigint) as found_count,"
            " cast(sum(request_count) over () as bigint) as all_request_count from marts.unpriced_requests"
            " order by month desc, at_risk_high_usd desc nulls last, request_count desc, provider_id, model_id,"
            " price_status limit $limit",
            {"limit": limit},
        )

    def unknown_usage(self, limit: int) -> pl.DataFrame:
        """`unknown_usage`, what most calls have first, `limit` at most; `found_count` says of how many."""
        return self._read(
            "select source_id, provider_id, model_id, usage_name, request_count, quantity, first_usage_date,"
            " last_usage_date, cast(count(*) over () as bigint) as found_count from marts.unknown_usage"
            " order by request_count desc, source_id, provider_id, model_id, usage_name limit $limit",
            {"limit": limit},
        )

    def column_changes(self, limit: int) -> pl.DataFrame:
        """`input_columns` that came or went, unread ones first, `limit` at most; `found_count` says of how many."""
        return self._read(
            "select source_id, column_name, is_read, change, input_count, first_landed_at, last_landed_at,"
            " case when change = 'new' then first_path else last_path end as path,"
            " cast(count(*) over () as bigint) as found_count from marts.input_columns where change is not null"
            " order by is_read, source_id, column_name, table_name limit $limit",
            {"limit": limit},
        )

    def close_checklist(self) -> pl.DataFrame:
        """`close_checklist`, the newest month first."""
        return self._read("select * from marts.close_checklist order by month desc, provider_id, billing_account_id")

    def bridge(self, bill: Bill) -> pl.DataFrame:
        """`reconciliation_bridge` of a month, its invoices together, step by step."""
        return self._read(
            f"select step_number, step, cast(sum(amount_usd) as {MONEY}) as amount_usd from marts.reconciliation_bridge"
            f" where {_BILL} group by 1, 2 order by 1",
            bill.bound(),
        )

    def reconciliation(self, bill: Bill, limit: int) -> pl.DataFrame:
        """`reconciliation` of a month without what agrees, what differs most first, `limit` at most.

        `found_count` says of how many.
        """
        return self._read(
            "select *, cast(count(*) over () as bigint) as found_count from marts.reconciliation"
            f" where {_BILL} and (difference_usd <> 0 or timing_variance_usd <> 0 or invoice_id is null)"
            " order by abs(difference_usd) + abs(timing_variance_usd) desc, estimated_cost_usd desc,"
            " provider_id, billing_account_id, model_id, component, sku_meter, billing_date limit $limit",
            {**bill.bound(), "limit": limit},
        )

    def workloads(self, scope: Scope, grain: Grain) -> pl.DataFrame:
        """`cost_by_workload` without production: workload, period, and the mart's sums."""
        where, bound = WORKLOADS.where(scope)
        return self._read(
            f"select workload, cast(date_trunc('{grain}', usage_date) as date) as period,"
            f" {', '.join(map(_sum, WORKLOADS.sums))} from marts.cost_by_workload"
            f" where {where} and workload <> 'production' and workload not like '(%' group by 1, 2 order by 1, 2",
            bound,
        )

    def serving_experiments(self, scope: Scope) -> pl.DataFrame:
        """`cost_by_workload` of calls that are no production and name a customer that pays, the dearest first."""
        where, bound = WORKLOADS.where(scope)
        return self._read(
            f"select workload, environment, feature_id, customer_id, {', '.join(map(_sum, WORKLOADS.sums))}"
            f" from marts.cost_by_workload where {where} and is_serving_customers group by 1, 2, 3, 4"
            " order by cost_usd desc, 1, 2, 3, 4",
            bound,
        )

    def allocation_pools(self, month: date) -> pl.DataFrame:
        """`allocation_pools` of a month, rule by rule, what no rule takes last."""
        return self._read(
            "select * from marts.allocation_pools where month = $month order by rule_number = 0, rule_number,"
            " charge_provider_id",
            {"month": month},
        )

    def rented_capacity(self, month: date) -> pl.DataFrame:
        """`rented_capacity` of a month, the dearest first."""
        return self._read(
            "select * from marts.rented_capacity where month = $month"
            " order by allocated_cost_usd desc, rule_number, provider_id, model_id",
            {"month": month},
        )

    def restatements(self) -> pl.DataFrame:
        """`restatements`, the newest first."""
        return self._read("select * from marts.restatements order by restated_at desc, billing_period_start_at desc")

    def charge_kinds(self) -> pl.DataFrame:
        """`charges_by_kind` summed by month and kind, the newest month first."""
        sums = ", ".join(_sum(name) for name in ("charge_count", "billed_cost_usd", "effective_cost_usd"))
        return self._read(
            f"select month, charge_kind, {sums} from marts.charges_by_kind group by 1, 2"
            " order by month desc, billed_cost_usd desc nulls last, charge_kind"
        )

    def unclassified_charges(self, limit: int) -> pl.DataFrame:
        """`charges_by_kind` of the lines that no rule knows, what is billed most first, `limit` at most.

        `found_count` says of how many.
        """
        return self._read(
            "select provider_id, service_name, meter, billing_currency, min(month) as first_month,"
            " max(month) as last_month, cast(sum(charge_count) as bigint) as charge_count,"
            f" cast(sum(billed_cost) as {MONEY}) as billed_cost, cast(sum(billed_cost_usd) as {MONEY})"
            " as billed_cost_usd, cast(count(*) over () as bigint) as found_count from marts.charges_by_kind"
            " where charge_kind = 'unclassified' group by 1, 2, 3, 4"
            " order by abs(sum(billed_cost_usd)) desc nulls first, provider_id, service_name, meter, billing_currency"
            " limit $limit",
            {"limit": limit},
        )

    def data_freshness(self) -> pl.DataFrame:
        """`data_freshness`, shape by shape."""
        return self._read("select * from marts.data_freshness order by shape, source_id")

    def rejected_records(self, limit: int) -> pl.DataFrame:
        """`rejected_records`, the newest file first, `limit` at most; `found_count` says of how many."""
        return self._read(
            "select *, cast(count(*) over () as bigint) as found_count from marts.rejected_records"
            " order by landed_at desc, path, table_name, first_record_number limit $limit",
            {"limit": limit},
        )

    def build_tests(self) -> pl.DataFrame:
        """`build_tests`, those that warned first."""
        return self._read("select * from marts.build_tests order by status = 'pass', test_name")

    def price_conflicts(self) -> pl.DataFrame:
        """`price_conflicts`, what moves most money first."""
        return self._read(
            "select provider_id, model_id, usage_kind, as_of_date, used_price_source, used_unit_price_usd,"
            " other_price_source, other_unit_price_usd, price_ratio, quantity_30d, impact_30d_usd"
            " from marts.price_conflicts"
            " order by abs(impact_30d_usd) desc nulls last, provider_id, model_id, usage_kind"
        )

    def price_overrides(self) -> pl.DataFrame:
        """`price_overrides`, line by line."""
        return self._read("select * from marts.price_overrides order by line_number")

    def rerates(self) -> pl.DataFrame:
        """`rerate_changes` summed by rerate and month, the newest first."""
        sums = ", ".join(_sum(name) for name in ("request_count", "cost_before_usd", "cost_after_usd", "change_usd"))
        return self._read(
            f"select rerate_id, ran_at, known_at, cast(date_trunc('month', usage_date) as date) as month, {sums}"
            " from marts.rerate_changes group by 1, 2, 3, 4 order by ran_at desc, rerate_id, month desc"
        )

    def every_anomaly(self) -> pl.DataFrame:
        """`cost_anomalies`, what costs most first."""
        return self._read("select * from marts.cost_anomalies order by excess_usd desc, anomaly_id")

    def effects_of_anomalies(self) -> pl.DataFrame:
        """anomaly_id, effect, effect_usd: of each anomaly of drivers what explains it, the largest first."""
        return self._read(
            "select anomaly_id, effect, effect_usd from marts.cost_anomaly_effects"
            " order by anomaly_id, effect_usd desc, effect"
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
    source_id, request_id, requested_at, provider_id, model_id, requested_model, feature_id, operation, status,
    attempt_number, latency_ms, uncached_input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
    reasoning_tokens, input_cost_usd, cache_read_cost_usd, cache_write_cost_usd, output_cost_usd, tool_cost_usd,
    other_cost_usd, contracted_cost_usd, cost_usd, price_status, price_id, is_invoiced, exchange_rate,
    exchange_rate_date, exchange_rate_source"""
_OF_CONVERSATION = "customer_id = $customer and conversation_id = $conversation and usage_date between $first and $last"
_MODEL = "provider_id || '/' || model_id"
_PRICE = """
    price_source, provider_id, model_id, service_tier, usage_kind, tier_start_tokens, daily_from_second,
    daily_to_second, valid_from_date, valid_to_date, price_usd, per_units, price_rule"""
_PRICE_ORDER = (
    "provider_id, model_id, service_tier <> 'standard', service_tier, usage_kind, tier_start_tokens, daily_from_second,"
    " price_source, valid_from_date"
)
_KNOWN = "known_from_at < $known and (known_to_at is null or known_to_at >= $known)"


def _conversation(customer_id: str, conversation_id: str, days: tuple[date, date]) -> dict[str, Any]:
    return {"customer": customer_id, "conversation": conversation_id, "first": days[0], "last": days[1]}


def _end_of(day: date) -> datetime:
    """The first moment after a UTC day, without a zone as the marts have it."""
    return datetime.combine(day + timedelta(days=1), time())


def _sum(declared: str) -> str:
    expression, _, name = declared.rpartition(" as ")
    kind = MONEY if name.endswith("_usd") else "bigint"
    total = f"sum({expression or name})" if kind == MONEY else f"coalesce(sum({expression or name}), 0)"
    return f"cast({total} as {kind}) as {name}"


def _places(keys: Sequence[str]) -> str:
    return ", ".join(str(place) for place in range(1, len(keys) + 1))
