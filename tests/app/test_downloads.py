"""What can be taken away from every page: each table, as it is shown, in three formats, only when it is asked for."""

import csv
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import dashboard
from app.dashboard import downloads, tables
from tests.app import excel, synthetic

Taken = dict[str, Callable[[], bytes]]
"""Key of a download → what writes its file."""
Shown = dict[str, pl.DataFrame]
"""Key of a table → what it shows."""
PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "overview": ("overview", {}),
    "features": ("features", {}),
    "customers": ("customers", {}),
    "conversations": ("conversations", {}),
    "one conversation": ("conversations", {"conversation": synthetic.SHARED, "of": synthetic.SHARED_BY[1]}),
    "book": ("prices", {}),
    "history": ("prices", {"section": "History", "price_model": "openai/gpt-5"}),
    "gaps": ("prices", {"section": "Gaps"}),
    "conflicts": ("prices", {"section": "Conflicts"}),
    "overrides": ("prices", {"section": "Overrides"}),
    "close": ("close", {}),
    "health": ("health", {}),
    "units": ("units", {}),
    "models": ("models", {}),
    "changes": ("changes", {}),
    "anomalies": ("anomalies", {}),
    "savings": ("savings", {}),
    "whatif": ("whatif", {"whatif_cheaper": "40", "whatif_price": "10"}),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("warehouse")
    synthetic.build(home)
    return home


@pytest.fixture
def taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> Taken:
    """The downloads that a page offers when it is opened."""
    monkeypatch.setenv("UNITCOST_HOME", str(home))
    offered: Taken = {}
    button = st.download_button

    def noticed(label: str, *, data: Callable[[], bytes], key: str, **more: Any) -> bool:
        assert callable(data), "written before it is asked for"
        offered[key] = data
        return button(label, data=data, key=key, **more)

    monkeypatch.setattr(st, "download_button", noticed)
    return offered


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """The tables of a page when it is opened, without their sparklines."""
    drawn: Shown = {}
    show = tables.show

    def noticed(frame: pl.DataFrame, columns: tables.Columns, *, key: str, **more: Any) -> None:
        drawn[key.removesuffix("_table")] = frame.select(name for name in columns if columns[name].kind != "trend")
        show(frame, columns, key=key, **more)

    monkeypatch.setattr(tables, "show", noticed)
    return drawn


def opened(name: str, query: dict[str, str], *keys: str) -> AppTest:
    """A page with some popovers open."""
    page = AppTest.from_file(str(dashboard.MAIN), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    if name != "overview":
        page.switch_page(f"app_pages/{name}.py").run()
    for key in keys:
        page.session_state[key] = True
    page.run()
    assert not page.exception, page.exception[0].value
    return page


@pytest.mark.parametrize(("name", "query"), PAGES.values(), ids=PAGES.keys())
def test_every_table_can_be_taken_away_in_three_formats_as_it_is_shown(
    name: str, query: dict[str, str], taken: Taken, shown: Shown
) -> None:
    page = opened(name, query)
    shown.clear()  # the way there led over the Overview
    assert len(page.run().dataframe) == len(shown) > 0
    assert set(taken) <= {"close_pack"}  # a closed page offers one button a table, and writes nothing
    listed = dict(shown)
    opened(name, query, *(f"{key}_download" for key in listed))
    for key, frame in listed.items():
        told = pl.read_parquet(taken[f"{key}_parquet"]())
        assert told.equals(frame), key
        _, *rows = csv.reader(StringIO(taken[f"{key}_csv"]().decode(), newline=""))
        content = taken[f"{key}_xlsx"]()
        assert len(rows) == len(frame)
        assert excel.about(content)["Rows"] == f"{len(frame):,}"
        for place, (column, dtype) in enumerate(frame.schema.items()):
            if dtype.is_decimal():
                exactly = ["" if amount is None else f"{amount:f}" for amount in frame[column]]
                assert [row[place] for row in rows] == exactly
                cells = [row.get(f"{column}_exact", row.get(column)) for row in excel.table(content)]
                assert [cell and Decimal(cell.text) for cell in cells] == frame[column].to_list()


def test_the_figures_behind_a_chart_can_be_taken_away_too(taken: Taken) -> None:
    opened("features", {}, "feature_scatter_data")
    content = taken["feature_scatter_xlsx"]()
    assert excel.about(content)["Table"].startswith("Revenue against AI cost: ")
    assert "feature_id" in excel.table(content)[0]


def test_a_workbook_tells_page_filters_basis_currency_and_build(taken: Taken) -> None:
    opened("customers", {"period": "7D", "customer": synthetic.MARKUP}, "customers_download")
    content = taken["customers_xlsx"]()
    said = excel.about(content)
    assert (said["Page"], said["Table"], said["Currency"]) == ("Customers", "All customers", "USD")
    assert "17 – 23 Nov 2026" in said["Filters"]
    assert f"customer: {synthetic.MARKUP}" in said["Filters"]
    assert "production only" in said["Filters"]
    assert said["Cost basis"].startswith("cost_usd: best known: by the invoice where it is in")
    assert said["Build"] == synthetic.BUILD_ID
    (row,) = excel.table(content)
    assert row["customer_id"] == ("inlineStr", synthetic.MARKUP)
    sums = [(line["A"].text, line["B"].text) for line in excel.sheet(content, 1)]
    exact = Decimal(row["cost_usd_exact" if "cost_usd_exact" in row else "cost_usd"].text)
    assert Decimal(sums[sums.index(("Sum of", "Exactly")) + 2][1]) == exact
    assert said["customer_id"] == "Customer"


@pytest.mark.parametrize(
    ("page", "key", "filters", "currency"),
    [
        ("book", "book", "models that calls were rated by", "US dollars: Price"),
        ("history", "rated_by", "model: openai/gpt-5", "US dollars: "),
        ("close", "checklist", "bill: All bills", "USD"),
        ("health", "kinds", "none: everything in the build", "USD"),
        ("one conversation", "conversation_calls", f"conversation {synthetic.SHARED} of customer ", "USD"),
    ],
)
def test_a_page_with_filters_of_its_own_tells_those(
    page: str, key: str, filters: str, currency: str, taken: Taken
) -> None:
    opened(*PAGES[page], f"{key}_download")
    said = excel.about(taken[f"{key}_xlsx"]())
    assert filters in said["Filters"]
    assert said["Currency"].startswith(currency)


def test_a_name_that_looks_like_a_formula_is_a_name_in_every_format(taken: Taken) -> None:
    opened("customers", {"customer": synthetic.FORMULA, "period": "90D"}, "customers_download")
    assert excel.table(taken["customers_xlsx"]())[0]["customer_id"] == ("inlineStr", synthetic.FORMULA)
    assert taken["customers_csv"]().decode().splitlines()[1].startswith(f"'{synthetic.FORMULA},")
    assert pl.read_parquet(BytesIO(taken["customers_parquet"]()))["customer_id"].to_list() == [synthetic.FORMULA]


def test_a_table_without_rows_can_be_taken_away() -> None:
    about = downloads.About("t", {}, {"cost_usd": "Cost"})
    frame = pl.DataFrame(schema={"cost_usd": pl.Decimal(38, 12)})
    for into in downloads.Format:
        assert downloads.written("t", frame, about, into)
