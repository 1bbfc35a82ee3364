"""How long nothing is decided, and no losing account stopped, when something dies.

`python -m bench.gaps --help`. Under steady load a process of the first set, or a broker, meets a
fault in the midst of signals and of prices that breach loss limits. Two figures for each fault: the
longest time from a signal to its decision, whichever set sent it first, and the longest time from
such a price to the append of the stop. What ends is started again at once.
"""

import argparse
import os
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench import market
from bench.breaches import Breaches, limits
from bench.cluster import Cluster
from bench.page import say
from bench.pipeline import Load, settings_of
from bench.replica_sets import ROLES, Place, ReplicaSets
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.settings import Settings

FAULT_SECONDS = 3.0  # From the beginning.
AFTER_SECONDS = 17.0  # From the end of the fault.
WARM_UP_SECONDS = 20
CANCEL_SECONDS = 2  # From a signal to the cancellation of its order.
EDGE_SECONDS = 2.0  # Right behind the beginning and the end of a fault breaches come densely.
DENSE_PER_SECOND, SPARSE_PER_SECOND = 10, 1
BROKER = "broker"
FAULTS = ("none", "term", "kill", "freeze 3", "freeze 15", "freeze 60", "wipe")
SETS = {1: ("",), 2: ("a", "b")}


class Gap(NamedTuple):
    """The two figures of a fault, and the machine's load over the last minute."""

    decision_ms: float
    stop_ms: float
    load: float


class GapLoad(Load):
    """Orders are cancelled after a while, so that reservations do not accumulate."""

    def __init__(self, settings: Settings, rate: int) -> None:
        super().__init__(settings)
        self.settings = settings
        self.rate = rate

    def ask(self) -> str:
        """Send a signal and the cancellation of an earlier one."""
        number = self.sent - CANCEL_SECONDS * self.rate
        if number >= 0:
            order = market.cancelled(market.signal(number))
            self.market.send("orders", order.account_id, order)
        return super().ask()


class Bench:
    """One broker or more, one set or two, under load."""

    def __init__(self, kafka: Cluster, fleet: ReplicaSets, load: GapLoad) -> None:
        self._kafka = kafka
        self._fleet = fleet
        self._load = load
        self._breaches = Breaches(load.settings)

    def gap(self, place: Place, fault: str, node: int) -> Gap:
        """Let a fault strike and measure what is late."""
        name, _, length = fault.partition(" ")
        length_s = float(length or 0)
        due_s = list(_due(length_s))
        self._breaches.open_accounts(len(due_s))
        seconds = int(FAULT_SECONDS + length_s + AFTER_SECONDS)

        def strike() -> None:
            time.sleep(FAULT_SECONDS)
            self._hit(place, name, length_s, node=node)

        with ThreadPoolExecutor(1) as pool:
            struck = pool.submit(strike)
            self._breaches.begin(due_s)
            late_ms = self._load.run(rate=self._load.rate, seconds=seconds)
            struck.result()  # Figures of a fault that never struck would say nothing.
        return Gap(max(late_ms), self._breaches.longest_ms(), os.getloadavg()[0])

    def _hit(self, place: Place, fault: str, length_s: float, *, node: int) -> None:
        if fault == "none":
            return
        if place.role == BROKER:
            self._hit_broker(fault, length_s, node)
        elif fault == "freeze":
            self._fleet.freeze(place, length_s)
        else:
            fleet = self._fleet
            {"term": fleet.terminate, "kill": fleet.kill, "wipe": fleet.wipe}[fault](place)

    def _hit_broker(self, fault: str, length_s: float, node: int) -> None:
        if fault == "freeze":
            self._kafka.pause(node)
            time.sleep(length_s)
            self._kafka.resume(node)
        elif fault == "wipe":
            self._kafka.wipe(node)
        else:
            if fault == "kill":
                self._kafka.kill(node)
            self._kafka.restart(node)


def main() -> None:
    """Print each figure as it is found, and then the table."""
    asked = _arguments()
    found: dict[tuple[int, str, str], Gap] = {}
    with Cluster(asked.brokers) as kafka, tempfile.TemporaryDirectory() as folder:
        for sets in asked.sets:
            for role, fault, gap in measured(asked, kafka, Path(folder), sets=sets):
                found[sets, role, fault] = gap
                say(f"{sets} set(s), {role}, {fault}: {_shown(gap)}, load {gap.load:.1f}")
    say("| process | fault | one set | two sets |\n|---|---|---|---|")
    for role, fault in dict.fromkeys((role, fault) for _, role, fault in found):
        cells = [_shown(found.get((sets, role, fault))) for sets in SETS]
        say(f"| {role} | {fault} | {' | '.join(cells)} |")


def measured(
    asked: argparse.Namespace, kafka: Cluster, folder: Path, *, sets: int
) -> Iterator[tuple[str, str, Gap]]:
    """Yield the longest gap of each fault of each process."""
    settings = settings_of(kafka.bootstrap, f"gaps{sets}")
    for name in SETS[sets]:
        create_missing(settings.model_copy(update={"replica": name}))
    load = GapLoad(settings, asked.rate)
    load.open_accounts(limits())
    with ReplicaSets(settings, folder, SETS[sets]) as fleet:
        bench = Bench(kafka, fleet, load)
        load.run(rate=asked.rate, seconds=WARM_UP_SECONDS)
        for role, fault in _cells(asked):
            place = Place(SETS[sets][0], role)
            gaps = [bench.gap(place, fault, n % kafka.nodes) for n in range(asked.rounds)]
            yield role, fault, Gap(*(max(figures) for figures in zip(*gaps, strict=True)))


def _cells(asked: argparse.Namespace) -> Iterator[tuple[str, str]]:
    if "none" in asked.faults:
        yield "-", "none"
    for role in asked.roles:
        for fault in asked.faults:
            # Whoever has one broker and loses its disk has lost the log.
            if fault != "none" and (role, fault, asked.brokers) != (BROKER, "wipe", 1):
                yield role, fault


def _due(length_s: float) -> Iterator[float]:
    """Yield when breaches come: before, densely around the ends of the fault, and after it."""
    due_s, end_s = FAULT_SECONDS - 1, FAULT_SECONDS + length_s + AFTER_SECONDS / 2
    while due_s < end_s:
        yield due_s
        edges = FAULT_SECONDS, FAULT_SECONDS + length_s
        is_dense = any(0 <= due_s - edge < EDGE_SECONDS for edge in edges)
        due_s += 1 / (DENSE_PER_SECOND if is_dense else SPARSE_PER_SECOND)


def _shown(gap: Gap | None) -> str:
    return f"{gap.decision_ms / 1000:.2f} / {gap.stop_ms / 1000:.2f} s" if gap else "-"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gaps")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rate", type=int, default=200, help="signals per second")
    parser.add_argument("--brokers", type=int, default=1)
    roles, faults = (*ROLES, BROKER), FAULTS
    parser.add_argument("--roles", type=_roles, default=roles, help=",".join(roles))
    parser.add_argument("--faults", type=_faults, default=faults, help=",".join(faults))
    parser.add_argument("--sets", type=int, choices=SETS, nargs="+", default=tuple(SETS))
    return parser.parse_args()


def _roles(text: str) -> list[str]:
    roles = text.split(",")
    if unknown := {*roles} - {*ROLES, BROKER}:
        raise argparse.ArgumentTypeError(f"{min(unknown)} is no role")
    return roles


def _faults(text: str) -> list[str]:
    """Return faults, of which a freeze may last any number of seconds."""
    faults = text.split(",")
    for fault in faults:
        is_freeze = re.fullmatch(r"freeze \d+", fault) is not None
        if not is_freeze and fault not in FAULTS:
            raise argparse.ArgumentTypeError(f"{fault} is no fault")
    return faults


if __name__ == "__main__":
    main()
