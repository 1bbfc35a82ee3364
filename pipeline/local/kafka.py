"""A real Kafka of one or more KRaft nodes on this machine, for the demo and the tests.

Listens on 127.0.0.1 only, can be killed, frozen and restarted, and never outlives its parent.
"""

import random
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
from types import TracebackType
from typing import NamedTuple, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.errors import StartupError
from pipeline.local.java import java
from pipeline.local.kafka_jars import class_path

__all__ = ["LocalKafka"]

START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 30
# Below the range that Linux gives to outgoing connections: else a client could take the port
# of a node that is being restarted.
PORTS = range(20_000, 32_000)
# The shell becomes Java by exec. Its child waits for the end of a pipe that only the parent
# holds open, which comes however the parent dies, SIGKILL included. PR_SET_PDEATHSIG would also
# fire when merely the *thread* that started the node ends, and needs code between fork and exec.
# The session keeps the number $$ from being given to another process.
RUN_UNTIL_PARENT_DIES = 'exec 3<&0; (read -r _ <&3; kill -KILL -$$) & exec "$@" </dev/null 3<&-'


class Ports(NamedTuple):
    """The two ports of one node."""

    clients: int
    controller: int


class LocalKafka:
    """Run a Kafka cluster from `start` (or `with`) to `stop`.

    `folder` keeps the data of the nodes; a temporary one, removed by `stop`, when it is None.
    `settings` go over the broker's own, as written in server.properties. `brief`: it is up for
    minutes, so that starting fast is worth more than the last bit of speed.
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
        """The addresses for `bootstrap.servers`."""
        return ",".join(f"127.0.0.1:{port.clients}" for port in self._ports)

    def start(self) -> Self:
        """Start every node and return when the whole cluster answers."""
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
        """End every node at once and remove a temporary folder."""
        for node in list(self._nodes):
            self.kill(node)
        if self._is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, node: int = 0) -> None:
        """End one node without warning, as a lost machine would."""
        process = self._nodes.pop(node)
        process.kill()
        _reap(process)

    def restart(self, node: int = 0) -> None:
        """Stop one node in good order, unless it was killed before, and start it on its data."""
        if node in self._nodes:
            self._terminate(node)
        self._launch(node)
        self._await_answer(len(self._nodes))

    def pause(self, node: int = 0) -> None:
        """Freeze one node: its connections stay open and nothing answers."""
        self._nodes[node].send_signal(signal.SIGSTOP)

    def resume(self, node: int = 0) -> None:
        """Let a frozen node go on."""
        self._nodes[node].send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        with self._log(node).open("ab") as log:
            self._nodes[node] = subprocess.Popen(
                ["sh", "-c", RUN_UNTIL_PARENT_DIES, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _terminate(self, node: int) -> None:
        process = self._nodes.pop(node)
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
        _reap(process)

    def _await_answer(self, brokers: int) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers(brokers):
            for node, process in self._nodes.items():
                if process.poll() is not None:
                    reason = _reason(self._log(node).read_text(errors="replace"))
                    raise StartupError(f"The local Kafka ended while starting: {reason}")
            if time.monotonic() > deadline:
                raise StartupError(
                    f"The local Kafka did not answer within {START_SECONDS_MAX} s; "
                    f"its log is {self._log(0)}"
                )
            time.sleep(0.1)

    def _answers(self, brokers: int) -> bool:
        # A plain connect first: librdkafka prints every refused connection.
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
            # The second compiler would take the processors of a small machine for the first minute.
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
        # A killed node may come back only when its old session is over.
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": replicas,
        # Longer than the 30 days that events are kept, so no group forgets where it was.
        "offsets.retention.minutes": "64800",
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        # A dead worker's transaction holds up its readers until this scan finds it.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": "0",
    }


def _cluster_id() -> str:
    text = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    return text.replace("-", "_")  # One that begins with a dash would be taken for an option.


def _free_ports(nodes: int) -> list[Ports]:
    free: list[int] = []
    while len(free) < 2 * nodes:
        port = random.choice(PORTS)
        if port not in free and _is_free(port):
            free.append(port)
    return [Ports(*free[2 * node : 2 * node + 2]) for node in range(nodes)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    if process.stdin:
        process.stdin.close()  # Ends the waiting child of the shell.


def _reason(log: str) -> str:
    lines = [line for line in log.strip().splitlines() if not line.startswith("\tat ")]
    failures = [line for line in lines if "Exception" in line or "ERROR" in line]
    return (failures or lines or ["it wrote nothing"])[-1].strip()
