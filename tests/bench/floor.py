"""The floor: the shortest DuckDB script that makes a priced request table, an hourly and a conversation one of logs.

It knows the logs to the letter and checks nothing, but drops lines that were logged twice, by their id. Money is whole
picodollars. Run it as `python -m tests.bench.floor LOGS FOLDER`; the last line printed is the totals of priced calls.
"""

import json
import sys
from pathlib import Path

import duckdb

TOTALS = """
select count(*) as calls, sum(input) as input, sum(cache_read) as cache_read, sum(cache_write) as cache_write,
    sum(output) as output, sum(cost) as cost
from requests where cost is not null
"""
METADATA = "struct(customer_id varchar, feature varchar, conversation_id varchar)"
LOGGED = f"""
timestamp: 'timestamp', request_id: 'varchar', latency_ms: 'bigint', error: 'struct(code varchar)',
metadata: '{METADATA}'
"""
SCRIPT = f"""
set timezone = 'UTC'; set preserve_insertion_order = false;

create table requests as
with logged as (
    select timestamp as requested_at, coalesce(response.id, request_id) as id, response.model as model,
        metadata.customer_id as customer, metadata.feature as feature, metadata.conversation_id as conversation,
        latency_ms, error.code as error,
        response.usage.prompt_tokens - response.usage.prompt_tokens_details.cached_tokens as input,
        response.usage.prompt_tokens_details.cached_tokens as cache_read, 0 as cache_write,
        response.usage.completion_tokens as output
    from read_json('LOGS/openai/*.gz', format = 'newline_delimited', columns = {{{LOGGED}, response:
        'struct(id varchar, model varchar, usage struct(prompt_tokens bigint, completion_tokens bigint,
        prompt_tokens_details struct(cached_tokens bigint)))'}})
    union all
    select timestamp, coalesce(response.id, request_id), response.model,
        metadata.customer_id, metadata.feature, metadata.conversation_id, latency_ms, error.code,
        response.usage.input_tokens, response.usage.cache_read_input_tokens,
        response.usage.cache_creation_input_tokens, response.usage.output_tokens
    from read_json('LOGS/anthropic/*.gz', format = 'newline_delimited', columns = {{{LOGGED}, response:
        'struct(id varchar, model varchar, usage struct(input_tokens bigint, cache_read_input_tokens bigint,
        cache_creation_input_tokens bigint, output_tokens bigint))'}})
    union all
    select startTime, request_id, model, end_user, substr(request_tags[1], 9), session_id,
        date_diff('millisecond', startTime, endTime), case status when 'failure' then status end,
        metadata.usage_object.prompt_tokens - metadata.usage_object.prompt_tokens_details.cached_tokens,
        metadata.usage_object.prompt_tokens_details.cached_tokens, 0, metadata.usage_object.completion_tokens
    from read_json('LOGS/litellm/*.gz', format = 'newline_delimited', columns = {{request_id: 'varchar',
        startTime: 'timestamp', endTime: 'timestamp', model: 'varchar', end_user: 'varchar', session_id: 'varchar',
        request_tags: 'varchar[]', status: 'varchar', metadata: 'struct(usage_object struct(prompt_tokens bigint,
        completion_tokens bigint, prompt_tokens_details struct(cached_tokens bigint)))'}})
)
select logged.*, input * input_price + cache_read * cache_read_price + cache_write * cache_write_price
    + output * output_price as cost
from logged left join 'LOGS/prices.csv' as prices using (model);

delete from requests where rowid in (select max(rowid) from requests group by id having count(*) > 1);

create table hourly as
select date_trunc('hour', requested_at) as hour, model, customer, feature, count(*) as calls, count(error) as errors,
    sum(input) as input, sum(cache_read) as cache_read, sum(cache_write) as cache_write, sum(output) as output,
    sum(cost) as cost
from requests group by all;

create table conversations as
select customer, conversation, min(requested_at) as started_at, max(requested_at) as ended_at, count(*) as calls,
    count(error) as errors,
    sum(input) as input, sum(cache_read) as cache_read, sum(cache_write) as cache_write, sum(output) as output,
    sum(cost) as cost
from requests group by all;
"""


def main() -> None:
    logs, folder = map(Path, sys.argv[1:])
    con = duckdb.connect(str(folder / "floor.duckdb"))
    con.execute(SCRIPT.replace("LOGS", str(logs)))
    result = con.sql(TOTALS)
    totals = dict(zip(result.columns, map(int, result.fetchall()[0]), strict=True))
    con.close()
    sys.stdout.write(json.dumps(totals) + "\n")


if __name__ == "__main__":
    main()
