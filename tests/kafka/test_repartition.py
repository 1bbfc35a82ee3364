"""A deployment carried over to more partitions on a real broker, and what it decides from there."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka
from pipeline.rebuild.rebuild import rebuild
from pipeline.repartition.back import go_back
from pipeline.repartition.repartition import repartition
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.clients.broker import Broker
from pipeline.streams.roles.children import python_command
from pipeline.streams.settings import Settings
from pipeline.verify.finding import Finding
from pipeline.verify.kafka import KafkaReading, Stretch
from tests import given
from tests.kafka.killed_repartition import STEPS
from tests.kafka.lone_risk import (
    ACCOUNTS,
    MORE,
    await_alone,
    begin,
    decide,
    decided_as_one,
    lose_state,
    read_limits,
    read_log,
    send,
    target_of,
    worker,
)
from tests.kafka.world import PARTITIONS, World
from topics import codec
from topics.limits import TOPIC as LIMITS

SIGNALS = 20  # Of each account, before and after.


@pytest.fixture
def drained(kafka: LocalKafka, tmp_path: Path) -> Iterator[World]:
    """A deployment that has decided all that there is, and stopped."""
    with World(kafka.bootstrap, tmp_path) as world:
        world.settings = world.settings.model_copy(update={"state_dir": tmp_path / "state"})
        begin(world)
        send(world, 0, SIGNALS)
        decide(world)
        yield world


def go_on(world: World, tmp_path: Path) -> tuple[Settings, Settings]:
    """Decide more in the new deployment, half of it known from before; return both settings."""
    old, new = world.settings, target_of(world).new.settings
    world.settings = new.model_copy(update={"state_dir": tmp_path / "new-state"})
    send(world, SIGNALS // 2, 2 * SIGNALS)
    decide(world)
    return old, world.settings


def findings(settings: Settings) -> list[Finding]:
    """Judge a whole log."""
    with closing(KafkaReading(Broker(settings), Stretch(None, None, replay=True))) as reading:
        return list(reading.judge_all())


def answers(*deployments: Settings) -> Counter[tuple[str, str]]:
    """Return how often each signal was decided, and not as a repetition."""
    rows = (
        orjson.loads(record.value)
        for settings in deployments
        for _, records in read_log(settings, "decisions")
        for record in records
    )
    return Counter(
        (row["account_id"], row["signal_id"])
        for row in rows
        if row["kind"] == "decision" and row["verdict"] != "ignored"
    )


def killed(world: World, step: str) -> int:
    """Return the exit code of a repartition that is killed at a step."""
    command = python_command("-m", "tests.kafka.killed_repartition", step, str(MORE))
    return subprocess.run(
        command, env={**os.environ, **world.environment("one")}, check=False
    ).returncode


EACH_ONCE = Counter({(name, f"signal-{n}"): 1 for name in ACCOUNTS for n in range(2 * SIGNALS)})


def test_decisions_are_those_of_one_log_when_it_was_split(drained: World, tmp_path: Path) -> None:
    carried = repartition(target_of(drained), replay=True)

    old, new = go_on(drained, tmp_path)
    before = dict(read_log(old, "events"))
    after, published = dict(read_log(new, "events")), dict(read_log(new, "decisions"))

    assert carried.accounts == len(ACCOUNTS)
    for number in range(MORE):
        parent = number % PARTITIONS
        wanted = decided_as_one(before[parent], after[number], parent)
        assert [each.value for each in published[number]] == wanted
    assert answers(old, new) == EACH_ONCE
    assert (findings(old), findings(new)) == ([], [])


def test_nothing_is_lost_when_it_is_killed_at_each_step(drained: World, tmp_path: Path) -> None:
    drained.send_bytes(LIMITS.name, codec.encode(given.limits({})), key=b"*")
    drained.flush()
    read_limits(drained)
    for step in STEPS:
        assert (step, killed(drained, step)) == (step, -signal.SIGKILL)

    repartition(target_of(drained), replay=True)
    again = repartition(target_of(drained), replay=True)

    old, new = go_on(drained, tmp_path)
    assert again.was_done
    assert answers(old, new) == EACH_ONCE
    assert (findings(old), findings(new)) == ([], [])


def test_old_deployment_goes_on_when_it_was_taken_back(drained: World) -> None:
    repartition(target_of(drained), replay=False)
    go_back(target_of(drained))

    send(drained, SIGNALS, 2 * SIGNALS)
    decide(drained)

    assert answers(drained.settings) == EACH_ONCE
    assert findings(drained.settings) == []
    with pytest.raises(StartupError, match="nothing to go back from"):
        go_back(target_of(drained))


def test_state_is_made_again_when_a_continued_log_lost_it(drained: World, tmp_path: Path) -> None:
    repartition(target_of(drained), replay=False)
    old, new = go_on(drained, tmp_path)
    lose_state(drained)
    refused = str(worker(drained).end())
    await_alone(drained)

    found = rebuild(new, from_snapshots=False, accept=False)

    assert "riskgate rebuild" in refused
    assert (found.different, found.unsent, found.is_written) == (0, 0, True)
    send(drained, SIGNALS, 2 * SIGNALS)  # Each of them a second time.
    decide(drained)
    assert answers(old, new) == EACH_ONCE
    assert findings(new) == []


def test_it_refuses_when_something_stands_in_the_way(drained: World) -> None:
    target = target_of(drained)
    working = worker(drained).ready()
    with pytest.raises(StartupError, match="still a member"):
        repartition(target, replay=False)
    working.stop()
    await_alone(drained)
    send(drained, SIGNALS, SIGNALS + 1)
    with pytest.raises(StartupError, match="has not read the last"):
        repartition(target, replay=False)
    with pytest.raises(StartupError, match="finish that with riskgate repartition"):
        create_missing(target.new.settings)
    go_back(target)
    decide(drained)
    create_missing(target.new.settings)
    with pytest.raises(StartupError, match="did not make it"):
        repartition(target, replay=False)
