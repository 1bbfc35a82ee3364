"""A position: signed quantity and exact cost, and how a fill changes it.

A fill realizes the share of the cost that it closes. What a quantity costs is its worth at the
fill's price, so one fold serves linear and inverse instruments.
"""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.numbers import ONE, ZERO, booked


class Contract(Struct, frozen=True, gc=False):
    """How a quantity turns into money."""

    inverse: Decimal | None = None  # The multiplier of an inverse instrument, part of its worth.
    multiplier: Decimal = ONE  # Of a linear worth; 1 for an inverse instrument.
    converts: bool = False  # Its money is booked, and rounded, in another currency.


LINEAR = Contract()


class Position(Struct, frozen=True, array_like=True, gc=False):
    quantity: Decimal = ZERO  # In units, signed.
    cost: Decimal = ZERO  # Worth at the entry: of a linear one quantity x price, signed.
    frozen_cost: Decimal = ZERO  # What of the cost is frozen at the rates of its fills.
    paid: Decimal = ZERO  # That part in the account's currency, signed.


def average_price(position: Position, inverse: Decimal | None) -> Decimal:
    """Return the entry price per unit, of an inverse one the harmonic mean; 0 when flat."""
    quantity, cost = position.quantity, position.cost
    if not quantity:
        return ZERO
    return cost / quantity if inverse is None else -quantity * inverse / cost


def apply_trade(
    position: Position, quantity: Decimal, price: Decimal, *, terms: Contract
) -> tuple[Position, Decimal]:
    """Apply a fill of signed quantity at a price; return the position and the money it realizes.

    The money is without the fee, in the settlement currency, and rounded where it is booked in it.
    What the rounding takes or adds when a part is closed stays in the cost of what is left. A fill
    through zero realizes all of the old position and opens the rest at its own price.
    """
    held, inverse, multiplier = position.quantity, terms.inverse, terms.multiplier
    if not quantity:
        return position, ZERO
    if not held or (held > 0) == (quantity > 0):
        return Position(
            held + quantity, position.cost + contract_value(quantity, price, inverse)
        ), ZERO
    left = held + quantity
    if left and (left > 0) == (held > 0):
        sold = contract_value(-quantity, price, inverse)
        money = (sold - position.cost * -quantity / held) * multiplier
        money = money if terms.converts else booked(money)
        return Position(left, position.cost - sold + money / multiplier), money
    opened = contract_value(left, price, inverse) if left else ZERO
    money = (contract_value(held, price, inverse) - position.cost) * multiplier
    return Position(left, opened), money if terms.converts else booked(money)
