"""What the line items of an AWS bill mean: the money of each kind of line, and the three shapes of Bedrock's meters."""

import csv
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.settings import PROJECT_DIR
from tests.models.conftest import CHARGE_MODELS, Warehouse

Line = Mapping[str, str]

REAL = PROJECT_DIR.parent / "shared" / "data" / "focus_converters" / "sample-anonymous-aws-export-dataset.csv"
OCTOBER, NOVEMBER = "2026-10-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"
RESERVATION = "arn:aws:ec2:us-east-1:111122223333:reserved-instances/ri-1"


def item(kind: str, cost: str, **more: str) -> Line:
    """A line item under the words of CUR 2.0."""
    return {
        "bill_billing_period_start_date": OCTOBER,
        "line_item_usage_start_date": "2026-10-07T13:00:00.000Z",
        "line_item_usage_end_date": "2026-10-07T14:00:00.000Z",
        "line_item_currency_code": "USD",
        "line_item_line_item_type": kind,
        "line_item_unblended_cost": cost,
        **more,
    }


def used(usage_type: str, amount: str, unit: str, cost: str = "1", product: str = "", **more: str) -> Line:
    """Use of a meter."""
    return item(
        "Usage",
        cost,
        line_item_product_code="AmazonBedrock",
        line_item_usage_type=usage_type,
        line_item_usage_amount=amount,
        pricing_unit=unit,
        product=f'{{"product_name":"{product}"}}' if product else "{}",
        **more,
    )


def bill(path: Path, lines: Iterable[Line], payer: str | None = None) -> Path:
    """A CSV of line items; the account that pays is named after the file where nobody says it."""
    lines = [{"bill_payer_account_id": payer or path.stem, **line} for line in lines]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for line in lines for name in line)))
        writer.writeheader()
        writer.writerows(lines)
    return path


MONEY = [
    # line item, billed, effective
    (item("Usage", "10.00"), "10.00", "10.00"),
    # one hour of 55.04 on demand is covered: the plan costs 40.00 for it, and the negation takes the 55.04 back
    (item("SavingsPlanCoveredUsage", "55.04", savings_plan_savings_plan_effective_cost="40.00"), "55.04", "40.00"),
    (item("SavingsPlanNegation", "-55.04", savings_plan_savings_plan_effective_cost="-40.00"), "-55.04", "0"),
    # of a fee of 45.00 that hour used 40.00
    (
        item(
            "SavingsPlanRecurringFee",
            "45.00",
            savings_plan_total_commitment_to_date="45.00",
            savings_plan_used_commitment="40.00",
        ),
        "45.00",
        "5.00",
    ),
    (item("SavingsPlanUpfrontFee", "1000.00"), "1000.00", "0"),
    # reserved: nothing is billed for the hour, its share of the fee is 0.30
    (item("DiscountedUsage", "0", reservation_effective_cost="0.30"), "0", "0.30"),
    (
        item(
            "RIFee",
            "72.00",
            reservation_unused_amortized_upfront_fee_for_billing_period="1.50",
            reservation_unused_recurring_fee="2.25",
        ),
        "72.00",
        "3.75",
    ),
    # of a reservation without an upfront fee only the recurring one can be left
    (item("RIFee", "72.00", reservation_unused_recurring_fee="2.25"), "72.00", "2.25"),
    # the upfront fee of a reservation is spread over its hours; another fee is its own
    (item("Fee", "500.00", reservation_reservation_arn=RESERVATION), "500.00", "0"),
    (item("Fee", "15.00"), "15.00", "15.00"),
    (item("Tax", "0.08"), "0.08", "0.08"),
    (item("Credit", "-3.00"), "-3.00", "-3.00"),
    (item("Refund", "-2.50"), "-2.50", "-2.50"),
    (item("BundledDiscount", "-0.25"), "-0.25", "-0.25"),
    # an export without the columns of savings plans: what it came to is not known, and not the price on demand
    (item("SavingsPlanCoveredUsage", "7.00"), "7.00", None),
]

KINDS = ("Usage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "DiscountedUsage", "RIFee", "Tax", "Credit",
         "Refund", "EdpDiscount", "SavingsPlanRecurringFee", "Fee")  # fmt: skip

NET = [
    item("Usage", "10.00", line_item_net_unblended_cost="9.00"),
    # the discount is in the net cost of what it discounts
    item("EdpDiscount", "-1.00", line_item_net_unblended_cost="0.00"),
    item(
        "DiscountedUsage",
        "0",
        line_item_net_unblended_cost="0",
        reservation_effective_cost="0.30",
        reservation_net_effective_cost="0.27",
    ),
]

PODS = {"line_item_product_code": "AmazonEKS", "split_line_item_parent_resource_id": "i-1"}
SPLIT = [
    item("Usage", "12.00", line_item_resource_id="i-1", line_item_product_code="AmazonEC2"),
    item("Usage", "7.00", line_item_resource_id="pod/a", split_line_item_split_cost="7.00", **PODS),
    item("Usage", "5.00", line_item_resource_id="pod/b", split_line_item_split_cost="5.00", **PODS),
]

SONNET = "Claude Sonnet 4.6 (Amazon Bedrock Edition)"
OPUS_48 = "anthropic.claude-opus-4-8"

METERS = [
    # usage, (model, kind, tier, tokens): 137.5 of 1K tokens are 137,500 tokens
    (used("USE1-NovaPro-input-tokens", "137.5", "1K tokens"), ("amazon.nova-pro-v1:0", "input", "standard", 137_500)),
    (used("EU-NovaPro-output-tokens-batch", "2", "1K tokens"), ("amazon.nova-pro-v1:0", "output", "batch", 2_000)),
    (used("APN1-NovaLite-input-tokens-flex", "2", "1K tokens"), ("amazon.nova-lite-v1:0", "input", "flex", 2_000)),
    (
        used("EUC1-NovaLite-output-tokens-priority", "2", "1K tokens"),
        ("amazon.nova-lite-v1:0", "output", "priority", 2_000),
    ),
    (
        used("USE1-Claude4Sonnet-output-tokens-cross-region-global", "0.001", "1K tokens"),
        ("global.anthropic.claude-sonnet-4-20250514-v1:0", "output", "standard", 1),
    ),
    (
        used("USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global", "8", "1K tokens"),
        ("global.anthropic.claude-opus-4-6-v1", "cache_read", "standard", 8_000),
    ),
    (
        used("USW2-Claude4.6Sonnet-cache-write-input-token-count", "831.74", "1K tokens"),
        ("anthropic.claude-sonnet-4-6", "cache_write", "standard", 831_740),
    ),
    (
        used("USE1-Claude4Sonnet-cache-write-input-token-count-1-hour", "3", "1K tokens"),
        ("anthropic.claude-sonnet-4-20250514-v1:0", "cache_write_1h", "standard", 3_000),
    ),
    # mantle: the id stands in the meter, and what the unit holds in the unit
    (
        used(f"USW2-{OPUS_48}-mantle-cache-write-tokens-global-standard", "1.6", "1K tokens"),
        (f"global.{OPUS_48}", "cache_write", "standard", 1_600),
    ),
    (
        used(f"USE1-{OPUS_48}-mantle-cache-write-tokens-1h-standard", "1600", "tokens"),
        (OPUS_48, "cache_write_1h", "standard", 1_600),
    ),
    (
        used("USE1-openai.gpt-oss-20b-mantle-input-tokens-flex", "4", "1M tokens"),
        ("openai.gpt-oss-20b", "input", "flex", 4_000_000),
    ),
    (
        used("USE1-openai.gpt-5.6-luna-mantle-cache-write-tokens-30m-long-ctx-priority", "1", "1K tokens"),
        ("openai.gpt-5.6-luna", "cache_write", "priority", 1_000),
    ),
    # the Marketplace: the model is the product, a unit is a million
    (
        used("USE1-MP:USE1_InputTokenCount-Units", "2.5", "Units", product=SONNET),
        ("anthropic.claude-sonnet-4-6", "input", "standard", 2_500_000),
    ),
    (
        used("EU-MP:EU_OutputTokenCount_Global_Batch-Units", "0.000001", "Units", product=SONNET),
        ("global.anthropic.claude-sonnet-4-6", "output", "batch", 1),
    ),
    (
        used("USE1-MP:USE1_CacheReadInputTokenCount-Units", "3", "1M tokens", product="Claude 3.5 Sonnet v2"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "cache_read", "standard", 3_000_000),
    ),
    (
        used("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units", "1", "Units", product=SONNET),
        ("global.anthropic.claude-sonnet-4-6", "cache_write_1h", "standard", 1_000_000),
    ),
    (
        used("USE1-MP:USE1_CacheWriteInputTokenCount-Units", "1", "Units", product=SONNET),
        ("anthropic.claude-sonnet-4-6", "cache_write", "standard", 1_000_000),
    ),
    (
        used("USE1-MP:USE1_input_tokens_long_ctx_global_standard-Units", "1", "Units", product="Claude Opus 5.5"),
        ("global.anthropic.claude-opus-5-5", "input", "standard", 1_000_000),
    ),
    # a product that no rule names: the kind is known, the model is not
    (
        used("USE1-MP:USE1_OutputTokenCount-Units", "1", "Units", product="Some Model (Amazon Bedrock Edition)"),
        (None, "output", "standard", 1_000_000),
    ),
    # a unit that does not say how many tokens it holds
    (used("USE1-NovaPro-input-tokens", "7", "Units"), ("amazon.nova-pro-v1:0", "input", "standard", None)),
]

UNKNOWN = [
    ("USE1-NovaPro-ProvisionedThroughput-ModelUnits", "Hours"),
    ("USE1-NovaSonic-speech-input-tokens", "1K tokens"),
    ("USE1-NovaPro-cache-storage-input-tokens", "1K tokens"),
    ("USE1-NovaPro-input-tokens-custom-model", "1K tokens"),
    (f"USE1-{OPUS_48}-mantle-reserved-input-tokens", "1K tokens"),
    (f"USE1-{OPUS_48}-reserved-1-month-input-tokens-per-minute", "Hours"),
    ("USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units", "Units"),
    ("USE1-Guardrail-ContentPolicyUnitsConsumed", "Text Units"),
]

MACHINES = [
    # product, usage type, meter, how it is priced
    ("AmazonEC2", "BoxUsage:p5.48xlarge", "p5.48xlarge", "Standard"),
    ("AmazonEC2", "EU-SpotUsage:g6.12xlarge", "g6.12xlarge", "Dynamic"),
    ("AmazonEC2", "APN1-UnusedBox:p4d.24xlarge", "p4d.24xlarge", "Standard"),
    ("AmazonEC2", "USW2-EBS:VolumeUsage.gp3", "USW2-EBS:VolumeUsage.gp3", "Standard"),
    ("AmazonEC2", "EBSOptimized:p3.8xlarge", "EBSOptimized:p3.8xlarge", "Standard"),
    ("AmazonSageMaker", "USE1-Host:ml.p4d.24xlarge", "ml.p4d.24xlarge", "Standard"),
]

SELLER = {"line_item_legal_entity": "Anthropic, PBC", "bill_invoicing_entity": "Amazon Web Services EMEA SARL"}
RESOLD = [
    used("USE1-MP:USE1_InputTokenCount-Units", "1", "Units", "3", SONNET, **SELLER),
    item("Refund", "-3", line_item_legal_entity="Anthropic, PBC", line_item_line_item_description="for an outage"),
    item("Refund", "-500", reservation_reservation_arn=RESERVATION),
]

LEGACY = """\
bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,\
lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost,pricing/unit,\
product/ProductName,resourceTags/user:Team,resourceTags/user:team,resourceTags/aws:createdBy,\
savingsPlan/SavingsPlanARN,savingsPlan/SavingsPlanEffectiveCost
legacy,2026-10-01T00:00:00Z,1,Usage,2026-10-07T13:00:00Z,8x1mf2t2ql,USE1-MP:USE1_OutputTokenCount-Units,0.25,USD,\
4.1250000000,Units,Claude Sonnet 4.6 (Amazon Bedrock Edition),Search,,bot,,
legacy,2026-10-01T00:00:00Z,1,SavingsPlanCoveredUsage,2026-10-07T13:00:00Z,AmazonEC2,BoxUsage:g6.xlarge,1,USD,\
2.0E-7,Hrs,Amazon Elastic Compute Cloud,,,,arn:aws:savingsplans::1:savingsplan/sp-1,1.5E-7
"""
"""As the CSV of the legacy report: a column for each tag, two of which differ in case only."""


def parquet(path: Path) -> Path:
    """CUR 2.0 as Parquet: costs are doubles, attributes and tags are maps."""
    maps, moment = pa.map_(pa.string(), pa.string()), pa.timestamp("ms")
    columns = {
        "bill_payer_account_id": pa.array(["parquet"]),
        "bill_billing_period_start_date": pa.array([1790812800000], moment),
        "line_item_usage_start_date": pa.array([1791378000000], moment),
        "line_item_line_item_type": pa.array(["Usage"]),
        "line_item_usage_type": pa.array(["USE1-MP:USE1_InputTokenCount_Global-Units"]),
        "line_item_usage_amount": pa.array([0.1 + 0.2]),
        "line_item_currency_code": pa.array(["USD"]),
        "line_item_unblended_cost": pa.array([0.9 + 1e-16]),
        "line_item_iam_principal": pa.array(["arn:aws:sts::1:assumed-role/ChatApp/session-1"]),
        "pricing_unit": pa.array(["Units"]),
        "product": pa.array([[("product_name", SONNET), ("region", "us-east-1")]], maps),
        "resource_tags": pa.array([[("user_team", "search")]], maps),
    }
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def billed(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Bills of several accounts, named after what their lines are for."""
    folder = tmp_path_factory.mktemp("bills")
    hours = {"line_item_usage_amount": "4", "pricing_unit": "Hrs", "pricing_term": "OnDemand"}
    meters = [line for line, _ in METERS]
    machines = [
        item("Usage", "1", line_item_product_code=product, line_item_usage_type=usage_type, pricing_term="OnDemand")
        for product, usage_type, *_ in MACHINES
    ]
    november = {"bill_billing_period_start_date": NOVEMBER}
    credit = {
        **used("USE1-NovaPro-input-tokens", "137.5", "1K tokens", cost="-0.11"),
        "line_item_line_item_type": "Credit",
    }
    legacy = folder / "legacy.csv"
    legacy.write_text(LEGACY)
    files = [
        bill(folder / "money.csv", [line for line, _, _ in MONEY]),
        bill(folder / "kinds.csv", [item(kind, "1", **hours) for kind in KINDS]),
        bill(folder / "net.csv", NET),
        bill(folder / "split.csv", SPLIT),
        bill(folder / "meters.csv", meters),
        bill(folder / "unknown.csv", [used(usage_type, "7", unit, cost="0.5") for usage_type, unit in UNKNOWN]),
        bill(folder / "machines.csv", machines),
        bill(folder / "credit.csv", [credit]),
        bill(folder / "resold.csv", RESOLD),
        bill(folder / "monday.csv", [item("Usage", "10"), item("Usage", "5"), item("Usage", "1", **november)], "again"),
        bill(folder / "tuesday.csv", [item("Usage", "14.50")], "again"),
        legacy,
        parquet(folder / "cur.parquet"),
        *([REAL] if REAL.exists() else []),
    ]
    of_all = warehouse("aws", select=CHARGE_MODELS)
    of_all.load(*((file, None) for file in files))
    return of_all


def charged(billed: Warehouse, payer: str, columns: str) -> list[tuple[Any, ...]]:
    return billed.rows(
        f"select {columns} from marts.fct_charges where billing_account_id = '{payer}' order by record_number"
    )


def test_every_kind_of_line_is_billed_as_it_stands_and_costs_what_it_used_of_a_commitment(billed: Warehouse) -> None:
    expected = [(Decimal(paid), effective and Decimal(effective)) for _, paid, effective in MONEY]
    assert charged(billed, "money", "billed_cost, effective_cost") == expected


def test_the_sums_are_those_of_the_bill(billed: Warehouse) -> None:
    sums = "select sum(billed_cost), sum(effective_cost) from marts.fct_charges where billing_account_id = 'money'"
    # billed, what is covered being taken back: 10 + 45 + 1000 + 72 + 72 + 500 + 15 + 0.08 - 3 - 2.5 - 0.25 + 7
    # effective, of what was used and what was left: 10 + 40 + 5 + 0.30 + 3.75 + 2.25 + 15 + 0.08 - 3 - 2.5 - 0.25
    assert billed.rows(sums) == [(Decimal("1715.33"), Decimal("70.63"))]


def test_lines_have_their_categories_and_only_use_is_consumed(billed: Warehouse) -> None:
    columns = "charge_category, charge_class, charge_frequency, pricing_category, consumed_quantity, pricing_quantity"
    four = Decimal(4)
    assert charged(billed, "kinds", columns) == [
        ("Usage", None, "Usage-Based", "Standard", four, four),
        ("Usage", None, "Usage-Based", "Committed", four, four),
        ("Usage", None, "Usage-Based", None, None, four),  # the hours of the covered line, said again
        ("Usage", None, "Usage-Based", "Committed", four, four),
        ("Purchase", None, "Recurring", None, None, four),
        ("Tax", None, None, None, None, None),
        ("Credit", None, None, None, None, four),
        ("Usage", "Correction", None, None, None, four),  # a refund is neither a credit nor use
        ("Adjustment", None, None, None, None, four),
        ("Purchase", None, "Recurring", None, None, four),
        ("Purchase", None, "One-Time", None, None, four),
    ]


def test_where_a_bill_has_net_costs_they_count(billed: Warehouse) -> None:
    assert charged(billed, "net", "billed_cost, effective_cost") == [
        (Decimal("9.00"), Decimal("9.00")),
        (Decimal(0), Decimal(0)),
        (Decimal(0), Decimal("0.27")),
    ]


def test_the_parts_of_a_split_instance_do_not_count_beside_it(billed: Warehouse) -> None:
    assert charged(billed, "split", "resource_id, billed_cost, effective_cost") == [("i-1", Decimal(12), Decimal(12))]


def test_a_month_that_is_stated_again_replaces_that_month_and_no_other(billed: Warehouse) -> None:
    assert sorted(charged(billed, "again", "month(billing_period_start_at), billed_cost")) == [
        (10, Decimal("14.50")),
        (11, Decimal("1.00")),
    ]


def test_each_shape_of_meter_says_model_kind_tier_and_tokens(billed: Warehouse) -> None:
    columns = "model_id, usage_kind, service_tier, consumed_quantity, consumed_unit"
    expected = [(*means, None if means[-1] is None else "tokens") for _, means in METERS]
    assert charged(billed, "meters", columns) == expected


def test_what_was_billed_stays_as_it_was_billed(billed: Warehouse) -> None:
    names = ("line_item_usage_type", "line_item_usage_amount", "pricing_unit")
    rows = charged(billed, "meters", "sku_meter, pricing_quantity, pricing_unit, billed_cost")
    told = [tuple(line[name] for name in names) for line, _ in METERS]
    assert rows == [(meter, Decimal(amount), unit, Decimal(1)) for meter, amount, unit in told]


def test_a_meter_that_no_rule_knows_keeps_its_money_and_has_no_model(billed: Warehouse) -> None:
    columns = "sku_meter, usage_kind, model_id, service_tier, billed_cost, consumed_quantity, consumed_unit"
    assert charged(billed, "unknown", columns) == [
        (usage_type, None, None, None, Decimal("0.5"), Decimal(7), unit) for usage_type, unit in UNKNOWN
    ]


def test_a_credit_names_its_model_but_no_tokens(billed: Warehouse) -> None:
    assert charged(billed, "credit", "model_id, billed_cost, consumed_quantity, consumed_unit") == [
        ("amazon.nova-pro-v1:0", Decimal("-0.11"), None, None)
    ]


def test_who_made_a_model_is_not_who_serves_or_invoices_it(billed: Warehouse) -> None:
    columns = "provider_id, provider_name, publisher_name, invoice_issuer_name, model_id, billed_cost"
    (sold, *_) = charged(billed, "resold", columns)
    issuer, model = "Amazon Web Services EMEA SARL", "anthropic.claude-sonnet-4-6"
    assert sold == ("aws", "AWS", "Anthropic, PBC", issuer, model, Decimal(3))


def test_a_refund_is_negative_use_or_a_negative_purchase_and_no_credit(billed: Warehouse) -> None:
    """FOCUS, ChargeCategory: Usage and Purchase are "positive or negative charges, including refunds"."""
    (_, *refunds) = charged(billed, "resold", "charge_category, charge_class, billed_cost, consumed_quantity")
    assert refunds == [
        ("Usage", "Correction", Decimal(-3), None),
        ("Purchase", "Correction", Decimal(-500), None),
    ]


def test_the_meter_of_a_machine_is_its_type(billed: Warehouse) -> None:
    assert charged(billed, "machines", "sku_meter, pricing_category") == [machine[2:] for machine in MACHINES]


def test_the_legacy_report_says_the_same_under_its_own_headers(billed: Warehouse) -> None:
    columns = "model_id, usage_kind, consumed_quantity, billed_cost, effective_cost, tags, commitment_discount_id"
    cost, plan = Decimal("4.125"), "arn:aws:savingsplans::1:savingsplan/sp-1"
    tags = '{"user:Team":"Search","aws:createdBy":"bot"}'
    assert charged(billed, "legacy", columns) == [
        ("anthropic.claude-sonnet-4-6", "output", Decimal(250_000), cost, cost, tags, None),
        (None, None, Decimal(1), Decimal("0.0000002"), Decimal("0.00000015"), None, plan),
    ]


def test_maps_and_doubles_of_parquet_are_read(billed: Warehouse) -> None:
    # 0.1 + 0.2 is 0.30000000000000004 there: 300,000 tokens
    columns = "model_id, usage_kind, consumed_quantity, billed_cost, tags, api_key_id, service_name"
    tags, key = '{"user_team":"search"}', "assumed-role/ChatApp"
    assert charged(billed, "parquet", columns) == [
        ("global.anthropic.claude-sonnet-4-6", "input", Decimal(300_000), Decimal("0.9"), tags, key, SONNET)
    ]


@pytest.mark.skipif(not REAL.exists(), reason="the anonymised export of focus_converters is not here")
def test_a_real_legacy_report_keeps_every_line_and_every_cent(billed: Warehouse) -> None:
    # by the sums of its own column lineItem/UnblendedCost: 1,269 lines of use and 12 of tax
    query = """
        select charge_category, count(*), sum(billed_cost), sum(effective_cost)
        from marts.fct_charges where billing_account_id = '123412340534' group by 1 order by 1
    """
    assert billed.rows(query) == [
        ("Tax", 12, Decimal("0.08"), Decimal("0.08")),
        ("Usage", 1269, Decimal("1.6023086974"), Decimal("1.6023086974")),
    ]
