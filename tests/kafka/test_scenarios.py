"""A real broker does what the scenarios say, which the simulated one is held to as well."""

import time
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from tests.kafka.rig import Rig
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.test_scenarios import dotted


class RealKafka:
    """The broker of the tests, for a scenario."""

    def __init__(self, rig: Rig) -> None:
        self.topic, self.group = rig.source, rig.name
        self._rig = rig
        self._where: dict[str, object] = {"bootstrap.servers": rig.brokers, "log_level": 0}

    def producer(self, name: str = "", **config: object) -> Any:
        own = {"transactional.id": f"{self.group}-{name}"} if name else {}
        return Producer(self._where | own | dotted(config))

    def consumer(self, **config: object) -> Any:
        own = {"group.id": self.group, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50}
        quiet = {"enable.auto.commit": False, "enable.auto.offset.store": False}
        return Consumer(self._where | own | quiet | dotted(config))

    def admin(self) -> Any:
        return self._rig.admin

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def now_s(self) -> float:
        return time.monotonic()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_real_kafka_does_what_kafka_does(name: str, rig: Rig) -> None:
    scenario = SCENARIOS[name]
    rig.make(rig.source, scenario.partitions)

    assert scenario.play(RealKafka(rig)) == scenario.expected
