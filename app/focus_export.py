"""Rated requests as rows of a FOCUS bill: FinOps Open Cost and Usage Specification, dataset Cost and Usage.

One row per hour, who called, what served it, usage kind and price, from the mart `focus_usage`. In US dollars. Column
meanings: focus.finops.org, `specification/columns/*.md`; what FOCUS has no column for begins with `x_`.

Quantity × unit price is the cost in decimals, to half of the twelfth decimal for each call. In doubles it is not: a
check that multiplies floats and allows no difference finds the noise of floats.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from ingest.sqltext import literal

VERSIONS = ("1.0", "1.2")
_SINCE_1_1 = frozenset(
    {
        "CapacityReservationId", "CapacityReservationStatus", "CommitmentDiscountQuantity", "CommitmentDiscountUnit",
        "ServiceSubcategory", "SkuMeter", "SkuPriceDetails",
    }
)  # fmt: skip
_SINCE_1_2 = frozenset(
    {
        "BillingAccountType", "SubAccountType", "InvoiceId", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
        "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice",
    }
)  # fmt: skip
_NOTHING = "cast(null as varchar)"
_NO_NUMBER = "cast(null as decimal(38, 12))"
# "The unit may be a multiple", as prices of tokens are: quantity × unit price is the cost, digit by digit
_PER = "case when consumed_unit = 'tokens' then 1000000 else 1 end"
_QUANTITY = (
    "case when consumed_unit = 'tokens' then cast(consumed_quantity * 0.000001 as decimal(38, 9))"
    " else cast(consumed_quantity as decimal(38, 9)) end"
)


def _price(column: str) -> str:
    return f"cast(cast({column} as decimal(24, 15)) * cast({_PER} as decimal(7, 0)) as decimal(38, 15))"


COLUMNS: dict[str, str] = {
    "AvailabilityZone": _NOTHING,
    "BilledCost": "contracted_cost_usd",
    "BillingAccountId": "billing_account_id",
    "BillingAccountName": _NOTHING,
    "BillingAccountType": _NOTHING,
    "BillingCurrency": "'USD'",
    "BillingPeriodEnd": "date_trunc('month', charge_period_start_at) + interval 1 month",
    "BillingPeriodStart": "cast(date_trunc('month', charge_period_start_at) as timestamp)",
    "CapacityReservationId": _NOTHING,
    "CapacityReservationStatus": _NOTHING,
    "ChargeCategory": "'Usage'",
    "ChargeClass": _NOTHING,
    "ChargeDescription": "model_id || ', ' || replace(usage_kind, '_', ' ') || ', ' || service_tier",
    "ChargeFrequency": "'Usage-Based'",
    "ChargePeriodEnd": "charge_period_end_at",
    "ChargePeriodStart": "charge_period_start_at",
    "CommitmentDiscountCategory": _NOTHING,
    "CommitmentDiscountId": _NOTHING,
    "CommitmentDiscountName": _NOTHING,
    "CommitmentDiscountQuantity": _NO_NUMBER,
    "CommitmentDiscountStatus": _NOTHING,
    "CommitmentDiscountType": _NOTHING,
    "CommitmentDiscountUnit": _NOTHING,
    "ConsumedQuantity": "consumed_quantity",
    "ConsumedUnit": "upper(consumed_unit[1]) || consumed_unit[2:]",
    "ContractedCost": "contracted_cost_usd",
    "ContractedUnitPrice": _price("contracted_unit_price_usd"),
    "EffectiveCost": "contracted_cost_usd",
    "InvoiceId": _NOTHING,
    "InvoiceIssuerName": "provider_id",
    "ListCost": "list_cost_usd",
    "ListUnitPrice": _price("list_unit_price_usd"),
    "PricingCategory": "'Standard'",
    "PricingCurrency": "'USD'",
    "PricingCurrencyContractedUnitPrice": _price("contracted_unit_price_usd"),
    "PricingCurrencyEffectiveCost": "contracted_cost_usd",
    "PricingCurrencyListUnitPrice": _price("list_unit_price_usd"),
    "PricingQuantity": _QUANTITY,
    "PricingUnit": "case when consumed_unit = 'tokens' then '1000000 Tokens' else"
    " upper(consumed_unit[1]) || consumed_unit[2:] end",
    "ProviderName": "provider_id",
    "PublisherName": "provider_id",
    "RegionId": "region_id",
    "RegionName": "region_id",
    "ResourceId": "resource_id",
    "ResourceName": "resource_id",
    "ResourceType": "case when resource_id is not null then 'Deployment' end",
    "ServiceCategory": "'AI and Machine Learning'",
    "ServiceName": "provider_id",
    "ServiceSubcategory": "'Generative AI'",
    "SkuId": "provider_id || '/' || model_id || '/' || service_tier || '/' || usage_kind",
    "SkuMeter": "usage_kind",
    "SkuPriceDetails": _NOTHING,
    "SkuPriceId": "sku_price_id",
    "SubAccountId": "sub_account_id",
    "SubAccountName": "sub_account_id",
    "SubAccountType": "case when sub_account_id is not null then 'Project' end",
    "Tags": "json_object('customer_id', customer_id, 'feature_id', feature_id, 'environment', environment,"
    " 'operation', operation)",
    "x_ModelId": "model_id",
    "x_RequestCount": "request_count",
    "x_ServiceTier": "service_tier",
    "x_SourceId": "source_id",
    "x_UsageKind": "usage_kind",
}
"""FOCUS column (1.2, then ours) → what it is in `focus_usage`."""
_TEXTS = frozenset({"BillingAccountId", "ChargeDescription", "SkuId", "SubAccountId", "SubAccountName", "ResourceId",
    "ResourceName", "RegionId", "RegionName", "InvoiceIssuerName", "ProviderName", "PublisherName", "ServiceName",
    "x_ModelId", "x_ServiceTier"})  # fmt: skip
"""What people outside named: a spreadsheet must not take it for a formula (CWE-1236)."""


@dataclass(frozen=True)
class Exported:
    """What was written: rows, their effective cost in USD, and calls left out because no price is known."""

    rows: int
    effective_cost: Decimal
    unpriced_calls: int


def columns(version: str) -> list[str]:
    """The columns of a FOCUS version, in order; ours last."""
    left_out = frozenset() if version == "1.2" else _SINCE_1_1 | _SINCE_1_2
    return [name for name in COLUMNS if name not in left_out]


def write(build: Path, target: Path, version: str, first: date, last: date) -> Exported:
    """Write the calls from `first` to `last`, included, as `target`, CSV or Parquet by its suffix, in one piece.

    Raises:
        OSError: the target cannot be written.
        duckdb.Error: the build cannot be read.
    """
    is_csv = target.suffix.lower() != ".parquet"
    listed = ", ".join(f'{_written(name, csv=is_csv)} as "{name}"' for name in columns(version))
    con = duckdb.connect(str(build), read_only=True)
    partial = target.with_name(f".{target.name}.partial")
    days = f"usage_date between {literal(first.isoformat())} and {literal(last.isoformat())}"
    try:
        con.execute("set timezone = 'UTC'")
        # the view sums every call: once
        con.execute(f"create temp table focus_usage as select * from marts.focus_usage where {days}")
        options = "format csv, header" if is_csv else "format parquet, compression zstd"
        con.execute(f"copy (select {listed} from focus_usage order by all) to {literal(str(partial))} ({options})")
        ((rows, cost),) = con.execute(
            "select count(*), coalesce(sum(contracted_cost_usd), 0) from focus_usage"
        ).fetchall()
        ((unpriced,),) = con.execute(
            f"select coalesce(cast(sum(unpriced_request_count) as bigint), 0) from marts.fct_usage_hourly where {days}"
        ).fetchall()
        partial.replace(target)
    finally:
        con.close()
        partial.unlink(missing_ok=True)
    return Exported(rows, cost, unpriced)


def _written(name: str, *, csv: bool) -> str:
    value = COLUMNS[name]
    if not csv:
        return value
    if name.endswith(("PeriodStart", "PeriodEnd")):
        return f"strftime({value}, '%Y-%m-%dT%H:%M:%SZ')"
    if name in _TEXTS:
        return f"regexp_replace({value}, '^([=+@\\t\\r-])', '''\\1')"
    return value
