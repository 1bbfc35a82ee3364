"""Text that somebody sent, made safe for a terminal, a log line and a sentence for a person.

Escapes are those of JSON, so a line of JSON keeps its meaning.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import category

__all__ = ["nearest", "quoted", "visible"]

NAME_MAX = 64  # A longer name is no slip of the hand, and comparing it takes long.
QUOTED_MAX = 60
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Escape what moves a cursor, colours or reorders: C0, C1, bidi controls, line separators."""
    if text.isprintable():
        return text
    return "".join(letter if _is_shown(letter) else _escaped(letter) for letter in text)


def quoted(text: str) -> str:
    """Quote what somebody wrote, cut where it is long."""
    return f"'{visible(text[:QUOTED_MAX])}{'…' if len(text) > QUOTED_MAX else ''}'"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one most likely means, upper and lower case alike."""
    if len(name) > NAME_MAX:
        return None
    lowered = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), lowered, n=1)
    return lowered[near[0]] if near else None


def _is_shown(letter: str) -> bool:
    return letter.isprintable() or category(letter) == "Zs"  # Such as a no-break space.


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    pairs = (units[place : place + 2].hex() for place in range(0, len(units), 2))
    return _SHORT.get(letter) or "".join(f"\\u{pair}" for pair in pairs)
