"""The outputs of a step and the topic that each of them is written to."""

from typing import Literal, assert_never

from topics.alerts import Action, Alert, Level
from topics.decisions import Decision, Exit, Stop
from topics.emergency_stops import EmergencyStop

USUAL_ACTIONS: dict[Level, Action] = {
    "low": "warn",
    "medium": "block",
    "high": "reduce",
    "critical": "halt",
}

# Whether a fill uses a reservation, exceeds its order, or names no decision.
FillMatch = Literal["reserved", "beyond", "unmatched"]

Output = Decision | Exit | Stop | EmergencyStop | Alert


def topic_of(output: Output) -> str:
    """Return the name of the topic that an output is written to."""
    match output:
        case Decision() | Exit() | Stop():
            return "decisions"
        case EmergencyStop():
            return "emergency_stops"
        case Alert():
            return "alerts"
        case _:
            assert_never(output)
