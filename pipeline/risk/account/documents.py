"""The limits documents of an account or of `*`: the lasting one, and what lies over it for a while.

Texts are canonical JSON. Apart from account.py because the operator's commands put documents
together in the same way.
"""

from functools import lru_cache
from typing import Any

from msgspec import Struct

from topics.codec import decode_plain, encode_plain

TEMPORARY_MAX = 16
Rules = dict[str, dict[str, Any]]  # As documents carry them; each rule converts its own values.


class Temporary(Struct, frozen=True, array_like=True, gc=False):
    """Rules that lie over a document until their end."""

    version: int
    rules: str
    ends_ms: int


class Proposal(Struct, frozen=True, array_like=True, gc=False):
    """A document that has no effect until another author approves it."""

    version: int
    rules: str
    author: str
    duration_ms: int | None = None  # None: a lasting document.


class Document(Struct, frozen=True, array_like=True, gc=False):
    """The newest version in force (0 for none), and the rules that make it up."""

    version: int = 0
    rules: str = "{}"  # Of the lasting document.
    temporary: tuple[Temporary, ...] = ()  # The oldest first; a later one overrides.
    proposed: Proposal | None = None

    @property
    def in_force(self) -> str:
        """The lasting rules under all temporary ones."""
        return _overlaid(self.rules, self.temporary) if self.temporary else self.rules

    def in_force_at(self, now_ms: int) -> str:
        """Return the rules that apply at a time, at which temporary ones may have ended.

        Those of `*` end for each account by its own clock, exactly and without an event of `*`.
        """
        if not self.temporary:  # Nearly always; every event asks.
            return self.rules
        return _overlaid(self.rules, still_valid(self.temporary, now_ms))

    @property
    def ends_ms(self) -> int | None:
        """When the first of the temporary rules ends."""
        return min((item.ends_ms for item in self.temporary), default=None)


def still_valid(temporary: tuple[Temporary, ...], now_ms: int) -> tuple[Temporary, ...]:
    """Return those whose time is not over."""
    return tuple(item for item in temporary if item.ends_ms > now_ms)


def merge(below: Rules, rules: Rules) -> Rules:
    """Merge two documents; each parameter of the upper one overrides the lower one's."""
    merged = {name: dict(values) for name, values in below.items()}
    for name, values in rules.items():
        merged[name] = {**merged.get(name, {}), **values}
    return merged


@lru_cache(maxsize=1024)  # The result depends on the texts alone; every event asks for it.
def _overlaid(rules: str, temporary: tuple[Temporary, ...]) -> str:
    merged: Rules = decode_plain(rules)
    for item in temporary:
        merged = merge(merged, decode_plain(item.rules))
    return encode_plain(merged).decode()
