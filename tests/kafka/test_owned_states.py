"""What the readers of whole partitions miss on a real broker: nothing, whoever comes and goes."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from pipeline.streams.clients.polling import poll_all
from pipeline.streams.roles.broadcast.owned_states import OwnedStates, Row
from tests.kafka.rig import Rig, until
from tests.kafka.world import PARTITIONS, World


class Member:
    """One member of broadcast's group, and the rows that it got."""

    def __init__(self, world: World) -> None:
        self.states = OwnedStates(world.settings)
        self.states.join()
        self.seen: set[str] = set()

    def read(self) -> bool:
        """Take what is there; return whether every partition was read to its end."""
        self.seen |= {row.account_id for row in self.states.read() if isinstance(row, Row)}
        return len(self.states.whole) == PARTITIONS


def serve(*members: Member, seconds: float) -> None:
    """Let members read for a while."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for member in members:
            member.read()
        time.sleep(0.003)


@contextmanager
def rows_written(world: World) -> Iterator[list[str]]:
    """Write a row of another account every five milliseconds, to one partition after another."""
    written: list[str] = []
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.005):
            n = len(written)
            key = b"a%d" % n
            world.send_bytes("account_states", b"{}", key=key, partition=n % PARTITIONS)
            written.append(key.decode())

    thread = threading.Thread(target=write)
    thread.start()
    yield written
    over.set()
    thread.join()
    world.flush()


def test_broadcast_reads_every_row_when_others_join_and_leave(world: World) -> None:
    first = Member(world)
    with closing(first.states):
        until(first.read)
        with rows_written(world) as written:
            for _ in range(3):
                other = Member(world)
                with closing(other.states):
                    serve(first, other, seconds=2)
                serve(first, seconds=2)
        serve(first, seconds=1)

        assert first.states.whole == set(range(PARTITIONS))
    assert len(written) > 1000
    assert set(written) - first.seen == set()


def test_next_record_is_read_when_a_partition_was_paused_at_its_end(rig: Rig) -> None:
    rig.make(rig.source)
    place = TopicPartition(rig.source, 0, OFFSET_BEGINNING)
    with closing(_reader(rig)) as consumer:
        consumer.assign([place])
        rig.feed(6)
        before = _read(consumer, seconds=2)
        consumer.pause([place])
        rig.feed(2)
        consumer.resume([place])

        after = _read(consumer, seconds=2)

    assert [message.offset() for message in before if message.error() is None] == [*range(6)]
    assert [message.offset() for message in after if message.error() is None] == [6, 7]


def _reader(rig: Rig) -> Consumer:
    settings = {"bootstrap.servers": rig.brokers, "group.id": "-", "enable.partition.eof": True}
    return Consumer(settings)


def _read(consumer: Consumer, *, seconds: float) -> list[Message]:
    found: list[Message] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        found += poll_all(consumer, 1000, 0.1)
    return found
