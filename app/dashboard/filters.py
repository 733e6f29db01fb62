"""The shared filters: widgets in the sidebar, all in the URL, read by every page as one `View`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from app import marts
from app.builds import Build
from app.dashboard import data, periods, theme
from app.marts.conversations import CONVERSATIONS
from app.marts.margin import MARGIN
from app.marts.scope import Dimension, Grain, Scope
from app.marts.usage import Bounds

MEMBERS: tuple[Dimension, ...] = ("provider", "model", "feature", "customer", "environment")
_LAST_HOUR = time(23)


@dataclass(frozen=True)
class View:
    """What a page is asked to show."""

    build: Build
    newest: date
    """The newest day of data."""
    running: date | None
    """The newest day, where it was not over when the warehouse was built."""
    now: Scope
    full: Scope
    """`now` without the running day: what changes are computed on. The same as `now` where no other day is left."""
    before: Scope | None
    """What `full` is compared with."""
    why_no_before: str | None
    """Why nothing is compared although a comparison was asked."""
    palette: theme.Palette

    @property
    def path(self) -> str:
        """The file to read: the first argument of everything in `data`."""
        return str(self.build.path)

    @property
    def grain(self) -> Grain:
        """The width of one bar over time."""
        return periods.grain((self.now.start, self.now.end))

    @property
    def margin_blind_to(self) -> tuple[str, ...]:
        """The filters that are set and that revenue does not know."""
        return MARGIN.unknown(self.now)

    @property
    def conversations_blind_to(self) -> tuple[str, ...]:
        """The filters that are set and that conversations do not know."""
        return CONVERSATIONS.unknown(self.now)


def sidebar(build: Build, bounds: Bounds) -> View:
    """Draw the filters and read them. `bounds` are those of a warehouse with usage."""
    if bounds.first_day is None or bounds.last_day is None or bounds.last_hour_at is None:
        raise ValueError("a warehouse without usage has no period to choose")
    running = None
    if bounds.last_day >= build.built_at.date() and bounds.last_hour_at.time() < _LAST_HOUR:
        running = bounds.last_day
    preset, days = _period(bounds.first_day, bounds.last_day)
    compare = st.toggle("Compare with the prior period", value=True, key="compare", bind="query-params")
    every = st.toggle(
        "Include training and experiments",
        key="every_workload",
        bind="query-params",
        help="Training, evaluation, experiments and development count in AI cost then; never in unit cost or margin.",
    )
    now = _members(str(build.path), Scope(*days))
    # who asks for an environment by name gets it
    now = replace(now, is_production_only=not every and not now.environment)
    st.button("Clear all filters", on_click=clear, icon=":material/filter_alt_off:", width="stretch")

    full_days = periods.finished(days, running)
    before_days = periods.earlier(preset, full_days) if full_days else None
    why = None
    if compare and not before_days:
        why = "The only day of this period is not over yet: there is nothing to compare"
    elif compare and before_days and before_days[0] < bounds.first_day:
        why = f"Data starts on {theme.day(bounds.first_day)}: there is no whole period before this one to compare with"
    return View(
        build=build,
        newest=bounds.last_day,
        running=running,
        now=now,
        full=now.between(*full_days) if full_days else now,
        before=now.between(*before_days) if compare and before_days and not why else None,
        why_no_before=why,
        palette=theme.DARK if st.context.theme.type == "dark" else theme.LIGHT,
    )


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()


def current() -> View:
    """The view of this run, for a page."""
    view: View = st.session_state["view"]
    return view


def begin(page: str, view: View) -> None:
    """Note what this run shows, for its page and for what is taken away from it."""
    st.session_state["view"] = view
    st.session_state["page"] = page
    say("none: everything in the build")


def say(filters: str) -> None:
    """Note which filters the tables from here on obey, in words; until a page says so, none."""
    st.session_state["said"] = filters


def said() -> str:
    """Which filters the tables obey, in words."""
    return str(st.session_state["said"])


def page_name() -> str:
    """What the page is called."""
    return str(st.session_state["page"])


def narrow(dimension: Dimension, member: str) -> None:
    """Set one filter to one member. Only before the widgets are drawn: in a callback."""
    st.session_state[dimension] = [member]


def opens(dimension: Dimension, page: str | None = None) -> Callable[[str], None]:
    """What a click on a member does: show only that member, on `page` where one is named."""

    def clicked(member: str) -> None:
        narrow(dimension, member)
        if page:
            # Without `query_params` Streamlit clears the URL and refuses to, since the filters are bound to it.
            st.switch_page(page, query_params={})

    return clicked


def clear(*dimensions: Dimension) -> None:
    """Drop these filters, or all of them and the period. Only in a callback."""
    for dimension in dimensions or MEMBERS:
        st.session_state[dimension] = []
    if not dimensions:
        st.session_state["period"] = periods.default(current().newest, today())
        st.session_state["compare"] = True
        st.session_state["every_workload"] = False


def _period(first: date, newest: date) -> tuple[periods.Preset, periods.Days]:
    default = periods.default(newest, today())
    preset = st.segmented_control(
        "Period", periods.PRESETS, default=default, required=True, key="period", bind="query-params", wrap=True
    )
    preset = preset or default
    custom = (max(first, newest - timedelta(days=29)), newest)
    if preset == "Custom":
        picked = st.date_input(
            "Days",
            value=custom,
            min_value=first,
            max_value=newest,
            key="days",
            bind="query-params",
            format="YYYY-MM-DD",
        )
        if not isinstance(picked, tuple) or len(picked) != 2:  # noqa: PLR2004 - a range has two ends
            st.info("Choose the last day too.")
            st.stop()
        custom = picked
    return preset, periods.chosen(preset, first, newest, custom)


def _members(path: str, days: Scope) -> Scope:
    models = data.read(path, marts.usage.models)
    options: dict[Dimension, Sequence[str]] = {
        "provider": models["provider_id"].unique().sort().to_list(),
        "model": models["model_id"].unique().sort().to_list(),
        "feature": data.read(path, marts.usage.features),
        "customer": data.read(path, marts.usage.customers)["customer_id"].to_list(),
        "environment": data.read(path, marts.usage.environments),
    }
    for dimension in MEMBERS:
        wanted = st.session_state.get(dimension) or []
        if not set(wanted) <= set(options[dimension]):  # "12 others" was clicked, or a newer build dropped a member
            st.session_state[dimension] = [member for member in wanted if member in options[dimension]]
    chosen = {
        dimension: tuple(
            st.multiselect(
                dimension.capitalize(), options[dimension], key=dimension, bind="query-params", placeholder="All"
            )
        )
        for dimension in MEMBERS
    }
    providers, named = chosen["provider"], chosen["model"]
    answered_by = tuple(
        model
        for provider, model in models.select("provider_id", "model_id").iter_rows()
        if (not providers or provider in providers) and (not named or model in named)
    )
    return replace(
        days,
        provider=providers,
        model=named,
        feature=chosen["feature"],
        customer=chosen["customer"],
        environment=chosen["environment"],
        answered_by=answered_by if providers or named else (),
    )
