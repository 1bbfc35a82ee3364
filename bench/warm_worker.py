"""One life of a risk worker, forked from a process that has imported everything.

Apart from kills.py because the process that forks must not import what has clients of Kafka open.
"""

import os
import threading
from collections.abc import Mapping
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from bench.failpoints import Fault, arm
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import workers  # noqa: F401 - What takes longest to import.
from pipeline.streams.roles.run import run_roles

__all__ = ["end_with_parent", "live"]


def live(
    environment: Mapping[str, str], log: Path, *, fault: Fault | None, last_word: Connection
) -> None:
    """Work until the fault strikes; say where it did just before that."""
    with log.open("ab") as stream:
        os.dup2(stream.fileno(), 2)
    os.environ.update(environment)
    threading.Thread(target=end_with_parent, daemon=True).start()
    if fault is not None:
        arm(fault, last_word.send)
    raise SystemExit(run_roles([RoleName.RISK]))


def end_with_parent() -> None:
    """End as soon as the process does that started the one which forked this."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
