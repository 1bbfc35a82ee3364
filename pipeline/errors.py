"""The exceptions that end a command with one sentence instead of a traceback.

Apart from the command line because every part of pipeline raises them; only cli/app.py catches
them all. A broken invariant is not one of them: it deserves its traceback.
"""

from typing import ClassVar

from topics.text import visible

__all__ = ["NothingFoundError", "StartupError"]


class StartupError(Exception):
    """Report in one sentence what keeps riskgate from starting and how to fix it.

    The command line prints the sentence on stderr and exits with `exit_code`. It may quote text
    that a stranger sent, so control characters are escaped.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, sentence: str) -> None:
        super().__init__(visible(sentence))


class NothingFoundError(StartupError):
    """Report that nothing was recorded to look at; success would claim a proof that there is not.

    For commands that compare or report what was recorded.
    """

    exit_code = 1
