"""What Databricks' model serving counts by call: the system table `system.serving.endpoint_usage`, CSV or Parquet.

Schema: docs.databricks.com, `admin/system-tables/model-serving-cost`. An entity has its model's name only where the
export is joined to `system.serving.served_entities` (`entity_name`). `system.billing.usage` counts DBUs, neither money
nor tokens: joined to `system.billing.list_prices` it is a bill, read by a mapping.
"""

from ingest.source import MOST_TOKENS, Column, Source, Table, Type


def _count(name: str, header: str) -> Column:
    return Column(name, Type.INTEGER, (header,), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="databricks_usage",
    about="Databricks system.serving.endpoint_usage, CSV or Parquet",
    tables=(
        Table(
            shape="provider_usage",
            formats=("csv", "parquet"),
            date="requested",
            recognises=lambda sample: {"databricks_request_id", "served_entity_id", "request_time"} <= sample.headers,
            nulls=("", "NULL", "null"),
            columns=(
                Column("databricks_request_id", paths=("databricks_request_id",), required=True, identifier=True),
                Column("account_id", paths=("account_id",)),
                Column("workspace_id", paths=("workspace_id",)),
                Column("requester", paths=("requester",)),
                Column("entity_name", paths=("entity_name", "served_entity_name", "served_entity_id")),
                Column("status_code", Type.INTEGER, ("status_code",)),
                Column("requested", Type.TIMESTAMP, ("request_time",), required=True, zone="UTC"),
                _count("input_token_count", "input_token_count"),
                _count("output_token_count", "output_token_count"),
                _count("input_character_count", "input_character_count"),
                Column("usage_context", Type.JSON, ("usage_context",)),
            ),
        ),
    ),
)
