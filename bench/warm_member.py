"""One life of a role, forked from a process that has imported everything.

As `riskgate run ROLE`, without the seconds of CPU that each start of Python costs. Apart from
fleet.py because the process that forks must not import what has clients of Kafka open.
"""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from bench.failpoints import Fault, arm
from bench.own_network import enter, hand_over
from bench.warm_worker import end_with_parent
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import workers  # noqa: F401 - What takes longest to import.
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.roles.run import run_roles
from tests.kafka import other_release

__all__ = ["PRELOAD", "Life", "live"]

PRELOAD = "LD_PRELOAD"


class Life(NamedTuple):
    """What one life of a role is."""

    role: str
    environment: Mapping[str, str]
    log: Path
    fault: Fault | None
    ports: Sequence[int]  # Of the brokers; empty: it stays in the common network.
    is_other_release: bool


def live(life: Life, outside: Connection) -> None:
    """Work until it is ended; `outside` gets the sockets of the brokers' ports."""
    with life.log.open("ab") as stream:
        os.dup2(stream.fileno(), 2)
    os.environ.update(life.environment)
    if life.ports:
        enter()
        hand_over(os.dup(outside.fileno()), life.ports)
    outside.close()
    if PRELOAD in life.environment:  # It takes effect in a program that begins.
        command = riskgate_command("run", life.role)
        os.execv(command[0], command)
    threading.Thread(target=end_with_parent, daemon=True).start()
    if life.fault is not None:
        arm(life.fault, _note)
    if life.is_other_release:
        sys.argv = [__file__, "alike"]
        raise SystemExit(other_release.main())
    raise SystemExit(run_roles([RoleName(life.role)]))


def _note(place: str) -> None:
    os.write(2, f"killed {place}\n".encode())
