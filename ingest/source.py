"""What a source is: tables of named, typed columns, and where in a record each value lies.

A source is data, not code. `ingest/landing.py` reads the declaration and writes the SQL.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any, Literal, get_args


class Type(StrEnum):
    """How the text of a value is read. Everything arrives as text; nothing passes through a float unless it says so."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"
    """decimal(38, 12); more decimals than 12 are rejected, never rounded."""
    FLOAT_MONEY = "float_money"
    """decimal(38, 12) from a format that itself stores a double: digits past the twelfth are its noise, rounded off."""
    QUANTITY = "quantity"
    """decimal(38, 18)."""
    TIMESTAMP = "timestamp"
    """UTC. ISO 8601, HTTP date, or epoch in s, ms, µs or ns by its size."""
    DATE = "date"
    BOOLEAN = "boolean"
    CURRENCY = "currency"
    """A code of ISO 4217, in capitals however it was written: `usd` and `USD` are one sum, `$` is none of them."""
    JSON = "json"
    """A value kept as the JSON text that it was, for staging to look into. Never for prompts or answers."""


SQL_TYPES: Mapping[Type, str] = {
    Type.TEXT: "varchar",
    Type.INTEGER: "bigint",
    Type.MONEY: "decimal(38, 12)",
    Type.FLOAT_MONEY: "decimal(38, 12)",
    Type.QUANTITY: "decimal(38, 18)",
    Type.TIMESTAMP: "timestamp",
    Type.DATE: "date",
    Type.BOOLEAN: "boolean",
    Type.CURRENCY: "varchar",
    Type.JSON: "varchar",
}


ELEMENTS = "$[*]"
"""JSON path of the elements of a list."""
MOST_TOKENS = 10**11
"""More tokens than one call, or one line of an aggregated export, can have."""


@dataclass(frozen=True)
class Column:
    """One column of a raw table.

    Attributes:
        paths: where the value lies: dotted JSON paths or header names, the first that holds a value wins.
            A path that begins with `*.` is tried under each of the table's `roots`; a step `0` is the first of a list,
            `1` the next. A header that ends in `*` is every header that begins so, as one JSON object (a bill's column
            for each tag).
        required: a record without it is rejected; a tabular file without any of its headers is refused.
        minimum: a smaller number is rejected.
        maximum: a larger number is rejected.
        identifier: at most 256 characters, none of them a control character.
        constant: the value itself, where every record has the same.
        of_headers: what the lower-case headers of a tabular file say of all its records, such as a format's version.
        pattern: regular expression (RE2) whose first group is the value in the text that lies there.
        counted: of the JSON list that lies there it is how many ELEMENTS it has, or how many different values lie at
            another JSON path in it; of numbered keys (`attributes[documents.*]`) how many numbers there are.
        template: text with each of the paths in braces, instead of the first that holds a value; no value where one of
            them holds none.
        words: what a value is called here, by what it is called there in lower case, where `*` is any text; the first
            that fits counts, others stay as they are.
        zone: what a time without an offset means; where None, such a time is rejected.
        date_format: how the format writes a day that is not ISO 8601, as strptime: `%m/%d/%Y`.
        carried: SQL over the columns that marks header records: the value is taken from the nearest of them at or
            above the record (a session file names its session once).
        otherwise: SQL over the columns, the whole file in windows: the value where none lies at the paths.
        landed: False for what only `Table.where` needs.
    """

    name: str
    type: Type = Type.TEXT
    paths: tuple[str, ...] = ()
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    identifier: bool = False
    constant: str | None = None
    of_headers: Callable[[frozenset[str]], str | None] | None = None
    pattern: str | None = None
    counted: str | None = None
    template: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    zone: Literal["UTC"] | None = None
    date_format: str | None = None
    carried: str | None = None
    otherwise: str | None = None
    landed: bool = True


FINGERPRINTS: tuple[Column, ...] = (
    Column("prompt_fingerprint", Type.TEXT),
    Column("prefix_fingerprints", Type.TEXT),
    Column("prompt_similarity", Type.TEXT),
)
"""What is kept of a prompt; see `ingest/fingerprints.py`."""
UNKNOWN_USAGE = Column("unknown_usage", Type.TEXT)
"""Counts that no column reads; see `ingest/unknown_usage.py`."""

Shape = Literal[
    "requests",
    "charges",
    "invoices",
    "billing_periods",
    "provider_usage",
    "revenue",
    "rates",
    "units",
    "capacity",
    "plans",
    "feedback",
]
"""The canonical shapes; their columns: `macros/canonical_columns.sql`."""
SHAPES: tuple[Shape, ...] = get_args(Shape)
Format = Literal["jsonl", "csv", "parquet", "otlp", "prometheus"]
"""`otlp` is the Collector's framed protobuf, read as JSON lines of one message each; `prometheus` the text of a scrape,
read as JSON lines of one sample each (`ingest/prometheus.py`)."""


MOST_LOOKED_AT = 120
"""Records of a file that the sources look at to recognise it."""


def spread(many: Sequence[Any]) -> Sequence[Any]:
    """At most MOST_LOOKED_AT of them, from the first to the last."""
    return many[:: 1 + len(many) // MOST_LOOKED_AT]


@dataclass(frozen=True)
class Sample:
    """What is known of a file from its head and some later lines.

    Attributes:
        records: parsed JSON records, for recognising it.
        headers: lower-case header names, likewise.
        lines: more records than the parsed ones, as they stand in a file of JSON lines.
    """

    format: Format
    records: Sequence[Mapping[str, Any]] = ()
    headers: frozenset[str] = frozenset()
    lines: Sequence[str] = ()

    def thinned(self) -> "Sample":
        """Records spread over the whole: two dozen sources look at each of them, for each file of a folder."""
        return replace(self, records=spread(self.records))


@dataclass(frozen=True)
class Check:
    """A rule over several columns: a record for which the SQL `broken` is true is rejected."""

    column: str
    broken: str
    says: str
    fix: str


@dataclass(frozen=True)
class Bill:
    """What a line of a bill comes to, SQL over the landed columns: by it a restated bill is held against the older one.

    Attributes:
        effective_cost: `null` where the format does not say it.
    """

    account: str = "billing_account_id"
    period_start: str = "billing_period_start"
    currency: str = "billing_currency"
    billed_cost: str = "billed_cost"
    effective_cost: str = "effective_cost"


@dataclass(frozen=True)
class Table:
    """One raw table.

    Attributes:
        shape: which canonical shape its staging model ends in.
        also: shapes that the same rows are as well: each has a staging model of its own over this one raw table.
        formats: the file formats that it is read from.
        date: the column whose UTC day is `usage_date`, the partition of the landing.
        identity: the columns that tell a record from others, the first that is set wins; a record with none of them
            gets its `record_hash`. Empty: every record counts for itself (two equal lines of a bill are two charges).
        replaces: what a newer file replaces: landed rows with the same values here, of columns or of `usage_date`. A
            file states these completely, so it lands whole or not at all. Empty: rows add up (logs).
        bill: where a table of charges that replaces has account, period and money; see `ingest/restatements.py`.
        where: SQL over the columns; a record for which it is not true is not ours and counted as `other`.
        has_other_records: whether records that are not ours are usual (a session file is mostly other lines).
        checks: rules over several columns.
        nulls: texts of a tabular file that mean no value.
        roots: where a record may be wrapped; see `Column.paths`.
        each: the records of a line of JSON are elements of arrays: for each level of arrays its names, the first that
            is there counts; the name "" is the line itself, and "*" the values of an object whose keys are names.
            See `ingest/json_paths.py`. Empty: a line is a record.
        prompt: where the parts of a prompt lie, in the order in which a model reads them. They never land; what lands
            are the fingerprints of them.
        usage: where the objects lie in which a provider counts. What no column reads of one lands as `unknown_usage`.
        known_usage: dotted names in them that need no column: parts and sums of others, times, and what is stated not
            to be billed. Whatever may be billed apart stays unknown, so that somebody sees it.
    """

    shape: Shape
    formats: tuple[Format, ...]
    columns: tuple[Column, ...]
    date: str
    recognises: Callable[[Sample], bool] = field(compare=False)
    identity: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    bill: Bill = Bill()
    where: str = "true"
    has_other_records: bool = False
    checks: tuple[Check, ...] = ()
    nulls: tuple[str, ...] = ("",)
    roots: tuple[str, ...] = ("",)
    each: tuple[tuple[str, ...], ...] = ()
    prompt: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    known_usage: tuple[str, ...] = ()
    also: tuple[Shape, ...] = ()

    def landed_columns(self) -> tuple[Column, ...]:
        """The columns that reach the raw table, in order."""
        return (*(column for column in self.columns if column.landed), *self.derived_columns())

    def stating(self, said: Mapping[str, str]) -> "Table":
        """The table of records of which somebody else says something: by column, whatever they themselves let guess."""
        return replace(
            self,
            columns=tuple(
                replace(column, constant=said[column.name], otherwise=None) if column.name in said else column
                for column in self.columns
            ),
        )

    def derived_columns(self) -> tuple[Column, ...]:
        """What is kept of prompts and of usage objects, where the table says where they lie."""
        return (*(FINGERPRINTS if self.prompt else ()), *((UNKNOWN_USAGE,) if self.usage else ()))


@dataclass(frozen=True)
class Source:
    """One kind of input.

    Its name is the file name in `ingest/sources/`, the folder in `models/staging/` and the word that the user types;
    its raw tables are `<name>__<table.shape>`.
    """

    name: str
    about: str
    """What the input is and whose format, one line for people."""
    tables: tuple[Table, ...]

    def raw_name(self, table: Table) -> str:
        """The name of the raw table: `raw.openai__requests`."""
        return f"{self.name}__{table.shape}"

    def raw_names(self, shape: Shape) -> set[str]:
        """The raw tables whose rows are of a shape."""
        return {self.raw_name(table) for table in self.tables if shape in {table.shape, *table.also}}


LINEAGE: tuple[Column, ...] = (
    Column("input_id", Type.TEXT),
    Column("record_number", Type.INTEGER),
    Column("record_hash", Type.TEXT),
)
"""Added to every raw row: the input it came from (first 16 hex digits of its SHA-256), its line or row there, and the
MD5 of the line where the record has no identity of its own."""


def first_present(record: Mapping[str, Any], *paths: str) -> Any:
    """The first value that is there among dotted paths of a parsed record, or None."""
    for path in paths:
        value: Any = record
        for step in _steps(path):
            if not isinstance(value, dict):
                break
            value = value.get(step)
        else:
            if value is not None:
                return value
    return None


@cache
def _steps(path: str) -> tuple[str, ...]:
    """A file is recognised by thousands of its records, by each source: paths are split once."""
    return tuple(path.split("."))
