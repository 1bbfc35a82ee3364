"""A real Kafka cluster of one or more KRaft nodes on this machine, for the demo and the tests.

It listens on 127.0.0.1 only. Its nodes can be killed, frozen and restarted, and never outlive the
process that started them.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.errors import StartupError
from pipeline.local.java import java
from pipeline.local.kafka_jars import class_path
from pipeline.local.processes import end_process, free_ports, start_process

__all__ = ["LocalKafka"]

START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 30


class Ports(NamedTuple):
    """The two ports of one node."""

    clients: int
    controller: int


class LocalKafka:
    """Run a Kafka cluster from `start` (or `with`) to `stop`.

    `folder` holds the data of the nodes; with None it is temporary and `stop` removes it.
    `settings` override those in server.properties. `brief`: the cluster runs for minutes only, so
    a fast start matters more than peak throughput.
    """

    def __init__(
        self,
        brokers: int = 1,
        *,
        folder: Path | None = None,
        settings: Mapping[str, str] | None = None,
        brief: bool = True,
    ) -> None:
        self._count = brokers
        self._brief = brief
        self._is_temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="riskgate-kafka-"))
        self._settings = dict(settings or {})
        self._cluster_id = _cluster_id()
        self._ports = _free_ports(brokers)
        self._nodes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        """The value of `bootstrap.servers`."""
        return ",".join(f"127.0.0.1:{port.clients}" for port in self._ports)

    def start(self) -> Self:
        """Start every node and wait until the whole cluster answers. Raise StartupError."""
        try:
            self._format()
            for node in range(self._count):
                self._launch(node)
            self._await_answer(self._count)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Kill every node and remove a temporary folder."""
        for node in list(self._nodes):
            self.kill(node)
        if self._is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, node: int = 0) -> None:
        """Kill one node without warning, as the loss of a machine would."""
        process = self._nodes.pop(node)
        process.kill()
        end_process(process, seconds_max=STOP_SECONDS_MAX)

    def restart(self, node: int = 0) -> None:
        """Stop one node gracefully, unless it was killed, and start it again on its data."""
        if node in self._nodes:
            self._terminate(node)
        self._launch(node)
        self._await_answer(len(self._nodes))

    def pause(self, node: int = 0) -> None:
        """Freeze one node: its connections stay open and nothing answers."""
        self._nodes[node].send_signal(signal.SIGSTOP)

    def resume(self, node: int = 0) -> None:
        """Let a frozen node continue."""
        self._nodes[node].send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _format(self) -> None:
        for node in range(self._count):
            (self._home(node) / "data").mkdir(parents=True, exist_ok=True)
            self._write_properties(node)
        formats = [
            subprocess.Popen(
                self._java("128m", "kafka.tools.StorageTool", *self._format_options(node)),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for node in range(self._count)
        ]
        for process in formats:
            output, _ = process.communicate()
            if process.returncode:
                raise StartupError(f"Kafka could not format {self.folder}: {_reason(output)}")

    def _format_options(self, node: int) -> list[str]:
        options = ["format", "--ignore-formatted", "-t", self._cluster_id]
        return [*options, "-c", str(self._properties(node))]

    def _launch(self, node: int) -> None:
        command = self._java("512m", "kafka.Kafka", str(self._properties(node)))
        self._nodes[node] = start_process(command, log=self._log(node))

    def _terminate(self, node: int) -> None:
        process = self._nodes.pop(node)
        process.terminate()
        end_process(process, seconds_max=STOP_SECONDS_MAX)

    def _await_answer(self, brokers: int) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers(brokers):
            for node, process in self._nodes.items():
                if process.poll() is not None:
                    reason = _reason(self._log(node).read_text(errors="replace"))
                    raise StartupError(f"The local Kafka exited during start-up: {reason}")
            if time.monotonic() > deadline:
                raise StartupError(
                    f"The local Kafka did not answer within {START_SECONDS_MAX} s; "
                    f"its log is {self._log(0)}"
                )
            time.sleep(0.1)

    def _answers(self, brokers: int) -> bool:
        # Try a plain connection first: librdkafka prints every refused one.
        if not all(_listens(self._ports[node].clients) for node in self._nodes):
            return False
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        try:
            return len(admin.list_topics(timeout=5).brokers) == brokers
        except KafkaException:
            return False

    def _home(self, node: int) -> Path:
        return self.folder / f"node-{node}"

    def _properties(self, node: int) -> Path:
        return self._home(node) / "server.properties"

    def _log(self, node: int) -> Path:
        return self._home(node) / "server.log"

    def _java(self, heap: str, *arguments: str) -> list[str]:
        options = [f"-Xmx{heap}", "-Dlog4j2.level=WARN"]
        if self._brief:
            # The optimizing compiler would keep a small machine's cores busy for the first minute.
            options.append("-XX:TieredStopAtLevel=1")
        runtime = java()
        return [runtime.path, *runtime.options, *options, "-cp", class_path(), *arguments]

    def _write_properties(self, node: int) -> None:
        properties = {
            **self._addresses(node),
            **_settings(self._count),
            **self._settings,
        }
        properties["log.dirs"] = str(self._home(node) / "data")
        lines = [f"{name}={value}\n" for name, value in properties.items()]
        self._properties(node).write_text("".join(lines))

    def _addresses(self, node: int) -> dict[str, str]:
        clients, controller = self._ports[node]
        voters = [f"{n}@127.0.0.1:{ports.controller}" for n, ports in enumerate(self._ports)]
        return {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.quorum.voters": ",".join(voters),
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "CLIENTS",
            "listeners": f"CLIENTS://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}",
        }


def _settings(brokers: int) -> dict[str, str]:
    replicas = str(min(3, brokers))
    in_sync = "2" if brokers > 2 else "1"
    return {
        "auto.create.topics.enable": "false",
        # A killed node can rejoin only after its old session has expired.
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": replicas,
        # Longer than the 30 days that events are kept, so no group loses its offsets.
        "offsets.retention.minutes": "64800",
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        # A dead worker's open transaction blocks readers until this scan aborts it.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": "0",
    }


def _cluster_id() -> str:
    text = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    return text.replace("-", "_")  # An id with a leading dash would be parsed as an option.


def _free_ports(nodes: int) -> list[Ports]:
    free = free_ports(2 * nodes)
    return [Ports(*free[2 * node : 2 * node + 2]) for node in range(nodes)]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _reason(log: str) -> str:
    lines = [line for line in log.strip().splitlines() if not line.startswith("\tat ")]
    failures = [line for line in lines if "Exception" in line or "ERROR" in line]
    return (failures or lines or ["it wrote nothing"])[-1].strip()
