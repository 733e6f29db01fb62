"""Money in several currencies, into the reporting currency: the rate of the day, exactly, with its date and source."""

import random
import shutil
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app import builds
from app.dbt_build import BuildError
from app.settings import Settings
from ingest.files import RefusedError
from ingest.landing import Landed
from tests.models.conftest import CHARGE_MODELS, Companies, Warehouse

MODELS = f"{CHARGE_MODELS} +fct_revenue +fx_variance +assert_every_currency_has_an_exchange_rate"

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
MONEY, RATE = Decimal("1e-12"), Decimal("1e-10")
Rates = Mapping[date, Mapping[str, str]]
"""Day → currency → units for one euro, as the ECB writes them; `N/A` while it is not quoted."""

BY_HAND: Rates = {
    date(2026, 10, 1): {"USD": "1.2500", "JPY": "150.00", "GBP": "0.8000"},  # a Thursday
    date(2026, 10, 2): {"USD": "1.2000", "JPY": "160.00", "GBP": "N/A"},
    date(2026, 10, 30): {"USD": "1.1000", "JPY": "165.00", "GBP": "0.8800"},  # a Friday, the last of the month
    date(2026, 11, 2): {"USD": "1.1200", "JPY": "170.00", "GBP": "0.8700"},
}


def at_random(seed: int) -> Rates:
    """Two months of trading days before October, with holes."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    around = {"USD": 1.16, "JPY": 176, "GBP": 0.87, "CHF": 0.93, "IDR": 19195}
    days = [date(2026, 8, 3) + timedelta(days=n) for n in range(58)]
    return {
        day: {
            currency: "N/A"
            if n and chance.random() < 0.1 and currency != "USD"
            else f"{rate * chance.uniform(0.9, 1.1):.5g}"
            for currency, rate in around.items()
        }
        for n, day in enumerate(day for day in days if day.isoweekday() < 6)
    }


def ecb(path: Path, rates: Rates) -> tuple[Path, None]:
    """The file as the ECB gives it: newest first, a comma at the end of each line."""
    currencies = ("USD", "JPY", "GBP", "CHF", "IDR")
    lines = [
        f"{day},{','.join(rates[day].get(currency, 'N/A') for currency in currencies)},"
        for day in sorted(rates, reverse=True)
    ]
    path.write_text("\n".join([f"Date,{','.join(currencies)},", *lines]) + "\n")
    return path, None


def revenue(path: Path, *lines: tuple[str, date, str, str]) -> tuple[Path, None]:
    """Revenue of one day each: customer, day, amount, currency."""
    text = [
        f"{customer},{day},{day + timedelta(days=1)},{amount},{currency}" for customer, day, amount, currency in lines
    ]
    path.write_text("\n".join(["customer_id,period_start,period_end,amount,currency", *text]) + "\n")
    return path, None


def bill(path: Path, *lines: tuple[str, date, str, str], account: str = "acme") -> tuple[Path, None]:
    """A bill of one account: service, day, billed cost, currency; it lists a list cost for the first line only."""
    header = (
        "BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
        "BilledCost,EffectiveCost,ListCost,BillingCurrency,ServiceName"
    )
    text = [
        f"{account},2026-10-01T00:00:00Z,2026-12-01T00:00:00Z,{day}T23:00:00Z,{day + timedelta(days=1)}T00:00:00Z,"
        f"Usage,{cost},{cost},{'' if number else cost},{currency},{service}"
        for number, (service, day, cost, currency) in enumerate(lines)
    ]
    path.write_text("\n".join([header, *text]) + "\n")
    return path, None


def divided(a: str | Decimal, b: str | Decimal) -> Decimal:
    return EXACT.divide(Decimal(a), Decimal(b)).quantize(RATE, context=EXACT)


def converted(amount: Decimal, rate: Decimal) -> Decimal:
    return EXACT.multiply(amount, rate).quantize(MONEY, context=EXACT)


def in_euros(rates: Rates, currency: str, day: date) -> tuple[Decimal, date]:
    """What a unit is worth on a day, and the date of that rate: the newest on or before it."""
    quoted = sorted(one for one in rates if rates[one].get(currency, "N/A") != "N/A")
    newest = quoted[bisect_right(quoted, day) - 1]
    return divided(1, rates[newest][currency]), newest


LINES = [
    (f"c{number}", date(2026, 8, 4) + timedelta(days=chance.randrange(50)), amount, currency)
    for chance in [random.Random(11)]  # noqa: S311
    for number in range(300)
    for currency in [chance.choice(("USD", "EUR", "JPY", "GBP", "CHF", "IDR"))]
    for amount in [f"{chance.choice((1, -1)) * chance.randrange(10 ** chance.randint(1, 20)) * MONEY:f}"]
]


@pytest.fixture(scope="module")
def euros(warehouse: Callable[[str], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A company that reports in euros, is paid in six currencies and billed in three."""
    folder = tmp_path_factory.mktemp("euros")
    loaded = warehouse("euros", select=MODELS)
    loaded = replace(loaded, settings=Settings(home=loaded.home, inputs=(), reporting_currency="EUR"))
    loaded.load(
        ecb(folder / "eurofxref-hist.csv", {**at_random(7), **BY_HAND}),
        revenue(
            folder / "revenue.csv",
            *LINES,
            ("us", date(2026, 10, 3), "1000.00", "usd"),  # a Saturday
            ("jp", date(2026, 10, 1), "150000", "JPY"),
            ("de", date(2026, 10, 1), "500", "EUR"),
        ),
        bill(
            folder / "bill.csv",
            ("first", date(2026, 10, 2), "80.00", "GBP"),
            ("second", date(2026, 11, 3), "11", "USD"),
            ("third", date(2026, 11, 3), "7.5", "EUR"),
        ),
    )
    return loaded


def test_revenue_is_converted_at_the_rate_of_its_day_to_the_last_digit(euros: Warehouse) -> None:
    found = {
        row[0]: row[1:]
        for row in euros.rows(
            "select customer_id, revenue_usd, exchange_rate, exchange_rate_date, exchange_rate_source from fct_revenue"
        )
    }
    rates = {**at_random(7), **BY_HAND}
    assert len(LINES) == 300
    assert {currency for *_, currency in LINES} == {"USD", "EUR", "JPY", "GBP", "CHF", "IDR"}
    for customer, day, text, currency in LINES:
        amount = Decimal(text)
        if currency == "EUR":
            assert found[customer] == (amount, None, None, None)
        else:
            rate, rated = in_euros(rates, currency, day)
            assert found[customer] == (converted(amount, rate), rate, rated, "ECB"), (customer, currency, day, text)


def test_rates_into_dollars_are_crossed_by_way_of_the_euro(euros: Warehouse) -> None:
    rates = {**at_random(7), **BY_HAND}
    expected = {
        (currency, day): divided(of["USD"], of[currency])
        for day, of in rates.items()
        for currency in ("JPY", "GBP", "CHF", "IDR")
        if of.get(currency, "N/A") != "N/A"
    } | {("EUR", day): Decimal(of["USD"]) for day, of in rates.items()}
    found = euros.rows(
        "select currency, rate_date, min(usd_per_unit), count(*) from intermediate.int_exchange_rates "
        "where currency <> 'USD' and rate_date is not null group by all"
    )
    in_dollars = {(currency, day): rate for currency, day, rate, _ in found}
    assert in_dollars == expected
    assert len(found) == len(expected) > 200


def test_a_weekend_and_a_day_without_a_quote_take_the_rate_before(euros: Warehouse) -> None:
    assert euros.rows("select revenue_usd, exchange_rate_date from fct_revenue where customer_id = 'us'") == [
        (Decimal("833.3333333"), date(2026, 10, 2))
    ]
    assert euros.rows(
        "select billed_cost_usd, list_cost_usd, exchange_rate, exchange_rate_date from fct_charges "
        "where service_name = 'first'"
    ) == [(Decimal(100), Decimal(100), Decimal("1.25"), date(2026, 10, 1))]


def test_a_bill_keeps_its_currency_and_gains_the_reporting_one(euros: Warehouse) -> None:
    rate = divided(1, "1.1200")
    assert euros.rows(
        "select billed_cost, billing_currency, billed_cost_usd, effective_cost_usd, list_cost_usd, exchange_rate, "
        "exchange_rate_date, exchange_rate_source from fct_charges where service_name <> 'first' order by service_name"
    ) == [
        (Decimal(11), "USD", *[converted(Decimal(11), rate)] * 2, None, rate, date(2026, 11, 2), "ECB"),
        (Decimal("7.5"), "EUR", Decimal("7.5"), Decimal("7.5"), None, None, None, None),
    ]


def test_fx_variance_is_that_worked_out_by_hand(euros: Warehouse) -> None:
    """Closing October is the 30th: 1 / 1.1 and 1 / 165 and 1 / 0.88; November's closing rate is that of its line."""
    assert euros.rows(
        "select kind, currency, line_count, amount, booked_usd, closing_usd, variance_usd, highest_booked_rate, "
        "first_booked_rate_date, closing_rate, closing_rate_date, closing_rate_source from fx_variance "
        "where month >= date '2026-10-01' order by month, kind, currency"
    ) == [
        ("charge", "GBP", 1, Decimal(80), Decimal(100), Decimal("90.909090912"), Decimal("-9.090909088"),
         Decimal("1.25"), date(2026, 10, 1), Decimal("1.1363636364"), date(2026, 10, 30), "ECB"),
        ("revenue", "JPY", 1, Decimal(150000), Decimal("1000.000005"), Decimal("909.090915"), Decimal("-90.90909"),
         Decimal("0.0066666667"), date(2026, 10, 1), Decimal("0.0060606061"), date(2026, 10, 30), "ECB"),
        ("revenue", "USD", 1, Decimal(1000), Decimal("833.3333333"), Decimal("909.0909091"), Decimal("75.7575758"),
         Decimal("0.8333333333"), date(2026, 10, 2), Decimal("0.9090909091"), date(2026, 10, 30), "ECB"),
        ("charge", "USD", 1, Decimal(11), Decimal("9.8214285719"), Decimal("9.8214285719"), Decimal(0),
         Decimal("0.8928571429"), date(2026, 11, 2), Decimal("0.8928571429"), date(2026, 11, 2), "ECB"),
    ]  # fmt: skip


def test_fx_variance_of_many_lines_is_the_sum_of_amount_times_the_move_of_the_rate(euros: Warehouse) -> None:
    rates = {**at_random(7), **BY_HAND}
    expected: dict[tuple[str, date], Decimal] = {}
    for _, day, text, currency in LINES:
        if currency != "EUR":
            month = day.replace(day=1)
            last_day = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            booked, closing = (in_euros(rates, currency, at)[0] for at in (day, last_day))
            moved = EXACT.multiply(Decimal(text), closing - booked)
            expected[currency, month] = EXACT.add(expected.get((currency, month), Decimal(0)), moved)
    found = euros.rows(
        "select currency, month, variance_usd, line_count from fx_variance where month < date '2026-10-01'"
    )
    assert {(currency, month) for currency, month, *_ in found} == set(expected)
    assert any(expected.values())
    for currency, month, variance, lines in found:
        # each line is rounded at the twelfth decimal when booked and when closed
        assert abs(variance - expected[currency, month]) <= lines * MONEY, (currency, month)


def continued(loaded: Warehouse, home: Path) -> Warehouse:
    """A copy of a warehouse, to load more into."""
    shutil.copytree(loaded.home, home)
    return replace(loaded, settings=loaded.settings.model_copy(update={"home": home}))


def test_a_longer_history_replaces_the_one_before_and_moves_the_days_that_it_adds(
    euros: Warehouse, tmp_path: Path
) -> None:
    loaded = continued(euros, tmp_path / "home")
    longer = {**at_random(7), **BY_HAND, date(2026, 11, 3): {"USD": "1.1300"}}
    result = loaded.load(ecb(tmp_path / "eurofxref-hist.csv", longer))
    assert result.is_full, "rates make figures of days that have no new file"
    assert loaded.rows("select exchange_rate, exchange_rate_date from fct_charges where service_name = 'second'") == [
        (divided(1, "1.1300"), date(2026, 11, 3))
    ]
    assert loaded.rows("select count(*) from raw.ecb__rates") == [(len(longer),)]
    assert loaded.load(ecb(tmp_path / "eurofxref-hist.csv", longer)).build is None


@pytest.mark.parametrize("currency", ["BGN", "KWD"])
def test_an_amount_without_a_rate_stops_the_build_which_names_its_currency(
    euros: Warehouse, tmp_path: Path, currency: str
) -> None:
    loaded = continued(euros, tmp_path / "home")
    before = builds.current(loaded.home)
    if currency == "BGN":
        new = revenue(tmp_path / "new.csv", ("x", date(2026, 10, 10), "0.01", currency))
    else:
        new = bill(tmp_path / "new.csv", ("x", date(2026, 10, 10), "0.01", currency), account="other")
    with pytest.raises(BuildError, match=f"assert_every_currency_has_an_exchange_rate.*{currency} of 2026-10-10"):
        loaded.load(new)
    assert builds.current(loaded.home) == before


def test_an_amount_before_the_first_rate_is_not_converted_at_a_later_one(euros: Warehouse, tmp_path: Path) -> None:
    loaded = continued(euros, tmp_path / "home")
    with pytest.raises(BuildError, match="USD of 2026-08-02 to 2026-08-02"):
        loaded.load(revenue(tmp_path / "new.csv", ("x", date(2026, 8, 2), "1", "USD")))


def test_rates_kept_by_hand_go_before_the_ecbs_and_another_currency_rebuilds_everything(
    company: Companies, tmp_path: Path
) -> None:
    loaded = company("by hand", select=MODELS)
    columns = ("currency", "valid_from_date", "usd_per_unit", "rate_source")
    kept = [("EUR", "2026-10-15", "1.3000000001", "contract"), ("SEK", "2026-01-01", "0.1", "bank")]
    loaded.seed("exchange_rates", columns, [dict(zip(columns, line, strict=True)) for line in kept])

    def converted_at() -> list[tuple[Any, ...]]:
        return loaded.rows(
            "select customer_id, exchange_rate, exchange_rate_date, exchange_rate_source from fct_revenue order by 1"
        )

    rates = ecb(tmp_path / "eurofxref-hist.csv", BY_HAND)
    lines = revenue(
        tmp_path / "revenue.csv",
        ("1 before", date(2026, 10, 14), "1", "EUR"),
        ("2 on", date(2026, 10, 15), "1", "EUR"),
        ("3 after", date(2026, 10, 31), "1", "EUR"),  # the ECB has a rate of the 30th
        ("4 other", date(2026, 10, 31), "1", "JPY"),
        ("5 by hand", date(2026, 10, 31), "1", "SEK"),
        ("6 dollars", date(2026, 10, 31), "1", "USD"),
    )
    loaded.load(rates, lines)
    assert converted_at() == [
        ("1 before", Decimal("1.2"), date(2026, 10, 2), "ECB"),
        ("2 on", Decimal("1.3000000001"), date(2026, 10, 15), "contract"),
        ("3 after", Decimal("1.3000000001"), date(2026, 10, 15), "contract"),
        ("4 other", divided("1.1", 165), date(2026, 10, 30), "ECB"),
        ("5 by hand", Decimal("0.1"), date(2026, 1, 1), "bank"),
        ("6 dollars", None, None, None),
    ]

    loaded = replace(loaded, settings=loaded.settings.model_copy(update={"reporting_currency": "EUR"}))
    assert loaded.load().is_full
    assert converted_at()[2:] == [
        ("3 after", None, None, None),
        ("4 other", divided(divided("1.1", 165), "1.3000000001"), date(2026, 10, 15), "ECB / contract"),
        ("5 by hand", divided("0.1", "1.3000000001"), date(2026, 1, 1), "bank / contract"),
        ("6 dollars", divided(1, "1.3000000001"), date(2026, 10, 15), "contract"),
    ]
    assert builds.current(loaded.home).facts["reporting_currency"] == "EUR"


@pytest.mark.parametrize(
    ("day", "rate", "problem"),
    [
        (date(2026, 10, 2), "0", "gbp_per_eur is not above 0"),
        (date(2026, 10, 2), "-0.8", "gbp_per_eur is not above 0"),
        (date(2026, 10, 2), "0.8x", "gbp_per_eur is no number"),
        (date(2036, 10, 2), "0.8", "rate_date lies in the future"),
    ],
)
def test_a_history_with_an_impossible_rate_is_refused_whole(
    landed: Callable[[Path, str], Landed], tmp_path: Path, day: date, rate: str, problem: str
) -> None:
    path, _ = ecb(tmp_path / "eurofxref-hist.csv", {**BY_HAND, day: {"USD": "1.2", "GBP": rate}})
    with pytest.raises(RefusedError, match=problem):
        landed(path, "ecb")


def test_the_reporting_currency_is_an_iso_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNITCOST_REPORTING_CURRENCY", "chf")
    assert Settings().reporting_currency == "CHF"
    monkeypatch.setenv("UNITCOST_REPORTING_CURRENCY", "francs")
    with pytest.raises(ValidationError, match="reporting_currency"):
        Settings()
