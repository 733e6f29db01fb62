"""Revenue beside cost."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import polars as pl

from app.dashboard import theme
from app.dashboard.charts.base import MONEY, blank, faint, floats, member_names, powers
from app.dashboard.theme import Palette
from app.metrics import THIN_MARGIN

_LABELLED = 4
"""Names that a scatter shows beside its marks."""


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
    scale = {"type": "log", **powers(low, high)}
    figure.update_xaxes(title="Revenue", showgrid=True, gridcolor=palette.grid, **scale)
    figure.update_yaxes(title="AI cost", **scale)
    return figure


def bars(frame: pl.DataFrame, on: str, palette: Palette) -> go.Figure:
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
        fillcolor=faint(palette.good),
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
