"""How the circuit breaker opens and closes: on closed positions, and on a fast fall of equity.

A close is a return to zero or through it; its result is all that was realized since the position
left zero, fees included.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pipeline.risk.account.account import Account
from pipeline.risk.account.cause import Cause
from pipeline.risk.account.rule_records import LOSSES_MAX, SAMPLES_MAX, Breaker
from pipeline.risk.numbers import ZERO, exceeds, whole
from pipeline.risk.rules.circuit_breaker.rule import CircuitBreaker

_NAME = "circuit_breaker"


class Moved(Struct, frozen=True):
    breaker: Breaker
    opened: Cause | None = None  # It opens, or opens again; every opening alerts.
    closed: bool = False  # It closes, and its loss counters are cleared.


def after_close(rule: CircuitBreaker, breaker: Breaker, result: Decimal, *, now_ms: int) -> Moved:
    """Count the close of a position; it decides whether a half-open breaker closes."""
    if rule.phase(breaker, now_ms) == "half-open":
        return _judged(breaker, result, now_ms=now_ms)
    if result > ZERO:
        return Moved(replace(breaker, losing_run=0))
    if not result:
        return Moved(breaker)
    counted = _with_loss(rule, breaker, now_ms=now_ms)
    cause = _too_many(rule, counted)
    if cause is None or counted.opened_ms is not None:
        return Moved(counted)
    return _opened(counted, cause, now_ms=now_ms)


def after_entry(rule: CircuitBreaker, breaker: Breaker, *, now_ms: int) -> Breaker:
    """Record an opened position; a half-open breaker then admits no other."""
    if rule.phase(breaker, now_ms) != "half-open":
        return breaker
    return replace(breaker, entered=True)


def after_equity(rule: CircuitBreaker, account: Account, equity: Decimal) -> Moved:
    """Open it when equity fell too far from its high in the window; flows do not count."""
    breaker, now_ms = account.rules.circuit_breaker, account.applied.clock_ms
    net_flows = account.capital.net_flows
    window_ms, ratio = rule.rapid_window_ms, rule.rapid_loss_ratio
    if ratio is None or window_ms is None or rule.phase(breaker, now_ms) == "open":
        return Moved(breaker)
    slot = now_ms // max(window_ms // SAMPLES_MAX, 1)
    highs = _sampled(breaker, equity - net_flows, slot=slot)
    highest = highs[0][1] + net_flows
    limit = ratio * max(highest, ZERO)
    if exceeds(highest - equity, limit):
        cause = Cause(_NAME, "equity fell too fast", highest - equity, limit)
        return _opened(breaker, cause, now_ms=now_ms)
    return Moved(breaker if highs == breaker.highs else replace(breaker, highs=highs))


def after_shift(breaker: Breaker, by: Decimal) -> Breaker:
    """Shift the highs by PnL that an adopted position brought with it."""
    return replace(breaker, highs=tuple((slot, high + by) for slot, high in breaker.highs))


def half_open_ms(rule: CircuitBreaker | None, breaker: Breaker) -> int | None:
    """Return when its cooldown ends; None while it is closed."""
    if rule is None or rule.cooldown_ms is None or breaker.opened_ms is None:
        return None
    return breaker.opened_ms + rule.cooldown_ms


def _judged(breaker: Breaker, result: Decimal, *, now_ms: int) -> Moved:
    """Close it after a win, reopen it after a loss; a neutral close admits another entry."""
    if result > ZERO:
        return Moved(Breaker(), closed=True)
    if not result:
        return Moved(replace(breaker, entered=False))
    cause = Cause(_NAME, "a losing close reopens the circuit breaker", result)
    return _opened(breaker, cause, now_ms=now_ms)


def _opened(breaker: Breaker, cause: Cause, *, now_ms: int) -> Moved:
    return Moved(replace(breaker, opened_ms=now_ms, entered=False, highs=()), opened=cause)


def _with_loss(rule: CircuitBreaker, breaker: Breaker, *, now_ms: int) -> Breaker:
    losses: tuple[int, ...] = ()
    if rule.loss_count_max is not None and rule.window_ms is not None:
        oldest_ms = now_ms - rule.window_ms
        losses = (*(at for at in breaker.losses if at > oldest_ms), now_ms)[-LOSSES_MAX:]
    return replace(breaker, losing_run=breaker.losing_run + 1, losses=losses)


def _too_many(rule: CircuitBreaker, breaker: Breaker) -> Cause | None:
    run, most = breaker.losing_run, rule.consecutive_losses_max
    if most is not None and run >= most:
        return Cause(_NAME, f"{run} losing closes in a row", whole(run), whole(most))
    count, most = len(breaker.losses), rule.loss_count_max
    if most is not None and rule.window_ms is not None and count >= most:
        return Cause(_NAME, f"{count} losing closes within the window", whole(count), whole(most))
    return None


def _sampled(breaker: Breaker, won: Decimal, *, slot: int) -> tuple[tuple[int, Decimal], ...]:
    """Add a sample; keep one per slot, and only highs that no later sample has reached."""
    kept = [item for item in breaker.highs if slot - SAMPLES_MAX < item[0] <= slot]
    while kept and kept[-1][1] <= won:
        kept.pop()
    if not kept or kept[-1][0] < slot:
        kept.append((slot, won))
    return tuple(kept)
