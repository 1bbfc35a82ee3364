"""`riskgate explain`: what was decided and why, with what happened between the decisions."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipeline.cli import exit_codes
from pipeline.cli.reading import MaybeFrom, To, now_ms, open_reader, period, warn_of_forks
from pipeline.cli.terminal import say
from pipeline.cli.times import moment_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.outputs.search import Found

AROUND_MS = 60_000


def explain(
    signal_id: Annotated[
        str | None, typer.Argument(help="Only the decisions on this signal, in full.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Only this account; makes the search much faster.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Within a minute of this UTC time: 14:03, or 2026-11-21T14:03:20Z."),
    ] = None,
    begin: MaybeFrom = None,
    end: To = None,
    rule: Annotated[str | None, typer.Option(help="Only decisions in which it breached.")] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="Only signals that were not approved as requested.")
    ] = False,
    most: Annotated[int, typer.Option("--max", min=1, help="Show only the newest ones.")] = 20,
    full: Annotated[
        bool, typer.Option("--full", help="Show the numbers of every rule, not one line each.")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Show all digits, not six significant ones.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the messages of `decisions`, one line each.")
    ] = False,
) -> None:
    """Show what was decided and why, newest first; exit with 1 if nothing is found.

    Between the decisions stand exits, stops, resumes, controls and changes of limits, unless a
    signal or a rule is named.
    """
    if signal_id is None and account is None and at is None and rule is None and not refused:
        raise typer.BadParameter("name a signal, or --account, --at, --rule or --refused")
    begin_ms, end_ms = _times(at, begin, end)
    form = _Form(most, as_json, full or signal_id is not None, exact)
    _explain(_Search(begin_ms, end_ms, signal_id, account, rule, refused), form)


class _Search(NamedTuple):
    begin_ms: int
    end_ms: int
    signal_id: str | None
    account: str | None
    rule: str | None
    refused: bool


class _Form(NamedTuple):
    most: int
    as_json: bool
    full: bool
    exact: bool


def _explain(search: _Search, form: _Form) -> None:
    from pipeline.cli.listing import newest
    from pipeline.outputs.search import Wanted, find

    reader = open_reader()
    between = search.signal_id is None and search.rule is None
    found = find(reader, Wanted(*search), between=between)
    shown, total = newest(_of_decisions(found) if form.as_json else found, form.most)
    for each in shown:
        if form.as_json:
            say(each.output.value.decode())
        else:
            _say(each, full=form.full, exact=form.exact)
    warn_of_forks(reader.forks)
    _conclude(len(shown), more=total > len(shown))


def _of_decisions(found: "Iterator[Found]") -> "Iterator[Found]":
    return (each for each in found if each.output.topic == "decisions")


def _say(found: "Found", *, full: bool, exact: bool) -> None:
    from pipeline.cli.explanation import line_of, say_decision
    from topics.decisions import Decision

    if full and isinstance(found.message, Decision):
        say_decision(found.message, exact=exact)
    else:
        say(line_of(found, exact=exact))


def _times(at: str | None, begin: str | None, end: str | None) -> tuple[int, int]:
    """Return the period to search: by default the last 24 hours."""
    now = now_ms()
    if at is None:
        within = period(begin or "24h", end)
        to_ms = now + AROUND_MS if within.to_ms is None else within.to_ms
        return within.from_ms or 0, to_ms
    if begin is not None or end is not None:
        raise typer.BadParameter("name either --at, or --from and --to")
    moment = moment_ms(at, now)
    return moment - AROUND_MS, moment + AROUND_MS


def _conclude(shown: int, *, more: bool) -> None:
    if more:
        say(
            f"riskgate: there are more than these {shown}; narrow the search or raise --max",
            err=True,
        )
    if not shown:
        say(
            "riskgate: no matching decision in that time; look further back with --from or --at, "
            "or for the signal in: riskgate dead-letters",
            err=True,
        )
        raise typer.Exit(exit_codes.DIFFERENT)
