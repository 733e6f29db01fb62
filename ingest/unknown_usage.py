"""Counts that a provider reports and no column reads: kept as they are called, so that a new kind of usage is seen.

A table that says where its usage objects lie (`Table.usage`) has a column `unknown_usage`: the numbers in them, and in
the objects in them, whose names are neither read by a column nor declared as known: `name=count`, separated by blanks.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb

from ingest.sqltext import literal

MACROS = """
create or replace temp macro usage_pointer(path) as '/' || replace(path, '.', '/');
create or replace temp macro usage_paths(usage) as flatten(list_transform(
    json_keys(usage),
    lambda key: case
        when json_type(usage, '/' || key) = 'OBJECT'
            then list_transform(json_keys(usage, '/' || key), lambda below: key || '.' || below)
        else [key]
    end
));
create or replace temp macro unknown_counts(usage, known) as nullif(array_to_string(list_sort(list_transform(
    list_filter(
        usage_paths(usage),
        lambda path: not list_contains(known, path)
            and json_type(usage, usage_pointer(path)) in ('UBIGINT', 'BIGINT', 'DOUBLE')
    ),
    lambda path: path || '=' || json_extract_string(usage, usage_pointer(path))
)), ' '), '');
"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the functions that `column` uses."""
    con.execute(MACROS)


def column(objects: Sequence[str], known: Iterable[str]) -> str:
    """SQL of `unknown_usage`.

    Args:
        objects: SQL of the texts of the usage objects; the first that is there counts.
        known: dotted names in them.
    """
    if not objects:
        return "cast(null as varchar)"
    usage = f"coalesce({', '.join([*objects, 'null'])})"
    inside: dict[str, set[str]] = defaultdict(set)
    for name in known:
        outer, _, inner = name.partition(".")
        inside[outer] |= {inner} if inner else set()
    # nearly every object has no other key, which is cheaper to see than to spell out its paths
    expected = [f"list_has_all({_listed(inside)}, json_keys({usage}))"]
    expected += [
        f"list_has_all({_listed(inner)}, coalesce(json_keys({usage}, {literal(f'/{outer}')}), []))"
        for outer, inner in sorted(inside.items())
        if inner
    ]
    return (
        f"case when json_valid({usage}) and not ({' and '.join(expected)}) "
        f"then unknown_counts({usage}, {_listed(known)}) end"
    )


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(literal(name) for name in sorted(names))}]"
