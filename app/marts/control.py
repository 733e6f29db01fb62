"""Bills beside usage: closing a month, what is shared, whose it is, and budgets."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from app.marts.warehouse import MONEY, Warehouse, summed


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


def close_checklist(warehouse: Warehouse) -> pl.DataFrame:
    """`close_checklist`, the newest month first."""
    return warehouse.read("select * from marts.close_checklist order by month desc, provider_id, billing_account_id")


def bridge(warehouse: Warehouse, bill: Bill) -> pl.DataFrame:
    """`reconciliation_bridge` of a month, its invoices together, step by step."""
    return warehouse.read(
        f"select step_number, step, cast(sum(amount_usd) as {MONEY}) as amount_usd from marts.reconciliation_bridge"
        f" where {_BILL} group by 1, 2 order by 1",
        bill.bound(),
    )


def reconciliation(warehouse: Warehouse, bill: Bill, limit: int) -> pl.DataFrame:
    """`reconciliation` of a month without what agrees, what differs most first, `limit` at most.

    `found_count` says of how many.
    """
    return warehouse.read(
        "select *, cast(count(*) over () as bigint) as found_count from marts.reconciliation"
        f" where {_BILL} and (difference_usd <> 0 or timing_variance_usd <> 0 or invoice_id is null)"
        " order by abs(difference_usd) + abs(timing_variance_usd) desc, estimated_cost_usd desc,"
        " provider_id, billing_account_id, model_id, component, sku_meter, billing_date limit $limit",
        {**bill.bound(), "limit": limit},
    )


def restatements(warehouse: Warehouse) -> pl.DataFrame:
    """`restatements`, the newest first."""
    return warehouse.read("select * from marts.restatements order by restated_at desc, billing_period_start_at desc")


def charge_kinds(warehouse: Warehouse) -> pl.DataFrame:
    """`charges_by_kind` summed by month and kind, the newest month first."""
    sums = ", ".join(summed(name) for name in ("charge_count", "billed_cost_usd", "effective_cost_usd"))
    return warehouse.read(
        f"select month, charge_kind, {sums} from marts.charges_by_kind group by 1, 2"
        " order by month desc, billed_cost_usd desc nulls last, charge_kind"
    )


def unclassified_charges(warehouse: Warehouse, limit: int) -> pl.DataFrame:
    """`charges_by_kind` of the lines that no rule knows, what is billed most first, `limit` at most.

    `found_count` says of how many.
    """
    return warehouse.read(
        "select provider_id, service_name, meter, billing_currency, min(month) as first_month,"
        " max(month) as last_month, cast(sum(charge_count) as bigint) as charge_count,"
        f" cast(sum(billed_cost) as {MONEY}) as billed_cost, cast(sum(billed_cost_usd) as {MONEY})"
        " as billed_cost_usd, cast(count(*) over () as bigint) as found_count from marts.charges_by_kind"
        " where charge_kind = 'unclassified' group by 1, 2, 3, 4"
        " order by abs(sum(billed_cost_usd)) desc nulls first, provider_id, service_name, meter, billing_currency"
        " limit $limit",
        {"limit": limit},
    )


def allocation_pools(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`allocation_pools` of a month, rule by rule, what no rule takes last."""
    return warehouse.read(
        "select * from marts.allocation_pools where month = $month order by rule_number = 0, rule_number,"
        " charge_provider_id",
        {"month": month},
    )


def rented_capacity(warehouse: Warehouse, month: date) -> pl.DataFrame:
    """`rented_capacity` of a month, the dearest first."""
    return warehouse.read(
        "select * from marts.rented_capacity where month = $month"
        " order by allocated_cost_usd desc, rule_number, provider_id, model_id",
        {"month": month},
    )


def attribution_rules(warehouse: Warehouse) -> pl.DataFrame:
    """`attribution_rule_coverage`, in the order of the rules."""
    return warehouse.read("select * from marts.attribution_rule_coverage order by rule_number")


def attribution_coverage(warehouse: Warehouse) -> pl.DataFrame:
    """`attribution_coverage`, the newest month first."""
    return warehouse.read("select * from marts.attribution_coverage order by month desc, dimension")


def budget_status(warehouse: Warehouse, start: date, end: date) -> pl.DataFrame:
    """`budget_status` of the months that the days fall into, the newest and the most used first."""
    return warehouse.read(
        "select * from marts.budget_status"
        " where month between cast(date_trunc('month', $start) as date) and $end"
        " order by month desc, used_share desc, budget_id",
        {"start": start, "end": end},
    )
