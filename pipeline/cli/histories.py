"""The options of commands that decide recorded history again: a file, or the log in Kafka."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["STDIN", "InitialLimits", "RecordedFile", "check_sources", "opened"]

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


@contextmanager
def opened(file: Path) -> Iterator[Iterator[bytes]]:
    """Open a file of recorded inputs, gzipped if it ends in .gz.

    Raise StartupError when it cannot be read.
    """
    from pipeline.replay.line_files import lines_of

    with closing(_stdin() if file == STDIN else lines_of(file)) as lines:
        yield lines


def _stdin() -> Generator[bytes, None, None]:
    yield from sys.stdin.buffer
