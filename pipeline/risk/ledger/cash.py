"""Cash by currency: balances of other currencies than the account's, which stay in their own.

While `account.cash` is `converted` there is none of them: all money is converted when it is booked.
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

CASH_MAX = 63  # Currencies beside the account's own: each has its rate.


def choose_cash(turn: Turn) -> None:
    """Take over how cash is kept, unless the account has money that was booked the other way."""
    account, wanted = turn.account, turn.limits.clock.cash == "by_currency"
    if account.opened_ms is None or wanted == account.by_currency:
        return
    if _has_history(account):
        kept = "by currency" if account.by_currency else "converted"
        reason = f"account.cash does not change: the account has a history with cash {kept}"
        turn.alert(Cause("limits", reason))
        return
    turn.set_and_revalue(by_currency=wanted)


def _has_history(account: Account) -> bool:
    """Whether anything was booked since the opening."""
    booked = account.realized or account.net_flows or account.cash or account.unconverted
    return bool(booked) or any(
        holding.filled or holding.adopted_ms is not None for holding in account.holdings.values()
    )


def keeps_currency(account: Account, currency: str) -> bool:
    """Whether money of this currency is a balance of its own."""
    return account.by_currency and currency != account.currency


def put_cash(turn: Turn, currency: str, amount: Decimal) -> None:
    """Add to the balance of another currency; one of nothing is left out."""
    cash = turn.account.cash
    if not _has_room(turn, currency, cash):
        return
    left = {name: item for name, item in cash.items() if name != currency}
    balance = cash.get(currency, ZERO) + amount
    turn.set_and_revalue(cash={**left, currency: balance} if balance else left)
    hold_rate(turn, currency)
    turn.state_changed = True


def _has_room(turn: Turn, currency: str, kept: Mapping[str, object]) -> bool:
    """Whether another currency may be kept; at the bound the account is halted instead."""
    if currency in kept or len(kept) < CASH_MAX:
        return True
    reason = f"more currencies than can be kept: {currency}"
    open_stop(turn, Cause("too_many", reason), strength="halt")
    return False


def note_adjusted(turn: Turn, currency: str, as_of_ms: int) -> None:
    """Note that fills until then change no balance of a currency: an adopted snapshot holds them.

    Kept for the currencies that were adopted last.
    """
    others = turn.account.foreign_adjusted.items()
    left = [(name, at_ms) for name, at_ms in others if name != currency]
    kept = [*left, (currency, as_of_ms)][-CASH_MAX:]
    turn.set_and_revalue(foreign_adjusted=dict(kept))


def flow_in(turn: Turn, amount: Decimal) -> None:
    """Let capital come (above zero) or go: no PnL, whatever currency it is in."""
    account = turn.account
    day, week = account.day, account.week
    if day is None or week is None:
        raise AssertionError("an open account has a day and a week")
    flow_in_measures(turn, amount)
    turn.set_and_revalue(
        net_flows=account.net_flows + amount,
        day=_with_flow(day, amount),
        week=_with_flow(week, amount),
    )
    turn.state_changed = True


def _with_flow(window: Window, amount: Decimal) -> Window:
    deposits = window.deposits + max(amount, ZERO)
    return replace(window, flows=window.flows + amount, deposits=deposits)


def foreign_flow(turn: Turn, currency: str, amount: Decimal) -> None:
    """Let capital of another currency come or go, at the rate of its arrival.

    A stale rate is one: what is there before and after is valued by the same. Without any the
    measures wait for the first; equity is unknown until then.
    """
    account = turn.account
    if not (
        _has_room(turn, currency, account.cash) and _has_room(turn, currency, account.waiting_flows)
    ):
        return
    hold_rate(turn, currency)
    known = turn.account.rates.get(currency)
    if known is None:
        _wait(turn, currency, amount)
    else:
        _foreign_flow_in(turn, booked(amount * known.rate))
    put_cash(turn, currency, amount)


def _foreign_flow_in(turn: Turn, contract_value: Decimal) -> None:
    flow_in(turn, contract_value)
    turn.set_and_revalue(foreign_flows=turn.account.foreign_flows + contract_value)


def _wait(turn: Turn, currency: str, amount: Decimal) -> None:
    waiting = turn.account.waiting_flows
    known = waiting.get(currency, WaitingFlows(ZERO, ZERO))
    flows = WaitingFlows(known.net + amount, known.deposits + max(amount, ZERO))
    turn.set_and_revalue(waiting_flows={**waiting, currency: flows})


def measure_waiting_flows(turn: Turn) -> None:
    """Move peak and windows by the flows whose first rate is there now."""
    for currency, flows in list(turn.account.waiting_flows.items()):
        known = turn.account.rates.get(currency)
        if known is not None:
            others = turn.account.waiting_flows.items()
            turn.set_and_revalue(
                waiting_flows={name: item for name, item in others if name != currency}
            )
            put_cash(turn, currency, -flows.net)  # As if they came now.
            for amount in (flows.deposits, flows.net - flows.deposits):
                _foreign_flow_in(turn, booked(amount * known.rate))
                put_cash(turn, currency, amount)
