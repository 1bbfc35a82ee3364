"""A consumer's part in its group: joining, hearing of rebalances, losing its place.

Calls of the group wait in the consumer's queue until the application polls. A process that stands
still, or is cut off, sends no heartbeats; it hears what became of it when it goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from confluent_kafka import KafkaError

from tests.simulation.broker.cluster import Channel, Cluster
from tests.simulation.broker.groups import Joined, Member, MemberName
from tests.simulation.clients.base import SimulatedMessage
from tests.simulation.kernel import Process

__all__ = ["Membership"]

Place = tuple[str, int]
Serve = Callable[[str, Sequence[Place]], None]
State = Literal["out", "joining", "assigning", "steady", "revoking"]
NOBODY = -1


class Membership:
    """One consumer in one group."""

    def __init__(
        self,
        cluster: Cluster,
        process: Process,
        *,
        group: str,
        config: Mapping[str, Any],
        topics: tuple[str, ...],
        queue: Callable[[Any], None],
        serve: Serve,
    ) -> None:
        self._cluster, self._process, self._group = cluster, process, group
        self._kernel = cluster.kernel
        self._topics = topics
        self._queue, self._serve = queue, serve
        self._session_s = int(config.get("session.timeout.ms", 45_000)) / 1000
        self._heartbeat_s = int(config.get("heartbeat.interval.ms", 3000)) / 1000
        self._poll_s = int(config.get("max.poll.interval.ms", 300_000)) / 1000
        strategy = config.get("partition.assignment.strategy", "range")
        self._is_eager = strategy != "cooperative-sticky"
        self._instance = str(config.get("group.instance.id", ""))
        self._channel = Channel()
        self.name = MemberName(NOBODY, "", self._instance)
        self._state: State = "out"
        self._places: list[Place] = []
        self._offered: list[Place] = []  # The application does not know of them yet.
        self._is_closed = False
        self._must_rejoin = False  # Heard of while something else is served.
        self._is_silent = False  # It polls too rarely, and sends no heartbeats for that.
        self._polled_s = self._kernel.now_s
        process.on_frozen.append(self._be_silent)
        process.on_killed.append(self._be_silent)
        process.on_thawed.append(self._hear)
        self._kernel.after(self._poll_s, self._check_polls)

    def join(self) -> None:
        """Ask to be taken in."""
        self._state, self._must_rejoin = "joining", False
        member = Member(
            self._instance,
            self._topics,
            self._session_s,
            self._poll_s,
            is_reachable=self._is_reachable,
            answer=self._answered,
            notice=self._noticed,
            member_id=self.name.member_id,
            owned=None if self._is_eager else tuple(self._places),
        )
        self._send(lambda: self._cluster.groups.join(self._group, member))

    def leave(self) -> None:
        """Give up the partitions, then the membership."""
        self._queue(lambda: self._revoke(then=self._go))

    def polled(self) -> None:
        """Note that the application polls."""
        self._polled_s = self._kernel.now_s
        if self._is_silent:
            self._is_silent = False

    def close(self) -> None:
        """Give up the partitions; only a dynamic member leaves the group."""
        self._is_closed = True
        if self._places and self._state in {"steady", "assigning", "revoking"}:
            places, self._places = self._places, []
            self._serve("revoke", places)
        if not self._instance:
            self._go()
        self._be_silent()
        self._state = "out"

    def _is_reachable(self) -> bool:
        return (
            self._process.is_running
            and not self._is_silent
            and not self._is_closed
            and not self._cluster.network.is_cut(self._process)
        )

    def _send(self, ask: Callable[[], object], reply: Callable[[Any], None] | None = None) -> None:
        self._cluster.network.request(
            self._process,
            ask,
            reply or (lambda _answer: None),
            channel=self._channel,
            of_coordinator=True,
        )

    def _reach(self, call: Callable[[], None]) -> None:
        """Let an answer of the coordinator come in."""
        self._kernel.after(0.001, lambda: self._process.deliver(call))

    def _answered(self, answer: Joined | int) -> None:
        """Be told by the coordinator; called where it is."""
        self._reach(lambda: self._take(answer))

    def _take(self, answer: Joined | int) -> None:
        if self._is_closed or self._state != "joining":
            return
        if isinstance(answer, int):
            self._refused(answer)
            return
        self.name, self._offered = answer.name, answer.places
        self._state = "assigning"
        self._queue(self._assign)
        self._hear()  # It may have been frozen since the coordinator answered.

    def _assign(self) -> None:
        if self._state != "assigning":
            return
        if not self._is_eager and not set(self._places) <= set(self._offered):
            given_up = [place for place in self._places if place not in self._offered]
            self._places = [place for place in self._places if place in self._offered]
            self._serve("revoke", given_up)
            self.join()
            return
        new = [place for place in self._offered if self._is_eager or place not in self._places]
        self._places = self._offered
        self._serve("assign", new)
        if self._state == "assigning":
            self._state = "steady"
        if self._must_rejoin:
            self._begin_rebalance()

    def _noticed(self) -> None:
        """Hear of a rebalance with the next heartbeat; called where the coordinator is."""
        delay_s = self._kernel.random.uniform(0, self._heartbeat_s)
        self._kernel.after(delay_s, lambda: self._process.deliver(self._hear))

    def _begin_rebalance(self) -> None:
        if self._state == "steady" and not self._is_eager:
            self.join()
        elif self._state == "steady":
            self._state, self._must_rejoin = "revoking", False
            self._queue(lambda: self._revoke(then=self.join))
        elif self._state == "assigning":
            self._must_rejoin = True

    def _revoke(self, then: Callable[[], None], kind: str = "revoke") -> None:
        if self._is_closed:
            return
        places, self._places = self._places, []
        if places:
            self._serve(kind, places)
        if self._state != "out":
            then()

    def _lose(self) -> None:
        """Hear that others have the partitions."""
        if self._state == "out":
            return
        if self._state == "joining" and not self._places:
            self.join()
            return
        self._state = "revoking"
        self._queue(lambda: self._revoke(then=self.join, kind="lost"))

    def _go(self) -> None:
        member_id = self.name.member_id
        self._state = "out"

        def forget(_: object) -> None:
            self.name = MemberName(NOBODY, "", self._instance)

        self._send(lambda: self._cluster.groups.leave(self._group, member_id), forget)

    def _be_silent(self) -> None:
        """Send no heartbeats from now on: the coordinator waits for the session."""
        heard_s = self._kernel.now_s - self._kernel.random.uniform(0, self._heartbeat_s)
        groups, member_id = self._cluster.groups, self.name.member_id
        groups.silent(self._group, member_id, heard_s=heard_s)

    def _hear(self) -> None:
        """Send a heartbeat and act on its answer."""
        if self._is_closed or self._state in {"out", "joining"} or not self._process.is_running:
            return
        name = self.name
        self._send(lambda: self._cluster.groups.heartbeat(self._group, name), self._heard)

    def _heard(self, answer: int | None) -> None:
        if self._is_closed or answer is None:
            return
        if answer == KafkaError.REBALANCE_IN_PROGRESS:
            self._begin_rebalance()
        else:
            self._refused(answer)

    def _refused(self, code: int) -> None:
        if code == KafkaError.FENCED_INSTANCE_ID:
            self._state = "out"
            self.name = MemberName(NOBODY, "", self._instance)
            self._queue(SimulatedMessage("", 0, 0, error=KafkaError(KafkaError._FATAL)))
        elif code == KafkaError.ILLEGAL_GENERATION:
            self._lose()
        else:
            self.name = MemberName(NOBODY, "", self._instance)
            self._lose()

    def _check_polls(self) -> None:
        """Lose the place of an application that did not poll for too long."""
        if self._is_closed or self._process.is_dead:
            return
        over_s = self._polled_s + self._poll_s
        if self._process.is_running and self._kernel.now_s >= over_s and not self._is_silent:
            self._be_silent()
            self._is_silent = True
            if self._state in {"steady", "assigning", "revoking"}:
                self.name = MemberName(NOBODY, "", self._instance)
                self._lose()
            over_s = self._kernel.now_s + self._poll_s
        self._kernel.at(max(over_s, self._kernel.now_s + 1.0), self._check_polls)
