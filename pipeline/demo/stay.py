"""After the session: everything goes on, and a person is told what to type to look at it."""

import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.demo.environment import Stage
from pipeline.demo.traders import RECKLESS
from pipeline.streams.settings import Settings, variable

__all__ = ["TRIES", "environment_text", "stay"]

LOOK_SECONDS = 0.5
# What a command must know to find the demo's topics and groups.
NAMES = ("brokers", "partitions", "topic_prefix", "group_prefix", "replication_factor")
TRIES = (
    f"riskgate explain --account {RECKLESS} --refused --max 3",
    f"riskgate limits show {RECKLESS}",
    "riskgate report --from-kafka --out demo.html",
    "riskgate replay --from-kafka",
    "riskgate halt momentum-01 --author me --reason 'a try'",
)


def stay(stage: Stage, tell: Callable[[str], None]) -> None:
    """Say what to type, and return at Ctrl-C. Raise DemoError when a role ends."""
    for process in stage.crew.processes:
        tell(f"{process.name}: {process.url}/metrics, log {process.log}")
    file = stage.folder / "environment"
    file.write_text(environment_text(stage.settings))
    lines = [f". {shlex.quote(str(file))}", *TRIES]
    tell("\n    ".join(["in another terminal, the first of these lines, then any other:", *lines]))
    # A shell lets what it starts with & ignore Ctrl-C.
    tell(f"everything runs until Ctrl-C here, or: kill {os.getpid()}")
    try:
        while True:
            stage.crew.check()
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        tell("ending")


def environment_text(settings: Settings) -> str:
    """Return what a shell reads so that its commands are about this demo."""
    exports = " ".join(
        f"{variable(name)}={shlex.quote(str(getattr(settings, name)))}" for name in NAMES
    )
    programs = shlex.quote(str(Path(sys.prefix) / "bin"))
    return f'export {exports}\nexport PATH={programs}:"$PATH"\n'
