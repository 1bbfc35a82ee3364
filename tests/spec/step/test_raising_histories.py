"""Wild histories in which parts of events raise: controls act, and nothing is lost or repeated."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib import import_module
from random import Random
from typing import Any

import pytest

from pipeline.streams.roles.decide.partition_accounts import PartitionAccounts
from tests.spec.desk import MINUTE, SECOND, Desk, Row
from tests.spec.recorded import Recorded, Taken, restarted
from tests.spec.wild import Wild
from topics.decisions import Decision
from topics.events import Event, SignalEvent

pytestmark = pytest.mark.interpreted
# By what breaks: the functions of the core that raise, in each module that calls them.
PARTS = {
    "gate": ["on_signal.judge"],
    "expiry": ["on_order.end_wait", "boundaries.end_wait"],
    "adoption": ["ledger.drift.adopt", "boundaries.adopt"],
    "roll": ["step.roll", "boundaries.roll"],
    "market": ["step.take_all", "boundaries.take_all"],
    "booking": ["on_fill.book"],
    "limits": ["step.protect", "boundaries.protect"],
    "everyone": ["step.catch_up", "boundaries.catch_up"],
    "exits": ["step.send_exits", "boundaries.send_exits"],
}
ENDS = ["triggered", "resumed"]  # Of a control's stop.


def break_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break one part of some events; which one follows from an event's bytes alone."""
    broken: list[str] = []
    use = PartitionAccounts.use

    def using(own: PartitionAccounts, event: Event, content: bytes, **more: Any) -> Any:
        draw = Random(content)
        broken[:] = draw.sample(list(PARTS), draw.choice([0, 0, 1]))
        return use(own, event, content, **more)

    monkeypatch.setattr(PartitionAccounts, "use", using)
    for part, names in PARTS.items():
        for name in names:
            module, _, function = f"pipeline.risk.{name}".rpartition(".")
            whole = getattr(import_module(module), function)
            breaking = partial(raise_if_broken, broken, part, whole)
            monkeypatch.setattr(f"{module}.{function}", breaking)


def raise_if_broken(
    broken: list[str], part: str, whole: Callable[..., Any], *given: Any, **named: Any
) -> Any:
    """Call a function of the core, unless its part is broken just now."""
    if part in broken:
        raise ArithmeticError(part)
    return whole(*given, **named)


def controlled(seed: int) -> tuple[Desk, list[list[Row]]]:
    """Run a wild history; now and then halt or flatten it, and resume; return what each said."""
    short = {"reservation": {"reservation_ttl_ms": 5000}}  # So that much falls due.
    wild, said = Wild(seed, always=short, wait_ms_max=MINUTE), []
    desk = wild.desk
    for command in ["halt", "flatten", "reduce", "flatten", "halt"]:
        wild.run(20)
        rows = stop_rows(desk.control(command))
        desk.wait(SECOND)
        rows += stop_rows(desk.control("resume", stop_id=rows[0]["stop_id"]))
        said.append(rows)
        for open_id in desk.state()["stops"]:  # Else it is halted from its first trouble on.
            desk.control("resume", stop_id=open_id)
    return desk, said


def stop_rows(rows: list[Row]) -> list[Row]:
    """Return the rows of emergency_stops that a control brought about."""
    stops = [row for row in rows if row.get("rule") == "control" and "positions" in row]
    return [row for row in stops if "kind" not in row]  # Else of decisions, with the same content.


def decisions_of(log: list[Taken]) -> Counter[str]:
    """Return how many decisions came of each signal, repetitions apart."""
    rows = [row for taken in log for row in taken.outputs if isinstance(row, Decision)]
    return Counter(row.signal_id for row in rows)


def signals_of(log: list[Taken]) -> Counter[str]:
    """Return how often each signal is in the log."""
    return Counter(t.event.body.signal_id for t in log if isinstance(t.event, SignalEvent))


@pytest.mark.parametrize("seed", range(6))
def test_controls_act_and_nothing_is_lost_when_parts_raise(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_parts(monkeypatch)
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk, said = controlled(seed)

    raised = [taken for taken in log if taken.failed or taken.raised]
    numbers = [taken.account.applied.sequence for taken in log if taken.account is not None]
    assert len(raised) > 10
    assert {taken.account.trading_state for taken in raised if taken.account} == {"halted"}
    assert [row["status"] for rows in said for row in rows if row["status"] in ENDS] == ENDS * 5
    assert numbers == list(range(1, len(numbers) + 1))
    assert decisions_of(log) == signals_of(log)
    assert len(desk.sent("dead_letters")) == sum(taken.failed is not None for taken in log)


@pytest.mark.parametrize("seed", range(6, 8))
def test_same_comes_out_when_a_worker_restarts_between_parts_that_raise(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_parts(monkeypatch)
    with monkeypatch.context() as patch:
        log = Recorded(patch)
        desk, _ = controlled(seed)

    again = restarted(log, desk.sent("decisions")[0]["rules_version"])

    assert again == log
