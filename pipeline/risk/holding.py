"""A holding: all that an account knows of one symbol: instrument, quote, position, reservations.

Its figures (value and worst case) are kept beside it, so that a step computes only the symbol it
changes. `settle` is the only maker of figures.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.numbers import ZERO
from pipeline.risk.position import Position
from pipeline.risk.reservations import Reservation
from topics.events import Quote
from topics.fields import Side
from topics.instruments import Instrument


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """A price that valued the position, for confirmation; superseded_ms is None for the newest."""

    price: Decimal
    superseded_ms: int | None = None


class Working(Struct, frozen=True, array_like=True, gc=False):
    """What is reserved on one side of a symbol."""

    quantity: Decimal = ZERO
    notional: Decimal = ZERO  # Sum of quantity x |order price|, before the multiplier.


NOTHING = Working()


class Figures(Struct, frozen=True, array_like=True, gc=False):
    """Derived from the rest of the holding; None where a mark or the instrument is missing."""

    unrealized: Decimal | None = ZERO  # In the account's currency.
    exposure: Decimal | None = ZERO  # Notional of the position, unsigned.
    worst_long: Decimal | None = ZERO  # Worst case notional if all buys fill.
    worst_short: Decimal | None = ZERO  # Worst case notional if all sells fill.
    opening: Decimal = ZERO  # Notional of what reserved orders open, both sides.
    cost: Decimal = ZERO  # |quantity| x average price x multiplier.
    due_ms: int | None = None  # When the first reservation expires.


class Holding(Struct, frozen=True, array_like=True):
    symbol: str
    instrument: Instrument | None = None
    quote: Quote | None = None
    position: Position = Position()
    realized: Decimal = ZERO  # In the account's currency, over its life, fees included.
    marks: tuple[Mark, ...] = ()  # Confirming marks, oldest first; empty when flat.
    reservations: dict[str, Reservation] = {}
    buys: Working = NOTHING
    sells: Working = NOTHING
    filled: bool = False  # A fill of ours came: snapshots are compared, no longer adopted.
    filled_ms: int = 0  # executed_at of the newest fill.
    adopted_ms: int | None = None  # as_of of the adopted snapshot.
    exit_sent_ms: int | None = None
    figures: Figures = Figures()
    pending_points: Decimal = ZERO  # Realized before the instrument was known, per multiplier.
    pending_fees: Decimal = ZERO  # Likewise, in the settlement currency.

    @property
    def quantity(self) -> Decimal:
        return self.position.quantity

    @property
    def active(self) -> bool:
        """Whether it is held or reserved."""
        return bool(self.position.quantity or self.buys.quantity or self.sells.quantity)


def position_mark(holding: Holding) -> Decimal | None:
    """The price that values the position: what it could be closed at; never the entry price."""
    return mark_of(holding.quote, holding.position.quantity)


def mark_of(quote: Quote | None, quantity: Decimal) -> Decimal | None:
    """Bid for long, ask for short when there is one; else mark, else last."""
    if quote is None:
        return None
    price = quote.bid if quantity >= 0 else quote.ask
    if price is None:
        price = quote.mark if quote.mark is not None else quote.last
    return price


def exit_room(holding: Holding, side: Side) -> Decimal:
    """The largest proven exit on a side: |position| less all that works or is reserved there."""
    quantity = holding.position.quantity
    if side == "sell":
        return max(quantity - holding.sells.quantity, ZERO) if quantity > 0 else ZERO
    return max(-quantity - holding.buys.quantity, ZERO) if quantity < 0 else ZERO


def worst_case(held: Decimal, mark: Decimal | None, working: Working) -> Decimal | None:
    """Notional of one side if all its orders fill, before the multiplier.

    held: the position with the side's sign (positive: same side). The opening part of the orders
    is what is left after they first closed an opposite position, at their average price.
    """
    opened = opening_notional(held, working)
    if held <= 0:
        return opened
    return None if mark is None else held * abs(mark) + opened


def opening_notional(held: Decimal, working: Working) -> Decimal:
    """Notional of what a side's orders open, before the multiplier; held as in worst_case."""
    if held >= 0 or not working.quantity:
        return working.notional
    opened = working.quantity + held
    return opened * working.notional / working.quantity if opened > 0 else ZERO


def settle(holding: Holding) -> Holding:
    """Recompute the figures after anything else of the holding changed."""
    if not (holding.position.quantity or holding.reservations):
        return replace(holding, figures=Figures(), buys=NOTHING, sells=NOTHING)
    buys, sells, due_ms = _working(holding.reservations)
    return replace(
        holding, buys=buys, sells=sells, figures=_figures(holding, buys, sells, due_ms)
    )


def revalue(holding: Holding) -> Holding:
    """Recompute the figures after only the quote changed."""
    if not holding.active:
        return holding
    figures = _figures(holding, holding.buys, holding.sells, holding.figures.due_ms)
    return replace(holding, figures=figures)


def _working(reservations: dict[str, Reservation]) -> tuple[Working, Working, int | None]:
    quantities = {"buy": ZERO, "sell": ZERO}
    notionals = {"buy": ZERO, "sell": ZERO}
    due_ms: int | None = None
    for reservation in reservations.values():
        if not reservation.live:
            continue
        side = reservation.side
        quantities[side] += reservation.quantity
        notionals[side] += reservation.quantity * abs(reservation.price)
        until_ms = reservation.until_ms
        if until_ms is not None and (due_ms is None or until_ms < due_ms):
            due_ms = until_ms
    buys = Working(quantities["buy"], notionals["buy"]) if quantities["buy"] else NOTHING
    sells = Working(quantities["sell"], notionals["sell"]) if quantities["sell"] else NOTHING
    return buys, sells, due_ms


def _figures(holding: Holding, buys: Working, sells: Working, due_ms: int | None) -> Figures:
    held = holding.position.quantity
    if holding.instrument is None:
        return Figures(None, None, None, None, due_ms=due_ms) if held else Figures(due_ms=due_ms)
    multiplier = holding.instrument.multiplier
    mark = mark_of(holding.quote, held)
    worst_long = worst_case(held, mark, buys)
    worst_short = worst_case(-held, mark, sells)
    value = ZERO if not held else None if mark is None else held * mark
    cost = holding.position.cost
    return Figures(
        unrealized=None if value is None else (value - cost) * multiplier,
        exposure=None if value is None else abs(value) * multiplier,
        worst_long=None if worst_long is None else worst_long * multiplier,
        worst_short=None if worst_short is None else worst_short * multiplier,
        opening=(opening_notional(held, buys) + opening_notional(-held, sells)) * multiplier,
        cost=abs(cost) * multiplier,
        due_ms=due_ms,
    )
