"""Whether a month is closed, and the way to close it: the one thing that the dashboard writes."""

from datetime import date, datetime

import polars as pl
import streamlit as st

from app import period_lock
from app.dashboard import filters, theme
from app.settings import Settings


def state(checklist: pl.DataFrame, month: date) -> None:
    """Say since when a month is closed, or offer to close it."""
    closed_at = checklist.filter(pl.col("month") == month)["closed_at"].max()
    if isinstance(closed_at, datetime):
        st.badge(
            f"Closed since {theme.moment(closed_at)}",
            icon=":material/lock:",
            color="gray",
            help="Its prices are those that the price book had then. Only `unitcost rerate` moves them.",
        )
        return
    try:
        pending = period_lock.closed_months().get(month)
    except period_lock.CloseError as error:
        st.error(theme.markdown(str(error)), icon=":material/error:")
        return
    if pending:
        st.info(
            f"{month:%B %Y} is closed as of {theme.moment(pending)}, from the next build on: run `unitcost build`.",
            icon=":material/lock_clock:",
        )
    elif filters.today() < (end := period_lock.first_day_after(month)):
        st.caption(f"{month:%B %Y} is not over: it can be closed from {theme.day(end)} on.")
    elif st.button(f"Close {month:%B %Y}…", icon=":material/lock_open:", key="close_period"):
        st.dialog(f"Close {month:%B %Y}", width="medium", icon=":material/lock:")(_ask)(checklist, month)


def _ask(checklist: pl.DataFrame, month: date) -> None:
    """What stands in the way, a note, and the last word."""
    standing = period_lock.obstacles(checklist, month)
    if standing:
        st.warning(
            "\n".join(["This stands in the way:", "", *(f"- {_said(one)}" for one in standing)]),
            icon=":material/warning:",
        )
    else:
        st.success("Nothing stands in the way.", icon=":material/check_circle:")
    st.markdown(
        "From the next build on, the calls of this month keep the prices of the figures that are shown here. To open it"
        " again, its line of `seeds/closed_periods.csv` is deleted by hand."
    )
    settings = Settings()
    if not settings.dashboard_can_close:
        st.code(f"unitcost close {month:%Y-%m}{' --anyway' if standing else ''}", language="shell")
        st.caption(
            "The dashboard has no log-in, so it closes nothing unless its owner sets `dashboard_can_close = true` in"
            " `unitcost.toml`. The command does the same."
        )
        return
    note = st.text_input("Note", placeholder="Who closes it, and why", key="close_note")
    accepted = st.checkbox("Close it all the same", key="close_anyway") if standing else False
    if st.button("Close the month", type="primary", disabled=bool(standing) and not accepted, key="close_confirm"):
        try:
            period_lock.close(settings, month, note=note, anyway=accepted)
        except period_lock.PROBLEMS as error:
            st.error(theme.markdown(str(error)), icon=":material/error:")
            return
        st.rerun()


def _said(one: period_lock.Obstacle) -> str:
    amount = "" if one.amount is None else f"{theme.money(one.amount)} "
    return theme.markdown(f"{one.bill}: {amount}{one.what}")
