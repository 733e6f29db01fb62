"""The European Central Bank's euro foreign exchange reference rates: `eurofxref-hist.csv`, out of the zip of that name.

    Date,USD,JPY,BGN,…,
    2026-10-07,1.1648,174.52,N/A,…,

One euro is so many units. No row on weekends and TARGET holidays, `N/A` while a currency is not quoted, a comma at the
end of each line. A file is the whole history: a newer one replaces it. Days before 2015 are not read, nothing is that
old here. ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates
"""

from ingest.source import Check, Column, Sample, Source, Table, Type

CURRENCIES = (
    *("aud", "bgn", "brl", "cad", "chf", "cny", "czk", "dkk", "gbp", "hkd", "hrk", "huf", "idr", "ils", "inr", "isk"),
    *("jpy", "krw", "mxn", "myr", "nok", "nzd", "php", "pln", "ron", "rub", "sek", "sgd", "thb", "try", "usd", "zar"),
)
"""Quoted at any time since 2015. One that is not in a file is unknown; one that is not here is not read."""


def _recognises(sample: Sample) -> bool:
    return sample.headers >= {"date", "usd"} and len(sample.headers.intersection(CURRENCIES)) > 1


SOURCE = Source(
    name="ecb",
    about="Exchange rates of the ECB since 1999 (eurofxref-hist.csv)",
    tables=(
        Table(
            shape="rates",
            formats=("csv",),
            date="first_date",
            recognises=_recognises,
            replaces=("base_currency",),
            where="rate_date is null or rate_date >= first_date",
            has_other_records=True,
            nulls=("", "N/A"),
            checks=(
                Check("rate_date", "rate_date > current_date + 7", "lies in the future", "check the year"),
                *(
                    Check(f"{code}_per_eur", f"{code}_per_eur <= 0", "is not above 0", "fetch the file again")
                    for code in CURRENCIES
                ),
            ),
            columns=(
                # the same for every row: the history is one landing file, not one a day
                Column("first_date", Type.DATE, constant="2015-01-01"),
                Column("base_currency", constant="EUR"),
                Column("rate_date", Type.DATE, ("Date",), required=True),
                Column("eur_per_eur", Type.MONEY, constant="1"),
                *(
                    Column(f"{code}_per_eur", Type.MONEY, (code.upper(),), required=code == "usd", maximum=10**7)
                    for code in CURRENCIES
                ),
            ),
        ),
    ),
)
