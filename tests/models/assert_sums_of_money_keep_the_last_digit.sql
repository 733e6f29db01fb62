-- Money is added and subtracted as it is, everywhere: an engine that rounds the last digit off a sum of decimal(38, 12)
-- to make room for a carry (Spark, unless profiles.yml is used) must not build.
with smallest as (

    select cast(0.000000000001 as decimal(38, 12)) as amount

)

select amount
from smallest
where amount + amount <> 0.000000000002 or amount + amount - amount <> 0.000000000001
