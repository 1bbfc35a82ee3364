"""As whom a consumer owns its partitions, as it hands it to a producer."""

from typing import NamedTuple

from tests.simulation.broker.groups import MemberName

__all__ = ["SimulatedGroupMetadata"]


class SimulatedGroupMetadata(NamedTuple):
    """A group, and a member of it in one generation."""

    group: str
    name: MemberName
