"""The frame around every page: page config, navigation, shared filters, how current the data is. Draws no figure."""

import logging
import uuid
from pathlib import Path

import streamlit as st

from app import builds, marts
from app.builds import NoBuildError
from app.dashboard import data, filters, garbage, states, theme
from app.marts.warehouse import MartError
from app.settings import Settings

_HERE = Path(__file__).parent
_PAGES = {
    "Understand": [
        st.Page(
            "app_pages/overview.py",
            title="Overview",
            icon=":material/monitoring:",
            default=True,
            help="Are we making money on AI, and what moved: cost, margin and unit cost of everything.",
        ),
        st.Page(
            "app_pages/changes.py",
            title="What changed",
            icon=":material/compare_arrows:",
            help="Why cost is not what it was: requests, models, tokens, caching, prices, in dollars that add up.",
        ),
        st.Page(
            "app_pages/anomalies.py",
            title="Anomalies",
            icon=":material/notification_important:",
            help="What cost more than usual: which driver of which feature, where, since when, and how much.",
        ),
        st.Page(
            "app_pages/savings.py",
            title="Savings",
            icon=":material/savings:",
            help="What could cost less, how much, on what evidence: caching, batches, routing, retries, history.",
        ),
        st.Page(
            "app_pages/whatif.py",
            title="What if",
            icon=":material/tune:",
            help="Cost, unit cost and margin with other models, caching, batches, answers, prices and volume.",
        ),
    ],
    "Unit economics": [
        st.Page(
            "app_pages/features.py",
            title="Features",
            icon=":material/widgets:",
            help="Which features pay for themselves: revenue against cost, margin and unit cost of each.",
        ),
        st.Page(
            "app_pages/customers.py",
            title="Customers",
            icon=":material/groups:",
            help="Whom we subsidise: revenue against cost and margin of each customer.",
        ),
        st.Page(
            "app_pages/units.py",
            title="Units",
            icon=":material/category:",
            help="What one conversation, document or ticket costs, of which parts, and the price that would do.",
        ),
        st.Page(
            "app_pages/models.py",
            title="Models",
            icon=":material/memory:",
            help="What serves the calls: cost, tokens, caching and retries by model, team, operation, environment.",
        ),
        st.Page(
            "app_pages/conversations.py",
            title="Conversations",
            icon=":material/forum:",
            help="The expensive conversations, and each of them call by call.",
        ),
    ],
    "Control": [
        st.Page(
            "app_pages/prices.py",
            title="Prices",
            icon=":material/sell:",
            help="The price book as of any day: history, calls without a price, conflicts, contracts and rerates.",
        ),
        st.Page(
            "app_pages/close.py",
            title="Close & reconcile",
            icon=":material/fact_check:",
            help="Is the month's bill explained: what calls cost beside what was billed, and what the difference is.",
        ),
        st.Page(
            "app_pages/health.py",
            title="Data health",
            icon=":material/health_and_safety:",
            help="Can the figures be believed: how current they are, what they leave out, what the tests said.",
        ),
    ],
}


def main() -> None:
    """Draw one run of the app."""
    st.set_page_config(
        page_title="unitcost", page_icon=str(_HERE / "favicon.png"), layout="wide", initial_sidebar_state=280
    )
    page = st.navigation(_PAGES)
    home = Settings().home
    try:
        build = builds.current(home)
    except NoBuildError:
        states.no_warehouse(home)
        return
    if build.schema_version != builds.SCHEMA_VERSION:
        states.other_version(build)
        return
    theme.report_in(build.facts.get("reporting_currency", "USD"))
    try:
        bounds = data.read(str(build.path), marts.usage.bounds)
        if bounds.last_day is None:
            states.no_usage()
            return
        with st.sidebar:
            view = filters.sidebar(build, bounds)
            states.freshness(view)
        filters.begin(page.title, view)
        page.run()
        garbage.settle(page.title)
    except MartError:
        number = uuid.uuid4().hex[:8]
        logging.getLogger("unitcost.dashboard").exception("error %s", number)
        states.failed(number)


main()
