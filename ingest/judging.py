"""A table's declaration becomes SQL: text → typed → judged.

Every value is taken as text, read as its type, and judged by the rules that follow from the declaration. A row's
`outcome` is GOOD, NOT_OURS, or the number of the first rule that it breaks. Only declared columns are read.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest import currencies, fingerprints, unknown_usage
from ingest.files import InputFile, RefusedError
from ingest.json_paths import JsonPaths, element_count, spelt_out
from ingest.lines_seen import LinesSeen
from ingest.records import BLANK, Records
from ingest.source import FINGERPRINTS, SQL_TYPES, UNKNOWN_USAGE, Column, Table, Type
from ingest.source import Check as Rule
from ingest.sqltext import literal, name

NOT_OURS = -1
GOOD = 0
NOT_JSON = 1
NOT_UTF8 = 2
FIRST_RULE = 3
NO_TEXT = "cast(null as varchar)"
NO_SAMPLE = Rule("", "", "is no sample of a metric", "save the answer of /metrics as it comes")
LOST_DIGITS = Rule(
    "",
    # a whole number may be an identifier, and keeps its digits
    "len(list_filter(regexp_extract_all(line, '[:,\\[]\\s*-?[0-9]+[.][0-9]+'), lambda number: "
    "length(replace(rtrim(regexp_replace(number, '^[^1-9]*', ''), '0'), '.', '')) > 17)) > 0",
    "has a number of more than 17 digits",
    "write money as text: a number of JSON is read as a double, which keeps 17",
)
_NUMBERS = {Type.INTEGER, Type.MONEY, Type.FLOAT_MONEY, Type.QUANTITY}
BILLED = {"charges", "invoices", "billing_periods", "provider_usage", "capacity"}
"""Shapes whose every time is of a period that somebody can be billed for."""


@dataclass(frozen=True)
class Judged:
    """SQL that judges the records of a file.

    Attributes:
        relation: SQL of the typed columns, input_id, record_hash and outcome.
        rules: what the outcomes from 1 on mean.
        absent: columns of which no record of the file can have a value.
    """

    relation: str
    rules: dict[int, Rule]
    absent: frozenset[str]


def judge(table: Table, file: InputFile, records: Records, *, now: datetime, seen: LinesSeen | None = None) -> Judged:
    """Write the SQL that judges each record of a file.

    Args:
        seen: what is known of a file of JSON lines.

    Raises:
        RefusedError: a tabular file lacks a required column.
    """
    rules = {
        NOT_JSON: NO_SAMPLE
        if file.format == "prometheus"
        else Rule("", "", "is no JSON object", "write one JSON object a line"),
        NOT_UTF8: Rule("", "", "is not UTF-8", "write UTF-8"),
    }
    seen = seen or LinesSeen()
    json_paths = JsonPaths(table, seen.keys)
    places = {column.name: _found(table, column, records, json_paths) for column in table.columns}
    made = {column.name for column in table.columns if column.otherwise}
    absent = {column for column, place in places.items() if place == NO_TEXT} - made
    rules |= dict(enumerate(_rules(table, records, absent, now), FIRST_RULE))
    # what no record has is named only where somebody asks for it: a thousand names of nothing take long to plan
    asked = {rule.column for rule in rules.values()}
    there = [column for column in table.columns if column.name not in absent]
    found = ", ".join(f"{places[column.name]} as {_found_name(column)}" for column in there)
    texts = ", ".join(
        f"{NO_TEXT if column.name in absent else _text(column, records)} as {_text_name(column)}"
        for column in table.columns
        if column.name not in absent or column.required or column.name in asked
    )
    typed = ", ".join(
        f"{_untold(column) if column.name in absent else _typed(column)} as {name(column.name)}"
        for column in table.columns
    )
    if records.is_tabular:
        parsed = f"select *, record_number as line_number from ({records.relation})"
        prompt = [text for path in table.prompt if (text := records.text(path))]
        usage = [[text] for path in table.usage if (text := records.text(path))]
        line, broken_line = "", ""
    else:
        cut = f"json_transform(line, {literal(json_paths.structure)})"
        lines = records.relation
        if not seen.familiar and not seen.are_objects:
            cut = f"case when ltrim(line)[1] = '{{' and json_valid(line) then {cut} end"
            lines = f"select * from ({lines}) where not ({BLANK})"
        is_familiar = f"{seen.familiar or 'true'} as is_familiar"
        parsed = json_paths.records(
            f"select record_number as line_number, line, {is_familiar}, {cut} as r from ({lines})"
        )
        prompt = [json_paths.value(path) for path in spelt_out(table, table.prompt) if json_paths.has(path)]
        usage = json_paths.usage_objects()
        line = f"r, {json_paths.element} as element, line, is_familiar,"
        broken_line = f"when r is null or not is_familiar then {NOT_JSON}"
        if file.not_utf8:
            numbers = ", ".join(map(str, file.not_utf8))
            broken_line = f"when line_number in ({numbers}) then {NOT_UTF8} {broken_line}"
    told: tuple[Column, ...] = ()
    if usage or json_paths.usage_attributes():
        told += (UNKNOWN_USAGE,)
        known = json_paths.known_usage() | set(table.known_usage)
        unread = unknown_usage.column(usage, json_paths.usage_attributes(), known)
        parsed = f"select *, {unread} as unknown_usage from ({parsed})"
    if prompt:
        told += FINGERPRINTS
        parsed = fingerprints.with_columns(parsed, f"[{', '.join(prompt)}]")
    kept = "".join(f"{name(column.name)}, " for column in told)
    outcomes = " ".join(f"when {rule.broken} then {number}" for number, rule in rules.items() if number >= FIRST_RULE)
    return Judged(
        f"""
        with parsed as ({parsed}),
        found as (select line_number, record_number, {line} {kept} {found} from parsed),
        texts as (select * exclude ({", ".join(map(_found_name, there))}), {texts} from found),
        typed as (select *, {typed} from texts),
        carried as (select * {_carried(table)} from typed)
        select
            *,
            {literal(file.input_id)} as input_id,
            {_record_hash(table, records, absent)} as record_hash,
            case
                {broken_line}
                when not coalesce({table.where}, false) then {NOT_OURS}
                {outcomes}
                else {GOOD}
            end as outcome
        from carried
        """,
        rules,
        frozenset(absent | {column.name for column in table.derived_columns() if column not in told}),
    )


def _text_name(column: Column) -> str:
    return name(f"{column.name}__text")


def _found_name(column: Column) -> str:
    return name(f"{column.name}__found")


def _text(column: Column, records: Records) -> str:
    """SQL of the text of a column's value, by our word for it, NULL where there is none."""
    text = _found_name(column)
    # what is made of parts and what a tabular file has is trimmed already, and a cast to a number sees through blanks
    is_made = column.constant is not None or column.pattern is not None or column.template is not None
    if not (records.is_tabular or is_made) and (column.type not in _NUMBERS or column.words):
        text = _trimmed(text)
    if not column.words:
        return text
    cases = " ".join(
        f"when lower({text}) {'glob' if '*' in theirs else '='} {literal(theirs)} then {literal(ours)}"
        for theirs, ours in column.words.items()
    )
    return f"case {cases} else {text} end"


def _trimmed(text: str) -> str:
    """SQL of a text without the blanks around it. To look whether there are any takes a tenth of the time of `trim`.

    Beyond ASCII there are more of them than one.
    """
    is_clean = f"{text} > '!' and not ends_with({text}, ' ') and strlen({text}) = length({text})"
    return f"case when {is_clean} then {text} else nullif(trim({text}), '') end"


def _found(table: Table, column: Column, records: Records, json_paths: JsonPaths) -> str:
    if column.constant is not None:
        return literal(column.constant)
    if column.of_headers is not None:
        word = column.of_headers(frozenset(records.texts))
        return NO_TEXT if word is None else literal(word)
    if records.is_tabular:
        found = [text for path in column.paths if (text := records.text(path))]
        if not found and column.required:
            raise RefusedError(
                f"the required column {column.paths[0]} is missing",
                "export it with that column, or rename the one that holds it",
            )
        nulls = ", ".join(map(literal, table.nulls))
        found = [f"case when trim({text}) not in ({nulls}) then trim({text}) end" for text in found]
        if column.counted:
            found = [element_count(text, column.counted) for text in found]
        missing = len(found) < len(column.paths)
    else:
        held = [path for path in spelt_out(table, column.paths) if json_paths.has(path)]
        texts = (json_paths.count(path, column.counted) if column.counted else json_paths.value(path) for path in held)
        found = list(dict.fromkeys(texts))  # one place by two roads counts once
        missing = len(held) < len(column.paths)
    if column.template is not None:
        return _first([]) if missing else _filled(column.template, column.paths, found)
    if column.pattern is not None and found:
        return f"nullif(regexp_extract({_first(found)}, {literal(column.pattern)}, 1), '')"
    return _first(found)


def _filled(template: str, places: Sequence[str], found: Sequence[str]) -> str:
    """SQL of a template with its values; NULL where one of them is."""
    parts, rest = [], template
    for place, text in zip(places, found, strict=True):
        before, rest = rest.split(f"{{{place}}}", 1)
        parts += [literal(before), f"nullif(trim({text}), '')"]
    return f"({' || '.join([*parts, literal(rest)])})"


def _first(expressions: list[str]) -> str:
    if not expressions:
        return NO_TEXT
    return f"coalesce({', '.join(expressions)})" if len(expressions) > 1 else expressions[0]


def _untold(column: Column) -> str:
    return f"cast(null as {SQL_TYPES[column.type]})"


def _typed(column: Column) -> str:
    text = _text_name(column)
    if column.type is Type.TIMESTAMP:
        return _time(text, column)
    casts = {
        Type.INTEGER: f"try_cast({text} as bigint)",
        Type.MONEY: f"try_cast({text} as decimal(38, 12))",
        Type.FLOAT_MONEY: f"try_cast({text} as decimal(38, 12))",
        Type.QUANTITY: f"try_cast({text} as decimal(38, 18))",
        Type.DATE: f"case when length({text}) = 10 then try_cast({text} as date) end",
        Type.BOOLEAN: f"try_cast({text} as boolean)",
        Type.CURRENCY: f"upper({text})",
    }
    return casts.get(column.type, text)


def _time(text: str, column: Column) -> str:
    """UTC from ISO 8601, an HTTP date, or an epoch whose unit shows in its size."""
    has_offset = (
        f"(right({text}, 1) in ('Z', 'z') or (length({text}) > 19 and (substr({text}, -6, 1) in ('+', '-') "
        f"or substr({text}, -5, 1) in ('+', '-') or substr({text}, -3, 1) in ('+', '-'))))"
    )
    # Snowflake sets the offset apart: 2026-10-07 05:00:00.000 -0700
    joined = f"replace(replace({text}, ' -', '-'), ' +', '+')"
    iso = f"cast(coalesce(try_cast({text} as timestamptz), try_cast({joined} as timestamptz)) as timestamp)"
    if column.zone is None:
        iso = f"case when {has_offset} then {iso} end"
    number = f"try_cast({text} as decimal(38, 6))"
    day = f"when contains({text}, '/') then try_strptime({text}, {literal(column.date_format or '')})"
    return f"""case
        when substr({text}, 5, 1) = '-' then {iso}
        {day if column.date_format else ""}
        when right({text}, 4) = ' GMT' then try_strptime({text}, '%a, %d %b %Y %H:%M:%S GMT')
        else make_timestamp(try_cast(case
            when {number} < 1e11 then {number} * 1000000
            when {number} < 1e14 then {number} * 1000
            when {number} < 1e17 then {number}
            else {number} / 1000
        end as bigint))
    end"""


def _carried(table: Table) -> str:
    columns = ", ".join(
        f"last_value(case when {column.carried} then {name(column.name)} end ignore nulls) "
        f"over (order by record_number) as {name(column.name)}"
        for column in table.columns
        if column.carried
    )
    made = ", ".join(
        f"coalesce({name(column.name)}, case when {_text_name(column)} is null then {column.otherwise} end) "
        f"as {name(column.name)}"
        for column in table.columns
        if column.otherwise
    )
    columns = ", ".join(filter(None, (columns, made)))
    return f"replace ({columns})" if columns else ""


def _record_hash(table: Table, records: Records, absent: AbstractSet[str]) -> str:
    """A request without an identity of its own is told apart by its line: written twice, it is the same call."""
    if table.shape != "requests":
        return "cast(null as varchar)"
    texts = [
        "''" if column.name in absent else f"coalesce({_text_name(column)}, '')"
        for column in table.columns
        if column.constant is None
    ]
    line = "cast(element as varchar)" if table.each else "trim(rtrim(line, chr(10) || chr(13)))"
    if records.is_tabular:
        line = f"concat_ws(chr(31), {', '.join(texts)})"
    if not table.identity:
        return f"md5({line})"
    return f"case when coalesce({', '.join(map(name, table.identity))}) is null then md5({line}) end"


def _rules(table: Table, records: Records, absent: AbstractSet[str], now: datetime) -> Iterator[Rule]:
    """The rules of a table, without those on columns that no record of the file has."""
    for column in table.columns:
        if column.constant is None and (column.required or column.name not in absent):
            yield from _column_rules(column, is_float=any(path.lower() in records.floats for path in column.paths))
    yield from table.checks
    if not records.is_tabular and not table.each and any(column.type is Type.MONEY for column in table.columns):
        yield LOST_DIGITS
    latest = now + (timedelta(minutes=5) if table.shape == "requests" else timedelta(days=3660))
    times = [
        column.name
        for column in table.columns
        if table.shape in BILLED and column.type in {Type.TIMESTAMP, Type.DATE} and column.name not in absent
    ]
    for time in dict.fromkeys([*times, table.date]):
        yield Rule(
            time,
            f"{name(time)} not between timestamp '2015-01-01' and timestamp '{latest:%Y-%m-%d %H:%M:%S}'",
            "lies before 2015 or in the future",
            "check the clock and the unit of the epoch",
        )


def _column_rules(column: Column, *, is_float: bool) -> Iterator[Rule]:  # noqa: C901 - one branch a type
    text, value = _text_name(column), name(column.name)
    told = f"nullif(trim({text}), '')"
    if column.required:
        yield Rule(column.name, f"{told} is null", "is missing", "every record needs it")
    if column.identifier:
        yield Rule(
            column.name,
            f"length({text}) > 256 or regexp_matches({text}, '[[:cntrl:]]')",
            "is no identifier",
            "at most 256 characters, no control characters",
        )
    unread = f"{text} is not null and {value} is null"
    match column.type:
        case Type.INTEGER:
            # `1.0` and `1e3` are whole numbers; a cast reads `1_000`, `0x1F` and `1e-1` as such, too
            is_none = f"contains({text}, '_') or try_cast({text} as decimal(38, 6)) is distinct from {value}"
            yield Rule(
                column.name,
                f"case when {value} is null then {told} is not null else {text} glob '*[!0-9]*' and ({is_none}) end",
                "is no whole number",
                "write digits only",
            )
        case Type.MONEY | Type.FLOAT_MONEY | Type.QUANTITY:
            yield Rule(
                column.name,
                f"case when {value} is null then {told} is not null else contains({text}, '_') end",
                "is no number",
                "write a decimal with a point, without thousands separators or currency signs",
            )
        case Type.TIMESTAMP:
            offset = "" if column.zone else ", with Z or an offset from UTC"
            yield Rule(column.name, unread, f"is no time{offset}", f"write ISO 8601{offset or ' (UTC)'}, or an epoch")
        case Type.CURRENCY:
            codes = ", ".join(map(literal, sorted(currencies.CODES)))
            yield Rule(column.name, f"{value} not in ({codes})", "is no currency", "write its ISO 4217 code, as USD")
        case Type.DATE:
            yield Rule(column.name, unread, "is no date", "write YYYY-MM-DD")
        case Type.BOOLEAN:
            yield Rule(column.name, unread, "is neither true nor false", "write true or false")
    if column.type is Type.MONEY and not is_float:
        yield Rule(
            column.name,
            f"try_cast({text} as decimal(38, 18)) <> {value}",
            "has more than 12 decimals",
            "money is kept to 12 decimals and never rounded in silence",
        )
    if column.maximum is not None:
        yield Rule(
            column.name,
            f"abs({value}) > {column.maximum}",
            f"is beyond {column.maximum:,}",
            "no call and no line is that large: check the unit",
        )
    if column.minimum is not None:
        yield Rule(
            column.name,
            f"{value} < {column.minimum}",
            f"is below {column.minimum}",
            "such a value cannot have been used or billed",
        )
