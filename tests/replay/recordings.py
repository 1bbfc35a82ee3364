"""A short log of one partition with what risk wrote of it, to be held against another decision."""

from msgspec import Struct

from pipeline.replay.comparison import COMPARED, PartitionComparison, Taken, taken_of
from pipeline.replay.counts import Counts
from pipeline.replay.memory import MemoryStore
from pipeline.risk.report import account_state, shared_state
from pipeline.risk.step import topic_of
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from tests import given
from topics.codec import encode, encode_event
from topics.events import AccountEvent, Event, LimitsEvent, SignalEvent

T0_MS = given.T0_MS
OWN = "own"


def accounts(rules_version: str = OWN) -> PartitionAccounts:
    """The accounts of partition 0 before its first event."""
    return PartitionAccounts(
        MemoryStore(), partition=0, rules_version=rules_version, kept_max=1_000_000
    )


def log() -> list[Event]:
    """Two accounts with a refused signal each, and a `*` document between them."""
    return [
        AccountEvent(account_id="a", body=given.account("a", as_of_ms=T0_MS)),
        SignalEvent(account_id="a", body=given.signal(account_id="a", created_at_ms=T0_MS)),
        LimitsEvent(account_id="*", body=given.limits({})),
        SignalEvent(account_id="b", body=given.signal(account_id="b", created_at_ms=T0_MS)),
    ]


class Recording(dict[str, list[bytes]]):
    """Recorded values by topic, in order, as risk writes them with a commit after each event.

    With `commit_every` larger than 1 rows of account_states come only after so many events.
    """

    def __init__(self, *, rules_version: str = OWN, commit_every: int = 1) -> None:
        super().__init__({topic: [] for topic in COMPARED})
        deciding, due = accounts(rules_version), {}
        for number, event in enumerate(log(), start=1):
            taken = deciding.apply(event, encode_event(event), T0_MS + number)
            for output in taken.outputs:
                self[topic_of(output)].append(encode(output))
            if taken.account is not None:
                due[event.account_id] = taken.account
            if number % commit_every == 0:
                shared = deciding.shared
                rows: list[Struct] = [account_state(due[name], shared) for name in sorted(due)]
                self["account_states"] += map(encode, [*rows, shared_state(shared)])
                due.clear()

    def compare(self, *, begun: bool = True, starts: dict[str, int] | None = None) -> Counts:
        """Decide the log again and return what is found.

        Not `begun`: the tapes were cut at their beginning. An account that starts from a snapshot
        of a sequence has no events in this log.
        """
        counts = Counts()
        tapes = [ListTape(topic, values, whole=begun) for topic, values in self.items()]
        comparison = PartitionComparison(accounts(), [*tapes], partition=0, counts=counts)
        if starts is not None:
            comparison.start(starts)
        for number, event in enumerate(log(), start=1):
            if not (starts or {}).get(event.account_id):
                comparison.apply(event, encode_event(event), T0_MS + number)
        comparison.finish()
        return counts


class ListTape:
    """Recorded outputs of one topic, in memory."""

    def __init__(self, topic: str, values: list[bytes], *, whole: bool) -> None:
        self.topic = topic
        self.whole = whole
        self._taken = [taken_of(offset, value) for offset, value in enumerate(values)]

    def head(self) -> Taken | None:
        """The first output that was not advanced over."""
        return self._taken[0] if self._taken else None

    def advance(self) -> None:
        """Go to the next output."""
        del self._taken[0]


def altered(value: bytes) -> bytes:
    """The same output with another chain."""
    return value.replace(b'"chain":"', b'"chain":"0')
