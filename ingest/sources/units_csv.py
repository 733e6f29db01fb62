"""What the product did for somebody, as a plain table: a document processed, a ticket resolved. CSV or JSON lines.

    unit,event_id,occurred_at,customer_id[,feature][,conversation_id][,trace_id][,quantity][,outcome]

`unit` is one of seeds/units.csv, counted by `event`; or of another one, whose outcome is told. `quantity` is 1 where it
is not said. `outcome` is `success` or `failure`; nothing where nobody knows. What calls an event took is told by its
trace or conversation. An event that is read again counts once.
"""

from ingest.source import Column, Sample, Source, Table, Type, first_present
from ingest.unit_outcomes import OUTCOMES

MINIMUM = ("unit", "event_id", "occurred_at")


def _recognises(sample: Sample) -> bool:
    return sample.headers >= set(MINIMUM) or any(
        all(first_present(record, name) is not None for name in MINIMUM) for record in sample.records
    )


SOURCE = Source(
    name="units_csv",
    about="Units that the product sells or counts: unit, event, time, customer, outcome; CSV, JSON lines or Parquet",
    tables=(
        Table(
            shape="units",
            formats=("csv", "jsonl", "parquet"),
            date="occurred_at",
            recognises=_recognises,
            columns=(
                Column("unit_id", paths=("unit",), required=True, identifier=True),
                Column("event_id", paths=("event_id",), required=True, identifier=True),
                Column("occurred_at", Type.TIMESTAMP, ("occurred_at",), required=True),
                Column("customer_id", paths=("customer_id",), identifier=True),
                Column("feature_id", paths=("feature", "feature_id")),
                Column("conversation_id", paths=("conversation_id",), identifier=True),
                Column("trace_id", paths=("trace_id",), identifier=True),
                Column("quantity", Type.INTEGER, ("quantity",), minimum=0, maximum=10**9),
                Column("unit_outcome", paths=("outcome",), words=OUTCOMES),
            ),
        ),
    ),
)
