"""What a comparison with recorded outputs has found so far, over all partitions."""

from collections import Counter
from typing import NamedTuple, Protocol, Self

from pipeline.replay.stretches import Stretches

__all__ = ["Counts", "Difference", "Where"]


class Decision(Protocol):
    """What is known of an output, by whichever release."""

    @property
    def rules_version(self) -> str: ...

    @property
    def at_ms(self) -> int: ...


class Where(NamedTuple):
    """The topic, account and event of an output."""

    topic: str
    partition: int
    account_id: str
    sequence: int


class Difference(NamedTuple):
    """The recorded output and what this release decides; None when there is no output."""

    where: Where
    recorded: bytes | None
    decided: bytes | None


class Counts:
    """The results so far, over all partitions."""

    def __init__(self) -> None:
        self.events = 0
        self.skipped = 0  # Events older than the snapshot of their account.
        self.equal: Counter[str] = Counter()  # Outputs, by topic.
        self.different: Counter[str] = Counter()
        self.stretches = Stretches()  # Of all outputs that were recorded, rows apart.
        self.first: Difference | None = None

    def add(self, others: Self) -> None:
        """Add the results of other partitions."""
        self.events += others.events
        self.skipped += others.skipped
        self.equal += others.equal
        self.different += others.different
        self.first = self.first or others.first
        self.stretches.add(others.stretches)

    def differ(self, difference: Difference) -> None:
        """Count a difference and keep the first."""
        self.different[difference.where.topic] += 1
        self.first = self.first or difference

    def note(self, recorded: Decision) -> None:
        """Note which release published an output, and when."""
        self.stretches.note(recorded.rules_version, recorded.at_ms)
