"""What is held is worth by itself, without the orders that work beside it."""

from decimal import Decimal

from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Holding
from pipeline.risk.numbers import ONE


def is_residual(holding: Holding) -> bool:
    """Whether no order closes what is held: dust, or a holding of a delisted instrument."""
    instrument, held = holding.instrument, holding.position.quantity
    if instrument is None or not held:
        return False
    return instrument.status == "delisted" or abs(held) < instrument.min_quantity


def held_value(holding: Holding) -> Decimal:
    """Worth of what is held at its mark, signed, before it is scaled; at cost without a mark."""
    position, mark = holding.position, holding.mark
    return (
        position.cost if mark is None else contract_value(position.quantity, mark, holding.inverse)
    )


def held_notional(holding: Holding) -> Decimal | None:
    """Notional of what is held before it is scaled; None without the mark that it needs."""
    if holding.mark is None and not holding.figures.residual:
        return None
    return abs(held_value(holding))


def held_unit(holding: Holding) -> Decimal:
    """What turns worth into the settlement currency."""
    instrument = holding.instrument
    return ONE if instrument is None or holding.inverse is not None else instrument.multiplier
