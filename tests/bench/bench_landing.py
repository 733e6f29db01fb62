"""How fast a log lands, beside DuckDB and Polars turning the same bytes into Parquet with the same columns.

All in one run, each as a process of its own: wall clock, CPU and peak memory, medians of three. What lands was hashed,
checked byte by byte, judged record by record, its rejects set aside and its files synced; the other two only convert,
and write the number of each line, as a landing file does. Run it as `make bench-landing`; `--calls` and `--gzip`
change the log.
"""

import argparse
import gzip
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from ingest.files import inspect
from ingest.json_paths import JsonPaths, spelt_out
from ingest.landing import connect, land
from ingest.source import Column, Type
from ingest.sources import openai
from ingest.sqltext import literal, name

WANTED = 0.6
RUNS = 3
TABLE = openai.SOURCE.tables[0]
KINDS = {Type.INTEGER: "BIGINT", Type.TIMESTAMP: "TIMESTAMP", Type.QUANTITY: "DECIMAL(38, 18)"}
POLARS = {"BIGINT": pl.Int64(), "TIMESTAMP": pl.String(), "VARCHAR": pl.String(), "DECIMAL(38, 18)": pl.Float64()}
Tree = dict[str, Any]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def write_log(path: Path, calls: int, *, compressed: bool) -> None:
    """Chat completions as an application logs them, about 0.65 KB each, of one day."""
    chance = random.Random(7)  # noqa: S311 - a log, not a secret
    start = datetime(2026, 10, 7, tzinfo=UTC)
    answers = ["".join(chance.choices("abcdefgh ", k=80)) for _ in range(100)]
    with gzip.open(path, "wt", compresslevel=1) if compressed else path.open("w") as file:
        for number in range(calls):
            prompt, cached = chance.randint(200, 4000), chance.choice([0, 0, 1024, 2048])
            output = chance.randint(20, 800)
            usage = {
                "prompt_tokens": prompt + cached, "completion_tokens": output, "total_tokens": prompt + cached + output,
                "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            }  # fmt: skip
            line = {
                "timestamp": (start + timedelta(milliseconds=number * 86_000_000 // calls)).isoformat(),
                "latency_ms": chance.randint(200, 9000),
                "metadata": {
                    "customer_id": f"c{number % 997}", "feature": f"f{number % 7}",
                    "conversation_id": f"v{number // 5}",
                },
                "response": {
                    "id": f"chatcmpl-{number:012x}", "object": "chat.completion", "model": "gpt-5-2025-08-07",
                    "service_tier": "default", "choices": [{"message": {"content": chance.choice(answers)}}],
                    "usage": usage,
                },
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")


def land_it(path: Path, folder: Path) -> None:
    con = connect(scratch=folder / "scratch", threads=2)
    landed = land(con, inspect(path), openai.SOURCE, TABLE, home=folder)
    assert landed.landed_count == landed.record_count


WRITTEN = {
    "": {"timestamp", "latency_ms", "metadata", "response"},
    "response": {"id", "object", "model", "service_tier", "choices", "usage"},
}
"""What `write_log` writes; who converts by hand knows it."""


def columns() -> list[tuple[Column, list[str]]]:
    """The columns that land and where they lie. Those with a constant are no work; those of which a line of this log
    has nothing are not written by landing, so nobody has to."""
    there = JsonPaths(TABLE, WRITTEN)
    named = [(column, spelt_out(TABLE, column.paths)) for column in TABLE.columns if column.landed and column.paths]
    found = [(column, [path for path in paths if there.has(path)]) for column, paths in named]
    return [(column, paths) for column, paths in found if paths]


def tree() -> Tree:
    """Field → its kind, or the fields in it. Of a field and one inside of it, the latter."""
    made: Tree = {}
    for column, paths in columns():
        for path in paths:
            *parents, leaf = path.split(".")
            node = made
            for step in parents:
                below = node.get(step)
                node[step] = below if isinstance(below, dict) else {}
                node = node[step]
            node.setdefault(leaf, KINDS.get(column.type, "VARCHAR"))
    return made


def reachable(paths: list[str]) -> list[str]:
    """The paths that end in a value of the tree."""
    found = []
    for path in paths:
        node: Any = tree()
        for step in path.split("."):
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, str):
            found.append(path)
    return found


def duckdb_type(node: Any) -> str:
    if isinstance(node, str):
        return node
    fields = ", ".join(f"{name(step)} {duckdb_type(below)}" for step, below in node.items())
    return f"STRUCT({fields})"


def convert_by_duckdb(path: Path, folder: Path) -> None:
    con = duckdb.connect(config={"threads": 2})
    con.execute("set timezone = 'UTC'")
    typed = ", ".join(f"{literal(step)}: {literal(duckdb_type(node))}" for step, node in tree().items())
    selected = ", ".join(
        f"coalesce({', '.join(['.'.join(map(name, path.split('.'))) for path in reachable(paths)] + ['null'])}) "
        f"as {name(column.name)}"
        for column, paths in columns()
    )
    lineage = "'0123456789abcdef' as input_id, row_number() over () as record_number"
    read = f"read_json('{path}', columns = {{{typed}}}, format = 'newline_delimited')"
    con.execute(f"copy (select {selected}, {lineage} from {read}) to '{folder}' (format parquet, compression zstd)")


def polars_type(node: Any) -> Any:
    if isinstance(node, str):
        return POLARS[node]
    return pl.Struct([pl.Field(step, polars_type(below)) for step, below in node.items()])


def polars_value(path: str) -> pl.Expr:
    first, *rest = path.split(".")
    value = pl.col(first)
    for step in rest:
        value = value.struct.field(step)
    return value


def convert_by_polars(path: Path, folder: Path) -> None:
    schema = {step: polars_type(node) for step, node in tree().items()}
    folder.mkdir(parents=True, exist_ok=True)
    selected = []
    for column, paths in columns():
        value = pl.coalesce([polars_value(path) for path in reachable(paths)] or [pl.lit(None)])
        if column.type is Type.TIMESTAMP:
            value = value.str.to_datetime(time_unit="us", time_zone="UTC")
        selected.append(value.alias(column.name))
    rows = pl.scan_ndjson(path, schema=schema).with_row_index("record_number", 1)
    lineage = [pl.lit("0123456789abcdef").alias("input_id"), pl.col("record_number").cast(pl.Int64())]
    rows.select(selected + lineage).sink_parquet(folder / "calls.parquet", compression="zstd")


WAYS: dict[str, Callable[[Path, Path], None]] = {
    "landing": land_it,
    "DuckDB": convert_by_duckdb,
    "Polars": convert_by_polars,
}


def measure(way: str, path: Path) -> dict[str, float]:
    """One way once, in a process of its own: seconds of wall clock and of CPU, MiB at the peak."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.bench.bench_landing", "--way", way, str(path), folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def run_one(way: str, path: Path, folder: Path) -> None:
    started = time.perf_counter()
    WAYS[way](path, folder / "out")
    wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    say(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}))


def main() -> None:
    """Write a log, convert it in every way, print the table and its JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--way", nargs=3, metavar=("WAY", "LOG", "FOLDER"))
    options = parser.parse_args()
    if options.way:
        run_one(options.way[0], Path(options.way[1]), Path(options.way[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("log.jsonl.gz" if options.gzip else "log.jsonl")
        write_log(path, options.calls, compressed=options.gzip)
        an_hour_ago = time.time() - 3600  # what may still be growing is copied before it is read
        os.utime(path, (an_hour_ago, an_hour_ago))
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(RUNS):  # taking turns, so that a neighbour's load falls on all of them
            for way, measured in runs.items():
                measured.append(measure(way, path))
        size = path.stat().st_size
    medians = {way: {key: statistics.median(one[key] for one in all_) for key in all_[0]} for way, all_ in runs.items()}
    say(f"{options.calls:,} calls, {size / 2**20:,.0f} MiB; medians of {RUNS}")
    for way, median in medians.items():
        rate = options.calls / median["wall"]
        say(
            f"{way:8} {median['wall']:6.2f} s {median['cpu']:6.2f} s CPU {median['peak_mib']:6.0f} MiB "
            f"{rate:10,.0f} calls/s"
        )
    fastest = min(medians[way]["wall"] for way in ("DuckDB", "Polars"))
    say(f"landing reaches {fastest / medians['landing']['wall']:.0%} of the faster one (wanted: {WANTED:.0%})")
    say(json.dumps({"calls": options.calls, "bytes": size, "medians": medians}))


if __name__ == "__main__":
    main()
