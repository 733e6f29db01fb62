"""An imaginary company, written as provider-shaped export files that are read like anybody's.

The window is the 90 days that end on the day before `as_of`; "the full month" is the last complete one in it. What the
files tell, each a lesson that the dashboard should show:

- **support_assistant** is the headline: in the full month exactly 50,000 conversations × 10 turns × $0.01 = $5,000.00
  at list price. It was launched before, and a help centre takes over most of it in the running month.
- **doc_search** retrieves ever more chunks for the same questions from 20 days before the end.
- **summaries** suffer a retry storm on the afternoon 12 days before the end: refused calls cost nothing, timeouts do.
- **agent** runs through LiteLLM on long, cached contexts; some pass 200k tokens and are billed at twice the price.
- **copywriter** lets a frontier model do small work; `brightside-media` moves to the small one 30 days before the end.
- Some calls carry no customer and no feature. Some are of a model that no price list knows, and stay unpriced.
- 150 customers on four plans, Zipf-like in usage: most are very profitable, `northwind-labs` on the cheapest enterprise
  plan and several starters cost more than they pay.
- The bills match the logs to the last digit, but for what is planted in OpenAI's of the full month: one difference of
  each class that a reconciliation knows (`company.PLANTED`). They also hold a support plan, its tax and a credit. The
  running month has no invoice yet.
- 25 lines of one OpenAI log are there twice: the same call, logged twice.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from ingest.demo import books, exports
from ingest.demo import company as co
from ingest.demo.chance import Chance, Window
from ingest.demo.traffic import calls as draw_calls

__all__ = ["write"]

Progress = Callable[[str, int, int], None]
LOGS = {"openai": exports.openai, "anthropic": exports.anthropic, "litellm": exports.litellm}


def write(
    folder: Path, *, as_of: date, seed: int = 7, scale: float = 1.0, progress: Progress | None = None
) -> list[Path]:
    """Write the company's files below `folder`, and return their paths. The same arguments write the same bytes.

    `openai/`, `anthropic/` and `litellm/<month>.jsonl.gz` are call logs, `focus/<provider>-<month>.csv` the bills,
    `revenue/<month>.csv` what customers pay. At `scale` 1 there are about a million calls. A smaller scale is a smaller
    company: conversations, fees and amounts shrink alike, so that margins hold and the $5,000 is $5,000 × scale,
    exactly where 50,000 × scale is whole. `progress` is told each file's name, its number and how many there are.
    """
    if scale <= 0:
        raise ValueError(f"scale must be above 0, not {scale}")
    files = dict(_files(Chance(seed, Window.before(as_of), scale)))
    for number, (name, write_file) in enumerate(files.items(), start=1):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path)
        if progress:
            progress(name, number, len(files))
    return [folder / name for name in files]


def _files(chance: Chance) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Draw the traffic, and name each file with the function that writes it."""
    window, scale = chance.window, chance.scale
    calls = draw_calls(chance)
    usage = books.usage_by_day(calls)
    for month in window.months:
        in_month = calls.filter(pl.col("month") == month)
        for log, shape in LOGS.items():
            logged = in_month.filter(pl.col("log") == log)
            if log == "openai" and month == window.full_month:
                logged = _some_twice(logged, chance)
            if len(logged):
                yield f"{log}/{month:%Y-%m}.jsonl.gz", partial(_write_log, shape, logged)
        for provider in books.BILLERS:
            bill = books.bill(provider, month, usage, window, scale)
            yield f"focus/{provider}-{month:%Y-%m}.csv", partial(_write_csv, books.FOCUS_COLUMNS, bill)
        paid = books.revenue(month, in_month, scale)
        yield f"revenue/{month:%Y-%m}.csv", partial(_write_csv, books.REVENUE_COLUMNS, paid)


def _some_twice(logged: pl.DataFrame, chance: Chance) -> pl.DataFrame:
    again = chance.rng.choice(len(logged), min(co.DUPLICATED_LINES, len(logged)), replace=False)
    return pl.concat((logged, logged[again])).sort("at", "id")


def _write_log(shape: Callable[[pl.DataFrame], pl.DataFrame], logged: pl.DataFrame, path: Path) -> None:
    # Level 2 writes as fast as level 1 and a quarter less. Polars leaves the time out of the gzip header.
    shape(logged).lazy().sink_ndjson(path, compression="gzip", compression_level=2)


def _write_csv(columns: Sequence[str], rows: Iterable[dict[str, str]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
