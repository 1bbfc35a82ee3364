"""How a process handles SIGTERM before it has started any work that it must finish.

Apart from run.py so that it is in force before the long imports of a role.
"""

import os
import signal
from types import FrameType
from typing import NoReturn

__all__ = ["leave_when_told"]


def leave_when_told() -> None:
    """End at once, and well, on SIGTERM; until a role takes signals itself."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    # Not SystemExit: raised inside an import's callback or a finalizer it is printed or lost.
    os._exit(0)
