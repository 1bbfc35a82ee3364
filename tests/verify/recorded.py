"""A log of one partition with all that risk published of it, for tests to tamper with.

The events come from the whole pipeline without a broker; heartbeats are put in between.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from pipeline.replay.memory import MemoryStore
from pipeline.risk.report import account_state, shared_state
from pipeline.risk.step import Step, topic_of
from pipeline.rules_version import rules_version
from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from pipeline.verify.finding import Finding
from pipeline.verify.partition import PartitionJudge
from pipeline.verify.records import EVENTS, OUTPUTS, STATES, Record
from pipeline.verify.redecided import Redecided
from tests import given
from tests.driver import Driver
from topics.codec import encode, encode_event
from topics.events import Event, Heartbeat, HeartbeatEvent

ALL = 1_000_000
RULES = given.only("drawdown", "position_ratio", drawdown_ratio_max="0.10") | {
    "position_ratio": {"position_ratio_max": "0.9"},
    "confirmation": {"confirm_marks": 1},
    "reservation": {"reservation_ttl_ms": 3000},
}


class Tracing(Driver):
    """A driver that keeps the events of its log."""

    def __init__(self) -> None:
        self.events: list[tuple[Event, int]] = []
        super().__init__()

    def _observe(self, event: Event, taken: Step, at_ms: int) -> None:
        super()._observe(event, taken, at_ms)
        self.events.append((event, at_ms))


def trade(driver: Driver) -> None:
    """Two accounts buy; one sells a part and pays a fee, the price falls, and both are stopped."""
    driver.send(given.limits(RULES), given.instrument(), given.price(100))
    driver.send(given.account("a", balance=1000), given.account("b", balance=1000))
    for name in ("a", "b"):
        driver.wait(100)
        driver.send(given.signal("buy", 5, signal_id="s1", account_id=name))
        driver.send(given.order("accepted", signal_id="s1", account_id=name))
        driver.wait(100)
        driver.send(given.fill("buy", 5, 100, signal_id="s1", account_id=name, fee="0.5"))
    driver.wait(1000)
    driver.send(given.flow("deposit", 100, account_id="a"))
    driver.send(given.signal("sell", 2, signal_id="s2", account_id="a"))
    driver.send(given.fill("sell", 2, 101, fill_id="f2", signal_id="s2", account_id="a"))
    driver.send(given.signal("buy", 1, signal_id="s3", account_id="b"))
    driver.wait(1000)
    driver.send(given.price(60))
    driver.wait(5000)
    driver.send(given.signal("buy", 1, signal_id="s4", account_id="a"))
    driver.wait(2000)


class Recording:
    """The records of partition 0, by topic, in the order of each."""

    def __init__(self, act: Callable[[Driver], None] = trade) -> None:
        driver = Tracing()
        act(driver)
        self.records: dict[str, list[Record]] = {topic: [] for topic in (EVENTS, *OUTPUTS)}
        self._deciding = PartitionAccounts(
            MemoryStore(), partition=0, rules_version=rules_version(), kept_max=ALL
        )
        beaten_ms = 0
        for event, at_ms in driver.events:
            if at_ms >= beaten_ms + 1000:
                beaten_ms = at_ms
                self._decide(HeartbeatEvent(account_id="*", body=Heartbeat()), at_ms)
            self._decide(event, at_ms)

    def find(self, topic: str, part: str) -> int:
        """Return where the first record of a topic stands whose value holds a text."""
        return next(
            number
            for number, record in enumerate(self.records[topic])
            if part.encode() in record.value
        )

    def remove(self, topic: str, number: int) -> None:
        """Take a record out; the offsets of the others stay."""
        del self.records[topic][number]

    def edit(self, topic: str, number: int, old: str, new: str) -> None:
        """Write other content into a record."""
        record = self.records[topic][number]
        value = record.value.replace(old.encode(), new.encode())
        assert value != record.value
        self.records[topic][number] = record._replace(value=value)

    def double(self, topic: str, number: int, old: str = "", new: str = "") -> None:
        """Append a record once more, with other content if it is given."""
        records = self.records[topic]
        value = records[number].value.replace(old.encode(), new.encode())
        last = records[-1]
        records.append(records[number]._replace(value=value, offset=last.offset + 1))

    def swap(self, topic: str, first: int, second: int) -> None:
        """Exchange two records; offsets stay in order."""
        records = self.records[topic]
        one, two = records[first], records[second]
        records[first] = two._replace(offset=one.offset)
        records[second] = one._replace(offset=two.offset)

    def judge(self, *, replay: bool = True) -> list[Finding]:
        """Return what the judge finds."""
        return list(self.judge_with(self.judge_of(replay=replay)))

    def judge_of(self, *, replay: bool = True, only: Sequence[str] = ()) -> PartitionJudge:
        """Return a judge that was given all records, or those of some topics."""
        judge = PartitionJudge(whole=True, redecided=Redecided(partition=0) if replay else None)
        for topic in self.records:
            judge.end(topic)
        self.offer(judge, only or list(self.records))
        return judge

    def offer(self, judge: PartitionJudge, topics: Sequence[str]) -> None:
        """Give a judge all records of some topics."""
        for topic in topics:
            for record in self.records[topic]:
                judge.offer(record)
            judge.end(topic)

    def judge_with(self, judge: PartitionJudge) -> Iterable[Finding]:
        """Judge to the end; risk has decided all of it."""
        return judge.finish(ALL)

    def _decide(self, event: Event, at_ms: int) -> None:
        content = encode_event(event)
        taken = self._deciding.apply(event, content, at_ms)
        self._append(EVENTS, content, at_ms)
        for output in taken.outputs:
            self._append(topic_of(output), encode(output), at_ms)
        if taken.account is not None and taken.state_due:
            self._append_row(account_state(taken.account, taken.shared), at_ms)
        elif taken.account is None:
            self._append_row(shared_state(taken.shared), at_ms)

    def _append_row(self, row: Struct, at_ms: int) -> None:
        self._append(STATES, encode(row), at_ms)

    def _append(self, topic: str, value: bytes, at_ms: int) -> None:
        records = self.records[topic]
        records.append(Record(topic, 0, len(records), value, at_ms))
