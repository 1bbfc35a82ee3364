"""The options of commands that decide recorded history again: a file, or the log in Kafka."""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

__all__ = ["InitialLimits", "RecordedFile", "check_sources", "opened"]

STDIN = Path("-")

RecordedFile = Annotated[
    Path | None, typer.Argument(help="Recorded inputs, one JSON line each; - for stdin.")
]
InitialLimits = Annotated[
    Path | None, typer.Option(help="Limits file to apply to every account as version 1.")
]


def check_sources(file: Path | None, limits: Path | None, *, from_kafka: bool) -> None:
    """Raise BadParameter unless the command names exactly one history."""
    if (file is None) != from_kafka:
        raise typer.BadParameter("name either FILE or --from-kafka")
    if from_kafka and limits:
        raise typer.BadParameter("--limits needs FILE; the log in Kafka has its own limits")


def opened(file: Path) -> BinaryIO:
    """Open a file of recorded inputs. Raise StartupError when it cannot be read."""
    from pipeline.errors import StartupError

    if file == STDIN:
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise StartupError(
            f"{file} cannot be read ({error.strerror}); name a file of recorded inputs"
        ) from error
