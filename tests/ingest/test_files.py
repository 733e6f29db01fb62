"""The byte pass: what is refused, and what is counted."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.files import RefusedError, inspect

LINE = json.dumps({"type": "message", "id": "msg_1"}) + "\n"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.jsonl.gz", gzip.compress(LINE.encode() * 5000, mtime=0)[:-200], "ends in the middle"),
        (
            "crc.jsonl.gz",
            gzip.compress(LINE.encode(), mtime=0)[:-8] + b"\0\0\0\0" + gzip.compress(LINE.encode(), mtime=0)[-4:],
            "damaged",
        ),
        ("tail.jsonl.gz", gzip.compress(LINE.encode(), mtime=0) + b"garbage after the end", "damaged"),
        ("plain.jsonl.gz", LINE.encode(), "not compressed"),
        ("empty.jsonl", b"", "empty"),
        ("sqlite.duckdb", b"SQLite format 3\0" + b"\0" * 100, "SQLite"),
        ("archive.csv", b"PK\x03\x04" + b"\0" * 100, "zip"),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("array.json", b'[{"a": 1}, {"a"', "JSON array, and broken"),
        ("notes.txt", b"Dear finance team\nhere is the bill.\n", "neither JSON lines nor CSV"),
        ("one.txt", b"hello\n", "neither JSON lines nor CSV"),
        ("latin1.csv", "a,b\nM\xfcller,2\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("long.jsonl", b'{"a":"' + b"x" * (17 << 20) + b'"}\n', "longer than"),
        ("cut.parquet", b"PAR1 but not really", "damaged"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    with pytest.raises(RefusedError, match=says):
        inspect(written(tmp_path / name, content))


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = written(tmp_path / "bomb.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 30_000_000, 9))
    assert bomb.stat().st_size < 2_000_000
    with pytest.raises(RefusedError, match="grows more than"):
        inspect(bomb)


def test_zstd_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "log.jsonl.zst"
    with pa.CompressedOutputStream(str(whole), "zstd") as out:
        out.write(b"".join(json.dumps({"n": n, "x": n * 7919 % 1000}).encode() + b"\n" for n in range(50_000)))
    assert inspect(whole).line_count == 50_000
    with pytest.raises(RefusedError, match="zstd"):
        inspect(written(tmp_path / "cut.jsonl.zst", whole.read_bytes()[:-5000]))


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_lines_are_counted_whatever_ends_them(
    tmp_path: Path, pack: Callable[[bytes], bytes], ending: str, *, final: bool
) -> None:
    text = ending.join(['{"a": 1}'] * 1000) + (ending if final else "")
    assert inspect(written(tmp_path / "log.jsonl", pack(text.encode()))).line_count == 1000


def test_two_gzip_members_are_one_file(tmp_path: Path) -> None:
    both = gzip.compress(LINE.encode()) + gzip.compress(LINE.encode() * 2)
    assert inspect(written(tmp_path / "log.jsonl.gz", both)).line_count == 3


def test_lines_that_are_not_utf8_are_named_and_the_others_stay(tmp_path: Path) -> None:
    file = inspect(written(tmp_path / "log.jsonl", LINE.encode() + b'{"a": "\xff"}\n' + LINE.encode()))
    assert (file.line_count, file.not_utf8) == (3, (2,))


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    file = inspect(written(tmp_path / "bill.csv", b"\xef\xbb\xbfBilledCost,Tags\n1,x\n"))
    assert file.sample.headers == {"billedcost", "tags"}


def test_parquet_tells_its_rows_and_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"BilledCost": [1, 2, 3]}), tmp_path / "bill.parquet")
    file = inspect(tmp_path / "bill.parquet")
    assert (file.format, file.line_count, file.sample.headers) == ("parquet", 3, {"billedcost"})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="regular file"):
        inspect(tmp_path)
