"""What a bench says: on its way, and as a measured table between its marks in a page."""

import sys
from pathlib import Path

__all__ = ["publish", "say"]


def publish(page: Path, name: str, table: str) -> None:
    """Replace the text between the marks of `name`; a page without them is not changed."""
    text = page.read_text()
    begin_mark, end_mark = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, begin, rest = text.partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if begin and end:
        page.write_text(f"{before}{begin}\n{table}{end}{after}")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
