"""The lines of a file as an Arrow stream, numbered, so that every thread of DuckDB can work on them.

DuckDB's own reader numbers rows on one thread alone. Here a block of the file becomes one batch without a copy of it:
the lines are offsets into it. A stream can be read as often as it is asked for.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.files import LINE_END, InputFile, open_bytes

SCHEMA = pa.schema([("record_number", pa.int64()), ("line", pa.string())])
BLOCK = 4 << 20
"""Bytes of a block: several thousand lines, and small enough that a few blocks do not matter."""
BOM = b"\xef\xbb\xbf"


class Lines:
    """Rows of record_number (from 1) and line (with its line end), for `con.register`.

    Args:
        file: its bytes must be UTF-8, which the byte pass has seen.
    """

    def __init__(self, file: InputFile) -> None:
        self._file = file

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """As the Arrow PyCapsule interface wants it: a new stream from the beginning."""
        return pa.RecordBatchReader.from_batches(SCHEMA, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        number, tail = 0, np.frombuffer(b"", dtype=np.uint8)
        with open_bytes(self._file) as opened:
            if opened.read(len(BOM)) != BOM:
                opened.seek(0)
            while True:
                block = np.empty(len(tail) + BLOCK, dtype=np.uint8)
                block[: len(tail)] = tail
                read = opened.readinto(block[len(tail) :])  # type: ignore[attr-defined]  # IO[bytes] says less than it is
                size = len(tail) + int(read)
                if size == len(tail):
                    break
                ends = np.flatnonzero(block[:size] == LINE_END)
                start = int(ends[-1]) + 1 if len(ends) else 0
                tail = block[start:size]
                if start:
                    yield _batch(block[:start], ends, number)
                    number += len(ends)
        if len(tail):
            last = np.append(tail, np.uint8(LINE_END))
            yield _batch(last, np.array([len(tail)]), number)


def _batch(block: np.ndarray[Any, np.dtype[np.uint8]], ends: np.ndarray[Any, Any], before: int) -> pa.RecordBatch:
    """The lines of a block whose line ends are there, the last one its last byte; `before`: lines before it."""
    offsets = np.zeros(len(ends) + 1, dtype=np.int32)
    offsets[1:] = ends + 1
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(block))
    # from buffers: `pa.array` of a numpy array imports pandas, a second of work
    counted = np.arange(before + 1, before + 1 + len(ends), dtype=np.int64)
    numbers = pa.Array.from_buffers(pa.int64(), len(ends), [None, pa.py_buffer(counted)])
    return pa.RecordBatch.from_arrays([numbers, lines], schema=SCHEMA)
