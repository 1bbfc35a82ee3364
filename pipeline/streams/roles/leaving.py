"""Handle SIGTERM before a process has started any work that it must finish.

Apart from run.py so that it takes effect before the slow imports of a role.
"""

import os
import signal
from types import FrameType
from typing import NoReturn

__all__ = ["exit_on_sigterm"]


def exit_on_sigterm() -> None:
    """Exit immediately with code 0 on SIGTERM, until a role installs its own handler."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    # SystemExit would be printed or lost if an import callback or a finalizer is running.
    os._exit(0)
