"""One monitored account: its positions as broadcast knows them, and its next revaluation.

Apart from revaluations.py because this knows one account and no other. After it sends a
revaluation, broadcast assumes that the account took what was sent. The answer, a row with a higher
sequence, corrects that.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from pipeline.risk.account.holding import mark_of
from pipeline.risk.numbers import ONE, ZERO
from pipeline.risk.parameters import Prices
from pipeline.streams.roles.broadcast.rate_lines import RateLines
from pipeline.streams.tables.tables import Arrived, ArrivedRate
from topics.account_states import AccountState, WatchedSymbol
from topics.events import Market, Quote, Rate

__all__ = ["MonitoredAccount", "Move", "Precedence", "move_of"]

AGING_MS = Prices().mark_age_ms_max // 4  # A mark older than this is replaced by a newer quote.
RESEND_MS = 2000  # A revaluation without an answer is sent again, then ever more rarely.
RESEND_MS_MAX = 64_000

Precedence = tuple[int, Decimal, int, str]


class Move(NamedTuple):
    """A symbol's newest quote, and its marks for both sides."""

    quote: Quote
    at_ms: int  # When it was appended.
    long_price: Decimal | None
    short_price: Decimal | None


def move_of(arrived: Arrived) -> Move:
    """Return the marks of a quote."""
    quote, at_ms = arrived
    return Move(quote, at_ms, mark_of(quote, ONE), mark_of(quote, -ONE))


class Line:
    """A held or reserved symbol: the account's last quote, and the band that a move must leave."""

    __slots__ = ("as_of_ms", "epoch", "held", "high", "long", "low", "offset")

    def __init__(self, quantity: Decimal) -> None:
        self.held = quantity != 0
        self.long = quantity >= 0
        self.offset = -1
        self.epoch = ""
        self.as_of_ms = 0
        self.low: Decimal | None = None
        self.high: Decimal | None = None

    def take(self, own: WatchedSymbol, move_ratio: Decimal) -> None:
        """Set the quote that the account has of the symbol."""
        self.offset, self.epoch = own.offset, own.epoch
        self.as_of_ms = own.as_of_ms or 0
        self.low = self.high = None
        if own.mark_price is not None:
            width = abs(own.mark_price) * move_ratio
            self.low, self.high = own.mark_price - width, own.mark_price + width

    def due_ms(self, move: Move, *, every_quote: bool) -> int | None:
        """Return when the account is due a newer quote; None if it has the newest."""
        if not self.is_behind(move.quote):
            return None
        if (every_quote and self.held) or self._moved(move):
            return move.at_ms
        return max(move.at_ms, self.as_of_ms + AGING_MS)

    def is_behind(self, quote: Quote) -> bool:
        """Whether a quote is newer than the account's."""
        if quote.epoch == self.epoch:
            return quote.offset > self.offset
        return quote.as_of_ms > self.as_of_ms

    def _moved(self, move: Move) -> bool:
        if self.low is None or self.high is None:
            return True
        price = move.long_price if self.long else move.short_price
        return price is not None and not self.low <= price <= self.high


class MonitoredAccount:
    """Mutable, because each price changes a little of many accounts."""

    __slots__ = (
        "account_id",
        "answered",
        "confirming",
        "controls_serial",
        "currency",
        "down_ratio",
        "due_ms",
        "exposed",
        "lines",
        "overdue",
        "rates",
        "resend_ms",
        "revaluation_sent_ms",
        "revaluation_sent_serial",
        "row_at_ms",
        "sent_quotes",
        "sequence",
        "starved",
        "symbols",
        "unconverted",
        "urgent_ms",
        "wake_at_ms",
    )

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.due_ms: int | None = None  # Its time in the queue.
        self.urgent_ms: int | None = None  # When its wake-up or control alone is due.
        self.starved = False
        self.revaluation_sent_ms: int | None = None
        self.revaluation_sent_serial = -1
        self.resend_ms = RESEND_MS
        self.answered = True
        self.sequence = 0
        self.lines: dict[str, Line] = {}
        self.sent_quotes: dict[str, Quote] = {}  # In the last revaluation, by symbol.
        self.rates = RateLines()

    def apply(self, row: AccountState, *, move_ratio: Decimal) -> None:
        """Apply the account's row; one with a higher sequence answers the last revaluation."""
        answered = row.sequence > self.sequence
        self.answered = self.answered or answered
        self.sequence = row.sequence
        self.row_at_ms = row.at_ms
        self.wake_at_ms = row.wake_at_ms
        self.overdue = row.wake_at_ms is not None and row.wake_at_ms <= row.at_ms
        if answered and not self.overdue:
            self.resend_ms = RESEND_MS
        self.confirming = row.confirming
        self.controls_serial = row.controls_serial
        self.currency = row.currency
        self.symbols = row.watched
        self.unconverted = row.unconverted
        self.down_ratio = _down_ratio(row)
        self._take_lines(row, move_ratio)
        sent_ms = self.revaluation_sent_ms
        seen = sent_ms is not None and row.at_ms >= sent_ms
        if seen:
            self._skip_declined()
        self.rates.apply(row, move_ratio=move_ratio, answers=seen)

    def _take_lines(self, row: AccountState, move_ratio: Decimal) -> None:
        held = {item.symbol: item.quantity for item in row.positions if item.quantity}
        reserved = {item.symbol: ZERO for item in row.reservations}
        self.exposed = bool(held or reserved)
        self.lines = {symbol: Line(quantity) for symbol, quantity in {**reserved, **held}.items()}
        for own in row.quotes:
            if own.symbol in self.lines:
                self.lines[own.symbol].take(own, move_ratio)

    def sent(
        self, markets: Iterable[Market], rates: Iterable[Rate], at_ms: int, *, move_ratio: Decimal
    ) -> None:
        """Record a sent revaluation, and assume that the account takes what it carries."""
        self.rates.send(rates, move_ratio=move_ratio)
        if not self.answered or self.overdue:
            self.resend_ms = min(2 * self.resend_ms, RESEND_MS_MAX)
        self.answered = False
        self.starved = False
        self.revaluation_sent_ms = at_ms
        self.sent_quotes = {}
        for market in markets:
            line, quote = self.lines.get(market.symbol), market.quote
            if line is not None and quote is not None and line.is_behind(quote):
                line.take(_own(quote, line), move_ratio)
                self.sent_quotes[market.symbol] = quote

    def find_urgent_ms(self, serial: int, serial_at_ms: int, *, interval_ms: int) -> int | None:
        """Return when it is due for a wake-up or a `*` control; None without either."""
        times = (self._control_ms(serial, serial_at_ms), self._wake_ms(interval_ms))
        return min((time_ms for time_ms in times if time_ms is not None), default=None)

    def line_due_ms(self, symbol: str, move: Move, *, interval_ms: int) -> int | None:
        """Return when a symbol's newest quote is due."""
        due_ms = self.lines[symbol].due_ms(move, every_quote=self.confirming)
        return None if due_ms is None else self._paced_ms(due_ms, interval_ms)

    def rate_due_ms(self, currency: str, arrived: ArrivedRate, *, interval_ms: int) -> int | None:
        """Return when the newest rate of a currency is due."""
        every = self.confirming
        due_ms = self.rates.due_ms(currency, arrived, aging_ms=AGING_MS, every=every)
        return None if due_ms is None else self._paced_ms(due_ms, interval_ms)

    def _paced_ms(self, due_ms: int, interval_ms: int) -> int:
        """Delay a due time until after the row and the interval since the last revaluation."""
        due_ms = max(due_ms, self.row_at_ms)
        sent_ms = self.revaluation_sent_ms
        return due_ms if sent_ms is None else max(due_ms, sent_ms + interval_ms)

    def again_ms(self) -> int | None:
        """Return when to send an unanswered revaluation again."""
        if self.answered or self.revaluation_sent_ms is None:
            return None
        return self.revaluation_sent_ms + self.resend_ms

    def is_urgent(self, now_ms: int) -> bool:
        """Whether a wake-up or a control is due, not only a price move."""
        return self.urgent_ms is not None and self.urgent_ms <= now_ms

    def precedence(self, now_ms: int) -> Precedence:
        """Return its sort key among waiting accounts: urgency, then loss, then due time.

        Its row does not say how near a limit is, so its loss stands for that.
        """
        rank = 0 if self.is_urgent(now_ms) else 1 if self.confirming else 2
        return rank, -self.down_ratio, self.due_ms or 0, self.account_id

    def has_taken(self, market: Market) -> bool:
        """Whether a revaluation could leave this market out."""
        line = self.lines.get(market.symbol)
        return line is None or market.quote is None or not line.is_behind(market.quote)

    def _skip_declined(self) -> None:
        """Treat quotes that the account saw and did not take as old: it would refuse them again."""
        for symbol, quote in self.sent_quotes.items():
            line = self.lines.get(symbol)
            if line is not None and line.is_behind(quote):
                line.offset, line.epoch = quote.offset, quote.epoch

    def _control_ms(self, serial: int, serial_at_ms: int) -> int | None:
        if not self.exposed or self.controls_serial >= serial:
            return None
        if self.revaluation_sent_ms is not None and self.revaluation_sent_serial >= serial:
            return self.revaluation_sent_ms + self.resend_ms
        return max(serial_at_ms, self.row_at_ms)

    def _wake_ms(self, interval_ms: int) -> int | None:
        if self.wake_at_ms is None:
            return None
        if self.overdue:  # It did not act on its wake-up: retry, ever more rarely.
            return max(self.row_at_ms, self.revaluation_sent_ms or 0) + self.resend_ms
        if self.revaluation_sent_ms is None:
            return self.wake_at_ms
        if not self.answered and self.wake_at_ms <= self.revaluation_sent_ms:
            return self.revaluation_sent_ms + self.resend_ms
        return max(self.wake_at_ms, self.revaluation_sent_ms + interval_ms)


def _own(quote: Quote, line: Line) -> WatchedSymbol:
    return WatchedSymbol(
        symbol=quote.symbol,
        mark_price=mark_of(quote, ONE if line.long else -ONE),
        as_of_ms=quote.as_of_ms,
        offset=quote.offset,
        epoch=quote.epoch,
    )


def _down_ratio(row: AccountState) -> Decimal:
    """Return the larger of the loss ratios from the peak and since the day's open."""
    down = row.drawdown_ratio or ZERO
    day = row.daily
    if day is None or day.pnl is None or not day.start_equity or day.start_equity < 0:
        return down
    return max(down, -day.pnl / day.start_equity)
