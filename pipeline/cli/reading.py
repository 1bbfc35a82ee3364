"""Options that the commands which read the outputs share, and the way they print.

On a terminal people get a table, elsewhere programs get one JSON line each; either can be asked
for.
"""

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.terminal import say
from pipeline.cli.times import since_ms

if TYPE_CHECKING:
    from pipeline.outputs.reader import OutputReader
    from pipeline.outputs.record import Period

__all__ = [
    "AsJson",
    "Follow",
    "From",
    "MaybeFrom",
    "To",
    "is_json",
    "now_ms",
    "open_reader",
    "period",
    "warn_of_forks",
]

AsJson = Annotated[
    bool | None,
    typer.Option(
        "--json/--table", help="JSON lines, or a table; by default a table on a terminal only."
    ),
]
Follow = Annotated[bool, typer.Option("--follow", help="Go on with what comes until Ctrl-C.")]
From = Annotated[
    str, typer.Option("--from", help="Begin this long ago (24h), or at this UTC time (14:03).")
]
MaybeFrom = Annotated[
    str | None,
    typer.Option("--from", help="Begin this long ago (24h), or at this UTC time (14:03)."),
]
To = Annotated[
    str | None, typer.Option("--to", help="End this long ago, or at this UTC time; by default now.")
]
Most = Annotated[int, typer.Option("--max", min=1, help="Show at most so many, the newest ones.")]


def is_json(wanted: bool | None) -> bool:
    """Whether to print JSON lines."""
    return not sys.stdout.isatty() if wanted is None else wanted


def now_ms() -> int:
    """Return the time of this machine."""
    return time.time_ns() // 1_000_000


def period(begin: str | None, end: str | None) -> "Period":
    """Return the period that --from and --to name. Raise BadParameter for anything else."""
    from pipeline.outputs.record import Period

    now = now_ms()
    found = Period(*(None if text is None else since_ms(text, now) for text in (begin, end)))
    if found.from_ms is not None and found.to_ms is not None and found.from_ms > found.to_ms:
        raise typer.BadParameter("--from is after --to")
    return found


def open_reader() -> "OutputReader":
    """Return the reader of the outputs, with the settings of the environment."""
    from pipeline.outputs.reader import OutputReader
    from pipeline.streams.settings import Settings

    return OutputReader(Settings.from_environment())


def warn_of_forks(accounts: Iterable[str]) -> None:
    """Warn of accounts of which one sequence was decided in two ways."""
    for account in sorted(accounts):
        say(
            f"riskgate: two outputs of {account} have one sequence but different chains: see "
            "docs/runbooks/RiskgateFork.md",
            err=True,
        )
