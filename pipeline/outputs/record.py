"""One record of a topic as the reader hands it on, still encoded: most are dropped undecoded."""

from typing import NamedTuple, cast

import msgspec

from topics.catalogue import TOPICS
from topics.codec import decode, decode_as, key_of
from topics.fields import DecodeError

__all__ = ["NO_VALUE", "Output", "Period", "decoded", "message_of"]

NO_VALUE = b""  # Of a record that deletes a key.


class Period(NamedTuple):
    """A period of time, both ends included, in milliseconds since the epoch; None is open."""

    from_ms: int | None = None
    to_ms: int | None = None

    def holds(self, at_ms: int) -> bool:
        """Whether a time is in the period."""
        return (self.from_ms is None or at_ms >= self.from_ms) and (
            self.to_ms is None or at_ms <= self.to_ms
        )


class Output(NamedTuple):
    """A record and where it stands."""

    topic: str  # Without the prefix.
    partition: int
    offset: int
    at_ms: int  # Time of the event that it answers, of the record if it has none.
    account_id: str  # Its key; empty without one.
    sequence: int  # 0 if the topic has none.
    value: bytes
    written_ms: int = 0  # Time of the record itself; 0 if it is not known.

    @property
    def place(self) -> str:
        """Where it stands, for people: topic, partition and offset."""
        return f"{self.topic}/{self.partition}@{self.offset}"


def message_of(output: Output) -> msgspec.Struct:
    """Decode what riskgate itself wrote. Raise DecodeError when it did not write this."""
    kind = cast("type[msgspec.Struct]", TOPICS[output.topic].message)
    return decode_as(kind, output.value)


def decoded(output: Output) -> msgspec.Struct | None:
    """Decode a record; None for what its reader would refuse, an input under a wrong key too."""
    topic = TOPICS[output.topic]
    try:
        if topic.direction != "in":
            return message_of(output)
        message = decode(topic, output.value)
    except DecodeError:
        return None
    return message if key_of(topic, message) == output.account_id else None
