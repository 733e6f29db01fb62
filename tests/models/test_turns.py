"""What each turn of a conversation costs, and how much of it is the context that is sent again; worked out by hand."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls
from tests.models.test_attribution import MILLION
from tests.models.test_units import PRICES, call

MODELS = f"{CALL_MODELS} +cost_by_turn +cost_per_conversation"

D = Decimal
LONG = 22
CALLS = [
    # an answer; a second one after a failed attempt, its context from the cache; a third after a look into documents,
    # and an attempt after it that nobody answered
    call(1, 5, "ann", conversation_id="c-1", output_tokens=MILLION),
    call(2, 6, "ann", "0.5", conversation_id="c-1", status="error"),
    call(3, 6, "ann", "0.5", conversation_id="c-1", retry_of="call-2", attempt_number=2, cache_read_tokens=MILLION),
    call(4, 7, "ann", "0.25", conversation_id="c-1", operation="embeddings", feature_id="search"),
    call(5, 8, "ann", "3", conversation_id="c-1"),
    call(6, 9, "ann", "0.125", conversation_id="c-1", status="error"),
    # one answer, and the same id at another customer
    call(7, 6, "ann", "2", conversation_id="c-2"),
    call(8, 6, "bob", "4", conversation_id="c-2"),
    # never answered
    call(9, 6, "ann", "0.75", conversation_id="c-3", status="error"),
    # no conversation; no production
    call(10, 6, "ann", "8"),
    call(11, 6, "ann", "16", conversation_id="c-4", environment="test"),
    # a price is not known
    call(12, 6, "cee", "1", conversation_id="c-5", feature_id="lab", model_id="none-such"),
    # of the next month, though it began in this one
    call(13, 31, "dan", "1", conversation_id="c-6", feature_id="late"),
    {**call(14, 1, "dan", "2", conversation_id="c-6", feature_id="late"), "requested_at": "2026-11-01T12:00:00Z"},
    *(
        call(20 + turn, 20, "eve", "1" if turn < LONG else "3", conversation_id="long", feature_id="agent")
        for turn in range(1, LONG + 1)
    ),
]
QUERY = "select * from cost_by_turn order by feature_id, month, turn_number"


@pytest.fixture(scope="module")
def loaded(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = company("turns", overrides=PRICES, select=MODELS)
    made.load((write_calls(tmp_path_factory.mktemp("turns") / "calls.jsonl", CALLS), "canonical"))
    return made


def of(loaded: Company, feature: str, columns: str) -> list[tuple[Any, ...]]:
    return loaded.rows(
        f"select turn_number, {columns} from cost_by_turn where feature_id = '{feature}' order by month, turn_number"
    )


def test_a_turn_is_all_that_it_took_to_get_an_answer(loaded: Company) -> None:
    assert of(loaded, "chat", "conversation_count, turn_count, request_count, cost_usd, cost_per_turn_usd") == [
        (0, 1, 0, 1, D("0.75"), None),
        (1, 3, 3, 3, D(9), D(3)),
        (2, 1, 1, 2, D("1.1"), D("1.1")),
        (3, 1, 1, 3, D("3.375"), D("3.375")),
    ]


def test_a_turn_is_made_of_new_and_cached_input_and_of_output(loaded: Company) -> None:
    parts = "uncached_input_cost_usd, cached_input_cost_usd, output_cost_usd, other_cost_usd"
    assert of(loaded, "chat", parts)[1:] == [
        (1, D(7), D(0), D(2), D(0)),
        (2, D(1), D("0.1"), D(0), D(0)),
        (3, D("3.375"), D(0), D(0), D(0)),
    ]
    assert of(loaded, "chat", "median_cost_usd") == [(0, None), (1, D(3)), (2, D("1.1")), (3, D("3.375"))]


def test_growth_is_that_of_the_conversations_that_got_so_far(loaded: Company) -> None:
    # the others had more input in their first turn than the one of three turns ever had in its second
    assert of(loaded, "chat", "input_tokens, input_growth, cost_so_far_per_conversation_usd") == [
        (0, 750_000, None, D("0.75")),
        (1, 7 * MILLION, 1, D(3)),
        (2, 2 * MILLION, 2, D("4.1")),
        (3, 3_375_000, 3.375, D("7.475")),
    ]


def test_the_last_class_holds_all_later_turns(loaded: Company) -> None:
    found = of(loaded, "agent", "has_later_turns, conversation_count, turn_count, cost_usd, cost_per_turn_usd")
    assert [row[0] for row in found] == list(range(1, 21))
    assert found[18:] == [(19, False, 1, 1, D(1), D(1)), (20, True, 1, 3, D(5), D("1.666666666667"))]
    assert of(loaded, "agent", "cost_so_far_per_conversation_usd, input_growth, median_cost_usd")[18:] == [
        (19, D(19), 1, D(1)),
        (20, D(24), pytest.approx(5 / 3), D(1)),
    ]


def test_turns_without_a_price_are_counted_and_cost_nobody_knows_what(loaded: Company) -> None:
    assert of(loaded, "lab", "turn_count, unpriced_request_count, cost_usd, cost_per_turn_usd, median_cost_usd") == [
        (1, 1, 1, None, None, None)
    ]


def test_a_conversation_is_of_the_month_in_which_it_began(loaded: Company) -> None:
    assert of(loaded, "late", "month::text, cost_usd") == [(1, "2026-10-01", D(1)), (2, "2026-10-01", D(2))]


def test_turns_are_those_that_conversations_count(loaded: Company) -> None:
    assert loaded.rows("select sum(turn_count), sum(request_count), sum(cost_usd) from cost_by_turn") == loaded.rows(
        "select sum(turn_count), sum(request_count), sum(cost_usd) from cost_per_conversation "
        "where is_production and conversation_id <> '(unattributed)'"
    )


def test_calls_that_come_later_move_turns_as_in_one_build(loaded: Company, tmp_path: Path) -> None:
    more = [
        # before all the others of a conversation, whose turns all move by one; between two; and of another month
        {**call(50, 30, "ann", "5", conversation_id="c-1"), "requested_at": "2026-09-30T12:00:00Z"},
        call(51, 20, "bob", "6", conversation_id="c-2"),
        {**call(52, 2, "fay", "7", conversation_id="c-9"), "requested_at": "2026-11-02T12:00:00Z"},
    ]
    before = loaded.rows(QUERY)
    loaded.load((write_calls(tmp_path / "more.jsonl", more), "canonical"))
    incremental = loaded.rows(QUERY)
    loaded.load(full=True)
    assert loaded.rows(QUERY) == incremental != before
    assert of(loaded, "chat", "month::text, conversation_count, cost_usd") == [
        (1, "2026-09-01", 1, D(5)),
        (2, "2026-09-01", 1, D(3)),
        (3, "2026-09-01", 1, D("1.1")),
        (4, "2026-09-01", 1, D("3.375")),
        (0, "2026-10-01", 1, D("0.75")),
        (1, "2026-10-01", 2, D(6)),
        (2, "2026-10-01", 1, D(6)),
        (1, "2026-11-01", 1, D(7)),
    ]
