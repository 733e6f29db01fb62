"""What a price list would not say: rules that find errors of a catalogue before they are billed by.

A finding is no proof (a provider may cut a price to a tenth). It is for a person to look at.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from ingest.prices.tables import Row

JUMP = 10
"""A price that grows or shrinks by this factor is looked at."""

_PRICE = ("provider_id", "model_id", "service_tier", "usage_kind", "tier_start_tokens", "daily_from_second")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to look at. The prices are in US dollars for what the catalogue states them for.

    Attributes:
        rule: which rule found it, in words.
        price: the one that looks wrong.
        against: what it is held against: the price before the jump, or the price of input.
        day: from which it holds.
    """

    rule: str
    price_source: str
    provider_id: str
    model_id: str
    service_tier: str
    usage_kind: str
    price: Decimal
    against: Decimal
    day: date


def check(snapshot: list[Row], previous: list[Row]) -> list[Finding]:
    """Look at the newest snapshot of a source, and at what it changed of the one before."""
    return sorted(
        {*_jumps_in_time(snapshot), *_jumps_since(previous, snapshot), *_upside_down(snapshot)},
        key=lambda one: (one.rule, one.provider_id, one.model_id, one.service_tier, one.usage_kind, one.day),
    )


def _jumps_in_time(rows: list[Row]) -> Iterator[Finding]:
    by_price = defaultdict(list)
    for row in rows:
        by_price[tuple(row[name] for name in _PRICE)].append(row)
    for same in by_price.values():
        for earlier, later in pairwise(sorted(same, key=lambda row: row["valid_from_date"])):
            if _jumps(earlier, later):
                yield _finding("jump from one day to the next", later, earlier)


def _jumps_since(previous: list[Row], rows: list[Row]) -> Iterator[Finding]:
    """By the newest price of each: the days of a change may have been corrected, too."""
    before, now = _newest(previous), _newest(rows)
    for key in before.keys() & now.keys():
        if _jumps(before[key], now[key]):
            yield _finding("jump since the snapshot before", now[key], before[key])


def _upside_down(rows: list[Row]) -> Iterator[Finding]:
    """A cache read above the input, an output below the input: of models that are paid for both."""
    by_time: dict[tuple[object, ...], dict[str, Row]] = defaultdict(dict)
    for row in rows:
        when = (row["valid_from_date"], *(row[name] for name in _PRICE if name != "usage_kind"))
        by_time[when][row["usage_kind"]] = row
    for kinds in by_time.values():
        price_in = kinds.get("input_tokens")
        if price_in is None or not price_in["unit_price_usd"]:
            continue
        read, out = kinds.get("cache_read_tokens"), kinds.get("output_tokens")
        if read and read["unit_price_usd"] > price_in["unit_price_usd"]:
            yield _finding("cache read above input", read, price_in)
        if out and 0 < out["unit_price_usd"] < price_in["unit_price_usd"]:
            yield _finding("output below input", out, price_in)


def _newest(rows: Iterable[Row]) -> dict[tuple[object, ...], Row]:
    newest: dict[tuple[object, ...], Row] = {}
    for row in sorted(rows, key=lambda row: row["valid_from_date"]):
        newest[tuple(row[name] for name in _PRICE)] = row
    return newest


def _jumps(earlier: Row, later: Row) -> bool:
    low, high = sorted((Decimal(earlier["unit_price_usd"]), Decimal(later["unit_price_usd"])))
    return 0 < JUMP * low <= high


def _finding(rule: str, row: Row, against: Row) -> Finding:
    return Finding(
        rule=rule,
        price_source=row["price_source"],
        provider_id=row["provider_id"],
        model_id=row["model_id"],
        service_tier=row["service_tier"],
        usage_kind=row["usage_kind"],
        price=row["price_usd"],
        against=against["price_usd"],
        day=row["valid_from_date"],
    )
