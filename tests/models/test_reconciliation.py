"""Rated calls against the bill: one planted difference of every class in one month, each sized by hand."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.models.conftest import Companies, Company, write_calls
from tests.models.reconciled import MILLION, OVERRIDES, PARTS, call, line, month, october, write_bill

MARTS = ("fct_requests", "fct_usage_hourly", "cost_per_conversation", "cost_per_customer", "reconciliation")
READ = (*MARTS, "fct_charges", "reconciliation_bridge", "close_checklist", "cost_per_feature")
MODELS = " ".join(f"+{mart}" for mart in (*READ, "int_requests_absorbed"))


@pytest.fixture(scope="module")
def closed(company: Companies, tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("close")
    made = company("reconciliation", overrides=OVERRIDES, select=MODELS)
    made.load((write_calls(folder / "calls.jsonl", month()), "canonical"), write_bill(folder / "bill.csv", october()))
    return made


def parts_of(made: Company, where: str) -> dict[str, Decimal]:
    """The parts of the differences that are not nothing."""
    sums = ", ".join(f"sum({part}_variance_usd)" for part in PARTS)
    (row,) = made.rows(f"select {sums} from reconciliation where {where}")
    return {part: value for part, value in zip(PARTS, row, strict=True) if value}


@pytest.mark.parametrize(
    ("model", "part", "amount"),
    [
        ("shadow", "coverage", "7"),
        ("more", "quantity", "0.03"),
        ("dearer", "price", "1.20"),
        ("batched", "tier", "-1.50"),
        ("untold", "unexplained", "0.50"),
        ("unknown", "price", "54"),
        ("rounded", "rounding", "-0.004"),
    ],
)
def test_a_planted_difference_is_found_sized_and_named(closed: Company, model: str, part: str, amount: str) -> None:
    assert parts_of(closed, f"model_id = '{model}'") == {part: Decimal(amount)}


def test_what_agrees_has_no_difference(closed: Company) -> None:
    assert parts_of(closed, "model_id = 'clean'") == {}


def test_a_day_that_has_what_its_neighbour_lacks_is_timing_and_nets_to_nothing(closed: Company) -> None:
    rows = closed.rows(
        "select cast(billing_date as varchar), timing_variance_usd, quantity_variance_usd, requests_cost_usd "
        "from reconciliation where model_id = 'shifted' and component = 'input' order by 1"
    )
    assert rows == [
        ("2026-10-10", 0, 0, 6), ("2026-10-11", -2, 0, 6), ("2026-10-12", 2, 0, 6), ("2026-10-13", 0, 0, 6),
    ]  # fmt: skip


def test_credits_and_what_is_no_use_stay_unattributed(closed: Company) -> None:
    rows = closed.rows(
        "select charge_kind, credit_variance_usd, non_token_variance_usd, unattributed_cost_usd from reconciliation "
        "where reconciliation_status = 'not_by_call' order by 1"
    )
    assert rows == [("credit", -5, 0, -5), ("other", 0, 25, 25)]


def test_the_bridge_leads_from_the_rated_cost_to_the_bill(closed: Company) -> None:
    steps = dict(closed.rows("select step, amount_usd from reconciliation_bridge"))
    # seven models with a price, four days, $9 each
    assert steps["rated_cost"] == 7 * 4 * 9 + Decimal("0.004")
    assert (
        steps["billed_cost"]
        == 7 * 4 * 9 + 7 + Decimal("0.03") + Decimal("1.20") - Decimal("1.50") + Decimal("0.50") + 54 - 5 + 25
    )
    assert sum(steps[part] for part in PARTS) == steps["billed_cost"] - steps["rated_cost"]


def test_calls_and_what_is_unattributed_are_the_invoice(closed: Company) -> None:
    ((called,),) = closed.rows("select sum(cost_usd) from fct_requests")
    ((unattributed,),) = closed.rows("select sum(unattributed_cost_usd) from reconciliation")
    ((billed,),) = closed.rows("select sum(effective_cost) from fct_charges")
    assert called + unattributed == billed
    assert unattributed == 7 - 5 + 25
    assert closed.rows("select distinct is_invoiced from fct_requests") == [(True,)]


def test_a_call_costs_its_share_of_the_bill(closed: Company) -> None:
    rows = closed.rows(
        "select contracted_cost_usd, cost_usd, count(*) from fct_requests "
        "where model_id like 'dearer%' and usage_date = '2026-10-12' group by all"
    )
    assert rows == [(Decimal(3), Decimal("3.40"), 3)]  # $2 + $1, and $7.20 / 3 + $1 by the bill


def test_calls_of_a_model_without_a_price_cost_what_the_bill_says(closed: Company) -> None:
    rows = closed.rows(
        "select price_status, contracted_cost_usd, cost_usd, is_invoiced from fct_requests "
        "where model_id like 'unknown%' group by all"
    )
    assert rows == [("unknown_model", None, Decimal("4.50"), True)]


def test_a_log_that_tells_a_tenth_of_the_calls_costs_them_no_more_and_the_rest_is_not_logged(
    company: Companies, tmp_path: Path
) -> None:
    """Sampled traces, or an application that writes no log: what nobody saw is on no call that somebody saw."""
    made = company("sampled", overrides=OVERRIDES, select=MODELS)
    calls = [
        call(1, model, 10, uncached_input_tokens=MILLION) for model in ("clean", "dearer", "more", "unknown", "rounded")
    ]
    bill = [
        line("clean", 10, "Input", 10 * MILLION, "20"),
        line("dearer", 10, "Input", 10 * MILLION, "24", EffectiveCost="20"),
        line("more", 10, "Input", 1_100_000, "2.2"),
        line("unknown", 10, "Input", 10 * MILLION, "30"),
        # a tenth as many as were logged: less is a difference of counts, however much
        line("rounded", 10, "Input", 100_000, "0.2"),
    ]
    bill[1] |= {"ContractedCost": "24"}
    made.load((write_calls(tmp_path / "calls.jsonl", calls), "canonical"), write_bill(tmp_path / "bill.csv", bill))
    assert {model: parts_of(made, f"model_id = '{model}'") for model in ("clean", "more", "unknown", "rounded")} == {
        "clean": {"coverage": 18},
        "more": {"quantity": Decimal("0.2")},
        "unknown": {"coverage": 27, "price": 3},
        "rounded": {"quantity": Decimal("-1.8")},
    }
    # nine tenths of $24, and of a discount of $4 a tenth is that call's: $2 + $0.40 - $0.40
    assert parts_of(made, "model_id = 'dearer'") == {"coverage": Decimal("21.6"), "price": Decimal("0.4"), "credit": -4}
    assert dict(made.rows("select split_part(model_id, '-2026', 1), cost_usd from fct_requests")) == {
        "clean": 2, "dearer": 2, "more": Decimal("2.2"), "unknown": 3, "rounded": Decimal("0.2"),
    }  # fmt: skip
    ((unattributed,),) = made.rows("select sum(unattributed_cost_usd) from reconciliation")
    assert unattributed == 18 + 18 + 27
    ((share,),) = made.rows("select coverage_share from close_checklist")
    assert float(share) == pytest.approx(9.4 / 72.4)


def test_an_open_bill_and_a_talk_over_the_end_of_the_month(company: Companies, tmp_path: Path) -> None:
    """What is open may change and says so; what a talk costs is of the month of each call."""
    made = company("open", overrides=OVERRIDES, select=MODELS)
    talk = [
        call(1, "clean", 31, uncached_input_tokens=MILLION) | {"conversation_id": "talk"},
        call(4, "clean", 1, uncached_input_tokens=MILLION)
        | {"conversation_id": "talk", "requested_at": "2026-11-01T00:00:30Z"},
    ]
    november = {
        "BillingPeriodStart": "2026-11-01T00:00:00Z",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
        "ChargePeriodStart": "2026-11-01T00:00:00Z",
        "ChargePeriodEnd": "2026-11-02T00:00:00Z",
        "InvoiceId": "",
    }
    bill = [line("clean", 31, "Input", MILLION, "2"), line("clean", 1, "Input", MILLION, "2.50", **november)]
    made.load((write_calls(tmp_path / "calls.jsonl", talk), "canonical"), write_bill(tmp_path / "bill.csv", bill))
    assert made.rows(
        "select cast(month as varchar), has_bill, has_open_invoice, invoice_count from close_checklist order by 1"
    ) == [("2026-10-01", True, False, 1), ("2026-11-01", True, True, 0)]
    assert made.rows(
        "select cast(month as varchar), cost_usd, invoiced_share, cost_confidence from cost_per_feature order by 1"
    ) == [("2026-10-01", 2, 1.0, 1.0), ("2026-11-01", Decimal("2.5"), 1.0, 1.0)]
    assert made.rows("select turn_count, cost_usd from cost_per_conversation") == [(2, Decimal("4.5"))]


def test_a_restated_bill_changes_what_a_full_build_would(company: Companies, tmp_path: Path) -> None:
    made = company("restated", overrides=OVERRIDES, select=MODELS)
    made.load((write_calls(tmp_path / "calls.jsonl", month()), "canonical"), write_bill(tmp_path / "1.csv", october()))
    before = made.rows("select request_id, cost_usd from fct_requests order by all")
    dearer = [one | ({"EffectiveCost": "6.10"} if one["EffectiveCost"] == "7.20" else {}) for one in october()]
    made.load(write_bill(tmp_path / "2.csv", dearer))
    incremental = {mart: made.rows(f"select * from {mart} order by all") for mart in MARTS}
    changed = set(made.rows("select request_id, cost_usd from fct_requests")) - set(before)
    assert {request_id for request_id, _ in changed} == {f"call-dearer-12-{number}" for number in (0, 1, 2)}
    made.load(full=True)
    assert {mart: made.rows(f"select * from {mart} order by all") for mart in MARTS} == incremental
