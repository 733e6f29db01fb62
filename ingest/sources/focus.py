"""A bill in FOCUS columns: FinOps Open Cost and Usage Specification, dataset Cost and Usage, CSV or Parquet.

Column meanings: focus.finops.org, `specification/columns/*.md` (1.0 to 1.2; the names added by 1.3 and 1.4 are read
where they are there). Times are UTC and ends are exclusive, by the specification.
"""

from ingest.source import Column, Sample, Source, Table, Type

MINIMUM = {
    "billedcost",
    "billingaccountid",
    "billingperiodstart",
    "chargecategory",
    "chargeperiodstart",
    "effectivecost",
}


def _recognises(sample: Sample) -> bool:
    return sample.headers >= MINIMUM


def _time(name: str, header: str) -> Column:
    return Column(name, Type.TIMESTAMP, (header,), required=True, zone="UTC")


SOURCE = Source(
    name="focus",
    about="A bill in FOCUS columns (any provider), CSV or Parquet",
    tables=(
        Table(
            shape="charges",
            formats=("csv", "parquet"),
            date="billing_period_start",
            recognises=_recognises,
            # A bill is restated by sending the period again: the newer file replaces the account's period.
            replaces=("billing_account_id", "billing_period_start"),
            nulls=("", "NULL"),
            columns=(
                Column("billing_account_id", paths=("BillingAccountId",), required=True),
                Column("billing_account_name", paths=("BillingAccountName",)),
                Column("billing_currency", paths=("BillingCurrency",), required=True),
                _time("billing_period_start", "BillingPeriodStart"),
                _time("billing_period_end", "BillingPeriodEnd"),
                _time("charge_period_start", "ChargePeriodStart"),
                _time("charge_period_end", "ChargePeriodEnd"),
                Column("charge_category", paths=("ChargeCategory",), required=True),
                Column("charge_class", paths=("ChargeClass",)),
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
                Column("consumed_quantity", Type.QUANTITY, ("ConsumedQuantity",)),
                Column("consumed_unit", paths=("ConsumedUnit",)),
                Column("commitment_discount_id", paths=("CommitmentDiscountId",)),
                Column("commitment_discount_status", paths=("CommitmentDiscountStatus",)),
                Column("invoice_id", paths=("InvoiceId",)),
                Column("invoice_issuer_name", paths=("InvoiceIssuerName", "InvoiceIssuer")),
                Column("provider_name", paths=("ServiceProviderName", "ProviderName", "Provider")),
                Column("publisher_name", paths=("PublisherName", "Publisher")),
                Column("region_id", paths=("RegionId", "Region")),
                Column("resource_id", paths=("ResourceId",)),
                Column("service_category", paths=("ServiceCategory",)),
                Column("service_subcategory", paths=("ServiceSubcategory",)),
                Column("service_name", paths=("ServiceName",)),
                Column("sku_id", paths=("SkuId",)),
                Column("sku_meter", paths=("SkuMeter",)),
                Column("sku_price_id", paths=("SkuPriceId",)),
                Column("sub_account_id", paths=("SubAccountId",)),
                Column("sub_account_name", paths=("SubAccountName",)),
                Column("tags", Type.JSON, ("Tags",)),
            ),
        ),
    ),
)
