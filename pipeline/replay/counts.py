"""What a comparison with recorded outputs has found so far, over all partitions."""

from collections import Counter
from typing import NamedTuple, Protocol, Self

from msgspec import Struct

__all__ = ["Counts", "Difference", "Where"]


class Decision(Protocol):
    """What is known of an output of another release."""

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


class Others(Struct):
    """The outputs that another rules_version decided, and when."""

    outputs: int
    first_ms: int
    last_ms: int


class Counts:
    """The results so far, over all partitions."""

    def __init__(self) -> None:
        self.events = 0
        self.skipped = 0  # Events older than the snapshot of their account.
        self.equal: Counter[str] = Counter()  # Outputs, by topic.
        self.different: Counter[str] = Counter()
        self.others: dict[str, Others] = {}  # By rules_version.
        self.first: Difference | None = None

    def add(self, others: Self) -> None:
        """Add the results of other partitions."""
        self.events += others.events
        self.skipped += others.skipped
        self.equal += others.equal
        self.different += others.different
        self.first = self.first or others.first
        for version, each in others.others.items():
            known = self.others.setdefault(version, Others(0, each.first_ms, each.last_ms))
            known.outputs += each.outputs
            known.first_ms = min(known.first_ms, each.first_ms)
            known.last_ms = max(known.last_ms, each.last_ms)

    def differ(self, difference: Difference) -> None:
        """Count a difference and keep the first."""
        self.different[difference.where.topic] += 1
        self.first = self.first or difference

    def name_other(self, recorded: Decision) -> None:
        """Count an output of another rules_version: this release need not reproduce it."""
        at_ms = recorded.at_ms
        found = self.others.setdefault(recorded.rules_version, Others(0, at_ms, at_ms))
        found.outputs += 1
        found.first_ms = min(found.first_ms, at_ms)
        found.last_ms = max(found.last_ms, at_ms)
