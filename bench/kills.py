"""Kill risk workers at random under load, and count: `python -m bench.kills KILLS [FREEZES]`.

Two workers share the partitions while signals keep coming. Each life ends after a random time by
SIGKILL, with a random interval of checkpoints, so that many end inside of one. Then some workers
are frozen until another has taken over, and thawed. A reader that is not read_committed sees every
decision: none may be missing, none may differ from another of its number, and none may come twice
but for what a frozen worker still sends when it wakes.
"""

import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson

from bench.pipeline import Load, consumer_of, running, settings_of, start
from pipeline.local.kafka import LocalKafka
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

RATE = 50  # Signals per second.
LIFE_SECONDS = (1.0, 3.0)  # Start of the process included, which takes about one.
INTERVALS_MS = (10, 20, 50, 200, 1000)
FREEZE_SECONDS = 9.0  # Longer than the session.
SESSION_MS = 6000
SEED = 7


class Counts(NamedTuple):
    """What a reader of decisions found."""

    signals: int
    missing: int
    doubles: int  # Byte-equal.
    differing: int


def main() -> None:
    """Kill, freeze, count; exit with 1 on any violation."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    freezes = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with LocalKafka() as kafka, tempfile.TemporaryDirectory() as folder:
        settings = settings_of(kafka.bootstrap, "kills")
        create_missing(settings)
        draw = random.Random(SEED)
        with running(settings, Path(folder), "ingest", "broadcast"), asking(settings) as asked:
            with workers(settings, Path(folder), draw) as pair:
                for _ in range(kills):
                    pair.kill(draw)
                before = counted(settings, asked)
            with workers(settings, Path(folder), draw) as pair:
                for _ in range(freezes):
                    pair.freeze(draw)
                after = counted(settings, asked)
    report(kills, before)
    report(freezes, after, what="freezes as well")
    bad = before.missing + before.doubles + after.missing + after.differing
    sys.exit(1 if bad else 0)


class Pair:
    """Two workers; one of them at a time is killed or frozen."""

    def __init__(self, settings: Settings, folder: Path, draw: random.Random) -> None:
        self._settings = settings
        self._folder = folder
        self._processes = {name: self._start(name, draw) for name in ("one", "two")}

    def kill(self, draw: random.Random) -> None:
        """Kill one after a random time, and start it again at once."""
        time.sleep(draw.uniform(*LIFE_SECONDS) / 2)
        name = draw.choice(("one", "two"))
        self._processes[name].kill()
        self._processes[name].wait()
        self._processes[name] = self._start(name, draw)

    def freeze(self, draw: random.Random) -> None:
        """Freeze one until the other has its partitions, and thaw it."""
        time.sleep(draw.uniform(*LIFE_SECONDS))
        name = draw.choice(("one", "two"))
        self._processes[name].send_signal(signal.SIGSTOP)
        time.sleep(FREEZE_SECONDS)
        self._processes[name].send_signal(signal.SIGCONT)
        time.sleep(5)
        if self._processes[name].poll() is not None:
            self._processes[name] = self._start(name, draw)

    def end(self) -> None:
        """End both in good order."""
        for process in self._processes.values():
            process.terminate()
            process.wait()

    def _start(self, name: str, draw: random.Random) -> subprocess.Popen[bytes]:
        return start(
            self._settings,
            self._folder,
            "risk",
            instance=name,
            session_timeout_ms=SESSION_MS,
            checkpoint_interval_ms=draw.choice(INTERVALS_MS),
            log_level="error",
        )


@contextmanager
def workers(settings: Settings, folder: Path, draw: random.Random) -> Iterator[Pair]:
    """Run two workers."""
    pair = Pair(settings, folder, draw)
    try:
        yield pair
    finally:
        pair.end()


@contextmanager
def asking(settings: Settings) -> Iterator[list[str]]:
    """Send signals all the time; yield the ids of those sent so far."""
    load, sent, ended = Load(settings), list[str](), threading.Event()
    load.open_accounts()

    def ask() -> None:
        while not ended.wait(1 / RATE):
            sent.append(load.ask())

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield sent
    finally:
        ended.set()
        thread.join()


def counted(settings: Settings, asked: list[str], seconds_max: float = 60.0) -> Counts:
    """Read all decisions until every signal sent by now has one, or so long."""
    wanted, give_up_s = set(asked), time.monotonic() + seconds_max
    consumer = consumer_of(settings, "decisions", isolation="read_uncommitted")
    values: dict[tuple[str, int, str], bytes] = {}
    found: set[str] = set()
    doubles = differing = 0
    while not wanted <= found and time.monotonic() < give_up_s:
        for message in consumer.consume(1000, 0.2):
            value = message.value() or b""
            row = orjson.loads(value)
            found.add(row.get("signal_id") or "")
            first = values.setdefault((row["account_id"], row["sequence"], identity(row)), value)
            if first is not value:
                doubles += first == value
                differing += first != value
    consumer.close()
    return Counts(len(wanted), len(wanted - found), doubles, differing)


def identity(row: dict[str, object]) -> str:
    """Return the id of a row of decisions, of whatever kind."""
    return str(row.get("decision_id") or row.get("exit_id") or row.get("stop_id"))


def report(faults: int, counts: Counts, *, what: str = "kills") -> None:
    """Print a line."""
    sys.stdout.write(
        f"{faults} {what}: {counts.signals} signals, {counts.missing} without a decision, "
        f"{counts.doubles} decisions twice, {counts.differing} differing\n"
    )


if __name__ == "__main__":
    main()
