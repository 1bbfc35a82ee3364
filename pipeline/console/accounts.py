"""One account in full: first what is not known of it, then what holds, then what happened."""

from decimal import Decimal

from msgspec import Struct

from pipeline.console.curve import Point
from pipeline.console.desk import DeskRow, desk_rows
from pipeline.console.entries import Entry
from pipeline.console.model import Model
from pipeline.outputs.accounts import unknowns
from pipeline.outputs.limit_words import in_force
from pipeline.outputs.stops import StopView
from topics.account_states import AccountState

__all__ = ["AccountView", "CurveView", "LimitView", "account_view", "curve_view"]


class LimitView(Struct, frozen=True, kw_only=True):
    """A limit that applies, where it comes from, and how much of it is left."""

    name: str
    value: str
    origin: str
    headroom_ratio: Decimal | None


class PriceView(Struct, frozen=True, kw_only=True):
    """A mark that the account holds, and when its quote was made."""

    symbol: str
    mark_price: Decimal | None
    as_of_ms: int | None


class AccountView(Struct, frozen=True, kw_only=True):
    """All that is known of an account."""

    unknown: tuple[str, ...]
    summary: DeskRow
    limits: tuple[LimitView, ...]
    prices: tuple[PriceView, ...]
    stops: tuple[StopView, ...]
    timeline: tuple[Entry, ...]
    state: AccountState


class Marker(Struct, frozen=True, kw_only=True):
    """Something that explains a bend of the curve."""

    at_ms: int
    kind: str  # stop, resume, control, limits or flow.
    text: str


class CurveView(Struct, frozen=True, kw_only=True):
    """Equity and drawdown over time, as numbers of a drawing: they are rounded."""

    at_ms: tuple[float, ...]
    equity: tuple[float, ...]
    drawdown_ratio: tuple[float, ...]
    markers: tuple[Marker, ...]


def account_view(model: Model, account_id: str, now_ms: int) -> AccountView | None:
    """Return an account; None if it never had an event."""
    with model.lock:
        row = model.rows.accounts.get(account_id)
        if row is None:
            return None
        (summary,) = desk_rows(model, [row], now_ms)
        return AccountView(
            unknown=tuple(unknowns(row, now_ms)),
            summary=summary,
            limits=tuple(LimitView(**each._asdict()) for each in in_force(model.published, row)),
            prices=tuple(
                PriceView(symbol=q.symbol, mark_price=q.mark_price, as_of_ms=q.as_of_ms)
                for q in row.quotes
            ),
            stops=tuple(model.stops_of(account_id)),
            timeline=tuple(model.timeline(account_id)),
            state=row,
        )


def curve_view(model: Model, account_id: str) -> CurveView:
    """Return what to draw of an account."""
    points = _points(model, account_id)
    first_ms = points[0].at_ms if points else 0
    return CurveView(
        at_ms=tuple(point.at_ms for point in points),
        equity=tuple(point.equity for point in points),
        drawdown_ratio=tuple(point.drawdown_ratio for point in points),
        markers=tuple(
            Marker(at_ms=entry.at_ms, kind=_kind_of(entry), text=entry.text)
            for entry in model.marks(account_id)
            if entry.at_ms >= first_ms
        ),
    )


def _points(model: Model, account_id: str) -> list[Point]:
    """Return the points of a curve and, behind them, what is so now."""
    with model.lock:
        points, row = model.curve(account_id).points(), model.rows.accounts.get(account_id)
    if points and row is not None and row.equity is not None and row.at_ms > points[-1].at_ms:
        points.append(Point(row.at_ms, float(row.equity), float(row.drawdown_ratio or 0)))
    return points


def _kind_of(entry: Entry) -> str:
    """Return what a line in the drawing stands for."""
    return "resume" if entry.word in {"resumed", "resume"} else entry.kind
