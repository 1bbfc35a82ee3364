"""Stale data: stops the account while a position has had no newer price for too long.

Only the time of the price counts: a revaluation without a newer price is no data.
"""

from decimal import Decimal

from pipeline.risk.numbers import earliest, whole
from pipeline.risk.protection.breaches import Breach, beyond, breach
from pipeline.risk.rules.stale_data.rule import StaleData
from pipeline.risk.rules.stale_data.transition import next_due_ms
from pipeline.risk.stops import end_breach, lift
from pipeline.risk.turn import Turn

_NAME = "stale_data"


def stale_breaches(turn: Turn) -> list[Breach]:
    """Check the age of the oldest price held; lift the stop once all are fresh."""
    rule = turn.limits.rule(StaleData)
    oldest_ms = _oldest_ms(turn) if rule.enabled else None
    if oldest_ms is not None and turn.now_ms - oldest_ms > rule.stale_ms:
        cause = beyond(_NAME, whole(turn.now_ms - oldest_ms), Decimal(rule.stale_ms))
        return [breach(cause, rule.on_breach, key=_NAME)]
    if _NAME in turn.account.memory.alerted:
        end_breach(turn, _NAME)
    if turn.account.halts.stops:
        lift(turn, _NAME, "every held position has a fresh price")
    _await(turn, None if oldest_ms is None else oldest_ms + rule.stale_ms + 1)
    return []


def stale_ms(turn: Turn) -> int | None:
    """When the first price held may have grown stale."""
    return turn.ahead(turn.account.rules.stale_data)


def _oldest_ms(turn: Turn) -> int | None:
    """The time of the oldest price of what is held; without any price, when it left zero.

    What no order closes anyway is left out.
    """
    account = turn.account
    oldest_ms = turn.view().valuation.oldest_ms
    if account.totals.unmarked or account.totals.pending:
        for holding in account.holdings.values():
            priced = holding.mark is not None or holding.figures.residual
            if holding.stop_levels is not None and not priced:
                oldest_ms = earliest(oldest_ms, holding.stop_levels.opened_ms)
    return oldest_ms


def _await(turn: Turn, due_ms: int | None) -> None:
    """Be woken when a price grows stale."""
    rules = turn.account.rules
    next_ms = next_due_ms(rules.stale_data, due_ms, now_ms=turn.now_ms)
    if next_ms != rules.stale_data:
        turn.set_rules(stale_data=next_ms)
