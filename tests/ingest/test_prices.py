"""The catalogue as rows against the library itself, the rules that extend it, and the book that keeps it all."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from genai_prices.types import TieredPrices

from ingest.ledger import Ledger
from ingest.prices import book, catalogue, checks, learning, matches, overrides, variant_rules
from ingest.prices.tables import BEGINNING, END, MODEL_PRICES, PriceBookError, Row

RULES = Path(__file__).parents[2] / "seeds" / "price_variant_rules.csv"
PRICES = "prices__model_prices"
NEW_YEAR = datetime(2026, 1, 1)  # noqa: DTZ001 - the book holds UTC without a zone


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with Ledger(home) as one:
        yield one


@pytest.fixture
def inputs(tmp_path: Path) -> learning.Inputs:
    """Rules and overrides that a test may change."""
    (tmp_path / "rules.csv").write_bytes(RULES.read_bytes())
    (tmp_path / "overrides.csv").write_text(",".join(overrides.COLUMNS) + "\n")
    (tmp_path / "uplifts.csv").write_text(
        "rule_id,provider_id,model_id,region_id,factor,valid_from_date,valid_to_date,source_url\n"
    )
    (tmp_path / "map.json").write_text(
        '{"x/m": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-6}}'
    )
    return learning.Inputs(
        tmp_path / "rules.csv", tmp_path / "overrides.csv", tmp_path / "uplifts.csv", tmp_path / "map.json"
    )


def price(usd: str, **more: Any) -> Row:
    return {
        "provider_id": "openai",
        "model_id": "m",
        "service_tier": "standard",
        "usage_kind": "input_tokens",
        "tier_start_tokens": 0,
        "price_usd": Decimal(usd),
        "per_units": 1_000_000,
        "unit_price_usd": Decimal(usd) / 1_000_000,
        "minimum_units": None,
        "price_rule": "catalogue",
        "valid_from_date": BEGINNING,
        "valid_to_date": END,
        "daily_from_second": 0,
        "daily_to_second": 86_400,
        **more,
    }


# the catalogue


def test_the_rows_say_what_the_library_answers_for_every_model_tier_and_instant_tried() -> None:
    by_model: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in catalogue.rows(catalogue.bundled()):
        by_model[row["provider_id"], row["model_id"]].append(row)
    chance = random.Random(5)  # noqa: S311 - cases, not secrets
    compared = 0
    for provider in catalogue.bundled().providers:
        for model in provider.models:
            whens = [{}, *(variant.when for variant in model.price_variants or ())]
            for when in whens:
                at = datetime(2026, 11, 20, tzinfo=UTC) - timedelta(seconds=chance.randrange(900 * 86_400))
                tier = "+".join(when.values()) or "standard"
                holds = {
                    (row["usage_kind"], row["tier_start_tokens"]): row["price_usd"]
                    for row in by_model[provider.id, model.id]
                    if row["service_tier"] == tier
                    and row["valid_from_date"] <= at.date() < row["valid_to_date"]
                    and row["daily_from_second"] <= seconds(at) < row["daily_to_second"]
                }
                if when and not holds:
                    continue  # the tier was not offered yet
                expected = {}
                for kind, _, start, usd in catalogue._kind_prices(model.get_prices(at, when)):
                    expected[kind, start] = usd
                assert holds == expected, (provider.id, model.id, tier, at)
                compared += len(expected)
    assert compared > 4_000


def seconds(at: datetime) -> float:
    return (at - datetime.combine(at.date(), time(), UTC)).total_seconds()


def test_a_context_threshold_is_a_row_of_its_own() -> None:
    (model,) = (
        model
        for provider in catalogue.bundled().providers
        for model in provider.models
        if (provider.id, model.id) == ("google", "gemini-2.5-pro")
    )
    listed = model.get_prices(datetime(2026, 11, 1, tzinfo=UTC)).input_mtok
    assert isinstance(listed, TieredPrices)
    rows = [
        row
        for row in catalogue.rows(catalogue.bundled())
        if (row["provider_id"], row["model_id"], row["service_tier"], row["usage_kind"])
        == ("google", "gemini-2.5-pro", "standard", "input_tokens")
        and row["valid_from_date"] <= date(2026, 11, 1) < row["valid_to_date"]
    ]
    assert [(row["tier_start_tokens"], row["price_usd"]) for row in rows] == [
        (0, listed.base),
        *((tier.start, tier.price) for tier in listed.tiers),
    ]


def test_groq_bills_ten_seconds_of_a_shorter_recording_and_nobody_else_has_a_minimum() -> None:
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - the oracle

    rows = [row for row in catalogue.rows(catalogue.bundled()) if row["minimum_units"] is not None]
    assert {(row["provider_id"], row["model_id"]) for row in rows} == {
        ("groq", "whisper-large-v3"),
        ("groq", "whisper-large-v3-turbo"),
    }
    now = max((row for row in rows if row["model_id"] == "whisper-large-v3"), key=lambda row: row["valid_from_date"])
    standard = calc_price(Usage(audio_seconds=1), "whisper-large-v3", provider_id="groq").total_price
    assert standard == Decimal("0.111") * 10 / 3600
    assert now["minimum_units"] == 10


def test_a_catalogue_survives_being_written_down_and_read_again() -> None:
    before = catalogue.bundled()
    after = catalogue.load(catalogue.dump(before))
    assert catalogue.rows(after) == catalogue.rows(before)
    names = [
        ("openai", "gpt-4o-2024-08-06"),
        ("azure", "gpt-4o"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ]
    assert list(matches.resolve(names, after, {})) == list(matches.resolve(names, before, {}))
    assert [provider.model_match for provider in after.providers] == [p.model_match for p in before.providers]


def test_a_negative_price_is_no_price() -> None:
    snapshot = catalogue.load(
        b'[{"id": "p", "name": "P", "api_pattern": "x", "models": [{"id": "m", "match": {"equals": "m"}, '
        b'"prices": {"input_mtok": -1}}]}]'
    )
    with pytest.raises(PriceBookError, match="-1 as price of p m, input_tokens"):
        catalogue.rows(snapshot)


def test_a_price_of_a_kind_that_the_library_does_not_know_yet_is_left_out() -> None:
    snapshot = catalogue.load(
        b'[{"id": "p", "name": "P", "api_pattern": "x", "models": [{"id": "m", "match": {"equals": "m"}, '
        b'"prices": {"input_mtok": 2, "thought_kwh": 3}}]}]'
    )
    assert [(row["usage_kind"], row["price_usd"]) for row in catalogue.rows(snapshot)] == [("input_tokens", 2)]


# the rules that extend tiers backwards


def test_every_tier_has_a_price_for_every_kind_on_every_day() -> None:
    rows = variant_rules.extend(catalogue.rows(catalogue.bundled()), variant_rules.read(RULES))
    stretches = defaultdict(set)
    for row in rows:
        key = (row["provider_id"], row["model_id"], row["service_tier"], row["daily_from_second"])
        stretches[key].add((row["valid_from_date"], row["valid_to_date"]))
    assert len({key[2] for key in stretches}) > 4
    for key, days in stretches.items():
        edge = BEGINNING
        for start, end in sorted(days):
            assert start == edge, key
            edge = end
        assert edge == END, key


def test_before_the_catalogue_knew_a_tier_a_rule_prices_it_and_before_that_it_cost_the_standard() -> None:
    rows = variant_rules.extend(
        [price("4"), price("1", service_tier="batch", valid_from_date=date(2026, 10, 14))], variant_rules.read(RULES)
    )
    batch = sorted((row for row in rows if row["service_tier"] == "batch"), key=lambda row: row["valid_from_date"])
    assert [
        (r["valid_from_date"], r["valid_to_date"], r["price_usd"], r["unit_price_usd"], r["price_rule"]) for r in batch
    ] == [
        (BEGINNING, date(2024, 4, 15), 4, Decimal("0.000004"), "catalogue"),
        (date(2024, 4, 15), date(2026, 10, 14), 2, Decimal("0.000002"), "price_variant_rules"),
        (date(2026, 10, 14), END, 1, Decimal("0.000001"), "catalogue"),
    ]


def test_what_a_rule_leaves_open_before_the_catalogue_costs_the_standard_price() -> None:
    rule = variant_rules.Rule("openai", "batch", "input_tokens", Decimal("0.5"), date(2020, 1, 1), date(2021, 1, 1))
    rows = variant_rules.extend(
        [price("4"), price("1", service_tier="batch", valid_from_date=date(2022, 1, 1))], [rule]
    )
    days = [(r["valid_from_date"].year, r["price_usd"]) for r in rows if r["service_tier"] == "batch"]
    assert sorted(days) == [(2015, 4), (2020, 2), (2021, 4), (2022, 1)]


def test_a_tier_that_only_a_rule_names_is_priced_for_every_model_of_the_provider() -> None:
    rows = variant_rules.extend([price("4", model_id="retired")], variant_rules.read(RULES))
    assert {row["service_tier"] for row in rows} == {"standard", "batch", "flex"}


def test_a_rule_says_nothing_about_the_kinds_that_it_does_not_name() -> None:
    rows = variant_rules.extend([price("4", usage_kind="web_searches")], variant_rules.read(RULES))
    assert {row["price_usd"] for row in rows} == {Decimal(4)}


def test_two_rules_for_one_kind_are_refused_with_the_line_named(tmp_path: Path) -> None:
    lines = RULES.read_text().splitlines()
    (tmp_path / "rules.csv").write_text("\n".join([*lines[:3], lines[1]]))
    with pytest.raises(PriceBookError, match=r"line 4: a second rule for openai, batch, input_tokens"):
        variant_rules.read(tmp_path / "rules.csv")


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        ("factor", "half", "line 2: factor half is no number"),
        ("factor", "NaN", "line 2: factor NaN is no number"),
        ("factor", "", "line 2: factor is blank"),
        ("service_tier", "", "line 2: service_tier is blank"),
        ("valid_to_date", "14.10.2026", "line 2: valid_to_date 14.10.2026 is no day like 2026-01-31"),
    ],
)
def test_a_line_that_is_no_rule_is_refused_in_words(tmp_path: Path, column: str, text: str, problem: str) -> None:
    rule = dict.fromkeys(("provider_id", "service_tier", "usage_kind"), "x") | {"factor": "0.5"}
    rule |= {"valid_from_date": "2024-04-15", "valid_to_date": "2026-10-14", column: text}
    path = tmp_path / "rules.csv"
    path.write_text(f"{','.join(rule)}\n{','.join(rule.values())}\n")
    with pytest.raises(PriceBookError) as caught:
        variant_rules.read(path)
    assert str(caught.value) == f"{path} {problem}"


def test_rules_without_a_column_are_refused_with_it_named(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(RULES.read_text().replace("factor", "faktor", 1))
    with pytest.raises(PriceBookError, match=r"rules\.csv: the header lacks factor$"):
        variant_rules.read(tmp_path / "rules.csv")


# the book


def test_a_snapshot_is_added_and_none_is_ever_changed(ledger: Ledger, home: Path) -> None:
    first = book.learn(ledger, home, PRICES, "genai-prices", [price("4")], learned_at=NEW_YEAR)
    assert first is not None
    bytes_then = (home / first.path).read_bytes()
    second = book.learn(ledger, home, PRICES, "genai-prices", [price("2")], learned_at=NEW_YEAR + timedelta(days=30))
    assert second is not None
    assert (home / first.path).read_bytes() == bytes_then
    assert [(row["snapshot_id"], row["price_usd"]) for row in book.read_all(ledger, home, PRICES)] == [
        (first.snapshot_id, 4),
        (second.snapshot_id, 2),
    ]
    summary = book.read_all(ledger, home, "prices__snapshots")
    assert [(row["snapshot_id"], row["learned_at"], row["row_count"]) for row in summary] == [
        (first.snapshot_id, NEW_YEAR, 1),
        (second.snapshot_id, NEW_YEAR + timedelta(days=30), 1),
    ]


def test_what_is_known_already_is_not_learned_again_in_any_order(ledger: Ledger, home: Path) -> None:
    rows = [price("4"), price("2", model_id="n")]
    assert book.learn(ledger, home, PRICES, "genai-prices", rows)
    assert book.learn(ledger, home, PRICES, "genai-prices", rows[::-1]) is None
    assert len(book.read_all(ledger, home, PRICES)) == 2


def test_a_new_version_that_says_the_same_is_no_new_snapshot(ledger: Ledger, home: Path) -> None:
    assert book.learn(ledger, home, PRICES, "genai-prices", [price("4")], source_version="genai-prices 0.2.3")
    assert book.learn(ledger, home, PRICES, "genai-prices", [price("4")], source_version="genai-prices 0.2.4") is None
    assert [row["source_version"] for row in book.read_all(ledger, home, PRICES)] == ["genai-prices 0.2.3"]


def test_what_is_said_again_after_something_else_is_a_snapshot_again(ledger: Ledger, home: Path) -> None:
    ids = [
        book.learn(ledger, home, PRICES, "litellm", [price(usd)], learned_at=NEW_YEAR + timedelta(days=day))
        for day, usd in enumerate(("4", "2", "4"))
    ]
    assert len({one.snapshot_id for one in ids if one}) == 3


def test_two_sources_do_not_answer_for_each_other(ledger: Ledger, home: Path) -> None:
    assert book.learn(ledger, home, PRICES, "genai-prices", [price("4")], learned_at=NEW_YEAR)
    assert book.learn(ledger, home, PRICES, "litellm", [price("4")], learned_at=NEW_YEAR)
    assert [row["price_source"] for row in book.read_all(ledger, home, PRICES)] == ["genai-prices", "litellm"]


def test_nothing_is_learned_into_the_past(ledger: Ledger, home: Path) -> None:
    book.learn(ledger, home, PRICES, "genai-prices", [price("4")], learned_at=NEW_YEAR)
    with pytest.raises(PriceBookError, match="added at the end"):
        book.learn(ledger, home, PRICES, "genai-prices", [price("2")], learned_at=NEW_YEAR - timedelta(days=1))
    assert len(book.read_all(ledger, home, PRICES)) == 1


def test_no_contract_is_a_statement_of_its_own_before_the_first_and_after_the_last(ledger: Ledger, home: Path) -> None:
    table = "prices__overrides"
    assert book.learn(ledger, home, table, "price_overrides", [])
    assert book.learn(ledger, home, table, "price_overrides", []) is None
    assert book.learn(ledger, home, table, "price_overrides", [{"line_number": 2, "effect": "free", "precedence": 1}])
    assert book.learn(ledger, home, table, "price_overrides", [])
    assert [row["row_count"] for row in book.read_all(ledger, home, "prices__snapshots")] == [0, 1, 0]


def test_a_rerate_and_its_changes_are_in_the_book_together(ledger: Ledger, home: Path) -> None:
    rerate = {
        "rerate_id": "r",
        "from_date": date(2026, 1, 1),
        "to_date": date(2026, 2, 1),
        "known_at": NEW_YEAR,
        "ran_at": NEW_YEAR,
    }
    change = {
        "rerate_id": "r",
        "usage_date": date(2026, 1, 5),
        "request_count": 3,
        "cost_before_usd": Decimal(1),
        "cost_after_usd": Decimal(2),
    }
    book.append_rerate(ledger, home, rerate, [change])
    book.append_rerate(ledger, home, {**rerate, "rerate_id": "s"}, [])
    assert [row["rerate_id"] for row in book.read_all(ledger, home, "prices__rerates")] == ["r", "s"]
    assert [
        (row["cost_after_usd"], row["customer_id"]) for row in book.read_all(ledger, home, "prices__rerate_changes")
    ] == [(2, None)]


# what is learned before a build


def test_a_second_run_learns_nothing_and_reads_no_catalogue(
    ledger: Ledger, home: Path, inputs: learning.Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning.learn_all(ledger, home, inputs)
    before = ledger.active_files()
    for module in (catalogue, variant_rules):
        monkeypatch.setattr(module, "rows" if module is catalogue else "extend", None)
    learning.learn_all(ledger, home, inputs)
    assert ledger.active_files() == before
    assert len(before) == 8  # two sources of prices, overrides and uplifts, each with its line in prices__snapshots


def test_changed_rules_make_a_new_snapshot_and_leave_the_old_one_by_its_own(
    ledger: Ledger, home: Path, inputs: learning.Inputs
) -> None:
    learning.learn_catalogue(ledger, home, inputs.rules)
    inputs.rules.write_text(
        inputs.rules.read_text().replace("anthropic,batch,input_tokens,0.5", "anthropic,batch,input_tokens,0.25")
    )
    learning.learn_catalogue(ledger, home, inputs.rules)
    newest, first = ledger.snapshots(PRICES, "genai-prices")

    def batch(snapshot: Any) -> Decimal:
        (usd,) = (
            row["price_usd"]
            for row in book.read(home, snapshot)
            if (row["provider_id"], row["model_id"], row["service_tier"], row["usage_kind"])
            == ("anthropic", "claude-haiku-4-5", "batch", "input_tokens")
            and row["valid_from_date"] <= date(2025, 11, 1) < row["valid_to_date"]
        )
        return Decimal(usd)

    assert (batch(first), batch(newest)) == (Decimal("0.5"), Decimal("0.25"))


def test_what_an_update_brought_outlives_the_next_build_and_its_rules_but_not_the_next_library(
    ledger: Ledger, home: Path, inputs: learning.Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning.learn_all(ledger, home, inputs)
    fetched = catalogue.load(catalogue.dump(catalogue.bundled()).replace(b'"gpt-4o-mini"', b'"gpt-4o-maxi"'))
    assert learning.learn_catalogue(ledger, home, inputs.rules, fetched=fetched)

    def newest() -> set[str]:
        return {row["model_id"] for row in book.read(home, ledger.snapshots(PRICES, "genai-prices")[0])}

    learning.learn_all(ledger, home, inputs)
    assert "gpt-4o-maxi" in newest()
    inputs.rules.write_text("\n".join(inputs.rules.read_text().splitlines()[:5]) + "\n")
    learning.learn_all(ledger, home, inputs)
    assert "gpt-4o-maxi" in newest()
    assert len(ledger.snapshots(PRICES, "genai-prices")) == 3
    monkeypatch.setattr(catalogue, "library_version", lambda: "99.0")
    learning.learn_all(ledger, home, inputs)
    assert "gpt-4o-maxi" not in newest()
    learning.learn_all(ledger, home, inputs)
    assert len(ledger.snapshots(PRICES, "genai-prices")) == 4


def test_names_are_resolved_by_what_was_fetched_last(ledger: Ledger, home: Path, inputs: learning.Inputs) -> None:
    learning.learn_all(ledger, home, inputs)
    ledger._con.execute("insert into models values ('acme', 'rocket-1', now()::timestamp)")
    learning.learn_all(ledger, home, inputs)
    fetched = catalogue.load(
        b'[{"id": "acme", "name": "A", "api_pattern": "x", "models": [{"id": "rocket", '
        b'"match": {"starts_with": "rocket"}, "prices": {"input_mtok": 2}}]}]'
    )
    learning.learn_catalogue(ledger, home, inputs.rules, fetched=fetched)
    learning.learn_all(ledger, home, inputs)
    rows = book.read_all(ledger, home, "prices__model_matches")
    assert [(row["matched_by"], row["price_model_id"]) for row in rows] == [("none", None), ("genai-prices", "rocket")]
    assert rows[0]["learned_at"] < rows[1]["learned_at"]


def test_how_a_name_was_matched_is_told() -> None:
    seen = [
        ("openai", "gpt-4o"),
        ("azure", "gpt-4o"),
        ("", "gpt-4o"),
        ("x", "m"),
        ("x", "unheard-of"),
        ("openai", "moderation"),
    ]
    models = {"x/m": ("x/m", "x"), "gpt-4o": ("gpt-4o", "openai"), "moderation": ("moderation", "openai")}
    found = list(matches.resolve(seen, catalogue.bundled(), models))
    assert [
        (r["matched_by"], r["price_source"], r["price_provider_id"], r["price_model_id"], r["litellm_model_id"])
        for r in found
    ] == [
        ("genai-prices", "genai-prices", "openai", "gpt-4o", "gpt-4o"),
        ("genai-prices, fallback provider", "genai-prices", "openai", "gpt-4o", None),
        ("genai-prices, no provider", "genai-prices", "openai", "gpt-4o", "gpt-4o"),
        ("litellm", "litellm", "x", "x/m", "x/m"),
        ("none", None, None, None, None),
        # the library knows it without any price
        ("litellm", "litellm", "openai", "moderation", "moderation"),
    ]


# the ledger


def test_a_ledger_of_version_1_is_carried_over_with_its_inputs(home: Path) -> None:
    with Ledger(home) as ledger:
        ledger._con.execute("insert into models values ('openai', 'gpt-4o', now()::timestamp)")
        for table in (PRICES, "prices__model_matches", "openai__requests"):
            ledger._con.execute(
                "insert into landing_files values (?, ?, 'x', date '2026-01-01', null, 1, 'x', 1, true, null)",
                [table, f"landing/{table}/x.parquet"],
            )
    con = duckdb.connect(str(home / "ledger.duckdb"))
    con.execute("drop table snapshots; drop table remembered; update ledger set version = 1")
    con.close()
    with Ledger(home) as ledger:
        assert ledger.models() == [("openai", "gpt-4o")]
        assert [file["table_name"] for file in ledger.active_files()] == ["openai__requests"]
        assert ledger.snapshots(PRICES, "genai-prices") == []
    with Ledger(home) as ledger:
        assert book.learn(ledger, home, PRICES, "genai-prices", [price("4")])


def test_a_ledger_of_a_later_version_is_refused(home: Path) -> None:
    with Ledger(home) as ledger:
        ledger._con.execute("update ledger set version = 3")
    with pytest.raises(OSError, match=r"of version 3, this unitcost reads 2"):
        Ledger(home)


# checks


def found(rows: list[Row], previous: list[Row] = []) -> list[tuple[str, Decimal, Decimal]]:  # noqa: B006 - never changed
    said = [{**row, "price_source": "genai-prices"} for row in rows]
    return [(one.rule, one.price, one.against) for one in checks.check(said, [{**row} for row in previous])]


def test_a_jump_by_ten_from_one_day_to_the_next_is_found_and_a_smaller_one_is_not() -> None:
    ends, starts = {"valid_to_date": date(2026, 1, 1)}, {"valid_from_date": date(2026, 1, 1)}
    assert found([price("1", **ends), price("10", **starts)]) == [("jump from one day to the next", 10, 1)]
    assert found([price("10", **ends), price("1", **starts)]) == [("jump from one day to the next", 1, 10)]
    assert found([price("1", **ends), price("9.99", **starts)]) == []
    assert found([price("0", **ends), price("9.99", **starts)]) == []


def test_a_jump_since_the_snapshot_before_is_found() -> None:
    assert found([price("0.3")], [price("3")]) == [("jump since the snapshot before", Decimal("0.3"), 3)]
    assert found([price("0.4")], [price("3")]) == []


def test_a_cache_read_above_input_and_an_output_below_it_are_found() -> None:
    rows = [price("2"), price("3", usage_kind="cache_read_tokens"), price("1", usage_kind="output_tokens")]
    assert found(rows) == [("cache read above input", 3, 2), ("output below input", 1, 2)]
    embedding = [price("2"), price("2", usage_kind="cache_read_tokens"), price("0", usage_kind="output_tokens")]
    assert found(embedding) == []


def test_the_columns_of_a_row_are_those_of_the_table() -> None:
    assert [*book.ABOUT, *price("1")] == MODEL_PRICES.names


@pytest.mark.parametrize(
    ("provider_id", "model_name", "model", "how"),
    [
        ("google", "models/gemini-2.5-flash", "gemini-2.5-flash", "genai-prices, short name"),
        ("google", "publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash", "genai-prices, short name"),
        (
            "aws",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic.claude-3-haiku-20240307-v1:0",
            "genai-prices",  # the library knows such a name itself
        ),
        ("openrouter", "anthropic/claude-sonnet-4.5:nitro", "anthropic/claude-sonnet-4.5", "genai-prices, short name"),
        ("aws", "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3", None, "none"),
    ],
)
def test_a_resource_name_is_priced_as_the_model_in_it(
    provider_id: str, model_name: str, model: str | None, how: str
) -> None:
    (row,) = matches.resolve([(provider_id, model_name)], catalogue.bundled(), {})
    assert row["matched_by"] == how
    if model is None:
        assert row["price_model_id"] is None
    else:
        (plain,) = matches.resolve([(provider_id, model)], catalogue.bundled(), {})
        assert plain["price_model_id"] is not None
        assert row["price_model_id"] == plain["price_model_id"]
