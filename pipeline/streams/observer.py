"""What the engine reports of itself, for metrics and health.

Apart from role_interface.py because no role needs it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.streams.places import Partition, Place

__all__ = ["EngineStatus", "Observer"]


class Observer:
    """Receives what happens in the engine, for metrics; the engine's thread makes all calls."""

    def committed(self, seconds: float, records: int) -> None:
        """Record a commit of so many records and its duration, including preparation."""

    def dropped(self, records: int) -> None:
        """Record a checkpoint that was dropped because its partitions were lost."""

    def recovered(self, seconds: float) -> None:
        """Record how long a recovery from the changelog took."""

    def overwritten(self, partitions: int) -> None:
        """Record that group offsets of so many partitions were older than their state."""

    def rebalanced(self) -> None:
        """Record a new assignment."""


def _nothing() -> None:
    pass


@dataclass(slots=True)
class EngineStatus:
    """The engine's status, written by its thread and read by others."""

    beat: Callable[[], None] = _nothing  # The engine's thread calls it while it is alive.
    ready: bool = False  # Owns partitions, all of them recovered and verified.
    idle_member: bool = False  # A member of the group that got no partition.
    last_turn_s: float = 0.0  # time.monotonic() of the loop's last turn.
    assigned: tuple[Partition, ...] = ()
    positions: Mapping[Place, int] = field(default_factory=dict)  # Next to be read.
    lags: Mapping[Place, int] = field(default_factory=dict)  # Records, once a second.
    copies: Mapping[int, int] = field(default_factory=dict)  # Records that copies of others lack.
    recovering_s: float = 0.0  # How long assigned partitions have waited for their state.

    def show_life(self) -> None:
        """Say that the engine's thread is alive."""
        self.last_turn_s = time.monotonic()
        self.beat()
