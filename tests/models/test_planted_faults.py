"""Faults planted in models are caught by the shipped dbt tests: nothing is published, and the test is named."""

from contextlib import nullcontext

import pytest

from app.dbt_build import BuildError
from app.settings import PROJECT_DIR
from tests.models.conftest import CHARGE_MODELS, Companies, Company

SAMPLES = PROJECT_DIR / "tests" / "ingest" / "sources"
INPUTS = [
    (SAMPLES / "anthropic" / "requests.jsonl", None),
    (SAMPLES / "revenue_csv" / "revenue.csv", None),
    (SAMPLES / "focus" / "charges.csv", None),
]

FAULTS = {
    "a filter drops calls": (
        "intermediate/int_requests_deduplicated.sql",
        "coalesce(merged.rank_in_call, 1) = 1",
        "coalesce(merged.rank_in_call, 1) = 1 and logged.output_tokens < 1000",
        "assert_no_request_is_lost",
    ),
    "a staging model drops calls": (
        "staging/anthropic/stg_anthropic__requests.sql",
        "\nfrom used\n",
        "\nfrom used\nwhere output_tokens < 1000\n",
        "assert_no_request_is_lost",
    ),
    "a join fans out": (
        "intermediate/prices/int_model_matches.sql",
        "from known\ninner join learned",
        "from known\ncross join (select 1 as one union all select 2 as one) as twice\ninner join learned",
        "unique_together_int_model_matches",
    ),
    "hours cost double": (
        "marts/core/fct_usage_hourly.sql",
        "cast(sum(cost_usd) as decimal(38, 12)) as cost_usd",
        "cast(sum(cost_usd) * 2 as decimal(38, 12)) as cost_usd",
        "assert_costs_are_conserved",
    ),
    "a component is left out of the total": (
        "marts/core/fct_requests.sql",
        "['input', 'cache_read', 'cache_write', 'output', 'tool', 'other'], '@_cost_usd'",
        "['input', 'cache_write', 'output', 'tool', 'other'], '@_cost_usd'",
        "assert_components_sum_to_cost",
    ),
    "a line of the bill is dropped": (
        "marts/core/fct_charges.sql",
        "from {{ ref('int_charges_kinded') }} as charges",
        "from (select * from {{ ref('int_charges_kinded') }} where charge_category = 'Usage') as charges",
        "assert_the_bill_is_whole",
    ),
    "a part of a unit is counted twice": (
        "intermediate/units/int_unit_instances.sql",
        "'output': 'case when ' ~ answers ~ ' then output_cost_usd end'",
        "'output': 'case when ' ~ answers ~ ' then output_cost_usd * 2 end'",
        "assert_units_are_their_parts",
    ),
    "revenue is recognised short": (
        "intermediate/int_revenue_recognised.sql",
        "part as revenue_usd",
        "cast(part * 0.99 as decimal(38, 12)) as revenue_usd",
        "assert_revenue_is_conserved",
    ),
}


@pytest.fixture(scope="module")
def faultless(company: Companies) -> Company:
    made = company("faultless")
    made.load(*INPUTS)
    return made


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, faultless: Company) -> None:
    with pytest.raises(BuildError, match=FAULTS[fault][-1]):
        faultless.build_with(*FAULTS[fault])


@pytest.mark.parametrize(("words", "is_published"), [("true", True), ("charge_category = 'Usage'", False)])
def test_the_same_meaning_in_other_words_is_published_another_is_not(
    words: str, is_published: bool, company: Companies
) -> None:
    made = company("reworded", select=f"{CHARGE_MODELS} +assert_the_bill_is_whole")
    charges = "from {{ ref('int_charges_kinded') }} as charges"
    in_other_words = f"from (select * from {{{{ ref('int_charges_kinded') }}}} where {words}) as charges"
    made.reword("marts/core/fct_charges.sql", charges, in_other_words)
    with nullcontext() if is_published else pytest.raises(BuildError, match="assert_the_bill_is_whole"):
        made.load(*INPUTS)
    assert (made.home / "current.json").exists() == is_published
