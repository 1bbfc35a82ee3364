"""Faults by a seed under load, judged all the time: `python -m bench.chaos FAULTS SEED BROKERS`.

Two risk workers, ingest and broadcast run as processes on a local cluster, an engine answers what
is approved, and `riskgate verify --follow` judges what they publish. What exits is started again,
as Kubernetes would. The last line gives faults, violations and the longest gap; any violation exits
with 1.
"""

import random
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import orjson

from bench.chaos_trading import Trading
from bench.fleet import Fleet
from bench.pipeline import environment_of, settings_of
from pipeline.local.kafka import LocalKafka
from pipeline.local.processes import end_process, start_process
from pipeline.streams.admin.topic_admin import create_missing
from pipeline.streams.roles.children import riskgate_command
from pipeline.streams.settings import Settings

# How often each fault is drawn.
WEIGHTS = {
    "kill": 5,
    "freeze": 4,
    "kill in a checkpoint": 3,
    "wiped disk": 2,
    "old disk": 2,
    "twin": 2,
    "broker kill": 2,
    "broker freeze": 2,
}
PAUSE_SECONDS = (1.0, 5.0)  # Between faults.
FREEZE_SECONDS = (1.0, 15.0)  # Shorter and longer than the session.
CALM_SECONDS = 30.0  # At the end, without faults.
JUDGE_SECONDS_MAX = 120.0  # For what it has not judged yet.


def main() -> None:
    """Inject faults and report what the judge found."""
    faults, seed, brokers = (int(text) for text in sys.argv[1:4])
    draw = random.Random(seed)
    with ExitStack() as stack:
        kafka = stack.enter_context(LocalKafka(brokers))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = settings_of(kafka.bootstrap, "chaos")
        create_missing(settings)
        fleet = Fleet(settings, folder, draw)
        stack.callback(fleet.kill_all)
        trading = stack.enter_context(Trading(settings, random.Random(seed)))
        judge = Judge(settings, folder / "findings.jsonl")
        stack.callback(judge.kill)
        done = inject(faults, fleet=fleet, kafka=kafka, draw=draw)
        fleet.calm(CALM_SECONDS)
        trading.finish()
        fleet.end()
        sys.exit(report(done, fleet=fleet, trading=trading, summary=judge.end()))


def inject(faults: int, *, fleet: Fleet, kafka: LocalKafka, draw: random.Random) -> Counter[str]:
    """Inject that many faults, one after the other, and return how many there were of each."""
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    nodes = len(kafka.bootstrap.split(","))
    done: Counter[str] = Counter()
    fleet.calm(5.0)
    for number in range(faults):
        (name,) = draw.choices(names, weights)
        done[name] += 1
        sys.stdout.write(f"{number + 1}: {name}\n")
        sys.stdout.flush()
        one_fault(name, fleet=fleet, kafka=kafka, node=draw.randrange(nodes))
        fleet.calm(draw.uniform(*PAUSE_SECONDS))
    return done


def one_fault(name: str, *, fleet: Fleet, kafka: LocalKafka, node: int) -> None:
    """Inject one fault and undo it."""
    seconds = fleet.draw.uniform(*FREEZE_SECONDS)
    if name == "broker kill":
        kafka.kill(node)
        fleet.calm(fleet.draw.uniform(0.0, 3.0))
        kafka.restart(node)
    elif name == "broker freeze":
        kafka.pause(node)
        fleet.calm(seconds)
        kafka.resume(node)
    elif name == "freeze":
        fleet.freeze(seconds)
    else:
        act = {
            "kill": fleet.kill,
            "kill in a checkpoint": fleet.kill_in_checkpoint,
            "wiped disk": fleet.wipe,
            "old disk": fleet.put_back_disk,
            "twin": fleet.twin,
        }
        act[name]()


class Judge:
    """`riskgate verify --follow` beside the faults."""

    def __init__(self, settings: Settings, found: Path) -> None:
        self._found = found
        self._process = start_process(
            riskgate_command("verify", "--follow", "--json"),
            log=found,
            environment=environment_of(settings),
        )

    def end(self) -> dict[str, int]:
        """Let it judge the rest, print what it wrote, and return its summary."""
        self._process.terminate()
        code = end_process(self._process, seconds_max=JUDGE_SECONDS_MAX)
        summary: dict[str, int] = {}
        for line in self._found.read_text().splitlines():
            if line.startswith('{"summary"'):
                summary = orjson.loads(line)["summary"]
            else:
                sys.stdout.write(f"{line}\n")
        if code not in {0, 1} or not summary:
            raise SystemExit(f"the judge could not read and exited with {code}")
        return summary

    def kill(self) -> None:
        """End it in any case."""
        end_process(self._process, seconds_max=0)


def report(done: Counter[str], *, fleet: Fleet, trading: Trading, summary: dict[str, int]) -> int:
    """Print the last lines and return the exit code."""
    undecided = trading.undecided()
    violations = summary["findings"] + summary["signals_waiting"] + undecided
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
    sys.stdout.write(
        f"{kinds}; {fleet.exits} processes exited by themselves; {trading.sent} signals, "
        f"{undecided} without a decision; {summary['outputs']} outputs judged, "
        f"{summary['replay_equal']} decided again, {summary['equal_doubles']} equal doubles\n"
        f"{done.total()} faults, {violations} violations, longest gap "
        f"{trading.longest_s:.1f} s\n"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    main()
