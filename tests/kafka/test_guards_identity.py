"""Who a worker is to the brokers: the same after every restart, and only once alive."""

import signal
import time
from dataclasses import replace

import pytest
from confluent_kafka import Producer

from pipeline.streams.role_interface import Stopped
from tests.kafka.rig import Rig, until

RECORDS = 100
WITHIN_SECONDS = 10.0  # Start of a process included; a dead transaction lasts a minute.


def kill_in_transaction(rig: Rig, *, fresh_id: bool) -> None:
    """Kill a worker in the middle of a transaction of a minute, and start it again."""
    rig.make_both()
    rig.feed(RECORDS)
    minute = {"transaction_timeout_ms": 60_000}
    killed = rig.process("risk, killed in its commit", fresh_id=fresh_id, seconds=0.01, **minute)
    assert killed.wait(30) == -signal.SIGKILL
    rig.process("risk", fresh_id=fresh_id, **minute)


def test_work_waits_for_a_dead_transaction_when_a_killed_worker_comes_back_as_another(
    rig: Rig,
) -> None:
    kill_in_transaction(rig, fresh_id=True)
    before = rig.committed()

    time.sleep(WITHIN_SECONDS)

    assert rig.committed() == before < RECORDS
    changelog = rig.settings().changelog
    assert rig.end(changelog, stable=True) < rig.end(changelog)


def test_work_goes_on_at_once_when_a_killed_worker_comes_back(rig: Rig) -> None:
    kill_in_transaction(rig, fresh_id=False)

    until(lambda: rig.committed() == RECORDS, WITHIN_SECONDS)
    assert [output.n for output in rig.outputs(RECORDS)] == list(range(1, RECORDS + 1))


def test_the_member_is_the_instance_when_a_worker_runs(rig: Rig) -> None:
    rig.make_both()

    worker = rig.risk(rig.settings(instance="pod-7")).ready()

    group = rig.admin.describe_consumer_groups([rig.name])[rig.name].result()
    assert [member.group_instance_id for member in group.members] == ["pod-7"]
    worker.stop()


@pytest.mark.parametrize("members", [[], ["pod-7"]])
def test_a_member_that_ended_is_waited_for_when_it_does_not_leave(
    rig: Rig, members: list[str]
) -> None:
    rig.make_both()
    patient = rig.settings(instance="pod-7", session_timeout_ms=30_000)

    rig.risk(replace(patient, leave_at_end=not members)).ready().stop()

    group = rig.admin.describe_consumer_groups([rig.name])[rig.name].result()
    assert [member.group_instance_id for member in group.members] == members


def test_a_worker_stops_when_another_takes_its_transactional_id(rig: Rig) -> None:
    rig.make_both()
    worker = rig.risk(rig.settings(instance="pod-7")).ready()
    name = f"{rig.name}-pod-7"
    settings = {"bootstrap.servers": rig.brokers, "transactional.id": name, "log_level": 0}
    other = Producer(settings)
    other.init_transactions(10)

    rig.feed(1)

    with pytest.raises(Stopped, match=name):
        raise worker.end()
    assert rig.committed() < 0
    assert rig.end(rig.settings().changelog, stable=True) == 0


@pytest.mark.parametrize("kind", ["risk", "ingest"])
def test_the_first_of_two_stops_when_both_have_one_name(rig: Rig, kind: str) -> None:
    rig.make_both()
    start = rig.risk if kind == "risk" else rig.ingest
    first = start(rig.settings()).ready()
    second = start(rig.settings(state_dir=rig.folder / "second"))

    assert isinstance(first.end(), Stopped)
    rig.feed(5)

    assert [output.n for output in rig.outputs(5)] == [1, 2, 3, 4, 5]
    second.ready().stop()
