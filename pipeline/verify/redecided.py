"""Replay is equal: this release's own core decides the log again, and gives the same bytes.

The only file here that calls the core. What another rules_version published is counted by version.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pipeline.replay.comparison import Span
from pipeline.replay.memory import MemoryStore
from pipeline.replay.origins import load_origin
from pipeline.risk.report import account_state
from pipeline.risk.step import Step, topic_of
from pipeline.rules_version import rules_version
from pipeline.streams.clients.broker import Broker
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.verify.answers import LATE_MAX
from pipeline.verify.finding import Finding, finding_at, shown
from pipeline.verify.records import EVENTS, STATES, Applied, Published, Record
from pipeline.verify.walk import Begun
from topics.account_states import AccountState
from topics.codec import encode
from topics.decisions import Decision
from topics.fields import EVERYONE

__all__ = ["Redecided", "begun_before"]

Key = tuple[str, int]  # Account and sequence.


def begun_before(
    broker: Broker, partition: int, end: int
) -> tuple[MemoryStore, dict[str, Begun] | None]:
    """Return the state that a log begins with, and where each account stood.

    Empty, and None, when all of its accounts began in it. end: of the log, 0 for no such question.
    """
    store = MemoryStore()
    found = load_origin(broker, Span(EVENTS, partition, 0, end), store)
    return store, None if found is None else {name: Begun(*each) for name, each in found.items()}


class _Expected(Struct):
    """What one event should publish and has not yet."""

    record: Record
    at_ms: int
    outputs: list[tuple[str, bytes]]
    decision: bytes | None  # The one of them that answers a signal.


class _Waiting(Struct):
    """A row that differs until the `*` document that it reflects is read."""

    published: Published
    serial: int


class Redecided:
    """One partition of the log, decided again beside what is read."""

    def __init__(
        self, *, partition: int, version: str | None = None, store: MemoryStore | None = None
    ) -> None:
        self._version = version or rules_version()
        self._accounts = PartitionAccounts(
            store or MemoryStore(),
            partition=partition,
            rules_version=self._version,
            kept_max=sys.maxsize,
        )
        self._expected: dict[Key, _Expected] = {}
        self._late: dict[Key, _Expected] = {}  # Reported; they may yet come.
        self._waiting: dict[str, _Waiting] = {}
        self._diverged: set[str] = set()  # One finding per account: all that follows differs, too.
        self._is_own = True  # Whether this release published what came last.
        self.equal = 0
        self.others: Counter[str] = Counter()  # Outputs by another rules_version.

    def apply(self, applied: Applied) -> None:
        """Decide an event again and expect its outputs."""
        account_id = applied.event.account_id
        taken = self._accounts.apply(applied.event, applied.record.value, applied.at_ms)
        if taken.repeated:
            return
        outputs = [(topic_of(output), encode(output)) for output in taken.outputs]
        is_silent = taken.shared.active_version not in {"", self._version}
        if outputs and account_id not in self._diverged and not is_silent:
            key = account_id, _sequence(taken)
            decision = _decision_of(taken.outputs, outputs)
            self._expected[key] = _Expected(applied.record, applied.at_ms, outputs, decision)

    def judge(self, published: Published) -> Iterator[Finding]:
        """Compare an output with what this release decides."""
        message = published.message
        self._is_own = message.rules_version == self._version
        key = message.account_id, message.sequence
        if not self._is_own:
            self.others[message.rules_version] += 1
            self._expected.pop(key, None)
        elif isinstance(message, AccountState):
            yield from self._judge_row(published)
        elif message.account_id not in self._diverged:
            yield from self._judge_output(published, key)

    def judge_waiting(self) -> Iterator[Finding]:
        """Compare rows again whose accounts have moved on, or that a `*` document may explain."""
        for account_id, waiting in list(self._waiting.items()):
            row = self._row(account_id, waiting.published.message.sequence)
            if row is not None and waiting.serial == self._accounts.shared.serial:
                continue
            waiting.serial = self._accounts.shared.serial
            if row == waiting.published.record.value:
                self.equal += 1
                del self._waiting[account_id]
            elif row is None:
                yield from self._differ_row(account_id)

    def judge_missing(self, before_ms: int) -> Iterator[Finding]:
        """Report outputs that should have been published before a time."""
        while self._expected:
            key, expected = next(iter(self._expected.items()))
            if expected.at_ms >= before_ms:
                return
            del self._expected[key]
            yield from self._missing(key[0], expected)
            if len(self._late) >= LATE_MAX:
                del self._late[next(iter(self._late))]
            self._late[key] = expected

    def finish(self, decided_until: int) -> Iterator[Finding]:
        """Report outputs that risk has passed without publishing them."""
        for (account_id, _), expected in self._expected.items():
            if expected.record.offset < decided_until:
                yield from self._missing(account_id, expected)
        for account_id in list(self._waiting):
            yield from self._differ_row(account_id)

    def _judge_output(self, published: Published, key: Key) -> Iterator[Finding]:
        record = published.record
        expected = self._expected.get(key) or self._late.get(key)
        output = record.topic, record.value
        if expected is not None and output in expected.outputs:
            expected.outputs.remove(output)
            self.equal += 1
            if not expected.outputs:
                self._expected.pop(key, None)
                self._late.pop(key, None)
            return
        rest = [] if expected is None else expected.outputs
        now = next((value for topic, value in rest if topic == record.topic), None)
        self._diverge(key[0])
        yield finding_at(
            record,
            "replay",
            account_id=key[0],
            found=f"event {key[1]} published {shown(record.value)}",
            expected=f"{'nothing' if now is None else shown(now)}, as the log decides it",
        )

    def _judge_row(self, published: Published) -> Iterator[Finding]:
        account_id = published.message.account_id
        if account_id == EVERYONE or account_id in self._diverged:
            return
        row = self._row(account_id, published.message.sequence)
        if row == published.record.value:
            self.equal += 1
        elif row is not None:
            self._waiting[account_id] = _Waiting(published, self._accounts.shared.serial)
        yield from ()

    def _row(self, account_id: str, sequence: int) -> bytes | None:
        """Return the row that an account has now; None when it has applied another event since."""
        account = self._accounts.account(account_id)
        if account is None or account.applied.sequence != sequence:
            return None
        return encode(account_state(account, self._accounts.shared))

    def _differ_row(self, account_id: str) -> Iterator[Finding]:
        published = self._waiting.pop(account_id).published
        if account_id in self._diverged:
            return
        yield finding_at(
            published.record,
            "replay",
            account_id=account_id,
            found=f"the row of event {published.message.sequence} is "
            f"{shown(published.record.value)}",
            expected=f"the {STATES} that the log decides",
        )

    def _missing(self, account_id: str, expected: _Expected) -> Iterator[Finding]:
        if not self._is_own or account_id in self._diverged:
            return
        for topic, value in expected.outputs:
            if value == expected.decision:
                continue  # Its signal is named already, as one without a decision.
            yield finding_at(
                expected.record,
                "replay",
                account_id=account_id,
                found=f"nothing of this event was published in {topic}",
                expected=shown(value),
            )

    def _diverge(self, account_id: str) -> None:
        self._diverged.add(account_id)
        for key in [key for key in self._expected if key[0] == account_id]:
            del self._expected[key]


def _decision_of(outputs: Sequence[Struct], encoded: list[tuple[str, bytes]]) -> bytes | None:
    pairs = zip(outputs, encoded, strict=True)
    return next((value for each, (_, value) in pairs if isinstance(each, Decision)), None)


def _sequence(taken: Step) -> int:
    return (taken.shared if taken.account is None else taken.account.applied).sequence
