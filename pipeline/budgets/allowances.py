"""The division of one budget among its accounts: whose allowance shrinks, whose grows, by how much.

Pure: no Kafka and no clock. An account's claim is the larger of what it uses and what any of its
documents may still allow. A claim grows only by what all claims together leave of the budget, so
their sum never exceeds it. What one account gives up becomes available to others only when its
smaller allowance is in force and its use is below it.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Context, Decimal

from msgspec import Struct

__all__ = ["Seat", "divide", "is_held", "room_of"]

ZERO = Decimal(0)
CENT = Decimal("0.01")
FLOOR = Context(prec=60, rounding=ROUND_DOWN)
MOVE_RATIO_MIN = Decimal("0.05")  # Of an even share; a smaller change is not worth a document.


class Seat(Struct, frozen=True):
    """One account's share of a budget, as far as it is known; in the budget's currency."""

    newest: Decimal | None  # The allowance in its newest document; None: that sets none.
    held: Decimal | None  # The most that may be in force or used; None: unlimited or unknown.
    used: Decimal | None  # None: unknown.

    @property
    def claim(self) -> Decimal:
        """The amount that no other account may use."""
        allowed = self.newest or ZERO
        return allowed if self.held is None else max(self.held, allowed)


def divide(budget: Decimal, seats: Mapping[str, Seat]) -> dict[str, Decimal]:
    """Return the allowances to publish now, ordered by account; all others stay unchanged.

    If the claims did not exceed the budget before, they do not after any prefix of this order has
    been published.
    """
    goals = _goals(budget, seats)
    least = FLOOR.multiply(MOVE_RATIO_MIN, FLOOR.divide(budget, Decimal(max(len(seats), 1))))
    room = room_of(budget, seats)
    is_settled = is_held(seats)
    found: dict[str, Decimal] = {}
    for name in sorted(seats):
        seat, goal = seats[name], goals[name]
        if seat.newest is None:  # Give every account a limit first: without one it is unbounded.
            found[name] = min(goal, max(room, ZERO))
            room -= found[name]
        elif goal < seat.newest and (seat.newest - goal >= max(least, CENT) or room < ZERO):
            found[name] = goal
        elif is_settled and room >= ZERO:  # An unbounded account could use all of the rest.
            grown = min(goal, seat.claim + room)
            if grown - seat.newest >= max(least, CENT):
                found[name] = grown
                room -= max(grown - seat.claim, ZERO)
    return found


def room_of(budget: Decimal, seats: Mapping[str, Seat]) -> Decimal:
    """Return the budget less all claims; negative after the budget was reduced."""
    return budget - sum((seat.claim for seat in seats.values()), ZERO)


def is_held(seats: Mapping[str, Seat]) -> bool:
    """Whether an allowance is in force in every account; only then does the budget bound them."""
    return all(seat.held is not None for seat in seats.values())


def _goals(budget: Decimal, seats: Mapping[str, Seat]) -> dict[str, Decimal]:
    """Return for each account its use plus an even share of the rest, rounded down to the cent."""
    used = {name: _used(seat) for name, seat in seats.items()}
    total = sum(used.values(), ZERO)
    if total > budget:
        return {
            name: _floor(FLOOR.divide(FLOOR.multiply(budget, amount), total))
            for name, amount in used.items()
        }
    part = FLOOR.divide(budget - total, Decimal(max(len(seats), 1)))
    return {name: _floor(amount + part) for name, amount in used.items()}


def _used(seat: Seat) -> Decimal:
    """Return what an account uses, at least 0; unknown use counts as its whole allowance."""
    return max((seat.newest or ZERO) if seat.used is None else seat.used, ZERO)


def _floor(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, context=FLOOR)
