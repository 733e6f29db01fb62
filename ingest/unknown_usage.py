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
create or replace temp macro unknown_attributes(keys, texts, begin, known) as nullif(array_to_string(list_sort(
    list_transform(
        list_filter(
            list_zip(keys, texts),
            lambda pair: starts_with(pair[1], begin) and not list_contains(known, pair[1])
                and regexp_full_match(pair[2], '[0-9]+([.][0-9]+)?')
        ),
        lambda pair: pair[1] || '=' || pair[2]
    )
), ' '), '');
"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the functions that `column` uses."""
    con.execute(MACROS)


def column(objects: Sequence[str], attributes: Sequence[tuple[str, str, str]], known: Iterable[str]) -> str:
    """SQL of `unknown_usage`.

    Args:
        objects: SQL of the texts of the usage objects; the first that is there counts.
        attributes: SQL of a list of keys and of the list of their values, and how the keys begin that count use.
        known: dotted names in objects, and keys of attributes.
    """
    if attributes:
        families = [
            f"unknown_attributes({keys}, {texts}, {literal(begin)}, {_listed(known)})"
            for keys, texts, begin in attributes
        ]
        return f"nullif(concat_ws(' ', {', '.join(families)}), '')"
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
