"""What commands print: text that somebody sent never acts on the terminal it is shown on."""

import typer

from topics.text import visible

__all__ = ["say"]


def say(text: str, *, err: bool = False) -> None:
    """Print lines, on stderr if asked, with every control character in them escaped."""
    typer.echo("\n".join(visible(line) for line in text.split("\n")), err=err)
