"""Plans with a price list: what is owed beside what was recognised, and what a limit would keep."""

import polars as pl

from app import marts
from app.dashboard import data, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column

REASONS = {"free_plan": "Free", "no_revenue": "No revenue", "negative_revenue": "More refunded than paid"}
LIMITS = {
    "stated": "The plan's own",
    "break_even": "Its price: sold at a loss above",
    "target": "What leaves the target margin",
    "median_2": "Twice the customer in the middle",
    "median_5": "Five times the customer in the middle",
    "median_10": "Ten times the customer in the middle",
}


def show(view: View) -> None:
    """List prices and limits, where there are any; they are of whole months and all customers."""
    if view.margin_blind_to or view.now.customer or view.now.feature:
        return
    found = data.read(view.path, marts.margin.plan_margins, view.now)
    if found.is_empty():
        return
    panels.table(
        "Price list",
        found.with_columns(pl.col("unknown_reason").replace(REASONS)),
        {
            "plan_id": Column("Plan"),
            "month": Column("Month", "day"),
            "customer_count": Column("Customers", "count"),
            "price_usd": Column("Price", "money", help="For a month."),
            "list_revenue_usd": Column(
                "Owed by the list", "money", help="The price of each day on the plan, and what was used beyond."
            ),
            "revenue_gap_usd": Column("Recognised less owed", "money"),
            "gross_margin": Column("Margin", "percent", help="Of recognised revenue."),
            "unknown_reason": Column("No margin because"),
            "target_price_usd": Column(
                "Price for the target", "money", help="If as many stayed and used as much; the target of the seed."
            ),
        },
        alt="Plans by month with price, what is owed and recognised, and the price that would leave the target margin.",
        key="plan_prices",
        note="Lines of seeds/plan_prices.csv, whole months, the newest first.",
    )
    panels.table(
        "What customers of a plan cost",
        found,
        {
            "plan_id": Column("Plan"),
            "month": Column("Month", "day"),
            "median_cost_usd": Column("Cost, median", "money", help="Half of the customers cost this or less."),
            "p90_cost_usd": Column("Nine of ten", "money", help="Nine of ten customers cost this or less."),
            "max_cost_usd": Column("The dearest", "money"),
            "cost_limit_usd": Column("Limit", "money", help="What a customer may cost in a month."),
            "over_limit_count": Column("Above it", "count", help="Customers that cost more."),
            "over_limit_cost_usd": Column("Cost above it", "money"),
        },
        alt="Plans by month with the cost of the customer in the middle, of the dearest, and who is above the limit.",
        key="plan_costs",
        note="A customer and month. The limit is the one of seeds/plan_prices.csv.",
    )
    newest = found["month"][0]
    panels.table(
        "What a limit would keep",
        data.read(view.path, marts.margin.plan_limits, newest).with_columns(pl.col("limit_name").replace(LIMITS)),
        {
            "plan_id": Column("Plan"),
            "limit_name": Column("Limit"),
            "limit_usd": Column("A customer and month", "money"),
            "over_limit_count": Column("Customers above it", "count"),
            "saved_cost_usd": Column("Cost above it", "money"),
            "saved_share": Column("Of the plan's cost", "percent"),
            "limited_margin": Column("Margin with it", "percent"),
        },
        alt="For each plan, limits of the cost of a customer, who is above them, and what they would keep.",
        key="plan_limits",
        note=f"Of {newest:%B %Y}, if who reaches a limit stopped there and paid the same.",
    )
