"""A holding's figures: its value and worst case, computed when the holding changes.

They are stored with the holding so that a step computes only the symbols it changes. A figure that
did not change keeps its Decimal object: the account's totals compare by identity to skip it.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import FLAT, NOTHING, Figures, Holding, Mark, Working
from pipeline.risk.account.paid import cost_of
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.numbers import ZERO
from pipeline.risk.valuation.held import held_unit, held_value, is_residual
from pipeline.risk.valuation.working import with_one_more, working_sums


def worst_case(held: Decimal, value: Decimal, working: Working) -> Decimal:
    """Return one side's notional if all its orders fill, before point value.

    held: the position, positive on this side; value: its notional at the mark. Orders first close
    an opposite position; the rest opens at their average price.
    """
    opened = working.notional if held >= ZERO else opening_notional(held, working)
    return value + opened if held > ZERO else opened


def opening_notional(held: Decimal, working: Working) -> Decimal:
    """Return the notional that a side's orders open, before point value; see worst_case."""
    if working is NOTHING or held >= ZERO or not working.quantity:
        return working.notional
    opened = working.quantity + held
    return opened * working.notional / working.quantity if opened > 0 else ZERO


def recompute(holding: Holding) -> Holding:
    """Recompute all figures, after any change of the holding."""
    if not (holding.position.quantity or holding.reservations or holding.pending):
        return replace(holding, figures=FLAT, buys=NOTHING, sells=NOTHING)
    buys, sells, due_ms = working_sums(holding.reservations, holding.inverse)
    holding = replace(holding, buys=buys, sells=sells)
    return replace(holding, figures=_figures(holding, due_ms))


def revalue(holding: Holding) -> Holding:
    """Recompute the figures that depend on the mark, after only quote and marks changed."""
    figures = holding.figures
    if not holding.position.quantity:
        return holding
    if figures.unrealized is None:
        return replace(holding, figures=_figures(holding, figures.due_ms))
    return replace(holding, figures=_valued(holding, figures))


def reserved(holding: Holding, reservation: Reservation) -> Holding:
    """Add, replace or (if it ended) remove a reservation, and update the figures.

    Where the position is valued, an order changes only worst case and opening notional; the other
    figures are kept as the same objects.
    """
    reservations = dict(holding.reservations)
    if reservation.phase == "ended":
        reservations.pop(reservation.signal_id, None)
    else:
        reservations[reservation.signal_id] = reservation
    is_new = len(reservations) > len(holding.reservations)
    buys, sells, due_ms = (
        with_one_more(holding, reservation)
        if is_new
        else working_sums(reservations, holding.inverse)
    )
    figures, point_value = holding.figures, holding.point_value
    if not holding.position.quantity or figures.worst is None or point_value is None:
        return recompute(replace(holding, reservations=reservations))
    worst, opening = _bounds(holding, point_value, buys=buys, sells=sells)
    count = buys.count + sells.count
    changed = replace(
        figures, worst=worst, opening=opening, active=True, reservations=count, due_ms=due_ms
    )
    return replace(holding, reservations=reservations, buys=buys, sells=sells, figures=changed)


def _figures(holding: Holding, due_ms: int | None) -> Figures:
    held, count = holding.position.quantity, holding.buys.count + holding.sells.count
    known = Figures(
        active=bool(held or count),
        reservations=count,
        due_ms=due_ms,
        residual=is_residual(holding),
    )
    point_value = holding.point_value
    if point_value is None:
        return _without_value(known)
    if held and holding.mark is None and not known.residual:
        _, opening = _orders(held, ZERO, holding.buys, sells=holding.sells)
        cost = cost_of(holding.position, point_value)
        return replace(_without_value(known), opening=opening * point_value, cost=cost)
    worst, opening = _bounds(holding, point_value, buys=holding.buys, sells=holding.sells)
    figures = replace(known, worst=worst, opening=opening)
    if not held:
        return figures
    return _valued(holding, replace(figures, cost=cost_of(holding.position, point_value)))


def _without_value(figures: Figures) -> Figures:
    return replace(
        figures, unrealized=None, favourable=None, cautious=None, exposure=None, worst=None
    )


def _valued(holding: Holding, figures: Figures) -> Figures:
    """Return the figures at the newest mark, at cost for a residual position without a mark."""
    # `is`: where a confirming price is the newest mark itself, its value is known already.
    held, cost = holding.position.quantity, holding.position.cost
    mark, point_value, inverse = holding.mark, holding.point_value, holding.inverse
    if point_value is None:
        raise AssertionError("a position without a rate has no value")
    worst, _ = _bounds(holding, point_value, buys=holding.buys, sells=holding.sells)
    best = worst_value = value = held_value(holding)
    if mark is not None:
        high, low = _extremes(holding.marks, mark, long=held > ZERO)
        best = value if high is mark else contract_value(held, high, inverse)
        worst_value = value if low is mark else contract_value(held, low, inverse)
    unrealized = (value - cost) * point_value
    favourable = unrealized if best is value else (best - cost) * point_value
    cautious = unrealized if worst_value is value else (worst_value - cost) * point_value
    valued = Figures(
        unrealized,
        favourable,
        cautious,
        abs(value) * point_value,
        worst,
        figures.opening,
        figures.cost,
        active=True,
        reservations=figures.reservations,
        due_ms=figures.due_ms,
        residual=figures.residual,
    )
    if holding.foreign_currency is None:
        return valued
    unit = held_unit(holding)
    return replace(
        valued,
        favourable=ZERO,
        cautious=ZERO,
        foreign_favourable=(best - cost) * unit,
        foreign_cautious=(worst_value - cost) * unit,
    )


def _bounds(
    holding: Holding, point_value: Decimal, *, buys: Working, sells: Working
) -> tuple[Decimal, Decimal]:
    """Return the larger side's worst-case notional and the notional that reserved orders open."""
    held = holding.position.quantity
    value = abs(held_value(holding)) if held else ZERO
    if not (buys.quantity or sells.quantity):
        return value * point_value, ZERO
    worst, opening = _orders(held, value, buys, sells=sells)
    return worst * point_value, opening * point_value


def _orders(
    held: Decimal, value: Decimal, buys: Working, *, sells: Working
) -> tuple[Decimal, Decimal]:
    if held > ZERO and sells.quantity <= held:  # All sells close: only buys open.
        return value + buys.notional, buys.notional
    if held < ZERO and buys.quantity <= -held:
        return value + sells.notional, sells.notional
    # Otherwise one side closes part of the position and may open the other way.
    long, short = worst_case(held, value, buys), worst_case(-held, value, sells)
    return max(long, short), opening_notional(held, buys) + opening_notional(-held, sells)


def _extremes(marks: tuple[Mark, ...], newest: Decimal, *, long: bool) -> tuple[Decimal, Decimal]:
    """Return the most and the least favourable of the confirming prices and the newest."""
    low = high = newest
    for mark in marks:
        if mark.price < low:
            low = mark.price
        elif mark.price > high:
            high = mark.price
    return (high, low) if long else (low, high)
