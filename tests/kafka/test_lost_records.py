"""Records that Kafka no longer has: what a role says, and that doing so helps."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from tests import given
from tests.kafka.world import PARTITIONS, Row, Worker, World, until

FIRST = given.fill("buy", 5, 100)
LATER = given.fill("buy", 3, 100, fill_id="fill-2", order_id="order-2")
RULES = given.only("position_quantity", position_quantity_max="10")
MARKET = (given.instrument(), given.price(100), given.limits(RULES))


def test_ingest_goes_on_when_its_offset_is_set_and_lost_fills_are_written_again(
    world: World,
) -> None:
    roles = open_account(world)
    assert roles["ingest"].end() == 0
    world.send(LATER)
    delete_records(world, "fills")

    stopped = world.run("ingest")
    assert stopped.code() == 1
    assert "set the group's offset to the beginning of the log" in stopped.log()

    set_offsets(world, "fills", lambda low, _: low)
    world.run("ingest").ready()
    world.send(FIRST, LATER)
    world.read("account_states", holds("8"))


def test_ingest_goes_on_when_a_cut_topic_is_made_again(world: World) -> None:
    roles = open_account(world)
    assert roles["ingest"].end() == 0
    set_offsets(world, "fills", lambda _, high: high + 10)

    stopped = world.run("ingest")
    assert stopped.code() == 1
    assert "delete the topic and create it again" in stopped.log()

    world.delete("fills")
    until(lambda: create_missing(world.settings), world.logs)
    world.run("ingest").ready()
    world.send(LATER)
    world.read("account_states", holds("8"))


def test_accounts_go_on_under_other_prefixes_when_events_were_lost(
    world: World, kafka: LocalKafka, tmp_path: Path
) -> None:
    roles = open_account(world)
    assert roles["risk"].end() == 0
    world.send(LATER)
    world.read("events", lambda rows: sum(row["type"] == "fills" for row in rows) == 2)
    delete_records(world, "events")

    stopped = world.run("risk")
    assert stopped.code() == 1
    assert "whatever the group's offset: start over" in stopped.log()

    folder = tmp_path / "restarted"
    folder.mkdir()
    with World(kafka.bootstrap, folder) as restarted:
        begin_again(restarted)
        restarted.send(given.signal("buy", 5))
        (decision,) = restarted.read("decisions", bool)
    assert (decision["verdict"], decision["approved_quantity"]) == ("modified", "2")


def open_account(world: World) -> dict[str, Worker]:
    """Run every role until the account holds 5."""
    roles = {role: world.run(role).ready() for role in ("broadcast", "risk", "ingest")}
    world.send(*MARKET, given.account(), FIRST)
    world.read("account_states", holds("5"))
    return roles


def begin_again(world: World) -> None:
    """Do what docs/deploy.md says: market, limits, openings, and what the venue holds."""
    for role in ("broadcast", "risk", "ingest"):
        world.run(role).ready()
    world.send(*MARKET, given.account())
    world.await_price()
    world.send(given.position("8"))
    world.read("account_states", holds("8"))


def holds(quantity: str) -> Callable[[list[Row]], bool]:
    """Return whether the newest row holds so much."""
    return lambda rows: [item["quantity"] for item in rows[-1]["positions"]] == [quantity]


def delete_records(world: World, topic: str) -> None:
    """Delete all that a topic has, as retention does."""
    world.flush()
    admin = AdminClient(world.settings.connection())
    name = world.settings.topic(topic)
    places = [TopicPartition(name, number, OFFSET_END) for number in range(PARTITIONS)]
    for deleted in admin.delete_records(places).values():
        deleted.result()


def set_offsets(world: World, topic: str, choose: Callable[[int, int], int]) -> None:
    """Set the offsets of ingest by the bounds of the log, once nobody is in its group."""
    role = "ingest-operators" if topic in {"controls", "limits"} else "ingest"
    group, name = world.settings.group(role), world.settings.topic(topic)
    places = [TopicPartition(name, number) for number in range(PARTITIONS)]
    settings = {**world.settings.connection(), "group.id": "test"}
    with closing(Consumer(settings)) as consumer:
        for place in places:
            place.offset = choose(*consumer.get_watermark_offsets(place, timeout=10))
    admin = AdminClient(world.settings.connection())

    def is_set() -> bool:
        wanted = ConsumerGroupTopicPartitions(group, places)
        try:
            answer = admin.alter_consumer_group_offsets([wanted])[group].result()
        except KafkaException:  # Somebody is in the group until the session is over.
            return False
        return not any(place.error for place in answer.topic_partitions)

    until(is_set, world.logs)
