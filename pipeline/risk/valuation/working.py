"""What is reserved of a symbol, buys and sells apart: sums of its live reservations."""

from decimal import Decimal

from pipeline.risk.account.contracts import notional
from pipeline.risk.account.holding import NOTHING, Holding, Working
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.numbers import earliest


def working_sums(
    reservations: dict[str, Reservation], inverse: Decimal | None
) -> tuple[Working, Working, int | None]:
    """Add up what is reserved, and say when the first wait ends."""
    buys = sells = NOTHING
    due_ms: int | None = None
    for item in reservations.values():
        if not item.live:
            continue
        if item.side == "buy":
            buys = _joined(buys, item, inverse)
        else:
            sells = _joined(sells, item, inverse)
        if item.until_ms is not None and (due_ms is None or item.until_ms < due_ms):
            due_ms = item.until_ms
    return buys, sells, due_ms


def one_more(holding: Holding, item: Reservation) -> tuple[Working, Working, int | None]:
    """What `working_sums` says after a reservation that was not there joined the others."""
    buys, sells, due_ms = holding.buys, holding.sells, holding.figures.due_ms
    if not item.live:
        return buys, sells, due_ms
    if item.side == "buy":
        buys = _joined(buys, item, holding.inverse)
    else:
        sells = _joined(sells, item, holding.inverse)
    return buys, sells, earliest(due_ms, item.until_ms)


def _joined(working: Working, item: Reservation, inverse: Decimal | None) -> Working:
    return Working(
        working.quantity + item.quantity,
        working.notional + notional(item.quantity, item.price, inverse),
        working.count + 1,
    )
