"""What was landed, what is active, what was rejected: one DuckDB file that only the writer opens.

An input, or a delivery of several, is recorded after its landing files are durable. The ledger holds no money.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from ingest.files import Address, InputFile
from ingest.landing import Landed, LandingFile

VERSION = 2
"""Of the tables below. Version 1 had no price book and is carried over; a later one cannot be read."""

SCHEMA = f"""
create table if not exists ledger (version integer);
insert into ledger select {VERSION} where not exists (from ledger);
create table if not exists inputs (
    input_id varchar, table_name varchar, source varchar, path varchar, sha256 varchar, size bigint,
    load_number bigint, landed_at timestamp, state varchar, record_count bigint, landed_count bigint,
    rejected_count bigint, other_count bigint, problem varchar, primary key (sha256, table_name)
);
create table if not exists input_columns (input_id varchar, table_name varchar, column_name varchar, is_read boolean);
create table if not exists landing_files (
    table_name varchar, path varchar, sha256 varchar, usage_date date, scope varchar, row_count bigint,
    input_id varchar, load_number bigint, is_active boolean, superseded_by varchar
);
create table if not exists models (
    provider varchar, model varchar, first_seen_at timestamp, primary key (provider, model)
);
create table if not exists seen_paths (
    path varchar, source varchar, size bigint, modified_ns bigint, sha256 varchar, primary key (path, source)
);
create table if not exists snapshots (
    snapshot_id varchar primary key, table_name varchar, price_source varchar, source_version varchar,
    learned_at timestamp, row_count bigint, content_sha256 varchar, path varchar
);
create table if not exists remembered (name varchar primary key, value varchar);
create sequence if not exists load_numbers;
"""

_REPLACEABLE = (
    "table_name = ? and is_active "
    "and (list_contains(cast(? as varchar[]), scope) or list_contains(cast(? as varchar[]), input_id))"
)


@dataclass(frozen=True)
class LedgerInput:
    """One file in one table, as it was landed or refused. record_count = landed + rejected + other."""

    input_id: str
    table_name: str
    source: str
    path: str
    state: str
    record_count: int
    landed_count: int
    rejected_count: int
    other_count: int
    problem: str | None
    superseded_count: int


@dataclass(frozen=True)
class Seen:
    """What a path held when it was read.

    Attributes:
        tables: in which it landed.
    """

    size: int
    modified_ns: int
    sha256: str
    tables: list[str]


@dataclass(frozen=True)
class Snapshot:
    """All that a source of prices said at one time. learned_at is UTC without a zone.

    Attributes:
        price_source: who said it; a table's snapshots of one source follow each other.
        content_sha256: of the rows without source_version and learned_at: another version may say the same.
        path: of the landing file, relative to the home.
    """

    snapshot_id: str
    table_name: str
    price_source: str
    source_version: str
    learned_at: datetime
    row_count: int
    content_sha256: str
    path: str


class Ledger:
    """Open with `with Ledger(home) as ledger`. Paths of landing files are relative to `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._is_writing = False
        self._con = duckdb.connect(
            str(home / "ledger.duckdb"),
            config={"storage_compatibility_version": "v1.5.0", "autoinstall_known_extensions": False},
        )
        self._con.execute(SCHEMA)
        ((version,),) = self._con.execute("select version from ledger").fetchall()
        if version == 1:
            version = self._carry_over()
        if version != VERSION:
            self._con.close()
            raise OSError(
                f"{home}/ledger.duckdb is of version {version}, this unitcost reads {VERSION}: "
                "use the unitcost that wrote it"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._con.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within is there, or nothing of it; one within another is a part of that."""
        if self._is_writing:
            yield
            return
        self._con.begin()
        self._is_writing = True
        try:
            yield
            self._con.commit()
        except BaseException:
            self._con.rollback()
            raise
        finally:
            self._is_writing = False

    def seen(self, source: str | None) -> dict[str, Seen]:
        """What was read before as this source, by the path that it lay at."""
        rows = self._rows(
            """
            select seen_paths.path, seen_paths.size, modified_ns, seen_paths.sha256, list(table_name) as tables
            from seen_paths
            left join inputs on seen_paths.sha256 = inputs.sha256 and inputs.state = 'landed'
            where seen_paths.source = ?
            group by all
            """,
            [source or ""],
        )
        return {row.pop("path"): Seen(**row) for row in rows}

    def see(self, files: Iterable[InputFile], source: str | None) -> None:
        """Remember what paths held when they were read, so that they are not read again until they change."""
        settled = list({str(file.path): file for file in files if file.is_settled}.values())
        if settled:
            self._con.execute(
                "insert or replace into seen_paths "
                "select unnest(cast(? as varchar[])), ?, unnest(cast(? as bigint[])), unnest(cast(? as bigint[])), "
                "unnest(cast(? as varchar[]))",
                [
                    [str(file.path) for file in settled],
                    source or "",
                    [file.size for file in settled],
                    [file.modified_ns for file in settled],
                    [file.sha256 for file in settled],
                ],
            )

    def shown(self) -> set[tuple[str, str]]:
        """The content (sha256) and tables of which `is_shown` holds."""
        rows = self._con.execute(
            """
            select sha256, table_name from inputs
            where state = 'landed' and not exists (
                from landing_files
                where landing_files.input_id = inputs.input_id
                    and landing_files.table_name = inputs.table_name and not is_active
            )
            """
        ).fetchall()
        return set(rows)

    def is_shown(self, sha256: str, table_name: str) -> bool:
        """Whether this content landed in a table and none of it was replaced since: it says nothing new."""
        landed = self._rows(
            "select input_id from inputs where sha256 = ? and table_name = ? and state = 'landed'", [sha256, table_name]
        )
        return bool(landed) and not self._rows(
            "select 1 from landing_files where input_id = ? and table_name = ? and not is_active limit 1",
            [landed[0]["input_id"], table_name],
        )

    def replaceable(self, table_name: str, scopes: Collection[str], inputs: Collection[str] = ()) -> list[Path]:
        """The active landing files that hold these scopes, or came from these inputs."""
        rows = self._rows(f"select path from landing_files where {_REPLACEABLE}", [table_name, [*scopes], [*inputs]])
        return [self._home / row["path"] for row in rows]

    def record_landed(
        self,
        parts: Sequence[tuple[InputFile, Landed]],
        source: str,
        table_name: str,
        *,
        also_replaces: Collection[str] = (),
        beside: Mapping[str, LandingFile] | None = None,
        remember: Mapping[str, str] | None = None,
    ) -> list[str]:
        """One transaction: the inputs, their files, the files that they replace, the models that were seen.

        Args:
            parts: one file, or all that make up one bill: they replace what was there, not each other.
            also_replaces: inputs of which nothing stays, whatever they state.
            beside: for tables that we write ourselves, as in `append`.
            remember: what `recall` answers from now on.

        Returns:
            The scopes (account and period, say) in which rows of an earlier input were replaced.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        scopes = {one.scope for _, landed in parts for one in landed.files if one.scope is not None}
        replaced: list[tuple[str | None]] = []
        with self.transaction():
            load_number = self._next_load()
            # content that comes again after it was replaced is a restatement of its own
            if again := [file.input_id for file, _ in parts if self._has_input(file.sha256, table_name)]:
                self._con.execute(
                    "delete from landing_files where table_name = ? and list_contains(?, input_id)", [table_name, again]
                )
            if scopes or also_replaces:
                replaced = self._con.execute(
                    "update landing_files set is_active = false, superseded_by = ? "
                    f"where {_REPLACEABLE} returning scope",
                    [parts[0][0].input_id, table_name, [*scopes], [*also_replaces]],
                ).fetchall()
            for file, landed in parts:
                self._insert_input(
                    file, source, table_name, load_number=load_number, state="landed", now=now,
                    counts=(landed.record_count, landed.landed_count, landed.rejected_count, landed.other_count),
                    problem=None, is_new=file.input_id not in again,
                )  # fmt: skip
                self._insert_files(table_name, landed.files, file.input_id, load_number)
                self._insert_columns(table_name, landed.columns, file.input_id, again)
                for provider, model in sorted(landed.models):
                    self._con.execute("insert or ignore into models values (?, ?, ?)", [provider, model, now])
            self._insert_own(beside or {}, load_number, remember or {})
        return sorted({scope for (scope,) in replaced if scope is not None})

    def record_refused(self, file: InputFile, source: str, table_name: str, problem: str) -> None:
        """A file that could not be taken: all of its records are rejected, none landed."""
        now = datetime.now(UTC).replace(tzinfo=None)
        self._insert_input(
            file, source, table_name, load_number=self._next_load(), state="refused", now=now,
            counts=(file.line_count, 0, file.line_count, 0), problem=problem,
        )  # fmt: skip

    def record_unreadable(self, path: Path | Address, source: str | None, problem: str) -> None:
        """A file whose records could not even be counted: listed until the path holds one that can be read."""
        now = datetime.now(UTC).replace(tzinfo=None)
        self._con.execute(
            "insert or replace into inputs "
            "values ('', '', ?, ?, ?, 0, nextval('load_numbers'), ?, 'refused', 0, 0, 0, 0, ?)",
            [source or "", str(path), f"unreadable {path}", now, problem],
        )

    def forget_unreadable(self, path: Path | Address) -> None:
        """The path holds another file now."""
        self._con.execute("delete from inputs where sha256 = ?", [f"unreadable {path}"])

    def append(
        self,
        files: Mapping[str, LandingFile],
        *,
        snapshot: Snapshot | None = None,
        remember: Mapping[str, str] | None = None,
    ) -> None:
        """One transaction: one more active file for each raw table that we write ourselves; none is ever replaced.

        Args:
            snapshot: of whose rows a file is.
            remember: what `recall` answers from now on.
        """
        with self.transaction():
            if snapshot:
                self._con.execute(
                    f"insert into snapshots values ({', '.join('?' * 8)})",
                    [getattr(snapshot, field.name) for field in fields(snapshot)],
                )
            self._insert_own(files, self._next_load(), remember or {})

    def snapshots(self, table_name: str, price_source: str) -> list[Snapshot]:
        """What a source of prices said over time, the newest first."""
        rows = self._rows(
            "select * from snapshots where table_name = ? and price_source = ? order by learned_at desc",
            [table_name, price_source],
        )
        return [Snapshot(**row) for row in rows]

    def recall(self, name: str) -> str | None:
        """What was remembered last under a name."""
        rows = self._rows("select value from remembered where name = ?", [name])
        return str(rows[0]["value"]) if rows else None

    def models(self) -> list[tuple[str, str]]:
        """Every (provider, model) that landed, as the sources wrote it."""
        return self._con.execute("select provider, model from models order by all").fetchall()

    def active_files(self) -> list[dict[str, Any]]:
        """The landing files that the raw views show: table_name, path, usage_date, row_count, input_id, load_number."""
        return self._rows(
            "select table_name, path, sha256, usage_date, row_count, input_id, load_number from landing_files "
            "where is_active order by all"
        )

    def inputs(self) -> list[LedgerInput]:
        """Every input, oldest first."""
        rows = self._rows(
            """
            select inputs.* exclude (sha256, size, load_number, landed_at),
                coalesce((
                    select sum(row_count) from landing_files
                    where landing_files.input_id = inputs.input_id
                        and landing_files.table_name = inputs.table_name and not is_active
                ), 0) as superseded_count
            from inputs
            order by load_number
            """
        )
        return [LedgerInput(**{**row, "superseded_count": int(row["superseded_count"])}) for row in rows]

    def accounts(self) -> dict[str, list[dict[str, Any]]]:
        """The raw tables that say what became of the inputs: the rows of `ingest.raw.tables.ACCOUNTS`."""
        return {"landing_inputs": self.intake(), "landing_columns": self.columns()}

    def intake(self) -> list[dict[str, Any]]:
        """What became of every input: a row for each reason for which records of it were not taken.

        Columns: `ingest.raw.tables.INTAKE`. Where all were taken it is one row of 0 records; where the quarantine does
        not tell the reasons (somebody emptied it), one row without a rule.
        """
        refused = self._rows("select source, sha256 from inputs where state = 'landed' and rejected_count > 0")
        paths = [self._home / "quarantine" / one["source"] / f"{one['sha256']}.parquet" for one in refused]
        known = [str(path) for path in paths if path.exists()]
        reasons = (
            "select input_id, column_name, rule, fix, count(*) as reject_count, min(record_number) as first_number, "
            "sum(count(*)) over (partition by input_id) as all_count from read_parquet(?) group by 1, 2, 3, 4"
            if known
            else "select '' as input_id, '' as column_name, '' as rule, '' as fix, 0 as reject_count, "
            "0 as first_number, 0 as all_count where false"
        )
        return self._rows(
            f"""
            select
                inputs.input_id, inputs.table_name, inputs.source as source_id, inputs.path, inputs.state,
                inputs.landed_at, reasons.column_name, coalesce(reasons.rule, inputs.problem) as rule, reasons.fix,
                coalesce(reasons.reject_count, inputs.rejected_count) as rejected_count,
                reasons.first_number as first_record_number
            from inputs
            left join ({reasons}) as reasons
                on inputs.input_id = reasons.input_id and inputs.state = 'landed'
                and inputs.rejected_count = reasons.all_count
            order by inputs.load_number, inputs.table_name, reasons.first_number, reasons.column_name, reasons.rule
            """,
            [known] if known else [],
        )

    def columns(self) -> list[dict[str, Any]]:
        """What the files of each table are made of: the rows of `ingest.raw.tables.COLUMNS`."""
        return self._rows(
            """
            select
                inputs.source as source_id, inputs.table_name, input_columns.column_name,
                bool_or(input_columns.is_read) as is_read, count(*) as input_count,
                min(inputs.landed_at) as first_landed_at, max(inputs.landed_at) as last_landed_at,
                arg_min(inputs.path, inputs.load_number) as first_path,
                arg_max(inputs.path, inputs.load_number) as last_path
            from input_columns
            inner join inputs
                on inputs.input_id = input_columns.input_id and inputs.table_name = input_columns.table_name
                and inputs.state = 'landed'
            group by 1, 2, 3
            order by 1, 2, 3
            """
        )

    def _carry_over(self) -> int:
        """Version 1 replaced its price catalogue at every build: that file steps aside for the book's own."""
        with self.transaction():
            self._con.execute(
                "update landing_files set is_active = false where table_name like 'prices!_!_%' escape '!'"
            )
            self._con.execute("update ledger set version = 2")
        return 2

    def _next_load(self) -> int:
        (load_number,) = self._con.execute("select nextval('load_numbers')").fetchall()[0]
        return int(load_number)

    def _insert_own(self, files: Mapping[str, LandingFile], load_number: int, remember: Mapping[str, str]) -> None:
        for table_name, file in files.items():
            self._insert_files(table_name, [file], file.sha256[:16], load_number)
        for name, value in remember.items():
            self._con.execute("insert or replace into remembered values (?, ?)", [name, value])

    def _insert_input(
        self, file: InputFile, source: str, table_name: str, *, load_number: int, state: str, now: datetime,
        counts: tuple[int, int, int, int], problem: str | None, is_new: bool = False,
    ) -> None:  # fmt: skip
        self._con.execute(
            f"insert {'' if is_new else 'or replace'} into inputs values ({', '.join('?' * 14)})",  # new: half the time
            [
                file.input_id, table_name, source, str(file.path), file.sha256, file.size,
                load_number, now, state, *counts, problem,
            ],
        )  # fmt: skip

    def _insert_files(self, table_name: str, files: Iterable[LandingFile], input_id: str, load_number: int) -> None:
        rows = [
            (table_name, str(file.path.relative_to(self._home)), file.sha256, file.usage_date, file.scope,
             file.row_count, input_id, load_number, True, None)
            for file in files
        ]  # fmt: skip
        if rows:
            self._con.executemany(f"insert into landing_files values ({', '.join('?' * 10)})", rows)

    def _insert_columns(
        self, table_name: str, columns: Mapping[str, bool], input_id: str, again: Collection[str]
    ) -> None:
        if input_id in again:
            self._con.execute("delete from input_columns where input_id = ? and table_name = ?", [input_id, table_name])
        if columns:
            self._con.execute(
                "insert into input_columns select ?, ?, unnest(cast(? as varchar[])), unnest(cast(? as boolean[]))",
                [input_id, table_name, [*columns], [*columns.values()]],
            )

    def _has_input(self, sha256: str, table_name: str) -> bool:
        return bool(self._rows("select 1 from inputs where sha256 = ? and table_name = ?", [sha256, table_name]))

    def _rows(self, query: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        cursor = self._con.execute(query, parameters or [])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
