"""`unitcost explain`: one call, whose it is and by which rule, and why it costs what it costs."""

from contextlib import closing
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table as RichTable

from app import builds, marts
from app.console import out
from app.currency import symbol
from app.marts.warehouse import MartError, Warehouse
from app.rules_diff import DIMENSIONS
from app.settings import Settings
from app.workbook import exact

SHOWN = (
    "source_id", "requested_at", "provider_id", "model_id", "requested_model", "service_tier", "region_id",
    "api_key_id", "project_id", "billing_account_id", "deployment_id", "prompt_version", "release_id", "user_id",
    "operation", "status", "attempt_number", "retry_of", "conversation_id", "trace_id",
)  # fmt: skip


def command(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST_ID", help="Of a call, as `fct_requests` has it.")],
    source: Annotated[str | None, typer.Option(help="Where two sources have a call of this id.")] = None,
) -> None:
    """Say of one call where it stands in the logs, who it is for and by which rule, and what it costs and why."""
    settings = Settings()
    with closing(Warehouse(builds.current(settings.home).path)) as warehouse:
        calls = marts.calls.requests(warehouse, request_id, source).to_dicts()
        if not calls:
            raise MartError(f"no call {request_id} is in the build: `unitcost status` says what was loaded")
        reasons = {row["rule_number"]: row["reason"] for row in marts.control.attribution_rules(warehouse).to_dicts()}
        for call in calls:
            _call(call, marts.calls.input_path(warehouse, call["input_id"]) or call["input_id"], reasons)
            _cost(call, marts.calls.request_lines(warehouse, call["source_id"], request_id).to_dicts(), settings)


def _call(call: dict[str, Any], path: str, reasons: dict[int, str | None]) -> None:
    table = RichTable(box=None, pad_edge=False, show_header=False)
    table.add_row("call", escape(call["request_id"]))
    for name in SHOWN:
        if call[name] is not None:
            table.add_row(name.removesuffix("_id").replace("_", " "), escape(str(call[name])))
    table.add_row("logged in", escape(f"{path}, record {call['record_number']:,}"))
    by_rule = dict(part.rsplit(":", 1) for part in (call["attribution_rules"] or "").split())
    for name, word in DIMENSIONS.items():
        number = by_rule.get(name)
        how = "as logged" if number is None else f"by rule {number}: {reasons.get(int(number)) or 'no reason given'}"
        if call[name] is None:
            continue
        if name == "environment" and number is None:
            how += "; production where a log is silent"
        if call[name] == "(unattributed)":
            how = "the log does not say, and no rule fits"
        table.add_row(word, escape(f"{call[name]}  ({how})"))
    out.print(table)


def _cost(call: dict[str, Any], lines: list[dict[str, Any]], settings: Settings) -> None:
    unit = symbol(settings.reporting_currency)
    table = RichTable(box=None, pad_edge=False)
    for name in ("what", "quantity", "price in US dollars", "amount in US dollars"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for line in lines:
        table.add_row(
            line["usage_kind"], exact(line["quantity"]), _plain(line["unit_price_usd"]),
            _plain(line["amount_usd"]),
        )  # fmt: skip
    if lines:
        out.print(table)
    cost = "not known" if call["cost_usd"] is None else f"{unit}{exact(call['cost_usd'])}"
    by = "by the invoice" if call["is_invoiced"] else f"estimated from prices ({call['price_status']})"
    out.print(f"cost: {cost}, {by}; price {call['price_id'] or 'none'}", markup=False)


def _plain(value: Decimal | None) -> str:
    return "no price" if value is None else exact(value)
