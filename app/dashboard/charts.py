"""One function a chart: a frame in, a figure out. Knows no Streamlit and reads no data.

Money becomes a float here and nowhere before. A click carries the member in `customdata`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.price_words import BEGINNING, END
from app.dashboard.theme import Palette
from app.marts.conversations import COST_STEPS
from app.marts.scope import Grain
from app.metrics import THIN_MARGIN

TOKENS = {
    "uncached_input_tokens": "Input, not cached",
    "cache_read_tokens": "Input, read from cache",
    "cache_write_tokens": "Input, written to cache",
    "output_tokens": "Output",
}
MONEY = "$,~f"
"""Ticks of money, no idle zeros. To Plotly `$` is the symbol of the locale, which `panels.chart` sets."""
_LABELLED = 4
"""Names that a scatter shows beside its marks."""
_FEW = 5
"""Fewer conversations than this have no median worth a line."""
_GRAIN_DAYS: Mapping[Grain, int] = {"day": 1, "week": 7, "month": 30}
_DAY_MS = 86_400_000
_UPPER, _LOWER = [0.36, 1], [0, 0.24]
"""Where two panels stand above each other on one time axis."""


def cost_over_time(
    cost: pl.DataFrame,
    by: str,
    colours: Mapping[str, str],
    palette: Palette,
    *,
    margin: pl.DataFrame | None,
    grain: Grain,
    is_open: Callable[[date], bool],
) -> go.Figure:
    """Stacked bars of `cost_usd` per `period` and member of `by`; below, on an axis of its own, `gross_margin`.

    A bar is as wide as its `grain`, however few of them there are.
    """
    figure = blank(palette, 420 if margin is not None else 330)
    for member, colour in colours.items():
        rows = cost.filter(pl.col(by) == member)
        starts = rows["period"].to_list()
        figure.add_bar(
            x=starts,
            y=floats(rows, "cost_usd"),
            name=theme.markup(member),
            width=_GRAIN_DAYS[grain] * _DAY_MS * 0.85,
            marker={"color": colour, "pattern": {"shape": ["/" if is_open(start) else "" for start in starts]}},
            hovertemplate="%{y:$,.2f}",
        )
    figure.update_layout(barmode="stack", hovermode="x unified")
    figure.update_yaxes(tickformat=MONEY, rangemode="tozero", title="AI cost")
    if margin is not None:
        known = margin.filter(pl.col("gross_margin").is_not_null())
        figure.add_scatter(
            x=known["period"].to_list(),
            y=known["gross_margin"].to_list(),
            yaxis="y2",
            name="Gross margin",
            showlegend=False,
            mode="lines+markers",
            line={"color": palette.text, "width": 2},
            marker={"size": 4},
            hovertemplate="%{y:.1%}",
        )
        below = {"domain": _LOWER, "anchor": "x", "tickformat": ".0%", "title": "Gross margin", "nticks": 4}
        figure.update_layout(yaxis={"domain": _UPPER}, yaxis2=below, xaxis={"anchor": "y2"})
        figure.update_yaxes(gridcolor=palette.grid, zerolinecolor=palette.bad, zeroline=True, selector={"nticks": 4})
    return figure


def cost_bars(
    frame: pl.DataFrame,
    on: str,
    palette: Palette,
    *,
    labels: Sequence[str],
    fills: Sequence[str],
    cost: str = "cost_usd",
) -> go.Figure:
    """Horizontal bars of a column of cost, the first row on top, each with its own label."""
    figure = blank(palette, 80 + 32 * len(frame))
    costs = floats(frame, cost)
    figure.add_bar(
        x=costs,
        y=member_names(frame, on),
        customdata=frame[on].to_list(),
        orientation="h",
        text=list(labels),
        textposition="outside",
        cliponaxis=False,
        marker={"color": list(fills)},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    known = [one or 0.0 for one in costs]
    least, most = min([0.0, *known]), max([0.0, *known])
    figure.update_layout(showlegend=False, margin={"t": 8})
    figure.update_xaxes(tickformat=MONEY, range=[least * 1.6, most * 1.6 or 1], nticks=5)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return figure


def revenue_against_cost(frame: pl.DataFrame, on: str, palette: Palette) -> go.Figure:
    """One mark a member on logarithmic axes, revenue across and cost up, with the line where they are equal.

    A member without revenue or without cost has no place there: leave those out of `frame`.
    """
    figure = blank(palette, 400)
    edges = [size for name in ("revenue_usd", "cogs_usd") for size in floats(frame, name) if size]
    low, high = (min(edges) / 2, max(edges) * 2) if edges else (1.0, 10.0)
    figure.add_scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        line={"color": palette.line, "dash": "dash", "width": 1.5},
        name="Break-even",
        hoverinfo="skip",
    )
    losers_first = frame.sort(pl.col("margin_class") == "under_water", "cogs_usd", descending=True, nulls_last=True)
    labelled, middle = set(losers_first[on].head(_LABELLED)), (low * high) ** 0.5
    for kind, name in theme.MARGIN_CLASSES.items():
        rows = frame.filter(pl.col("margin_class") == kind).sort("revenue_usd")
        if rows.is_empty():
            continue
        figure.add_scatter(
            x=floats(rows, "revenue_usd"),
            y=floats(rows, "cogs_usd"),
            customdata=rows[on].to_list(),
            mode="markers+text",
            text=[theme.markup(member) if member in labelled else "" for member in rows[on]],
            textposition=[
                f"{'top' if place % 2 else 'bottom'} {'left' if paid > middle else 'right'}"
                for place, paid in enumerate(rows["revenue_usd"])
            ],
            textfont={"size": 11},
            name=name,
            marker={
                "color": theme.margin_colour(palette, kind),
                "size": 10,
                "opacity": 0.85,
                "symbol": {"thin": "diamond", "under_water": "x"}.get(kind, "circle"),
            },
            hovertext=[
                f"<b>{theme.markup(member)}</b><br>Revenue {theme.money(revenue)}<br>AI cost {theme.money(cost)}"
                f"<br>Margin {theme.percent(margin)}"
                for member, revenue, cost, margin in rows.select(
                    on, "revenue_usd", "cogs_usd", "gross_margin"
                ).iter_rows()
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    scale = {"type": "log", **_powers(low, high)}
    figure.update_xaxes(title="Revenue", showgrid=True, gridcolor=palette.grid, **scale)
    figure.update_yaxes(title="AI cost", **scale)
    return figure


def margin_bars(frame: pl.DataFrame, on: str, palette: Palette) -> go.Figure:
    """Gross margin per member, the lowest on top, with the line below which a margin is thin."""
    known = frame.filter(pl.col("gross_margin").is_not_null()).sort("gross_margin")
    figure = blank(palette, max(400, 100 + 32 * len(known)))
    figure.add_bar(
        x=known["gross_margin"].to_list(),
        y=member_names(known, on),
        customdata=known[on].to_list(),
        orientation="h",
        text=[theme.percent(margin) for margin in known["gross_margin"]],
        textposition="outside",
        cliponaxis=False,
        marker={"color": [theme.margin_colour(palette, kind) for kind in known["margin_class"]]},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure.add_vline(x=THIN_MARGIN, line={"color": palette.line, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=THIN_MARGIN,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"thin below {THIN_MARGIN:.0%}",
        showarrow=False,
        font={"size": 11},
    )
    lowest = min([0.0, *known["gross_margin"].to_list()])
    figure.update_layout(showlegend=False, bargap=0.35)
    figure.update_xaxes(tickformat=".0%", range=[lowest * 1.25, 1.15], zeroline=True, zerolinecolor=palette.line)
    figure.update_yaxes(range=[max(len(known), 6) - 0.5, -0.5], showgrid=False, type="category")
    return figure


def bridge(frame: pl.DataFrame, palette: Palette, *, up_is_bad: bool = True) -> go.Figure:
    """From a first amount to a last one, step by step: `name`, `amount_usd`; the last is the sum of those before it."""
    rising, falling = (palette.bad, palette.good) if up_is_bad else (palette.good, palette.bad)
    figure = blank(palette, 400)
    last = len(frame) - 1
    figure.add_waterfall(
        x=member_names(frame, "name"),
        y=floats(frame, "amount_usd"),
        measure=["absolute", *["relative"] * (last - 1), "total"],
        text=[theme.money(amount) for amount in frame["amount_usd"]],
        textposition="outside",
        cliponaxis=False,
        connector={"line": {"color": palette.line, "width": 1}},
        increasing={"marker": {"color": rising}},
        decreasing={"marker": {"color": falling}},
        totals={"marker": {"color": palette.other}},
        hovertemplate="%{x}: %{text}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    figure.update_yaxes(tickformat=MONEY, rangemode="tozero")
    return figure


def whale_curve(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Gross profit added up from the best customer to the worst: it rises, peaks, and falls with those who cost."""
    figure = blank(palette, 400)
    shares, sums = [0.0, *frame["member_share"].to_list()], [0.0, *frame["cumulative_usd"].to_list()]
    names = ["", *frame["customer_id"].to_list()]
    figure.add_scatter(
        x=shares,
        y=sums,
        customdata=names,
        hovertext=[
            f"{theme.markup(name)}<br>{theme.money(total)} up to here" for name, total in zip(names, sums, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="lines+markers",
        marker={"size": 5 if len(names) <= 60 else 2},  # noqa: PLR2004 - more large marks hide the line
        line={"color": palette.good, "width": 2.5},
        fill="tozeroy",
        fillcolor=_faint(palette.good),
    )
    peak = max(range(len(sums)), key=sums.__getitem__)
    figure.add_hline(y=sums[-1], line={"color": palette.line, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=shares[peak],
        y=sums[peak],
        text=f"peak {theme.money(sums[peak])}",
        arrowhead=0,
        arrowcolor=palette.line,
        ax=-40,
        ay=-24,
        font={"size": 11},
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title="Customers, from the most to the least profitable", tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(title="Gross profit, added up", tickformat=MONEY, rangemode="tozero")
    return figure


def cost_by_turns(lengths: pl.DataFrame, dearest: pl.DataFrame, palette: Palette) -> go.Figure:
    """Cost of conversations by their number of turns: the middle half as a band, the median, the dearest as marks."""
    figure = blank(palette, 380)
    usual = lengths.filter(pl.col("conversation_count") >= _FEW)
    turns = usual["turn_count"].to_list()
    quiet: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(x=turns, y=floats(usual, "p75_usd"), showlegend=False, **quiet)
    band = {"name": "Middle half", "fill": "tonexty", "fillcolor": _faint(palette.good)}
    figure.add_scatter(x=turns, y=floats(usual, "p25_usd"), **band, **quiet)
    figure.add_scatter(
        x=turns,
        y=floats(usual, "p50_usd"),
        mode="lines",
        name="Median",
        line={"color": palette.good, "width": 2.5},
        hovertext=[theme.money(cost) for cost in usual["p50_usd"]],
        hovertemplate="%{x} turns, median %{hovertext}<extra></extra>",
    )
    named = dearest.filter(pl.col("turn_count").is_not_null() & pl.col("cost_usd").is_not_null())
    figure.add_scatter(
        x=named["turn_count"].to_list(),
        y=floats(named, "cost_usd"),
        customdata=named["conversation_id"].to_list(),
        mode="markers",
        name="The most expensive",
        marker={"color": palette.bad, "size": 7, "opacity": 0.7},
        hovertext=[
            f"<b>{theme.markup(name)}</b><br>{theme.markup(customer)}<br>{turn_count} turns, {theme.money(cost)}"
            for name, customer, turn_count, cost in named.select(
                "conversation_id", "customer_id", "turn_count", "cost_usd"
            ).iter_rows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    figure.update_xaxes(title="Turns", rangemode="tozero")
    figure.update_yaxes(title="Cost of a conversation", tickformat=MONEY, rangemode="tozero")
    return figure


def turns(frame: pl.DataFrame, parts: Mapping[str, str], palette: Palette) -> go.Figure:
    """Stacked bars of what one turn costs, `turn` by turn.

    Args:
        parts: column of money of one turn → what it is called.
    """
    figure = blank(palette, 380)
    for (column, name), colour in zip(parts.items(), palette.categories, strict=False):
        figure.add_bar(
            x=frame["turn"].to_list(),
            y=floats(frame, column),
            name=name,
            marker={"color": colour},
            hovertext=[theme.money(cost) for cost in frame[column]],
            hovertemplate="%{hovertext}",
        )
    figure.update_layout(barmode="stack", bargap=0.15, hovermode="x unified")
    figure.update_xaxes(title="Turn", type="category")
    figure.update_yaxes(title="Cost of the turn", tickformat=MONEY, rangemode="tozero")
    return figure


def cohorts(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Gross margin of customers by the month in which they began, and months since: blue leaves, vermilion loses."""
    begun = frame["cohort_month"].unique().sort(descending=True).to_list()
    ages = frame["month_number"].unique().sort().to_list()
    rows = {(row["cohort_month"], row["month_number"]): row for row in frame.iter_rows(named=True)}
    cells: list[list[dict[str, Any]]] = [[rows.get((month, age), {}) for age in ages] for month in begun]
    margins: list[list[float | None]] = [[cell.get("gross_margin") for cell in line] for line in cells]
    figure = blank(palette, 130 + 34 * len(begun))
    figure.add_heatmap(
        x=ages,
        y=[f"{month:%b %Y}" for month in begun],
        z=margins,
        text=[[theme.percent(margin) if margin is not None else "" for margin in line] for line in margins],
        texttemplate="%{text}",
        hovertext=[[_cohort(cell) if cell else "" for cell in line] for line in cells],
        hovertemplate="%{hovertext}<extra></extra>",
        colorscale=[[0, palette.bad], [0.5, palette.grid], [1, palette.good]],
        zmin=-1,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
    )
    figure.update_xaxes(title="Months since they began", tickmode="linear", dtick=1, showgrid=False)
    figure.update_yaxes(type="category", showgrid=False)
    return figure


def _cohort(cell: Mapping[str, Any]) -> str:
    return "<br>".join(
        (
            f"<b>{cell['month']:%B %Y}</b>",
            f"{cell['customer_count']:,} customers, {cell['paying_customer_count']:,} paying",
            f"Revenue {theme.money(cell['revenue_usd'])}",
            f"Cost {theme.money(cell['cogs_usd'])}",
            f"Margin {theme.percent(cell['gross_margin'])}",
        )
    )


def cost_histogram(frame: pl.DataFrame, quantiles: Mapping[str, float], palette: Palette) -> go.Figure:
    """How many conversations cost how much, in equal steps of a power of ten, with lines at the quantiles."""
    figure = blank(palette, 380)
    figure.add_bar(
        x=(frame["step"] + 0.5).to_list(),
        y=frame["conversation_count"].to_list(),
        width=0.94,
        marker={"color": palette.good},
        hovertext=[
            f"{conversations:,} conversations<br>from {theme.money(_size(step))} to {theme.money(_size(step + 1))}"
            f"<br>{theme.money(cost)} in all"
            for step, conversations, cost in frame.select("step", "conversation_count", "cost_usd").iter_rows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    steps = frame["step"].to_list() or [0]
    for place, (name, cost) in enumerate(quantiles.items()):
        at = log10(cost) * COST_STEPS
        figure.add_vline(x=at, line={"color": palette.text, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=at,
            y=1.14 - 0.07 * place,
            yref="paper",
            yanchor="bottom",
            text=f"{name} {theme.money(cost)}",
            showarrow=False,
            xanchor="left" if at < (steps[0] + steps[-1]) / 2 else "right",
            font={"size": 11},
        )
    powers = range(steps[0] // COST_STEPS, steps[-1] // COST_STEPS + 2)
    figure.update_layout(showlegend=False, margin={"t": 76})
    figure.update_xaxes(
        title="Cost of a conversation",
        tickvals=[power * COST_STEPS for power in powers],
        ticktext=[f"{theme.symbol()}{10.0**power:,.{max(0, -power)}f}" for power in powers],
    )
    figure.update_yaxes(title="Conversations", rangemode="tozero")
    return figure


def price_steps(frame: pl.DataFrame, palette: Palette, today: date, *, buys: str) -> go.Figure:
    """Steps of `price_usd` over time: a line per `series`, a colour per `usage_kind`, dashes as `dash` says.

    What holds from the beginning or without an end runs to the edge; what is right of the line at `today` is announced.

    Args:
        buys: what a price buys, for the title of the axis.
    """
    figure = blank(palette, 400)
    ends = [*frame["valid_from_date"], *frame["valid_to_date"]]
    changes = [day for day in ends if BEGINNING < day < END]
    first, last = min([*changes, today - timedelta(days=365)]), max([*changes, today])
    margin = max(timedelta(days=45), (last - first) / 12)
    left, right = first - margin, last + margin
    kinds = frame["usage_kind"].unique(maintain_order=True).to_list()
    for series in frame["series"].unique(maintain_order=True):
        rows = frame.filter(pl.col("series") == series)
        xs: list[date] = []
        ys: list[float | None] = []
        for start, end, cost in rows.select("valid_from_date", "valid_to_date", "price_usd").iter_rows():
            if xs and xs[-1] != max(start, left):  # nothing held in between
                xs, ys = [*xs, xs[-1]], [*ys, None]
            xs, ys = [*xs, max(start, left), min(end, right)], [*ys, float(cost), float(cost)]
        place = kinds.index(rows["usage_kind"][0])
        figure.add_scatter(
            x=xs,
            y=ys,
            name=theme.markup(series),
            mode="lines",
            zorder=-place,  # of kinds at one price the first is seen
            line={
                "shape": "hv",
                "width": 2.5,
                "dash": rows["dash"][0],
                "color": palette.categories[place % len(palette.categories)],
            },
            hovertext=[theme.price(cost) for cost in ys],
            hovertemplate="%{hovertext}",
        )
    figure.add_vline(x=today.isoformat(), line={"color": palette.line, "dash": "dot", "width": 1.5})
    figure.add_annotation(
        x=today.isoformat(),
        y=1,
        yref="paper",
        yanchor="bottom",
        text="today",
        showarrow=False,
        font={"size": 11},
    )
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(range=[left, right])
    # a dollar whatever the locale of the chart calls one: prices are in US dollars
    figure.update_yaxes(title=f"Price per {buys}", tickprefix=theme.price(0)[0], tickformat=",~f", rangemode="tozero")
    return figure


def calls(frame: pl.DataFrame, palette: Palette) -> go.Figure:
    """Tokens of each model call by class, and below, on an axis of its own, the cost added up so far."""
    figure = blank(palette, 440)
    retried = ["/" if attempt > 1 else "" for attempt in frame["attempt_number"]]
    for (column, name), colour in zip(TOKENS.items(), palette.categories, strict=False):
        figure.add_bar(
            x=frame["call"].to_list(),
            y=frame[column].to_list(),
            customdata=frame["call"].to_list(),
            name=name,
            marker={"color": colour, "pattern": {"shape": retried}},
            hovertemplate="%{y:,}",
        )
    figure.add_scatter(
        x=frame["call"].to_list(),
        y=frame["cost_usd"].fill_null(0).cast(pl.Float64).cum_sum().to_list(),
        yaxis="y2",
        name="Cost so far",
        showlegend=False,
        mode="lines+markers",
        line={"color": palette.text, "width": 2, "shape": "hv"},
        marker={"size": 4},
        hovertemplate="%{y:$,.4f}",
    )
    below = {"domain": _LOWER, "anchor": "x", "tickformat": MONEY, "title": "Cost so far", "rangemode": "tozero"}
    figure.update_layout(
        barmode="stack",
        bargap=0.15,
        hovermode="x unified",
        yaxis={"domain": _UPPER, "title": "Tokens"},
        yaxis2={**below, "nticks": 4, "gridcolor": palette.grid},
        xaxis={"anchor": "y2", "title": "Call", "tickformat": "d"},
    )
    return figure


def blank(palette: Palette, height: int) -> go.Figure:
    """A figure without marks, in the house's look."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"},
        hoverlabel={"align": "left"},
        dragmode=False,
    )
    figure.update_xaxes(showgrid=False, automargin=True, separatethousands=True)
    figure.update_yaxes(gridcolor=palette.grid, automargin=True, zeroline=False, separatethousands=True)
    return figure


def _powers(low: float, high: float) -> dict[str, list[Any]]:
    """Ticks of a logarithmic axis of money, with 2 and 5 between where few powers of ten are."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    between = (1, 2, 5) if log10(high / low) < 2.5 else (1,)  # noqa: PLR2004 - powers of ten
    ticks = [part * 10.0**power for power in powers for part in between]
    return {
        "tickvals": ticks,
        "ticktext": [f"{theme.symbol()}{tick:,.{max(0, -floor(log10(tick)))}f}" for tick in ticks],
    }


def floats(frame: pl.DataFrame, column: str) -> list[float | None]:
    """A column of numbers for Plotly."""
    return frame[column].cast(pl.Float64).to_list()


def member_names(frame: pl.DataFrame, column: str) -> list[str]:
    """A column of names for Plotly, which reads markup."""
    return [theme.markup(name) for name in frame[column]]


def _size(step: int) -> float:
    """Money at the lower edge of a step of the histogram."""
    return float(10 ** (step / COST_STEPS))


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.16)"
