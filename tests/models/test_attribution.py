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
from app.marts import MartError
from app.settings import PROJECT_DIR
from tests.models.conftest import Companies, Company, write_calls

D = Decimal
MILLION = 10**6
MATCHERS = (
    "source_id", "provider_id", "billing_account_id", "project_id", "api_key_id", "user_id", "customer_id",
    "feature_id", "team_id", "environment", "model_id", "operation", "deployment_id", "tag",
)  # fmt: skip
TARGETS = ("set_customer_id", "set_feature_id", "set_team_id", "set_environment", "set_unit_id")
ANY = {
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
    made = with_rules(company("all-of-them", overrides=A_DOLLAR_A_MILLION), [{"rule_number": 1, "set_team_id": "all"}])
    made.load((write_calls(tmp_path / "calls.jsonl", CALLS), "canonical"))
    assert made.rows("select distinct team_id from fct_requests") == [("all",)]


def test_calls_that_come_later_are_attributed_as_well(company: Companies, tmp_path: Path) -> None:
    made = with_rules(company("later", overrides=A_DOLLAR_A_MILLION), RULES)
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
