"""What the files of bills and tables are made of, and which of it nobody reads.

An export that gets a column, or loses one, still lands: only what a source declares is read, and what is missing is
NULL. So that nobody takes that for the whole, each file's columns are kept beside it (`Ledger.columns`). The counts of
calls that nobody reads are `unknown_usage.py`'s.
"""

import json
import re
from collections.abc import Iterator

import duckdb

from ingest.json_paths import VALUES
from ingest.records import Records
from ingest.source import Table

MOST = 2000
"""Columns of one file: an export with a column for each tag of its resources has hundreds."""
_STEP = re.compile(r"[^.\[\]>/]+")


def look(con: duckdb.DuckDBPyConnection, table: Table, records: Records) -> dict[str, bool]:
    """The columns of a file, and whether anything reads them: headers, or the dotted keys of JSON with lists left out.

    Empty for logs of calls in JSON, whose keys are too many to keep, and where keys are names of things.
    """
    paths = [path for column in table.columns for path in column.paths] + [*table.prompt, *table.usage]
    if records.is_tabular:
        read = {header for path in paths for header in records.headers(path)}
        # a struct is read where a field of it is
        read |= {header.partition(".")[0] for header in read}
        found = {header: header in read for header, _ in records.fields if header.partition(".")[0] == header}
    elif table.shape == "requests" or any(VALUES in level for level in table.each):
        found = {}
    else:
        steps = {step for path in (*paths, *table.roots, *sum(table.each, ())) for step in _STEP.findall(path)}
        lines = f"select cast(line as json) as line from ({records.relation}) where json_valid(line)"
        ((structure,),) = con.sql(f"select json_group_structure(line) from ({lines})").fetchall()
        keys = _keys(json.loads(structure)) if structure else ()
        found = {key: key.rpartition(".")[2] in steps for key in keys}
    return {column[:256]: is_read for column, is_read in sorted(found.items())[:MOST]}


def _keys(structure: object, path: str = "") -> Iterator[str]:
    """The dotted keys of what DuckDB says that JSON has in common, those that hold no object."""
    if isinstance(structure, list):
        for element in structure:
            yield from _keys(element, path)
    elif isinstance(structure, dict):
        for key, below in structure.items():
            yield from _keys(below, f"{path}.{key}" if path else key)
    elif path:
        yield path
