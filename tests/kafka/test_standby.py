"""A worker that copied the state of others while it worked restores hardly anything from Kafka."""

import logging
import re
import shutil
import subprocess
import time

import pytest
from confluent_kafka import Producer

from tests.kafka.rig import Output, Rig, Worker, until

KEYS = 400
RECORDS = 2 * KEYS  # Each key twice, all in the partition of the worker that dies.
LATER = 5  # Records that come once the copy was made; each is the third of its key.
RESTORED = re.compile(r"(\d+) records of \S+ are restored")


def feed(rig: Rig, records: int) -> None:
    """Write records of many keys."""
    producer = Producer({"bootstrap.servers": rig.brokers})
    for number in range(records):
        producer.produce(rig.source, b"", b"%d" % (number % KEYS), 0)
    assert producer.flush(30) == 0


def begin(rig: Rig, standby: str) -> tuple[Worker, subprocess.Popen[bytes]]:
    """Let two workers do their work; return the one that stays, and the other."""
    rig.make_both(partitions=2)
    other = rig.process("risk", partitions=2)
    own = {"instance": "second", "state_dir": rig.folder / "second"}
    staying = rig.risk(rig.settings(partitions=2, standby=standby, **own)).ready()
    until(lambda: len(staying.app.status.assigned) == 1)
    feed(rig, RECORDS)
    until(lambda: rig.committed() == RECORDS)
    return staying, other


def lose(rig: Rig, other: subprocess.Popen[bytes]) -> None:
    """Lose a worker and its disk, while records come."""
    other.kill()
    other.wait()
    shutil.rmtree(rig.folder / "state")
    feed(rig, LATER)


def decided(rig: Rig) -> list[Output]:
    """Return what came of the later records."""
    outputs = rig.outputs(RECORDS + LATER, partitions=2)
    return [output for output in outputs if output.n == 3]


@pytest.mark.parametrize(("standby", "is_small"), [("next", True), ("off", False)])
def test_heir_restores_few_records_when_it_copied_what_the_dead_worker_had(
    rig: Rig, caplog: pytest.LogCaptureFixture, standby: str, *, is_small: bool
) -> None:
    staying, other = begin(rig, standby)
    if is_small:
        until(lambda: list(staying.app.status.copies.values()) == [0])
    caplog.set_level(logging.INFO)
    lose(rig, other)

    assert len(decided(rig)) == LATER
    staying.stop()
    restored = sum(map(int, RESTORED.findall(caplog.text)))
    assert (restored < KEYS / 2) is is_small


def test_state_is_right_when_a_worker_is_killed_while_it_copies(rig: Rig) -> None:
    staying, other = begin(rig, "off")
    staying.stop()
    own = {"instance": "third", "state_dir": str(rig.folder / "third"), "standby": "all"}
    for delay_s in (0.05, 0.1, 0.2):
        copying = rig.process("risk", partitions=2, **own)
        until(lambda: any((rig.folder / "third").rglob("*.log")))
        time.sleep(delay_s)
        copying.kill()
        copying.wait()
    rig.process("risk", partitions=2, **own)
    lose(rig, other)

    assert len(decided(rig)) == LATER
