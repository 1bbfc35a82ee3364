"""The door: what is repeated, chained, remembered, and what happens when something raises."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.risk.limits.in_force import limits_of
from pipeline.risk.rules.drawdown import Drawdown
from pipeline.risk.state import StateError, load_account, save_account
from pipeline.risk.step import Recall
from tests import given
from tests.risk.log import T0_MS, Log, opened
from topics.alerts import Alert
from topics.emergency_stops import EmergencyStop
from topics.events import AccountEvent, Source


@pytest.fixture
def broken_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let one rule raise; limits that were read before hold the rule as it was."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(Drawdown, "check", broken)
    limits_of.cache_clear()
    yield
    limits_of.cache_clear()


def test_nothing_happens_when_a_source_offset_comes_again() -> None:
    log = opened()
    log.fill("f1", 1, T0_MS + 1)
    before = log.account
    source = Source(topic="any", topic_id="any", partition=0, offset=1)
    body = replace(given.account(), kind="deposit", flow_id="again", as_of_ms=T0_MS)

    taken = log.append(AccountEvent(account_id=given.ACCOUNT, source=source, body=body), T0_MS + 2)

    assert taken.repeated
    assert taken.outputs == ()
    assert log.account == before


def test_offsets_begin_anew_when_a_topic_was_made_again() -> None:
    log = opened()
    source = Source(topic="any", topic_id="another", partition=0, offset=0)
    body = replace(given.account(balance=5), kind="deposit", flow_id="new", as_of_ms=T0_MS)

    taken = log.append(AccountEvent(account_id=given.ACCOUNT, source=source, body=body), T0_MS + 2)

    assert not taken.repeated
    assert log.account is not None
    assert log.account.capital.balance == 100_005


def test_chain_is_the_same_when_only_the_source_differs() -> None:
    chains = set()
    for offset in (7, 70):
        log = opened()
        source = Source(topic="any", topic_id="any", partition=0, offset=offset)
        body = replace(given.account(), kind="deposit", flow_id="same", as_of_ms=T0_MS)
        log.append(AccountEvent(account_id=given.ACCOUNT, source=source, body=body), T0_MS + 1)
        chains.add(log.account.applied.chain if log.account else "")

    assert len(chains) == 1


def test_chain_differs_when_a_shared_event_came_between() -> None:
    plain, beating = opened(), opened()
    beating.heartbeat(T0_MS + 1)

    first, second = plain.ask("s1", T0_MS + 2), beating.ask("s1", T0_MS + 2)

    assert first.sequence == second.sequence
    assert first.chain != second.chain


@pytest.mark.interpreted
@pytest.mark.usefixtures("broken_rule")
def test_signal_is_refused_when_a_rule_raises() -> None:
    log = opened()

    decision = log.ask("s1", T0_MS + 1)

    alerts = [output for output in log.steps[-1].outputs if isinstance(output, Alert)]
    assert (decision.verdict, decision.reasons) == ("rejected", ("internal_error",))
    assert [alert.rule for alert in alerts] == ["internal_error"]
    assert decision.trading_state == "active"


@pytest.mark.interpreted
def test_order_is_refused_when_nothing_can_be_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError("broken")

    log = opened()
    monkeypatch.setattr("pipeline.risk.on_signal.order_terms", broken)

    decision = log.ask("s1", T0_MS + 1, quantity=7)

    assert (decision.verdict, decision.reasons) == ("rejected", ("internal_error",))
    assert (decision.requested_quantity, decision.trading_state) == (Decimal(7), "active")
    assert log.steps[-1].failed is None


@pytest.mark.interpreted
def test_account_is_halted_when_applying_a_fill_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError("broken")

    log = opened()
    monkeypatch.setattr("pipeline.risk.on_fill.book", broken)

    taken = log.fill("f1", 1, T0_MS + 1)

    stops = [output for output in taken.outputs if isinstance(output, EmergencyStop)]
    assert taken.failed == "ArithmeticError: broken"
    assert [(stop.rule, stop.status) for stop in stops] == [("internal_error", "triggered")]
    assert taken.account is not None
    assert taken.account.trading_state == "halted"


@pytest.mark.interpreted
def test_stream_goes_on_when_an_account_was_halted(monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened()
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.risk.on_fill.book", lambda *_: 1 / 0)
        log.fill("f1", 1, T0_MS + 1)

    decision = log.ask("s1", T0_MS + 2)

    assert (decision.verdict, decision.reasons) == ("rejected", ("trading_state",))


@pytest.mark.interpreted
def test_stream_goes_on_when_applying_an_event_of_everyone_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError("broken")

    log = opened()
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.risk.step_shared.apply_shared", broken)
        taken = log.heartbeat(T0_MS + 1)

    alerts = [output for output in taken.outputs if isinstance(output, Alert)]
    assert [(alert.account_id, alert.rule, alert.message) for alert in alerts] == [
        ("*", "internal_error", "ArithmeticError: broken")
    ]
    assert taken.failed == "ArithmeticError: broken"
    assert log.ask("s1", T0_MS + 2).verdict == "approved"


def test_signal_is_ignored_when_the_store_remembers_its_id() -> None:
    log = opened()
    log.ask("s1", T0_MS + 1)
    (remembered,) = log.steps[-1].remember

    decision = log.ask("s1", T0_MS + 2, recall=Recall(seen_at_ms=remembered.at_ms))

    assert remembered.identity == "signal:s1"
    assert (decision.verdict, decision.reasons) == ("ignored", ("duplicate_signal",))
    assert decision.decision_id == "acct-1:3:1"
    assert log.steps[-1].remember == ()


def test_state_is_the_same_when_it_was_saved_and_loaded() -> None:
    log = opened()
    log.ask("s1", T0_MS + 1, quantity=5)
    log.fill("f1", 3, T0_MS + 2)
    log.revaluation(101, T0_MS + 3)
    assert log.account is not None

    loaded = load_account(save_account(log.account))

    assert loaded == log.account
    assert save_account(loaded) == save_account(log.account)


def test_state_is_refused_when_a_newer_release_wrote_it() -> None:
    log = opened()
    assert log.account is not None
    raw = save_account(log.account)

    with pytest.raises(StateError, match="state version 9 is newer than 8"):
        load_account(bytes([9]) + raw[1:])


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_state_is_refused_when_it_is_from_before_the_first_release(version: int) -> None:
    log = opened()
    assert log.account is not None
    refusal = rf"version {version} is from before .*: begin with new topics"

    with pytest.raises(StateError, match=refusal):
        load_account(bytes([version]) + save_account(log.account)[1:])


def test_state_is_refused_when_nothing_is_left_of_it() -> None:
    with pytest.raises(StateError, match="state version none"):
        load_account(b"")


@pytest.mark.parametrize(("age_ms", "verdict"), [(4999, "pass"), (5000, "pass"), (5001, "breach")])
def test_entry_is_refused_when_nobody_watches_for_too_long(age_ms: int, verdict: str) -> None:
    log = opened()

    decision = log.ask("s1", T0_MS + age_ms)

    check = next(check for check in decision.checks if check.rule == "heartbeat")
    assert (check.verdict, check.measured, check.limit) == (verdict, Decimal(age_ms), Decimal(5000))
    assert ("heartbeat" in decision.reasons) == (verdict == "breach")


def test_entry_is_refused_when_nobody_ever_watched() -> None:
    log = Log()
    body = replace(given.account(), as_of_ms=T0_MS)
    log.append(AccountEvent(account_id=given.ACCOUNT, source=log.source(), body=body), T0_MS)

    decision = log.ask("s1", T0_MS + 1)

    check = next(check for check in decision.checks if check.rule == "heartbeat")
    assert (check.verdict, check.measured, check.limit) == ("breach", None, Decimal(5000))
    assert (decision.verdict, "heartbeat" in decision.reasons) == ("rejected", True)


@pytest.mark.interpreted
def test_signal_is_refused_when_what_follows_its_decision_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = opened()
    monkeypatch.setattr("pipeline.risk.step.protect", lambda _: 1 / 0)

    decision = log.ask("s1", T0_MS + 1, quantity=5)

    assert (decision.verdict, decision.reasons) == ("rejected", ("internal_error",))
    assert (decision.decision_id, decision.requested_quantity) == ("s1", Decimal(5))
    assert [each.identity for each in log.steps[-1].remember] == ["signal:s1"]
    assert log.account is not None
    assert log.account.trading_state == "halted"


@pytest.mark.interpreted
def test_repeated_signal_is_ignored_when_what_follows_its_decision_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = opened()
    monkeypatch.setattr("pipeline.risk.step.protect", lambda _: 1 / 0)

    decision = log.ask("s1", T0_MS + 1, recall=Recall(seen_at_ms=T0_MS))

    assert (decision.verdict, decision.reasons) == ("ignored", ("duplicate_signal",))
    assert decision.decision_id == "acct-1:2:1"
    assert log.steps[-1].remember == ()


def test_account_is_counted_once_when_it_has_several_events() -> None:
    log = opened()

    log.fill("f1", 1, T0_MS + 1)

    assert log.account is not None
    assert (log.account.applied.number, log.shared.accounts) == (1, 1)
