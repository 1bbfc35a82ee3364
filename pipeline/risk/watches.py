"""After every event: the peak rises, and each watch looks whether the account must be stopped.

A breach of a loss limit acts only when it holds at confirming marks too: a realized loss at once,
an unrealized one when further marks agree.
"""

from decimal import Decimal

from pipeline.risk.account import STRENGTHS
from pipeline.risk.cause import Cause
from pipeline.risk.equity import cautious_equity, equity_at_most, favourable_equity
from pipeline.risk.marks import trim_marks
from pipeline.risk.roll import open_unknown
from pipeline.risk.rules.rule import Measure, Watch
from pipeline.risk.stops import alert_breach, end_breach, open_stop
from pipeline.risk.turn import Turn
from topics.codec import plain


def watch(turn: Turn) -> None:
    """Look after the account once the event was applied."""
    trim_marks(turn)
    open_unknown(turn)
    _raise_peak(turn)
    equity = turn.standing().valuation.equity
    if equity is None:
        equity = equity_at_most(turn.account)
    if equity is None:
        return  # Without a mark for every position there is nothing to measure.
    breaches, unconfirmed = _measure(turn, equity)
    if breaches:
        _act(turn, breaches)
    if unconfirmed or turn.account.confirm_ms is not None:
        _await_confirmation(turn, unconfirmed=unconfirmed)


def _raise_peak(turn: Turn) -> None:
    equity, account = turn.standing().equity, turn.account
    if equity is None or equity <= account.peak:
        return
    cautious = cautious_equity(account)
    if cautious > account.peak:
        turn.measure_anew(peak=cautious)


def _measure(turn: Turn, equity: Decimal) -> tuple[list[tuple[Watch, Measure]], bool]:
    """Return the confirmed breaches in the order of the gate, and whether one is unconfirmed."""
    standing = turn.standing()
    confirmed: list[tuple[Watch, Measure]] = []
    unconfirmed = False
    favourable: Decimal | None = None
    alerted = turn.account.alerted
    for rule in turn.limits.watches:
        plainly = rule.watch(standing, equity)
        if plainly is None or not plainly.breached:
            if rule.NAME in alerted:
                end_breach(turn, rule.NAME)
            continue
        if not rule.CONFIRMS:
            confirmed.append((rule, plainly))
            continue
        if favourable is None:
            favourable = favourable_equity(turn.account)
        measure = rule.watch(standing, favourable)
        if measure is not None and measure.breached:
            confirmed.append((rule, plainly))
        else:
            unconfirmed = True
    return confirmed, unconfirmed


def _act(turn: Turn, breaches: list[tuple[Watch, Measure]]) -> None:
    """Alert for each breach; stop for the strictest, the first in the table among equals."""
    worst: tuple[Watch, Measure] | None = None
    for rule, measure in breaches:
        alert_breach(turn, _cause(rule, measure), key=rule.NAME, action=rule.on_breach)
        if worst is None or _strength(rule) > _strength(worst[0]):
            worst = (rule, measure)
    if worst is not None and worst[0].on_breach != "warn":
        open_stop(turn, _cause(*worst), strength=worst[0].on_breach)


def _strength(rule: Watch) -> int:
    return STRENGTHS.get(rule.on_breach, 0)


def _cause(rule: Watch, measure: Measure) -> Cause:
    reason = f"{rule.NAME} {plain(measure.measured)} is beyond {plain(measure.limit)}"
    return Cause(rule.NAME, reason, measure.measured, measure.limit)


def _await_confirmation(turn: Turn, *, unconfirmed: bool) -> None:
    """Be woken one confirm_ms after the first event that finds a breach unconfirmed."""
    if not unconfirmed:
        turn.note(confirm_ms=None)
    elif turn.account.confirm_ms is None:
        turn.note(confirm_ms=turn.now_ms + turn.limits.confirmation.confirm_ms)
