"""docs/strategies.md on a demo that stays: a strategy and a venue out of an empty folder."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.local.kafka import LocalKafka
from pipeline.streams.roles.children import python_command
from tests.kafka.world import Worker
from tests.pages import program

DEMO_SECONDS_MAX = 240.0  # Four processes start, and each waits as long as the demo lets it.
SECONDS_MAX = 60.0  # From the demo's last line to the fill.
TRADE = """
. $1
python $2 &
engine=$!
python $3
until riskgate accounts acct-1 --json | grep -q '"quantity":"2"'; do sleep 0.1; done
kill $engine
riskgate alerts --account acct-1 --json
"""


@pytest.fixture
def demo(kafka: LocalKafka, tmp_path: Path) -> Iterator[str]:
    """Return the file that a demo names once it lets its user trade."""
    log = tmp_path / "demo.log"
    environment = {**os.environ, "RISKGATE_BROKERS": kafka.bootstrap}
    command = python_command("-m", "tests.kafka.short_demo")
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    worker = Worker(process, log)
    try:
        deadline_s = time.monotonic() + DEMO_SECONDS_MAX
        while "press Ctrl-C" not in worker.log() and process.poll() is None:
            assert time.monotonic() < deadline_s, worker.log()
            time.sleep(0.1)
        yield worker.log().partition("\n    . ")[2].partition("\n")[0]
    finally:
        worker.end()


def test_first_decision_and_fill_come_within_a_minute_of_the_demo(
    demo: str, tmp_path: Path
) -> None:
    programs = [program("strategies", name, tmp_path) for name in ("venue", "strategy")]
    started_s = time.monotonic()

    said = subprocess.run(
        ["bash", "-c", TRADE, "bash", demo, *programs],
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )

    assert (said.returncode, said.stdout, said.stderr) == (0, "approved 2\n", "")
    assert time.monotonic() - started_s < SECONDS_MAX
