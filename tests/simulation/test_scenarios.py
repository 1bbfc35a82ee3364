"""The simulated Kafka does what Kafka does, in each scenario."""

from typing import Any

import pytest

from tests.simulation.broker.cluster import Cluster
from tests.simulation.clients.admin import SimulatedAdmin
from tests.simulation.clients.consumer import SimulatedConsumer
from tests.simulation.clients.producer import SimulatedProducer
from tests.simulation.kernel import Kernel, Process
from tests.simulation.scenarios import SCENARIOS

SECONDS_MAX = 120.0


class SimulatedKafka:
    """The simulated broker, for a scenario."""

    def __init__(self, partitions: int) -> None:
        self.kernel = Kernel(1, start_s=1_767_225_600.0)
        self.cluster = Cluster(self.kernel)
        self.topic, self.group = "topic", "group"
        self.cluster.create(self.topic, partitions)

    def producer(self, name: str = "", **config: object) -> Any:
        own = {"transactional.id": f"{self.group}-{name}"} if name else {}
        return SimulatedProducer(self.cluster, own | dotted(config))

    def consumer(self, **config: object) -> Any:
        defaults: dict[str, object] = {"group.id": self.group, "auto.offset.reset": "earliest"}
        return SimulatedConsumer(self.cluster, defaults | dotted(config))

    def admin(self) -> Any:
        return SimulatedAdmin(self.cluster, {})

    def sleep(self, seconds: float) -> None:
        self.kernel.sleep(seconds)

    def now_s(self) -> float:
        return self.kernel.now_s


def dotted(config: dict[str, object]) -> dict[str, object]:
    return {name.replace("_", "."): value for name, value in config.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_simulated_kafka_does_what_kafka_does(name: str) -> None:
    scenario = SCENARIOS[name]
    kafka, seen = SimulatedKafka(scenario.partitions), []
    process = Process("scenario")
    task = kafka.kernel.spawn(process, lambda: seen.append(scenario.play(kafka)), name)

    kafka.kernel.run_for(SECONDS_MAX)

    assert task.error is None
    assert seen == [scenario.expected]
