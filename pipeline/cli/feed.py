"""`riskgate feed`: prices out of a file, for a dry run."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.numbers import positive


def feed(
    file: Annotated[
        Path, typer.Argument(help="CSV, or Parquet (.parquet) with the extra parquet.")
    ],
    speed: Annotated[str, typer.Option(help="Seconds of the file in one of ours.")] = "1",
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Write everything without waiting.")
    ] = False,
    symbol: Annotated[
        str | None, typer.Option(help="Symbol of every line, where the file names none.")
    ] = None,
    keep_times: Annotated[
        bool,
        typer.Option("--keep-times", help="Leave the times of the file instead of those of now."),
    ] = False,
) -> None:
    """Write the prices of a file to Kafka at the pace of its times.

    Columns: time, symbol, and bid, ask, mark or last (also price, close), high, low. A file with a
    bad line writes nothing.
    """
    from pipeline.cli.exit_codes import DIFFERENT
    from pipeline.cli.terminal import say
    from pipeline.errors import StartupError
    from pipeline.paper.feeding import Pace
    from pipeline.paper.feeding import feed as write
    from pipeline.streams.settings import Settings
    from riskgate.connection import UnavailableError
    from riskgate.writers import DeliveryError

    pace = Pace(speed=positive(speed, "--speed"), at_once=at_once, keep_times=keep_times)
    try:
        count = write(Settings.from_environment(), file, symbol=symbol, pace=pace)
    except UnavailableError as error:
        raise StartupError(str(error)) from error
    except DeliveryError as error:
        say(f"riskgate: {error}", err=True)
        raise typer.Exit(DIFFERENT) from error
    say(f"{count} prices written")
