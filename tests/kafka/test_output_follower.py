"""What others publish is followed from a time on, without a group and without waiting."""

import time
from collections.abc import Callable

from pipeline.streams.clients.output_follower import Heard, OutputFollower
from pipeline.streams.role_interface import Place
from tests.kafka.world import World, until

TOPICS = ("decisions", "alerts")


def heard_by(follower: OutputFollower, many: int, explain: Callable[[], str]) -> list[Heard]:
    """Poll until so many outputs came."""
    heard: list[Heard] = []

    def poll() -> bool:
        heard.extend(follower.poll())
        return len(heard) >= many

    until(poll, explain)
    return heard


def publish(world: World, topic: str, value: bytes, partition: int) -> None:
    world.send_bytes(topic, value, key=b"a", partition=partition)
    world.flush()


def next_millisecond() -> int:
    """Wait until a millisecond begins that nothing was published in, and return it."""
    begins_ms = int(time.time() * 1000) + 1
    while time.time() * 1000 < begins_ms:
        time.sleep(0.0002)
    return begins_ms


def test_outputs_of_a_partition_are_heard_from_a_time_on_with_their_places(world: World) -> None:
    places: list[tuple[Place, int]] = []
    follower = OutputFollower(
        world.settings, TOPICS, on_heard=lambda place, offset: places.append((place, offset))
    )
    publish(world, "decisions", b"before", 1)
    since_ms = next_millisecond()
    publish(world, "decisions", b"elsewhere", 2)
    publish(world, "decisions", b"one", 1)

    follower.begin(1, since_ms=since_ms)
    heard = heard_by(follower, 1, world.logs)
    publish(world, "alerts", b"two", 1)
    heard += heard_by(follower, 1, world.logs)
    follower.end(1)

    name = world.settings.topic
    assert [(each.partition, each.output.value) for each in heard] == [(1, b"one"), (1, b"two")]
    assert places == [((name("decisions"), 1), 1), ((name("alerts"), 1), 0)]
    assert follower.poll() == ()
