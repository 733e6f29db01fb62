"""What Snowflake's Cortex AI functions used, as its account usage views say, CSV or Parquet.

`CORTEX_AI_FUNCTIONS_USAGE_HISTORY` since 2026, `CORTEX_AISQL_USAGE_HISTORY` before.

Schema: docs.snowflake.com, `sql-reference/account-usage/cortex_ai_functions_usage_history`. Tokens and credits, no
money: what a credit costs is in the contract. Times are of the session's zone and need their offset:
`alter session set timezone = 'UTC'` before the export. Running queries are stated again with more.
"""

from ingest.source import MOST_TOKENS, Column, Source, Table, Type


def _metric(metric: str, name: str) -> Column:
    """A count of `METRICS`: `[{"key": {"metric": "input", "unit": "tokens"}, "value": 17}, …]`, keys in order."""
    pattern = rf'"metric"\s*:\s*"{metric}"\s*,\s*"unit"\s*:\s*"tokens"\s*\}}\s*,\s*"value"\s*:\s*(\d+)'
    return Column(name, Type.INTEGER, ("METRICS",), pattern=pattern, minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="snowflake_usage",
    about="Snowflake's views of what Cortex AI functions used, CSV or Parquet",
    tables=(
        Table(
            shape="provider_usage",
            formats=("csv", "parquet"),
            date="started",
            recognises=lambda sample: {"function_name", "model_name", "query_id", "warehouse_id"} <= sample.headers,
            columns=(
                Column("query_id", paths=("QUERY_ID",), required=True, identifier=True),
                Column("function_name", paths=("FUNCTION_NAME",), required=True),
                Column("model_name", paths=("MODEL_NAME",)),
                Column("warehouse_id", paths=("WAREHOUSE_ID",)),
                Column("user_id", paths=("USER_ID",)),
                Column("query_tag", paths=("QUERY_TAG",)),
                Column("started", Type.TIMESTAMP, ("START_TIME", "USAGE_TIME"), required=True),
                Column("ended", Type.TIMESTAMP, ("END_TIME",)),
                _metric("input", "input_tokens"),
                _metric("output", "output_tokens"),
                _metric("total", "metered_tokens"),
                Column("tokens", Type.INTEGER, ("TOKENS",), minimum=0, maximum=MOST_TOKENS),
                Column("credits", Type.QUANTITY, ("CREDITS", "TOKEN_CREDITS")),
            ),
        ),
    ),
)
