-- grain: one row per currency and day
select
    ---------- ids
    'ecb' as source_id,
    upper(substr(quoted, 1, 3)) as currency,
    base_currency,

    ---------- quantities: a currency that is not quoted on a day has no row
    cast(units_per_base as decimal(18, 10)) as units_per_base,

    ---------- times and lineage
    rate_date,
    'ECB' as rate_source,
    input_id,
    record_number
from {{ source('ecb', 'rates') }}
unpivot (
    units_per_base for quoted in (
        eur_per_eur, aud_per_eur, bgn_per_eur, brl_per_eur, cad_per_eur, chf_per_eur, cny_per_eur,
        czk_per_eur, dkk_per_eur, gbp_per_eur, hkd_per_eur, hrk_per_eur, huf_per_eur, idr_per_eur,
        ils_per_eur, inr_per_eur, isk_per_eur, jpy_per_eur, krw_per_eur, mxn_per_eur, myr_per_eur,
        nok_per_eur, nzd_per_eur, php_per_eur, pln_per_eur, ron_per_eur, rub_per_eur, sek_per_eur,
        sgd_per_eur, thb_per_eur, try_per_eur, usd_per_eur, zar_per_eur
    )
) as rates
