"""The one exception that ends a command with a sentence instead of a traceback."""

from typing import ClassVar

from topics.text import visible

__all__ = ["NothingFoundError", "StartupError"]


class StartupError(Exception):
    """Say in one sentence what keeps riskgate from starting and what to do about it.

    The command line prints the sentence on stderr and exits with `exit_code`. What it quotes may
    have been sent by a stranger, so nothing in it acts on a terminal.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, said: str) -> None:
        super().__init__(visible(said))


class NothingFoundError(StartupError):
    """Say why a command that looks at what was recorded found nothing: that proves nothing."""

    exit_code = 1
