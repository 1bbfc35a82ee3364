"""A worker that stands in a call ends, and the next one goes on and shows that it happened."""

import os
import time
from pathlib import Path

import pytest

from pipeline.streams.roles.children import python_command
from tests import given
from tests.kafka.world import Worker, World, until

SHOWN = 'riskgate_last_stop_timestamp_seconds{cause="stalled"}'


def stalling(world: World, call: str, file: Path) -> Worker:
    """Start a risk worker that stands in this call once the file is there."""
    command = python_command("-m", "tests.kafka.stalling_risk", call, str(file))
    environment = {**os.environ, **world.environment("one")}
    return Worker.start(command, file.parent / "stalling.log", environment)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ("in Python", "main thread was stuck in a call for 3 s"),
        (
            "in C with Python's lock",
            "main thread was stuck for 8 s in a call that holds Python's lock",
        ),
    ],
)
def test_the_next_worker_decides_when_one_stood_in_a_call(
    world: World, tmp_path: Path, call: str, word: str
) -> None:
    stands = stalling(world, call, tmp_path / "now").ready()
    (tmp_path / "now").touch()

    began_s = time.monotonic()
    assert stands.code() == 1
    assert time.monotonic() - began_s < 12
    assert word in stands.log()

    roles = [world.run(role).ready() for role in ("risk", "broadcast", "ingest")]
    world.send(given.account(), given.signal("hold", signal_id="after"))
    world.read("decisions", lambda rows: [row["signal_id"] for row in rows] == ["after"])
    until(lambda: (roles[0].metric(SHOWN) > 0) == (call == "in Python"), world.logs)
