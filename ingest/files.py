"""The byte pass over a file: which format it has, whether its bytes can be trusted, how many records it holds.

The byte pass comes first and is independent of the reader that follows: it hashes, decompresses (DuckDB does not check
a gzip's CRC), checks UTF-8 and counts. What the reader then delivers must agree with that count.
"""

import codecs
import csv
import hashlib
import io
import itertools
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from isal import igzip, isal_zlib

from ingest import otlp, prometheus
from ingest.source import Format, Sample, spread

CHUNK = 1 << 20
MAX_LINE_BYTES = 16 << 20
"""A longer line is no log record. (DuckDB's CSV reader drops such a file's rows without a word.)"""
MAX_DOCUMENT_BYTES = 64 << 20
"""A JSON document is read whole, so it must fit into memory several times; a log is lines."""
MAX_EXPANSION = 200
"""A gzip that grows more than this, past 100 MB, is a decompression bomb; logs grow 5 to 40 times."""
LINE_END = ord("\n")
csv.field_size_limit(MAX_LINE_BYTES)

LATER_LINES = 10_000
"""Beyond the first megabyte a file is recognised by one line of every block."""

Compression = Literal["none", "gzip", "zstd"]


class RefusedError(Exception):
    """A whole file that cannot be taken: what is wrong, and what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}; {fix}")
        self.problem = problem
        self.fix = fix


class Address(str):
    """What an object in a store is called, where a file of this machine has its path: s3://bucket/key."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Its last part, as of a path."""
        return self.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True)
class InputFile:
    """A file after the byte pass.

    Attributes:
        path: what it is called wherever it is shown.
        local: where its bytes lie; not its path if it was fetched.
        size: bytes that were read; a file may grow meanwhile.
        modified_ns: its time before it was read.
        sha256: of the bytes that were read.
        line_count: lines (JSON, CSV), rows (Parquet), messages (OTLP) or records of a JSON document.
        is_document: the JSON is one value over many lines: an array of records, or one record.
        not_utf8: numbers of the lines (from 1) that are not UTF-8; only JSON lines may have such.
        is_settled: no other content can have this size and time; a store tells times in seconds.
    """

    path: Path | Address
    local: Path
    size: int
    modified_ns: int
    sha256: str
    format: Format
    compression: Compression
    line_count: int
    sample: Sample
    not_utf8: tuple[int, ...] = ()
    is_document: bool = False
    is_settled: bool = True

    @property
    def input_id(self) -> str:
        """The short name of the input in every row that came from it."""
        return self.sha256[:16]


def inspect(path: Path) -> InputFile:
    """Read every byte of a file once.

    Raises:
        RefusedError: the file is damaged, of a kind that we do not know, or too large for what it claims to be.
        OSError: it cannot be read.
    """
    if not path.is_file():
        raise RefusedError("not a regular file", "name files, folders or globs of exports")
    digest = _Digest()
    with path.open("rb") as opened:
        stat = os.fstat(opened.fileno())
        file = _UpTo(opened, stat.st_size)
        magic = file.read(16)
        _refuse_foreign(magic)
        file.seek(0)
        if magic.startswith(b"PAR1"):
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            return _parquet(path, stat, digest.hexdigest())
        compression = _compression(magic, path)
        chunks = _decompressed(file, compression, digest)
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= len(magic):
                break
        chunks = itertools.chain([head], chunks)
        if otlp.is_framed(head):
            count, sample = _count_messages(chunks)
            return InputFile(
                path=path,
                local=path,
                size=stat.st_size,
                modified_ns=stat.st_mtime_ns,
                sha256=digest.hexdigest(),
                format="otlp",
                compression=compression,
                line_count=count,
                sample=sample,
            )
        text = _Text()
        for chunk in chunks:
            text.feed(chunk)
    text.finish()
    file_format, sample = _recognise_text(text.head, text.later)
    inspected = InputFile(
        path=path,
        local=path,
        size=stat.st_size,
        modified_ns=stat.st_mtime_ns,
        sha256=digest.hexdigest(),
        format=file_format,
        compression=compression,
        line_count=text.lines,
        sample=sample,
        not_utf8=tuple(text.not_utf8),
    )
    if file_format == "jsonl" and not sample.records:
        inspected = _document(inspected) or inspected
    if text.not_utf8 and (file_format != "jsonl" or inspected.is_document):
        raise RefusedError(f"line {text.not_utf8[0]} is not UTF-8", "convert it, e.g. iconv -f latin1 -t utf-8")
    return inspected


def csv_record_count(file: InputFile) -> int:
    """Data records of a CSV file by Python's own reader: quoted fields may hold line ends, so lines do not tell."""
    with open_text(file) as lines:
        return sum(1 for record in csv.reader(lines) if record) - 1


def open_text(file: InputFile) -> IO[str]:
    """The decompressed text of a file."""
    return io.TextIOWrapper(open_bytes(file), "utf-8-sig", newline="", errors="replace")


def open_bytes(file: InputFile) -> IO[bytes]:
    """The decompressed bytes of a file."""
    if file.compression == "gzip":
        return cast("IO[bytes]", igzip.open(file.local))  # type: ignore[no-untyped-call]  # isal types only its C code
    if file.compression == "zstd":
        return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(file.local)), "zstd"))
    return file.local.open("rb")


def _compression(magic: bytes, path: Path) -> Compression:
    if magic.startswith(b"\x1f\x8b"):
        return "gzip"
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if path.suffix in {".gz", ".zst"}:
        raise RefusedError(f"named {path.suffix} but not compressed", "rename it, or fetch it again")
    return "none"


class _Digest:
    """SHA-256 on a thread of its own, beside the reading."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def update(self, chunk: bytes) -> None:
        self._wait()  # one chunk at a time: memory does not grow with the file
        self._last = self._thread.submit(self._sha256.update, chunk)

    def hexdigest(self) -> str:
        self._wait()
        return self._sha256.hexdigest()

    def _wait(self) -> None:
        if self._last:
            self._last.result()


class _UpTo(io.RawIOBase):
    """A file as far as it reached when it was opened."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._file.tell()
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True


class _Text:
    """Counts lines, finds the ones that are not UTF-8, keeps the head."""

    def __init__(self) -> None:
        self.head = b""
        self.later: list[bytes] = []
        self.lines = 0
        self.not_utf8: list[int] = []
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of at most the length that a line may have."""
        first, end = chunk.find(b"\n"), chunk.rfind(b"\n") + 1
        if len(self.head) < CHUNK:
            self.head += chunk[:CHUNK]
        elif len(self.later) < LATER_LINES and end > first + 1:
            self.later.append(chunk[first + 1 : chunk.find(b"\n", first + 1)])
        if len(self._tail) + (first if end else len(chunk)) > MAX_LINE_BYTES:
            raise RefusedError(
                f"line {self.lines + 1} is longer than {MAX_LINE_BYTES >> 20} MiB", "split it into one record a line"
            )
        if not end:
            self._tail += chunk
            return
        if not (chunk.isascii() and self._tail.isascii()):  # ten times as fast to see as to decode
            self._decode(self._tail + chunk[:end])
        self.lines += int(np.count_nonzero(np.frombuffer(chunk, dtype=np.uint8) == LINE_END))
        self._tail = chunk[end:]

    def finish(self) -> None:
        if self._tail:
            self._decode(self._tail)
            self.lines += 1
        if not self.lines:
            raise RefusedError("the file is empty", "fetch it again, or leave it out")

    def _decode(self, block: bytes) -> None:
        """Find the lines of a block that are not UTF-8."""
        try:
            codecs.decode(block, "utf-8")
        except UnicodeDecodeError:
            for number, line in enumerate(block.split(b"\n"), self.lines + 1):
                try:
                    line.decode()
                except UnicodeDecodeError:
                    self.not_utf8.append(number)


def _refuse_foreign(magic: bytes) -> None:
    for start, kind in (
        (b"SQLite format 3", "an SQLite database"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x7fELF", "a program"),
        (b"%PDF", "a PDF"),
        (b"\xff\xfe", "UTF-16 text"),
        (b"\xfe\xff", "UTF-16 text"),
    ):
        if magic.startswith(start):
            raise RefusedError(f"the file is {kind}", "give JSON lines, CSV or Parquet, plain, .gz or .zst, in UTF-8")


def _decompressed(file: _UpTo, compression: Compression, digest: _Digest) -> Iterator[bytes]:
    if compression == "none":
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            yield chunk
        return
    if compression == "zstd":
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        file.seek(0)
        try:
            with pa.CompressedInputStream(file, "zstd") as stream:
                while chunk := stream.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise RefusedError(f"the zstd stream is damaged ({error})", "fetch the file again") from error
        return
    yield from _gunzipped(file, digest)


def _gunzipped(file: _UpTo, digest: _Digest) -> Iterator[bytes]:
    """Every member of a gzip file, its CRC and length checked by ISA-L."""
    member = isal_zlib.decompressobj(wbits=31)
    grown = 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        while chunk:
            try:
                out = member.decompress(chunk, 16 * CHUNK)
            except isal_zlib.error as error:  # type: ignore[misc]  # an exception; its stub says only `error`
                raise RefusedError(f"the gzip stream is damaged ({error})", "fetch the file again") from error
            grown += len(out)
            if grown > 100 * CHUNK and grown > MAX_EXPANSION * file.tell():
                raise RefusedError(f"the gzip grows more than {MAX_EXPANSION} times", "unpack and look at it first")
            yield out
            chunk = member.unconsumed_tail
            if member.eof:
                chunk = member.unused_data
                if chunk:
                    member = isal_zlib.decompressobj(wbits=31)
    if not member.eof:
        raise RefusedError(
            f"the gzip stream ends in the middle, after {grown:,} bytes of text", "fetch the file again, it was cut off"
        )


def _recognise_text(head: bytes, later: list[bytes]) -> tuple[Format, Sample]:
    text = head.decode("utf-8-sig", errors="replace")
    start = text.lstrip()[:1]
    lines = text.split("\n")
    if start in {"{", "["}:
        if not list(_records(lines[-1:])):
            lines.pop()  # the head ends within a line
        lines += [line.decode(errors="replace") for line in later]
        lines = [line for line in lines if line.strip()]
        records = tuple(_records(spread(lines))) or tuple(_records(lines))
        return "jsonl", Sample("jsonl", records=records, lines=lines)
    if scrape := prometheus.recognised([*lines[:-1], *(line.decode(errors="replace") for line in later)] or lines):
        return "prometheus", scrape
    headers = next(csv.reader(lines[:1]), [])
    if len(headers) < 2:  # noqa: PLR2004 - one column is no table
        raise RefusedError(
            "the file is neither JSON lines nor CSV, Parquet or a Prometheus scrape",
            "see `unitcost ingest --help` for the sources",
        )
    return "csv", Sample("csv", headers=frozenset(header.strip().lower() for header in headers))


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The lines that are JSON objects; others are counted and quarantined where the file is read."""
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def _document(file: InputFile) -> InputFile | None:
    """A file of which no line is a record: one JSON value over many lines, as exports of a user interface are."""
    with open_text(file) as opened:
        text = opened.read(MAX_DOCUMENT_BYTES + 1)
    is_array = text.lstrip().startswith("[")
    if len(text) > MAX_DOCUMENT_BYTES:
        raise RefusedError(
            f"the file is one JSON document of more than {MAX_DOCUMENT_BYTES >> 20} MiB",
            "write one record a line, e.g. jq -c '.[]'",
        )
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        if is_array:
            raise RefusedError(f"the file is one JSON array, and broken ({error})", "fetch the file again") from error
        return None
    records = value if is_array else [value]
    return replace(
        file,
        is_document=True,
        line_count=len(records),
        sample=Sample("jsonl", records=tuple(record for record in records if isinstance(record, dict))),
    )


def _count_messages(chunks: Iterator[bytes]) -> tuple[int, Sample]:
    """Parse every message of a framed file; keep those of the head, and one of a hundred later."""
    count, kept = 0, 0
    records: list[Any] = []
    try:
        for payload in otlp.payloads(chunks):
            if kept < CHUNK or (count % 100 == 0 and len(records) < LATER_LINES):
                records.append(json.loads(otlp.line(payload)))
                kept += len(payload)
            else:
                otlp.check(payload)
            count += 1
    except ValueError as error:
        raise RefusedError(str(error), "wait until the collector has finished the file, or fetch it again") from error
    return count, Sample("otlp", records=tuple(records))


def _parquet(path: Path, stat: os.stat_result, sha256: str) -> InputFile:
    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise RefusedError(f"the Parquet file is damaged ({error})", "fetch it again") from error
    return InputFile(
        path=path,
        local=path,
        size=stat.st_size,
        modified_ns=stat.st_mtime_ns,
        sha256=sha256,
        format="parquet",
        compression="none",
        line_count=metadata.num_rows,
        sample=Sample("parquet", headers=frozenset(name.lower() for name in metadata.schema.to_arrow_schema().names)),
    )
