"""The kit passes the demo's engine and names each fault that is built into a bad one."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import count
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from pipeline.demo.engine import PaperEngine
from pipeline.demo.market import Quote
from riskgate.conformance.check import Finding, check
from riskgate.conformance.clauses import CLAUSES
from riskgate.conformance.stage import InProcess
from riskgate.engine_protocol import Log
from riskgate.venue import Report
from topics.decisions import Decision, Exit, Stop
from topics.fills import Fill
from topics.orders import Order

QUOTES = {"SP500": Quote("SP500", Decimal(1999), Decimal(2001), Decimal(2000))}
Hear: TypeAlias = Callable[[Log], Iterable[Log]]
Say: TypeAlias = Callable[[Report], Iterable[Report]]


class Demo:
    """The demo's engine, with a fault in what it hears or says."""

    def __init__(self, hear: Hear | None = None, say: Say | None = None) -> None:
        self._paper = PaperEngine({})
        self._hear = hear or (lambda message: [message])
        self._say = say or (lambda report: [report])

    def obey(self, message: Log, now_ms: int) -> Iterator[Report]:
        for heard in self._hear(message):
            for report in self._paper.obey(heard, now_ms):
                yield from self._say(report)

    def work(self, now_ms: int) -> Iterator[Report]:
        for report in self._paper.work(QUOTES, now_ms):
            yield from self._say(report)


def findings(engine: Demo) -> list[Finding]:
    return list(check(InProcess(engine)))


def broken(engine: Demo) -> set[str]:
    return {finding.clause.name for finding in findings(engine) if finding.broken}


COUNT = count(1)


def numbered(message: Log) -> Iterable[Log]:
    """Take a repetition for another decision."""
    if isinstance(message, Decision):
        return [replace(message, decision_id=f"{message.decision_id}.{next(COUNT)}")]
    return [message]


def under_one_id(report: Report) -> Iterable[Report]:
    return [replace(report, signal_id=str(report.signal_id).partition(".")[0])]


def own_chains(message: Log) -> Iterable[Log]:
    return [replace(message, chain=f"{message.chain}.{next(COUNT)}")]


def requested(message: Log) -> Iterable[Log]:
    if isinstance(message, Decision) and message.requested_quantity is not None:
        return [replace(message, approved_quantity=message.requested_quantity)]
    return [message]


def any_verdict(message: Log) -> Iterable[Log]:
    return [replace(message, verdict="approved") if isinstance(message, Decision) else message]


def no_exits(message: Log) -> Iterable[Log]:
    return [] if isinstance(message, Exit) else [message]


def only_buys(message: Log) -> Iterable[Log]:
    return [replace(message, side="buy") if isinstance(message, Decision) else message]


def market_orders(message: Log) -> Iterable[Log]:
    return [replace(message, limit_price=None) if isinstance(message, Decision) else message]


def closes_itself(message: Log) -> Iterable[Log]:
    if not isinstance(message, Stop) or message.status != "triggered":
        return [message]
    own = Exit(
        exit_id=f"own-{message.sequence}",
        account_id=message.account_id,
        symbol="SP500",
        side="sell",
        quantity=Decimal(1),
        reason="emergency_stop",
        valid_until_ms=message.at_ms + 1000,
        sequence=message.sequence,
        chain=message.chain,
        rules_version="own",
        at_ms=message.at_ms,
    )
    return [message, own]


def no_stops(message: Log) -> Iterable[Log]:
    return [] if isinstance(message, Stop) else [message]


def never_lifted(message: Log) -> Iterable[Log]:
    return [replace(message, sequence=9999) if isinstance(message, Stop) else message]


def every_row_stops(message: Log) -> Iterable[Log]:
    if isinstance(message, Stop):
        return [replace(message, status="triggered", actions=("cancel_all",))]
    return [message]


def stops_again(message: Log) -> Iterable[Log]:
    if isinstance(message, Stop) and message.status == "triggered":
        return [replace(message, stop_id=f"again-{next(COUNT)}")]
    return [message]


def patient(message: Log) -> Iterable[Log]:
    if isinstance(message, Stop):
        return [message]
    return [replace(message, valid_until_ms=message.valid_until_ms + 60_000)]


def no_chains(message: Log) -> Iterable[Log]:
    return [replace(message, chain="same")]


def stops_all(message: Log) -> Iterable[Log]:
    if not isinstance(message, Stop):
        return [message]
    return [message, replace(message, account_id=f"{message.account_id}-other")]


def silent(report: Report) -> Iterable[Report]:
    return [report] if isinstance(report, Fill) or report.status == "accepted" else []


def own_ids(report: Report) -> Iterable[Report]:
    return [replace(report, signal_id=f"mine-{report.signal_id}")]


def no_totals(report: Report) -> Iterable[Report]:
    if isinstance(report, Order) and report.status == "filled":
        return [replace(report, filled_quantity=Decimal(0))]
    return [report]


def ends_twice(report: Report) -> Iterable[Report]:
    if isinstance(report, Order) and report.status == "filled":
        return [report, replace(report, status="cancelled")]
    return [report]


def one_fill_id(report: Report) -> Iterable[Report]:
    return [replace(report, fill_id="fill") if isinstance(report, Fill) else report]


def seconds(report: Report) -> Iterable[Report]:
    if isinstance(report, Fill):
        return [replace(report, executed_at_ms=report.executed_at_ms // 1000)]
    return [report]


def exits_cancelled(report: Report) -> Iterable[Report]:
    if isinstance(report, Order) and ":" in report.signal_id and report.status == "accepted":
        return [replace(report, status="cancelled")]
    return [] if isinstance(report, Fill) and ":" in str(report.signal_id) else [report]


def test_the_demo_engine_breaks_no_clause() -> None:
    found = findings(Demo())

    assert [finding for finding in found if finding.broken or finding.unseen] == []
    assert [finding.clause for finding in found] == CLAUSES


@pytest.mark.parametrize(
    ("hear", "clause"),
    [
        (requested, "approved-quantity"),
        (any_verdict, "rejected-decision"),
        (no_exits, "exit"),
        (only_buys, "side"),
        (market_orders, "limit-price"),
        (closes_itself, "own-orders"),
        (no_stops, "older-than-stop"),
        (no_stops, "cancel-all"),
        (never_lifted, "after-stop"),
        (every_row_stops, "later-rows"),
        (stops_again, "repeated-stop"),
        (stops_all, "other-accounts"),
        (patient, "expired"),
        (patient, "expired-exit"),
        (no_chains, "fork"),
        (no_chains, "fork-cancels"),
        (own_chains, "one-step"),
    ],
)
def test_a_clause_is_named_when_an_engine_mishears(hear: Hear, clause: str) -> None:
    assert clause in broken(Demo(hear=hear))


@pytest.mark.parametrize(
    ("say", "clause"),
    [
        (silent, "answers"),
        (own_ids, "client-id"),
        (no_totals, "filled-quantity"),
        (ends_twice, "one-end"),
        (one_fill_id, "fill-ids"),
        (seconds, "fill-times"),
        (exits_cancelled, "exits-stay"),
    ],
)
def test_a_clause_is_named_when_an_engine_misreports(say: Say, clause: str) -> None:
    assert clause in broken(Demo(say=say))


def test_a_repetition_is_named_when_an_engine_acts_on_it() -> None:
    assert "repeated-message" in broken(Demo(hear=numbered, say=under_one_id))


def test_a_wrong_key_is_named_when_an_engine_uses_it() -> None:
    class Misplacing(InProcess):
        def wait(self, is_enough: Callable[[], bool], ms_max: int) -> None:
            super().wait(is_enough, ms_max)
            self.written[:] = [each._replace(key="all") for each in self.written]

    found = {each.clause.name for each in check(Misplacing(Demo())) if each.broken}

    assert found == {"keys"}
