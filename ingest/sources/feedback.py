"""What people said of anomalies: `unitcost feedback` writes it, JSON lines, one for each driver beyond its limits.

    {"feedback_id": …, "anomaly_id": …, "verdict": "expected", "given_at": …, "kind": "drivers", "driver": "volume", …}

It says itself which series was judged, and how many times as high as usual it was: a build needs no earlier build.
"""

from ingest.source import Check, Column, Sample, Source, Table, Type

VERDICTS = ("expected", "false", "acknowledged")
MINIMUM = frozenset({"feedback_id", "anomaly_id", "verdict"})


def _recognises(sample: Sample) -> bool:
    return any(record.keys() >= MINIMUM for record in sample.records)


SOURCE = Source(
    name="feedback",
    about="What people said of anomalies: expected, false, acknowledged; what `unitcost feedback` writes",
    tables=(
        Table(
            shape="feedback",
            formats=("jsonl",),
            date="given_at",
            recognises=_recognises,
            columns=(
                Column("feedback_id", paths=("feedback_id",), required=True, identifier=True),
                Column("anomaly_id", paths=("anomaly_id",), required=True, identifier=True),
                Column("verdict", paths=("verdict",), required=True, identifier=True),
                Column("given_at", Type.TIMESTAMP, ("given_at",), required=True),
                Column("given_by", paths=("given_by",)),
                Column("note", paths=("note",)),
                Column("kind", paths=("kind",)),
                Column("feature_id", paths=("feature_id",)),
                Column("workload", paths=("workload",)),
                Column("last_date", Type.DATE, ("last_date",)),
                Column("causes", paths=("causes",)),
                Column("driver", paths=("driver",), identifier=True),
                Column("times_usual", Type.QUANTITY, ("times_usual",)),
            ),
            checks=(
                Check(
                    "verdict",
                    f"verdict not in {VERDICTS}",
                    "is no verdict",
                    f"write one of {', '.join(VERDICTS)}",
                ),
            ),
        ),
    ),
)
