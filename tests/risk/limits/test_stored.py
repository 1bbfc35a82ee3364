"""Documents that an earlier release stored and this one cannot use as they are."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from pipeline.risk.account.account import Account, Shared
from pipeline.risk.account.documents import Document
from pipeline.risk.limits.document import canonical
from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.rules.daily_loss import DailyLoss
from pipeline.risk.step import Arrival, Step, step
from pipeline.risk.structs import replace
from topics.alerts import Alert
from topics.events import Event, Heartbeat, HeartbeatEvent, Revaluation, RevaluationEvent

NOTHING = canonical({})
DEFAULT = limits_of(NOTHING, NOTHING)
WRONG = {"daily_loss": {"daily_loss_ratio_max": "0.005", "on_breach": "explode"}}
STOPOUTS = "rules.stopout_guard.stopouts_max"
LEFT_OUT = "ignored, the value below it applies"
SET_IT = "set it as well; until then every entry is rejected"
DEFECT = (
    "rules.daily_loss.on_breach: write one of flatten, halt, reduce, warn, not 'explode'; "
    f"{LEFT_OUT}"
)


def loss_of(everyone: Any, own: Any = None) -> DailyLoss:
    """Return the daily loss that two documents set."""
    rule = limits_of(canonical(everyone), canonical(own or {})).rules["daily_loss"]
    assert isinstance(rule, DailyLoss)
    return rule


def test_only_the_wrong_parameter_falls_back_when_a_release_refuses_it() -> None:
    rule = loss_of(WRONG)

    # Before, the whole rule was 0.02 again.
    assert (rule.daily_loss_ratio_max, rule.on_breach) == (Decimal("0.005"), "flatten")


def test_everyones_parameter_holds_when_that_of_the_account_is_refused() -> None:
    rule = loss_of({"daily_loss": {"on_breach": "halt"}}, WRONG)

    assert (rule.daily_loss_ratio_max, rule.on_breach) == (Decimal("0.005"), "halt")


@pytest.mark.parametrize(
    ("rules", "defect"),
    [
        (WRONG, DEFECT),
        ({"watch": {"watch_age_ms_max": 1}},
         f"rules.watch: there is no such rule; {LEFT_OUT}"),
        ({"cash": {"cost": 1, "fee_ratio": "0.1"}},
         f"rules.cash.cost: there is no such parameter; {LEFT_OUT}"),
        ({"circuit_breaker": {"loss_count_max": 3, "window_ms": 1}},
         f"rules.circuit_breaker.loss_count_max: does nothing without cooldown_ms: {SET_IT}"),
        ({"stopout_guard": {"stopouts_max": 500, "lookback_ms": 1000}},
         f"{STOPOUTS}: write a whole number from 1 to 100, not 500; {LEFT_OUT}"),
    ],
)  # fmt: skip
def test_defect_is_named_when_a_document_cannot_be_used(rules: Any, defect: str) -> None:
    assert limits_of(canonical(rules), NOTHING).defects[0] == defect


def test_rule_refuses_entries_when_a_release_leaves_half_of_it() -> None:
    rules = {"stopout_guard": {"stopouts_max": 500, "lookback_ms": 1000}}

    (stop_levels,) = [
        rule for rule in limits_of(canonical(rules), NOTHING).gate if rule.NAME == "stopout_guard"
    ]

    assert type(stop_levels).__name__ == "HalfStopoutGuard"


def test_nothing_is_defective_when_no_document_is_there() -> None:
    assert DEFAULT.defects == ()


def steps(account: Account | None, shared: Shared, event: Event) -> Iterator[Step]:
    """Apply an event three times, as later ones of the log."""
    for at_ms in range(1, 4):
        done = step(account, shared, Arrival(event=event, content=b"", at_ms=at_ms))
        yield done
        account, shared = done.account, done.shared


def alerts(done: Iterator[Step]) -> list[tuple[str, str, str]]:
    return [
        (output.account_id, output.level, output.message)
        for taken in done
        for output in taken.outputs
        if isinstance(output, Alert)
    ]


def test_everyones_defect_is_told_once_when_the_next_heartbeat_comes() -> None:
    shared = Shared(0, "rules-1", limits=Document(7, canonical(WRONG)))
    beat = HeartbeatEvent(account_id="*", body=Heartbeat())

    told = alerts(steps(None, shared, beat))
    others = alerts(steps(None, replace(shared, partition=1), beat))

    assert told == [("*", "high", f"version 7: {DEFECT}")]
    assert others == []


def test_accounts_own_defect_is_told_once_when_its_next_event_comes() -> None:
    account = Account("acct-1", limits=Document(3, canonical(WRONG)))
    event = RevaluationEvent(account_id="acct-1", body=Revaluation())

    told = alerts(steps(account, Shared(0, "rules-1"), event))

    assert told == [("acct-1", "high", f"version 0.3: {DEFECT}")]


def test_account_does_not_tell_of_the_defect_of_everyone() -> None:
    shared = Shared(0, "rules-1", limits=Document(7, canonical(WRONG)))
    event = RevaluationEvent(account_id="acct-1", body=Revaluation())

    assert alerts(steps(Account("acct-1"), shared, event)) == []


def test_defect_is_told_again_when_another_release_runs() -> None:
    account = Account("acct-1", limits=Document(3, canonical(WRONG)))
    event = RevaluationEvent(account_id="acct-1", body=Revaluation())
    *_, last = steps(account, Shared(0, "rules-1"), event)

    assert len(alerts(steps(last.account, Shared(0, "rules-2"), event))) == 1
