"""`riskgate dead-letters`: messages that riskgate could not use, and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import AsJson, Follow, From, Most, To, is_json, period
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from msgspec import Struct

    from pipeline.outputs.record import Output


def dead_letters(
    topic: Annotated[
        str | None, typer.Option(help="Only messages of this topic, without its prefix.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Only messages with this key.")] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the message itself below its error.")
    ] = False,
    begin: From = "24h",
    end: To = None,
    most: Most = 50,
    follow: Follow = False,
    as_json: AsJson = None,
) -> None:
    """Show dead letters, newest first: where the message stands, which field is wrong, and why."""
    from pipeline.cli.listing import Listing, show
    from pipeline.cli.record_text import LETTER_COLUMNS, letter_cells
    from topics.dead_letters import DeadLetter

    def wanted(message: "Struct") -> bool:
        assert isinstance(message, DeadLetter)
        return topic in {None, message.source.topic} and key in {None, message.source.key}

    say_row = _say_raw if raw else None
    within = period(begin, end)
    listing = Listing("dead_letters", LETTER_COLUMNS, letter_cells, wanted, within, None, most)
    show(listing, follow=follow, as_json=is_json(as_json) and not raw, say_row=say_row)


def _say_raw(output: "Output", message: "Struct") -> None:
    from pipeline.outputs.words import timestamp
    from topics.dead_letters import DeadLetter

    assert isinstance(message, DeadLetter)
    source = message.source
    where = f"{source.topic}/{source.partition}@{source.offset}, key {source.key or 'none'}"
    say(f"{timestamp(output.at_ms)}  {where}")
    say(f"  {message.path or 'no field'}: {message.error}")
    shown = message.raw.decode(errors="backslashreplace")
    cut = "" if len(message.raw) == message.raw_bytes else f"… of {message.raw_bytes:,} bytes"
    # One line: a newline in the message must not look like one of ours.
    say(f"  {shown.encode('unicode_escape').decode() if chr(10) in shown else shown}{cut}")
    say("")
