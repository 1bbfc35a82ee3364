"""`make bench-checkpoint`: how much a checkpoint of 10,000 changed accounts delays decisions.

One worker, signals at an even rate. In each round every account changes, by a price move; once all
of that is decided, a checkpoint begins when it is told to. Delays of signals that are due during it
are compared with those of as long a time right after it: both have the same load of the machine.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench import market
from bench.held_worker import Note
from bench.hops import signal_of
from bench.page import publish
from bench.peers.builds import builds, path_of
from bench.peers.conditions import conditions
from bench.peers.goals import Goal
from bench.peers.rules import usual_limits
from bench.peers.spread import percentile, spread
from bench.pipeline import consumer_of, environment_of, settings_of
from bench.prefill import Prefill, event_producer
from pipeline.local.kafka import LocalKafka
from pipeline.local.processes import end_process, start_process
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import python_command
from pipeline.streams.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
ACCOUNTS = 10_000
POSITIONS = 3  # Of each account.
RATE = 200  # Signals per second.
ROUNDS = 5
HEARTBEAT_SECONDS = 1.0
CALM_SECONDS = 1.0
PATIENCE_SECONDS = 1800.0  # A busy machine is slow, not stuck.
STOP_SECONDS_MAX = 30.0
GOAL_MS = 10.0


class Round(NamedTuple):
    """A checkpoint, and as long a time right after it."""

    seconds: float
    inside_ms: list[float]  # Of signals that were due meanwhile.
    outside_ms: list[float]
    cpu_ms: float  # The longest that the thread was held at once.
    wall_ms: float
    gc_ms: float
    outside_wall_ms: float


class Bench:
    """Signals at an even rate to one worker, and the delay of each by when it was due."""

    def __init__(self, settings: Settings, notes: Path, feed: Prefill) -> None:
        self._outputs = consumer_of(settings, "decisions")
        self._notes = notes
        self._read = 0
        self._feed = feed
        self._due: dict[str, float] = {}
        self._next_s = self._heartbeat_s = time.monotonic()
        self.late_s: list[tuple[float, float]] = []  # When due, and how late.

    def run(self, seconds: float) -> None:
        """Send and receive for so long."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._turn()

    def drain(self) -> None:
        """Send no more, and wait until all is decided. Raise RuntimeError when it is not."""
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        while self._due:
            self._receive()
            if time.monotonic() > give_up_s:
                raise RuntimeError(f"{len(self._due)} signals had no decision")
        self._next_s = time.monotonic()

    def note(self, where: str) -> Note:
        """Send and receive until the worker notes its next checkpoint, and return that."""
        give_up_s = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up_s:
            self._turn()
            lines = self._notes.read_bytes().splitlines() if self._notes.exists() else []
            while self._read < len(lines):
                self._read += 1
                note = msgspec.json.decode(lines[self._read - 1], type=Note)
                if note.where == where:
                    return note
        raise RuntimeError("the worker made no checkpoint")

    def late_ms(self, from_s: float, until_s: float) -> list[float]:
        """Return the delays of the signals that were due in a time."""
        return [late * 1000 for due_s, late in self.late_s if from_s <= due_s < until_s]

    def _turn(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._heartbeat_s:
            self._heartbeat_s = now_s + HEARTBEAT_SECONDS
            self._feed.heartbeat()
        if now_s >= self._next_s:
            self._due[self._feed.ask_one()] = self._next_s
            self._next_s += 1 / RATE
        self._receive()

    def _receive(self) -> None:
        row = self._outputs.poll(0.001)
        if row is None or row.error() is not None:
            return
        now_s = time.monotonic()
        due_s = self._due.pop(signal_of(row.value() or b"{}") or "", None)
        if due_s is not None:
            self.late_s.append((due_s, now_s - due_s))


def main() -> None:
    """Measure, print and publish."""
    is_quick = "--quick" in sys.argv
    chosen = builds(compiles=not is_quick and "--pure" not in sys.argv)
    os.environ.update(path_of(chosen.names[0]))
    accounts, rounds = (2000, 2) if is_quick else (ACCOUNTS, ROUNDS)
    with LocalKafka(brief=False) as kafka, tempfile.TemporaryDirectory() as folder:
        found = list(measure(kafka.bootstrap, Path(folder), accounts=accounts, rounds=rounds))
    table = "\n".join(
        [
            f"{conditions()} {chosen.names[0].capitalize()} core.",
            "",
            *lines(found, accounts=accounts),
        ]
    )
    sys.stdout.write(f"{table}\n")
    if not is_quick:
        publish(PAGE, "checkpoint", f"{table}\n")


def measure(brokers: str, folder: Path, *, accounts: int, rounds: int) -> Iterator[Round]:
    """Run one worker, and yield each round."""
    settings = settings_of(brokers, "checkpoint")
    create_missing(settings)
    names = [f"acct-{number:05d}" for number in range(accounts)]
    many = Prefill(settings, accounts=names, limits=usual_limits())
    notes, log = folder / "notes", folder / "log"
    environment = environment_of(
        settings, instance="held", state_dir=folder / "state", http_port=0, log_level="warning"
    )
    command = python_command("-m", "bench.held_worker", str(notes))
    process = start_process(command, log=log, environment=environment)
    try:
        many.open_accounts(positions=POSITIONS)
        few = Prefill(
            settings,
            accounts=names[: len(market.ACCOUNTS)],
            limits=usual_limits(),
            producer=event_producer(settings, linger_ms=0),
        )
        few.written = many.written  # Offsets of one source only grow.
        bench = Bench(settings, notes, few)
        bench.run(CALM_SECONDS)
        bench.drain()
        for _ in range(rounds):
            yield _round(bench, many, process.pid)
    finally:
        process.terminate()
        end_process(process, seconds_max=STOP_SECONDS_MAX)


def _round(bench: Bench, many: Prefill, pid: int) -> Round:
    many.refresh(positions=POSITIONS)
    bench.run(CALM_SECONDS)
    bench.drain()  # So all of the refresh is decided.
    bench.run(CALM_SECONDS)
    os.kill(pid, signal.SIGUSR1)
    inside = bench.note("inside")
    begun_s, ended_s = inside.began_s, inside.ended_s
    bench.run(ended_s - begun_s)
    bench.drain()
    os.kill(pid, signal.SIGUSR1)  # What it notes now is of the time outside.
    outside = bench.note("outside")
    bench.note("inside")
    bench.drain()
    after_s = ended_s + (ended_s - begun_s)
    return Round(
        ended_s - begun_s,
        bench.late_ms(begun_s, ended_s),
        bench.late_ms(ended_s, after_s),
        cpu_ms=inside.cpu_ms,
        wall_ms=inside.wall_ms,
        gc_ms=inside.gc_ms,
        outside_wall_ms=outside.wall_ms,
    )


def lines(found: Sequence[Round], *, accounts: int) -> Iterator[str]:
    """Return the table and the goals."""
    yield (
        "| checkpoint, s | delay during it, ms: p50 / p99 / longest | as long after it "
        "| thread held at once, ms: CPU | wall | wall after it | garbage collector, ms |"
    )
    yield "|---|---|---|---|---|---|---|"
    for row in found:
        yield (
            f"| {row.seconds:.2f} | {_delays(row.inside_ms)} | {_delays(row.outside_ms)} "
            f"| {row.cpu_ms:.1f} | {row.wall_ms:.1f} | {row.outside_wall_ms:.1f} "
            f"| {row.gc_ms:.1f} |"
        )
    yield ""
    yield "```"
    yield from (goal.line() for goal in goals(found, accounts=accounts))
    yield "```"


def goals(found: Sequence[Round], *, accounts: int) -> Iterator[Goal]:
    """Judge: how long the thread was held, and how much later the latest decision was."""
    subject = f"checkpoint of {accounts:,} accounts"
    held = max(row.cpu_ms for row in found)
    yield Goal(f"{subject}, thread held, CPU", held, GOAL_MS, " ms")
    whole = [row for row in found if row.inside_ms and row.outside_ms]
    for what, share in (("p99", 0.99), ("longest", 1.0)):
        later = [percentile(r.inside_ms, share) - percentile(r.outside_ms, share) for r in whole]
        name = f"{subject}, {what} delay less that outside, median"
        yield Goal(name, spread(later).middle if later else None, GOAL_MS, " ms")


def _delays(late_ms: list[float]) -> str:
    if not late_ms:
        return "none was due"
    return " / ".join(f"{percentile(late_ms, share):.1f}" for share in (0.5, 0.99, 1.0))


if __name__ == "__main__":
    main()
