"""Printing for all commands, with control characters escaped.

Ids and reasons come from whoever wrote to Kafka; an escape sequence in one must not control the
operator's terminal. Commands print through here and never call print or echo themselves.
"""

from collections.abc import Iterable

import typer

from topics.text import visible

__all__ = ["Screen", "say"]


def say(text: str, *, err: bool = False) -> None:
    """Print lines on stdout, or on stderr, with control characters escaped."""
    typer.echo("\n".join(visible(line) for line in text.split("\n")), err=err)


class Screen:
    """Replace stdout's binary buffer when stdout is a terminal; a pipe gets the exact bytes."""

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Print lines, each of which ends with a newline."""
        for line in lines:
            say(line.decode(errors="backslashreplace").removesuffix("\n"))
