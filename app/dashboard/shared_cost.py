"""Shared and rented cost of a month: which pool took which charges, and where each of its dollars went."""

from datetime import date

import polars as pl
import streamlit as st

from app import marts, metrics
from app.dashboard import data, panels, theme
from app.dashboard.filters import View
from app.dashboard.tables import Column

DRIVERS = {
    "tokens": "Tokens",
    "gpu_seconds": "Seconds of calls",
    "requests": "Requests",
    "conversations": "Conversations",
    "revenue": "Revenue",
    "cost": "Cost of calls",
    "even": "Every customer alike",
}
SPLITS = {"seconds": "Seconds before and after the first token", "tokens": "One token written is 2.5 read"}


def show(view: View, month: date) -> None:
    """Draw the pools of a month and what rented machines make of a million tokens."""
    pools(data.read(view.path, marts.control.allocation_pools, month))
    machines(data.read(view.path, marts.control.rented_capacity, month))


def pools(found: pl.DataFrame) -> None:
    """List the pools, or say that the bill leaves nothing over."""
    if found.is_empty():
        return
    left = metrics.total(found.filter(pl.col("rule_number") == 0), "unallocated_cost_usd") or 0
    panels.table(
        "Shared and rented cost",
        found.with_columns(pl.col("driver").replace(DRIVERS)),
        {
            "pool_id": Column("Pool"),
            "charge_provider_id": Column("Billed by"),
            "driver": Column("Spread by"),
            "direct_cost_usd": Column("Charges", "money", help="What no call is told to have cost."),
            "fed_in_usd": Column("Fed in", "money", help="Handed on by other pools."),
            "fed_out_usd": Column("Fed out", "money", help="Handed on to other pools."),
            "allocated_cost_usd": Column("Allocated", "money", help="What fell to customers and features."),
            "idle_cost_usd": Column("Idle", "money", help="Capacity that nobody used."),
            "unused_cost_usd": Column("Unused", "money", help="Commitments that the bill says nobody used."),
            "prepaid_cost_usd": Column("Prepaid", "money", help="Of days that are not over: no cost yet."),
            "unallocated_cost_usd": Column("Unallocated", "money", help="No rule takes it, or no call was there."),
            "rule_reason": Column("Why"),
        },
        alt="Pools of shared and rented cost with what they took and where it went.",
        key="pools",
        note=f"Charges + fed in − fed out = the columns after it, to the last digit. {theme.money(left)} is in no pool"
        " and nobody's: rules are lines of seeds/allocation_rules.csv, and of attribution_rules.csv for what is one"
        " customer's or feature's.",
    )


def machines(found: pl.DataFrame) -> None:
    """List what a million tokens cost on machines that are paid by the hour, where there are such."""
    if found.is_empty():
        return
    twice = found.filter(pl.col("token_priced_cost_usd") > 0)
    for one in twice.iter_rows(named=True):
        st.warning(
            f"Calls of {theme.markdown(one['model_id'])} take from the pool {theme.markdown(one['pool_id'])} and cost"
            f" {theme.markdown(theme.money(one['token_priced_cost_usd']))} by the token as well.",
            icon=":material/warning:",
        )
    panels.table(
        "Rented machines, by a million tokens",
        found.with_columns(pl.col("split_method").replace(SPLITS)),
        {
            "model_id": Column("Model"),
            "pool_id": Column("Pool"),
            "used_cost_usd": Column("Busy", "money", help="The usage basis: what was at work."),
            "idle_cost_usd": Column("Idle", "money", help="What stood idle or was committed and unused."),
            "allocated_cost_usd": Column("Together", "money", help="The allocation basis: it ties to the bill."),
            "used_share": Column("Used", "percent"),
            "used_cost_per_million_tokens_usd": Column("Busy, per million", "money", help="Of all tokens delivered."),
            "allocated_cost_per_million_tokens_usd": Column("Together, per million", "money"),
            "cost_per_million_uncached_input_tokens_usd": Column(
                "Input, per million", "money", help="Of the tokens that no cache answered."
            ),
            "cost_per_million_output_tokens_usd": Column("Output, per million", "money"),
            "split_method": Column("Input from output by"),
        },
        alt="Rented machines by model: busy, idle and both, and what a million tokens cost on each basis.",
        key="machines",
        note="Only what is together ties to the bill. A token that a cache answered is delivered, and not read again.",
    )
