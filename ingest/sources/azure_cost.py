"""A bill of Azure: the Cost Management exports ActualCost and AmortizedCost, CSV or Parquet.

Columns: learn.microsoft.com, `cost-management-billing/automate/understand-usage-details-fields`. Enterprise agreements,
customer agreements and pay-as-you-go name them differently, and older exports again; headers are matched in any case,
and by the name in brackets where they are translated. Days are written MM/DD/YYYY.

Both exports describe the same usage, and only the manifest of a delivery says which it is (`exportConfig.type`). They
differ where a reservation or a savings plan pays: ActualCost has the purchase and usage at 0, AmortizedCost no purchase
and usage (used or not) at its share of it.
"""

from ingest.source import Bill, Column, Sample, Source, Table, Type

AMORTIZED = """
    lower(charge_type) like 'unused%' or (
        lower(charge_type) = 'usage' and cost <> 0
        and coalesce(lower(pricing_model) in ('reservation', 'savingsplan'), reservation_id is not null)
    )
"""
"""A line that only AmortizedCost has: a share of what was bought in advance. Without such lines the two are equal,
and a file without a manifest is taken for ActualCost."""
COST = ("CostInBillingCurrency", "Cost", "PreTaxCost")


def _recognises(sample: Sample) -> bool:
    named = {header.rpartition("(")[2].removesuffix(")") for header in sample.headers}
    return {"metercategory", "consumedservice"} <= named and not named.isdisjoint(path.lower() for path in COST)


def _day(name: str, *paths: str, required: bool = False, otherwise: str | None = None) -> Column:
    return Column(
        name,
        Type.TIMESTAMP,
        paths,
        required=required,
        zone="UTC",
        date_format="%m/%d/%Y",
        otherwise=otherwise,
    )


SOURCE = Source(
    name="azure_cost",
    about="A bill of Azure (Cost Management exports ActualCost and AmortizedCost), CSV or Parquet",
    tables=(
        Table(
            shape="charges",
            formats=("csv", "parquet"),
            date="billing_period_start",
            recognises=_recognises,
            # Each run of a month-to-date export is the whole month so far. An export may cover one subscription only:
            # it replaces that one's lines and no other's.
            replaces=("billing_account_id", "subscription_id", "billing_period_start", "export_type"),
            bill=Bill(billed_cost="cost", effective_cost="null"),
            columns=(
                Column(
                    "export_type",
                    otherwise=f"case when bool_or({AMORTIZED}) over () then 'AmortizedCost' else 'ActualCost' end",
                ),
                # an invoice is a billing profile's (customer agreement); of an enterprise agreement the two are one
                Column(
                    "billing_account_id",
                    paths=("BillingProfileId", "BillingAccountId", "SubscriptionId", "SubscriptionGuid"),
                    required=True,
                ),
                Column("billing_account_name", paths=("BillingProfileName", "BillingAccountName")),
                Column(
                    "billing_currency",
                    Type.CURRENCY,
                    ("BillingCurrency", "BillingCurrencyCode", "Currency"),
                    required=True,
                ),
                # the months of old pay-as-you-go exports are those of the days: they name no period
                _day("billing_period_start", "BillingPeriodStartDate", otherwise="date_trunc('month', charge_day)"),
                _day("billing_period_last_day", "BillingPeriodEndDate"),
                _day("charge_day", "Date", "UsageDateTime", "UsageDate", required=True),
                Column("subscription_id", paths=("SubscriptionId", "SubscriptionGuid")),
                Column("charge_type", paths=("ChargeType",)),
                Column("charge_frequency", paths=("Frequency",)),
                Column("pricing_model", paths=("PricingModel",)),
                Column("publisher_type", paths=("PublisherType",)),
                Column("publisher_name", paths=("PublisherName",)),
                Column("invoice_id", paths=("InvoiceId",)),
                Column("service_family", paths=("ServiceFamily",)),
                Column("meter_category", paths=("MeterCategory",)),
                Column("meter_subcategory", paths=("MeterSubCategory",)),
                Column("meter_name", paths=("MeterName",)),
                Column("meter_id", paths=("MeterId",)),
                Column("product_id", paths=("ProductId", "PartNumber")),
                Column("product_name", paths=("Product", "ProductName")),
                Column("resource_id", paths=("ResourceId", "InstanceId")),
                Column("resource_location", paths=("ResourceLocation",)),
                Column("reservation_id", paths=("ReservationId",)),
                Column("benefit_id", paths=("BenefitId",)),
                Column("unit_of_measure", paths=("UnitOfMeasure",)),
                Column("quantity", Type.QUANTITY, ("Quantity", "UsageQuantity")),
                # quantity × price, written with up to 28 decimals: the twelfth is the last that is kept
                Column("cost", Type.FLOAT_MONEY, COST, required=True),
                Column("unit_price", Type.QUANTITY, ("UnitPrice",)),
                Column("payg_price", Type.QUANTITY, ("PayGPrice",)),
                Column("payg_cost", Type.FLOAT_MONEY, ("PaygCostInBillingCurrency",)),
                Column("pricing_currency", paths=("PricingCurrency", "PricingCurrencyCode")),
                Column("tags", paths=("Tags",)),
            ),
        ),
    ),
)
