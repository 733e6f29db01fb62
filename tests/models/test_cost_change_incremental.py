"""What changed from one period to the next is told anew where a day of either changed, as a full build would say it."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.models.conftest import Companies, Company, write_calls
from tests.models.reconciled import MILLION, allocate, write_bill
from tests.models.test_allocation import charge, rule

CHANGES = "select * from cost_change order by all"


def logged(path: Path, days: list[date], random: Random) -> Path:
    """Some calls on each of these days."""
    return write_calls(
        path,
        [
            {
                "request_id": f"{day}-{number}",
                "provider_id": "acme",
                "model_id": random.choice(("small", "big")),
                "requested_at": f"{day}T12:00:00Z",
                "customer_id": random.choice(("ann", "bob")),
                "feature_id": random.choice(("chat", "search")),
                "uncached_input_tokens": random.randrange(3 * MILLION),
            }
            for day in days
            for number in range(random.randrange(1, 4))
        ],
    )


def a_company(company: Companies, name: str) -> Company:
    """One with a price and a pool that its calls share."""
    price = {
        "effect": "contract_price", "provider_id": "acme", "usage_kind": "input_tokens", "price": "2",
        "per_units": MILLION, "currency": "USD",
    }  # fmt: skip
    models = "+cost_change +int_requests_absorbed"
    made = company(name, select=models, overrides=[{**price, "model_id": model} for model in ("small", "big")])
    allocate(made, [rule(1, "gateway", "requests")])
    return made


def test_days_that_come_in_any_order_and_a_restated_pool_are_compared_as_in_one_build(
    company: Companies, tmp_path: Path, written: list[str]
) -> None:
    """A new month, a gap of months, days before the first, late lines of a month that is over, a dearer bill.

    The last time all is built anew, what changed is told a few weeks at a time.
    """
    random = Random(20261130)  # noqa: S311 - a sample, no secret
    ours = a_company(company, "periods")
    october = date(2026, 10, 1)
    loads = [
        [october + timedelta(days=day) for day in range(12)],
        [october + timedelta(days=day) for day in range(12, 33)],  # into November
        [date(2027, 1, 20)],
        [date(2026, 7, 30), date(2026, 9, 30)],  # before all
        [date(2026, 10, 14)],
    ]
    inputs = [(logged(tmp_path / f"{n}.jsonl", days, random), "canonical") for n, days in enumerate(loads)]
    inputs += [write_bill(tmp_path / f"{cost}.csv", [charge("gateway", 5, 5, cost)]) for cost in ("31", "62")]
    for number, one in enumerate(inputs):
        assert ours.load(one).is_full == (number == 0)
        if number in {2, 3, len(inputs) - 1}:
            incremental = ours.rows(CHANGES)
            written.clear()
            if number == len(inputs) - 1:
                macro = ours.project / "macros" / "chunk_of_days.sql"
                text = macro.read_text()
                macro.write_text(text.replace("most_rows=400000", "most_rows=20"))
                assert macro.read_text() != text
            ours.load(full=True)
            assert (written.count("cost_change") > 1) == (number == len(inputs) - 1)
            assert ours.rows(CHANGES) == incremental, number
    assert ours.rows("select max(shared_cost_effect_usd) > 0 from cost_change where grain = 'month'") == [(True,)]
