"""The value of a position by itself, without its working orders."""

from decimal import Decimal

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Holding
from pipeline.risk.numbers import ONE


def is_residual(holding: Holding) -> bool:
    """Return whether no order can close the position: dust, or a delisted instrument."""
    instrument, held = holding.instrument, holding.position.quantity
    if instrument is None or not held:
        return False
    return instrument.status == "delisted" or abs(held) < instrument.min_quantity


def held_value(holding: Holding) -> Decimal:
    """Return the signed value at the mark, before point value; at cost without a mark."""
    position, mark = holding.position, holding.mark
    return (
        position.cost if mark is None else contract_value(position.quantity, mark, holding.inverse)
    )


def held_notional(holding: Holding) -> Decimal | None:
    """Return the position's notional before point value; None without a needed mark."""
    if holding.mark is None and not holding.figures.residual:
        return None
    return abs(held_value(holding))


def held_unit(holding: Holding) -> Decimal:
    """Return the factor from contract value to the settlement currency."""
    instrument = holding.instrument
    return ONE if instrument is None or holding.inverse is not None else instrument.multiplier
