"""One story told on purpose: a partition moves twice while a dead worker's transaction is open.

Its records stand in the changelog before those of the next owner, who commits behind them. Who
reads the changelog only up to an open transaction then restores a state of long ago.
"""

import tempfile
from pathlib import Path

from pipeline.streams.role_names import RoleName
from tests.simulation.deployment import Deployment, Terms, Worker
from tests.simulation.desk import Desk
from tests.simulation.feed import Feed
from tests.simulation.judge import judge_endings, judge_logs
from tests.simulation.kernel import Process
from tests.simulation.world import decided_by

__all__ = ["moved_twice"]

TERMS = Terms(partitions=1, session_s=6, transaction_s=50, checkpoint_ms=1000)
POINT = "after flush"  # The records are there, and nothing is decided about them.
PASSED = 3


def moved_twice(seed: int) -> list[str]:
    """Tell it, and return what is wrong at the end."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(seed, Path(folder), TERMS)
        with deployment.running():
            return _tell(deployment)


def _tell(deployment: Deployment) -> list[str]:
    kernel, passed = deployment.kernel, [0]

    def die(process: Process, name: str) -> None:
        passed[0] += name == POINT
        if name == POINT and passed[0] == PASSED:
            deployment.workers[process.name].end()

    kernel.on_point = die
    feed = Feed(deployment)
    desk = Desk(kernel, feed.send)
    deployment.cluster.readers.append(desk.read)
    for number in range(3):
        deployment.add(RoleName.RISK, f"risk-{number}")
    desk.begin()
    kernel.run_for(20.0)  # One dies; its partition moves after a session of six seconds.
    _owner(deployment).end()
    kernel.run_for(70.0)  # And moves again, before the first transaction is over.
    desk.close()
    feed.close()
    kernel.run_for(10.0)
    judged = judge_logs(deployment, decided_by(deployment))
    undecided = [] if judged.decided == desk.signals else ["not every signal was decided"]
    return [*undecided, *judged.violations, *judge_endings(deployment)]


def _owner(deployment: Deployment) -> Worker:
    group = deployment.settings.role_group("risk")
    members = deployment.cluster.groups.members(group)
    name = next(key.rpartition("-")[0] for key, places in members.items() if places)
    return deployment.workers[name]
