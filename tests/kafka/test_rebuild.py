"""Risk's state made again from the log on a real broker, and decisions that go on from there.

The log is written by hand, so that of riskgate only the risk worker has to run.
"""

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka
from pipeline.rebuild.rebuild import rebuild
from pipeline.streams.clients.broker import Broker
from pipeline.streams.engine.applications import RiskApplication
from pipeline.streams.observe.tally import Tally
from pipeline.streams.role_interface import changelog_name
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles.children import python_command
from pipeline.streams.roles.decide.decide import Risk
from pipeline.streams.roles.workers import engine_settings
from pipeline.verify.kafka import KafkaReading, Stretch
from tests import given
from tests.kafka.killed_rebuild import STEPS
from tests.kafka.rig import Worker
from tests.kafka.world import PARTITIONS, Row, World, until
from topics.codec import encode_event
from topics.events import AccountEvent, Event, HeartbeatEvent, LimitsEvent, SignalEvent
from topics.events import Heartbeat as Nothing

ACCOUNTS = [f"acct-{number}" for number in range(6)]
RULES = given.only("cash", "drawdown", "heartbeat")
SIGNALS = 50  # For each account.


@pytest.fixture
def lost(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """300 decided signals, and neither changelog nor folder of what decided them."""
    with World(kafka.bootstrap, tmp_path) as world:
        world.settings = world.settings.model_copy(update={"state_dir": tmp_path / "state"})
        begin(world)
        decide(world, 0, SIGNALS)
        lose_state(world)
        yield world


def write(world: World, event: Event, *partitions: int) -> None:
    for number in partitions or [world.partition_of(event.account_id)]:
        key = event.account_id.encode()
        world.send_bytes("events", encode_event(event), key=key, partition=number)


def begin(world: World) -> None:
    """Write limits for all, a heartbeat, and the openings."""
    now_ms = int(time.time() * 1000)
    everywhere = range(PARTITIONS)
    write(world, LimitsEvent(account_id="*", body=given.limits(RULES)), *everywhere)
    write(world, HeartbeatEvent(account_id="*", body=Nothing()), *everywhere)
    for name in ACCOUNTS:
        opening = given.account(name, balance=1000, as_of_ms=now_ms)
        write(world, AccountEvent(account_id=name, body=opening))


def decide(world: World, first: int, last: int) -> None:
    """Write these signals of each account, and let a worker decide them."""
    for number in range(first, last):
        for name in ACCOUNTS:
            body = given.signal(
                signal_id=f"signal-{number}",
                account_id=name,
                created_at_ms=int(time.time() * 1000),
            )
            write(world, SignalEvent(account_id=name, body=body))
    world.flush()
    risk = worker(world)
    world.read("decisions", lambda rows: len(answered(rows)) >= last * len(ACCOUNTS))
    risk.stop()


def worker(world: World) -> Worker:
    """Start the risk role in a thread of this process."""
    settings = world.settings
    engine = engine_settings(settings, RoleName.RISK, (settings.topic("events"),))
    app, tally = RiskApplication(engine), Tally()
    produce = {"produce": app.produce, "produce_with_state": app.produce_with_state}
    return Worker(app, Risk(settings, **produce, tally=tally))  # type: ignore[arg-type]


def refusal(world: World) -> str:
    """Return why a worker does not begin, once the group has forgotten it."""
    reason = str(worker(world).end())
    await_alone(world)
    return reason


def answered(rows: list[Row]) -> Counter[tuple[str, str]]:
    return Counter(
        (row["account_id"], row["signal_id"]) for row in rows if row["kind"] == "decision"
    )


def lose_state(world: World) -> None:
    settings, admin = world.settings, AdminClient(world.settings.connection())
    name = changelog_name(settings.group("risk"), settings.topic("events"))
    admin.delete_topics([name])[name].result()
    until(lambda: name not in admin.list_topics(timeout=5).topics, world.logs)
    shutil.rmtree(settings.state_dir)


def lose_offsets(world: World) -> None:
    await_alone(world)
    admin, group = AdminClient(world.settings.connection()), world.settings.group("risk")
    admin.delete_consumer_groups([group])[group].result()


def offsets(world: World) -> list[int]:
    settings = world.settings
    places = [TopicPartition(settings.topic("events"), number) for number in range(PARTITIONS)]
    properties = {**settings.connection(), "group.id": settings.group("risk")}
    with closing(Consumer(properties)) as asking:
        return [place.offset for place in asking.committed(places, timeout=10)]


def killed(world: World, step: str) -> int:
    """Return the exit code of a rebuild that is killed at a step."""
    command = python_command("-m", "tests.kafka.killed_rebuild", step)
    return subprocess.run(
        command, env={**os.environ, **world.environment("one")}, check=False
    ).returncode


def await_alone(world: World) -> None:
    """Wait until the group has forgotten who was killed."""
    admin, group = AdminClient(world.settings.connection()), world.settings.group("risk")
    until(lambda: not admin.describe_consumer_groups([group])[group].result().members, world.logs)


def require_going_on(world: World) -> None:
    """Decide more, and let the judge see the whole log."""
    decide(world, SIGNALS, SIGNALS + 5)
    rows = world.read("decisions", lambda rows: len(answered(rows)) >= 330)
    with closing(KafkaReading(Broker(world.settings), Stretch(None, None, replay=True))) as reading:
        findings = list(reading.judge_all())

    assert answered(rows) == Counter(
        {(name, f"signal-{n}"): 1 for name in ACCOUNTS for n in range(SIGNALS + 5)}
    )
    assert findings == []


def test_decisions_go_on_when_changelog_and_folder_were_lost(
    lost: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = offsets(lost)

    refused = refusal(lost)
    found = rebuild(lost.settings, from_snapshots=False, accept=False)

    assert "make the state again with riskgate rebuild" in refused
    assert (found.different, found.unsent, found.is_written) == (0, 0, True)
    assert "decisions: 300 equal, 0 different" in capsys.readouterr().out
    assert offsets(lost) == before
    require_going_on(lost)


def test_decisions_go_on_when_changelog_and_offsets_were_lost(lost: World) -> None:
    before = offsets(lost)
    lose_offsets(lost)

    rebuild(lost.settings, from_snapshots=False, accept=False)

    assert offsets(lost) == before
    require_going_on(lost)


def test_state_is_whole_or_refused_when_a_rebuild_was_killed(lost: World) -> None:
    for step in STEPS:
        assert (step, killed(lost, step)) == (step, -signal.SIGKILL)
        await_alone(lost)
        assert "make the state again with riskgate rebuild" in refusal(lost)

    rebuild(lost.settings, from_snapshots=False, accept=False)

    require_going_on(lost)


def test_rebuild_refuses_when_a_worker_is_a_member(world: World, tmp_path: Path) -> None:
    world.settings = world.settings.model_copy(update={"state_dir": tmp_path / "state"})
    working = worker(world).ready()

    with pytest.raises(StartupError, match=r" is still a member of .* stop every risk worker"):
        rebuild(world.settings, from_snapshots=False, accept=False)
    working.stop()


def test_nothing_is_written_when_a_published_decision_differs(lost: World) -> None:
    before = offsets(lost)
    (row, *_) = lost.read("decisions", lambda rows: len(rows) >= 1)
    name, forged = row["account_id"], orjson.dumps(row | {"approved_quantity": "7"})
    place = lost.partition_of(name)
    lost.send_bytes("decisions", forged, key=name.encode(), partition=place)
    lost.flush()

    refused = rebuild(lost.settings, from_snapshots=False, accept=False)
    accepted = rebuild(lost.settings, from_snapshots=False, accept=True)

    assert (refused.different, refused.is_written) == (1, False)
    assert (accepted.different, accepted.is_written) == (1, True)
    assert offsets(lost) == before
