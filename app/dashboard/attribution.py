"""Whose the calls are: what has a customer, a feature, a team, and what the rules did."""

import polars as pl

from app import marts
from app.dashboard import data, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column

STATES = {"sets": "Sets", "shadowed": "Never wins", "dead": "Fits nothing"}


def show(view: View) -> None:
    """List how much is attributed, month by month, and the rules."""
    panels.table(
        "Attributed cost",
        data.read(view.path, marts.control.attribution_coverage),
        {
            "month": Column("Month", "day"),
            "dimension": Column("To a"),
            "attributed_share": Column("Attributed", "percent"),
            "cost_usd": Column("Cost of calls", "money"),
            "attributed_cost_usd": Column("Attributed", "money"),
            "ruled_cost_usd": Column("By a rule", "money"),
            "charge_cost_usd": Column("Other charges", "money", help="What neither calls nor a pool take of bills."),
            "attributed_charge_cost_usd": Column("Of them attributed", "money", help="By a rule."),
        },
        alt="Cost of calls and charges that has a customer, a feature and a team, by month.",
        key="attributed",
        note="The rest is (unattributed), and in every total. Rules are lines of seeds/attribution_rules.csv;"
        " `unitcost rules diff` shows what a change would move.",
    )
    rules = data.read(view.path, marts.control.attribution_rules)
    if rules.is_empty():
        return
    panels.table(
        "Attribution rules",
        rules.with_columns(pl.col("rule_status").replace(STATES)),
        {
            "rule_number": Column("Rule"),
            "rule_status": Column("Does"),
            "request_count": Column("Requests", "count"),
            "cost_usd": Column("Cost", "money"),
            "charge_count": Column("Charges", "count"),
            "charge_cost_usd": Column(
                "Cost of charges", "money", help="Of those that neither calls nor a pool take: no other is moved."
            ),
            "conflict_count": Column(
                "Conflicts", "count", help="Kinds of call and charge where an earlier rule says otherwise."
            ),
            "beaten_by_rule_number": Column("Beaten by"),
            "last_date": Column("Last used", "day"),
            "reason": Column("Why"),
        },
        alt="Attribution rules with what each set, its conflicts, and those that do nothing.",
        key="attribution_rules",
        note="A rule that never wins, or fits nothing, can go.",
    )
