"""How late a decision comes: each signal timed from when it was due, so no stall is hidden.

Peers read the same events as the risk role, and write decisions in a transaction, which readers see
at its commit. `WHOLE` is riskgate from the strategy's signal on, through ingest.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench.hops import signal_of
from bench.peers.plan import Plan
from bench.peers.rules import usual_limits
from bench.peers.sides import PASSTHROUGH, Place, Side, started
from bench.pipeline import Load, running, settings_of
from pipeline.streams.admin.topic_admin import create_missing

__all__ = ["WHOLE", "Delays", "measure_delays"]

WHOLE = "riskgate, whole way"
PASSTHROUGH_COMMIT_MS = 10  # At the default it would be late by as much as that.
WARM_UP_SECONDS = 3
WARM_UP_RATE = 1000
HEARTBEAT_SECONDS = 1.0
REFRESH_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
Delays = dict[tuple[str, int], list[list[float]]]  # By side and rate: ms of each signal, per run.
Asking = Callable[[int, int], list[float]]  # Rate and seconds to delays in ms.


def measure_delays(names: Sequence[str], place: Place, plan: Plan) -> Delays:
    """Run the sides and the whole way in turns, at every rate."""
    delays: Delays = {}
    with ExitStack() as stack:
        sides: dict[str, Asking] = {WHOLE: stack.enter_context(_whole_way(place))}
        for name in names:
            sides[name] = _asking(stack.enter_context(_side(name, place)))
        for ask in sides.values():
            ask(min(WARM_UP_RATE, plan.rates[-1]), WARM_UP_SECONDS)
        for _ in range(plan.runs):
            for rate in plan.rates:
                for name, ask in sides.items():
                    delays.setdefault((name, rate), []).append(ask(rate, plan.seconds))
    return delays


@contextmanager
def _whole_way(place: Place) -> Iterator[Asking]:
    settings = settings_of(place.brokers, "whole-way")
    create_missing(settings)
    load = Load(settings)
    load.open_accounts(usual_limits())
    with running(settings, place.folder):
        load.run(rate=50, seconds=WARM_UP_SECONDS)
        yield lambda rate, seconds: load.run(rate=rate, seconds=seconds)


@contextmanager
def _side(name: str, place: Place) -> Iterator[Side]:
    commit_ms = PASSTHROUGH_COMMIT_MS if name == PASSTHROUGH else 1000
    with started(name, place, commit_ms=commit_ms, is_prompt=True) as side:
        yield side


def _asking(side: Side) -> Asking:
    return lambda rate, seconds: _late_ms(side, rate, seconds)


def _late_ms(side: Side, rate: int, seconds: int) -> list[float]:
    """Send signals at an even rate and return the delay of each; inf for those without answer."""
    due: dict[str, float] = {}
    late_ms: list[float] = []
    side.feed.refresh()
    start_s = heartbeat_s = time.monotonic() + REFRESH_SECONDS
    for number in range(rate * seconds):
        due_s = start_s + number / rate
        while time.monotonic() < due_s:
            _receive(side, due, late_ms)
        if due_s >= heartbeat_s:
            heartbeat_s += HEARTBEAT_SECONDS
            side.feed.heartbeat()
        due[side.feed.ask_one()] = due_s
    give_up_s = time.monotonic() + PATIENCE_SECONDS
    while due and time.monotonic() < give_up_s:
        _receive(side, due, late_ms)
    return late_ms + [float("inf")] * len(due)


def _receive(side: Side, due: dict[str, float], late_ms: list[float]) -> None:
    row = side.outputs.poll(0.001)
    if row is None or row.error() is not None:
        return
    now_s = time.monotonic()
    due_s = due.pop(signal_of(row.value() or b"{}") or "", None)
    if due_s is not None:  # A pass-through copies the order's status too.
        late_ms.append((now_s - due_s) * 1000)
