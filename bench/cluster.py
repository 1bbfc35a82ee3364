"""A local Kafka whose nodes can also lose their disks, as a machine that is replaced does."""

import shutil

from pipeline.errors import StartupError
from pipeline.local.kafka import LocalKafka

__all__ = ["Cluster"]

PATIENCE = 10  # Times that a start may take: the machine is busy, and that is no fault.


class Cluster(LocalKafka):
    """A cluster for benches that break it."""

    @property
    def nodes(self) -> int:
        """How many nodes it has."""
        return len(self.ports)

    @property
    def ports(self) -> list[int]:
        """Where each node listens for clients."""
        return [int(address.rpartition(":")[2]) for address in self.bootstrap.split(",")]

    def wipe(self, node: int) -> None:
        """Kill a node and start it again without data; with three nodes the others have all."""
        self.kill(node)
        shutil.rmtree(self._home(node) / "data")
        self._format()  # What has data is left as it is.
        self.restart(node)

    def restart_all(self) -> None:
        """Start all nodes again, after all were killed: one alone would never answer."""
        for node in range(self.nodes):
            self._launch(node)
        self._await_answer(self.nodes)

    def _await_answer(self, brokers: int) -> None:
        for left in reversed(range(PATIENCE)):
            try:
                return super()._await_answer(brokers)
            except StartupError:
                if not left or any(node.poll() is not None for node in self._nodes.values()):
                    raise
        return None
