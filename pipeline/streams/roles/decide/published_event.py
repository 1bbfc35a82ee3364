"""What is published of one event: by this release, and by another one whose word stands.

Apart from redo.py: this compares messages, and knows neither offsets nor accounts.
"""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from pipeline.streams.role_interface import Output

__all__ = ["Fork", "Head", "PublishedEvent", "Row", "as_decided_by", "digest_of", "head_of"]

DIGEST_BYTES = 16
SHOWN_CHARACTERS_MAX = 180  # A stop's reason has room for 500, both versions included.

Digest = tuple[str, bytes]  # Of a topic and a value.


class Row(msgspec.Struct, frozen=True, gc=False):
    """An output, encoded; a Struct because one is made for each output."""

    topic: str
    value: bytes


class Fork(Exception):  # noqa: N818 - It is what happened, not what is wrong.
    """Say what was published and what is decided now."""


class Head(msgspec.Struct, frozen=True):
    """The part of an output that says of which event it came, who decided it, and about what."""

    account_id: str
    sequence: int
    chain: str
    rules_version: str
    at_ms: int = 0  # Append time of the event.
    kind: str = ""  # Of a message in `decisions`.
    signal_id: str = ""
    symbol: str = ""

    @property
    def order(self) -> tuple[str, str] | None:
        """What an engine may act on once in an event: a signal, or a position to be closed."""
        match self.kind:
            case "decision":
                return self.kind, self.signal_id
            case "exit":
                return self.kind, self.symbol
            case _:
                return None


class _Other(NamedTuple):
    """An output of another release."""

    head: Head
    value: bytes


class PublishedEvent:
    """The outputs of one event that are on their topics."""

    __slots__ = ("_others", "_own")

    def __init__(self) -> None:
        self._own: dict[Digest, bytes] = {}
        self._others: dict[Digest, _Other] = {}

    def __len__(self) -> int:
        return len(self._own) + len(self._others)

    def add(self, output: Output, head: Head, *, rules_version: str) -> None:
        """Add an output; rules_version: of this worker."""
        value = output.value or b""
        if head.rules_version == rules_version:
            self._own[output.topic, digest_of(value)] = value
            return
        digest = digest_of(as_decided_by(rules_version, value, head))
        self._others[output.topic, digest] = _Other(head, value)

    def lacks(self, rows: list[Row]) -> bool:
        """Whether any of what is decided now is published by nobody."""
        there = self._own.keys() | self._others.keys()
        return any((row.topic, digest_of(row.value)) not in there for row in rows)

    def missing(self, rows: list[Row], *, chain: str) -> list[Row]:
        """Return what is decided now and is not published.

        chain: of the event that is decided. Raise Fork when this release published something that
        it does not decide now, or when another one gave this number to another event.
        """
        decided = {(row.topic, digest_of(row.value)): row for row in rows}
        for digest, value in self._own.items():
            if digest not in decided:
                raise Fork(_explained(value, rows))
        for other in self._others.values():
            if other.head.chain != chain:  # Engines refuse the account themselves, too.
                raise Fork(f"its chain is {chain}; published: {_shown(other.value)}")
        there = self._own.keys() | self._others.keys()
        orders = {each.head.order for each in self.differing(rows)} - {None}
        return [
            row
            for digest, row in decided.items()
            if digest not in there and not (orders and head_of(row.value).order in orders)
        ]

    def differing(self, rows: list[Row]) -> list[_Other]:
        """Return what another release published and this one does not decide."""
        if not self._others:
            return []
        decided = {(row.topic, digest_of(row.value)) for row in rows}
        return [other for digest, other in self._others.items() if digest not in decided]


def as_decided_by(rules_version: str, value: bytes, head: Head) -> bytes:
    """Return an output as that release would have written it, had it decided the same."""
    return value.replace(_field(head.rules_version), _field(rules_version))


def head_of(value: bytes) -> Head:
    """Read the head of an output. Raise DecodeError when it is none of riskgate's."""
    return _HEADS.decode(value)


def digest_of(value: bytes) -> bytes:
    """Return a digest of a value, which is far shorter."""
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def _field(rules_version: str) -> bytes:
    """Return the field as it is written; a text inside a message has its quotes escaped."""
    return b'"rules_version":' + msgspec.json.encode(rules_version)


def _explained(published: bytes, rows: list[Row]) -> str:
    now = b" ".join(row.value for row in rows) or b"nothing"
    return f"published: {_shown(published)}; decided now: {_shown(now)}"


def _shown(value: bytes) -> str:
    text = value.decode(errors="backslashreplace")
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + " ..."


_HEADS = msgspec.json.Decoder(Head)
