"""A worker that was frozen until others took over drops what it had done meanwhile."""

import signal
import time

from pipeline.streams.engine.loop import CHUNK_RECORDS
from tests.kafka.rig import Output, Rig, until

RECORDS = 300  # All in the second partition.
READ = 100  # Of them by the worker that is frozen.
FREEZE_SECONDS = 3.0  # Twice as long as the session.


def freeze(rig: Rig, kind: str) -> None:
    """Freeze a worker in the middle of its work, let another do all of it, and thaw the first."""
    rig.make_both(partitions=2)
    rig.feed(RECORDS, partition=1)
    slow = {"partitions": 2, "seconds": 0.01, "checkpoint_interval_ms": 20_000}
    slow |= {"batch_records": READ, "transaction_timeout_ms": 60_000}
    frozen = rig.process(kind, instance="a", **slow)
    # In the middle of its first checkpoint it would hold up the others for its transaction's time.
    until(lambda: rig.committed(1) > 0)
    until(lambda: rig.end(rig.target) + rig.end(rig.target, partition=1) > READ / 2)
    frozen.send_signal(signal.SIGSTOP)
    soon = slow | {"checkpoint_interval_ms": 100}
    rig.process(kind.partition(",")[0], instance="b", state_dir=f"{rig.folder}/b", **soon)
    until(lambda: rig.committed(1) == RECORDS)
    time.sleep(FREEZE_SECONDS)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: owners(rig) == {"a", "b"} or frozen.poll() is not None)
    # The first name has the first partition by now: the thawed worker commits again.
    rig.feed(1, partition=0)
    until(lambda: rig.committed(0) == 1)
    assert frozen.poll() is None, rig.log.read_text()


def owners(rig: Rig) -> set[str]:
    """Return who has a partition."""
    group = rig.admin.describe_consumer_groups([rig.name])[rig.name].result()
    return {m.group_instance_id for m in group.members if m.assignment.topic_partitions}


def test_state_is_right_and_what_comes_twice_is_equal_when_a_worker_was_frozen(rig: Rig) -> None:
    freeze(rig, "risk")

    outputs = rig.outputs(partitions=2)
    assert set(outputs) == {Output(b"a", n, n - 1) for n in range(1, RECORDS + 1)}
    # Each once, the first record of the other partition as well, but for what the frozen worker
    # had in its hands when it was thawed.
    assert RECORDS + 1 <= len(outputs) <= RECORDS + 1 + CHUNK_RECORDS


def test_an_offset_goes_back_when_a_thawed_worker_commits_where_it_was(rig: Rig) -> None:
    freeze(rig, "ingest, keeping what it lost")

    assert rig.committed(1) < RECORDS, rig.log.read_text()


def test_no_offset_goes_back_when_a_worker_was_frozen(rig: Rig) -> None:
    freeze(rig, "ingest")

    assert rig.committed(1) == RECORDS
