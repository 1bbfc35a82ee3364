"""The goals of speed, each judged by what one run measured; a goal without a figure is missed."""

from collections.abc import Iterator
from typing import NamedTuple

from bench.peers.builds import COMPILED, PURE
from bench.peers.core import EVENT, MIX, ours
from bench.peers.cost import Cost, Costs
from bench.peers.delay import WHOLE, Delays
from bench.peers.sides import PASSTHROUGH, RISK, STREAMS
from bench.peers.spread import percentile, ratios, spread

__all__ = ["Goal", "Measured", "Spent", "goals"]

Spent = dict[tuple[str, str], list[float]]


class Measured(NamedTuple):
    """All of one run of `make bench-peers`."""

    cores: Spent
    costs: Costs
    delays: Delays

    @property
    def build(self) -> str:
        """The build of the core that goals are about: compiled where it can be."""
        return COMPILED if RISK[COMPILED] in self.costs else PURE


class Goal(NamedTuple):
    """A bound and what was measured; None: it was not."""

    name: str
    value: float | None
    bound: float
    unit: str
    is_floor: bool = False  # The value has to be at least the bound.

    @property
    def is_met(self) -> bool:
        """Whether the value is on the right side."""
        if self.value is None:
            return False
        return self.value >= self.bound if self.is_floor else self.value <= self.bound

    def line(self) -> str:
        """Return the line that the run ends with."""
        value = "not measured" if self.value is None else f"{self.value:,.2f}{self.unit}"
        sign = ">=" if self.is_floor else "<="
        verdict = "ok" if self.is_met else "missed"
        return f"GOAL {self.name}: {value} (goal {sign} {self.bound:,g}{self.unit}) {verdict}"


def goals(found: Measured) -> list[Goal]:
    """Judge every goal."""
    return [
        *_delay_goals(found.delays),
        *_core_goals(found.cores, found.build),
        *_role_goals(found),
    ]


def _delay_goals(delays: Delays) -> Iterator[Goal]:
    for rate, share, bound in (
        (200, 0.5, 5.0),
        (200, 0.99, 12.0),
        (200, 0.999, 30.0),
        (2000, 0.99, 25.0),
    ):
        runs = delays.get((WHOLE, rate))
        value = None if runs is None else percentile([ms for run in runs for ms in run], share)
        yield Goal(f"whole way at {rate}/s, p{share * 100:g}", value, bound, " ms")


def _core_goals(cores: Spent, build: str) -> Iterator[Goal]:
    for rules, rate, written_us in (("usual", 80_000, 17.0), ("all", 50_000, 30.0)):
        step_us = _middle(cores, ours(build, rules), "step")
        per_second = None if step_us is None else 1e6 / step_us
        yield Goal(f"core, {rules} rules", per_second, rate, " signals/s of CPU", is_floor=True)
        written = _middle(cores, ours(build, rules), "step and encode")
        yield Goal(f"step and encode, {rules} rules", written, written_us, " us")


def _role_goals(found: Measured) -> Iterator[Goal]:
    role, streams = found.costs.get(RISK[found.build]), found.costs.get(STREAMS)
    names = "role / Kafka Streams, CPU of the process", "role / Kafka Streams, working thread"
    process: float | None = None
    thread: float | None = None
    if role and streams:
        process = ratios(_process(role), _process(streams)).middle
        thread = ratios(_thread(role), _thread(streams)).middle
    yield Goal(names[0], process, 0.6, "")
    yield Goal(names[1], thread, 1.0, "")
    yield Goal("role around its work / quixstreams' pass-through, thread", _around(found), 1.0, "")


def _around(found: Measured) -> float | None:
    """Divide what the role spends beyond decode, step, encode and save by a pass-through."""
    role, plain = found.costs.get(RISK[found.build]), found.costs.get(PASSTHROUGH)
    work_us = _middle(found.cores, ours(found.build, MIX), EVENT)
    if not role or not plain or work_us is None:
        return None
    return (spread(_thread(role)).middle - work_us) / spread(_thread(plain)).middle


def _middle(cores: Spent, side: str, part: str) -> float | None:
    runs = cores.get((side, part))
    return None if runs is None else spread(runs).middle


def _process(runs: list[Cost]) -> list[float]:
    return [run.process_us for run in runs]


def _thread(runs: list[Cost]) -> list[float]:
    return [run.thread_us for run in runs]
