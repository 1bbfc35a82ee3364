"""`riskgate explain`: show from the recorded decisions why a signal was approved or rejected."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.terminal import say
from pipeline.cli.times import duration_ms, moment_ms

if TYPE_CHECKING:
    from topics.decisions import Decision

AROUND_MS = 60_000


def explain(
    signal_id: Annotated[
        str | None, typer.Argument(help="Only the decisions on this signal.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Only this account; makes the search much faster.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Within a minute of this UTC time: 14:03, or 2026-11-21T14:03:20Z."),
    ] = None,
    since: Annotated[str, typer.Option(help="How far to look back, unless --at is given.")] = "24h",
    rule: Annotated[str | None, typer.Option(help="Only decisions in which it breached.")] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Only signals that were not approved as requested.")
    ] = False,
    most: Annotated[int, typer.Option("--max", min=1, help="Show at most this many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line each.")] = False,
) -> None:
    """Show recorded decisions with the numbers of every rule; exit with 1 if none is found."""
    import time
    from itertools import islice

    from pipeline.replay.decided import Wanted, find_decisions
    from pipeline.streams.clients.broker import Broker
    from pipeline.streams.settings import Settings

    if signal_id is None and account is None and at is None and rule is None and not refused:
        raise typer.BadParameter("name a signal, or --account, --at, --rule or --refused")
    now_ms = time.time_ns() // 1_000_000
    begin_ms, end_ms = _times(at, since, now_ms)
    wanted = Wanted(begin_ms, end_ms, signal_id, account, rule, refused)
    found = find_decisions(Broker(Settings.from_environment()), wanted)
    shown = 0
    for shown, decision in enumerate(islice(found, most), 1):  # noqa: B007 - Counted.
        _say_decision(decision, as_json=as_json)
    _conclude(shown, more=next(found, None) is not None)


def _say_decision(decision: "Decision", *, as_json: bool) -> None:
    from pipeline.cli.explanation import say_decision
    from topics.codec import encode

    if as_json:
        say(encode(decision).decode())
    else:
        say_decision(decision)


def _times(at: str | None, since: str, now_ms: int) -> tuple[int, int]:
    if at is None:
        return now_ms - duration_ms(since), now_ms + AROUND_MS
    moment = moment_ms(at, now_ms)
    return moment - AROUND_MS, moment + AROUND_MS


def _conclude(shown: int, *, more: bool) -> None:
    if more:
        say(
            f"riskgate: there are more than these {shown}; narrow the search or raise --max",
            err=True,
        )
    if not shown:
        say(
            "riskgate: no matching decision in that time; look further back with --since or --at, "
            "or search dead_letters for the signal",
            err=True,
        )
        raise typer.Exit(exit_codes.DIFFERENT)
