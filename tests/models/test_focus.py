"""Bills in FOCUS columns: versions, how providers write them, what is no bill, and the invoices of 1.4."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.files import RefusedError, inspect
from ingest.inputs import ingest_files
from ingest.landing import Landed
from ingest.ledger import Ledger
from ingest.outcomes import Outcome
from ingest.sources import discover
from ingest.sources.focus import SOURCE, version
from tests.conftest import landed_rows
from tests.models.conftest import CHARGE_MODELS, Warehouse

MODELS = f"{CHARGE_MODELS} +fct_invoices +fct_billing_periods"

Land = Callable[[Path, str], Landed]
SAMPLES = Path(__file__).parent.parent / "ingest" / "sources" / "focus"
CHARGE = {
    "BillingAccountId": "acme",
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-07T13:00:00Z",
    "ChargePeriodEnd": "2026-10-07T14:00:00Z",
    "ChargeCategory": "Usage",
    "BilledCost": "1",
    "EffectiveCost": "1",
    "BillingCurrency": "USD",
}
BEFORE_1_4 = {"ProviderName": "AWS", "PublisherName": "AWS"}


def bill(path: Path, *changes: Mapping[str, str]) -> Path:
    """A bill as CSV: each line a charge with changes, every header that one of them names."""
    headers = list(CHARGE) + [name for name in dict.fromkeys(n for one in changes for n in one) if name not in CHARGE]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, headers, restval="")
        writer.writeheader()
        writer.writerows({**CHARGE, **one} for one in changes)
    return path


def rows(landed: Landed, columns: str) -> list[tuple[Any, ...]]:
    files = [file.path for file in landed.files]
    return duckdb.sql(
        f"select {columns} from {landed_rows(SOURCE.tables[0], files)} order by input_id, record_number"
    ).fetchall()


def ingested(con: duckdb.DuckDBPyConnection, home: Path, paths: Sequence[Path], source: str | None) -> list[Outcome]:
    home.mkdir()
    with Ledger(home) as ledger:
        return ingest_files(con, ledger, paths, home=home, sources=discover(), source=source)


# ------------------------------------------------------------------------------------------------------------ versions


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (BEFORE_1_4, "1.0"),
        ({"Provider": "Oracle", "Publisher": "Oracle", "Region": "eu"}, "1.0"),  # OCI
        (BEFORE_1_4 | {"x_SkuMeterName": "m", "x_InvoiceId": "i"}, "1.0"),  # Azure 1.0r2
        (BEFORE_1_4 | {"SkuMeter": "m"}, "1.1"),
        (BEFORE_1_4 | {"ServiceSubcategory": "Generative AI"}, "1.1"),
        (BEFORE_1_4 | {"InvoiceId": "i"}, "1.2"),
        (BEFORE_1_4 | {"SubAccountType": "t", "SkuMeter": "m"}, "1.2"),
        (BEFORE_1_4 | {"PricingCurrencyListUnitPrice": "1"}, "1.2"),
        (BEFORE_1_4 | {"HostProviderName": "AWS", "InvoiceId": "i"}, "1.3"),
        (BEFORE_1_4 | {"ServiceProviderName": "AWS"}, "1.3"),
        ({"ServiceProviderName": "Pinecone"}, "1.4"),
        (BEFORE_1_4 | {"ServiceProviderName": "AWS", "InvoiceDetailId": "d"}, "1.4"),
    ],
)
def test_the_version_is_told_by_the_columns_in_any_case_and_by_no_name_of_a_file(
    landed: Land, tmp_path: Path, more: Mapping[str, str], told: str
) -> None:
    path = bill(tmp_path / "FOCUS_1_2_AWS.csv", more)
    header, *lines = path.read_text().splitlines()
    assert rows(landed(path, "focus"), "focus_version") == [(told,)]
    path.write_text("\n".join([header.lower(), *lines]) + "\n")
    assert rows(landed(path, "focus"), "focus_version") == [(told,)]


def test_a_bill_without_a_column_of_a_later_version_is_of_the_first() -> None:
    assert version(frozenset(name.lower() for name in CHARGE)) == "1.0"


# ------------------------------------------------------------------------------------------------------ how it is read


@pytest.mark.parametrize("none", ["", "NULL", "null", " null ", "(null)"])
def test_whatever_a_provider_writes_for_no_value_is_none(landed: Land, tmp_path: Path, none: str) -> None:
    path = bill(tmp_path / "bill.csv", dict.fromkeys(("ChargeClass", "ListCost", "SkuId", "Tags"), none))
    assert rows(landed(path, "focus"), "charge_class, list_cost, sku_id, tags") == [(None, None, None, None)]


def test_where_no_price_is_named_quantities_are_unknown_and_not_zero(landed: Land, tmp_path: Path) -> None:
    """FOCUS: without a SkuPriceId there is neither a quantity nor a unit nor a pricing category."""
    unknown = "PricingQuantity", "PricingUnit", "PricingCategory", "ConsumedQuantity", "ConsumedUnit"
    path = bill(tmp_path / "bill.csv", dict.fromkeys(("SkuPriceId", *unknown), "NULL"))
    columns = "pricing_quantity, pricing_unit, pricing_category, consumed_quantity, consumed_unit, billed_cost"
    assert rows(landed(path, "focus"), columns) == [(*[None] * 5, Decimal(1))]


def test_numbers_in_e_notation_are_exact(landed: Land, tmp_path: Path) -> None:
    path = bill(tmp_path / "bill.csv", {"BilledCost": "1.5E-9", "EffectiveCost": "-2e3", "PricingQuantity": "1E+5"})
    assert rows(landed(path, "focus"), "billed_cost, effective_cost, pricing_quantity") == [
        (Decimal("0.0000000015"), Decimal(-2000), Decimal(100000))
    ]


def test_a_byte_order_mark_and_the_dates_of_the_specification_are_read(landed: Land, tmp_path: Path) -> None:
    days = {"BillingPeriodStart": "4/1/25", "BillingPeriodEnd": "5/1/25", "ChargePeriodStart": "4/2/25"}
    path = bill(tmp_path / "bill.csv", {**days, "ChargePeriodEnd": "4/3/25"})
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + path.read_bytes()))
    (times,) = rows(landed(path, "focus"), "billing_period_start, billing_period_end, charge_period_start")
    assert [f"{at:%Y-%m-%d %H:%M}" for at in times] == ["2025-04-01 00:00", "2025-05-01 00:00", "2025-04-02 00:00"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        # 1 April to 1 May, written day first: read month first it would be 4 January to 5 January
        ({"BillingPeriodStart": "1/4/25", "BillingPeriodEnd": "1/5/25"}, "is written day first"),
        ({"BillingPeriodStart": "1/1/25", "BillingPeriodEnd": "1/2/25"}, "is written day first"),
        ({"BillingPeriodStart": "13/1/25"}, "billing_period_start is no time"),
        ({"BillingPeriodEnd": CHARGE["BillingPeriodStart"]}, "is not after BillingPeriodStart"),
        ({"ChargePeriodEnd": "2026-10-07T12:59:59Z"}, "is before ChargePeriodStart"),
        ({"ChargeCategory": "error"}, "charge_category is none of Usage"),
        ({"ChargeClass": "Refund"}, "is neither empty nor Correction"),
        ({"BilledCost": "$1,000.00 "}, "billed_cost is no number"),
        ({"BilledCost": "null"}, "billed_cost is missing"),
        ({"BillingAccountId": ""}, "billing_account_id is missing"),
    ],
)
def test_what_breaks_a_rule_of_the_specification_refuses_the_bill_and_says_which(
    landed: Land, tmp_path: Path, change: Mapping[str, str], says: str
) -> None:
    with pytest.raises(RefusedError, match=says):
        landed(bill(tmp_path / "bill.csv", {}, change), "focus")


# ----------------------------------------------------------------------------------------------------------- providers


def test_parquet_of_aws_has_maps_milliseconds_and_doubles(landed: Land, tmp_path: Path) -> None:
    times = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    at = {name: datetime.fromisoformat(CHARGE[name]).astimezone(UTC).replace(tzinfo=None) for name in times}
    table = pa.table(
        {
            **{name: [value] for name, value in CHARGE.items()},
            **{name: pa.array([at[name]], pa.timestamp("ms")) for name in times},
            "BilledCost": pa.array([0.1 + 0.2], pa.float64()),
            "EffectiveCost": pa.array([1e-7], pa.float64()),
            "Tags": pa.array([[("team", "search")]], pa.map_(pa.string(), pa.string())),
            "x_Discounts": pa.array([[("edp", -0.1)]], pa.map_(pa.string(), pa.float64())),
            "x_UsageType": ["USE1-Claude-InputTokens"],
            "ProviderName": ["AWS"],
        }
    )
    pq.write_table(table, tmp_path / "bill.parquet")
    found = landed(tmp_path / "bill.parquet", "focus")
    assert rows(found, "billed_cost, effective_cost, tags, sku_meter, charge_period_start, focus_version") == [
        (Decimal("0.3"), Decimal("0.0000001"), '{"team":"search"}', "USE1-Claude-InputTokens", at[times[2]], "1.0")
    ]


def test_parquet_of_azures_preview_may_give_a_unit_the_type_of_a_number(landed: Land, tmp_path: Path) -> None:
    table = pa.table(
        {
            **{name: [value] for name, value in CHARGE.items()},
            "BilledCost": pa.array([Decimal("0.25")], pa.decimal128(38, 18)),
            "ConsumedUnit": pa.array([None], pa.decimal128(38, 18)),
            "InvoiceId": ["G001"],
            "x_SkuMeterName": ["gpt 5 Inp Tokens"],
        }
    )
    pq.write_table(table, tmp_path / "bill.parquet")
    found = landed(tmp_path / "bill.parquet", "focus")
    assert rows(found, "billed_cost, consumed_unit, sku_meter, invoice_id, focus_version") == [
        (Decimal("0.25"), None, "gpt 5 Inp Tokens", "G001", "1.2")
    ]


def test_oci_leaves_name_and_id_off(landed: Land, tmp_path: Path) -> None:
    path = bill(tmp_path / "b.csv", {"Provider": "Oracle", "Publisher": "O", "InvoiceIssuer": "OCI", "Region": "eu-1"})
    assert rows(
        landed(path, "focus"), "provider_name, host_provider_name, publisher_name, invoice_issuer_name, region_id"
    ) == [("Oracle", "Oracle", "O", "OCI", "eu-1")]


def test_rows_that_gcp_appends_add_up_and_its_credits_count_once(landed: Land, tmp_path: Path) -> None:
    """Google's own query: BilledCost = cost + credits. A correction is appended: the old row negated, and a new one."""
    granted = '[{"Name":"promo","Amount":-0.01},{"Name":"cud","Amount":-0.02}]'
    said = {"ChargeCategory": "usage", "BilledCost": "0.07", "x_Credits": granted, "ProviderName": "Google Cloud"}
    path = bill(
        tmp_path / "bill.csv",
        {**said, "x_ExportTime": "2026-10-07 17:20:11 UTC"},
        {**said, "x_ExportTime": "2026-10-07 18:20:11 UTC"},  # more use of the same hour, by chance as much
        {**said, "BilledCost": "-0.07", "x_ExportTime": "2026-11-02 05:00:00 UTC", "ChargeClass": "correction"},
        {**said, "BilledCost": "0.05", "x_ExportTime": "2026-11-02 05:00:00 UTC", "ChargeClass": "correction"},
    )
    found = rows(landed(path, "focus"), "billed_cost, charge_category, charge_class, exported_at, credits")
    assert sum(row[0] for row in found) == Decimal("0.12")
    assert [row[1:3] for row in found] == [("Usage", None)] * 2 + [("Usage", "Correction")] * 2
    assert found[0][3] == datetime(2026, 10, 7, 17, 20, 11)  # noqa: DTZ001 - as it lands, in UTC
    assert found[0][4] == granted


def test_what_a_gateway_exports_in_focus_columns_is_no_bill(landed: Land, tmp_path: Path) -> None:
    """LiteLLM: a period is a day, the account the hash of a key, the quantity counts requests."""
    day = {"BillingPeriodStart": "2026-10-07T00:00:00Z", "BillingPeriodEnd": "2026-10-08T00:00:00Z"}
    gateway = {**day, "BillingAccountId": "88dc28d0", "BillingAccountType": "API Key", "ConsumedUnit": "Requests"}
    with pytest.raises(RefusedError, match="a gateway's sum of requests") as refusal:
        landed(bill(tmp_path / "bill.csv", {**gateway, "ServiceName": "gpt-5"}), "focus")
    assert "--source litellm" in refusal.value.fix


# ----------------------------------------------------------------------------------------------------------- warehouse


def test_a_bill_of_1_4_its_invoice_and_its_period_are_held_against_each_other(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    part = {
        "ServiceProviderName": "Anthropic",
        "HostProviderName": "AWS",
        "InvoiceIssuerName": "AWS",
        "InvoiceId": "INV-7",
        "InvoiceDetailId": "INV-7-1",
        "ListCost": "0",
        "AllocatedMethodId": "by-gpu-seconds",
        "AllocatedResourceId": "pod-1",
        "AllocatedTags": '{"team":"search"}',
    }
    tax = {**part, "ChargeCategory": "Tax", "InvoiceDetailId": "INV-7-2", "BilledCost": "0.06", "EffectiveCost": "0"}
    microsoft = {"BillingAccountId": "ea", "ServiceProviderName": "Microsoft", "ListCost": "0", "ListUnitPrice": "0"}
    loaded = warehouse("focus_1_4", select=MODELS)
    loaded.load(
        (bill(tmp_path / "bill.csv", {**part, "BilledCost": "0.4125"}, {**part, "BilledCost": "-0.1"}, tax), None),
        (bill(tmp_path / "azure.csv", microsoft, {**microsoft, "EffectiveCost": "0"}), None),
        (SAMPLES / "invoices.csv", None),
        (SAMPLES / "billing_periods.csv", None),
    )
    assert loaded.rows(
        "select distinct focus_version, provider_id, provider_name, host_provider_name, publisher_name, "
        "allocated_method_id, allocated_resource_id, allocated_tags from fct_charges where billing_account_id = 'acme'"
    ) == [("1.4", "anthropic", "Anthropic", "AWS", None, "by-gpu-seconds", "pod-1", '{"team":"search"}')]
    assert loaded.rows(
        "select invoice_detail_id, i.billed_cost, i.invoice_issue_status, p.billing_period_status, "
        "sum(c.billed_cost), i.payment_currency_billed_cost from fct_invoices i "
        "join fct_billing_periods p using (invoice_issuer_name, billing_period_start_at) "
        "join fct_charges c using (invoice_issuer_name, invoice_id, invoice_detail_id) group by all order by 1"
    ) == [
        ("INV-7-1", Decimal("0.3125"), "Issued", "Closed", Decimal("0.3125"), Decimal("0.27")),
        ("INV-7-2", Decimal("0.06"), "Issued", "Closed", Decimal("0.06"), Decimal("0.05")),
    ]
    # an enterprise agreement without a price list says 0 of what costs 1: unknown; what is free is free
    assert loaded.rows("select list_cost from fct_charges where billing_account_id = 'ea' order by effective_cost") == [
        (Decimal(0),),
        (None,),
    ]
    assert loaded.rows("select count(*) from fct_charges where list_cost = 0") == [(4,)]


def test_an_invoice_and_a_period_that_are_stated_again_replace_what_they_said(
    warehouse: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    loaded = warehouse("restated", select=MODELS)
    loaded.load((SAMPLES / "invoices.csv", None), (SAMPLES / "billing_periods.csv", None))
    lines = (SAMPLES / "invoices.csv").read_text().splitlines()
    (tmp_path / "void.csv").write_text("\n".join(lines[:2]).replace("Issued", "Voided") + "\n")
    other = lines[1].replace("INV-7", "INV-8")
    (tmp_path / "other.csv").write_text(f"{lines[0]}\n{other}\n")
    periods = (SAMPLES / "billing_periods.csv").read_text().replace("Open", "Closed")
    (tmp_path / "periods.csv").write_text(periods)
    loaded.load(*((tmp_path / name, None) for name in ("void.csv", "other.csv", "periods.csv")))
    assert loaded.rows("select invoice_id, invoice_issue_status, billed_cost from fct_invoices order by 1") == [
        ("INV-7", "Voided", Decimal("0.3125")),
        ("INV-8", "Issued", Decimal("0.3125")),
    ]
    assert loaded.rows("select billing_period_status, count(*) from fct_billing_periods group by 1") == [("Closed", 2)]


# ----------------------------------------------------------------------------------------------------------- real bills


MONEY = {
    "BilledCost": "billed_cost",
    "EffectiveCost": "effective_cost",
    "ListCost": "list_cost",
    "ContractedCost": "contracted_cost",
    # in credits or tokens, where the price is in such a virtual currency
    "PricingCurrencyEffectiveCost": "pricing_currency_effective_cost",
}


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def total(lines: Sequence[Mapping[str, str]], name: str) -> Decimal | None:
    """What Python's csv and Decimal say that a column of a bill comes to; None where no line has a value."""
    values = [Decimal(one[name].strip()) for one in lines if one.get(name, "").strip() not in {"", "NULL", "null"}]
    return sum(values) if values else None


def test_every_real_bill_lands_whole_or_is_refused_with_a_reason(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, shared_data: Path
) -> None:
    """Python's csv and Decimal are the oracle of what landed; of the refused the reason is read."""
    folders = ("focus_sample", "focus_spec", "focus_converters")
    paths = [path for folder in folders for path in sorted((shared_data / folder).rglob("*.csv"))]
    said: dict[str, list[str]] = defaultdict(list)
    for number, path in enumerate(paths):
        home = tmp_path / str(number)
        (outcome,) = ingested(con, home, [path], "focus")
        if outcome.state == "refused":
            said[(outcome.problem or "").split(";")[0]].append(path.name)
            continue
        files = [file for file in (home / "landing").rglob("*.parquet") if file.is_file()]
        sums = ", ".join(f"sum({column})" for column in MONEY.values())
        lines = lines_of(path)
        assert con.sql(f"select count(*), {sums} from {landed_rows(SOURCE.tables[0], files)}").fetchall() == [
            (len(lines), *(total(lines, name) for name in MONEY))
        ], path.name
        assert inspect(path).line_count - 1 >= outcome.landed_count == len(lines)
    assert {reason: len(names) for reason, names in said.items()} == {
        # worked examples of single columns, and Amazon's own columns
        "the required column BillingAccountId is missing": 12,
        # Azure's own columns
        "the required column BillingCurrency is missing": 1,
        # money as a spreadsheet shows it: $50,000.00
        "1 of 1 records are broken, first in line 2: billed_cost is no number": 4,
        "3 of 3 records are broken, first in line 2: billed_cost is no number": 1,
    }
    assert len(paths) - sum(map(len, said.values())) == 11


def test_use_that_is_paid_in_tokens_of_a_vendor_is_worth_what_the_example_says(landed: Land, shared_data: Path) -> None:
    """FOCUS, virtual currency: 615 tokens at $2 each, drawn from 100,000 that were bought for $200,000."""
    examples = shared_data / "focus_spec" / "specification" / "data" / "saas_examples"
    columns = "sum(billed_cost), sum(effective_cost), sum(pricing_currency_effective_cost), max(pricing_currency)"
    found = landed(examples / "virtual_currency_pricing_model_a2.csv", "focus")
    files = [file.path for file in found.files]
    assert duckdb.sql(f"select {columns} from {landed_rows(SOURCE.tables[0], files)}").fetchall() == [
        (Decimal(0), Decimal(1230), Decimal(615), "Token")
    ]


def completed(path: Path, target: Path) -> Path:
    """A worked example of single columns with the two that every bill has."""
    lines = [{"BillingAccountId": "acme", "BillingCurrency": "USD", **one} for one in lines_of(path)]
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return target


def test_every_worked_example_of_a_commitment_keeps_its_money_or_is_refused(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, shared_data: Path
) -> None:
    """And where purchase and use are in it, the use of a commitment costs what was paid: used + unused = paid."""
    examples = shared_data / "focus_spec" / "specification" / "data"
    refused: dict[str, str] = {}
    whole = 0
    paths = sorted(examples.glob("commitment_*/*.csv"))
    for number, path in enumerate(paths):
        home, lines = tmp_path / str(number), lines_of(path)
        (outcome,) = ingested(con, home, [completed(path, tmp_path / path.name)], "focus")
        if outcome.state == "refused":
            refused[path.stem] = outcome.problem or ""
            continue
        files = [file for file in (home / "landing").rglob("*.parquet") if file.is_file()]
        landing = landed_rows(SOURCE.tables[0], files)
        assert con.sql(f"select count(*), sum(billed_cost), sum(effective_cost) from {landing}").fetchall() == [
            (len(lines), total(lines, "BilledCost"), total(lines, "EffectiveCost"))
        ], path.name
        ((paid, used, categories),) = con.sql(
            "select sum(billed_cost) filter (where charge_category = 'Purchase'), "
            "sum(effective_cost) filter (where commitment_discount_status in ('Used', 'Unused')), "
            f"count(distinct charge_category) from {landing} where commitment_discount_id is not null"
        ).fetchall()
        if categories == 2:
            assert paid == used, path.name
            whole += 1
    assert (len(paths), whole) == (11, 4)
    # T30:00:00Z is no time of a day
    assert set(refused) == {f"commitment_discount_purchase_scenario_{number}" for number in (2, 3)}
    assert all("charge_period_end is no time" in problem for problem in refused.values())
