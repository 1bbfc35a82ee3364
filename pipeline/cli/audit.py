"""`riskgate audit`: everything that a person or a release did, in order."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.reading import From, To, is_json, now_ms, open_reader, period
from pipeline.cli.terminal import say

if TYPE_CHECKING:
    from pipeline.outputs.audit import Entry
    from pipeline.outputs.record import Period


class Format(StrEnum):
    """How the list is written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


def audit(
    begin: From = "24h",
    end: To = None,
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

    within = period(begin, end)
    entries = found_by(open_reader(), within, account)
    chosen = form or (Format.JSON if is_json(None) else Format.TEXT)
    for line in _lines(entries, chosen, within):
        say(line)


def _lines(entries: "list[Entry]", form: Format, within: "Period") -> Iterator[str]:
    if form == Format.JSON:
        from topics.codec import encode

        yield from (encode(entry).decode() for entry in entries)
    elif form == Format.CSV:
        from pipeline.outputs.audit_page import csv_lines

        yield from csv_lines(entries)
    elif form == Format.HTML:
        from pipeline.outputs.audit_page import html_page

        until_ms = now_ms() if within.to_ms is None else within.to_ms
        yield html_page(entries, since_ms=within.from_ms or 0, until_ms=until_ms)
    else:
        yield from _text(entries)


def _text(entries: "list[Entry]") -> Iterator[str]:
    from pipeline.outputs.words import timestamp

    for entry in entries:
        place = f"{entry.topic}/{entry.partition}@{entry.offset}"
        yield f"{timestamp(entry.at_ms)}  {entry.account_id}  {entry.text}  ({place})"
        yield from (f"  {line}" for line in entry.changes)
    yield f"{len(entries)} entries."
