"""The prices of an order: where it will most likely fill, and what its own notional is worth at."""

from decimal import Decimal

from topics.fields import Side


def own_price(
    price: Decimal | None, reference: Decimal | None, side: Side, *, inverse: bool
) -> Decimal | None:
    """The dearer of order price and reference where an order may fill beyond its price.

    A linear sell fills at more than its limit; of an inverse one a buy at less, which is dearer.
    """
    if price is None or reference is None or (side == "buy") != inverse:
        return price
    return min(price, reference) if inverse else max(price, reference, key=abs)


def entry_price(
    limit_price: Decimal | None, reference: Decimal | None, side: Side
) -> Decimal | None:
    """Return the better of limit price and reference: a market order fills near the reference."""
    if limit_price is None or reference is None:
        return reference if limit_price is None else limit_price
    return min(limit_price, reference) if side == "buy" else max(limit_price, reference)
