"""What a quantity is worth at a price: linear grows with the price, inverse with one over it.

An inverse position is worth -quantity x multiplier / price, so that gains and costs of both kinds
add up alike. Its multiplier is part of the worth, so that no digit is lost before the division.
"""

from decimal import Decimal

from pipeline.risk.numbers import ZERO
from topics.instruments import Instrument


def inverse_of(instrument: Instrument | None) -> Decimal | None:
    """Return the multiplier of an inverse instrument; None for a linear or an unknown one."""
    inverse = instrument is not None and instrument.kind == "inverse"
    return instrument.multiplier if inverse and instrument is not None else None


def contract_value(quantity: Decimal, price: Decimal, inverse: Decimal | None) -> Decimal:
    """Return the signed worth of a signed quantity; of a linear one before its multiplier.

    Raise ValueError for an inverse one at a price that is not above zero.
    """
    if inverse is None:
        return quantity * price
    if price <= ZERO:
        raise ValueError(f"an inverse instrument has no price {price}")
    return -quantity * inverse / price


def notional(quantity: Decimal, price: Decimal, inverse: Decimal | None) -> Decimal:
    """Return the notional of an unsigned quantity, of a linear one before its multiplier.

    An exit of ours without any price is reserved at 0 and counts nothing.
    """
    if inverse is None:
        return quantity * abs(price)
    return quantity * inverse / abs(price) if price else ZERO
