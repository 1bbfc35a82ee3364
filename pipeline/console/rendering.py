"""Templates of the pages. Autoescape is on, and every text is made visible first: names and reasons
come from whoever wrote to Kafka, and an escape for the eye is as bad as one for the browser.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.outputs.stops import is_exit_id
from pipeline.outputs.words import figure, percent, pnl, timestamp
from topics.text import visible

__all__ = ["environment"]

FULL = Decimal(1)
BAR_WIDTH = 100
NEAR = Decimal("0.8")
HALF = Decimal("0.5")


def environment() -> Environment:
    """Make the environment of all templates."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "figure": figure,
        "percent": percent,
        "pnl": pnl,
        "sign": _sign,
        "bar": _bar,
        "level": _level,
        "iso": _iso,
        "at": lambda at_ms: timestamp(int(at_ms)),
        "query": _query,
        "lines": _lines,
        "is_exit": is_exit_id,
    }
    return found


def _shown(value: object) -> object:
    """Make a plain text visible; markup that a template made is left alone."""
    return visible(value) if type(value) is str else value


class _Lines(str):
    """Lines that were made visible one by one; they are escaped as any text."""

    __slots__ = ()


def _lines(text: str) -> _Lines:
    """Make each line of a text visible, and leave the lines apart."""
    return _Lines("\n".join(map(visible, text.split("\n"))))


def _sign(number: Decimal | None) -> str:
    """Return the class of a profit or loss."""
    if number is None:
        return "unknown"
    return "loss" if number < 0 else "gain" if number > 0 else "even"


def _bar(ratio: Decimal) -> str:
    """Return the width of a bar of 100."""
    return f"{min(FULL, max(Decimal(0), ratio)) * BAR_WIDTH:.1f}"


def _level(ratio: Decimal) -> str:
    """Return the class of a bar."""
    if ratio >= FULL:
        return "over"
    return "near" if ratio >= NEAR else "half" if ratio >= HALF else "low"


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _query(values: dict[str, object], **changed: object) -> str:
    """Return a query string with some values changed, without those that are empty."""
    found = {**values, **changed}
    return urlencode({name: value for name, value in found.items() if value not in {"", None}})
