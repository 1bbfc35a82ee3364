"""`riskgate replay`: decide recorded inputs again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import exit_codes

STDIN = Path("-")


def replay(
    file: Annotated[
        Path | None, typer.Argument(help="Recorded inputs, one JSON line each; - is stdin.")
    ] = None,
    limits: Annotated[
        Path | None, typer.Option(help="Limits file, version 1 for every account.")
    ] = None,
    from_kafka: Annotated[
        bool, typer.Option("--from-kafka", help="Compare the recorded log with its outputs.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Show what these limits would have changed in the log.")
    ] = None,
) -> None:
    """Decide recorded inputs again, without touching an account."""
    _check_sources(file, limits, from_kafka=from_kafka, against=against)
    if file is None:
        _replay_log(against)
    else:
        _replay_file(file, limits)


def _check_sources(
    file: Path | None, limits: Path | None, *, from_kafka: bool, against: Path | None
) -> None:
    if (file is None) != from_kafka:
        raise typer.BadParameter("name either FILE or --from-kafka")
    if from_kafka and limits:
        raise typer.BadParameter("--limits goes with FILE; other limits for the log: --against")
    if against and not from_kafka:
        raise typer.BadParameter("--against goes with --from-kafka")


def _replay_file(file: Path, limits: Path | None) -> None:
    from pipeline.errors import StartupError
    from pipeline.replay.files import replay_file

    try:
        lines = sys.stdin.buffer if file == STDIN else file.open("rb")
    except OSError as error:
        raise StartupError(
            f"{file} cannot be read ({error.strerror}); name a file of recorded inputs"
        ) from error
    with lines:
        replay_file(lines, sys.stdout.buffer, limits=limits)


def _replay_log(against: Path | None) -> None:
    from pipeline.replay.log import compare_with_kafka
    from pipeline.streams.settings import Settings

    differences = compare_with_kafka(Settings.from_environment(), against=against)
    raise typer.Exit(exit_codes.DIFFERENT if differences else exit_codes.OK)
