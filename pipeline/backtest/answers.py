"""What history decided, by the names under which engines and operators refer to it."""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from pipeline.risk.step import Step
from topics.decisions import Decision, Exit, Stop
from topics.events import Event

__all__ = ["Answers", "ExitPlace"]


class ExitPlace(NamedTuple):
    """What makes exits of two runs the same one; several at once keep their order."""

    account_id: str
    symbol: str
    reason: str
    at_ms: int


class Answers:
    """The orders, exits and emergency stops of one run."""

    def __init__(self) -> None:
        self.approved: dict[tuple[str, str], Decimal] = {}  # By account and signal; in units.
        self.exits: dict[ExitPlace, list[Exit]] = defaultdict(list)
        self.exits_by_id: dict[str, Exit] = {}
        self.rules: dict[str, str] = {}  # That opened an emergency stop, by its id.
        self.stops: dict[tuple[str, str], str] = {}  # The newest of an account and rule.

    def observe(self, event: Event, step: Step, at_ms: int) -> None:
        """Take what a step decided; a signal's first decision counts."""
        del at_ms
        for output in step.outputs:
            if isinstance(output, Decision) and output.verdict != "ignored":
                key = event.account_id, output.signal_id
                self.approved.setdefault(key, output.approved_quantity)
            elif isinstance(output, Exit):
                self.exits[place_of(output)].append(output)
                self.exits_by_id[output.exit_id] = output
            elif isinstance(output, Stop) and output.status == "triggered":
                self.rules[output.stop_id] = output.rule
                self.stops[event.account_id, output.rule] = output.stop_id


def place_of(sent: Exit) -> ExitPlace:
    """Return where an exit stands."""
    return ExitPlace(sent.account_id, sent.symbol, sent.reason, sent.at_ms)
