"""Counts that a provider reports and no column reads: kept as they are called, so that a new kind of usage is seen.

A table that says where its usage objects lie (`Table.usage`) has a column `unknown_usage`: the numbers above zero in
them, and in the objects in them three deep, whose names are neither read by a column nor declared as known:
`name=count`, separated by blanks. What a known name holds is known, too. In a name only letters, digits, `_`, `-` and
the dots between its steps stay, the others are `_`: no text of a provider's can pass for a second count.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import duckdb

from ingest.sqltext import literal

MOST = 10**20
"""More than anything counts, and within what sums of decimal(38, 12) hold."""

MACROS = f"""
create or replace temp macro usage_step(key) as '/' || replace(replace(key, '~', '~0'), '/', '~1');
create or replace temp macro usage_value(usage, place) as json_extract(usage, cast(place as varchar));
create or replace temp macro usage_name(place) as
    regexp_replace(replace(substr(place, 2), '/', '.'), '[^A-Za-z0-9_.-]', '_', 'g');
create or replace temp macro usage_below(usage, known, places) as flatten(list_transform(
    list_filter(places, lambda place: not list_contains(known, usage_name(place))),
    lambda place: case
        when json_type(usage_value(usage, place)) = 'OBJECT'
            then list_transform(json_keys(usage_value(usage, place)), lambda key: place || usage_step(key))
        else [place]
    end
));
create or replace temp macro usage_places(usage, known) as usage_below(
    usage,
    known,
    usage_below(usage, known, usage_below(usage, known, list_transform(json_keys(usage), lambda key: usage_step(key))))
);
create or replace temp macro unknown_counts(usage, known) as nullif(array_to_string(list_sort(list_transform(
    list_filter(
        usage_places(usage, known),
        lambda place: json_type(usage_value(usage, place)) in ('UBIGINT', 'BIGINT', 'DOUBLE')
            and try_cast(usage_value(usage, place) as double) between 1e-12 and {MOST}
    ),
    lambda place: usage_name(place) || '=' || cast(usage_value(usage, place) as varchar)
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


def column(objects: Sequence[Sequence[str]], attributes: Sequence[tuple[str, str, str]], known: Collection[str]) -> str:
    """SQL of `unknown_usage`.

    Args:
        objects: for each usage object the SQL of its text in the places where it may lie, the first that is there
            counts. An object that a record has twice (Groq writes one usage in two places) counts once. Without
            attributes there is one at least.
        attributes: SQL of a list of keys and of the list of their values, and how the keys begin that count use.
        known: dotted names in objects, and keys of attributes.
    """
    if attributes:
        families = [
            f"unknown_attributes({keys}, {texts}, {literal(begin)}, {_listed(known)})"
            for keys, texts, begin in attributes
        ]
        return f"nullif(concat_ws(' ', {', '.join(families)}), '')"
    found = [_unknown(places, known) for places in objects]
    if len(found) == 1:
        return found[0]
    counts = f"list_sort(list_distinct(string_split(concat_ws(' ', {', '.join(found)}), ' ')))"
    return f"nullif(trim(array_to_string({counts}, ' ')), '')"


def by_object(names: Iterable[str]) -> dict[str, set[str]]:
    """Dotted names of a usage object: name → the names in it, where it is an object itself."""
    inside: dict[str, set[str]] = defaultdict(set)
    for name in names:
        outer, _, inner = name.partition(".")
        inside[outer] |= {inner} if inner else set()
    return inside


def _unknown(places: Sequence[str], known: Collection[str]) -> str:
    usage = f"coalesce({', '.join([*places, 'null'])})"
    inside = by_object(known)
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
