"""`riskgate record`: the log in Kafka as a file, for replay, sweep and report."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.reading import MaybeFrom, To, period
from pipeline.cli.terminal import say


def record(
    file: Annotated[Path, typer.Argument(help="File to write; .gz is gzipped.")],
    begin: MaybeFrom = None,
    end: To = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; can be repeated.")
    ] = None,
) -> None:
    """Write the log in Kafka to a file that replay, sweep and report read.

    With --from it begins up to two days earlier, where each account has a snapshot to begin from.
    """
    from pipeline.backtest.recording import Stretch
    from pipeline.backtest.recording import record as write
    from pipeline.outputs.words import count, timestamp
    from pipeline.streams.settings import Settings

    chosen = period(begin, end)
    stretch = Stretch(from_ms=chosen.from_ms, to_ms=chosen.to_ms, accounts=frozenset(account or ()))
    found = write(Settings.from_environment(), file, stretch)
    say(
        f"{file} holds {count(found.events, 'event')} of {count(len(found.accounts), 'account')}, "
        f"from {timestamp(found.first_ms or 0)} to {timestamp(found.last_ms or 0)}."
    )
    unknown = sorted(stretch.accounts - found.accounts)
    for name in unknown:
        say(f"riskgate: account {name} has no recorded event", err=True)
    if unknown:
        raise typer.Exit(exit_codes.DIFFERENT)
