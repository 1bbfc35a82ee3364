"""`riskgate rebuild`: make risk's state again from the log, after its changelog was lost."""

import logging
from typing import Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say


def rebuild(
    from_snapshots: Annotated[
        bool,
        typer.Option(
            "--from-snapshots", help="Begin at the snapshots where the first events are gone."
        ),
    ] = False,
    partition: Annotated[
        int | None,
        typer.Option("--partition", help="Make only this partition of events again."),
    ] = None,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Write the state even if published outputs differ."),
    ] = False,
) -> None:
    """Make risk's state again from the log, while all risk workers are stopped."""
    from pipeline.rebuild.rebuild import rebuild as make_again
    from pipeline.streams.settings import Settings

    logging.disable(logging.WARNING)  # Risk logs each stop; they are long known.
    found = make_again(
        Settings.from_environment(),
        from_snapshots=from_snapshots,
        accept=accept,
        partition=partition,
    )
    if found.is_written:
        say("The state is whole. Start risk again: riskgate run risk")
        return
    say(
        "Nothing was written, because what is decided again is not what is published. If that is "
        "explained, run this command again with --accept"
    )
    raise typer.Exit(exit_codes.DIFFERENT)
