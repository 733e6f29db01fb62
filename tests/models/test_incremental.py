"""Only the days that new files touch are rebuilt, and the result is that of building everything."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app import builds, pipeline
from tests.models.conftest import CALL_MODELS, Companies, Warehouse, write_calls

MARTS = (
    "fct_requests",
    "fct_usage_hourly",
    "cost_per_conversation",
    "cost_per_feature",
    "cost_per_customer",
    "gross_margin",
    "gross_margin_daily",
    "unpriced_requests",
    "input_balance",
    "dim_customers",
    "dim_features",
    "dim_models",
    "fct_charges",
    "fct_revenue",
    "fx_variance",
    "cost_by_turn",
    "cost_drivers",
    "cost_drivers_hourly",
    "cost_change",
    "driver_baselines",
    "cost_anomalies",
    "scenario_base",
    "batch_savings",
    "routing_savings",
    "cost_per_unit",
    "cost_per_unit_daily",
)
MODELS = " ".join(f"+{mart}" for mart in (*MARTS, "int_requests_absorbed"))
START = datetime(2026, 10, 1, 12, tzinfo=UTC)


def call(number: int, *, day: int = 0, tokens: int = 1000, customer: str = "northwind", model: str = "gpt-5") -> str:
    return json.dumps(
        {
            "timestamp": (START + timedelta(days=day, seconds=number)).isoformat(),
            "metadata": {"customer_id": customer, "feature": "search", "conversation_id": f"conv-{number // 3}"},
            "response": {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion",
                "model": model,
                "usage": {"prompt_tokens": tokens, "completion_tokens": 10},
            },
        }
    )


def log(path: Path, *lines: str) -> tuple[Path, str]:
    path.write_text("\n".join(lines) + "\n")
    return path, "openai"


def marts(loaded: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    return {mart: loaded.rows(f"select * from {mart} order by all") for mart in MARTS}


def test_a_conversation_that_goes_on_after_weeks_keeps_its_first_turns(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    loaded = warehouse("weeks", select=MODELS)
    loaded.load(log(tmp_path / "a.jsonl", call(0), call(1)))
    second = loaded.load(log(tmp_path / "b.jsonl", call(2, day=21), call(3, day=21)))
    assert not second.is_full
    assert loaded.rows("select conversation_id, request_count from cost_per_conversation order by 1") == [
        ("conv-0", 3), ("conv-1", 1),
    ]  # fmt: skip


def test_a_new_day_is_added_and_equals_building_everything(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    loaded = warehouse("days", select=MODELS)
    first = loaded.load(log(tmp_path / "a.jsonl", *(call(n, day=n % 3) for n in range(30))))
    assert first.is_full
    # which of two equal log lines a call is counted from may change, the call may not
    old_days = (
        "select * exclude (input_id, record_number) from fct_requests where usage_date < date '2026-10-03' order by all"
    )
    before = loaded.rows(old_days)
    second = loaded.load(
        log(
            tmp_path / "b.jsonl",
            *(call(n, day=2) for n in range(100, 110)),  # late lines of a day that was built
            *(call(n, day=3) for n in range(200, 210)),  # a new day
            *(call(n, day=n % 3) for n in range(5)),  # logged before
            call(900, day=3, model="acme-ft-7b"),
        )
    )
    assert not second.is_full
    assert loaded.rows(old_days) == before
    assert loaded.rows("select count(*) from fct_requests") == [(51,)]
    incremental = marts(loaded)
    assert loaded.load(full=True).is_full
    assert marts(loaded) == incremental


def test_a_call_logged_again_on_another_day_stays_one(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    loaded = warehouse("repeated", select=MODELS)
    loaded.load(log(tmp_path / "a.jsonl", call(1, day=0, tokens=10), call(2, day=0), call(3, day=5)))
    # 1 was a partial answer: the finished one came later; 2 is only repeated
    loaded.load(log(tmp_path / "b.jsonl", call(1, day=1, tokens=5000), call(2, day=1), call(4, day=1)))
    loaded.load(log(tmp_path / "c.jsonl", call(5, day=1)))
    requests = loaded.rows(
        "select request_id, cast(usage_date as varchar), uncached_input_tokens from fct_requests order by 1"
    )
    assert requests == [
        ("chatcmpl-1", "2026-10-02", 5000),
        ("chatcmpl-2", "2026-10-01", 1000),
        ("chatcmpl-3", "2026-10-06", 1000),
        ("chatcmpl-4", "2026-10-02", 1000),
        ("chatcmpl-5", "2026-10-02", 1000),
    ]
    incremental = marts(loaded)
    loaded.load(full=True)
    assert marts(loaded) == incremental


def test_any_order_of_logs_that_share_calls_ends_as_building_everything(company: Companies, tmp_path: Path) -> None:
    """Rows of fifty calls, in two sources, on four days, in five files: ids agree, differ, or are missing at random."""
    chance = random.Random(20261124)  # noqa: S311 - a sample, no secret
    files: list[list[tuple[str, dict[str, Any]]]] = [[] for _ in range(5)]
    for _ in range(160):
        number, day = chance.randrange(50), chance.randrange(4)
        at = START + timedelta(days=day, seconds=chance.randrange(900))
        knows = chance.random() < 0.8  # some rows do not name the response
        row: dict[str, Any] = {
            "request_id": f"call-{number}-{chance.randrange(2)}",
            "response_id": f"response-{number}" if knows else None,
            "requested_at": at.isoformat(),
            "provider_id": "openai",
            "model_id": "gpt-5",
            "status": chance.choice(("ok", "error")),
            "output_tokens": chance.randrange(1000),
            "customer_id": chance.choice((None, "northwind", "fabrikam")),
            "user_id": chance.choice((None, f"user-{day}")),
        }
        chance.choice(files).append((chance.choice(("canonical", "generic")), row))
    loaded = company("shared", select=MODELS)
    for number, rows in enumerate(files):
        for source in ("canonical", "generic"):
            path = tmp_path / f"{number}-{source}.jsonl"
            own = [row for name, row in rows if name == source]
            if source == "canonical":
                # prompts are known to this source alone
                write_calls(path, [{**row, "prompt_fingerprint": row["request_id"][:6]} for row in own])
            else:
                path.write_text("".join(json.dumps(row) + "\n" for row in own))
        loaded.load(*((tmp_path / f"{number}-{source}.jsonl", source) for source in ("canonical", "generic")))
    incremental = marts(loaded)
    assert loaded.rows("select sum(duplicate_count) > 0, sum(merged_count) > 0 from input_balance") == [(True, True)]
    loaded.load(full=True)
    assert marts(loaded) == incremental


def test_a_late_day_moves_what_is_usual_of_the_four_weeks_after_it(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    mix = "select * from intermediate.int_caller_mix_daily order by all"
    loaded = warehouse("mix", select=MODELS)
    loaded.load(log(tmp_path / "a.jsonl", *(call(n, day=n) for n in range(40))))
    before = loaded.rows(mix)
    late = loaded.load(log(tmp_path / "b.jsonl", *(call(n, day=5, customer="fabrikam") for n in range(100, 109))))
    assert not late.is_full
    incremental = loaded.rows(mix)
    moved = {row[0] for row in set(before) ^ set(incremental)}
    assert moved == {(START + timedelta(days=day)).date() for day in range(5, 34)}
    loaded.load(full=True)
    assert loaded.rows(mix) == incremental


def test_nothing_new_builds_nothing(warehouse: Callable[[str], Warehouse], tmp_path: Path) -> None:
    loaded = warehouse("nothing", select=MODELS)
    path = log(tmp_path / "a.jsonl", call(1))
    loaded.load(path)
    build = builds.current(loaded.home)
    assert loaded.load(path).build is None
    assert builds.current(loaded.home) == build


A_CALL = {"request_id": "1", "provider_id": "openai", "model_id": "gpt-5", "requested_at": "2026-10-01T12:00:00Z"}


def test_a_project_that_was_moved_and_edited_goes_on(company: Companies, tmp_path: Path) -> None:
    ours = company("moved", select=CALL_MODELS)
    ours.load((write_calls(tmp_path / "1.jsonl", [A_CALL]), "canonical"))
    ours.project = ours.project.rename(ours.project.with_name("elsewhere"))
    seeds = ours.project / "seeds"
    ours.settings = ours.settings.model_copy(update={"price_overrides": seeds / "price_overrides.csv"})
    ours.close(("2025-01-01", "2025-02-10T00:00:00Z"))
    ours.load(full=True)
    assert ours.rows("select count(*) from fct_requests") == [(1,)]


def test_a_scratch_build_beside_the_served_one_parses_nothing_anew(
    company: Companies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.parser.manifest import ManifestLoader  # noqa: PLC0415 - three seconds of imports

    parsable, asked = ManifestLoader.is_partial_parsable, []

    def ask(loader: ManifestLoader, manifest: Any) -> Any:
        asked.append(parsable(loader, manifest))
        return asked[-1]

    ours = company("scratch", select=CALL_MODELS)
    ours.load((write_calls(tmp_path / "1.jsonl", [A_CALL]), "canonical"))
    monkeypatch.setattr(ManifestLoader, "is_partial_parsable", ask)
    with ours.at_work(), pipeline.writer(ours.settings):
        second = write_calls(tmp_path / "2.jsonl", [A_CALL | {"request_id": "2"}])
        pipeline.ingest(ours.settings, [(str(second), "canonical")])
        part = pipeline.build_in_part(ours.settings, tmp_path, "int_touched_dates")
    ours.load()
    assert part is not None
    assert part.parent == tmp_path
    assert [is_parsable for is_parsable, _ in asked] == [True, True]


def test_an_edited_bill_of_the_same_account_and_period_replaces_the_old_one(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    header = (
        "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
        "BilledCost,EffectiveCost,BillingCurrency"
    )

    def bill(name: str, *lines: tuple[str, str, str]) -> tuple[Path, str]:
        rows = [
            f"{account},{month}-01T00:00:00Z,2027-01-01T00:00:00Z,{month}-07T00:00:00Z,{month}-08T00:00:00Z,Usage,"
            f"{cost},{cost},USD"
            for account, month, cost in lines
        ]
        (tmp_path / name).write_text("\n".join([header, *rows]) + "\n")
        return tmp_path / name, "focus"

    loaded = warehouse("bills", select=MODELS)
    loaded.load(bill("v1.csv", ("acme", "2026-09", "10"), ("acme", "2026-10", "20"), ("acme", "2026-10", "20")))
    loaded.load(bill("other.csv", ("other", "2026-10", "7")))
    assert loaded.rows("select sum(billed_cost), count(*) from fct_charges") == [(Decimal(57), 4)]
    loaded.load(bill("v2.csv", ("acme", "2026-10", "35.5")))
    by_period = loaded.rows(
        "select billing_account_id, cast(billing_period_start_at as date)::varchar, sum(billed_cost) from fct_charges "
        "group by all order by all"
    )
    assert by_period == [
        ("acme", "2026-09-01", Decimal(10)),
        ("acme", "2026-10-01", Decimal("35.5")),
        ("other", "2026-10-01", Decimal(7)),
    ]
    # the old file where it lies is known and does not come back; sent again, it is the newest statement
    loaded.load((tmp_path / "v1.csv", "focus"))
    assert loaded.rows("select sum(billed_cost) from fct_charges") == [(Decimal("52.5"),)]
    (tmp_path / "sent again.csv").write_bytes((tmp_path / "v1.csv").read_bytes())
    loaded.load((tmp_path / "sent again.csv", "focus"))
    assert loaded.rows("select sum(billed_cost), count(*) from fct_charges") == [(Decimal(57), 4)]


@pytest.fixture(scope="module")
def margins(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("margins")
    loaded = warehouse("margins", select=MODELS)
    calls = log(
        folder / "a.jsonl",
        *(call(n, tokens=8_000_000, customer="northwind") for n in range(3)),
        call(50, tokens=800_000, customer="fabrikam"),
    )
    revenue = folder / "revenue.csv"
    revenue.write_text(
        "customer_id,period_start,period_end,amount,currency,feature,plan\n"
        "northwind,2026-10-01,2026-11-01,100.00,USD,,growth\n"
        "northwind,2026-10-01,2026-11-01,-0.01,USD,,growth\n"
        "fabrikam,2026-10-01,2026-11-01,0.50,USD,,starter\n"
        "silent,2026-10-15,2026-11-15,31.00,USD,,starter\n"
    )
    loaded.load(calls, (revenue, None))
    return loaded


def test_margins_are_those_worked_out_by_hand(margins: Warehouse) -> None:
    """gpt-5 costs $1.25 a million in and $10 out: northwind 24M in + 30 out = $30.0003; fabrikam $1.0001.

    silent pays $31 for 31 days from the 15th: 17 of them in October.
    """
    by_customer = margins.rows(
        "select id, cast(month as varchar), revenue_usd, cogs_usd, gross_profit_usd, margin_class from gross_margin "
        "where dimension = 'customer' order by 1, 2"
    )
    assert by_customer == [
        ("fabrikam", "2026-10-01", Decimal("0.50"), Decimal("1.0001"), Decimal("-0.5001"), "under_water"),
        ("northwind", "2026-10-01", Decimal("99.99"), Decimal("30.0003"), Decimal("69.9897"), "profitable"),
        ("silent", "2026-10-01", Decimal(17), Decimal(0), Decimal(17), "profitable"),
        ("silent", "2026-11-01", Decimal(14), Decimal(0), Decimal(14), "profitable"),
    ]
    by_feature = margins.rows(
        "select id, sum(revenue_usd), sum(cogs_usd) from gross_margin where dimension = 'feature' group by 1 order by 1"
    )
    assert by_feature == [
        ("(unattributed)", Decimal(31), Decimal(0)),
        ("search", Decimal("100.49"), Decimal("31.0004")),
    ]


def test_the_cost_of_a_conversation_is_the_sum_of_its_turns(margins: Warehouse) -> None:
    conversations = margins.rows(
        "select conversation_id, customer_id, turn_count, cost_usd from cost_per_conversation order by 1"
    )
    assert conversations == [
        ("conv-0", "northwind", 3, Decimal("30.0003")),
        ("conv-16", "fabrikam", 1, Decimal("1.0001")),
    ]
    assert margins.rows("select cost_per_conversation_usd from cost_per_feature") == [(Decimal("15.5002"),)]
