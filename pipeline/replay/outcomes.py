"""The outcomes of one step by question, so that two steps of the same event can be compared.

An emergency exit follows from its stop and is not counted separately. A stop that flattens counts
once for each position that it closes.
"""

from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec import Struct

from pipeline.risk.numbers import ZERO, signed
from pipeline.risk.step import Output, Step
from topics.decisions import Decision, Exit, Verdict
from topics.decisions import Stop as StopRow
from topics.fields import Side

__all__ = ["NOTHING", "Outcome", "Question", "outcomes_of"]

Kind = Literal["decision", "exit", "stop"]


class Question(NamedTuple):
    """The key under which runs are compared: a signal's id, an exit's reason or a stop's rule."""

    kind: Kind
    name: str
    symbol: str  # Empty for a stop that closes nothing.


class Outcome(Struct, frozen=True):
    """One run's answer; quantity is what it adds to the position, in units, signed."""

    verdict: Verdict | Literal["nothing", "exit", "reduce", "halt", "flatten"]
    quantity: Decimal = ZERO
    rule: str | None = None  # The rule that limited or rejected it, or that opened the stop.
    side: Side | None = None
    limit_price: Decimal | None = None


NOTHING = Outcome("nothing")


def outcomes_of(step: Step) -> dict[Question, Outcome]:
    """Return the outcomes of a step; repeated signals and holds have none."""
    found: dict[Question, Outcome] = {}
    for output in step.outputs:
        found.update(_outcomes(output))
    return found


def _outcomes(output: Output) -> dict[Question, Outcome]:
    match output:
        case Decision(verdict="ignored"):
            return {}
        case Decision():
            side: Side = "sell" if output.side == "sell" else "buy"
            rule = output.binding_rule or next(iter(output.reasons), None)
            quantity = signed(side, output.approved_quantity)
            answer = Outcome(output.verdict, quantity, rule, side, output.limit_price)
            return {Question("decision", output.signal_id, output.symbol): answer}
        case Exit() if output.reason != "emergency_stop":
            quantity = signed(output.side, output.quantity)
            answer = Outcome("exit", quantity, output.reason, output.side)
            return {Question("exit", output.reason, output.symbol): answer}
        case StopRow(status="triggered"):
            return _stop(output)
        case _:
            return {}


def _stop(row: StopRow) -> dict[Question, Outcome]:
    if "flatten" not in row.actions:
        verdict: Literal["halt", "reduce"] = "halt" if row.actions else "reduce"
        return {Question("stop", row.rule, ""): Outcome(verdict, rule=row.rule)}
    closed = {
        Question("stop", row.rule, held.symbol): Outcome(
            "flatten", -held.quantity, row.rule, "sell" if held.quantity > ZERO else "buy"
        )
        for held in row.positions
    }
    return closed or {Question("stop", row.rule, ""): Outcome("flatten", rule=row.rule)}
