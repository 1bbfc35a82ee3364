"""What the oracle remembers of one account, and what it is worth."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.model.book import Contract, NotJudgedError, Position, Trade, fold
from tests.oracle.model.breaker import Breaker, Stopouts
from tests.oracle.model.exact import Number, number
from tests.oracle.model.parameters import Limits

__all__ = ["Account", "MetStop", "Quote", "Reservation", "Stop", "Window"]

ZERO = Number(0)
Json = dict[str, Any]


@dataclass(frozen=True)
class Quote:
    """A quote that the account took."""

    bid: Number | None
    ask: Number | None
    mark: Number | None
    last: Number | None
    as_of_ms: int
    offset: int
    taken_ms: int
    event: int
    atr: Number | None
    ewma: Number | None
    long_run: Number | None

    def side(self, name: str) -> Number | None:
        """Return bid or ask when there is one, else mark, else last."""
        first = self.bid if name == "bid" else self.ask
        return next((p for p in (first, self.mark, self.last) if p is not None), None)


@dataclass
class Reservation:
    """An approved order or an exit of ours."""

    id: str
    symbol: str
    side: str
    quantity: Number  # As reserved.
    left: Number
    price: Number
    at_ms: int
    ttl_ms: int
    exit_reason: str | None = None  # Of an exit of ours.
    entry_price: Number | None = None
    stop: Number | None = None
    stop_is_named: bool = False
    is_entry: bool = False
    seen: Number = ZERO
    status: str = "pending"  # Then working, awaiting, ended, expired.
    order_id: str | None = None
    reported: Number | None = None
    awaiting_since_ms: int = 0
    awaiting_ttl_ms: int = 0
    answered: bool = False  # A final status came.


@dataclass
class Stop:
    """An open emergency stop."""

    id: str
    rule: str
    level: str  # reduce, halt or flatten.
    measured: Number | None = None
    limit: Number | None = None
    flattened: bool = False  # The row `flattening` was written.
    flat: bool = False
    is_everyones: bool = False
    opened_event: int = 0


@dataclass
class MetStop:
    """A stop of a position that was met; it ends when all that was sent for it has filled."""

    rule: str
    opening: int  # Event that opened the position.
    unfilled: Number | None = None


@dataclass
class Window:
    """The current day or week."""

    start_ms: int
    end_ms: int
    name: str
    start_equity: Number | None
    realized_before: Number = ZERO
    flows: Number = ZERO
    deposits: Number = ZERO
    marks: dict[str, Number] = field(default_factory=dict)  # Of symbols held at the start.
    baseline: Number | None = None  # Equity at the last resume.
    baseline_flows: Number = ZERO
    baseline_deposits: Number = ZERO
    resumes: int = 0


@dataclass
class Account:
    """One account; `event` counts what was applied to it."""

    id: str
    own: Json = field(default_factory=dict)
    own_version: int = 0
    event: int = 0
    now_ms: int = 0
    currency: str | None = None
    opening_ms: int | None = None
    opening: Number = ZERO
    flows: Number = ZERO
    funding: Number = ZERO
    adjustments: Number = ZERO
    instruments: dict[str, Json] = field(default_factory=dict)
    quotes: dict[str, list[Quote]] = field(default_factory=dict)
    rates: dict[str, tuple[Number, int]] = field(default_factory=dict)
    trades: dict[str, list[Trade]] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    reservations: list[Reservation] = field(default_factory=list)
    day: Window | None = None
    week: Window | None = None
    peak: Number = ZERO
    peak_baseline: Number | None = None
    stops: list[Stop] = field(default_factory=list)
    signal_ids: set[str] = field(default_factory=set)
    decided: dict[str, str] = field(default_factory=dict)  # Verdict by signal id.
    fill_ids: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    flow_ids: set[str] = field(default_factory=set)
    control_ids: set[str] = field(default_factory=set)
    approvals: list[tuple[int, tuple[Any, ...]]] = field(default_factory=list)
    violations: list[tuple[int, str, str]] = field(default_factory=list)  # At, level, rule.
    exits_sent: dict[str, int] = field(default_factory=dict)
    met_stops: dict[str, MetStop] = field(default_factory=dict)
    filled: bool = False  # This event booked a fill.
    confirming_breach: bool = False
    alerted: dict[str, int] = field(default_factory=dict)
    overfills: list[tuple[int, int]] = field(default_factory=list)  # At, event.
    breaker: Breaker = field(default_factory=Breaker)
    stopouts: Stopouts = field(default_factory=Stopouts)
    breaching: set[str] = field(default_factory=set)  # What was breached at the last look.
    violated: bool = False  # This event counted a violation.
    unmatched: int = 0  # Fills that named no decision, since the last alert about them.
    unmatched_event: int = 0  # At which the last one came.
    sessions: list[Json] = field(default_factory=list)  # Of the signal's exchange.
    heartbeat_ms: int | None = None
    known: dict[str, None] = field(default_factory=dict)  # Symbols, as they were first named.
    tightened_ms: int = 0
    everyone_tightened_ms: int = 0
    everyone_seen: int = 0
    limits: Limits = field(default_factory=lambda: Limits({}, {}))

    # Positions

    def contract(self, symbol: str) -> Contract | None:
        """Return the money side of an instrument, if it is known."""
        found = self.instruments.get(symbol)
        if found is None:
            return None
        return Contract(
            found.get("kind", "linear"),
            number(found.get("multiplier", "1")) or ZERO,
            found["settlement_currency"],
            found.get("base_currency"),
        )

    def refold(self, symbol: str) -> None:
        """Book all fills of a symbol anew."""
        contract = self.contract(symbol)
        if contract is None:
            raise NotJudgedError(f"a fill of {symbol} without its instrument")
        self.positions[symbol] = fold(self.trades.get(symbol, []), contract, self.opening_ms)

    def held(self) -> list[str]:
        """Return the symbols with a position, by name."""
        return sorted(name for name, position in self.positions.items() if position.quantity)

    def quantity(self, symbol: str) -> Number:
        """Return the signed position in a symbol."""
        position = self.positions.get(symbol)
        return position.quantity if position else ZERO

    def minimum(self, symbol: str) -> Number:
        """Return the instrument's smallest order."""
        return number(self.instruments[symbol]["min_quantity"]) or ZERO

    def is_dust(self, symbol: str) -> bool:
        """Tell whether a position is below the instrument's smallest order."""
        return abs(self.quantity(symbol)) < self.minimum(symbol)

    def is_left_out(self, symbol: str) -> bool:
        """Tell whether the age of this held symbol's price does not count."""
        return self.is_dust(symbol) or self.instruments[symbol].get("status") == "delisted"

    # Prices

    def quote(self, symbol: str) -> Quote | None:
        """Return the newest quote that was taken."""
        taken = self.quotes.get(symbol)
        return taken[-1] if taken else None

    def age_ms(self, symbol: str) -> int | None:
        """Return the age of the newest quote."""
        quote = self.quote(symbol)
        return None if quote is None else self.now_ms - quote.as_of_ms

    def is_fresh(self, symbol: str) -> bool:
        """Tell whether there is a quote that is not stale."""
        age = self.age_ms(symbol)
        return age is not None and age <= self.limits.needed("prices", "mark_age_ms_max")

    def mark(self, symbol: str) -> Number | None:
        """Return the mark that values the position, stale or not; a flat one as if long."""
        quote = self.quote(symbol)
        if quote is None:
            return None
        return quote.side("ask" if self.quantity(symbol) < 0 else "bid")

    def reference(self, symbol: str, side: str) -> Number | None:
        """Return the reference price of an order, however old."""
        quote = self.quote(symbol)
        return None if quote is None else quote.side("ask" if side == "buy" else "bid")

    def confirming(self, symbol: str) -> list[Number]:
        """Return the marks of a position among which the most favourable one is chosen."""
        position = self.positions[symbol]
        opening = position.opening
        assert opening is not None
        side = "ask" if position.quantity < 0 else "bid"
        taken: list[tuple[Number, int]] = [(opening.price, opening.at_ms)]
        quotes = self.quotes.get(symbol, [])
        before = [quote for quote in quotes if quote.event <= opening.event][-1:]
        after = [quote for quote in quotes if quote.event > opening.event]
        for quote in before + after:
            price = quote.side(side)
            assert price is not None
            taken.append((price, max(quote.taken_ms, opening.at_ms)))
        most = int(self.limits.needed("confirmation", "confirm_marks"))
        wait_ms = self.limits.needed("confirmation", "confirm_ms")
        kept = taken[-most:]
        while len(kept) > 2 and self.now_ms - kept[1][1] >= wait_ms:
            kept.pop(0)
        return [price for price, _ in kept]

    # Money

    def rate(self, currency: str) -> Number | None:
        """Return the account's currency per unit of another one, stale or not."""
        if currency == self.currency or self.currency is None:
            return Number(1)
        found = self.rates.get(currency)
        return None if found is None else found[0]

    def realized(self) -> Number:
        """Return all PnL that is booked: of fills, funding and adjustments."""
        fills = sum((position.booked for position in self.positions.values()), ZERO)
        return fills + self.funding + self.adjustments

    def balance(self) -> Number:
        """Return opening, flows and what was realized; nothing before the opening."""
        if self.currency is None:
            return ZERO
        return self.opening + self.flows + self.realized()

    def unrealized_at(self, symbol: str, price: Number) -> Number | None:
        """Return the PnL of a position at a price, in the account's currency."""
        contract = self.contract(symbol)
        if contract is None:
            return None
        rate = self.rate(contract.settlement)
        if rate is None:
            return None
        position = self.positions[symbol]
        return contract.pnl(position.quantity, position.cost, price) * rate

    def unrealized(self, symbol: str) -> Number | None:
        """Return the PnL of a position at its mark; None while something is missing."""
        price = self.mark(symbol)
        if price is None:
            return ZERO if self.is_left_out(symbol) else None
        return self.unrealized_at(symbol, price)

    def known_equity(self) -> Number | None:
        """Return equity at the newest marks, stale or not; None while one is missing."""
        if self.currency is None:
            return None
        total = self.balance()
        for symbol in self.held():
            won = self.unrealized(symbol)
            if won is None:
                return None
            total += won
        return total

    def equity(self) -> Number | None:
        """Return equity; None while a mark is missing or stale too."""
        if any(not (self.is_fresh(name) or self.is_left_out(name)) for name in self.held()):
            return None
        return self.known_equity()

    def equity_at(self, choose: Callable[[list[Number]], Number]) -> Number | None:
        """Return equity at one of each position's confirming marks, best or worst PnL."""
        total = self.known_equity()
        if total is None:
            return None
        for symbol in self.held():
            if self.mark(symbol) is None:
                continue
            now = self.unrealized(symbol)
            each = [self.unrealized_at(symbol, price) for price in self.confirming(symbol)]
            known = [won for won in each if won is not None]
            assert now is not None
            total += choose(known) - now
        return total

    # Reservations

    def reserved(self, symbol: str, side: str) -> list[Reservation]:
        """Return the orders of one side that may still fill."""
        return [r for r in self.open_reservations() if r.symbol == symbol and r.side == side]

    def open_reservations(self) -> list[Reservation]:
        """Return all orders that may still fill."""
        return [r for r in self.reservations if r.left]

    def reserved_quantity(self, symbol: str, side: str) -> Number:
        """Return how much of one side may still fill."""
        return sum((r.left for r in self.reserved(symbol, side)), ZERO)

    def exit_side(self, symbol: str) -> str | None:
        """Return the side that reduces a position; None when flat."""
        held = self.quantity(symbol)
        return None if not held else "sell" if held > 0 else "buy"

    def proven(self, symbol: str) -> Number:
        """Return the largest proven exit, not rounded."""
        side = self.exit_side(symbol)
        if side is None:
            return ZERO
        return max(abs(self.quantity(symbol)) - self.reserved_quantity(symbol, side), ZERO)

    def state(self) -> str:
        """Return the trading state that its stops make."""
        levels = {stop.level for stop in self.stops}
        if levels & {"halt", "flatten"}:
            return "halted"
        return "reducing" if levels else "active"
