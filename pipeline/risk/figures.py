"""A holding's figures: what it is worth and what it could become, worked out when it changes.

`settle` and `revalue` are their only makers.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.holding import FLAT, NOTHING, Figures, Holding, Mark, Working, mark_of
from pipeline.risk.numbers import ZERO
from pipeline.risk.reservations import Reservation
from topics.instruments import Instrument


def worst_case(held: Decimal, mark: Decimal, working: Working) -> Decimal:
    """Notional of one side if all its orders fill, before the multiplier.

    held: the position with the side's sign (positive: same side). The opening part of the orders
    is what is left after they first closed an opposite position, at their average price.
    """
    opened = opening_notional(held, working)
    return held * abs(mark) + opened if held > 0 else opened


def opening_notional(held: Decimal, working: Working) -> Decimal:
    """Notional of what a side's orders open, before the multiplier; held as in worst_case."""
    if working is NOTHING or held >= 0 or not working.quantity:
        return working.notional
    opened = working.quantity + held
    return opened * working.notional / working.quantity if opened > 0 else ZERO


def settle(holding: Holding, currency: str | None) -> Holding:
    """Recompute the figures after anything of the holding changed; currency: the account's."""
    if not (holding.position.quantity or holding.reservations):
        return replace(holding, figures=FLAT, buys=NOTHING, sells=NOTHING)
    buys, sells, due_ms = _working(holding.reservations)
    holding = replace(holding, buys=buys, sells=sells)
    return replace(holding, figures=_figures(holding, currency, due_ms))


def revalue(holding: Holding, currency: str | None) -> Holding:
    """Recompute the figures after only quote and marks changed."""
    if not holding.active:
        return holding
    return replace(holding, figures=_figures(holding, currency, holding.figures.due_ms))


def foreign(instrument: Instrument | None, currency: str | None) -> bool:
    """Whether a holding's money has no known rate to the account's currency."""
    return (
        instrument is None
        or instrument.kind != "linear"
        or (currency is not None and instrument.settlement_currency != currency)
    )


def _working(reservations: dict[str, Reservation]) -> tuple[Working, Working, int | None]:
    buys = sells = NOTHING
    due_ms: int | None = None
    for item in reservations.values():
        if not item.live:
            continue
        if item.side == "buy":
            buys = _joined(buys, item)
        else:
            sells = _joined(sells, item)
        if item.until_ms is not None and (due_ms is None or item.until_ms < due_ms):
            due_ms = item.until_ms
    return buys, sells, due_ms


def _joined(working: Working, item: Reservation) -> Working:
    return Working(
        working.quantity + item.quantity, working.notional + item.quantity * abs(item.price)
    )


def _figures(holding: Holding, currency: str | None, due_ms: int | None) -> Figures:
    held, cost = holding.position.quantity, holding.position.cost
    buys, sells = holding.buys, holding.sells
    active = bool(held or buys.quantity or sells.quantity)
    if holding.instrument is None or foreign(holding.instrument, currency):
        return Figures(None, None, None, None, None, active=active, due_ms=due_ms)
    multiplier = holding.instrument.multiplier
    opening = opening_notional(held, buys) + opening_notional(-held, sells)
    if not held:
        worst = max(buys.notional, sells.notional)
        return Figures(
            worst=worst * multiplier,
            opening=opening * multiplier,
            active=active,
            due_ms=due_ms,
        )
    mark = mark_of(holding.quote, held)
    money = abs(cost) * multiplier
    if mark is None:
        return Figures(
            None,
            None,
            None,
            None,
            None,
            opening=opening * multiplier,
            cost=money,
            active=True,
            due_ms=due_ms,
        )
    best, least = _extremes(holding.marks, mark, long=held > 0)
    worst = max(worst_case(held, mark, buys), worst_case(-held, mark, sells))
    return Figures(
        (held * mark - cost) * multiplier,
        (held * best - cost) * multiplier,
        (held * least - cost) * multiplier,
        abs(held * mark) * multiplier,
        worst * multiplier,
        opening * multiplier,
        money,
        active=active,
        due_ms=due_ms,
        trim_ms=holding.marks[0].superseded_ms if len(holding.marks) > 2 else None,
    )


def _extremes(marks: tuple[Mark, ...], newest: Decimal, *, long: bool) -> tuple[Decimal, Decimal]:
    """The most and the least favourable confirming price."""
    low = high = newest
    for mark in marks:
        if mark.price < low:
            low = mark.price
        elif mark.price > high:
            high = mark.price
    return (high, low) if long else (low, high)
