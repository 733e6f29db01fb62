"""The columns of a bill by the FinOps Open Cost and Usage Specification (FOCUS), dataset Cost and Usage, 1.0 to 1.4.

Column meanings: focus.finops.org, `specification/datasets/cost_and_usage/columns/*.md`. Times are UTC and ends are
exclusive, by the specification; names are matched in any case (Athena lowers them). After the name of the
specification come the names by which a provider writes the same: OCI leaves `Name` and `Id` off, and what later
versions named stood under `x_` before.
"""

from ingest.source import Check, Column, Type

CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")


def _time(name: str, header: str) -> Column:
    # the specification's own examples write 5/1/25
    return Column(name, Type.TIMESTAMP, (header,), required=True, zone="UTC", date_format="%m/%d/%y")


COST_AND_USAGE: tuple[Column, ...] = (
    Column("billing_account_id", paths=("BillingAccountId",), required=True),
    Column("billing_account_name", paths=("BillingAccountName",)),
    Column("billing_account_type", paths=("BillingAccountType",)),
    Column("billing_currency", Type.CURRENCY, ("BillingCurrency",), required=True),
    _time("billing_period_start", "BillingPeriodStart"),
    _time("billing_period_end", "BillingPeriodEnd"),
    _time("charge_period_start", "ChargePeriodStart"),
    _time("charge_period_end", "ChargePeriodEnd"),
    Column(
        "charge_category",
        paths=("ChargeCategory",),
        required=True,
        words={word.lower(): word for word in CATEGORIES},  # Google's own query writes them small
    ),
    Column("charge_class", paths=("ChargeClass",), words={"correction": "Correction"}),
    Column("charge_description", paths=("ChargeDescription",)),
    Column("charge_frequency", paths=("ChargeFrequency",)),
    Column("billed_cost", Type.MONEY, ("BilledCost",), required=True),
    Column("effective_cost", Type.MONEY, ("EffectiveCost",), required=True),
    Column("list_cost", Type.MONEY, ("ListCost",)),
    Column("contracted_cost", Type.MONEY, ("ContractedCost",)),
    Column("list_unit_price", Type.QUANTITY, ("ListUnitPrice",)),
    Column("contracted_unit_price", Type.QUANTITY, ("ContractedUnitPrice",)),
    Column("pricing_category", paths=("PricingCategory",)),
    Column("pricing_quantity", Type.QUANTITY, ("PricingQuantity",)),
    Column("pricing_unit", paths=("PricingUnit",)),
    Column("pricing_currency", paths=("PricingCurrency",)),
    Column("pricing_currency_effective_cost", Type.QUANTITY, ("PricingCurrencyEffectiveCost",)),
    Column("consumed_quantity", Type.QUANTITY, ("ConsumedQuantity",)),
    Column("consumed_unit", paths=("ConsumedUnit",)),
    Column("commitment_discount_id", paths=("CommitmentDiscountId",)),
    Column("commitment_discount_status", paths=("CommitmentDiscountStatus",)),
    Column("invoice_id", paths=("InvoiceId", "x_InvoiceId")),
    Column("invoice_detail_id", paths=("InvoiceDetailId",)),
    Column("invoice_issuer_name", paths=("InvoiceIssuerName", "InvoiceIssuer")),
    Column("provider_name", paths=("ServiceProviderName", "ProviderName", "Provider")),
    Column("host_provider_name", paths=("HostProviderName", "ProviderName", "Provider")),
    Column("publisher_name", paths=("PublisherName", "Publisher")),
    Column("region_id", paths=("RegionId", "Region")),
    Column("resource_id", paths=("ResourceId",)),
    Column("resource_name", paths=("ResourceName",)),
    Column("service_category", paths=("ServiceCategory",)),
    Column("service_subcategory", paths=("ServiceSubcategory",)),
    Column("service_name", paths=("ServiceName",)),
    Column("sku_id", paths=("SkuId",)),
    # Azure's 1.0 and 1.2-preview name the meter so, AWS tells kinds of tokens apart in its usage type only
    Column("sku_meter", paths=("SkuMeter", "x_SkuMeterName", "x_UsageType")),
    Column("sku_price_id", paths=("SkuPriceId",)),
    Column("sku_price_details", Type.JSON, ("SkuPriceDetails",)),
    Column("sub_account_id", paths=("SubAccountId",)),
    Column("sub_account_name", paths=("SubAccountName",)),
    Column("tags", Type.JSON, ("Tags",)),
    # 1.3: a charge that was split, and by what
    Column("allocated_method_id", paths=("AllocatedMethodId",)),
    Column("allocated_method_details", Type.JSON, ("AllocatedMethodDetails",)),
    Column("allocated_resource_id", paths=("AllocatedResourceId",)),
    Column("allocated_resource_name", paths=("AllocatedResourceName",)),
    Column("allocated_tags", Type.JSON, ("AllocatedTags",)),
    Column("contract_applied", Type.JSON, ("ContractApplied",)),
    # GCP: what is in BilledCost and EffectiveCost already, and when the row was appended
    Column("credits", Type.JSON, ("x_Credits",)),
    Column("exported_at", Type.TIMESTAMP, ("x_ExportTime",), zone="UTC"),
)
"""Required here is what no warehouse of bills can do without: exports leave out other columns that are mandatory."""

DAY_FIRST = " or ".join(
    f"(contains({side}__text, '/') and day({side}) <> 1)" for side in ("billing_period_start", "billing_period_end")
)
CHECKS: tuple[Check, ...] = (
    Check(
        "charge_category",
        f"charge_category not in {CATEGORIES}",
        f"is none of {', '.join(CATEGORIES)}",
        "write what FOCUS calls it: sums of a bill tell taxes and credits from use by it",
    ),
    Check(
        "charge_class", "charge_class <> 'Correction'", "is neither empty nor Correction", "write what FOCUS calls it"
    ),
    Check(
        "billing_period_end",
        "billing_period_end <= billing_period_start",
        "is not after BillingPeriodStart",
        "the end is the first moment that no longer counts",
    ),
    Check(
        "charge_period_end",
        "charge_period_end < charge_period_start",
        "is before ChargePeriodStart",
        "the end is the first moment that no longer counts",
    ),
)
