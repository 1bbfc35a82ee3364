"""Sums over a symbol's live reservations, per side."""

from decimal import Decimal

from pipeline.risk.account.contracts import notional
from pipeline.risk.account.holding import NOTHING, Holding, Working
from pipeline.risk.account.reservations import Reservation
from pipeline.risk.numbers import earliest


def working_sums(
    reservations: dict[str, Reservation], inverse: Decimal | None
) -> tuple[Working, Working, int | None]:
    """Return the sums of buys and sells, and the earliest time at which a reservation expires."""
    buys = sells = NOTHING
    due_ms: int | None = None
    for item in reservations.values():
        if not item.live:
            continue
        if item.side == "buy":
            buys = _added(buys, item, inverse)
        else:
            sells = _added(sells, item, inverse)
        if item.until_ms is not None and (due_ms is None or item.until_ms < due_ms):
            due_ms = item.until_ms
    return buys, sells, due_ms


def with_one_more(holding: Holding, item: Reservation) -> tuple[Working, Working, int | None]:
    """Return what `working_sums` would for one new reservation, without reading the others."""
    buys, sells, due_ms = holding.buys, holding.sells, holding.figures.due_ms
    if not item.live:
        return buys, sells, due_ms
    if item.side == "buy":
        buys = _added(buys, item, holding.inverse)
    else:
        sells = _added(sells, item, holding.inverse)
    return buys, sells, earliest(due_ms, item.until_ms)


def _added(working: Working, item: Reservation, inverse: Decimal | None) -> Working:
    return Working(
        working.quantity + item.quantity,
        working.notional + notional(item.quantity, item.price, inverse),
        working.count + 1,
    )
