"""What is shown, to take away: a table as CSV, Excel or Parquet, written when it is asked for."""

import re
from functools import partial
from io import BytesIO

import polars as pl
import streamlit as st

from app import provenance, table_files
from app.dashboard import filters, theme
from app.dashboard.tables import Columns
from app.rows import of_frame
from app.table_files import Format
from app.workbook import About

_NAMES = {Format.CSV: "CSV", Format.XLSX: "Excel", Format.PARQUET: "Parquet"}
_IN_US_DOLLARS = {"us_dollars", "price"}


def offer(heading: str, frame: pl.DataFrame, columns: Columns, key: str) -> None:
    """A small button that opens to one for each format."""
    popover = st.popover(
        "Download", type="tertiary", icon=":material/download:", on_change="rerun", key=f"{key}_download"
    )
    if popover.open:  # a table costs its page one button, not four
        with popover:
            buttons(heading, frame, columns, key)


def buttons(heading: str, frame: pl.DataFrame, columns: Columns, key: str) -> None:
    """A button for each format."""
    about = _about(heading, columns)
    shown = frame.select(name for name in columns if not frame.schema[name].is_nested())  # a sparkline is no figure
    with st.container(horizontal=True):
        for into, name in _NAMES.items():
            st.download_button(
                name,
                data=partial(written, key, shown, about, into),
                file_name=f"unitcost-{key}.{into}",
                mime=table_files.MIME[into],
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                key=f"{key}_{into}",
            )


def written(name: str, frame: pl.DataFrame, about: About, into: Format) -> bytes:
    """A file of a frame.

    Raises:
        WorkbookError: it does not fit into Excel.
    """
    file = BytesIO()
    table_files.write(file, name, of_frame(frame), about, into)
    return file.getvalue()


def _about(heading: str, columns: Columns) -> About:
    view = filters.current()
    kinds = {column.kind for column in columns.values()}
    currency = [theme.reporting_currency()] if "money" in kinds or not kinds & _IN_US_DOLLARS else []
    dollars = ", ".join(column.label for column in columns.values() if column.kind in _IN_US_DOLLARS)
    currency += [f"US dollars: {dollars}"] if dollars else []
    return About(
        f"unitcost, {filters.page_name()}",
        {
            "Page": filters.page_name(),
            "Table": heading,
            "Filters": filters.said(),
            "Cost basis": provenance.basis(columns),
            "Currency": "; ".join(currency),
            "Times": "UTC",
            **provenance.of_build(view.build),
        },
        {name: _meaning(column.label, column.help) for name, column in columns.items() if column.kind != "trend"},
    )


def _meaning(label: str, told: str | None) -> str:
    clicks = r"\s*Click (a name|an id) to [^.]*\."
    return ": ".join(filter(None, (label, re.sub(clicks, "", told or ""))))
