"""What a step brings out, and the topic that each of it belongs to."""

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

# Whether a fill takes a reservation, goes beyond its order, or names no decision.
FillMatch = Literal["reserved", "beyond", "unmatched"]

Output = Decision | Exit | Stop | EmergencyStop | Alert


def topic_of(output: Output) -> str:
    """Name the topic that an output belongs to."""
    match output:
        case Decision() | Exit() | Stop():
            return "decisions"
        case EmergencyStop():
            return "emergency_stops"
        case Alert():
            return "alerts"
        case _:
            assert_never(output)
