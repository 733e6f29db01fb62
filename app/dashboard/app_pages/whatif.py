"""What if: what a scenario of models, caching, batches, answers, prices and volume would make of cost and margin."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
import streamlit as st

from app import marts, metrics, scenario
from app.dashboard import charts, data, filters, panels, states, theme
from app.dashboard.panels import Tile
from app.dashboard.tables import Column
from app.dashboard.theme import markdown as md
from app.scenario import NOTHING, Cell, Moved, Outcome, Scenario

EVERY_MODEL = "All with a cheaper one"
NO_CAP = "None"
SOLD_BY = {"Seat": "seat", "Unit": "unit"}
# where each slider changes nothing, by its name in the URL
NEUTRAL = {
    "whatif_model": EVERY_MODEL,
    "whatif_cap": NO_CAP,
    "whatif_sold_by": "Seat",
    **dict.fromkeys(("whatif_cheaper", "whatif_cache", "whatif_batch", "whatif_volume", "whatif_price"), 0),
}
_MONEY = pl.Decimal(38, 12)

view = filters.current()
panels.title(view, "What if")
base = data.read(view.path, marts.savings.scenario_base, view.now)
if base.is_empty():
    states.empty(view)
    st.stop()
cells = [Cell.of(row) for row in base.iter_rows(named=True)]


def reset() -> None:
    """Set every slider to where it changes nothing."""
    st.session_state.update(NEUTRAL)


def slider(label: str, key: str, *, least: int = 0, most: int = 100, told: str) -> Decimal:
    """Draw a slider in whole per cent, with what it starts from under it; returns a share."""
    with st.container():
        value = st.slider(label, least, most, 0, step=5, format="%d%%", key=key, bind="query-params")
        st.caption(told)
    return Decimal(value) / 100


def asked(now: Outcome) -> Scenario:
    """Draw the sliders."""
    reach = {name: md(theme.money(cost)) for name, cost in now.reach.items()}
    inputs = sum(metrics.count(base, name) for name in ("uncached_input_tokens", *_CACHED))
    read = theme.percent(metrics.ratio(metrics.count(base, "cache_read_tokens"), inputs))
    batches = metrics.total(base.filter("is_in_batch"), "cost_usd") or NOTHING
    in_batch = theme.percent(metrics.ratio(batches, metrics.total(base, "cost_usd")))
    dear = sorted({cell.model_id for cell in cells if "cheaper" in scenario.reached(cell)})
    with panels.card("Scenario") as head:
        head.button("Reset", on_click=reset, icon=":material/restart_alt:", type="tertiary")
        with st.grid(4, min_column_width=210):
            with st.container():
                model = st.selectbox("Dear model", [EVERY_MODEL, *dear], key="whatif_model", bind="query-params")
                st.caption("By seeds/model_tiers.csv.")
            cheaper = slider("To the cheaper model", "whatif_cheaper", told=f"{reach['cheaper']} of calls have one.")
            cache = slider("More under a cache", "whatif_cache", told=f"{read} of input is read from caches now.")
            batch = slider("More in batches", "whatif_batch", told=f"{in_batch} now; {reach['batch']} could be.")
            with st.container():
                cap = st.select_slider(
                    "Limit of an answer",
                    [*map(str, scenario.CAPS), NO_CAP],
                    NO_CAP,
                    key="whatif_cap",
                    bind="query-params",
                )
                st.caption("Tokens, reasoning included.")
            volume = slider("Volume", "whatif_volume", least=-50, most=200, told="More or fewer calls, as they are.")
            price = slider("Price", "whatif_price", least=-50, most=100, told="Of a seat or unit: of all revenue.")
            with st.container():
                sold = st.segmented_control(
                    "Sold by", list(SOLD_BY), default="Seat", required=True, key="whatif_sold_by", bind="query-params"
                )
                st.caption("Of units, more are sold with the volume.")
    return Scenario(
        cheaper=cheaper,
        dear_model_id=None if model == EVERY_MODEL else model,
        cache=cache,
        batch=batch,
        output_cap=None if cap == NO_CAP else int(cap),
        volume=volume,
        price=price,
        sold_by="unit" if sold == "Unit" else "seat",
    )


_CACHED = ("cache_read_tokens", "cache_write_tokens")


def run(what: Scenario) -> Outcome:
    """The scenario over the cells, with revenue and conversations where the filters leave them known."""
    revenue = cogs = units = None
    # training and experiments count in no unit cost and no margin
    if view.now.is_production_only and not view.margin_blind_to:
        margin = data.read(view.path, marts.margin.totals, view.now)
        revenue, cogs = metrics.total(margin, "revenue_usd"), metrics.total(margin, "cogs_usd")
    if view.now.is_production_only and not view.conversations_blind_to:
        units = metrics.count(data.read(view.path, marts.conversations.totals, view.now), "conversation_count")
    return scenario.run(cells, what, revenue=revenue, cogs=cogs, units=units)


def settings(what: Scenario) -> dict[str, str]:
    """What is asked of each effect, in words."""
    dear = what.dear_model_id or "dear models"
    said = {
        "volume": theme.signed_percent(float(what.volume)),
        "output_cap": f"{what.output_cap:,} tokens an answer" if what.output_cap else "",
        "cheaper": f"{theme.percent(what.cheaper)} of {dear}",
        "cache": f"{theme.percent(what.cache)} of uncached input",
        "batch": f"{theme.percent(what.batch)} of what is in none",
        "price": f"{theme.signed_percent(float(what.price))} a {what.sold_by}",
    }
    return {name: text if getattr(what, name) else "as it is" for name, text in said.items()}


def margins(then: Outcome) -> tuple[float | None, float | None]:
    """Gross margin now and then; None where there is no revenue, or more is refunded than paid."""
    revenue, profit = _both(then.revenue), _both(then.gross_profit)
    now, later = (
        metrics.gross_margin(earned, left) if earned is not None and left is not None and earned > 0 else None
        for earned, left in zip(revenue, profit, strict=True)
    )
    return now, later


def headline(then: Outcome) -> str:
    """Say what to take away, as Markdown."""
    if then.cost is None:
        return "None of these calls has a price: nothing is known of what they would cost."
    cost = f"**{md(theme.money(then.cost.then))}**"
    if then.cost.then == then.cost.now:
        said = f"AI cost stays at {cost}"
    else:
        said = f"AI cost would be {cost} instead of {md(theme.money(then.cost.now))}"
    now, later = margins(then)
    if now is not None and later is not None:
        said += f", gross margin **{theme.percent(later)}**" + (
            f" instead of {theme.percent(now)}" if later != now else ""
        )
    return said + "."


def summary(then: Outcome) -> None:
    """Draw what it comes to, beside what it is."""
    each: list[Decimal | None] = [None, None]
    if then.cost and then.units_now and then.units_then:
        each = [then.cost.now / then.units_now, then.cost.then / then.units_then]
    now, later = margins(then)
    moved = None if now is None or later is None else later - now
    panels.tiles(
        [
            _tile("AI cost", _both(then.cost), up_is=False),
            _tile(
                "Per conversation",
                each,
                up_is=False,
                told="AI cost ÷ conversations that started, or would, with the volume.",
            ),
            _tile("Revenue", _both(then.revenue), up_is=True),
            _tile("Gross profit", _both(then.gross_profit), up_is=True, told="Shared cost stays as it is."),
            Tile(
                "Gross margin",
                theme.percent(later),
                theme.points(moved) if moved else None,
                good=moved > 0 if moved else None,
                note=f"now {theme.percent(now)}",
            ),
        ]
    )


def _both(moved: Moved | None) -> Sequence[Decimal | None]:
    return (moved.now, moved.then) if moved else (None, None)


def _tile(label: str, amounts: Sequence[Decimal | None], *, up_is: bool, told: str | None = None) -> Tile:
    now, then = amounts
    moved = None if now is None or then is None else then - now
    return Tile(
        label,
        theme.money(then),
        theme.signed_money(moved) if moved else None,
        good=(moved > 0) == up_is if moved else None,
        note=f"now {theme.money(now)}",
        help=told,
    )


def waterfall(heading: str, moved: Moved, key: str, *, up_is_bad: bool) -> None:
    """Draw the way from an amount now to what it would be."""
    rows = [
        ("Now", moved.now),
        *((scenario.EFFECTS[name], amount) for name, amount in moved.effects.items() if amount),
        ("Then", moved.then),
    ]
    frame = pl.DataFrame(rows, schema={"name": pl.String, "amount_usd": _MONEY}, orient="row")
    with panels.card(heading) as head:
        panels.chart(
            head,
            charts.cost.bridge(frame, view.palette, up_is_bad=up_is_bad),
            alt=f"{heading}: from {theme.money(moved.now)} to {theme.money(moved.then)}.",
            key=key,
            table=frame,
            columns={"name": Column("Effect"), "amount_usd": Column("Amount", "money")},
            note="Each of what those before it left: they sum to the difference.",
        )


def effects(what: Scenario, then: Outcome) -> None:
    """List what each slider moved."""
    said = settings(what)
    shown = (then.cost, then.revenue, then.gross_profit)
    rows = [
        ("Now", "", None, *(moved.now if moved else None for moved in shown)),
        *(
            (word, said[name], then.reach.get(name), *(moved and moved.effects.get(name, NOTHING) for moved in shown))
            for name, word in scenario.EFFECTS.items()
        ),
        ("Then", "", None, *(moved.then if moved else None for moved in shown)),
    ]
    columns = {
        "name": Column("Effect"),
        "setting": Column("Asked"),
        "reach_usd": Column("Cost that it could move", "money"),
        "cost_usd": Column("AI cost", "money"),
        "revenue_usd": Column("Revenue", "money"),
        "gross_profit_usd": Column("Gross profit", "money"),
    }
    frame = pl.DataFrame(
        rows, schema={name: _MONEY if column.kind == "money" else pl.String for name, column in columns.items()},
        orient="row",
    )  # fmt: skip
    panels.table(
        "Scenario",
        frame,
        columns,
        alt="What each slider moves of cost, revenue and gross profit, from now to then.",
        key="scenario",
        note="The rows between sum to the difference. What a slider cannot move has no such price.",
    )


def members(then: Outcome) -> None:
    """List features and their models, what moves most first."""
    rows = [
        {
            "feature_id": cell.feature_id,
            "model_id": cell.model_id,
            "candidate": cell.candidate_model_id,
            "evidence": "measured" if cell.is_evidenced else "none" if cell.candidate_model_id else None,
            "now_usd": moved and moved.now,
            "then_usd": moved and moved.then,
            "unpriced_request_count": cell.unpriced_request_count,
        }
        for cell, moved in then.cells
    ]
    money = pl.col("now_usd", "then_usd")
    frame = (
        pl.DataFrame(rows, schema_overrides=dict.fromkeys(("now_usd", "then_usd"), _MONEY), infer_schema_length=None)
        .group_by("feature_id", "model_id", "candidate", "evidence", maintain_order=True)
        .agg(pl.when(money.is_not_null().any()).then(money.sum()), pl.col("unpriced_request_count").sum())
        .with_columns((pl.col("then_usd") - pl.col("now_usd")).alias("moved_usd"))
        .sort(
            pl.col("moved_usd").abs(), "now_usd", "feature_id", "model_id",
            descending=[True, True, False, False], nulls_last=True,
        )
    )  # fmt: skip
    panels.table(
        "Features and models",
        frame,
        {
            "feature_id": Column("Feature"),
            "model_id": Column("Model"),
            "now_usd": Column("Now", "money"),
            "then_usd": Column("Then", "money"),
            "moved_usd": Column("Change", "money"),
            "candidate": Column("Cheaper model"),
            "evidence": Column(
                "Its quality", help="Whether it was measured and is good enough: seeds/model_tiers.csv."
            ),
            "unpriced_request_count": Column("Calls without a price", "count"),
        },
        alt="Features and models with cost now and in the scenario, what moves most first.",
        key="scenario_members",
        note="By the model that answers now. What has no price is unknown now and then, never 0.",
    )


def caveats(what: Scenario, then: Outcome) -> None:
    """Say what is not known and what is not in it."""
    if then.unpriced_request_count:
        st.info(
            f"Calls without a price: {theme.count(then.unpriced_request_count)}, in no figure here, now or then.",
            icon=":material/info:",
        )
    unproven = sorted(
        {
            f"{cell.model_id} by {cell.candidate_model_id}"
            for cell, _ in then.cells
            if "cheaper" in scenario.reached(cell)
            and not cell.is_evidenced
            and what.dear_model_id in (None, cell.model_id)
        }
    )
    if what.cheaper and unproven:
        st.warning(
            f"Nobody has measured whether answers stay good enough: {md('; '.join(unproven))}.",
            icon=":material/science:",
        )
    if not view.now.is_production_only and not view.margin_blind_to:
        st.info(
            "Revenue, margin and conversations are of production: left out with training and experiments.",
            icon=":material/info:",
        )


now = run(Scenario())
what = asked(now)
then = run(what)
st.markdown(headline(then))
panels.blindness(view)
caveats(what, then)
summary(then)
if then.cost:
    left, right = st.columns(2) if then.gross_profit else (st.container(), st.container())
    with left:
        waterfall("AI cost, now and then", then.cost, "scenario_cost", up_is_bad=True)
    if then.gross_profit:
        with right:
            waterfall("Gross profit, now and then", then.gross_profit, "scenario_profit", up_is_bad=False)
effects(what, then)
members(then)
st.caption(
    "Not in it: what a cheaper model, a shorter answer or a wait does to quality, to retries and to what people do;"
    " what a provider can serve; shared cost and machines, which stay. Prices are those of the days shown, and what is"
    " paid keeps its relation to them. What comes under a cache is read and written in the proportion that the feature"
    " and model has today, half and half where it has none; Savings replays what caching really finds."
)
