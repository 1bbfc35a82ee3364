"""The cores alone, in turns and each run in a new process: riskgate's and those of others."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.peers.builds import PURE, path_of
from bench.peers.java import java_command
from bench.peers.plan import Plan
from pipeline.errors import StartupError
from pipeline.streams.roles.children import python_command

__all__ = ["EVENT", "JAVA", "MIX", "NAUTILUS", "CoreCosts", "measure_cores", "ours"]

MIX = "events of the role, usual"
EVENT = "decode, step, encode, save"
JAVA = "Java, BigDecimal, usual rules"
NAUTILUS = "NautilusTrader RiskEngine"
JAVA_FACTOR = 10  # As many more signals, so that its compiler is done.
NOW_MS = 1_767_225_600_000  # Of the events.
ADAPTERS = Path(__file__).parent.parent.parent / ".cache" / "adapters" / "bin" / "python"
SECONDS_MAX = 300


class CoreCosts(NamedTuple):
    """Microseconds of CPU per signal by side and part, in order of the runs; who is absent."""

    spent: dict[tuple[str, str], list[float]]
    absent: list[str]  # Sentences.


def measure_cores(plan: Plan, builds: Sequence[str]) -> CoreCosts:
    """Run each core in turns. Raise RuntimeError if two approve other quantities."""
    found = CoreCosts({}, [])
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events"
        for number in range(plan.runs):
            sums = {build: _measure_ours(found, plan, events, build=build) for build in builds}
            approved = sums[builds[0]]
            if {*sums.values()} != {approved}:
                raise RuntimeError(f"the builds approve other quantities: {sums}")
            if number == 0 or (JAVA, "step") in found.spent:
                _measure_java(found, plan, events, approved=approved)
            if number == 0 or (NAUTILUS, "10 positions") in found.spent:
                _measure_nautilus(found, plan)
    return found


def ours(build: str, rules: str) -> str:
    """Return the name of a side: a build of riskgate's core, and which rules it has."""
    return f"riskgate, {build} core, {rules} rules"


def _measure_ours(found: CoreCosts, plan: Plan, events: Path, *, build: str) -> str:
    """Return the sum of what the usual rules approve."""
    approved, count = "", str(plan.core_signals)
    command = python_command("-m", "bench.peers.gate_cost", count, str(events))
    for line in _output(command, build).splitlines():
        rules, step, written, read, quantity = line.split()
        parts = {"step": step, "step and encode": written, "decode, step, encode": read}
        for part, spent in parts.items():
            found.spent.setdefault((ours(build, rules), part), []).append(float(spent))
        approved = approved or quantity
    mix = _output(python_command("-m", "bench.peers.mix_cost", count), build)
    found.spent.setdefault((ours(build, MIX), EVENT), []).append(float(mix))
    return approved


def _measure_java(found: CoreCosts, plan: Plan, events: Path, *, approved: str) -> None:
    count = str(plan.core_signals * JAVA_FACTOR)
    try:
        command = java_command("CoreLoop", str(events), str(NOW_MS), count)
    except StartupError as error:
        found.absent.append(str(error))
        return
    step, read, quantity = _output(command).split()
    if quantity != approved:
        raise RuntimeError(f"the Java core approves {quantity}, riskgate {approved}")
    found.spent.setdefault((JAVA, "step"), []).append(float(step))
    found.spent.setdefault((JAVA, "decode, step, encode"), []).append(float(read))


def _measure_nautilus(found: CoreCosts, plan: Plan) -> None:
    if not ADAPTERS.exists():
        found.absent.append(
            "NautilusTrader is not installed; `make .cache/adapters/installed` does it (1.2 GB)."
        )
        return
    program = str(Path(__file__).with_name("nautilus_core.py"))
    figures = _output([str(ADAPTERS), program, str(plan.core_signals)]).split()
    for part, spent in zip(("no positions", "10 positions"), figures, strict=True):
        found.spent.setdefault((NAUTILUS, part), []).append(float(spent))


def _output(command: Sequence[str], build: str = PURE) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **path_of(build)},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    return done.stdout
