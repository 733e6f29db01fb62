"""How a currency is written before an amount."""

from collections.abc import Mapping

SYMBOLS: Mapping[str, str] = {
    "BRL": "R$",
    "EUR": "€",
    "GBP": "£",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "TRY": "₺",
    "USD": "$",
}
"""Only what names one currency: a Canadian dollar is CAD, not another $."""


def symbol(currency: str) -> str:
    """What stands before an amount of a currency: `€`, or `CHF ` where it has no symbol of its own."""
    return SYMBOLS.get(currency, f"{currency} ")
