"""What risk and ingest count between two commits, and what a commit shows of it."""

import time
from types import SimpleNamespace
from typing import cast

import pytest

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.records import Stop, TradingHalts
from pipeline.risk.step import Step
from pipeline.risk.structs import replace
from pipeline.streams.observe import metrics
from pipeline.streams.observe import tally as tally_module
from pipeline.streams.observe.tally import Tally, cause_ms
from tests import given
from topics.alerts import TOPIC as ALERTS
from topics.alerts import Alert, Level
from topics.decisions import TOPIC as DECISIONS
from topics.decisions import Decision
from topics.emergency_stops import TOPIC as STOPS
from topics.emergency_stops import EmergencyStop
from topics.events import (
    ControlEvent,
    Heartbeat,
    HeartbeatEvent,
    Market,
    Quote,
    Revaluation,
    RevaluationEvent,
    SignalEvent,
)

AT_MS = given.T0_MS
HEARTBEAT = HeartbeatEvent(account_id="*", body=Heartbeat())
DECISION = cast(Decision, DECISIONS.example)
ALERT = cast(Alert, ALERTS.example)
STOP = cast(EmergencyStop, STOPS.example)


def violations(level: str) -> float:
    """Return how many are shown by now."""
    return metrics.value("riskgate_violations_total", level=level)


def taken(*outputs: Decision | Alert | EmergencyStop, account: Account | None = None) -> Step:
    """Return a step that brought these outputs."""
    return Step(account, Shared(0, "rules"), outputs)


def revaluation(*as_of_ms: int) -> RevaluationEvent:
    """Return a revaluation with quotes of these times."""
    markets = tuple(
        Market(symbol=f"S{n}", quote=Quote(symbol=f"S{n}", as_of_ms=as_of, offset=n))
        for n, as_of in enumerate(as_of_ms)
    )
    return RevaluationEvent(account_id="acct-1", body=Revaluation(markets=markets))


def test_every_reason_of_a_refusal_is_a_violation_when_it_is_committed() -> None:
    tally, before = Tally(), violations("medium")
    refused = replace(DECISION, verdict="rejected", reasons=("cash", "drawdown"))

    tally.add(HEARTBEAT, taken(refused, DECISION), AT_MS)
    assert violations("medium") == before
    tally.flush()

    assert violations("medium") == before + 2


def test_alert_of_a_rule_is_a_violation_when_others_are_only_news() -> None:
    tally, before = Tally(), (violations("low"), violations("critical"))

    breach = replace(ALERT, rule="drawdown", level="critical")
    tally.add(HEARTBEAT, taken(ALERT, breach), AT_MS)
    tally.flush()

    assert (violations("low"), violations("critical")) == (before[0], before[1] + 1)


def test_too_many_violations_are_none_themselves_when_they_are_told() -> None:
    tally, before = Tally(), violations("medium")

    tally.add(HEARTBEAT, taken(replace(ALERT, rule="violation_rate", level="medium")), AT_MS)
    tally.flush()

    assert violations("medium") == before


@pytest.mark.parametrize(
    ("rule", "level", "more"),
    [("overfill", "low", 0), ("overfill", "high", 1), ("unmatched_fill", "critical", 0)],
)
def test_alert_about_a_fill_is_a_violation_when_too_many_went_beyond(
    rule: str, level: Level, more: int
) -> None:
    tally, before = Tally(), violations(level)

    tally.add(HEARTBEAT, taken(replace(ALERT, rule=rule, level=level)), AT_MS)
    tally.flush()

    assert violations(level) == before + more


def test_share_of_fills_that_name_a_decision_is_seen_when_fills_come() -> None:
    tally, match = Tally(), ("reserved", "beyond", "unmatched")
    before = [metrics.value("riskgate_fills_total", match=name) for name in match]

    for name in ("reserved", "reserved", "unmatched", None):
        tally.add(HEARTBEAT, replace(taken(), fill_match=name), AT_MS)
    tally.flush()

    after = [metrics.value("riskgate_fills_total", match=name) for name in match]
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 0, 1]


def test_nothing_is_shown_when_the_commit_was_given_up() -> None:
    tally, before = Tally(), violations("medium")
    tally.add(HEARTBEAT, taken(replace(DECISION, verdict="rejected")), AT_MS)

    tally.drop()
    tally.flush()

    assert violations("medium") == before


def test_time_to_flat_counts_from_the_stop_when_it_is_told() -> None:
    tally = Tally()
    began_ms = int(time.time() * 1000) - 20_000
    stop = Stop(STOP.stop_id, "flatten", "drawdown", began_ms)
    account = Account("acct-1", halts=TradingHalts((stop,)))
    before = metrics.value("riskgate_stop_seconds_sum", until="flat")

    tally.add(HEARTBEAT, taken(replace(STOP, status="flat"), account=account), AT_MS)
    tally.flush()

    passed_s = metrics.value("riskgate_stop_seconds_sum", until="flat") - before
    assert 20 <= passed_s < 60


def test_time_to_the_stop_is_measured_once_when_it_is_triggered() -> None:
    tally, name = Tally(), "riskgate_stop_seconds_count"
    before = metrics.value(name, until="triggered"), metrics.value(name, until="flat")

    tally.add(revaluation(AT_MS - 40), taken(STOP), AT_MS)
    tally.flush()

    counts = metrics.value(name, until="triggered"), metrics.value(name, until="flat")
    assert counts == (before[0] + 1, before[1])


def test_event_that_halted_its_account_is_counted_by_its_type() -> None:
    tally, name = Tally(), "riskgate_events_failed_total"
    before = metrics.value(name, type="revaluation")

    tally.add(revaluation(AT_MS), Step(None, Shared(0, "rules"), failed="ValueError: x"), AT_MS)
    tally.flush()

    assert metrics.value(name, type="revaluation") == before + 1


def test_cause_of_a_revaluation_is_its_newest_price() -> None:
    assert cause_ms(revaluation(AT_MS - 900, AT_MS - 40), AT_MS) == AT_MS - 40


def test_cause_is_not_after_the_event_when_a_clock_runs_ahead() -> None:
    assert cause_ms(revaluation(AT_MS + 500), AT_MS) == AT_MS


def test_cause_of_a_control_is_its_order() -> None:
    control = ControlEvent(account_id="acct-1", body=given.control("halt", issued_at_ms=AT_MS - 70))

    assert cause_ms(control, AT_MS) == AT_MS - 70


def test_input_age_is_that_of_the_oldest_record_when_several_are_committed_together() -> None:
    tally, now_ms = Tally(), int(time.time() * 1000)
    before = metrics.value("riskgate_input_age_seconds_sum", topic="fills")

    for age_ms in (1000, 50_000, 2000):
        tally.read("fills", now_ms - age_ms)
    tally.flush()

    passed_s = metrics.value("riskgate_input_age_seconds_sum", topic="fills") - before
    assert 50 <= passed_s < 100


def test_latency_ends_when_the_decision_is_sent_and_not_at_the_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now_s=AT_MS / 1000 + 0.5)
    monkeypatch.setattr(tally_module, "time", SimpleNamespace(time=lambda: clock.now_s))
    name, tally = "riskgate_signal_to_decision_seconds_sum", Tally()
    before = metrics.value(name, since="appended")
    signal = SignalEvent(account_id="acct-1", body=given.signal(created_at_ms=AT_MS))

    tally.add(signal, taken(DECISION), AT_MS)
    clock.now_s += 9
    tally.flush()

    assert metrics.value(name, since="appended") - before == pytest.approx(0.5)
