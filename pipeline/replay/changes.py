"""What a replay decides instead of what was recorded: nothing else, unless it is a what-if."""

from collections.abc import Iterator
from typing import Protocol

from pipeline.risk.account.documents import Document

__all__ = ["UNCHANGED", "Changes"]


class Changes(Protocol):
    """What stands between a recorded event and risk."""

    def events(self, content: bytes, at_ms: int) -> Iterator[bytes]:
        """Yield what risk decides for one event; each is decided before the next is asked for."""

    def document(self, document: Document) -> Document:
        """Return the limits that stand where an account, or `*`, begins with these."""


class _Unchanged:
    """A replay of history as it was."""

    def events(self, content: bytes, at_ms: int) -> Iterator[bytes]:
        """Yield the event itself."""
        del at_ms
        yield content

    def document(self, document: Document) -> Document:
        """Return the document itself."""
        return document


UNCHANGED: Changes = _Unchanged()
