"""Resumes: a person lifts a stop by its id, and a stop that was made for a while ends by itself."""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.risk.account.cause import Cause
from pipeline.risk.account.records import Stop
from pipeline.risk.account.rule_records import Breaker
from pipeline.risk.baselines import begin_baseline
from pipeline.risk.limits.taking import is_same_person
from pipeline.risk.rules import RULES
from pipeline.risk.rules.rule import AccountLimit
from pipeline.risk.stops import Explanation, close, end_breach, replace_stop
from pipeline.risk.turn import Turn


def resume(turn: Turn, stop_id: str, explanation: Explanation) -> None:
    """Lift the named stop; after a loss stop, only its own rule starts again."""
    stop = next((stop for stop in turn.account.halts.stops if stop.stop_id == stop_id), None)
    if stop is None:
        turn.alert(Cause("control", f"no open stop has the id {stop_id!r}"))
        return
    refusal = _resume_loss(turn, stop, explanation.author or "") if is_loss(stop) else None
    if refusal is not None:
        turn.alert(Cause("control", f"{stop_id} is not resumed: {refusal}"))
        return
    if stop.rule == "overfill":  # Its count starts again.
        turn.set_rules(overfill=())
        end_breach(turn, stop.rule)
    close(turn, stop, explanation)


def end_stops(turn: Turn) -> None:
    """Lift the stops that a control made for a while, once that is over."""
    for stop in turn.account.halts.stops:
        if stop.ends_ms is not None and stop.ends_ms <= turn.now_ms:
            close(turn, stop, Explanation("its time is over"))


def stop_ends_ms(turn: Turn) -> int | None:
    """When the first of the stops for a while ends."""
    if not turn.account.halts.stops:
        return None
    ends = [stop.ends_ms for stop in turn.account.halts.stops if stop.ends_ms is not None]
    return turn.ahead(min(ends)) if ends else None


def is_loss(stop: Stop) -> bool:
    rule = RULES.get(stop.rule)
    return rule is not None and issubclass(rule, AccountLimit) and rule.LOSS


def _resume_loss(turn: Turn, stop: Stop, author: str) -> str | None:
    """Let the rule of a stop measure from the current equity; return why if that is refused."""
    equity, most = turn.view().equity, turn.limits.stops.resumes_per_day_max
    if equity is None:
        return "equity is unknown"
    if turn.account.halts.resumes >= most:
        return f"{most} loss stops were resumed since the roll of the day"
    if turn.limits.approvals.second_author:
        first = stop.resumed_by
        if not first:
            replace_stop(turn, stop, replace(stop, resumed_by=author))
        if not first or is_same_person(first, author):
            return f"it waits for a resume by another author than {first or author}"
    _restart_rule(turn, stop, equity)
    return None


def _restart_rule(turn: Turn, stop: Stop, equity: Decimal) -> None:
    """Let a rule start again; the others continue, so the loss still counts for them."""
    turn.set_rules(circuit_breaker=Breaker())
    turn.set_halts(resumes=turn.account.halts.resumes + 1)
    begin_baseline(turn, stop.rule, equity)
    end_breach(turn, "circuit_breaker")
