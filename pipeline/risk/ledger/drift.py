"""Drift: adopt snapshots that have differed from our records for too long.

The first differing snapshot starts a grace period. At its end the latest one is adopted, unless a
newer fill arrived; then the next differing snapshot is adopted immediately.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.holding import Execution, Holding, mark_of
from pipeline.risk.account.rule_records import Drift
from pipeline.risk.ledger.balances import adjust_balance, expected_balance
from pipeline.risk.ledger.booking import book
from pipeline.risk.ledger.cash import keeps_currency
from pipeline.risk.ledger.taking_over import take_over
from pipeline.risk.numbers import ZERO, booked
from pipeline.risk.rules.drift.rule import Drifting
from pipeline.risk.rules.drift.transition import Drifts, after_snapshot, due, next_due_ms, without
from pipeline.risk.stops import LEVELS, open_stop
from pipeline.risk.turn import Turn
from topics.accounts import CashFlow
from topics.codec import plain
from topics.fields import Side
from topics.positions import PositionSnapshot

# Keys of balances among the drifts, which are keyed by symbol; no symbol is empty or has a star.
_BALANCE, _CASH = "", "*"


def compare_position(turn: Turn, snapshot: PositionSnapshot) -> None:
    """Compare a position with a snapshot; ignore one older than our last fill of the symbol."""
    holding = turn.holding(snapshot.symbol)
    if snapshot.as_of_ms < holding.filled_ms:
        return
    due_ms = turn.now_ms + _rule(turn).drift_grace_ms
    price = snapshot.average_price or ZERO
    latest = Drift(due_ms, snapshot.as_of_ms, snapshot.quantity, price)
    _keep_or_adopt(turn, snapshot.symbol, latest, differs=_position_differs(holding, latest))


def compare_balance(turn: Turn, flow: CashFlow) -> None:
    """Compare a balance with a snapshot; ignore one older than our last fill or flow."""
    due_ms, currency = turn.now_ms + _rule(turn).drift_grace_ms, flow.currency
    latest = Drift(due_ms, flow.as_of_ms, flow.amount)
    name = f"{_CASH}{currency}" if keeps_currency(turn.account, currency) else _BALANCE
    if flow.as_of_ms >= _newest_ms(turn.account):
        _keep_or_adopt(
            turn, name, latest, differs=bool(_balance_difference(turn, currency, latest))
        )


def adopt_due(turn: Turn) -> None:
    """Adopt snapshots that still differ at the end of their grace period."""
    for name in due_drifts(turn):
        adopt(turn, name)


def due_drifts(turn: Turn) -> list[str]:
    """Return the keys of drifts whose grace period is over; drop all while the rule is off."""
    if _drifts(turn) and not _rule(turn).enabled:
        _keep(turn, {})
    return due(_drifts(turn), turn.now_ms)


def adopt(turn: Turn, name: str) -> None:
    """Adopt the latest snapshot of a symbol or a balance if it still differs."""
    drift = _drifts(turn)[name]
    if name == _BALANCE or name.startswith(_CASH):
        _adopt_balance(turn, name, drift)
    else:
        _adopt_position(turn, turn.holding(name), drift)


def forget_drift(turn: Turn, name: str) -> None:
    """End the grace period of a differing snapshot without adopting it."""
    _keep(turn, without(_drifts(turn), name))


def drift_ms(turn: Turn) -> int | None:
    """Return when the first grace period ends; one that is over waits for a snapshot."""
    drifts = _drifts(turn)
    return next_due_ms(drifts, turn.now_ms) if drifts else None


def _rule(turn: Turn) -> Drifting:
    return turn.limits.rule(Drifting)


def _drifts(turn: Turn) -> Drifts:
    return turn.account.rules.drift


def _keep(turn: Turn, drifts: Drifts) -> None:
    if drifts is not _drifts(turn):
        turn.set_rules(drift=drifts)


def _keep_or_adopt(turn: Turn, name: str, latest: Drift, *, differs: bool) -> None:
    """Keep the latest snapshot while it differs; adopt it if the grace period is over."""
    if not _rule(turn).enabled:
        return
    before = _drifts(turn)
    after = after_snapshot(before, name, latest, differs=differs)
    _keep(turn, after)
    if after is not before and name in after and after[name].due_ms <= turn.now_ms:
        adopt_due(turn)


def _lot(holding: Holding) -> Decimal:
    return ZERO if holding.instrument is None else holding.instrument.lot_size


def _position_differs(holding: Holding, latest: Drift) -> bool:
    return abs(latest.amount - holding.position.quantity) > _lot(holding)


def _adopt_position(turn: Turn, holding: Holding, drift: Drift) -> None:
    if holding.filled and drift.as_of_ms < holding.filled_ms:
        return  # Older than our last fill; the next snapshot decides.
    forget_drift(turn, holding.symbol)
    if not (holding.filled and _position_differs(holding, drift)):
        return
    difference = drift.amount - holding.position.quantity
    price, note = _price_of(holding, drift, difference)
    side: Side = "buy" if difference > ZERO else "sell"
    size = abs(difference)
    book(turn, holding.symbol, Execution("~drift", side, size, price, ZERO, None, turn.now_ms))
    adopted_ms = min(drift.as_of_ms, turn.now_ms)
    booked = turn.holding(holding.symbol)
    turn.replace_holding(replace(booked, adopted_ms=adopted_ms, filled_ms=holding.filled_ms))
    if not holding.position.quantity and booked.lacks_mark:
        take_over(turn, holding, booked.position)
    reason = f"{holding.symbol}: the snapshot of {plain(drift.amount)} is adopted{note}"
    _act(turn, Cause("drift", reason, abs(difference), _lot(holding)))


def _price_of(holding: Holding, drift: Drift, difference: Decimal) -> tuple[Decimal, str]:
    """Return the price at which a difference is booked, and a note about it for the alert.

    Never the snapshot's average price for a position we hold: nothing was traded at it, so it must
    not realize PnL.
    """
    mark = holding.mark if holding.mark is not None else mark_of(holding.quote, difference)
    if mark is not None:
        return mark, ""
    if holding.position.quantity:
        return holding.average_price, " at average cost, since there is no mark: no PnL is realized"
    return drift.average_price, " without a mark: PnL before its first mark is not today's"


def _newest_ms(account: Account) -> int:
    fills_ms = (holding.filled_ms for holding in account.holdings.values())
    return max(account.capital.flow_ms, *fills_ms, 0)


def _balance_difference(turn: Turn, currency: str, latest: Drift) -> Decimal:
    """Return snapshot minus expected balance; 0 within tolerance or while ours is unknown."""
    expected = expected_balance(turn, currency)
    if expected is None:
        return ZERO
    difference = latest.amount - expected
    tolerance = abs(expected) * _rule(turn).balance_tolerance_ratio
    return difference if abs(difference) > tolerance else ZERO


def _adopt_balance(turn: Turn, name: str, drift: Drift) -> None:
    currency = name.removeprefix(_CASH) or turn.account.capital.currency or ""
    expected = expected_balance(turn, currency)
    if expected is None or drift.as_of_ms < _newest_ms(turn.account):
        return
    forget_drift(turn, name)
    adjustment = booked(_balance_difference(turn, currency, drift))
    if not adjustment:
        return
    adjust_balance(turn, currency, adjustment, as_of_ms=min(drift.as_of_ms, turn.now_ms))
    turn.state_changed = True
    tolerance = abs(expected) * _rule(turn).balance_tolerance_ratio
    reason = f"the balance snapshot of {plain(drift.amount)} is adopted as an adjustment"
    _act(turn, Cause("drift", reason, abs(adjustment), tolerance))


def _act(turn: Turn, cause: Cause) -> None:
    action = _rule(turn).on_breach
    turn.alert(cause, level=LEVELS[action], action=action)
    if action != "warn":
        open_stop(turn, cause, strength=action)
