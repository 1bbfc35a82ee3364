"""The faults of `make chaos`, how often each is drawn, and what each needs."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.chaos_trading import Trading
from bench.cluster import Cluster
from bench.fleet import NEXT, Fleet, Member
from bench.links import Links
from bench.small_disk import SmallDisk
from bench.upstream import Upstream
from pipeline.rules_version import rules_version
from tests.kafka.other_release import OTHER

__all__ = ["FAULTS", "World", "drawn_weights"]

FREEZE_SECONDS = (1.0, 15.0)  # Shorter and longer than the session.
HOLD_SECONDS = (1.0, 20.0)
DELAY_SECONDS = (0.01, 0.5)
DOWN_SECONDS = (0.0, 3.0)  # Of one broker.
DARK_SECONDS = (5.0, 30.0)  # Of all brokers.
SILENT_SECONDS = (10.0, 70.0)  # Shorter and longer than a price stays fresh.
FULL_SECONDS = (3.0, 10.0)
CLOCK_SECONDS = 300  # Of a step.
BURST = 3000  # Signals: a hundred times the steady rate.
MULTIPLIERS = (0, 1, 1, 3)  # Of a weight, by the seed: each run has a profile of its own.


class World(NamedTuple):
    """What faults are done to."""

    fleet: Fleet
    kafka: Cluster
    trading: Trading
    upstream: Upstream
    draw: random.Random
    disk: SmallDisk | None  # None: this user may mount none.
    clock: Path | None  # The library that moves a process's clock; None: it is not installed.

    def seconds(self, between: tuple[float, float]) -> float:
        """Draw a duration."""
        return self.draw.uniform(*between)

    def member(self, role: str | None = None) -> Member:
        """Draw a process."""
        return self.draw.choice([m for m in self.fleet.members if role in {None, m.role}])

    def own_risk(self) -> Member:
        """Draw a risk worker of this release."""
        risk = [m for m in self.fleet.members if m.role == "risk" and m.set != NEXT]
        return self.draw.choice(risk)

    def node(self) -> int:
        """Draw a broker."""
        return self.draw.randrange(self.kafka.nodes)

    @property
    def links(self) -> Links:
        """The links; only asked for where they are."""
        assert self.fleet.links is not None
        return self.fleet.links


def _freeze(world: World) -> None:
    world.fleet.freeze(world.member(), world.seconds(FREEZE_SECONDS))


def _place(world: World) -> None:
    world.fleet.kill_at_a_place(world.own_risk(), world.draw)


def _old_disk(world: World) -> None:
    world.fleet.put_back_disk(world.own_risk(), world.seconds((4.0, 8.0)))


def _drain(world: World) -> None:
    world.fleet.drain(world.draw.choice([member.set for member in world.fleet.members]))


def _broker_kill(world: World) -> None:
    node = world.node()
    world.kafka.kill(node)
    world.fleet.calm(world.seconds(DOWN_SECONDS))
    world.kafka.restart(node)


def _broker_freeze(world: World) -> None:
    node = world.node()
    world.kafka.pause(node)
    world.fleet.calm(world.seconds(FREEZE_SECONDS))
    world.kafka.resume(node)


def _all_brokers(world: World) -> None:
    for node in range(world.kafka.nodes):
        world.kafka.kill(node)
    world.fleet.calm(world.seconds(DARK_SECONDS))
    world.kafka.restart_all()


def _poison(world: World) -> None:
    world.upstream.poison(world.draw.randint(1, 500))


def _repeat(world: World) -> None:
    world.upstream.repeat(world.draw.randint(1, 500), sent=world.trading.sent)
    world.upstream.old_prices()


def _silence(world: World) -> None:
    world.trading.is_silent = True
    world.fleet.calm(world.seconds(SILENT_SECONDS))
    world.trading.is_silent = False


def _release(world: World) -> None:
    """Swap to the other release and back; now and then whoever should leave or enter dies."""
    for version in (OTHER, rules_version()):
        world.trading.activate(version)
        if world.draw.random() < 0.5:
            world.fleet.kill(world.member("risk"))
        world.fleet.calm(world.seconds((3.0, 8.0)))


@contextmanager
def _healed(world: World) -> Iterator[list[str]]:
    """Yield the names of one process or of all, and let all through at the end."""
    names = [member.name for member in world.fleet.members]
    if world.draw.random() < 0.7:
        names = [world.draw.choice(names)]
    yield names
    world.fleet.calm(world.seconds(HOLD_SECONDS))
    world.links.heal()


def _partition(world: World) -> None:
    with _healed(world) as names:
        world.links.hold(names, ways=("there", "back"))


def _one_way(world: World) -> None:
    with _healed(world) as names:
        world.links.hold(names, ways=(world.draw.choice(("there", "back")),))


def _one_broker(world: World) -> None:
    with _healed(world) as names:
        world.links.hold(names, ways=("there", "back"), node=world.node())


def _delay(world: World) -> None:
    with _healed(world) as names:
        world.links.slow(names, world.seconds(DELAY_SECONDS))


def _cut(world: World) -> None:
    with _healed(world) as names:
        for _ in range(world.draw.randint(1, 5)):
            world.links.cut(names)
            world.fleet.calm(world.seconds((0.2, 1.0)))


def _full_disk(world: World) -> None:
    assert world.disk is not None
    with world.disk.full():
        world.fleet.calm(world.seconds(FULL_SECONDS))


def _clock(world: World) -> None:
    assert world.clock is not None
    with world.fleet.other_clock(world.member(), world.clock) as offset:
        for _ in range(2):
            world.fleet.calm(world.seconds((2.0, 6.0)))
            offset.write_text(f"{world.draw.choice((-1, 1)) * CLOCK_SECONDS:+}")
        world.fleet.calm(world.seconds((2.0, 6.0)))


def _always(_: World) -> bool:
    return True


def _has_links(world: World) -> bool:
    return world.fleet.links is not None


def _has_two_releases(world: World) -> bool:
    return any(member.set == NEXT for member in world.fleet.members)


class Kind(NamedTuple):
    """How often a fault is drawn, what it does, and where it can be had."""

    weight: int
    act: Callable[[World], None]
    is_possible: Callable[[World], bool] = _always


FAULTS = {
    "kill": Kind(5, lambda world: world.fleet.kill(world.member())),
    "kill at a named place": Kind(5, _place),
    "freeze": Kind(4, _freeze),
    "drain of a set": Kind(2, _drain),
    "wiped disk": Kind(2, lambda world: world.fleet.wipe(world.own_risk())),
    "old disk": Kind(2, _old_disk),
    "full disk": Kind(1, _full_disk, lambda world: world.disk is not None),
    "twin": Kind(2, lambda world: world.fleet.twin(world.member(), world.seconds((3.0, 10.0)))),
    "clock step": Kind(2, _clock, lambda world: world.clock is not None),
    "broker kill": Kind(3, _broker_kill),
    "broker freeze": Kind(2, _broker_freeze),
    "wiped broker": Kind(
        1, lambda world: world.kafka.wipe(world.node()), lambda world: world.kafka.nodes > 2
    ),
    "all brokers down": Kind(1, _all_brokers),
    "bad records": Kind(2, _poison),
    "repeated records": Kind(2, _repeat),
    "burst": Kind(1, lambda world: world.trading.burst(BURST)),
    "no prices": Kind(1, _silence),
    "release": Kind(3, _release, _has_two_releases),
    "partition": Kind(3, _partition, _has_links),
    "one-way partition": Kind(2, _one_way, _has_links),
    "broker out of reach": Kind(
        2, _one_broker, lambda world: _has_links(world) and world.kafka.nodes > 1
    ),
    "delay": Kind(2, _delay, _has_links),
    "cut connections": Kind(2, _cut, _has_links),
}


def drawn_weights(world: World) -> dict[str, int]:
    """Return how often each fault is drawn in this run."""
    weights = {name: kind.weight * world.draw.choice(MULTIPLIERS) for name, kind in FAULTS.items()}
    return {name: weight for name, weight in weights.items() if FAULTS[name].is_possible(world)}
