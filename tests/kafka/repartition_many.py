"""Partitions doubled with many accounts, killed in the middle, finished and judged, with times.

python -m tests.kafka.repartition_many [ACCOUNTS] [PARTITIONS]: exits with 1 on any finding. Not a
test of the suite, as 10,000 accounts take minutes.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.local.kafka import LocalKafka
from pipeline.repartition.repartition import repartition
from pipeline.streams.clients.broker import Broker
from pipeline.streams.roles.children import python_command
from pipeline.streams.settings import Settings
from pipeline.verify.kafka import KafkaReading, Stretch
from tests.kafka.lone_risk import begin, decide, send, target_of
from tests.kafka.world import World

KILLED = "between two partitions"
SIGNALS = 2  # Of each account, before and after; each with a fill.


def run(accounts: int, partitions: int) -> int:
    """Return the exit code."""
    names = [f"acct-{number}" for number in range(accounts)]
    with LocalKafka() as kafka, TemporaryDirectory() as folder:
        world = World(kafka.bootstrap, Path(folder))
        state = {"partitions": partitions, "state_dir": Path(folder) / "state"}
        world.settings = world.settings.model_copy(update=state)
        with world:
            return _double(world, names, Path(folder))


def _double(world: World, names: list[str], folder: Path) -> int:
    with _timed(f"{len(names)} accounts began and decided {SIGNALS} signals each"):
        begin(world, names)
        send(world, 0, SIGNALS, names)
        decide(world)
    target, old = target_of(world, 2 * world.settings.partitions), world.settings
    with _timed("the first run, killed between two partitions"):
        assert _killed(world, target.new.settings.partitions) == -signal.SIGKILL
    with _timed("the second run, to its end"):
        carried = repartition(target, replay=True)
    assert carried.accounts == len(names)
    new = target.new.settings.model_copy(update={"state_dir": folder / "new-state"})
    world.settings = new
    with _timed(f"{SIGNALS} more signals each decided in the new deployment"):
        send(world, SIGNALS, 2 * SIGNALS, names)
        decide(world)
    return 1 if _found(old) + _found(new) else 0


def _found(settings: Settings) -> int:
    with (
        _timed(f"{settings.topic_prefix}… judged, and decided again"),
        closing(KafkaReading(Broker(settings), Stretch(None, None, replay=True))) as reading,
    ):
        found = list(reading.judge_all())
    for each in found[:5]:
        sys.stdout.write(f"{each}\n")
    sys.stdout.write(f"{settings.topic_prefix}…: {len(found)} findings\n")
    return len(found)


def _killed(world: World, partitions: int) -> int:
    command = python_command("-m", "tests.kafka.killed_repartition", KILLED, str(partitions))
    environment = {**os.environ, **world.environment("one")}
    return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began_s = time.monotonic()
    yield
    sys.stdout.write(f"{time.monotonic() - began_s:7.1f} s  {what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    counts = [int(each) for each in sys.argv[1:]] or [10_000, 24]
    sys.exit(run(*counts))
