"""`unitcost rerate`: a closed month moves when somebody says so, who sees first what that changes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest

from app import builds, pipeline, rerate
from ingest.ledger import Ledger
from tests.models.conftest import CALL_MODELS, Companies, Company, write_calls

MODELS = f"{CALL_MODELS} +rerate_changes"

CLOSED_AT = "2026-10-03 00:00:00"


def price(kind: str, per_million: str) -> dict[str, Any]:
    return {
        "provider_id": "openai",
        "model_id": "gpt-x",
        "service_tier": "standard",
        "usage_kind": kind,
        "tier_start_tokens": 0,
        "price_usd": Decimal(per_million),
        "per_units": 1_000_000,
        "unit_price_usd": Decimal(per_million) / 1_000_000,
        "minimum_units": None,
        "price_rule": "catalogue",
        "valid_from_date": date(2015, 1, 1),
        "valid_to_date": date(2100, 1, 1),
        "daily_from_second": 0,
        "daily_to_second": 86_400,
    }


def call(number: int, day: str) -> dict[str, Any]:
    return {
        "request_id": f"r{number}",
        "provider_id": "openai",
        "model_id": "gpt-x",
        "requested_at": f"{day}T12:00:00Z",
        "customer_id": "acme",
        "feature_id": "chat",
        "uncached_input_tokens": 1_000_000,
    }


def closed_company(company: Companies, name: str) -> Company:
    """September is closed at $2 a million; a correction to $3 was learned after that."""
    made = company(name, select=MODELS, closed=[("2026-09-01", CLOSED_AT)], learns=False)
    made.know([price("input_tokens", "2")], datetime(2026, 9, 1, tzinfo=UTC))
    made.know([price("input_tokens", "3")], datetime(2026, 10, 20, tzinfo=UTC))
    made.match(
        [
            {
                "provider_id": "openai",
                "model_name": "gpt-x",
                "learned_at": datetime(2026, 9, 1, tzinfo=UTC).replace(tzinfo=None),
                "price_source": "genai-prices",
                "price_provider_id": "openai",
                "price_model_id": "gpt-x",
                "matched_by": "test",
                "litellm_model_id": None,
            }
        ]
    )
    return made


@pytest.fixture(scope="module")
def closed(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = closed_company(company, "rerated")
    calls = [call(1, "2026-09-10"), call(2, "2026-09-10"), call(3, "2026-10-10")]
    made.load((write_calls(tmp_path_factory.mktemp("calls") / "calls.jsonl", calls), "canonical"))
    return made


@pytest.fixture
def at_work(closed: Company) -> Iterator[Company]:
    with closed.at_work(), patch.object(rerate, "PROJECT_DIR", closed.project), pipeline.writer(closed.settings):
        yield closed


def costs(path: Path) -> list[Decimal]:
    con = duckdb.connect(str(path), read_only=True)
    try:
        return [cost for (cost,) in con.sql("select cost_usd from marts.fct_requests order by request_id").fetchall()]
    finally:
        con.close()


def test_a_closed_month_keeps_the_price_of_its_close_and_an_open_one_does_not(closed: Company) -> None:
    assert costs(builds.current(closed.home).path) == [Decimal(2), Decimal(2), Decimal(3)]


def test_a_rerate_that_is_not_accepted_writes_nothing(at_work: Company) -> None:
    before = builds.current(at_work.home)
    with Ledger(at_work.home) as ledger:
        known = ledger.active_files()
    with rerate.proposed(at_work.settings, date(2026, 9, 1), date(2026, 10, 1)) as proposal:
        assert [(one.request_count, one.before, one.after) for one in proposal.by_model()] == [
            (2, Decimal(4), Decimal(6))
        ]
    with Ledger(at_work.home) as ledger:
        assert ledger.active_files() == known
    assert builds.current(at_work.home) == before
    assert not list((at_work.home / "builds").glob("*.building*"))
    assert not list((at_work.home / "landing" / "prices__rerates").glob("*"))


def test_open_months_have_nothing_to_rerate(at_work: Company) -> None:
    with (
        pytest.raises(rerate.RerateError, match="closed_periods"),
        rerate.proposed(at_work.settings, date(2026, 10, 1), date(2026, 11, 1)),
    ):
        pass


def test_an_accepted_rerate_moves_the_month_keeps_the_difference_and_stays(at_work: Company) -> None:
    with rerate.proposed(at_work.settings, date(2026, 9, 1), date(2026, 10, 1)) as proposal:
        published = rerate.accept(at_work.settings, proposal)
    assert costs(published.path) == [Decimal(3), Decimal(3), Decimal(3)]
    kept = "select usage_date, customer_id, feature_id, request_count, cost_before_usd, cost_after_usd, change_usd"
    expected = [(date(2026, 9, 10), "acme", "chat", 2, Decimal(4), Decimal(6), Decimal(2))]
    assert at_work.rows(f"{kept} from rerate_changes") == expected
    assert pipeline.build(at_work.settings).build is None, "the same state: nothing is left to build"
    pipeline.build(at_work.settings, full=True)
    assert costs(builds.current(at_work.home).path) == [Decimal(3), Decimal(3), Decimal(3)]
    assert at_work.rows(f"{kept} from rerate_changes") == expected


def test_calls_that_come_late_count_however_late_at_the_price_of_the_close_where_their_month_is_closed(
    company: Companies, tmp_path: Path
) -> None:
    made = closed_company(company, "late")
    made.load((write_calls(tmp_path / "calls.jsonl", [call(1, "2026-10-20"), call(2, "2026-09-10")]), "canonical"))
    late = [call(3, "2026-10-20"), call(4, "2026-10-19"), call(5, "2026-09-10"), call(6, "2026-08-10")]
    late[0]["requested_at"] = "2026-10-20T11:59:59Z"  # a second before what is known, a day, 40 days, 71 days
    assert not made.load((write_calls(tmp_path / "late.jsonl", late), "canonical")).is_full
    months = "select strftime(usage_date, '%Y-%m'), count(*), sum(cost_usd) from fct_requests group by all order by all"
    counted = made.rows(months)
    assert counted == [("2026-08", 1, Decimal(3)), ("2026-09", 2, Decimal(4)), ("2026-10", 3, Decimal(9))]
    made.load(full=True)
    assert made.rows(months) == counted


def test_a_later_price_does_not_reach_a_rerated_month(closed: Company) -> None:
    """Runs after the test above: the rerate read the book as of its day, and reads it so from then on."""
    closed.know([price("input_tokens", "9")], datetime(2027, 1, 1, tzinfo=UTC))
    closed.load(full=True)
    assert costs(builds.current(closed.home).path) == [Decimal(3), Decimal(3), Decimal(9)]


def test_what_is_not_built_yet_is_not_published_by_a_rerate_that_did_not_show_it(closed: Company) -> None:
    """Runs last: it leaves a price behind that no build knows."""
    closed.know([price("input_tokens", "10")], datetime(2027, 2, 1, tzinfo=UTC))
    with (
        closed.at_work(),
        patch.object(rerate, "PROJECT_DIR", closed.project),
        pipeline.writer(closed.settings),
        pytest.raises(rerate.RerateError, match="not built yet: run `unitcost build` first"),
        rerate.proposed(closed.settings, date(2026, 9, 1), date(2026, 10, 1)),
    ):
        pass
    assert not list((closed.home / "builds").glob("*.building*"))
