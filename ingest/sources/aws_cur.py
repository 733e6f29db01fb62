"""The bill of AWS: Cost and Usage Report 2.0 (Data Exports) and the legacy one, CSV or Parquet.

One column has up to three names: `lineItem/UnblendedCost` in a legacy CSV, `line_item_unblended_cost` in legacy Parquet
and in CUR 2.0, where what was a column for each tag or product attribute is a map. Column meanings:
docs.aws.amazon.com/cur/latest/userguide, "Data dictionary"; of CUR 2.0, the Data Exports table dictionary.
Times are UTC and ends are exclusive. Costs are doubles there: digits past the twelfth are noise.
"""

import re

from ingest.source import Bill, Column, Sample, Source, Table, Type

_LEGACY = {"bill/payeraccountid", "lineitem/lineitemtype", "lineitem/unblendedcost"}
_SNAKE = {"bill_payer_account_id", "line_item_line_item_type", "line_item_unblended_cost"}


def _recognises(sample: Sample) -> bool:
    return sample.headers >= _LEGACY or sample.headers >= _SNAKE


def _column(name: str, header: str, kind: Type = Type.TEXT, *, required: bool = False) -> Column:
    """A column by its legacy CSV header.

    In Parquet each capital begins a word, even in `savings_plan_savings_plan_a_r_n`; CUR 2.0 writes `arn` there.
    """
    words = re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])", "_", header).replace("/", "_").lower()
    paths = dict.fromkeys((header, words, words.replace("_a_r_n", "_arn")))
    return Column(name, kind, tuple(paths), required=required, zone="UTC" if kind is Type.TIMESTAMP else None)


def _money(name: str, header: str, *, required: bool = False) -> Column:
    return _column(name, header, Type.FLOAT_MONEY, required=required)


SOURCE = Source(
    name="aws_cur",
    about="AWS Cost and Usage Report: CUR 2.0 (Data Exports) or legacy, CSV or Parquet",
    tables=(
        Table(
            shape="charges",
            formats=("csv", "parquet"),
            date="billing_period_start",
            recognises=_recognises,
            # AWS states a month again up to three times a day, and for weeks after its end: never add up.
            replaces=("payer_account_id", "billing_period_start"),
            bill=Bill(
                account="payer_account_id",
                currency="currency_code",
                billed_cost="coalesce(net_unblended_cost, unblended_cost)",
                effective_cost="null",
            ),
            # Split cost allocation says the cost of an instance a second time, by its containers: the instance counts.
            where="split_parent_resource_id is null",
            has_other_records=True,
            nulls=("", "{}"),
            columns=(
                _column("payer_account_id", "bill/PayerAccountId", required=True),
                _column("payer_account_name", "bill/PayerAccountName"),
                _column("billing_period_start", "bill/BillingPeriodStartDate", Type.TIMESTAMP, required=True),
                _column("billing_period_end", "bill/BillingPeriodEndDate", Type.TIMESTAMP),
                _column("billing_entity", "bill/BillingEntity"),
                _column("invoicing_entity", "bill/InvoicingEntity"),
                _column("invoice_id", "bill/InvoiceId"),
                _column("usage_account_id", "lineItem/UsageAccountId"),
                _column("line_item_type", "lineItem/LineItemType", required=True),
                _column("usage_start", "lineItem/UsageStartDate", Type.TIMESTAMP, required=True),
                _column("usage_end", "lineItem/UsageEndDate", Type.TIMESTAMP),
                _column("product_code", "lineItem/ProductCode"),
                _column("usage_type", "lineItem/UsageType"),
                _column("operation", "lineItem/Operation"),
                _column("resource_id", "lineItem/ResourceId"),
                _column("iam_principal", "lineItem/IamPrincipal"),
                _column("line_item_description", "lineItem/LineItemDescription"),
                _column("legal_entity", "lineItem/LegalEntity"),
                _column("currency_code", "lineItem/CurrencyCode", Type.CURRENCY, required=True),
                _column("usage_amount", "lineItem/UsageAmount", Type.QUANTITY),
                _money("unblended_cost", "lineItem/UnblendedCost", required=True),
                _money("net_unblended_cost", "lineItem/NetUnblendedCost"),
                _column("pricing_unit", "pricing/unit"),
                _column("pricing_term", "pricing/term"),
                _column("rate_code", "pricing/RateCode"),
                _money("public_on_demand_cost", "pricing/publicOnDemandCost"),
                _column("product_name", "product/ProductName"),
                # in CUR 2.0 an entry of the map
                Column("mapped_product_name", paths=("product",), pattern='"product_name" *: *"([^"]+)"'),
                _column("region_code", "product/regionCode"),
                _column("sku", "product/sku"),
                _column("reservation_arn", "reservation/ReservationARN"),
                _money("reservation_effective_cost", "reservation/EffectiveCost"),
                _money("reservation_net_effective_cost", "reservation/NetEffectiveCost"),
                _money("unused_upfront_fee", "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"),
                _money("net_unused_upfront_fee", "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod"),
                _money("unused_recurring_fee", "reservation/UnusedRecurringFee"),
                _money("net_unused_recurring_fee", "reservation/NetUnusedRecurringFee"),
                _column("savings_plan_arn", "savingsPlan/SavingsPlanARN"),
                _money("savings_plan_effective_cost", "savingsPlan/SavingsPlanEffectiveCost"),
                _money("savings_plan_net_effective_cost", "savingsPlan/NetSavingsPlanEffectiveCost"),
                _money("total_commitment", "savingsPlan/TotalCommitmentToDate"),
                _money("used_commitment", "savingsPlan/UsedCommitment"),
                _column("split_parent_resource_id", "splitLineItem/ParentResourceId"),
                Column("tags", Type.JSON, ("resource_tags", "tags", "resourceTags/*", "resource_tags_*")),
            ),
        ),
    ),
)
