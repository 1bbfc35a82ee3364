"""`riskgate audit`: everything that a person or a release did, in order."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import is_json, now_ms, open_reader, period
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.audit import Entry
    from pipeline.outputs.limits_changes import LimitsChange


class Format(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


def audit(
    since: Annotated[
        str, typer.Option(help="Begin this long ago (7d), or at this UTC time.")
    ] = "24h",
    until: Annotated[
        str | None, typer.Option("--to", help="End this long ago, or at this UTC time.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Only what concerns this account, or every account.")
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="By default text on a terminal, JSON lines elsewhere."),
    ] = None,
) -> None:
    """List limits with their difference, controls, stops, resumes and releases, oldest first.

    Each entry names the topic, partition and offset that record it.
    """
    from pipeline.outputs.audit import audit as found_by

    within = period(since, until)
    entries = found_by(open_reader(), within, account, describe=_described)
    chosen = form or (Format.JSON if is_json(None) else Format.TEXT)
    for line in _lines(entries, chosen, since=within.from_ms or 0):
        say(line)


def _described(change: "LimitsChange") -> tuple[str, list[str]]:
    from pipeline.cli.change_text import change_head, change_lines

    return f"LIMITS {change_head(change)}", list(change_lines(change))


def _lines(entries: "list[Entry]", form: Format, *, since: int) -> Iterator[str]:
    if form == Format.JSON:
        from topics.codec import encode

        yield from (encode(entry).decode() for entry in entries)
    elif form == Format.CSV:
        from pipeline.cli.audit_page import csv_lines

        yield from csv_lines(entries)
    elif form == Format.HTML:
        from pipeline.cli.audit_page import html_page

        yield html_page(entries, since_ms=since, until_ms=now_ms())
    else:
        yield from _text(entries)


def _text(entries: "list[Entry]") -> Iterator[str]:
    from pipeline.outputs.words import timestamp

    for entry in entries:
        place = f"{entry.topic}/{entry.partition}@{entry.offset}"
        yield f"{timestamp(entry.at_ms)}  {entry.account_id}  {entry.text}  ({place})"
        yield from (f"  {line}" for line in entry.changes)
    yield f"{len(entries)} entries."
