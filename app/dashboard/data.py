"""What the pages read: the marts of one build, cached by the path of the build and what was asked."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import streamlit as st

from app.marts import CONVERSATIONS, MARGIN, USAGE, Bounds, Dimension, Grain, Scope, Warehouse

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
