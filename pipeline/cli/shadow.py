"""`riskgate shadow`: what a silent release would have decided otherwise."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import exit_codes
from pipeline.cli.reading import AsJson, From, Most, To, is_json, now_ms, open_reader, period
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.shadows import Findings
    from topics.shadows import ShadowDifference


def shadow(
    version: Annotated[
        str | None, typer.Option(help="Only this silent rules_version; by default the newest.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only this account's differences.")] = None,
    begin: From = "24h",
    end: To = None,
    most: Most = 50,
    as_json: AsJson = None,
) -> None:
    """Show what a silent release decides otherwise; exit with 1 when it does anything so."""
    from pipeline.outputs.shadows import read_shadows
    from topics.codec import encode

    found = read_shadows(open_reader(), period(begin, end), version=version)
    shown = [each for each in found.differences if account in {None, each.account_id}]
    if is_json(as_json):
        for each in shown[-most:]:
            say(encode(each).decode())
        say(encode(found.summary).decode())
    else:
        _show(found, shown[-most:], len(shown))
    if found.summary.differing:
        raise typer.Exit(exit_codes.DIFFERENT)


def _show(found: "Findings", shown: "list[ShadowDifference]", total: int) -> None:
    from pipeline.cli.tables import Column, say_fitted
    from pipeline.outputs.words import clock

    if shown:
        now = now_ms()
        columns = tuple(
            map(Column, ("TIME", "ACCOUNT", "EVENT", "OUTPUT", "FIELD", "ACTIVE", "SILENT"))
        )
        cells = [_cells(each, clock(each.at_ms, now)) for each in reversed(shown)]
        say_fitted(columns, cells)
        say(f"{len(shown)} of {total}{'; --max shows more' if total > len(shown) else ''}.")
    say(found.summary.text())


def _cells(each: "ShadowDifference", at: str) -> tuple[str, ...]:
    return (
        at,
        each.account_id,
        str(each.sequence),
        f"{each.topic} {each.output_id}",
        each.field or "all",
        each.active_value or "nothing",
        each.shadow_value or "nothing",
    )
