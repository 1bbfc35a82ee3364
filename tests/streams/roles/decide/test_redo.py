"""A worker that takes a partition over sends what is missing, and nothing that is there."""

import pytest
from msgspec.structs import replace

from pipeline.rules_version import rules_version
from pipeline.streams.role_interface import Output, Partition, Published
from pipeline.streams.roles.decide import published_event
from pipeline.streams.roles.decide.quarantines import QUARANTINED
from tests import given
from tests.streams.fakes import MemoryStore, Sent, commit, event_record, source
from tests.streams.roles.decide.test_decide import HOME, OPENING, Desk
from topics.events import Event, Heartbeat, HeartbeatEvent, SignalEvent

DECIDED = ("risk.decisions", "risk.emergency_stops", "risk.alerts", "risk.dead_letters")


def signal(number: int) -> SignalEvent:
    body = given.signal(signal_id=f"s{number}", created_at_ms=given.T0_MS)
    return SignalEvent(account_id=given.ACCOUNT, source=source("signals", number), body=body)


EVENTS: tuple[Event, ...] = (OPENING, signal(1), signal(2), signal(3))


def saved(count: int) -> tuple[MemoryStore, list[Sent]]:
    """Return the state after so many events, and all that goes out of the rest."""
    desk = Desk()
    desk.apply(*EVENTS[:count])
    commit(desk.role)
    store = MemoryStore()
    store.rows = dict(desk.store.rows)
    desk.outbox.sent.clear()
    for offset, event in enumerate(EVENTS[count:], count):
        desk.role.apply(event_record(event, partition=HOME, offset=offset))
    return store, [sent for sent in desk.outbox.sent if sent.topic in DECIDED]


def heir_of(store: MemoryStore, published: list[Sent]) -> Desk:
    """Return a worker that took over a state, where so much had been published."""
    desk = Desk(store)
    outputs = [Output(sent.topic, sent.key, sent.value) for sent in published]
    place = Partition("risk.events", HOME, "id-of-events")
    desk.role.assign(place, store, Published(outputs, until=len(EVENTS)))
    return desk


def outputs_of(published: list[Sent]) -> list[Output]:
    return [Output(sent.topic, sent.key, sent.value) for sent in published]


def sent_again(desk: Desk, count: int) -> list[Sent]:
    """Decide the events after so many again; return what goes out."""
    for offset, event in enumerate(EVENTS[count:], count):
        desk.role.apply(event_record(event, partition=HOME, offset=offset))
    return [sent for sent in desk.outbox.sent if sent.topic in DECIDED]


@pytest.mark.parametrize("there", [0, 1, 2, 3])
def test_only_what_is_missing_goes_out_when_a_part_is_published(there: int) -> None:
    store, published = saved(1)

    sent = sent_again(heir_of(store, published[:there]), 1)

    assert sent == published[there:]


def test_nothing_goes_out_when_outputs_come_twice_on_the_topic() -> None:
    store, published = saved(1)

    sent = sent_again(heir_of(store, [*published, *published]), 1)

    assert sent == []


def test_event_after_those_that_were_decided_costs_no_comparison() -> None:
    store, published = saved(1)
    desk = heir_of(store, published)

    sent_again(desk, 1)

    assert desk.role._owned[HOME].redo is None


def test_outputs_from_before_the_state_are_forgotten() -> None:
    _, before = saved(1)
    store, published = saved(3)
    desk = heir_of(store, [*before[:2], *published])

    sent = sent_again(desk, 3)

    assert sent == []
    assert desk.role._owned[HOME].redo is None


def test_account_is_halted_and_no_decision_goes_out_when_another_is_published() -> None:
    store, published = saved(1)
    other = (published[0].value or b"").replace(b'"rejected"', b'"approved"')
    forged = [published[0]._replace(value=other), *published[1:]]

    desk = heir_of(store, forged)
    desk.role.apply(event_record(EVENTS[1], partition=HOME, offset=1))

    assert [row.row["kind"] for row in desk.outbox.of("risk.decisions")] == ["stop"]
    (alert,) = desk.outbox.of("risk.alerts")
    assert "published: " in str(alert.row["message"])
    assert "decided now: " in str(alert.row["message"])
    (stop,) = desk.outbox.of("risk.emergency_stops")
    assert (stop.row["rule"], stop.row["status"]) == ("internal_error", "triggered")


def test_events_after_a_fork_are_rejected() -> None:
    store, published = saved(1)
    other = (published[0].value or b"").replace(b'"rejected"', b'"approved"')

    desk = heir_of(store, [published[0]._replace(value=other)])
    sent_again(desk, 1)

    decisions = [row.row for row in desk.outbox.of("risk.decisions") if row.row["kind"] != "stop"]
    assert [row["verdict"] for row in decisions] == ["rejected", "rejected"]


def test_account_is_halted_when_something_is_published_that_is_not_decided() -> None:
    store, published = saved(1)
    extra = (published[0].value or b"").replace(b'"s1"', b'"s9"')

    desk = heir_of(store, [published[0], published[0]._replace(value=extra)])
    desk.role.apply(event_record(EVENTS[1], partition=HOME, offset=1))

    assert [row.row["rule"] for row in desk.outbox.of("risk.emergency_stops")] == ["internal_error"]


def test_dead_letter_is_written_once_when_its_event_is_decided_again() -> None:
    store, _ = saved(1)
    first = Desk(store)
    bad = replace(signal(1), account_id="acct-2")  # Of another partition.
    record = event_record(bad, partition=HOME, offset=1)
    first.role.apply(record)
    letters = first.outbox.of("risk.dead_letters")

    desk = heir_of(store, letters)
    desk.role.apply(record)

    assert len(letters) == 1
    assert desk.outbox.of("risk.dead_letters") == []


def test_long_outputs_are_cut_in_the_alert_of_a_fork() -> None:
    assert (
        published_event._shown(b"x" * 1000) == "x" * published_event.SHOWN_CHARACTERS_MAX + " ..."
    )


def test_event_of_a_mute_account_is_compared_with_nothing_that_is_published() -> None:
    store, published = saved(1)
    store.set(b"q|acct-1", f"{rules_version()} 2".encode())  # Its state cannot be saved.
    desk = heir_of(store, published)
    for offset in (1, 2):  # The shared record comes to the number that the account had.
        heartbeat = HeartbeatEvent(account_id="*", body=Heartbeat())
        desk.role.apply(event_record(heartbeat, partition=HOME, offset=offset))

    desk.role.apply(event_record(EVENTS[1], partition=HOME, offset=3))

    (letter,) = desk.outbox.of("risk.dead_letters")
    assert letter.row["error"] == QUARANTINED
    assert desk.outbox.of("risk.decisions") == []


LATE_MS = 61_000  # Longer than the clocks of two leading brokers differ.


def later(store: MemoryStore, published: Published) -> list[Sent]:
    """Decide signals 1 to 3, each a good minute after the other; return what is sent of them."""
    desk = Desk(store)
    desk.role.assign(Partition("risk.events", HOME, "id-of-events"), store, published)
    for offset, event in enumerate(EVENTS[1:], 1):
        at_ms = given.T0_MS + offset * LATE_MS
        record = event_record(event, partition=HOME, offset=offset)
        desk.role.apply(replace(record, timestamp_ms=at_ms))
    return [sent for sent in desk.outbox.sent if sent.topic == "risk.decisions"]


def test_nothing_older_goes_out_when_only_the_newest_outputs_were_read() -> None:
    store, _ = saved(1)
    saved_rows = dict(store.rows)
    first, second, third = later(store, Published())
    store.rows = saved_rows

    newest = outputs_of([second])
    sent = later(store, Published(newest, until=len(EVENTS), cut=frozenset({second.topic})))

    assert first.row["signal_id"] == "s1"
    assert sent == [third]


def test_older_outputs_go_out_when_all_that_is_published_was_read() -> None:
    store, _ = saved(1)
    saved_rows = dict(store.rows)
    first, second, third = later(store, Published())
    store.rows = saved_rows

    sent = later(store, Published(outputs_of([second]), until=len(EVENTS)))

    assert sent == [first, third]
