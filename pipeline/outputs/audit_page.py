"""The audit as CSV for a spreadsheet and as a page that prints; both hold text of strangers."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.outputs.audit import Entry
from pipeline.outputs.words import timestamp
from topics.text import visible

__all__ = ["csv_lines", "html_page"]

HEAD = (
    "time_utc", "kind", "account", "author", "what", "changes", "topic", "partition", "offset",
    "chain",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@")  # A spreadsheet would calculate what begins so.


def csv_lines(entries: list[Entry]) -> Iterator[str]:
    """Yield a line for each entry below a head; no cell can be a formula."""
    for row in [HEAD, *(_cells(entry) for entry in entries)]:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow([_harmless(cell) for cell in row])
        yield out.getvalue()


def html_page(entries: list[Entry], *, since_ms: int, until_ms: int) -> str:
    """Return a page without links to anything else, so that it can be kept as it is."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    rows = [[visible(cell) for cell in _cells(entry)] for entry in entries]
    template = environment.get_template("audit.html.j2")
    return template.render(
        head=HEAD, rows=rows, since=timestamp(since_ms), until=timestamp(until_ms)
    )


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        timestamp(entry.at_ms),
        entry.kind,
        entry.account_id,
        entry.author,
        entry.text,
        "; ".join(entry.changes),
        entry.topic,
        str(entry.partition),
        str(entry.offset),
        entry.chain,
    )


def _harmless(cell: str) -> str:
    text = visible(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
