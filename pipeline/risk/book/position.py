"""A position: signed quantity and exact cost, and how a fill changes it.

A fill realizes the share of the cost that it closes. What a quantity costs is its worth at the
fill's price, so one fold serves linear and inverse instruments.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.numbers import ZERO
from pipeline.risk.valuation.contracts import worth

_PLACES = -24  # 34 digits hold these and the money of 10 000 000 000 exactly.
_LEAST = Decimal((0, (1,), _PLACES))


class Position(Struct, frozen=True, array_like=True, gc=False):
    quantity: Decimal = ZERO  # In units, signed.
    cost: Decimal = ZERO  # Worth at the entry: of a linear one quantity x price, signed.


def average_price(position: Position, inverse: Decimal | None) -> Decimal:
    """Return the entry price per unit, of an inverse one the harmonic mean; 0 when flat."""
    quantity, cost = position.quantity, position.cost
    if not quantity:
        return ZERO
    return cost / quantity if inverse is None else -quantity * inverse / cost


def _rounded(cost: Decimal) -> Decimal:
    """Round a share of a cost so far that sums with it are exact, what is left of it included."""
    exponent = cost.as_tuple().exponent
    return cost.quantize(_LEAST) if isinstance(exponent, int) and exponent < _PLACES else cost


def fold(
    position: Position, quantity: Decimal, price: Decimal, *, inverse: Decimal | None = None
) -> tuple[Position, Decimal]:
    """Apply a fill of signed quantity at a price; return the position and the realized worth.

    Without the fee, and of a linear one before its multiplier. A fill through zero realizes all of
    the old position and opens the rest at its own price. inverse: as `contracts` has it.
    """
    held = position.quantity
    if not quantity:
        return position, ZERO
    if not held or (held > 0) == (quantity > 0):
        return Position(held + quantity, position.cost + worth(quantity, price, inverse)), ZERO
    left = held + quantity
    if left and (left > 0) == (held > 0):
        closed_cost = _rounded(position.cost * -quantity / held)
        realized = worth(-quantity, price, inverse) - closed_cost
        return Position(left, position.cost - closed_cost), realized
    opened = worth(left, price, inverse) if left else ZERO
    return Position(left, opened), worth(held, price, inverse) - position.cost
