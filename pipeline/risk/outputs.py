"""What a step brings out, and the topic that each of it belongs to."""

from typing import assert_never

from topics.alerts import Alert
from topics.decisions import Decision, Exit, Stop
from topics.emergency_stops import EmergencyStop

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
