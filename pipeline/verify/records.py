"""The records that the judge reads, and how they decode. No Kafka client here."""

from typing import NamedTuple, TypeAlias, cast

from topics.account_states import AccountState
from topics.alerts import Alert
from topics.codec import decode_as
from topics.decisions import Decision, Exit, Stop
from topics.emergency_stops import EmergencyStop
from topics.events import Event

__all__ = [
    "ALERTS", "DECISIONS", "EVENTS", "NO_OFFSET", "OUTPUTS", "STATES", "STOPS", "Applied",
    "Message", "Published", "Record", "event_of", "identity", "message_of",
]  # fmt: skip

EVENTS = "events"
DECISIONS = "decisions"
STOPS = "emergency_stops"
ALERTS = "alerts"
STATES = "account_states"
NO_OFFSET = -1
OUTPUTS = (DECISIONS, STOPS, ALERTS, STATES)

Message: TypeAlias = Decision | Exit | Stop | EmergencyStop | Alert | AccountState
_TYPES: dict[str, type[Message]] = {
    DECISIONS: cast("type[Message]", Decision | Exit | Stop),
    STOPS: EmergencyStop,
    ALERTS: Alert,
    STATES: AccountState,
}
_EVENT = cast("type[Event]", Event)


class Record(NamedTuple):
    """A record of any topic; `topic` is without the prefix."""

    topic: str
    partition: int
    offset: int
    value: bytes
    timestamp_ms: int
    is_append_time: bool = True  # Whether the broker gave that time.


class Applied(NamedTuple):
    """An event as the judge counts it."""

    record: Record
    event: Event
    counted: int  # Of the account's events since the judge began, from 1.
    at_ms: int  # Its append time.


class Published(NamedTuple):
    """An output whose event the judge knows."""

    record: Record
    message: Message
    event_offset: int  # In `events`; NO_OFFSET where no chain proves it.
    is_now: bool  # Its account has applied nothing after that event.


def event_of(value: bytes) -> Event:
    """Decode an event. Raise DecodeError when risk refuses it, too."""
    return decode_as(_EVENT, value)


def message_of(topic: str, value: bytes) -> Message:
    """Decode an output. Raise DecodeError when riskgate did not write it."""
    return decode_as(_TYPES[topic], value)


def identity(message: Message) -> str:
    """Return what no two different outputs of one topic share; empty if they may."""
    match message:
        case Decision():
            return message.decision_id
        case Exit():
            return message.exit_id
        case Alert():
            return message.alert_id
        case Stop() | EmergencyStop():
            return f"{message.stop_id} {message.status} {message.sequence}"
        case AccountState():
            return ""  # A row is written again whenever its account has changed.
