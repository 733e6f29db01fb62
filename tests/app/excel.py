"""Reads a workbook back as it stands in the file: kind and text of each cell, so that no float comes between."""

import re
from io import BytesIO
from typing import NamedTuple
from xml.etree import ElementTree as ET
from zipfile import ZipFile

_IN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Cell(NamedTuple):
    kind: str
    """`n` a number, `inlineStr` a text, `b` a truth."""
    text: str


def names(content: bytes) -> list[str]:
    """The sheets, in order."""
    with ZipFile(BytesIO(content)) as parts:
        return re.findall(r'<sheet name="([^"]+)"', parts.read("xl/workbook.xml").decode())


def sheet(content: bytes, number: int) -> list[dict[str, Cell]]:
    """The rows of a sheet, from 1: column letters → cell."""
    with ZipFile(BytesIO(content)) as parts:
        raw = parts.read(f"xl/worksheets/sheet{number}.xml")
    assert b"<f>" not in raw, "a formula"
    rows = []
    for row in ET.fromstring(raw).iter(f"{_IN}row"):  # noqa: S314 - what we wrote ourselves
        cells = {}
        for cell in row.iter(f"{_IN}c"):
            text = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{_IN}t", f"{_IN}v"))
            cells[(cell.get("r") or "").rstrip("0123456789")] = Cell(cell.get("t") or "n", _unescaped(text))
        rows.append(cells)
    return rows


def table(content: bytes, number: int = 2) -> list[dict[str, Cell]]:
    """The rows of a sheet by the names in its first."""
    head, *rows = sheet(content, number)
    return [{head[letters].text: cell for letters, cell in row.items()} for row in rows]


def about(content: bytes) -> dict[str, str]:
    """What the first sheet says."""
    return {row["A"].text: row["B"].text for row in sheet(content, 1) if row["A"].text}


def _unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text)
