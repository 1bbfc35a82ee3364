"""A holding: all that an account knows of one symbol: instrument, quote, position, reservations.

Its figures (value and worst case) are kept beside it, so that a step computes only the symbol it
changes.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.position import Position, average_price
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.numbers import ZERO
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
    count: int = 0


NOTHING = Working()


class Figures(Struct, frozen=True, array_like=True, gc=False):
    """Derived from the rest of the holding, in the account's currency.

    None where a mark, the instrument or a rate is missing.
    """

    unrealized: Decimal | None = ZERO
    favourable: Decimal | None = ZERO  # At the best confirming mark; 0 of a foreign holding.
    cautious: Decimal | None = ZERO  # At the worst confirming mark; 0 of a foreign holding.
    exposure: Decimal | None = ZERO  # Notional of the position, unsigned.
    worst: Decimal | None = ZERO  # Worst case notional, the larger side.
    opening: Decimal = ZERO  # Notional of what reserved orders open, both sides.
    cost: Decimal = ZERO  # |quantity| x average price x multiplier.
    active: bool = False  # Held or reserved.
    reservations: int = 0  # Live ones.
    due_ms: int | None = None  # When the first reservation's wait ends.
    residual: bool = False  # Held, but no order closes it: dust, or its instrument is delisted.
    foreign_favourable: Decimal = ZERO  # Of a foreign holding, in its settlement currency.
    foreign_cautious: Decimal = ZERO


FLAT = Figures()


class Execution(Struct, frozen=True, array_like=True, gc=False):
    """What of a fill is booked."""

    fill_id: str
    side: Side
    quantity: Decimal  # In units, unsigned.
    price: Decimal
    fee: Decimal  # In the fee's currency; negative is a rebate.
    fee_currency: str | None  # None: the settlement currency.
    executed_ms: int


class Pending(Struct, frozen=True, array_like=True, gc=False):
    """A fill of an instrument that nobody knows yet; its position is booked for the time being."""

    execution: Execution
    before: Position
    came_ms: int = 0


class StopLevels(Struct, frozen=True, array_like=True, gc=False):
    """What the stops of a position go by, since it left zero."""

    opened_ms: int
    best: Decimal  # The best mark; the price of its first fill counts.
    stop: Decimal | None = None  # Of the newest filled entry.
    realized: Decimal = ZERO  # Of the symbol when the position left zero.


class LateRate(Struct, frozen=True, array_like=True, gc=False):
    """The rate at which fills that had none were converted later."""

    currency: str
    end: int  # Of the fills numbered below it, those that no earlier one converted.
    rate: Decimal


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
    pending: tuple[Pending, ...] = ()  # Booked whole once the instrument is known.
    mark: Decimal | None = None  # Values the position; the last there was, however old.
    mark_ms: int | None = None  # Its as_of.
    point_value: Decimal | None = None  # From worth to the account's currency; None without a rate.
    inverse: Decimal | None = None  # The multiplier, when the instrument is an inverse one.
    stop_levels: StopLevels | None = None  # None when flat.
    fills: int = 0  # Kept for busts so far: the number of the next.
    late_rates: tuple[LateRate, ...] = ()  # Of the kept fills, oldest first.
    foreign_currency: str | None = None  # It settles in, where that is not the account's.

    @property
    def average_price(self) -> Decimal:
        """Entry price per unit; 0 when flat."""
        return average_price(self.position, self.inverse)

    @property
    def quantity(self) -> Decimal:
        return self.position.quantity

    @property
    def ewma(self) -> Decimal | None:
        """Its recent volatility per bar, a fraction of the price."""
        return None if self.quote is None else self.quote.ewma

    @property
    def unknown(self) -> bool:
        """Whether it has money or a position that only its instrument can value."""
        return self.instrument is None and bool(self.position.quantity or self.pending)

    @property
    def active(self) -> bool:
        """Whether it is held or reserved."""
        return self.figures.active

    @property
    def lacks_mark(self) -> bool:
        """Whether its position has no value for want of a price, not of an instrument."""
        held = bool(self.position.quantity)
        known = self.instrument is not None and not self.figures.residual
        return held and known and self.mark is None

    @property
    def fresh_needed_ms(self) -> int | None:
        """The as_of of the mark whose age matters; None of what no order closes anyway."""
        return None if self.figures.residual else self.mark_ms

    @property
    def is_left_over(self) -> bool:
        """Whether all there is of it is a position that no order closes."""
        return self.figures.residual and not self.figures.reservations


def mark_of(quote: Quote | None, quantity: Decimal) -> Decimal | None:
    """Bid for long, ask for short when there is one; else mark, else last."""
    if quote is None:
        return None
    price = quote.bid if quantity >= ZERO else quote.ask
    if price is None:
        price = quote.mark if quote.mark is not None else quote.last
    return price


def is_newer(quote: Quote, held: Quote | None) -> bool:
    """Whether a quote takes the place of the one held; offsets compare only within one log."""
    if held is None:
        return True
    if quote.epoch == held.epoch:
        return quote.offset > held.offset
    return quote.as_of_ms > held.as_of_ms


def reducible_quantity(holding: Holding, side: Side) -> Decimal:
    """The largest proven exit on a side: |position| less all that works or is reserved there."""
    quantity = holding.position.quantity
    if side == "sell":
        return max(quantity - holding.sells.quantity, ZERO) if quantity > ZERO else ZERO
    return max(-quantity - holding.buys.quantity, ZERO) if quantity < ZERO else ZERO
