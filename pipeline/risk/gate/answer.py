"""The answer to a signal: one decision with the account's figures at that moment."""

from decimal import Decimal

from msgspec import Struct

from pipeline.risk.gate.judge import GateResult
from pipeline.risk.numbers import ZERO
from pipeline.risk.order.candidate_order import OrderTerms, floored
from pipeline.risk.order.risk_view import RiskView
from pipeline.risk.turn import Turn
from topics.decisions import Check, Decision
from topics.signals import Signal

IGNORED_HOLD = GateResult("ignored", ZERO, (), None, ())
IGNORED_DUPLICATE = GateResult("ignored", ZERO, ("duplicate_signal",), None, ())
FAILED = GateResult("rejected", ZERO, ("internal_error",), None, ())
SOURCE = "source"  # The reason of a signal from a topic that its account does not accept.

# Refused whatever the account's figures: one whose valuation raises must not be halted by them.
_ALWAYS_ANSWERED = (FAILED.reasons, IGNORED_DUPLICATE.reasons, (SOURCE,))


class Unvalued(Struct, frozen=True):
    """The figures of an account whose valuation raised."""

    equity: None = None
    drawdown_ratio: None = None
    daily_pnl: None = None
    weekly_pnl: None = None


def answer(
    turn: Turn, signal: Signal, result: GateResult, *, terms: OrderTerms | None = None
) -> None:
    """Write the decision on a signal; terms is None if it was not judged."""
    account, shared, figures = turn.account, turn.shared, _figures(turn, result)
    valid_until_ms = turn.now_ms + turn.limits.decisions.decision_ttl_ms
    if signal.expires_at_ms is not None:
        valid_until_ms = min(valid_until_ms, signal.expires_at_ms)
    turn.outputs.append(
        Decision(
            decision_id=turn.next_id() if turn.repeated_signal else signal.signal_id,
            signal_id=signal.signal_id,
            account_id=account.account_id,
            strategy_id=signal.strategy_id,
            symbol=signal.symbol,
            side=signal.side,  # type: ignore[arg-type]  # Decoding checked it.
            verdict=result.verdict,
            requested_quantity=signal.quantity if terms is None else terms.asked,
            approved_quantity=result.quantity,
            limit_price=signal.limit_price,
            stop_price=None if terms is None else _stop_in_effect(terms, result),
            reduce_only=signal.reduce_only,
            risk_score=_risk_score(result),
            reasons=result.reasons,
            binding_rule=result.binding_rule,
            checks=result.checks,
            trading_state=account.trading_state,
            equity=figures.equity,
            drawdown_ratio=figures.drawdown_ratio,
            daily_pnl=figures.daily_pnl,
            weekly_pnl=figures.weekly_pnl,
            limits_version=f"{shared.limits.version}.{account.limits.version}",
            valid_until_ms=valid_until_ms,
            sequence=account.applied.sequence,
            chain=account.applied.chain,
            rules_version=shared.rules_version,
            at_ms=turn.now_ms,
        )
    )


def answer_unaccepted(turn: Turn, signal: Signal, reason: str) -> None:
    """Reject a signal from a topic that is not accepted, under an id that no strategy gives."""
    turn.repeated_signal = True
    check = Check(SOURCE, "breach", message=reason)
    answer(turn, signal, GateResult("rejected", ZERO, (SOURCE,), None, (check,)))


def _stop_in_effect(terms: OrderTerms, result: GateResult) -> Decimal | None:
    """Return the stop price of an entry, approved or rejected; None for an exit."""
    quantity = result.quantity
    if result.verdict == "rejected":
        quantity = ZERO if terms.asked is None else floored(terms, terms.asked)
    return None if ZERO < quantity <= terms.reducible_quantity else terms.stop


def _figures(turn: Turn, result: GateResult) -> RiskView | Unvalued:
    """Return the account's figures; a failed signal is rejected even if valuation raises too."""
    try:
        return turn.view()
    except Exception:
        if result.reasons not in _ALWAYS_ANSWERED:
            raise
        return Unvalued()


def _risk_score(result: GateResult) -> Decimal | None:
    """Return what risk_score measured; it is the last rule. None while it is off."""
    if not result.checks or result.checks[-1].rule != "risk_score":
        return None
    return result.checks[-1].measured
