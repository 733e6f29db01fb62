"""A table that need not fit into memory: its columns, and its rows batch by batch, as often as one asks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Rows:
    """`batches()` starts from the first row each time; all of its frames have the columns of `schema`."""

    schema: pl.Schema
    count: int
    batches: Callable[[], Iterator[pl.DataFrame]]


def of_frame(frame: pl.DataFrame) -> Rows:
    """The rows of a frame that is in memory anyway."""
    return Rows(frame.schema, len(frame), lambda: iter((frame,)))
