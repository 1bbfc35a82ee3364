"""The stop price of a position whose fills are applied again, from those that stand.

Apart from beginning.py, which knows when the position began: this follows what each fill says of
stops. A fill that says nothing (an adopted difference) leaves the stop price as it is.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Execution
from pipeline.risk.account.kept_fills import KeptFill
from pipeline.risk.account.position import Position
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.ledger.stop_levels import stop_of
from pipeline.risk.numbers import ZERO
from pipeline.risk.turn import Turn


class StopAgain:
    """Follows the stop price from the changed fill on; it lives for one step, like its turn."""

    def __init__(self, turn: Turn, changed: KeptFill) -> None:
        levels, entry = changed.stop_levels, changed.entry
        self._turn = turn
        self._holding = turn.holding(changed.symbol)
        self._stop = None if levels is None else levels.stop
        self._known = True  # False after a fill that says nothing of stops.
        self._orders: dict[str, tuple[Decimal, Decimal]] = {}  # Filled and cost of what stands.
        if entry is not None and entry.order:
            self._orders[entry.order] = entry.filled, entry.cost

    def preceding(self, kept: KeptFill) -> KeptFill:
        """Return a later fill with the stop price and the sums of its order that now precede it."""
        entry, levels = kept.entry, kept.stop_levels
        if entry is not None and entry.order in self._orders:
            filled, cost = self._orders[entry.order]
            entry = replace(entry, filled=filled, cost=cost)
        if levels is not None and self._known:
            levels = replace(levels, stop=self._stop)
        is_same = entry == kept.entry and levels == kept.stop_levels
        return kept if is_same else replace(kept, entry=entry, stop_levels=levels)

    def take(self, kept: KeptFill, left: Position) -> None:
        """Follow a fill that leaves a position; kept: with what now precedes it."""
        entry, fill = kept.entry, kept.execution
        if entry is not None and entry.order:
            value = contract_value(fill.quantity, fill.price, self._holding.inverse)
            self._orders[entry.order] = entry.filled + fill.quantity, entry.cost + value
        if not left.quantity:
            self._stop, self._known = None, True
        elif (left.quantity > ZERO) == (fill.side == "buy"):
            self._known = entry is not None
            if entry is not None:
                self._stop = stop_of(entry, fill, self._holding)

    def hold(self, old: KeptFill, new: Execution | None) -> None:
        """Set the stop price of the held position, and the sums of an order that still works."""
        holding = self._turn.holding(old.symbol)
        levels = holding.stop_levels
        if levels is not None and self._known and levels.stop != self._stop:
            changed = replace(holding, stop_levels=replace(levels, stop=self._stop))
            self._turn.replace_holding(changed)
        if old.entry is not None:
            order = holding.reservations.get(old.entry.order)
            uncount(self._turn, order, old.execution, new=new)


def uncount(
    turn: Turn, order: Reservation | None, fill: Execution, *, new: Execution | None
) -> None:
    """Take a fill that does not stand out of the sums of its order while that still works.

    new: what stands in its place.
    """
    if order is None or order.phase == "ended":
        return
    inverse = turn.holding(order.symbol).inverse
    undone, cost = fill.quantity, -contract_value(fill.quantity, fill.price, inverse)
    if new is not None:
        undone -= new.quantity
        cost += contract_value(new.quantity, new.price, inverse)
    turn.reserve(replace(order, undone=order.undone + undone, filled_cost=order.filled_cost + cost))
