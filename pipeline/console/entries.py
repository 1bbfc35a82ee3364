"""One line of a timeline: what happened to an account, short enough to keep many thousands.

The whole message stays in Kafka; an entry knows its place there.
"""

from msgspec import Struct
from msgspec.structs import replace

from pipeline.outputs.record import Output, message_of
from pipeline.outputs.sentences import control_sentence, sentence, stop_sentence
from topics.alerts import Alert
from topics.catalogue import TOPICS
from topics.codec import decode, key_of
from topics.controls import Control
from topics.decisions import Decision, Exit
from topics.emergency_stops import EmergencyStop
from topics.fields import DecodeError
from topics.limits import LimitsDocument

__all__ = ["Entry", "decoded", "entry_of", "of_limits"]


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """What happened, when, and where its message stands."""

    at_ms: int
    account_id: str
    kind: str  # decision, exit, stop, alert, control or limits.
    word: str  # Verdict, status, level or command: what a filter asks for.
    text: str  # One sentence.
    rules: tuple[str, ...] = ()
    strategy_id: str | None = None
    symbol: str | None = None
    topic: str = ""
    partition: int = 0
    offset: int = 0


def decoded(output: Output) -> Struct | None:
    """Decode a record; None for what its reader would refuse."""
    topic = TOPICS[output.topic]
    try:
        if topic.direction != "in":
            return message_of(output)
        message = decode(topic, output.value)
    except DecodeError:
        return None
    return message if key_of(topic, message) == output.account_id else None


def entry_of(output: Output, message: Struct) -> Entry | None:
    """Return the entry of a message; None for one that a timeline does not show."""
    if isinstance(message, Decision):
        return _decision(output, message)
    if isinstance(message, Exit):
        entry = _entry(output, "exit", message.reason, text=sentence(message))
        return replace(entry, symbol=message.symbol)
    if isinstance(message, EmergencyStop):
        entry = _entry(output, "stop", message.status, text=stop_sentence(message))
        return replace(entry, rules=(message.rule,))
    if isinstance(message, Alert):
        said = f"ALERT {message.level}: {message.message}"
        return replace(_entry(output, "alert", message.level, text=said), rules=(message.rule,))
    if isinstance(message, Control):
        return _entry(output, "control", message.command, text=control_sentence(message))
    return None  # Such as a stop in `decisions`: emergency_stops has it, too.


def of_limits(output: Output, document: LimitsDocument, *, is_taken: bool) -> Entry:
    """Return the entry of a limits document."""
    word = "in force" if is_taken else "refused"
    said = f"LIMITS version {document.version} {word}, by {document.author}: {document.reason}"
    return _entry(output, "limits", word, text=said)


def _decision(output: Output, message: Decision) -> Entry:
    entry = _entry(output, "decision", message.verdict, text=sentence(message))
    return replace(
        entry,
        rules=message.reasons,
        strategy_id=message.strategy_id,
        symbol=message.symbol,
    )


def _entry(output: Output, kind: str, word: str, *, text: str) -> Entry:
    return Entry(
        at_ms=output.at_ms,
        account_id=output.account_id,
        kind=kind,
        word=word,
        text=text,
        topic=output.topic,
        partition=output.partition,
        offset=output.offset,
    )
