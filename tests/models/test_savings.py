"""What each strategy would have saved, against figures worked out by hand from list prices."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import builds, scenario
from app.scenario import Cell, Scenario
from app.settings import Settings
from tests.models.conftest import Companies, Company, write_calls

NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
SYSTEM, QUESTION, ANSWER = 1500, 100, 300
IN, OUT = Decimal("0.000003"), Decimal("0.000015")
"""claude-sonnet-4-5 below 200,000 tokens; a cache read costs a tenth, a write 1.25 or 2 times the input."""
HAIKU_IN, HAIKU_OUT = Decimal("0.000001"), Decimal("0.000005")
TIER_COLUMNS = (
    "rule_number", "provider_id", "model_id", "feature_id", "operation", "candidate_provider_id", "candidate_model_id",
    "quality_lower_bound", "required_quality", "evidence", "valid_from_date", "valid_to_date", "source_url",
)  # fmt: skip


def call(name: str, at: datetime, feature: str, **more: Any) -> dict[str, Any]:
    """A call of claude-sonnet-4-5."""
    return {
        "request_id": name, "provider_id": "anthropic", "model_id": "claude-sonnet-4-5", "feature_id": feature,
        "customer_id": "acme", "operation": "chat", "requested_at": at.isoformat(), **more,
    }  # fmt: skip


def conversation(feature: str, turns: int, gaps: timedelta = timedelta(minutes=1)) -> Iterator[dict[str, Any]]:
    """Turns that feed all that was said before to the model again."""
    for turn in range(turns):
        yield call(
            f"{feature}-{turn}", NOON + turn * gaps, feature, conversation_id=f"of {feature}",
            uncached_input_tokens=SYSTEM + QUESTION + (QUESTION + ANSWER) * turn, output_tokens=ANSWER,
        )  # fmt: skip


def prompts_again() -> Iterator[dict[str, Any]]:
    """Prompts that were answered before, or nearly."""
    for number, (customer, minutes) in enumerate((("acme", 0), ("acme", 30), ("acme", 150), ("other", 31))):
        yield call(f"twin-{number}", NOON + timedelta(minutes=minutes), "faq", customer_id=customer,
                   uncached_input_tokens=1000, output_tokens=100, prompt_fingerprint="a" * 32)  # fmt: skip
    # the second is near the first, the third the same
    for feature, tokens in (("rephrased", (1000, 1000, 1000)), ("briefs", (100_000, 1, 100_000))):
        for number, (prompt, sketch) in enumerate((("b", "00"), ("c", "ff"), ("b", "00"))):
            yield call(f"{feature}-{number}", NOON + timedelta(minutes=number), feature, output_tokens=0,
                       uncached_input_tokens=tokens[number], prompt_fingerprint=prompt * 32,
                       prompt_similarity="00" * 7 + sketch)  # fmt: skip


def everything() -> Iterator[dict[str, Any]]:
    """A company in which each feature shows one thing."""
    yield from conversation("window", 10)
    for name, at, tokens in (("a", 0, 10_000), ("b", 3, 10_600), ("c", 20, 11_200)):
        yield call(f"session-{name}", NOON + timedelta(minutes=at), "sessions", conversation_id="one",
                   uncached_input_tokens=tokens, output_tokens=500)  # fmt: skip
    for number in range(5):
        yield call(f"steady-{number}", NOON + timedelta(minutes=number), "steady", conversation_id="steady",
                   uncached_input_tokens=5000, output_tokens=0)  # fmt: skip
    yield call("served-1", NOON, "served", conversation_id="served", cache_write_5m_tokens=5000)
    yield call("served-2", NOON + timedelta(minutes=1), "served", conversation_id="served", cache_read_tokens=4800,
               uncached_input_tokens=200)  # fmt: skip
    yield call("on-1", NOON, "cached", cache_write_5m_tokens=4000, uncached_input_tokens=100)
    yield call("on-2", NOON, "cached", cache_write_1h_tokens=2000, cache_read_tokens=4000, uncached_input_tokens=100)
    # nobody says what twelve hours in a cache cost
    for number in range(2):
        yield call(f"half-{number}", NOON + timedelta(minutes=number), "half a day", conversation_id="half",
                   cache_write_12h_tokens=3000, cache_read_tokens=500, uncached_input_tokens=100)  # fmt: skip
    yield call("eval-1", NOON, "judge", environment="eval", uncached_input_tokens=1_000_000 // 10, output_tokens=2000)
    yield call("live-1", NOON, "live", uncached_input_tokens=10_000, output_tokens=1000)
    for number, cached in enumerate((0, 500)):
        yield call(f"rag-{number}", NOON, "rag", uncached_input_tokens=1000 - cached, cache_read_tokens=cached,
                   retrieved_context_tokens=800, output_tokens=100)  # fmt: skip
    yield from prompts_again()
    for number, (day, used) in enumerate(((0, 2), (0, 4), (1, 6))):
        asked = {"trace_id": f"trace-{number}"}
        at = NOON + timedelta(days=day)
        yield call(f"embed-{number}", at, "search", **asked, operation="embeddings", uncached_input_tokens=100)
        yield call(f"found-{number}", at, "search", **asked, uncached_input_tokens=10_000, output_tokens=100,
                   retrieved_context_tokens=8000, retrieved_chunk_count=10, used_chunk_count=used)  # fmt: skip
    for number, tokens in enumerate((100, 1000, 200, 100, 300)):
        yield call(f"think-{number}", NOON, "thinker", output_tokens=1000 + tokens, reasoning_tokens=tokens)
    for number in range(20):
        yield call(f"try-{number}", NOON + timedelta(seconds=number), "flaky", uncached_input_tokens=1000,
                   output_tokens=0, status="error")  # fmt: skip
    for number in range(20):
        yield call(f"retry-{number}", NOON + timedelta(seconds=20 + number), "flaky", uncached_input_tokens=1000,
                   output_tokens=100, retry_of=f"try-{number}", attempt_number=2)  # fmt: skip


@pytest.fixture(scope="module")
def built(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """That company, whose live feature has evidence for a cheaper model and whose others have none."""
    home = company("saving")
    common = {
        "provider_id": "*", "model_id": "claude-sonnet-4-5", "operation": "chat",
        "candidate_provider_id": "anthropic", "candidate_model_id": "claude-haiku-4-5", "required_quality": "0.98",
        "valid_from_date": "2026-01-01", "valid_to_date": "2100-01-01", "source_url": "",
    }  # fmt: skip
    home.seed("model_tiers", TIER_COLUMNS, [
        {"rule_number": 1, "feature_id": "live", "quality_lower_bound": "0.985", "evidence": "split halves", **common},
        {"rule_number": 2, "feature_id": "judge", "quality_lower_bound": "0.97", "evidence": "split halves", **common},
        {"rule_number": 3, "feature_id": "window", "quality_lower_bound": "", "evidence": "none", **common},
    ])  # fmt: skip
    home.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", everything()), "canonical"))
    return home


def test_a_cache_is_estimated_from_conversations_where_no_fingerprints_are(built: Company) -> None:
    found = {
        policy: (cost, saving, estimated, best)
        for policy, cost, saving, estimated, best in built.rows(
            "select policy_id, policy_cost_usd, saving_usd, is_estimated, is_best from marts.prompt_caching"
            " where feature_id = 'sessions'"
        )
    }
    whole = 10_000 + 10_600 + 11_200
    # within 5 minutes the second call finds the 10,500 tokens of the first; within the hour the third 11,100, too
    five = IN * (Decimal("0.1") * 10_500 + Decimal("1.25") * (whole - 10_500))
    hour = IN * (Decimal("0.1") * 21_600 + 2 * (whole - 21_600))
    assert {name: cost for name, (cost, *_) in found.items()} == {"5m": five, "1h": hour, "none": IN * whole}
    assert found["1h"][1:3] == (IN * whole - hour, True)
    assert [name for name, (*_, best) in found.items() if best] == ["1h"]


def test_a_write_pays_from_the_break_even_rate_on(built: Company) -> None:
    rows = built.rows(
        "select distinct policy_id, round(break_even_share, 6) from marts.prompt_caching where policy_id <> 'none'"
    )
    # what writing costs more, over what it costs more than reading: 0.25 of 1.15, 1 of 1.9
    assert sorted(rows) == [("1h", 0.526316), ("5m", 0.217391)]


def test_a_cache_that_is_on_is_measured(built: Company) -> None:
    ((read, write, discount, premium, net, share),) = built.rows(
        "select read_tokens, write_tokens, read_discount_usd, write_premium_usd, net_saving_usd, hit_share"
        " from marts.prompt_caching_on where feature_id = 'cached'"
    )
    assert (read, write, share) == (4000, 6000, pytest.approx(4000 / 10_200))
    assert discount == IN * 4000 * Decimal("0.9")
    assert premium == IN * (4000 * Decimal("0.25") + 2000)
    assert net == discount - premium


def test_a_cache_whose_price_nobody_knows_is_compared_with_nothing(built: Company) -> None:
    assert built.rows("select cost_usd from marts.fct_requests where feature_id = 'half a day'") == [(None,), (None,)]
    for mart in ("prompt_caching_on", "prompt_caching"):
        assert built.rows(f"select * from marts.{mart} where feature_id = 'half a day'") == [], mart


def test_what_can_wait_costs_half_in_a_batch(built: Company) -> None:
    rows = built.rows(
        "select feature_id, is_tolerant, actual_cost_usd, batch_cost_usd, low_saving_usd, expected_saving_usd,"
        " high_saving_usd from marts.batch_savings where feature_id in ('judge', 'live') order by 1"
    )
    judge, live = IN * 100_000 + OUT * 2000, IN * 10_000 + OUT * 1000
    half, quarter = judge / 2, judge / 4
    assert rows == [
        ("judge", True, judge, half, quarter, half * Decimal("0.8"), half),
        ("live", False, live, live / 2, 0, 0, 0),
    ]


def test_a_cheaper_model_is_a_saving_only_where_its_lower_bound_is_good_enough(built: Company) -> None:
    rows = {
        feature: facts
        for feature, *facts in built.rows(
            "select feature_id, is_evidenced, actual_cost_usd, candidate_cost_usd, potential_usd, saving_usd"
            " from marts.routing_savings where is_best"
        )
    }
    live, routed = IN * 10_000 + OUT * 1000, HAIKU_IN * 10_000 + HAIKU_OUT * 1000
    assert rows["live"] == [True, live, routed, live - routed, live - routed]
    assert rows.keys() == {"live", "judge", "window"}
    for feature in ("judge", "window"):
        evidenced, actual, candidate, potential, saving = rows[feature]
        assert not evidenced
        assert potential == actual - candidate > saving == 0


def test_the_history_of_a_conversation_grows_as_the_square_of_its_turns(built: Company) -> None:
    rows = {
        window: facts
        for window, *facts in built.rows(
            "select window_turns, longest_turn_count, input_tokens, spared_tokens, saving_usd, uncached_saving_usd"
            " from marts.context_windows where feature_id = 'window'"
        )
    }
    n, said = 10, QUESTION + ANSWER
    assert rows.keys() == {5, 10, 20}
    for window, (turns, tokens, spared, saving, uncached) in rows.items():
        assert (turns, tokens) == (n, n * SYSTEM + n * QUESTION + said * n * (n - 1) // 2)
        beyond = max(n - 1 - window, 0)
        assert spared == said * beyond * (beyond + 1) // 2
        assert saving == uncached == IN * spared


def test_the_same_prompt_is_a_duplicate_for_its_customer_within_a_lifetime(built: Company) -> None:
    ((count, cost, hour, hour_cost, day, day_cost),) = built.rows(
        "select request_count, contracted_cost_usd, duplicate_within_hour_count, duplicate_within_hour_cost_usd,"
        " duplicate_within_day_count, duplicate_within_day_cost_usd from marts.duplicate_prompts"
        " where feature_id = 'faq'"
    )
    one = IN * 1000 + OUT * 100
    assert (count, hour, day) == (4, 1, 2)
    assert (cost, hour_cost, day_cost) == (4 * one, one, 2 * one)


def test_near_duplicates_are_the_high_case_less_an_embedding_of_every_prompt(built: Company) -> None:
    rows = {
        feature: facts
        for feature, *facts in built.rows(
            "select feature_id, low_usd, expected_usd, high_usd, request_count, evidence from marts.savings_found"
            " where strategy = 'semantic_cache'"
        )
    }
    said = "1 of 3 prompts were answered before, 1 more nearly"
    one, lookup = IN * 1000, Decimal("0.00000002") * 1000
    assert rows["rephrased"] == [one, one, 2 * one - 3 * lookup, 2, said]
    # where looking for near ones costs more than they do, only the same ones are looked for
    assert rows["briefs"] == [IN * 100_000, IN * 100_000, IN * 100_000, 2, said]


def test_retries_cost_what_is_beyond_their_budget_and_come_in_storms(built: Company) -> None:
    ((requests, retries, attempts, expected, cost, over, storm),) = built.rows(
        "select request_count, retry_count, attempts_per_request, expected_attempts_per_request, retry_cost_usd,"
        " over_budget_cost_usd, storm_cost_usd from marts.retry_waste where feature_id = 'flaky'"
    )
    one = IN * 1000 + OUT * 100
    assert (requests, retries, attempts) == (40, 20, 2.0)
    assert expected == pytest.approx(1 + 0.5 + 0.25)  # half of the calls failed, two retries at most
    assert cost == storm == 20 * one
    assert over == 18 * one  # two of twenty are within a tenth


def test_only_what_no_cache_holds_is_compressed_and_the_compressor_is_paid(built: Company) -> None:
    columns = "compressible_retrieved_context_tokens, compressible_history_tokens, low_saving_usd, expected_saving_usd"
    found = {
        feature: facts
        for feature, *facts in built.rows(f"select feature_id, {columns}, high_saving_usd from prompt_compression")
    }
    # each turn after the first reads the one before and its answer: 1,500 tokens and 400 more a turn
    history = 9 * 1500 + 400 * sum(range(1, 10))
    # of the second call the cache holds 500 of 800: what is retrieved comes last
    retrieved = 800 + 300

    def saved(tokens: int, times: int) -> Any:
        exact = tokens * (IN * (1 - Decimal(1) / times) - Decimal("0.00000002"))
        return pytest.approx(exact, rel=Decimal("0.00001"))  # shares are of a millionth

    assert found["window"] == [0, history, 0, saved(history, 2), saved(history, 4)]
    assert found["rag"] == [retrieved, 0, saved(retrieved, 2), saved(retrieved, 2), saved(retrieved, 4)]
    assert "faq" not in found, "nothing was retrieved and nothing said before"


def test_what_answers_did_not_use_is_over_retrieval_where_it_is_more_than_half(built: Company) -> None:
    ((answers, retrieved, used, days, context, low, expected, high),) = built.rows(
        "select answer_count, retrieved_chunk_count, used_chunk_count, over_retrieving_day_count, context_cost_usd,"
        " low_saving_usd, expected_saving_usd, high_saving_usd from marts.over_retrieval"
    )
    one = IN * 8000
    assert (answers, retrieved, used, days, context) == (3, 30, 12, 1, 3 * one)
    # of 20 pieces answers used 6 on the first day: 8 are beyond twice that; on the second 6 of 10 are no over-retrieval
    assert (low, expected) == (0, one * Decimal("0.8"))
    assert high == one * (Decimal("0.8") + Decimal("0.6") + Decimal("0.4"))


def test_reasoning_is_held_against_the_median_of_calls_like_it(built: Company) -> None:
    ((count, tokens, over, double, cost, low, expected, high),) = built.rows(
        "select reasoning_request_count, reasoning_tokens, over_median_tokens, over_double_median_tokens,"
        " reasoning_cost_usd, low_saving_usd, expected_saving_usd, high_saving_usd from marts.verbose_reasoning"
    )
    reasoned = (100, 1000, 200, 100, 300)
    median = sorted(reasoned)[2]
    assert (count, tokens) == (5, sum(reasoned))
    assert over == sum(max(one - median, 0) for one in reasoned)
    assert double == sum(max(one - 2 * median, 0) for one in reasoned)
    assert [cost, low, expected, high] == [OUT * tokens, 0, OUT * double, OUT * over]


def test_opportunities_are_what_the_strategies_found(built: Company) -> None:
    rows = {
        (feature, strategy): facts
        for feature, strategy, *facts in built.rows(
            "select feature_id, strategy, low_saving_usd, expected_saving_usd, high_saving_usd, confidence, state,"
            " stacked_saving_usd from marts.savings_opportunities"
        )
    }
    one, judge = IN * 1000 + OUT * 100, IN * 100_000 + OUT * 2000
    assert rows["flaky", "backpressure"] == [18 * one, 18 * one, 20 * one, "medium", "open", 18 * one]
    assert rows["faq", "semantic_cache"] == [one, 2 * one, 2 * one, "high", "open", 2 * one]
    assert rows["search", "over_retrieval"][:4] == [0, IN * 6400, IN * 14_400, "low"]
    assert rows["thinker", "verbose_reasoning"][:4] == [0, OUT * 600, OUT * 900, "low"]
    assert rows["judge", "batch"][:4] == [judge / 4, judge * Decimal("0.4"), judge / 2, "medium"]
    assert rows["judge", "routing"][:4] == [0, 0, 0, "none"]
    # windows of 20, 10 and 5 turns: only the last is shorter than the conversation
    assert rows["window", "context_window"][:4] == [0, 0, IN * 400 * 10, "low"]
    # a cache is on: the replay finds $0.00054 that it misses, and may be off by 15 % of what reading spares, $0.0026
    assert ("served", "prompt_caching") not in rows
    expected = IN * (Decimal("0.9") * 4 * 5000 - Decimal("0.25") * 5000)
    error = Decimal("0.15") * IN * Decimal("1.15") * 4 * 5000
    assert rows["steady", "prompt_caching"][:4] == [expected - error, expected, expected + error, "medium"]
    assert all(low <= expected <= high for low, expected, high, *_ in rows.values())
    assert all(stacked <= expected for _, expected, *_, stacked in rows.values())


def test_the_query_of_an_opportunity_returns_what_it_is_from(built: Company) -> None:
    for query, feature in built.rows("select proof_query, feature_id from marts.savings_opportunities"):
        assert built.rows(f"select count(*) from ({query}) where feature_id = '{feature}'")[0][0] > 0, query


def test_a_scenario_starts_from_what_calls_cost_and_what_their_tokens_cost_elsewhere(built: Company) -> None:
    sums = "sum(cost_usd), sum(request_count), sum(output_tokens), sum(cache_read_tokens)"
    assert built.rows(f"select {sums} from marts.scenario_base") == built.rows(f"select {sums} from fct_usage_hourly")
    places = [f"{place}{kind}_price_usd" for place in ("", "batch_", "candidate_", "candidate_batch_")
              for kind in scenario.KINDS]  # fmt: skip
    caps = [f"output_over_{cap}_tokens" for cap in scenario.CAPS]
    rows = {
        feature: facts
        for feature, *facts in built.rows(
            f"select feature_id, candidate_model_id, is_evidenced, {', '.join(places + caps)} from marts.scenario_base"
            " where feature_id in ('live', 'judge', 'sessions')"
        )
    }

    def prices(tokens: Decimal, answer: Decimal) -> list[Decimal]:
        return [tokens, tokens / 10, tokens * Decimal("1.25"), answer]

    here = prices(IN, OUT) + prices(IN / 2, OUT / 2)
    there = prices(HAIKU_IN, HAIKU_OUT) + prices(HAIKU_IN / 2, HAIKU_OUT / 2)
    assert rows == {
        "live": ["claude-haiku-4-5", True, *here, *there, 750, 500, 0, 0, 0],
        "judge": ["claude-haiku-4-5", False, *here, *there, 1750, 1500, 1000, 0, 0],
        "sessions": [None, False, *here, *[None] * 8, 750, 0, 0, 0, 0],  # three answers of 500
    }


def test_a_scenario_costs_what_the_strategies_say_that_it_would(built: Company) -> None:
    with duckdb.connect(str(builds.current(built.home).path), read_only=True) as con:
        rows = con.sql("select * from marts.scenario_base where feature_id = 'live'").pl().iter_rows(named=True)
        cells = [Cell.of(row) for row in rows]
    ((candidate,),) = built.rows("select candidate_cost_usd from marts.routing_savings where feature_id = 'live'")
    ((batch,),) = built.rows("select batch_cost_usd from marts.batch_savings where feature_id = 'live'")
    for asked, expected in ((Scenario(cheaper=Decimal(1)), candidate), (Scenario(batch=Decimal(1)), batch)):
        cost = scenario.run(cells, asked).cost
        assert cost
        assert cost.then == expected


KINDS = {
    "backpressure": "logs", "semantic_cache": "fingerprints", "context_window": "conversations",
    "over_retrieval": "logs", "compression": "published", "verbose_reasoning": "logs", "routing": "evaluated",
    "prompt_caching": "fingerprints", "batch": "rules", "idle_capacity": "capacity", "quantisation": "capacity",
}  # fmt: skip
"""In the order in which they are stacked."""
OF_MACHINES = {"idle_capacity", "quantisation"}
CENTS = st.integers(0, 10**7)


@pytest.fixture(scope="module")
def stack(built: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the build, in which a test says what was found."""
    copy = Path(shutil.copy(builds.current(built.home).path, tmp_path_factory.mktemp("copy") / "warehouse.duckdb"))
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:
        yield con


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    features=st.lists(
        st.tuples(CENTS, CENTS, st.dictionaries(st.sampled_from(list(KINDS)), CENTS)), min_size=1, max_size=4
    )
)
def test_stacked_savings_are_never_more_than_one_by_one_nor_than_the_cost(
    stack: duckdb.DuckDBPyConnection, features: list[tuple[int, int, dict[str, int]]]
) -> None:
    for table in ("intermediate.int_drivers_daily", "marts.allocated_costs", "marts.savings_found"):
        stack.execute(f"delete from {table}")
    for number, (called, rented, savings) in enumerate(features):
        stack.execute(
            "insert into intermediate.int_drivers_daily (usage_date, feature_id, contracted_cost_usd)"
            " values ('2026-10-07', ?, ?)",
            [f"f{number}", Decimal(called) / 100],
        )
        stack.execute(
            "insert into marts.allocated_costs (usage_date, feature_id, allocation_status, allocated_cost_usd)"
            " values ('2026-10-07', $1, 'allocated', $2), ('2026-10-07', $1, 'prepaid', 1000000)",
            [f"f{number}", Decimal(rented) / 100],
        )
        stack.executemany(
            "insert into marts.savings_found (month, feature_id, strategy, evidence_kind, expected_usd)"
            " values ('2026-10-01', ?, ?, ?, ?)",
            [[f"f{number}", name, KINDS[name], Decimal(saving) / 100] for name, saving in savings.items()]
            or [["none", "batch", "rules", 0]],
        )
    rows = stack.execute(
        "select feature_id, strategy, expected_saving_usd, stacked_saving_usd from marts.savings_opportunities"
    ).fetchall()
    for number, (called, rented, savings) in enumerate(features):
        found = {name: (alone, stacked) for feature, name, alone, stacked in rows if feature == f"f{number}"}
        assert found.keys() == savings.keys()
        assert all(0 <= stacked <= alone for alone, stacked in found.values())
        # what calls cost and what machines cost is other money
        for cost, names in ((called, KINDS.keys() - OF_MACHINES), (rented, OF_MACHINES)):
            left = whole = Decimal(cost) / 100
            for name in (name for name in KINDS if name in savings.keys() & names):
                share = min(Decimal(savings[name]) / cost, Decimal(1)) if cost else Decimal(0)
                assert found[name][1] == pytest.approx(left * share, abs=Decimal("1e-6"))
                left -= left * share
            assert sum(stacked for name, (_, stacked) in found.items() if name in names) <= whole + Decimal("1e-6")


def test_savings_are_in_the_reporting_currency_and_each_model_is_cached_as_its_provider_does(
    company: Companies, tmp_path: Path
) -> None:
    loaded = company("in euro", exchange_rates=[("EUR", "2026-01-01", "2")])
    home = replace(loaded, settings=Settings(home=loaded.home, inputs=(), reporting_currency="EUR"))
    models = {
        "claude-haiku-4-5": "anthropic", "claude-sonnet-4-5": "anthropic", "gpt-5.6-sol": "openai", "gpt-5": "openai",
    }  # fmt: skip
    calls = [
        {**call(f"{model}-{minute}", NOON + timedelta(minutes=minute), "chat"), "provider_id": provider,
         "model_id": model, "conversation_id": model, "uncached_input_tokens": 3000}
        for model, provider in models.items() for minute in (0, 1)
    ]  # fmt: skip
    window = list(conversation("window", 7))
    home.load((write_calls(tmp_path / "calls.jsonl", calls + window), "canonical"))
    rows = {
        (model, policy): (actual * 2, cost * 2, best)
        for model, policy, actual, cost, best in home.rows(
            "select model_id, policy_id, actual_cost_usd, policy_cost_usd, is_best from marts.prompt_caching"
            " where feature_id = 'chat' and placement <> 'repeated'"
        )
    }
    offered = {name: {policy for model, policy in rows if model == name} for name in models}
    assert offered == {
        "claude-haiku-4-5": {"5m", "1h", "none"}, "claude-sonnet-4-5": {"5m", "1h", "none"},
        "gpt-5.6-sol": {"30m", "none"}, "gpt-5": {"automatic"},
    }  # fmt: skip
    # 3,000 tokens are below the 4,096 that this model caches at least
    haiku = HAIKU_IN * 6000
    assert {rows["claude-haiku-4-5", policy][:2] for policy in ("5m", "1h", "none")} == {(haiku, haiku)}
    written, read = Decimal("1.25") * 3000, Decimal("0.1") * 3000
    assert rows["claude-sonnet-4-5", "5m"] == (IN * 6000, IN * (written + read), True)
    # blocks of 128 tokens: 2,944 of 3,000 are read, the rest is written anew
    rest = Decimal("0.1") * 2944 + 56
    assert rows["gpt-5", "automatic"][1] == Decimal("0.00000125") * (3000 + rest)
    (spared,) = home.rows(
        "select saving_usd from marts.context_windows where feature_id = 'window' and window_turns = 5"
    )
    assert spared[0] * 2 == IN * 400
