"""Faults by a seed under load, judged all the time: `python -m bench.chaos --help`.

Two risk workers, ingest and broadcast run as processes on a local cluster, with a second replica
set and another release if wanted. An engine answers what is approved, and `riskgate verify
--follow` judges what they publish. What exits is started again, as Kubernetes would. The last line
gives faults, violations and the longest gap; any violation exits with 1.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import orjson

from bench.chaos_faults import FAULTS, World, drawn_weights
from bench.chaos_trading import Trading
from bench.cluster import Cluster
from bench.fleet import NEXT, SETS, Fleet, members
from bench.links import Links, can_link
from bench.page import say
from bench.pipeline import environment_of, settings_of
from bench.small_disk import SmallDisk
from bench.upstream import Upstream
from pipeline.local.processes import end_process, start_process
from pipeline.rules_version import rules_version
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings

WARM_UP_SECONDS = 15.0
PAUSE_SECONDS = (1.0, 5.0)  # Between faults.
# Between faults decisions catch up, or each fault would only find what the one before has left.
IN_TIME_SECONDS, RECOVERY_SECONDS_MAX = 1.0, 120.0
CALM_SECONDS = 30.0  # At the end, without faults.
GRACE = "1h"  # Faults last, and machines are busy: at the end every signal must have its decision.
JUDGE_SECONDS_MAX = 600.0  # For what it has not judged yet, on a busy machine.
UNREADABLE = 2  # What the judge exits with.
CLOCK = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")  # Debian's libfaketime.


def main() -> None:
    """Inject faults and report what the judge found."""
    asked = _arguments()
    with ExitStack() as stack:
        kafka = stack.enter_context(Cluster(asked.brokers))
        folder = Path(tempfile.mkdtemp(prefix="riskgate-chaos-"))
        world = _world(asked, kafka, folder=folder, stack=stack)
        judge = Judge(_settings(kafka), folder / "findings.jsonl")
        stack.callback(judge.kill)
        say(f"seed {asked.seed}, {asked.brokers} brokers, {asked.sets} sets; {folder}")
        done = inject(asked.faults, world, judge)
        world.fleet.calm(CALM_SECONDS)
        world.trading.finish()
        world.fleet.end()
        code = report(done, world=world, summary=judge.end())
    if not code:
        shutil.rmtree(folder)
    sys.exit(code)


def _world(asked: argparse.Namespace, kafka: Cluster, *, folder: Path, stack: ExitStack) -> World:
    """Start everything but the judge."""
    settings = _settings(kafka)
    for name in (*SETS[asked.sets], *([NEXT] if asked.releases else [])):
        create_missing(settings.model_copy(update={"replica": name}))
    disk = SmallDisk.mounted(folder / "disks")
    if disk is not None:
        stack.callback(disk.unmount)
    links = Links(kafka.ports) if can_link() else None
    if links is not None:
        stack.callback(links.close)
    crew = members(asked.sets, releases=asked.releases)
    fleet = Fleet(settings, folder, crew, links=links)
    stack.callback(fleet.kill_all)
    fleet.start_all()
    trading = stack.enter_context(Trading(settings, random.Random(asked.seed), rate=asked.rate))
    if asked.releases:
        trading.activate(rules_version())
    draw = random.Random(asked.seed)
    upstream = Upstream(settings, random.Random(asked.seed))
    clock = CLOCK if CLOCK.exists() else None
    return World(fleet, kafka, trading, upstream, draw, disk, clock)


def inject(faults: int, world: World, judge: "Judge") -> dict[str, list[float]]:
    """Inject that many faults, one after the other, and return the longest gap of each by kind."""
    weights = drawn_weights(world)
    say(", ".join(f"{name} {weight}" for name, weight in weights.items()))
    done: dict[str, list[float]] = {}
    world.fleet.calm(WARM_UP_SECONDS)
    world.trading.take_longest()
    for number in range(faults):
        (name,) = world.draw.choices(list(weights), list(weights.values()))
        began_s = time.monotonic()
        say(f"{number + 1}: {name}")
        FAULTS[name].act(world)
        world.fleet.calm(world.seconds(PAUSE_SECONDS))
        if not recovered(world):
            say(f"   not recovered within {RECOVERY_SECONDS_MAX:g} s")
        judge.keep()
        gap_s = world.trading.take_longest()
        done.setdefault(name, []).append(gap_s)
        took_s = time.monotonic() - began_s
        say(f"   {took_s:.0f} s, longest time to a decision {gap_s:.1f} s")
    return done


def recovered(world: World) -> bool:
    """Wait until decisions come in time again; return whether they did."""
    give_up_s = time.monotonic() + RECOVERY_SECONDS_MAX
    while (behind_s := world.trading.behind_s()) > IN_TIME_SECONDS:
        if time.monotonic() > give_up_s:
            return False
        world.fleet.calm(min(1.0, behind_s))
    return True


def _settings(kafka: Cluster) -> Settings:
    return settings_of(kafka.bootstrap, "chaos")


class Judge:
    """`riskgate verify --follow` beside the faults."""

    def __init__(self, settings: Settings, found: Path) -> None:
        self._settings = settings
        self._found = found
        self._process = self._start("--follow")

    def keep(self) -> None:
        """Start again what could not read while brokers were away; it reads from the beginning."""
        if self._process.poll() == UNREADABLE:
            self._process = self._start("--follow")

    def end(self) -> dict[str, int]:
        """Let it judge the rest, print what it wrote, and return its summary."""
        self._process.terminate()
        code = end_process(self._process, seconds_max=JUDGE_SECONDS_MAX)
        if code == UNREADABLE:
            self._process = self._start()
            code = end_process(self._process, seconds_max=JUDGE_SECONDS_MAX)
        summary: dict[str, int] = {}
        for line in self._found.read_text().splitlines():
            if line.startswith('{"summary"'):
                summary = orjson.loads(line)["summary"]
            else:
                say(line)
        if code not in {0, 1} or not summary:
            raise SystemExit(f"the judge could not read and exited with {code}")
        return summary

    def kill(self) -> None:
        """End it in any case."""
        end_process(self._process, seconds_max=0)

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        self._found.unlink(missing_ok=True)
        return start_process(
            riskgate_command("verify", *options, "--json", "--grace", GRACE),
            log=self._found,
            environment=environment_of(self._settings),
        )


def report(done: dict[str, list[float]], *, world: World, summary: dict[str, int]) -> int:
    """Print the last lines and return the exit code."""
    trading, exits = world.trading, world.fleet.exits
    undecided = trading.undecided()
    violations = summary["findings"] + summary["signals_waiting"] + undecided
    for name, gaps in sorted(done.items()):
        say(f"{len(gaps)} {name}, longest gap {max(gaps):.1f} s")
    absent = [name for name, kind in FAULTS.items() if not kind.is_possible(world)]
    say(f"not to be had here: {', '.join(absent) or 'none'}")
    say(f"exited by themselves: {_counted(exits) or 'none'}")
    say(
        f"{trading.sent} signals, {undecided} without a decision; {summary['outputs']} outputs "
        f"judged, {summary['replay_equal']} decided again, {summary['equal_doubles']} equal "
        f"doubles\n{sum(map(len, done.values()))} faults, {violations} violations, longest gap "
        f"{trading.longest_s:.1f} s"
    )
    return 1 if violations else 0


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos")
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--brokers", type=int, default=1)
    parser.add_argument("--rate", type=int, default=30, help="signals per second")
    parser.add_argument("--sets", type=int, choices=SETS, default=1)
    parser.add_argument("--releases", action="store_true", help="another release decides, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
