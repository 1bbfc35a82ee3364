"""Which partitions of others a worker keeps copies of: those that may be its own next.

Kafka's range assignor gives each member, in the order of their names, a range of partitions. So a
worker's own range says how many members there are and which of them it is.
"""

from collections.abc import Iterable

__all__ = ["copied", "next_of"]


def copied(standby: str, owned: Iterable[int], partitions: int) -> list[int]:
    """Return the partitions to copy; standby: as RISKGATE_STANDBY has it."""
    own = set(owned)
    if standby == "all":
        return [number for number in range(partitions) if number not in own]
    return sorted(next_of(own, partitions)) if standby == "next" else []


def next_of(owned: set[int], partitions: int) -> set[int]:
    """Return what a worker gets when one other worker is gone, whichever it is.

    Where workers have four partitions or more, all of them together copy each partition once; with
    fewer, several numbers of workers may fit the own range, and it is what comes with any of them:
    up to two copies and a quarter. A range that no assignor of ranges gives has none.
    """
    found: set[int] = set()
    first = min(owned, default=partitions)
    for members in range(2, partitions + 2):
        near = first * members // partitions
        for index in range(max(0, near - 1), min(members, near + 2)):
            if set(_range(index, members, partitions)) == owned:
                found.update(_range(index - 1, members - 1, partitions))  # One before it is gone.
                found.update(_range(index, members - 1, partitions))  # One behind it.
    return found - owned


def _range(index: int, members: int, partitions: int) -> range:
    """Return the partitions of the member at an index; there is no member at -1, or behind all."""
    if not 0 <= index < members:
        return range(0)
    share, rest = divmod(partitions, members)
    first = index * share + min(index, rest)
    return range(first, first + share + (index < rest))
