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
    """Derived from the rest of the holding, in the account's currency.

    None where a mark, the instrument or a rate is missing.
    """

    unrealized: Decimal | None = ZERO
    favourable: Decimal | None = ZERO  # Unrealized at the best confirming mark.
    cautious: Decimal | None = ZERO  # Unrealized at the worst confirming mark.
    exposure: Decimal | None = ZERO  # Notional of the position, unsigned.
    worst: Decimal | None = ZERO  # Worst case notional, the larger side.
    opening: Decimal = ZERO  # Notional of what reserved orders open, both sides.
    cost: Decimal = ZERO  # |quantity| x average price x multiplier.
    active: bool = False  # Held or reserved.
    due_ms: int | None = None  # When the first reservation's wait ends.
    trim_ms: int | None = None  # When the oldest confirming mark that may drop was superseded.


FLAT = Figures()


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
    figures: Figures = FLAT
    pending_points: Decimal = ZERO  # Realized before the instrument was known, per multiplier.
    pending_fees: Decimal = ZERO  # Likewise, in the settlement currency.

    @property
    def quantity(self) -> Decimal:
        return self.position.quantity

    @property
    def active(self) -> bool:
        """Whether it is held or reserved."""
        return self.figures.active


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
