"""Pipe messages in, read messages out, move the time: the whole pipeline without a broker.

    driver = Driver()
    driver.send(given.account(), given.instrument(), given.price(100))
    assert driver.decide(given.signal("buy", 2)).verdict == "approved"
    driver.wait(60_000)  # Revaluations fall due meanwhile: reservations expire, data grows stale.
    assert driver.state().reservations == ()

Everything goes through bytes, as on Kafka. Heartbeats are always fresh.
"""

from typing import Any, TypeVar

from msgspec import Struct

from pipeline.replay.machine import Line, Machine
from pipeline.risk.account.account import Account
from pipeline.risk.step import Step
from pipeline.streams.settings import Settings
from tests import given
from topics.account_states import AccountState
from topics.catalogue import INPUTS, TOPICS
from topics.codec import decode_as, encode, key_of
from topics.decisions import Decision
from topics.events import Event
from topics.topic import Topic

M = TypeVar("M", bound=Struct)

_INPUTS: dict[type[Struct], Topic] = {type(topic.example): topic for topic in INPUTS}


class Driver:
    """One machine and its time; keeps all that came out, as lines and as messages."""

    def __init__(self, *, partitions: int = 1, settings: Settings | None = None) -> None:
        self.now_ms = given.T0_MS
        self.lines: list[Line] = []  # All that came out.
        self.outputs: list[Struct] = []  # The same, decoded.
        self.accounts: dict[str, Account] = {}  # All that is kept of each.
        self.active_version = ""  # The release that the last event's partition names.
        self._machine = Machine(settings, partitions=partitions, observe=self._observe)

    def send(self, *messages: Struct, at_ms: int | None = None) -> list[Struct]:
        """Append messages now, or at a time, and return all that comes out meanwhile."""
        self.now_ms = self.now_ms if at_ms is None else at_ms
        out: list[Struct] = []
        for message in messages:
            topic = _INPUTS[type(message)]
            stamped = given.stamped(message, self.now_ms)
            out += self.feed(topic.name, key_of(topic, stamped), encode(stamped))
        return out

    def feed(self, topic: str, key: str | bytes | None, value: bytes | None) -> list[Struct]:
        """Append bytes as they are, good or bad, and return all that comes out meanwhile."""
        raw = key.encode() if isinstance(key, str) else key
        return self._take(self._machine.feed(Line(topic, raw, self.now_ms, value)))

    def decide(self, message: Struct) -> Decision:
        """Send a signal and return the one decision on it."""
        (decision,) = of(Decision, self.send(message))
        return decision

    def wait(self, ms: int) -> list[Struct]:
        """Let time pass and return what revaluations bring out, those at its end included."""
        self.now_ms += ms
        return self._take(self._machine.advance(self.now_ms))

    def finish(self) -> list[Struct]:
        """Return what comes at the end of a file: each account's last state."""
        return self._take(self._machine.finish())

    def state(self, account_id: str = given.ACCOUNT) -> AccountState:
        """Return where an account stands after its last event."""
        return self._machine.row(account_id)

    def all(self, kind: type[M]) -> list[M]:
        """Return every message of a type that came out so far."""
        return of(kind, self.outputs)

    def _observe(self, event: Event, taken: Step, at_ms: int) -> None:
        self.active_version = taken.shared.active_version
        if taken.account is not None:
            self.accounts[event.account_id] = taken.account

    def _take(self, lines: list[Line]) -> list[Struct]:
        messages = [_message(line) for line in lines]
        self.lines += lines
        self.outputs += messages
        return messages


def of(kind: type[M], messages: list[Struct]) -> list[M]:
    """Return the messages of one type."""
    return [message for message in messages if isinstance(message, kind)]


def _message(line: Line) -> Struct:
    kind: Any = TOPICS[line.topic].message  # A type, or the union of several.
    message: Struct = decode_as(kind, line.value or b"")
    return message
