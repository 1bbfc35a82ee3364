"""Simulated traders: accounts with a strategy, capital and good or bad habits that send signals.

Each has its own seeded random numbers, so every run sends the same signals on the same days.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from random import Random
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pipeline.demo.market import TICK, Quote
from pipeline.demo.strategies import Opinion, Strategy, average_move, momentum, reversion
from topics.signals import Signal

__all__ = ["OPENING", "RECKLESS", "UNOPENED", "Habits", "Market", "Trader", "make_traders"]

OPENING = Decimal(1_000_000)
RECKLESS = "reckless"
UNOPENED = "unopened"  # It sends signals although its account was never opened.
PAIRS = (("SP500", "WTI"), ("NASDAQ", "VIX"), ("WTI", "NASDAQ"), ("VIX", "SP500"))
# The usual position in one symbol, as a fraction of the capital.
SHARES = {
    "SP500": Decimal("0.11"),
    "NASDAQ": Decimal("0.11"),
    "WTI": Decimal("0.05"),
    "VIX": Decimal("0.02"),
}
STOP_MOVES = 8  # Average daily moves to a stop price: trends reach it, ordinary days do not.
NOTHING_SHARE = Decimal("0.01")  # Of the capital; a smaller difference is not worth an order.
STALE_MS = 9000
EVERY_DAYS = (4, 8)
STOPPED_EVERY_DAYS = 30  # A stopped trader keeps trying, but rarely.
ZERO = Decimal(0)


class Market(NamedTuple):
    """What a trader sees at the end of a day."""

    day: int
    closes: Mapping[str, Sequence[Decimal]]  # The last ones, oldest first.
    quotes: Mapping[str, Quote]
    stopped: Collection[str]  # Accounts that are not active, as far as the demo knows.
    now_ms: int


class Habits(Struct, frozen=True):
    """The size of a trader's orders, and the share of them that has each peculiarity."""

    appetite: Decimal = Decimal(1)  # A multiple of the usual position.
    first_day: int = 0
    every_days: tuple[int, int] = EVERY_DAYS  # The interval between signals is drawn from this.
    unsized: float = 0.25  # Leaves the quantity to the gate.
    oversized: float = 0.05
    limited: float = 0.3  # Gives a limit price.
    absurd: float = 0.02  # A limit price far from the market.
    late: float = 0.02  # The signal was created too long ago.
    repeated: float = 0.03  # Sends the same signal twice.
    stopped: float = 0.8  # Gives a stop price.
    holding: float = 0.05  # Sends `hold` when it wants nothing.


class Trader:
    """One account with its strategy and habits."""

    def __init__(
        self, account_id: str, strategy: Strategy, *, symbols: Sequence[str], habits: Habits
    ) -> None:
        self.account_id = account_id
        self._strategy = strategy
        self._symbols = tuple(symbols)
        self._habits = habits
        self._random = Random(account_id)
        self._every_days = self._random.randint(*habits.every_days)
        self._offset = self._random.randrange(STOPPED_EVERY_DAYS)  # Spreads traders over the days.
        self._number = 0

    def on_day(self, market: Market, held: Mapping[str, Decimal]) -> list[Signal]:
        """Return the signals of this day; `held`: signed quantities by symbol."""
        stopped = self.account_id in market.stopped
        every_days = STOPPED_EVERY_DAYS if stopped else self._every_days
        if market.day < self._habits.first_day or (market.day + self._offset) % every_days:
            return []
        signals: list[Signal] = []
        for symbol in self._symbols:
            opinion = self._strategy(market.closes[symbol])
            if opinion is not None:
                missing = self._wanted(market, symbol, opinion) - held.get(symbol, ZERO)
                signals += self._signals(market, symbol, missing=missing, opinion=opinion)
        return signals

    def _wanted(self, market: Market, symbol: str, opinion: Opinion) -> Decimal:
        last = market.quotes[symbol].last
        wanted = opinion.direction * OPENING * SHARES[symbol] * self._habits.appetite / last
        return wanted.quantize(Decimal(1), ROUND_DOWN)

    def _signals(
        self, market: Market, symbol: str, *, missing: Decimal, opinion: Opinion
    ) -> list[Signal]:
        """Return signals for the missing quantity; the same one twice when the habit says so."""
        signal = self._plain(market, symbol, opinion)
        if abs(missing) * market.quotes[symbol].last < OPENING * NOTHING_SHARE:
            return [signal] if self._happens(self._habits.holding) else []
        signal = replace(signal, side="buy" if missing > 0 else "sell")
        if not opinion.direction:
            return [replace(signal, reduce_only=True)]
        signal = self._with_habits(replace(signal, quantity=abs(missing)), market)
        return [signal, signal] if self._happens(self._habits.repeated) else [signal]

    def _plain(self, market: Market, symbol: str, opinion: Opinion) -> Signal:
        """Return a `hold` signal for others to be made from."""
        self._number += 1
        return Signal(
            signal_id=f"{self.account_id}:{self._number}",
            account_id=self.account_id,
            strategy_id=getattr(self._strategy, "__name__", "unknown"),
            symbol=symbol,
            side="hold",
            confidence=opinion.confidence,
            created_at_ms=market.now_ms,
        )

    def _with_habits(self, signal: Signal, market: Market) -> Signal:
        quote = market.quotes[signal.symbol]
        away = 1 if signal.side == "buy" else -1
        habits = self._habits
        if self._happens(habits.oversized) and signal.quantity is not None:
            signal = replace(signal, quantity=signal.quantity * self._random.randint(3, 12))
        if self._happens(habits.unsized):
            signal = replace(signal, quantity=None)
        if self._happens(habits.limited):
            best = quote.ask if away > 0 else quote.bid
            far = (
                Decimal("0.2")
                if self._happens(habits.absurd / habits.limited)
                else Decimal("0.001")
            )
            signal = replace(signal, limit_price=_to_tick(best * (1 + away * far)))
        if self._happens(habits.stopped):
            move = average_move(market.closes[signal.symbol])
            signal = replace(signal, stop_price=_to_tick(quote.last - away * STOP_MOVES * move))
        if self._happens(habits.late):
            signal = replace(signal, created_at_ms=signal.created_at_ms - STALE_MS)
        return signal

    def _happens(self, share: float) -> bool:
        return self._random.random() < share


def make_traders(pairs: int) -> list[Trader]:
    """Return `pairs` traders of each strategy, the reckless one and the unopened one."""
    traders = []
    for name, strategy in (("momentum", momentum), ("reversion", reversion)):
        for number in range(pairs):
            symbols = PAIRS[number % len(PAIRS)]
            account_id = f"{name}-{number + 1:02d}"
            traders.append(Trader(account_id, strategy, symbols=symbols, habits=Habits()))
    reckless = Habits(appetite=Decimal(15), first_day=80, limited=0, late=0, unsized=0, stopped=0)
    unopened = Habits(first_day=10, every_days=(25, 35))
    return [
        *traders,
        Trader(UNOPENED, momentum, symbols=("SP500",), habits=unopened),
        Trader(RECKLESS, buy_oil, symbols=("WTI",), habits=reckless),
    ]


def buy_oil(_closes: Sequence[Decimal]) -> Opinion | None:
    """Hold oil at any price, with full conviction."""
    return Opinion(1, Decimal("0.99"))


def _to_tick(price: Decimal) -> Decimal:
    return price.quantize(TICK)
