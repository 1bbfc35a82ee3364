"""One world from one seed: trade under faults, heal, let everything be decided, judge."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import NamedTuple

from pipeline.streams.role_names import RoleName
from tests.simulation.deployment import Deployment, Terms
from tests.simulation.desk import Desk
from tests.simulation.faults import Faults, Profile
from tests.simulation.feed import Feed
from tests.simulation.inputs import Inputs
from tests.simulation.judge import judge_endings, judge_logs, judge_signals
from topics.events import TOPIC as EVENTS

__all__ = ["Report", "World", "decided_by", "run"]

FAULTS_SECONDS = 60.0
WHOLE_SECONDS = 30.0  # With ingest and broadcast, which have something to do all the time.
LIVENESS_SECONDS_MAX = 60.0  # As docs/reliability.md promises.
LAST_SECONDS_MAX = 60.0
STEP_SECONDS = 0.5


class Report(NamedTuple):
    """What came of a seed."""

    seed: int
    violations: list[str]
    events: int
    signals: int
    doubles: int  # Byte-equal outputs that a zombie or a late request repeated.
    faults: Counter[str]
    virtual_s: float
    recovered_s: float  # From the end of all faults until everything was decided.
    lives: int
    steps: int
    digest: str  # Of all logs: equal for equal seeds.

    def sentence(self) -> str:
        """Return one line."""
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        return (
            f"seed {self.seed}: {self.signals} signals, {self.events} events, {self.lives} lives, "
            f"{self.virtual_s:.0f} s, decided {self.recovered_s:.1f} s after the last fault, "
            f"{len(self.violations)} violations; {faults or 'no faults'}"
        )


class World(NamedTuple):
    """What a test says of a world; the seed draws what it leaves out."""

    profile: Profile | None = None
    workers: int | None = None
    terms: Terms | None = None
    seconds: float | None = None
    whole: bool | None = None  # Ingest and broadcast have workers, too.
    kills_at: Mapping[str, int] | None = None  # A point, and how often it is passed until then.


DRAWN = World()


def run(seed: int, world: World = DRAWN) -> Report:
    """Run the world of a seed."""
    random = Random(f"profile {seed}")
    drawn = World(Profile.drawn(random), random.choice((1, 2, 3)), Terms.drawn(random))
    if seed % 3 == 2:
        drawn = drawn._replace(whole=True, seconds=WHOLE_SECONDS)
    named = {key: value for key, value in world._asdict().items() if value is not None}
    world = drawn._replace(**named)
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=_memory()))
    try:
        deployment = Deployment(seed, folder, world.terms or Terms())
        with deployment.running():
            return _live(seed, deployment, world)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _live(seed: int, deployment: Deployment, world: World) -> Report:
    kernel = deployment.kernel
    feed = Inputs(deployment) if world.whole else Feed(deployment)
    desk = Desk(kernel, feed.send)
    deployment.cluster.readers.append(desk.read)
    faults = Faults(deployment, world.profile or Profile(), world.kills_at)
    for number in range(world.workers or 1):
        deployment.add(RoleName.RISK, f"risk-{number}")
    desk.begin()
    faults.begin()
    kernel.run_for(world.seconds or FAULTS_SECONDS)
    faults.heal()
    healed_s = kernel.now_s
    late = _await_decisions(deployment, feed, LIVENESS_SECONDS_MAX)
    recovered_s = kernel.now_s - healed_s
    desk.close()
    kernel.run_for(5.0)
    late += _await_decisions(deployment, feed, LAST_SECONDS_MAX)
    feed.close()
    kernel.run_for(1.0)  # What is on its way still arrives.
    late += _await_decisions(deployment, feed, LAST_SECONDS_MAX)
    verdict = judge_logs(deployment, decided_by(deployment))
    return Report(
        seed,
        [*late, *verdict.violations, *judge_signals(deployment), *judge_endings(deployment)],
        events=verdict.events,
        signals=verdict.decided,
        doubles=verdict.doubles,
        faults=faults.counts,
        virtual_s=kernel.now_s - kernel.start_s,
        recovered_s=recovered_s,
        lives=sum(worker.lives for worker in deployment.workers.values()),
        steps=kernel.steps,
        digest=_digest(deployment),
    )


def _await_decisions(deployment: Deployment, feed: Feed | Inputs, seconds_max: float) -> list[str]:
    """Let everything that was sent by now be decided; say so if it is not in time."""
    kernel, began_s = deployment.kernel, deployment.kernel.now_s
    inputs = feed.ends()
    has_read = kernel.run_until(
        lambda: feed.have_become_events(inputs), seconds_max=seconds_max, step_s=STEP_SECONDS
    )
    if not has_read:
        return [f"liveness: not every input became an event within {seconds_max:.0f} s"]
    ends, left_s = _ends(deployment), seconds_max - (kernel.now_s - began_s)
    is_done = kernel.run_until(
        lambda: _hasdecided_by(deployment, ends), seconds_max=left_s, step_s=STEP_SECONDS
    )
    return [] if is_done else [f"liveness: not everything was decided within {seconds_max:.0f} s"]


def _ends(deployment: Deployment) -> dict[tuple[str, int], int]:
    topic = deployment.settings.topic(EVENTS.name)
    return {log.place: log.end for log in deployment.cluster.topics[topic].logs}


def _hasdecided_by(deployment: Deployment, ends: dict[tuple[str, int], int]) -> bool:
    """Return whether the group has committed everything up to these offsets."""
    decided = decided_by(deployment)
    return all(decided[number] >= end for (_, number), end in ends.items())


def decided_by(deployment: Deployment) -> dict[int, int]:
    """Return how far the group has committed each partition of the log."""
    group, groups = deployment.settings.role_group("risk"), deployment.cluster.groups
    return {place[1]: groups.settled(group, place) for place in _ends(deployment)}


def _digest(deployment: Deployment) -> str:
    digest = blake2b(digest_size=8)
    for name, topic in sorted(deployment.cluster.topics.items()):
        for log in topic.logs:
            for entry in log.entries:
                row = name, log.number, entry.offset, entry.timestamp_ms, entry.key, entry.value
                digest.update(repr(row).encode())
    return digest.hexdigest()


def _memory() -> str | None:
    """Return a folder in memory, if there is one: the disk is RocksDB's business, not ours."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
