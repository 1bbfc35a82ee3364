"""The demo itself, left running, as `riskgate demo --keep` starts it for anybody."""

import os
import re
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from pipeline.local.processes import end_process, start_process
from pipeline.streams.roles.children import riskgate_command

__all__ = ["Demo", "StoryError", "running_console", "running_demo", "until", "without_heartbeats"]

DEMO_SECONDS_MAX = 600.0
END_SECONDS_MAX = 60.0
WAIT_SECONDS_MAX = 60.0
ROLE = re.compile(r"^ *[0-9.]+ s  \S+: http://(\S+)/metrics, log ", re.MULTILINE)
FILE = re.compile(r"^ +\. (/\S+/environment)$", re.MULTILINE)
SAYS_IT_STAYS = "everything runs until you press Ctrl-C"
CONSOLE_IS_AT = re.compile(r"the console is at (http://[^\"\s]+)")
GROUPS = {
    "RISKGATE_CONSOLE_WRITE": "true",
    "RISKGATE_CONSOLE_PROXIES": "127.0.0.1",
    "RISKGATE_CONSOLE_VIEWERS": "all",
    "RISKGATE_CONSOLE_OPERATORS": "desk",
    "RISKGATE_CONSOLE_APPROVERS": "heads",
    "RISKGATE_CONSOLE_PORT": "0",
}
T = TypeVar("T")


class StoryError(Exception):
    """Something did not happen that the story tells."""


class Demo(NamedTuple):
    """A demo that traded, and whose roles go on."""

    settings: Mapping[str, str]  # The RISKGATE_ variables that it tells users to set.
    targets: tuple[str, ...]  # Host and port of each role's metrics.
    pid: int


@contextmanager
def running_demo(folder: Path, inherited: Mapping[str, str]) -> Iterator[Demo]:
    """Run the demo until it says that it stays; end it, and all that it started, afterwards."""
    log = folder / "demo.log"
    process = start_process(riskgate_command("demo", "--keep"), log=log, environment=inherited)
    try:
        until(
            lambda: SAYS_IT_STAYS in log.read_text() or process.poll() is not None or None,
            "the demo did not end its session",
            seconds_max=DEMO_SECONDS_MAX,
        )
        said = log.read_text()
        found = FILE.search(said)
        if found is None:
            raise StoryError(f"the demo failed: {said}")
        yield Demo(_exports(Path(found[1]).read_text()), tuple(ROLE.findall(said)), process.pid)
    finally:
        process.terminate()
        end_process(process, seconds_max=END_SECONDS_MAX)


@contextmanager
def without_heartbeats(demo: Demo) -> Iterator[None]:
    """Freeze broadcast for a moment, so that risk gets to the end of a log that never ends else."""
    children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    (broadcast,) = (
        int(pid)
        for pid in children
        if b"\0broadcast\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(broadcast, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broadcast, signal.SIGCONT)


@contextmanager
def running_console(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run a console that people may act from, and yield its address."""
    log = folder / "console.log"
    own = {**environment, **GROUPS}
    process = start_process(riskgate_command("console"), log=log, environment=own)
    try:
        found = until(lambda: CONSOLE_IS_AT.search(log.read_text()), "the console did not start")
        yield found[1]
    finally:
        process.terminate()
        end_process(process, seconds_max=END_SECONDS_MAX)


def until(look: Callable[[], T | None], otherwise: str, seconds_max: float = WAIT_SECONDS_MAX) -> T:
    """Return what is found. Raise StoryError when it takes too long."""
    deadline_s = time.monotonic() + seconds_max
    while (found := look()) is None:
        if time.monotonic() > deadline_s:
            raise StoryError(f"{otherwise} within {seconds_max:g} s")
        time.sleep(0.2)
    return found


def _exports(text: str) -> dict[str, str]:
    words = (word for line in text.splitlines() for word in shlex.split(line)[1:])
    return {name: value for name, _, value in (w.partition("=") for w in words) if name != "PATH"}
