"""A mapping file: where the columns of the source `generic` lie in a home-made log, or in a home-made bill.

    [columns]
    request_id = "id"                                   # a path in a JSON line, or a header
    requested_at = { path = "ts", zone = "UTC" }        # times without an offset are UTC
    customer_id = ["tenant.id", "account"]              # the first that holds a value
    provider_id = { constant = "openai" }
    conversation_id = { template = "{tenant.id}/{thread}" }
    prompt = ["system", "messages"]                     # the parts of the prompt, for its fingerprints; never landed

A bill says so above them, and names columns of FOCUS in snake case:

    shape = "charges"
    [columns]
    billing_account_id = { constant = "gpu-cloud" }
    billing_currency = { constant = "EUR" }
    billing_period_start = { path = "Month", zone = "UTC" }
    charge_period_start = "Day"
    charge_category = { constant = "Usage" }
    billed_cost = "Amount"
    effective_cost = "Amount"

Columns that it does not name are looked for under their own name.
"""

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from ingest.files import RefusedError
from ingest.source import FINGERPRINTS, Column, Source, Table

GENERIC = "generic"
"""The source whose columns a mapping places."""

NAMES = {"provider": "provider_id", "model": "model_id"} | {
    f"received_{column.name}": column.name for column in FINGERPRINTS
}
"""Columns of raw tables whose name differs from the canonical one that people write."""
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


def mapped(source: Source, mapping: Path) -> Source:
    """The source with the one table that a mapping file is for, its columns where the file says that they are.

    Raises:
        RefusedError: the file is no such mapping; says which column and what to write.
    """
    try:
        content = tomllib.loads(mapping.read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedError(f"the mapping {mapping} cannot be read: {error.strerror}", "check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RefusedError(f"the mapping {mapping} is no TOML: {error}", "write [columns] and name = path") from error
    columns, shape = content.pop("columns", None), content.pop("shape", None)
    if content or not isinstance(columns, dict):
        raise RefusedError(f"the mapping {mapping} has more or less than [columns]", "put every line below [columns]")
    table = _table(source, shape or ("charges" if "billed_cost" in columns else "requests"), mapping)
    known = {NAMES.get(column.name, column.name): column for column in table.columns}
    prompt = _prompt(columns.pop("prompt"), mapping) if table.prompt and "prompt" in columns else table.prompt
    if unknown := sorted(set(columns) - set(known)):
        raise RefusedError(
            f"the mapping {mapping} names columns that there are not: {', '.join(unknown)}",
            f"use {', '.join(known)}{', prompt' if table.prompt else ''}",
        )
    moved = {name: _mapped(column, columns[name], mapping) for name, column in known.items() if name in columns}
    return replace(source, tables=(replace(table, columns=tuple({**known, **moved}.values()), prompt=prompt),))


def _table(source: Source, shape: Any, mapping: Path) -> Table:
    tables: dict[str, Table] = {table.shape: table for table in source.tables}
    if not isinstance(shape, str) or shape not in tables:
        raise RefusedError(
            f"the mapping {mapping} has no shape that there is", f"write shape as one of {', '.join(tables)}"
        )
    return tables[shape]


def _prompt(place: Any, mapping: Path) -> tuple[str, ...]:
    paths = [place] if isinstance(place, str) else place
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) and path for path in paths):
        raise RefusedError(
            f"the mapping {mapping} does not say where prompt is", 'write prompt = "path" or ["path", "path"]'
        )
    return tuple(paths)


def _mapped(column: Column, place: Any, mapping: Path) -> Column:
    options = {"path": place} if isinstance(place, str | list) else place
    fix = f'write {column.name} = "path", ["path", "path"], {{ constant = "…" }} or {{ template = "{{path}}…" }}'
    problem = RefusedError(f"the mapping {mapping} does not say where {column.name} is", fix)
    if not isinstance(options, dict) or len({"path", "constant", "template"} & set(options)) != 1:
        raise problem
    if set(options) - {"path", "constant", "template", "zone"} or options.get("zone", "UTC") != "UTC":
        raise problem
    zone: Literal["UTC"] | None = "UTC" if "zone" in options else column.zone
    if "path" in options:
        paths = [options["path"]] if isinstance(options["path"], str) else options["path"]
        if not paths or not all(isinstance(path, str) and path for path in paths):
            raise problem
        return replace(column, paths=tuple(paths), zone=zone)
    text = options.get("constant", options.get("template"))
    if not isinstance(text, str) or not text:
        raise problem
    if "constant" in options:
        return replace(column, paths=(), constant=text, zone=zone)
    paths = PLACEHOLDER.findall(text)
    if not paths:
        raise problem
    return replace(column, paths=tuple(paths), template=text, zone=zone)
