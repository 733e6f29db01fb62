"""The figures that several pages show: each computed in one way, from one mart, under every filter.

The value of a tile is of all days asked; its change is of the days that are over, against the period before.
"""

from collections.abc import Callable
from decimal import Decimal

import polars as pl

from app import metrics
from app.dashboard import data, theme
from app.dashboard.filters import View
from app.dashboard.panels import Tile
from app.marts import Dimension, Scope

_NOT_KNOWN = "not by {}"


def ai_cost(view: View) -> Tile:
    """What every priced request cost."""
    change, good, note = _moved(
        view, lambda scope: metrics.total(data.usage(view.path, scope), "cost_usd"), up_is=False
    )
    return Tile(
        "AI cost",
        theme.money(metrics.total(data.usage(view.path, view.now), "cost_usd")),
        change,
        good=good,
        note=note,
        trend=_trend(data.usage(view.path, view.now, grain=view.grain)["cost_usd"]),
        help="Best known cost in US dollars: the invoice where it is in, else usage at contracted prices.",
    )


def revenue(view: View) -> Tile:
    """What customers paid."""
    if view.margin_blind_to:
        return _blind("Revenue", view.margin_blind_to)
    change, good, note = _moved(
        view, lambda scope: metrics.total(data.margin(view.path, scope), "revenue_usd"), up_is=True
    )
    value = metrics.total(data.margin(view.path, view.now), "revenue_usd")
    return Tile(
        "Revenue", theme.money(value), change, good=good, note=note if value is not None else "no revenue is mapped"
    )


def gross_profit(view: View) -> Tile:
    """Revenue less what it cost to serve."""
    if view.margin_blind_to:
        return _blind("Gross profit", view.margin_blind_to)
    change, good, note = _moved(view, lambda scope: _profit(data.margin(view.path, scope)), up_is=True)
    return Tile("Gross profit", theme.money(_profit(data.margin(view.path, view.now))), change, good=good, note=note)


def gross_margin(view: View) -> Tile:
    """Gross profit as a share of revenue, over everything that is shown: those who pay nothing weigh on it."""
    if view.margin_blind_to:
        return _blind("Gross margin", view.margin_blind_to)
    share = margin_of(data.margin(view.path, view.now))
    after, before = margin_of(data.margin(view.path, view.full)), None
    if view.before:
        before = margin_of(data.margin(view.path, view.before))
    known = after is not None and before is not None
    moved = after - before if after is not None and before is not None else 0.0
    return Tile(
        "Gross margin",
        theme.percent(share),
        theme.points(moved) if known else None,
        good=moved > 0 if moved else None,
        note="vs before" if known else "no revenue is mapped" if share is None else None,
        help="(Revenue − AI cost) ÷ revenue, of all customers together. Change in percentage points.",
    )


def conversations(view: View, *, of_all: bool = False) -> Tile:
    """How many conversations started; `of_all` also under a filter that conversations do not know."""
    if view.conversations_blind_to and not of_all:
        return _blind("Conversations", view.conversations_blind_to)
    change, _, note = _moved(view, lambda scope: _count(view, scope, "conversation_count"), up_is=True)
    return Tile(
        "Conversations",
        theme.count(_count(view, view.now, "conversation_count")),
        change,
        note=note,
        help="Conversations that started in the period. Requests without a conversation id are not counted.",
    )


def cost_per_conversation(view: View, *, of_all: bool = False) -> Tile:
    """The whole cost of the conversations that started in the period, by their number; `of_all` as above."""
    if view.conversations_blind_to and not of_all:
        return _blind("Cost per conversation", view.conversations_blind_to)

    def cost(scope: Scope) -> Decimal | None:
        frame = data.conversations(view.path, scope)
        return metrics.unit_cost(
            metrics.total(frame, "conversation_cost_usd"), metrics.count(frame, "conversation_count")
        )

    change, good, note = _moved(view, cost, up_is=False)
    return Tile(
        "Cost per conversation",
        theme.money(cost(view.now)),
        change,
        good=good,
        note=note,
        help="Cost of the conversations that started in the period ÷ their number.",
    )


def unpriced(view: View) -> Tile:
    """Requests whose cost is unknown."""
    frame = data.usage(view.path, view.now)
    requests, missing = metrics.count(frame, "request_count"), metrics.count(frame, "unpriced_request_count")
    share = metrics.ratio(missing, requests)
    return Tile(
        "Requests without a price",
        theme.count(missing),
        theme.percent(share) if missing else None,
        good=False if missing else None,
        note="of requests" if missing else f"of {theme.count(requests)} requests",
        help="Their cost is unknown: it is missing in every figure, never counted as 0.",
    )


def margin_of(frame: pl.DataFrame) -> float | None:
    """Gross margin of a frame of margin sums."""
    return metrics.gross_margin(metrics.total(frame, "revenue_usd"), _profit(frame))


def members(view: View, dimension: Dimension) -> pl.DataFrame:
    """Every feature or customer of the view, the most expensive first: what each mart says of it, side by side.

    Columns: `<dimension>_id`; request_count, retry_count, error_count, unpriced_request_count, cost_usd; revenue_usd,
    cogs_usd, gross_profit_usd, gross_margin, margin_class; conversation_count, cost_per_conversation_usd (float).
    What the filters keep a mart from telling is null.
    """
    on = f"{dimension}_id"
    parts = [data.usage(view.path, view.now, by=(dimension,))]
    if not view.margin_blind_to:
        parts.append(data.margin(view.path, view.now, by=(dimension,)))
    if not view.conversations_blind_to:
        parts.append(data.conversations(view.path, view.now, by=(dimension,)))
    frame = metrics.beside(on, *parts)
    missing = {**_MARGIN_COLUMNS, **_CONVERSATION_COLUMNS}
    frame = frame.with_columns(
        pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items() if name not in frame.columns
    )
    return metrics.with_margin(frame).with_columns(
        metrics.quotient("conversation_cost_usd", "conversation_count", "cost_per_conversation_usd")
    ).sort("cost_usd", on, descending=[True, False], nulls_last=True)  # fmt: skip


def trends(view: View, dimension: Dimension) -> pl.DataFrame:
    """`<dimension>_id` and `trend`: its cost in every day or week of the period, in dollars."""
    on = f"{dimension}_id"
    cost = data.usage(view.path, view.now, by=(dimension,), grain=view.grain)
    grid = cost.select(on).unique().join(cost.select("period").unique(), how="cross")
    return (
        grid.join(cost.select(on, "period", pl.col("cost_usd").cast(pl.Float64)), on=[on, "period"], how="left")
        .sort("period")
        .group_by(on)
        .agg(pl.col("cost_usd").fill_null(0).alias("trend"))
    )


_MARGIN_COLUMNS = {name: pl.Decimal(38, 12) for name in ("revenue_usd", "cogs_usd", "gross_profit_usd")}
_CONVERSATION_COLUMNS = {"conversation_count": pl.Int64(), "conversation_cost_usd": pl.Decimal(38, 12)}


def _profit(frame: pl.DataFrame) -> Decimal | None:
    return metrics.total(frame, "gross_profit_usd")


def _count(view: View, scope: Scope, column: str) -> int:
    return metrics.count(data.conversations(view.path, scope), column)


def _moved(
    view: View, read: Callable[[Scope], metrics.Number | None], *, up_is: bool
) -> tuple[str | None, bool | None, str | None]:
    """The relative change in words, whether it is welcome, and against what it is."""
    change = metrics.change(read(view.full), read(view.before)) if view.before else None
    if change is None or change.relative is None:
        return None, None, None
    good = None if not change.absolute else (change.absolute > 0) is up_is
    return theme.signed_percent(change.relative), good, "vs before"


def _trend(series: pl.Series) -> list[float]:
    return series.cast(pl.Float64).fill_null(0).to_list()


def _blind(label: str, dimensions: tuple[str, ...]) -> Tile:
    return Tile(label, theme.UNKNOWN, note=_NOT_KNOWN.format(" or ".join(dimensions)))
