-- What a call takes over of its cell is what rounding left: half of the last digit of each call, and of the factor.
select
    source_id,
    request_id,
    remainder_usd
from {{ ref('int_invoice_remainders') }}
where abs(remainder_usd) > 0.0001
