"""Who calls are for, by rules: the first that fits sets, on the days that it is for; sized by hand."""

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app import pipeline, rules_diff
from app.cli import cli
from app.dbt_build import BuildError
from app.marts.warehouse import MartError
from app.settings import PROJECT_DIR
from tests.models import test_allocation as pools
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.reconciled import line, write_bill

MODELS = f"{CALL_MODELS} +attribution_coverage +attribution_rule_coverage"

D = Decimal
MILLION = 10**6
MATCHERS = (
    "source_id", "provider_id", "billing_account_id", "project_id", "api_key_id", "user_id", "customer_id",
    "feature_id", "team_id", "environment", "model_id", "operation", "deployment_id", "tag", "charge_kind", "sku_id",
    "resource_id", "line",
)  # fmt: skip
TARGETS = ("set_customer_id", "set_feature_id", "set_team_id", "set_environment", "set_unit_id")
ANY = {
    "applies_to": "*",
    **dict.fromkeys(MATCHERS, "*"),
    **dict.fromkeys(TARGETS, "-"),
    "valid_from_date": "2000-01-01",
    "valid_to_date": "2100-01-01",
    "reason": "of this test",
}
A_DOLLAR_A_MILLION = [
    {
        "effect": "contract_price", "provider_id": "acme", "model_id": "small", "usage_kind": "input_tokens",
        "price": "1", "per_units": MILLION, "currency": "USD",
    }
]  # fmt: skip


def with_rules(made: Company, rules: Iterable[Mapping[str, object]]) -> Company:
    with (PROJECT_DIR / "seeds" / "attribution_rules.csv").open() as file:
        made.seed("attribution_rules", next(csv.reader(file)), [{**ANY, **rule} for rule in rules])
    return made


def call(number: int, day: int, dollars: int, **more: Any) -> dict[str, Any]:
    return {
        "request_id": f"call-{number}",
        "provider_id": "acme",
        "model_id": "small",
        "requested_at": f"2026-10-{day:02}T12:00:00Z",
        "uncached_input_tokens": dollars * MILLION,
        "operation": "chat",
        **more,
    }


RULES = [
    # the key of one customer, whatever the log says
    {"rule_number": 10, "api_key_id": "key-north-*", "set_customer_id": "northwind", "set_team_id": "sales"},
    # a customer without a name is the project's, until the eleventh
    {
        "rule_number": 20, "customer_id": "(unattributed)", "set_customer_id": "{project_id}",
        "valid_to_date": "2026-10-11",
    },
    {"rule_number": 30, "tag": '*"tier":"gold"*', "set_feature_id": "concierge", "set_unit_id": "answer"},
    {"rule_number": 31, "feature_id": "chat", "set_feature_id": "assistant"},
    {"rule_number": 40, "user_id": "ci-bot", "set_environment": "test"},
    {"rule_number": 50, "api_key_id": "key-north-1", "set_customer_id": "southwind"},
    {"rule_number": 60, "model_id": "none-such", "set_team_id": "nobody"},
]  # fmt: skip
CALLS = [
    call(1, 5, 1, api_key_id="key-north-1", customer_id="somebody", feature_id="chat"),
    call(2, 5, 2, project_id="contoso"),
    call(3, 12, 4, project_id="contoso"),
    call(4, 12, 8, project_id="contoso", customer_id="fabrikam", feature_id="chat", team_id="core"),
    call(5, 12, 16, customer_id="fabrikam", feature_id="chat", tags='{"tier": "gold"}'),
    call(6, 12, 32, customer_id="fabrikam", user_id="ci-bot"),
    call(7, 6, 64),
]


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = with_rules(company("attribution", overrides=A_DOLLAR_A_MILLION), RULES)
    path: Path = tmp_path_factory.mktemp("attribution") / "calls.jsonl"
    made.load((write_calls(path, CALLS), "canonical"))
    return made


def test_the_first_rule_that_fits_sets_each_thing(loaded: Company) -> None:
    none = "(unattributed)"
    assert loaded.rows(
        "select request_id, customer_id, feature_id, team_id, environment, unit_id, attribution_rules "
        "from fct_requests order by request_id"
    ) == [
        ("call-1", "northwind", "assistant", "sales", "production", None, "customer_id:10 feature_id:31 team_id:10"),
        ("call-2", "contoso", none, none, "production", None, "customer_id:20"),
        ("call-3", none, none, none, "production", None, None),
        ("call-4", "fabrikam", "assistant", "core", "production", None, "feature_id:31"),
        ("call-5", "fabrikam", "concierge", none, "production", "answer", "feature_id:30 unit_id:30"),
        ("call-6", "fabrikam", none, none, "test", None, "environment:40"),
        ("call-7", none, none, none, "production", None, None),
    ]


def test_each_rule_says_what_it_did_or_why_it_did_nothing(loaded: Company) -> None:
    assert loaded.rows(
        "select rule_number, rule_status, request_count, cost_usd, conflict_count, beaten_by_rule_number "
        "from attribution_rule_coverage order by 1"
    ) == [
        (10, "sets", 1, D(1), 0, None),
        (20, "sets", 1, D(2), 0, None),
        (30, "sets", 1, D(16), 0, None),
        (31, "sets", 2, D(9), 1, 30),
        (40, "sets", 1, D(32), 0, None),
        (50, "shadowed", 0, D(0), 1, 10),
        (60, "dead", 0, D(0), 0, None),
    ]


def test_how_much_of_the_cost_is_attributed(loaded: Company) -> None:
    assert loaded.rows(
        "select dimension, cost_usd, attributed_cost_usd, ruled_cost_usd from attribution_coverage order by 1"
    ) == [
        ("customer", D(127), D(59), D(3)),
        ("feature", D(127), D(25), D(25)),
        ("team", D(127), D(9), D(1)),
    ]


def test_a_rule_that_looks_at_nothing_fits_every_call(company: Companies, tmp_path: Path) -> None:
    made = company("all-of-them", overrides=A_DOLLAR_A_MILLION, select=MODELS)
    made = with_rules(made, [{"rule_number": 1, "set_team_id": "all"}])
    made.load((write_calls(tmp_path / "calls.jsonl", CALLS), "canonical"))
    assert made.rows("select distinct team_id from fct_requests") == [("all",)]


def test_calls_that_come_later_are_attributed_as_well(company: Companies, tmp_path: Path) -> None:
    made = with_rules(company("later", overrides=A_DOLLAR_A_MILLION, select=MODELS), RULES)
    made.load((write_calls(tmp_path / "first.jsonl", CALLS[:2]), "canonical"))
    made.load((write_calls(tmp_path / "second.jsonl", CALLS[2:]), "canonical"))
    query = "select request_id, customer_id, feature_id, team_id, environment from fct_requests order by 1"
    incremental = made.rows(query)
    made.load(full=True)
    assert made.rows(query) == incremental
    assert len(incremental) == len(CALLS)


def test_what_rules_diff_says_is_what_the_next_build_moves(
    company: Companies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = company("diff", overrides=A_DOLLAR_A_MILLION)
    made.load((write_calls(tmp_path / "calls.jsonl", CALLS), "canonical"))
    changed = with_rules(company("changed"), RULES).project / "seeds" / "attribution_rules.csv"
    monkeypatch.setattr(rules_diff, "PROJECT_DIR", made.project)

    def by_member() -> dict[tuple[str, str], Decimal]:
        return {
            (name, str(member)): cost
            for name in rules_diff.DIMENSIONS
            for member, cost in made.rows(
                f"select coalesce({name}, '(none)'), sum(cost_usd) from fct_requests group by 1"
            )
        }

    with made.at_work(), pipeline.writer(made.settings):
        found = rules_diff.diff(made.settings, changed)
    none = "(unattributed)"
    assert [move for move in found.moves if move.dimension == "customer_id"] == [
        rules_diff.Move("customer_id", none, "contoso", 1, D(2)),
        rules_diff.Move("customer_id", "somebody", "northwind", 1, D(1)),
    ]
    assert found.unbuilt_count == 0

    before = by_member()
    with_rules(made, RULES)
    with made.at_work(), pipeline.writer(made.settings):
        assert rules_diff.diff(made.settings).moves == found.moves  # the file as it is now
        pipeline.build(made.settings)
    after = by_member()
    moved: dict[tuple[str, str], Decimal] = dict.fromkeys({*before, *after}, D(0))
    for move in found.moves:
        moved[move.dimension, move.before] -= move.cost_usd
        moved[move.dimension, move.after] += move.cost_usd
    assert {key: after.get(key, D(0)) - before.get(key, D(0)) for key in moved} == moved

    write_calls(tmp_path / "more.jsonl", [call(8, 13, 1, project_id="contoso")])
    with made.at_work(), pipeline.writer(made.settings):
        pipeline.ingest(made.settings, [(str(tmp_path / "more.jsonl"), "canonical")])
        assert rules_diff.diff(made.settings) == rules_diff.Diff([], 1)


def test_a_call_is_explained_with_the_rules_that_made_it_whose_it_is(
    loaded: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNITCOST_HOME", str(loaded.home))
    monkeypatch.setenv("COLUMNS", "200")
    said = CliRunner().invoke(cli, ["explain", "call-1"]).output
    assert "northwind  (by rule 10: of this test)" in said
    assert "assistant  (by rule 31: of this test)" in said
    assert "production  (as logged; production where a log is silent)" in said
    assert "calls.jsonl, record 1" in said
    assert "cost: $1, estimated from prices" in said
    unknown = CliRunner().invoke(cli, ["explain", "none-such"])
    assert isinstance(unknown.exception, MartError)


# ------------------------------------------------------------------------------------------------------------- charges

CHARGE_RULES = [
    {"rule_number": 10, "tag": '*"team":"search"*', "set_team_id": "search", "set_feature_id": "{tag:feature}"},
    {"rule_number": 20, "tag": '*"customer":*', "set_customer_id": "{tag:customer}"},
    {
        "rule_number": 30, "charge_kind": "provisioned_throughput", "project_id": "sub-north",
        "set_customer_id": "northwind",
    },
    {"rule_number": 40, "line": "*h100 node*", "set_feature_id": "cluster", "set_environment": "eu"},
    {"rule_number": 50, "resource_id": "none-such", "set_customer_id": "nobody"},
    # what is for calls moves no charge
    {"rule_number": 60, "applies_to": "calls", "set_feature_id": "chat"},
]  # fmt: skip
CHARGES = [
    pools.charge("H100 node", 10, 10, "24", Tags='{"team": "search", "feature": "find"}', ResourceId="i-1"),
    # a pool spreads it: it stays with the pool
    pools.charge("support plan", 10, 10, "10", Tags='{"customer": "contoso"}'),
    pools.charge("priority desk", 12, 12, "9", Tags='{"customer": "contoso"}'),
    # a dollar a day, the days after the twelfth still to come
    pools.charge("Provisioned Throughput", 1, 31, "31", SubAccountId="sub-north"),
    pools.charge(
        "reserved", 10, 10, "2", Tags='{"customer": "contoso"}',
        CommitmentDiscountId="ptu", CommitmentDiscountStatus="Unused",
    ),
    # use that no call was logged for, and use that calls already cost
    line("shadow", 12, "Input", 7 * MILLION, "7", Tags='{"customer": "contoso"}'),
    line("small", 10, "Input", 4 * MILLION, "4", Tags='{"customer": "contoso"}'),
    line("small", 12, "Input", MILLION, "1"),
    pools.charge("nobody's", 10, 10, "12.50"),
]  # fmt: skip


@pytest.fixture(scope="module")
def charged(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("charged")
    made = with_rules(company("charged", overrides=A_DOLLAR_A_MILLION), CHARGE_RULES)
    pools.with_rules(made, [pools.rule(1, "support plan", "requests")])
    calls = [call(1, 10, 4, customer_id="fabrikam"), call(2, 12, 1, customer_id="fabrikam")]
    made.load((write_calls(folder / "calls.jsonl", calls), "canonical"), write_bill(folder / "bill.csv", CHARGES))
    return made


def test_a_charge_that_neither_calls_nor_a_pool_take_costs_whom_a_rule_says(charged: Company) -> None:
    none = "(unattributed)"
    assert charged.rows(
        "select customer_id, feature_id, allocation_status, sum(allocated_cost_usd) from allocated_costs "
        "where driver = 'attribution' group by 1, 2, 3 order by 1, 2, 3"
    ) == [
        (none, "find", "allocated", D(24)),
        ("contoso", none, "allocated", D(16)),
        ("contoso", none, "unused", D(2)),
        ("northwind", none, "allocated", D(12)),
        ("northwind", none, "prepaid", D(19)),
    ]
    assert charged.rows("select distinct allocated_cost_usd from allocated_costs where customer_id = 'northwind' "
                        "and allocation_status = 'allocated'") == [(D(1),)]  # fmt: skip
    # fabrikam pays for its calls, $5, and the pool's $10
    assert charged.rows(
        "select id, cogs_usd, shared_cost_usd from gross_margin where dimension = 'customer' order by 1"
    ) == [
        (none, D(24), D(24)),
        ("contoso", D(18), D(18)),
        ("fabrikam", D(15), D(10)),
        ("northwind", D(12), D(12)),
    ]


def test_what_is_somebodys_and_what_is_nobodys_is_all_that_no_pool_takes(charged: Company) -> None:
    assert charged.rows(
        "select direct_cost_usd, allocated_cost_usd, unused_cost_usd, prepaid_cost_usd, unallocated_cost_usd "
        "from allocation_pools where pool_id = '(no rule)'"
    ) == [(D("85.5"), D(52), D(2), D(19), D("12.5"))]
    assert charged.rows(
        "select dimension, cost_usd, charge_cost_usd, attributed_charge_cost_usd from attribution_coverage order by 1"
    ) == [
        ("customer", D(5), D("85.5"), D(49)),
        ("feature", D(5), D("85.5"), D(24)),
        ("team", D(5), D("85.5"), D(24)),
    ]


def test_each_rule_says_which_charges_it_moved_and_which_others_had_already(charged: Company) -> None:
    assert charged.rows(
        "select rule_number, rule_status, request_count, charge_count, taken_charge_count, charge_cost_usd, "
        "beaten_by_rule_number from attribution_rule_coverage order by 1"
    ) == [
        (10, "sets", 0, 1, 0, D(24), None),
        (20, "sets", 0, 5, 2, D(18), None),
        (30, "sets", 0, 1, 0, D(31), None),
        (40, "sets", 0, 1, 0, D(24), 10),
        (50, "dead", 0, 0, 0, D(0), None),
        (60, "sets", 2, 0, 0, D(0), None),
    ]
    assert charged.rows(
        "select feature_id, team_id, environment, attribution_rules from fct_charges where resource_id = 'i-1'"
    ) == [("find", "search", "eu", "feature_id:10 team_id:10 environment:40")]


def test_rules_diff_shows_the_charges_that_move_and_none_that_a_pool_or_calls_take(
    charged: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_diff, "PROJECT_DIR", charged.project)
    rules = tmp_path / "rules.csv"
    written = (charged.project / "seeds" / "attribution_rules.csv").read_text()
    rules.write_text(written.replace("{tag:customer}", "somebody"))
    with charged.at_work(), pipeline.writer(charged.settings):
        found = rules_diff.diff(charged.settings, rules)
    assert found.moves == [rules_diff.Move("customer_id", "contoso", "somebody", 0, D(18), 3)]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"rule_number": 7, "set_customer_id": "{projekt_id}"},
            "rule 7: set_customer_id is {projekt_id}; allowed are a text, - for nothing, {tag:KEY}, or one of these",
        ),
        ({"rule_number": 8, "set_team_id": "{tag:}"}, "rule 8: set_team_id is {tag:}; "),
        ({"rule_number": 9, "applies_to": "bills"}, "rule 9: applies_to is bills; allowed are calls, charges and *"),
        (
            {"rule_number": 10, "applies_to": "charges", "set_unit_id": "search"},
            "rule 10: set_unit_id of charges is search; allowed is nothing: units are made of calls",
        ),
    ],
)
def test_a_rule_that_copies_or_sets_what_there_is_not_is_refused_in_a_line(
    rule: Mapping[str, object], message: str, company: Companies, tmp_path: Path
) -> None:
    made = with_rules(company("refused", select=MODELS), [rule])
    with pytest.raises(BuildError) as refused:
        made.load((write_calls(tmp_path / "calls.jsonl", CALLS[:1]), "canonical"))
    said = str(refused.value)
    assert "seeds/attribution_rules.csv, " + message in said
    assert "\n" not in said.strip()
