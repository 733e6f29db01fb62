"""The dashboard in a real Chromium, served by the command that `unitcost dashboard` runs."""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app import dashboard
from tests.app import excel, synthetic

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-background-networking", "--disable-gpu"]
PROBES = ("/_stcore/health", "/_stcore/host-config")  # Streamlit looks for its base path on a deep link

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running dashboard, started far from the checkout."""
    given = os.environ.get("UNITCOST_HOME")
    home = Path(given).resolve() if given else tmp_path_factory.mktemp("warehouse")
    if not given:
        synthetic.build(home)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = dashboard.command(home, port, browser=False)
    log = tmp_path_factory.mktemp("server") / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            argv, env={**os.environ, "UNITCOST_HOME": str(home)}, cwd=log.parent, stdout=out, stderr=out
        ) as process,
    ):
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_healthy(address, process, log)
            yield address
        finally:
            process.terminate()
    assert "Traceback" not in log.read_text()


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health"):  # noqa: S310 - our own address
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"the dashboard did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Reader:
    """A person at a browser, who notices requests to strangers and errors in the console."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.strangers: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._notice(request.url))
        page.on("console", lambda message: self._hear(message.type, message.text, message.location.get("url", "")))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _notice(self, url: str) -> None:
        if not url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.strangers.append(url)

    def _hear(self, kind: str, text: str, url: str) -> None:
        if kind == "error" and not urlsplit(url).path.endswith(PROBES):
            self.errors.append(f"{text} ({url})")

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and what it sent is drawn."""
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(
            "document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'",
            timeout=60_000,
        )
        self.page.wait_for_timeout(300)

    def charts(self, number: int) -> None:
        """Wait until so many charts are drawn."""
        expect(self.page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=30_000)
        expect(self.page.locator(".js-plotly-plot")).to_have_count(number, timeout=30_000)

    def press(self, x: float, y: float) -> None:
        """Click as a hand does: Plotly ignores a click without a way and a duration."""
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(300)
        self.page.mouse.down()
        self.page.wait_for_timeout(50)
        self.page.mouse.up()
        self.settle()

    def press_first_cell(self, heading: str) -> None:
        """Click the first column of the first row of the table under a heading: a canvas, so by place."""
        card = self.page.locator("[data-testid=stVerticalBlock]").filter(
            has=self.page.get_by_role("heading", name=heading)
        )
        table = card.last.locator("[data-testid=stDataFrame]").first
        table.scroll_into_view_if_needed()
        self.page.wait_for_timeout(500)
        box = table.bounding_box()
        assert box
        self.press(box["x"] + 40, box["y"] + 49)

    def value(self, label: str) -> str:
        """The value of a tile."""
        tile = self.page.locator("[data-testid=stMetric]").filter(has_text=label)
        return tile.locator("[data-testid=stMetricValue]").inner_text()

    @property
    def asked(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)

    @property
    def where(self) -> str:
        return urlsplit(self.page.url).path


@pytest.fixture
def reader(chromium: Browser, server: str) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    reader = Reader(context.new_page(), server)
    yield reader
    context.close()
    assert reader.strangers == []
    assert reader.errors == []


@pytest.mark.parametrize(("path", "charts"), [("", 3), ("features", 2), ("customers", 3), ("conversations", 2)])
def test_every_page_is_drawn_without_a_stranger_or_an_error(reader: Reader, path: str, charts: int) -> None:
    reader.goto(path)
    reader.charts(charts)
    expect(reader.page.locator("[data-testid=stMetric]")).to_have_count(5)
    expect(reader.page.get_by_role("heading", level=1)).to_be_visible()
    icon = reader.page.locator("link[rel~=icon]").first.get_attribute("href")
    assert icon
    assert "gstatic" not in icon


def test_from_a_call_to_the_price_that_it_was_rated_by_with_the_filters_kept(reader: Reader) -> None:
    reader.goto("conversations?period=90D")
    reader.charts(2)
    reader.press_first_cell("The most expensive conversations")
    reader.charts(1)
    call = reader.page.locator(".js-plotly-plot .barlayer .point path").first
    call.scroll_into_view_if_needed()
    reader.page.wait_for_timeout(300)
    box = call.bounding_box()
    assert box
    reader.press(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert reader.asked["call"] == ["1"]
    formula = reader.page.get_by_text(re.compile(r"^[\d,]+ × \$[\d.]+ / 1M .*= \$[\d.,]+$"))
    expect(formula).to_be_visible()
    reader.page.get_by_role("link", name="in the price book").click()
    reader.charts(1)
    expect(reader.page.get_by_role("heading", level=1, name="Prices")).to_be_visible()
    expect(reader.page.get_by_role("heading", name="What calls are rated by")).to_be_visible()
    assert (reader.asked["period"], reader.asked["section"]) == (["90D"], ["History"])


@pytest.mark.parametrize("section", ["Book", "Gaps", "Conflicts", "Overrides"])
def test_every_section_of_the_prices_is_drawn_without_a_stranger_or_an_error(reader: Reader, section: str) -> None:
    reader.goto(f"prices?section={section}")
    expect(reader.page.get_by_role("tab", name=section)).to_have_attribute("aria-selected", "true")
    expect(reader.page.locator("[data-testid=stDataFrame], [data-testid=stAlert]").first).to_be_visible()


def test_data_health_is_drawn_without_a_stranger_or_an_error(reader: Reader) -> None:
    reader.goto("health")
    expect(reader.page.get_by_role("heading", name="What the bills are for")).to_be_visible()
    expect(reader.page.get_by_role("heading", name="Tests of the build")).to_be_visible()
    expect(reader.page.locator("[data-testid=stDataFrame]")).to_have_count(12)


def test_units_are_drawn_without_a_stranger_or_an_error(reader: Reader) -> None:
    reader.goto("units")
    reader.charts(2)
    expect(reader.page.locator("[data-testid=stMetric]")).to_have_count(8)
    expect(reader.page.locator("[data-testid=stDataFrame]")).to_have_count(4)


def test_what_changed_is_drawn_without_a_stranger_or_an_error(reader: Reader) -> None:
    reader.goto("changes")
    reader.charts(4)
    expect(reader.page.get_by_role("heading", name="From then to now")).to_be_visible()


def test_anomalies_are_drawn_without_a_stranger_or_an_error(reader: Reader) -> None:
    reader.goto("anomalies?anomaly=a1")
    reader.charts(1)
    expect(reader.page.locator("[data-testid=stDataFrame]")).to_have_count(3)


def test_savings_are_drawn_without_a_stranger_or_an_error(reader: Reader) -> None:
    reader.goto("savings")
    reader.charts(3)
    expect(reader.page.locator("[data-testid=stMetric]")).to_have_count(5)
    expect(reader.page.locator("[data-testid=stDataFrame]")).to_have_count(5)


def test_a_scenario_is_drawn_and_its_sliders_are_in_the_link(reader: Reader) -> None:
    reader.goto("whatif?whatif_cheaper=50")
    reader.charts(2)
    expect(reader.page.locator("[data-testid=stMetric]")).to_have_count(5)
    scenario = reader.value("AI cost")
    knob = reader.page.locator("[data-testid=stSlider]").filter(has_text="More in batches").get_by_role("slider")
    for _ in range(4):
        knob.press("ArrowRight")
    expect(reader.page).to_have_url(re.compile("whatif_batch=20"))
    assert {"whatif_cheaper": ["50"], "whatif_batch": ["20"]}.items() <= parse_qs(
        urlsplit(reader.page.url).query
    ).items()
    expect(reader.page.locator("[data-testid=stMetric]").first).not_to_contain_text(scenario)
    reader.page.get_by_role("button", name=re.compile("Reset$")).click()
    expect(reader.page).not_to_have_url(re.compile("whatif_"))


def test_every_chart_and_table_has_a_name_for_those_who_do_not_see_it(reader: Reader) -> None:
    reader.goto("")
    reader.charts(3)
    for element in ("stPlotlyChart", "stDataFrame"):
        for named in reader.page.locator(f"[data-testid={element}]").all():
            names = named.evaluate(
                "e => [e, ...e.querySelectorAll('[aria-label]')].map(x => x.getAttribute('aria-label'))"
            )
            assert any(name and name.endswith(".") for name in names), names


def test_a_filter_changes_the_figures_and_the_link(reader: Reader) -> None:
    reader.goto("")
    reader.charts(3)
    whole = reader.value("AI cost")
    reader.page.locator("[data-testid=stMultiSelect]").filter(has_text="Provider").get_by_role("combobox").click()
    reader.page.get_by_role("option").filter(has_not_text="Select all").first.click()
    reader.page.keyboard.press("Escape")
    reader.settle()
    assert reader.value("AI cost") != whole
    assert reader.value("Gross margin") == "n/a"
    provider = reader.asked["provider"]
    part = reader.value("AI cost")
    reader.page.reload()
    reader.settle()
    assert (reader.value("AI cost"), reader.asked["provider"]) == (part, provider)
    reader.page.get_by_role("button", name="Clear all filters").click()
    reader.settle()
    assert reader.value("AI cost") == whole
    assert reader.asked == {}


def test_from_the_overview_down_to_one_conversation_and_back_with_the_filters_kept(reader: Reader) -> None:
    reader.goto("?period=90D")
    reader.charts(3)
    reader.press_first_cell("Customers with the lowest margin")
    expect(reader.page.get_by_role("heading", level=1, name="Customers")).to_be_visible()
    customer = reader.asked["customer"]
    assert len(customer) == 1
    reader.page.get_by_role("link", name="Conversations of").click()
    expect(reader.page.get_by_role("heading", level=1, name="Conversations")).to_be_visible()
    reader.settle()
    assert reader.asked == {"period": ["90D"], "customer": customer}
    reader.press_first_cell("The most expensive conversations")
    expect(reader.page.get_by_role("heading", level=1, name="Conversation ")).to_be_visible()
    reader.charts(1)
    assert reader.asked["conversation"]
    reader.page.get_by_role("button", name="All conversations").click()
    reader.settle()
    assert reader.asked == {"period": ["90D"], "customer": customer}
    reader.page.go_back()
    reader.settle()
    expect(reader.page.get_by_role("heading", level=1, name="Conversation ")).to_be_visible()


def test_a_click_on_a_bar_looks_into_the_feature(reader: Reader) -> None:
    reader.goto("")
    reader.charts(3)
    bar = reader.page.locator(".js-plotly-plot").nth(1).locator(".barlayer .point path").first
    bar.scroll_into_view_if_needed()
    reader.page.wait_for_timeout(300)
    box = bar.bounding_box()
    assert box
    reader.press(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(reader.page.get_by_role("heading", level=1, name="Features")).to_be_visible()
    assert len(reader.asked["feature"]) == 1


def test_a_table_can_be_taken_away_as_csv_excel_and_parquet(reader: Reader) -> None:
    reader.goto("customers?period=7D")
    reader.charts(3)
    expect(reader.page.get_by_role("button", name="CSV")).to_have_count(0)
    reader.page.locator("[data-testid=stPopoverButton]").filter(has_text="Download").first.click()
    files = {}
    for name, suffix in {"CSV": "csv", "Excel": "xlsx", "Parquet": "parquet"}.items():
        with reader.page.expect_download() as download:
            reader.page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"unitcost-customers.{suffix}"
        files[suffix] = download.value.path().read_bytes()
    lines = files["csv"].decode().splitlines()
    assert lines[0].startswith("customer_id,plan_id,margin_class,revenue_usd,cost_usd")
    assert not any(line.startswith(("=", '"=')) for line in lines)
    told = pl.read_parquet(files["parquet"])
    assert len(told) == len(lines) - 1 == len(excel.table(files["xlsx"]))
    assert told.schema["cost_usd"] == pl.Decimal(38, 12)
    about = excel.about(files["xlsx"])
    assert (about["Page"], about["Table"]) == ("Customers", "All customers")
    reader.page.keyboard.press("Escape")
    reader.settle()
    expect(reader.page.get_by_role("button", name="CSV")).to_have_count(0)


def test_the_figures_behind_a_chart_can_be_opened(reader: Reader) -> None:
    reader.goto("features")
    reader.charts(2)
    reader.page.get_by_role("button", name="Data").first.click()
    reader.settle()
    behind = reader.page.get_by_role("region", name="The figures behind the chart. Revenue against AI cost")
    expect(behind).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dashboard_follows_the_light_and_fits_a_telephone(chromium: Browser, server: str, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    reader = Reader(context.new_page(), server)
    reader.goto("")
    reader.charts(3)
    page = reader.page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    shade = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
    assert (sum(int(part) for part in shade[4:-1].split(",")) > 3 * 128) is (scheme == "light")
    context.close()
