"""A bill in FOCUS columns: FinOps Open Cost and Usage Specification 1.0 to 1.4, of any provider, CSV or Parquet.

Three of its datasets: Cost and Usage, and of 1.4 Invoice Detail and Billing Period. A version is told by the columns
that it brought, never by a name of a file. Column meanings: focus.finops.org, `specification/datasets/*/columns/*.md`.

GCP appends to its export and never changes a row: a correction is a row of its own (the old one negated, or the
difference), so rows of several export times add up. Its credits are in BilledCost and EffectiveCost already.
"""

from ingest.focus_columns import CHECKS, COST_AND_USAGE, DAY_FIRST
from ingest.source import Check, Column, Sample, Source, Table, Type

MINIMUM = {
    "billedcost",
    "billingaccountid",
    "billingperiodstart",
    "chargecategory",
    "chargeperiodstart",
    "effectivecost",
}
INVOICE_MINIMUM = {"billedcost", "billingperiodstart", "invoicedetailid", "invoiceissuestatus"}
PERIOD_MINIMUM = {"billingperiodlastupdated", "billingperiodstart", "billingperiodstatus"}
NULLS = ("", "NULL", "null", "Null", "(null)")  # the last of them in the worked examples of the specification


def version(headers: frozenset[str]) -> str:
    """The oldest version that has all columns of a bill, by its lower-case headers."""
    has_provider_name = bool(headers & {"providername", "provider"})
    if headers & {"invoicedetailid", "commitmentprogrameligibilitydetails"} or (
        "serviceprovidername" in headers and not has_provider_name
    ):
        return "1.4"
    if headers & {"serviceprovidername", "hostprovidername", "allocatedmethodid", "contractapplied"}:
        return "1.3"
    if headers & {"invoiceid", "subaccounttype", "billingaccounttype"} or any(
        header.startswith("pricingcurrency") for header in headers
    ):
        return "1.2"
    return "1.1" if headers & {"skumeter", "servicesubcategory", "skupricedetails"} else "1.0"


def _is_bill(sample: Sample) -> bool:
    return sample.headers >= MINIMUM


def _time(name: str, header: str, *, required: bool = False) -> Column:
    return Column(name, Type.TIMESTAMP, (header,), required=required, zone="UTC")


SOURCE = Source(
    name="focus",
    about="A bill in FOCUS columns (1.0 to 1.4, any provider), its invoices and billing periods, CSV or Parquet",
    tables=(
        Table(
            shape="charges",
            formats=("csv", "parquet"),
            date="billing_period_start",
            recognises=_is_bill,
            # A bill is restated by sending the period again: the newer file replaces the account's period.
            replaces=("billing_account_id", "billing_period_start"),
            nulls=NULLS,
            columns=(*COST_AND_USAGE, Column("focus_version", of_headers=version)),
            checks=(
                *CHECKS,
                Check(
                    "billing_period_start",
                    DAY_FIRST,
                    "is written day first, or does not begin a month",
                    "write YYYY-MM-DD: in 5/1/25 the month comes first",
                ),
                # LiteLLM: the account is the hash of a key, the quantity counts requests, the money is its estimate
                Check(
                    "billing_period_start",
                    "billing_period_end <= billing_period_start + interval 1 day",
                    "begins a billing period of one day: a gateway's sum of requests (LiteLLM), no bill",
                    "load the gateway's own log, --source litellm: it has the tokens, and no bill is held against it",
                ),
            ),
        ),
        Table(
            shape="invoices",
            formats=("csv", "parquet"),
            date="billing_period_start",
            recognises=lambda sample: sample.headers >= INVOICE_MINIMUM and not _is_bill(sample),
            # an invoice is stated whole: voided, or issued at last, it comes again under its number
            replaces=("invoice_issuer_name", "invoice_id"),
            nulls=NULLS,
            columns=(
                Column("invoice_detail_id", paths=("InvoiceDetailId",), required=True),
                Column("invoice_id", paths=("InvoiceId",), required=True),
                Column("invoice_issuer_name", paths=("InvoiceIssuerName",), required=True),
                Column("billing_account_id", paths=("BillingAccountId",), required=True),
                Column("billing_currency", Type.CURRENCY, ("BillingCurrency",), required=True),
                Column("billed_cost", Type.MONEY, ("BilledCost",), required=True),
                Column("charge_category", paths=("ChargeCategory",), required=True),
                Column("payment_currency", Type.CURRENCY, ("PaymentCurrency",)),
                Column("payment_currency_billed_cost", Type.MONEY, ("PaymentCurrencyBilledCost",)),
                Column("payment_terms", paths=("PaymentTerms",)),
                Column("purchase_order_number", paths=("PurchaseOrderNumber",)),
                Column("reference_invoice_id", paths=("ReferenceInvoiceId",)),
                Column("invoice_detail_description", paths=("InvoiceDetailDescription",)),
                Column("invoice_detail_grain", Type.JSON, ("InvoiceDetailGrain",)),
                Column("invoice_issue_status", paths=("InvoiceIssueStatus",), required=True),
                _time("billing_period_start", "BillingPeriodStart", required=True),
                _time("billing_period_end", "BillingPeriodEnd", required=True),
                _time("invoice_issued", "InvoiceIssueDate"),
                _time("payment_due", "PaymentDueDate"),
                _time("invoice_detail_created", "InvoiceDetailCreated"),
                _time("invoice_detail_last_updated", "InvoiceDetailLastUpdated"),
            ),
        ),
        Table(
            shape="billing_periods",
            formats=("csv", "parquet"),
            date="billing_period_start",
            recognises=lambda sample: sample.headers >= PERIOD_MINIMUM and not _is_bill(sample),
            replaces=("invoice_issuer_name", "billing_period_start"),
            nulls=NULLS,
            columns=(
                Column("invoice_issuer_name", paths=("InvoiceIssuerName",), required=True),
                Column("billing_period_status", paths=("BillingPeriodStatus",), required=True),
                _time("billing_period_start", "BillingPeriodStart", required=True),
                _time("billing_period_end", "BillingPeriodEnd", required=True),
                _time("billing_period_created", "BillingPeriodCreated"),
                _time("billing_period_last_updated", "BillingPeriodLastUpdated", required=True),
            ),
        ),
    ),
)
