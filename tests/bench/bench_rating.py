"""How fast ten million calls are rated, beside the library's own `calc_price`: in one run, on one machine.

The SQL is what dbt made of the project in a build of this run: the views over `int_requests_attributed`, which is
replaced by a table of synthetic calls. Run it as `make bench-rating`.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from genai_prices import calc_price

from app import builds
from tests.models.conftest import Rating, new_company, write_calls
from tests.models.oracle import Case, random_cases

CALLS, SAMPLE, RUNS = 10_000_000, 20_000, 3
WANTED = 200
PROVIDERS = ("openai", "anthropic", "google", "mistral", "deepseek", "x-ai")
TEMPLATES = 2_000

COSTS = (
    "input_cost_usd", "cache_read_cost_usd", "cache_write_cost_usd", "output_cost_usd", "tool_cost_usd",
    "other_cost_usd", "contracted_cost_usd", "list_cost_usd",
)  # fmt: skip
RATED = f"select count(*), {', '.join(f'sum({cost})' for cost in COSTS)} from intermediate.int_requests_converted"
"""Every cost of every call is calculated; like the library's, they are not kept."""
STORED = (
    f"create or replace table rated as select request_id, {', '.join(COSTS)} from intermediate.int_requests_converted"
)
"""And kept, in a table."""
RARE = 20
"""One call in so many uses a rare kind (audio, images, searches): what logs of companies look like."""
USUAL = {
    "uncached_input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "cache_write_unknown_tokens",
}  # fmt: skip


def median_seconds(run: Callable[[], object]) -> tuple[float, list[float]]:
    """The median of the wall clock, and every run."""
    seconds: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), seconds


def by_library(cases: list[Case]) -> None:
    for case in cases:
        calc_price(
            case.usage(),
            case.model.id,
            provider_id=case.provider.id,
            genai_request_timestamp=case.at,
            price_context=dict(case.when) or None,
        )


def rating(root: Path, cases: list[Case]) -> Rating:
    """A build that knows the cases' models, and ten million calls like them."""
    company = new_company(root)
    calls = [case.logged(number) for number, case in enumerate(cases)]
    company.load((write_calls(root / "calls.jsonl", calls), "canonical"))
    made = Rating(builds.current(company.home).path, root)
    made.con.execute("set preserve_insertion_order = false")  # as profiles.yml has it
    # the same models, days and kinds; every call with its own counts
    counts = {name for name, kind in made.types.items() if kind == "BIGINT" and name.endswith("_tokens")}
    replaced = ", ".join(f"cast({name} * (1 + i % 97) / 97 as bigint) as {name}" for name in sorted(counts))
    made.con.execute(
        "create table templates as select *, row_number() over () - 1 as template_number from marts.fct_requests"
    )
    columns = {row[0] for row in made.con.execute("describe templates").fetchall()}
    kept = ", ".join(
        f"templates.{name}" if name in columns else f"cast({missing(name, kind)} as {kind}) as {name}"
        for name, kind in made.types.items()
    )
    made.con.execute(
        f"""
        create table intermediate.int_requests_attributed as
        select * replace ('call-' || i as request_id, {replaced})
        from (select range as i from range({CALLS})) as numbers
        inner join (select {kept}, templates.template_number from templates) as templates
            on numbers.i % {len(cases)} = templates.template_number
        """
    )
    (count,) = made.con.execute("select count(*) from intermediate.int_requests_attributed").fetchall()[0]
    assert count == CALLS
    return made


def missing(name: str, kind: str) -> str:
    return "true" if name == "has_usage" else "0" if kind == "BIGINT" else "null"


def company_like(cases: list[Case], count: int) -> list[Case]:
    """Calls of the large providers in the mix of a company's log, in any order."""
    known = [case for case in cases if case.provider.id in PROVIDERS]
    usual = [case for case in known if {kind for kind, used in case.counts.items() if used} <= USUAL]
    rare = [case for case in known if not {kind for kind, used in case.counts.items() if used} <= USUAL]
    chance = random.Random(3)  # noqa: S311 - cases, not secrets
    return [chance.choice(rare if number % RARE == 0 else usual) for number in range(count)]


def main() -> None:
    sample = company_like(random_cases(3 * SAMPLE, seed=3), SAMPLE)
    library, library_runs = median_seconds(lambda: by_library(sample))
    with tempfile.TemporaryDirectory() as folder:
        made = rating(Path(folder), sample[:TEMPLATES])
        rated, rated_runs = median_seconds(lambda: made.con.execute(RATED).fetchall())
        stored, stored_runs = median_seconds(lambda: made.con.execute(STORED))
        ((rows, priced),) = made.con.execute("select count(*), count(contracted_cost_usd) from rated").fetchall()
        made.con.close()
    assert rows == CALLS
    per_call = library / SAMPLE
    result: dict[str, object] = {
        "calls": CALLS,
        "priced": priced,
        "rated_seconds": [round(one, 3) for one in rated_runs],
        "stored_seconds": [round(one, 3) for one in stored_runs],
        "library_calls": SAMPLE,
        "library_seconds": [round(one, 3) for one in library_runs],
        "ratio": round(per_call / (rated / CALLS), 1),
        "ratio_stored": round(per_call / (stored / CALLS), 1),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
    }
    out = sys.stdout.write
    out(f"{'':28}{'calls':>12}{'seconds':>10}{'µs a call':>12}{'calls a second':>16}{'ratio':>8}\n")
    for name, calls, seconds in (
        ("genai_prices.calc_price", SAMPLE, library),
        ("SQL, rated", CALLS, rated),
        ("SQL, rated and stored", CALLS, stored),
    ):
        micros = seconds / calls * 1e6
        out(
            f"{name:28}{calls:>12,}{seconds:>10.2f}{micros:>12.3f}{calls / seconds:>16,.0f}"
            f"{per_call * 1e6 / micros:>8.1f}\n"
        )
    out(f"wanted: {WANTED} times as fast; medians of {RUNS} runs\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main()
