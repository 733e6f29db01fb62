"""What is shown instead of figures, or beside them, when something is missing. Each says what and what to do."""

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from app import builds
from app.builds import Build
from app.dashboard import filters, theme
from app.dashboard.filters import View

STALE_AFTER_DAYS = 3
"""Bills and log exports come daily; past this many days something stopped."""


def no_warehouse(home: Path) -> None:
    """Nothing was published yet."""
    with st.container(border=True):
        st.subheader("No data yet", anchor=False)
        st.markdown(
            f"There is no finished warehouse under `{home}`. Build one from an imaginary company,"
            " or from your own exports:"
        )
        st.code("unitcost demo\nunitcost ingest PATH && unitcost build", language="shell")
        st.caption("Then reload this page. Another place is named with the environment variable UNITCOST_HOME.")


def other_version(build: Build) -> None:
    """The warehouse has another shape than this dashboard reads."""
    st.error(
        f"The warehouse was built in schema version {build.schema_version}; this dashboard reads version"
        f" {builds.SCHEMA_VERSION}. Run `unitcost build` with the same version of unitcost as the dashboard.",
        title="The warehouse and the dashboard do not fit together",
        icon=":material/sync_problem:",
    )


def no_usage() -> None:
    """A warehouse without one request."""
    st.info(
        "The warehouse is built, but no request log was loaded: run `unitcost ingest PATH`, then `unitcost build`.",
        title="No usage yet",
        icon=":material/inbox:",
    )


def failed(number: str) -> None:
    """A mart could not be read; the log has the cause under `number`."""
    st.error(
        f"The warehouse could not be read (error {number}; the cause is in the log of the server).",
        title="No figures",
        icon=":material/error:",
    )
    st.button("Try again", icon=":material/refresh:")


def freshness(view: View) -> None:
    """How current the figures are, under the filters."""
    age = (datetime.now(UTC).date() - view.newest).days
    stale = age > STALE_AFTER_DAYS
    st.badge(
        f"Data as of {theme.day(view.newest)}",
        icon=":material/schedule:",
        color="orange" if stale else "gray",
        help=f"The newest usage in the warehouse that was built at {theme.moment(view.build.built_at)}.",
    )
    if stale:
        st.caption(f"The newest usage is {age} days old. Is `unitcost run` still scheduled?")


def empty(view: View, what: str = "AI cost") -> None:
    """Nothing is left after the filters."""
    st.info(
        f"No {what} for these filters in {theme.span(view.now.start, view.now.end)}."
        f" The newest data is of {theme.day(view.newest)}.",
        icon=":material/filter_alt:",
    )
    st.button("Clear all filters", on_click=filters.clear, key="empty_clear", icon=":material/filter_alt_off:")
