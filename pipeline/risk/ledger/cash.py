"""Cash by currency: balances in other currencies than the account's.

With `account.cash` set to `converted` there are none: all money is converted when it is booked.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.currencies import WaitingFlows
from pipeline.risk.account.windows import Window
from pipeline.risk.baselines import flow_in_measures
from pipeline.risk.ledger.rates import hold_rate
from pipeline.risk.numbers import ZERO, booked
from pipeline.risk.stops import open_stop
from pipeline.risk.turn import Turn

CASH_MAX = 63  # Currencies besides the account's own; each needs a rate.


def choose_cash(turn: Turn) -> None:
    """Apply `account.cash` to an account without history; alert when it has one."""
    account, wanted = turn.account, turn.limits.account.cash == "by_currency"
    if account.capital.opened_ms is None or wanted == account.currencies.by_currency:
        return
    if _has_history(account):
        kept = "by currency" if account.currencies.by_currency else "converted"
        reason = f"account.cash cannot change: the account has a history with cash {kept}"
        turn.alert(Cause("limits", reason))
        return
    turn.set_currencies(by_currency=wanted)


def _has_history(account: Account) -> bool:
    """Return whether anything was booked since the opening."""
    capital, currencies = account.capital, account.currencies
    booked = capital.realized or capital.net_flows or currencies.cash or currencies.unconverted
    return bool(booked) or any(
        holding.filled or holding.adopted_ms is not None for holding in account.holdings.values()
    )


def keeps_currency(account: Account, currency: str) -> bool:
    """Return whether money in this currency is kept as a balance of its own."""
    return account.currencies.by_currency and currency != account.capital.currency


def put_cash(turn: Turn, currency: str, amount: Decimal) -> None:
    """Add to the balance of another currency; a balance of zero is dropped."""
    cash = turn.account.currencies.cash
    if not _can_keep(turn, currency, cash):
        return
    left = {name: item for name, item in cash.items() if name != currency}
    balance = cash.get(currency, ZERO) + amount
    turn.set_currencies(cash={**left, currency: balance} if balance else left)
    hold_rate(turn, currency)
    turn.state_changed = True


def _can_keep(turn: Turn, currency: str, kept: Mapping[str, object]) -> bool:
    """Return whether one more currency can be kept; halt the account at the bound."""
    if currency in kept or len(kept) < CASH_MAX:
        return True
    reason = f"more currencies than can be kept: {currency}"
    open_stop(turn, Cause("too_many", reason), strength="halt")
    return False


def note_adjusted(turn: Turn, currency: str, as_of_ms: int) -> None:
    """Record that an adopted snapshot includes a currency's fills up to as_of_ms.

    Bounded: the currencies adopted least recently are dropped.
    """
    others = turn.account.currencies.adjusted_ms.items()
    left = [(name, at_ms) for name, at_ms in others if name != currency]
    kept = [*left, (currency, as_of_ms)][-CASH_MAX:]
    turn.set_currencies(adjusted_ms=dict(kept))


def flow_in(turn: Turn, amount: Decimal) -> None:
    """Book a deposit (positive) or withdrawal in the account's currency; it is not PnL."""
    day, week = turn.account.windows.day, turn.account.windows.week
    if day is None or week is None:
        raise AssertionError("an open account has a day and a week")
    flow_in_measures(turn, amount)
    turn.set_capital(net_flows=turn.account.capital.net_flows + amount)
    turn.set_windows(day=_with_flow(day, amount), week=_with_flow(week, amount))
    turn.state_changed = True


def _with_flow(window: Window, amount: Decimal) -> Window:
    deposits = window.deposits + max(amount, ZERO)
    return replace(window, flows=window.flows + amount, deposits=deposits)


def foreign_flow(turn: Turn, currency: str, amount: Decimal) -> None:
    """Book a deposit or withdrawal in another currency, at the rate of its arrival.

    A stale rate will do, because it values the balance both before and after. Without any rate,
    peak and windows follow at the first one, and equity is unknown until then.
    """
    kept = turn.account.currencies
    if not (_can_keep(turn, currency, kept.cash) and _can_keep(turn, currency, kept.waiting_flows)):
        return
    hold_rate(turn, currency)
    known = turn.account.currencies.rates.get(currency)
    if known is None:
        _wait(turn, currency, amount)
    else:
        _foreign_flow_in(turn, booked(amount * known.rate))
    put_cash(turn, currency, amount)


def _foreign_flow_in(turn: Turn, converted: Decimal) -> None:
    flow_in(turn, converted)
    turn.set_capital(foreign_flows=turn.account.capital.foreign_flows + converted)


def _wait(turn: Turn, currency: str, amount: Decimal) -> None:
    waiting = turn.account.currencies.waiting_flows
    known = waiting.get(currency, WaitingFlows(ZERO, ZERO))
    flows = WaitingFlows(known.net + amount, known.deposits + max(amount, ZERO))
    turn.set_currencies(waiting_flows={**waiting, currency: flows})


def measure_waiting_flows(turn: Turn) -> None:
    """Apply flows that waited for a rate to peak and windows, once the rate is known."""
    for currency, flows in list(turn.account.currencies.waiting_flows.items()):
        known = turn.account.currencies.rates.get(currency)
        if known is not None:
            others = turn.account.currencies.waiting_flows.items()
            turn.set_currencies(
                waiting_flows={name: item for name, item in others if name != currency}
            )
            put_cash(turn, currency, -flows.net)  # Remove and add again: as if they arrived now.
            for amount in (flows.deposits, flows.net - flows.deposits):
                _foreign_flow_in(turn, booked(amount * known.rate))
                put_cash(turn, currency, amount)
