"""The product's whole way, log files to published build, beside whoever makes the same three tables by hand.

All in one run, each a whole process, taking turns: wall clock, CPU of the process and its children, peak memory, bytes
on disk; medians. The product also checks, sets aside, tests and publishes. Whoever makes tables must come to the same
calls, tokens and cost. Run it as `make bench`, with `BENCH_ARGS="--calls 10000000"` for more than a million calls.
"""

import argparse
import csv
import importlib.util
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.bench.per_call import LIBRARIES

PROJECT = Path(__file__).resolve().parents[2]
PRODUCT = ("-c", "from app.cli import main; main()")
BY_HAND = {"floor": "duckdb", "clickhouse": "chdb", "in_polars": "polars"}
"""Who makes the tables by hand, a module of this folder → the library that it needs."""
TOTALS = (
    "select count(*) as calls, sum(uncached_input_tokens) as input, sum(cache_read_tokens) as cache_read,"
    " sum(cache_write_tokens) as cache_write, sum(output_tokens) as output, sum(cost_usd) as cost"
    " from fct_requests where price_status = 'priced'"
)
BILLED = (
    "select usage_date, provider_id, model_id, sum(input_cost_usd) as input, sum(cache_read_cost_usd) as cached_input,"
    " sum(output_cost_usd) as output from fct_usage_hourly where provider_id in ('openai', 'anthropic')"
    " and date_trunc('month', usage_date) = (select date_trunc('month', max(usage_date)) from fct_usage_hourly)"
    " group by 1, 2, 3 order by 1, 2, 3"
)
"""What the calls of the last month cost by their prices, as two providers bill it."""
NAMES_ON_BILLS = {"openai": "OpenAI", "anthropic": "Anthropic"}
FIXED = 12
"""Seconds that a build may cost whatever it builds."""
Row = dict[str, float]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def measure(*arguments: object, **environment: str) -> tuple[Row, str]:
    """Run Python with these arguments to its end; what it used, what it printed.

    Raises:
        RuntimeError: it failed; the message has what it said.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryDirectory() as nowhere:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": f"{PROJECT}:{os.environ.get('PYTHONPATH', '')}", **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=nowhere,
        )
        _, status, used = os.wait4(process.pid, 0)  # its own use, not that of those before it
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise RuntimeError(f"{arguments} ended with {process.returncode}: {printed}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}, printed


def bytes_below(*folders: Path) -> int:
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def generate(logs: Path, calls: int, days: int, seed: int, only: Sequence[int] = ()) -> None:
    arguments = [logs, "--calls", calls, "--days", days, "--seed", seed, *(("--only", *only) if only else ())]
    measure("-m", "tests.bench.traffic", *arguments)


def by_hand(module: str, logs: Path, folder: Path) -> tuple[Row, dict[str, int]]:
    """One of `BY_HAND` on the logs; what it used, its totals."""
    folder.mkdir(parents=True)
    used, printed = measure("-m", f"tests.bench.{module}", logs, folder)
    return {**used, "disk": bytes_below(folder)}, json.loads(printed.splitlines()[-1])


def product(logs: Path, home: Path) -> Row:
    """`unitcost run` on the logs, as a person runs it; with the seconds of its phases."""
    used, printed = measure(*PRODUCT, "run", **product_environment(logs, home))
    seconds = float(re.findall(r"([\d.]+) s\)?$", printed.strip(), flags=re.MULTILINE)[-1])
    phases = {"ingest": used["wall"] - seconds, "build": seconds}
    if "published" in printed:  # from the last test that dbt ran to the pointer that readers follow
        last_test = max(file.stat().st_mtime for file in (home / "dbt" / "duckdb" / "run").rglob("*.sql"))
        phases["publish"] = (home / "current.json").stat().st_mtime - last_test
    newest = json.loads((home / "current.json").read_text())["build"]
    return {**used, **phases, "disk": bytes_below(home / "landing") + (home / newest).stat().st_size}


def product_environment(logs: Path, home: Path) -> dict[str, str]:
    inputs = [{"path": str(folder)} for folder in sorted(logs.iterdir()) if folder.is_dir()]
    return {"UNITCOST_HOME": str(home), "UNITCOST_INPUTS": json.dumps(inputs)}


def product_totals(logs: Path, home: Path) -> dict[str, int]:
    """Of the published build; the cost in picodollars, like the others'."""
    _, printed = measure(*PRODUCT, "sql", TOTALS, "--format", "json", **product_environment(logs, home))
    (totals,) = json.loads(printed)
    return {name: int(Decimal(value) * (10**12 if name == "cost" else 1)) for name, value in totals.items()}


def per_call(library: str, logs: Path, calls: int, sample: int) -> Row:
    """Seconds of `library` for all calls, from a sample of them."""
    used, printed = measure("-m", "tests.bench.per_call", library, logs, sample)
    taken = json.loads(printed.splitlines()[-1])
    scale = calls / taken["calls"]
    return {"wall": taken["seconds"] * scale, "cpu": taken["cpu"] * scale, "peak_mib": used["peak_mib"]}


def compare(work: Path, options: argparse.Namespace) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """Everyone on the same logs, `options.runs` times; and who is left out, with the reason."""
    logs = work / "logs"
    generate(logs, options.calls, options.days, options.seed)
    say(f"{options.calls:,} calls of {options.days} days, {bytes_below(logs) / 2**20:,.0f} MiB of gzip")
    needed = {**BY_HAND, **{library: library.replace("-", "_") for library in LIBRARIES}}
    left_out = {who: f"{needed[who]} is not installed" for who in needed if not importlib.util.find_spec(needed[who])}
    rows: dict[str, list[Row]] = {}
    totals: dict[str, dict[str, int]] = {}
    for run in range(options.runs):  # taking turns, so that a neighbour's load falls on all of them
        out = work / f"run-{run}"
        for who in [one for one in BY_HAND if one not in left_out]:
            used, totals[who] = by_hand(who, logs, out / who)
            rows.setdefault(who, []).append(used)
        rows.setdefault("unitcost", []).append(product(logs, out / "warehouse"))
        totals["unitcost"] = product_totals(logs, out / "warehouse")
        rows.setdefault("unitcost, nothing new", []).append(product(logs, out / "warehouse"))
        for library in [one for one in LIBRARIES if one not in left_out]:
            rows.setdefault(library, []).append(per_call(library, logs, options.calls, options.sample))
        if any(one != totals["unitcost"] for one in totals.values()):
            raise AssertionError(f"not the same totals: {totals}")
        shutil.rmtree(out)
    say(f"all agree on the priced calls: {totals['unitcost']} (cost in picodollars)")
    return rows, left_out


def one_more_day(work: Path, days: int, options: argparse.Namespace) -> dict[str, list[Row]]:
    """`options.runs` days, one after another, on a history of `days`; and the floor for such a day alone."""
    logs, home, alone = (work / f"{days}-{name}" for name in ("logs", "warehouse", "alone"))
    all_days = days + options.runs
    calls = options.calls * all_days // options.days
    generate(logs, calls, all_days, options.seed, range(days))
    product(logs, home)
    rows: dict[str, list[Row]] = {f"unitcost, day after {days}": [], f"floor, day after {days}": []}
    after, floor = rows.values()
    for day in range(days, all_days):
        for folder in (logs, alone / f"logs-{day}"):
            generate(folder, calls, all_days, options.seed, [day])
        floor.append(by_hand("floor", alone / f"logs-{day}", alone / f"floor-{day}")[0])
        after.append(product(logs, home))
    for folder in (logs, home, alone):
        shutil.rmtree(folder)
    return rows


def write_bill(path: Path, costs: Sequence[dict[str, str]], factor: Decimal) -> None:
    """A FOCUS file of a month: what calls cost (rows of `BILLED`), times a factor."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow((
            "BillingAccountId", "ProviderName", "InvoiceIssuerName", "ServiceName", "BillingCurrency", "ChargeCategory",
            "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeDescription",
            "BilledCost", "EffectiveCost",
        ))  # fmt: skip
        for cost in costs:
            day = date.fromisoformat(cost["usage_date"])
            first, provider = day.replace(day=1), NAMES_ON_BILLS.get(cost["provider_id"], cost["provider_id"])
            periods = (first, (first + timedelta(days=32)).replace(day=1), day, day + timedelta(days=1))
            for kind in ("input", "cached_input", "output"):
                billed = round(Decimal(cost[kind] or 0) * factor, 6)
                if billed:
                    lines.writerow((
                        f"our {provider}", provider, provider, f"{provider} API", "USD", "Usage",
                        *(f"{one}T00:00:00Z" for one in periods),
                        f"{cost['model_id']}, {kind.replace('_', ' ').capitalize()} Tokens", billed, billed,
                    ))  # fmt: skip


def restated_month(work: Path, options: argparse.Namespace) -> dict[str, list[Row]]:
    """A month of two providers' bills over all the calls, dearer in every line; beside a run that moves no call.

    That is what a run takes that has something to build, and nothing new of calls: a bill of whom nobody calls.
    """
    logs, home = work / "billed-logs", work / "billed-warehouse"
    generate(logs, options.calls, options.days, options.seed)
    product(logs, home)
    _, printed = measure(*PRODUCT, "sql", BILLED, "--format", "json", **product_environment(logs, home))
    costs = json.loads(printed)
    bill, other = logs / "bill" / "month.csv", logs / "other" / "month.csv"
    write_bill(bill, costs, Decimal(1))
    rows: dict[str, list[Row]] = {"unitcost, first bill of a month": [product(logs, home)]}
    for run in range(1, options.runs + 1):
        write_bill(other, [{**cost, "provider_id": "Others"} for cost in costs[:run]], Decimal(1))
        rows.setdefault("unitcost, no call new", []).append(product(logs, home))
        write_bill(bill, costs, 1 + Decimal(run) / 100)
        rows.setdefault("unitcost, month restated", []).append(product(logs, home))
    for folder in (logs, home):
        shutil.rmtree(folder)
    return rows


def show(medians: dict[str, Row], left_out: dict[str, str], calls: int) -> None:
    say(f"{'':26}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'disk B/call':>13}{'calls/s':>12}{'× floor':>9}  phases, s")
    for who, row in medians.items():
        whole = "," not in who
        disk = f"{row['disk'] / calls:.1f}" if whole and "disk" in row else ""
        rate = (f"{calls / row['wall']:,.0f}", f"{row['wall'] / medians['floor']['wall']:.2f}") if whole else ("", "")
        phases = ", ".join(f"{phase} {row[phase]:.1f}" for phase in ("ingest", "build", "publish") if phase in row)
        say(
            f"{who:26}{row['wall']:9.2f}{row['cpu']:9.2f}{row['peak_mib']:10,.0f}{disk:>13}{rate[0]:>12}{rate[1]:>9}"
            f"  {phases}"
        )
    for who, why in left_out.items():
        say(f"{who:26}left out: {why}")


def wanted(medians: dict[str, Row], calls: int, history: Sequence[int]) -> list[tuple[str, float, float]]:
    """What is wanted of the product: what, measured, at most."""
    wall = {who: row["wall"] for who, row in medians.items()}
    cold = medians["unitcost"]
    found = [
        (f"seconds cold (2 × the floor + {FIXED})", cold["wall"], 2 * wall["floor"] + FIXED),
        ("seconds with nothing new", wall["unitcost, nothing new"], 8),
        ("peak MiB", cold["peak_mib"], 2048 if calls <= 10_000_000 else 4096),
        ("bytes a call on disk", cold["disk"] / calls, 120),
        ("seconds to publish", cold["publish"], 5),
    ]
    found += [
        (f"seconds cold (a hundredth of {library})", cold["wall"], wall[library] / 100)
        for library in LIBRARIES
        if library in wall
    ]
    if "clickhouse" in wall and calls >= 100_000_000:
        found.append(("seconds cold (1.5 × ClickHouse)", cold["wall"], 1.5 * wall["clickhouse"]))
    for days in history:
        limit = 1.5 * wall[f"floor, day after {days}"] + FIXED
        found.append(
            (f"seconds, day after {days} (1.5 × the floor + {FIXED})", wall[f"unitcost, day after {days}"], limit)
        )
    if "unitcost, month restated" in wall:
        limit = 2 * wall["unitcost, no call new"]
        found.append(("seconds, a month restated (2 × with no call new)", wall["unitcost, month restated"], limit))
    if len(history) > 1:
        short, long = (wall[f"unitcost, day after {days}"] for days in (min(history), max(history)))
        found.append((f"seconds, day after {max(history)} (1.3 × after {min(history)})", long, 1.3 * short))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30, help="that the calls are spread over")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sample", type=int, default=20_000, help="calls priced one by one in Python")
    parser.add_argument(
        "--history-days", type=int, nargs="*", default=[7, 30], help="one more day on each; as many calls a day"
    )
    parser.add_argument("--restated", action="store_true", help="a month of bills restated, over all the calls")
    parser.add_argument("--work", type=Path, help="where to write; the temporary folder where not given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        rows, left_out = compare(Path(folder), options)
        for days in options.history_days:
            rows |= one_more_day(Path(folder), days, options)
        if options.restated:
            rows |= restated_month(Path(folder), options)
    medians = {who: {key: statistics.median(one[key] for one in runs) for key in runs[0]} for who, runs in rows.items()}
    show(medians, left_out, options.calls)
    limits = wanted(medians, options.calls, options.history_days)
    for what, measured, limit in limits:
        say(f"{'reached' if measured <= limit else 'MISSED ':8} {measured:10.2f} of at most {limit:10.2f} {what}")
    result: dict[str, Any] = {
        **{name: value for name, value in vars(options).items() if name != "work"},
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "left_out": left_out,
        "medians": medians,
        "rows": rows,
        "wanted": limits,
    }
    say(json.dumps(result))


if __name__ == "__main__":
    main()
