"""Revenue as a plain table: who pays how much for which period. CSV or Parquet.

    customer_id,period_start,period_end,amount,currency[,feature][,plan]
    northwind,2026-10-01,2026-11-01,499.00,USD,,growth

`period_end` is exclusive. A file states all revenue of the periods that it holds: a newer file replaces them.
"""

from ingest.source import Check, Column, Sample, Source, Table, Type

MINIMUM = {"customer_id", "period_start", "period_end", "amount", "currency"}


def _recognises(sample: Sample) -> bool:
    return sample.headers >= MINIMUM


SOURCE = Source(
    name="revenue_csv",
    about="Revenue lines: customer, period, amount, currency, CSV or Parquet",
    tables=(
        Table(
            shape="revenue",
            formats=("csv", "parquet"),
            date="period_start",
            recognises=_recognises,
            replaces=("period_start", "period_end"),
            checks=(
                Check("period_end", "period_end <= period_start", "is not after period_start", "the end is exclusive"),
                Check("period_end", "period_end > date '2050-01-01'", "lies after 2049", "check the year"),
            ),
            columns=(
                Column("customer_id", paths=("customer_id",), required=True, identifier=True),
                Column("period_start", Type.DATE, ("period_start",), required=True),
                Column("period_end", Type.DATE, ("period_end",), required=True),
                Column("amount", Type.MONEY, ("amount",), required=True, maximum=10**9),
                Column("currency", Type.CURRENCY, ("currency",), required=True),
                Column("feature_id", paths=("feature", "feature_id")),
                Column("plan_id", paths=("plan", "plan_id")),
            ),
        ),
    ),
)
