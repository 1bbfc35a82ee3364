"""One partition's watchlist, its tables and the rows of risk, for tests of revaluations."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from pipeline.streams.roles.broadcast.revaluations import Due, RevaluationQueue
from pipeline.streams.settings import Settings
from pipeline.streams.tables.tables import Tables
from tests import given
from topics.account_states import (
    TOPIC,
    AccountState,
    PositionState,
    ReservationState,
    WatchedSymbol,
)

T0_MS = given.T0_MS
NEVER: Mapping[str, Decimal] = {}


def row(account_id: str = "a", *, long: Any = 1, mark: Any = 100, **fields: Any) -> AccountState:
    """An account that holds BTC-USD, with its own mark of T0 from offset 0 of prices."""
    held = PositionState(
        symbol="BTC-USD",
        quantity=Decimal(long),
        average_price=Decimal(100),
        mark_price=None,
        unrealized_pnl=None,
        realized_pnl=Decimal(0),
    )
    own = WatchedSymbol(
        symbol="BTC-USD",
        mark_price=None if mark is None else Decimal(mark),
        as_of_ms=None if mark is None else T0_MS,
        offset=-1 if mark is None else 0,
    )
    defaults: dict[str, Any] = {
        "wake_at_ms": None,
        "positions": (held,) if long else (),
        "reservations": (),
        "watched": ("BTC-USD",),
        "quotes": (own,),
        "drawdown_ratio": Decimal(0),
        "daily": None,
        "sequence": 1,
        "at_ms": T0_MS,
    }
    assert isinstance(TOPIC.example, AccountState)
    return replace(TOPIC.example, account_id=account_id, **defaults | fields)


def reservation(symbol: str = "BTC-USD") -> ReservationState:
    """A buy that is reserved."""
    return ReservationState(
        signal_id="s", symbol=symbol, side="buy", quantity=Decimal(1), price=Decimal(100)
    )


def shared(serial: int, at_ms: int) -> AccountState:
    """The row of `*`."""
    return row("*", long=0, controls_serial=serial, at_ms=at_ms)


class Watching:
    """A watchlist with its tables; times are milliseconds after T0."""

    def __init__(self, *rows: AccountState, settings: Settings | None = None) -> None:
        chosen = settings or Settings.model_construct()
        self.tables = Tables(chosen)
        self.queue = RevaluationQueue(chosen, self.tables)
        self._offset = 0
        for each in rows:
            self.queue.apply_state(each)

    def price(self, after_ms: int, last: Any = None, **prices: Any) -> None:
        """A new quote of BTC-USD."""
        self._offset += 1
        at_ms = T0_MS + after_ms
        quote = given.price(last, as_of_ms=at_ms, **prices)
        self.tables.apply_price(quote, offset=self._offset, appended_ms=at_ms)
        self.queue.apply_price("BTC-USD")

    def due(self, after_ms: int, budget: int | None = None, *, lagging: bool = False) -> list[str]:
        """Names of the accounts that are due."""
        found = self.queue.due(T0_MS + after_ms, budget, lagging=lagging)
        return [due.account_id for due in found]

    def first(self) -> tuple[str, int] | None:
        """The first account that falls due within a day, and how long after T0."""
        found: Due | None = self.queue.earliest(T0_MS + 86_400_000)
        return None if found is None else (found.account_id, found.due_ms - T0_MS)

    def revaluation(self, after_ms: int, account_id: str = "a") -> None:
        """Send an account its revaluation."""
        self.queue.revaluation(account_id, T0_MS + after_ms)

    def answer(self, after_ms: int, account_id: str = "a", **fields: Any) -> None:
        """The account's row after it took its revaluation at a price of the newest quote."""
        quote = self.tables.quote("BTC-USD")
        assert quote is not None
        own = WatchedSymbol(
            symbol="BTC-USD",
            mark_price=quote.last,
            as_of_ms=quote.as_of_ms,
            offset=quote.offset,
        )
        answered = {"sequence": 2, "at_ms": T0_MS + after_ms, "quotes": (own,)} | fields
        self.queue.apply_state(row(account_id, **answered))
