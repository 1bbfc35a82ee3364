"""A position: signed quantity and exact cost, and how a fill changes it. Linear instruments.

Average price is cost / quantity; a fill realizes the share of the cost that it closes.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.numbers import ZERO


class Position(Struct, frozen=True, array_like=True, gc=False):
    quantity: Decimal = ZERO  # In units, signed.
    cost: Decimal = (
        ZERO  # Signed quantity x entry price, in the settlement currency per multiplier.
    )

    @property
    def average_price(self) -> Decimal:
        """Entry price per unit; 0 when flat."""
        return self.cost / self.quantity if self.quantity else ZERO


def fold(position: Position, quantity: Decimal, price: Decimal) -> tuple[Position, Decimal]:
    """Apply a fill of signed quantity at a price; return the position and the realized PnL.

    The PnL is per unit of the multiplier, without the fee. A fill through zero realizes all of
    the old position and opens the rest at its own price.
    """
    held = position.quantity
    if not held or (held > 0) == (quantity > 0):
        return Position(held + quantity, position.cost + quantity * price), ZERO
    left = held + quantity
    if left and (left > 0) == (held > 0):
        closed_cost = position.cost * -quantity / held
        return Position(left, position.cost - closed_cost), -quantity * price - closed_cost
    return Position(left, left * price), held * price - position.cost
