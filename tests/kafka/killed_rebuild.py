"""`riskgate rebuild`, killed at the step that its argument names."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from pipeline.cli.app import main
from pipeline.rebuild import rebuild, writing

STEPS: dict[str, tuple[Any, str]] = {
    "before the changelog is deleted": (rebuild, "recreate_changelog"),
    "before the state is sent": (writing.StateWriter, "write"),
    "before the first commit": (writing.StateWriter, "_commit"),
    "before the last commit": (writing.StateWriter, "_commit"),
}


def run(step: str) -> None:
    """Rebuild, and die at a step; `last`: only in the last of its partitions."""
    writing.TRANSACTION_SECONDS_MAX = 5.0  # A worker waits for the end of one that was left open.
    where, name = STEPS[step]
    original: Callable[..., object] = getattr(where, name)
    left = [1 if step != "before the last commit" else 4]

    def die(*arguments: object, **named: object) -> object:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)

    setattr(where, name, die)
    sys.argv = ["riskgate", "rebuild"]
    main()


if __name__ == "__main__":
    run(sys.argv[1])
