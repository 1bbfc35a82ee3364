"""One budget divided among its accounts: who gives, who may take, and how much now.

Pure. An account's claim is the most that any of its documents still allows or that it uses; claims
only grow out of what the budget has left beside them, so they never sum to more than it. What an
account gives is left for others only once its smaller allowance is in force and respected.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Context, Decimal

from msgspec import Struct

__all__ = ["Seat", "divide", "is_held", "room_of"]

ZERO = Decimal(0)
CENT = Decimal("0.01")
FLOOR = Context(prec=60, rounding=ROUND_DOWN)
MOVE_RATIO_MIN = Decimal("0.05")  # Of an even share: less is not worth a document.


class Seat(Struct, frozen=True):
    """What is known of one account's part of a budget, in the budget's currency."""

    newest: Decimal | None  # Allowance of its newest document; None: it names none.
    held: Decimal | None  # The most that may be in force or used; None: no limit, or unknown.
    used: Decimal | None  # Of it; None: unknown.

    @property
    def claim(self) -> Decimal:
        """What the others must leave to it."""
        allowed = self.newest or ZERO
        return allowed if self.held is None else max(self.held, allowed)


def divide(budget: Decimal, seats: Mapping[str, Seat]) -> dict[str, Decimal]:
    """Return the allowances to publish now, in the order of the names; others stay as they are.

    Published one by one, in this order or any part of it, they keep the sum of all claims at or
    below the budget, if it was.
    """
    goals = _goals(budget, seats)
    least = FLOOR.multiply(MOVE_RATIO_MIN, FLOOR.divide(budget, Decimal(max(len(seats), 1))))
    room = room_of(budget, seats)
    is_settled = is_held(seats)
    found: dict[str, Decimal] = {}
    for name in sorted(seats):
        seat, goal = seats[name], goals[name]
        if seat.newest is None:
            found[name] = min(goal, max(room, ZERO))
            room -= found[name]
        elif goal < seat.newest and (seat.newest - goal >= max(least, CENT) or room < ZERO):
            found[name] = goal
        elif is_settled and room >= ZERO:
            grown = min(goal, seat.claim + room)
            if grown - seat.newest >= max(least, CENT):
                found[name] = grown
                room -= max(grown - seat.claim, ZERO)
    return found


def room_of(budget: Decimal, seats: Mapping[str, Seat]) -> Decimal:
    """Return what the budget has left beside all claims; below 0 when it was made smaller."""
    return budget - sum((seat.claim for seat in seats.values()), ZERO)


def is_held(seats: Mapping[str, Seat]) -> bool:
    """Whether an allowance is in force in every account: only then does the budget bound them."""
    return all(seat.held is not None for seat in seats.values())


def _goals(budget: Decimal, seats: Mapping[str, Seat]) -> dict[str, Decimal]:
    """To each what it uses and an even part of what nobody uses; to the cent, rounded down."""
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
    """Unknown use is taken as all that is allowed."""
    return max((seat.newest or ZERO) if seat.used is None else seat.used, ZERO)


def _floor(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, context=FLOOR)
