"""The topic of prices changes while riskgate runs."""

import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from pipeline.streams.clients.partitioner import partition_of
from tests import given
from tests.kafka.world import PARTITIONS, Row, World
from topics import codec

YEAR_MS = 31_536_000_000
MORE = 2 * PARTITIONS
SYMBOL = next(f"S{n}" for n in range(100) if partition_of(f"S{n}", MORE) >= PARTITIONS)


def send_price(world: World, symbol: str, *, at_ms: int, timestamp_ms: int = 0) -> None:
    """Write a price with a producer that knows the partitions of now."""
    producer = Producer({"bootstrap.servers": world.settings.brokers, "partitioner": "murmur2"})
    value = codec.encode(given.price(100, symbol=symbol, as_of_ms=at_ms))
    name = world.settings.topic("prices")
    producer.produce(name, value, symbol.encode(), timestamp=timestamp_ms)
    assert producer.flush(10) == 0


def quoted(world: World, symbol: str) -> Row:
    """Return the first event of a symbol that has a quote."""
    for count in range(1, 200):
        world.send(given.order("accepted", symbol=symbol))
        row = world.read("events", lambda rows, count=count: len(rows) >= count)[-1]  # type: ignore[misc]
        if "quote" in row:
            return row
        time.sleep(0.1)
    return {}


def now_ms() -> int:
    return int(time.time() * 1000)


def test_symbol_of_a_new_partition_has_a_price_without_a_restart(world: World) -> None:
    world.run("ingest").ready()
    admin, name = AdminClient(world.settings.connection()), world.settings.topic("prices")
    admin.create_partitions([NewPartitions(name, MORE)])[name].result()
    time.sleep(1)

    send_price(world, SYMBOL, at_ms=now_ms())
    world.send(given.instrument(SYMBOL))

    assert quoted(world, SYMBOL)["quote"]["symbol"] == SYMBOL


def test_price_is_a_dead_letter_when_the_topic_gives_it_no_append_time(world: World) -> None:
    world.configure("prices", "message.timestamp.type", "CreateTime")
    world.configure("prices", "message.timestamp.after.max.ms", "9223372036854775807")
    for role in ("broadcast", "risk", "ingest"):
        world.run(role).ready()
    world.send(given.limits(given.only("stale_mark")), given.account(), given.instrument())
    year_ms = now_ms() + YEAR_MS

    send_price(world, given.SYMBOL, at_ms=year_ms, timestamp_ms=year_ms)
    (letter,) = world.read("dead_letters", lambda rows: len(rows) == 1)
    world.send(given.signal("buy", 1))
    (decision,) = world.read("decisions", lambda rows: len(rows) == 1)

    assert letter["error"].startswith("Expected the broker's append time")
    assert (decision["verdict"], decision["reasons"]) == ("rejected", ["stale_mark"])
