"""LLM logs of Azure API Management: the table ApiManagementGatewayLlmLog, or its category in a storage export.

Schema: learn.microsoft.com, azure-monitor `reference/tables/apimanagementgatewayllmlog`. Who called and how it ended
are in ApiManagementGatewayLogs, whose columns are read where a query joined them by CorrelationId. Messages are not
read.
"""

from ingest.source import MOST_TOKENS, Column, Sample, Source, Table, Type

HEADERS = {"timegenerated", "correlationid", "prompttokens", "completiontokens"}


def _recognises(sample: Sample) -> bool:
    return sample.headers >= HEADERS or any(
        record.get("category") == "GatewayLlmLogs"
        or record.get("Type") == "ApiManagementGatewayLlmLog"
        or {"TimeGenerated", "CorrelationId", "PromptTokens", "CompletionTokens"} <= record.keys()
        for record in sample.records
    )


def _spelt(name: str) -> tuple[str, str]:
    """A column of the table, and its name in a storage export."""
    return name, f"properties.{name[0].lower()}{name[1:]}"


def _tokens(name: str, column: str) -> Column:
    return Column(name, Type.INTEGER, _spelt(column), minimum=0, maximum=MOST_TOKENS)


SOURCE = Source(
    name="azure_apim",
    about="Azure API Management LLM logs (ApiManagementGatewayLlmLog), JSON lines or CSV",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl", "csv"),
            date="requested_at",
            identity=("response_id", "correlation_id"),
            recognises=_recognises,
            # A call is several rows: the messages are in rows of their own, which name no deployment.
            where="coalesce(deployment, model) is not null",
            has_other_records=True,
            columns=(
                Column("provider", constant="azure"),
                Column("response_id", paths=_spelt("RequestId"), identifier=True),
                Column("correlation_id", paths=_spelt("CorrelationId"), identifier=True),
                Column("requested_at", Type.TIMESTAMP, ("TimeGenerated", "time"), required=True, zone="UTC"),
                Column("model", paths=_spelt("ModelName")),
                Column("deployment", paths=_spelt("DeploymentName")),
                Column("operation", paths=_spelt("OperationName")),
                _tokens("prompt_tokens", "PromptTokens"),
                _tokens("completion_tokens", "CompletionTokens"),
                # only newer gateways write it
                _tokens("cached_tokens", "PromptCachedTokens"),
                # of the joined ApiManagementGatewayLogs
                Column("subscription_id", paths=_spelt("ApimSubscriptionId")),
                Column("api_id", paths=_spelt("ApiId")),
                Column("product_id", paths=_spelt("ProductId")),
                Column("user_id", paths=_spelt("UserId")),
                Column("response_code", Type.INTEGER, _spelt("ResponseCode")),
                Column("cache", paths=_spelt("Cache")),
                Column("latency_ms", Type.INTEGER, _spelt("TotalTime"), minimum=0),
            ),
        ),
    ),
)
