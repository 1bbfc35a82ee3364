"""A risk worker whose main thread stands in a call once a file is there: its arguments."""

import ctypes
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.streams.engine.loop import Loop
from pipeline.streams.role_names import RoleName
from pipeline.streams.roles import workers
from pipeline.streams.roles.run import run_roles

CALLS: dict[str, Callable[[int], object]] = {
    "in Python": time.sleep,
    "in C with Python's lock": ctypes.PyDLL(None).sleep,
}


def main() -> int:
    """Run until stopped."""
    call, file = CALLS[sys.argv[1]], Path(sys.argv[2])
    workers.STALL_SECONDS_MAX = 3.0
    turn = Loop.turn

    def stand(self: Loop) -> None:
        if file.exists():
            call(120)
        turn(self)

    Loop.turn = stand  # type: ignore[method-assign]
    return run_roles([RoleName.RISK])


if __name__ == "__main__":
    sys.exit(main())
