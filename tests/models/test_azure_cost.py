"""Bills of Azure: two exports of one usage, blocks of units, headers of every age."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.inputs import ingest_files
from ingest.landing import connect
from ingest.ledger import Ledger
from ingest.sources import discover
from tests.models.conftest import CHARGE_MODELS, Companies, Warehouse

Warehouses = Callable[[str], Warehouse]
Row = Mapping[str, str]

SAMPLE = Path(__file__).parent.parent / "ingest" / "sources" / "azure_cost" / "charges.csv"
REAL = Path(__file__).parents[3] / "shared" / "data" / "azure_cost_exports"
ACTUAL = list(csv.DictReader(SAMPLE.open()))
SHARED = [row for row in ACTUAL if row["PricingModel"] != "Reservation"]
PTU = ACTUAL[2]
AMORTIZED = [
    *SHARED,
    {**PTU, "CostInBillingCurrency": "35"},
    {**PTU, "CostInBillingCurrency": "12", "ChargeType": "UnusedReservation"},
]
"""What the same month costs where the purchase of 260 is spread: 35 of it used and 12 unused so far."""
TOTALS = "select sum(billed_cost), sum(effective_cost), count(*) from marts.fct_charges"
METERS = "select sku_meter, model_id, usage_kind, service_tier, consumed_quantity from marts.fct_charges"


def write(path: Path, rows: Iterable[Row]) -> Path:
    listed = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path


def totals(loaded: Warehouse) -> tuple[Decimal, Decimal, int]:
    ((billed, effective, count),) = loaded.rows(TOTALS)
    return billed, effective, count


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("exports")
    return write(folder / "actual.csv", ACTUAL), write(folder / "amortized.csv", AMORTIZED)


@pytest.fixture(scope="module")
def both(warehouse: Warehouses, exports: tuple[Path, Path]) -> Warehouse:
    loaded = warehouse("azure-both", select=CHARGE_MODELS)
    loaded.load((exports[0], None), (exports[1], None))
    return loaded


BILLED = Decimal("260.515624")  # 0.171875 + 0.34375 + 0 + 260 - 0.000001
AMORTIZED_COST = Decimal("47.515624")  # 0.171875 + 0.34375 + 35 + 12 - 0.000001


def test_of_actual_and_amortized_cost_usage_counts_once_and_a_reservation_as_bought_and_as_used(
    both: Warehouse,
) -> None:
    assert totals(both) == (BILLED, AMORTIZED_COST, 6)
    assert both.rows(
        "select charge_category, commitment_discount_status, billed_cost, effective_cost, sum(consumed_quantity) "
        "from marts.fct_charges where commitment_discount_id = 'res-1' group by all order by all"
    ) == [
        # FOCUS: what is bought is not consumed, nor is what nobody used of it
        ("Purchase", None, 260, 0, None),
        ("Usage", "Unused", 0, 12, None),
        ("Usage", "Used", 0, 35, 100),
    ]


def test_the_order_of_the_exports_does_not_matter_and_a_newer_one_replaces_only_its_like(
    warehouse: Warehouses, exports: tuple[Path, Path], tmp_path: Path
) -> None:
    loaded = warehouse("azure-order", select=CHARGE_MODELS)
    actual, amortized = exports
    loaded.load((amortized, None))
    assert totals(loaded) == (AMORTIZED_COST, AMORTIZED_COST, 5)
    loaded.load((actual, None))
    assert totals(loaded) == (BILLED, AMORTIZED_COST, 6)
    grown = [*AMORTIZED[:-1], {**AMORTIZED[-1], "CostInBillingCurrency": "20"}]
    loaded.load((write(tmp_path / "later.csv", grown), None))
    assert totals(loaded) == (BILLED, AMORTIZED_COST + 8, 6)


def test_with_actual_cost_alone_its_cost_is_the_effective_one_too(
    warehouse: Warehouses, exports: tuple[Path, Path]
) -> None:
    loaded = warehouse("azure-actual", select=CHARGE_MODELS)
    loaded.load((exports[0], None))
    assert totals(loaded) == (BILLED, BILLED, 5)


def delivery(exports: Path, kind: str, run: str, *parts: Iterable[Row]) -> Path:
    """A run of an export as Azure lays it out: a manifest beside its parts."""
    folder = exports / kind / "20261001-20261031" / run
    folder.mkdir(parents=True)
    files = [write(folder / f"part_{number}_0001.csv", rows) for number, rows in enumerate(parts)]
    said = {
        "exportConfig": {"exportName": kind.lower(), "resourceId": "/subscriptions/1", "type": kind},
        "runInfo": {"runId": run, "submittedTime": f"2026-10-0{run}T04:10:00Z", "startDate": "2026-10-01T00:00:00"},
        "blobs": [{"blobName": str(file.relative_to(exports)), "byteCount": file.stat().st_size} for file in files],
    }
    (folder / "manifest.json").write_text(json.dumps(said))
    return exports


def test_a_part_without_any_commitment_is_of_the_export_that_the_manifest_names(
    warehouse: Warehouses, tmp_path: Path
) -> None:
    loaded = warehouse("azure-parts", select=CHARGE_MODELS)
    loaded.load((delivery(tmp_path, "ActualCost", "1", ACTUAL), None))
    loaded.load((delivery(tmp_path, "AmortizedCost", "2", SHARED, AMORTIZED[len(SHARED) :]), None))
    assert totals(loaded) == (BILLED, AMORTIZED_COST, 6)
    assert loaded.rows("select export_type, count(*) from raw.azure_cost__charges group by all order by all") == [
        ("ActualCost", 5),
        ("AmortizedCost", 5),
    ]


def test_of_a_month_without_any_commitment_both_exports_stand_side_by_side_and_count_once(
    warehouse: Warehouses, tmp_path: Path
) -> None:
    loaded = warehouse("azure-uncommitted", select=CHARGE_MODELS)
    delivery(tmp_path, "ActualCost", "1", SHARED)
    loaded.load((delivery(tmp_path, "AmortizedCost", "2", SHARED[::-1]), None))
    kinds = "select export_type, count(*) from raw.azure_cost__charges group by all order by all"
    usage = Decimal("0.515624")  # 0.171875 + 0.34375 - 0.000001
    assert loaded.rows(kinds) == [("ActualCost", 3), ("AmortizedCost", 3)]
    assert totals(loaded) == (usage, usage, 3)
    # the reservation is bought later in the month, and is spread by the export that comes after
    loaded.load((delivery(tmp_path, "ActualCost", "3", ACTUAL), None))
    assert totals(loaded)[0] == BILLED
    loaded.load((delivery(tmp_path, "AmortizedCost", "4", AMORTIZED), None))
    assert totals(loaded) == (BILLED, AMORTIZED_COST, 6)


def test_what_a_manifest_says_holds_for_a_file_that_was_read_without_it(warehouse: Warehouses, tmp_path: Path) -> None:
    loaded = warehouse("azure-late-manifest", select=CHARGE_MODELS)
    kinds = "select distinct export_type from raw.azure_cost__charges"
    loaded.load((write(tmp_path / "copied.csv", SHARED), None))
    assert loaded.rows(kinds) == [("ActualCost",)]
    loaded.load((delivery(tmp_path / "exports", "AmortizedCost", "1", SHARED), None))
    assert loaded.rows(kinds) == [("AmortizedCost",)]
    assert totals(loaded)[2] == 3
    # the very same bytes as another export are one input: as what they came last
    loaded.load((delivery(tmp_path / "exports", "ActualCost", "2", SHARED), None))
    assert loaded.rows(kinds) == [("ActualCost",)]
    assert totals(loaded)[2] == 3


def test_an_export_of_one_subscription_leaves_the_others_alone(warehouse: Warehouses, tmp_path: Path) -> None:
    loaded = warehouse("azure-subscriptions", select=CHARGE_MODELS)
    other = [{**row, "SubscriptionId": "5ub-c"} for row in SHARED]
    loaded.load((write(tmp_path / "a.csv", SHARED), None), (write(tmp_path / "c.csv", other), None))
    assert totals(loaded)[2] == 6


def test_thousands_and_millions_are_the_same_tokens_and_the_bill_keeps_its_own_unit(both: Warehouse) -> None:
    assert both.rows(
        "select model_id, usage_kind, service_tier, consumed_quantity, pricing_quantity, pricing_unit, list_cost, "
        "service_category, cast(usage_date as varchar), json_extract_string(tags, '$.team') "
        "from marts.fct_charges where model_id is not null order by 1"
    ) == [
        (
            *("gpt-4o", "input", "standard", 137_500, Decimal("137.5"), "1K", Decimal("0.34375")),
            *("AI and Machine Learning", "2026-10-07", "chat"),
        ),
        (
            *("gpt-5", "input", "standard", 137_500, Decimal("0.1375"), "1M", Decimal("0.171875")),
            *("AI and Machine Learning", "2026-10-07", "search"),
        ),
    ]


def test_charge_types_become_categories_of_focus_and_the_money_keeps_its_sign(
    warehouse: Warehouses, tmp_path: Path
) -> None:
    types = {
        "Usage": ("Usage", None),
        "Purchase": ("Purchase", None),
        "Tax": ("Tax", None),
        "Refund": ("Usage", "Correction"),
        "RoundingAdjustment": ("Adjustment", None),
        "NewlyInvented": ("Adjustment", None),
    }
    rows = [{**ACTUAL[0], "ChargeType": name, "CostInBillingCurrency": "-2", "MeterName": name} for name in types]
    refund = {**ACTUAL[3], "ChargeType": "Refund", "CostInBillingCurrency": "-60", "MeterName": "of a reservation"}
    loaded = warehouse("azure-types", select=CHARGE_MODELS)
    loaded.load((write(tmp_path / "types.csv", [*rows, refund]), None))
    found = loaded.rows("select sku_meter, charge_category, charge_class, billed_cost from marts.fct_charges")
    expected = [(name, *told, Decimal(-2)) for name, told in types.items()]
    assert sorted(found, key=str) == sorted(
        [*expected, ("of a reservation", "Purchase", "Correction", Decimal(-60))], key=str
    )


def test_a_tax_has_no_quantity_to_divide_it_by(warehouse: Warehouses, tmp_path: Path) -> None:
    tax = {**ACTUAL[0], "ChargeType": "Tax", "CostInBillingCurrency": "0.02"}
    loaded = warehouse("azure-tax", select=CHARGE_MODELS)
    loaded.load((write(tmp_path / "tax.csv", [ACTUAL[0], tax]), None))
    assert loaded.rows(
        "select charge_kind, billed_cost, pricing_quantity, pricing_unit, consumed_quantity, consumed_unit "
        "from marts.fct_charges order by 2"
    ) == [
        ("tax", Decimal("0.02"), None, None, None, None),
        ("inference", Decimal("0.171875"), Decimal("0.1375"), "1M", Decimal(137_500), None),
    ]


def test_a_period_whose_last_day_is_named_ends_with_that_day(both: Warehouse) -> None:
    """BillingPeriodEndDate 10/31/2026 and the day 10/31/2026 are both counted: the ends of FOCUS are not."""
    assert both.rows(
        "select distinct billing_period_start_at::varchar, billing_period_end_at::varchar from marts.fct_charges"
    ) == [("2026-10-01 00:00:00", "2026-11-01 00:00:00")]
    assert both.rows(
        "select charge_period_start_at::varchar, charge_period_end_at::varchar from marts.fct_charges "
        "where billed_cost < 0"
    ) == [("2026-10-31 00:00:00", "2026-11-01 00:00:00")]


def test_a_price_in_another_currency_is_no_price_of_the_bill(company: Companies, tmp_path: Path) -> None:
    """Priced in dollars, billed in euros at the rate of Microsoft's invoice: quantity × price is no euros."""
    bill = {**ACTUAL[0], "BillingCurrencyCode": "EUR", "CostInBillingCurrency": "0.16"}
    columns: Row = {"PricingCurrencyCode": "EUR", "PaygCostInBillingCurrency": ""}
    lines = [
        {**bill, **columns, "MeterName": "same"},
        {**bill, **columns, "MeterName": "other", "PricingCurrencyCode": "USD"},
        {**bill, **columns, "MeterName": "told", "PricingCurrencyCode": "USD", "PaygCostInBillingCurrency": "0.17"},
    ]
    loaded = company(
        "azure-euros",
        select=CHARGE_MODELS,
        exchange_rates=[("EUR", "2026-10-01", "1.1"), ("EUR", "2026-11-01", "9")],
    )
    loaded.load((write(tmp_path / "euros.csv", lines), None))
    # the dollars are those of the day of the charge, whatever a euro is worth since
    assert loaded.rows(
        "select sku_meter, list_cost, contracted_cost, billed_cost, billing_currency, billed_cost_usd "
        "from marts.fct_charges order by 1"
    ) == [
        ("other", None, None, Decimal("0.16"), "EUR", Decimal("0.176")),
        ("same", Decimal("0.171875"), Decimal("0.171875"), Decimal("0.16"), "EUR", Decimal("0.176")),
        ("told", Decimal("0.17"), None, Decimal("0.16"), "EUR", Decimal("0.176")),
    ]


MADE_UP = {
    # meter → model, kind, tier
    "gpt-4o-1120 cached Inp glbl": ("gpt-4o", "cache_read", "standard"),
    "gpt 4o 1120 Batch Outp DZone Tokens": ("gpt-4o", "output", "batch"),
    "gpt-4o-mini-0718-Outp-regnl Tokens": ("gpt-4o-mini", "output", "standard"),
    "5.5 ShortCo inp Gl 1M Tokens": ("gpt-5.5", "input", "standard"),
    "5.5 mini ShortCo cchd inp Dz 1M Tokens": ("gpt-5.5-mini", "cache_read", "standard"),
    "GPT 5 mini opt PP Glbl 1M Tokens": ("gpt-5-mini", "output", "priority"),
    "GPT 5 Mystery Inp Glbl 1M Tokens": (None, "input", "standard"),
    "o4-mini 0416 Inp glbl Tokens": ("o4-mini", "input", "standard"),
    "gpt 4o 1120 ft training Tokens": (None, None, None),
    "gpt-4o-aud-1217 inp glbl Tokens": (None, "input_audio", "standard"),
    "text embedding 3 large glbl Tokens": ("text-embedding-3-large", "input", "standard"),
    "Provisioned Managed Global Unit": (None, None, "provisioned"),
    "Something Nobody Knows": (None, None, None),
}


def test_a_meter_tells_model_and_kind_where_a_rule_knows_it_and_keeps_its_money_where_none_does(
    warehouse: Warehouses, tmp_path: Path
) -> None:
    loaded = warehouse("azure-meters", select=CHARGE_MODELS)
    lines = [{**ACTUAL[0], "MeterName": meter} for meter in MADE_UP]
    other = {**ACTUAL[0], "MeterCategory": "Storage", "MeterSubCategory": "Blob", "MeterName": "GPT 5 Inpt Glbl"}
    loaded.load((write(tmp_path / "meters.csv", [*lines, other]), None))
    found = {meter: tuple(told) for meter, *told, _ in loaded.rows(METERS)}
    assert found == {**MADE_UP, "GPT 5 Inpt Glbl": (None, None, None)}
    assert totals(loaded)[0] == len(found) * Decimal("0.171875")


def test_blocks_of_units_are_those_of_the_real_list(warehouse: Warehouses, tmp_path: Path) -> None:
    if not REAL.is_dir():
        pytest.skip("the real list of units is not here")
    units = {row["UnitOfMeasure"]: row for row in csv.DictReader((REAL / "PricingUnits.csv").open())}
    lines = [{**ACTUAL[0], "Quantity": "2.5", "UnitOfMeasure": unit} for unit in units]
    loaded = warehouse("azure-units", select=CHARGE_MODELS)
    loaded.load((write(tmp_path / "units.csv", lines), None))
    found = dict(loaded.rows("select pricing_unit, consumed_quantity from marts.fct_charges"))
    # the list counts `1 Million` in millions, and takes `10000s` for one
    units = {unit: row for unit, row in units.items() if unit not in {"1 Million", "10000s"}}
    found = {unit: quantity for unit, quantity in found.items() if unit not in {"1 Million", "10000s"}}
    blocks = {unit.strip(): Decimal(row["PricingBlockSize"]) for unit, row in units.items()}
    assert found == {unit: block * Decimal("2.5") for unit, block in blocks.items()}


# file → lines, their cost; or what is wrong with it
EXPORTS: dict[str, tuple[int, str] | str] = {
    "BOM": "billing_account_id is missing",
    "EA_ActualCost_Small": (11, "8.545007786742"),
    "EA_AmortizedCost_Small": (28, "16.296932136637"),
    "EA_NoRows": (0, "0"),
    "Enterprise": (1, "0"),
    "EnterpriseCamel": (1, "0.012"),
    "German": (1, "0.075"),
    "MissingBrackets": "the required column BillingCurrency is missing",
    "PayAsYouGo": (1, "0.075"),
    "PricingUnits": "not recognised as any source",
    "Template": "the required column BillingCurrency is missing",
    "VirtualMachine": "the required column BillingCurrency is missing",
    "YA": (1, "0.075"),
    # two of its costs have a fourteenth decimal
    "../focus_converters/sample-anonymous-ea-export-dataset": (27, "1.261369265057"),
}


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_a_real_export_lands_to_the_last_line_or_says_why_not(name: str, tmp_path: Path) -> None:
    path = REAL / f"{name}.csv"
    if not path.is_file():
        pytest.skip("the real exports are not here")
    con = connect(scratch=tmp_path / "scratch")
    with Ledger(tmp_path) as ledger:
        (outcome,) = ingest_files(con, ledger, [path], home=tmp_path, sources=discover())
    expected = EXPORTS[name]
    if isinstance(expected, str):
        assert (outcome.state, expected in (outcome.problem or "")) == ("refused", True), outcome.problem
        return
    assert (outcome.state, outcome.source, outcome.landed_count) == ("landed", "azure_cost", expected[0])
    if expected[0]:
        rows = f"read_parquet('{tmp_path}/landing/**/*.parquet')"
        assert con.sql(f"select sum(cost) from {rows}").fetchall() == [(Decimal(expected[1]),)]


def test_real_actual_and_amortized_costs_of_one_account_and_month_are_not_added(warehouse: Warehouses) -> None:
    if not REAL.is_dir():
        pytest.skip("the real exports are not here")
    loaded = warehouse("azure-real", select=CHARGE_MODELS)
    loaded.load((REAL / "EA_AmortizedCost_Small.csv", None), (REAL / "EA_ActualCost_Small.csv", None))
    # 28 lines and the purchase of 3.25; of the amortized ones 0.493152 + 0.006000000468 were bought in advance
    assert totals(loaded) == (Decimal("19.047780136169"), Decimal("16.296932136637"), 29)
