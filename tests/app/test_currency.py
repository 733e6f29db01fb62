"""Figures carry the currency that the build is in."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import currency, dashboard
from app.dashboard import theme
from tests.app import synthetic


@pytest.fixture(autouse=True)
def _dollars_again() -> Iterator[None]:
    yield
    theme.report_in("USD")


@pytest.mark.parametrize(
    ("code", "tile", "note"),
    [("EUR", "€7,426", "EUR, days in UTC"), ("CHF", "CHF 7,426", "CHF, days in UTC"), (None, "$7,426", "USD, days in")],
)
def test_a_page_shows_the_currency_of_the_build(
    code: str | None, tile: str, note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.build(tmp_path)
    pointer = json.loads((tmp_path / "current.json").read_text())
    if code:  # a build from before the setting is in dollars
        pointer["reporting_currency"] = code
    (tmp_path / "current.json").write_text(json.dumps(pointer))
    monkeypatch.setenv("UNITCOST_HOME", str(tmp_path))
    # what is shown is what was built, not what somebody has set since
    monkeypatch.setenv("UNITCOST_REPORTING_CURRENCY", "GBP")
    page = AppTest.from_file(str(dashboard.MAIN), default_timeout=60).run()
    assert not page.exception
    (cost,) = [metric.value for metric in page.metric if metric.label == "AI cost"]
    assert theme.plain(cost) == tile
    assert note in "\n".join(str(caption.value) for caption in page.caption)
    charts = page.get("plotly_chart")
    assert charts
    for chart in charts:
        locale = json.loads(chart.proto.config)["locales"]["unitcost"]
        assert locale["format"]["currency"] == [currency.symbol(code or "USD"), ""]


def test_an_amount_has_the_sign_before_the_currency() -> None:
    theme.report_in("CHF")
    assert [theme.money(Decimal(text)) for text in ("0", "1234.5", "-5.4", "0.0312")] == [
        "CHF 0",
        "CHF 1,234",
        "−CHF 5.40",
        "CHF 0.0312",
    ]
    theme.report_in("EUR")
    assert theme.signed_money(Decimal("12.5")) == "+€12.50"


def test_no_page_writes_a_dollar_by_itself() -> None:
    for module in (dashboard.MAIN.parent).rglob("*.py"):
        assert '"$' not in module.read_text(encoding="utf-8").replace('MONEY = "$,~f"', ""), module
