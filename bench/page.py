"""Publishing of a measured table between its marks in a page."""

from pathlib import Path

__all__ = ["publish"]


def publish(page: Path, name: str, table: str) -> None:
    """Replace the text between the marks of `name`; a page without them is not changed."""
    text = page.read_text()
    begin_mark, end_mark = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, begin, rest = text.partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if begin and end:
        page.write_text(f"{before}{begin}\n{table}{end}{after}")
