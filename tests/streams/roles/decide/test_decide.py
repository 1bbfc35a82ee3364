"""The risk role without a broker: what it writes for each event, and what it keeps meanwhile."""

import time

import pytest
from msgspec.structs import replace

from pipeline.rules_version import rules_version
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Partition, Stopped
from pipeline.streams.roles.decide import state_publisher
from pipeline.streams.roles.decide.decide import Questions, Risk
from pipeline.streams.settings import Settings
from tests import given
from tests.streams.fakes import (
    Identified,
    MemoryStore,
    Outbox,
    commit,
    event_record,
    record,
    source,
)
from topics.events import AccountEvent, Event, Heartbeat, HeartbeatEvent, LimitsEvent, SignalEvent

HOME = 2  # The partition of acct-1 among four, by Java's murmur2.
OPENING = AccountEvent(
    account_id=given.ACCOUNT, source=source("accounts", 0), body=given.account(as_of_ms=given.T0_MS)
)
SIGNAL = SignalEvent(
    account_id=given.ACCOUNT,
    source=source("signals", 0),
    body=given.signal(created_at_ms=given.T0_MS),
)


class Desk:
    """A risk role that owns a partition."""

    is_mended: bool | None = False

    def __init__(
        self, store: MemoryStore | None = None, *, partition: int = HOME, replica: str = ""
    ) -> None:
        self.outbox = Outbox()
        self.states = Identified()
        self.store = store or MemoryStore()
        self.partition = partition
        self.role = Risk(
            Settings(partitions=4, replica=replica),
            produce=self.outbox,
            produce_with_state=self.outbox,
            tally=Tally(),
            questions=Questions(is_mended=lambda: self.is_mended, states=self.states),
        )
        self.role.assign(Partition("risk.events", partition, "id-of-events"), self.store)

    def apply(self, *events: Event) -> None:
        """Take events in order of their place in the arguments."""
        for offset, event in enumerate(events):
            self.role.apply(event_record(event, partition=self.partition, offset=offset))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_decision_goes_to_the_event_s_partition_when_a_signal_comes(desk: Desk) -> None:
    desk.apply(OPENING, SIGNAL)

    (sent,) = desk.outbox.of("risk.decisions")
    assert (sent.key, sent.partition) == (b"acct-1", HOME)
    assert sent.row["decision_id"] == "signal-1"
    assert sent.row["sequence"] == 2
    assert sent.row["rules_version"] == rules_version()


@pytest.mark.parametrize("kind", ["tick", "pulse"])
def test_event_from_before_the_first_release_is_a_dead_letter_that_says_so(
    desk: Desk, kind: str
) -> None:
    value = f'{{"type":"{kind}","account_id":"acct-1","body":{{}}}}'.encode()

    desk.role.apply(record("risk.events", value, partition=HOME, is_append_time=True))

    (letter,) = desk.outbox.of("risk.dead_letters")
    assert "from before the first release" in str(letter.row["error"])


def test_account_state_is_written_once_when_several_events_come_before_the_commit(
    desk: Desk,
) -> None:
    desk.apply(OPENING, SIGNAL)
    assert desk.outbox.of("risk.account_states") == []

    commit(desk.role)

    sent, everyone = desk.outbox.of("risk.account_states")
    assert (sent.key, sent.partition, sent.row["sequence"]) == (b"acct-1", HOME, 2)
    assert everyone.key == b"*"


def test_nothing_more_is_written_when_nothing_came_since_the_last_commit(desk: Desk) -> None:
    desk.apply(OPENING)
    commit(desk.role)
    written = list(desk.outbox.sent)

    commit(desk.role)

    assert desk.outbox.sent == written


def test_account_goes_on_where_it_was_when_another_worker_takes_the_partition(desk: Desk) -> None:
    desk.apply(OPENING, SIGNAL)
    commit(desk.role)

    heir = Desk(desk.store)
    heir.apply(OPENING, SIGNAL, SignalEvent(account_id=given.ACCOUNT, body=SIGNAL.body))

    (sent,) = heir.outbox.of("risk.decisions")
    assert (sent.row["verdict"], sent.row["reasons"]) == ("ignored", ["duplicate_signal"])
    assert sent.row["sequence"] == 3


def test_account_is_gone_when_the_worker_lost_its_partition_before_the_commit(desk: Desk) -> None:
    desk.apply(OPENING, SIGNAL)

    desk.role.revoke(Partition("risk.events", HOME, "id-of-events"))
    commit(desk.role)

    assert b"a|acct-1" not in desk.store.rows
    assert desk.outbox.of("risk.account_states") == []


def test_shared_row_tells_broadcast_when_limits_of_everyone_changed(desk: Desk) -> None:
    desk.apply(
        LimitsEvent(account_id="*", source=source("limits", 0), body=given.limits(given.only()))
    )

    commit(desk.role)

    (sent,) = desk.outbox.of("risk.account_states")
    assert (sent.key, sent.partition, sent.row["controls_serial"]) == (b"*", HOME, 1)


def test_row_of_everyone_says_how_far_risk_is_after_each_heartbeat(desk: Desk) -> None:
    heartbeat = HeartbeatEvent(account_id="*", body=Heartbeat())
    for offset in (0, 1):
        desk.role.apply(event_record(heartbeat, partition=HOME, offset=offset))
        commit(desk.role)

    first, second = desk.outbox.sent
    assert (first.key, first.headers, second.headers) == (
        b"*",
        [("applied", b"1")],
        [("applied", b"2")],
    )


def test_replica_set_writes_rows_only_when_it_has_nearly_caught_up() -> None:
    desk, now_ms = Desk(replica="b"), time.time_ns() // 1_000_000
    opening, heartbeat = OPENING, HeartbeatEvent(account_id="*", body=Heartbeat())

    old = event_record(opening, partition=HOME)
    desk.role.apply(replace(old, timestamp_ms=now_ms - 35_000))
    commit(desk.role)
    before = desk.outbox.of("risk.account_states")
    new = event_record(heartbeat, partition=HOME, offset=1)
    desk.role.apply(replace(new, timestamp_ms=now_ms - 20_000))
    commit(desk.role)

    after = desk.outbox.of("risk.account_states")
    assert (before, {sent.key for sent in after}) == ([], {b"acct-1", b"*"})


def test_event_becomes_a_dead_letter_when_it_does_not_decode(desk: Desk) -> None:
    desk.role.apply(record("risk.events", b"[]", key=b"acct-1", partition=HOME, offset=5))

    (sent,) = desk.outbox.of("risk.dead_letters")
    assert (sent.key, sent.partition) == (b"acct-1", HOME)
    assert sent.row["raw_bytes"] == 2


def test_event_becomes_a_dead_letter_when_it_lies_in_a_foreign_partition() -> None:
    desk = Desk(partition=1)

    desk.apply(OPENING)

    (sent,) = desk.outbox.of("risk.dead_letters")
    assert (sent.row["path"], sent.row["error"]) == ("$.account_id", "belongs to partition 2")
    assert desk.outbox.of("risk.account_states") == []


@pytest.mark.parametrize("is_mended", [False, None])
def test_worker_stops_when_the_log_has_no_append_time(
    desk: Desk, *, is_mended: bool | None
) -> None:
    desk.is_mended = is_mended
    foreign = event_record(OPENING, partition=HOME, is_append_time=False)

    with pytest.raises(Stopped, match="LogAppendTime"):
        desk.role.apply(foreign)


def test_event_has_the_time_of_the_heartbeat_before_it_when_the_log_was_mended_since(
    desk: Desk,
) -> None:
    desk.is_mended = True
    desk.apply(HeartbeatEvent(account_id="*", body=Heartbeat()), OPENING)
    late = event_record(SIGNAL, partition=HOME, offset=2, is_append_time=False)

    desk.role.apply(replace(late, timestamp_ms=given.T0_MS + 86_400_000))

    (sent,) = desk.outbox.of("risk.decisions")
    assert sent.row["at_ms"] == given.T0_MS


def test_worker_stops_when_its_state_is_of_a_newer_release(desk: Desk) -> None:
    desk.store.rows[b"a|acct-1"] = b"\xff"

    with pytest.raises(Stopped, match="newer"):
        desk.apply(OPENING)


def test_row_of_everyone_counts_no_account_whose_row_comes_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_publisher, "SLICE_SECONDS", -1.0)  # One row with each call.
    opened = [
        AccountEvent(account_id=name, body=given.account(account_id=name, as_of_ms=given.T0_MS))
        for name in ("acct-1", "acct-9", "acct-13")
    ]

    for offset, event in enumerate(opened):
        desk.role.apply(event_record(event, partition=HOME, offset=offset))
        desk.role.publish()
    for _ in range(9):
        desk.role.publish()

    keys = [sent.key for sent in desk.outbox.of("risk.account_states")]
    for place, sent in enumerate(desk.outbox.of("risk.account_states")):
        if sent.key == b"*":
            assert sent.row["accounts"] == len({*keys[:place]} - {b"*"})
    assert len({*keys}) == 4
