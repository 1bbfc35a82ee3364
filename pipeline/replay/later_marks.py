"""The PnL of a different decision: valued at the symbol's mark one day later, or at the last mark.

Assumes that the order filled at its limit price, or at the reference price then; without fees.
"""

from collections import deque
from decimal import Decimal, localcontext

from msgspec import Struct

from pipeline.replay.outcomes import Outcome
from pipeline.risk.account.holding import mark_of
from pipeline.risk.numbers import MONEY, ONE
from pipeline.risk.order.candidate_order import reference_price
from topics.events import Event, Quote, RevaluationEvent
from topics.fields import Side
from topics.instruments import Instrument
from topics.topic import DAY_MS

__all__ = ["Difference", "LaterMarks"]


class Difference(Struct, kw_only=True):
    """One question that two limits answer differently; mutable, as its PnL is known only later."""

    at_ms: int
    account_id: str
    kind: str
    name: str  # signal_id, reason of the exit, or rule of the stop.
    symbol: str
    was: Outcome
    would_be: Outcome
    rule: str = ""  # The rule behind the stricter answer.
    currency: str | None = None  # Of the PnL: the symbol's settlement currency.
    price: Decimal | None = None  # At which the order is assumed to have filled.
    mark: Decimal | None = None
    mark_at_ms: int | None = None
    pnl: Decimal | None = None  # Of `would_be` less `was`; None without a price or instrument.

    @property
    def quantity(self) -> Decimal:
        """The difference in position, `would_be` less `was`, in units, signed."""
        return self.would_be.quantity - self.was.quantity

    @property
    def is_stricter(self) -> bool:
        """Whether the other limits allow less, or stop where the recorded ones did not."""
        if self.kind == "decision":
            return abs(self.would_be.quantity) < abs(self.was.quantity)
        return self.would_be.verdict != "nothing"


class LaterMarks:
    """Value differences as their marks arrive; `finish` values the rest at the last marks."""

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}
        self._quotes: dict[str, tuple[Quote, int]] = {}
        self._open: dict[str, deque[Difference]] = {}

    def take_all(self, event: Event, at_ms: int) -> None:
        """Apply all quotes and instruments that an event carries."""
        if isinstance(event, RevaluationEvent):
            for market in event.body.markets:
                self.take(market.instrument, market.quote, at_ms)
        else:
            self.take(event.instrument, event.quote, at_ms)

    def take(self, instrument: Instrument | None, quote: Quote | None, at_ms: int) -> None:
        """Apply an instrument and a quote, and value the differences that waited for it."""
        if instrument is not None:
            self._instruments[instrument.symbol] = instrument
        if quote is None:
            return
        self._quotes[quote.symbol] = quote, at_ms
        waiting = self._open.get(quote.symbol, ())
        while waiting and waiting[0].at_ms + DAY_MS <= at_ms:
            self._value(waiting.popleft())

    def await_mark(self, difference: Difference) -> None:
        """Fix the fill price of a difference now and value it at the mark one day later."""
        known = self._quotes.get(difference.symbol)
        limits = (difference.would_be.limit_price, difference.was.limit_price)
        named = [price for price in limits if price is not None]
        if named:
            difference.price = named[0]
        elif known is not None:
            difference.price = reference_price(known[0], _side(difference))
        self._open.setdefault(difference.symbol, deque()).append(difference)

    def finish(self) -> None:
        """Value everything that still waits at the last mark of its symbol."""
        for waiting in self._open.values():
            while waiting:
                self._value(waiting.popleft())

    def _value(self, difference: Difference) -> None:
        known = self._quotes.get(difference.symbol)
        instrument = self._instruments.get(difference.symbol)
        if known is None or instrument is None or difference.price is None:
            return
        quote, at_ms = known
        mark = mark_of(quote, ONE if _side(difference) == "buy" else -ONE)
        if mark is None:
            return
        difference.currency = instrument.settlement_currency
        difference.mark, difference.mark_at_ms = mark, at_ms
        with localcontext(MONEY):
            difference.pnl = _pnl(difference, instrument, mark)


def _side(difference: Difference) -> Side:
    return difference.would_be.side or difference.was.side or "buy"


def _pnl(difference: Difference, instrument: Instrument, mark: Decimal) -> Decimal | None:
    price, quantity = difference.price, difference.quantity * instrument.multiplier
    if price is None:
        return None
    if instrument.kind == "linear":
        return quantity * (mark - price)
    if price <= 0 or mark <= 0:
        return None
    return quantity * (ONE / price - ONE / mark)
