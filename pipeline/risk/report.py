"""Build rows of account_states: an account's state for readers outside risk."""

from decimal import Decimal, localcontext

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.holding import Holding, mark_of
from pipeline.risk.account.windows import Window
from pipeline.risk.ledger.refused_orders import prevented_losses
from pipeline.risk.limits.headroom import headroom_ratios
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.numbers import MONEY, ZERO
from pipeline.risk.order.risk_view import RiskView, risk_view
from pipeline.risk.report_currencies import cash_of, rates_of, unconverted_of
from pipeline.risk.rules.violation_rate.transition import last_hour
from pipeline.risk.valuation.equity import known_balance, value
from topics.account_states import (
    AccountState,
    DayState,
    PositionState,
    ReservationState,
    ViolationCounts,
    WatchedSymbol,
    WeekState,
)
from topics.fields import EVERYONE


def account_state(account: Account, shared: Shared) -> AccountState:
    """Build the row of account_states for an account after its last event."""
    with localcontext(MONEY):
        return _account_state(account, shared)


def _account_state(account: Account, shared: Shared) -> AccountState:
    now_ms = account.applied.clock_ms
    limits = limits_of(shared.limits.in_force_at(now_ms), account.limits.in_force_at(now_ms))
    valuation = value(account, now_ms, limits.prices.mark_age_ms_max)
    view = risk_view(account, shared, common=limits.common, valuation=valuation)
    watched = [holding for holding in account.holdings.values() if holding.active]
    gross, net = _exposures(account)
    return AccountState(
        account_id=account.account_id,
        trading_state=account.trading_state,
        stops=tuple(stop.stop_id for stop in account.halts.stops),
        currency=account.capital.currency,
        balance=known_balance(account),
        equity=view.equity,
        peak_equity=account.windows.peak_equity,
        drawdown_ratio=view.drawdown_ratio,
        daily=_day(account.windows.day, view),
        weekly=_week(account.windows.week, view),
        baselines={rule: item.start_equity for rule, item in account.windows.baselines.items()},
        cash=cash_of(account) if account.currencies.by_currency else {},
        gross_exposure=gross,
        net_exposure=net,
        worst_exposure=None if account.totals.unbounded else account.totals.worst,
        positions=_positions(account),
        reservations=tuple(item for holding in watched for item in _reservations(holding)),
        watched=tuple(dict.fromkeys([*(item.symbol for item in watched), *account.orders.refused])),
        violations_last_hour=last_hour(account.rules.violation_rate, account.applied.clock_ms),
        statistics=headroom_ratios(view, limits) | prevented_losses(account),
        limits_version=f"{shared.limits.version}.{account.limits.version}",
        wake_at_ms=account.deadlines.wake_ms,
        confirming=account.deadlines.confirm_ms is not None,
        quotes=tuple(_watched(holding) for holding in watched),
        rates=rates_of(account, watched),
        controls_serial=account.applied.shared_serial,
        unconverted=unconverted_of(account) if account.currencies.unconverted else (),
        sequence=account.applied.sequence,
        chain=account.applied.chain,
        rules_version=shared.rules_version,
        at_ms=account.applied.clock_ms,
    )


def shared_state(shared: Shared, *, topic_id: str = "") -> AccountState:
    """Build the row that reports a partition's `*` documents and controls to broadcast.

    It also reports how many accounts have a row; topic_id: of the topic that has all these rows.
    """
    return AccountState(
        account_id=EVERYONE,
        trading_state="active",
        stops=tuple(stop.stop_id for stop in shared.stops),
        currency=None,
        balance=ZERO,
        equity=None,
        peak_equity=ZERO,
        drawdown_ratio=None,
        daily=None,
        weekly=None,
        gross_exposure=None,
        net_exposure=None,
        positions=(),
        reservations=(),
        watched=(),
        violations_last_hour=ViolationCounts(by_level={}, by_rule={}),
        limits_version=f"{shared.limits.version}.0",
        wake_at_ms=None,
        controls_serial=shared.serial,
        accounts=shared.accounts,
        topic_id=topic_id,
        active_version=shared.active_version,
        sequence=shared.sequence,
        chain=shared.chain,
        rules_version=shared.rules_version,
        at_ms=shared.clock_ms,
    )


def _exposures(account: Account) -> tuple[Decimal | None, Decimal | None]:
    """Return the sum of all notionals, unsigned and signed; None if a mark is unknown."""
    gross = net = ZERO
    for holding in account.holdings.values():
        exposure = holding.figures.exposure
        if exposure is None:
            return None, None
        gross += exposure
        net += exposure if holding.position.quantity > 0 else -exposure
    return gross, net


def _positions(account: Account) -> tuple[PositionState, ...]:
    """Return a symbol's position; closed ones too, since realized PnL never restarts."""
    return tuple(
        _position(holding)
        for holding in account.holdings.values()
        if holding.position.quantity or holding.filled
    )


def _reservations(holding: Holding) -> tuple[ReservationState, ...]:
    return tuple(
        ReservationState(
            signal_id=item.signal_id,
            symbol=item.symbol,
            side=item.side,
            quantity=item.quantity,
            price=item.price,
        )
        for item in holding.reservations.values()
        if item.live
    )


def _position(holding: Holding) -> PositionState:
    return PositionState(
        symbol=holding.symbol,
        quantity=holding.position.quantity,
        average_price=holding.average_price,
        mark_price=holding.mark,
        unrealized_pnl=holding.figures.unrealized,
        realized_pnl=holding.realized,
    )


def _day(window: Window | None, view: RiskView) -> DayState | None:
    if window is None:
        return None
    return DayState(
        day=window.span.label,
        pnl=view.daily_pnl,
        realized=window.realized,
        start_equity=window.start_equity,
    )


def _week(window: Window | None, view: RiskView) -> WeekState | None:
    if window is None:
        return None
    return WeekState(
        week=window.span.label,
        pnl=view.weekly_pnl,
        realized=window.realized,
        start_equity=window.start_equity,
    )


def _watched(holding: Holding) -> WatchedSymbol:
    quote = holding.quote
    return WatchedSymbol(
        symbol=holding.symbol,
        mark_price=holding.mark if holding.position.quantity else mark_of(quote, ZERO),
        as_of_ms=None if quote is None else quote.as_of_ms,
        offset=-1 if quote is None else quote.offset,
        epoch="" if quote is None else quote.epoch,
    )
