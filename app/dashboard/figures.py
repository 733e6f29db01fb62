"""The figures that several pages show: each computed in one way, from one mart, under every filter.

The value of a tile is of all days asked; its change is of the days that are over, against the period before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from app import marts, metrics
from app.dashboard import data, theme
from app.dashboard.filters import View
from app.dashboard.panels import Tile
from app.marts.scope import Dimension, Grain, Scope
from app.marts.warehouse import Warehouse

_Totals = Callable[[Warehouse, Scope, Sequence[Dimension], Grain | None], pl.DataFrame]


@dataclass(frozen=True)
class _Figure:
    """A figure that can be had of any sums of its mart: of a period, of the one before, of each day."""

    label: str
    totals: _Totals
    of: Callable[[pl.DataFrame], metrics.Number | None]
    write: Callable[[metrics.Number | None], str]
    up_is: bool | None
    """Whether a rise is welcome; None where it is neither."""
    help: str | None = None


def ai_cost(view: View, *, trend: bool = False) -> Tile:
    """Cost of everything that has a price."""
    return _tile(
        view,
        _Figure(
            "AI cost",
            marts.usage.totals,
            lambda sums: metrics.total(sums, "cost_usd"),
            theme.money,
            up_is=False,
            help="Best known cost: the invoice where it is in, else usage at contracted prices.",
        ),
        (),
        trend=trend,
    )


def revenue(view: View) -> Tile:
    """Money that customers paid."""
    money = _Figure(
        "Revenue", marts.margin.totals, lambda sums: metrics.total(sums, "revenue_usd"), theme.money, up_is=True
    )
    return _tile(view, money, view.margin_blind_to)


def gross_profit(view: View) -> Tile:
    """Revenue less what it cost to serve."""
    profit = _Figure("Gross profit", marts.margin.totals, _profit, theme.money, up_is=True)
    return _tile(view, profit, view.margin_blind_to)


def gross_margin(view: View, *, trend: bool = False) -> Tile:
    """Gross profit as a share of revenue, over everything that is shown: those who pay nothing weigh on it."""
    margin = _Figure(
        "Gross margin",
        marts.margin.totals,
        margin_of,
        theme.percent,
        up_is=True,
        help="(Revenue − AI cost) ÷ revenue, of all customers together. Its change is in percentage points.",
    )
    return _tile(view, margin, view.margin_blind_to, in_points=True, trend=trend)


def conversations(view: View, *, of_all: bool = False, trend: bool = False) -> Tile:
    """Number of conversations that started; `of_all` also under a filter that conversations do not know."""
    started = _Figure(
        "Conversations",
        marts.conversations.totals,
        lambda sums: metrics.count(sums, "conversation_count"),
        theme.count,
        up_is=None,
        help="Conversations that started in the period. Requests without a conversation id are not counted.",
    )
    return _tile(view, started, () if of_all else view.conversations_blind_to, trend=trend)


def cost_per_conversation(view: View, *, of_all: bool = False, trend: bool = False) -> Tile:
    """Whole cost of the conversations that started in the period, by their number; `of_all` as above."""
    cost = _Figure(
        "Per conversation",
        marts.conversations.totals,
        lambda sums: metrics.unit_cost(metrics.total(sums, "cost_usd"), metrics.count(sums, "conversation_count")),
        theme.money,
        up_is=False,
        help="Cost of the conversations that started in the period ÷ their number.",
    )
    return _tile(view, cost, () if of_all else view.conversations_blind_to, trend=trend)


def unpriced(view: View, *, trend: bool = False) -> Tile:
    """Number of requests whose cost is unknown."""
    sums = data.read(view.path, marts.usage.totals, view.now)
    requests, missing = metrics.count(sums, "request_count"), metrics.count(sums, "unpriced_request_count")
    daily = (
        data.read(view.path, marts.usage.totals, view.now, grain=view.grain)["unpriced_request_count"].to_list()
        if trend
        else None
    )
    return Tile(
        "Unpriced requests",
        theme.count(missing),
        theme.percent(metrics.ratio(missing, requests)),
        good=False if missing else None,
        note=f"of {theme.count(requests)}",
        trend=daily,
        help="Their cost is unknown: it is missing in every figure here, never counted as 0.",
    )


def members(view: View, dimension: Dimension) -> pl.DataFrame:
    """Every feature or customer of the view, the most expensive first: what each mart says of it, side by side.

    Columns: `<dimension>_id`; request_count, retry_count, error_count, unpriced_request_count, cost_usd; revenue_usd,
    cogs_usd, shared_cost_usd, gross_profit_usd, gross_margin, margin_class; conversation_count,
    cost_per_conversation_usd (float).
    What the filters keep a mart from telling is null.
    """
    on = f"{dimension}_id"
    parts = [data.read(view.path, marts.usage.totals, view.now, by=(dimension,))]
    if not view.margin_blind_to:
        parts.append(data.read(view.path, marts.margin.totals, view.now, by=(dimension,)))
    if not view.conversations_blind_to:
        talks = data.read(view.path, marts.conversations.totals, view.now, by=(dimension,))
        unit = metrics.quotient("cost_usd", "conversation_count", "cost_per_conversation_usd")
        parts.append(talks.select(on, "conversation_count", unit))
    frame = metrics.beside(on, *parts)
    frame = frame.with_columns(
        pl.lit(None, dtype=kind).alias(name) for name, kind in _UNKNOWN.items() if name not in frame.columns
    )
    nothing = pl.col("request_count") == 0  # and so a cost of 0, which is known, unlike that of unpriced requests
    frame = frame.with_columns(pl.when(nothing).then(pl.lit(0)).otherwise(pl.col("cost_usd")).alias("cost_usd"))
    return metrics.with_margin(frame).sort("cost_usd", on, descending=[True, False], nulls_last=True)


def trends(view: View, dimension: Dimension) -> pl.DataFrame:
    """`<dimension>_id` and `trend`: its cost in every day, week or month of the period."""
    on = f"{dimension}_id"
    cost = data.read(view.path, marts.usage.totals, view.now, by=(dimension,), grain=view.grain)
    grid = cost.select(on).unique().join(cost.select("period").unique(), how="cross")
    return (
        grid.join(cost.select(on, "period", pl.col("cost_usd").cast(pl.Float64)), on=[on, "period"], how="left")
        .sort("period")
        .group_by(on)
        .agg(pl.col("cost_usd").fill_null(0).alias("trend"))
    )


def margin_of(sums: pl.DataFrame) -> float | None:
    """Gross margin of a frame of margin sums."""
    return metrics.gross_margin(metrics.total(sums, "revenue_usd"), _profit(sums))


_UNKNOWN = {
    **dict.fromkeys(("revenue_usd", "cogs_usd", "shared_cost_usd", "gross_profit_usd"), pl.Decimal(38, 12)),
    "conversation_count": pl.Int64(),
    "cost_per_conversation_usd": pl.Float64(),
}


def _profit(sums: pl.DataFrame) -> Decimal | None:
    return metrics.total(sums, "gross_profit_usd")


def _tile(
    view: View, figure: _Figure, blind_to: tuple[str, ...], *, in_points: bool = False, trend: bool = False
) -> Tile:
    """The figure of the view, or in words which filters keep it from being known."""
    if blind_to:
        return Tile(figure.label, theme.UNKNOWN, note=f"not by {' or '.join(blind_to)}", help=figure.help)

    def of(scope: Scope) -> metrics.Number | None:
        return figure.of(data.read(view.path, figure.totals, scope, (), None))

    change = metrics.change(of(view.full), of(view.before)) if view.before else None
    said = None
    if change is not None and in_points:
        said = theme.points(float(change.absolute))
    elif change is not None and change.relative is not None:
        said = theme.signed_percent(change.relative)
    return Tile(
        figure.label,
        figure.write(of(view.now)),
        said,
        good=(change.absolute > 0) is figure.up_is if change and change.absolute and figure.up_is is not None else None,
        note="vs before" if said else None,
        help=figure.help,
        trend=_trend(view, figure) if trend else None,
    )


def _trend(view: View, figure: _Figure) -> list[float]:
    """The figure in each day, week or month where it is known."""
    by_period = data.read(view.path, figure.totals, view.now, (), view.grain).partition_by(
        "period", maintain_order=True
    )
    return [float(value) for value in map(figure.of, by_period) if value is not None]
