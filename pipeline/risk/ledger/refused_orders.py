"""Refused-order PnL: what rejected and cut quantities would have lost (net) a day later.

Quantities are summed per symbol and stretch of time. Their number is bounded: at the bound the
oldest sum is valued early.
"""

from decimal import Decimal

from pipeline.risk.account.account import Account
from pipeline.risk.account.contracts import contract_value
from pipeline.risk.account.holding import Holding, mark_of
from pipeline.risk.account.refused import STRETCH_MS, RefusedOrder
from pipeline.risk.numbers import EXACT, ZERO, signed
from pipeline.risk.order.candidate_order import OrderTerms
from pipeline.risk.turn import Turn

REFUSED_MAX = 100  # Sums per account.


def note_refused(turn: Turn, terms: OrderTerms, quantity: Decimal) -> None:
    """Record the unapproved part of an order; skip it without a price or an instrument.

    quantity: what was approved, in units.
    """
    holding, price = terms.holding, terms.entry_price
    if terms.asked is None or price is None or holding.instrument is None:
        return
    missed = signed(terms.side, terms.asked - quantity)
    if not missed or (holding.inverse is not None and price <= ZERO):
        return
    cost = contract_value(missed, price, holding.inverse)
    refused = RefusedOrder(turn.now_ms // STRETCH_MS, missed, cost)
    _keep(turn, holding.symbol, refused)


def _keep(turn: Turn, symbol: str, new: RefusedOrder) -> None:
    kept = turn.account.orders.refused.get(symbol, ())
    if kept and kept[-1].stretch == new.stretch:
        last = kept[-1]
        quantity = EXACT.add(last.quantity, new.quantity)
        kept, new = kept[:-1], RefusedOrder(new.stretch, quantity, last.cost + new.cost)
    elif sum(len(items) for items in turn.account.orders.refused.values()) >= REFUSED_MAX:
        refused = turn.account.orders.refused
        oldest = min((items[0].stretch, name) for name, items in refused.items())
        _settle(turn, oldest[1], count=1)
        kept = turn.account.orders.refused.get(symbol, ())
    _put(turn, symbol, (*kept, new))


def _put(turn: Turn, symbol: str, kept: tuple[RefusedOrder, ...]) -> None:
    others = {name: items for name, items in turn.account.orders.refused.items() if name != symbol}
    turn.set_orders(refused={**others, symbol: kept} if kept else others)


def settle_refused(turn: Turn) -> None:
    """Value refused quantities that are a day old at the newest mark, once and for all."""
    for symbol, items in list(turn.account.orders.refused.items()):
        due = sum(item.due_ms <= turn.now_ms for item in items)
        if due:
            _settle(turn, symbol, count=due)


def _settle(turn: Turn, symbol: str, *, count: int) -> None:
    account = turn.account
    kept, holding = account.orders.refused[symbol], turn.holding(symbol)
    lost = sum((_lost(holding, item) or ZERO for item in kept[:count]), ZERO)
    turn.set_orders(refused_pnl=account.orders.refused_pnl + lost)
    _put(turn, symbol, kept[count:])


def _lost(holding: Holding, refused: RefusedOrder) -> Decimal | None:
    """Return what it would have lost by the newest mark; None without a mark or a rate."""
    mark = mark_of(holding.quote, refused.quantity)
    if (
        mark is None
        or holding.point_value is None
        or (holding.inverse is not None and mark <= ZERO)
    ):
        return None
    return (
        refused.cost - contract_value(refused.quantity, mark, holding.inverse)
    ) * holding.point_value


def refused_ms(turn: Turn) -> int | None:
    """When the next of it is valued."""
    if not turn.account.orders.refused:
        return None
    return turn.ahead(min(items[0].due_ms for items in turn.account.orders.refused.values()))


def prevented_losses(account: Account) -> dict[str, Decimal]:
    """Return the final sum and the provisional one of the last day; empty without either."""
    if not (account.orders.refused or account.orders.refused_pnl):
        return {}
    blank = Holding("")
    open_losses = (
        _lost(account.holdings.get(symbol, blank), item) or ZERO
        for symbol, items in account.orders.refused.items()
        for item in items
    )
    return {
        "prevented_loss": account.orders.refused_pnl,
        "prevented_loss_open": sum(open_losses, ZERO),
    }
