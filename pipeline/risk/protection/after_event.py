"""After every event: raises the peak and checks every account limit and position stop.

A loss limit acts only when it also breaches at confirming marks and rates: a realized loss acts at
once, an unrealized one when further marks confirm it.
"""

from decimal import Decimal

from pipeline.risk.baselines import raise_peak
from pipeline.risk.ledger.marks import trim_marks
from pipeline.risk.ledger.rates import trim_rates
from pipeline.risk.ledger.refused_orders import settle_refused
from pipeline.risk.ledger.roll import open_unknown
from pipeline.risk.protection.breaches import Breach, act, beyond, breach
from pipeline.risk.protection.circuit import watch_rapid_loss
from pipeline.risk.protection.exposure_caps import exposure_breaches
from pipeline.risk.protection.order_fills import fill_breaches
from pipeline.risk.protection.position_stops import position_breaches
from pipeline.risk.protection.stale_data import stale_breaches
from pipeline.risk.protection.violation_rate import violation_breaches
from pipeline.risk.rules.measure import Measure
from pipeline.risk.rules.rule import AccountLimit
from pipeline.risk.stops import end_breach
from pipeline.risk.turn import Turn
from pipeline.risk.valuation.equity import equity_at_most, favourable_equity


def protect(turn: Turn) -> None:
    """Check the account after an event and act on breaches."""
    trim_marks(turn)
    if turn.account.currencies.rates:
        trim_rates(turn)
    if turn.recheck_all and turn.account.orders.refused:
        settle_refused(turn)
    open_unknown(turn)
    raise_peak(turn)
    equity = turn.view().valuation.equity
    if equity is None:
        equity = equity_at_most(turn.account)
    breaches: list[Breach] = []
    if equity is not None:  # Unknown: a position has no mark.
        breaches = _equity_breaches(turn, equity) + exposure_breaches(turn, equity)
        watch_rapid_loss(turn, equity)
    breaches += position_breaches(turn)
    breaches += stale_breaches(turn)
    if turn.fill_match is not None:
        breaches += fill_breaches(turn)
    if breaches:
        act(turn, breaches)
    if turn.violated:
        act(turn, violation_breaches(turn))


def _equity_breaches(turn: Turn, equity: Decimal) -> list[Breach]:
    """Return confirmed breaches of account limits; schedule another look at unconfirmed ones."""
    confirmed, unconfirmed = _measure(turn, equity)
    if unconfirmed or turn.account.deadlines.confirm_ms is not None:
        _await_confirmation(turn, unconfirmed=unconfirmed)
    return [
        breach(beyond(rule.NAME, measure.measured, measure.limit), rule.on_breach, key=rule.NAME)
        for rule, measure in confirmed
    ]


def _measure(turn: Turn, equity: Decimal) -> tuple[list[tuple[AccountLimit, Measure]], bool]:
    """Return the confirmed breaches in gate order, and whether any is unconfirmed.

    Favourable equity is worked out once, and only after a breach: most events have none.
    """
    view = turn.view()
    confirmed: list[tuple[AccountLimit, Measure]] = []
    unconfirmed = False
    favourable: Decimal | None = None
    alerted = turn.account.memory.alerted
    for rule in turn.limits.account_limits:
        current = rule.measure(view, equity)
        if current is None or not current.breached():
            if alerted and rule.NAME in alerted:
                end_breach(turn, rule.NAME)
            continue
        if not rule.CONFIRMS:
            confirmed.append((rule, current))
            continue
        if favourable is None:
            favourable = favourable_equity(turn.account)
        measure = rule.measure(view, favourable)
        if measure is not None and measure.breached():
            confirmed.append((rule, current))
        else:
            unconfirmed = True
    return confirmed, unconfirmed


def confirmation_ms(turn: Turn) -> int | None:
    """When an unconfirmed breach is looked at again."""
    return turn.ahead(turn.account.deadlines.confirm_ms)


def _await_confirmation(turn: Turn, *, unconfirmed: bool) -> None:
    """Wake the account one confirm_ms after a breach is first found unconfirmed."""
    if not unconfirmed:
        turn.set_deadlines(confirm_ms=None)
    elif turn.account.deadlines.confirm_ms is None:
        turn.set_deadlines(confirm_ms=turn.now_ms + turn.limits.confirmation.confirm_ms)
