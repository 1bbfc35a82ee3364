"""What a position in another currency was paid with: its cost at the rates of its fills, frozen.

What is not frozen (no rate was there yet, or cash is kept by currency) counts at the rate of now.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.position import Position
from pipeline.risk.numbers import ZERO, booked
from topics.instruments import Instrument


def frozen_point_value(
    account: Account, instrument: Instrument, rate: Decimal | None
) -> Decimal | None:
    """Return what turns worth into the account's currency at a fill; None where nothing freezes.

    rate: of the settlement currency at that fill, where there was one.
    """
    currency = instrument.settlement_currency
    if (
        rate is None
        or account.currencies.by_currency
        or account.capital.currency in {None, currency}
    ):
        return None
    return rate if instrument.kind == "inverse" else rate * instrument.multiplier


def cost_of(position: Position, point_value: Decimal) -> Decimal:
    """Return the unsigned cost in the account's currency; scale: what turns worth into it now."""
    if not position.frozen_cost:
        return abs(position.cost) * point_value
    return abs(position.paid + (position.cost - position.frozen_cost) * point_value)


def with_paid(before: Position, after: Position, point_value: Decimal | None) -> Position:
    """Freeze what a fill added to the cost, and let go of the share that it closed.

    after: folded by the fill; scale: what turned worth into the account's currency at that fill.
    None freezes nothing.
    """
    held, left = before.quantity, after.quantity
    if not left:
        return after
    if not held or (held > ZERO) != (left > ZERO):
        return after if point_value is None else frozen(after, point_value)
    if abs(left) < abs(held):
        return _shared(before, after)
    kept = replace(after, frozen_cost=before.frozen_cost, paid=before.paid)
    added = after.cost - before.cost
    if point_value is None or not added:
        return kept
    return replace(
        kept, frozen_cost=before.frozen_cost + added, paid=before.paid + booked(added * point_value)
    )


def frozen(position: Position, point_value: Decimal) -> Position:
    """Freeze all of the cost that is not frozen yet."""
    more = position.cost - position.frozen_cost
    paid = position.paid + booked(more * point_value)
    return replace(position, frozen_cost=position.cost, paid=paid)


def _shared(before: Position, after: Position) -> Position:
    """Keep the share of what was frozen that a smaller position still has."""
    if not before.frozen_cost:
        return after
    if before.frozen_cost == before.cost:
        frozen_cost = after.cost  # As whole as it was, whatever rounding did to the cost.
    else:
        frozen_cost = booked(before.frozen_cost * after.quantity / before.quantity)
    paid = booked(before.paid * after.quantity / before.quantity)
    return replace(after, frozen_cost=frozen_cost, paid=paid)
