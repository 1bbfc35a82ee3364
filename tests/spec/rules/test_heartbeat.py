"""Entries need a heartbeat of broadcast: without one nobody watches the stops."""

from decimal import Decimal

import pytest

from tests import given
from tests.risk.log import T0_MS, Log
from tests.spec.desk import MINUTE, numbers_of, open_desk
from tests.spec.rulebook import only
from topics.decisions import Check, Decision


def log_with(*, watched: bool = True, **rule: object) -> Log:
    """Return the log of an account whose last heartbeat came at its start, or never."""
    log = Log()
    log.limit(given.only("heartbeat", **rule))
    log.open(watched=watched)
    return log


def heartbeat_of(decision: Decision) -> Check:
    """Return the check of this rule."""
    return next(check for check in decision.checks if check.rule == "heartbeat")


def test_heartbeat_passes_when_heartbeats_are_fresh() -> None:
    desk = open_desk(only(heartbeat={}))
    desk.wait(MINUTE)

    decision = desk.signal("buy", 1, limit_price="100")

    assert numbers_of(decision, "heartbeat") == ("pass", "0", "5000", "5000")


@pytest.mark.parametrize(
    ("age_ms", "verdict"), [(4999, "approved"), (5000, "approved"), (5001, "rejected")]
)
def test_entry_is_rejected_when_the_last_heartbeat_is_too_old(age_ms: int, verdict: str) -> None:
    decision = log_with().ask("one", T0_MS + age_ms)

    check = heartbeat_of(decision)
    assert decision.verdict == verdict
    assert (check.measured, check.limit) == (Decimal(age_ms), Decimal(5000))
    assert check.headroom == Decimal(5000 - age_ms)


def test_breach_is_explained_when_the_last_heartbeat_is_too_old() -> None:
    check = heartbeat_of(log_with().ask("one", T0_MS + 5001))

    message = "Broadcast sent its last heartbeat 5001 ms ago; the maximum is 5000 ms."
    assert (check.unit, check.message) == ("ms", message)


def test_entry_is_rejected_when_there_never_was_a_heartbeat() -> None:
    decision = log_with(watched=False).ask("one", T0_MS)

    check = heartbeat_of(decision)
    assert decision.reasons == ("heartbeat",)
    assert (check.measured, check.message) == (None, "Broadcast has sent no heartbeat yet.")


def test_exit_is_exempt_when_the_last_heartbeat_is_too_old() -> None:
    log = log_with()
    log.fill("short", -10, T0_MS)

    decision = log.ask("one", T0_MS + 5001, quantity=10)

    assert (decision.verdict, heartbeat_of(decision).verdict) == ("approved", "exempt")


@pytest.mark.parametrize("rule", [{"heartbeat_age_ms_max": 0}, {"enabled": False}], ids=str)
def test_check_is_absent_when_the_rule_is_turned_off(rule: dict[str, object]) -> None:
    decision = log_with(watched=False, **rule).ask("one", T0_MS)

    assert decision.verdict == "approved"
    assert "heartbeat" not in [check.rule for check in decision.checks]
