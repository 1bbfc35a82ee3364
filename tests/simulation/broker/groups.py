"""The coordinator of consumer groups: the classic protocol, eager, with static members.

As Kafka's GroupCoordinator: a group counts generations; a member that is silent for its session is
removed; a static member that comes back under its instance keeps its partitions and fences the one
before. Join and sync are one step, as `range` leaves the leader no choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from confluent_kafka import KafkaError

from tests.simulation.broker.log import Refused, Transaction
from tests.simulation.kernel import Event, Kernel

__all__ = ["Groups", "Joined", "Member", "MemberName", "assign_ranges", "assign_sticky"]

Place = tuple[str, int]
Offset = tuple[int, str]  # With its metadata.


class MemberName(NamedTuple):
    """As whom a consumer speaks to its group."""

    generation: int
    member_id: str
    instance: str


class Joined(NamedTuple):
    """The answer to a join."""

    name: MemberName
    places: list[Place]


@dataclass(slots=True, eq=False)
class Member:
    """A member, as the coordinator knows it."""

    instance: str
    topics: tuple[str, ...]
    session_s: float
    rebalance_s: float
    is_reachable: Callable[[], bool]
    answer: Callable[[Joined | int], None]  # An int is an error.
    notice: Callable[[], None]  # It hears of a rebalance with its next heartbeat.
    member_id: str = ""
    owned: tuple[Place, ...] | None = None  # What a cooperative member has; None: it is eager.
    waits: bool = False  # For the end of a rebalance.
    places: list[Place] = field(default_factory=list)
    expiry: Event | None = None


@dataclass(slots=True)
class _Group:
    generation: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    is_rebalancing: bool = False
    deadline: Event | None = None
    offsets: dict[Place, Offset] = field(default_factory=dict)
    pending: dict[int, set[Place]] = field(default_factory=dict)  # By id() of a transaction.


class Groups:
    """All groups of the cluster."""

    def __init__(
        self, kernel: Kernel, partitions_of: Callable[[str], int], *, initial_delay_s: float
    ) -> None:
        self._kernel = kernel
        self._partitions_of = partitions_of
        self._initial_delay_s = initial_delay_s
        self._groups: dict[str, _Group] = {}
        self._named = 0

    # Members

    def join(self, group_id: str, member: Member) -> None:
        """Take a member in, or back; it is answered once the group is complete."""
        group = self._group(group_id)
        before = self._before(group, member)
        if isinstance(before, int):
            member.answer(before)
            return
        is_same = (
            before is not None
            and before.topics == member.topics
            and (member.owned is None or set(member.owned) == set(before.places))
        )
        if before is not None:
            self._replace(group, before, member)
        else:
            self._named += 1
            member.member_id = f"{member.instance or 'member'}-{self._named}"
            group.members[member.member_id] = member
        if is_same and not group.is_rebalancing:
            member.answer(self._joined(group, member))
            return
        member.waits = True
        self._prepare(group_id, group)
        self._complete_if_all(group_id, group)

    def leave(self, group_id: str, member_id: str) -> None:
        """Let a member go."""
        self._remove(group_id, self._group(group_id).members.get(member_id))

    def silent(self, group_id: str, member_id: str, *, heard_s: float) -> None:
        """Remove a member once its session ends, unless it can be reached by then."""
        member = self._group(group_id).members.get(member_id)
        if member is None:
            return
        if member.expiry is not None:
            member.expiry.cancel()
        member.expiry = self._kernel.at(
            heard_s + member.session_s, lambda: self._expire(group_id, member)
        )

    def heartbeat(self, group_id: str, name: MemberName) -> int | None:
        """Answer a heartbeat: None, or an error."""
        group = self._group(group_id)
        error = self._error_of(group, name)
        if error is None and group.is_rebalancing:
            return int(KafkaError.REBALANCE_IN_PROGRESS)
        return error

    def members(self, group_id: str) -> dict[str, list[Place]]:
        """Return who has what."""
        return {key: member.places for key, member in self._group(group_id).members.items()}

    # Offsets

    def check_commit(self, group_id: str, name: MemberName) -> None:
        """Raise Refused unless offsets may be committed in this name.

        As Kafka's `validateOffsetCommit`: without a generation and a member nobody asks.
        """
        if name.generation < 0 and not name.member_id:
            return
        error = self._error_of(self._group(group_id), name)
        if error is not None:
            raise Refused(error)

    def commit(self, group_id: str, name: MemberName, offsets: Mapping[Place, Offset]) -> None:
        """Commit offsets. Raise Refused if this member may not."""
        self.check_commit(group_id, name)
        self._group(group_id).offsets.update(offsets)

    def pend(
        self, group_id: str, transaction: Transaction, offsets: Mapping[Place, Offset]
    ) -> None:
        """Note that a transaction may commit offsets of these partitions."""
        self._group(group_id).pending.setdefault(id(transaction), set()).update(offsets)

    def settle(
        self, group_id: str, transaction: Transaction, offsets: Mapping[Place, Offset]
    ) -> None:
        """Take what a transaction commits; nothing, if it was aborted."""
        group = self._group(group_id)
        group.pending.pop(id(transaction), None)
        group.offsets.update(offsets)

    def committed(self, group_id: str, place: Place) -> Offset | None:
        """Return a committed offset, None for none. Raise KeyError while it is not stable."""
        group = self._group(group_id)
        if any(place in places for places in group.pending.values()):
            raise KeyError(place)
        return group.offsets.get(place)

    def settled(self, group_id: str, place: Place) -> int:
        """Return what is committed by now, whatever a transaction may add; 0 for nothing."""
        return self._group(group_id).offsets.get(place, (0, ""))[0]

    def forget(self, group_id: str) -> None:
        """Let a group's offsets expire."""
        self._group(group_id).offsets.clear()

    # Rebalances

    def _group(self, group_id: str) -> _Group:
        return self._groups.setdefault(group_id, _Group())

    def _before(self, group: _Group, member: Member) -> Member | int | None:
        """Return whom a member takes the place of; an error when it is not known any more."""
        if member.member_id:
            before = group.members.get(member.member_id)
            return KafkaError.UNKNOWN_MEMBER_ID if before is None else before
        same = (m for m in group.members.values() if member.instance == m.instance != "")
        return next(same, None)

    def _replace(self, group: _Group, before: Member, member: Member) -> None:
        del group.members[before.member_id]
        if before.expiry is not None:
            before.expiry.cancel()
        if not member.member_id:
            self._named += 1
            member.member_id = f"{member.instance}-{self._named}"
            if before.waits:
                before.answer(KafkaError.FENCED_INSTANCE_ID)
            else:  # It hears of it with its next heartbeat.
                before.notice()
        member.places = before.places
        group.members[member.member_id] = member

    def _joined(self, group: _Group, member: Member) -> Joined:
        name = MemberName(group.generation, member.member_id, member.instance)
        return Joined(name, list(member.places))

    def _error_of(self, group: _Group, name: MemberName) -> int | None:
        if name.member_id not in group.members:
            is_fenced = any(m.instance == name.instance != "" for m in group.members.values())
            unknown = KafkaError.FENCED_INSTANCE_ID if is_fenced else KafkaError.UNKNOWN_MEMBER_ID
            return int(unknown)
        if name.generation != group.generation:
            return int(KafkaError.ILLEGAL_GENERATION)
        return None

    def _expire(self, group_id: str, member: Member) -> None:
        if self._group(group_id).members.get(member.member_id) is not member:
            return
        if member.waits:  # It need not say anything before the rebalance is over.
            self.silent(group_id, member.member_id, heard_s=self._kernel.now_s)
        elif not member.is_reachable():
            self._remove(group_id, member)

    def _remove(self, group_id: str, member: Member | None) -> None:
        group = self._group(group_id)
        if member is None or group.members.pop(member.member_id, None) is None:
            return
        if member.expiry is not None:
            member.expiry.cancel()
        if group.members:
            self._prepare(group_id, group)
            self._complete_if_all(group_id, group)
        else:
            group.generation += 1
            group.is_rebalancing = False
            if group.deadline is not None:
                group.deadline.cancel()

    def _prepare(self, group_id: str, group: _Group) -> None:
        if group.is_rebalancing:
            return
        group.is_rebalancing = True
        is_first = all(member.waits for member in group.members.values())
        seconds = max(member.rebalance_s for member in group.members.values())
        if is_first and self._initial_delay_s:
            seconds = self._initial_delay_s
        group.deadline = self._kernel.after(seconds, lambda: self._complete(group_id, group))
        for member in group.members.values():
            if not member.waits:
                member.notice()

    def _complete_if_all(self, group_id: str, group: _Group) -> None:
        is_delayed = group.generation == 0 and self._initial_delay_s > 0
        if not is_delayed and all(member.waits for member in group.members.values()):
            self._complete(group_id, group)

    def _complete(self, group_id: str, group: _Group) -> None:
        if group.deadline is not None:
            group.deadline.cancel()
        group.is_rebalancing = False
        for key, member in list(group.members.items()):
            if not member.waits and not member.instance:
                del group.members[key]
        group.generation += 1
        is_eager = all(member.owned is None for member in group.members.values())
        assign = assign_ranges if is_eager else assign_sticky
        assigned = assign(group.members, self._partitions_of)
        for key, member in group.members.items():
            member.places = assigned[key]
        for member in group.members.values():
            if member.waits:
                member.waits = False
                member.answer(self._joined(group, member))


def assign_ranges(
    members: Mapping[str, Member], partitions_of: Callable[[str], int]
) -> dict[str, list[Place]]:
    """Assign each topic's partitions in ranges, to members by instance, as `range` does."""
    assigned: dict[str, list[Place]] = {key: [] for key in members}
    for topic in sorted({topic for member in members.values() for topic in member.topics}):
        having = sorted(
            (key for key, member in members.items() if topic in member.topics),
            key=lambda key: (members[key].instance, key),
        )
        number, each, more = 0, *divmod(partitions_of(topic), len(having))
        for index, key in enumerate(having):
            many = each + (index < more)
            assigned[key] += [(topic, n) for n in range(number, number + many)]
            number += many
    return assigned


def assign_sticky(
    members: Mapping[str, Member], partitions_of: Callable[[str], int]
) -> dict[str, list[Place]]:
    """Assign evenly; who has a partition keeps it. One that is to move is nobody's for a round.

    As `cooperative-sticky`: its owner gives it up first, and joins again.
    """
    topics = sorted({topic for member in members.values() for topic in member.topics})
    places = [(topic, number) for topic in topics for number in range(partitions_of(topic))]
    each, more = divmod(len(places), len(members))
    owner = {place: key for key, member in members.items() for place in member.owned or ()}
    assigned: dict[str, list[Place]] = {key: [] for key in sorted(members)}
    for place in places:
        key = owner.get(place)
        if key is None:
            continue
        larger = sum(len(held) > each for held in assigned.values())
        if len(assigned[key]) < each or (len(assigned[key]) == each and larger < more):
            assigned[key].append(place)
    for place in places:
        if place not in owner:
            assigned[min(assigned, key=lambda key: len(assigned[key]))].append(place)
    return assigned
