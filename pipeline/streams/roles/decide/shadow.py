"""One partition decided by a release that is not active: what it would publish, and what was.

Both sides are kept by account and sequence until the active release is well past them, then
compared once. Apart from shadowing.py, which knows when a release is active: this sends nothing.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec

from pipeline.streams.role_interface import Output
from pipeline.streams.roles.decide.published_event import (
    Fork,
    Head,
    PublishedEvent,
    Row,
    as_decided_by,
    digest_of,
    head_of,
)

__all__ = ["Compared", "Letter", "Shadow", "Unanswered", "Undecided"]

SETTLED_MS = 5000  # The active release sends what belongs together within less.
HEARD_MAX = 20_000  # Events that are published and not decided here: a worker that catches up.
LETTERS_MAX = 1000
EVENTS_MAX = 100_000  # That wait; an active release that is silent for so long has no worker.

Key = tuple[str, int]  # Account and sequence.


class Letter(NamedTuple):
    """A dead letter that this release would have written."""

    key: bytes | None
    value: bytes


class Unanswered(NamedTuple):
    """What this release would have published of an event, all of it."""

    rows: list[Row]
    chain: str
    at_ms: int


class Undecided(NamedTuple):
    """What is missing of an event that the active release did not finish."""

    account_id: str
    rows: list[Row]


class Compared(NamedTuple):
    """An event of which both releases have said all they say, or one of them nothing."""

    account_id: str
    sequence: int
    chain: str
    at_ms: int
    decided: list[Row]
    published: list[Row]  # With this release's own version in them.

    @property
    def is_equal(self) -> bool:
        """Whether both are the same but for their version."""
        return set(self.decided) == set(self.published)


class _Event:
    """Both sides of an event; decided: None as long as it is not."""

    __slots__ = ("at_ms", "chain", "decided", "published", "rows")

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms
        self.chain = ""
        self.published = PublishedEvent()
        self.rows: list[Row] = []  # Published, as this release would have written them.
        self.decided: list[Row] | None = None


class Shadow:
    """What is decided silently in one partition, beside what the active release publishes."""

    def __init__(self, active_version: str, *, own_version: str) -> None:
        self.active_version = active_version
        self.heard_ms = 0  # The newest event of which the active release published something.
        self.heard = 0  # Outputs of it.
        self.dropped = 0  # Events that were never compared.
        self._own_version = own_version
        self._decided_ms = 0
        self._events: OrderedDict[Key, _Event] = OrderedDict()
        self._open: dict[Key, None] = {}  # Of these, what is decided and not all published.
        self._undecided = 0  # Of these, those that are heard of and not decided yet.
        self._settled_ms = 0
        self._first: dict[str, int] = {}  # The first sequence that each account took in here.
        self._letters: dict[bytes, tuple[int, Letter]] = {}

    def decide(self, key: Key, rows: list[Row], *, chain: str, at_ms: int) -> None:
        """Keep what this release would have published of an event."""
        account_id, sequence = key
        self._first.setdefault(account_id, sequence)
        self._decided_ms = max(self._decided_ms, at_ms)
        event = self._events.get(key)
        if event is None:
            if not rows:
                return
            event = self._events[key] = _Event(at_ms)
            self._bound()
        elif event.decided is None:
            self._undecided -= 1
        event.decided, event.chain = rows, chain
        self._note_open(key, event)

    def wait_for(self, key: Key, waiting: Unanswered) -> None:
        """Keep an event that was decided before this worker began, and of which something lacks."""
        event = self._events[key] = _Event(waiting.at_ms)
        event.decided, event.chain = waiting.rows, waiting.chain
        self._open[key] = None

    def keep_letter(self, letter: Letter) -> None:
        """Keep a dead letter that this release would have written; of very many the newest."""
        if len(self._letters) >= LETTERS_MAX:
            del self._letters[next(iter(self._letters))]
        self._letters[digest_of(letter.value)] = self._decided_ms, letter

    def hear_letter(self, value: bytes) -> None:
        """Note that a dead letter is published."""
        self._letters.pop(digest_of(value), None)

    def hear(self, output: Output) -> None:
        """Note what somebody published. Ignore what is none of riskgate's."""
        try:
            head = head_of(output.value or b"")
        except msgspec.DecodeError:
            return
        self._hear_of(head)
        key = head.account_id, head.sequence
        event = self._events.get(key)
        if event is None:
            if head.at_ms <= self._settled_ms or head.sequence < self._first.get(key[0], 0):
                return  # It was compared, or decided before this worker was a shadow.
            event = self._events[key] = _Event(head.at_ms)
            self._undecided += 1
        event.published.add(output, head, rules_version=self._own_version)
        value = as_decided_by(self._own_version, output.value or b"", head)
        row = Row(output.topic, value)
        if row not in event.rows:
            event.rows.append(row)
        self._note_open(key, event)

    def hear_row(self, output: Output) -> None:
        """Note by a row of account_states how far the active release is."""
        with suppress(msgspec.DecodeError):
            self._hear_of(head_of(output.value or b""))

    def _hear_of(self, head: Head) -> None:
        if head.rules_version == self.active_version:
            self.heard += 1
            self.heard_ms = max(self.heard_ms, head.at_ms)

    def is_far_behind(self) -> bool:
        """Whether so much is heard of events to come that what follows must wait."""
        return self._undecided > HEARD_MAX

    def compare(self) -> Iterator[Compared]:
        """Yield each event once, as soon as both releases are well past it."""
        self._settled_ms = max(self._settled_ms, min(self.heard_ms, self._decided_ms) - SETTLED_MS)
        while self._events:
            key, event = next(iter(self._events.items()))
            if event.at_ms > self._settled_ms:
                break
            self._forget_oldest()
            if event.decided is not None or key[1] >= self._first.get(key[0], key[1] + 1):
                yield Compared(*key, event.chain, event.at_ms, event.decided or [], event.rows)
        for digest, (at_ms, _) in list(self._letters.items()):
            if at_ms > self._settled_ms:
                break
            del self._letters[digest]

    def is_answered(self) -> bool:
        """Whether all that this release decided is published, by whomever."""
        return not self._letters and not self._open

    def unanswered(self, newest: int = EVENTS_MAX) -> Iterator[tuple[Key, Unanswered]]:
        """Yield events of which something is not published, the newest, in the order of the log."""
        events = [(key, self._events[key]) for key in list(self._open)[-newest:]]
        for key, event in sorted(events, key=lambda each: (each[1].at_ms, each[0][1])):
            yield key, Unanswered(event.decided or [], event.chain, event.at_ms)

    def undecided(self) -> Iterator[Undecided]:
        """Yield what is not published of the events that wait, in the order of the log.

        What the active release published of an event stands, and what contradicts it is left out.
        """
        for key, waiting in self.unanswered():
            published = self._events[key].published
            with suppress(Fork):  # A shadow that published: engines judge it by the chain.
                missing = published.missing(waiting.rows, chain=waiting.chain)
                if missing:
                    yield Undecided(key[0], missing)

    def letters(self) -> Iterator[Letter]:
        """Yield the dead letters that nobody published."""
        for _, letter in self._letters.values():
            yield letter

    def _bound(self) -> None:
        """Forget the oldest event when too many wait: what it decided is no longer valid."""
        if len(self._events) > EVENTS_MAX:
            self._forget_oldest()
            self.dropped += 1

    def _note_open(self, key: Key, event: _Event) -> None:
        if event.decided and event.published.lacks(event.decided):
            self._open[key] = None
        else:
            self._open.pop(key, None)

    def _forget_oldest(self) -> None:
        key, event = self._events.popitem(last=False)
        self._open.pop(key, None)
        self._undecided -= event.decided is None
