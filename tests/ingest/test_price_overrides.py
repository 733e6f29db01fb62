"""The overrides that people keep by hand: what a line may say, and which of two lines holds."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.prices import overrides
from ingest.prices.overrides import OverridesError
from ingest.prices.tables import BEGINNING, END, OVERRIDES, Row

SHIPPED = Path(__file__).parents[2] / "seeds" / "price_overrides.csv"


class Seed:
    """A file of overrides, written line by line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, *lines: dict[str, str]) -> list[Row]:
        header = ",".join(overrides.COLUMNS)
        texts = [",".join(line.get(name, "") for name in overrides.COLUMNS) for line in lines]
        self.path.write_text("\n".join([header, *texts]) + "\n")
        return overrides.read(self.path)

    def refuses(self, *lines: dict[str, str]) -> str:
        with pytest.raises(OverridesError) as caught:
            self.read(*lines)
        return str(caught.value).removeprefix(f"{self.path} ")


@pytest.fixture
def seed(tmp_path: Path) -> Seed:
    return Seed(tmp_path / "price_overrides.csv")


CONTRACT = {
    "effect": "contract_price",
    "provider_id": "openai",
    "model_id": "gpt-4o",
    "usage_kind": "input_tokens",
    "price": "2.25",
    "per_units": "1000000",
}
DISCOUNT = {"effect": "discount", "provider_id": "openai", "discount_percent": "12.5"}


def test_the_file_that_ships_has_all_columns_and_no_line() -> None:
    assert SHIPPED.read_text().splitlines() == [",".join(overrides.COLUMNS)]
    assert overrides.read(SHIPPED) == []


def test_a_contract_price_is_read_with_its_unit_price_and_open_dates(seed: Seed) -> None:
    (line,) = seed.read({**CONTRACT, "currency": "EUR", "note": "Frame agreement 7"})
    assert line["price"] == Decimal("2.25")
    assert (line["per_units"], line["unit_price"], line["currency"]) == (1_000_000, Decimal("0.00000225"), "EUR")
    assert (line["valid_from_date"], line["valid_to_date"]) == (BEGINNING, END)
    assert (line["line_number"], line["service_tier"], line["discount"]) == (2, None, None)
    assert line.keys() <= set(OVERRIDES.names)


def test_a_price_without_a_currency_is_in_us_dollars(seed: Seed) -> None:
    assert seed.read(CONTRACT)[0]["currency"] == "USD"


def test_a_discount_is_stated_in_percent_and_kept_as_a_fraction(seed: Seed) -> None:
    lines = [
        {**DISCOUNT, "provider_id": name, "discount_percent": text}
        for name, text in zip("abc", ("12.5", "0", "100%"), strict=True)
    ]
    assert [line["discount"] for line in seed.read(*lines)] == [Decimal("0.125"), 0, 1]


def test_free_and_self_hosted_need_no_price(seed: Seed) -> None:
    lines = seed.read({"effect": "free", "model_id": "trial-*"}, {"effect": "self_hosted", "deployment_id": "llama"})
    assert [(line["effect"], line.get("price"), line["discount"]) for line in lines] == [
        ("free", None, None),
        ("self_hosted", None, None),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"effect": "gratis"}, "line 2: effect gratis is none of contract_price, discount, free"),
        ({}, "line 2: effect (blank) is none of"),
        ({**CONTRACT, "price": ""}, "line 2: a contract_price needs usage_kind, price and per_units"),
        ({**CONTRACT, "usage_kind": ""}, "line 2: a contract_price needs usage_kind, price and per_units"),
        ({**CONTRACT, "effect": "list_price", "per_units": ""}, "line 2: a list_price needs usage_kind, price and"),
        ({**CONTRACT, "price": "cheap"}, "line 2: price cheap is no number"),
        ({**CONTRACT, "price": "NaN"}, "line 2: price NaN is no number"),
        ({**CONTRACT, "price": "-1"}, "line 2: price -1 is negative"),
        ({**CONTRACT, "price": "1e-19"}, "line 2: price 1E-19 has more than 18 decimals"),
        (
            {**CONTRACT, "price": "2000", "per_units": "1"},
            "line 2: price 2000 has more than 18 decimals, or is 1,000 or",
        ),
        ({**CONTRACT, "per_units": "0"}, "line 2: per_units 0 is no whole number above 0"),
        ({**CONTRACT, "per_units": "1.5"}, "line 2: per_units 1.5 is no whole number above 0"),
        ({**CONTRACT, "currency": "euro"}, "line 2: currency euro is no ISO 4217 code"),
        ({**CONTRACT, "usage_kind": "tokens"}, "line 2: usage_kind tokens is none of input_tokens, output_tokens"),
        ({**CONTRACT, "discount_percent": "5"}, "line 2: a contract_price has no discount_percent"),
        ({**DISCOUNT, "discount_percent": ""}, "line 2: a discount needs discount_percent"),
        ({**DISCOUNT, "discount_percent": "-1"}, "line 2: discount_percent -1 is outside 0 to 100"),
        ({**DISCOUNT, "discount_percent": "100.5"}, "line 2: discount_percent 100.5 is outside 0 to 100"),
        ({**DISCOUNT, "discount_percent": "0.00001"}, "line 2: discount_percent 0.00001 has more than 4 decimals"),
        ({**DISCOUNT, "price": "1"}, "line 2: a discount has no price"),
        ({"effect": "free", "price": "1"}, "line 2: a free has no price"),
        ({"effect": "self_hosted", "discount_percent": "1"}, "line 2: a self_hosted has no discount_percent"),
        ({**DISCOUNT, "valid_from_date": "1.1.2026"}, "line 2: 1.1.2026 is no day like 2026-01-31"),
        ({**DISCOUNT, "valid_from_date": "2200-01-01"}, "line 2: 2200-01-01 is not between 2015-01-01 and 2100-01-01"),
        (
            {**DISCOUNT, "valid_from_date": "2026-02-01", "valid_to_date": "2026-02-01"},
            "line 2: valid_to_date 2026-02-01 is not after valid_from_date 2026-02-01",
        ),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_its_number(seed: Seed, line: dict[str, str], problem: str) -> None:
    assert seed.refuses(line).startswith(problem)


def test_a_file_without_a_column_or_with_a_field_too_many_is_refused(seed: Seed) -> None:
    seed.path.write_text("effect,provider_id\nfree,x\n")
    with pytest.raises(OverridesError, match=r"the header lacks api_key_id, billing_account_id"):
        overrides.read(seed.path)
    seed.path.write_text(",".join(overrides.COLUMNS) + "\nfree" + "," * 20 + "\n")
    with pytest.raises(OverridesError, match="line 2: it has more fields than the header"):
        overrides.read(seed.path)


def test_two_lines_of_one_scope_that_overlap_are_refused_with_both_named(seed: Seed) -> None:
    first = {**DISCOUNT, "valid_to_date": "2026-03-01"}
    second = {**DISCOUNT, "valid_from_date": "2026-02-01", "valid_to_date": "2026-12-01"}
    assert seed.refuses(first, second) == (
        "lines 2 and 3 have the same scope and overlap from 2026-02-01 to 2026-03-01: end line 2 on 2026-02-01"
    )


def test_two_lines_of_one_scope_with_a_gap_are_refused_with_both_named(seed: Seed) -> None:
    first = {**CONTRACT, "valid_to_date": "2026-01-01"}
    second = {**CONTRACT, "valid_from_date": "2026-02-01"}
    assert seed.refuses(second, first) == (
        "lines 3 and 2 have the same scope and leave a gap from 2026-01-01 to 2026-02-01: end line 3 on 2026-02-01, "
        "or fill the gap by a line with a discount of 0"
    )


def test_a_gap_that_is_meant_is_a_discount_of_nothing(seed: Seed) -> None:
    first = {**DISCOUNT, "valid_to_date": "2026-01-01"}
    second = {**DISCOUNT, "valid_from_date": "2026-02-01"}
    gap = {**DISCOUNT, "discount_percent": "0", "valid_from_date": "2026-01-01", "valid_to_date": "2026-02-01"}
    assert len(seed.read(first, second, gap)) == 3


def test_lines_of_another_scope_kind_or_tier_may_hold_at_the_same_time(seed: Seed) -> None:
    lines = seed.read(
        CONTRACT,
        {**CONTRACT, "usage_kind": "output_tokens"},
        {**CONTRACT, "service_tier": "batch"},
        {**CONTRACT, "model_id": "gpt-4o-mini"},
        {**CONTRACT, "api_key_id": "sk-1"},
        DISCOUNT,
    )
    assert len(lines) == 6


def test_a_list_price_and_what_we_pay_for_it_may_share_a_scope(seed: Seed) -> None:
    own = {**CONTRACT, "model_id": "own", "effect": "list_price"}
    assert len(seed.read(own, {**CONTRACT, "model_id": "own"})) == 2
    assert "lines 2 and 3" in seed.refuses(own, own)


def test_the_more_specific_line_holds(seed: Seed) -> None:
    """Every step outweighs all the later ones together."""
    scopes = [
        {"deployment_id": "d"},
        {"api_key_id": "k", "project_id": "p", "billing_account_id": "a", "model_id": "m", "provider_id": "o"},
        {"api_key_id": "k"},
        {"project_id": "p", "billing_account_id": "a", "model_id": "m", "provider_id": "o"},
        {"project_id": "p"},
        {"billing_account_id": "a", "model_id": "m", "provider_id": "o"},
        {"billing_account_id": "a"},
        {"model_id": "m", "provider_id": "o"},
        {"model_id": "m", "service_tier": "batch"},
        {"model_id": "m"},
        {"model_id": "m*", "provider_id": "o"},
        {"model_id": "m-long*"},
        {"model_id": "m*"},
        {"provider_id": "o", "service_tier": "batch", "usage_kind": "input_tokens"},
        {"provider_id": "o", "service_tier": "batch"},
        {"provider_id": "o", "usage_kind": "input_tokens"},
        {"provider_id": "o"},
        {"service_tier": "batch"},
        {"usage_kind": "input_tokens"},
        {},
    ]
    precedences = [line["precedence"] for line in seed.read(*({"effect": "free", **scope} for scope in scopes))]
    assert precedences == sorted(precedences, reverse=True)
    assert len(set(precedences)) == len(scopes)


def test_a_byte_order_mark_spaces_blank_lines_and_a_quoted_comma_are_read(seed: Seed) -> None:
    seed.path.write_text(
        "\ufeff"
        + ",".join(overrides.COLUMNS)
        + '\r\ndiscount, openai ,,,,,,,,,,,5,2026-01-01,,"signed, by Ann"\r\n\r\nfree'
        + "," * 15
        + "\r\n"
    )
    discount, free = overrides.read(seed.path)
    assert (discount["provider_id"], discount["valid_from_date"], discount["note"]) == (
        "openai",
        date(2026, 1, 1),
        "signed, by Ann",
    )
    assert free["line_number"] == 4


def test_a_quote_that_is_not_closed_does_not_swallow_the_lines_below_it(seed: Seed) -> None:
    problem = "line 3: the record goes on in the next line; close the quote"
    opened = {**CONTRACT, "model_id": "o3", "note": '"signed by Ann'}
    assert seed.refuses(CONTRACT, opened, DISCOUNT, {"effect": "free", "note": '"'}) == problem
    assert seed.refuses(CONTRACT, opened) == problem, "nor does it in the last line"
    assert seed.refuses(CONTRACT, {**opened, "note": '"signed\nby Ann"'}) == problem


def test_a_price_of_more_digits_than_a_sum_keeps_is_refused_with_its_line(seed: Seed) -> None:
    assert seed.refuses({**CONTRACT, "price": "12345678901.5", "per_units": "1000000000"}) == (
        "line 2: price 12345678901.5 is 10,000,000,000 or more: state it for fewer units"
    )
    (line,) = seed.read({**CONTRACT, "price": "1234567890.123456789012345678", "per_units": "1000000000"})
    assert line["price"] == Decimal("1234567890.123456789012345678")
    assert line["unit_price"] == Decimal("1.234567890123457")


def test_a_file_that_is_not_utf_8_is_refused_by_name(seed: Seed) -> None:
    seed.path.write_bytes(",".join(overrides.COLUMNS).encode() + b"\nfree,,,,,,,,,,,,,,,Vertrag f\xfcr alle\n")
    with pytest.raises(OverridesError, match=r"price_overrides\.csv is not UTF-8: save it as UTF-8"):
        overrides.read(seed.path)


def test_a_provider_is_read_as_the_catalogues_spell_it(seed: Seed) -> None:
    assert seed.read({**DISCOUNT, "provider_id": "OpenAI"})[0]["provider_id"] == "openai"
    assert "lines 2 and 3" in seed.refuses(DISCOUNT, {**DISCOUNT, "provider_id": "OpenAI"})
