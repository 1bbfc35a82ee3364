"""A release that the log does not name decides silently, until a control activates it."""

from collections.abc import Sequence

import pytest

from pipeline.rules_version import rules_version
from pipeline.streams.clients.output_follower import Heard
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import Output, Partition, Published
from pipeline.streams.roles.decide import decide, shadow, shadow_reports, shadowing
from pipeline.streams.roles.decide.decide import Questions, Risk
from pipeline.streams.settings import Settings
from tests import given
from tests.streams.fakes import Identified, MemoryStore, Outbox, Sent, commit, record, source
from tests.streams.roles.decide.test_decide import HOME, OPENING
from tests.streams.roles.decide.test_redo import signal
from topics import codec
from topics.events import ControlEvent, Event, Heartbeat, HeartbeatEvent

OWN, OTHER = rules_version(), "9.9.9+0123456789ab"
DECIDED = ("risk.decisions", "risk.emergency_stops", "risk.alerts")
BEAT = HeartbeatEvent(account_id="*", body=Heartbeat())


class Outputs:
    """What is published, as a follower hands it on."""

    def __init__(self) -> None:
        self.coming: list[Sent] = []

    def begin(self, partition: int, *, since_ms: int) -> None:
        """Everything that comes is of the one partition."""

    def end(self, partition: int) -> None:
        """Nothing to end."""

    def poll(self) -> Sequence[Heard]:
        """Return what came, once."""
        coming, self.coming = self.coming, []
        return [Heard(HOME, Output(sent.topic, sent.key, sent.value)) for sent in coming]


class Worker:
    """A risk role of a release that follows what the log says."""

    def __init__(
        self,
        version: str,
        monkeypatch: pytest.MonkeyPatch,
        *,
        store: MemoryStore | None = None,
        activate: str = "control",
    ) -> None:
        self.outbox, self.published = Outbox(), Outputs()
        self.store = store or MemoryStore()
        with monkeypatch.context() as patch:
            patch.setattr(decide, "rules_version", lambda: version)
            self.role = Risk(
                Settings.model_validate({"partitions": 4, "activate": activate}),
                produce=self.outbox,
                produce_with_state=self.outbox,
                tally=Tally(),
                questions=Questions(lambda: True, Identified(), self.published),
            )
        place = Partition("risk.events", HOME, "id-of-events")
        self.role.assign(place, self.store, Published())

    def apply(self, offset: int, event: Event, at_ms: int) -> list[Sent]:
        """Decide an event and return what is published of it, rows apart."""
        before = len(self.outbox.sent)
        self.role.apply(
            record(
                "risk.events",
                codec.encode_event(event),
                key=event.account_id.encode(),
                partition=HOME,
                offset=offset,
                at_ms=at_ms,
            )
        )
        self.role.publish()
        return [sent for sent in self.outbox.sent[before:] if sent.topic in DECIDED]

    def hear(self, *published: Sent) -> None:
        """Let the worker read what others published."""
        self.published.coming += published
        self.role.publish()


class Pair:
    """Two workers of two releases that decide one log."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.one, self.other = Worker(OWN, monkeypatch), Worker(OTHER, monkeypatch)
        self.log: list[tuple[Event, int]] = []

    def append(self, event: Event, at_ms: int) -> tuple[list[Sent], list[Sent]]:
        """Let both decide an event and hear of each other; return what each published."""
        sent = tuple(worker.apply(len(self.log), event, at_ms) for worker in (self.one, self.other))
        self.log.append((event, at_ms))
        self.other.hear(*self.one.outbox.sent)
        self.one.hear(*self.other.outbox.sent)
        return sent[0], sent[1]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for its time."""
    monkeypatch.setattr(shadowing, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(shadowing, "SILENT_SECONDS_MAX", 0.05)
    monkeypatch.setattr(shadow_reports, "REPORT_SECONDS", 0.0)


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Both releases, one of which the log has activated."""
    pair = Pair(monkeypatch)
    pair.append(activation(OWN, 0), given.T0_MS)
    pair.append(OPENING, given.T0_MS + 1)
    return pair


def activation(version: str, number: int) -> ControlEvent:
    control = given.control(
        "activate", control_id=f"activate-{number}", account_id="*", version=version
    )
    return ControlEvent(account_id="*", source=source("controls", number), body=control)


def signals_of(sent: Sequence[Sent]) -> list[object]:
    return [each.row["signal_id"] for each in sent if each.topic == "risk.decisions"]


def reports_of(worker: Worker) -> list[dict[str, object]]:
    return [sent.row for sent in worker.outbox.of("risk.shadows")]


def test_everyone_publishes_when_the_log_names_no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(monkeypatch)
    pair.append(OPENING, given.T0_MS)

    one, other = pair.append(signal(1), given.T0_MS + 1)

    assert signals_of(one) == signals_of(other) == ["s1"]


def test_only_the_named_release_publishes_when_the_log_names_one(pair: Pair) -> None:
    one, other = pair.append(signal(1), given.T0_MS + 2)
    commit(pair.other.role)

    assert (signals_of(one), other) == (["s1"], [])
    later = [sent.topic for sent in pair.other.outbox.sent if sent.topic != "risk.shadows"]
    assert later == ["risk.account_states"]  # From before the log named a release.


def test_release_publishes_from_the_control_on_when_it_is_activated(pair: Pair) -> None:
    pair.append(signal(1), given.T0_MS + 2)
    pair.append(activation(OTHER, 1), given.T0_MS + 3)

    one, other = pair.append(signal(2), given.T0_MS + 4)

    assert (one, signals_of(other)) == ([], ["s2"])


def test_worker_publishes_at_once_when_its_release_activates_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = Worker(OTHER, monkeypatch, activate="auto")
    worker.apply(0, activation(OWN, 0), given.T0_MS)
    worker.apply(1, OPENING, given.T0_MS)

    assert signals_of(worker.apply(2, signal(1), given.T0_MS)) == ["s1"]


def test_missing_decisions_are_sent_in_order_when_the_active_one_died(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    (said, _) = pair.append(signal(1), given.T0_MS + 2)
    events: list[Event] = [
        signal(2),
        signal(3),
        activation(OTHER, 1),
        signal(4),
    ]  # The active one is dead.

    sent = [
        signals_of(pair.other.apply(offset, event, given.T0_MS + offset))
        for offset, event in enumerate(events, len(pair.log))
    ]

    assert signals_of(said) == ["s1"]
    assert sent == [[], [], ["s2", "s3"], ["s4"]]


def test_nothing_is_sent_twice_when_the_killed_active_one_comes_back(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in pair.one.role.checkpoint():
        pass
    events: list[Event] = [signal(2), activation(OTHER, 1), signal(3)]
    for offset, event in enumerate(events, len(pair.log)):
        pair.other.apply(offset, event, given.T0_MS + offset)

    heir = Worker(OWN, monkeypatch, store=pair.one.store)
    there = [Output(*sent[:3]) for sent in pair.other.outbox.sent if sent.topic in DECIDED]
    place = Partition("risk.events", HOME, "id-of-events")
    heir.role.assign(place, heir.store, Published(there, until=len(pair.log) + len(events)))
    sent = [heir.apply(at, each, given.T0_MS + at) for at, each in enumerate(events, len(pair.log))]

    assert sent == [[], [], []]


def test_equal_events_are_counted_when_both_releases_decide_alike(pair: Pair) -> None:
    pair.append(signal(1), given.T0_MS + 2)
    for second in range(1, 8):
        pair.append(BEAT, given.T0_MS + 1000 * second)

    reports = reports_of(pair.other)

    assert {report["kind"] for report in reports} == {"report"}
    assert [sum(int(str(r[name])) for r in reports) for name in ("compared", "differing")] == [1, 0]


def test_each_field_is_named_when_the_silent_release_decides_otherwise(pair: Pair) -> None:
    at_ms, place = given.T0_MS + 2, len(pair.log)
    (sent, *_) = pair.one.apply(place, signal(1), at_ms)
    said = sent.row | {"verdict": "approved", "approved_quantity": "3"}
    pair.one.outbox.sent[:] = [sent._replace(value=codec.encode_plain(said))]
    pair.other.apply(place, signal(1), at_ms)
    pair.log.append((signal(1), at_ms))
    for second in range(1, 8):
        pair.append(BEAT, given.T0_MS + 1000 * second)

    found = [row for row in reports_of(pair.other) if row["kind"] == "difference"]

    assert {(row["field"], row["active_value"], row["shadow_value"]) for row in found} == {
        ("verdict", '"approved"', '"rejected"'),
        ("approved_quantity", '"3"', '"0"'),
    }
    assert {row["acts"] for row in found} == {True}


def test_what_is_published_waits_when_the_silent_release_is_far_behind(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "HEARD_MAX", 2)
    events = [signal(number) for number in range(1, 8)]
    for at, event in enumerate(events, len(pair.log)):
        said = pair.one.apply(at, event, given.T0_MS + at)
        pair.other.hear(*said)
    waiting = signals_of(pair.other.published.coming)

    for at, event in enumerate(events, len(pair.log)):
        pair.other.apply(at, event, given.T0_MS + at)

    assert waiting == ["s4", "s5", "s6", "s7"]
    assert pair.other.published.coming == []


def silent_after_a_death(pair: Pair) -> list[Event]:
    """Let the silent release decide what the active one does not live to publish, and save."""
    events: list[Event] = [signal(2), signal(3)]
    for at, event in enumerate(events, len(pair.log)):
        pair.other.apply(at, event, given.T0_MS + at)
    commit(pair.other.role)
    return events


def test_missing_decisions_are_sent_when_the_silent_worker_restarted_meanwhile(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = len(pair.log) + len(silent_after_a_death(pair))

    heir = Worker(OTHER, monkeypatch, store=pair.other.store)
    sent = heir.apply(at, activation(OTHER, 1), given.T0_MS + at)
    commit(heir.role)
    again = Worker(OTHER, monkeypatch, store=pair.other.store)

    assert signals_of(sent) == ["s2", "s3"]
    assert signals_of(again.apply(at + 1, signal(4), given.T0_MS + at + 1)) == ["s4"]


def test_nothing_is_sent_when_the_active_one_published_after_the_restart(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = silent_after_a_death(pair)
    heir, at = Worker(OTHER, monkeypatch, store=pair.other.store), len(pair.log)
    for offset, event in enumerate(events, at):
        heir.hear(*pair.one.apply(offset, event, given.T0_MS + offset))

    at += len(events)
    assert heir.apply(at, activation(OTHER, 1), given.T0_MS + at) == []
