"""What operators order is not held up by what others write."""

from tests import given
from tests.kafka.bombs import send_bomb
from tests.kafka.world import PARTITIONS, World

BOMBS = 3  # In each partition; each takes ingest about a second.


def test_halt_comes_first_when_batches_before_it_keep_ingest_from_its_signals(
    world: World,
) -> None:
    ingest = world.run("ingest").ready()
    name = world.settings.topic("signals")
    for number in range(BOMBS * PARTITIONS):
        partition = number % PARTITIONS
        send_bomb(world.settings.brokers, name, megabytes=160, partition=partition)

    world.send(given.signal("hold"), given.limits(given.only()), given.control("halt"))
    rows = world.read("events", lambda rows: rows[-1]["type"] == "controls")

    assert "signals" not in {row["type"] for row in rows}
    world.read("events", lambda rows: any(row["type"] == "signals" for row in rows))
    assert ingest.end() == 0
