"""A bill of Google Cloud: the detailed (or standard) usage cost table of the BigQuery export.

JSON lines or Parquet of `bq extract`, or a CSV of a query that names nested fields `service_description` or
`service.description`. Schema: cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage.
Amounts are FLOATs there. A table only grows: what comes late or corrects is another row with a later `export_time`.
"""

from ingest.source import Check, Column, Sample, Source, Table, Type, first_present

SKU = {"sku", "sku.description", "sku_description"}
COMMON = {"billing_account_id", "usage_start_time", "cost", "currency", "export_time"}


def _recognises(sample: Sample) -> bool:
    return (sample.headers >= COMMON and not SKU.isdisjoint(sample.headers)) or any(
        record.keys() >= COMMON and first_present(record, "sku.id", "sku.description") for record in sample.records
    )


def _time(name: str) -> Column:
    return Column(name, Type.TIMESTAMP, (name,), required=True, zone="UTC")


def _nested(name: str, kind: Type = Type.TEXT, *, required: bool = False, field: str | None = None) -> Column:
    """A field of a record: `service.description`, `service_description` where a query flattened it."""
    path = field or name.replace("_", ".", 1)
    return Column(name, kind, (path, path.replace(".", "_")), required=required)


SOURCE = Source(
    name="gcp_billing",
    about="A bill of Google Cloud (BigQuery billing export), JSON lines, Parquet or flattened CSV",
    tables=(
        Table(
            shape="charges",
            formats=("jsonl", "parquet", "csv"),
            date="usage_start_time",
            recognises=_recognises,
            checks=(
                Check(
                    "credits",
                    "unnested_credit is not null",
                    "are unnested: a row for each credit repeats the cost",
                    "select to_json_string(credits) as credits, one row per row of the table",
                ),
            ),
            columns=(
                Column("billing_account_id", paths=("billing_account_id",), required=True),
                _nested("service_description"),
                _nested("sku_id"),
                _nested("sku_description"),
                _time("usage_start_time"),
                _time("usage_end_time"),
                _nested("project_id"),
                Column("labels", Type.JSON, ("labels",)),
                Column("system_labels", Type.JSON, ("system_labels",)),
                _nested("location_region"),
                _nested("resource_name"),
                _nested("resource_global_name"),
                Column("cost", Type.FLOAT_MONEY, ("cost",), required=True),
                Column("cost_at_list", Type.FLOAT_MONEY, ("cost_at_list",)),
                Column("currency", Type.CURRENCY, ("currency",), required=True),
                _nested("usage_amount", Type.QUANTITY),
                _nested("usage_unit"),
                _nested("usage_amount_in_pricing_units", Type.QUANTITY),
                _nested("usage_pricing_unit"),
                _nested("price_tier_start_amount", Type.QUANTITY),
                Column("credits", Type.JSON, ("credits",)),
                Column("unnested_credit", paths=("credits_name", "credits_type", "credits_amount"), landed=False),
                # the month of the invoice, in which a row may lie that was used before
                _nested("invoice_month", Type.INTEGER, required=True),
                Column("cost_type", paths=("cost_type",)),
                _nested("adjustment_mode", field="adjustment_info.mode"),
                _nested("adjustment_id", field="adjustment_info.id"),
                _nested("consumption_model_id", field="consumption_model.id"),
                Column("transaction_type", paths=("transaction_type",)),
                Column("seller_name", paths=("seller_name",)),
                _time("export_time"),
            ),
        ),
    ),
)
