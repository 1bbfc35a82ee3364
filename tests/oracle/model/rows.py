"""The row of account_states that an account must show."""

from typing import Any

from tests.oracle.model.account import Account, Window
from tests.oracle.model.exact import Number, quantity_text, text
from tests.oracle.model.exposure import position_notional, worst
from tests.oracle.model.loss import drawdown_ratio, window_pnl
from tests.oracle.model.violations import last_hour

__all__ = ["account_row"]

ZERO = Number(0)
Json = dict[str, Any]


def _exposures(account: Account) -> tuple[Number | None, Number | None, Number | None]:
    gross, net, worst_case = ZERO, ZERO, ZERO
    names = set(account.held()) | {r.symbol for r in account.open_reservations()}
    for name in sorted(names):
        held = position_notional(account, name)
        buy, sell = worst(account, name, "buy"), worst(account, name, "sell")
        if held is None or buy is None or sell is None:
            return None, None, None
        gross += held
        net += held if account.quantity(name) > 0 else -held
        worst_case += max(buy, sell)
    return gross, net, worst_case


def _window(account: Account, window: Window | None, label: str) -> Json | None:
    if window is None:
        return None
    return {
        "pnl": text(window_pnl(window, account.equity())),
        "realized": text(account.realized() - window.realized_before),
        "start_equity": text(window.start_equity),
        label: window.name,
    }


def _positions(account: Account) -> list[Json]:
    rows = []
    for name in sorted(account.positions):
        position, contract = account.positions[name], account.contract(name)
        mark = account.mark(name) if position.quantity else None
        assert contract is not None
        rows.append(
            {
                "symbol": name,
                "quantity": quantity_text(position.quantity),
                "average_price": text(position.average(contract)),
                "mark_price": text(mark),
                "unrealized_pnl": text(account.unrealized(name)),
                "realized_pnl": text(position.realized if account.currency else ZERO),
            }
        )
    return rows


def _baselines(account: Account) -> Json:
    found: Json = {}
    if account.day is not None and account.day.baseline is not None:
        found["daily_loss"] = text(account.day.baseline)
    if account.week is not None and account.week.baseline is not None:
        found["weekly_loss"] = text(account.week.baseline)
    if account.peak_baseline is not None:
        found["drawdown"] = text(account.peak_baseline)
    return found


def account_row(account: Account, limits_version: str) -> Json:
    """Return the fields of account_states that the oracle judges."""
    gross, net, worst_case = _exposures(account)
    opened = account.currency is not None
    equity = account.equity()
    return {
        "trading_state": account.state(),
        "stops": [stop.id for stop in account.stops],
        "currency": account.currency,
        "balance": text(account.balance()),
        "equity": text(equity),
        "peak_equity": text(account.peak),
        "drawdown_ratio": text(drawdown_ratio(account.peak, equity) if opened else None),
        "daily": _window(account, account.day, "day"),
        "weekly": _window(account, account.week, "week"),
        "baselines": _baselines(account),
        "gross_exposure": text(gross),
        "net_exposure": text(net),
        "worst_exposure": text(worst_case),
        "positions": _positions(account),
        "reservations": [
            {
                "signal_id": order.id,
                "symbol": order.symbol,
                "side": order.side,
                "quantity": quantity_text(order.left),
                "price": text(order.price),
            }
            for order in sorted(account.open_reservations(), key=lambda r: r.id)
        ],
        "confirming": account.confirming_breach,
        "violations_last_hour": last_hour(account),
        "limits_version": limits_version,
    }
