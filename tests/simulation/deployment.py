"""A deployment in a simulated world: riskgate's topics, its workers' lives, and what flows in.

The workers run riskgate's own roles, engine and checkpoints, quixstreams and RocksDB; only Kafka's
client, the clock and the threads are stand-ins.
"""

import decimal
import gc
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

import confluent_kafka
import confluent_kafka.admin

from pipeline.errors import StartupError
from pipeline.streams.clients.topic_plan import plan
from pipeline.streams.engine.application import StreamApplication
from pipeline.streams.engine.applications import IngestApplication, RiskApplication
from pipeline.streams.observe.probes import Probes
from pipeline.streams.role_interface import Stopped
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import leaving, workers
from pipeline.streams.roles.broadcast import broadcast
from pipeline.streams.roles.lives import Lives
from pipeline.streams.settings import Settings
from tests import given
from tests.simulation.broker.cluster import Cluster, Outgoing
from tests.simulation.clients.admin import SimulatedAdmin
from tests.simulation.clients.base import SimulatedMessage
from tests.simulation.clients.consumer import SimulatedConsumer
from tests.simulation.clients.producer import SimulatedProducer
from tests.simulation.disks import STATE_PARTITION, disk_class
from tests.simulation.kernel import Kernel, Process
from tests.simulation.stand_ins import Signals, installed, stand_ins_of

__all__ = ["Deployment", "Terms", "Worker"]

BROADCAST_SECONDS = 0.05
STANDBY: tuple[Literal["off", "next", "all"], ...] = ("off", "next", "all")
START_SECONDS = given.T0_MS / 1000


class Terms(NamedTuple):
    """Settings of the workers and of the brokers, of one deployment."""

    partitions: int = 2
    session_s: int = 10
    transaction_s: int = 10
    checkpoint_ms: int = 1000
    scan_s: float = 1.0  # Between two looks of the brokers for transactions that are too old.
    join_delay_s: float = 0.0  # Of the first members of a group.
    restart_s_max: float = 1.0
    standby: Literal["off", "next", "all"] = "off"

    @classmethod
    def drawn(cls, random: Random) -> "Terms":
        """Draw settings within their bounds."""
        return cls(
            partitions=random.choice((1, 2, 4)),
            session_s=random.choice((6, 10, 20)),
            transaction_s=random.choice((3, 10, 50)),
            checkpoint_ms=random.choice((100, 1000, 3000)),
            scan_s=random.choice((1.0, 10.0)),
            join_delay_s=random.choice((0.0, 3.0)),
            restart_s_max=random.choice((1.0, 5.0, 20.0)),
            standby=random.choice(STANDBY),
        )


class Worker:
    """One worker under its name, life after life, as Kubernetes would start it."""

    def __init__(
        self, deployment: "Deployment", name: str, run: Callable[[Settings], None]
    ) -> None:
        self.name = name
        self.lives = 0
        self.endings: list[str] = []  # Of lives that ended by themselves, in a sentence.
        self.errors: list[BaseException] = []  # Of lives that ended without a sentence.
        self.process = Process(name)
        self.is_wanted = True
        self.skew_s = 0.0  # Of its clock, from its next life on.
        self.on_dead: Callable[[], None] | None = None  # What happens to its disk.
        self._deployment = deployment
        self._run = run
        self._settings = deployment.settings_of(name)

    @property
    def state_dir(self) -> Path:
        """The folder of its state."""
        return self._settings.own_state_dir

    def start(self) -> None:
        """Begin a life."""
        kernel = self._deployment.kernel
        self.lives += 1
        self.process = Process(self.name)
        self.process.clock_skew_s = self.skew_s
        kernel.spawn(self.process, self._live, f"{self.name}-{self.lives}")

    def stop(self) -> None:
        """End its life in good order, as SIGTERM does; another begins soon."""
        process = self.process

        def end() -> None:
            if process.on_term is not None:
                process.on_term()

        process.deliver(end)

    def end(self) -> None:
        """End its life for good, without a word."""
        self.is_wanted = False
        self._deployment.kernel.kill(self.process)

    def start_double(self) -> None:
        """Begin a second life beside the running one, which only its brokers can tell apart.

        It has a disk of its own: RocksDB lets no two processes into one folder.
        """
        kernel, process = self._deployment.kernel, Process(self.name)
        settings = self._settings.model_copy(
            update={"state_dir": self._settings.state_dir / f"double-{self.lives}"}
        )
        self.lives += 1
        self._deployment.others.append(process)
        kernel.spawn(process, lambda: self._run(settings), f"{self.name}-double-{self.lives}")
        kernel.after(kernel.random.uniform(5, 30), lambda: kernel.kill(process))

    def kill(self) -> None:
        """End its life without a word; another begins soon."""
        kernel = self._deployment.kernel
        if not self.process.is_dead:
            kernel.kill(self.process)
            self._again(kernel.random.uniform(0.1, self._deployment.terms.restart_s_max))

    def wipe(self) -> None:
        """Lose the disk."""
        shutil.rmtree(self.state_dir, ignore_errors=True)

    def swap_disk(self) -> None:
        """Keep a copy of the disk; where there is one already, put that back in its place."""
        copy = self.state_dir.with_name(f"{self.name}-copy")
        if copy.exists():
            shutil.rmtree(self.state_dir, ignore_errors=True)
            shutil.copytree(copy, self.state_dir)
        elif self.state_dir.exists():
            shutil.copytree(self.state_dir, copy)

    def _again(self, seconds: float) -> None:
        kernel = self._deployment.kernel

        def start() -> None:
            if not self.process.is_over:
                self._again(0.1)
                return
            self.process.close_handles()
            if self.is_wanted:
                if self.on_dead is not None:
                    self.on_dead()
                    self.on_dead = None
                self.start()

        kernel.after(seconds, start)

    def _live(self) -> None:
        decimal.getcontext()
        try:
            self._run(self._settings)
        except (Stopped, StartupError) as error:
            self._end(f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - What it means is the judge's business.
            self.errors.append(error)
            self._end(f"{type(error).__name__}: {error}")
        else:
            self._end("stopped")

    def _end(self, sentence: str) -> None:
        """Let a life that ended by itself be followed by another."""
        kernel = self._deployment.kernel
        self.endings.append(sentence)
        process = self.process
        kernel.after(0.0, lambda: kernel.kill(process))
        self._again(kernel.random.uniform(0.1, self._deployment.terms.restart_s_max))


class Deployment:
    """A cluster with riskgate's topics, and workers on it."""

    def __init__(self, seed: int, folder: Path, terms: Terms) -> None:
        self.kernel = Kernel(seed, start_s=START_SECONDS)
        self.terms = terms
        self.cluster = Cluster(self.kernel, scan_s=terms.scan_s, initial_delay_s=terms.join_delay_s)
        self.workers: dict[str, Worker] = {}
        self.others: list[Process] = []  # Beside the last life of each worker.
        self._folder = folder
        self.settings = self.settings_of("nobody")
        for planned in plan(prefix="risk.", partitions=terms.partitions, replicas=1):
            self.cluster.create(planned.name, planned.partitions, planned.config)

    def settings_of(self, name: str) -> Settings:
        """Return the settings of a worker."""
        return Settings.model_construct(
            instance=name,
            state_dir=self._folder / name,
            partitions=self.terms.partitions,
            session_timeout_ms=self.terms.session_s * 1000,
            transaction_timeout_ms=self.terms.transaction_s * 1000,
            checkpoint_interval_ms=self.terms.checkpoint_ms,
            http_port=0,
            standby=self.terms.standby,
        )

    def add(self, role: RoleName, name: str) -> Worker:
        """Add a worker and start it; its process outlives lost sessions."""
        live = {
            RoleName.INGEST: workers.run_ingest,
            RoleName.RISK: workers.run_risk,
            RoleName.BROADCAST: workers.run_broadcast,
        }

        def run(settings: Settings) -> None:
            with closing(Probes()) as probes:
                Lives(role, settings, probes).run(partial(live[role], settings, probes=probes))

        worker = self.workers[name] = Worker(self, name, run)
        worker.start()
        return worker

    def append(self, name: str, partition: int, *, key: bytes, value: bytes) -> None:
        """Write a record as a client outside would."""
        place = self.settings.topic(name), partition
        at_ms = int(self.kernel.now_s * 1000)
        self.cluster.append(Outgoing(place, key, value, None, at_ms))

    @contextmanager
    def running(self) -> Iterator["Deployment"]:
        """Put the stand-ins in their places; at the end kill whatever runs."""
        replaced = stand_ins_of(self.kernel) | {
            id(confluent_kafka.Consumer): partial(SimulatedConsumer, self.cluster),
            id(confluent_kafka.Producer): partial(SimulatedProducer, self.cluster),
            id(confluent_kafka.admin.AdminClient): partial(SimulatedAdmin, self.cluster),
            id(STATE_PARTITION): disk_class(self.kernel),
            id(confluent_kafka.Message): SimulatedMessage,
            id(RiskApplication): self._make(RiskApplication),
            id(IngestApplication): self._make(IngestApplication),
            id(signal): Signals(self.kernel),
            # What watches or serves a real process.
            id(workers._health): lambda *_: nullcontext(),
            id(workers._watched): lambda *_: nullcontext(_NoWatchdog()),
            id(gc): _NoCollector(),
            id(leaving.exit_on_sigterm): self._forget_application,
        }
        # Else it turns two hundred times a second, most times with nothing to do.
        with installed(replaced), patch.object(broadcast, "WAIT_SECONDS", BROADCAST_SECONDS):
            try:
                yield self
            finally:
                for worker in self.workers.values():
                    worker.is_wanted = False
                self.kernel.end([worker.process for worker in self.workers.values()] + self.others)

    def _forget_application(self) -> None:
        """Let the next application of a process be the one that SIGTERM ends."""
        self.kernel.current.process.on_term = None

    def _make(self, kind: Callable[..., StreamApplication]) -> Callable[..., StreamApplication]:
        """Return what makes an application that its worker can stop."""

        def make(*arguments: Any, **options: Any) -> StreamApplication:
            application = kind(*arguments, **options)
            process = self.kernel.current.process
            process.on_term = process.on_term or application.stop  # The first is the main one.
            return application

        return make


class _NoWatchdog:
    """Ends no process."""

    def beat(self) -> None:
        """Do nothing."""

    def beat_of(self, _: str) -> Callable[[], None]:
        """Return what does nothing."""
        return self.beat


class _NoCollector:
    """Leaves this process's own collector as it is."""

    def freeze(self) -> None:
        """Do nothing."""

    def disable(self) -> None:
        """Do nothing."""

    def unfreeze(self) -> None:
        """Do nothing."""

    def collect(self, _: int = 2) -> int:
        """Do nothing."""
        return 0
