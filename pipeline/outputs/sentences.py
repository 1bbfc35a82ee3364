"""What happened, as one sentence for people, of each message in the life of an account."""

from pipeline.outputs.words import count, figure, lasting, timestamp
from topics.controls import Control
from topics.decisions import Decision, Exit, Stop
from topics.emergency_stops import StopRow

__all__ = ["control_sentence", "reasons_sentence", "sentence", "stop_sentence"]


def sentence(message: Decision | Exit | Stop, *, exact: bool = False) -> str:
    """Say in one line what a message of `decisions` is; exact: numbers with all digits."""
    if isinstance(message, Decision):
        return _decision(message, exact=exact)
    if isinstance(message, Exit):
        return _exit(message, exact=exact)
    return stop_sentence(message)


def stop_sentence(row: StopRow) -> str:
    """Say what happened to a stop; its reason has the measured value and the limit."""
    by = f" by {row.author}" if row.author else ""
    held = count(len(row.positions), "position")
    if row.status == "resumed":
        return f"RESUMED {row.stop_id}{by}: {row.reason}"
    if row.status == "flat":
        return f"FLAT {row.stop_id}: {row.reason}"
    if row.status == "flattening":
        return f"FLATTENING {row.stop_id}: {held} left"
    until = "" if row.ends_at_ms is None else f", until {timestamp(row.ends_at_ms)}"
    orders = " and ".join(_ACTIONS[action] for action in row.actions) or "entries are rejected"
    return f"STOPPED {row.stop_id}{by}: {row.reason}; {orders}, {held} held{until}"


def control_sentence(control: Control) -> str:
    """Say what a person ordered."""
    of = f" {control.stop_id}" if control.stop_id else ""
    for_ = "" if control.duration_ms is None else f" for {lasting(control.duration_ms)}"
    return f"CONTROL {control.command}{of}{for_} by {control.author}: {control.reason}"


def reasons_sentence(decision: Decision) -> str:
    """Say why a decision is not the order as asked: each breach in its rule's own words."""
    said = [check.message for check in decision.checks if isinstance(check.message, str)]
    without = [
        rule
        for rule in decision.reasons
        if not any(
            check.rule == rule and isinstance(check.message, str) for check in decision.checks
        )
    ]
    return " ".join([*said, *(f"{rule.replace('_', ' ').capitalize()}." for rule in without)])


_ACTIONS = {"cancel_all": "orders are cancelled", "flatten": "positions are closed"}


def _decision(decision: Decision, *, exact: bool) -> str:
    asked = figure(decision.requested_quantity, exact=exact)
    approved = figure(decision.approved_quantity, exact=exact)
    price = "at market"
    if decision.limit_price is not None:
        price = f"at {figure(decision.limit_price, exact=exact)}"
    cut = f", {approved} approved" if decision.verdict == "modified" else ""
    why = reasons_sentence(decision)
    order = f"{decision.side} {asked} {decision.symbol} {price}{cut}"
    return f"{decision.verdict.upper()} {order}{': ' if why else ''}{why}"


def _exit(message: Exit, *, exact: bool) -> str:
    quantity = figure(message.quantity, exact=exact)
    reason = message.reason.replace("_", " ")
    return f"EXIT {message.side} {quantity} {message.symbol}: {reason}"
