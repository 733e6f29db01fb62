"""What other attribution rules would move, in money, before anything is built with them.

The calls and charges that are served are attributed anew in a scratch database; their cost does not depend on whom they
are for, so that the cost that moves is exact. Of charges those count that neither calls nor a pool take: others cost
nobody by themselves. Pools and margins follow in the next build.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from app import builds, pipeline
from app.dbt_build import Progress
from app.settings import PROJECT_DIR, Settings
from ingest.sqltext import literal

RULES = Path("seeds") / "attribution_rules.csv"
DIMENSIONS = {
    "customer_id": "customer",
    "feature_id": "feature",
    "team_id": "team",
    "environment": "environment",
    "unit_id": "unit",
}
"""What rules set: column of `fct_requests` → the word for it."""


@dataclass(frozen=True)
class Move:
    """Calls and charges that would be somebody else's.

    Attributes:
        dimension: a column of `fct_requests`: one of DIMENSIONS.
        before: the member that they count for in the served build.
        after: the member by the other rules.
        cost_usd: what they cost; calls without a known cost are counted and add nothing.
    """

    dimension: str
    before: str
    after: str
    request_count: int
    cost_usd: Decimal
    charge_count: int = 0


@dataclass(frozen=True)
class Diff:
    """Moves, the dearest first, and how many calls have landed that no build serves yet: they are in no move."""

    moves: list[Move]
    unbuilt_count: int


def diff(settings: Settings, rules: Path | None = None, *, progress: Progress = lambda *_: None) -> Diff:
    """Compare the served build with what these rules would make of its calls. Call inside `pipeline.writer`.

    Args:
        rules: a file like seeds/attribution_rules.csv; None: that file as it is now.

    Raises:
        NoBuildError: nothing is served yet.
        dbt_build.BuildError: the rules cannot be read; the message names the line.
        OSError: there is no such file.
    """
    served = builds.current(settings.home)
    files = pipeline.known_files(settings)
    with TemporaryDirectory(dir=settings.home, prefix=".scratch-rules-") as scratch, _project(rules) as project:
        candidate = Path(scratch) / pipeline.CANDIDATE
        pipeline.build_models(
            settings,
            candidate,
            files,
            progress=progress,
            full=True,
            select="+int_requests_attributed +fct_charges",
            project_dir=project,
        )
        return _compared(served.path, candidate)


@contextmanager
def _project(rules: Path | None) -> Iterator[Path | None]:
    """The dbt project with another rule file in it: dbt reads seeds from one folder."""
    if rules is None:
        yield None
        return
    with TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("models", "macros", "tests", "dbt_project.yml", "profiles.yml"):
            (project / name).symlink_to(PROJECT_DIR / name)
        shutil.copytree(PROJECT_DIR / RULES.parent, project / RULES.parent)
        shutil.copyfile(rules, project / RULES)
        yield project


def _compared(served: Path, candidate: Path) -> Diff:
    con = duckdb.connect()
    try:
        for name, path in (("served", served), ("candidate", candidate)):
            con.execute(f"attach {literal(str(path))} as {name} (read_only)")
        both = ", ".join(f"before.{name} as {name}_before, after.{name} as {name}_after" for name in DIMENSIONS)
        differs = " or ".join(f"before.{name} is distinct from after.{name}" for name in DIMENSIONS)
        con.execute(
            f"""
            create table moved as
            select 'call' as record, before.request_id is null as is_unbuilt, before.cost_usd, {both}
            from candidate.intermediate.int_requests_attributed as after
            left join served.marts.fct_requests as before
                on
                    after.usage_date = before.usage_date
                    and after.source_id = before.source_id
                    and after.request_id = before.request_id
            where before.request_id is null or {differs}
            union all
            select 'charge' as record, false as is_unbuilt, costs.amount_usd as cost_usd, {both}
            from (select *, null as unit_id from candidate.marts.fct_charges) as after
            inner join (select *, null as unit_id from served.marts.fct_charges) as before
                on after.charge_id = before.charge_id
            inner join served.intermediate.int_costs_ruled as costs
                on before.charge_id = costs.charge_id and costs.rule_number is null
            where {differs}
            """
        )
        moves = con.sql(
            " union all ".join(
                f"""
                select '{name}', coalesce({name}_before, '(none)'), coalesce({name}_after, '(none)'),
                    count(*) filter (where record = 'call'), coalesce(sum(cost_usd), 0)::decimal(38, 12),
                    count(*) filter (where record = 'charge')
                from moved
                where not is_unbuilt and {name}_before is distinct from {name}_after
                group by all
                """
                for name in DIMENSIONS
            )
            + " order by 5 desc, 4 desc, 1, 2, 3"
        ).fetchall()
        ((unbuilt,),) = con.sql("select count(*) from moved where is_unbuilt").fetchall()
        return Diff([Move(*move) for move in moves], unbuilt)
    finally:
        con.close()
