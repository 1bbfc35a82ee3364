"""Inputs that their writers send in transactions, whose markers take offsets, too."""

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.kafka.world import World, until


def send_in_transaction(world: World, topic: str) -> None:
    """Write a record, and behind it the marker of its transaction."""
    producer = Producer({"bootstrap.servers": world.settings.brokers, "transactional.id": "desk"})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(world.settings.topic(topic), b"{}", b"acct-1", 0)
    producer.commit_transaction()


def delete_all(world: World, topic: str) -> int:
    """Delete all of a partition, as retention does; return where the log begins then."""
    admin = AdminClient({"bootstrap.servers": world.settings.brokers})
    place = TopicPartition(world.settings.topic(topic), 0, -1)
    (answer,) = admin.delete_records([place]).values()
    return int(answer.result().low_watermark)


def await_committed(world: World, topic: str, offset: int) -> None:
    """Wait until ingest has saved that it stands at an offset of partition 0."""
    asking = Consumer(
        {
            "bootstrap.servers": world.settings.brokers,
            "group.id": world.settings.role_group("ingest"),
        }
    )
    place = TopicPartition(world.settings.topic(topic), 0)
    try:
        until(lambda: asking.committed([place], timeout=10)[0].offset == offset, world.logs)
    finally:
        asking.close()


def test_ingest_begins_again_when_a_marker_behind_its_last_record_was_deleted(world: World) -> None:
    worker = world.run("ingest").ready()
    send_in_transaction(world, "fills")
    world.read("dead_letters", lambda rows: len(rows) >= 1)
    await_committed(world, "fills", 2)  # Behind the marker, which it learns of a moment later.
    assert worker.end() == 0
    assert delete_all(world, "fills") == 2

    world.run("ingest").ready()

    world.send_bytes("fills", b"{}", key=b"acct-1", partition=0)
    letters = world.read("dead_letters", lambda rows: len(rows) >= 2)
    assert [row["source"]["offset"] for row in letters] == [0, 2]
