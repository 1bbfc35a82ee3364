"""Signals and fills from a topic that the account does not accept: refused, and reported.

Kafka's ACLs end at the topic, so only this keeps a writer with a topic of its own from the accounts
of others. Nothing of such an event is remembered: it must not use up an id of the account.
"""

from pipeline.risk.account.cause import Cause
from pipeline.risk.gate.answer import answer_unaccepted
from pipeline.risk.parameters import AccountParameters
from pipeline.risk.stops import is_due, note_alerted
from pipeline.risk.turn import Turn
from topics.events import Event, FillEvent, SignalEvent


def is_unaccepted(account: AccountParameters, event: Event) -> bool:
    """Whether a signal or a fill comes from a topic that its account does not accept."""
    match event:
        case SignalEvent():
            accepted = account.signal_topics
        case FillEvent():
            accepted = account.fill_topics
        case _:
            return False
    return accepted is not None and _topic(event) not in accepted


def refuse_unaccepted(turn: Turn, event: Event) -> None:
    """Reject a signal; set a fill aside as a dead letter. Alert once per topic and cooldown."""
    topic = _topic(event)
    if isinstance(event, SignalEvent):
        reason = f"The account takes no signals from the topic {topic}."
        answer_unaccepted(turn, event.body, reason)
        _alert(turn, f"signal {event.body.signal_id} is rejected: {reason}", topic)
    elif isinstance(event, FillEvent):
        reason = f"The account takes no fills from the topic {topic}."
        turn.refused = reason
        _alert(turn, f"fill {event.body.fill_id} is not booked: {reason}", topic)


def _topic(event: Event) -> str:
    return "" if event.source is None else event.source.topic


def _alert(turn: Turn, reason: str, topic: str) -> None:
    key = f"source:{topic}"
    if is_due(turn, key):
        note_alerted(turn, key)
        turn.alert(Cause("source", reason), level="critical", action="block")
