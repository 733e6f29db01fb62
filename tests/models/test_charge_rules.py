"""What billing lines are for: the rules of seeds/charge_rules.csv, the first that fits."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.settings import PROJECT_DIR
from tests.models.conftest import CHARGE_MODELS, Warehouse

MODELS = f"{CHARGE_MODELS} +charges_by_kind"

LINES = {  # what it is for → lines of a bill: provider, category, class, service category, service, meter, description
    "inference": (
        ("AWS", "Usage", "", "AI and Machine Learning", "Amazon Bedrock", "USE1-NovaPro-input-tokens", ""),
        ("Microsoft", "Usage", "", "AI and Machine Learning", "Foundry Models", "GPT 5 Inpt Glbl 1M Tokens", ""),
        ("OpenAI", "Usage", "", "AI and Machine Learning", "API", "", "gpt-5-2025-08-07, cached input"),
        ("Google Cloud", "Usage", "", "", "Vertex AI", "Gemini 2.5 Flash GA Text Input - Predictions", ""),
    ),
    "training": (
        ("Microsoft", "Usage", "", "AI and Machine Learning", "Azure OpenAI", "gpt 4o FineTuned Training", ""),
        ("AWS", "Usage", "", "AI and Machine Learning", "Amazon Bedrock", "USE1-Customization-Nova", ""),
    ),
    "embedding": (("OpenAI", "Usage", "", "AI and Machine Learning", "API", "", "text-embedding-3-large, input"),),
    "vector_search": (
        ("Pinecone", "Usage", "", "Databases", "Pinecone", "Read Units", ""),
        ("AWS", "Usage", "", "Databases", "Amazon OpenSearch Service", "USE1-SearchOCU", ""),
    ),
    "gpu_capacity": (
        ("AWS", "Usage", "", "Compute", "Amazon EC2", "USE1-BoxUsage:p5.48xlarge", ""),
        ("Google Cloud", "Usage", "", "Compute", "Compute Engine", "Nvidia H100 80GB GPU running in Americas", ""),
    ),
    "provisioned_throughput": (
        ("AWS", "Usage", "", "AI and Machine Learning", "Amazon Bedrock", "USE1-ProvisionedThroughput-ModelUnits", ""),
        ("Microsoft", "Usage", "", "AI and Machine Learning", "Azure OpenAI", "Provisioned Managed Global Unit", ""),
    ),
    "storage": (("AWS", "Usage", "", "Storage", "Amazon S3", "USE1-TimedStorage-ByteHrs", ""),),
    "observability": (
        ("AWS", "Usage", "", "Management and Governance", "AmazonCloudWatch", "USE1-DataProcessing", ""),
    ),
    "tax": (("AWS", "Tax", "", "Other", "Amazon Bedrock", "", "VAT on tokens"),),
    "credit": (("OpenAI", "Credit", "", "AI and Machine Learning", "API", "", "Promotional credit"),),
    "refund": (("AWS", "Credit", "Correction", "Compute", "Amazon EC2", "", "Refund for September"),),
    "other": (
        ("AWS", "Usage", "", "Networking", "AWS Data Transfer", "USE1-DataTransfer-Out-Bytes", ""),
        ("AWS", "Usage", "", "Compute", "Amazon EC2", "USE1-BoxUsage:m7i.large", ""),
    ),
    "unclassified": (("AWS", "Usage", "", "Other", "Amazon Quantum", "USE1-Qubits", ""),),
}
HEADER = (
    "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,BillingCurrency,BilledCost,"
    "EffectiveCost,ProviderName,ChargeCategory,ChargeClass,ServiceCategory,ServiceName,SkuMeter,ChargeDescription"
)
PERIOD = "1,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-07T00:00:00Z,2026-10-08T00:00:00Z,USD"


@pytest.fixture(scope="module")
def billed(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    bill = tmp_path_factory.mktemp("bill") / "bill.csv"
    with bill.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADER.split(","))
        for place, (kind, *line) in enumerate((kind, *line) for kind, lines in LINES.items() for line in lines):
            description = f"{line[-1]} #{kind}"  # the answer, where no rule looks for it
            table.writerow([*PERIOD.split(","), place + 1, place + 1, *line[:-1], description])
    home = warehouse("charge rules", select=MODELS)
    home.load((bill, None))
    return home


@pytest.mark.parametrize("kind", LINES)
def test_a_line_is_for_what_the_first_rule_that_fits_says(billed: Warehouse, kind: str) -> None:
    said = billed.rows(f"select distinct charge_kind from fct_charges where charge_description like '%#{kind}'")
    assert said == [(kind,)]


def test_money_of_every_kind_is_in_the_bill_and_what_no_rule_knows_beside_it(billed: Warehouse) -> None:
    count = sum(len(lines) for lines in LINES.values())
    assert billed.rows("select sum(charge_count), sum(billed_cost) from charges_by_kind") == [
        (count, Decimal(count * (count + 1) // 2))
    ]
    assert billed.rows(
        "select service_name, meter, billed_cost_usd from charges_by_kind where charge_kind = 'unclassified'"
    ) == [("Amazon Quantum", "USE1-Qubits", Decimal(count))]


def test_every_rule_has_its_place_and_a_reason() -> None:
    with (Path(PROJECT_DIR) / "seeds" / "charge_rules.csv").open(encoding="utf-8", newline="") as file:
        rules = list(csv.DictReader(file))
    places = [int(rule["rule_order"]) for rule in rules]
    assert places == sorted(set(places))
    for rule in rules:
        assert rule["charge_kind"] in LINES
        assert rule["reason"]
        assert all(value == value.lower() for name, value in rule.items() if name != "reason")
