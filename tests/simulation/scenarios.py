"""What Kafka does, in scenarios that run on a real broker and on the simulated one alike.

Each returns what was seen; beside it stands what must be seen, from Kafka's documents, not from
either of them.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple, Protocol

from confluent_kafka import OFFSET_BEGINNING, IsolationLevel, KafkaException
from confluent_kafka import TopicPartition as Place
from confluent_kafka.admin import OffsetSpec

__all__ = ["SCENARIOS", "Kafka", "Scenario"]

SESSION_MS = 1500
WAIT_SECONDS_MAX = 20.0
STEP_SECONDS = 0.05
NOTHING = -1001  # As a committed offset.


class Kafka(Protocol):
    """A broker, real or simulated, and topics and groups of a test's own."""

    topic: str
    group: str

    def producer(self, name: str = "", **config: object) -> Any:
        """Return a producer; name: its transactional id, which begins with the group's."""

    def consumer(self, **config: object) -> Any:
        """Return a consumer of the group; underscores stand for dots."""

    def admin(self) -> Any:
        """Return an admin client."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def now_s(self) -> float:
        """Return seconds."""


class Scenario(NamedTuple):
    """What to do, and what must be seen."""

    play: Callable[[Kafka], object]
    expected: object
    partitions: int = 1


def until(kafka: Kafka, holds: Callable[[], object]) -> bool:
    """Wait until something holds; say whether it came."""
    give_up_s = kafka.now_s() + WAIT_SECONDS_MAX
    while not holds():
        if kafka.now_s() > give_up_s:
            return False
        kafka.sleep(STEP_SECONDS)
    return True


def code_of(call: Callable[[], object]) -> str:
    """Return the name of the error that a call raises."""
    try:
        call()
    except KafkaException as error:
        return str(error.args[0].name())
    return "none"


def send(kafka: Kafka, producer: Any, *values: bytes, partition: int = 0) -> None:
    """Write records and wait until they are there."""
    for value in values:
        producer.produce(kafka.topic, value, b"k", partition)
    assert producer.flush(WAIT_SECONDS_MAX) == 0


def transaction(kafka: Kafka, name: str = "writer", **config: object) -> Any:
    """Return a producer in a transaction."""
    producer = kafka.producer(name, **config)
    producer.init_transactions(WAIT_SECONDS_MAX)
    producer.begin_transaction()
    return producer


def end(kafka: Kafka, *, stable: bool = False) -> int:
    """Return where the log ends."""
    place = Place(kafka.topic, 0)
    isolation = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
    found = kafka.admin().list_offsets(
        {place: OffsetSpec.latest()}, isolation_level=isolation, request_timeout=10
    )
    return int(found[place].result().offset)


def read(kafka: Kafka, *, isolation: str = "read_committed") -> list[int]:
    """Return the offsets of all records up to the end."""
    with closing(kafka.consumer(isolation_level=isolation, enable_partition_eof=True)) as consumer:
        consumer.assign([Place(kafka.topic, 0, OFFSET_BEGINNING)])
        return [message.offset() for message in _to_end(consumer)]


def _to_end(consumer: Any) -> Iterator[Any]:
    while (message := consumer.poll(WAIT_SECONDS_MAX)) is not None:
        if message.error() is not None:
            return
        yield message


def committed(kafka: Kafka, timeout: float = 10.0, **config: object) -> int:
    """Return the group's offset of the first partition."""
    with closing(kafka.consumer(**config)) as consumer:
        return int(consumer.committed([Place(kafka.topic, 0)], timeout=timeout)[0].offset)


class Joined:
    """A member of the group that notes what it is told."""

    def __init__(self, kafka: Kafka, instance: str = "", **config: object) -> None:
        static = {"group_instance_id": instance} if instance else {}
        self.consumer = kafka.consumer(
            session_timeout_ms=SESSION_MS, heartbeat_interval_ms=300, **static, **config
        )
        self.has: list[int] = []
        self.told: list[str] = []
        self.errors: list[str] = []
        self.consumer.subscribe(
            [kafka.topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose
        )

    def poll(self) -> None:
        """Serve what there is."""
        message = self.consumer.poll(0)
        if message is not None and message.error() is not None:
            self.errors.append(message.error().name())

    def _assign(self, _: Any, places: list[Place]) -> None:
        self.has = sorted(place.partition for place in places)
        self.told.append("assign")

    def _revoke(self, _: Any, __: list[Place]) -> None:
        self.has = []
        self.told.append("revoke")

    def _lose(self, _: Any, __: list[Place]) -> None:
        self.has = []
        self.told.append("lost")


def have(kafka: Kafka, *members: Joined, what: list[list[int]]) -> bool:
    """Poll members until each has its partitions."""

    def holds() -> bool:
        for member in members:
            member.poll()
        return [member.has for member in members] == what

    return until(kafka, holds)


# Transactions


def commit_takes_an_offset(kafka: Kafka) -> object:
    producer = transaction(kafka)
    send(kafka, producer, b"1", b"2")
    producer.commit_transaction(WAIT_SECONDS_MAX)
    return until(kafka, lambda: end(kafka, stable=True) == 3), read(kafka)


def aborted_records_are_not_read(kafka: Kafka) -> object:
    producer = transaction(kafka)
    send(kafka, producer, b"1", b"2")
    producer.abort_transaction(WAIT_SECONDS_MAX)
    producer.begin_transaction()
    send(kafka, producer, b"3")
    producer.commit_transaction(WAIT_SECONDS_MAX)
    is_there = until(kafka, lambda: end(kafka, stable=True) == 5)
    return is_there, read(kafka), read(kafka, isolation="read_uncommitted")


def open_transaction_holds_up_readers(kafka: Kafka) -> object:
    producer = transaction(kafka)
    send(kafka, producer, b"1")
    send(kafka, kafka.producer(), b"2")
    before = end(kafka, stable=True), end(kafka), read(kafka)
    producer.commit_transaction(WAIT_SECONDS_MAX)
    return before, until(kafka, lambda: end(kafka, stable=True) == 3), read(kafka)


def second_life_ends_the_first(kafka: Kafka) -> object:
    first = transaction(kafka)
    send(kafka, first, b"1")
    second = kafka.producer("writer")
    second.init_transactions(WAIT_SECONDS_MAX)
    ended = until(kafka, lambda: end(kafka, stable=True) == 2), read(kafka)
    return ended, code_of(lambda: first.commit_transaction(WAIT_SECONDS_MAX))


def late_transaction_is_aborted(kafka: Kafka) -> object:
    producer = transaction(kafka, transaction_timeout_ms=1000)
    send(kafka, producer, b"1")
    ended = until(kafka, lambda: end(kafka, stable=True) == 2), read(kafka)
    return ended, code_of(lambda: producer.commit_transaction(WAIT_SECONDS_MAX)) != "none"


def offsets_come_with_the_commit(kafka: Kafka) -> object:
    producer, consumer = transaction(kafka), kafka.consumer()
    nobody = consumer.consumer_group_metadata()
    send(kafka, producer, b"1")
    producer.send_offsets_to_transaction([Place(kafka.topic, 0, 7)], nobody, WAIT_SECONDS_MAX)
    producer.commit_transaction(WAIT_SECONDS_MAX)
    first = committed(kafka)
    producer.begin_transaction()
    send(kafka, producer, b"2")
    producer.send_offsets_to_transaction([Place(kafka.topic, 0, 9)], nobody, WAIT_SECONDS_MAX)
    producer.abort_transaction(WAIT_SECONDS_MAX)
    return first, committed(kafka)


def offsets_are_uncertain_meanwhile(kafka: Kafka) -> object:
    producer, consumer = transaction(kafka), kafka.consumer()
    nobody = consumer.consumer_group_metadata()
    send(kafka, producer, b"1")
    producer.send_offsets_to_transaction([Place(kafka.topic, 0, 7)], nobody, WAIT_SECONDS_MAX)
    waiting = code_of(lambda: committed(kafka, timeout=1.0))
    at_once = committed(kafka, isolation_level="read_uncommitted")
    producer.abort_transaction(WAIT_SECONDS_MAX)
    return waiting, at_once, committed(kafka)


def member_of_before_commits_nothing(kafka: Kafka) -> object:
    first = Joined(kafka)
    have(kafka, first, what=[[0, 1]])
    before = first.consumer.consumer_group_metadata()
    second = Joined(kafka)
    until(kafka, lambda: _polled(first, second) and first.has and second.has)
    producer = transaction(kafka)
    offsets = [Place(kafka.topic, 0, 1)]
    code = code_of(lambda: producer.send_offsets_to_transaction(offsets, before, WAIT_SECONDS_MAX))
    first.consumer.close()
    second.consumer.close()
    return code


def member_that_left_commits_nothing(kafka: Kafka) -> object:
    first = Joined(kafka)
    have(kafka, first, what=[[0]])
    before = first.consumer.consumer_group_metadata()
    first.consumer.close()
    producer = transaction(kafka)
    offsets = [Place(kafka.topic, 0, 1)]
    return code_of(lambda: producer.send_offsets_to_transaction(offsets, before, WAIT_SECONDS_MAX))


def states_of_a_transaction_are_kept_apart(kafka: Kafka) -> object:
    producer = kafka.producer("writer")
    producer.init_transactions(WAIT_SECONDS_MAX)
    outside = code_of(lambda: producer.produce(kafka.topic, b"1"))
    producer.begin_transaction()
    twice = code_of(producer.begin_transaction)
    producer.commit_transaction(WAIT_SECONDS_MAX)  # Of nothing.
    return outside, twice, end(kafka)


# Groups


def _polled(*members: Joined) -> bool:
    for member in members:
        member.poll()
    return True


def ranges_go_by_instance(kafka: Kafka) -> object:
    second, first = Joined(kafka, "b"), Joined(kafka, "a")
    shared = have(kafka, first, second, what=[[0, 1], [2]])
    first.consumer.close()
    second.consumer.close()
    return shared


def static_member_comes_back_to_its_own(kafka: Kafka) -> object:
    first, second = Joined(kafka, "a"), Joined(kafka, "b")
    have(kafka, first, second, what=[[0], [1]])
    told = len(second.told)
    first.consumer.close()
    again = Joined(kafka, "a")
    found = have(kafka, again, second, what=[[0], [1]]), second.told[told:]
    again.consumer.close()
    second.consumer.close()
    return found


def static_member_is_waited_for(kafka: Kafka) -> object:
    first, second = Joined(kafka, "a"), Joined(kafka, "b")
    have(kafka, first, second, what=[[0], [1]])
    closed_s = kafka.now_s()
    first.consumer.close()
    taken = have(kafka, second, what=[[0, 1]])
    waited = kafka.now_s() - closed_s > SESSION_MS / 2000
    second.consumer.close()
    return taken, waited


def second_of_a_name_ends_the_first(kafka: Kafka) -> object:
    first = Joined(kafka, "a")
    have(kafka, first, what=[[0]])
    second = Joined(kafka, "a")
    found = have(kafka, second, what=[[0]])
    ended = until(kafka, lambda: _polled(first, second) and first.errors)
    second.consumer.close()
    return found, ended, first.errors[:1]


def unsubscribing_leaves_the_group(kafka: Kafka) -> object:
    first, second = Joined(kafka, "a"), Joined(kafka, "b")
    have(kafka, first, second, what=[[0], [1]])
    first.consumer.unsubscribe()
    left = until(kafka, lambda: _polled(first) and not first.consumer.memberid())
    taken = have(kafka, second, what=[[0, 1]])
    second.consumer.close()
    return left, first.told[-1], taken


# Reading


def seek_needs_an_assignment(kafka: Kafka) -> object:
    with closing(kafka.consumer()) as consumer:
        return code_of(lambda: consumer.seek(Place(kafka.topic, 0, 0)))


def position_passes_markers(kafka: Kafka) -> object:
    producer = transaction(kafka)
    send(kafka, producer, b"1")
    producer.commit_transaction(WAIT_SECONDS_MAX)
    until(kafka, lambda: end(kafka, stable=True) == 2)
    with closing(kafka.consumer(enable_partition_eof=True)) as consumer:
        consumer.assign([Place(kafka.topic, 0, OFFSET_BEGINNING)])
        offsets = [message.offset() for message in _to_end(consumer)]
        return offsets, consumer.position([Place(kafka.topic, 0)])[0].offset


def ends_are_told_once_each(kafka: Kafka) -> object:
    with closing(kafka.consumer(enable_partition_eof=True)) as consumer:
        consumer.assign([Place(kafka.topic, 0, OFFSET_BEGINNING)])
        first = consumer.poll(WAIT_SECONDS_MAX)
        silent = consumer.poll(1.0)
        send(kafka, kafka.producer(), b"1")
        record, last = consumer.poll(WAIT_SECONDS_MAX), consumer.poll(WAIT_SECONDS_MAX)
        told = [(each.error() is None, each.offset()) for each in (first, record, last)]
        return told, silent


def offset_behind_the_end_is_an_error(kafka: Kafka) -> object:
    with closing(kafka.consumer(auto_offset_reset="error")) as consumer:
        consumer.assign([Place(kafka.topic, 0, 5)])
        message = consumer.poll(WAIT_SECONDS_MAX)
        return message.error().name()


def paused_partition_goes_on_where_it_was(kafka: Kafka) -> object:
    send(kafka, kafka.producer(), b"1", b"2", b"3")
    place = Place(kafka.topic, 0, OFFSET_BEGINNING)
    with closing(kafka.consumer()) as consumer:
        consumer.assign([place])
        first = consumer.poll(WAIT_SECONDS_MAX).offset()
        consumer.pause([place])
        silent = consumer.poll(1.0)
        consumer.resume([place])
        return first, silent, consumer.poll(WAIT_SECONDS_MAX).offset()


def commits_need_no_group(kafka: Kafka) -> object:
    with closing(kafka.consumer()) as consumer:
        consumer.assign([Place(kafka.topic, 0, 0)])
        consumer.commit(offsets=[Place(kafka.topic, 0, 3, metadata="m")], asynchronous=False)
        found = consumer.committed([Place(kafka.topic, 0)], timeout=10)[0]
        return found.offset, found.metadata


def times_find_offsets(kafka: Kafka) -> object:
    send(kafka, kafka.producer(), b"1", b"2")
    with closing(kafka.consumer()) as consumer:
        asked = [Place(kafka.topic, 0, 0), Place(kafka.topic, 0, 2**50)]
        found = [consumer.offsets_for_times([place], timeout=10)[0].offset for place in asked]
        return found, consumer.get_watermark_offsets(Place(kafka.topic, 0), timeout=10)


def missing_topic_has_no_offsets(kafka: Kafka) -> object:
    place = Place(f"{kafka.topic}-missing", 0)
    answer = kafka.admin().list_offsets({place: OffsetSpec.latest()}, request_timeout=5)[place]
    return code_of(answer.result)


SCENARIOS: dict[str, Scenario] = {
    play.__name__: Scenario(play, expected, partitions)
    for play, expected, partitions in (
        (commit_takes_an_offset, (True, [0, 1]), 1),
        (aborted_records_are_not_read, (True, [3], [0, 1, 3]), 1),
        (open_transaction_holds_up_readers, ((0, 2, []), True, [0, 1]), 1),
        (second_life_ends_the_first, ((True, []), "_FENCED"), 1),
        (late_transaction_is_aborted, ((True, []), True), 1),
        (offsets_come_with_the_commit, (7, 7), 1),
        (offsets_are_uncertain_meanwhile, ("_TIMED_OUT", NOTHING, NOTHING), 1),
        (member_of_before_commits_nothing, "ILLEGAL_GENERATION", 2),
        (member_that_left_commits_nothing, "UNKNOWN_MEMBER_ID", 1),
        (states_of_a_transaction_are_kept_apart, ("_STATE", "_STATE", 0), 1),
        (ranges_go_by_instance, True, 3),
        (static_member_comes_back_to_its_own, (True, []), 2),
        (static_member_is_waited_for, (True, True), 2),
        (second_of_a_name_ends_the_first, (True, True, ["_FATAL"]), 1),
        (unsubscribing_leaves_the_group, (True, "revoke", True), 2),
        (seek_needs_an_assignment, "_UNKNOWN_PARTITION", 1),
        (position_passes_markers, ([0], 2), 1),
        (ends_are_told_once_each, ([(False, 0), (True, 0), (False, 1)], None), 1),
        (offset_behind_the_end_is_an_error, "_AUTO_OFFSET_RESET", 1),
        (paused_partition_goes_on_where_it_was, (0, None, 1), 1),
        (commits_need_no_group, (3, "m"), 1),
        (times_find_offsets, ([0, -1], (0, 2)), 1),
        (missing_topic_has_no_offsets, "_NOENT", 1),
    )
}
