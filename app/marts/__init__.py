"""All SQL of the app: one mart at a time, filters bound as parameters, summed before it leaves the file.

No join, no price, no write. What two marts say about one customer is put side by side in `app.metrics`.
Money arrives as `Decimal(38, 12)` dollars, counts and tokens as 64-bit integers, days as dates.
"""

from app.marts import (
    calls,
    control,
    conversations,
    drivers,
    health,
    margin,
    prices,
    savings,
    units,
    usage,
)

__all__ = [
    "calls",
    "control",
    "conversations",
    "drivers",
    "health",
    "margin",
    "prices",
    "savings",
    "units",
    "usage",
]
