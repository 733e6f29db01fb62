"""What is loaded and what is served, for `unitcost status`."""

from contextlib import closing
from typing import Any

from app import marts
from app.marts.warehouse import Warehouse
from app.pipeline import last_build, writer
from app.settings import Settings
from ingest.ledger import Ledger


def inventory(settings: Settings) -> dict[str, Any]:
    """The inputs of the ledger and the served build.

    For every file and raw table: records = loaded + rejected + duplicates + other + superseded.

    Raises:
        LockedError: a run holds the ledger.
        MartError: the served build cannot be read.
    """
    last = last_build(settings.home)
    duplicates: dict[tuple[str, str], int] = {}
    if last:
        with closing(Warehouse(last.path)) as warehouse:
            rows = marts.health.duplicates(warehouse).iter_rows()
            duplicates = {(input_id, table): count for input_id, table, count in rows}
    with writer(settings), Ledger(settings.home) as ledger:
        inputs = [
            {
                "source": one.source,
                "file": one.path,
                "state": one.state,
                "records": one.record_count,
                "loaded": one.landed_count - duplicates.get((one.input_id, one.table_name), 0) - one.superseded_count,
                "rejected": one.rejected_count,
                "duplicates": duplicates.get((one.input_id, one.table_name), 0),
                "other": one.other_count,
                "superseded": one.superseded_count,
                "problem": one.problem,
            }
            for one in ledger.inputs()
        ]
    serving = last and {
        "build_id": last.build_id,
        "built_at": last.built_at.isoformat(timespec="seconds"),
        **last.facts["facts"],
    }
    return {"inputs": inputs, "build": serving}
