"""The judge's own books of an account: positions, average costs, realized PnL and cash.

Plain average cost, for linear instruments in the currency of the account. What it does not model
(busts, corrections, other currencies, late fills, snapshots that differ) puts the books in doubt:
they are then taken over from the next row of account_states, and nothing is judged in between.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from pipeline.verify.recent import Recent, digest_of
from topics.account_states import AccountState
from topics.accounts import CashFlow
from topics.events import AccountEvent, Event, FillEvent, PositionEvent
from topics.fills import Fill
from topics.instruments import Instrument
from topics.positions import PositionSnapshot

__all__ = ["Held", "Ledger"]

ZERO = Decimal(0)
CASH = "*cash"  # No symbol begins with a star.
LATE_MS = 3_600_000  # A fill that is older may be refused.


class Held(Struct):
    """One symbol's position."""

    quantity: Decimal = ZERO  # In units, negative is short.
    average: Decimal = ZERO
    realized: Decimal = ZERO  # Over the life of the account, fees included.
    filled_ms: int = 0  # When the last fill was executed.

    def book(self, fill: Fill, multiplier: Decimal) -> None:
        """Book a fill at average cost."""
        change = fill.quantity if fill.side == "buy" else -fill.quantity
        before, after = self.quantity, self.quantity + change
        if before * change >= 0:
            cost = self.average * abs(before) + fill.price * abs(change)
            self.average = cost / abs(after) if after else ZERO
        else:
            closed = min(abs(change), abs(before)).copy_sign(before)
            self.realized += (fill.price - self.average) * closed * multiplier
            if before * after < 0:
                self.average = fill.price
            elif not after:
                self.average = ZERO
        self.quantity = after
        self.realized -= fill.fee
        self.filled_ms = max(self.filled_ms, fill.executed_at_ms)


class Ledger:
    """One account's books since the last row that they were taken over from."""

    def __init__(self, *, whole: bool) -> None:
        self.held: dict[str, Held] = {}
        self.currency: str | None = None
        self.moved = ZERO  # Cash that came and went since the last row, without PnL.
        self.balance = ZERO  # Of the last row.
        self.realized = ZERO  # Of the last row, all symbols.
        self._doubts: set[str] = set()  # Symbols, or cash, that a snapshot contradicts.
        self._is_sure = whole
        self._begun = False
        self._compared_ms = 0  # As of the newest snapshot: fills until then may not count.
        self._seen = Recent()

    @property
    def is_sure(self) -> bool:
        """Whether these books say what risk must have."""
        return self._is_sure and not self._doubts

    def know(self, ids: Iterable[str]) -> None:
        """Remember what was booked before these books begin, by the names that risk keeps."""
        for identity in ids:
            if identity.startswith("fill|"):
                symbol, side, fill_id = identity.split("|")[1:]
                self._seen.put(_fill_key(symbol, side, fill_id), 0)
            elif identity.startswith("flow:"):
                self._seen.put(_flow_key(identity.removeprefix("flow:")), 0)

    def apply(self, event: Event, at_ms: int) -> None:
        """Book an event."""
        match event:
            case FillEvent(body=fill, instrument=instrument):
                self._fill(fill, instrument, at_ms)
            case PositionEvent(body=snapshot):
                self._snapshot(snapshot)
            case AccountEvent(body=flow):
                self._flow(flow)
            case _:
                pass

    def doubt(self) -> None:
        """Judge nothing until the next row is taken over."""
        self._is_sure = False

    def adopt(self, row: AccountState) -> None:
        """Take over what a row says; the row is of the last event that was booked."""
        times = {symbol: held.filled_ms for symbol, held in self.held.items()}
        self.held = {
            item.symbol: Held(
                item.quantity, item.average_price, item.realized_pnl, times.get(item.symbol, 0)
            )
            for item in row.positions
        }
        self.currency = row.currency
        self._begun = row.currency is not None
        self.balance, self.moved = row.balance, ZERO
        self.realized = sum((item.realized_pnl for item in row.positions), ZERO)
        self._is_sure = not (row.cash or row.unconverted or row.rates)

    def _fill(self, fill: Fill, instrument: Instrument | None, at_ms: int) -> None:
        key = _fill_key(fill.symbol, fill.side, fill.fill_id)
        if fill.kind != "new":
            self._is_sure = False
        if self._seen.get(key) is not None:
            return  # A repetition is booked once; one that differs changes nothing.
        self._seen.put(key, 0)
        held = self.held.setdefault(fill.symbol, Held())
        modelled = (
            instrument is not None
            and instrument.kind == "linear"
            and self.currency == instrument.settlement_currency
            and fill.fee_currency in {None, self.currency}
            and max(self._compared_ms, at_ms - LATE_MS) < fill.executed_at_ms <= at_ms
        )
        if not modelled or instrument is None:
            self._is_sure = False
            return
        held.book(fill, instrument.multiplier)

    def _snapshot(self, snapshot: PositionSnapshot) -> None:
        held = self.held.get(snapshot.symbol, Held())
        if snapshot.as_of_ms <= held.filled_ms:
            return  # Risk does not compare it either.
        self._compared_ms = max(self._compared_ms, snapshot.as_of_ms)
        if snapshot.quantity == held.quantity:
            self._doubts.discard(snapshot.symbol)
        else:
            self._doubts.add(snapshot.symbol)

    def _flow(self, flow: CashFlow) -> None:
        key = _flow_key(flow.flow_id)
        if self._seen.get(key) is not None:
            return
        self._seen.put(key, 0)
        if flow.kind == "snapshot" and self._begun:
            self._compared_ms = max(self._compared_ms, flow.as_of_ms)
            agrees = flow.currency == self.currency and flow.amount == self._balance_now()
            (self._doubts.discard if agrees else self._doubts.add)(CASH)
        elif flow.kind in {"opening", "snapshot"}:
            self._begin(flow)
        elif flow.currency != self.currency:
            self._is_sure = False
        else:
            self.moved += -flow.amount if flow.kind == "withdrawal" else flow.amount

    def _begin(self, flow: CashFlow) -> None:
        if self._begun or self.held or self.moved:
            self._is_sure = False
        else:
            self.moved += flow.amount
        self._begun, self.currency = True, flow.currency
        self._compared_ms = max(self._compared_ms, flow.as_of_ms)

    def _balance_now(self) -> Decimal:
        realized = sum((held.realized for held in self.held.values()), ZERO)
        return self.balance + self.moved + realized - self.realized


def _fill_key(symbol: str, side: str, fill_id: str) -> int:
    return digest_of(f"{symbol} {side} {fill_id}".encode())


def _flow_key(flow_id: str) -> int:
    return digest_of(f"flow {flow_id}".encode())
