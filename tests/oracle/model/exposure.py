"""Worst cases: what is held and what may still fill, side by side."""

from dataclasses import dataclass

from tests.oracle.model.account import Account
from tests.oracle.model.exact import Number

__all__ = [
    "Extra",
    "net_of_orders",
    "opening",
    "opening_quantity",
    "position_notional",
    "worst",
    "worst_quantity",
]

ZERO = Number(0)
SIDES = ("buy", "sell")


@dataclass(frozen=True)
class Extra:
    """An order that is judged now."""

    symbol: str
    side: str
    quantity: Number
    price: Number


def _orders(account: Account, symbol: str, side: str, extra: Extra | None) -> list[Extra]:
    found = [Extra(r.symbol, r.side, r.left, r.price) for r in account.reserved(symbol, side)]
    if extra is not None and extra.symbol == symbol and extra.side == side:
        found.append(extra)
    return found


def _held(account: Account, symbol: str, side: str) -> Number:
    quantity = account.quantity(symbol)
    return max(quantity if side == "buy" else -quantity, ZERO)


def _sum(orders: list[Extra]) -> Number:
    return sum((order.quantity for order in orders), ZERO)


def worst_quantity(account: Account, symbol: str, side: str, extra: Extra | None = None) -> Number:
    """Return the position on one side if all its orders fill."""
    orders = _sum(_orders(account, symbol, side, extra))
    quantity = account.quantity(symbol)
    return max((quantity if side == "buy" else -quantity) + orders, ZERO)


def opening_quantity(
    account: Account, symbol: str, side: str, extra: Extra | None = None
) -> Number:
    """Return what the orders of one side open, after an opposite position is closed."""
    total = _sum(_orders(account, symbol, side, extra))
    return max(total - _held(account, symbol, "sell" if side == "buy" else "buy"), ZERO)


def opening(account: Account, symbol: str, side: str, extra: Extra | None = None) -> Number | None:
    """Return the notional of what the orders of one side open; None without a rate."""
    orders = _orders(account, symbol, side, extra)
    total = _sum(orders)
    if not total:
        return ZERO
    opens = opening_quantity(account, symbol, side, extra)
    contract = account.contract(symbol)
    rate = None if contract is None else account.rate(contract.settlement)
    if contract is None or rate is None:
        return None
    if not opens:
        return ZERO
    average = sum((o.quantity * o.price for o in orders), ZERO) / total
    return contract.value(opens, average) * rate if average else ZERO


def position_notional(account: Account, symbol: str) -> Number | None:
    """Return the unsigned notional of a position at its mark."""
    quantity = abs(account.quantity(symbol))
    if not quantity:
        return ZERO
    contract, price = account.contract(symbol), account.mark(symbol)
    rate = None if contract is None else account.rate(contract.settlement)
    if contract is None or rate is None:
        return None
    if price is None:
        cost = abs(account.positions[symbol].cost) * rate
        return cost if account.is_left_out(symbol) else None
    return contract.value(quantity, price) * rate


def worst(account: Account, symbol: str, side: str, extra: Extra | None = None) -> Number | None:
    """Return the notional of one side of a symbol if all its orders fill."""
    held: Number | None = ZERO
    if _held(account, symbol, side):
        held = position_notional(account, symbol)
    opens = opening(account, symbol, side, extra)
    return None if held is None or opens is None else held + opens


def net_of_orders(account: Account, side: str, extra: Extra | None = None) -> Number | None:
    """Return the net exposure towards one side with all its orders filled."""
    total = ZERO
    names = set(account.held()) | {r.symbol for r in account.open_reservations()}
    if extra is not None:
        names.add(extra.symbol)
    for symbol in sorted(names):
        held = position_notional(account, symbol)
        contract = account.contract(symbol)
        rate = None if contract is None else account.rate(contract.settlement)
        if held is None or contract is None or rate is None:
            return None
        sign = 1 if account.quantity(symbol) > 0 else -1
        total += held * (sign if side == "buy" else -sign)
        for order in _orders(account, symbol, side, extra):
            if order.price:
                total += contract.value(order.quantity, order.price) * rate
    return total
