"""Prometheus metrics as files: scrapes in the text exposition format, and answers of `query_range`.

Both are read as one: each line of a scrape becomes what the query API writes,

    {"metric": {"__name__": "vllm:prompt_tokens_total", "model_name": "m"}, "values": [["1791379600000", "123456.0"]]}

A sample's time is the one in its line; else that of the comment above it, `# 2026-10-07T12:00:00Z instance="vllm-0"`,
which also names the target, as Prometheus does, and may stand before each of several scrapes; else the file's own.
A sample is (time, value, labels): nothing is subtracted or summed here.

Formats: prometheus.io/docs/instrumenting/exposition_formats, openmetrics.io (times in seconds, exemplars after `#`),
prometheus.io/docs/prometheus/latest/querying/api (a matrix).
"""

import re
from collections.abc import Iterable, Iterator

from ingest.source import Column, Sample, Type
from ingest.sqltext import literal

EACH: tuple[tuple[str, ...], ...] = (("data.result", ""), ("values",))
"""`Table.each`: the series of an answer, and the samples of a series."""
LABELS = "../metric"
"""Path of the labels of a sample, one JSON text: their names may differ in case only."""
NAME = f"{LABELS}>__name__"
"""Path of a sample's metric."""
AT = Column("sampled_at", Type.TIMESTAMP, ("0",), required=True)
VALUE = Column("value", Type.QUANTITY, ("1",), words={"nan": ""})
"""NULL where it is NaN: the target was not there, or had nothing to say."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LABEL = rf"([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*({_QUOTED})"
_SAMPLE = (
    rf"^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{{((?:[^\"}}]|{_QUOTED})*)\}})?"
    r"\s+(-?[0-9][0-9.eE+-]*|[+-]?Inf|NaN)(?:\s+([0-9][0-9.]*))?(?:\s+#.*)?\s*$"
)
_TIME = r"^#.*?([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}[0-9:.]*(?:Z|[+-][0-9]{2}:?[0-9]{2}))"
_TOLD = r"^#\s*(?:HELP|TYPE|UNIT|EOF)\b"


def label(name: str, *labels: str) -> Column:
    """A column that holds the first of these labels that a series has."""
    return Column(name, paths=tuple(f"{LABELS}>{one}" for one in labels), identifier=True)


def metrics(sample: Sample) -> Iterator[str]:
    """The names of the metrics in what is known of a file."""
    for record in sample.records:
        data = record.get("data")
        series = data.get("result") if isinstance(data, dict) else [record]
        for one in series if isinstance(series, list) else []:
            metric = one.get("metric") if isinstance(one, dict) else None
            if isinstance(metric, dict) and "__name__" in metric:
                yield str(metric["__name__"])


def recognised(lines: Iterable[str]) -> Sample | None:
    """What is known of a file with these lines, where it is a scrape: a record for each metric."""
    names: dict[str, None] = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            if found := re.match(_SAMPLE, line):
                names[found[1]] = None
            elif not names:
                return None
    records = tuple({"metric": {"__name__": name}} for name in names)
    return Sample("prometheus", records=records) if records else None


def as_json(lines: str, otherwise_at: int) -> str:
    """SQL of record_number and line as JSON, from SQL of those of a scrape.

    A comment becomes a blank line; what is no sample stays as it is, to be rejected.

    Args:
        otherwise_at: epoch in milliseconds of samples that have no other time.
    """
    sample = f"regexp_extract(line, {literal(_SAMPLE)}, ['metric', 'labels', 'number', 'at'])"
    return f"""
        with parts as (
            select
                record_number, line, {sample} as sample, starts_with(ltrim(line), '#') as is_comment,
                case when not regexp_matches(line, {literal(_TOLD)})
                then nullif(regexp_extract(line, {literal(_TIME)}, 1), '') end as told_at
            from ({lines})
        ),
        scraped as (
            select
                *,
                last_value(told_at ignore nulls) over above as scraped_at,
                last_value(case when told_at is not null then {_labels("line")} end ignore nulls) over above as target
            from parts
            window above as (order by record_number rows between unbounded preceding and current row)
        )
        select record_number, case
            when is_comment then ''
            when sample.metric = '' then line
            else '{{"metric":{{' || concat_ws(
                ',', '"__name__":"' || sample.metric || '"',
                nullif({_labels("sample.labels")}, ''), nullif(target, '')
            ) || '}},"values":[["'
            || coalesce(nullif(sample.at, ''), scraped_at, '{otherwise_at}') || '","' || sample.number || '"]]}}'
        end as line
        from scraped
    """


def _labels(text: str) -> str:
    r"""SQL of labels as members of a JSON object: `\\`, `\"` and `\n` are escaped alike."""
    pairs = f"regexp_extract_all({text}, {literal(_LABEL)})"
    return rf"""array_to_string(list_transform(
        {pairs}, lambda pair: regexp_replace(pair, {literal(f"^{_LABEL}$")}, '"\1":\2')
    ), ',')"""
