"""Which release published which stretch of the log, and where the log activates another one."""

from copy import copy
from typing import Self

from msgspec import Struct

__all__ = ["Stretch", "Stretches"]


class Stretch(Struct):
    """Outputs of one release, with none of another one between them."""

    rules_version: str
    outputs: int
    first_ms: int
    last_ms: int

    def join(self, other: Self) -> None:
        """Take in another stretch of the same release."""
        self.outputs += other.outputs
        self.first_ms = min(self.first_ms, other.first_ms)
        self.last_ms = max(self.last_ms, other.last_ms)


class Stretches:
    """What the partitions say, put in order of time."""

    def __init__(self) -> None:
        self._found: list[Stretch] = []
        self._activations: list[tuple[int, str]] = []

    def add(self, other: Self) -> None:
        """Add what was found in other partitions."""
        self._found += other._found
        self._activations += other._activations

    def note(self, rules_version: str, at_ms: int) -> None:
        """Note an output of a release."""
        new = Stretch(rules_version, 1, at_ms, at_ms)
        if self._found and self._found[-1].rules_version == rules_version:
            self._found[-1].join(new)
        else:
            self._found.append(new)

    def activate(self, rules_version: str, at_ms: int) -> None:
        """Note that the log activates a release."""
        self._activations.append((at_ms, rules_version))

    def in_order(self) -> list[Stretch]:
        """Return the stretches of all partitions together, oldest first."""
        joined: list[Stretch] = []
        for stretch in sorted(self._found, key=lambda each: each.first_ms):
            if joined and joined[-1].rules_version == stretch.rules_version:
                joined[-1].join(stretch)
            else:
                joined.append(copy(stretch))
        return joined

    def activations(self) -> list[tuple[int, str]]:
        """Return when the first partition came to each activation, and the release it names."""
        found: list[tuple[int, str]] = []
        for at_ms, version in sorted(self._activations):
            if not found or found[-1][1] != version:
                found.append((at_ms, version))
        return found
