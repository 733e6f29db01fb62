"""Colours and the words that numbers are written in. No number is rounded anywhere else.

The categorical colours keep 3:1 against their background; good and bad are blue and vermilion, which people who
cannot tell red from green can tell apart, and a sign or a word always says the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app import currency
from app.metrics import Number

UNKNOWN = "n/a"


@dataclass(frozen=True)
class Palette:
    """The colours of one appearance."""

    categories: tuple[str, ...]
    other: str
    good: str
    bad: str
    thin: str
    line: str
    """Axes and reference lines: visible on white and on black."""
    text: str
    grid: str


LIGHT = Palette(
    categories=("#0072B2", "#009E73", "#CC79A7", "#5D3A9B", "#B8860B", "#882255", "#D55E00"),
    other="#8A8F98",
    good="#0072B2",
    bad="#D55E00",
    thin="#B8860B",
    line="#808495",
    text="#31333F",
    grid="#E3E5EA",
)
DARK = Palette(
    categories=("#56B4E9", "#2BC29A", "#E7A3C7", "#B59CFF", "#E69F00", "#F0E442", "#F07F3C"),
    other="#A6A6A6",
    good="#56B4E9",
    bad="#F07F3C",
    thin="#F0E442",
    line="#808495",
    text="#E6E8EC",
    grid="#33363F",
)

MARGIN_CLASSES = {
    "profitable": "Profitable",
    "thin": "Thin",
    "under_water": "Under water",
    "no_revenue": "No revenue",
    "unknown": "Not known",
}


def margin_colour(palette: Palette, margin_class: str) -> str:
    """The colour of a margin class."""
    return {"profitable": palette.good, "thin": palette.thin, "under_water": palette.bad}.get(
        margin_class, palette.other
    )


def colours(palette: Palette, ranked: Sequence[str], shown: Sequence[str]) -> dict[str, str]:
    """A colour for each member that is shown, `Other` in grey.

    A member among the first of `ranked` (its whole dimension, by cost of all time) has the same colour on every page;
    the others take what is left over.
    """
    own = dict(zip(ranked, palette.categories, strict=False))
    free = iter([colour for member, colour in own.items() if member not in shown])
    free_too = iter(palette.categories[len(own) :])
    picked = {}
    for member in shown:
        picked[member] = palette.other if member == "Other" else own.get(member) or next(free, None) or next(
            free_too, palette.other
        )  # fmt: skip
    return picked


class _Reporting:
    """What the figures are in: a process serves one warehouse, and a warehouse is in one currency."""

    currency = "USD"


def report_in(code: str) -> None:
    """Write every amount from now on in this currency."""
    _Reporting.currency = code


def reporting_currency() -> str:
    """The ISO 4217 code of the currency that amounts are written in."""
    return _Reporting.currency


def symbol() -> str:
    """What stands before every amount."""
    return currency.symbol(_Reporting.currency)


def money(value: Number | None) -> str:
    """An amount, as exact as its size calls for: $41,320 · $12.34 · $0.0312 · $0.000412."""
    return _amount(value, symbol())


def us_dollars(value: Number | None) -> str:
    """As `money`, for what is in US dollars whatever the figures are in: prices are, and what they make of a usage."""
    return _amount(value, currency.symbol("USD"))


def price(value: Number | None) -> str:
    """US dollars to the last digit, since a reader multiplies by it: $3.00 · $0.025 · $0.01122."""
    if value is None:
        return UNKNOWN
    exact = Decimal(str(value)).normalize()  # str: 0.025 as a float is a little more than 0.025
    digits = max(2, -int(exact.as_tuple().exponent))
    return f"{'−' if exact < 0 else ''}{currency.symbol('USD')}{abs(exact):,.{digits}f}"


def _amount(value: Number | None, mark: str) -> str:
    if value is None:
        return UNKNOWN
    size = abs(Decimal(value))
    sign = f"−{mark}" if value < 0 else mark
    if size == 0:
        return f"{mark}0"
    if size >= Decimal("99.995"):
        return f"{sign}{size:,.0f}"
    if size >= Decimal("0.995"):
        return f"{sign}{size:,.2f}"
    if size >= Decimal("0.01"):
        return f"{sign}{size:.4f}"
    digits = 2 - size.adjusted()  # three significant digits
    return f"{sign}{size:.{digits}f}"


def signed_money(value: Number) -> str:
    """An amount with its sign."""
    return f"+{money(value)}" if value > 0 else money(value)


def count(value: Number | None) -> str:
    """A whole number with separators."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def quantity(value: Number) -> str:
    """How much was used: 1,240, or 12.5 seconds."""
    return f"{Decimal(str(value)).normalize():,f}"


def percent(share: Number | None) -> str:
    """A share of 0..1 as a percentage: 62.4%, and 0.04% or <0.01% rather than 0.0%, >99.9% rather than 100.0%."""
    if share is None:
        return UNKNOWN
    known = float(share)
    if 0 < abs(known) < 0.00005:  # noqa: PLR2004 - what two decimals would show as 0.00
        return "<0.01%" if known > 0 else ">−0.01%"
    if 0.9995 <= known < 1:  # noqa: PLR2004 - what one decimal would show as 100.0: not quite all of it
        return ">99.9%"
    digits = 1 if known == 0 or abs(known) >= 0.0005 else 2  # noqa: PLR2004 - what one decimal would show as 0.0
    return f"{known:.{digits}%}".replace("-", "−")


def signed_percent(share: float) -> str:
    """A relative change; past tenfold as a factor."""
    if share >= 10:  # noqa: PLR2004 - 1,000%
        return f"×{share + 1:,.0f}"
    return _signed(f"{share:+.1%}")


def points(difference: float) -> str:
    """The difference of two shares, in percentage points."""
    return _signed(f"{difference * 100:+.1f} pp")


def _signed(said: str) -> str:
    """A true minus, and no sign on a zero."""
    return said.replace("-", "−") if any(digit in said for digit in "123456789") else said[1:]


def day(value: date) -> str:
    """22 Nov 2026."""
    return f"{value.day} {value:%b %Y}"


def span(start: date, end: date) -> str:
    """25 Oct – 23 Nov 2026, naming a year or month once where both ends share it."""
    if start == end:
        return day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day} – {day(end)}"
    return f"{start.day} {start:%b} – {day(end)}" if start.year == end.year else f"{day(start)} – {day(end)}"


def moment(value: datetime) -> str:
    """22 Nov 2026, 23:00 UTC."""
    return f"{day(value.date())}, {value:%H:%M} UTC"


def markdown(text: str) -> str:
    """Names and figures for Markdown: a dollar starts a formula there, and a customer may be called `*`."""
    return re.sub(r"([\\`*_\[\]#$<>|~:^])", r"\\\1", text)


def markup(text: str) -> str:
    """Names for a chart, where `<b>` would be obeyed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Markdown back to what a screen reader should say."""
    return re.sub(r"\\([\\`*_\[\]#$<>|~:^])", r"\1", text.replace("**", ""))
