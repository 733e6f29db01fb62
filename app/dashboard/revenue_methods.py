"""What features would earn by each way of spreading revenue that names no feature."""

from app import marts
from app.dashboard import data, panels
from app.dashboard.filters import View
from app.dashboard.tables import Column, Kind

METHODS = {
    "cost": "By cost",
    "requests": "By requests",
    "list_price": "By list price",
    "none": "Not spread",
}
FIGURES: dict[str, Kind] = {"revenue_usd": "money", "gross_margin": "percent"}


def show(view: View) -> None:
    """List the features with revenue and margin by every method."""
    if view.margin_blind_to or view.now.customer:
        return  # the mart knows features only
    found = data.read(view.path, marts.margin.revenue_methods, view.now)
    if found.is_empty():
        return
    (chosen,) = found.filter("is_chosen")["revenue_method"].unique().to_list()
    rows = found.pivot(on="revenue_method", index=["feature_id", "cogs_usd"], values=["revenue_usd", "gross_margin"])
    panels.table(
        "Revenue of features, by method",
        rows.sort("cogs_usd", "feature_id", descending=[True, False]),
        {
            "feature_id": Column("Feature"),
            "cogs_usd": Column("Cost", "money"),
            **{
                f"{figure}_{method}": Column(f"{label}{', margin' if kind == 'percent' else ''}", kind)
                for method, label in METHODS.items()
                for figure, kind in FIGURES.items()
                if f"{figure}_{method}" in rows.columns
            },
        },
        alt="Revenue and margin of every feature by cost, by requests, by list price, and where it is not spread.",
        key="revenue_methods",
        note="Revenue whose line names a feature, or whose customer is in seeds/revenue_shares.csv, is the same by all."
        f" Every other figure goes {METHODS[chosen].lower()}: `revenue_method` in dbt_project.yml. Whole months.",
    )
