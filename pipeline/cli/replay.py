"""`riskgate replay`: decide recorded inputs again, from a file or from the log in Kafka."""

import gc
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.histories import InitialLimits, RecordedFile, check_sources, opened
from pipeline.cli.terminal import Screen


def replay(
    file: RecordedFile = None,
    limits: InitialLimits = None,
    from_kafka: Annotated[
        bool, typer.Option("--from-kafka", help="Replay the log in Kafka, compare its outputs.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Show what these limits would have decided differently.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="With --against: write every difference to this file.")
    ] = None,
) -> None:
    """Decide recorded inputs again without affecting any account."""
    logging.disable(logging.WARNING)  # Risk logs each stop; here stops are lines of the output.
    check_sources(file, limits, from_kafka=from_kafka)
    if json and not against:
        raise typer.BadParameter("--json needs --against")
    if against is not None:
        _replay_against(file, against, limits=limits, json=json)
    elif file is None:
        _replay_log()
    else:
        _replay_file(file, limits)


def _replay_file(file: Path, limits: Path | None) -> None:
    from pipeline.replay.files import replay_file

    gc.freeze()  # What is imported stays: scanning it with every collection costs a tenth.
    out = Screen() if sys.stdout.isatty() else sys.stdout.buffer
    with opened(file) as lines:
        replay_file(lines, out, limits=limits)


def _replay_log() -> None:
    from pipeline.replay.log import compare_with_kafka
    from pipeline.streams.settings import Settings

    differences = compare_with_kafka(Settings.from_environment())
    raise typer.Exit(exit_codes.DIFFERENT if differences else exit_codes.OK)


def _replay_against(
    file: Path | None, against: Path, *, limits: Path | None, json: Path | None
) -> None:
    from pipeline.cli.otherwise_text import print_otherwise, write_json
    from pipeline.replay.against import file_against, log_against
    from pipeline.streams.settings import Settings

    if file is None:
        found = log_against(Settings.from_environment(), against)
    else:
        with opened(file) as lines:
            found = file_against(lines, against, limits=limits)
    print_otherwise(found)
    if json is not None:
        write_json(found, json)
    raise typer.Exit(exit_codes.DIFFERENT if found.differences else exit_codes.OK)
