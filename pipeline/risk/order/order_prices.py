"""Prices of an order: its likely fill price, and the price of its own notional."""

from decimal import Decimal

from topics.fields import Side


def own_price(
    price: Decimal | None, reference: Decimal | None, side: Side, *, inverse: bool
) -> Decimal | None:
    """Return the price of an order's own notional: the one of the larger notional.

    A linear sell may fill above its limit, a linear buy may not. The notional of an inverse
    contract grows as its price falls, so both of its sides count at the lower price.
    """
    if price is None or reference is None:
        return price
    if inverse:
        return min(price, reference)
    return price if side == "buy" else max(price, reference, key=abs)


def entry_price(
    limit_price: Decimal | None, reference: Decimal | None, side: Side
) -> Decimal | None:
    """Return the better of limit price and reference; the only one if the other is None."""
    if limit_price is None or reference is None:
        return reference if limit_price is None else limit_price
    return min(limit_price, reference) if side == "buy" else max(limit_price, reference)
