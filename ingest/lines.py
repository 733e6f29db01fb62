"""The lines of a file as an Arrow stream, numbered, so that every thread of DuckDB can work on them.

DuckDB's own reader numbers rows on one thread alone. Here a block of the file becomes one batch without a copy of it:
the lines are offsets into it. A stream can be read as often as it is asked for.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.files import InputFile, open_bytes

SCHEMA = pa.schema([("record_number", pa.int64()), ("line", pa.string())])
BLOCK = 4 << 20
"""Bytes of a block: several thousand lines, and small enough that a few blocks do not matter."""
BOM = b"\xef\xbb\xbf"
LINE_END = ord("\n")


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
        number, tail = 0, b""
        with open_bytes(self._file) as opened:
            block = opened.read(BLOCK).removeprefix(BOM)
            while block:
                whole = tail + block
                end = whole.rfind(b"\n") + 1
                tail = whole[end:]
                if end:
                    batch = _batch(whole[:end], number)
                    number += len(batch)
                    yield batch
                block = opened.read(BLOCK)
        if tail:
            yield _batch(tail + b"\n", number)


def _batch(block: bytes, before: int) -> pa.RecordBatch:
    """The lines of a block that ends with a line end; `before`: how many lines came before it."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == LINE_END)
    offsets = np.zeros(len(ends) + 1, dtype=np.int32)
    offsets[1:] = ends + 1
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(block))
    # from buffers: `pa.array` of a numpy array imports pandas, a second of work
    counted = np.arange(before + 1, before + 1 + len(ends), dtype=np.int64)
    numbers = pa.Array.from_buffers(pa.int64(), len(ends), [None, pa.py_buffer(counted)])
    return pa.RecordBatch.from_arrays([numbers, lines], schema=SCHEMA)
