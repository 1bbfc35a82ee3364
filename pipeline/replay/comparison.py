"""One partition of the log, decided again and compared byte for byte with the recorded outputs.

Knows no Kafka client: the recorded outputs come as tapes in log order, each read once. A row of
account_states is written at a commit, so it may reflect a `*` document that the same commit applied
after the account's event; such a row waits here until that document has been applied.
"""

from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from pipeline.replay.counts import Counts, Difference, Where
from pipeline.replay.decider import Decider
from pipeline.risk.account.account import Account
from pipeline.risk.report import account_state
from pipeline.risk.step import Step, topic_of
from topics.codec import decode_as, encode
from topics.events import Event
from topics.fields import EVERYONE

__all__ = [
    "COMPARED",
    "PartitionComparison",
    "Recorded",
    "Span",
    "Taken",
    "Tape",
    "taken_of",
]

COMPARED = ("decisions", "emergency_stops", "alerts", "account_states")
STATES = "account_states"

Place = Literal["before", "missed", "now", "later"]


class Span(NamedTuple):
    """A partition's offsets when the comparison began; `end` is exclusive."""

    topic: str  # Without the prefix.
    partition: int
    begin: int
    end: int


class Recorded(Struct, frozen=True, gc=False):
    """The fields of an output that its place in the log needs; the rest is compared as bytes."""

    account_id: str
    sequence: int
    rules_version: str
    at_ms: int


class Taken(NamedTuple):
    """A recorded output with its offset."""

    offset: int
    value: bytes
    recorded: Recorded


class Tape(Protocol):
    """The recorded outputs of one partition, from the oldest that is retained."""

    topic: str
    whole: bool  # Retention has deleted nothing at its beginning.

    def head(self) -> Taken | None:
        """Return the current output, None at the end."""

    def advance(self) -> None:
        """Go to the next output."""


class PartitionComparison:
    """Compare the events of one partition in order; call `finish` after the last."""

    def __init__(
        self, accounts: Decider, tapes: list[Tape], *, partition: int, counts: Counts
    ) -> None:
        self._accounts = accounts
        self._tapes = {tape.topic: tape for tape in tapes}
        self._partition = partition
        self._counts = counts
        self._rules_version = accounts.shared.rules_version
        self._active = accounts.shared.active_version  # The release that the log lets publish.
        self._begun = {topic for topic, tape in self._tapes.items() if tape.whole}
        self._known: dict[str, Account] = {}  # After the last event applied to each.
        self._sequences: dict[str, int] = {}
        self._starts: dict[str, int] | None = None  # None: every account, from its first event.
        self._unknown: int | None = None  # The start of an account that `_starts` lacks.
        self.skipped = 0  # Events older than the snapshot of their account.
        self.is_ahead = False  # An output was decided that comes after all recorded of its topic.
        self._last_ms = 0
        # The waiting row's offset and the shared serial it was compared at: the row of an account
        # depends on nothing else, so it is encoded again only when the serial has changed.
        self._tried: tuple[int, int] | None = None

    def start(self, sequences: dict[str, int], *, others: bool = False) -> None:
        """Compare these accounts, each from the event after its sequence.

        others: whether all other accounts are compared too, from their first event.
        """
        self._starts = sequences
        self._unknown = 0 if others else None
        self._sequences = dict(sequences)

    def apply(self, event: Event, content: bytes, at_ms: int) -> None:
        """Decide an event again and compare all its outputs."""
        taken = self._accounts.apply(event, content, at_ms)
        if taken.repeated:
            return
        self._counts.events += 1
        self._last_ms = max(self._last_ms, at_ms)
        if taken.shared.active_version != self._active:
            self._active = taken.shared.active_version
            self._counts.stretches.activate(self._active, at_ms)
        if taken.account is None:
            self._sequences[event.account_id] = taken.shared.sequence
        else:
            self._known[event.account_id] = taken.account
            self._sequences[event.account_id] = taken.account.applied.sequence
        decided = _by_topic(taken)
        for topic, tape in self._tapes.items():
            if topic != STATES:
                self._compare(tape, event.account_id, decided.get(topic, []))
        self._compare_states()

    def finish(self) -> None:
        """Count recorded outputs from the time of these events that none of them produced."""
        for tape in self._tapes.values():
            while (head := tape.head()) is not None:
                place = self._place(head)
                if place == "later" and head.recorded.at_ms >= self._last_ms:
                    break
                self._drop(tape.topic, head, place)
                tape.advance()

    def _place(self, head: Taken) -> Place:
        """Return where a recorded output stands relative to the events applied so far."""
        recorded = head.recorded
        start = 0
        if self._starts is not None:
            unknown = recorded.sequence if self._unknown is None else self._unknown
            start = self._starts.get(recorded.account_id, unknown)
        sequence = self._sequences.get(recorded.account_id, 0)
        if recorded.sequence <= start:
            return "before"
        if recorded.sequence > sequence:
            return "later"
        return "now" if recorded.sequence == sequence else "missed"

    def _compare(self, tape: Tape, account_id: str, decided: list[bytes]) -> None:
        recorded = self._recorded_now(tape, account_id)
        if recorded:
            self._begun.add(tape.topic)
        elif tape.topic not in self._begun:
            return  # Older than the oldest output that the topic still holds.
        for index in range(max(len(recorded), len(decided))):
            was = recorded[index] if index < len(recorded) else None
            now = decided[index] if index < len(decided) else None
            self._judge(tape.topic, account_id, was=was, now=now)

    def _recorded_now(self, tape: Tape, account_id: str) -> list[Taken]:
        """Read the recorded outputs of the event that was applied last."""
        found = []
        while (head := tape.head()) is not None:
            place = self._place(head)
            if place == "later":
                break
            if place == "now" and head.recorded.account_id == account_id:
                found.append(head)
            else:
                self._drop(tape.topic, head, place)
            tape.advance()
        return found

    def _judge(self, topic: str, account_id: str, *, was: Taken | None, now: bytes | None) -> None:
        if was is None and self._tapes[topic].head() is None:
            self.is_ahead = True
        if was is not None:
            self._counts.note(was.recorded)
        if was is not None and was.recorded.rules_version != self._rules_version:
            return  # This release need not reproduce it.
        if was is not None and was.value == now:
            self._counts.equal[topic] += 1
        elif was is not None or self._active in {"", self._rules_version}:
            value = None if was is None else was.value
            place = Where(topic, self._partition, account_id, self._sequences[account_id])
            self._counts.differ(Difference(place, value, now))

    def _compare_states(self) -> None:
        """Compare the rows whose accounts have reached their sequence."""
        tape = self._tapes.get(STATES)
        if tape is None:
            return  # An archive has no rows: the topic keeps the newest ones only.
        while (head := tape.head()) is not None:
            place = self._place(head)
            shared = head.recorded.account_id == EVERYONE
            if not shared and place == "later":
                return
            if not shared and place == "now" and self._is_own(head):
                if not self._is_equal(head):
                    return
                self._counts.equal[STATES] += 1
                self._begun.add(STATES)
            else:
                self._drop(STATES, head, place)
            tape.advance()

    def _is_own(self, head: Taken) -> bool:
        return head.recorded.rules_version == self._rules_version

    def _is_equal(self, head: Taken) -> bool:
        serial = self._accounts.shared.serial
        if self._tried == (head.offset, serial):
            return False
        self._tried = head.offset, serial
        return head.value == self._row(head.recorded.account_id)

    def _row(self, account_id: str) -> bytes:
        return encode(account_state(self._known[account_id], self._accounts.shared))

    def _drop(self, topic: str, head: Taken, place: Place) -> None:
        """Count a recorded output that no event produced again.

        Outputs before the start, and rows of `*`, are not compared.
        """
        recorded = head.recorded
        if place == "before" or (topic == STATES and recorded.account_id == EVERYONE):
            return
        if topic != STATES:  # A release that takes over writes rows of earlier events, too.
            self._counts.note(recorded)
        if not self._is_own(head):
            return
        if topic in self._begun or place == "now":
            is_row = topic == STATES and place == "now"
            decided = self._row(recorded.account_id) if is_row else None
            where = Where(topic, self._partition, recorded.account_id, recorded.sequence)
            self._counts.differ(Difference(where, head.value, decided))


def taken_of(offset: int, value: bytes) -> Taken:
    """Decode the fields of an output that its place in the log needs."""
    return Taken(offset, value, decode_as(Recorded, value))


def _by_topic(taken: Step) -> dict[str, list[bytes]]:
    decided: dict[str, list[bytes]] = {}
    for output in taken.outputs:
        decided.setdefault(topic_of(output), []).append(encode(output))
    return decided
