"""One of three brokers dies without warning, and with it what it led, while signals keep coming."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from pipeline.local.kafka import LocalKafka
from tests.kafka.supervisor import NOT_STARTED, STOPPED, Supervisor
from tests.kafka.test_faults import ask, assert_exactly_once
from tests.kafka.world import Record, World

BROKERS = 3
# That it goes on at all: an owner's session ends, another leader is found, a worker starts again.
GAP_SECONDS_MAX = 50.0


@pytest.fixture
def cluster() -> Iterator[LocalKafka]:
    """Keep each record on three brokers, and take none that fewer than two have."""
    with LocalKafka(BROKERS) as kafka:
        yield kafka


def test_every_signal_is_decided_once_when_the_leading_broker_of_three_dies(
    cluster: LocalKafka, tmp_path: Path
) -> None:
    with World(cluster.bootstrap, tmp_path) as world:
        with Supervisor(world, "broadcast", "risk", "ingest") as supervisor:

            def kill(number: int) -> None:
                if number == 150:
                    cluster.kill(coordinator(world))

            ask(world, 300, meanwhile=kill)

            assert_exactly_once(world, 300)
            assert longest_gap_s(world, 300) < GAP_SECONDS_MAX
        assert set(supervisor.codes) <= {STOPPED, NOT_STARTED}


def coordinator(world: World) -> int:
    """Return the broker that risk's group reports to; it leads a third of all partitions too."""
    group = world.settings.group("risk")
    admin = AdminClient(world.settings.connection())
    node: int = admin.describe_consumer_groups([group])[group].result().coordinator.id
    return node


def longest_gap_s(world: World, decisions: int) -> float:
    """Return the longest time without a decision, by the times that the log gave them."""
    times_ms: list[int] = []

    def take(record: Record) -> bool:
        times_ms.append(record.at_ms)
        return len(times_ms) >= decisions

    world.follow("decisions", take)
    return max(after - before for before, after in pairwise(sorted(times_ms))) / 1000
