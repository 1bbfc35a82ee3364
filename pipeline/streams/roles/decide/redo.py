"""Decide again what an owner before decided after its checkpoint, and send what is missing.

A decision is a pure function of the log, so what is decided again is, byte for byte, what is on
the topics already. Where it is not, that is a fork: two workers of different opinions. Nothing of
the event is sent then, and its account is halted.
"""

import logging
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from pipeline.risk.account.account import Account
from pipeline.risk.step import Step
from pipeline.streams.role_interface import Output
from topics.fields import EVERYONE

__all__ = ["Fork", "Redo", "Row"]

logger = logging.getLogger(__name__)

DIGEST_BYTES = 16
SHOWN_CHARACTERS_MAX = 180  # A stop's reason has room for 500, both versions included.

Digest = tuple[str, bytes]  # Of a topic and a value.


class Row(NamedTuple):
    """An output, encoded."""

    topic: str
    value: bytes


class Fork(Exception):  # noqa: N818 - It is what happened, not what is wrong.
    """Say what was published and what is decided now."""


class _Numbered(msgspec.Struct):
    """The part of an output that says which event of which account it came of."""

    account_id: str
    sequence: int


class Redo:
    """The outputs of one partition that are published, by account and sequence.

    False once everything in it is decided again; it costs nothing from then on.
    """

    def __init__(self, published: Iterable[Output], *, dead_letters: str, until: int) -> None:
        self.already = 0  # Outputs that were there.
        self.missing = 0  # Outputs that were not.
        self._until = until  # No event from this offset on was decided before.
        self._dead_letters = dead_letters
        self._steps: dict[tuple[str, int], dict[Digest, bytes]] = {}
        self._letters: set[bytes] = set()
        for output in published:
            self._add(output)

    def __bool__(self) -> bool:
        return bool(self._steps or self._letters)

    def has_letter(self, value: bytes) -> bool:
        """Return whether a dead letter is published already."""
        return _digest(value) in self._letters

    def to_send(self, account_id: str, taken: Step, rows: list[Row]) -> list[Row]:
        """Return what of an event's outputs is not published yet.

        Raise Fork when something is published of it that is not decided now.
        """
        if taken.repeated or (taken.account is None and account_id != EVERYONE):
            return rows  # Nothing was decided, so the event has no number of its account.
        record = taken.shared if taken.account is None else taken.account.applied
        published = self._steps.pop((account_id, record.sequence), None)
        if published is None:
            self.missing += len(rows)
            return rows
        decided = {(row.topic, _digest(row.value)): row for row in rows}
        for digest, value in published.items():
            if digest not in decided:
                raise Fork(_explained(account_id, record.sequence, value, rows=rows))
        missing = [row for digest, row in decided.items() if digest not in published]
        self.already += len(published)
        self.missing += len(missing)
        return missing

    def settle(self, offset: int, account_of: Callable[[str], Account | None]) -> None:
        """Forget what came before the state, once the log was read as far as it was decided.

        What remains belongs to events that the log does not have (any more): the first event that
        takes such a number is a fork.
        """
        if offset < self._until:
            return
        self._letters.clear()
        for account_id, sequence in list(self._steps):
            account = account_of(account_id)
            if account is None or sequence <= account.applied.sequence:
                del self._steps[account_id, sequence]
        logger.info(
            "Decided again: %d outputs were there already, %d were not", self.already, self.missing
        )
        if self._steps:
            logger.error("Outputs of %d events are published that the log lacks", len(self._steps))
            self._until = 2**63

    def _add(self, output: Output) -> None:
        value = output.value or b""
        if output.topic == self._dead_letters:
            self._letters.add(_digest(value))
            return
        try:
            numbered = msgspec.json.decode(value, type=_Numbered)
        except msgspec.DecodeError:
            logger.warning("A record of %s is none of riskgate's", output.topic)
            return
        place = numbered.account_id, numbered.sequence
        self._steps.setdefault(place, {})[output.topic, _digest(value)] = value


def _digest(value: bytes) -> bytes:
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def _explained(account_id: str, sequence: int, published: bytes, *, rows: Iterable[Row]) -> str:
    now = b" ".join(row.value for row in rows) or b"nothing"
    return (
        f"event {sequence} of {account_id} is decided otherwise than it was published; "
        f"published: {_shown(published)}; decided now: {_shown(now)}"
    )


def _shown(value: bytes) -> str:
    text = value.decode(errors="backslashreplace")
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + " ..."
