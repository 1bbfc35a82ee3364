"""Faults that a seed draws: each world gets a profile of its own, not the average of all.

Kills at named points of Kafka's client, kills and freezes at random times, partitions of the
network, brokers that are slow or away, coordinators that move, disks that are lost or old, two
processes under one name.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from tests.simulation.deployment import Deployment, Worker
from tests.simulation.kernel import Process

__all__ = ["Faults", "Profile"]

POINTS = (
    "after commit",
    "after committed",
    "after disk",
    "after flush",
    "after init_transactions",
    "after send_offsets",
    "assign",
    "before commit",
    "before disk",
    "before flush",
    "before list_topics",
    "before offsets_for_times",
    "before send_offsets",
    "begin_transaction",
    "close",
    "consume",
    "poll",
    "produce",
    "restore",
    "seek",
    "sleep",
    "subscribe",
)
FREQUENT = frozenset({"admin", "consume", "poll", "produce", "sleep"})
FREQUENT_SHARE = 0.004  # Of the rate at which a process is killed at other points.
KILLS_MAX = 12  # In one world: each costs a restart.


class Profile(NamedTuple):
    """How often what happens, in a world; rates are per worker and minute."""

    kills: float = 0.0
    kills_at_points: float = 0.0  # Ratio of passes of the rarer points at which a process dies.
    points: frozenset[str] = frozenset()  # Where that may happen.
    freezes: float = 0.0
    freeze_s_max: float = 30.0
    cuts: float = 0.0
    late_s_max: float = 0.0
    late: float = 0.0
    away: float = 0.0
    moves: float = 0.0
    stops: float = 0.0  # In good order.
    wiped: float = 0.0  # Ratio of deaths after which the disk is lost.
    stale: float = 0.0  # Ratio of deaths after which the disk is an old one.
    compactions: float = 0.0
    expiries: float = 0.0  # Of the offsets of risk's group.
    doubles: float = 0.0  # A second process under the name of a running one.
    skew_s_max: float = 0.0

    @classmethod
    def drawn(cls, random: Random) -> "Profile":
        """Draw a profile: some faults are off, the others are rare to frequent."""

        def rate(most: float) -> float:
            return most * random.random() ** 1.5 if random.random() < 0.6 else 0.0

        return cls(
            kills=rate(4),
            kills_at_points=rate(0.15),
            points=frozenset(random.sample(POINTS, 4)),
            freezes=rate(3),
            freeze_s_max=random.choice((3.0, 12.0, 60.0)),
            cuts=rate(2),
            late_s_max=random.choice((0.05, 1.0, 8.0)),
            late=rate(2),
            away=rate(1),
            moves=rate(2),
            stops=rate(2),
            wiped=rate(1),
            stale=rate(0.5),
            compactions=rate(6),
            expiries=rate(0.5),
            doubles=rate(1),
            skew_s_max=rate(25),
        )


class Faults:
    """Let them happen until `heal`."""

    def __init__(
        self, deployment: Deployment, profile: Profile, kills_at: Mapping[str, int] | None = None
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._deployment = deployment
        self._kernel = deployment.kernel
        self._random = deployment.kernel.random
        self._profile = profile
        self._kills_at = dict(kills_at or {})  # A point, and how often it is passed until then.
        self._is_over = False
        self._kernel.on_point = self._pass

    def begin(self) -> None:
        """Draw when each happens for the first time."""
        profile, network = self._profile, self._deployment.cluster.network
        self._every(profile.late, "late", self._be_late)
        self._every(profile.away, "away", lambda: self._close(network, "away_until_s"))
        self._every(profile.moves, "move", lambda: self._close(network, "moving_until_s"))
        self._every(profile.compactions, "compaction", self._compact)
        self._every(profile.expiries, "expiry", self._expire)
        for worker in self._deployment.workers.values():
            self.begin_for(worker)

    def begin_for(self, worker: Worker) -> None:
        """Draw when what happens to a worker."""
        profile, network = self._profile, self._deployment.cluster.network
        worker.skew_s = self._random.uniform(-1, 1) * profile.skew_s_max
        self._every(profile.kills, "kill", lambda: self._kill(worker))
        self._every(profile.freezes, "freeze", lambda: self._freeze(worker))
        self._every(profile.stops, "stop", worker.stop)
        self._every(profile.doubles, "double", worker.start_double)
        self._every(profile.cuts, "cut", lambda: network.cut(worker.process, self._length_s(30.0)))

    def heal(self) -> None:
        """Let nothing more happen, and end what goes on."""
        self._is_over = True
        self._deployment.cluster.network.heal()
        for process in self._deployment.others:
            self._kernel.kill(process)
        for worker in self._deployment.workers.values():
            self._kernel.thaw(worker.process)

    def _every(self, per_minute: float, name: str, call: Callable[[], object]) -> None:
        if not per_minute:
            return

        def happen() -> None:
            if not self._is_over:
                self.counts[name] += 1
                call()
                self._every(per_minute, name, call)

        self._kernel.after(self._random.expovariate(per_minute / 60), happen)

    def _length_s(self, most_s: float) -> float:
        """Draw a length: as often 1 s as 10 s or more."""
        return math.exp(self._random.uniform(math.log(0.2), math.log(most_s)))

    def _be_late(self) -> None:
        network = self._deployment.cluster.network
        network.late_s_max = self._profile.late_s_max

        def be_early() -> None:
            network.late_s_max = 0.0

        self._kernel.after(self._length_s(20.0), be_early)

    def _close(self, network: object, until: str) -> None:
        setattr(network, until, self._kernel.now_s + self._length_s(20.0))

    def _compact(self) -> None:
        for name, topic in self._deployment.cluster.topics.items():
            if name.startswith("changelog__"):
                for log in topic.logs:
                    log.compact()

    def _expire(self) -> None:
        # Not ingest's: idle inputs would have no offset until it starts again.
        deployment = self._deployment
        deployment.cluster.groups.forget(deployment.settings.role_group("risk"))

    def _freeze(self, worker: Worker) -> None:
        self._kernel.freeze(worker.process, self._length_s(self._profile.freeze_s_max))

    def _kill(self, worker: Worker) -> None:
        """Kill a worker; what becomes of its disk is drawn."""
        worker.kill()
        drawn = self._random.random()
        if drawn < self._profile.wiped:
            self.counts["wiped disk"] += 1
            worker.on_dead = worker.wipe
        elif drawn < self._profile.wiped + self._profile.stale:
            self.counts["old disk"] += 1
            worker.on_dead = worker.swap_disk

    def _pass(self, process: Process, name: str) -> None:
        """Kill a process at a point, now and then."""
        rate = self._profile.kills_at_points
        if name in self._kills_at:
            self._kills_at[name] -= 1
            rate = 1.0 if self._kills_at[name] == 0 else rate
        if not rate or self._is_over or (rate < 1 and name not in self._profile.points):
            return
        if name in FREQUENT and rate < 1:
            rate *= FREQUENT_SHARE
        worker = self._deployment.workers.get(process.name)
        if worker is None or worker.process is not process or self._random.random() >= rate:
            return
        if self.counts.total() - self.counts["compaction"] < KILLS_MAX:
            self.counts[f"kill {name}"] += 1
            self._kill(worker)
