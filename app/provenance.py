"""Where a table that leaves the house comes from: its build, what its money is, in which currency."""

from collections.abc import Iterable
from importlib.metadata import version

from app.builds import Build

_BASES = {
    "list_cost_usd": "list prices",
    "contracted_cost_usd": "contracted prices",
    "rated_cost_usd": "usage at contracted prices, by the price book",
    "estimated_cost_usd": "usage at contracted prices, of calls that are on no bill",
    "cost_usd": "best known: by the invoice where it is in, else usage at contracted prices",
    "invoiced_cost_usd": "the part of cost_usd that is by invoices",
    "billed_cost_usd": "what invoices say",
    "effective_cost_usd": "what is paid in advance is spread over its use (FOCUS)",
    "shared_cost_usd": "a share of plans, machines and services that no call is billed for",
    "cogs_usd": "cost of the calls and their share of shared cost",
}


def of_build(build: Build) -> dict[str, str]:
    """The build that a table is of, and the version that wrote it."""
    return {
        "Build": build.build_id,
        "Built at": f"{build.built_at:%Y-%m-%d %H:%M:%S} UTC",
        "Written by": f"unitcost {version('unitcost')}",
    }


def reporting_currency(build: Build) -> str:
    """The ISO 4217 code of the currency that every `*_usd` column is in, but for prices."""
    return str(build.facts.get("reporting_currency", "USD"))


def basis(columns: Iterable[str]) -> str:
    """What the costs of a table are, column by column."""
    told = [f"{name}: {_BASES[name]}" for name in columns if name in _BASES]
    return "; ".join(told) or "as the columns say"
