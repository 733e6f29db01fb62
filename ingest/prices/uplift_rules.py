"""What a provider adds for serving in a region: `seeds/price_uplift_rules.csv`, read and checked."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from ingest.prices import csv_lines
from ingest.prices.tables import PriceBookError, Row

SOURCE = "price_uplift_rules"
"""As `price_source` of the snapshots."""

COLUMNS = (
    "rule_id", "provider_id", "model_id", "region_id", "factor", "valid_from_date", "valid_to_date", "source_url",
)  # fmt: skip

MOST = Decimal(100)
"""A factor of this or more is a slip."""


def read(path: Path) -> list[Row]:
    """The rules as rows of `UPLIFTS` without what a snapshot adds.

    Raises:
        PriceBookError: a line is no rule, or names a rule again; it names the line.
        OSError: the file is not there.
    """
    rules: dict[str, Row] = {}
    for number, record in csv_lines.read(path, COLUMNS):
        try:
            rule = _rule({name: text or "" for name, text in record.items()})
        except (ValueError, ArithmeticError) as error:
            raise PriceBookError(
                f"{path} line {number} is no rule: it needs rule_id, provider_id, model_id, region_id, a "
                "factor above 0 and below 100 with three decimals at most, and two days like 2026-01-31"
            ) from error
        if rule["rule_id"] in rules:
            raise PriceBookError(f"{path} line {number}: a second rule {rule['rule_id']}")
        rules[rule["rule_id"]] = rule
    return list(rules.values())


def _rule(line: dict[str, str]) -> Row:
    names = ("rule_id", "provider_id", "model_id", "region_id")
    row: Row = {
        **{name: line[name] for name in names},
        "factor": Decimal(line["factor"]),
        "valid_from_date": date.fromisoformat(line["valid_from_date"]),
        "valid_to_date": date.fromisoformat(line["valid_to_date"]),
        "source_url": line["source_url"],
    }
    factor = row["factor"]
    if not all(row[name] for name in names) or not 0 < factor < MOST or factor != round(factor, 3):
        raise ValueError(line)
    return row
