"""What a comparison asks of whatever decides the events of a partition."""

from typing import Protocol

from pipeline.risk.account.account import Shared
from pipeline.risk.step import Step
from topics.events import Event

__all__ = ["Decider"]


class Decider(Protocol):
    """What decides the events of a partition."""

    @property
    def shared(self) -> Shared:
        """What its accounts share, after the last event."""

    def apply(self, event: Event, content: bytes, at_ms: int) -> Step:
        """Decide an event."""
