"""The one exception that ends a command with a sentence instead of a traceback."""

__all__ = ["StartupError"]


class StartupError(Exception):
    """Say in one sentence what keeps riskgate from starting and what to do about it.

    The command line prints the sentence on stderr and exits with code 2.
    """
