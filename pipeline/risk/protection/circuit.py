"""What opens and closes the circuit breaker: closes of positions, and equity that falls fast.

A close is a return to zero or through it; its result is all that was realized since the position
left zero, fees included.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.breaker import LOSSES_MAX, SAMPLES_MAX, Breaker, Phase, phase_of
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.holding import Holding
from pipeline.risk.numbers import ZERO, exceeds, whole
from pipeline.risk.rules.circuit_breaker import CircuitBreaker
from pipeline.risk.stops import alert_breach, end_breach
from pipeline.risk.turn import Turn

_NAME = "circuit_breaker"


def note_trade(turn: Turn, before: Holding) -> None:
    """Count what a fill closed, and note a position that it opened; `before`: without the fill."""
    rule, after = turn.limits.circuit_breaker, turn.holding(before.symbol)
    if rule is None:
        return
    held, was, stop_levels = after.position.quantity, before.position.quantity, before.stop_levels
    left_zero = not was or (was > ZERO) != (held > ZERO)
    if was and stop_levels is not None and (not held or left_zero) and after.instrument is not None:
        _close(turn, rule, after.realized - stop_levels.realized)
    breaker = turn.account.breaker
    if held and left_zero and breaker is not None and _phase(turn, rule) == "half-open":
        turn.set_and_remeasure(breaker=replace(breaker, entered=True))


def _close(turn: Turn, rule: CircuitBreaker, result: Decimal) -> None:
    breaker = turn.account.breaker or Breaker()
    if _phase(turn, rule) == "half-open":
        _judge(turn, breaker, result)
    elif result > ZERO:
        _keep(turn, replace(breaker, losing_run=0))
    elif result < ZERO:
        breaker = _with_loss(turn, rule, breaker)
        _keep(turn, breaker)
        cause = _too_many(rule, breaker)
        if cause is not None and breaker.opened_ms is None:
            _open(turn, breaker, cause)


def _judge(turn: Turn, breaker: Breaker, result: Decimal) -> None:
    """Let the close of a half-open breaker decide; a neutral one lets another entry try."""
    if result > ZERO:
        turn.set_and_remeasure(breaker=None)
        end_breach(turn, _NAME)
    elif result < ZERO:
        _open(turn, breaker, Cause(_NAME, "a losing close opens the circuit breaker anew", result))
    else:
        _keep(turn, replace(breaker, entered=False))


def _with_loss(turn: Turn, rule: CircuitBreaker, breaker: Breaker) -> Breaker:
    losses: tuple[int, ...] = ()
    if rule.loss_count_max is not None and rule.window_ms is not None:
        oldest_ms = turn.now_ms - rule.window_ms
        losses = (*(at for at in breaker.losses if at > oldest_ms), turn.now_ms)[-LOSSES_MAX:]
    return replace(breaker, losing_run=breaker.losing_run + 1, losses=losses)


def _too_many(rule: CircuitBreaker, breaker: Breaker) -> Cause | None:
    run, most = breaker.losing_run, rule.consecutive_losses_max
    if most is not None and run >= most:
        return Cause(_NAME, f"{run} losing closes in a row", whole(run), whole(most))
    count, most = len(breaker.losses), rule.loss_count_max
    if most is not None and rule.window_ms is not None and count >= most:
        return Cause(_NAME, f"{count} losing closes within a while", whole(count), whole(most))
    return None


def _open(turn: Turn, breaker: Breaker, cause: Cause) -> None:
    """Open it from now on; each opening is told."""
    _keep(turn, replace(breaker, opened_ms=turn.now_ms, entered=False, highs=()))
    end_breach(turn, _NAME)
    alert_breach(turn, cause, key=_NAME, action="block")


def _keep(turn: Turn, breaker: Breaker) -> None:
    turn.set_and_remeasure(breaker=None if breaker == Breaker() else breaker)


def _phase(turn: Turn, rule: CircuitBreaker) -> Phase:
    return phase_of(turn.account.breaker, turn.now_ms, rule.cooldown_ms)


def watch_rapid_loss(turn: Turn, equity: Decimal) -> None:
    """Open it when equity fell too far from its highest in the window; flows are no loss."""
    rule = turn.limits.circuit_breaker
    if rule is None or rule.rapid_loss_ratio is None or rule.rapid_window_ms is None:
        return
    if _phase(turn, rule) == "open":
        return
    breaker = turn.account.breaker or Breaker()
    highs = _sampled(turn.account, breaker, equity, window_ms=rule.rapid_window_ms)
    highest = highs[0][1] + turn.account.net_flows
    limit = rule.rapid_loss_ratio * max(highest, ZERO)
    if exceeds(highest - equity, limit):
        _open(turn, breaker, Cause(_NAME, "equity fell fast", highest - equity, limit))
    elif highs != breaker.highs:
        _keep(turn, replace(breaker, highs=highs))


def _sampled(
    account: Account, breaker: Breaker, equity: Decimal, *, window_ms: int
) -> tuple[tuple[int, Decimal], ...]:
    """Add a sample; kept are those of the window that no later one reaches, one for each slot."""
    slot = account.clock_ms // max(window_ms // SAMPLES_MAX, 1)
    won = equity - account.net_flows
    kept = [item for item in breaker.highs if slot - SAMPLES_MAX < item[0] <= slot]
    while kept and kept[-1][1] <= won:
        kept.pop()
    if not kept or kept[-1][0] < slot:
        kept.append((slot, won))
    return tuple(kept)


def half_open_ms(turn: Turn) -> int | None:
    """When its cooldown ends."""
    breaker = turn.account.breaker
    if breaker is None or breaker.opened_ms is None:
        return None
    rule = turn.limits.circuit_breaker
    cooldown_ms = None if rule is None else rule.cooldown_ms
    return None if cooldown_ms is None else breaker.opened_ms + cooldown_ms
