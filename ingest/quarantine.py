"""Records that cannot be taken: a line each in the quarantine, with the rule that it breaks and what to do."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest.files import InputFile
from ingest.judging import Judged
from ingest.records import Records
from ingest.source import Source
from ingest.sqltext import literal, name

SHOWN_REJECTS = 100


@dataclass(frozen=True)
class Reject:
    """Why one record of a file did not land."""

    record_number: int
    column: str
    rule: str
    fix: str
    value: str | None


def set_aside(
    con: duckdb.DuckDBPyConnection, judged: Judged, records: Records, home: Path, source: Source, file: InputFile
) -> tuple[Reject, ...]:
    """Write every reject to `quarantine/<source>/<sha256>.parquet`; return the first ones."""
    reasons = ", ".join(
        f"({number}, {literal(rule.column)}, {literal(rule.says)}, {literal(rule.fix)})"
        for number, rule in judged.rules.items()
    )
    values = " ".join(
        f"when {number} then left({name(f'{rule.column}__text')}, 80)"
        for number, rule in judged.rules.items()
        if rule.column
    )
    torn = "".join(
        f" union all select {line}, {literal(header)}, {literal(f'cannot be split into fields: {message}')}, "
        "'quote fields that hold commas or quotes, and double the quotes inside', null"
        for line, header, message in records.torn
    )
    header_lines = 1 if file.format == "csv" else 0  # a person who opens the file counts the header too
    path = home / "quarantine" / source.name / f"{file.sha256}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    con.execute(
        f"""
        copy (
            select {literal(file.input_id)} as input_id, {literal(str(file.path))} as path, rejected.*
            from (
                select
                    line_number + {header_lines} as record_number, column_name, rule, fix,
                    case outcome {values} end as value
                from ({judged.relation})
                inner join (values {reasons}) as reasons (outcome, column_name, rule, fix) using (outcome)
                {torn}
            ) as rejected
            order by record_number
        ) to {literal(str(new))} (format parquet, compression zstd)
        """
    )
    new.replace(path)
    rows = con.sql(
        f"select record_number, column_name, rule, fix, value from read_parquet({literal(str(path))}) "
        f"order by record_number limit {SHOWN_REJECTS}"
    ).fetchall()
    return tuple(Reject(*row) for row in rows)
