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
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka
from pipeline.rebuild.rebuild import rebuild
from pipeline.streams.clients.broker import Broker
from pipeline.streams.clients.partitioner import partition_of
from pipeline.streams.clients.topic_plan import risk_changelog
from pipeline.streams.roles.children import python_command
from pipeline.verify.kafka import KafkaReading, Stretch
from tests import given
from tests.kafka.killed_rebuild import STEPS, STEPS_OF_ONE
from tests.kafka.lone_risk import await_alone, lose_state, worker
from tests.kafka.world import PARTITIONS, Row, World
from topics.codec import encode_event
from topics.events import AccountEvent, Event, HeartbeatEvent, LimitsEvent, SignalEvent
from topics.events import Heartbeat as Nothing

ACCOUNTS = [f"acct-{number}" for number in range(6)]
RULES = given.only("cash", "drawdown", "heartbeat")
SIGNALS = 50  # For each account.
SPOILED = partition_of(ACCOUNTS[0], PARTITIONS)


@pytest.fixture
def lost(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """300 decided signals, and neither changelog nor folder of what decided them."""
    with World(kafka.bootstrap, tmp_path) as world:
        decide_first(world, tmp_path)
        lose_state(world)
        yield world


@pytest.fixture
def spoiled(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """300 decided signals, and one partition's changelog that forgot its accounts."""
    with World(kafka.bootstrap, tmp_path) as world:
        decide_first(world, tmp_path)
        forget_accounts(world)
        yield world


def decide_first(world: World, folder: Path) -> None:
    world.settings = world.settings.model_copy(update={"state_dir": folder / "state"})
    begin(world)
    decide(world, 0, SIGNALS)


def forget_accounts(world: World) -> None:
    """Delete the accounts of a partition from the changelog, as a wrong compaction would."""
    settings = world.settings
    name = risk_changelog(settings)
    producer = Producer(settings.connection())
    for account_id in ACCOUNTS:
        if world.partition_of(account_id) == SPOILED:
            producer.produce(name, None, f"s|a|{account_id}".encode(), SPOILED)
    assert producer.flush(30) == 0


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


def refusal(world: World) -> str:
    """Return why a worker does not begin, once the group has forgotten it."""
    reason = str(worker(world).end())
    await_alone(world)
    return reason


def answered(rows: list[Row]) -> Counter[tuple[str, str]]:
    return Counter(
        (row["account_id"], row["signal_id"]) for row in rows if row["kind"] == "decision"
    )


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


def changelog_ends(world: World) -> list[int]:
    settings = world.settings
    name = risk_changelog(settings)
    with closing(Consumer({**settings.connection(), "group.id": "test"})) as asking:
        places = [TopicPartition(name, number) for number in range(PARTITIONS)]
        return [asking.get_watermark_offsets(place, timeout=10)[1] for place in places]


def killed(world: World, step: str, *options: str) -> int:
    """Return the exit code of a rebuild that is killed at a step."""
    command = python_command("-m", "tests.kafka.killed_rebuild", step, *options)
    return subprocess.run(
        command, env={**os.environ, **world.environment("one")}, check=False
    ).returncode


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


def test_one_partition_is_made_again_when_its_changelog_was_spoiled(
    spoiled: World, tmp_path: Path
) -> None:
    disk = shutil.copytree(spoiled.settings.state_dir, tmp_path / "disk")
    for step in STEPS_OF_ONE:
        assert (step, killed(spoiled, step, "--partition", str(SPOILED))) == (step, -signal.SIGKILL)
        await_alone(spoiled)
    before = changelog_ends(spoiled)

    rebuild(spoiled.settings, from_snapshots=False, accept=False, partition=SPOILED)

    changed = [was != now for was, now in zip(before, changelog_ends(spoiled), strict=True)]
    assert changed == [number == SPOILED for number in range(PARTITIONS)]
    # A worker whose disk is of before takes nothing from it.
    shutil.copytree(disk, spoiled.settings.state_dir, dirs_exist_ok=True)
    require_going_on(spoiled)


def test_worker_refuses_when_a_rebuild_of_one_partition_was_killed(spoiled: World) -> None:
    killed(spoiled, "before its policy is back", "--partition", str(SPOILED))
    with pytest.raises(StartupError, match=r"cleanup\.policy=compact,delete"):
        worker(spoiled)
    await_alone(spoiled)
    assert killed(spoiled, "before its commit", "--partition", str(SPOILED)) == -signal.SIGKILL
    await_alone(spoiled)

    assert "state was lost" in refusal(spoiled)


def test_partition_is_refused_when_there_is_none_of_that_number(world: World) -> None:
    with pytest.raises(StartupError, match="--partition 4 is none of 0 to 3"):
        rebuild(world.settings, from_snapshots=False, accept=False, partition=PARTITIONS)


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
