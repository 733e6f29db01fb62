"""CSV files of prices that people keep by hand, one record a line: what a spreadsheet would pass over is refused."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.prices.tables import PriceBookError


def read(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Line number and record of each line below the header; None where a cell is blank.

    Raises:
        PriceBookError: no UTF-8, a column is missing, a line has too many fields or goes on in the next one.
        OSError: the file is not there.
    """
    try:
        header, *lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise PriceBookError(f"{path} is not UTF-8: save it as UTF-8") from error
    names = next(csv.reader([header]), [])
    if missing := set(columns) - set(names):
        raise PriceBookError(f"{path}: the header lacks {', '.join(sorted(missing))}")
    for number, line in enumerate(lines, start=2):
        reader = csv.reader([line, ""])  # a quote that is not closed takes the second one, too
        fields = next(reader)
        if reader.line_num > 1:
            raise PriceBookError(f"{path} line {number}: the record goes on in the next line; close the quote")
        if len(fields) > len(names):
            raise PriceBookError(f"{path} line {number}: it has more fields than the header")
        if fields:
            record = dict(zip(names, fields, strict=False))
            yield number, {name: record.get(name, "").strip() or None for name in columns}
