"""What a what-if assumes of executions: which fills of history still count, and how much of them.

A fill counts up to what the what-if approves of its order, where that is less than history did.
"""

from decimal import Decimal, localcontext
from typing import Literal

from msgspec import Struct

from pipeline.backtest.answers import Answers
from pipeline.risk.numbers import MONEY, ZERO, booked
from pipeline.risk.structs import replace
from topics.fills import Fill
from topics.orders import Order

__all__ = ["Executions"]

DROPPED: Literal["dropped"] = "dropped"  # An order that the what-if does not have.


class _Smaller(Struct):
    """An order of which the what-if approves less than history did; zero drops it."""

    quantity: Decimal
    filled: Decimal = ZERO


class _Named(Struct, frozen=True):
    """An order as the what-if names it."""

    name: str
    smaller: _Smaller | None  # None: its fills stay as they were.


class Executions:
    """Which orders differ, and what was kept of each fill that was cut."""

    def __init__(self, history: Answers, here: Answers) -> None:
        self.own_exits: dict[str, str] = {}  # The what-if's exit, by history's id of the same.
        self._history = history
        self._here = here
        self._names: dict[tuple[str, str], str] = {}  # The signal_id of an order at the venue.
        self._smaller: dict[tuple[str, str], _Smaller] = {}
        self._kept: dict[tuple[str, str, str, str], Decimal] = {}  # Of fills not kept whole.

    def fill(self, fill: Fill) -> Fill | None:
        """Return what counts of a fill, a bust or a correction; None if nothing does."""
        account_id, name = fill.account_id, fill.signal_id
        if name is None:
            name = self._names.get((account_id, fill.order_id))
        found = None if name is None else self._find(account_id, name)
        if found == DROPPED:
            return None
        if found is None:
            return fill
        quantity = fill.quantity if found.smaller is None else self._share(fill, found.smaller)
        return self._cut(fill, quantity, found)

    def order(self, order: Order) -> Order | None:
        """Return an order status as the what-if has it; None if it has no such order."""
        self._names[order.account_id, order.order_id] = order.signal_id
        found = self._find(order.account_id, order.signal_id)
        if found == DROPPED:
            return None
        if found is None:
            return order
        filled = order.filled_quantity
        if found.smaller is not None and filled is not None:
            filled = min(filled, found.smaller.quantity)
        if (found.name, filled) == (order.signal_id, order.filled_quantity):
            return order
        return replace(order, signal_id=found.name, filled_quantity=filled)

    def _find(self, account_id: str, name: str) -> _Named | Literal["dropped"] | None:
        """Return an order of history, None for one that nobody approved."""
        sent = self._history.exits_by_id.get(name)
        if sent is not None:
            was, own = sent.quantity, self.own_exits.get(name)
            if own is None:
                return DROPPED
            return self._named(account_id, own, was, self._here.exits_by_id[own].quantity)
        approved = self._history.approved.get((account_id, name))
        if approved is None:
            return None
        here = self._here.approved.get((account_id, name))
        if here is None:  # Its fill came before the signal: history decided it later as well.
            return _Named(name, None)
        return self._named(account_id, name, approved, here)

    def _named(  # noqa: PLR0917
        self, account_id: str, name: str, was: Decimal, here: Decimal
    ) -> _Named | Literal["dropped"]:
        if here >= was:
            return _Named(name, None)
        if not here:
            return DROPPED
        return _Named(name, self._smaller.setdefault((account_id, name), _Smaller(here)))

    def _share(self, fill: Fill, order: _Smaller) -> Decimal:
        """Return how much of a fill counts; a repetition or correction counts no more."""
        key = fill.account_id, fill.symbol, fill.side, fill.fill_id
        if key in self._kept or fill.kind != "new":
            return min(fill.quantity, self._kept.get(key, fill.quantity))
        kept = min(fill.quantity, order.quantity - order.filled)
        order.filled += kept
        self._kept[key] = kept
        return kept

    @staticmethod
    def _cut(fill: Fill, quantity: Decimal, order: _Named) -> Fill | None:
        if not quantity:
            return None
        fee = fill.fee
        if quantity != fill.quantity:
            with localcontext(MONEY):
                fee = booked(fee * quantity / fill.quantity)
        elif fill.signal_id is None or fill.signal_id == order.name:
            return fill
        signal_id = None if fill.signal_id is None else order.name
        return replace(fill, signal_id=signal_id, quantity=quantity, fee=fee)
