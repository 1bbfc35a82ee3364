"""How a command of riskgate is killed at a step, in the process that runs it."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from pipeline.cli.app import main

__all__ = ["Step", "run_until"]


class Step(NamedTuple):
    """The call at which the process dies."""

    where: Any  # A module or a class.
    name: str
    times: int  # Which of its calls; the first is 1.


def run_until(step: Step, *command: str) -> None:
    """Run a command, and die right before a call."""
    original: Callable[..., object] = getattr(step.where, step.name)
    left = [step.times]

    def die(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(step.where, step.name, die)
    sys.argv = ["riskgate", *command]
    main()
