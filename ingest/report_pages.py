"""Pages of a provider's cost and usage reports: `data` is a list of buckets of time, each with its `results`.

What both labs' reports have in common. A page holds whole buckets, and says nothing of how they were asked for: a value
is null where it was not asked to group by it. So a page by project and one by line item are the same money twice, and
nothing in them tells so. Two rules keep it once:

- Of a day the newest file counts, with all that it says, however it is grouped (`Table.replaces`).
- One file says a day once, and from its first bucket on: else it is refused (`whole_days`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.source import Check, Sample

EACH = (("data",), ("results",))
"""`Table.each` of a page: a record is a result, its bucket is `../`, the page is `../../`."""

ORGANIZATION = ("organization_id", "../organization_id", "../../organization_id")
"""Whose page it is. Not all pages say so: who has more organizations than one adds it to the page, beside `data`."""


def buckets(sample: Sample) -> Iterator[Mapping[str, Any]]:
    """The buckets of the pages that a file begins with."""
    for record in sample.records:
        data = record.get("data")
        for bucket in data if isinstance(data, list) else ():
            if isinstance(bucket, dict) and isinstance(bucket.get("results"), list):
                yield bucket


def results(sample: Sample) -> Iterator[Mapping[str, Any]]:
    """The results in them."""
    for bucket in buckets(sample):
        yield from (result for result in bucket["results"] if isinstance(result, dict))


def whole_days(start: str, *scope: str) -> tuple[Check, ...]:
    """The checks that a file of pages states whole days, each once.

    Args:
        start: the column of a bucket's start, NULL where the file has no pages.
        scope: SQL of what tells pages of one bucket apart that say different things.
    """
    same = "".join(f", {what}" for what in scope)
    return (
        Check(
            start,
            f"{start} is not null and min(line_number) over (partition by {start}{same})"
            f" <> max(line_number) over (partition by {start}{same})",
            "stands on more than one page of the file",
            "the pages say the same twice, be they grouped differently or fetched again: give them in files of their"
            " own, the one that counts last",
        ),
        Check(
            start,
            f"min({start}) over (partition by cast({start} as date)) > date_trunc('day', {start})",
            "is in a day whose first hours are on another page",
            "fetch from midnight (UTC), whole days a page (of hours 24 or 168 buckets, of minutes 1440)",
        ),
    )
