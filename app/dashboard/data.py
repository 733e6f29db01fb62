"""What the pages read: the marts of one build, cached by the path of the build and what was asked."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import streamlit as st

from app.marts import (
    CONVERSATIONS,
    MARGIN,
    RAG,
    USAGE,
    Bill,
    Book,
    Bounds,
    Dimension,
    Grain,
    PlanColumn,
    Scope,
    Warehouse,
)

_ENTRIES = 256


@st.cache_resource(max_entries=3, show_spinner=False, on_release=Warehouse.close)
def warehouse(path: str) -> Warehouse:
    """Open build of a path. A path names one build for ever, so it is never opened again for another."""
    return Warehouse(Path(path))


@st.cache_data(max_entries=8, show_spinner=False)
def bounds(path: str) -> Bounds:
    """How far the data reaches."""
    return warehouse(path).bounds()


@st.cache_data(max_entries=8, show_spinner=False)
def models(path: str) -> pl.DataFrame:
    """provider_id, model_id."""
    return warehouse(path).models()


@st.cache_data(max_entries=8, show_spinner=False)
def customers(path: str) -> pl.DataFrame:
    """customer_id, plan_id."""
    return warehouse(path).customers()


@st.cache_data(max_entries=8, show_spinner=False)
def features(path: str) -> list[str]:
    """Every feature."""
    return warehouse(path).features()["feature_id"].to_list()


@st.cache_data(max_entries=8, show_spinner=False)
def environments(path: str) -> list[str]:
    """Every environment."""
    return warehouse(path).environments()["environment"].to_list()


@st.cache_data(max_entries=16, show_spinner=False)
def ranked(path: str, dimension: Dimension) -> list[str]:
    """Members of a dimension, the most expensive of all time first."""
    return warehouse(path).ranked(dimension)["id"].to_list()


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def usage(path: str, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None) -> pl.DataFrame:
    """Sums over `fct_usage_hourly`."""
    return warehouse(path).totals(USAGE, scope, by, grain)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def margin(path: str, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None) -> pl.DataFrame:
    """Sums over `gross_margin_daily`."""
    return warehouse(path).totals(MARGIN, scope, by, grain)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def conversations(path: str, scope: Scope, by: Sequence[Dimension] = (), grain: Grain | None = None) -> pl.DataFrame:
    """Sums over `cost_per_conversation`."""
    return warehouse(path).totals(CONVERSATIONS, scope, by, grain)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def cost_change(path: str, after: Scope, before: Scope, by: Sequence[Dimension] = ()) -> pl.DataFrame:
    """Sums over `cost_change_between`."""
    return warehouse(path).cost_change(after, before, by)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def cost_by_hour(path: str, scope: Scope) -> pl.DataFrame:
    """usage_date, hour, cost_usd, request_count."""
    return warehouse(path).cost_by_hour(scope)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def anomalies(path: str, scope: Scope, asked: str | None = None) -> pl.DataFrame:
    """`cost_anomalies` with a day in the scope, and the one that is asked for."""
    return warehouse(path).anomalies(scope, asked)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def budget_status(path: str, start: date, end: date) -> pl.DataFrame:
    """`budget_status` of the months that the days fall into."""
    return warehouse(path).budget_status(start, end)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def savings_opportunities(path: str) -> pl.DataFrame:
    """`savings_opportunities` of every month."""
    return warehouse(path).savings_opportunities()


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def realised_savings(path: str) -> pl.DataFrame:
    """`realised_savings` of every month."""
    return warehouse(path).realised_savings()


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def prompt_caching(path: str, month: date) -> pl.DataFrame:
    """`prompt_caching` of a month."""
    return warehouse(path).prompt_caching(month)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def prompt_caching_on(path: str, month: date) -> pl.DataFrame:
    """`prompt_caching_on` of a month."""
    return warehouse(path).prompt_caching_on(month)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def quantisation(path: str, month: date) -> pl.DataFrame:
    """`quantisation` of a month."""
    return warehouse(path).quantisation(month)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def scenario_base(path: str, scope: Scope) -> pl.DataFrame:
    """What a scenario of a scope starts from."""
    return warehouse(path).scenario_base(scope)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def anomaly_effects(path: str, anomaly_id: str) -> pl.DataFrame:
    """`cost_anomaly_effects` of one anomaly."""
    return warehouse(path).anomaly_effects(anomaly_id)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def driver_baselines(path: str, feature_id: str, workload: str, start: date, end: date) -> pl.DataFrame:
    """`driver_baselines` of a feature."""
    return warehouse(path).driver_baselines(feature_id, workload, start, end)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def cost_quantiles(path: str, scope: Scope) -> pl.DataFrame:
    """p50_usd, p95_usd, p99_usd of a conversation."""
    return warehouse(path).cost_quantiles(scope)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def cost_histogram(path: str, scope: Scope) -> pl.DataFrame:
    """Conversations by size of cost."""
    return warehouse(path).cost_histogram(scope)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def cost_by_turns(path: str, scope: Scope) -> pl.DataFrame:
    """What conversations of one length cost."""
    return warehouse(path).cost_by_turns(scope)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def dearest_conversations(path: str, scope: Scope, limit: int) -> pl.DataFrame:
    """The most expensive conversations."""
    return warehouse(path).dearest_conversations(scope, limit)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def conversation(path: str, conversation_id: str) -> pl.DataFrame:
    """The conversations under one id."""
    return warehouse(path).conversation(conversation_id)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def without_conversation(path: str, customers: Sequence[str]) -> pl.DataFrame:
    """Sums of what carries no conversation id, of all days."""
    return warehouse(path).without_conversation(customers)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def calls(path: str, customer_id: str, conversation_id: str, days: tuple[date, date], limit: int) -> pl.DataFrame:
    """Model calls of one conversation."""
    return warehouse(path).calls(customer_id, conversation_id, days, limit)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def cost_lines(
    path: str, customer_id: str, conversation_id: str, days: tuple[date, date], call: tuple[str, str]
) -> pl.DataFrame:
    """Quantity × price = amount of one call."""
    return warehouse(path).cost_lines(customer_id, conversation_id, days, call)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def conversation_lines(path: str, customer_id: str, conversation_id: str, days: tuple[date, date]) -> pl.DataFrame:
    """Quantity × price = amount of a conversation."""
    return warehouse(path).conversation_lines(customer_id, conversation_id, days)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def price_row(path: str, price_id: str) -> pl.DataFrame:
    """Whose price a row of the price book is."""
    return warehouse(path).price_row(price_id)


@st.cache_data(max_entries=8, show_spinner=False)
def rated_models(path: str) -> pl.DataFrame:
    """name, provider_id, model_id of what calls are rated by."""
    return warehouse(path).rated_models()


@st.cache_data(max_entries=8, show_spinner=False)
def priced_models(path: str) -> pl.DataFrame:
    """name, provider_id, model_id of the whole catalogue."""
    return warehouse(path).priced_models()


@st.cache_data(max_entries=8, show_spinner=False)
def price_knowledge(path: str) -> pl.DataFrame:
    """When the price book began and when it last learned."""
    return warehouse(path).price_knowledge()


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def price_list(path: str, book: Book, limit: int) -> pl.DataFrame:
    """The prices that held on a day, as known on another."""
    return warehouse(path).price_list(book, rated_models(path)["name"].to_list(), limit)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def model_price_history(path: str, provider_id: str, model_id: str, known_on: date) -> pl.DataFrame:
    """All prices of one model over time."""
    return warehouse(path).model_price_history(provider_id, model_id, known_on)


@st.cache_data(max_entries=_ENTRIES, show_spinner=False)
def model_price_book(path: str, provider_id: str, model_id: str) -> pl.DataFrame:
    """The rows that calls of one model are rated by."""
    return warehouse(path).model_price_book(provider_id, model_id)


@st.cache_data(max_entries=8, show_spinner=False)
def unpriced(path: str, limit: int) -> pl.DataFrame:
    """Calls without a price."""
    return warehouse(path).unpriced(limit)


@st.cache_data(max_entries=8, show_spinner=False)
def unknown_usage(path: str, limit: int) -> pl.DataFrame:
    """Counts of the providers that nothing here reads."""
    return warehouse(path).unknown_usage(limit)


@st.cache_data(max_entries=8, show_spinner=False)
def column_changes(path: str, limit: int) -> pl.DataFrame:
    """Columns that files of bills got or lost."""
    return warehouse(path).column_changes(limit)


@st.cache_data(max_entries=8, show_spinner=False)
def close_checklist(path: str) -> pl.DataFrame:
    """What stands between each bill and its close."""
    return warehouse(path).close_checklist()


@st.cache_data(max_entries=64, show_spinner=False)
def bridge(path: str, bill: Bill) -> pl.DataFrame:
    """The way from the rated cost to the bill."""
    return warehouse(path).bridge(bill)


@st.cache_data(max_entries=64, show_spinner=False)
def reconciliation(path: str, bill: Bill, limit: int) -> pl.DataFrame:
    """Rated beside billed, what differs most first."""
    return warehouse(path).reconciliation(bill, limit)


@st.cache_data(max_entries=64, show_spinner=False)
def rag_answers(path: str, scope: Scope) -> pl.DataFrame:
    """What answers from retrieved documents cost, by feature."""
    return warehouse(path).totals(RAG, scope, ("feature",))


@st.cache_data(max_entries=64, show_spinner=False)
def workloads(path: str, scope: Scope, grain: Grain) -> pl.DataFrame:
    """What is no production, over time."""
    return warehouse(path).workloads(scope, grain)


@st.cache_data(max_entries=64, show_spinner=False)
def serving_experiments(path: str, scope: Scope) -> pl.DataFrame:
    """What is no production and serves who pays."""
    return warehouse(path).serving_experiments(scope)


@st.cache_data(max_entries=8, show_spinner=False)
def return_on_spend(path: str) -> pl.DataFrame:
    """What AI cost and returned, by month."""
    return warehouse(path).return_on_spend()


@st.cache_data(max_entries=8, show_spinner=False)
def units(path: str) -> pl.DataFrame:
    """What one of each unit costs the company, by month."""
    return warehouse(path).units()


@st.cache_data(max_entries=64, show_spinner=False)
def unit_members(path: str, unit_id: str, dimension: str, month: date, limit: int) -> pl.DataFrame:
    """What one costs by feature, customer or plan."""
    return warehouse(path).unit_members(unit_id, dimension, month, limit)


@st.cache_data(max_entries=64, show_spinner=False)
def revenue_methods(path: str, scope: Scope) -> pl.DataFrame:
    """What features earn by every way of spreading revenue."""
    return warehouse(path).revenue_methods(scope)


@st.cache_data(max_entries=64, show_spinner=False)
def margin_by(path: str, column: PlanColumn, scope: Scope) -> pl.DataFrame:
    """Sums of `gross_margin_daily` by plan or segment."""
    return warehouse(path).margin_by(column, scope)


@st.cache_data(max_entries=64, show_spinner=False)
def unit_margins(path: str, month: date) -> pl.DataFrame:
    """What units earned and cost in a month, and what is of none."""
    return warehouse(path).unit_margins(month)


@st.cache_data(max_entries=64, show_spinner=False)
def cost_by_turn(path: str, month: date) -> pl.DataFrame:
    """What each turn of a conversation costs, by feature."""
    return warehouse(path).cost_by_turn(month)


@st.cache_data(max_entries=8, show_spinner=False)
def customer_cohorts(path: str) -> pl.DataFrame:
    """Customers by the month in which they began, month by month."""
    return warehouse(path).customer_cohorts()


@st.cache_data(max_entries=32, show_spinner=False)
def plan_margins(path: str, scope: Scope) -> pl.DataFrame:
    """Plans with a price list, by month."""
    return warehouse(path).plan_margins(scope)


@st.cache_data(max_entries=32, show_spinner=False)
def plan_limits(path: str, month: date) -> pl.DataFrame:
    """What limits of plans would have kept in a month."""
    return warehouse(path).plan_limits(month)


@st.cache_data(max_entries=8, show_spinner=False)
def revenue_sources(path: str) -> pl.DataFrame:
    """What each source of revenue invoiced, and what another one counts of it."""
    return warehouse(path).revenue_sources()


@st.cache_data(max_entries=8, show_spinner=False)
def attribution_rules(path: str) -> pl.DataFrame:
    """What the attribution rules did."""
    return warehouse(path).attribution_rules()


@st.cache_data(max_entries=8, show_spinner=False)
def attribution_coverage(path: str) -> pl.DataFrame:
    """How much of the cost is attributed, by month."""
    return warehouse(path).attribution_coverage()


@st.cache_data(max_entries=64, show_spinner=False)
def allocation_pools(path: str, month: date) -> pl.DataFrame:
    """Where the cost that no call is told to have went."""
    return warehouse(path).allocation_pools(month)


@st.cache_data(max_entries=64, show_spinner=False)
def rented_capacity(path: str, month: date) -> pl.DataFrame:
    """What machines that are paid by the hour make of a million tokens."""
    return warehouse(path).rented_capacity(month)


@st.cache_data(max_entries=8, show_spinner=False)
def restatements(path: str) -> pl.DataFrame:
    """What newer bills changed."""
    return warehouse(path).restatements()


@st.cache_data(max_entries=8, show_spinner=False)
def charge_kinds(path: str) -> pl.DataFrame:
    """What the bills are for, by month and kind."""
    return warehouse(path).charge_kinds()


@st.cache_data(max_entries=8, show_spinner=False)
def unclassified_charges(path: str, limit: int) -> pl.DataFrame:
    """Billing lines that no rule knows."""
    return warehouse(path).unclassified_charges(limit)


@st.cache_data(max_entries=8, show_spinner=False)
def data_freshness(path: str) -> pl.DataFrame:
    """How current each source is."""
    return warehouse(path).data_freshness()


@st.cache_data(max_entries=8, show_spinner=False)
def rejected_records(path: str, limit: int) -> pl.DataFrame:
    """Records that were not taken, and why."""
    return warehouse(path).rejected_records(limit)


@st.cache_data(max_entries=8, show_spinner=False)
def build_tests(path: str) -> pl.DataFrame:
    """What the tests of the build said."""
    return warehouse(path).build_tests()


@st.cache_data(max_entries=8, show_spinner=False)
def price_conflicts(path: str) -> pl.DataFrame:
    """Where two sources state different prices."""
    return warehouse(path).price_conflicts()


@st.cache_data(max_entries=8, show_spinner=False)
def price_overrides(path: str) -> pl.DataFrame:
    """Lines of the price overrides."""
    return warehouse(path).price_overrides()


@st.cache_data(max_entries=8, show_spinner=False)
def rerates(path: str) -> pl.DataFrame:
    """What rerates changed, by month."""
    return warehouse(path).rerates()
