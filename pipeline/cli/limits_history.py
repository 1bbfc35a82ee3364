"""`riskgate limits history`: who changed which limit when."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import AsJson, MaybeFrom, To, is_json, open_reader, period
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.limits_changes import LimitsChange


def history(
    account: Annotated[
        str | None,
        typer.Argument(
            help="Only documents that concern it, those of * included; by default all.",
            show_default=False,
        ),
    ] = None,
    begin: MaybeFrom = None,
    end: To = None,
    as_json: AsJson = None,
) -> None:
    """Show who changed which limit when, the newest change first, with its difference."""
    from pipeline.outputs.limits_changes import limits_changes
    from topics.fields import EVERYONE

    within, wanted = period(begin, end), {EVERYONE, account}
    found = [
        change
        for change in limits_changes(open_reader())
        if within.holds(change.output.at_ms)
        and (account is None or change.document.account_id in wanted)
    ]
    for change in reversed(found):
        if is_json(as_json):
            _say_json(change)
        else:
            _say(change)
    if not found:
        say(f"There is no document for {account or 'any account'} in that time.", err=True)


def _say(change: "LimitsChange") -> None:
    from pipeline.outputs.change_text import change_head, change_lines
    from pipeline.outputs.words import timestamp

    output = change.output
    say(f"{timestamp(output.at_ms)}  {change_head(change)}  ({output.place})")
    for line in change_lines(change):
        say(f"  {line}")


def _say_json(change: "LimitsChange") -> None:
    from pipeline.outputs.change_text import change_lines
    from topics.codec import encode_plain

    document = change.document
    line = {
        "at_ms": change.output.at_ms,
        "account_id": document.account_id,
        "version": document.version,
        "author": document.author,
        "reason": document.reason,
        "refused": change.refused,
        "changes": list(change_lines(change)),
        "place": change.output.place,
    }
    say(encode_plain(line).decode())
