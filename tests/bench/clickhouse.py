"""What the floor does, by ClickHouse inside a process (`chdb`): MergeTree tables, sorted by time.

Run it as `python -m tests.bench.clickhouse LOGS FOLDER`; the last line printed is the totals of priced calls.
"""

import json
import sys
from pathlib import Path

from chdb.session import Session

from tests.bench.floor import TOTALS

LOGGED = """
timestamp DateTime64(6, ''UTC''), request_id Nullable(String), latency_ms Int64, error Tuple(code Nullable(String)),
metadata Tuple(customer_id String, feature String, conversation_id String)
"""
SUMS = """
count() as calls, count(error) as errors, sum(input) as input, sum(cache_read) as cache_read,
sum(cache_write) as cache_write, sum(output) as output, sum(cost) as cost
"""
SETTINGS = "settings date_time_input_format = 'best_effort', input_format_null_as_default = 1"
SCRIPT = f"""
create table requests engine = MergeTree order by requested_at as
with logged as (
    select timestamp as requested_at, coalesce(response.id, request_id, '') as id, response.model as model,
        metadata.customer_id as customer, metadata.feature as feature, metadata.conversation_id as conversation,
        latency_ms, error.code as error,
        response.usage.prompt_tokens - response.usage.prompt_tokens_details.cached_tokens as input,
        response.usage.prompt_tokens_details.cached_tokens as cache_read, 0 as cache_write,
        response.usage.completion_tokens as output
    from file('LOGS/openai/*.gz', JSONEachRow, '{LOGGED}, response Tuple(id Nullable(String), model String,
        usage Tuple(prompt_tokens Nullable(Int64), completion_tokens Nullable(Int64),
        prompt_tokens_details Tuple(cached_tokens Nullable(Int64))))')
    union all
    select timestamp, coalesce(response.id, request_id, ''), response.model,
        metadata.customer_id, metadata.feature, metadata.conversation_id, latency_ms, error.code,
        response.usage.input_tokens, response.usage.cache_read_input_tokens,
        response.usage.cache_creation_input_tokens, response.usage.output_tokens
    from file('LOGS/anthropic/*.gz', JSONEachRow, '{LOGGED}, response Tuple(id Nullable(String), model String,
        usage Tuple(input_tokens Nullable(Int64), cache_read_input_tokens Nullable(Int64),
        cache_creation_input_tokens Nullable(Int64), output_tokens Nullable(Int64)))')
    union all
    select startTime, request_id, model, end_user, substring(request_tags[1], 9), session_id,
        dateDiff('millisecond', startTime, endTime), if(status = 'failure', status, null),
        metadata.usage_object.prompt_tokens - metadata.usage_object.prompt_tokens_details.cached_tokens,
        metadata.usage_object.prompt_tokens_details.cached_tokens, 0, metadata.usage_object.completion_tokens
    from file('LOGS/litellm/*.gz', JSONEachRow, 'request_id String, startTime DateTime64(6, ''UTC''),
        endTime DateTime64(6, ''UTC''), model String, end_user String, session_id String,
        request_tags Array(String), status String, metadata Tuple(usage_object Tuple(
        prompt_tokens Nullable(Int64), completion_tokens Nullable(Int64),
        prompt_tokens_details Tuple(cached_tokens Nullable(Int64))))')
)
select logged.*, input * input_price + cache_read * cache_read_price + cache_write * cache_write_price
    + output * output_price as cost
from logged left join file('LOGS/prices.csv', CSVWithNames) as prices using (model)
limit 1 by id
{SETTINGS};

create table hourly engine = MergeTree order by hour as
select toStartOfHour(requested_at) as hour, model, customer, feature, {SUMS} from requests
group by hour, model, customer, feature;

create table conversations engine = MergeTree order by customer as
select customer, conversation, min(requested_at) as started_at, max(requested_at) as ended_at, {SUMS}
from requests group by customer, conversation
"""


def main() -> None:
    logs, folder = map(Path, sys.argv[1:])
    session = Session(str(folder / "clickhouse"))
    session.query("create database bench")
    session.query("use bench")
    session.query("set prefer_column_name_to_alias = 1")
    for statement in SCRIPT.replace("LOGS", str(logs)).split(";"):
        session.query(statement)
    totals = json.loads(str(session.query(TOTALS, "JSONEachRow")))
    sys.stdout.write(json.dumps({name: int(value) for name, value in totals.items()}) + "\n")


if __name__ == "__main__":
    main()
