"""The sides: each a process that reads `events` and writes `decisions`, under its own prefix."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, Message

from bench.peers.builds import COMPILED, PURE, path_of
from bench.peers.java import java_command
from bench.peers.rules import usual_limits
from bench.peers.spent import Spent, busiest_thread, spent_by
from bench.pipeline import consumer_of, environment_of, settings_of
from bench.prefill import Prefill, event_producer
from pipeline.local.processes import end_process, start_process
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import python_command, riskgate_command
from pipeline.streams.settings import Settings

__all__ = [
    "PASSTHROUGH",
    "RISK",
    "STATEFUL",
    "STREAMS",
    "STREAMS_10_MS",
    "Place",
    "Side",
    "started",
]

RISK = {COMPILED: "riskgate, compiled core", PURE: "riskgate, pure core"}
PASSTHROUGH = "quixstreams, null pass-through"
STATEFUL = "quixstreams, stateful dataframe"
STREAMS = "Kafka Streams, default commits"
STREAMS_10_MS = "Kafka Streams, 10 ms commits"
THREAD_NAME_MAX = 15  # Of Linux.
SESSION_MS = 45_000  # A side is frozen while its events are written.
READY_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 20.0


class Place(NamedTuple):
    """Where sides run."""

    brokers: str
    folder: Path


class Side(NamedTuple):
    """A running process, what it reads and what it wrote."""

    name: str
    settings: Settings
    process: subprocess.Popen[bytes]
    feed: Prefill
    outputs: Consumer
    log: Path

    @property
    def answers_all(self) -> bool:
        """Whether it writes a row for each event, not only for signals."""
        return self.name in (PASSTHROUGH, STATEFUL)

    def spent(self) -> Spent:
        """Return the CPU that it spent so far, and that of the thread that does the work."""
        pid = thread = self.process.pid
        if "Kafka" in self.name:  # Its threads are named after the application.
            thread = busiest_thread(pid, self.settings.group_prefix[:THREAD_NAME_MAX])
        return spent_by(pid, thread)

    def take(self, count: int, *, seconds_max: float) -> list[Message]:
        """Return the next rows that it wrote, as its readers see them: committed ones only.

        Raise RuntimeError, with its log, if they do not come in time.
        """
        rows: list[Message] = []
        give_up_s = time.monotonic() + seconds_max
        while len(rows) < count:
            if time.monotonic() > give_up_s:
                log = self.log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} wrote {len(rows)} of {count} rows; its log: {log}")
            # Poll rarely, so that the reader itself is not measured.
            time.sleep(0.3)
            rows += [row for row in self.outputs.consume(count, 0.2) if row.error() is None]
        return rows

    def freeze(self) -> None:
        """Let it stand still."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def started(
    name: str, place: Place, *, commit_ms: int = 1000, is_prompt: bool = False
) -> Iterator[Side]:
    """Run a side whose accounts are open.

    commit_ms: of quixstreams. is_prompt: its events are sent one by one, not in batches.
    """
    settings = settings_of(place.brokers, re.sub(r"\W+", "-", f"{place.folder.name} {name}"))
    place.folder.mkdir(exist_ok=True)
    create_missing(settings)
    log = place.folder / f"{settings.group_prefix}.log"
    command, environment = _command(
        name, settings, folder=place.folder / settings.group_prefix, commit_ms=commit_ms
    )
    process = start_process(command, log=log, environment=environment)
    producer = event_producer(settings, linger_ms=0 if is_prompt else 20)
    feed = Prefill(settings, limits=usual_limits(), producer=producer)
    side = Side(name, settings, process, feed, consumer_of(settings, "decisions"), log)
    try:
        feed.open_accounts()
        feed.ask(1)
        side.take(feed.written if side.answers_all else 1, seconds_max=READY_SECONDS_MAX)
        yield side
    finally:
        side.thaw()
        process.terminate()
        end_process(process, seconds_max=STOP_SECONDS_MAX)


def _command(
    name: str, settings: Settings, *, folder: Path, commit_ms: int
) -> tuple[list[str], dict[str, str]]:
    chosen = {
        "instance": "peer",
        "state_dir": folder,
        "http_port": 0,
        "log_level": "warning",
        "session_timeout_ms": SESSION_MS,
    }
    environment = environment_of(settings, **chosen)
    if name == RISK[PURE]:
        environment |= path_of(PURE)
    source, target = settings.topic("events"), settings.topic("decisions")
    rest = (settings.brokers, settings.group_prefix, source, target, str(folder))
    if name in RISK.values():
        command = riskgate_command("run", "risk")
    elif "Kafka" in name:
        command = java_command("StreamsJob", *rest, "default" if name == STREAMS else "10")
    else:
        kind = "passthrough" if name == PASSTHROUGH else "stateful"
        command = python_command("-m", "bench.peers.quix", kind, *rest, str(commit_ms / 1000))
    return command, environment
