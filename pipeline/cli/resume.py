"""`riskgate resume`: lift a stop, or show which are open and what lifting them means."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.controls import Account, ExpiresIn, Force, control_of, one_account
from pipeline.cli.sending import EVERYONE, WAIT, ForcedYes, NoWait, Sending, Wait, send_control
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.accounts import Rows
    from pipeline.outputs.stops import StopView

__all__ = ["open_ids", "resume"]

MAYBE_AUTHOR = Annotated[
    str | None, typer.Option(help="Who gives the command; needed to lift a stop.")
]
MAYBE_REASON = Annotated[
    str | None, typer.Option(help="Why the command is given; needed to lift a stop.")
]
StopId = Annotated[
    str | None, typer.Option(help="The stop to lift; without it, open stops are shown.")
]


def resume(
    account: Account,
    author: MAYBE_AUTHOR = None,
    reason: MAYBE_REASON = None,
    stop_id: StopId = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Lift all open stops.")] = False,
    expires_in: ExpiresIn = None,
    force: Force = False,
    yes: ForcedYes = False,
    wait: Wait = WAIT,
    no_wait: NoWait = False,
) -> None:
    """Lift one stop, or with --all every open one; without either, show the open stops."""
    name = one_account(account)
    if stop_id is not None and every:
        raise typer.BadParameter("name either --stop-id or --all")
    if stop_id is None and not every:
        _show(name)
        return
    if author is None or reason is None:
        missing = "--author" if author is None else "--reason"
        raise typer.BadParameter(f"lifting a stop needs {missing}")
    sending = Sending.of(wait, no_wait=no_wait, force=force, yes=yes)
    for each in [stop_id] if stop_id is not None else open_ids(name):
        send_control(control_of("resume", name, expires_in, (author, reason), each), sending)


def open_ids(account: str) -> list[str]:
    """Return the ids of the open stops of an account, oldest first; say so when there is none."""
    stops = [stop.stop_id for stop in _open_stops(account)[0]]
    if not stops:
        say(f"{_who(account)} has no open stop.")
    return stops


def _open_stops(account: str) -> "tuple[list[StopView], Rows]":
    """Return the open stops, oldest first, and the rows that name them."""
    from pipeline.cli.reading import open_reader
    from pipeline.outputs.accounts import read_rows
    from pipeline.outputs.stops import everyones, read_stops

    reader = open_reader()
    one = None if account == EVERYONE else account
    rows = read_rows(reader, one)
    stops = read_stops(reader, rows, account=one)
    if account == EVERYONE:
        return everyones(stops, rows), rows
    return [stop for stop in reversed(stops) if stop.is_open], rows


def _show(account: str) -> None:
    from pipeline.cli.reading import now_ms
    from pipeline.outputs.stops import consequences
    from pipeline.outputs.words import age, count, timestamp

    stops, rows = _open_stops(account)
    if not stops:
        say(f"{_who(account)} has no open stop.")
        return
    say(f"{_who(account)} has {count(len(stops), 'open stop')}:")
    for stop in stops:
        opened = stop.opened_at_ms
        since = "" if opened is None else f", open for {age(now_ms() - opened)}"
        if stop.ends_at_ms is not None:
            since += f", until {timestamp(stop.ends_at_ms)}"
        by = f" by {stop.author}" if stop.author else ""
        say(f"  {stop.stop_id}  {stop.rule}{by}{since}: {stop.reason}")
        for line in consequences(stop, rows.accounts.get(stop.account_id)):
            say(f"    {line}")
    name = f"'{account}'" if account == EVERYONE else account
    say(
        f"Lift one with: riskgate resume {name} --stop-id {stops[0].stop_id} --author … "
        "--reason …, all of them with --all."
    )


def _who(account: str) -> str:
    return "Every account" if account == EVERYONE else account
