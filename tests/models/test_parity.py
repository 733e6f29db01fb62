"""Apache Spark builds the marts that DuckDB builds, from the same landing files, to the last digit of money."""

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from app import builds, dbt_build, spark_build
from app.cli import cli
from app.settings import PROJECT_DIR
from ingest import demo
from ingest.ledger import Ledger
from ingest.raw import spark_views
from ingest.raw.tables import NO_ACCOUNTS
from ingest.sources import discover
from tests.conftest import SHARED_DATA
from tests.models.conftest import Warehouse
from tests.models.rendered import rendered

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

AS_OF = date(2026, 11, 1)
REAL_FILES = (
    "pi_sessions/large-session.jsonl",
    "provider_responses/openai_anthropic.jsonl",
    "focus_sample/focus_sample.csv",
)
INVOICING = ("stripe", "lago", "openmeter")
"""Sources of revenue that the demo company has none of: their samples."""
PARQUET_TYPES = {"VARCHAR": "string"}
RELATIVE = 1e-12
"""How far two doubles may be apart: engines sum in other orders. Nothing else may differ at all."""


@pytest.fixture(scope="module")
def loaded(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The demo company, invoices and what real files there are, in DuckDB. A bill was restated: a file is inactive."""
    exports = tmp_path_factory.mktemp("exports")
    files = demo.write(exports, as_of=AS_OF, scale=0.02)
    bill = next(path for path in files if path.match("focus/openai-*.csv"))
    first_version = exports / "first-version.csv"
    first_version.write_text("".join(bill.read_text().splitlines(keepends=True)[:-2]))
    real = [SHARED_DATA / name for name in REAL_FILES if (SHARED_DATA / name).exists()]
    invoiced = [PROJECT_DIR / "tests" / "ingest" / "sources" / name / "revenue.jsonl" for name in INVOICING]
    home = warehouse("parity")
    home.load(*((path, None) for path in (first_version, *files, *real, *invoiced)))
    return home


@dataclass(frozen=True)
class SparkBuild:
    """What `unitcost build --target spark` did.

    Attributes:
        served: the build that was served before.
        spark: its Spark, still open.
        tests: what dbt's tests said.
    """

    served: builds.Build
    spark: "SparkSession"
    tests: Sequence[dbt_build.TestResult]


@pytest.fixture(scope="module")
def built(loaded: Warehouse) -> Iterator[SparkBuild]:
    """The command's own build, in this process: the second would take minutes."""
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed (make test-spark)")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java 17")
    served = builds.current(loaded.home)
    said: list[dbt_build.TestResult] = []
    run = dbt_build.run

    def run_and_tell(*told: Any, **more: Any) -> list[dbt_build.TestResult]:
        said.extend(run(*told, **more))
        return said

    with (
        patch.object(dbt_build, "run", run_and_tell),
        # not our zone: the machine's must not matter
        patch.object(
            spark_build, "session", partial(spark_build.session, spark__sql__session__timeZone="Asia/Kolkata")
        ),
        patch.object(sql.SparkSession, "stop"),
    ):
        command = ["build", "--target", "spark"]
        done = CliRunner().invoke(cli, command, env={"UNITCOST_HOME": str(loaded.home)}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    session = sql.SparkSession.getActiveSession()
    yield SparkBuild(served, session, said)
    session.stop()


@pytest.fixture(scope="module")
def spark(built: SparkBuild) -> "SparkSession":
    return built.spark


def create_views(spark: "SparkSession", loaded: Warehouse, *, empty: bool = False) -> None:
    with Ledger(loaded.home) as ledger:
        files, accounts = ([], NO_ACCOUNTS) if empty else (ledger.active_files(), ledger.accounts())
    spark_views.create_views(spark, discover().values(), files, loaded.home, accounts)


def dbt_on_spark(folder: Path, *arguments: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Give dbt a command on the open Spark; return the status of each node, and the manifest."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - three seconds of imports

    outcome = dbtRunner().invoke(
        [
            *arguments, "--target", "spark", "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR),
            "--target-path", str(folder), "--log-path", str(folder), "--log-level", "none",
            "--vars", json.dumps({"staged": dbt_build.staged(discover())}),
        ]
    )  # fmt: skip
    assert outcome.exception is None, outcome.exception
    statuses = {run.node.unique_id: str(run.status) for run in outcome.result}
    return statuses, json.loads((folder / "manifest.json").read_text())


@pytest.fixture(scope="module")
def unit_tested(built: SparkBuild, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, Any]]:
    """The unit tests of models, which no build runs."""
    del built
    return dbt_on_spark(tmp_path_factory.mktemp("dbt"), "test", "--select", "test_type:unit")


@pytest.mark.spark
def test_raw_views_show_the_same_rows_on_both_engines(spark: "SparkSession", loaded: Warehouse) -> None:
    create_views(spark, loaded)
    views = [row.tableName for row in spark.sql("show tables in raw").collect()]
    on_duckdb = {
        view: [(name, PARQUET_TYPES.get(kind, kind.lower())) for name, kind, *_ in loaded.rows(f"describe raw.{view}")]
        for view in views
    }
    assert {view: spark.table(f"raw.{view}").dtypes for view in views} == on_duckdb
    counts = {view: loaded.rows(f"select count(*) from raw.{view}")[0][0] for view in views}
    assert {view: spark.table(f"raw.{view}").count() for view in views} == counts
    assert spark.table("landing.focus__charges").count() > counts["focus__charges"], "no inactive file was there"

    create_views(spark, loaded, empty=True)
    assert {view: spark.table(f"raw.{view}").dtypes for view in views} == on_duckdb
    assert {view: spark.table(f"raw.{view}").count() for view in views} == dict.fromkeys(views, 0)

    create_views(spark, loaded)  # the files are still there
    assert {view: spark.table(f"raw.{view}").count() for view in views} == counts


@pytest.mark.spark
def test_every_model_and_every_test_of_dbt_passes_on_spark(
    loaded: Warehouse, built: SparkBuild, unit_tested: tuple[dict[str, str], dict[str, Any]]
) -> None:
    """A model that fails, or a test, ends the build."""
    on_duckdb = loaded.rows("select test_name, status from build_tests order by all")
    assert sorted((test.test_name, test.status) for test in built.tests) == on_duckdb
    unit_tests, _ = unit_tested
    assert {name.split(".", 1)[0] for name in unit_tests} == {"unit_test"}
    assert set(unit_tests.values()) == {"pass"}


@pytest.mark.spark
def test_every_mart_is_the_same_on_both_engines(
    spark: "SparkSession", loaded: Warehouse, unit_tested: tuple[dict[str, str], dict[str, Any]], tmp_path: Path
) -> None:
    _, manifest = unit_tested
    marts = {
        node["name"]: node["config"]["meta"]["key"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("marts/")
    }
    con = duckdb.connect()
    con.execute(f"attach '{builds.current(loaded.home).path}' as build (read_only)")
    con.execute("create schema on_duckdb")
    con.execute("create schema on_spark")
    assert {*marts, "build_tests"} == {  # what a build's tests said is written by the pipeline, not by a model
        name
        for (name,) in con.sql(
            "select table_name from information_schema.tables where table_catalog = 'build' and table_schema = 'marts'"
        ).fetchall()
    }
    found = []
    for mart, key in marts.items():
        spark.table(f"marts.{mart}").coalesce(1).write.parquet(str(tmp_path / mart))  # some are views
        con.execute(f"create view on_duckdb.{mart} as from build.marts.{mart}")
        con.execute(f"create view on_spark.{mart} as from read_parquet('{tmp_path / mart}/*.parquet')")
        found += differences(con, mart, key)
    con.close()
    assert not found, "\n" + "\n".join(found)


@pytest.mark.spark
def test_building_again_on_spark_builds_anew(spark: "SparkSession", tmp_path: Path) -> None:
    """An incremental model must not append to what is there: nothing was deleted from it."""
    before = spark.table("intermediate.int_requests_per_input").count()
    again, _ = dbt_on_spark(tmp_path, "run", "--select", "int_requests_per_input")
    assert list(again.values()) == ["success"]
    assert spark.table("intermediate.int_requests_per_input").count() == before


@pytest.mark.spark
def test_the_command_leaves_parquet_below_the_home_and_the_served_build(loaded: Warehouse, built: SparkBuild) -> None:
    assert builds.current(loaded.home) == built.served
    (rows,) = duckdb.sql(
        f"select count(*) from read_parquet('{loaded.home}/spark/tables/intermediate.db/int_requests_costed/*.parquet')"
    ).fetchall()[0]
    assert [(rows,)] == loaded.rows("select count(*) from fct_requests")


def differences(con: duckdb.DuckDBPyConnection, mart: str, key: Sequence[str]) -> list[str]:
    """What differs between `on_duckdb.<mart>` and `on_spark.<mart>`, a sentence each; nothing where they are equal.

    Rows are matched by `key`; a key that is not unique is a difference itself, so that none hides another.
    """
    sides = ("on_duckdb", "on_spark")
    columns, other_columns = (
        [(name, kind) for name, kind, *_ in con.sql(f"describe {side}.{mart}").fetchall()] for side in sides
    )
    if columns != other_columns:
        return [f"{mart}: columns are {columns} on DuckDB, {other_columns} on Spark"]
    keys = ", ".join(key)
    found = []
    for side in sides:
        query = f"select {keys}, count(*) from {side}.{mart} group by all having count(*) > 1 order by all"
        if repeated := con.sql(query).fetchall():
            found.append(f"{mart}: {len(repeated)} keys repeat {side}, first {repeated[0]}")
    joined = (
        f"(select *, true as here from on_duckdb.{mart}) as on_duckdb "
        f"full join (select *, true as here from on_spark.{mart}) as on_spark "
        f"on {' and '.join(f'on_duckdb.{name} is not distinct from on_spark.{name}' for name in key)}"
    )
    differs = {name: f"not ({_same(name, kind)})" for name, kind in columns}
    conditions = {
        "is only on DuckDB": ("on_spark.here is null", "'there'", "'not there'"),
        "is only on Spark": ("on_duckdb.here is null", "'not there'", "'there'"),
        **{
            f"differs in {name}": (
                f"on_duckdb.here and on_spark.here and {condition}", f"on_duckdb.{name}", f"on_spark.{name}"
            )
            for name, condition in differs.items()
        },
    }  # fmt: skip
    counts = con.sql(
        f"select {', '.join(f'count(*) filter ({condition})' for condition, *_ in conditions.values())} from {joined}"
    ).fetchall()[0]
    of_key = ", ".join(f"coalesce(on_duckdb.{name}, on_spark.{name})" for name in key)
    for (what, (condition, ours, theirs)), count in zip(conditions.items(), counts, strict=True):
        if count:
            first = con.sql(
                f"select {ours}, {theirs}, {of_key} from {joined} where {condition} order by {of_key} limit 3"
            )
            shown = "; ".join(f"{tuple(map(str, at))}: {one} and {other}" for one, other, *at in first.fetchall())
            found.append(f"{mart}: {count} × a row {what} (on DuckDB and on Spark), at ({keys}) = {shown}")
    return found


def _same(name: str, kind: str) -> str:
    ours, theirs = f"on_duckdb.{name}", f"on_spark.{name}"
    equal = f"{ours} is not distinct from {theirs}"
    if kind != "DOUBLE":
        return equal
    return f"{equal} or coalesce(abs({ours} - {theirs}) <= {RELATIVE} * greatest(abs({ours}), abs({theirs})), false)"


def test_a_planted_difference_is_named() -> None:
    con = duckdb.connect()
    for side in ("on_duckdb", "on_spark"):
        con.execute(f"create schema {side}")
        con.execute(
            f"""
            create table {side}.mart as
            select range as id, cast(range as decimal(38, 12)) as cost_usd, sqrt(range) as share, null as nothing
            from range(1000)
            """
        )
    assert differences(con, "mart", ["id"]) == []

    con.execute("update on_spark.mart set share = share * (1 + 1e-14) where id = 5")
    assert differences(con, "mart", ["id"]) == []

    con.execute("update on_spark.mart set cost_usd = cost_usd + 0.000000000001 where id in (7, 8)")
    con.execute("update on_spark.mart set share = share * (1 + 1e-9) where id = 9")
    con.execute("update on_duckdb.mart set share = null where id = 10")
    con.execute("delete from on_spark.mart where id = 11")
    con.execute("insert into on_spark.mart from on_spark.mart where id = 12")
    con.execute("insert into on_spark.mart values (1000, null, null, null)")
    found = differences(con, "mart", ["id"])
    assert found[0] == "mart: 1 keys repeat on_spark, first (12, 2)"
    assert [text.split("(")[0] for text in found[1:]] == [
        "mart: 1 × a row is only on DuckDB ",
        "mart: 1 × a row is only on Spark ",
        "mart: 2 × a row differs in cost_usd ",
        "mart: 2 × a row differs in share ",
    ]
    assert "('7',): 7.000000000000 and 7.000000000001; ('8',)" in found[3]
    assert "('10',): None and 3.16" in found[4]

    con.execute("alter table on_spark.mart alter cost_usd type decimal(38, 11)")
    assert "DECIMAL(38,11)" in differences(con, "mart", ["id"])[0]
    con.close()


# ---------------------------------------------------------------------------------------------- the macros of money

EXACT = Context(prec=60)
UNIT = Decimal("1e-12")
LARGEST = Decimal("9999999999.999999999999")

Ask = Callable[[pa.Table, str], list[tuple[Any, ...]]]
"""Rows of a query over the table `given`. `{{ … }}` in it are calls of macros."""

SPARK_ARITHMETIC = [(ansi, loss) for ansi in ("true", "false") for loss in ("true", "false")]
"""dbt-spark sets ANSI to false, and our profile precision loss too; the macros are right under any."""


@pytest.fixture(
    params=["duckdb", *(pytest.param(one, marks=pytest.mark.spark, id="-".join(one)) for one in SPARK_ARITHMETIC)]
)
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """An engine, in each of its ways to calculate: on Spark (ANSI, allowPrecisionLoss)."""
    if request.param == "duckdb":
        con = duckdb.connect()

        def on_duckdb(given: pa.Table, query: str) -> list[tuple[Any, ...]]:
            con.register("given", given)
            return con.sql(rendered(query, "duckdb")).fetchall()

        yield on_duckdb
        con.close()
        return

    spark: SparkSession = request.getfixturevalue("spark")
    names = ("spark.sql.ansi.enabled", "spark.sql.decimalOperations.allowPrecisionLoss")
    before = {name: spark.conf.get(name) for name in names}
    for name, value in zip(names, request.param, strict=True):
        spark.conf.set(name, value)

    def on_spark(given: pa.Table, query: str) -> list[tuple[Any, ...]]:
        spark.createDataFrame(given).createOrReplaceTempView("given")
        return [tuple(row) for row in spark.sql(rendered(query, "spark")).collect()]

    yield on_spark
    for name, value in before.items():
        spark.conf.set(name, value)


def money(chance: random.Random) -> Decimal:
    """An amount of any size up to the largest, of either sign."""
    units = chance.randrange(10 ** chance.randint(1, 22))
    return EXACT.multiply(Decimal(chance.choice((1, -1)) * units), UNIT)


def split_by_hand(amount: Decimal, weights: Sequence[int]) -> list[Decimal]:
    """Largest remainder, in whole units of 10^-12; of equal remainders the first part gets the unit."""
    units, total = int(EXACT.divide(abs(amount), UNIT)), sum(weights)
    parts = [units * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda part: (-(units * weights[part] % total), part))
    for part in by_remainder[: units - sum(parts)]:
        parts[part] += 1
    return [EXACT.multiply(Decimal(part if amount >= 0 else -part), UNIT) for part in parts]


def test_a_split_is_that_of_the_largest_remainder(ask: Ask) -> None:
    chance = random.Random(5)  # noqa: S311 - cases, not secrets
    cases = [(money(chance), [chance.randrange(10 ** chance.randint(1, 14)) + 1 for _ in range(9)]) for _ in range(200)]
    for amount in (LARGEST, -LARGEST, UNIT, -UNIT, Decimal(0), Decimal(10), Decimal(-10)):
        for weights in ([1], [1, 1, 1], [0, 1], [0, 10**14, 0, 1], [10**14] * 9, [10**14 - 1, 10**14 - 3, 7]):
            cases.append((amount, weights))  # noqa: PERF401 - two loops in one line hide the cases
    rows = [
        (case, tie, amount, weight)
        for case, (amount, weights) in enumerate(cases)
        for tie, weight in enumerate(weights)
    ]
    given = pa.table(
        [
            pa.array([row[0] for row in rows], pa.int64()),
            pa.array([row[1] for row in rows], pa.int64()),
            pa.array([row[2] for row in rows], pa.decimal128(38, 12)),
            pa.array([row[3] for row in rows], pa.int64()),
        ],
        names=["id", "tie", "amount", "weight"],
    )
    split = ask(
        given,
        "select id, part from {{ split_exactly('given', 'amount', 'weight', 'id', 'tie') }} as split order by id, tie",
    )
    expected = [(case, part) for case, (amount, weights) in enumerate(cases) for part in split_by_hand(amount, weights)]
    assert [row for row in zip(split, expected, strict=True) if row[0] != row[1]] == []


def test_a_unit_cost_is_rounded_once_half_away_from_zero(ask: Ask) -> None:
    chance = random.Random(6)  # noqa: S311 - cases, not secrets
    cases = [(money(chance), chance.randrange(10 ** chance.randint(1, 14))) for _ in range(500)]
    cases += [
        (amount, count)
        for amount in (LARGEST, -LARGEST, 99 * LARGEST, -99 * LARGEST, UNIT, -UNIT, 3 * UNIT, -3 * UNIT, Decimal(0))
        for count in (0, 1, 2, 3, 7, 10**14, 10**18)
    ]
    given = pa.table(
        [
            pa.array(range(len(cases)), pa.int64()),
            pa.array([amount for amount, _ in cases], pa.decimal128(38, 12)),
            pa.array([count for _, count in cases], pa.int64()),
        ],
        names=["id", "cost", "calls"],
    )
    costs = [cost for _, cost in ask(given, "select id, {{ unit_cost('cost', 'calls') }} from given order by id")]
    expected = [
        EXACT.divide(amount, Decimal(count)).quantize(UNIT, ROUND_HALF_UP, EXACT) if count else None
        for amount, count in cases
    ]
    wrong = [case for case in zip(cases, costs, expected, strict=True) if case[1] != case[2]]
    assert wrong == []


def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(ask: Ask) -> None:
    chance = random.Random(8)  # noqa: S311 - cases, not secrets
    groups: dict[tuple[str | None, int], list[Decimal | None]] = {}
    for number, name in enumerate(["a", "b", None] * 20):
        size = chance.choice((1, 2, 19, 20, 21, 99, 100, 101, 700))
        near = money(chance)  # some differ in the last digits only, and many are the same
        values = [chance.choice((money(chance), near, near + chance.randrange(5) * UNIT, None)) for _ in range(size)]
        groups[name, number] = [*values, Decimal(0), -UNIT] if number % 3 else values
    groups["unknown", -1] = [None, None]
    rows = [(*key, value) for key, values in groups.items() for value in values]
    given = pa.table(
        [
            pa.array([row[0] for row in rows], pa.string()),
            pa.array([row[1] for row in rows], pa.int64()),
            pa.array([row[2] for row in rows], pa.decimal128(38, 12)),
        ],
        names=["name", "number", "amount"],
    )
    found = ask(
        given,
        "with {{ percentiles('given', ['name', 'number'], 'amount', [5, 50, 95, 100]) }}"
        " select name, number, value_count, p5, p50, p95, p100 from percentiles order by number",
    )
    expected = []
    for key, values in sorted(groups.items(), key=lambda group: group[0][1]):
        known = sorted(value for value in values if value is not None)
        if known:
            ranks = [-(-hundredth * len(known) // 100) for hundredth in (5, 50, 95, 100)]
            expected.append((*key, len(known), *(known[rank - 1] for rank in ranks)))
    assert [row for row in zip(found, expected, strict=True) if row[0] != row[1]] == []


def test_a_component_is_rounded_once_and_components_sum_exactly(ask: Ask) -> None:
    chance = random.Random(7)  # noqa: S311 - cases, not secrets
    price_unit = Decimal("1e-15")
    cases = [
        (chance.randrange(10 ** chance.randint(1, 12)), chance.randrange(10 ** chance.randint(1, 18)) * price_unit)
        for _ in range(500)
    ]
    cases += [(10**12 - 1, (10**18 - 1) * price_unit), (0, price_unit), (1, 500 * price_unit), (1, 499 * price_unit)]
    cases += [(tokens, price * price_unit) for tokens in (999_999, 10**6) for price in (10**12 - 1, 10**12, 10**15)]
    given = pa.table(
        [
            pa.array(range(len(cases) + 2), pa.int64()),
            pa.array([*(tokens for tokens, _ in cases), 0, 1], pa.int64()),
            pa.array([*(price for _, price in cases), None, None], pa.decimal128(18, 15)),
        ],
        names=["id", "tokens", "price"],
    )
    component = "{{ component_cost('tokens', 'price') }}"
    costs = ask(
        given,
        f"select id, cast({component} as decimal(38, 12)), "
        f"cast({' + '.join([component] * 6)} as decimal(38, 12)) from given order by id",
    )
    for (tokens, price), (_, cost, six_fold) in zip(cases, costs, strict=False):
        expected = EXACT.multiply(Decimal(tokens), price).quantize(UNIT, ROUND_HALF_UP, EXACT)
        assert (cost, six_fold) == (expected, EXACT.multiply(6, expected)), (tokens, price)
    assert [row[1:] for row in costs[-2:]] == [
        (0, 0),
        (None, None),
    ]  # nothing used is free; an unknown price is no price


def test_a_rate_is_crossed_and_an_amount_converted_exactly(ask: Ask) -> None:
    chance = random.Random(9)  # noqa: S311 - cases, not secrets
    rate_unit = Decimal("1e-10")
    cases = []
    while len(cases) < 500:
        rate, by = (chance.randrange(1, 10 ** chance.randint(1, 18)) * rate_unit for _ in range(2))
        if EXACT.divide(rate, by) < 10**5 - 1:
            cases.append((money(chance), rate, by))
    cases += [
        (amount, Decimal(rate), Decimal(by))
        for amount in (9 * LARGEST, -9 * LARGEST, UNIT, -UNIT, Decimal(0))
        for rate, by in (("1", "3"), ("1", "1"), ("99999999.9999999999", "1001"), ("0.0000000001", "2"))
    ]
    given = pa.table(
        [
            pa.array(range(len(cases)), pa.int64()),
            pa.array([amount for amount, *_ in cases], pa.decimal128(38, 12)),
            pa.array([rate for _, rate, _ in cases], pa.decimal128(18, 10)),
            pa.array([by for *_, by in cases], pa.decimal128(18, 10)),
        ],
        names=["id", "amount", "rate", "per"],
    )
    crossed = "{{ cross_rate('rate', 'per') }}"
    rows = ask(
        given,
        "select id, crossed, {{ convert('amount', 'crossed') }} as converted "
        f"from (select *, {crossed} as crossed from given) as rates order by id",
    )
    expected = []
    for number, (amount, rate, by) in enumerate(cases):
        at = EXACT.divide(rate, by).quantize(rate_unit, ROUND_HALF_UP, EXACT)
        expected.append((number, at, EXACT.multiply(amount, at).quantize(UNIT, ROUND_HALF_UP, EXACT)))
    assert [case for case in zip(cases, rows, expected, strict=True) if tuple(case[1]) != case[2]] == []


def test_whole_division_keeps_every_digit(ask: Ask) -> None:
    chance = random.Random(8)  # noqa: S311 - cases, not secrets
    cases = []
    while len(cases) < 500:
        a, b = chance.randrange(10 ** chance.randint(1, 37)), chance.randrange(10 ** chance.randint(1, 19)) + 1
        if b < 10**19 and a // b < 10**29:
            cases.append((a, b))
    cases += [(0, 1), (1, 1), (10**37 - 1, 10**18), (10**29 - 1, 1), (10**37 - 1, 10**19 - 1), (10**36, 10**14)]
    given = pa.table(
        [
            pa.array(range(len(cases)), pa.int64()),
            pa.array([Decimal(a) for a, _ in cases], pa.decimal128(38, 0)),
            pa.array([Decimal(b) for _, b in cases], pa.decimal128(38, 0)),
        ],
        names=["id", "a", "b"],
    )
    quotients = [row[1] for row in ask(given, "select id, {{ whole_division('a', 'b') }} from given order by id")]
    expected = [Decimal(a // b).quantize(Decimal(1), ROUND_DOWN, EXACT) for a, b in cases]
    assert [case for case in zip(cases, quotients, expected, strict=True) if case[1] != case[2]] == []
