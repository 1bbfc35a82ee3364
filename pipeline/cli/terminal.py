"""What commands print: text that somebody sent never acts on the terminal it is shown on."""

from collections.abc import Iterable

import typer

from topics.text import visible

__all__ = ["Screen", "say"]


def say(text: str, *, err: bool = False) -> None:
    """Print lines, on stderr if asked, with every control character in them escaped."""
    typer.echo("\n".join(visible(line) for line in text.split("\n")), err=err)


class Screen:
    """Stand in for stdout's bytes where a person looks at them."""

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Print lines that end with a newline."""
        for line in lines:
            say(line.decode(errors="backslashreplace").removesuffix("\n"))
